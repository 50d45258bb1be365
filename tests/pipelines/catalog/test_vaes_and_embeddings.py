"""VAEs, tiny autoencoders and embeddings: known by their tensors, with what decides whether they fit a checkpoint."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from pipelines.catalog.catalog import Catalog
from pipelines.catalog.checkpoint import Checkpoint, Other
from pipelines.catalog.embeddings import EmbeddingFile
from pipelines.catalog.families import FAMILIES
from pipelines.catalog.single_file import read
from pipelines.catalog.vaes import VaeFile
from tests import paper_file
from tests.paper_file import Shapes, below

READS = (4, 4, 3, 3)
DIFFUSERS: Shapes = {
    "decoder.conv_in.weight": READS,
    "decoder.mid_block.resnets.0.conv1.weight": (4, 4, 3, 3),
}
TINY: Shapes = {"decoder.layers.0.weight": READS, "encoder.layers.0.weight": (4, 3, 3, 3)}
TINY_DECODER: Shapes = {"1.weight": READS, "3.conv.0.weight": (4, 4, 3, 3)}
TINY_ENCODER: Shapes = {"0.weight": (4, 3, 3, 3), "1.conv.0.weight": (4, 4, 3, 3)}
VAES = {
    "original": paper_file.VAE,
    "original, below a prefix": below("first_stage_model.", paper_file.VAE),
    "original, with what its training left": paper_file.VAE
    | {"model_ema.decay": (), "loss.logvar": ()},
    "diffusers": DIFFUSERS,
    "tiny, of diffusers": TINY,
    "tiny, decoder alone": TINY_DECODER,
    "tiny, whole": below("decoder.", TINY_DECODER) | below("encoder.", TINY_ENCODER),
    "tiny, of ComfyUI": below("taesd_decoder.", TINY_DECODER)
    | below("taesd_encoder.", TINY_ENCODER)
    | {"vae_scale": ()},
}
# What it is → (kind, what its sentence says).
NOT_USED: dict[str, tuple[Shapes, str, str]] = {
    "encoder alone": (TINY_ENCODER, "vae", "is the encoder of a tiny autoencoder"),
    "sixteen channels": (
        DIFFUSERS | {"decoder.conv_in.weight": (4, 16, 3, 3)},
        "vae",
        "is a VAE of 16 latent channels",
    ),
    "sixteen channels, tiny": (
        TINY_DECODER | {"1.weight": (4, 16, 3, 3)},
        "vae",
        "is a VAE of 16 latent channels",
    ),
    "video": ({"decoder.conv_in.weight": (4, 4, 3, 3, 3)}, "vae", "is a VAE for video"),
    "a half": ({"decoder.mid_block.resnets.0.conv1.weight": (4, 4, 3, 3)}, "vae", "is damaged"),
    "too many vectors": ({"emb_params": (76, 768)}, "embedding", "has 76 vectors"),
    "no vectors": ({"emb_params": (0, 768)}, "embedding", "has 0 vectors"),
    "one half": ({"clip_g": (3, 1280)}, "embedding", "clip_l is missing"),
    "uneven": ({"clip_l": (3, 768), "clip_g": (2, 1280)}, "embedding", "has 2 vectors for one"),
    "no list": ({"emb_params": (3, 7, 768)}, "embedding", "is a list of vectors"),
    "several": ({"<a>": (1, 768), "<b>": (1, 768)}, "embedding", "holds 2 tensors"),
}
EMBEDDINGS: dict[str, tuple[Shapes, str, int]] = {
    "sd 1": ({"emb_params": (3, 768)}, "sd15", 3),
    "sd 2": ({"emb_params": (75, 1024)}, "sd2", 75),
    "xl": ({"clip_l": (3, 768), "clip_g": (3, 1280)}, "sdxl", 3),
    "pivotal": ({"text_encoders_0": (2, 768), "text_encoders_1": (2, 1280)}, "sdxl", 2),
    "a concept": ({"<cat-toy>": (768,)}, "sd15", 1),
    "under any name": ({"a cat": (2, 768)}, "sd15", 2),
    "of a toy": ({"emb_params": (1, 32)}, "", 1),
}


def found(folder: Path, shapes: Shapes, name: str = "x", **metadata: str) -> Checkpoint | Other:
    return read(paper_file.write(folder / f"{name}.safetensors", shapes, metadata), folder)


@pytest.mark.parametrize("shapes", VAES.values(), ids=VAES)
def test_a_vae_of_every_layout_can_be_used(tmp_path: Path, shapes: Shapes) -> None:
    vae = found(tmp_path, shapes)

    assert isinstance(vae, VaeFile)
    assert vae.problem == ""
    assert vae.families == tuple(FAMILIES)  # nothing says which
    assert vae.ref().path == str(tmp_path / "x.safetensors")


@pytest.mark.parametrize(("shapes", "family", "vectors"), EMBEDDINGS.values(), ids=EMBEDDINGS)
def test_an_embedding_is_known_by_its_vectors(
    tmp_path: Path, shapes: Shapes, family: str, vectors: int
) -> None:
    embedding = found(tmp_path, shapes, "Bad Hands")

    assert isinstance(embedding, EmbeddingFile)
    assert (embedding.family, embedding.vectors) == (family, vectors)
    assert embedding.word == embedding.ref().word == "Bad Hands"


@pytest.mark.parametrize(("shapes", "kind", "words"), NOT_USED.values(), ids=NOT_USED)
def test_what_cannot_be_used_is_listed_with_the_reason(
    tmp_path: Path, shapes: Shapes, kind: str, words: str
) -> None:
    other = found(tmp_path, shapes)

    assert isinstance(other, Other)
    assert not isinstance(other, VaeFile | EmbeddingFile)
    assert other.kind == kind
    assert other.problem.startswith("x.safetensors ")
    assert words in other.problem


@pytest.mark.parametrize(
    ("scaling", "fitting"),
    [(0.18215, {"sd15", "sd2"}), (0.13025, {"sdxl", "sdxl_refiner"}), (1.0, None)],
)
def test_a_folder_says_which_family_its_vae_is_for(
    tmp_path: Path, scaling: float, fitting: set[str] | None
) -> None:
    folder = tmp_path / "clear"
    paper_file.write(folder / "diffusion_pytorch_model.safetensors", DIFFUSERS)
    config = {"_class_name": "AutoencoderKL", "scaling_factor": scaling}
    (folder / "config.json").write_text(json.dumps(config))
    catalog = Catalog([tmp_path])

    (vae,) = catalog.others()

    assert isinstance(vae, VaeFile)
    assert vae.name == "clear"
    assert set(vae.families) == (fitting or set(FAMILIES))
    assert vae.ref().config == str(folder / "config.json")
    (folder / "config.json").write_text("{")
    assert catalog.others()[0].problem == "config.json is no readable JSON."


def test_files_that_were_mended_for_float16_are_known(tmp_path: Path) -> None:
    facts = tmp_path / "mended.darkroom.json"
    facts.write_text('{"fits_half": true, "family": "sdxl"}')
    names = ("sdxl_vae_fp16_fix", "sdxl-vae-fp16-fix", "plain")

    known = [found(tmp_path, DIFFUSERS, name) for name in names]
    told = found(tmp_path, DIFFUSERS, "told", **{"modelspec.title": "XL VAE, fp16 fix"})
    mended = found(tmp_path, DIFFUSERS, "mended")

    is_fit = [isinstance(one, VaeFile) and one.fits_half for one in (*known, told, mended)]
    assert is_fit == [True, True, False, True, True]
    assert mended.family == "sdxl"


def test_a_vae_beside_a_checkpoint_is_its_own(tmp_path: Path) -> None:
    paper_file.write(tmp_path / "ink.safetensors")
    paper_file.write(tmp_path / "plain.safetensors")
    beside = paper_file.write(tmp_path / "ink.vae.safetensors", paper_file.VAE)
    catalog = Catalog([tmp_path])

    assert [one.defaults.vae for one in catalog.checkpoints()] == ["ink.vae", None]
    (tmp_path / "ink.darkroom.json").write_text('{"defaults": {"vae": "another"}}')
    assert catalog.checkpoints()[0].defaults.vae == "another"
    (tmp_path / "ink.darkroom.json").unlink()
    beside.write_bytes(b"")  # one that is damaged is nobody's
    assert catalog.checkpoints()[0].defaults.vae is None
    paper_file.write(tmp_path / "converted" / "ink.vae.safetensors", paper_file.VAE)
    assert catalog.checkpoints()[0].defaults.vae is not None


def test_the_vae_on_a_checkpoints_card_in_another_program_is_its_own(tmp_path: Path) -> None:
    paper_file.write(tmp_path / "ink.safetensors")
    paper_file.write(tmp_path / "ink.vae.safetensors", paper_file.VAE)
    paper_file.write(tmp_path / "VAE" / "Clear.safetensors", paper_file.VAE)
    xl = paper_file.write(tmp_path / "VAE" / "xl.safetensors", paper_file.VAE)
    xl.with_name("xl.darkroom.json").write_text('{"family": "sdxl"}')
    card, owns = tmp_path / "ink.json", []
    for name in ("Clear.safetensors", "gone.ckpt", "xl.safetensors", "Automatic", "None", 7):
        card.write_text(json.dumps({"vae": name}))
        owns.append(Catalog([tmp_path]).checkpoints()[0].defaults.vae)

    assert owns == ["Clear", *["ink.vae"] * 5]
