"""Networks that enlarge pictures: in pieces as in one, at every scale and of any channels; damage is named."""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from pipelines.asking.hires import Fit, Hires
from pipelines.errors import ModelUnreadable, NotFinite
from pipelines.worker.messages import GuideRef, PictureDone, PictureFailed
from pipelines.worker.recipes import upscaling
from pipelines.worker.recipes.upscaling import enlarged_picture
from pipelines.worker.weights.upscalers import Upscaler, build, read
from tests.pipelines.worker.weights.fake_spandrel import install, saved
from tests.pipelines.worker.workbench import CPU, Workbench


@pytest.fixture(autouse=True)
def spandrel(monkeypatch: pytest.MonkeyPatch) -> None:
    install(monkeypatch)


def built(bench: Workbench, ref: GuideRef) -> tuple[Upscaler, Any]:
    """(the upscaler, its descriptor)"""
    model = bench.model()
    found = read(ref, model.family, CPU, model.dtype)
    return build(found, model, CPU), found.descriptor


def picture(height: int, width: int) -> Tensor:
    generator = torch.Generator().manual_seed(height + width)
    return torch.randint(0, 256, (height, width, 3), dtype=torch.uint8, generator=generator)


def to(width: int, height: int) -> Fit:
    return Fit((width, height), (width, height), (0, 0))


@pytest.mark.parametrize(
    ("height", "width", "pieces"), [(80, 200, 8), (64, 64, 1), (65, 64, 2), (100, 300, 12)]
)
def test_in_pieces_it_draws_what_it_draws_in_one(
    bench: Workbench,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    height: int,
    width: int,
    pieces: int,
) -> None:
    upscaler, descriptor = built(bench, saved(tmp_path))
    levels, fit = picture(height, width), to(2 * width, 2 * height)
    monkeypatch.setattr(upscaling, "PIECE_PX", 1000)
    whole = enlarged_picture(levels, fit, upscaler)
    descriptor.seen.clear()
    monkeypatch.setattr(upscaling, "PIECE_PX", 64)

    made = enlarged_picture(levels, fit, upscaler)

    assert (made.int() - whole.int()).abs().max() <= 1
    assert len(descriptor.seen) == pieces
    assert all(max(shape[2:]) <= 64 for shape in descriptor.seen), "what it takes is bounded"


@pytest.mark.parametrize(("scale", "turns"), [(1, 1), (2, 3), (3, 2), (4, 2), (8, 1)])
def test_it_takes_as_many_turns_as_its_scale_needs_and_three_at_most(
    bench: Workbench, tmp_path: Path, scale: int, turns: int
) -> None:
    """16 px are to become 120: twice is 128 after three turns, once changes no size and is tried once."""
    upscaler, descriptor = built(bench, saved(tmp_path, scale=scale))

    made = enlarged_picture(picture(16, 16), to(120, 120), upscaler)

    assert upscaler.scale == scale
    assert made.shape == (120, 120, 3)
    assert len(descriptor.seen) == turns


def test_what_it_leaves_to_do_is_done_by_lanczos(bench: Workbench, tmp_path: Path) -> None:
    upscaler, _ = built(bench, saved(tmp_path))
    exact = enlarged_picture(picture(16, 16), to(32, 32), upscaler)

    cut = enlarged_picture(picture(16, 16), Fit((32, 32), (16, 24), (8, 0)), upscaler)

    assert torch.equal(cut, exact[:24, 8:24])


@pytest.mark.parametrize("channels", [1, 3, 4])
def test_networks_in_grey_and_with_alpha_draw_colours_too(
    bench: Workbench, tmp_path: Path, channels: int
) -> None:
    upscaler, descriptor = built(bench, saved(tmp_path, channels))
    levels = picture(16, 16)

    made = enlarged_picture(levels, to(32, 32), upscaler)

    assert made.shape == (32, 32, 3)
    assert {shape[1] for shape in descriptor.seen} == {channels}
    if channels == 1:
        red = (levels[..., 0] / 255)[None, None]
        wanted = descriptor.model(red)[0, 0].mul(255).round()
        assert torch.equal(made[..., 0].float(), wanted)


