"""What was taken over with `--from`, as the page and programs see it: found, shown, hidden; and never written."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

import pytest

from pipelines import SettingsError
from pipelines.catalog.catalog import Catalog
from pipelines.manager.manager import FACTS_DIR
from pipelines.settings import read
from pipelines.takeover.takeovers import Takeovers
from tests import installations
from tests.api.conftest import PATIENCE_SECONDS, House
from tests.pipelines.takeover.test_takeover import tree

Door = Callable[..., AbstractContextManager[House]]


@pytest.fixture
def forge(tmp_path: Path) -> Path:
    return installations.forge(tmp_path / "old" / "webui")


@pytest.fixture
def house(door: Door, forge: Path) -> Iterator[House]:
    with door(from_=(forge,)) as house:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while house.client.get("/api/v1/status").json()["taken_over"] < 3:
            assert time.monotonic() < deadline
            house.client.get("/api/v1/jobs?since=0&wait=1")
        yield house


def found(house: House, words: str, *, trash: bool = False) -> list[dict[str, Any]]:
    params: dict[str, Any] = {"q": words, "trash": trash}
    items: list[dict[str, Any]] = house.client.get("/api/v1/pictures", params=params).json()[
        "items"
    ]
    return items


def test_old_models_styles_and_pictures_are_there(house: House, forge: Path) -> None:
    before = tree(forge.parent)
    names = [row["model_name"] for row in house.client.get("/sdapi/v1/sd-models").json()]
    [picture] = found(house, "lighthouse")
    address = f"/api/v1/pictures/{picture['id']}"

    assert {"seascapes", "elsewhere"} <= set(names)
    assert house.client.get("/sdapi/v1/prompt-styles").json()[1] == {
        "name": "Ink", "prompt": "black ink", "negative_prompt": "",
    }  # fmt: skip
    assert (picture["program"], picture["seed"]) == ("Forge", 4711)
    assert str(forge) not in str(picture)
    assert house.client.get(f"{address}/file").content[:4] == b"\x89PNG"
    assert house.client.get(f"{address}/thumbnail").status_code == 200
    assert house.client.get(f"{address}/strip").json() == []
    assert house.client.delete(address).json()["trashed"]
    assert (len(found(house, "lighthouse")), len(found(house, "lighthouse", trash=True))) == (0, 1)
    assert house.client.post(f"{address}/restore").json()["trashed"] is None
    assert tree(forge.parent) == before


def test_styles_are_applied_in_their_order(house: House) -> None:
    body = {"prompt": "a fox", "negative_prompt": "blurry", "width": 64, "height": 64, "steps": 2,
            "override_settings": {"sd_model_checkpoint": "starter"}}  # fmt: skip

    def drawn(*styles: Any) -> Any:
        return house.client.post("/sdapi/v1/txt2img", json={**body, "styles": styles})

    values = drawn("Ink", "unknown", "Oil").json()["parameters"]
    assert values["prompt"] == "oil painting of a fox, black ink"
    assert values["negative_prompt"] == "blurry"
    assert drawn(3).status_code == 422


def test_nothing_is_written_beside_a_model_of_another_program(house: House, forge: Path) -> None:
    before = tree(forge.parent)
    rows = house.client.get("/api/v1/models").json()["items"]
    [model] = [row for row in rows if row["name"] == "seascapes"]
    address = f"/api/v1/models/{model['id']}"

    answer = house.client.patch(address, json={"notes": "mine", "defaults": {"steps": 33}})

    assert answer.status_code == 200, answer.text
    assert (answer.json()["notes"], answer.json()["is_taken_over"]) == ("mine", True)
    assert house.client.delete(address).json()["error"]["code"] == "model_kept"
    facts_dir = house.settings.data_dir / FACTS_DIR
    after_restart = Catalog((), Takeovers.at([forge]).models, facts_dir)
    for catalog in (house.manager.catalog, after_restart):
        assert catalog.find("seascapes").defaults.steps == 33
        assert catalog.find("seascapes").about.notes == "mine"
    assert tree(forge.parent) == before


def test_pictures_are_served_by_their_id_alone(house: House, forge: Path) -> None:
    for name in ("00007-4711.png", "../../webui-user.sh", "%2e%2e%2fconfig.json", ".from"):
        assert house.client.get(f"/api/v1/pictures/{name}/file").status_code == 404


def test_a_folder_of_nothing_stops_the_start_before_anything_is_made(
    door: Door, tmp_path: Path
) -> None:
    with pytest.raises(SettingsError, match="--from"), door(from_=(tmp_path / "nothing",)):
        pass

    assert not (tmp_path / "data").exists()


def test_the_flag_may_be_repeated_and_stand_in_the_file(tmp_path: Path) -> None:
    (tmp_path / "darkroom.toml").write_text('from = ["old", "/opt/ComfyUI"]')
    data = ["--data-dir", str(tmp_path)]

    assert read(data, {}).from_ == (tmp_path / "old", Path("/opt/ComfyUI"))
    assert read([*data, "--from", "/a", "--from", "/b"], {}).from_ == (Path("/a"), Path("/b"))
    assert read(data, {"DARKROOM_FROM": "/c"}).from_ == (Path("/c"),)
