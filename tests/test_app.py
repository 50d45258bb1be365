"""app.py as a user starts it: a process with a socket, a page and a worker, or one line that says why not."""

from __future__ import annotations

import base64
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest

from api.guard import HEADERS
from tests.api.test_guard import FOREIGN, Canary, client, guard

ROOT = Path(__file__).parent.parent
PATIENCE_SECONDS = 120.0
PASSWORD = "correct horse"
WITH_FAKE_WORKER = """
import sys, app
from pipelines.settings import read
app.serve(read(sys.argv[1:], {}), "tests.fake_worker")
"""


@dataclass
class Running:
    """A started app.py."""

    process: subprocess.Popen[str]
    address: str
    said: list[str]
    listener: threading.Thread

    def get(self, path: str, **more: Any) -> httpx.Response:
        return httpx.get(self.address + path, timeout=30, **more)

    def until(self, path: str, **more: Any) -> httpx.Response:
        """The first answer that is no 503."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while (answer := self.get(path, **more)).status_code == 503:
            assert time.monotonic() < deadline, f"{path} never came up: {answer.text[:200]}"
            time.sleep(0.1)
        return answer

    def memory_map(self) -> str:
        return Path(f"/proc/{self.process.pid}/maps").read_text()

    def cpu_seconds(self) -> float:
        fields = Path(f"/proc/{self.process.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def start(folder: Path, *arguments: str, code: str = WITH_FAKE_WORKER) -> Running:
    """Returns when the socket answers; what the process says is collected by a thread."""
    command = [sys.executable, *(("-c", code) if code else ("app.py",)), "--port", "0"]
    folders = ["--data-dir", str(folder / "data"), "--output-dir", str(folder / "outputs")]
    process = subprocess.Popen(
        [*command, *folders, *arguments],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert process.stdout is not None
    said: list[str] = []
    for line in process.stdout:
        said.append(line)
        found = re.search(r"http://localhost:(\d+)", line)
        if found:
            break
    else:
        raise AssertionError("".join(said))
    stream = process.stdout
    listener = threading.Thread(target=lambda: said.extend(stream), daemon=True)
    listener.start()
    running = Running(process, f"http://127.0.0.1:{found[1]}", said, listener)
    wait_for_socket(int(found[1]))
    return running


def wait_for_socket(port: int) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
            return
        except OSError:
            assert time.monotonic() < deadline
            time.sleep(0.02)


def end(running: Running, by: signal.Signals = signal.SIGTERM) -> float:
    """Asks the process to end; the seconds that it took."""
    begin = time.monotonic()
    running.process.send_signal(by)
    running.process.wait(30)
    took_seconds = time.monotonic() - begin
    running.listener.join(10)
    assert running.process.stdout is not None
    running.process.stdout.close()
    return took_seconds


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    found = start(tmp_path_factory.mktemp("running"))
    yield found
    end(found)


# ---- a start that works ------------------------------------------------------------------------------------


def test_the_socket_answers_before_the_page_has_been_built(tmp_path: Path) -> None:
    found = start(tmp_path)
    try:
        assert found.get("/livez").json() == {"status": "alive"}
        assert found.cpu_seconds() < 4
        early = found.get("/", headers={"accept": "text/html"})
        assert (early.status_code, early.headers["retry-after"]) == (503, "1")
        assert "Darkroom is starting" in early.text
    finally:
        took_seconds = end(found)
    assert took_seconds < 10  # the end does not wait for Gradio


def test_the_page_is_gradios_with_our_head_and_the_headers(running: Running) -> None:
    page = running.until("/", headers={"accept": "text/html", "accept-encoding": "gzip"})

    assert page.status_code == 200
    assert page.headers["content-encoding"] == "gzip"
    assert "gradio_config" in page.text
    assert "islands/main.js" in page.text
    for name, value in HEADERS.items():
        assert page.headers[name] == value


def test_the_page_asks_no_other_host_for_anything(running: Running) -> None:
    page = running.until("/", headers={"accept": "text/html"}).text

    loaded = re.findall(r"<(?:script|link|img|iframe)[^>]+(?:src|href)=[\"'](https?:[^\"']+)", page)
    assert not loaded
    config = running.get("/config").json()
    assert config["footer_links"] == []
    assert not config.get("run_history")
    assert not config.get("analytics_enabled")


def test_our_scripts_and_styles_are_served_fresh(running: Running) -> None:
    page = running.until("/").text
    paths = re.findall(r'(?:src|href)=\\?"(ui/[^"\\]+)', page)

    assert len(paths) >= 3
    for path in paths:
        answer = running.get(f"/{path}")
        assert answer.status_code == 200, path
        assert answer.headers["cache-control"] == "no-cache"
        again = running.get(f"/{path}", headers={"if-none-match": answer.headers["etag"]})
        assert again.status_code == 304


def test_a_picture_is_made_and_the_web_process_has_no_torch(running: Running) -> None:
    body = {"prompt": "a red circle", "width": 64, "height": 64, "steps": 2}

    answer = httpx.post(f"{running.address}/sdapi/v1/txt2img", json=body, timeout=60)

    assert answer.status_code == 200
    assert base64.b64decode(answer.json()["images"][0]).startswith(b"\x89PNG")
    running.until("/")
    assert "/torch/" not in running.memory_map()
    assert running.until("/readyz").json() == {"status": "ready"}


def test_a_chunked_body_that_is_too_large_is_answered_with_413_and_leaves_nothing(
    running: Running,
) -> None:
    running.until("/")

    def body() -> Iterator[bytes]:
        for _ in range(30):
            yield b"x" * 1_000_000

    form = {"content-type": "multipart/form-data; boundary=x"}
    for path in ("/gradio_api/upload", "/api/v1/assets"):
        answer = httpx.post(running.address + path, content=body(), headers=form, timeout=60)
        assert answer.status_code == 413
    answer = httpx.post(
        f"{running.address}/gradio_api/queue/join", content=b"x" * 30_000_000, timeout=60
    )
    assert answer.status_code == 413


def test_gradios_events_cannot_be_called_by_name(running: Running) -> None:
    running.until("/")

    named = running.get("/gradio_api/info").json()["named_endpoints"]

    assert named == {}


def test_the_terminal_is_told_what_happens_line_by_line(running: Running) -> None:
    running.until("/")
    running.until("/readyz")
    deadline = time.monotonic() + 10
    while (
        not any("worker is ready" in line for line in running.said) and time.monotonic() < deadline
    ):
        time.sleep(0.05)

    assert running.said[0].startswith("Darkroom ")
    assert any(line.startswith("The page is up") for line in running.said)
    assert any("The worker is ready on Fake device (float32)." in line for line in running.said)
    assert len(running.said) == 4, running.said


@pytest.mark.parametrize("by", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_everything_also_while_somebody_waits_for_news(
    tmp_path: Path, by: signal.Signals
) -> None:
    found = start(tmp_path)
    found.until("/readyz")
    worker_pid = found.get("/api/v1/status").json()["worker_pid"]
    version = found.get("/api/v1/jobs").json()["version"]
    port = int(found.address.rpartition(":")[2])
    with socket.create_connection(("127.0.0.1", port), timeout=30) as waiting:
        path = f"/api/v1/jobs?since={version}&wait=20"
        waiting.sendall(f"GET {path} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        found.get("/livez")  # what was sent before this is under way by now

        took_seconds = end(found, by)
        answer = waiting.recv(100)

    assert took_seconds < 10
    assert not any("Traceback" in line for line in found.said)
    assert answer.startswith((b"HTTP/1.1 200", b"HTTP/1.1 503"))
    assert not Path(f"/proc/{worker_pid}").exists()


@pytest.mark.real
def test_with_the_real_worker_too_the_web_process_has_no_torch(tmp_path: Path) -> None:
    found = start(tmp_path, code="")
    try:
        found.until("/readyz")
        body = {"prompt": "a red circle", "steps": 2}
        answer = httpx.post(f"{found.address}/sdapi/v1/txt2img", json=body, timeout=120)
        assert answer.status_code == 200
        assert "/torch/" not in found.memory_map()
    finally:
        end(found)


# ---- a start that is refused -------------------------------------------------------------------------------


def refused(folder: Path, *arguments: str) -> str:
    """What a start says that cannot be; it must be one line, and the exit code 2."""
    folders = ["--data-dir", str(folder / "data"), "--output-dir", str(folder / "outputs")]
    result = subprocess.run(
        [sys.executable, "app.py", *folders, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert result.returncode == 2
    assert not result.stdout
    assert result.stderr.count("\n") == 1
    assert result.stderr.startswith("Darkroom cannot start: ")
    return result.stderr


@pytest.mark.parametrize("exposed", [["--host", "0.0.0.0"], ["--allowed-host", "studio.example"]])
def test_beyond_loopback_nothing_starts_without_a_password(
    tmp_path: Path, exposed: list[str]
) -> None:
    assert "--password-file" in refused(tmp_path, *exposed)


def test_a_taken_port_and_a_taken_data_folder_are_named(running: Running, tmp_path: Path) -> None:
    port = running.address.rpartition(":")[2]
    assert f"--port = {port}" in refused(tmp_path, "--port", port)

    folder = next(Path(text).parent for text in arguments_of(running) if text.endswith("/data"))
    assert "Another Darkroom" in refused(folder, "--port", "0")


def arguments_of(running: Running) -> list[str]:
    assert isinstance(running.process.args, list)
    return [str(argument) for argument in running.process.args]


def test_a_mistaken_flag_is_one_line(tmp_path: Path) -> None:
    assert "Did you mean --port?" in refused(tmp_path, "--prot", "80")


# ---- what Gradio brings along ------------------------------------------------------------------------------

# In a process of its own: Gradio leaves event loops behind, which would trouble other tests.
LOOK_AT_GRADIO = """
import json, os, re, stat, sys
from pathlib import Path
from starlette.routing import Mount, Route
import app
from pipelines import Settings
from tests.test_app import PASSWORD
from tests.api.test_guard import client, guard

