"""The state of decoders as plain arrays, to be kept beside what they gave and to go on from after a restart.

A state is a tree of dictionaries whose leaves are arrays without objects, as `numpy.savez` writes them without pickle.
"""

import json
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError

State = dict[str, "NDArray[Any] | State"]
SEPARATOR = "."


def flat_state(state: State, prefix: str = "") -> dict[str, NDArray[Any]]:
    """Return the leaves of a state by their paths, joined with dots."""
    found: dict[str, NDArray[Any]] = {}
    for name, value in state.items():
        if isinstance(value, dict):
            found |= flat_state(value, f"{prefix}{name}{SEPARATOR}")
        else:
            found[prefix + name] = value
    return found


def nested_state(flat: dict[str, NDArray[Any]]) -> State:
    """Return the state that `flat_state` made flat."""
    state: State = {}
    for path, value in flat.items():
        *parents, name = path.split(SEPARATOR)
        inside = state
        for parent in parents:
            below = inside.setdefault(parent, {})
            if not isinstance(below, dict):
                raise DataError(f"a state has both a value and more below {parent!r}", where=path)
            inside = below
        inside[name] = value
    return state


def branch(state: State, name: str) -> State:
    """Return the part of a state below a name, empty when there is none. Raises DataError when it is a leaf."""
    found = state.get(name, {})
    if not isinstance(found, dict):
        raise DataError(f"a state of decoders has a value where a part of it is due: {name}")
    return found


def leaf(state: State, name: str) -> NDArray[Any]:
    """Return an array of a state. Raises DataError when it is not there."""
    found = state.get(name)
    if found is None or isinstance(found, dict):
        raise DataError(f"a state of decoders has no {name}", remedy="It is of another version: decode again from the start")
    return found


def words_array(value: Any) -> NDArray[np.uint8]:
    """Return what JSON can say, as octets."""
    return np.frombuffer(json.dumps(value, separators=(",", ":")).encode(), np.uint8)


def words_of(octets: NDArray[np.uint8]) -> Any:
    """Return what `words_array` made octets of."""
    return json.loads(octets.tobytes())
