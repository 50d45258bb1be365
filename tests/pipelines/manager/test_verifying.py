"""Verify: a picture is made again from its file and compared; the verdict is kept, the picture is not."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from PIL import Image
from PIL.PngImagePlugin import PngInfo

from pipelines import Job, NotFound, PipelineManager, Request, Source
from pipelines.manager import verifying
from pipelines.manager.verifying import Comparison, measured
from tests import paper_file
from tests.studio import OWNER, asking, ended, studio

SMALL = {"width": 64, "height": 64}


def made(manager: PipelineManager, **fields: Any) -> tuple[str, Path]:
    """(id, file) of a picture."""
    job = ended(manager, manager.submit(asking(**{**SMALL, **fields}), OWNER))
    assert job.state == "done", job.error
    picture_id = job.pictures[0].picture_id or ""
    return picture_id, manager.library.file(picture_id, OWNER)


def verdict(manager: PipelineManager, picture_id: str) -> dict[str, Any]:
    found = manager.verify(picture_id, OWNER)
    if isinstance(found, Comparison):
        return found.as_dict()
    job = ended(manager, found)
    assert job.state == "done", job.error
    assert job.verdict is not None
    return job.verdict


def repainted(path: Path, difference: int) -> None:
    """The file with another pixel, and all that it says."""
    with Image.open(path) as image:
        image.load()
        chunks = PngInfo()
        for name in ("parameters", "request", "darkroom"):
            chunks.add_text(name, image.info[name])
    first = image.getpixel((0, 0))
    assert isinstance(first, tuple)
    image.putpixel((0, 0), (abs(first[0] - difference), *first[1:]))
    image.save(path, pnginfo=chunks)


def test_a_picture_that_is_made_again_is_identical_and_leaves_nothing(tmp_path: Path) -> None:
    with studio(tmp_path) as manager:
        picture_id, _ = made(manager)

        job = manager.verify(picture_id, OWNER)
        assert isinstance(job, Job)
        assert (job.verdict, job.verifies) == (None, picture_id)
        assert job.request.exact
        job = ended(manager, job)

        assert job.verdict == {
            "result": "identical", "why": "Every pixel is the same.", "db": None, "max_difference": 0,
        }  # fmt: skip
        assert job.pictures[0].picture_id is None
        assert job.pictures[0].state == "done"
        assert manager.library.search(OWNER).total == 1
        assert len(list((tmp_path / "outputs").rglob("*.png"))) == 1


def test_a_verdict_is_remembered_over_a_restart(tmp_path: Path) -> None:
    with studio(tmp_path) as manager:
        picture_id, _ = made(manager)
        job = manager.verify(picture_id, OWNER)
        assert isinstance(job, Job)
        before = ended(manager, job)

    with studio(tmp_path) as manager:
        after = manager.job(before.id, OWNER)

        assert (after.verdict, after.verifies) == (before.verdict, picture_id)


@pytest.mark.parametrize("file_format", ["jpeg", "webp"])
def test_what_a_format_loses_is_lost_the_same_way_again(tmp_path: Path, file_format: str) -> None:
    with studio(tmp_path) as manager:
        picture_id, _ = made(manager, format=file_format)

        assert verdict(manager, picture_id)["result"] == "identical"


def test_the_file_counts_and_not_the_index(tmp_path: Path) -> None:
    with studio(tmp_path) as manager:
        picture_id, path = made(manager, prompt="a red circle")
        _, other = made(manager, prompt="a blue star")
        path.write_bytes(other.read_bytes())

        assert verdict(manager, picture_id)["result"] == "identical"


@pytest.mark.parametrize(("difference", "result"), [(2, "same"), (3, "different")])
def test_rounding_is_told_from_another_picture(
    tmp_path: Path, difference: int, result: str
) -> None:
    with studio(tmp_path) as manager:
        picture_id, path = made(manager)
        repainted(path, difference)

        found = verdict(manager, picture_id)

        assert (found["result"], found["max_difference"]) == (result, difference)
        assert found["db"] > 60


def test_reasons_name_what_is_not_as_it_was(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with studio(tmp_path) as manager:
        picture_id, path = made(manager)
        repainted(path, 90)
        monkeypatch.setattr(verifying, "software", lambda: "Darkroom 9.0, torch 9.9")

        why = verdict(manager, picture_id)["why"]

        assert "now by Darkroom 9.0, torch 9.9." in why
        assert "without “exact”" in why


def test_an_exact_picture_that_differs_for_no_known_reason_was_changed(tmp_path: Path) -> None:
    with studio(tmp_path) as manager:
        picture_id, path = made(manager, exact=True)
        repainted(path, 90)

        assert "may have been changed afterwards" in verdict(manager, picture_id)["why"]


def test_a_model_that_is_gone_is_named_with_its_hash_and_nothing_is_run(tmp_path: Path) -> None:
    with studio(tmp_path) as manager:
        drawn = paper_file.write(tmp_path / "models" / "Drawn.safetensors")
        digest = manager.hashes.work_out(drawn)
        picture_id, _ = made(manager, checkpoint="Drawn")
        drawn.unlink()

        found = manager.verify(picture_id, OWNER)

        assert isinstance(found, Comparison)
        assert found.result == "impossible"
        assert f"Model Drawn [{digest[:10]}]" in found.why


def test_a_model_under_another_name_is_found_by_its_hash(tmp_path: Path) -> None:
    with studio(tmp_path) as manager:
        drawn = paper_file.write(tmp_path / "models" / "Drawn.safetensors")
        manager.hashes.work_out(drawn)
        picture_id, _ = made(manager, checkpoint="Drawn")
        renamed = drawn.rename(drawn.with_stem("Renamed"))
        manager.hashes.work_out(renamed)

        assert verdict(manager, picture_id)["result"] == "identical"


def test_another_file_under_the_same_name_is_a_reason(tmp_path: Path) -> None:
    with studio(tmp_path) as manager:
        drawn = paper_file.write(tmp_path / "models" / "Drawn.safetensors")
        first = manager.hashes.work_out(drawn)
        picture_id, path = made(manager, checkpoint="Drawn", exact=True)
        paper_file.write(drawn, metadata={"note": "another one"})
        second = manager.hashes.work_out(drawn)
        repainted(path, 90)

        why = verdict(manager, picture_id)["why"]

        assert f"it had the hash {first[:10]}, this one has {second[:10]}" in why


def test_a_source_that_is_gone_makes_it_impossible(tmp_path: Path) -> None:
    with studio(tmp_path) as manager:
        stream = io.BytesIO()
        Image.new("RGB", (64, 64), "red").save(stream, "PNG")
        image = manager.assets.add(stream.getvalue(), OWNER).id
        picture_id, _ = made(manager, source=Source(image=image, strength=0.5))
        for path in [
            *(tmp_path / "data" / "assets").glob("*"),
            *(tmp_path / "outputs" / ".sources").rglob("*.png"),
        ]:
            path.unlink()

        found = verdict(manager, picture_id)

        assert found["result"] == "impossible"
        assert "source.image" in found["why"]


def test_a_foreign_picture_is_compared_as_far_as_its_text_tells(tmp_path: Path) -> None:
    with studio(tmp_path) as manager:
        picture_id, path = made(manager)
        chunks = PngInfo()
        chunks.add_text(
            "parameters",
            "a red circle\nSteps: 4, Sampler: Euler, Seed: 7, Size: 64x64, Model: paper, "
            "Face restoration: CodeFormer, Version: v1.10.1",
        )
        Image.new("RGB", (64, 64), "green").save(path, pnginfo=chunks)

        found = verdict(manager, picture_id)

        assert found["result"] == "different"
        assert "AUTOMATIC1111" in found["why"]
        assert "Face restoration CodeFormer" in found["why"]


def test_a_file_that_says_nothing_cannot_be_verified(tmp_path: Path) -> None:
    with studio(tmp_path) as manager:
        picture_id, path = made(manager)
        Image.new("RGB", (64, 64)).save(path)

        assert verdict(manager, picture_id)["result"] == "impossible"


def test_nobody_verifies_the_pictures_of_others(tmp_path: Path) -> None:
    with studio(tmp_path) as manager:
        picture_id, _ = made(manager)

        with pytest.raises(NotFound):
            manager.verify(picture_id, "bob")


def test_a_failed_verification_is_queued_again_and_still_keeps_nothing(tmp_path: Path) -> None:
    with studio(tmp_path) as manager:
        picture_id, path = made(manager)
        text = json.loads(_chunk(path, "request"))
        failing = replace(Request.from_dict(text), prompt="fake:nan@2")
        chunks = PngInfo()
        chunks.add_text("request", failing.to_json())
        Image.new("RGB", (64, 64)).save(path, pnginfo=chunks)

        job = manager.verify(picture_id, OWNER)
        assert isinstance(job, Job)
        assert ended(manager, job).state == "failed"
        again = ended(manager, manager.requeue(job.id, OWNER))

        assert (again.state, again.verdict) == ("failed", None)
        assert manager.library.search(OWNER).total == 1


def _chunk(path: Path, name: str) -> str:
    with Image.open(path) as image:
        return str(image.info[name])


def test_pictures_of_two_sizes_are_different() -> None:
    found = measured(Image.new("RGB", (8, 8)), Image.new("RGB", (16, 8)))

    assert (found.result, found.db, found.max_difference) == ("different", None, 255)
    assert "8 × 8 px" in found.why


def test_transparency_is_compared_as_well() -> None:
    opaque, clear = (
        Image.new("RGBA", (8, 8), (1, 2, 3, 255)),
        Image.new("RGBA", (8, 8), (1, 2, 3, 0)),
    )

    assert measured(opaque, clear).max_difference == 255
    assert measured(opaque, Image.new("RGB", (8, 8), (1, 2, 3))).result == "identical"
