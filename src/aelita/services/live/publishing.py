"""Packets, values, events and limit transitions as messages on an agency's streams.

A message of parameters has one row a packet: `received`, `generated` (TAI nanoseconds, null unknown), `quality`, `apid`,
`sequence_count`, and for each parameter its engineering value under its name, its raw value under the name with ` raw` behind.
"""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ...errors import DataError
from ...records import Column, stored_type
from ...time import NO_TIME
from .batches import pack
from .decoding import Decoded

RAW = " raw"
MOST_STANDING = 5_000  # parameters in one message
_UNSAFE = re.compile(r"[^A-Za-z0-9_-]+")
SEVERITIES = {1: "info", 2: "low", 3: "medium", 4: "high"}  # of event reports: service 5 subtypes (ECSS-E-70-41)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A message to be published; `mark` tells it from others made of the same merged message."""

    subject: str
    octets: bytes
    mark: str


def messages_of(agency: str, spacecraft: str, decoded: Decoded) -> Iterator[Outgoing]:
    """Yield what is published of a decoded message."""
    yield from _packets(agency, spacecraft, decoded)
    yield from _parameters(agency, spacecraft, decoded)
    yield from _reports(limits_subject(agency, spacecraft), decoded, decoded.processed.limits, "limits")
    yield from _events(agency, spacecraft, decoded)


def container_token(container: str) -> str:
    """Return a container's qualified name as a token of a subject: `/TGO/hk/attitude` is `TGO_hk_attitude`."""
    return _UNSAFE.sub("_", container.strip("/")) or "_"


def limits_subject(agency: str, spacecraft: str) -> str:
    """Return the subject of a spacecraft's limit transitions."""
    return f"{agency}.limits.{spacecraft}"


def standing_subject(agency: str, spacecraft: str) -> str:
    """Return the subject, in the stream of limit transitions, of what stands for all parameters judged so far."""
    return f"{agency}.limits.{spacecraft}.standing"


def pack_standing(at: int, severities: Mapping[str, int]) -> bytes:
    """Return the message of the severities (0 to 5) that stand by parameter, written at an instant (TAI nanoseconds)."""
    gravest_first = sorted(severities.items(), key=lambda one: -one[1])
    return json.dumps({"at": at, "severities": dict(gravest_first[:MOST_STANDING])}).encode()


def standing_in(octets: bytes) -> tuple[int, dict[str, int]]:
    """Return the instant (TAI nanoseconds) and the severities in a message of what stands. Raises DataError."""
    try:
        told = json.loads(octets)
        return int(told["at"]), {str(parameter): int(severity) for parameter, severity in told["severities"].items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise DataError(f"not what stands of limits: {type(error).__name__} {error}") from error


def _packets(agency: str, spacecraft: str, decoded: Decoded) -> Iterator[Outgoing]:
    packets = decoded.received.packets
    real = ~packets.idle
    for apid in np.unique(packets.apid[real]).tolist():
        rows = np.flatnonzero(real & (packets.apid == apid))
        spans = zip(packets.offset[rows].tolist(), packets.length[rows].tolist(), strict=True)
        frame = pl.DataFrame(
            {
                **_envelope(decoded, rows),
                "virtual_channel": packets.virtual_channel[rows],
                "octets": [packets.buffer[start : start + length].tobytes() for start, length in spans],
            }
        )
        yield from _numbered(f"{agency}.packets.{spacecraft}.{apid}", frame, f"packets-{apid}")


def _parameters(agency: str, spacecraft: str, decoded: Decoded) -> Iterator[Outgoing]:
    for one in decoded.processed.decoded.containers:
        if not one.packet.size:
            continue
        engineering = decoded.processed.engineering.get(one.container, {})
        columns = [pl.Series(name, values) for name, values in _envelope(decoded, one.packet).items()]
        for name, raw in one.raw.items():
            best = engineering.get(name, raw)
            columns.append(series(name, best))
            if best is not raw:
                columns.append(series(name + RAW, raw))
        token = container_token(one.container)
        subject = f"{agency}.parameters.{spacecraft}.{token}"
        yield from _numbered(subject, pl.DataFrame(columns), f"parameters-{token}")


def _events(agency: str, spacecraft: str, decoded: Decoded) -> Iterator[Outgoing]:
    events = decoded.processed.events
    severity = np.asarray(events.get("severity", ()), np.int64)
    for level in np.unique(severity).tolist():
        rows = np.flatnonzero(severity == level)
        some = {name: [column[i] for i in rows] for name, column in events.items()}
        word = SEVERITIES.get(level, "unjudged")
        yield from _reports(f"{agency}.events.{word}.{spacecraft}", decoded, some, f"events-{word}")


def _reports(subject: str, decoded: Decoded, columns: dict[str, Any], mark: str) -> Iterator[Outgoing]:
    packet = np.asarray(columns.get("packet", ()), np.int64)
    if packet.size:
        rest = {name: values for name, values in columns.items() if name != "packet"}
        yield from _numbered(subject, pl.DataFrame({**_envelope(decoded, packet), **rest}), mark)


def _envelope(decoded: Decoded, packet: NDArray[np.int64]) -> dict[str, Any]:
    packets = decoded.received.packets
    return {
        "received": _times(decoded.packets_received[packet]),
        "generated": _times(decoded.processed.generated[packet]),
        "quality": packets.quality[packet],
        "apid": packets.apid[packet],
        "sequence_count": packets.sequence_count[packet],
    }


def _times(times: NDArray[np.int64]) -> pl.Series:
    made = pl.Series(times)
    return made.replace(NO_TIME, None) if (times == NO_TIME).any() else made


def series(name: str, column: Column) -> pl.Series:
    """Return a named column of values for people and programs: labels as words, invalid values as null."""
    values = column.values if column.labels is None else np.array(column.labels, object)[column.values]
    plain = stored_type(values.dtype) is not None and values.ndim == 1
    made = pl.Series(name, values) if plain else pl.Series(name, [_plain(value) for value in values], strict=False)
    if column.valid is None or column.valid.all():
        return made
    valid = pl.Series(column.valid)
    return pl.select(pl.when(valid).then(made).otherwise(None).alias(name)).to_series()


def _plain(value: Any) -> Any:
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else value


def _numbered(subject: str, frame: pl.DataFrame, mark: str) -> Iterator[Outgoing]:
    for number, octets in enumerate(pack(frame)):
        yield Outgoing(subject, octets, f"{mark}-{number}")