settings = Settings(data_dir=Path(sys.argv[1]))
app.set_environment(settings)
page = app.build_page(settings)
mounted = next(r for r in page.routes if isinstance(r, Mount) and r.path == "")

def flat(routes):
    for route in routes:
        if isinstance(route, Route):
            yield from ((method, re.sub(r"\\{[^}]*\\}", "1", route.path)) for method in route.methods)
        elif hasattr(route, "original_router"):  # how FastAPI keeps included ones
            yield from flat(route.original_router.routes)

headers = {"authorization": f"Bearer {PASSWORD}", "origin": "http://10.0.0.5"}
exposed = client(guard(page, host="0.0.0.0", password=PASSWORD), "10.0.0.5")
answer = exposed.get("/config", headers=headers)
print(json.dumps({
    "routes": sorted(flat(mounted.routes)),
    "cors": [answer.status_code, *(name for name in answer.headers if name.startswith("access-control-"))],
    "analytics": os.environ["GRADIO_ANALYTICS_ENABLED"],
    "mode": stat.S_IMODE(os.stat(os.environ["GRADIO_TEMP_DIR"]).st_mode),
}))
"""


@pytest.fixture(scope="module")
def gradio(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What is known about the page as it is mounted."""
    command = [sys.executable, "-c", LOOK_AT_GRADIO, str(tmp_path_factory.mktemp("page"))]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert result.returncode == 0, result.stderr
    found: dict[str, Any] = json.loads(result.stdout)
    return found


