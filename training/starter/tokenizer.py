"""A byte-level BPE vocabulary of our own in CLIP's layout: 256 bytes, 256 word-ending bytes, merges, two specials."""

import json
import pydoc_data.topics
import re
from pathlib import Path

import numpy as np
from tokenizers import Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, trainers
from transformers import CLIPTokenizer

from training.starter.captions import describe
from training.starter.plan import SEED, TOKENS
from training.starter.scenes import sample_scene

START, END = "<|startoftext|>", "<|endoftext|>"
WORD_PATTERN = r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"
CAPTIONS = 6000


def english_words() -> list[str]:
    """Ordinary English that comes with Python: the words of its own reference."""
    return re.findall(r"[a-z]+", " ".join(pydoc_data.topics.topics.values()).lower())


def training_text() -> list[str]:
    """Captions, and as much English again, so that unknown words do not fall to letters."""
    captions = []
    for index in range(CAPTIONS):
        rng = np.random.default_rng([SEED, 1, index])
        captions.append(describe(sample_scene(rng), rng).text)
    words = english_words()[:60_000]
    return captions + [" ".join(words[i : i + 12]) for i in range(0, len(words), 12)]


def byte_characters() -> list[str]:
    """The 256 printable stand-ins for bytes, in CLIP's order: printable bytes first, then the others."""
    printable = [
        *range(ord("!"), ord("~") + 1),
        *range(ord("¡"), ord("¬") + 1),
        *range(ord("®"), ord("ÿ") + 1),
    ]
    others = [b for b in range(256) if b not in printable]
    return [chr(b) for b in printable] + [chr(256 + n) for n in range(len(others))]


def train_tokenizer(size: int) -> CLIPTokenizer:
    """Learn the merges and arrange the vocabulary as CLIP does."""
    learner = Tokenizer(models.BPE(end_of_word_suffix="</w>", continuing_subword_prefix=""))
    learner.normalizer = normalizers.Sequence([normalizers.NFC(), normalizers.Lowercase()])
    learner.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(WORD_PATTERN), behavior="removed", invert=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False),
        ]
    )
    learner.decoder = decoders.ByteLevel()
    letters = byte_characters()
    trainer = trainers.BpeTrainer(
        vocab_size=size - 2,
        end_of_word_suffix="</w>",
        initial_alphabet=letters,
        show_progress=False,
    )
    learner.train_from_iterator(training_text(), trainer)
    merges = [tuple(m) for m in json.loads(learner.to_str())["model"]["merges"]][: size - 514]
    words = [*letters, *(c + "</w>" for c in letters), *("".join(m) for m in merges), START, END]
    vocabulary = {word: index for index, word in enumerate(dict.fromkeys(words))}
    return CLIPTokenizer(
        vocab=vocabulary,
        merges=merges,
        bos_token=START,
        eos_token=END,
        unk_token=END,
        pad_token=END,
        model_max_length=TOKENS,
    )


def save_tokenizer(tokenizer: CLIPTokenizer, folder: Path) -> None:
    """Save as transformers does, and beside it vocab.json and merges.txt, which other tools expect."""
    tokenizer.backend_tokenizer.no_padding()  # each use sets its own; the last one is nobody's business
    tokenizer.backend_tokenizer.no_truncation()
    tokenizer.save_pretrained(folder)
    model = json.loads((folder / "tokenizer.json").read_text())["model"]
    vocabulary = dict(sorted(model["vocab"].items(), key=lambda item: item[1]))
    (folder / "vocab.json").write_text(json.dumps(vocabulary, ensure_ascii=False))
    merges = "\n".join(" ".join(pair) for pair in model["merges"])
    (folder / "merges.txt").write_text(f"#version: 0.2\n{merges}\n")
