"""The real thing under measurement: `python app.py` in a process of its own, spoken to over HTTP."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any

from benchmarks.measure import Cost

ROOT = Path(__file__).parent.parent
ANY_CHANGE = 0  # a version that every change is newer than


class Server:
    """A running app with folders of its own; use it as a context manager. Times are since its process started."""

    def __init__(self, folder: Path, models: Path | None, flags: tuple[str, ...] = ()) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self.outputs = folder / "outputs"
        self._url = f"http://127.0.0.1:{port}/"
        self._command = [sys.executable, str(ROOT / "app.py"), "--port", str(port), *flags]
        self._command += ["--output-dir", str(self.outputs), "--data-dir", str(folder / "data")]
        self._command += ["--models-dir", str(models)] if models else []
        self._log = folder / "server.log"

    def __enter__(self) -> Server:
        self._started = time.perf_counter()
        with self._log.open("wb") as log:
            self.process = subprocess.Popen(
                self._command, stdout=log, stderr=subprocess.STDOUT, cwd=ROOT
            )
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(timeout=30)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

    @property
    def age_seconds(self) -> float:
        return time.perf_counter() - self._started

    def wait_for_answer(self, path: str) -> float:
        """Seconds from the start of the process to the first 200 of this path."""
        while True:
            try:
                urllib.request.urlopen(self._url + path, timeout=5).close()
                return self.age_seconds
            except (urllib.error.URLError, ConnectionError):
                self._check_alive()
                time.sleep(0.02)

    def wait_for_worker(self) -> float:
        """Seconds from the start of the process to a worker that has loaded and tried its checkpoint."""
        version = ANY_CHANGE
        while True:
            answer = self.get(f"api/v1/jobs?since={version}&wait=20")
            if answer["status"]["worker"] == "ready":
                return self.age_seconds
            version = answer["version"]
            self._check_alive()

    def submit(self, request: dict[str, Any]) -> str:
        """The id of the new job."""
        body = json.dumps(request).encode()
        asked = urllib.request.Request(
            self._url + "api/v1/jobs", body, {"Content-Type": "application/json"}
        )
        with urllib.request.urlopen(asked, timeout=60) as answer:
            return str(json.load(answer)["id"])

    def wait_for(self, job_ids: set[str]) -> list[dict[str, Any]]:
        """The jobs, once all of them have ended. Raises RuntimeError when one failed."""
        version = ANY_CHANGE
        ended: dict[str, dict[str, Any]] = {}
        while job_ids - ended.keys():
            answer = self.get(f"api/v1/jobs?since={version}&wait=20")
            version = answer["version"]
            for job in answer["jobs"]:
                if job["id"] in job_ids and job["state"] in ("done", "failed", "cancelled"):
                    ended[job["id"]] = job
        for job in ended.values():
            if job["state"] != "done":
                raise RuntimeError(f"a job was {job['state']}: {job['error']}")
        return list(ended.values())

    def develop(self, requests: list[dict[str, Any]]) -> Cost:
        """Submits them all and waits for their files; the CPU-seconds are those of both processes."""
        wall, cpu = time.perf_counter(), self.cpu_seconds()
        self.wait_for({self.submit(request) for request in requests})
        return Cost(self.cpu_seconds() - cpu, time.perf_counter() - wall)

    def time_to_preview(self, request: dict[str, Any]) -> float:
        """Seconds from the POST until the first preview has been received; then waits for the picture."""
        began = time.perf_counter()
        job_id = self.submit(request)
        version = ANY_CHANGE
        while True:
            answer = self.get(f"api/v1/jobs?since={version}&wait=20")
            version = answer["version"]
            job = next((job for job in answer["jobs"] if job["id"] == job_id), None)
            if job and job["pictures"][0]["preview_seq"]:
                path = f"api/v1/jobs/{job_id}/pictures/0/preview"
                urllib.request.urlopen(self._url + path, timeout=60).close()
                taken = time.perf_counter() - began
                self.wait_for({job_id})
                return taken

    def get(self, path: str) -> Any:
        with urllib.request.urlopen(self._url + path, timeout=60) as answer:
            return json.load(answer)

    def cpu_seconds(self) -> float:
        """What both processes have used so far (Linux)."""
        ticks = 0
        for pid in (self.process.pid, *self.children()):
            fields = (
                Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
            )
            ticks += int(fields[11]) + int(fields[12])
        return ticks / os.sysconf("SC_CLK_TCK")

    def children(self) -> list[int]:
        """The process ids below the web process (Linux)."""
        tasks = Path(f"/proc/{self.process.pid}/task")
        return [
            int(pid)
            for task in tasks.iterdir()
            for pid in (task / "children").read_text(encoding="ascii").split()
        ]

    def _check_alive(self) -> None:
        if self.process.poll() is not None:
            raise RuntimeError(
                "the app ended:\n" + self._log.read_text(encoding="utf-8", errors="replace")[-2000:]
            )
