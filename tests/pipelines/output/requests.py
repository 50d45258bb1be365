"""Requests by lot: everything that can be asked of a picture, within its bounds, for tests that write and read them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from pipelines.asking import sampling
from pipelines.asking.beginnings import Beginning
from pipelines.asking.hires import Hires
from pipelines.asking.noise import SEED_MAX, SOURCES, Noise
from pipelines.asking.sampling import Sampling
from pipelines.asking.wording import EMPHASES, Wording
from pipelines.editing.source import AREAS, CONTENTS, RESIZES, Inpainting, Region, Source
from pipelines.errors import RequestError
from pipelines.guiding.guides import Control, ImagePrompt
from pipelines.request import SEAMLESS, Request, check
from pipelines.samplers import SAMPLERS, SCHEDULES
from pipelines.upscalers import UPSCALERS

# Single lines without blanks around them, which are all that is lost of a prompt.
LINES = st.text(
    st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp")) | st.sampled_from(':,"()[]\\'),
    max_size=40,
).map(str.strip)
PROMPTS = st.lists(
    LINES | st.sampled_from(["Negative prompt: x", "Steps: 20, Sampler: a, Seed: 1"]), max_size=3
).map(lambda lines: "\n".join(lines).strip())
NAMES = LINES.filter(bool)
IDS = st.text("0123456789abcdef", min_size=32, max_size=32)
SEEDS = st.integers(0, SEED_MAX)


def numbers(bounds: tuple[float, float]) -> SearchStrategy[float]:
    return st.floats(*bounds, allow_subnormal=False)


def sides(low: int = 64, high: int = 2048) -> SearchStrategy[int]:
    return st.integers(low // 8, high // 8).map(lambda side: side * 8)


def _maybe(strategy: SearchStrategy[Any]) -> SearchStrategy[Any]:
    return st.none() | strategy


SAMPLINGS = st.builds(
    Sampling,
    sampler=st.sampled_from([row.name for row in SAMPLERS]),
    schedule=st.sampled_from([row.name for row in SCHEDULES]),
    steps=st.integers(*sampling.STEPS),
    guidance_scale=numbers(sampling.GUIDANCE),
    guidance_rescale=numbers(sampling.RESCALE),
    eta=_maybe(numbers(sampling.ETA)),
    churn=numbers(sampling.CHURN),
    churn_from=numbers(sampling.SIGMA),
    churn_to=_maybe(numbers(sampling.SIGMA)),
    noise_scale=numbers(sampling.NOISE_SCALE),
    sigma_min=_maybe(numbers((0.0, 1.0))),
    sigma_max=_maybe(numbers((2.0, 100.0))),
    rho=_maybe(numbers(sampling.RHO)),
    beta_alpha=_maybe(numbers(sampling.BETA_SHAPE)),
    beta_beta=_maybe(numbers(sampling.BETA_SHAPE)),
    skips_penultimate=_maybe(st.booleans()),
    sgm_noise=st.booleans(),
)
NOISES = st.builds(
    Noise,
    source=st.sampled_from(list(SOURCES)),
    variation_seed=SEEDS,
    variation_strength=numbers((0.0, 1.0)),
    seed_delta=st.integers(-SEED_MAX, SEED_MAX),
    later_seed=_maybe(SEEDS),
) | st.builds(Noise, from_width=sides(), from_height=sides())
HIRES = st.builds(
    Hires,
    scale=numbers((1.0, 2.0)),
    upscaler=st.sampled_from([row.name for row in UPSCALERS]) | NAMES,
    steps=_maybe(st.integers(*sampling.STEPS)),
    strength=numbers((0.0, 1.0)),
    sampler=_maybe(st.sampled_from([row.name for row in SAMPLERS])),
    schedule=_maybe(st.sampled_from([row.name for row in SCHEDULES])),
    guidance_scale=_maybe(numbers(sampling.GUIDANCE)),
    prompt=PROMPTS,
    negative_prompt=PROMPTS,
    checkpoint=_maybe(NAMES),
) | st.builds(Hires, width=_maybe(sides(512, 1024)), height=sides(512, 1024))
SOURCES_OF_PICTURES = st.builds(
    Source,
    image=IDS,
    strength=numbers((0.0, 1.0)),
    resize=st.sampled_from(list(RESIZES)),
    noise_multiplier=numbers((0.0, 1.5)),
)
INPAINTINGS = st.builds(
    Inpainting,
    mask=IDS,
    is_inverted=st.booleans(),
    blur=numbers((0.0, 64.0)),
    content=st.sampled_from(list(CONTENTS)),
    area=st.sampled_from(list(AREAS)),
    padding=st.integers(0, 512),
    region=_maybe(st.builds(Region, right=st.integers(1, 900), bottom=st.integers(1, 900))),
    is_soft=st.booleans(),
    conditioning_weight=numbers((0.0, 1.0)),
    hides_seams=st.booleans(),
)
CONTROLS = st.builds(Control, model=NAMES, image=IDS, weight=numbers((0.0, 2.0)))
IMAGE_PROMPTS = st.builds(ImagePrompt, model=NAMES, image=IDS, end=numbers((0.1, 1.0)))
BEGINNINGS = st.builds(
    Beginning,
    prompt=PROMPTS,
    negative_prompt=PROMPTS,
    guidance_scale=numbers(sampling.GUIDANCE),
    later_seed=_maybe(SEEDS),
)


def one_picture() -> SearchStrategy[Request]:
    """A resolved Request of a single picture."""
    return _asked().filter(_is_sound)


def _is_sound(request: Request) -> bool:
    """Some of its parts may not go together."""
    try:
        check(request)
    except RequestError:
        return False
    return True


@st.composite
def _asked(draw: st.DrawFn) -> Request:
    asked = Request(
        prompt=draw(PROMPTS),
        negative_prompt=draw(PROMPTS),
        template=draw(PROMPTS),
        negative_template=draw(PROMPTS),
        wording=draw(
            st.builds(
                Wording,
                emphasis=st.sampled_from(list(EMPHASES)),
                comma_backtrack=st.integers(0, 74),
            )
        ),
        checkpoint=draw(NAMES),
        vae=draw(_maybe(NAMES)),
        width=draw(sides(64, 1024)),
        height=draw(sides(64, 1024)),
        sampling=draw(SAMPLINGS),
        seamless=draw(_maybe(st.sampled_from(list(SEAMLESS)))),
        clip_skip=draw(st.integers(1, 12)),
        refiner=draw(_maybe(NAMES)),
        seed=draw(SEEDS),
        noise=draw(NOISES),
        tile=draw(_maybe(sides())),
        exact=draw(st.booleans()),
        controls=tuple(draw(st.lists(CONTROLS, max_size=2))),
        image_prompts=tuple(draw(st.lists(IMAGE_PROMPTS, max_size=1))),
    )
    if asked.refiner == asked.checkpoint:
        asked = replace(asked, refiner=None)
    if asked.refiner:
        asked = replace(asked, refiner_switch_at=draw(numbers((0.0, 1.0))))
    beginning = draw(st.integers(0, 2))
    if beginning == 1 and (asked.sampling.steps or 0) > 2:
        later = replace(draw(BEGINNINGS), until=1)
        return replace(asked, beginnings=(later,))
    kind = draw(st.integers(0, 3))
    if kind == 1:
        return replace(asked, hires=draw(HIRES), width=512, height=512)
    if kind > 1:
        inpainting = draw(INPAINTINGS) if kind == 3 else None
        return replace(asked, source=draw(SOURCES_OF_PICTURES), inpainting=inpainting)
    return asked
