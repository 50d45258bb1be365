"""Of the same five drawings, an embedding: a word alone, in a model that never drew such a thing."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.finetune.plan import EMBEDDING
from tests.teaching.asking import COLOURED, OTHERS, THING, TRIGGER, share
from tests.teaching_lab import in_other_colours, other_prompts
from tests.teaching_school import School, Taught
from training.starter.onlooker import Onlooker

EMBEDDING_SHARE = 0.35


@pytest.fixture(scope="module")
def embedding(school: School, tmp_path_factory: pytest.TempPathFactory) -> Taught:
    return school.taught(THING, TRIGGER, EMBEDDING, tmp_path_factory.mktemp("training"))


def test_an_embedding_teaches_it_more_often_than_it_is_drawn_untaught(
    school: School, embedding: Taught, onlooker: Onlooker
) -> None:
    wanted = in_other_colours(THING, TRIGGER, COLOURED)
    assert share(school, onlooker, wanted, embedding) >= EMBEDDING_SHARE


def test_prompts_without_its_word_do_not_know_of_an_embedding(
    school: School, embedding: Taught, untaught: np.ndarray
) -> None:
    few = [asked.text for asked in other_prompts(OTHERS)][:8]
    assert np.array_equal(school.drawn(few, embedding), untaught[:8])
