"""Requests with a source: laid out when submitted, sent to the worker, put back to the bit, refused by field."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageDraw

from pipelines import Inpainting, Job, PipelineManager, Request, RequestError, Source
from pipelines.errors import NothingMasked
from pipelines.job import DONE
from tests.pipelines.manager.test_guides import submits
from tests.studio import OWNER, asking, ended, ready, studio

SIZE = (200, 120)
HOLE = (40, 30, 79, 69)  # the last ones included


def photo(size: tuple[int, int] = SIZE) -> Image.Image:
    """Noise, so that no pixel can be right by chance."""
    levels = np.random.default_rng(7).integers(0, 256, (size[1], size[0], 3), np.uint8)
    return Image.fromarray(levels)


def hole(size: tuple[int, int] = SIZE) -> Image.Image:
    mask = Image.new("L", size)
    ImageDraw.Draw(mask).rectangle(HOLE, fill=255)
    return mask


def upload(manager: PipelineManager, picture: Image.Image, owner: str = OWNER) -> str:
    data = io.BytesIO()
    picture.save(data, "PNG")
    return manager.assets.add(data.getvalue(), owner).id


def request(manager: PipelineManager, inpainting: Any = None, **source: Any) -> Request:
    return asking(
        source=Source(image=upload(manager, photo()), **source),
        inpainting=inpainting,
        width=64,
        height=64,
    )


def result(manager: PipelineManager, job: Job) -> np.ndarray[Any, Any]:
    assert job.state == DONE, job.error
    picture_id = job.pictures[0].picture_id
    assert picture_id
    with Image.open(manager.library.file(picture_id, OWNER)) as file:
        return np.asarray(file)


def made(manager: PipelineManager, asked: Request) -> tuple[Job, np.ndarray[Any, Any]]:
    job = ended(manager, manager.submit(asked, OWNER))
    return job, result(manager, job)


@pytest.mark.parametrize("area", ["masked", "picture"])
def test_outside_mask_and_blur_every_pixel_stays_and_inside_it_changes(
    tmp_path: Path, area: str
) -> None:
    with studio(tmp_path) as manager:
        mask = upload(manager, hole())
        asked = request(manager, Inpainting(mask=mask, area=area, blur=2, hides_seams=True))

        _, after = made(manager, asked)

    before = np.asarray(photo())
    assert after.shape == before.shape
    near = np.zeros(before.shape[:2], bool)
    near[HOLE[1] - 5 : HOLE[3] + 6, HOLE[0] - 5 : HOLE[2] + 6] = True  # a kernel of 11 pixels
    assert (after == before).all(axis=2)[~near].all()
    inner = np.s_[HOLE[1] + 5 : HOLE[3] - 5, HOLE[0] + 5 : HOLE[2] - 5]
    assert (after != before).any(axis=2)[inner].mean() > 0.9


def test_the_job_says_what_is_seen_of_the_picture(tmp_path: Path) -> None:
    with studio(tmp_path) as manager:
        mask = upload(manager, hole())
        job, _ = made(manager, request(manager, Inpainting(mask=mask, blur=0, padding=10)))

    seen = job.request.inpainting
    assert seen is not None
    assert seen.region is not None
    assert seen.region.box == (30, 20, 90, 80)


def test_the_same_request_again_finds_its_region_and_its_pictures(tmp_path: Path) -> None:
    with studio(tmp_path) as manager:
        mask = upload(manager, hole())
        job, first = made(manager, request(manager, Inpainting(mask=mask)))
        again, second = made(manager, Request.from_dict(job.request.as_dict()))

    assert again.request == job.request
    assert (first == second).all()


def test_an_extended_picture_keeps_its_old_part_to_the_bit(tmp_path: Path) -> None:
    with studio(tmp_path) as manager:
        asked = request(manager, Inpainting(), extend_left=16, extend_bottom=24)
        _, after = made(manager, asked)

    assert after.shape == (144, 216, 3)
    assert (after[:120, 16:] == np.asarray(photo())).all()


def test_a_mask_may_be_as_large_as_the_picture_or_as_what_becomes_of_it(tmp_path: Path) -> None:
    with studio(tmp_path) as manager:
        for size in (SIZE, (SIZE[0] + 8, SIZE[1])):
            asked = request(
                manager, Inpainting(mask=upload(manager, hole(size)), blur=0), extend_right=8
            )
            _, after = made(manager, asked)
            assert after.shape == (120, 208, 3)


def test_without_a_mask_the_result_has_the_size_of_the_form(tmp_path: Path) -> None:
    with studio(tmp_path) as manager:
        job, after = made(manager, request(manager, strength=0.5))

    assert after.shape == (64, 64, 3)
    assert job.pictures[0].steps == job.request.steps_taken == 3


def test_open_sides_follow_the_proportions_of_the_source(tmp_path: Path) -> None:
    with studio(tmp_path) as manager:
        source = Source(image=upload(manager, photo((300, 100))))
        job = manager.submit(asking(source=source), OWNER)
        width, height = job.request.width, job.request.height

        assert width
        assert height
        assert width % 8 == height % 8 == 0
        assert 2.5 < width / height < 3.5


def test_the_worker_is_told_what_to_start_from_and_where_to_paint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with studio(tmp_path) as manager:
        ready(manager)
        sent = submits(manager, monkeypatch)
        mask = upload(manager, hole())
        made(manager, request(manager, Inpainting(mask=mask, blur=0, padding=0)))
        assert sent[0].source is not None
        assert sent[0].source.mask is not None
        with Image.open(sent[0].source.picture.path) as init:
            assert (init.size, init.mode) == ((64, 64), "RGB")
        with Image.open(sent[0].source.mask.path) as small:
            assert np.asarray(small).min() == 255  # it was cut out to its bounds


def test_another_strength_shares_the_prepared_pictures(tmp_path: Path) -> None:
    with studio(tmp_path) as manager:
        for strength in (0.3, 0.6):
            manager.submit(request(manager, strength=strength), OWNER)
        assert len(list((tmp_path / "data" / "guides").glob("*.png"))) == 1


def test_a_mask_that_marks_nothing_is_refused(tmp_path: Path) -> None:
    with studio(tmp_path) as manager:
        mask = upload(manager, Image.new("L", SIZE))
        with pytest.raises(NothingMasked) as caught:
            manager.submit(request(manager, Inpainting(mask=mask)), OWNER)
    assert caught.value.field == "inpainting.mask"


def test_a_mask_of_another_size_is_refused_with_both_sizes(tmp_path: Path) -> None:
    with studio(tmp_path) as manager:
        mask = upload(manager, hole((100, 100)))
        with pytest.raises(RequestError, match="100 × 100 pixels, the picture 200 × 120"):
            manager.submit(request(manager, Inpainting(mask=mask)), OWNER)


def test_pictures_of_others_are_not_there(tmp_path: Path) -> None:
    with studio(tmp_path) as manager:
        theirs = upload(manager, photo(), "bob")
        for fields in (
            {"source": Source(image=theirs)},
            {
                "source": Source(image=upload(manager, photo((60, 60)))),
                "inpainting": Inpainting(mask=theirs),
            },
        ):
            with pytest.raises(RequestError, match="there is no such upload"):
                manager.submit(asking(width=64, height=64, **fields), OWNER)


def test_transparent_masks_mark_what_is_opaque(tmp_path: Path) -> None:
    drawn = Image.new("RGBA", SIZE)
    ImageDraw.Draw(drawn).rectangle(HOLE, fill=(0, 0, 0, 255))
    with studio(tmp_path) as manager:
        mask = upload(manager, drawn)
        _, after = made(manager, request(manager, Inpainting(mask=mask, blur=0)))

    changed = (after != np.asarray(photo())).any(axis=2)
    assert changed[HOLE[1] : HOLE[3], HOLE[0] : HOLE[2]].mean() > 0.9
    assert not changed[:25].any()


def test_a_picture_remembers_what_it_started_from(tmp_path: Path) -> None:
    with studio(tmp_path) as manager:
        mask = upload(manager, hole())
        asked = request(manager, Inpainting(mask=mask, area="masked", blur=4, padding=32))
        job, _ = made(manager, asked)
        record = manager.library.get(job.pictures[0].picture_id or "", OWNER)

    assert record.request is not None
    assert record.request.source == job.request.source
    assert record.request.inpainting == job.request.inpainting
    assert record.width, record.height == SIZE
    for words in ("Denoising strength: 0.75", "Mask blur: 4", "Inpaint area: Only masked"):
        assert words in record.parameters
    assert f"Mask hash: {mask}" in record.parameters


@pytest.mark.parametrize("file_format", ["png", "jpeg", "webp"])
def test_a_picture_with_transparency_keeps_it_where_nothing_was_painted(
    tmp_path: Path, file_format: str
) -> None:
    """Hidden colours included; other formats than PNG change pixels when they are written."""
    clear = np.dstack([np.asarray(photo()), np.zeros((SIZE[1], SIZE[0]), np.uint8)])
    clear[:, :60, 3] = 200
    with studio(tmp_path) as manager:
        asked = asking(
            source=Source(image=upload(manager, Image.fromarray(clear)), extend_left=8),
            inpainting=Inpainting(mask=upload(manager, hole()), blur=0),
            width=64,
            height=64,
            format=file_format,
        )
        job, after = made(manager, asked)
        assert manager.library.thumbnail(job.pictures[0].picture_id or "", OWNER)

    assert after.shape == (120, 208, 3 if file_format == "jpeg" else 4)
    if file_format == "png":
        painted = np.zeros(after.shape[:2], bool)
        painted[HOLE[1] : HOLE[3] + 1, HOLE[0] + 8 : HOLE[2] + 9] = True
        painted[:, :8] = True
        assert (after[..., 3][painted] == 255).all()
        assert (after[:, 8:] == clear)[~painted[:, 8:]].all()
