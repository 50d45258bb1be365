"""The canvas alone on a page, a hand that draws on it, and the shapes that it should then have, computed here."""

from __future__ import annotations

import base64
import contextlib
import http.server
import io
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image
from playwright.sync_api import CDPSession, Page

ROOT = Path(__file__).parent.parent.parent
Points = Sequence[tuple[float, float]]
Plane = np.ndarray[Any, np.dtype[Any]]

READ = """
async (blob) => await new Promise((done) => {
  const reader = new FileReader();
  reader.onload = () => done(reader.result.split(",")[1] ?? "");
  reader.readAsDataURL(blob);
})
"""


@contextlib.contextmanager
def served(pictures: dict[str, bytes]) -> Iterator[str]:
    """The files of the repository and some pictures, at an address; what is written to `pictures` later counts too."""

    class Handler(http.server.SimpleHTTPRequestHandler):
        def __init__(self, *values: Any) -> None:
            super().__init__(*values, directory=str(ROOT))

        def log_message(self, *_: Any) -> None:
            pass

        def do_GET(self) -> None:
            body = pictures.get(self.path.removeprefix("/pictures/"))
            if body is None:
                return super().do_GET()
            self.send_response(200)
            self.send_header("content-type", "image/png")
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/"
    server.shutdown()
    thread.join()
    server.server_close()


def png(pixels: Plane) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "png", compress_level=1)
    return file.getvalue()


class Easel:
    """Drives the canvas of a page. Places are pixels of the picture; the hand moves to whole pixels of the screen."""

    def __init__(self, page: Page, address: str, pictures: dict[str, bytes]) -> None:
        self.page, self.address, self.pictures = page, address, pictures
        page.goto(f"{address}tests/browser/canvas.html")
        page.wait_for_function("window.canvas")

    def begin(self) -> Easel:
        """A new canvas, as a new visitor finds it."""
        self.page.mouse.move(0, 0)
        self.page.evaluate("begin()")
        return self

    def __call__(self, script: str, value: Any = None) -> Any:
        """Runs `canvas.<script>`; `it` is the value."""
        return self.page.evaluate(f"async (it) => await canvas.{script}", value)

    def blank(self, width: int, height: int, colour: str = "#ffffff") -> None:
        self("openBlank(it)", {"width": width, "height": height, "colour": colour})

    def lay(self, name: str, pixels: Plane) -> str:
        """Puts a picture on the server; its address."""
        self.pictures[name] = png(pixels)
        return f"/pictures/{name}"

    def open(self, name: str, pixels: Plane) -> None:
        height, width = pixels.shape[:2]
        self("open(it)", {"src": self.lay(name, pixels), "width": width, "height": height})

    def mask(self) -> Plane:
        """The bytes of the mask, (height, width)."""
        script = f"async () => ({READ})(new Blob([canvas.bytes()]))"
        raw = base64.b64decode(self.page.evaluate(script))
        frame = self("extension()") | self("size()")
        width = frame["width"] + frame["left"] + frame["right"]
        return np.frombuffer(raw, np.uint8).reshape(-1, width)

    def digest(self) -> str:
        """A name for what the mask is now."""
        script = "async () => String(new Uint8Array(await crypto.subtle.digest('SHA-256', canvas.bytes())))"
        return str(self.page.evaluate(script))

    def blob(self, name: str) -> Image.Image:
        """The picture that `maskBlob` or `sketchBlob` gives."""
        script = f"async () => ({READ})(await canvas.{name}())"
        return Image.open(io.BytesIO(base64.b64decode(self.page.evaluate(script))))

    def on_screen(self, points: Points) -> list[tuple[int, int]]:
        x, y, zoom = self._view()
        return [(round((px - x) * zoom), round((py - y) * zoom)) for px, py in points]

    def in_picture(self, places: Points) -> list[tuple[float, float]]:
        x, y, zoom = self._view()
        return [(x + px / zoom, y + py / zoom) for px, py in places]

    def _view(self) -> tuple[float, float, float]:
        """What place of the picture is in the corner of the screen, and the zoom."""
        script = "() => { const { x, y } = canvas.toPicture(0, 0); return [x, y, canvas.zoom()]; }"
        x, y, zoom = self.page.evaluate(script)
        return x, y, zoom

    def draw(self, points: Points) -> list[tuple[float, float]]:
        """One stroke of the mouse; where in the picture it really went, after rounding to the screen."""
        screen = self.on_screen(points)
        self.page.mouse.move(*screen[0])
        self.page.mouse.down()
        for x, y in screen[1:]:
            self.page.mouse.move(x, y)
        self.page.mouse.up()
        return self.in_picture(screen)

    def tool(self, name: str) -> None:
        self.page.locator(f".easel-tools [data-tool={name}]").click()

    def brush(self, size: float, softness: float = 0) -> None:
        self("set(it)", {"tool": "brush", "size": size, "softness": softness})


class Fingers:
    """Touches, as Chromium gets them from a screen."""

    def __init__(self, session: CDPSession) -> None:
        self._session = session

    def put(self, kind: str, *places: tuple[float, float]) -> None:
        touches = [{"x": x, "y": y, "id": place} for place, (x, y) in enumerate(places)]
        self._session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": touches})

    def start(self, *places: tuple[float, float]) -> None:
        self.put("touchStart", *places)

    def move(self, *places: tuple[float, float]) -> None:
        self.put("touchMove", *places)

    def end(self) -> None:
        self.put("touchEnd")


def centres(width: int, height: int) -> tuple[Plane, Plane]:
    x, y = np.meshgrid(np.arange(width) + 0.5, np.arange(height) + 0.5)
    return x, y


def distances(points: Points, width: int, height: int) -> Plane:
    """How far each pixel's centre is from a polyline."""
    x, y = centres(width, height)
    nearest = np.full((height, width), np.inf)
    for (ax, ay), (bx, by) in zip(points, [*points[1:], points[-1]], strict=True):
        dx, dy = bx - ax, by - ay
        share = np.clip(((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy or 1), 0, 1)
        nearest = np.minimum(nearest, np.hypot(x - ax - share * dx, y - ay - share * dy))
    return nearest


def stroke(points: Points, size: float, width: int, height: int) -> Plane:
    """What a hard brush covers."""
    return np.where(distances(points, width, height) <= size / 2, 255, 0).astype(np.uint8)


def soft_stroke(points: Points, size: float, softness: float, width: int, height: int) -> Plane:
    radius = size / 2
    t = np.clip((radius - distances(points, width, height)) / (softness * radius), 0, 1)
    return np.round(255 * t * t * (3 - 2 * t)).astype(np.uint8)


def polygon(points: Points, width: int, height: int) -> Plane:
    """What lies inside, by winding number."""
    x, y = centres(width, height)
    winding = np.zeros((height, width), int)
    for (ax, ay), (bx, by) in zip(points, [*points[1:], points[0]], strict=True):
        side = (bx - ax) * (y - ay) - (x - ax) * (by - ay)
        winding += ((ay <= y) & (by > y) & (side > 0)).astype(int)
        winding -= ((ay > y) & (by <= y) & (side < 0)).astype(int)
    return np.where(winding != 0, 255, 0).astype(np.uint8)


def overlap(one: Plane, other: Plane) -> float:
    """Intersection over union of what is marked."""
    return float(np.sum((one > 0) & (other > 0)) / max(1, np.sum((one > 0) | (other > 0))))
