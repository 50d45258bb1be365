"""Settings: each field below is one row, from which come the flag, DARKROOM_X, the key of darkroom.toml and the docs.

A flag wins over the environment, that over darkroom.toml, that over the default. Lists are not joined: the first
source that names any wins, except that the repository's own `models/` is always looked through first.
`python -m pipelines.settings` prints docs/settings.md.
"""

# ruff: noqa: RUF009 - the calls in the table only make dataclass fields

from __future__ import annotations

import argparse
import dataclasses
import difflib
import sys
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from ipaddress import ip_address
from pathlib import Path
from typing import Any, NoReturn

from pipelines.errors import SettingsError
from pipelines.kinds import (
    DEVICE,
    DTYPE,
    FLAG,
    HOST,
    NAMES,
    PATH,
    PATHS,
    ROOT,
    SIZE,
    URL,
    Kind,
    Unusable,
    one_of,
    size_bytes,
    whole,
)
from pipelines.tiers import AUTO, TIERS
from pipelines.version import VERSION

REPOSITORY = Path(__file__).resolve().parent.parent
FILE_NAME = "darkroom.toml"
SHORTEST_PASSWORD = 8  # characters; guesses are throttled to some thousands a day


def _row(default: Any, kind: Kind, help: str) -> Any:
    return field(default=default, metadata={"kind": kind, "help": help})


@dataclass(frozen=True, kw_only=True)
class Settings:
    """What the one who starts Darkroom decides. The fields are the table: default, how it is written, what it does."""

    host: str = _row(
        "127.0.0.1", HOST, "Address to listen on. 0.0.0.0: every network; asks for --password-file."
    )
    port: int = _row(7860, whole(0, 65535), "Port to listen on. 0: any free one.")
    allowed_host: tuple[str, ...] = _row(
        (), NAMES, "Name, other than an IP address, that the page is reached by."
    )
    root_path: str = _row("", ROOT, "Path prefix that a reverse proxy strips, e.g. /sd.")
    password_file: Path | None = _row(
        None, PATH, "File whose first line is the password of the login."
    )
    open_browser: bool = _row(False, FLAG, "Open the page in this machine's browser.")
    device: str = _row("auto", DEVICE, "What makes the pictures: auto, cpu, mps, cuda, cuda:1 …")
    dtype: str = _row("auto", DTYPE, "Number format of the networks.")
    attention: str = _row("sdpa", one_of("sdpa", "xformers"), "Implementation of attention.")
    vram: str = _row("", SIZE, "Most GPU memory to use, e.g. 6G. Empty: all that is free.")
    ram: str = _row(
        "", SIZE, "Most main memory for models, e.g. 12G. Empty: what the machine can spare."
    )
    allow_pickle: bool = _row(
        False,
        FLAG,
        "Offer to turn pickles (.ckpt, .pt) into safetensors, in a process that builds numbers only.",
    )
    tier: str = _row(
        AUTO,
        one_of(AUTO, *(row.name for row in TIERS)),
        "Where networks lie while they draw; auto: the fastest way that fits.",
    )
    max_active_pictures: int = _row(8, whole(1, 64), "Pictures that may develop at the same time.")
    exact: bool = _row(
        False, FLAG, "Pictures never share a forward: the same bits whatever else runs, but slower."
    )
    offline: bool = _row(
        False, FLAG, "Never use the network, not even for a download that was asked for."
    )
    hub_url: str = _row(
        "https://huggingface.co", URL, "Where models of Hugging Face are asked for, e.g. a mirror."
    )
    civitai_url: str = _row(
        "https://civitai.com", URL, "Where models of CivitAI are asked for, e.g. a mirror."
    )
    download_host: tuple[str, ...] = _row(
        (), NAMES, "Host, beside Hugging Face and CivitAI, that models may be downloaded from."
    )
    models_dir: tuple[Path, ...] = _row(
        (REPOSITORY / "models",),
        PATHS,
        "Folder of models, beside models/. Downloads go to the last.",
    )
    from_: tuple[Path, ...] = _row(
        (),
        PATHS,
        "Installation of AUTOMATIC1111, Forge, SD.Next, ComfyUI or InvokeAI to take over where it lies.",
    )
    output_dir: Path = _row(REPOSITORY / "outputs", PATH, "Folder for finished pictures.")
    data_dir: Path = _row(
        REPOSITORY / "data", PATH, "Folder for the queue, the index, uploads and caches."
    )
    config: Path | None = _row(
        None, PATH, f"File of settings. Without it: {FILE_NAME} in the data folder, if there."
    )

    @property
    def vram_bytes(self) -> int | None:
        """`vram` as a number; None: no limit of ours."""
        return size_bytes(self.vram)

    @property
    def ram_bytes(self) -> int | None:
        """`ram` as a number; None: no limit of ours."""
        return size_bytes(self.ram)

    @property
    def is_loopback(self) -> bool:
        """Whether only programs on this machine can connect."""
        try:
            return ip_address(self.host.strip("[]")).is_loopback
        except ValueError:
            return self.host.casefold() == "localhost"

    def password(self) -> str | None:
        """The first line of the password file; None: no login. Raises SettingsError."""
        if self.password_file is None:
            return None
        try:
            with self.password_file.open(encoding="utf-8") as file:
                password = file.readline().strip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            why = f"cannot be read ({error.__class__.__name__})"
            remedy = "Write the password into the first line of that file, readable for this user."
            raise SettingsError("--password-file", str(self.password_file), why, remedy) from None
        if len(password) < SHORTEST_PASSWORD:
            why = f"holds a password of fewer than {SHORTEST_PASSWORD} characters"
            remedy = "Write a longer one into its first line."
            raise SettingsError("--password-file", str(self.password_file), why, remedy)
        return password


