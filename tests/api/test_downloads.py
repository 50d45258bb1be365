"""The native API for downloads: offers, plan, licence, progress, and fields that cannot be used."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from tests import paper_checkpoint, paper_file
from tests.api.conftest import House, opened
from tests.model_server import Fault, ModelServer

Door = Callable[..., AbstractContextManager[House]]
WEIGHTS = paper_checkpoint.safetensors(paper_file.SD15)
SECONDS = 30.0


@pytest.fixture
def server() -> Iterator[ModelServer]:
    with ModelServer() as server:
        server.repository("ada/painted", {"painted.safetensors": WEIGHTS}, tags=["license:mit"])
        yield server


@pytest.fixture
def house(server: ModelServer, tmp_path: Path) -> Iterator[House]:
    (tmp_path / "models").mkdir()
    with opened(tmp_path, hub_url=server.address, models_dir=(tmp_path / "models",)) as house:
        yield house


def ended(house: House, download_id: str) -> dict[str, Any]:
    end = time.monotonic() + SECONDS
    while time.monotonic() < end:
        rows = house.client.get("/api/v1/downloads").json()["downloads"]
        row: dict[str, Any] = next(row for row in rows if row["id"] == download_id)
        if row["state"] in ("done", "failed", "paused"):
            return row
        time.sleep(0.005)
    raise AssertionError("the download does not end")


def test_four_models_are_offered_with_size_licence_and_fit(house: House) -> None:
    answer = house.client.get("/api/v1/downloads").json()

    assert [offer["id"] for offer in answer["offers"]] == [
        "sd15",
        "sdxl",
        "lightning",
        "inpainting",
    ]
    assert all(
        offer["size_bytes"] and offer["licence"] and offer["fit"] for offer in answer["offers"]
    )
    assert answer["folder"] == str(house.settings.models_dir[-1])
    assert not answer["is_offline"]


def test_from_a_name_to_a_checkpoint_that_can_be_chosen(house: House) -> None:
    plan = house.client.post("/api/v1/downloads/plan", json={"source": "ada/painted"}).json()
    assert plan["size_bytes"] == len(WEIGHTS)

    order = {"source": plan["source"]}
    refused = house.client.post("/api/v1/downloads", json=order)
    assert (refused.status_code, refused.json()["error"]["code"]) == (403, "licence_needed")
    assert refused.json()["error"]["licence"]["name"] == "MIT"

    began = house.client.post("/api/v1/downloads", json=order | {"licence": plan["licence"]["id"]})
    assert began.status_code == 201
    assert ended(house, began.json()["id"])["model"] == "painted"
    names = [row["name"] for row in house.client.get("/api/v1/status").json()["checkpoints"]]
    assert "painted" in names


def test_a_download_can_be_paused_gone_on_with_and_removed(
    house: House, server: ModelServer
) -> None:
    server.served("ada/painted", "painted.safetensors").faults += [Fault(hold_after=100)]
    order = {"source": "ada/painted", "licence": "mit"}
    address = f"/api/v1/downloads/{house.client.post('/api/v1/downloads', json=order).json()['id']}"
    assert server.is_held.wait(SECONDS)

    assert house.client.post(f"{address}/pause").json()["state"] == "paused"
    server.release.set()
    house.client.post(f"{address}/resume")
    assert ended(house, address.rpartition("/")[2])["state"] == "done"
    assert house.client.delete(address).status_code == 200
    assert house.client.delete(address).status_code == 404
    assert house.client.get("/api/v1/downloads").json()["downloads"] == []


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "source"),
        ({"source": 3}, "source"),
        ({"source": None}, "source"),
        ({"source": "a" * 501}, "source"),
        ({"source": "ada/painted", "name": "n" * 101}, "name"),
        ({"source": "ada/painted", "file": ["x"]}, "file"),
        ({"source": "ada/painted", "licence": "l" * 201}, "licence"),
    ],
)
def test_fields_that_cannot_be_used_are_named(
    house: House, body: dict[str, Any], field: str
) -> None:
    for address in ("/api/v1/downloads", "/api/v1/downloads/plan"):
        answer = house.client.post(address, json=body)
        assert (answer.status_code, answer.json()["error"]["field"]) == (422, field)


def test_offline_the_folder_is_named(door: Door) -> None:
    with door(offline=True) as house:
        answer = house.client.get("/api/v1/downloads").json()
        assert answer["is_offline"]
        refused = house.client.post("/api/v1/downloads/plan", json={"source": "ada/painted"})
        assert refused.status_code == 409
        assert answer["folder"] in refused.json()["error"]["remedy"]
