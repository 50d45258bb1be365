"""Hires fix: two passes of one picture, whatever lies between them, stopped anywhere, alone or beside others."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers.models.controlnets.controlnet import ControlNetModel
from torch.nn import functional

from pipelines.asking.hires import Hires
from pipelines.samplers import SAMPLERS
from pipelines.upscalers import UPSCALERS
from pipelines.worker.messages import (
    CheckpointRef,
    PictureDone,
    PictureFailed,
    PictureHeld,
    PictureTask,
    Progress,
    Submit,
)
from pipelines.worker.recipes.still import Brief, Developed, Look, still
from pipelines.worker.sampling import Philox
from tests import tiny, toy_guides
from tests.pipelines.worker.test_refining import REFINED, drawn, twin
from tests.pipelines.worker.workbench import Workbench, alone, request
from tests.toy_guides import control

__all__ = ["twin"]
LATENT = [row.name for row in UPSCALERS if row.is_latent]
TWICE = Hires(scale=2.0, steps=3, strength=0.6)


def seen(bench: Workbench, **asked: Any) -> list[Look]:
    looks: list[Look] = []
    still(Brief(request(**asked), 7), bench.model(), looks.append)
    return looks


def developed(bench: Workbench, **asked: Any) -> torch.Tensor:
    made = still(Brief(request(**asked), 7), bench.model(), lambda look: None)
    assert isinstance(made, Developed)
    return made.pixels.int()


# ---- what it is --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("upscaler", [row.name for row in UPSCALERS])
def test_each_way_to_enlarge_gives_a_picture_of_the_new_size(
    bench: Workbench, upscaler: str
) -> None:
    made = developed(bench, hires=replace(TWICE, upscaler=upscaler), width=64, height=128)

    assert made.shape == (256, 128, 3)


def test_each_way_to_enlarge_gives_a_picture_of_its_own(bench: Workbench) -> None:
    """By half, since at twice the size the nearest latent is the exactly nearest one.

    Antialiasing counts where something is made smaller; bilinear it is the same here.
    """
    half = replace(TWICE, scale=1.5)
    names = [row.name for row in UPSCALERS if row.name != "Latent (antialiased)"]
    made = [developed(bench, hires=replace(half, upscaler=name)) for name in names]

    for number, one in enumerate(made):
        assert all(not torch.equal(one, other) for other in made[:number]), names[number]


@pytest.mark.parametrize("name", LATENT)
def test_the_second_pass_begins_with_the_same_seed_anew_on_the_enlarged_latents(
    bench: Workbench, name: str
) -> None:
    """What its network is shown first is x0 + σ·ε, of which all is known."""
    row = next(row for row in UPSCALERS if row.name == name)
    looks = seen(bench, hires=replace(TWICE, upscaler=name), steps=4)
    shown: list[torch.Tensor] = []
    with bench.network("denoiser").register_forward_pre_hook(
        lambda module, args, kwargs: shown.append(kwargs["sample"]), with_kwargs=True
    ):
        seen(bench, hires=replace(TWICE, upscaler=name), steps=4)
    sigma, antialias = looks[4].sigma, {"antialias": True} if row.antialias else {}
    large = functional.interpolate(looks[3].state.x, (16, 16), mode=row.mode, **antialias)
    x = large + sigma * Philox(7).draw(0, (4, 16, 16))

    wanted = x * bench.model().training.c_in(sigma)

    torch.testing.assert_close(shown[4][:1], wanted, rtol=1e-5, atol=1e-5)


def test_it_takes_its_own_steps_of_a_longer_schedule(bench: Workbench) -> None:
    looks = seen(bench, steps=4, hires=replace(TWICE, steps=3, strength=0.6))
    plain = seen(bench, steps=5)  # int(3 / 0.6)

    assert [look.sigma for look in looks[4:]] == [look.sigma for look in plain[2:]]


def test_steps_are_counted_over_both_passes(bench: Workbench) -> None:
    looks = seen(bench, steps=4, hires=TWICE)

    assert [look.step for look in looks] == [1, 2, 3, 4, 5, 6, 7]
    assert {look.steps for look in looks} == {7}
    assert {tuple(look.x0.shape[2:]) for look in looks[:4]} == {(8, 8)}
    assert {tuple(look.x0.shape[2:]) for look in looks[4:]} == {(16, 16)}


def test_without_steps_of_its_own_it_takes_as_many_as_the_first_pass(bench: Workbench) -> None:
    assert len(seen(bench, steps=5, hires=replace(TWICE, steps=None))) == 10


def test_the_first_pass_is_what_it_is_without_a_second_one(bench: Workbench) -> None:
    plain, both = seen(bench, steps=4), seen(bench, steps=4, hires=TWICE)

    assert all(torch.equal(a.x0, b.x0) for a, b in zip(plain, both[:4], strict=True))


@pytest.mark.parametrize(
    "other",
    [
        {"sampler": "Euler a"},
        {"schedule": "Karras"},
        {"guidance_scale": 9.0},
        {"prompt": "a house"},
        {"negative_prompt": "fog"},
        {"strength": 0.8},
        {"steps": 4},
        {"upscaler": "Lanczos"},
    ],
    ids=lambda other: next(iter(other)),
)
def test_each_of_its_fields_counts_in_the_second_pass_alone(
    bench: Workbench, other: dict[str, Any]
) -> None:
    one, changed = (seen(bench, hires=hires) for hires in (TWICE, replace(TWICE, **other)))

    assert all(torch.equal(a.x0, b.x0) for a, b in zip(one[:4], changed[:4], strict=True))
    assert not torch.equal(one[-1].x0, changed[-1].x0)


def test_fields_that_say_what_holds_anyhow_change_nothing(bench: Workbench) -> None:
    told = {"sampler": "Euler", "schedule": "Uniform", "guidance_scale": 5.0, "prompt": "a boat"}

    assert torch.equal(
        developed(bench, hires=TWICE), developed(bench, hires=replace(TWICE, **told))
    )


def test_sdxl_is_told_the_new_size(tmp_path_factory: pytest.TempPathFactory) -> None:
    parts = tiny.components(tiny.PLAIN["sdxl"], family="sdxl")
    bench = Workbench(tiny.save(tmp_path_factory.mktemp("xl") / "xl", parts))
    told: list[list[float]] = []
    with bench.network("denoiser").register_forward_pre_hook(
        lambda module, args, kwargs: told.append(
            kwargs["added_cond_kwargs"]["time_ids"][0].tolist()
        ),
        with_kwargs=True,
    ):
        developed(bench, hires=TWICE, steps=2)

    assert told[0] == [64, 64, 0, 0, 64, 64]
    assert told[-1] == [128, 128, 0, 0, 128, 128]


def test_of_two_sides_both_are_met_and_the_middle_is_kept(bench: Workbench) -> None:
    """64 × 64 covers 192 × 96 as 192 × 192; of 24 cells in height 12 are kept, from the sixth on."""
    wide = Hires(width=192, height=96, strength=0.0, upscaler="Nearest")
    square = replace(wide, height=192)

    cut, whole = developed(bench, hires=wide), developed(bench, hires=square)

    assert cut.shape == (96, 192, 3)
    assert torch.equal(cut, whole[48:144])


def test_latents_are_cut_as_pixels_are(bench: Workbench) -> None:
    wide = Hires(width=192, height=96, steps=2, upscaler="Latent (nearest)")
    shown: list[torch.Tensor] = []

    first = seen(bench, hires=wide)[3].state.x
    with bench.network("denoiser").register_forward_pre_hook(
        lambda module, args, kwargs: shown.append(kwargs["sample"]), with_kwargs=True
    ):
        second = seen(bench, hires=wide)[4]
    large = functional.interpolate(first, (24, 24), mode="nearest")[..., 6:18, :]
    x = large + second.sigma * Philox(7).draw(0, (4, 12, 24))

    torch.testing.assert_close(
        shown[4][:1], x * bench.model().training.c_in(second.sigma), rtol=1e-5, atol=1e-5
    )


# ---- its ends ----------------------------------------------------------------------------------------------


def test_without_strength_it_is_only_enlarged(bench: Workbench) -> None:
    plain = developed(bench)
    hires = Hires(strength=0.0, upscaler="Nearest")

    looks = seen(bench, hires=hires)

    assert len(looks) == looks[-1].steps == 4
    assert torch.equal(
        developed(bench, hires=hires), plain.repeat_interleave(2, 0).repeat_interleave(2, 1)
    )


def test_without_strength_latents_are_enlarged_and_decoded(bench: Workbench) -> None:
    made = developed(bench, hires=Hires(strength=0.0))

    assert made.shape == (128, 128, 3)
    small = functional.avg_pool2d(made.permute(2, 0, 1)[None].float(), 2)[0].permute(1, 2, 0)
    assert (small - developed(bench)).abs().mean() < 40, "it is still that picture"


def test_at_full_strength_it_takes_the_whole_schedule(bench: Workbench) -> None:
    looks = seen(bench, steps=4, hires=Hires(steps=4, strength=1.0))

    assert [look.sigma for look in looks[4:]] == [look.sigma for look in looks[:4]]


def test_the_smallest_strength_stays_closest(bench: Workbench) -> None:
    enlarged = developed(bench, hires=replace(TWICE, strength=0.0, upscaler="Lanczos"))
    far = [
        (developed(bench, hires=replace(TWICE, strength=s, upscaler="Lanczos")) - enlarged)
        .abs()
        .float()
        .mean()
        for s in (0.02, 0.3, 1.0)
    ]

    assert far[0] < far[1] < far[2]


# ---- under way ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("sampler", [row.name for row in SAMPLERS])
def test_it_goes_on_from_each_step_of_both_passes_to_the_same_bits(
    bench: Workbench, sampler: str
) -> None:
    asked = {"sampler": sampler, "hires": TWICE}
    looks, wanted = seen(bench, **asked), developed(bench, **asked)

    for look in looks:
        state = look.state.to_bytes()
        rest: list[Look] = []
        made = still(Brief(request(**asked), 7, state), bench.model(), rest.append)
        assert isinstance(made, Developed)
        assert torch.equal(made.pixels.int(), wanted), f"after step {look.step}"
        assert [one.step for one in rest] == list(range(look.step + 1, 8))


def test_drafts_are_held_in_the_first_pass_only(toy: CheckpointRef) -> None:
    for hold in (1, 3):
        bench = Workbench(toy)
        bench.submit("draft", hires=TWICE, hold_after_steps=hold)
        bench.run()
        (held,) = bench.all(PictureHeld)
        resumed = drawn(Workbench(toy), pictures=(PictureTask(0, 7, held.state),), hires=TWICE)

        assert held.step == hold
        assert torch.equal(resumed, alone(toy, hires=TWICE))


@pytest.mark.parametrize("turns", range(2, 12))
def test_one_that_is_paused_anywhere_goes_on_to_the_same_bits(
    toy: CheckpointRef, turns: int
) -> None:
    asked = {"hires": TWICE, "sampler": "DPM++ 2M SDE"}
    bench = Workbench(toy)
    bench.submit("paused", **asked)
    bench.run(turns)
    if bench.all(PictureDone):
        return
    bench.pause("paused")
    states = [held.state for held in bench.all(PictureHeld)]

    task = PictureTask(0, 7, states[0] if states else None)
    resumed = drawn(Workbench(toy), pictures=(task,), **asked)

    assert torch.equal(resumed, drawn(Workbench(toy), **asked))


def test_progress_reaches_the_steps_of_both_passes(toy: CheckpointRef) -> None:
    bench = Workbench(toy)
    drawn(bench, hires=TWICE)

    steps = [(message.step, message.steps) for message in bench.all(Progress)]
    (done,) = bench.all(PictureDone)

    assert steps[-1] == (7, 7)
    assert steps == sorted(steps)
    assert [kept.step for kept in done.kept] == [1, 2, 3, 4, 5, 6, 7]
    assert (done.pixels.width, done.pixels.height) == (128, 128)


# ---- beside others -----------------------------------------------------------------------------------------

MIXTURE: dict[str, dict[str, Any]] = {
    "latent": {"hires": TWICE, "seed": 1},
    "pixels": {"hires": replace(TWICE, upscaler="Lanczos", prompt="a cat"), "seed": 2},
    "wide": {"hires": Hires(width=128, height=64, steps=2), "seed": 3, "sampler": "Euler a"},
    "large at once": {"width": 128, "height": 128, "seed": 4, "steps": 6},
    "plain": {"seed": 5, "steps": 6},
}


@pytest.mark.parametrize("is_exact", [True, False])
def test_together_they_are_those_made_alone(any_toy: CheckpointRef, is_exact: bool) -> None:
    bench = Workbench(any_toy)
    for name, asked in MIXTURE.items():
        bench.submit(name, exact=is_exact, **asked)
    bench.run()

    for name, asked in MIXTURE.items():
        far = (bench.pixels(name) - alone(any_toy, **asked)).abs().max()
        assert far <= (0 if is_exact else 2), name


def test_second_passes_of_one_size_share_forwards(toy: CheckpointRef) -> None:
    bench, shapes = Workbench(toy), []
    with bench.network("denoiser").register_forward_pre_hook(
        lambda module, args, kwargs: shapes.append(tuple(kwargs["sample"].shape)), with_kwargs=True
    ):
        bench.submit("two", hires=TWICE, batch_size=2)
        bench.run()

    assert shapes == [(4, 4, 8, 8)] * 4 + [(4, 4, 16, 16)] * 3


# ---- another checkpoint ------------------------------------------------------------------------------------


@pytest.mark.parametrize("upscaler", ["Latent", "Lanczos"])
@pytest.mark.parametrize("sampler", ["Euler", "DPM++ 2M SDE"])
def test_a_checkpoint_of_the_same_weights_changes_no_bit(
    toy: CheckpointRef, twin: CheckpointRef, sampler: str, upscaler: str
) -> None:
    hires = replace(TWICE, upscaler=upscaler)

    made = drawn(Workbench(toy), hires=hires, hires_checkpoint=twin, sampler=sampler)

    assert torch.equal(made, drawn(Workbench(toy), hires=hires, sampler=sampler))


def test_another_checkpoint_draws_the_second_pass_and_only_that(
    toy: CheckpointRef, other_toy: CheckpointRef
) -> None:
    first, other = Workbench(toy), Workbench(toy)
    own = drawn(first, hires=TWICE)
    made = drawn(other, hires=TWICE, hires_checkpoint=other_toy)
    kept = [bench.all(PictureDone)[0].kept for bench in (first, other)]

    assert not torch.equal(made, own)
    assert kept[0][:4] == kept[1][:4]
    assert all(a.latents != b.latents for a, b in zip(kept[0][4:], kept[1][4:], strict=True))


def test_with_a_refiner_before_it_all_three_take_their_steps(
    toy: CheckpointRef, twin: CheckpointRef, other_toy: CheckpointRef
) -> None:
    asked = {"hires": TWICE, "hires_checkpoint": other_toy, **REFINED}
    bench = Workbench(toy)

    made = drawn(bench, refiner=twin, **asked)

    plain = {name: value for name, value in asked.items() if name != "refiner_switch_at"}
    assert torch.equal(made, drawn(Workbench(toy), **plain))
    assert bench.all(Progress)[-1].steps == 9


def test_no_more_than_one_model_is_needed_at_a_time(
    toy: CheckpointRef, other_toy: CheckpointRef
) -> None:
    asked = {"hires": TWICE, "hires_checkpoint": other_toy, "batch_size": 2}
    wanted, roomy = drawn(Workbench(toy), **asked), Workbench(toy)
    sizes = [roomy.model(ref).home_bytes for ref in (toy, other_toy)]
    tight = Workbench(toy, budget_bytes=max(sizes))
    names: set[tuple[str, ...]] = set()
    tight.submit("tight", **asked)
    while tight.engine.turn():
        names.add(tight.models.names)

    assert torch.equal(tight.pixels("tight"), wanted)
    assert names == {("toy",), ("other",)}


def test_one_paused_in_the_second_pass_goes_on_without_the_first_checkpoint(
    toy: CheckpointRef, other_toy: CheckpointRef
) -> None:
    asked = {"hires": TWICE, "hires_checkpoint": other_toy}
    bench = Workbench(toy)
    bench.submit("paused", **asked)
    while not bench.all(Progress) or bench.all(Progress)[-1].step < 6:
        bench.engine.turn()
    bench.pause("paused")
    (held,) = bench.all(PictureHeld)

    again = Workbench(toy)
    resumed = drawn(again, pictures=(PictureTask(0, 7, held.state),), **asked)

    assert torch.equal(resumed, drawn(Workbench(toy), **asked))
    assert again.models.names == ("other",)


def test_one_that_cannot_be_read_fails_its_pictures_and_no_others(
    toy: CheckpointRef, other_toy: CheckpointRef
) -> None:
    broken = replace(other_toy, name="broken", path=f"{other_toy.path}/gone")
    bench = Workbench(toy)
    bench.submit("broken", hires=TWICE, hires_checkpoint=broken)
    bench.submit("sound")
    bench.run()

    (failed,) = bench.all(PictureFailed)

    assert failed.job_id == "broken"
    assert "gone" in failed.error["message"]
    assert (bench.pixels("sound") - alone(toy)).abs().max() <= 1


# ---- tiles -------------------------------------------------------------------------------------------------


def test_the_second_pass_alone_may_go_in_tiles(bench: Workbench) -> None:
    shapes: list[tuple[int, ...]] = []
    with bench.network("denoiser").register_forward_pre_hook(
        lambda module, args, kwargs: shapes.append(tuple(kwargs["sample"].shape[2:])),
        with_kwargs=True,
    ):
        made = developed(bench, hires=TWICE, tile=64)

    assert made.shape == (128, 128, 3)
    assert shapes == [(8, 8)] * (4 + 3 * 9)


# ---- guides ------------------------------------------------------------------------------------------------


def test_a_controlnet_guides_both_passes_and_its_picture_grows_with_them(
    toy: CheckpointRef, tmp_path: Path
) -> None:
    network = toy_guides.controlnet(tiny.components())
    ref = toy_guides.save_folder(tmp_path / "control", network)
    task = control(ref, toy_guides.picture(tmp_path / "map.png"), 0.8)
    wide = Hires(width=192, height=96, steps=2, strength=0.6)
    wanted = request(hires=wide)
    bench, seen = Workbench(toy), []
    submit = Submit("job", wanted.as_dict(), toy, (PictureTask(0, 7),), controls=(task,))
    forward = ControlNetModel.forward

    def noted(self: ControlNetModel, *args: Any, **inputs: Any) -> Any:
        seen.append((tuple(inputs["sample"].shape[2:]), inputs["controlnet_cond"]))
        return forward(self, *args, **inputs)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(ControlNetModel, "forward", noted)
        bench.engine.receive(submit)
        bench.run()
    assert not bench.all(PictureFailed), bench.all(PictureFailed)

    assert [(cells, tuple(shown.shape[2:])) for cells, shown in seen] == [
        *[((8, 8), (64, 64))] * 4,
        *[((12, 24), (96, 192))] * 2,
    ]
    first, second = seen[0][1], seen[-1][1]
    whole = functional.interpolate(first, (192, 192), mode="bilinear", antialias=True)
    torch.testing.assert_close(second, whole[..., 48:144, :])
    assert (bench.pixels() - drawn(Workbench(toy), hires=wide)).abs().max() > 2
