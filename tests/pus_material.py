"""Messages of any kind and widths, drawn from the table itself, for tests of both directions."""

from typing import Any

from hypothesis import strategies as st

from aelita.pus import ROWS, Acknowledge, RequestId, Row, Telecommand, TelecommandLayout, Widths, encode_telecommand
from aelita.pus.grammar import Part, octets_of
from aelita.pus.parts import (
    Checked,
    Choice,
    Command,
    Fixed,
    Flag,
    Many,
    Maybe,
    Number,
    Numbers,
    One,
    Packet,
    Request,
    Rest,
    Signed,
    Text,
    Value,
)
from aelita.pus.widths import WIDTH_NAMES

OPTIONAL = {
    "time_status_octets", "sub_schedule_octets", "group_octets", "interlock_octets", "assessment_octets",
    "scheduling_event_octets", "timeout_octets", "validity_octets", "check_spare_octets", "failing_number_octets",
    "protection_octets", "large_octets", "priority_octets", "store_type_octets", "channel_octets", "range_status_octets",
    "subsampling_octets", "observability_octets", "event_process_octets", "lock_octets", "monitoring_interval_octets",
    "structure_status_octets", "rate_octets", "text_length_octets", "count_octets", "block_count_octets",
}  # fmt: skip


@st.composite
def tailorings(draw: st.DrawFn) -> Widths:
    """Return widths in which no field is too narrow for anything that `messages` draws."""
    chosen: dict[str, Any] = {name: draw(st.integers(0 if name in OPTIONAL else 1, 3)) for name in WIDTH_NAMES}
    kinds = st.sampled_from(["iso", "crc16", "none"])
    chosen |= {"block_length_octets": 2, "procedure_length_octets": 2, "other_value_octets": draw(st.integers(1, 4))}
    return Widths(
        **chosen,
        block_checksum=draw(kinds), procedure_checksum=draw(kinds), cpdu_line_bits=draw(st.integers(1, 15)),
        period_before_code=2, period_after_code=3,
    )  # fmt: skip


telecommand_packets = st.builds(
    lambda apid, count, service, subtype, data: encode_telecommand(
        Telecommand(apid, count, service, subtype, data, 0, Acknowledge.ALL), TelecommandLayout("C")
    ),
    st.integers(0, 0x7FF), st.integers(0, 0x3FFF), st.integers(0, 255), st.integers(0, 255), st.binary(max_size=6),
)  # fmt: skip


def number(octets: int) -> st.SearchStrategy[int]:
    return st.integers(0, (1 << 8 * octets) - 1)


def values(draw: st.DrawFn, part: Part, widths: Widths, message: str) -> dict[str, Any]:
    """Return what a part puts into its message."""
    octets = octets_of(widths, part.width) if hasattr(part, "width") else 0
    match part:
        case Number() | Maybe():
            absent = None if isinstance(part, Maybe) else 0
            return {part.name: draw(number(octets)) if octets else absent}
        case Signed():
            return {part.name: draw(st.integers(-(1 << 8 * octets - 1), (1 << 8 * octets - 1) - 1))}
        case Flag():
            return {part.name: draw(st.booleans()) if octets else None}
        case Fixed():
            return {part.name: draw(st.binary(min_size=octets, max_size=octets))}
        case Rest():
            return {part.name: draw(st.binary(max_size=12))}
        case Text():
            return {part.name: draw(st.text(st.characters(min_codepoint=1, max_codepoint=127), max_size=9))}
        case Value():
            return {part.name: draw(st.binary(min_size=widths.other_value_octets, max_size=widths.other_value_octets))}
        case Request():
            return {part.name: RequestId.decode(draw(st.binary(min_size=4, max_size=4)))}
        case Packet():
            return {part.name: draw(telecommand_packets)}
        case Checked():
            good = None if getattr(widths, part.checksum) == "none" else draw(st.booleans())
            return {part.name: draw(st.binary(max_size=20)), "good": good}
        case Command():
            bits = widths.cpdu_line_bits
            return {part.name: draw(st.integers(0, (1 << bits) - 1)), "duration": draw(st.integers(0, (1 << 16 - bits) - 1))}
        case Numbers():
            if part.when and not octets_of(widths, part.when):
                return {part.name: ()}
            return {part.name: tuple(draw(number(octets)) for _ in range(count(draw, part, widths, message)))}
        case Many():
            items = range(count(draw, part, widths, message))
            return {part.name: tuple(part.type(**fields(draw, part.parts, widths, message)) for _ in items)}
        case One():
            there = not part.when or octets_of(widths, part.when)
            return {part.name: part.type(**fields(draw, part.parts, widths, message)) if there else None}
        case Choice():
            _, kind, parts = draw(st.sampled_from(part.options))
            return {part.name: kind(**fields(draw, parts, widths, message))}
    raise AssertionError(f"no values are drawn for {part}")


def count(draw: st.DrawFn, part: Numbers | Many, widths: Widths, message: str) -> int:
    return draw(st.integers(0, 3)) if widths.count(message, part.name, part.count) else 1


def fields(draw: st.DrawFn, parts: tuple[Part, ...], widths: Widths, message: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for part in parts:
        found |= values(draw, part, widths, message)
    return found


@st.composite
def messages(draw: st.DrawFn) -> tuple[Row, str, Widths, object]:
    """Return a row, one of its variants, widths and a message of that row that fits them."""
    row, widths = draw(st.sampled_from(ROWS)), draw(tailorings())
    variant = draw(st.sampled_from(row.variants))
    return row, variant, widths, row.type(**row.fixed, **fields(draw, row.parts, widths, row.name))
