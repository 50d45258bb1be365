"""The process that makes one video. Its parent may end it at any moment: what it has on the disk is whole."""

from __future__ import annotations

import os
import sys
from multiprocessing.connection import Connection

from pipelines.errors import StudioError
from pipelines.video.messages import FilmDone, Shoot, ShootFailed
from pipelines.video.shooting.shooting import Shooting
from pipelines.works.lifeline import end_with_parent

NICENESS = 5  # the page and the worker go first


def main(connection: Connection, shoot: Shoot) -> None:
    """Ends with FilmDone or ShootFailed as its last word, or without one when it is killed."""
    end_with_parent()
    if sys.platform != "win32":
        os.nice(NICENESS)
    try:
        connection.send(_last_word(connection, shoot))
    except (BrokenPipeError, EOFError):
        return  # the web process is gone; nobody waits for frames any more


def _last_word(connection: Connection, shoot: Shoot) -> FilmDone | ShootFailed:
    try:
        return FilmDone(Shooting(connection, shoot).run())
    except StudioError as error:
        return ShootFailed(error.as_dict())
    except (BrokenPipeError, EOFError):
        raise
    except MemoryError:
        what = "The memory of this machine does not suffice for the video."
        return ShootFailed(StudioError(what, "Choose a smaller size.").as_dict())
    except Exception as failure:
        sys.excepthook(type(failure), failure, failure.__traceback__)
        what = f"The video met an error of its own: {type(failure).__name__}: {failure}."
        remedy = "Let it go on; if that does not help, look into the server's log."
        return ShootFailed(StudioError(what, remedy).as_dict())
