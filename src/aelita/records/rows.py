"""What rows look like on their way into and out of the archive: shapes that the rooms above fill without importing each other."""

# ruff: noqa: D102 (what an attribute means stands in the docstring of its class)

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

Octets = NDArray[np.uint8]
Integers = NDArray[np.int64]


class Column(Protocol):
    """Values, one per row; `valid` None means that all are. With `labels`, values are numbers of labels."""

    @property
    def values(self) -> NDArray[Any]: ...

    @property
    def valid(self) -> NDArray[np.bool_] | None: ...

    @property
    def labels(self) -> tuple[str, ...] | None: ...


@dataclass(frozen=True, slots=True)
class StoredColumn:
    """A column as read from the archive."""

    values: NDArray[Any]
    valid: NDArray[np.bool_] | None = None
    labels: tuple[str, ...] | None = None


class ContainerRows(Protocol):
    """Raw values of the packets that one container decoded: `packet` is the row of each in its batch of packets."""

    @property
    def container(self) -> str: ...

    @property
    def packet(self) -> Integers: ...

    @property
    def raw(self) -> Mapping[str, Column]: ...


class PacketRows(Protocol):
    """Packets of a batch over one octet buffer: `offset` and `length` locate each; `position` is its offset in its source, or
    in the stream of data fields that carried it; `frame` the running number of the frame in which it began, -1 without frames."""

    @property
    def buffer(self) -> Octets: ...

    @property
    def offset(self) -> Integers: ...

    @property
    def length(self) -> Integers: ...

    @property
    def apid(self) -> NDArray[np.uint16]: ...

    @property
    def sequence_count(self) -> NDArray[np.uint16]: ...

    @property
    def sequence_flags(self) -> NDArray[np.uint8]: ...

    @property
    def telecommand(self) -> NDArray[np.bool_]: ...

    @property
    def secondary_header(self) -> NDArray[np.bool_]: ...

    @property
    def virtual_channel(self) -> NDArray[np.uint8]: ...

    @property
    def frame(self) -> Integers: ...

    @property
    def quality(self) -> NDArray[np.uint8]: ...

    @property
    def position(self) -> Integers: ...

    @property
    def idle(self) -> NDArray[np.bool_]: ...


class FrameRows(Protocol):
    """Transfer frames of a batch over one octet buffer; `reason` 0 is a good frame. `data_start` and `data_length` locate the
    data field in the buffer, `pointer` is -1 or more when it carries packets. `number` runs over all frames of the source without
    a hole."""

    @property
    def buffer(self) -> Octets: ...

    @property
    def offset(self) -> Integers: ...

    @property
    def length(self) -> Integers: ...

    @property
    def number(self) -> Integers: ...

    @property
    def position(self) -> Integers: ...

    @property
    def reason(self) -> NDArray[np.uint8]: ...

    @property
    def quality(self) -> NDArray[np.uint8]: ...

    @property
    def spacecraft_id(self) -> NDArray[np.uint16]: ...

    @property
    def virtual_channel(self) -> NDArray[np.uint8]: ...

    @property
    def master_count(self) -> Integers: ...

    @property
    def channel_count(self) -> Integers: ...

    @property
    def ocf(self) -> Integers: ...

    @property
    def data_start(self) -> Integers: ...

    @property
    def data_length(self) -> Integers: ...

    @property
    def pointer(self) -> Integers: ...


class GapRow(Protocol):
    """A hole in a virtual channel."""

    @property
    def virtual_channel(self) -> int: ...

    @property
    def after_frame(self) -> int: ...

    @property
    def expected(self) -> int: ...

    @property
    def found(self) -> int: ...

    @property
    def lost(self) -> int: ...


class QuarantinedRow(Protocol):
    """Octets that could not be used, with their offset in the source and the reason."""

    @property
    def position(self) -> int: ...

    @property
    def octets(self) -> bytes: ...

    @property
    def reason(self) -> str: ...
