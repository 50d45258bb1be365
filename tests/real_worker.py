"""All that the real worker imports, under the environment that it imports it in: to fork real workers from."""

from __future__ import annotations

import os

from pipelines.worker.process import ENVIRONMENT

for _name, _value in ENVIRONMENT.items():
    os.environ.setdefault(_name, _value)

from pipelines.worker.device import choice, memory  # noqa: E402, F401
from pipelines.worker.engine import service  # noqa: E402, F401
