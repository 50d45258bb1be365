"""The app as a process that tests can start, kill, ask and measure; and a proxy that can cut its connections."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parent.parent.parent
START_SECONDS = 90
PASSWORD = "correct horse battery"


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Site:
    """`with Site(folder, "step=0.05") as site:`; the same folder and port again after `restart`."""

    def __init__(self, folder: Path, fake: str, *, has_password: bool = False) -> None:
        self.folder, self._fake = folder, fake
        self.port = free_port()
        self.address = f"http://127.0.0.1:{self.port}/"
        self._process: subprocess.Popen[bytes] | None = None
        self._headers = {"authorization": f"Bearer {PASSWORD}"} if has_password else {}
        if has_password:
            (folder / "password").write_text(PASSWORD)
            (folder / "password").chmod(0o600)

    def __enter__(self) -> Site:
        try:
            self.start()
        except BaseException:
            self.kill()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process is not None
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self.kill()  # else it would slow down every test after this one
            raise

    def start(self) -> None:
        """Returns when the page is up and the worker is ready."""
        command = [sys.executable, "-m", "tests.browser.serve", str(self.folder), str(self.port)]
        environment = os.environ | {"DARKROOM_FAKE": self._fake, "PYTHONWARNINGS": ""}
        self._process = subprocess.Popen(command, cwd=ROOT, env=environment)
        end = time.monotonic() + START_SECONDS
        while not self._is_up():
            assert self._process.poll() is None, "the app ended while it started"
            assert time.monotonic() < end, "the app does not start"
            time.sleep(0.1)

    def kill(self) -> None:
        """As a power cut would: no goodbye."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(20)

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def _is_up(self) -> bool:
        request = urllib.request.Request(self.address, headers=self._headers)
        try:
            with urllib.request.urlopen(request, timeout=2) as page:
                return bool(page.status == 200)
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            return False

    def call(self, method: str, path: str, body: Any = None) -> Any:
        """One request to the API; the JSON of its answer."""
        data = None if body is None else json.dumps(body).encode()
        headers = self._headers | ({"content-type": "application/json"} if data else {})
        request = urllib.request.Request(self.address + path, data, headers, method=method)
        with urllib.request.urlopen(request, timeout=20) as answer:
            return json.loads(answer.read() or b"null")

    def jobs(self) -> list[Any]:
        """All jobs of the local owner."""
        return list(self.call("GET", "api/v1/jobs")["jobs"])

    def forget_jobs(self) -> None:
        """Ends and removes every job, so that a test begins with an empty dock."""
        for job in self.jobs():
            with contextlib.suppress(urllib.error.HTTPError):
                if job["state"] in ("queued", "running", "held", "paused"):
                    self.call("POST", f"api/v1/jobs/{job['id']}/cancel")
        self.settle()
        for job in self.jobs():
            self.call("DELETE", f"api/v1/jobs/{job['id']}")

    def settle(self) -> None:
        """Returns when no job waits or develops any more."""
        end = time.monotonic() + 30
        since, states = 0, {}
        while time.monotonic() < end:
            news = self.call("GET", f"api/v1/jobs?since={since}&wait={1 if since else 0}")
            since = news["version"]
            states |= {job["id"]: job["state"] for job in news["jobs"]}
            if not {"queued", "running"} & set(states.values()):
                return
        raise AssertionError(f"jobs do not end: {states}")


class Proxy:
    """Passes TCP on to a port until `cut`, and again after `mend`. Cutting closes what is open."""

    def __init__(self, target: int) -> None:
        self._target = target
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self._listener.getsockname()[1]}/"
        self._pairs: set[socket.socket] = set()
        self._is_cut = False
        self._is_over = False
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> Proxy:
        return self

    def __exit__(self, *_: object) -> None:
        self._is_over = True
        self.cut()
        self._listener.close()

    def cut(self) -> None:
        self._is_cut = True
        for one in list(self._pairs):
            _close(one)

    def mend(self) -> None:
        self._is_cut = False

    def _accept(self) -> None:
        while not self._is_over:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            if self._is_cut:
                _close(near)
                continue
            far = socket.create_connection(("127.0.0.1", self._target))
            self._pairs |= {near, far}
            for source, sink in ((near, far), (far, near)):
                threading.Thread(target=self._pump, args=(source, sink), daemon=True).start()

    def _pump(self, source: socket.socket, sink: socket.socket) -> None:
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
        for one in (source, sink):
            self._pairs.discard(one)
            _close(one)


def _close(one: socket.socket) -> None:
    with contextlib.suppress(OSError):
        one.shutdown(socket.SHUT_RDWR)
    one.close()
