"""Pictures whose edges meet: the networks see them go on, each call for itself, and no other picture notices."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from pipelines.asking.hires import Fit, Hires
from pipelines.catalog import diffusers_folder
from pipelines.request import SEAMLESS
from pipelines.worker.messages import CheckpointRef, PictureFailed
from pipelines.worker.recipes.still import Brief, Developed, still
from pipelines.worker.recipes.tiling import Tiled, tiles_of
from pipelines.worker.recipes.upscaling import stretched
from pipelines.worker.sampling import Denoised, Philox
from pipelines.worker.weights.seamless import MEETINGS, edges_meeting, laid_around, without_margin
from tests.pipelines.worker.test_refining import drawn
from tests.pipelines.worker.weights.test_lora import kohya, loaded, lora
from tests.pipelines.worker.workbench import Workbench, request

STARTER = Path(__file__).parents[3] / "models" / "starter"
EACH = [name for name in MEETINGS if name]
AXES = {"x": (-1,), "y": (-2,), "both": (-1, -2)}


def some(*shape: int) -> Tensor:
    return torch.randn(shape, generator=torch.Generator().manual_seed(sum(shape)))


def rolled(x: Tensor, by: int, seamless: str) -> Tensor:
    """The same picture on a paper that is rolled up, cut open elsewhere."""
    return x.roll([by] * len(AXES[seamless]), AXES[seamless])


# ---- one forward -------------------------------------------------------------------------------------------


def test_there_is_a_row_for_each_name() -> None:
    assert set(MEETINGS) == {None, *SEAMLESS}


@pytest.mark.parametrize("seamless", EACH)
def test_a_denoiser_does_not_see_where_the_picture_was_cut_open(
    any_toy: CheckpointRef, seamless: str
) -> None:
    """By whole cells of its deepest layers."""
    model = Workbench(any_toy).model()
    channels = model.unet.config.in_channels
    x, text = some(1, channels, 16, 16), some(1, 77, model.unet.config.cross_attention_dim)
    told: dict[str, Any] = {"timestep": 500.0, "encoder_hidden_states": text}
    if model.family.is_told_its_size:
        pooled = model.unet.add_embedding.linear_1.in_features
        ids = 5 if model.family.aesthetic_scores else 6
        width = model.unet.config.addition_time_embed_dim * ids
        told |= {"text_embeds": some(1, pooled - width), "time_ids": torch.full((1, ids), 64.0)}

    def guess(sample: Tensor, seamless: str | None) -> Tensor:
        forward = model.denoiser.forward
        out: Tensor = forward(sample=sample, seamless=seamless, return_dict=False, **told)[0]
        return out

    moved = guess(rolled(x, 8, seamless), seamless)

    torch.testing.assert_close(moved, rolled(guess(x, seamless), 8, seamless), rtol=0, atol=1e-4)
    assert (guess(rolled(x, 8, seamless), None) - moved).abs().max() > 1e-3


@pytest.mark.parametrize("seamless", EACH)
def test_neither_does_a_vae_either_way(toy: CheckpointRef, seamless: str) -> None:
    vae = Workbench(toy).model().vae
    z, pixels = some(1, 4, 8, 8), some(1, 3, 64, 64).clamp(-1, 1)

    def decoded(z: Tensor) -> Tensor:
        out: Tensor = vae.decode.forward(z=z, seamless=seamless, return_dict=False)[0]
        return out

    def encoded(x: Tensor) -> Tensor:
        out: Tensor = vae.encode.forward(x=x, seamless=seamless)
        return out

    close = {"rtol": 0.0, "atol": 1e-4}
    torch.testing.assert_close(
        decoded(rolled(z, 3, seamless)), rolled(decoded(z), 24, seamless), **close
    )
    torch.testing.assert_close(
        encoded(rolled(pixels, 24, seamless)), rolled(encoded(pixels), 3, seamless), **close
    )


@pytest.mark.parametrize("seamless", EACH)
def test_a_picture_too_large_for_the_vae_goes_on_beyond_its_edges_too(
    toy: CheckpointRef, seamless: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = Workbench(toy).model()
    network: Any = model.vae.network.module
    monkeypatch.setattr(network, "tile_latent_min_size", 24)
    monkeypatch.setattr(network, "tile_sample_min_size", 192)
    frugal = model.vae.decode.frugal
    assert frugal is not None
    z = some(1, 4, 32, 32)
    whole = model.vae.decode.forward(z=z, seamless=seamless, return_dict=False)[0]

    def off(told: str | None) -> list[float]:
        """How far its pixels beside the edges that meet are from what the VAE makes of it as a whole."""
        tiled = frugal.forward(z=z, seamless=told, return_dict=False)[0]
        assert tiled.shape == whole.shape
        return [float((tiled - whole).abs().select(axis, 0).mean()) for axis in AXES[seamless]]

    assert all(a < 0.5 * b for a, b in zip(off(seamless), off(None), strict=True))
    assert not network.use_tiling


def test_what_a_lora_adds_is_convolved_in_the_same_way(toy: CheckpointRef, tmp_path: Path) -> None:
    loras = (lora(tmp_path, kohya(loaded(toy), "sd15")),)
    calls: list[tuple[int, ...]] = []
    conv2d = nn.functional.conv2d

    class Seen(torch.overrides.TorchFunctionMode):
        def __torch_function__(
            self, func: Any, types: Any, args: Any = (), kwargs: Any = None
        ) -> Any:
            if func is conv2d:
                calls.append(tuple(torch.as_tensor(args[4]).reshape(-1).tolist()))
            return func(*args, **(kwargs or {}))

    with Seen():
        drawn(Workbench(toy), loras=loras, seamless="both")

    assert calls
    assert {number for call in calls for number in call} == {0}, "nobody pads with zeros"


def test_what_is_laid_around_comes_off_again() -> None:
    x = some(1, 2, 5, 7)
    for seamless, (across, down) in MEETINGS.items():
        around = laid_around(x, seamless, 3)
        assert around.shape == (1, 2, 5 + 6 * down, 7 + 6 * across)
        assert torch.equal(without_margin(around, seamless, 3), x)
    assert torch.equal(laid_around(x, "x", 7), torch.cat([x] * 3, dim=-1))


def test_a_convolution_that_pads_by_name_is_not_passed_over_in_silence() -> None:
    conv = nn.Conv2d(2, 2, 3, padding="same")
    with edges_meeting("both"), pytest.raises(NotImplementedError, match="same"):
        conv(some(1, 2, 8, 8))


def test_zeros_that_are_no_edge_stay_zeros() -> None:
    x = some(1, 2, 4, 4)
    with edges_meeting("both"):
        assert torch.equal(
            nn.functional.pad(x, (1, 1), value=5.0), torch.constant_pad_nd(x, (1, 1), 5.0)
        )
        flat = nn.functional.pad(x[0, 0], (1, 1))
    assert torch.equal(flat, torch.constant_pad_nd(x[0, 0], (1, 1), 0.0))


# ---- beside others -----------------------------------------------------------------------------------------


def test_others_in_the_same_batch_stay_what_they_are_to_the_bit(toy: CheckpointRef) -> None:
    alone, together = Workbench(toy), Workbench(toy)
    alone.submit("plain", batch_size=2)
    alone.run()
    together.submit("plain", batch_size=2)
    for seamless in EACH:
        together.submit(seamless, seamless=seamless, seed=7)
    together.run()

    for index in (0, 1):
        assert torch.equal(together.pixels("plain", index), alone.pixels("plain", index))
    pictures = [together.pixels(name) for name in ("plain", *EACH)]
    for number, one in enumerate(pictures):
        assert all((one - other).abs().max() > 2 for other in pictures[:number])


def test_only_equal_ones_share_a_forward(toy: CheckpointRef) -> None:
    bench, rows = Workbench(toy), []
    with bench.network("denoiser").register_forward_pre_hook(
        lambda module, args, kwargs: rows.append(len(kwargs["sample"])), with_kwargs=True
    ):
        bench.submit("round", seamless="both", batch_size=3, steps=2)
        bench.submit("plain", batch_size=2, steps=2)
        bench.run()

    assert sorted(rows) == [4, 4, 6, 6]
    for index in range(3):
        own = drawn(Workbench(toy), seamless="both", seed=7 + index, steps=2)
        assert (bench.pixels("round", index) - own).abs().max() <= 2


@pytest.mark.parametrize("seamless", EACH)
@pytest.mark.parametrize("hires", [None, Hires(steps=2, strength=0.6)], ids=["once", "twice"])
def test_of_rolled_noise_comes_the_rolled_picture(
    toy: CheckpointRef, seamless: str, hires: Hires | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """From the first step to the pixels nothing knows where the edges are."""
    asked = {"seamless": seamless, "hires": hires, "width": 128, "height": 128}
    side = 256 if hires else 128
    made = drawn(Workbench(toy), **asked).view(side, side, 3).permute(2, 0, 1)
    draw = Philox.draw

    def elsewhere(self: Philox, counter: int, shape: tuple[int, ...]) -> Tensor:
        return rolled(draw(self, counter, shape), shape[-1] // 2, seamless)

    monkeypatch.setattr(Philox, "draw", elsewhere)
    moved = drawn(Workbench(toy), **asked).view(side, side, 3).permute(2, 0, 1)

    assert (moved - rolled(made, side // 2, seamless)).abs().max() <= 2


def test_tiles_lie_across_edges_that_meet() -> None:
    """A denoiser that knows its own borders leaves no trace of them where the picture was cut open."""

    def bounded(x: Tensor, sigma: float, step: int) -> Denoised:
        framed = nn.functional.avg_pool2d(nn.functional.pad(x, (1, 1, 1, 1), value=9.0), 3, 1)
        return Denoised(framed)

    x = torch.zeros(1, 4, 40, 48)
    for seamless, (across, down) in MEETINGS.items():
        x0 = Tiled(tiles_of(40, 48, 16, seamless), lambda tile: bounded)(x, 1.0, 0).x0[0, 0]
        assert (x0[20, 0] < 1.5) == across
        assert (x0[0, 24] < 1.5) == down
        inner = tiles_of(40, 48, 16, seamless)
        assert {tile.seamless for tile in inner} == {None}


def test_a_tile_that_goes_all_around_meets_itself() -> None:
    assert {tile.seamless for tile in tiles_of(16, 48, 16, "both")} == {"y"}
    assert {tile.seamless for tile in tiles_of(40, 16, 16, "both")} == {"x"}
    assert {tile.seamless for tile in tiles_of(40, 16, 16, "y")} == {None}
    assert [tile.seamless for tile in tiles_of(16, 16, 16, "both")] == ["both"]


def test_tiles_around_the_edges_cover_all_and_overlap_there_as_elsewhere() -> None:
    for length, side in [(17, 16), (40, 16), (48, 16), (90, 32)]:
        tiles = tiles_of(16, length, side, "x")
        total = torch.zeros(16, length)
        for tile in tiles:
            assert tile.of(total).shape == (16, side)
            tile.add(total, torch.ones(16, side))
        begins = [*(tile.left for tile in tiles), tiles[0].left + length]
        assert total.min() >= 1
        assert all(0 < b - a <= side * 3 // 4 + 1 for a, b in pairwise(begins))


def test_a_picture_in_tiles_is_made_and_has_its_size(toy: CheckpointRef) -> None:
    made = drawn(Workbench(toy), seamless="both", width=128, tile=64, steps=2)

    assert len(made) == 128 * 64 * 3


# ---- enlarged ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("seamless", EACH)
def test_what_guides_it_is_enlarged_without_a_seam(seamless: str) -> None:
    """As the middle of nine pictures side by side."""
    x = some(1, 3, 16, 16).clamp(0, 1)
    fit = Fit((24, 24), (24, 24), (0, 0))

    made = stretched(x, fit, 1, seamless)
    moved = stretched(rolled(x, 8, seamless), fit, 1, seamless)

    torch.testing.assert_close(moved, rolled(made, 12, seamless))


@pytest.mark.parametrize("upscaler", ["Latent", "Latent (bicubic)", "Lanczos"])
def test_one_that_is_only_enlarged_has_no_seam_either(
    toy: CheckpointRef, upscaler: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = {"seamless": "both", "hires": Hires(scale=1.5, strength=0.0, upscaler=upscaler)}
    made = drawn(Workbench(toy), **asked).view(96, 96, 3).permute(2, 0, 1)
    draw = Philox.draw

    def elsewhere(self: Philox, counter: int, shape: tuple[int, ...]) -> Tensor:
        return rolled(draw(self, counter, shape), 4, "both")

    monkeypatch.setattr(Philox, "draw", elsewhere)
    moved = drawn(Workbench(toy), **asked).view(96, 96, 3).permute(2, 0, 1)

    assert (moved - rolled(made, 48, "both")).abs().max() <= 2


# ---- what it is for ----------------------------------------------------------------------------------------


def steps_over(picture: np.ndarray, axis: int) -> tuple[float, float]:
    """(the mean step from pixel to pixel where the picture meets itself, and inside) along an axis."""
    along = np.moveaxis(picture.astype(float), axis, 0)
    inside = np.abs(np.diff(along, axis=0)).mean()
    return float(np.abs(along[0] - along[-1]).mean()), float(inside)


def test_the_starter_model_draws_patterns_without_a_seam() -> None:
    bench = Workbench(diffusers_folder.read(STARTER, "starter").ref())
    asked = request(
        prompt="a sunset over the sea", width=128, height=128, steps=12, schedule="Karras"
    )
    over: dict[str | None, list[float]] = {None: [], "both": []}

    for seed in (1, 2):
        for seamless, found in over.items():
            told = replace(
                asked, seamless=seamless, sampling=replace(asked.sampling, guidance_scale=3.0)
            )
            made = still(Brief(told, seed), bench.model(), lambda look: None)
            assert isinstance(made, Developed)
            for axis in (0, 1):
                seam, inside = steps_over(made.pixels.numpy(), axis)
                found.append(seam / inside)

    assert np.mean(over["both"]) < 2.5, over
    assert np.mean(over[None]) > 3 * np.mean(over["both"]), over


def test_no_picture_of_another_request_fails_beside_them(toy: CheckpointRef) -> None:
    bench = Workbench(toy)
    for number, seamless in enumerate((None, *EACH)):
        bench.submit(f"job {number}", seamless=seamless, exact=bool(number % 2))
    bench.run()

    assert not bench.all(PictureFailed)
    assert len(bench.ended()) == 4
