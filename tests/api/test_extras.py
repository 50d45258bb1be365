"""VAEs and embeddings over HTTP: listed, chosen for a request or for all that follow, and told in the answer."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests import paper_file
from tests.api.conftest import House
from tests.api.test_a1111 import made, txt2img

XL = {"clip_l": (2, 768), "clip_g": (2, 1280)}


@pytest.fixture
def shelf(home: House) -> Iterator[Path]:
    """A folder of models, taken away afterwards: the house is shared."""
    folder = home.settings.models_dir[0] / "extras"
    files = [
        paper_file.write(folder / "VAE" / "clear.safetensors", paper_file.VAE),
        paper_file.write(folder / "VAE" / "xl.safetensors", paper_file.VAE),
        paper_file.write(folder / "embeddings" / "Der Dee.safetensors", {"emb_params": (3, 768)}),
        paper_file.write(folder / "embeddings" / "xl.safetensors", XL),
    ]
    files.append(folder / "VAE" / "old.pt")
    files[-1].write_bytes(b"\x80")
    files.append(folder / "VAE" / "xl.darkroom.json")
    files[-1].write_text('{"family": "sdxl"}')
    yield folder
    for file in files:
        file.unlink(missing_ok=True)


def get(house: House, path: str) -> Any:
    answer = house.client.get(path)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_the_page_is_told_what_fits_and_what_does_not(home: House, shelf: Path) -> None:
    vaes = {row["name"]: row for row in get(home, "/api/v1/vaes")}
    embeddings = {row["name"]: row for row in get(home, "/api/v1/embeddings")}

    assert vaes["clear"] == {
        "name": "clear",
        "families": ["sd15", "sd2", "sdxl", "sdxl_refiner"],
        "problem": "",
    }
    assert vaes["xl"]["families"] == ["sdxl", "sdxl_refiner"]
    assert vaes["old"]["families"] == []
    assert "is a pickle" in vaes["old"]["problem"]
    assert embeddings["Der Dee"] == {
        "name": "Der Dee",
        "word": "Der Dee",
        "family": "sd15",
        "vectors": 3,
        "problem": "",
    }
    assert embeddings["xl"]["family"] == "sdxl"


def test_clients_are_told_in_their_dialect(home: House, shelf: Path) -> None:
    vaes, embeddings = get(home, "/sdapi/v1/sd-vae"), get(home, "/sdapi/v1/embeddings")

    assert {"model_name": "clear.safetensors", "filename": "clear.safetensors"} in vaes
    assert not any("old" in row["model_name"] for row in vaes)
    facts = {"step": None, "sd_checkpoint": None, "sd_checkpoint_name": None}
    assert embeddings["loaded"]["Der Dee"] == {**facts, "shape": 768, "vectors": 3}
    assert embeddings["skipped"]["xl"] == {**facts, "shape": 1280, "vectors": 2}
    for name in ("vae", "embeddings", "loras"):
        assert home.client.post(f"/sdapi/v1/refresh-{name}").json() is None


def test_a_request_may_bring_its_vae(home: House, shelf: Path) -> None:
    home.manager.hashes.work_out(shelf / "VAE" / "clear.safetensors")

    info = json.loads(made(home, override_settings={"sd_vae": "clear.safetensors"})["info"])
    plain = json.loads(made(home, override_settings={"sd_vae": "None"})["info"])

    digest = home.manager.hashes.of(shelf / "VAE" / "clear.safetensors")[:10]
    assert (info["sd_vae_name"], info["sd_vae_hash"]) == ("clear", digest)
    assert f"VAE hash: {digest}, VAE: clear.safetensors" in info["infotexts"][0]
    assert (plain["sd_vae_name"], plain["sd_vae_hash"]) == (None, None)
    assert "VAE" not in plain["infotexts"][0]


def test_what_options_choose_is_used_until_another_is_chosen(home: House, shelf: Path) -> None:
    options = home.client.post("/sdapi/v1/options", json={"sd_vae": "clear.safetensors"})
    assert options.status_code == 200

    assert get(home, "/sdapi/v1/options")["sd_vae"] == "clear.safetensors"
    assert json.loads(made(home)["info"])["sd_vae_name"] == "clear"
    assert home.client.post("/sdapi/v1/options", json={"sd_vae": "Automatic"}).status_code == 200
    assert json.loads(made(home)["info"])["sd_vae_name"] is None


@pytest.mark.parametrize("name", ["another", "xl.safetensors", "old"])
def test_a_vae_that_cannot_be_used_is_refused_by_their_field(
    home: House, shelf: Path, name: str
) -> None:
    answer = txt2img(home, override_settings={"sd_vae": name})
    options = home.client.post("/sdapi/v1/options", json={"sd_vae": name})

    assert (answer.status_code, options.status_code) == (422, 422)
    assert answer.json()["field"] == options.json()["field"] == "override_settings.sd_vae"
    assert get(home, "/sdapi/v1/options")["sd_vae"] == "Automatic"
    assert txt2img(home, override_settings={"sd_vae": 7}).status_code == 422
