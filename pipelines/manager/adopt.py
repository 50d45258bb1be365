"""Gives pictures to another owner: `python -m pipelines.manager.adopt`, while the server is stopped.

Without a password everybody is the owner "local"; with one, each browser is an owner of its own, and one that has
lost its cookie is a new one. So pictures may lie there that nobody sees any more, until they are given to somebody.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from datetime import datetime

from pipelines.errors import NotFound, StudioError
from pipelines.manager.lock import FolderLock
from pipelines.output.library import Library
from pipelines.output.record import LOCAL_OWNER, Holding
from pipelines.settings import Settings, read

PROMPT_CHARACTERS = 50


def main(arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    """Lists the owners, or gives the pictures of one to another; the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m pipelines.manager.adopt",
        description="Lists whose pictures there are, or gives those of one owner to another. "
        "Takes the flags of app.py too, such as --data-dir.",
    )
    parser.add_argument("--to", metavar="OWNER", help="who gets them; left out: all are listed")
    parser.add_argument(
        "--of",
        metavar="OWNER",
        default=LOCAL_OWNER,
        help="whose pictures (default: those made without a password)",
    )
    asked, rest = parser.parse_known_args(arguments)
    try:
        print(run(read(rest, environment), asked.to, asked.of))
    except StudioError as error:
        print(f"{error.message} {error.remedy}", file=sys.stderr)
        return 2
    return 0


def run(settings: Settings, owner: str | None, giver: str) -> str:
    """What was done, or who is there, in words. Raises NotFound for an owner without a picture, or AlreadyRunning."""
    lock = FolderLock(settings.data_dir)
    try:
        library = Library(settings.output_dir, settings.data_dir)
        try:
            holdings = library.holdings()
            if owner is None:
                return "\n".join(map(_line, holdings)) or "There are no pictures."
            known = [holding.owner for holding in holdings]
            if owner not in known:
                raise NotFound(
                    f"{owner} has no pictures.",
                    "Make one in that browser first, stop the server, then look at the list.",
                )
            return (
                f"Pictures of {giver} that are now those of {owner}: {library.give(giver, owner)}."
            )
        finally:
            library.close()
    finally:
        lock.release()


def _line(holding: Holding) -> str:
    last = datetime.fromtimestamp(holding.last_created).strftime("%Y-%m-%d %H:%M")
    prompt = " ".join(holding.last_prompt.split())[:PROMPT_CHARACTERS]
    pictures = f"{holding.pictures} picture{'s' * (holding.pictures != 1)}"
    return f"{holding.owner}  {pictures}, the last on {last}: {prompt}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:], os.environ))
