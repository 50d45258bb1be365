"""What the handlers of the API work with, and how they get it: `TheStudio` and `Owner` in a handler's parameters."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass, field
from pathlib import Path
from string import Template
from typing import Annotated, cast

from fastapi import Depends
from fastapi import Request as HttpRequest

from api.closing import Closing
from api.health import Readiness
from api.identity import Identity, load_secret
from api.throttle import Throttle
from pipelines import Assets, Downloads, Graphics, PipelineManager, Proposals, Settings

LOGIN_PAGE = Path(__file__).with_name("login.html")


@dataclass(frozen=True)
class Studio:
    """Lies in `app.state.studio`; made by `furnish`."""

    manager: PipelineManager
    identity: Identity
    throttle: Throttle
    closing: Closing
    readiness: Readiness
    assets: Assets
    downloads: Downloads
    graphics: Graphics
    proposals: Proposals
    login_page: Template
    a1111_checkpoints: dict[str, str] = field(default_factory=dict)  # owner → chosen by `options`
    a1111_vaes: dict[str, str] = field(default_factory=dict)


def furnish(settings: Settings, manager: PipelineManager, closing: Closing) -> Studio:
    """The studio of these settings. Raises SettingsError when the password cannot be read."""
    return Studio(
        manager=manager,
        identity=Identity(load_secret(settings.data_dir), settings.password(), time.time),
        throttle=Throttle(time.monotonic),
        closing=closing,
        readiness=Readiness(manager, closing, time.monotonic),
        assets=manager.assets,
        downloads=Downloads(settings, manager.catalog, os.environ),
        graphics=Graphics(),
        proposals=Proposals(manager.assets, settings.models_dir),
        login_page=Template(LOGIN_PAGE.read_text(encoding="utf-8")),
    )


async def studio_of(http: HttpRequest) -> Studio:
    return cast(Studio, http.app.state.studio)


async def owner_of(http: HttpRequest) -> str:
    """Whose request it is. Raises LoginNeeded."""
    return (await studio_of(http)).identity.owner_of(http.headers)


TheStudio = Annotated[Studio, Depends(studio_of)]
Owner = Annotated[str, Depends(owner_of)]
