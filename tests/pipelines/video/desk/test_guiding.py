"""What guides the model in videos, with the fake worker: ControlNets, image prompts, LoRAs, masks, refined photos."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pipelines import PipelineManager, RequestError
from pipelines.guiding.guides import Control
from pipelines.guiding.preprocessing import prepared
from pipelines.worker.messages import Submit
from tests.pipelines.manager.test_guides import ADAPTER, ENCODER, controlnet, put
from tests.pipelines.manager.test_loras import lora
from tests.pipelines.video.desk import clips, movies
from tests.pipelines.video.desk.clips import animation, film, frames, in_state, kill_crew, png
from tests.studio import OWNER, ready, studio

STYLE: dict[str, Any] = {
    "prompt": "a red circle",
    "width": 128,
    "height": 96,
    "sampling": {"steps": 4},
    "seed": 3,
}
Levels = np.ndarray[Any, np.dtype[np.uint8]]


@dataclass(frozen=True)
class Sent:
    """What the worker was told of a frame, with the pictures as they were then."""

    submit: Submit
    start: Levels
    mask: Levels | None
    guides: tuple[Levels, ...]


@dataclass(frozen=True)
class Here:
    """A studio with models for guiding, and what its worker was told."""

    manager: PipelineManager
    sent: list[Sent]

    def restyled(self, *, count: int = 8, way: str = "keyframes", **more: Any) -> dict[str, Any]:
        """What is asked for a movie of which every fourth frame is drawn."""
        data = movies.movie(count, has_sound=False)
        movie = self.manager.videos.movies.add(io.BytesIO(data), OWNER, "film.mp4").id
        settings = {"movie": movie, "spacing": 4, "way": way} | more.pop("settings", {})
        return {"mode": "restyle", "settings": settings, "request": STYLE | more}

    def upload(self, picture: Image.Image) -> str:
        return self.manager.assets.add(png(picture), OWNER).id

    def made(self, asked: dict[str, Any]) -> Any:
        self.sent.clear()
        return in_state(self.manager, self.manager.videos.create(asked, OWNER), "done")

    def refused(self, asked: dict[str, Any]) -> RequestError:
        with pytest.raises(RequestError) as raised:
            self.manager.videos.draft(asked, OWNER)
        return raised.value


def seen(path: str) -> Levels:
    with Image.open(path) as picture:
        return np.asarray(picture.convert("RGB"))


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Here]:
    folder = tmp_path_factory.mktemp("guided")
    for name in ("Canny", "Soft"):
        controlnet(folder, name)
    put(folder, "adapter", ADAPTER)
    put(folder, "encoder", ENCODER)
    lora(folder, "Ink Pen")
    with studio(folder) as manager, pytest.MonkeyPatch.context() as patch:
        ready(manager)
        sent: list[Sent] = []
        send = manager._gpu.send

        def watched(message: Any) -> None:
            if isinstance(message, Submit) and message.source is not None:
                mask = message.source.mask and seen(message.source.mask.path)
                guides = tuple(seen(one.picture.path) for one in message.controls)
                sent.append(Sent(message, seen(message.source.picture.path), mask, guides))
            send(message)

        patch.setattr(manager._gpu, "send", watched)
        yield Here(manager, sent)


@pytest.mark.parametrize(("way", "drawn"), [("keyframes", 3), ("blend", 8)])
def test_a_controlnet_without_a_picture_of_its_own_follows_each_drawn_frame(
    here: Here, way: str, drawn: int
) -> None:
    controls = [{"model": "canny", "preprocessor": "canny", "weight": 0.7, "end": 0.8}]

    here.made(here.restyled(way=way, controls=controls))

    assert len(here.sent) == drawn
    how = Control(preprocessor="canny")
    for one in here.sent:
        (guide,) = one.guides
        expected = prepared(Image.fromarray(one.start), how, (128, 96))
        assert np.array_equal(guide, np.asarray(expected))
        (task,) = one.submit.controls
        assert (task.network.name, task.weight, task.start, task.end) == ("Canny", 0.7, 0.0, 0.8)
    assert not np.array_equal(here.sent[0].guides[0], here.sent[1].guides[0])
    versions = {one.submit.controls[0].picture.version for one in here.sent}
    assert len(versions) == drawn  # a picture of before is not taken for the one that is there now


def test_several_controlnets_each_have_their_own_picture(here: Here) -> None:
    own = Image.new("RGB", (64, 48), "white")
    controls = [
        {"model": "Canny", "preprocessor": "canny", "weight": 0.0},  # counts for nothing
        {"model": "Soft", "image": here.upload(own)},
        {"model": "Canny", "preprocessor": "invert", "weight": 0.4},
    ]

    here.made(here.restyled(controls=controls))

    for one in here.sent:
        whole, inverted = one.guides
        assert (whole == 255).all()
        assert np.array_equal(inverted, 255 - one.start)
        assert [task.network.name for task in one.submit.controls] == ["Soft", "Canny"]
        assert one.submit.request["controls"][2]["image"] == ""


def test_image_prompts_and_loras_go_with_every_frame(here: Here) -> None:
    image = here.upload(Image.new("RGB", (40, 30), "green"))
    prompts = [{"model": "adapter", "image": image, "weight": 0.6}]
    prompt = "a harbour <lora:ink pen:0.8>"

    here.made(here.restyled(prompt=prompt, image_prompts=prompts))

    assert len(here.sent) == 3
    for one in here.sent:
        (task,) = one.submit.image_prompts
        assert (task.adapter.name, task.weight) == ("adapter", 0.6)
        assert seen(task.picture.path).mean(axis=(0, 1)) == pytest.approx((0, 128, 0))
        assert [(lora.name, lora.unet_scale) for lora in one.submit.loras] == [("Ink Pen", 0.8)]


@pytest.mark.parametrize(
    ("more", "field"),
    [
        ({"controls": [{"model": "nowhere"}]}, "controls.0.model"),
        ({"controls": [{"model": "Canny"}, {"model": ""}]}, "controls.1.model"),
        ({"controls": [{"model": "Canny", "image": "f" * 32}]}, "controls.0.image"),
        ({"controls": [{"model": "Canny", "weight": 3}]}, "controls.0.weight"),
        ({"controls": [{"model": "Canny", "preprocessor": "x"}]}, "controls.0.preprocessor"),
        ({"image_prompts": [{"model": "adapter"}]}, "image_prompts.0.image"),
        ({"prompt": "a boat <lora:nowhere:1>"}, "prompt"),
        ({"settings": {"mask": {"image": "f" * 32}}}, "settings.mask.image"),
        ({"settings": {"mask": {"movie": "f" * 32}}}, "settings.mask.movie"),
        ({"settings": {"mask": {"blur": -1}}}, "settings.mask.blur"),
    ],
)
def test_what_cannot_guide_is_refused_by_field(
    here: Here, more: dict[str, Any], field: str
) -> None:
    assert here.refused(here.restyled(**more)).field == field


def test_only_what_starts_from_frames_can_follow_them(here: Here) -> None:
    asked = animation()
    asked["request"] = asked["request"] | {"controls": [{"model": "Canny"}]}

    error = here.refused(asked)

    assert (error.field, "no picture is chosen" in error.message) == ("controls.0.image", True)


def test_a_mask_of_other_proportions_is_refused(here: Here) -> None:
    mask = {"image": here.upload(Image.new("L", (100, 100), 255))}

    error = here.refused(here.restyled(settings={"mask": mask}))

    assert error.field == "settings.mask.image"
    assert "100 × 100 px" in error.message


def test_a_mask_movie_that_ends_early_is_told(here: Here) -> None:
    data = movies.movie(4, has_sound=False)
    along = here.manager.videos.movies.add(io.BytesIO(data), OWNER, "mask.mp4").id
    settings = {"mask": {"movie": along}}

    def warnings(**more: Any) -> list[str]:
        asked = here.restyled(settings=settings | more)
        return list(here.manager.videos.draft(asked, OWNER)["warnings"])

    assert "its last frame holds" in warnings()[0]
    assert warnings(end_seconds=0.3) == []


def half() -> Image.Image:
    levels = np.zeros((96, 128), np.uint8)
    levels[:, :64] = 255
    return Image.fromarray(levels)


def test_the_worker_is_told_where_a_frame_may_change(here: Here) -> None:
    settings = {"mask": {"image": here.upload(half()), "blur": 0.0}}

    here.made(here.restyled(settings=settings))

    for one in here.sent:
        assert one.mask is not None
        assert np.array_equal(one.mask[..., 0], np.asarray(half()))
        assert one.submit.request["inpainting"]["is_soft"]


@pytest.mark.parametrize("way", ["keyframes", "blend"])
def test_a_kill_changes_no_byte_and_no_guide(here: Here, way: str) -> None:
    data = movies.movie(70, has_sound=False)
    along = here.manager.videos.movies.add(io.BytesIO(data), OWNER, "mask.mp4").id
    settings = {"mask": {"movie": along}}
    controls = [{"model": "Canny", "preprocessor": "softedge"}]
    asked = here.restyled(count=70, way=way, settings=settings, controls=controls)
    whole, told = here.made(asked), drawn(here.sent)

    here.sent.clear()
    begun = here.manager.videos.create(asked, OWNER)
    for count in (5, 40, 66):
        in_state(here.manager, begun, lambda now, count=count: now.frame >= count)
        kill_crew(here.manager, begun)
    done = in_state(here.manager, begun, "done")

    assert film(here.manager, done).read_bytes() == film(here.manager, whole).read_bytes()
    assert drawn(here.sent) == told


def drawn(sent: list[Sent]) -> set[tuple[str, ...]]:
    """What the frames were drawn from; some of them twice."""
    files = [one.submit.controls[0].picture for one in sent]
    sources = [one.submit.source for one in sent]
    return {
        (guide.version, source.picture.version, source.mask.version)
        for guide, source in zip(files, sources, strict=True)
        if source is not None and source.mask is not None
    }


# ---- photos --------------------------------------------------------------------------------------------


def refined(here: Here, seconds: float = 2.0, **refine: Any) -> dict[str, Any]:
    asked = clips.photo(here.manager, OWNER, seconds=seconds)
    asked["settings"]["refine"] = {"strength": 0.4, "spacing": 8} | refine
    return asked | {"request": {"prompt": "clear water", "seed": 3, "sampling": {"steps": 4}}}


def test_a_photo_is_drawn_over_where_it_moves_in_its_own_proportions(here: Here) -> None:
    draft = here.manager.videos.draft(refined(here), OWNER)
    assert (draft["width"], draft["height"]) == clips.SIZE
    assert (draft["frames"], draft["drawings"]) == (24, 3)

    done = here.made(refined(here))

    assert (done.frame, done.drawn, done.drawings) == (24, 3, 3)
    assert (done.request["width"], done.request["height"]) == clips.SIZE
    for one in here.sent:
        assert one.mask is not None
        assert one.submit.request["source"]["strength"] == 0.4
        assert (one.mask[:10] == 0).all()
        assert (one.mask[30] == 255).all()
    shown = frames(film(here.manager, done))
    bank = np.asarray(clips.river())[:12]
    assert max(np.abs(picture[:12].astype(int) - bank).mean() for picture in shown) < 3
    assert np.abs(shown[0].astype(int) - np.asarray(clips.river()))[24:40].mean() > 10


def test_without_strength_nothing_is_drawn(here: Here) -> None:
    asked = refined(here, strength=0.0)

    draft = here.manager.videos.draft(asked, OWNER)
    done = here.made(asked)

    assert (draft["drawings"], draft["settings"]["refine"]) == (0, None)
    assert (done.request, done.drawn, here.sent) == (None, 0, [])


def test_a_refined_photo_survives_kills_to_the_byte(here: Here) -> None:
    asked = refined(here, seconds=6.0)
    whole = here.made(asked)
    begun = here.manager.videos.create(asked, OWNER)
    for count in (3, 40, 67):
        in_state(here.manager, begun, lambda now, count=count: now.frame >= count)
        kill_crew(here.manager, begun)
    done = in_state(here.manager, begun, "done")

    assert film(here.manager, done).read_bytes() == film(here.manager, whole).read_bytes()


@pytest.mark.parametrize(
    ("refine", "request_", "field"),
    [
        ({"strength": 2}, {}, "refine.strength"),
        ({}, {"sampling": {"steps": 0}}, "steps"),
        ({}, {"controls": [{"model": "nowhere"}]}, "controls.0.model"),
    ],
)
def test_what_cannot_refine_is_refused_by_field(
    here: Here, refine: dict[str, Any], request_: dict[str, Any], field: str
) -> None:
    asked = refined(here, **refine)
    asked["request"] |= request_

    assert field in here.refused(asked).field


def test_what_guided_the_frames_is_gone_once_the_film_is_there(here: Here) -> None:
    done = here.made(here.restyled(controls=[{"model": "Canny"}]))

    folder = Path(here.manager.videos.store.folder(done.id))
    assert (
        not list(folder.glob("guide-*")) + list(folder.glob("start*")) + list(folder.glob("mask*"))
    )
