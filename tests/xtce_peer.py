"""Packets read by space-packet-parser, and our own columns held against what it read."""

import math
import warnings
from pathlib import Path

import numpy as np
from space_packet_parser.exceptions import UnrecognizedPacketTypeError
from space_packet_parser.xtce.definitions import XtcePacketDefinition

from aelita.mdb import Database
from aelita.mdb.load import load_database
from aelita.telemetry import Column, Decoder, engineering
from bench_database import batch_of


def peer_values(path: Path, packets: list[bytes], root: str) -> list[dict[str, tuple[object, object]] | None]:
    """Return (raw, engineering) by parameter of each packet as space-packet-parser reads it, None where it knows no container."""
    definition = XtcePacketDefinition.from_xtce(path, root_container_name=root)
    found: list[dict[str, tuple[object, object]] | None] = []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for octets in packets:
            try:
                packet = definition.parse_bytes(octets)
            except UnrecognizedPacketTypeError:
                found.append(None)
                continue
            found.append({name: (getattr(value, "raw_value", value), value) for name, value in packet.items()})
    return found


def agree(ours: object, theirs: object) -> bool:
    """Tell whether two values are the same; text and octets of it too."""
    if isinstance(theirs, float):
        return isinstance(ours, float | int | np.number) and bool(
            float(ours) == theirs or (math.isnan(theirs) and math.isnan(float(ours)))
        )
    if isinstance(theirs, str):
        return (ours.decode() if isinstance(ours, bytes) else str(ours)) == theirs
    if isinstance(theirs, bytes):
        return isinstance(ours, bytes) and ours == theirs
    return bool(ours == theirs)


def compare(path: Path, packets: list[bytes], root: str) -> tuple[Database, int]:
    """Read packets with both; check every raw and engineering value of every packet. Return our database and their number."""
    database = load_database(path)
    theirs = peer_values(path, packets, root)
    system = f"/{database.name}"
    decoder = Decoder(database, f"{system}/{root}")
    decoded = decoder.decode(batch_of(packets))
    assert decoded.unidentified.tolist() == [k for k, each in enumerate(theirs) if each is None]
    assert not decoded.faults
    checked = 0
    for rows in decoded:
        made = engineering(decoder.compiled, rows.container, rows.raw)
        for at, row in enumerate(rows.packet.tolist()):
            packet = theirs[row]
            assert packet is not None
            assert {n.rpartition("/")[2] for n, c in rows.raw.items() if c.mask()[at]} == packet.keys()
            for name, column in rows.raw.items():
                if not column.mask()[at]:
                    continue
                raw, value = packet[name.rpartition("/")[2]]
                assert agree(column.values[at], raw), (rows.container, name, row)
                assert _agree_engineering(made[name], at, value), (rows.container, name, row, made[name].values[at], value)
                checked += 1
    return database, checked


def _agree_engineering(column: Column, at: int, theirs: object) -> bool:
    ours = column.words()[at]
    if not column.mask()[at]:
        return True  # out of its valid range, which the peer does not know
    if isinstance(theirs, float) and not agree(ours, theirs):
        return math.isclose(float(ours), theirs, rel_tol=1e-12)
    if isinstance(theirs, bool | int) and isinstance(ours, str):
        return ours.lower() in ("true", "on", "1") if theirs else ours.lower() in ("false", "off", "0")
    return agree(ours, theirs)
