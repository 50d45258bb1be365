"""States: what a job remembers between two frames, as named arrays for a file (`numpy.savez`) and back, to the bit."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any, TypeVar, get_type_hints

import numpy as np
from numpy.typing import NDArray

State = TypeVar("State")

DOT = "."  # between the name of a state that is part of another one, and the names in it


def as_arrays(state: Any) -> dict[str, NDArray[Any]]:
    """The fields of a frozen dataclass whose fields are arrays, numbers, or such dataclasses again."""
    arrays: dict[str, NDArray[Any]] = {}
    for field in dataclasses.fields(state):
        value = getattr(state, field.name)
        if dataclasses.is_dataclass(value):
            inner = as_arrays(value)
            arrays |= {field.name + DOT + name: array for name, array in inner.items()}
        else:
            arrays[field.name] = np.asarray(value)
    return arrays


def from_arrays(cls: type[State], arrays: Mapping[str, NDArray[Any]]) -> State:
    """The state of that class that `as_arrays` told. Raises KeyError when a field is missing."""
    kinds = get_type_hints(cls)
    values: dict[str, Any] = {}
    for field in dataclasses.fields(cls):  # type: ignore[arg-type]
        name, kind = field.name, kinds[field.name]
        if dataclasses.is_dataclass(kind):
            start = name + DOT
            inner = {key[len(start) :]: arrays[key] for key in arrays if key.startswith(start)}
            values[name] = from_arrays(kind, inner)  # type: ignore[arg-type]
        else:
            values[name] = arrays[name] if arrays[name].ndim else arrays[name].item()
    return cls(**values)
