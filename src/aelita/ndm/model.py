"""What a navigation message holds: blocks of keyword and value, and columns of epochs and numbers."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ..errors import UsageError
from .epochs import Epoch, Epochs

Value = str | int | float | Epoch | tuple[float, ...]
"""Text, number, epoch or several numbers, in the unit that the standard gives the keyword."""

Reals = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """The data lines of one block: an epoch and the numbers of `columns` in each; NaN where a line has none.

    `texts` holds the columns that are words (only those of OCM maneuvers).
    """

    columns: tuple[str, ...]
    epochs: Epochs
    values: Reals
    texts: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.epochs)

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Rows)
            and self.columns == other.columns
            and self.epochs == other.epochs
            and np.array_equal(self.values, other.values, equal_nan=True)
            and dict(self.texts) == dict(other.texts)
        )

    __hash__ = None  # type: ignore[assignment]

    def column(self, name: str) -> Reals:
        """Return one column. Raises UsageError when there is none of that name."""
        if name not in self.columns:
            raise UsageError(f"there is no column {name}", remedy=f"There are {', '.join(self.columns)}")
        return self.values[:, self.columns.index(name)]


@dataclass(frozen=True, slots=True, eq=False)
class Observations:
    """The records of one data section of a TDM, in order: `names[of[i]]` is what record `i` measured."""

    names: tuple[str, ...]
    of: NDArray[np.uint8]
    epochs: Epochs
    values: Reals

    def __len__(self) -> int:
        return len(self.epochs)

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Observations)
            and self.names == other.names
            and np.array_equal(self.of, other.of)
            and self.epochs == other.epochs
            and np.array_equal(self.values, other.values)
        )

    __hash__ = None  # type: ignore[assignment]

    def select(self, name: str) -> tuple[Epochs, Reals]:
        """Return epochs and values of one keyword; both are empty when it was not measured."""
        picked = self.of == (self.names.index(name) if name in self.names else len(self.names))
        return Epochs(self.epochs.scale, self.epochs.day[picked], self.epochs.of_day_ns[picked]), self.values[picked]


@dataclass(frozen=True, slots=True)
class Block:
    """One block of a message. `name` is its XML element; `values` are in the order of the standard's table."""

    name: str
    values: Mapping[str, Value] = field(default_factory=dict)
    comments: tuple[str, ...] = ()
    rows: Rows | Observations | None = None
    blocks: tuple["Block", ...] = ()

    def __getitem__(self, keyword: str) -> Value:
        try:
            return self.values[keyword]
        except KeyError:
            raise UsageError(
                f"{self.name} has no {keyword}", remedy=f"It has {', '.join(self.values) or 'no keywords'}"
            ) from None

    def __contains__(self, keyword: str) -> bool:
        return keyword in self.values

    def text(self, keyword: str, default: str | None = None) -> str:
        """Return a value as text. Raises UsageError when it is absent and there is no default."""
        return str(self.values.get(keyword, default) if default is not None else self[keyword])

    def number(self, keyword: str) -> float:
        """Return a value that is a number, in the unit of the standard. Raises UsageError when it is absent or none."""
        value = self[keyword]
        if not isinstance(value, int | float):
            raise UsageError(f"{keyword} of {self.name} is no number but {value!r}")
        return value

    def epoch(self, keyword: str) -> Epoch:
        """Return a value that is an epoch. Raises UsageError when it is absent or none."""
        value = self[keyword]
        if not isinstance(value, Epoch):
            raise UsageError(f"{keyword} of {self.name} is no epoch but {value!r}")
        return value


@dataclass(frozen=True, slots=True)
class Segment:
    """Metadata and the blocks of data under them."""

    metadata: Block
    data: tuple[Block, ...]

    def block(self, name: str) -> Block:
        """Return the first block of that name. Raises UsageError when there is none."""
        for block in self.data:
            if block.name == name:
                return block
        raise UsageError(f"there is no {name}", remedy=f"There are {', '.join(block.name for block in self.data)}")

    def blocks(self, name: str) -> tuple[Block, ...]:
        """Return the blocks of that name."""
        return tuple(block for block in self.data if block.name == name)


@dataclass(frozen=True, slots=True)
class Message:
    """One navigation message, as `kind` ("OEM") in `version` ("2.0") has it; `lead` is the relative metadata of a CDM."""

    kind: str
    version: str
    header: Block
    segments: tuple[Segment, ...]
    lead: Block | None = None

    @property
    def metadata(self) -> Block:
        """The metadata of the first segment."""
        return self.segments[0].metadata

    def block(self, name: str) -> Block:
        """Return the first block of that name in the first segment. Raises UsageError when there is none."""
        return self.segments[0].block(name)


@dataclass(frozen=True, slots=True)
class Composite:
    """A combined instantiation (505.0-B, `<ndm>`): several messages in one XML document."""

    messages: tuple[Message, ...]
    comments: tuple[str, ...] = ()
    message_id: str = ""
