"""Which files of a place are taken, as what, under which licence; and what is refused before the first byte."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pipelines.downloads import variants
from pipelines.downloads.offers import OFFERS, SD15, SDXL, fit
from pipelines.downloads.sources import Hub, parse
from pipelines.errors import (
    LicenceNeeded,
    NameTaken,
    Offline,
    RequestError,
    SourceFailed,
    StudioError,
)
from pipelines.settings import Settings
from pipelines.tiers import Sizes
from tests import paper_checkpoint, paper_file
from tests.model_server import COMMIT, Fault, ModelServer
from tests.pipelines.downloads.conftest import WEIGHTS, House, Opener

LORA = {"lora_unet_down_blocks_0.lora_down.weight": (4, 8)}


@pytest.fixture
def folder(tmp_path: Path, server: ModelServer) -> str:
    """A repository in the layout of diffusers, with all that published ones have beside the model."""
    root = paper_checkpoint.write(tmp_path / "paper")
    (root / "darkroom.json").unlink()
    files = {str(p.relative_to(root)): p.read_bytes() for p in root.rglob("*") if p.is_file()}
    for path in [path for path in files if path.endswith(".safetensors")]:
        files[path.replace(".safetensors", ".fp16.safetensors")] = files[path]
        files[path.replace(".safetensors", ".bin")] = b"pickle"
        files[path.replace(".safetensors", ".non_ema.safetensors")] = b"larger"
    files |= {
        "README.md": b"a card",
        "LICENSE.md": b"text",
        "pipeline.py": b"boom",
        "v1-5-pruned.safetensors": WEIGHTS,
        "v1-5-pruned.ckpt": b"pickle",
        "safety_checker/model.safetensors": b"x",
        "vae_1_0/diffusion_pytorch_model.safetensors": b"x",
        "unet/model.onnx": b"x",
        "unet/evil.py": b"boom",
        "../escape.json": b"{}",
        "unet/../../escape.json": b"{}",
    }
    index = json.loads(files["model_index.json"])
    index |= {"safety_checker": ["a", "b"], "feature_extractor": [None, None]}
    files["model_index.json"] = json.dumps(index).encode()
    return server.repository("ada/paper", files, cardData={"license": "creativeml-openrail-m"})


def test_of_a_diffusers_folder_one_set_of_weights_and_nothing_that_runs_is_taken(
    house: House, folder: str
) -> None:
    done = house.get(folder, licence="creativeml-openrail-m")

    assert (done.state, done.problem) == ("done", "")
    assert house.files() == {
        f"paper/{path}"
        for path in (
            "LICENSE.md",
            "README.md",
            "darkroom.json",
            "model_index.json",
            "scheduler/scheduler_config.json",
            "text_encoder/config.json",
            "text_encoder/model.fp16.safetensors",
            "tokenizer/merges.txt",
            "tokenizer/vocab.json",
            "unet/config.json",
            "unet/diffusion_pytorch_model.fp16.safetensors",
            "vae/config.json",
            "vae/diffusion_pytorch_model.fp16.safetensors",
        )
    }
    facts = json.loads((house.models / "paper/darkroom.json").read_text())
    assert facts["commit"] == COMMIT
    assert facts["licence"] == "CreativeML Open RAIL-M"
    assert facts["source"].endswith("/ada/paper")


def test_the_whole_precision_is_taken_where_half_is_not_complete() -> None:
    index = {"_class_name": "X", "unet": ["diffusers", "U"], "vae": ["diffusers", "V"]}
    names = ["unet/diffusion_pytorch_model", "vae/diffusion_pytorch_model"]
    shards = [f"{names[0]}-0000{n}-of-00002.safetensors" for n in (1, 2)]
    full = [*shards, f"{names[0]}.safetensors.index.json", f"{names[1]}.safetensors"]

    assert variants.folder_files([*full, f"{names[0]}.fp16.safetensors"], index) == sorted(full)
    with pytest.raises(SourceFailed, match="not complete"):
        variants.folder_files([f"{names[0]}.fp16.safetensors", f"{names[1]}.safetensors"], index)
    with pytest.raises(SourceFailed, match="pickle"):
        variants.folder_files([*shards, f"{names[1]}.bin"], index)


def test_a_plan_says_everything_before_the_first_byte_and_touches_nothing(
    house: House, folder: str, server: ModelServer
) -> None:
    plan = house.downloads.plan(house.order(folder, licence="")).as_dict()

    assert plan["commit"] == COMMIT
    assert plan["source"] == f"{folder}@{COMMIT}"
    assert plan["licence"]["name"] == "CreativeML Open RAIL-M"
    assert not plan["licence"]["is_accepted"]
    assert plan["size_bytes"] == sum(file["size_bytes"] for file in plan["files"]) > 0
    assert plan["free_bytes"] > 0
    assert plan["target"] == str(house.models / "paper")
    assert [choice["file"] for choice in plan["choices"]] == ["", "v1-5-pruned.safetensors"]
    assert plan["is_verified"]
    assert plan["warning"] == ""
    assert house.files() == set()
    assert server.times("/resolve/") == 1  # the index, which names the parts


def test_a_file_of_a_repository_can_be_named(house: House, folder: str) -> None:
    done = house.get(folder, file="v1-5-pruned.safetensors", licence="creativeml-openrail-m")

    assert done.model == "v1-5-pruned"
    assert (house.models / "v1-5-pruned.license.md").read_bytes() == b"text"


def test_of_several_files_one_has_to_be_named(house: House, server: ModelServer) -> None:
    name = server.repository("ada/two", {"a.safetensors": WEIGHTS, "b.safetensors": WEIGHTS})
    plan = house.downloads.plan(house.order(name)).as_dict()

    assert (plan["files"], [row["file"] for row in plan["choices"]]) == (
        [],
        ["a.safetensors", "b.safetensors"],
    )
    with pytest.raises(RequestError, match="has to be chosen"):
        house.begin(name, licence="unknown")
    with pytest.raises(RequestError, match="is not in this repository"):
        house.begin(name, file="c.safetensors", licence="unknown")
    assert house.get(name, file="b.safetensors", licence="unknown").model == "b"


@pytest.mark.parametrize(
    "files",
    [{"model.ckpt": b"x"}, {"model_index.json": b"{}"}, {"README.md": b"x"}, {}],
    ids=["pickle", "empty index", "no weights", "empty"],
)
def test_repositories_without_safetensors_are_refused(
    house: House, server: ModelServer, files: dict[str, bytes]
) -> None:
    with pytest.raises(SourceFailed):
        house.begin(server.repository("ada/none", files))


@pytest.mark.parametrize(
    "answer",
    [
        b"<html>login</html>",
        b"[]",
        b"{}",
        b'{"sha": "main", "siblings": []}',
        b'{"sha": 3, "siblings": {}}',
        json.dumps({"sha": COMMIT, "siblings": [{"rfilename": "a.safetensors"}]}).encode(),
        json.dumps(
            {"sha": COMMIT, "siblings": [{"rfilename": "a.safetensors", "size": -1}]}
        ).encode(),
        json.dumps({"sha": COMMIT, "siblings": [None, {"rfilename": 3}]}).encode(),
    ],
)
def test_a_hub_that_answers_nonsense_is_said(
    house: House, server: ModelServer, answer: bytes
) -> None:
    server.put("/api/models/ada/odd/revision/main", answer)
    with pytest.raises(SourceFailed):
        house.begin("ada/odd")


def test_a_name_that_leads_elsewhere_stays_in_the_folder(house: House, server: ModelServer) -> None:
    source = server.civitai(WEIGHTS, name="../../../evil.safetensors", allowCommercialUse=[])
    plan = house.downloads.plan(house.order(source))
    done = house.get(source, licence=plan.package.licence.id)

    assert done.target == str(house.models / "evil.safetensors")
    assert house.get(source, name="..\\..\\C:evil").target == str(
        house.models / "C-evil.safetensors"
    )
    assert [path.name for path in house.models.parent.iterdir() if path.is_file()] == []


def test_a_model_of_civitai_comes_with_its_permissions_and_trigger_words(
    house: House, server: ModelServer
) -> None:
    data = paper_checkpoint.safetensors(LORA)
    server.civitai(data, kind="LORA", allowCommercialUse=["Image"], allowNoCredit=False)
    plan = house.downloads.plan(house.order(f"{server.address}/models/11/painted")).as_dict()
    assert plan["trigger_words"] == ["brush"]
    assert plan["licence"]["commercial"] == "conditions"
    assert "maker is named" in plan["licence"]["note"]

    done = house.get(plan["source"], licence=plan["licence"]["id"])
    assert (done.state, done.is_checkpoint) == ("done", False)
    assert done.target == str(house.models / "Lora" / "painted.safetensors")
    (lora,) = house.catalog.others()
    assert (lora.name, lora.about.title, lora.about.trigger_words) == (
        "painted",
        "Painted",
        ("brush",),
    )
    assert (lora.about.licence.name, lora.about.licence.terms.hosting) == (
        "CivitAI permissions",
        "no",
    )


def test_a_model_of_civitai_for_a_base_that_is_not_run_is_said_before_it_is_downloaded(
    house: House, server: ModelServer
) -> None:
    source = server.civitai(WEIGHTS)
    assert house.downloads.plan(house.order(source)).package.warning == ""
    version = json.loads(server.files["/api/v1/model-versions/22"].data) | {"baseModel": "Flux.1 D"}
    server.put("/api/v1/model-versions/22", version)
    assert "Flux.1 D" in house.downloads.plan(house.order(source)).package.warning


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"kind": "Workflows"}, "no use for"),
        ({"name": "painted.ckpt"}, "no .safetensors"),
        ({"kind": "Checkpoint", "modelVersions": "x"}, "as expected"),
    ],
)
def test_what_civitai_has_and_we_do_not_use_is_said(
    house: House, server: ModelServer, changes: dict[str, Any], words: str
) -> None:
    server.civitai(WEIGHTS, **changes)
    with pytest.raises(SourceFailed, match=words):
        house.begin("civitai:11")


# ---- licences


def test_a_licence_is_accepted_once_for_a_model_and_that_is_remembered(
    open_house: Opener, single: str
) -> None:
    with open_house() as house:
        with pytest.raises(LicenceNeeded) as refused:
            house.begin(single, licence="")
        assert refused.value.details["licence"]["id"] == "mit"
        with pytest.raises(LicenceNeeded):
            house.begin(single, licence="another")
        assert house.files() == set()
        assert house.get(single, licence="mit").state == "done"
    with open_house() as house:
        assert house.downloads.plan(house.order(single)).is_accepted
        assert house.get(single, licence="", name="again").state == "done"
        (row,) = json.loads((house.data / "licences.json").read_text())["accepted"]
        assert (row["licence"], row["model"], row["by"]) == ("mit", single, "ada")
        assert row["at"] > 1e9


@pytest.mark.parametrize(
    ("info", "name", "commercial"),
    [
        ({"cardData": {"license": "openrail++"}}, "CreativeML Open RAIL++-M", "yes"),
        ({"tags": ["x", "license:apache-2.0"]}, "Apache 2.0", "yes"),
        ({"cardData": {"license": ["cc-by-nc-4.0"]}}, "CC BY-NC", "no"),
        ({"cardData": {"license": "other", "license_name": "their-own"}}, "their-own", "unknown"),
        ({}, "unknown", "unknown"),
        ({"cardData": "x", "tags": "y"}, "unknown", "unknown"),
    ],
)
def test_licences_are_read_from_cards(
    house: House, server: ModelServer, info: dict[str, Any], name: str, commercial: str
) -> None:
    server.repository("ada/painted", {"a.safetensors": WEIGHTS}, **info)
    licence = house.downloads.plan(house.order("ada/painted")).package.licence

    assert (licence.name, licence.commercial) == (name, commercial)
    assert licence.note


# ---- names that are taken


def test_what_is_there_already_is_not_downloaded_again(
    house: House, single: str, folder: str, server: ModelServer
) -> None:
    for source, licence in ((single, "mit"), (folder, "creativeml-openrail-m")):
        house.get(source, licence=licence)
        before = server.times("safetensors")
        assert house.downloads.plan(house.order(source)).is_there
        again = house.begin(source)
        assert (again.state, again.model) == ("done", Path(again.target).name.partition(".")[0])
        assert server.times("safetensors") == before


@pytest.mark.parametrize("content", [b"another", WEIGHTS[:-1] + b"x"], ids=["size", "bytes"])
def test_another_model_of_that_name_is_never_overwritten(
    house: House, single: str, content: bytes
) -> None:
    (house.models / "Painted.safetensors").write_bytes(content)
    (house.models / "painted.safetensors").write_bytes(content)
    with pytest.raises(NameTaken):
        house.begin(single, name="painted")

    done = house.get(single)
    assert done.target == str(house.models / "painted-2.safetensors")
    assert (house.models / "painted.safetensors").read_bytes() == content


def test_a_model_that_appears_meanwhile_is_not_overwritten(
    house: House, single: str, server: ModelServer
) -> None:
    server.served(single, "painted.safetensors").faults += [Fault(hold_after=1000)]
    began = house.begin(single)
    assert server.is_held.wait(20)
    (house.models / "painted.safetensors").write_bytes(b"mine")
    server.release.set()

    failed = house.ended(began)
    assert failed.error is not None
    assert failed.error["code"] == "name_taken"
    assert (house.models / "painted.safetensors").read_bytes() == b"mine"


def test_two_who_want_the_same_share_one_download(
    house: House, single: str, server: ModelServer
) -> None:
    server.served(single, "painted.safetensors").faults += [Fault(hold_after=1000)]
    first = house.begin(single)
    second = house.begin(single, owner="bob")
    assert second.id == first.id
    server.put("/free/to/all/painted.safetensors", WEIGHTS)
    with pytest.raises(NameTaken):
        house.begin(f"{server.address}/free/to/all/painted.safetensors", licence="unknown")
    server.release.set()

    assert house.ended(first).state == "done"
    assert server.times("resolve") - server.times("LICENSE") == 1


def test_two_files_come_at_a_time(house: House, folder: str, server: ModelServer) -> None:
    paths = [p for p in server.files if "fp16" in p]
    for path in paths:
        server.files[path].faults += [Fault(hold_after=1)]
    began = house.begin(folder, licence="creativeml-openrail-m")
    assert server.is_held.wait(20)
    house.until(began.id, lambda now: server.times("fp16") == 2)
    server.release.set()

    assert house.ended(began).state == "done"
    assert server.times("fp16") == len(paths) == 3


# ---- weights that are none, offline, offers


def test_a_damaged_file_is_not_listed_whatever_its_checksum_says(
    house: House, server: ModelServer
) -> None:
    name = server.repository("ada/bad", {"bad.safetensors": WEIGHTS[:-5]}, tags=["license:mit"])
    failed = house.get(name)

    assert failed.error is not None
    assert "cut off" in failed.error["message"]
    assert house.listed() == []


def test_a_whole_model_that_this_version_cannot_run_says_so(
    house: House, server: ModelServer
) -> None:
    data = paper_checkpoint.safetensors(paper_file.REFINER)
    name = server.repository("ada/odd", {"odd.safetensors": data}, tags=["license:mit"])
    done = house.get(name)

    assert done.state == "done"
    assert done.problem == next(c.problem for c in house.catalog.checkpoints() if c.name == "odd")


def test_offline_nothing_is_asked_and_the_folder_is_named(
    open_house: Opener, server: ModelServer, single: str
) -> None:
    with open_house(offline=True) as house:
        with pytest.raises(Offline) as refused:
            house.begin(single)
        assert str(house.models) in refused.value.remedy
        assert server.asked == []


def test_a_place_that_cannot_be_reached_names_the_folder_too(open_house: Opener) -> None:
    with open_house(hub_url="http://127.0.0.1:9") as house:
        with pytest.raises(StudioError) as failed:
            house.begin("ada/painted")
        assert str(house.models) in failed.value.remedy


def test_every_offer_names_a_model_and_its_bytes() -> None:
    for offer in OFFERS:
        source = parse(offer.source, Settings())
        assert isinstance(source, Hub)
        assert len(source.revision) == 40 or offer.sha256
        assert bool(offer.sha256) == bool(source.file)
        assert offer.size_bytes > 2e9


def test_an_offered_file_that_was_exchanged_is_refused(house: House, server: ModelServer) -> None:
    offer = next(offer for offer in OFFERS if "@" not in offer.source)
    name, _, file = offer.source.rpartition("/")
    server.repository(name, {file: WEIGHTS}, tags=["license:mit"])
    with pytest.raises(SourceFailed, match="not the file that was published"):
        house.begin(offer.source)


def test_models_fit_by_the_memory_of_the_machine() -> None:
    gib = 2**30

    def on(device: str, sizes: Sizes, *totals: int) -> list[str]:
        return [fit(sizes, device, total * gib, 32 * gib) for total in totals]

    assert on("cuda", SD15, 0, 2, 4, 8) == ["unknown", "stream", "resident", "resident"]
    assert on("cuda", SDXL, 8, 12, 24) == ["offload", "resident", "resident"]
    assert on("cpu", SD15, 2, 4, 8) == ["none", "float8", "resident"]
    assert fit(SDXL, "cuda", 8 * gib, 4 * gib) == "none"  # it can be at home nowhere
