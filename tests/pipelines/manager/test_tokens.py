"""Token counts equal those of the tokenizer that the text encoder uses."""

from __future__ import annotations

from pathlib import Path

import pytest
from transformers import CLIPTokenizer

from pipelines.errors import ModelUnreadable
from pipelines.manager.tokens import TokenCounter, count
from pipelines.prompting.chunks import Vocabulary
from tests import paper_checkpoint

ROOT = Path(__file__).parents[3]
STARTER = ROOT / "models" / "starter" / "tokenizer"
TEXTS = [
    "",
    "red",
    "a red circle, on a BLUE background",
    "it's 2 o'clock — ünïcödé, 日本語, 🦊🦊",
    "tabs\tand\n\nnewlines   and    spaces",
    "a<|endoftext|> written out",
    "word " * 200,
]


def without_fast_file(folder: Path) -> Path:
    """The same tokenizer as a folder of vocabulary and merges alone, as older checkpoints have it."""
    folder.mkdir()
    for name in ("vocab.json", "merges.txt"):
        (folder / name).write_bytes((STARTER / name).read_bytes())
    return folder


def paper(folder: Path) -> Vocabulary:
    """What a checkpoint of paper can read."""
    tokenizer, counter = paper_checkpoint.write(folder / "paper") / "tokenizer", TokenCounter()
    return Vocabulary(lambda text: counter.ids(text, tokenizer), {}, 75)


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("has_fast_file", [True, False])
def test_counts_equal_the_text_encoders(text: str, has_fast_file: bool, tmp_path: Path) -> None:
    reference = CLIPTokenizer.from_pretrained(STARTER)
    folder = STARTER if has_fast_file else without_fast_file(tmp_path / "tokenizer")

    counted = TokenCounter().ids(text, folder)

    assert counted == reference(text, add_special_tokens=False)["input_ids"]


@pytest.mark.parametrize(("words", "limit"), [(0, 75), (75, 75), (76, 150), (151, 225)])
def test_the_limit_is_the_end_of_the_last_begun_chunk(
    words: int, limit: int, tmp_path: Path
) -> None:
    counted = count(["red " * words], paper(tmp_path))

    assert (counted.tokens, counted.limit) == (words, limit)


def test_the_longest_of_several_texts_counts(tmp_path: Path) -> None:
    counted = count(["red", "red red red", "red red"], paper(tmp_path))

    assert (counted.tokens, counted.limit) == (3, 75)


def test_each_token_has_its_place_in_the_text(tmp_path: Path) -> None:
    text = "A red  Circle, 🦊"

    spans = TokenCounter().spans(text, STARTER)

    assert len(spans) == len(TokenCounter().ids(text, STARTER))
    assert [text[begin:end] for begin, end in spans][:2] == ["A", "red"]
    assert text[spans[-1][0] : spans[-1][1]] == "🦊"


def test_a_tokenizer_is_read_once(tmp_path: Path) -> None:
    folder = paper_checkpoint.write(tmp_path / "paper") / "tokenizer"
    counter = TokenCounter()
    before = counter.ids("red red", folder)

    (folder / "vocab.json").unlink()

    assert counter.ids("red red", folder) == before


def test_a_damaged_tokenizer_is_named(tmp_path: Path) -> None:
    (tmp_path / "tokenizer.json").write_text("{}")

    with pytest.raises(ModelUnreadable, match="tokenizer in"):
        TokenCounter().ids("red", tmp_path)
