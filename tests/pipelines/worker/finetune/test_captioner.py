"""The captioner: a BLIP of toy size, described with as transformers does it, and never from a pickle."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from transformers import BlipConfig, BlipForConditionalGeneration, BlipImageProcessorPil

from pipelines.finetune.pictures.captioning import Captioning
from pipelines.worker.finetune import captioner
from pipelines.worker.finetune.captioner import Captioner

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "[DEC]"]
WORDS = [*SPECIAL, "a", "red", "blue", "dog", "cat", "on", "the", "lawn", "##s"]
SIDE = 32


@pytest.fixture(scope="module")
def blip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """In the layout of the published ones, with numbers by chance."""
    folder = tmp_path_factory.mktemp("models") / "captioner"
    torch.manual_seed(0)
    sides = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    text = {"vocab_size": len(WORDS), "encoder_hidden_size": 16, "bos_token_id": 5}
    text |= {"sep_token_id": 3, "eos_token_id": 3, "pad_token_id": 0, "intermediate_size": 32}
    config = BlipConfig(
        vision_config=sides | {"image_size": SIDE, "patch_size": 8, "intermediate_size": 32},
        text_config=sides | text,
    )
    BlipForConditionalGeneration(config).save_pretrained(folder)
    (folder / "vocab.txt").write_text("\n".join(WORDS) + "\n")
    size = {"height": SIDE, "width": SIDE}
    BlipImageProcessorPil(size=size).save_pretrained(folder)
    return folder


def picture(seed: int) -> Image.Image:
    levels = np.random.default_rng(seed).integers(0, 256, (50, 80, 3), np.uint8)
    return Image.fromarray(levels)


def test_pixels_are_those_of_the_processor_of_transformers(blip: Path) -> None:
    processor = BlipImageProcessorPil.from_pretrained(blip)
    expected = processor(picture(1), return_tensors="pt")["pixel_values"]

    assert torch.allclose(Captioner(blip).pixels(picture(1)), expected, atol=1e-5)


def test_a_picture_is_described_in_the_words_of_its_vocabulary(blip: Path) -> None:
    loaded = Captioner(blip)

    caption = loaded.describe(picture(1))

    assert caption
    assert "[" not in caption
    assert caption == loaded.describe(picture(1))


def test_the_process_answers_line_by_line_and_survives_what_it_cannot_read(
    blip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    picture(1).save(tmp_path / "one.png")
    (tmp_path / "two.png").write_bytes(b"no picture")
    lines = [json.dumps({"path": str(tmp_path / name)}) for name in ("one.png", "two.png")]
    monkeypatch.setattr(sys, "stdin", io.StringIO("\n".join([*lines, "no json", lines[0]]) + "\n"))
    answers = io.StringIO()
    monkeypatch.setattr(sys, "stdout", answers)
    monkeypatch.setattr("os.nice", lambda by: None)
    monkeypatch.setattr(torch, "set_num_threads", lambda count: None)

    captioner.main(blip)

    told = [json.loads(line) for line in answers.getvalue().splitlines()]
    assert [list(one) for one in told] == [["caption"], ["problem"], ["problem"], ["caption"]]
    assert told[0] == told[3]


def test_pickles_are_not_read(blip: Path, tmp_path: Path) -> None:
    for path in blip.iterdir():
        name = "pytorch_model.bin" if path.suffix == ".safetensors" else path.name
        (tmp_path / name).write_bytes(path.read_bytes())

    with pytest.raises(OSError, match="safetensors"):
        Captioner(tmp_path)


def test_the_web_process_has_a_picture_described_by_the_real_child(
    blip: Path, tmp_path: Path
) -> None:
    picture(1).save(tmp_path / "one.png")
    captioning = Captioning([blip.parent])
    try:
        assert captioning.describe(tmp_path / "one.png") == Captioner(blip).describe(picture(1))
    finally:
        captioning.close()