def test_what_gradio_can_change_hears_no_other_site(gradio: dict[str, Any]) -> None:
    unsafe = [row for row in gradio["routes"] if row[0] not in ("GET", "HEAD")]
    canary = Canary()
    visitor = client(guard(canary))

    assert ["POST", "/gradio_api/queue/join"] in unsafe
    assert ["POST", "/gradio_api/upload"] in unsafe
    for method, path in unsafe:
        for headers in [*FOREIGN, {"host": "evil.example"}]:
            assert visitor.request(method, path, headers=headers).status_code in (400, 403)
    assert canary.reached == 0


def test_no_route_of_gradio_is_open_without_a_login(gradio: dict[str, Any]) -> None:
    canary = Canary()
    visitor = client(guard(canary, host="0.0.0.0", password=PASSWORD), "10.0.0.5")

    for method, path in gradio["routes"]:
        if path not in ("/login", "/livez"):  # ours stand before Gradio's
            assert visitor.request(method, path).status_code == 401, path
    assert canary.reached == 0


def test_no_other_site_may_read_what_gradio_answers(gradio: dict[str, Any]) -> None:
    """Gradio itself would allow every origin as soon as the Host is no loopback name."""
    assert gradio["cors"] == [200]


def test_gradio_tells_nobody_and_keeps_its_files_in_a_private_folder(
    gradio: dict[str, Any],
) -> None:
    assert gradio["analytics"] == "False"
    assert gradio["mode"] & 0o077 == 0
