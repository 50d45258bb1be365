"""The presets of each owner, in `presets.json`, beside those that come with the house."""

from __future__ import annotations

import json
import threading
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from pipelines.asking.presets import PRESETS, Preset
from pipelines.errors import NotFound, RequestError, StudioError
from pipelines.output.own_files import OwnFiles
from pipelines.request import Request

FILE = "presets.json"
NAME_MAX = 100
OWN_MAX = 200
PRESET_BYTES_MAX = 64 * 2**10
FILE_BYTES_MAX = OWN_MAX * (PRESET_BYTES_MAX + 2**10)
# What belongs to one picture and not to a kind of them.
LEFT_OUT = ("source", "inpainting", "beginnings", "client_request_id")


class Presets:
    """May be asked from any thread."""

    def __init__(self, files: OwnFiles) -> None:
        self._files = files
        self._changing = threading.Lock()

    def all(self, owner: str) -> list[Preset]:
        """The house's first; an own one of the same name stands in place of it."""
        own = self._own(owner)
        mine = [
            Preset(name=name, settings=MappingProxyType(settings), is_builtin=False)
            for name, settings in own.items()
        ]
        return [*(one for one in PRESETS if one.name not in own), *mine]

    def put(self, owner: str, name: str, settings: Any) -> Preset:
        """Keeps settings under a name. Raises RequestError for what no request can have, or DiskFull."""
        name = name.strip()
        if not name or len(name) > NAME_MAX or not name.isprintable():
            remedy = f"Use up to {NAME_MAX} characters in one line."
            raise RequestError("name", name, "is no name for a preset", remedy)
        kept = _checked(settings)
        with self._changing:
            own = self._own(owner)
            if name not in own and len(own) >= OWN_MAX:
                why = f"would be the {OWN_MAX + 1}st preset"
                raise RequestError("name", name, why, "Delete one first.")
            self._write(owner, {**own, name: kept})
        return Preset(name=name, settings=MappingProxyType(kept), is_builtin=False)

    def remove(self, owner: str, name: str) -> None:
        """Raises NotFound, also for one of the house, or DiskFull."""
        with self._changing:
            own = self._own(owner)
            if name not in own:
                what = f"You have no preset {name[:NAME_MAX]} of your own."
                raise NotFound(what, "Those of the house stay.")
            self._write(owner, {one: own[one] for one in own if one != name})

    def _own(self, owner: str) -> dict[str, dict[str, Any]]:
        """By name; what cannot be read any more is passed over."""
        try:
            rows = json.loads(self._files.read(owner, FILE, FILE_BYTES_MAX) or b"{}")
        except (ValueError, RecursionError):
            return {}
        found = rows.items() if isinstance(rows, dict) else ()
        return {name: settings for name, settings in found if _is_sound(settings)}

    def _write(self, owner: str, own: Mapping[str, Any]) -> None:
        data = json.dumps(own, ensure_ascii=False, indent=1).encode("utf-8", "replace")
        self._files.write(owner, FILE, data, keeps_old=True)


def _checked(settings: Any) -> dict[str, Any]:
    """What a preset keeps of some settings. Raises RequestError."""
    Request.from_dict(settings)
    kept = {name: value for name, value in settings.items() if name not in LEFT_OUT}
    size = len(json.dumps(kept))
    if size > PRESET_BYTES_MAX:
        why = f"are {size:,} bytes long"
        raise RequestError("settings", size, why, f"Keep at most {PRESET_BYTES_MAX:,} bytes.")
    return kept


def _is_sound(settings: Any) -> bool:
    try:
        Request.from_dict(settings)
    except StudioError:
        return False
    return True
