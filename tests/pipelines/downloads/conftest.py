"""A server of models and downloads that speak to it."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from pipelines.catalog.catalog import Catalog
from pipelines.downloads.downloads import Downloads
from pipelines.downloads.plan import Download, Order
from pipelines.downloads.run import ACTIVE
from pipelines.settings import Settings
from tests import paper_checkpoint, paper_file
from tests.model_server import ModelServer

SECONDS = 30.0  # no test waits so long; it is how long one may hang
WEIGHTS = paper_checkpoint.safetensors(paper_file.SD15 | {"padding": (1000, 1000)})  # 2 MB
Opener = Callable[..., contextlib.AbstractContextManager["House"]]


class House:
    """Downloads over a temporary folder, and what a test asks of them."""

    def __init__(self, folder: Path, address: str, **changes: Any) -> None:
        self.models, self.data = folder / "models", folder / "data"
        self.models.mkdir(exist_ok=True)
        fields = {"hub_url": address, "civitai_url": address} | changes
        environment = fields.pop("environment", {})
        self.settings = Settings(models_dir=(self.models,), data_dir=self.data, **fields)
        self.catalog = Catalog((self.models,))
        self.pauses: list[float] = []
        self.downloads = Downloads(self.settings, self.catalog, environment, pause=self._pause)

    async def _pause(self, seconds: float) -> None:
        self.pauses.append(seconds)

    def order(self, source: str, **fields: Any) -> Order:
        return Order(**{"source": source, "licence": "mit", "owner": "ada", **fields})

    def begin(self, source: str, **fields: Any) -> Download:
        return self.downloads.begin(self.order(source, **fields))

    def get(self, source: str, **fields: Any) -> Download:
        """As it has ended."""
        return self.ended(self.begin(source, **fields))

    def ended(self, download: Download) -> Download:
        return self.until(download.id, lambda now: now.state not in ACTIVE)

    def until(self, download_id: str, is_so: Callable[[Download], bool]) -> Download:
        end = time.monotonic() + SECONDS
        while True:
            now = next(one for one in self.downloads.all() if one.id == download_id)
            if is_so(now):
                return now
            assert time.monotonic() < end, now
            time.sleep(0.002)

    def listed(self) -> list[str]:
        """What the catalog sees."""
        view = self.catalog.look()
        return [one.name for one in (*view.checkpoints, *view.others)]

    def files(self) -> set[str]:
        """Every file below the models, by its path."""
        return {str(p.relative_to(self.models)) for p in self.models.rglob("*") if p.is_file()}


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with ModelServer() as server:
        yield server


@pytest.fixture
def open_house(tmp_path: Path, server: ModelServer) -> Opener:
    """Opens downloads over the same folder, again and again."""

    @contextlib.contextmanager
    def open_(**changes: Any) -> Iterator[House]:
        house = House(tmp_path, server.address, **changes)
        house.downloads.start()
        try:
            yield house
        finally:
            house.downloads.stop()

    return open_


@pytest.fixture
def house(open_house: Opener) -> Iterator[House]:
    with open_house() as house:
        yield house


@pytest.fixture
def single(server: ModelServer) -> str:
    """A repository with one checkpoint file."""
    files = {"painted.safetensors": WEIGHTS, "LICENSE": b"do what you like", "evil.py": b"boom"}
    return server.repository("ada/painted", files, cardData={"license": "mit"})
