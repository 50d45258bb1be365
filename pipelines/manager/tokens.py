"""How many CLIP tokens a prompt has: the same ids as the text encoder gets, counted without torch.

A checkpoint that comes with `tokenizer.json` has the whole tokenizer in it; older ones have a vocabulary and
merges, from which the byte-pair encoder of CLIP (Radford et al. 2021, Appendix) is put together here.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from tokenizers import Encoding, Regex, Tokenizer, normalizers, pre_tokenizers
from tokenizers.models import BPE

from pipelines.asking.wording import Wording
from pipelines.errors import ModelUnreadable
from pipelines.prompting.chunks import PLAIN, Vocabulary, chunks, length

# Tokens of a prompt that the text encoder takes at once, without its start and end token.
CHUNK = 75
START, END = "<|startoftext|>", "<|endoftext|>"
WORDS = r"'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"


@dataclass(frozen=True)
class TokenCount:
    """`limit` is where the last begun chunk is full."""

    tokens: int
    limit: int


class TokenCounter:
    """Keeps each tokenizer once it was read. May be used from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._tokenizers: dict[Path, Tokenizer] = {}

    def ids(self, text: str, tokenizer_path: Path) -> list[int]:
        """Raises ModelUnreadable when the files of the tokenizer are damaged."""
        ids: list[int] = self._encoded(text, tokenizer_path).ids
        return ids

    def spans(self, text: str, tokenizer_path: Path) -> list[tuple[int, int]]:
        """Where each of these tokens stands in the text. Raises ModelUnreadable."""
        spans: list[tuple[int, int]] = self._encoded(text, tokenizer_path).offsets
        return spans

    def _encoded(self, text: str, tokenizer_path: Path) -> Encoding:
        with self._lock:
            if tokenizer_path not in self._tokenizers:
                self._tokenizers[tokenizer_path] = _load(tokenizer_path)
            tokenizer = self._tokenizers[tokenizer_path]
        return tokenizer.encode(text, add_special_tokens=False)


def count(texts: Iterable[str], vocabulary: Vocabulary, wording: Wording = PLAIN) -> TokenCount:
    """How much room the longest of these texts takes, as AUTOMATIC1111 counts the variants of a prompt."""
    read = [chunks(text, vocabulary, wording) for text in texts]
    counts = [TokenCount(length(one, CHUNK), CHUNK * len(one)) for one in read]
    return max(counts, key=lambda one: (one.tokens, one.limit))


def _load(folder: Path) -> Tokenizer:
    try:
        if (folder / "tokenizer.json").exists():
            tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
            tokenizer.no_truncation()
            tokenizer.no_padding()
            return tokenizer
        return _clip(folder)
    except Exception as error:  # the library raises bare Exceptions
        raise ModelUnreadable(f"The tokenizer in {folder} cannot be read: {error}.") from error


def _clip(folder: Path) -> Tokenizer:
    model = BPE.from_file(
        str(folder / "vocab.json"),
        str(folder / "merges.txt"),
        continuing_subword_prefix="",
        end_of_word_suffix="</w>",
        fuse_unk=False,
        unk_token=END,
    )
    tokenizer = Tokenizer(model)
    tokenizer.add_special_tokens([START, END])
    tokenizer.normalizer = normalizers.Sequence(
        [normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()]
    )
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(WORDS), behavior="removed", invert=True),
            pre_tokenizers.ByteLevel(add_prefix_space=False),
        ]
    )
    return tokenizer
