"""Few, many and odd pictures, from their uploads through the real worker to weights that can be used."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator
from typing import Any

import pytest
from PIL import Image

from pipelines import PipelineManager, Settings, Training
from pipelines.errors import UploadError
from pipelines.finetune.pictures import focus
from pipelines.works.work import ENDED_STATES, PAUSED
from tests import tiny
from tests.forked import forking
from tests.pipelines.finetune.desk.lessons import SHORT, folder, in_state
from tests.pipelines.finetune.pictures.uploads import drawing, encoded, texture
from tests.studio import OWNER

pytestmark = pytest.mark.real


@pytest.fixture(scope="module")
def manager(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PipelineManager]:
    """A studio with a toy and the real worker, for all of them."""
    here = tmp_path_factory.mktemp("odd")
    tiny.save(here / "models" / "toy", tiny.components())
    settings = Settings(
        models_dir=(here / "models",), output_dir=here / "outputs", data_dir=here / "data"
    )
    manager = PipelineManager(settings, worker_context=forking())
    with pytest.MonkeyPatch.context() as patch:
        # Looking for faces takes most of the time; test_focus.py does it in earnest.
        patch.setattr(focus, "faces", lambda picture, folder: [])
        manager.start()
        yield manager
        manager.stop()


def sent(manager: PipelineManager, picture: Image.Image) -> dict[str, Any]:
    return {"image": manager.assets.add(encoded(picture), OWNER).id}


def taught(manager: PipelineManager, images: list[dict[str, Any]], **fields: Any) -> Training:
    """What comes of these pictures, in two steps."""
    plan = SHORT | {"name": f"Zorp {len(images)}", "steps": 2, "sample_every": 2} | fields
    begun = manager.trainings.create(plan, images, OWNER)
    over = in_state(manager, begun, lambda now: now.state in (*ENDED_STATES, PAUSED))
    assert over.state == "done", over.error
    assert over.made is not None
    assert all(math.isfinite(loss) for _, loss in over.losses)
    return over


@pytest.mark.parametrize("count", [1, 4])
def test_few_pictures_are_taught_and_it_is_said_that_they_are_few(
    manager: PipelineManager, count: int
) -> None:
    done = taught(manager, [sent(manager, drawing(number)) for number in range(count)])

    assert len(done.examples) == count
    assert str(count if count > 1 else "one picture") in done.warnings[0]


def test_a_hundred_are_taught(manager: PipelineManager) -> None:
    """Ten places of ten uploads each, which come in one after another."""
    whole = [sent(manager, texture(number, (128, 64))) for number in range(10)]
    crops = [[x, 0, 64, 64] for x in range(0, 60, 6)]
    done = taught(manager, [one | {"crop": crop} for one, crop in itertools.product(whole, crops)])

    assert len(done.examples) == 100
    assert len([*(folder(manager, done) / "crops").iterdir()]) == 100


def test_odd_ones_are_taught_together_but_for_what_is_damaged_or_there_twice(
    manager: PipelineManager,
) -> None:
    cut_out = Image.new("RGBA", (96, 96), (0, 0, 0, 0))
    cut_out.paste(drawing(8, (48, 48)), (24, 24))
    sizes = [(96, 96), (300, 140), (130, 280)]
    pictures = [*(texture(number, size) for number, size in enumerate(sizes)), cut_out]
    with pytest.raises(UploadError):
        manager.assets.add(encoded(pictures[0])[:200], OWNER)
    images = [sent(manager, one) for one in pictures]
    done = taught(manager, [*images, images[0]], resolution=192)

    assert len(done.examples) == 4
    assert "twice" in " ".join(done.warnings)
    assert len({one.size for one in done.examples}) == 3
    for example in done.examples:
        with Image.open(folder(manager, done) / "crops" / f"{example.index:03}.png") as crop:
            assert (crop.mode, crop.size) == ("RGB", example.size)
