"""Tokens for the places of models, read from the environment alone, each for one origin."""

from __future__ import annotations

from collections.abc import Mapping

import httpx

from pipelines.downloads.addresses import origin_of
from pipelines.settings import Settings

# Setting with the address → variable with the token for it.
VARIABLES = {"hub_url": "HF_TOKEN", "civitai_url": "CIVITAI_TOKEN"}


def tokens_by_origin(settings: Settings, environment: Mapping[str, str]) -> dict[str, str]:
    """Origin → token, for those that are set. What no header can hold is left out."""
    tokens = {}
    for name, variable in VARIABLES.items():
        token = environment.get(variable, "").strip()
        if token.isascii() and token.isprintable() and token:
            tokens[origin_of(httpx.URL(getattr(settings, name)))] = token
    return tokens
