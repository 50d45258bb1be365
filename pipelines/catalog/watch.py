"""Looks at the folders of models every few seconds, on a thread of its own, and says when something has changed there.

So a copied file shows up by itself, and nobody who asks has to wait for headers to be read.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from pipelines.catalog.catalog import Catalog

LOG = logging.getLogger(__name__)
PAUSE_SECONDS = 2.0


class Watch:
    """`changed` is called on the watching thread, after each look that shows something else."""

    def __init__(
        self,
        catalog: Catalog,
        changed: Callable[[], None],
        *,
        pause_seconds: float = PAUSE_SECONDS,
    ) -> None:
        self._catalog, self._changed, self._pause_seconds = catalog, changed, pause_seconds
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="models", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Does not wait: a look at a drive that hangs may take long."""
        self._is_over.set()

    def _run(self) -> None:
        said, trouble = self._catalog.version, ""
        while not self._is_over.is_set():
            try:
                version = self._catalog.look().version
            except Exception as error:  # whatever lies there must not end the watch
                if str(error) != trouble:
                    LOG.exception("the folders of models cannot be looked at")
                trouble = str(error)
            else:
                if version != said and not self._is_over.is_set():
                    said = version
                    self._changed()
            self._is_over.wait(self._pause_seconds)
