"""The captioner: describes pictures with a BLIP of the user's own, in a process of its own (arXiv:2201.12086).

`python -m pipelines.worker.finetune.captioner FOLDER` reads {"path": …} as lines of JSON from stdin and answers each
with {"caption": …} or {"problem": …}. It computes on the CPU, at low priority: the device belongs to pictures and
trainings, and what is described here is read over by a person anyway. Nothing is downloaded, no pickle is read.
"""

from __future__ import annotations

import contextlib
import json
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from transformers import BertTokenizer, BlipForConditionalGeneration

from pipelines.guiding.preprocessing import opaque
from pipelines.output.decoder import FORMATS

TOKENS_MAX = 40
BEAMS = 3
NICE = 10
# What CLIP's pictures are shifted and scaled by, where preprocessor_config.json does not say.
MEAN = (0.48145466, 0.4578275, 0.40821073)
DEVIATION = (0.26862954, 0.26130258, 0.27577711)


class Captioner:
    """A loaded model. `describe` may be called again and again."""

    def __init__(self, folder: Path) -> None:
        """Raises whatever the loaders raise for a folder that is not whole."""
        here: dict[str, Any] = {"local_files_only": True}
        self._tokenizer = BertTokenizer.from_pretrained(str(folder), **here)
        self._model = BlipForConditionalGeneration.from_pretrained(
            str(folder), use_safetensors=True, dtype=torch.float32, **here
        )
        self._model.requires_grad_(False).train(False)
        config: Any = self._model.config
        self._side = int(config.vision_config.image_size)
        self._begin = int(config.text_config.bos_token_id)
        said = _said(folder / "preprocessor_config.json")
        self._mean = np.array(said.get("image_mean", MEAN), np.float32)
        self._deviation = np.array(said.get("image_std", DEVIATION), np.float32)

    def pixels(self, picture: Image.Image) -> torch.Tensor:
        """(1, 3, side, side), float32: squeezed into the square that the model looks at, as it was trained."""
        side = self._side
        small = opaque(picture).resize((side, side), Image.Resampling.BICUBIC)
        levels = (np.asarray(small, np.float32) / 255 - self._mean) / self._deviation
        return torch.from_numpy(np.ascontiguousarray(levels.transpose(2, 0, 1), np.float32))[None]

    @torch.inference_mode()
    def describe(self, picture: Image.Image) -> str:
        """In English, without a full stop: "a dog sitting on a lawn"."""
        ids = self._model.generate(
            pixel_values=self.pixels(picture), max_new_tokens=TOKENS_MAX, num_beams=BEAMS
        )
        # The token that captions begin with is not among the special ones of the published vocabularies.
        words = [one for one in ids[0].tolist() if one != self._begin]
        text = str(self._tokenizer.decode(words, skip_special_tokens=True))
        return " ".join(text.split())


def main(folder: Path) -> None:
    """Answers until stdin ends. What libraries print goes to stderr."""
    answers, sys.stdout = sys.stdout, sys.stderr
    with contextlib.suppress(AttributeError, OSError):
        os.nice(NICE)
    torch.set_num_threads(max(1, (os.cpu_count() or 2) // 2))
    captioner: Captioner | None = None
    for line in sys.stdin:
        try:
            captioner = captioner or Captioner(folder)
            with Image.open(json.loads(line)["path"], formats=FORMATS) as picture:
                answer = {"caption": captioner.describe(picture)}
        except Exception as error:  # loaders and decoders raise anything
            answer = {"problem": f"{type(error).__name__}: {error}"[:300]}
        answers.write(json.dumps(answer) + "\n")
        answers.flush()


def _said(path: Path) -> dict[str, Any]:
    try:
        values = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return values if isinstance(values, dict) else {}


if __name__ == "__main__":
    main(Path(sys.argv[1]))
