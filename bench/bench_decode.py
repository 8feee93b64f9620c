"""Decommutation to columns against space-packet-parser, ccsdspy and a copy of the output: same definitions, same packets.

Values are compared before anything is timed. The slow peer gets fewer packets; rates are compared.
"""

import io
import logging
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .material import CHANNEL, PEERS, Setting, prepare
from .side_by_side import seconds
from .table import Row, absent, rate
from .xtce_model import document, entries, flat_document

Octets = NDArray[np.uint8]
COUNT = 100_000
FEW = 500  # packets for the peer that reads them one by one
REPEAT = 9
FIXED = 200_000
FIELDS = (  # 20 fields of 44 octets behind the primary header: ccsdspy's data type, bits
    *[("uint", 8)] * 2, *[("uint", 16)] * 5, *[("int", 16)] * 3, *[("uint", 32)] * 4, *[("float", 32)] * 2,
    ("uint", 2), ("uint", 1), ("uint", 3), ("uint", 10),
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Batch:
    """Packets in a buffer."""

    buffer: Octets
    offset: NDArray[np.int64]
    length: NDArray[np.int64]


def harness(name: str) -> Any:
    """Return a module of the peer harness."""
    sys.path.insert(0, str(PEERS))
    keep, sys.dont_write_bytecode = sys.dont_write_bytecode, True
    try:
        return __import__(name)
    finally:
        sys.path.remove(str(PEERS))
        sys.dont_write_bytecode = keep


def batch_of(octets: bytes, model: Any) -> Batch:
    """Return the packets of the benchmark: the lengths repeat every ten packets."""
    cycle = np.array([model.packet_len(apid) for apid in model.APIDS], np.int64)
    length = np.tile(cycle, len(octets) // int(cycle.sum()))
    return Batch(np.frombuffer(octets, np.uint8), np.cumsum(length) - length, length)


def plain(value: Any) -> Any:
    """Return a value as Python's own number or text."""
    return value.item() if hasattr(value, "item") else value


def differences(decoded: dict[str, tuple[NDArray[np.int64], dict[str, Any]]], packets: list[dict[str, Any]], *, raw: bool) -> int:
    """Return how many values of the peer's packets ours does not have exactly (calibrated ones to 1e-12)."""
    wrong = 0
    for rows, columns in decoded.values():
        few = rows[rows < len(packets)]
        for name, column in columns.items():
            values = column[: few.size].tolist()
            theirs = [packets[int(i)][name.rsplit("/", 1)[1]] for i in few]
            for mine, their in zip(values, theirs, strict=True):
                other = plain(their.raw_value if raw else their)
                if isinstance(other, float) and not raw:
                    wrong += not abs(mine - other) <= 1e-12 * max(abs(other), 1.0)
                else:
                    wrong += mine != (str(other) if isinstance(mine, str) else type(mine)(other))
    return wrong + (sum(rows[rows < len(packets)].size for rows, _ in decoded.values()) != len(packets))


def against_space_packet_parser(folder: Path, kernels: Any) -> list[Row]:
    """Decode ten kinds of packets, 20 parameters each and 15 of headers, by an XTCE document."""
    from space_packet_parser.generators import ccsds_generator
    from space_packet_parser.xtce.definitions import XtcePacketDefinition

    from aelita import load_database
    from aelita.link import Channel
    from aelita.telemetry import Decoder, Processor, Reception

    model = harness("model")
    octets = prepare(Setting(folder, COUNT, 1)).packets.read_bytes()
    batch = batch_of(octets, model)
    channel = Channel.from_toml(CHANNEL, "bench.toml")
    packets = Reception(channel).feed(octets).packets
    few = octets[: int(batch.offset[FEW])]
    made = []
    for full in (False, True):
        path = folder / f"flat-{full}.xml"
        path.write_text(flat_document(model, full=full), "utf-8")
        database, peer = load_database(path), XtcePacketDefinition.from_xtce(path)
        generated, generic = Decoder(database, kernels=kernels), Decoder(database)

        def theirs(peer: Any = peer) -> list[dict[str, Any]]:
            return [peer.parse_bytes(packet) for packet in ccsds_generator(io.BytesIO(few))]

        processor = Processor(channel, generated.compiled, kernels=kernels)

        def calibrated(processor: Any = processor) -> dict[str, Any]:
            found = processor.process(packets)
            return {c.container: (c.packet, found.engineering[c.container]) for c in found.decoded}

        calls: dict[str, Callable[[], object]] = {"peer": theirs}
        if full:
            name = "XTCE to calibrated columns, limits and events"
            calls["generated"] = calibrated
            columns = {
                c: (rows, {n: v.words() if v.labels else v.values for n, v in made_of.items()})
                for c, (rows, made_of) in calibrated().items()
            }
        else:
            name = "XTCE to raw columns"
            calls |= {"generated": lambda d=generated: d.decode(batch), "generic": lambda d=generic: d.decode(batch)}  # type: ignore[misc]
            columns = {c.container: (c.packet, {n: v.values for n, v in c.raw.items()}) for c in generated.decode(batch)}
        wrong = differences(columns, theirs(), raw=not full)
        if wrong:
            made.append(absent(name, f"{name}: {wrong} values differ"))
            continue
        spent = seconds(calls, REPEAT)
        peer_rate = FEW / spent["peer"]
        made.append(rate(name, COUNT / spent["generated"], peer_rate, "packets per CPU s", 200.0 if full else 500.0))
        if "generic" in spent:
            made.append(rate(f"{name}, before it is hot", COUNT / spent["generic"], peer_rate, "packets per CPU s"))
    return made


def fixed_packets(folder: Path) -> Path:
    """Write packets of one APID and one length with arbitrary content."""
    rows = np.random.default_rng(5).integers(0, 256, (FIXED, 50), dtype=np.uint8)
    count = np.arange(FIXED) & 0x3FFF
    rows[:, 0], rows[:, 1], rows[:, 4], rows[:, 5] = 0, 100, 0, 43
    rows[:, 2], rows[:, 3] = 0xC0 | count >> 8, count & 0xFF
    for at in (40, 44):  # no signalling NaN: peers may quiet it
        rows[:, at] &= 0x3F
    path = folder / "fixed.bin"
    path.write_bytes(rows.tobytes())
    return path


def fixed_document() -> str:
    """Return the XTCE document of these packets."""
    types, names = [], []
    for i, (kind, bits) in enumerate(FIELDS):
        tag = "Float" if kind == "float" else "Integer"
        encoding = "IEEE754" if kind == "float" else "twosComplement" if kind == "int" else "unsigned"
        inside = f'<{tag}DataEncoding sizeInBits="{bits}" encoding="{encoding}"/>'
        signed = "" if kind == "float" else f' signed="{"true" if kind == "int" else "false"}"'
        types.append(f'<{tag}ParameterType name="F{i}_t"{signed}>{inside}</{tag}ParameterType>')
        names.append(f"F{i}")
    return document(types, names, f'<SequenceContainer name="CCSDSPacket">{entries(names, start=48)}</SequenceContainer>')


def against_ccsdspy(folder: Path, kernels: Any) -> list[Row]:
    """Decode a file of packets of one length, 20 fields behind the header; then compare with a copy of the columns."""
    import ccsdspy

    from aelita import load_database
    from aelita.telemetry import Decoder

    logging.getLogger("ccsdspy").setLevel(logging.ERROR)
    path, xml = fixed_packets(folder), folder / "fixed.xml"
    xml.write_text(fixed_document(), "utf-8")
    decoder = Decoder(load_database(xml), kernels=kernels)
    peer = ccsdspy.FixedLength([ccsdspy.PacketField(f"F{i}", kind, bits) for i, (kind, bits) in enumerate(FIELDS)])

    def ours() -> dict[str, Any]:
        buffer = np.fromfile(path, np.uint8)
        offset = np.arange(0, buffer.size, 50)
        (container,) = decoder.decode(Batch(buffer, offset, np.full(offset.size, 50)))
        return container.raw

    def theirs() -> Any:
        return peer.load(str(path), include_primary_header=False)

    raw, table = ours(), theirs()
    for i in range(len(FIELDS)):
        if not np.array_equal(raw[f"/flat/F{i}"].values, table[f"F{i}"]):
            return [absent("fixed packets", f"field {i} differs from ccsdspy's")]
    buffer = np.fromfile(path, np.uint8)
    offset = np.arange(0, buffer.size, 50)
    batch = Batch(buffer, offset, np.full(offset.size, 50))
    columns = [column.values for column in raw.values()]
    joined = np.concatenate([c.view(np.uint8) for c in columns])
    spent = seconds({"ours": ours, "peer": theirs}, REPEAT)
    spent |= seconds({"decode": lambda: decoder.decode(batch), "copy": joined.copy}, REPEAT)  # apart: the peer empties caches
    return [
        rate("file of fixed packets to columns", FIXED / spent["ours"], FIXED / spent["peer"], "packets per CPU s", 3.0),
        rate(
            "fixed packets to columns, peer: a copy of the columns",
            FIXED / spent["decode"],
            FIXED / spent["copy"],
            "packets per CPU s",
            0.3,
        ),
    ]


def rows() -> list[Row]:
    """Return all rows of decommutation, with kernels generated before anything is timed."""
    from aelita.services.kernel_cache import KernelCache

    with tempfile.TemporaryDirectory() as name:
        kernels = KernelCache(Path(name) / "kernels", after_rows=0)
        return [*against_space_packet_parser(Path(name), kernels), *against_ccsdspy(Path(name), kernels)]
