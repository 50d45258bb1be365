"""Intake: what is proposed for each picture that is to be taught: crop, size, caption, and what is wrong."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pipelines.errors import RequestError, UploadError
from pipelines.finetune.pictures import captions, crops
from pipelines.finetune.pictures.captions import Words
from pipelines.finetune.pictures.counts import check_count, count_warnings
from pipelines.finetune.pictures.duplicates import first_alike
from pipelines.finetune.pictures.flattening import GREY
from pipelines.finetune.pictures.looking import Look, Seen
from pipelines.finetune.pictures.sizes import Crop, size_for
from pipelines.finetune.plan import TEXT_CHARACTERS, Plan
from pipelines.output.assets import Asset

RESOLUTION = 512  # px, where the plan leaves it open
FIELDS = ("image", "caption", "crop", "is_held_out", "text")
CountTokens = Callable[[str], int]


@dataclass(frozen=True, kw_only=True)
class Sent:
    """A picture that was sent, and what its owner has decided about it. Empty and None: it is proposed.

    `place`: where it stood among all that were sent, from 0, by which problems name it; None: as among those examined.
    """

    image: str  # the id of its upload
    path: Path
    caption: str = ""
    crop: Crop | None = None
    is_held_out: bool = False
    said: str = (
        ""  # a caption that came along: a text beside it, a prompt or a description inside it
    )
    place: int | None = None

    @property
    def is_described(self) -> bool:
        """By its owner or by what came along; else its caption is the plain one, the same for all."""
        return bool(self.caption or self.said.strip(" ,"))


@dataclass(frozen=True, kw_only=True)
class Proposal:
    """`size`: width, height in px that it is trained at. `duplicate_of`: the place of an earlier one like it.

    `is_left_out`: the same pixels are there already with the same crop and caption, and are taught once.
    """

    image: str
    width: int
    height: int
    crop: Crop
    size: tuple[int, int]
    caption: str
    is_described: bool = False
    warnings: tuple[str, ...] = ()
    duplicate_of: int | None = None
    is_held_out: bool = False
    is_left_out: bool = False

    def as_dict(self) -> dict[str, Any]:
        """The JSON of the API."""
        return dataclasses.asdict(self)


@dataclass(frozen=True, kw_only=True)
class Proposals:
    """For each picture one, in their order; `problems` stop a training, `warnings` do not."""

    items: tuple[Proposal, ...] = ()
    problems: tuple[RequestError, ...] = ()
    warnings: tuple[str, ...] = ()


def sent(asset: Asset, given: Any = None, place: int | None = None) -> Sent:
    """An upload, and the JSON object that names it: {"image", "caption"?, "crop"?, "is_held_out"?, "text"?}.

    `text`: of the file of its name that lay beside it. Raises RequestError, e.g. for "examples.0.crop".
    """
    values, field = given if isinstance(given, dict) else {}, field_of(place or 0)
    for name in values:
        if name not in FIELDS:
            remedy = f"Send some of {', '.join(FIELDS)}."
            raise RequestError(f"{field}.{name}", values[name], "is not known", remedy)
    is_held_out = values.get("is_held_out", False)
    if not isinstance(is_held_out, bool):
        name = f"{field}.is_held_out"
        raise RequestError(name, is_held_out, "is not true or false", "Send true or false.")
    prompt = captions.of_prompt(asset.request.prompt) if asset.request else ""
    return Sent(
        image=asset.id,
        path=asset.path,
        caption=_text(f"{field}.caption", values.get("caption")),
        crop=crops.read_crop(f"{field}.crop", values.get("crop")),
        is_held_out=is_held_out,
        said=_text(f"{field}.text", values.get("text")) or prompt or asset.description,
        place=place,
    )


def field_of(place: int) -> str:
    """By which problems name a picture."""
    return f"examples.{place}"


def examine(
    pictures: Sequence[Sent], plan: Plan, look: Look, count_tokens: CountTokens | None = None
) -> Proposals:
    """Never raises for what is wrong with pictures: that stands in `problems`, e.g. with field "examples.3.crop".

    `plan.resolution` counts, 512 where it is open. `look` is called once a picture. `count_tokens`: of a caption, by
    the checkpoint's tokenizer; None: captions are not measured.
    """
    problems: list[RequestError] = [*check_count(len(pictures))]
    if problems:
        return Proposals(problems=tuple(problems))
    items: list[Proposal] = []
    prints: list[bytes] = []  # b"": it cannot be taught
    for index, picture in enumerate(pictures):
        seen, error = None, None
        field = field_of(index if picture.place is None else picture.place)
        try:
            seen = look(picture.image, picture.path)
            item = _proposal(field, picture, seen, plan)
        except (RequestError, UploadError) as found:
            error = _named(f"{field}.image", picture, found)
            problems.append(error)
            item = _unusable(picture, seen, plan, error)
        prints.append(seen.fingerprint if seen and not error else b"")
        item = _warned(item, seen, Words.of(plan), count_tokens)
        items.append(_compared(item, items, prints))
    taught = [one for one, own in zip(items, prints, strict=True) if own and not one.is_left_out]
    if not problems:
        problems += check_count(len(taught), sum(item.is_held_out for item in taught))
    warned = count_warnings(len(taught), sum(item.is_left_out for item in items))
    return Proposals(items=tuple(items), problems=tuple(problems), warnings=tuple(warned))


def _proposal(field: str, picture: Sent, seen: Seen, plan: Plan) -> Proposal:
    words = Words.of(plan)
    crop, size = crops.propose(field, seen, picture.crop, plan.resolution or RESOLUTION)
    return Proposal(
        image=picture.image,
        width=seen.width,
        height=seen.height,
        crop=crop,
        size=size,
        caption=picture.caption or captions.taken_over(picture.said, words),
        is_described=picture.is_described,
        warnings=tuple(crops.warnings(seen, crop, size, picture.crop is not None)),
        is_held_out=picture.is_held_out,
    )


def _unusable(picture: Sent, seen: Seen | None, plan: Plan, error: RequestError) -> Proposal:
    """What stands in the place of a picture that cannot be taught as it is, so that it can be shown and mended."""
    width, height = (seen.width, seen.height) if seen else (0, 0)
    size = size_for(width, height, plan.resolution or RESOLUTION) if seen else (0, 0)
    why = error.why if error.why[:1].isupper() else f"it {error.why}"
    return Proposal(
        image=picture.image,
        width=width,
        height=height,
        crop=(0, 0, width, height),
        size=size,
        caption=picture.caption or captions.taken_over(picture.said, Words.of(plan)),
        is_described=picture.is_described,
        warnings=(f"It cannot be taught: {why.rstrip('.')}.",),
        is_held_out=picture.is_held_out,
    )


def _warned(
    item: Proposal, seen: Seen | None, words: Words, count_tokens: CountTokens | None
) -> Proposal:
    if seen is None:
        return item
    found = list(item.warnings)
    if seen.ground is not None:
        colour = "grey, since it is white itself" if seen.ground == GREY else "white"
        found.append(f"What is transparent in it is trained as {colour}.")
    if seen.is_empty:
        found.append("It is of one colour: there is nothing to be seen.")
    told = captions.warnings(item.caption, words, count_tokens)
    found += [f"Its caption {why}." for why in told]
    return dataclasses.replace(item, warnings=tuple(found))


def _compared(item: Proposal, before: Sequence[Proposal], prints: Sequence[bytes]) -> Proposal:
    """With what it has in common with those before it; `prints` ends with its own."""
    index = len(prints) - 1
    same = [n for n, one in enumerate(before) if one.image == item.image and prints[n]]
    alike = same[0] if same else first_alike(index, prints)
    if alike is None or not prints[index]:
        return item
    is_left_out = any(
        (before[n].crop, before[n].caption) == (item.crop, item.caption) for n in same
    )
    words = f"It looks like picture {alike + 1}: what both show counts twice."
    if same:
        words = f"It is picture {alike + 1} once more"
        words += ", and is taught once." if is_left_out else ", with another crop or caption."
    return dataclasses.replace(
        item,
        warnings=(words, *item.warnings),
        duplicate_of=alike,
        is_left_out=is_left_out,
    )


def _named(field: str, picture: Sent, error: RequestError | UploadError) -> RequestError:
    if isinstance(error, RequestError):
        return error
    return RequestError(field, picture.image, error.message, f"{error.remedy} Or take it out.")


def _text(field: str, given: Any) -> str:
    """A caption on one line. Raises RequestError."""
    if given is None:
        return ""
    if not isinstance(given, str):
        raise RequestError(field, given, "is no text", "Send a text.")
    text = " ".join(given.split())
    if len(text) > TEXT_CHARACTERS and not field.endswith(".text"):
        why = f"has {len(text):,} characters"
        raise RequestError(field, text, why, f"Use up to {TEXT_CHARACTERS}.")
    return "".join(sign for sign in text if sign.isprintable())
