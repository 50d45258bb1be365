"""A row of `parameters`: a key, the fields of a Request that it carries, and how both become the other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from pipelines.output.infotext.values import Context, Kind, Unusable
from pipelines.request import Request

Fields = dict[str, Any]  # values of a Request by their names as in errors: "sampling.steps"
Take = Callable[[str, Context], Fields]

NO_SOURCE = "The picture that it started from is not in the file."
NO_SECOND_PASS = "There is no second pass that it could belong to."


class Row(NamedTuple):
    """`tell`: the value, None to leave it out. `take`: the fields; raises Unusable. `aliases`: of other programs."""

    key: str
    tell: Callable[[Request], Any]
    take: Take
    aliases: tuple[str, ...] = ()

    @property
    def keys(self) -> tuple[str, ...]:
        return self.key, *self.aliases


def value_at(request: Request, path: str) -> Any:
    """None where a part on the way is None."""
    part: Any = request
    for name in path.split("."):
        part = getattr(part, name, None)
    return part


def plain(
    key: str, path: str, kind: Kind, default: Any = None, aliases: tuple[str, ...] = ()
) -> Row:
    """A row for one field, left out where it has this value."""

    def tell(request: Request) -> Any:
        value = value_at(request, path)
        return None if value is None or value == default else kind.write(value)

    return Row(key, tell, lambda text, _: {path: kind.read(text)}, aliases)


def when(is_so: Callable[[Context], bool], why_not: str, row: Row) -> Row:
    """The row, taken only where this is so."""

    def take(text: str, context: Context) -> Fields:
        if not is_so(context):
            raise Unusable(why_not)
        return row.take(text, context)

    return row._replace(take=take)


def hires(
    key: str, name: str, kind: Kind, default: Any = None, aliases: tuple[str, ...] = ()
) -> Row:
    row = plain(key, f"hires.{name}", kind, default, aliases)
    return when(lambda context: context.is_enlarged, NO_SECOND_PASS, row)


def of_source(key: str, path: str, kind: Kind, default: Any = None) -> Row:
    return when(lambda context: context.is_ours, NO_SOURCE, plain(key, path, kind, default))


def mark(key: str) -> Row:
    """What stands there comes from the files (see write); it decides nothing."""
    return Row(key, lambda _: None, lambda *_: {})