# By the name that people write; a word of Python's has a _ behind it as a field.
ROWS = {row.name.rstrip("_"): row for row in dataclasses.fields(Settings)}


def read(arguments: Sequence[str], environment: Mapping[str, str]) -> Settings:
    """The settings of this start. `--help` and `--version` print and end the process. Raises SettingsError."""
    flags = {n: v for n, v in _parse_flags(arguments).items() if v is not None}
    variables = {
        name: environment[_variable(name)] for name in ROWS if environment.get(_variable(name))
    }
    given = {
        **{name: _from_text(name, text, _variable(name)) for name, text in variables.items()},
        **{name: _from_text(name, text, _flag(name)) for name, text in flags.items()},
    }
    values = {**_read_file(given), **given}
    settings = Settings(**{ROWS[name].name: value for name, value in values.items()})
    models = (REPOSITORY / "models", *settings.models_dir)
    settings = dataclasses.replace(settings, models_dir=tuple(dict.fromkeys(models)))
    _check_exposure(settings)
    return settings


def _check_exposure(settings: Settings) -> None:
    if settings.password_file is not None:
        settings.password()
        return
    remedy = "Add --password-file FILE, whose first line is the password that everybody uses."
    if not settings.is_loopback:
        why = "others on the network could use this without a password"
        raise SettingsError("--host", settings.host, why, remedy)
    if settings.allowed_host:
        why = "a name from outside means that others can come in, without a password"
        raise SettingsError("--allowed-host", settings.allowed_host[0], why, remedy)


def _flag(name: str) -> str:
    return "--" + name.replace("_", "-")


def _variable(name: str) -> str:
    return "DARKROOM_" + name.upper()


class _Parser(argparse.ArgumentParser):
    """argparse, whose complaints are SettingsErrors of one line."""

    def error(self, message: str) -> NoReturn:
        raise SettingsError("", None, message, "See --help.")


def _parse_flags(arguments: Sequence[str]) -> dict[str, Any]:
    parser = _Parser(
        prog="app.py", description="Darkroom, a studio for Stable Diffusion.", allow_abbrev=False
    )
    parser.add_argument("--version", action="version", version=f"Darkroom {VERSION}")
    for name, row in ROWS.items():
        kind: Kind = row.metadata["kind"]
        more: dict[str, Any] = {"metavar": kind.shown}
        if kind is FLAG:
            more = {"action": argparse.BooleanOptionalAction}
        elif kind.separator:
            more["action"] = "append"
        parser.add_argument(_flag(name), default=None, help=_help(name), **more)
    values, rest = parser.parse_known_args(arguments)
    if rest:
        flags = [_flag(name) for name in ROWS]
        raise SettingsError("", None, f"{rest[0]} is no flag", _suggestion(rest[0], flags))
    return vars(values)


