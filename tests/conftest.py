"""What holds for all tests: those in a browser come last, since Playwright keeps an event loop until the end."""

from __future__ import annotations

import pytest

from tests import forked


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Only who asks for the real worker waits until torch is imported."""
    is_real = any(item.get_closest_marker("real") for item in session.items)
    forked.prepare(is_real_wanted=is_real)
