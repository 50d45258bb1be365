"""What a training takes of the device's memory: a formula whose coefficients were counted. Plain numbers, no torch.

Counted on the published networks with the trainer's own code, `python -m benchmarks --only finetuning`; see there. What
an allocator loses between its pieces, and what the driver takes, is the reserve.

    networks    parameters of the denoiser, and of the text encoders where they learn or are learned through
    trained     4 bytes a number in float32, as much for its gradient, twice that for the moments of AdamW
    activations pictures in a forward × cells of their latents × channels of the first block × a coefficient, which
                depends on family and on gradient checkpointing; and text tokens × layers × width × another one
    encoding    before the first step, alone: the VAE with its activations, or the text encoders

VAE and text encoders that do not learn wait in RAM where the device has memory of its own; else they count, too.
"""

from __future__ import annotations

from dataclasses import dataclass

from pipelines.finetune.plan import EMBEDDING, Plan

HALF, WHOLE = 2, 4  # bytes of a number
# What is trained lies there in float32, with its gradient and the two moments of AdamW; 8-bit ones take a byte each.
TRAINED_BYTES = {"AdamW": 4 * WHOLE, "AdamW 8-bit": 2 * WHOLE + 2}
RESERVE_BYTES = 512 * 2**20
SHARE = 0.9  # of the device, for a training that has chosen by itself: others want some
# A float32 network keeps more than one in half, and not twice as much: norms and sums are wide in both.
WIDER = 1.4
TOKENS = 77
TEXT_KEPT, TEXT_SAVED = (
    50.0,
    6.0,
)  # bytes for each token, layer and channel of a text encoder, in half
PX_PER_CELL = 8
VAE_NUMBERS = (
    6.1  # alive at most for each pixel that is encoded and channel of the VAE's first block
)
STARTER = "starter"
DEFAULT = "sd15"


@dataclass(frozen=True)
class Size:
    """Of a family's networks. `kept`, `saved`: bytes for each cell of the latents and channel, in half precision, with
    all activations kept, and with gradient checkpointing."""

    denoiser: int  # parameters
    text_encoders: int
    vae: int
    lora: int  # numbers of one rank over all layers of the denoiser that learn
    conv_lora: int  # over its convolutions, where these learn, too
    text_lora: int
    text_width: int  # of what the denoiser reads, and so of a learned vector
    text_states: int  # layers × width, over all text encoders
    channels: int  # of the denoiser's first block
    kept: float
    saved: float
    is_vae_wide: bool = False  # it encodes in float32 only
    side_px: int = 512
    vae_channels: int = 128


SIZES = {
    "sd15": Size(
        859_520_964,
        123_060_480,
        83_653_863,
        423_936,
        572_480,
        165_888,
        768,
        9_216,
        320,
        1036.0,
        267.0,
    ),
    "sd2": Size(
        865_910_724,
        340_387_840,
        83_653_863,
        432_128,
        572_480,
        423_936,
        1024,
        23_552,
        320,
        1036.0,
        235.0,
    ),
    "sdxl": Size(
        2_567_463_684,
        817_720_320,
        83_653_863,
        2_659_840,
        385_600,
        903_168,
        2048,
        50_176,
        320,
        1705.0,
        155.0,
        is_vae_wide=True,
        side_px=1024,
    ),
    STARTER: Size(
        8_610_020, 603_008, 1_546_119, 34_560, 39_776, 4_096, 128, 256, 64, 357.0, 98.0, side_px=128
    ),
}


@dataclass(frozen=True)
class Place:
    """Where it is trained.

    `is_half`: the networks lie there in half precision; `is_card`: those that are not needed leave.
    """

    is_half: bool
    is_card: bool


@dataclass(frozen=True)
class Room:
    """`there_bytes`: all that the device has; None where nobody knows yet."""

    place: Place
    there_bytes: int | None


@dataclass(frozen=True)
class Parts:
    """Bytes, each at its most."""

    networks: int
    trained: int
    activations: int
    encoding: int  # instead of the others, before the first step
    reserve: int = RESERVE_BYTES

    @property
    def whole(self) -> int:
        step = self.networks + self.trained + self.activations
        return self.reserve + max(step, self.encoding)


def training_bytes(family: str, plan: Plan, place: Place) -> int:
    """The most that a settled plan takes at once. `family`: of its checkpoint, or STARTER."""
    return parts(family, plan, place).whole


def needs_saving(family: str, plan: Plan, room: Room) -> bool | None:
    """Whether a settled plan fits there only with gradient checkpointing, or not even with it; None: nobody knows."""
    if room.there_bytes is None:
        return None
    whole = _parts(size_of(family), plan, room.place, saves=False).whole
    return whole > room.there_bytes * SHARE


def parts(family: str, plan: Plan, place: Place) -> Parts:
    """The same, part by part."""
    return _parts(size_of(family), plan, place, saves=bool(plan.saves_memory))


def size_of(family: str) -> Size:
    """Of a family that is not known: that of SD 1.5."""
    return SIZES.get(family, SIZES[DEFAULT])


def trained_numbers(plan: Plan, size: Size) -> int:
    """How many numbers learn."""
    if plan.method == EMBEDDING:
        return (plan.vectors or 1) * size.text_width
    text = size.text_lora if plan.trains_text else 0
    convolutions = size.conv_lora if plan.trains_convolutions else 0
    return (plan.rank or 1) * (size.lora + convolutions + text)


def _parts(size: Size, plan: Plan, place: Place, *, saves: bool) -> Parts:
    number = HALF if place.is_half else WHOLE
    has_text = _has_text(plan)
    others = 0 if place.is_card else size.vae + (0 if has_text else size.text_encoders)
    networks = size.denoiser + (size.text_encoders if has_text else 0) + others
    # With nothing to leave for, all networks are there while pictures are encoded, too.
    beside = 0 if place.is_card else number * networks
    return Parts(
        networks=number * networks,
        trained=trained_numbers(plan, size) * TRAINED_BYTES[plan.optimizer],
        activations=round(_pictures(plan) * _picture_bytes(size, plan, place, saves=saves)),
        encoding=beside + _encoding(size, plan, place),
    )


def _has_text(plan: Plan) -> bool:
    """Whether the text encoders compute in each step."""
    return bool(plan.trains_text) or plan.method == EMBEDDING


def _pictures(plan: Plan) -> int:
    """In one forward: those that are taught, as many of the class, and what else is kept."""
    return (plan.batch_size or 1) * (2 if plan.prior_pictures else 1) + plan.kept_a_step


def _picture_bytes(size: Size, plan: Plan, place: Place, *, saves: bool) -> float:
    cells = ((plan.resolution or size.side_px) / PX_PER_CELL) ** 2
    denoiser = cells * size.channels * (size.saved if saves else size.kept)
    text = TOKENS * size.text_states * (TEXT_SAVED if saves else TEXT_KEPT)
    whole = denoiser + (text if _has_text(plan) else 0)
    return whole if place.is_half else whole * WIDER


def _encoding(size: Size, plan: Plan, place: Place) -> int:
    """Beside the networks that stay."""
    pixels = (plan.resolution or size.side_px) ** 2
    number = HALF if place.is_half and not size.is_vae_wide else WHOLE
    vae = number * (VAE_NUMBERS * size.vae_channels * pixels + (size.vae if place.is_card else 0))
    text = (HALF if place.is_half else WHOLE) * size.text_encoders if place.is_card else 0
    return round(max(vae, text))
