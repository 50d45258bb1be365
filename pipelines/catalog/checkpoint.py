"""Checkpoint: a base model on disk, as far as it can be known without loading it; and what else lies there."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from pipelines.catalog.about import NOTHING, About
from pipelines.catalog.families import FAMILIES
from pipelines.errors import ModelUnreadable
from pipelines.request import Defaults
from pipelines.worker.messages import CheckpointRef

# For single files, which have no tokenizer in them; its README says where it comes from.
CLIP_VOCABULARY = Path(__file__).parent / "clip_vocabulary"


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """`problem` is a sentence naming the file and its fault, or empty for a checkpoint that can be used."""

    name: str
    path: Path
    family: str = ""
    variant: str = ""  # "inpainting": it is also told what stands around the place where it paints
    defaults: Defaults = field(default_factory=Defaults)
    about: About = NOTHING
    latent_rgb_factors: tuple[tuple[float, float, float], ...] = ()
    latent_rgb_bias: tuple[float, float, float] = (0.5, 0.5, 0.5)
    tokenizer_path: Path | None = None
    is_single_file: bool = False
    prediction: str = ""  # epsilon or v_prediction; "": the scheduler's config or a trial tells
    is_zero_snr: bool = False  # trained with pure noise at the last timestep
    sha256: str = ""  # of the file as it came, where that was noted
    is_starter: bool = False
    version: str = ""  # another one when its files have changed
    problem: str = ""

    @property
    def kind(self) -> str:
        return "checkpoint"

    @property
    def licence(self) -> str:
        """Its name, as it was written; "" when nobody has said."""
        return self.about.licence.name

    @property
    def latents(self) -> str:
        """Whose latents it works in: checkpoints of the same can go on with one another's pictures."""
        return FAMILIES[self.family].latents if self.family in FAMILIES else ""

    def ref(self) -> CheckpointRef:
        """What the worker needs to load it. Raises ModelUnreadable when it has a problem."""
        if self.problem:
            raise ModelUnreadable(
                f"The checkpoint {self.name} cannot be used: {self.problem}",
                "Choose another checkpoint, or copy this one again if it is damaged.",
                checkpoint=self.name,
            )
        return CheckpointRef(
            name=self.name,
            path=str(self.path),
            family=self.family,
            latent_rgb_factors=self.latent_rgb_factors,
            latent_rgb_bias=self.latent_rgb_bias,
            is_single_file=self.is_single_file,
            tokenizer=str(self.tokenizer_path) if self.is_single_file else "",
            prediction=self.prediction,
            is_zero_snr=self.is_zero_snr,
            version=self.version,
            sha256=self.sha256,
        )


@dataclass(frozen=True, kw_only=True)
class Other:
    """A file that lies under the models and is no checkpoint: a LoRA, a VAE … `problem`: why it cannot be used."""

    name: str
    path: Path
    kind: str
    family: str = ""
    about: About = NOTHING
    # What it has in common with its partner: an IP-Adapter goes with the image encoder that has all its marks.
    marks: tuple[str, ...] = ()
    problem: str = ""


Model = Checkpoint | Other
