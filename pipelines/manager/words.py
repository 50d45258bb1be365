"""What is put into prompts before anything else is settled: the styles that were chosen, then words for wildcards."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from pipelines.asking.noise import ANY_SEED
from pipelines.errors import RequestError
from pipelines.fields import within
from pipelines.manager.style_book import StyleBook, styled
from pipelines.prompting.styles import Style
from pipelines.prompting.wildcard_files import WildcardFiles
from pipelines.prompting.wildcard_text import WRAP, is_dynamic
from pipelines.prompting.wildcards import Expander
from pipelines.request import Request, roll

TRIES = (1, 100)
# What is written → where it is remembered, once words have come of it.
TEMPLATES = {"prompt": "template", "negative_prompt": "negative_template"}


class Tried(NamedTuple):
    """The words of a prompt for one seed."""

    seed: int
    prompt: str
    negative_prompt: str


@dataclass(frozen=True)
class Words:
    """May be asked from any thread."""

    styles: StyleBook
    wildcards: WildcardFiles

    def of(self, owner: str) -> Wording:
        """For the pictures of one request."""
        return Wording(self, owner)

    def tried(self, prompt: str, negative_prompt: str, seed: int, count: int) -> list[Tried]:
        """What becomes of prompts with so many seeds, one after another. Raises RequestError."""
        within("count", count, TRIES)
        within("seed", seed, ANY_SEED)
        seed = roll() if seed == -1 else seed
        expander = Expander(self.wildcards.all())
        return [
            Tried(
                one,
                expander.expand("prompt", prompt, one),
                expander.expand("negative_prompt", negative_prompt, one),
            )
            for one in range(seed, seed + count)
        ]

    def warnings(self, text: str) -> list[dict[str, Any]]:
        """What is wrong with the wildcards of a prompt, as warnings of its explanation."""
        if not is_dynamic(text):
            return []
        expander = Expander(self.wildcards.all())
        try:
            expander.expand("prompt", text, 0)
        except RequestError as error:
            told = {"why": error.why, "remedy": error.remedy, "is_refused": True}
            return [{"code": "endless_wildcard", "text": "", "start": None, "end": None, **told}]
        return [_missing(text, name) for name in expander.missing]


@dataclass
class Wording:
    """Looks at the files once, and only when a prompt asks for them."""

    words: Words
    owner: str
    _expander: Expander | None = None
    _styles: tuple[Style, ...] | None = None

    def varies(self, request: Request) -> bool:
        """Whether pictures of other seeds may have other words."""
        return any(is_dynamic(text) for _, text in _written(self._with_styles(request)))

    def worded(self, request: Request) -> Request:
        """With its styles and, by its seed, its words. Raises RequestError."""
        request = self._with_styles(request)
        changes: dict[str, str] = {}
        for name, text in _written(request):
            if is_dynamic(text):
                words = self._expanding().expand(name, text, request.seed)
                changes |= {name: words} if words != text else {}
        if not changes:
            return request
        templates = {
            TEMPLATES[name]: getattr(request, name) for name in TEMPLATES if name in changes
        }
        return request.changed({**changes, **templates})

    def _with_styles(self, request: Request) -> Request:
        if not request.styles:
            return request
        if self._styles is None:
            self._styles = self.words.styles.all(self.owner)
        return styled(request, self._styles)

    def _expanding(self) -> Expander:
        if self._expander is None:
            self._expander = Expander(self.words.wildcards.all())
        return self._expander


def _missing(text: str, name: str) -> dict[str, Any]:
    """`start` and `end` count UTF-16 code units; null where the name stands in the values of another one."""
    whole = f"{WRAP}{name}{WRAP}"
    at = text.find(whole)
    start = len(text[:at].encode("utf-16-le", "replace")) // 2 if at >= 0 else None
    end = len(whole.encode("utf-16-le", "replace")) // 2 + start if start is not None else None
    return {
        "code": "missing_wildcard",
        "text": whole,
        "start": start,
        "end": end,
        "why": "there is no wildcard of this name, so that it stays as it is",
        "remedy": "Put a file of this name into models/wildcards/, or write another name.",
        "is_refused": False,
    }


def _written(request: Request) -> list[tuple[str, str]]:
    """(field, text) of the prompts that may hold wildcards: where there is a template, words have come of it before."""
    found = [
        (name, getattr(request, name))
        for name, template in TEMPLATES.items()
        if not getattr(request, template)
    ]
    hires = request.hires
    if hires is not None and not request.template:
        found.append(("hires.prompt", hires.prompt))
    if hires is not None and not request.negative_template:
        found.append(("hires.negative_prompt", hires.negative_prompt))
    return found
