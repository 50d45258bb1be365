"""Plan: every fact that decides a training, frozen, checked, and the same as JSON."""

from __future__ import annotations

import dataclasses
import re
from dataclasses import dataclass
from typing import Any

from pipelines.errors import RequestError
from pipelines.fields import typed, within

SUBJECT, STYLE, CONCEPT = "subject", "style", "concept"
KINDS = (SUBJECT, STYLE, CONCEPT)
LORA, EMBEDDING = "lora", "embedding"
METHODS = (LORA, EMBEDDING)
OPTIMIZERS = ("AdamW", "AdamW 8-bit")
CONSTANT, COSINE = "constant", "cosine"
RATE_SCHEDULES = (CONSTANT, COSINE)
TRAINABLE = ("sd15", "sd2", "sdxl")  # families
PRECISIONS = ("auto", "float32", "bfloat16", "float16")

STEPS = (1, 20_000)
RATE = (1e-7, 1.0)
BATCH = (1, 16)
RANK = (1, 256)
VECTORS = (1, 16)
SIDE_PX = (64, 2048)
PRIOR_PICTURES = (0, 1000)
PRIOR_WEIGHT = (0.0, 10.0)
MIN_SNR_GAMMA = (0.0, 20.0)
SHARE = (0.0, 1.0)
SEED = (0, 2**32 - 1)
PICTURES_MAX = 500
RECOLOURINGS = (0, 50)
PROMPTS_MAX = 8
NAME_CHARACTERS = 60
TEXT_CHARACTERS = 500
NAME = re.compile(r"[\w][\w .\-]*")
WORD = re.compile(r"[^\s,:()\[\]<>|{}\\]+( [^\s,:()\[\]<>|{}\\]+)*")


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What is None or empty is filled in by `defaults.settled`, from the pictures, the family and the method."""

    name: str  # of the file that comes of it, without its ending
    kind: str = SUBJECT
    method: str = LORA
    checkpoint: str | None = None
    trigger: str = ""  # the word that stands for what is taught
    class_word: str = ""  # what it is an example of: "dog", "watercolour"
    seed: int = 0
    steps: int | None = None  # of the optimizer
    batch_size: int | None = None  # pictures a step
    resolution: int | None = None  # px: pictures are cut to about its square, in steps of 64
    learning_rate: float | None = None
    rate_schedule: str | None = None
    warmup_steps: int = 0
    optimizer: str = "AdamW"
    precision: str = "auto"  # of the networks; what is trained is kept in float32
    saves_memory: bool | None = None  # gradient checkpointing: a third slower, in much less memory
    min_snr_gamma: float | None = (
        None  # Hang et al. 2023, arXiv:2303.09556; 0: all timesteps count alike
    )
    caption_dropout: float = 0.0  # share of the pictures that are shown without their caption
    mirrors: bool | None = None  # half of the pictures are shown mirrored
    # Copies of each in which the colours that its caption names are swapped for others.
    recolourings: int | None = None
    held_out: int | None = None  # pictures that are only measured, never trained on
    # LoRA (Hu et al. 2021, arXiv:2106.09685)
    rank: int | None = None
    alpha: float | None = None  # None: as the rank
    trains_text: bool | None = None  # also the text encoders
    trains_convolutions: bool | None = None  # of the UNet, too: kohya's `conv_dim`
    text_learning_rate: float | None = None
    # Prior preservation (Ruiz et al. 2022, arXiv:2208.12242): pictures of the class are answered as before. And
    # output preservation: so are the pictures that are taught, when nothing is said of them or something else.
    prior_pictures: int | None = None
    prior_prompts: tuple[str, ...] = ()  # of both
    prior_weight: float | None = None  # of each
    output_preservation: bool | None = None
    # textual inversion (Gal et al. 2022, arXiv:2208.01618)
    vectors: int | None = None
    initial_word: str = ""  # whose meaning the vectors start from; "": the class word
    # what is seen meanwhile
    sample_every: int | None = None  # steps
    sample_prompts: tuple[str, ...] = ()

    @property
    def kept_a_step(self) -> int:
        """How many pictures of a step are only answered as before: half as many as are taught, and at least one."""
        return max(1, (self.batch_size or 1) // 2) if self.output_preservation else 0

    @classmethod
    def from_dict(cls, values: Any) -> Plan:
        """Raises RequestError, which names the field, also for what is out of bounds."""
        if not isinstance(values, dict):
            raise RequestError("plan", values, "is no object of fields", "Send a JSON object.")
        given = dict(values)
        texts = {name: _texts(name, given.pop(name)) for name in TEXTS if name in given}
        if "name" not in given:
            raise RequestError("name", "", "is missing", "Give what is taught a name.")
        plan = cls(**(typed(cls, given) | texts))
        plan.check()
        return plan

    def as_dict(self) -> dict[str, Any]:
        """Plain values; `from_dict` reads them back as the same Plan."""
        values = dataclasses.asdict(self)
        return values | {name: list(values[name]) for name in TEXTS}

    def check(self) -> None:
        """Raises RequestError for the first field that cannot be used; what is None passes."""
        if not NAME.fullmatch(self.name) or len(self.name) > NAME_CHARACTERS:
            why = "is no name for a file"
            remedy = f"Use up to {NAME_CHARACTERS} letters, digits, spaces, dots, hyphens."
            raise RequestError("name", self.name, why, remedy)
        for name in ("trigger", "class_word", "initial_word"):
            word = getattr(self, name)
            if word and (not WORD.fullmatch(word) or len(word) > NAME_CHARACTERS):
                remedy = "Use plain words without brackets, commas or colons."
                raise RequestError(name, word, "has signs that prompts read otherwise", remedy)
        for name, allowed in CHOICES.items():
            if getattr(self, name) not in (None, *allowed):
                remedy = f"Use one of: {', '.join(allowed)}."
                raise RequestError(name, getattr(self, name), "is not known", remedy)
        for name, bounds in BOUNDS.items():
            if getattr(self, name) is not None:
                within(name, getattr(self, name), bounds)
        if self.resolution is not None and self.resolution % 64:
            remedy = f"Use {self.resolution // 64 * 64 or 64}."
            raise RequestError("resolution", self.resolution, "is no multiple of 64 px", remedy)
        for name in TEXTS:
            _check_texts(name, getattr(self, name))


CHOICES = {
    "kind": KINDS,
    "method": METHODS,
    "rate_schedule": RATE_SCHEDULES,
    "optimizer": OPTIMIZERS,
    "precision": PRECISIONS,
}
BOUNDS: dict[str, tuple[float, float]] = {
    "seed": SEED,
    "steps": STEPS,
    "batch_size": BATCH,
    "resolution": SIDE_PX,
    "learning_rate": RATE,
    "text_learning_rate": RATE,
    "warmup_steps": (0, STEPS[1]),
    "min_snr_gamma": MIN_SNR_GAMMA,
    "caption_dropout": SHARE,
    "held_out": (0, PICTURES_MAX),
    "recolourings": RECOLOURINGS,
    "rank": RANK,
    "alpha": (0.01, 1024.0),
    "prior_pictures": PRIOR_PICTURES,
    "prior_weight": PRIOR_WEIGHT,
    "vectors": VECTORS,
    "sample_every": STEPS,
}
TEXTS = ("prior_prompts", "sample_prompts")


def _texts(name: str, given: Any) -> tuple[str, ...]:
    if not isinstance(given, list | tuple) or not all(isinstance(one, str) for one in given):
        raise RequestError(name, given, "is no list of texts", "Send a list of texts.")
    return tuple(one.strip() for one in given if one.strip())


def _check_texts(name: str, given: tuple[str, ...]) -> None:
    if name == "sample_prompts" and len(given) > PROMPTS_MAX:
        raise RequestError(name, len(given), "are too many", f"Use up to {PROMPTS_MAX}.")
    for one in given:
        if len(one) > TEXT_CHARACTERS:
            remedy = f"Use up to {TEXT_CHARACTERS} characters."
            raise RequestError(name, one[:80], "is too long", remedy)
