"""A place of models on this machine, like Hugging Face and CivitAI, that can be told to misbehave."""

from __future__ import annotations

import contextlib
import hashlib
import json
import ssl
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

COMMIT = "0123456789abcdef0123456789abcdef01234567"


@dataclass
class Fault:
    """How one answer goes wrong. `drop_after`: bytes of the body, then the connection is cut."""

    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes | None = None
    drop_after: int | None = None
    hold_after: int | None = None  # bytes, then it waits for `release`
    says_length: int | None = None
    ignores_range: bool = False


@dataclass
class Served:
    """A file at an address. Each answer uses up the first of `faults`."""

    data: bytes
    etag: str = '"one"'
    kind: str = "application/octet-stream"
    faults: list[Fault] = field(default_factory=list)


class ModelServer:
    """`with ModelServer() as server:`; `asked` are the requests so far, `address` goes into hub_url and civitai_url."""

    def __init__(self) -> None:
        self.files: dict[str, Served] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.release, self.is_held = threading.Event(), threading.Event()
        self._http = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._http.daemon_threads = True
        self.address = f"http://127.0.0.1:{self._http.server_address[1]}"

    def __enter__(self) -> ModelServer:
        threading.Thread(target=self._http.serve_forever, args=(0.01,), daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.release.set()
        self._http.shutdown()
        self._http.server_close()

    def speak_tls(self, context: ssl.SSLContext) -> None:
        """Before anybody asks."""
        self._http.socket = context.wrap_socket(self._http.socket, server_side=True)

    def put(self, path: str, data: bytes | Any, **fields: Any) -> Served:
        body = data if isinstance(data, bytes) else json.dumps(data).encode()
        self.files[path] = Served(body, **fields)
        return self.files[path]

    def repository(
        self, name: str, files: dict[str, bytes], commit: str = COMMIT, **info: Any
    ) -> str:
        """A repository of the hub with one commit; large files by SHA-256, others by their git object."""
        rows = [_sibling(path, data) for path, data in files.items()]
        about = {"sha": commit, "siblings": rows, "gated": False, "tags": [], **info}
        for revision in ("main", commit):
            self.put(f"/api/models/{name}/revision/{revision}", about)
        for path, data in files.items():
            self.put(f"/{name}/resolve/{commit}/{path}", data)
        return name

    def served(self, name: str, path: str) -> Served:
        return self.files[f"/{name}/resolve/{COMMIT}/{path}"]

    def civitai(
        self,
        data: bytes,
        *,
        kind: str = "Checkpoint",
        name: str = "painted.safetensors",
        **flags: Any,
    ) -> str:
        """A model of CivitAI, 11, with the version 22; what names it."""
        model = {"id": 11, "name": "Painted", "type": kind, "modelVersions": [{"id": 22}], **flags}
        digest = hashlib.sha256(data).hexdigest().upper()
        file = {
            "name": name,
            "type": "Model",
            "sizeKB": round(len(data) / 1024, 2),
            "primary": True,
            "hashes": {"SHA256": digest},
            "downloadUrl": f"{self.address}/api/download/models/22",
        }
        version = {
            "id": 22,
            "modelId": 11,
            "name": "v1",
            "baseModel": "SD 1.5",
            "trainedWords": ["brush"],
        }
        self.put("/api/v1/models/11", model)
        self.put("/api/v1/model-versions/22", version | {"files": [file]})
        self.put("/api/download/models/22", data)
        return "civitai:11@22"

    def times(self, part: str) -> int:
        """How often something was asked for whose address contains this."""
        return sum(part in path for path, _ in self.asked)

    def ranges(self, part: str) -> list[str]:
        return [headers.get("range", "") for path, headers in self.asked if part in path]

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                headers = {name.lower(): value for name, value in self.headers.items()}
                server.asked.append((self.path, headers))
                served = server.files.get(urlsplit(self.path).path)
                self.close_connection = True
                with contextlib.suppress(OSError):
                    for piece in server._answer(self, served, headers):
                        self.wfile.write(piece)

            def log_message(self, *_: object) -> None:
                pass

        return Handler

    def _answer(
        self, to: BaseHTTPRequestHandler, served: Served | None, asked: dict[str, str]
    ) -> Iterator[bytes]:
        if served is None:
            _head(to, 404, {"Content-Length": "0"})
            return
        fault = served.faults.pop(0) if served.faults else Fault()
        data, begin = served.data if fault.body is None else fault.body, 0
        is_same = asked.get("if-range", served.etag) == served.etag
        if "range" in asked and is_same and not fault.ignores_range:
            begin = int(asked["range"].removeprefix("bytes=").removesuffix("-"))
        status = fault.status or (206 if begin else 200)
        if begin >= len(data) > 0:
            status, data = 416, b""
        headers = {"Content-Type": served.kind, "ETag": served.etag}
        if status == 206:
            headers["Content-Range"] = f"bytes {begin}-{len(data) - 1}/{len(data)}"
        body = data[begin:]
        length = len(body) if fault.says_length is None else fault.says_length
        _head(to, status, headers | {"Content-Length": str(length)} | fault.headers)
        yield from self._body(body, fault)

    def _body(self, body: bytes, fault: Fault) -> Iterator[bytes]:
        if fault.drop_after is not None:
            yield body[: fault.drop_after]
        elif fault.hold_after is not None:
            yield body[: fault.hold_after]
            self.is_held.set()
            self.release.wait(60)
            yield body[fault.hold_after :]
        else:
            yield body


def _head(to: BaseHTTPRequestHandler, status: int, headers: dict[str, str]) -> None:
    to.send_response(status)
    for name, value in {**headers, "Connection": "close"}.items():
        to.send_header(name, value)
    to.end_headers()


def _sibling(path: str, data: bytes) -> dict[str, Any]:
    row: dict[str, Any] = {"rfilename": path, "size": len(data)}
    if path.endswith(".safetensors"):
        return row | {"lfs": {"sha256": hashlib.sha256(data).hexdigest(), "size": len(data)}}
    header = b"blob %d\0" % len(data)
    return row | {"blobId": hashlib.sha1(header + data, usedforsecurity=False).hexdigest()}
