"""TOML tables read strictly: every key has a type and a range, and a key nobody asked for is refused by name."""

import tomllib
from collections.abc import Iterable
from typing import Any

from .errors import DefinitionError


class Table:
    """One table of a definition file. Readers take keys out; `finish` refuses what is left."""

    def __init__(self, values: dict[str, Any], where: str) -> None:
        self.values, self.where = dict(values), where
        self._known: list[str] = []

    @staticmethod
    def parse(text: str, where: str) -> "Table":
        """Return the top table of a TOML text. Raises DefinitionError with the parser's own words when it is not TOML."""
        try:
            return Table(tomllib.loads(text), where)
        except tomllib.TOMLDecodeError as error:
            raise DefinitionError(f"not valid TOML: {error}", where=where) from error

    def path(self, key: str) -> str:
        """Return the file and key, for errors."""
        return f"{self.where}: {key}"

    def _take(self, key: str, default: Any) -> Any:
        self._known.append(key)
        if key in self.values:
            return self.values.pop(key)
        if default is None:
            raise DefinitionError("missing", where=self.path(key), remedy="Add the key")
        return default

    def _refuse(self, key: str, value: object, wanted: str) -> DefinitionError:
        return DefinitionError(f"{value!r} is not {wanted}", where=self.path(key))

    def text(self, key: str, default: str | None = None) -> str:
        """Return a text; with no default the key must be there."""
        value = self._take(key, default)
        if not isinstance(value, str):
            raise self._refuse(key, value, "a text")
        return value

    def choice(self, key: str, allowed: Iterable[str], default: str | None = None) -> str:
        """Return one of the allowed words; whole numbers and truth values count as their spelling."""
        value = str(self._take(key, default))
        if value not in allowed:
            raise self._refuse(key, value, f"one of {', '.join(allowed)}")
        return value

    def number(self, key: str, default: int | None, least: int, most: int) -> int:
        """Return a whole number from `least` to `most`; the default itself is not checked."""
        self_given = key in self.values
        value = self._take(key, default)
        if not isinstance(value, int) or isinstance(value, bool) or (self_given and not least <= value <= most):
            raise self._refuse(key, value, f"a whole number from {least} to {most}")
        return value

    def real(self, key: str, default: float | None) -> float:
        """Return a number."""
        value = self._take(key, default)
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise self._refuse(key, value, "a number")
        return self._float(key, value)

    def _float(self, key: str, value: float) -> float:
        try:
            return float(value)
        except OverflowError as error:  # TOML has whole numbers of any size
            raise self._refuse(key, value, "a number that fits into 64 bits") from error

    def flag(self, key: str, default: bool | None = None) -> bool:
        """Return true or false."""
        value = self._take(key, default)
        if not isinstance(value, bool):
            raise self._refuse(key, value, "true or false")
        return value

    def numbers(self, key: str, least: int, most: int) -> list[int]:
        """Return a list of whole numbers, empty when the key is absent."""
        values = self._take(key, [])
        if not isinstance(values, list) or not all(isinstance(v, int) and least <= v <= most for v in values):
            raise self._refuse(key, values, f"a list of whole numbers from {least} to {most}")
        return values

    def reals(self, key: str, count: int, default: tuple[float, ...] | None) -> tuple[float, ...]:
        """Return that many numbers."""
        given = key in self.values
        values = self._take(key, default)
        if given and not (
            isinstance(values, list)
            and len(values) == count
            and all(isinstance(v, int | float) and not isinstance(v, bool) for v in values)
        ):
            raise self._refuse(key, values, f"a list of {count} numbers")
        return tuple(self._float(key, value) for value in values)

    def texts(self, key: str) -> list[str]:
        """Return a list of texts, empty when the key is absent."""
        values = self._take(key, [])
        if not isinstance(values, list) or not all(isinstance(v, str) for v in values):
            raise self._refuse(key, values, "a list of texts")
        return values

    def table(self, key: str) -> "Table":
        """Return the table below `key`, empty when it is absent."""
        values = self._take(key, {})
        if not isinstance(values, dict):
            raise self._refuse(key, values, "a table")
        return Table(values, self.path(key))

    def tables(self, key: str) -> list["Table"]:
        """Return the array of tables below `key`, empty when it is absent."""
        values = self._take(key, [])
        if not isinstance(values, list) or not all(isinstance(v, dict) for v in values):
            raise self._refuse(key, values, "an array of tables")
        return [Table(v, f"{self.path(key)}[{n}]") for n, v in enumerate(values)]

    def finish(self) -> None:
        """Refuse keys that were not asked for."""
        for key in self.values:
            raise DefinitionError(f"unknown key {key!r}", where=self.where, remedy=f"Known keys: {', '.join(self._known)}")
