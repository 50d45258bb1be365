"""VAEs and tiny autoencoders of jobs: decoded as diffusers does from the same files, or refused with the cause."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers.image_processor import VaeImageProcessor
from diffusers.models.autoencoders.autoencoder_kl import AutoencoderKL
from diffusers.models.autoencoders.autoencoder_tiny import AutoencoderTiny
from safetensors.torch import load_file
from torch import Tensor

from pipelines.errors import ModelUnreadable
from pipelines.worker.device.choice import Device
from pipelines.worker.messages import CheckpointRef, VaeRef
from pipelines.worker.recipes.decoding import decode
from pipelines.worker.weights.families import find_family
from pipelines.worker.weights.loading import build
from pipelines.worker.weights.outfits import Outfit
from pipelines.worker.weights.reading import read
from pipelines.worker.weights.vae_files import LAYOUTS
from pipelines.worker.weights.vae_files import build as build_vae
from pipelines.worker.weights.vae_files import read as read_vae
from tests import tiny
from tests.pipelines.worker.weights.accessories import (
    KL_LAYOUTS,
    SCALING,
    TINY_LAYOUTS,
    save,
    save_vae,
    tiny_vae,
    vae,
)
from tests.pipelines.worker.workbench import Later, Workbench, alone

# Of diffusers' own loader.
pytestmark = pytest.mark.filterwarnings("ignore::DeprecationWarning", "ignore::FutureWarning")


def latents(scale: float = 1.0) -> Tensor:
    return scale * torch.randn(1, 4, 8, 12, generator=torch.Generator().manual_seed(1))


def as_diffusers_has_it(network: Any, z: Tensor) -> Tensor:
    image = network.decode(z, return_dict=False)[0]
    picture = VaeImageProcessor().postprocess(image, output_type="np")[0]
    return torch.from_numpy(picture) * 255


def decoded(checkpoint: CheckpointRef, ref: VaeRef | None) -> Tensor:
    bench = Workbench(checkpoint)
    model = bench.models.dress(bench.model(), Outfit(ref))
    assert model is not None
    return decode(latents(), model).float()


@pytest.mark.parametrize("layout", KL_LAYOUTS)
def test_a_vae_of_every_layout_decodes_as_diffusers_does(
    any_toy: CheckpointRef, tmp_path: Path, layout: str
) -> None:
    family = any_toy.family
    ref = save_vae(tmp_path, vae(family), layout)
    theirs = save_vae(tmp_path / "theirs", vae(family), "folder")
    if layout in ("original", "below a prefix"):
        network = AutoencoderKL.from_single_file(ref.path, config=str(Path(theirs.path).parent))
    else:
        network = AutoencoderKL.from_pretrained(Path(theirs.path).parent)

    picture = decoded(any_toy, ref)

    wanted = as_diffusers_has_it(network, latents() / SCALING[family])
    assert (picture - wanted).abs().max() <= 1
    assert (picture - decoded(any_toy, None)).abs().max() > 10


@pytest.mark.parametrize("layout", TINY_LAYOUTS)
def test_a_tiny_autoencoder_of_every_layout_decodes_as_diffusers_does(
    any_toy: CheckpointRef, tmp_path: Path, layout: str
) -> None:
    if (any_toy.name, layout) == ("sd15 inpainting", "decoder alone"):
        with pytest.raises(ModelUnreadable, match="needs a VAE that encodes"):
            decoded(any_toy, save_vae(tmp_path, tiny_vae(), layout))
        return
    ref = save_vae(tmp_path, tiny_vae(), layout)
    folder = Path(save_vae(tmp_path / "theirs", tiny_vae(), "folder").path).parent

    picture = decoded(any_toy, ref)

    network = AutoencoderTiny.from_pretrained(folder)
    assert (picture - as_diffusers_has_it(network, latents())).abs().max() <= 1


@pytest.mark.parametrize("exact", [True, False])
def test_eight_jobs_with_four_vaes_are_those_made_alone(
    toy: CheckpointRef, tmp_path: Path, exact: bool
) -> None:
    refs = [None, *(save_vae(tmp_path, vae(seed=n), name=f"vae {n}") for n in range(2))]
    refs.append(save_vae(tmp_path, tiny_vae(), name="tiny"))
    bench = Workbench(toy)
    own = bench.network("vae").state_dict()
    before = {name: tensor.clone() for name, tensor in own.items()}
    for number in range(8):
        bench.submit(f"job {number}", vae=refs[number % 4], seed=number, exact=exact)
    bench.run()

    for number in range(8):
        wanted = alone(toy, vae=refs[number % 4], seed=number, exact=exact)
        difference = (bench.pixels(f"job {number}") - wanted).abs().max()
        assert difference <= (0 if exact else 1), number
    assert exact or bench.pulse.forwards < bench.pulse.calls
    assert all(torch.equal(before[name], tensor) for name, tensor in own.items())


def test_a_job_waits_for_its_vae_and_others_do_not(toy: CheckpointRef, tmp_path: Path) -> None:
    reader = Later()
    bench = Workbench(toy, reader=reader)
    bench.submit("plain")
    bench.run()
    reader.finish()
    bench.submit("dressed", vae=save_vae(tmp_path, vae()))
    bench.run()

    assert bench.ended() == ["plain"]
    reader.finish()
    bench.run()
    assert bench.ended() == ["plain", "dressed"]


def test_a_vae_counts_as_memory_and_goes_when_nobody_needs_it(
    toy: CheckpointRef, tmp_path: Path
) -> None:
    bench = Workbench(toy)
    bench.submit("before")
    bench.run()
    before = bench.models.used_bytes
    bench.submit("job", vae=save_vae(tmp_path, vae()))
    bench.run(3)

    size = sum(parameter.numel() for parameter in vae().parameters()) * 4
    assert bench.models.used_bytes == before + size
    assert not bench.models.evict_one()  # it is in use
    bench.run()
    assert bench.models.evict_one()
    assert bench.models.used_bytes == before


@pytest.mark.parametrize("family", ["sd15", "sdxl"])
@pytest.mark.parametrize("layout", ["diffusers", "folder", "mended"])
def test_what_is_not_known_to_fit_float16_computes_in_float32(
    tmp_path: Path, family: str, layout: str
) -> None:
    folder = tmp_path / family
    checkpoint = save_checkpoint(folder, family)
    device = Device(torch.device("cpu"), "", dtype=torch.float16)
    model = build(read(checkpoint, device), device)
    network = vae(family, force_upcast=False) if layout == "folder" else vae(family)
    ref = save_vae(tmp_path, network, "folder" if layout == "folder" else "diffusers")
    if layout == "mended":
        ref = VaeRef(ref.name, ref.path, fits_half=True)

    part = read_vae(ref, model.family, (device, torch.float16))
    built = build_vae(ref, part, model, device)

    is_careful = built.decode.work_bytes == built.decode_float32.work_bytes
    assert is_careful == (family == "sdxl" and layout == "diffusers")
    assert built.network.dtype is torch.float16


def save_checkpoint(folder: Path, family: str) -> CheckpointRef:
    return tiny.save(folder, tiny.components(tiny.PLAIN[family], family=family))


def test_published_files_are_read_off_their_shapes() -> None:
    with torch.device("meta"):
        whole = AutoencoderKL(
            block_out_channels=(128, 256, 512, 512),
            down_block_types=("DownEncoderBlock2D",) * 4,
            up_block_types=("UpDecoderBlock2D",) * 4,
            layers_per_block=2,
        )
        small = AutoencoderTiny()
    for network in (whole, small):
        layout = next(row for row in LAYOUTS if row.mark in network.state_dict())

        config, tensors = layout.convert(network.state_dict(), find_family("sd15"))

        told = {name: value for name, value in config.items() if name[0] != "_"}
        own = {name: network.config[name] for name in told}
        assert {k: tuple(v) if isinstance(v, list) else v for k, v in told.items()} == own
        assert tensors.keys() == network.state_dict().keys()


# ---- damaged and mismatched files ---------------------------------------------------------------------------

Tensors = dict[str, Tensor]


def drop_one(tensors: Tensors) -> None:
    del tensors[sorted(tensors)[len(tensors) // 2]]


def drop_decoder(tensors: Tensors) -> None:
    for name in [name for name in tensors if "decoder" in name]:
        del tensors[name]


def drop_layer(tensors: Tensors) -> None:
    layer = sorted(tensors)[len(tensors) // 2].rpartition(".")[0]
    for name in [name for name in tensors if name.startswith(layer)]:
        del tensors[name]


def add_one(tensors: Tensors) -> None:
    name = next(name for name in tensors if name.startswith(("decoder.", "first_stage", "taesd_d")))
    tensors[name.rpartition(".")[0] + ".stray"] = torch.ones(3)


def grow_one(tensors: Tensors) -> None:
    name = next(name for name in reversed(tensors) if name.endswith("weight"))
    tensors[name] = torch.zeros(*tensors[name].shape, 2)


def spoil_one(tensors: Tensors) -> None:
    name = next(name for name in tensors if name.endswith("weight"))
    tensors[name] = torch.full_like(tensors[name], torch.inf)


EDITS: dict[str, tuple[Callable[[Tensors], None], str]] = {
    "one missing": (drop_one, "missing|no whole VAE|has no value"),
    "a layer missing": (drop_layer, "missing|no whole VAE|does not fit"),
    "one too many": (add_one, "unknown|that no VAE|invalid literal"),
    "another shape": (grow_one, "does not fit|no whole VAE"),
    "not finite": (spoil_one, "NaN or infinity"),
    "no decoder": (drop_decoder, "holds no VAE"),
}
EDITED = [
    (kind, layout, damage)
    for kind, layouts in (("kl", KL_LAYOUTS), ("tiny", TINY_LAYOUTS[:4]))
    for layout in layouts
    for damage in EDITS
]


def refused(checkpoint: CheckpointRef, ref: VaeRef, file: str = "") -> str:
    """What a job is told that brings this VAE; the next job is as if nothing had been."""
    bench = Workbench(checkpoint)
    bench.submit("job", vae=ref)
    bench.run()
    message = bench.failure("job")
    bench.submit("next")
    bench.run()
    assert torch.equal(bench.pixels("next"), alone(checkpoint))
    assert (file or ref.path) in message
    return message


@pytest.mark.parametrize(("kind", "layout", "damage"), EDITED, ids=str)
def test_a_damaged_vae_is_refused_with_file_and_cause(
    toy: CheckpointRef, tmp_path: Path, kind: str, layout: str, damage: str
) -> None:
    ref = save_vae(tmp_path, tiny_vae() if kind == "tiny" else vae(), layout)
    tensors, (edit, cause) = load_file(ref.path), EDITS[damage]
    edit(tensors)
    save(Path(ref.path), tensors)

    message = refused(toy, ref)

    assert any(word in message for word in cause.split("|")), message


@pytest.mark.parametrize("damage", ["cut off", "a web page", "not there", "another model"])
def test_what_is_no_vae_is_refused(toy: CheckpointRef, tmp_path: Path, damage: str) -> None:
    ref = save_vae(tmp_path, vae())
    file = Path(ref.path)
    match damage:
        case "cut off":
            file.write_bytes(file.read_bytes()[:-10])
        case "a web page":
            file.write_text("<html>")
        case "not there":
            file.unlink()
        case "another model":
            save(file, {"lora_unet_x.lora_up.weight": torch.ones(2, 2)})

    message = refused(toy, ref)

    assert ("holds no VAE" if damage == "another model" else "is damaged") in message


MISMATCHED: dict[str, tuple[Callable[[], Any], str]] = {
    "another family": (lambda: vae("sdxl"), "scaled by 0.13025, those of this checkpoint by 0.182"),
    "more channels": (lambda: vae(latent_channels=16), "latents of 16 channels and 8 px a cell"),
    "fewer levels": (
        lambda: vae(
            block_out_channels=(32, 32, 32),
            down_block_types=("DownEncoderBlock2D",) * 3,
            up_block_types=("UpDecoderBlock2D",) * 3,
        ),
        "latents of 4 channels and 4 px a cell",
    ),
    "tiny, of more channels": (lambda: tiny_vae(channels=16), "latents of 16 channels"),
}


@pytest.mark.parametrize(("network", "cause"), MISMATCHED.values(), ids=MISMATCHED)
def test_a_vae_for_other_latents_is_refused(
    toy: CheckpointRef, tmp_path: Path, network: Callable[[], Any], cause: str
) -> None:
    message = refused(toy, save_vae(tmp_path, network(), "folder"))

    assert "does not fit toy" in message
    assert cause in message


def test_a_config_that_describes_another_network_is_refused(
    toy: CheckpointRef, tmp_path: Path
) -> None:
    ref = save_vae(tmp_path, vae(), "folder")
    Path(ref.config).write_text('{"_class_name": "AutoencoderKL", "layers_per_block": "many"}')

    message = refused(toy, ref, ref.config)

    assert "describes no network" in message
