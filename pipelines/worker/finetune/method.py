"""Method: the seam between what is taught (a LoRA, the vectors of a word) and the trainer that knows only steps.

Who calls what, when, all on the GPU thread:

1. `METHODS[plan.method](skeleton, plan)` (methods.py) builds one, on weights that depend on `plan.seed` alone.
2. `text_of(caption)` once for each caption, also "" for pictures that are shown without theirs; within a task of the
   loop, without gradients, where `ask` may be used. What does not change in the training is encoded there.
3. `load_state` once, if a state lies on the disk.
4. In each step, inside `skeleton.awake()`, with gradients: `predict(batch)` for one or several batches, `backward`,
   then the optimizer over `groups()`, then `after_step()`. Measures call `predict` without gradients.
5. Between steps: `state()` for `state.training`, `exported()` for a file in `steps/`.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from torch import Tensor, nn

from pipelines.worker.recipes.chunks import Chunks


@dataclass(frozen=True, eq=False)
class Text:
    """A caption as the text encoders get it, or as they have encoded it. Everything lies on the model's device.

    `chunks`: one for each text encoder. `hidden` (1, 77 · chunks, width) and `pooled` (1, width) are None where the
    text encoders, or what they read, change in the training. `is_nothing`: the denoiser is told zeros.
    """

    caption: str
    chunks: tuple[Chunks, ...]
    hidden: Tensor | None = None
    pooled: Tensor | None = None
    is_nothing: bool = False

    @property
    def tokens(self) -> int:
        """How many states it has; only equal ones share a batch."""
        return sum(map(len, self.chunks[0].ids))


@dataclass(frozen=True, eq=False)
class Batch:
    """Noisy latents of one size, and what the denoiser is told beside them. Everything lies on the model's device."""

    noisy: Tensor  # (rows, channels, height, width), float32
    timesteps: Tensor  # (rows,), int64
    texts: Sequence[Text]  # one a row, all of as many tokens
    time_ids: Tensor | None = None  # (rows, 6): sizes and crop as SDXL is told them

    def only(self, places: Sequence[int]) -> Batch:
        """These rows of it."""
        ids = None if self.time_ids is None else self.time_ids[places]
        texts = [self.texts[place] for place in places]
        return Batch(self.noisy[places], self.timesteps[places], texts, ids)


@dataclass(frozen=True, eq=False)
class Group:
    """Parameters with one learning rate: that of full steam, which `rates.py` scales."""

    name: str  # for metadata and messages: "unet", "text encoder", "embedding"
    parameters: tuple[nn.Parameter, ...]  # float32, on the model's device, always in the same order
    learning_rate: float


class Method(Protocol):
    """What is taught. Its parameters are float32 and its own; the loaded model's tensors are never touched."""

    def groups(self) -> tuple[Group, ...]:
        """What the optimizer moves, always in the same order."""

    def text_of(self, caption: str) -> Text:
        """The caption, tokenised, and encoded if what it means stays the same in the training."""

    def predict(self, batch: Batch) -> Tensor:
        """The denoiser's output for the batch, (rows, channels, height, width), float32.

        Called only inside `skeleton.awake()`.
        """

    def untaught(self) -> AbstractContextManager[None]:
        """While it lasts, `predict` answers as if nothing had been taught. Without gradients only."""

    def after_step(self) -> None:
        """The optimizer has moved the parameters: what else has to hold of them is restored."""

    def state(self) -> dict[str, Tensor]:
        """All that `load_state` needs to go on bit for bit, by names of its own; may share memory."""

    def load_state(self, tensors: dict[str, Tensor]) -> None:
        """Takes over what `state` gave. Raises StateDamaged when names or shapes are others."""

    def exported(self) -> dict[str, Tensor]:
        """The tensors of the file that every program can read, under its names, on the CPU."""

    def metadata(self) -> dict[str, str]:
        """Texts for the file's header that only the method knows, e.g. ss_network_dim."""
