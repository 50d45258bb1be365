"""A picture's file is enough to make it again, bit for bit, in another process, however it came to be.

Everything goes the whole way: the manager, the real worker, the file, its metadata, and the same once more in a
second studio that has never seen the picture.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from pipelines import Job, PipelineManager, Request, Settings
from pipelines.asking.grid import Axis, Grid
from pipelines.asking.hires import Hires
from pipelines.asking.noise import Noise
from pipelines.asking.sampling import Sampling
from pipelines.asking.wording import Wording
from pipelines.branching import Branch
from pipelines.editing.source import Inpainting, Source
from pipelines.output import metadata
from pipelines.prompting.styles import Style
from tests import tiny
from tests.forked import forking
from tests.studio import OWNER, ended, in_state, ready

pytestmark = pytest.mark.real

MODELS = Path(__file__).parent.parent / "models"
STARTER = "Darkroom starter"
CLOSE = 2  # of 255: as far as pictures that shared forwards may differ
PATIENT = {"steps": 60}  # time enough to be paused


@contextlib.contextmanager
def real_studio(folder: Path) -> Iterator[PipelineManager]:
    """A manager with the real worker, the starter model and two toys."""
    for seed, name in enumerate(("toy", "other")):
        tiny.save(folder / "models" / name, tiny.components(seed=seed))
    manager = PipelineManager(
        Settings(
            models_dir=(MODELS, folder / "models"),
            output_dir=folder / "outputs",
            data_dir=folder / "data",
        ),
        worker_context=forking(),
    )
    manager.start()
    try:
        ready(manager)
        yield manager
    finally:
        manager.stop()


@pytest.fixture(scope="module", autouse=True)
def patience() -> Iterator[None]:
    """The real worker takes its time to start."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tests.studio.SECONDS", 300.0)
        yield


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PipelineManager]:
    """Where pictures are made."""
    with real_studio(tmp_path_factory.mktemp("here")) as manager:
        yield manager


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PipelineManager]:
    """Where their files alone are known."""
    with real_studio(tmp_path_factory.mktemp("there")) as manager:
        yield manager


@pytest.fixture(scope="module")
def plain(here: PipelineManager) -> Path:
    """The picture of which all others are variants."""
    (path,) = made(here, asking())
    return path


def asking(**fields: Any) -> Request:
    """Six steps of 64 × 64 px with the starter model."""
    sampling = {name: fields.pop(name) for name in list(fields) if name in Sampling.__annotations__}
    sampler = {"sampler": "Euler a", "steps": 6, **sampling}
    given = {"prompt": "a red circle", "seed": 12, "width": 64, "height": 64, "exact": True}
    return Request(sampling=Sampling(**sampler), **{**given, "checkpoint": STARTER, **fields})


def made(manager: PipelineManager, request: Request) -> list[Path]:
    """The files of a request's pictures."""
    return files(manager, manager.submit(request, OWNER))


def files(manager: PipelineManager, job: Job) -> list[Path]:
    done = ended(manager, job)
    assert done.state == "done", done.error
    return [manager.library.file(one.picture_id or "", OWNER) for one in done.pictures]


def pixels(path: Path) -> np.ndarray[Any, Any]:
    with Image.open(path) as image:
        return np.asarray(image.convert("RGBA")).astype(int)


def again(manager: PipelineManager, path: Path) -> Path:
    """The picture, made from what its file says; the new file says the same."""
    request = metadata.read(path)[0].request
    assert request is not None
    (remade,) = made(manager, request)
    assert metadata.read(remade)[0].request == request
    return remade


def assert_reproduced(manager: PipelineManager, *paths: Path) -> None:
    for path in paths:
        assert np.array_equal(pixels(again(manager, path)), pixels(path)), path.name


def different(*paths: Path) -> bool:
    """Whether no two of these pictures are the same; else a test would prove nothing."""
    return len({pixels(path).tobytes() for path in paths}) == len(paths)


# ---- what a picture can be ---------------------------------------------------------------------------------

