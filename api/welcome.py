"""What the start says in the terminal: where the page is, also as a QR code, and when page and worker are ready."""

from __future__ import annotations

import asyncio
import io
import socket
import sys
import time
import webbrowser
from collections.abc import Iterable
from pathlib import Path

import segno
from starlette.concurrency import run_in_threadpool

from api.front import Front
from pipelines import VERSION, PipelineManager, Settings

LOOK_SECONDS = 0.25
ANYWHERE = ("0.0.0.0", "::")
CONTAINER_MARK = Path("/.dockerenv")  # inside, our own addresses are of no use to anybody outside
# Addresses for documentation, which nobody has: asking the system for the way there sends nothing.
FAR_AWAY = ((socket.AF_INET, "192.0.2.1"), (socket.AF_INET6, "2001:db8::1"))


def say(text: str) -> None:
    """One line in the terminal, at once."""
    print(text, flush=True)


def greet(settings: Settings, taken_over: Iterable[str] = ()) -> None:
    """What was taken over, and the addresses of the page; beyond loopback also a QR code, when a person is looking."""
    say(f"Darkroom {VERSION}")
    for line in taken_over:
        say(f"  {line}")
    if not settings.is_loopback and CONTAINER_MARK.exists():
        say(f"  serving on port {settings.port} of this container")
        return
    found = addresses(settings)
    for address in found:
        say(f"  {address}")
    if not settings.is_loopback and found and sys.stdout.isatty():
        show_qr(found[-1])


def addresses(settings: Settings) -> list[str]:
    """Where the page is reached: on this machine first, then by others."""
    host = settings.host.strip("[]")
    if settings.is_loopback:
        hosts = ["localhost" if host == "127.0.0.1" else host]
    else:
        hosts = ["localhost", *lan_addresses()] if host in ANYWHERE else [host]
    return [f"http://{f'[{name}]' if ':' in name else name}:{settings.port}" for name in hosts]


def lan_addresses() -> list[str]:
    """The addresses of this machine on the networks that it is connected to."""
    found = []
    for family, far_away in FAR_AWAY:
        try:
            with socket.socket(family, socket.SOCK_DGRAM) as probe:
                probe.connect((far_away, 9))
                found.append(str(probe.getsockname()[0]))
        except OSError:  # no such network
            continue
    return found


def show_qr(address: str) -> None:
    drawn = io.StringIO()
    segno.make(address, error="l", micro=False).terminal(drawn, compact=True, border=2)
    try:
        say(drawn.getvalue())
    except UnicodeEncodeError:  # a terminal without block characters
        return


async def tell(settings: Settings, manager: PipelineManager, front: Front) -> None:
    """Says when the page is up and when the worker is; opens the page in the browser if that was asked for."""
    start = time.monotonic()
    await front.is_settled.wait()
    if not front.has_failed:
        say(f"The page is up ({time.monotonic() - start:.1f} s).")
        if settings.open_browser:
            await run_in_threadpool(webbrowser.open, addresses(settings)[0])
    while (status := manager.status()).worker == "starting":
        await asyncio.sleep(LOOK_SECONDS)
    if status.worker == "ready":
        say(
            f"The worker is ready on {status.device_name or status.device} ({status.dtype}). {status.notice}".strip()
        )
    else:
        say(f"The worker is {status.worker}. {status.why}".strip())
    await _tell_of_pictures(manager)


async def _tell_of_pictures(manager: PipelineManager) -> None:
    """How many pictures of other programs are in the Library, once all have been read."""
    while not (progress := manager.taking_over).is_over:
        await asyncio.sleep(LOOK_SECONDS)
    if progress.total:
        say(f"{progress.read} pictures of other programs are in the Library.")
