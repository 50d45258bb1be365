"""The server itself: its socket, opened before anything else so that a taken port is said at once, and its end."""

from __future__ import annotations

import socket
import sys
from types import FrameType

import uvicorn
from starlette.types import ASGIApp

from api.closing import Closing
from pipelines import Settings, SettingsError

BACKLOG = 128
LAST_ANSWERS_SECONDS = 10  # for answers that are under way when the server is asked to end


class Server(uvicorn.Server):
    """Tells `closing` the moment a signal comes, so that no long-poll holds up the end."""

    def __init__(self, app: ASGIApp, closing: Closing) -> None:
        config = uvicorn.Config(
            app,
            log_level="warning",
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=LAST_ANSWERS_SECONDS,
            lifespan="on",
        )
        super().__init__(config)
        self._closing = closing

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        self._closing.begin()
        super().handle_exit(sig, frame)


def listen(settings: Settings) -> socket.socket:
    """The bound socket. Raises SettingsError when the address cannot be had."""
    host = settings.host.strip("[]")
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family)
    if sys.platform != "win32":  # there it would let two servers share the port
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((host, settings.port))
    except OSError as error:
        listening.close()
        raise _cannot_bind(settings, error) from None
    return listening


def _cannot_bind(settings: Settings, error: OSError) -> SettingsError:
    if isinstance(error, socket.gaierror) or error.errno in (99, 49, 10049):  # EADDRNOTAVAIL
        remedy = "Use 127.0.0.1, 0.0.0.0 or an address of this machine."
        return SettingsError("--host", settings.host, "is no address of this machine", remedy)
    if isinstance(error, PermissionError):
        remedy = "Use a port above 1023."
        return SettingsError("--port", settings.port, "may not be used by this user", remedy)
    remedy = "Stop the program that uses it (perhaps another Darkroom), or choose another port."
    return SettingsError("--port", settings.port, f"cannot be used: {error.strerror}", remedy)
