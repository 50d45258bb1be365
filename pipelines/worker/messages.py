"""What the web process and the GPU process say to one another: frozen dataclasses of plain values and bytes.

No torch, no objects of the engine: the same messages can travel over another transport later.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Launch:
    """The argument of the worker process: everything it must know before the first job."""

    device: str = "auto"  # auto, cpu, mps, cuda, cuda:1 …
    dtype: str = "auto"  # auto, float32, bfloat16, float16
    attention: str = "sdpa"  # sdpa or xformers
    exact: bool = False
    offline: bool = True
    vram_bytes: int | None = None
    ram_bytes: int | None = None
    tier: str = "auto"  # how models are placed: auto, or a row of pipelines/tiers.py
    max_active_pictures: int = 8
    warm_up: CheckpointRef | None = None  # loaded and tried before Ready
    previews_per_second: float = 4.0


@dataclass(frozen=True)
class CheckpointRef:
    """Where a checkpoint lies; the web process has identified it. `path`: a diffusers folder, or a single file.

    `version` is another one when its files have changed, so that they are read anew. `sha256`: what was noted of the
    file when it came, to be compared before it is used for the first time.
    """

    name: str
    path: str
    family: str
    latent_rgb_factors: tuple[tuple[float, float, float], ...] = ()
    latent_rgb_bias: tuple[float, float, float] = (0.5, 0.5, 0.5)
    is_single_file: bool = False
    tokenizer: str = ""  # the folder with CLIP's vocabulary; "": in the checkpoint's own folder
    prediction: str = ""  # epsilon or v_prediction; "": its config says it, else a trial
    is_zero_snr: bool = False  # trained with pure noise at the last timestep
    version: str = ""
    sha256: str = field(default="", compare=False)


@dataclass(frozen=True)
class LoraRef:
    """Where a LoRA lies, and how strongly it counts. `version` is another one when the file has changed."""

    name: str
    path: str
    text_scale: float = 1.0
    unet_scale: float = 1.0
    version: str = ""


@dataclass(frozen=True)
class VaeRef:
    """Where a VAE lies that is none of a checkpoint. `version` is another one when the file has changed."""

    name: str
    path: str
    config: str = ""  # the path of its config.json; "": its shapes tell
    fits_half: bool = False  # it is known to compute in float16 without overflow
    version: str = ""


@dataclass(frozen=True)
class EmbeddingRef:
    """Where a textual inversion embedding lies, and the word in the prompt that it stands for."""

    word: str
    path: str
    version: str = ""


@dataclass(frozen=True)
class GuideRef:
    """A file beside the checkpoint. `kind`: controlnet, picture, ip_adapter, image_encoder, sample or upscaler."""

    kind: str
    name: str
    path: str
    version: str = ""


@dataclass(frozen=True)
class ControlTask:
    """A ControlNet and the picture that it looks at, which is of the size of the pictures to develop."""

    network: GuideRef
    picture: GuideRef
    weight: float = 1.0
    start: float = 0.0  # share of the steps
    end: float = 1.0

    @property
    def files(self) -> tuple[GuideRef, ...]:
        return self.network, self.picture


@dataclass(frozen=True)
class ImagePromptTask:
    """An IP-Adapter, the encoder that it looks through, and a picture of any size."""

    adapter: GuideRef
    encoder: GuideRef
    picture: GuideRef
    weight: float = 1.0
    start: float = 0.0  # share of the steps
    end: float = 1.0

    @property
    def files(self) -> tuple[GuideRef, ...]:
        return self.adapter, self.encoder, self.picture


@dataclass(frozen=True)
class SourceTask:
    """The picture that others start from, and where they may paint: white in `mask`; None: everywhere."""

    picture: GuideRef
    mask: GuideRef | None = None

    @property
    def files(self) -> tuple[GuideRef, ...]:
        return (self.picture, self.mask) if self.mask else (self.picture,)


@dataclass(frozen=True)
class Applied:
    """How much of a LoRA there was a layer for: so many of its `total`."""

    name: str
    scale: float
    layers: int
    total: int


@dataclass(frozen=True)
class PictureTask:
    """One picture to develop. `state` is a serialised sampling State to go on from, or None to start."""

    index: int
    seed: int
    state: bytes | None = None
    changes: dict[str, Any] = field(default_factory=dict)  # see Request.changed


# ---- to the worker -------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Submit:
    """Develop these pictures of a resolved Request. `hold_after_steps`: stop each there and send its State."""

    job_id: str
    request: dict[str, Any]  # Request.as_dict()
    checkpoint: CheckpointRef
    pictures: tuple[PictureTask, ...]
    hold_after_steps: int | None = None
    loras: tuple[LoraRef, ...] = ()
    controls: tuple[ControlTask, ...] = ()
    vae: VaeRef | None = None  # None: the checkpoint's own
    embeddings: tuple[EmbeddingRef, ...] = ()
    # Takes each picture over at the request's `refiner_switch_at`.
    refiner: CheckpointRef | None = None
    image_prompts: tuple[ImagePromptTask, ...] = ()
    source: SourceTask | None = None  # None: from noise alone
    # For the second pass: None of both: the first checkpoint, and what has a row in UPSCALERS.
    hires_checkpoint: CheckpointRef | None = None
    upscaler: GuideRef | None = None


@dataclass(frozen=True)
class Cancel:
    job_id: str


@dataclass(frozen=True)
class Pause:
    """Stop every picture of this job where it is and send its State; those not begun are given back untouched."""

    job_id: str


@dataclass(frozen=True)
class Probe:
    """Ask for a real forward pass on the loaded checkpoint (readiness)."""

    nonce: int


@dataclass(frozen=True)
class Unload:
    """Free the memory of this checkpoint, as soon as no picture uses it."""

    name: str


@dataclass(frozen=True)
class Stop:
    """End after the current turn; jobs that are under way are given up (the parent has requeued them)."""


# ---- from the worker -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class Hello:
    """First message: what this process runs on. Sent before any model is loaded."""

    pid: int
    device: str
    device_name: str
    dtype: str
    torch_version: str
    total_bytes: int
    notice: str = ""  # e.g. a GPU is present but this torch is CPU-only, with the remedy


@dataclass(frozen=True)
class Ready:
    """The warm-up checkpoint is loaded and has made a finite picture; `seconds` since the process started.

    `problem`: why it could not, in a sentence; other checkpoints may work, so the worker is ready all the same.
    """

    checkpoint: str
    seconds: float
    problem: str = ""


@dataclass(frozen=True)
class Holder:
    """A model that is loaded: how much of it lies on the device now, and how much it takes where it is at home."""

    name: str
    tier: str  # of a checkpoint; of what guides pictures beside one, what it is
    device_bytes: int
    home_bytes: int
    is_in_use: bool


@dataclass(frozen=True)
class Heartbeat:
    """Sent every second by the reader thread, which the GPU thread cannot block.

    `step_seconds`: how long the current forward has been running; `median_step_seconds`: of the last ones.
    """

    step_seconds: float
    median_step_seconds: float
    used_bytes: int
    total_bytes: int
    loaded: tuple[str, ...] = ()
    holders: tuple[Holder, ...] = ()
    forwards: int = 0  # denoiser forwards so far
    # Denoiser calls asked by pictures so far; calls > forwards means that they merged.
    calls: int = 0


@dataclass(frozen=True)
class Stage:
    """What happens before the first step, in words, e.g. "loading starter"."""

    job_id: str
    text: str


@dataclass(frozen=True)
class Progress:
    """`step` of `steps` are done. `preview`: a JPEG, at a bounded rate, else None."""

    job_id: str
    index: int
    step: int
    steps: int
    preview: bytes | None = None


@dataclass(frozen=True)
class Pixels:
    """RGB bytes, row by row; large ones lie in a shared memory block that the receiver unlinks."""

    width: int
    height: int
    data: bytes = b""
    shared_memory: str = ""


@dataclass(frozen=True)
class KeptStep:
    """The denoised estimate x0 after a step, for the denoising strip: float16 (channels, height, width)."""

    step: int
    sigma: float
    shape: tuple[int, int, int]
    latents: bytes


@dataclass(frozen=True)
class PictureDone:
    job_id: str
    index: int
    pixels: Pixels
    kept: tuple[KeptStep, ...] = ()
    seconds: float = 0.0  # from its first step to its pixels
    device: str = ""
    dtype: str = ""
    applied: tuple[Applied, ...] = ()


@dataclass(frozen=True)
class PictureHeld:
    """The picture reached `hold_after_steps`, or was paused; `state` continues it, on any worker, bit for bit.

    `kept` and `seconds`: of its steps since it came to this worker.
    """

    job_id: str
    index: int
    step: int
    state: bytes
    kept: tuple[KeptStep, ...] = ()
    seconds: float = 0.0
    is_paused: bool = False


@dataclass(frozen=True)
class PictureFailed:
    job_id: str
    index: int
    error: dict[str, Any]  # StudioError.as_dict()


@dataclass(frozen=True)
class JobEnded:
    """The last word about a job: every picture was done, held, failed or given up by then.

    Of a job that was paused, the pictures without a word had taken no step and are as they came.
    """

    job_id: str
    cancelled: bool = False


@dataclass(frozen=True)
class Probed:
    nonce: int
    is_ok: bool
    seconds: float
    why: str = ""


@dataclass(frozen=True)
class Dying:
    """The GPU context is lost; the process ends right after this. `why` is for people."""

    why: str
    details: dict[str, Any] = field(default_factory=dict)