def _help(name: str) -> str:
    default = _default(name)
    return f"{ROWS[name].metadata['help']} (default: {default})".replace("%", "%%")


def _suggestion(word: str, known: Sequence[str]) -> str:
    near = difflib.get_close_matches(word.partition("=")[0], known, 1)
    return f"Did you mean {near[0]}?" if near else "See --help."


def _from_text(name: str, value: Any, source: str, base: Path | None = None) -> Any:
    """The value of one setting from what a source gave; lists come as a list (flags, file) or joined (environment)."""
    kind: Kind = ROWS[name].metadata["kind"]
    if isinstance(value, str) and kind.separator:
        value = [part.strip() for part in value.split(kind.separator) if part.strip()]
    texts = value if isinstance(value, list) else [value]
    try:
        values = [kind.read(str(text), base or Path.cwd()) for text in texts]
    except Unusable as error:
        raise SettingsError(source, value, *error.args) from None
    return tuple(values) if kind.separator else values[0]


def _read_file(given: Mapping[str, Any]) -> dict[str, Any]:
    """The settings in the file; an empty dict when there is none and none was asked for."""
    asked = given.get("config")
    path = asked or given.get("data_dir", Settings.data_dir) / FILE_NAME
    if asked is None and not path.exists():
        return {}
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        remedy = "Correct the file, or leave --config out."
        raise SettingsError("--config", str(path), f"cannot be read: {error}", remedy) from None
    return {name: _from_file(name, value, path) for name, value in values.items()}


def _from_file(name: str, value: Any, path: Path) -> Any:
    if name not in ROWS or name == "config":
        known = [row for row in ROWS if row != "config"]
        raise SettingsError("", None, f"{name} in {path} is no setting", _suggestion(name, known))
    kind: Kind = ROWS[name].metadata["kind"]
    parts = value if kind.separator and isinstance(value, list) else [value]
    if not all(type(part) in kind.toml for part in parts):
        expected = "a list of texts" if kind.separator else kind.toml[0].__name__
        raise SettingsError(f"{name} in {path}", value, "has the wrong type", f"Write {expected}.")
    return _from_text(name, value, f"{name} in {path}", path.parent)


def _default(name: str) -> str:
    """The default as a person would write it."""
    value = ROWS[name].default
    values = value if isinstance(value, tuple) else (value,)
    shown = [
        str(v.relative_to(REPOSITORY)) + "/" if isinstance(v, Path) else str(v) for v in values
    ]
    if value is None or value == "":
        return "none"
    return {"True": "yes", "False": "no"}.get(", ".join(shown), ", ".join(shown) or "none")


DOCS_HEAD = f"""# Settings

<!-- Made by `python -m pipelines.settings > docs/settings.md` from the table in pipelines/settings.py. -->

Every setting can be given in three places. A flag wins over an environment variable, and that over `{FILE_NAME}` in the
data folder (or the file of `--config`).

- Lists: the flag is repeated (`--models-dir /mnt/models --models-dir more`); the file has a list
  (`models_dir = ["/mnt/models", "more"]`); the environment joins names with `,` and folders with `:` (`;` on Windows).
- Paths in the file start from the file's own folder. `models/` of the repository is always looked through first.
- Sizes are bytes, or have K, M, G or T behind them (steps of 1024).
- A flag that says yes has a twin that says no: `--no-exact`.
- Secrets are no settings. Downloads of models read `HF_TOKEN` and `CIVITAI_TOKEN` from the environment
  ([getting models](guide/get-models.md)).

| flag | environment | in `{FILE_NAME}` | default | |
|---|---|---|---|---|
"""


def docs_page() -> str:
    """docs/settings.md, whole."""
    lines = []
    for name, row in ROWS.items():
        kind: Kind = row.metadata["kind"]
        shown = f" {kind.shown}" if kind.shown else ""
        repeated = " (repeatable)" if kind.separator else ""
        choices = row.metadata["help"] + repeated
        key = "" if name == "config" else f"`{name}`"
        flag = f"`{_flag(name)}{shown}`"
        lines.append(f"| {flag} | `{_variable(name)}` | {key} | {_default(name)} | {choices} |")
    return DOCS_HEAD + "\n".join(lines) + "\n"


if __name__ == "__main__":
    sys.stdout.write(docs_page())