@pytest.mark.parametrize(
    ("asked", "used"),
    [
        (torch.float32, torch.float32),
        (torch.bfloat16, torch.bfloat16),
        (torch.float16, torch.float32),
    ],
)
def test_it_computes_in_the_format_of_the_model_if_it_can(
    bench: Workbench, tmp_path: Path, asked: torch.dtype, used: torch.dtype
) -> None:
    model = replace(bench.model(), dtype=asked)
    found = read(saved(tmp_path), model.family, CPU, asked)

    upscaler = build(found, model, CPU)

    assert {p.dtype for p in found.descriptor.model.parameters()} == {used}
    made = enlarged_picture(picture(16, 16), to(32, 32), upscaler)
    assert made.dtype == torch.uint8


def test_numbers_that_are_none_are_said_instead_of_a_black_picture(
    bench: Workbench, tmp_path: Path
) -> None:
    upscaler, descriptor = built(bench, saved(tmp_path))
    descriptor.model.conv_last.bias.data.fill_(torch.nan)

    with pytest.raises(NotFinite, match="made NaN or infinity"):
        enlarged_picture(picture(16, 16), to(32, 32), upscaler)


def test_edges_that_meet_are_drawn_as_if_the_picture_went_on(
    bench: Workbench, tmp_path: Path
) -> None:
    upscaler, _ = built(bench, saved(tmp_path))
    levels = picture(48, 48)

    made = enlarged_picture(levels, to(96, 96), upscaler, "x")

    beside = enlarged_picture(torch.cat([levels] * 3, dim=1), to(288, 96), upscaler)
    assert torch.equal(made, beside[:, 96:192])
    assert not torch.equal(made, enlarged_picture(levels, to(96, 96), upscaler))


# ---- files -------------------------------------------------------------------------------------------------


def refused(bench: Workbench, ref: GuideRef) -> ModelUnreadable:
    model = bench.model()
    with pytest.raises(ModelUnreadable) as raised:
        read(ref, model.family, CPU, model.dtype)
    return raised.value


def test_without_spandrel_it_is_said_how_to_get_it(
    bench: Workbench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)

    error = refused(bench, saved(tmp_path))

    assert "spandrel" in error.message
    assert "pip install -r requirements-upscalers.txt" in error.remedy


def test_a_file_of_something_else_is_named(bench: Workbench, tmp_path: Path) -> None:
    path = tmp_path / "other.safetensors"
    save_file({"a": torch.ones(2)}, path)

    error = refused(bench, GuideRef("upscaler", "other", str(path)))

    assert str(path) in error.message
    assert "no architecture has these tensors" in error.message


def test_damage_is_named(bench: Workbench, tmp_path: Path) -> None:
    ref = saved(tmp_path, extra=torch.tensor([torch.nan]))
    assert "extra holds NaN" in refused(bench, ref).message

    Path(ref.path).write_bytes(Path(ref.path).read_bytes()[:300])
    assert "is damaged" in refused(bench, ref).message


def test_a_network_of_two_channels_makes_no_picture(bench: Workbench, tmp_path: Path) -> None:
    assert "2 channels of 2, no RGB" in refused(bench, saved(tmp_path, channels=2)).message


# ---- in hires fix ------------------------------------------------------------------------------------------


def test_a_job_enlarges_with_it_and_lets_it_go(bench: Workbench, tmp_path: Path) -> None:
    ref = saved(tmp_path, scale=4)
    hires = Hires(scale=2.0, steps=2, strength=0.5, upscaler=ref.name)
    bench.submit("drawn", hires=hires, upscaler=ref, batch_size=2)
    bench.submit("other", hires=replace(hires, upscaler="Lanczos"))
    bench.run()

    assert [(d.pixels.width, d.pixels.height) for d in bench.all(PictureDone)] == [(128, 128)] * 3
    assert not torch.equal(bench.pixels("drawn"), bench.pixels("other"))
    (holder,) = [one for one in bench.models.holders if one.name == ref.name]
    assert (holder.tier, holder.is_in_use) == ("upscaler", False)


def test_one_that_is_damaged_fails_its_pictures_and_no_others(
    bench: Workbench, tmp_path: Path
) -> None:
    ref = saved(tmp_path, extra=torch.tensor([torch.nan]))
    bench.submit("broken", hires=Hires(upscaler=ref.name), upscaler=ref)
    bench.submit("sound")
    bench.run()

    (failed,) = bench.all(PictureFailed)
    assert failed.job_id == "broken"
    assert "holds NaN" in failed.error["message"]
    assert [done.job_id for done in bench.all(PictureDone)] == ["sound"]
