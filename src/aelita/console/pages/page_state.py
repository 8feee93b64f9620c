"""What the address of a page keeps."""

from collections.abc import Mapping

from . import frame


class State:
    """The state of a page: what is changed goes into its address."""

    def __init__(self, query: Mapping[str, str]) -> None:
        self._query = dict(query)

    def of(self, key: str) -> str:
        """Return a part of the state, nothing when it is not set."""
        return self._query.get(key, "")

    def change(self, **what: str) -> None:
        """Change parts of the state."""
        self._query |= what
        frame.remember(**self._query)
