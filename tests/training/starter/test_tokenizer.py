"""The vocabulary is CLIP's in kind: what transformers reads from the shipped files gives the same ids as ours."""

import json

import pytest
from transformers.models.clip.tokenization_clip import CLIPTokenizer

from training.starter.plan import MODEL_FOLDER
from training.starter.tokenizer import END, START, byte_characters, save_tokenizer, train_tokenizer

TEXTS = ("a red boat on the sea at sunset", "An ELEPHANT, 3 cats & a café!", "", "日本 🐟")


@pytest.fixture(scope="module")
def tokenizer() -> CLIPTokenizer:
    return train_tokenizer(1200)


@pytest.mark.parametrize("text", TEXTS)
def test_saved_and_loaded_vocabularies_give_the_same_ids(tokenizer, tmp_path, text):
    save_tokenizer(tokenizer, tmp_path)
    loaded = CLIPTokenizer.from_pretrained(tmp_path)
    assert loaded(text).input_ids == tokenizer(text).input_ids


def test_the_plain_files_hold_the_same_vocabulary(tokenizer, tmp_path):
    save_tokenizer(tokenizer, tmp_path)
    vocabulary = json.loads((tmp_path / "vocab.json").read_text())
    lines = (tmp_path / "merges.txt").read_text().splitlines()[1:]
    merges = [tuple(line.split(" ")) for line in lines]
    rebuilt = CLIPTokenizer(vocab=vocabulary, merges=merges)
    assert all(rebuilt(text).input_ids == tokenizer(text).input_ids for text in TEXTS)


def test_the_layout_is_clips(tokenizer):
    words = sorted(tokenizer.get_vocab(), key=tokenizer.get_vocab().get)
    assert words[:256] == byte_characters()
    assert words[256:512] == [c + "</w>" for c in byte_characters()]
    assert words[-2:] == [START, END]
    assert len(words) == 1200


def test_our_words_are_single_tokens_and_come_back(tokenizer):
    text = "a red boat on the sea"
    assert tokenizer.tokenize(text) == [f"{word}</w>" for word in text.split()]
    assert tokenizer.decode(tokenizer(text).input_ids, skip_special_tokens=True).strip() == text


def test_shipped_plain_files_and_tokenizer_json_agree():
    folder = MODEL_FOLDER / "tokenizer"
    model = json.loads((folder / "tokenizer.json").read_text())["model"]
    assert json.loads((folder / "vocab.json").read_text()) == model["vocab"]
    merges = (folder / "merges.txt").read_text().splitlines()[1:]
    assert merges == [" ".join(pair) for pair in model["merges"]]