ALONE: dict[str, dict[str, Any]] = {
    "plain": {},
    "weights and switches": {"prompt": "a (red:1.3) [circle:square:3] AND a blue star :0.6"},
    "breaks": {"prompt": "a red circle BREAK a blue star", "negative_prompt": "[fog|rain]"},
    "emphasis": {"prompt": "a (red:1.4) circle", "wording": Wording(emphasis="no norm")},
    "CFG 1": {"guidance_scale": 1.0},
    "rescaled": {"guidance_scale": 9.0, "guidance_rescale": 0.7},
    "eta": {"sampler": "DDIM", "eta": 0.6},
    "churn": {"sampler": "Euler", "churn": 8.0},
    "another schedule": {"sampler": "DPM++ 2M", "schedule": "Exponential"},
    "numbers of the CPU": {"noise": Noise(source="cpu")},
    "numbers of the device": {"noise": Noise(source="gpu")},
    "ENSD": {"noise": Noise(seed_delta=31337)},
    "from another size": {"noise": Noise(from_width=128, from_height=96)},
    "varied": {"noise": Noise(variation_seed=5, variation_strength=0.3)},
    "seamless": {"seamless": "x"},
    "tiled": {"width": 128, "tile": 64},
    "JPEG": {"format": "jpeg"},
    "WebP": {"format": "webp"},
    "hires, latent": {"hires": Hires(scale=1.5, upscaler="Latent", steps=4)},
    "hires, Lanczos": {"hires": Hires(scale=1.5, upscaler="Lanczos", strength=0.5)},
    "hires, other words": {
        "hires": Hires(scale=2.0, prompt="a blue star", sampler="Euler", guidance_scale=5.0)
    },
    "hires, another checkpoint": {
        "checkpoint": "toy",
        "hires": Hires(scale=1.5, steps=3, checkpoint="other"),
    },
    "refined": {"checkpoint": "toy", "refiner": "other", "refiner_switch_at": 0.5},
    "clip skip": {"clip_skip": 2},
}


@pytest.mark.parametrize("name", ALONE)
def test_a_picture_is_made_again(
    here: PipelineManager, there: PipelineManager, plain: Path, name: str
) -> None:
    (path,) = made(here, asking(**ALONE[name]))

    assert name == "plain" or different(path, plain)
    assert_reproduced(there, path)


@pytest.mark.parametrize(
    "fields",
    [
        pytest.param({}, id="seeds"),
        pytest.param({"noise": Noise(variation_seed=5, variation_strength=0.3)}, id="variations"),
    ],
)
def test_every_picture_of_a_batch_is_made_again_alone(
    here: PipelineManager, there: PipelineManager, fields: dict[str, Any]
) -> None:
    paths = made(here, asking(batch_size=4, **fields))

    assert different(*paths)
    assert_reproduced(there, *paths)


def test_pictures_that_shared_forwards_are_made_again_but_for_rounding(
    here: PipelineManager, there: PipelineManager
) -> None:
    paths = made(here, asking(batch_size=4, exact=False))

    for path in paths:
        assert np.abs(pixels(again(there, path)) - pixels(path)).max() <= CLOSE


def test_a_seed_that_was_rolled_is_in_the_file(
    here: PipelineManager, there: PipelineManager
) -> None:
    noise = Noise(variation_seed=-1, variation_strength=0.5)

    assert_reproduced(there, *made(here, asking(seed=-1, noise=noise)))


def test_every_cell_of_a_grid_is_made_again_alone(
    here: PipelineManager, there: PipelineManager
) -> None:
    grid = Grid(
        x=Axis(field="sampling.steps", values="3, 5"),
        y=Axis(field="sampling.guidance_scale", values="2, 6"),
    )

    paths = made(here, asking(grid=grid))

    assert len(paths) == 4
    assert different(*paths)
    assert_reproduced(there, *paths)


def test_words_from_wildcards_and_styles_are_in_the_file(
    here: PipelineManager, there: PipelineManager, tmp_path_factory: pytest.TempPathFactory
) -> None:
    (toys,) = (folder for folder in here.catalog.folders if (folder / "toy").exists())
    (toys / "wildcards").mkdir()
    (toys / "wildcards" / "thing.txt").write_text("square\nstar\n(moon:1.2)\ncup\nboat\nhouse\n")
    here.words.styles.put(OWNER, Style("inked", "{prompt}, ink", "blur"))
    asked = asking(prompt="a {red|blue|green} __thing__", styles="inked", batch_size=3)

    paths = made(here, asked)

    requests = [metadata.read(path)[0].request for path in paths]
    assert len({request.prompt for request in requests if request}) > 1
    assert all(request and "__" not in request.prompt for request in requests)
    assert_reproduced(there, *paths)
    (child,) = branch(here, paths[0], step=3, prompt="a yellow __thing__")
    request = metadata.read(child)[0].request
    assert request is not None
    assert "__" not in request.prompt
    assert_reproduced(there, child)


# ---- from a picture ----------------------------------------------------------------------------------------


def drawing(colour: str, mode: str = "RGB") -> bytes:
    stream = io.BytesIO()
    image = Image.new(mode, (64, 64), colour)
    image.paste(Image.new(mode, (24, 40), "white"), (20, 12))
    image.save(stream, "PNG")
    return stream.getvalue()


@pytest.mark.parametrize("is_masked", [False, True], ids=["image to image", "inpainted"])
def test_a_picture_from_a_picture_is_made_again_from_the_same_upload(
    here: PipelineManager, there: PipelineManager, is_masked: bool
) -> None:
    for manager in (here, there):
        image, mask = (
            manager.assets.add(drawing(*one), OWNER).id for one in (("teal",), ("black", "L"))
        )
    fields: dict[str, Any] = {"source": Source(image=image, strength=0.6)}
    if is_masked:
        fields["inpainting"] = Inpainting(mask=mask, area="picture")

    (path,) = made(here, asking(**fields))
    assert_reproduced(there, path)
    job = here.branch(
        here.library.search(OWNER).items[0].id, OWNER, Branch(step=2, prompt="a blue star")
    )
    (branch,) = files(here, job)

    assert different(path, branch)
    assert_reproduced(there, branch)


