"""Houses to test in: the guarded application with the real manager and a fake worker, but without Gradio."""

from __future__ import annotations

import contextlib
import io
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from starlette.testclient import TestClient

from api import site
from api.closing import Closing
from api.front import Front
from api.studio import Studio, furnish
from pipelines import ENDED_STATES, PipelineManager, Settings
from tests.forked import forking

STARTER = Path(__file__).parents[2] / "models" / "starter"
PASSWORD = "correct horse"
SMALL = {"width": 64, "height": 64, "sampling": {"steps": 3}}
PATIENCE_SECONDS = 60.0


@dataclass(frozen=True)
class House:
    """A running application and its doors."""

    client: TestClient
    manager: PipelineManager
    studio: Studio
    settings: Settings

    def owner(self) -> dict[str, str]:
        """The headers of a new browser that has logged in."""
        cookies = self.studio.identity.cookies({}, False)
        return {"cookie": "; ".join(cookie.partition(";")[0] for cookie in cookies)}

    def ended(self, job_id: str, headers: dict[str, str] | None = None) -> dict[str, Any]:
        """The job once it is over, followed as the page follows it."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        version = 0
        while time.monotonic() < deadline:
            news = self.client.get(f"/api/v1/jobs?since={version}&wait=5", headers=headers).json()
            version = news["version"]
            for job in news["jobs"]:
                if job["id"] == job_id and job["state"] in ENDED_STATES:
                    found: dict[str, Any] = job
                    return found
        raise AssertionError(f"job {job_id} did not end")

    def make(self, headers: dict[str, str] | None = None, **fields: Any) -> dict[str, Any]:
        """A finished job of one small picture, unless `fields` say otherwise."""
        answer = self.client.post("/api/v1/jobs", json={**SMALL, **fields}, headers=headers)
        assert answer.status_code == 201, answer.text
        return self.ended(answer.json()["id"], headers)


def png() -> bytes:
    """A small picture as a file."""
    stream = io.BytesIO()
    Image.new("RGB", (40, 30), "red").save(stream, "PNG")
    return stream.getvalue()


async def silence() -> None:
    """Stands where the start speaks to the terminal."""


@contextlib.contextmanager
def opened(folder: Path, **settings: Any) -> Iterator[House]:
    """Everything that it writes lies in `folder`; of what ships it has the starter."""
    folders = {
        "data_dir": folder / "data",
        "output_dir": folder / "outputs",
        "models_dir": (folder / "models", STARTER),
    }
    chosen = Settings(**{**folders, **settings})
    manager = PipelineManager(chosen, worker_target="tests.fake_worker", worker_context=forking())
    manager.start()
    studio = furnish(chosen, manager, Closing())
    front = Front(site.bare)
    app = site.build(studio, front, silence)
    host = "studio.lan" if chosen.password_file else "localhost"
    house = site.guarded(app, chosen)
    with TestClient(
        house, f"http://{host}", raise_server_exceptions=False, follow_redirects=False
    ) as client:
        assert client.portal is not None
        client.portal.call(front.is_settled.wait)
        yield House(client, manager, studio, chosen)


@pytest.fixture(scope="session")
def home(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """On loopback, without a password."""
    with opened(tmp_path_factory.mktemp("home")) as house:
        yield house


@pytest.fixture(scope="session")
def lan(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    """On every network, with a password."""
    folder = tmp_path_factory.mktemp("lan")
    (folder / "password").write_text(PASSWORD + "\n")
    exposed = {"host": "0.0.0.0", "allowed_host": ("studio.lan",)}
    with opened(folder, password_file=folder / "password", **exposed) as house:
        yield house


@pytest.fixture
def door(tmp_path: Path) -> Callable[..., contextlib.AbstractContextManager[House]]:
    """Opens a house of its own for a test that ends or breaks it."""
    return lambda **settings: opened(tmp_path, **settings)