# ---- pause -------------------------------------------------------------------------------------------------

# Samplers that look back, and such that add noise on the way.
REMEMBERING = ["DPM++ 2M", "UniPC", "LMS", "Euler a", "DPM++ SDE", "DPM++ 3M SDE"]


def interrupted(manager: PipelineManager, request: Request, *steps: int) -> list[Path]:
    """The request's pictures, paused after about so many steps."""
    job = manager.submit(request, OWNER)
    for step in steps:
        in_state(manager, job, lambda now, step=step: now.pictures[0].step >= step)
        manager.pause(job.id, OWNER)
        paused = in_state(manager, job, "paused")
        assert paused.pictures[0].state == "paused"
        manager.resume(job.id, OWNER)
    return files(manager, job)


@pytest.mark.parametrize("sampler", REMEMBERING)
def test_a_picture_that_was_paused_is_the_one_that_never_was(
    here: PipelineManager, there: PipelineManager, sampler: str
) -> None:
    request = asking(**PATIENT, sampler=sampler)

    (path,) = interrupted(here, request, 2, 8, 15)

    assert_reproduced(there, path)


def test_a_batch_with_a_second_pass_is_paused_in_both(
    here: PipelineManager, there: PipelineManager
) -> None:
    hires = Hires(scale=1.25, upscaler="Latent", steps=30)
    request = asking(**{**PATIENT, "steps": 30}, batch_size=2, hires=hires)

    paths = interrupted(here, request, 10, 40)

    assert different(*paths)
    assert_reproduced(there, *paths)


def test_a_picture_that_was_paused_goes_on_after_a_restart(
    tmp_path: Path, there: PipelineManager
) -> None:
    request = asking(**PATIENT, sampler="DPM++ 2M SDE")
    with real_studio(tmp_path) as manager:
        job = manager.submit(request, OWNER)
        in_state(manager, job, lambda now: now.pictures[0].step >= 5)
        manager.pause(job.id, OWNER)
        in_state(manager, job, "paused")
    with real_studio(tmp_path) as manager:
        manager.resume(job.id, OWNER)
        (path,) = files(manager, job)

        assert_reproduced(there, path)


# ---- branches ----------------------------------------------------------------------------------------------


def branch(manager: PipelineManager, path: Path, **asked: Any) -> list[Path]:
    record = next(one for one in manager.library.search(OWNER).items if one.file_name == path.name)
    return files(manager, manager.branch(record.id, OWNER, Branch(**asked)))


def test_a_branch_and_a_branch_of_it_are_made_again_from_their_files(
    here: PipelineManager, there: PipelineManager
) -> None:
    (old,) = made(here, asking(steps=8))
    (child,) = branch(here, old, step=3, prompt="a blue star", guidance_scale=6.0)
    (grandchild,) = branch(here, child, step=5, later_seed=-1)
    (sibling,) = branch(here, grandchild, step=3, prompt="a green square")

    assert different(old, child, grandchild, sibling)
    assert_reproduced(there, child, grandchild, sibling)


def test_pictures_of_a_branch_with_other_noise_are_made_again_alone(
    here: PipelineManager, there: PipelineManager
) -> None:
    (old,) = made(here, asking(steps=8, sampler="DPM++ 2M SDE"))

    paths = branch(here, old, step=4, later_seed=3, batch_size=3)

    assert different(old, *paths)
    assert_reproduced(there, *paths)


def test_a_branch_is_paused_and_made_again(here: PipelineManager, there: PipelineManager) -> None:
    (old,) = made(here, asking(**PATIENT))
    (child,) = branch(here, old, step=20, prompt="a blue star")
    request = metadata.read(child)[0].request
    assert request is not None

    (path,) = interrupted(here, request, 8, 24)

    assert np.array_equal(pixels(path), pixels(child))
    assert_reproduced(there, path)


def test_a_branch_is_the_old_picture_up_to_its_step_and_another_one_after_it(
    here: PipelineManager,
) -> None:
    (old,) = made(here, asking(steps=8))
    (child,) = branch(here, old, step=5, prompt="a blue star")

    strips = [_strip(here, path) for path in (old, child)]

    same = [one == other for one, other in zip(*strips, strict=True)]
    assert same == [True] * 5 + [False] * 3


def _strip(manager: PipelineManager, path: Path) -> list[bytes]:
    items = manager.library.search(OWNER).items
    record = next(one for one in items if one.file_name == path.name)
    frames = manager.library.strip(record.id, OWNER)
    return [manager.library.strip_frame(record.id, frame.step, OWNER) for frame in frames]
