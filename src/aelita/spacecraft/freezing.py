"""The state of a simulated spacecraft as plain values that JSON can hold, taken when nothing is in progress.

A spacecraft thawed from them goes on with the same octets as the one that was frozen. Their only use is that a replay need not
begin at the beginning: the inputs are the truth.
"""

import base64
import zlib
from collections import Counter, deque
from dataclasses import asdict
from typing import Any

from ..errors import DataError
from ..link import Farm1, SegmentRules, TcAssembler, security
from ..pus import Activity
from .board import Board, Mode
from .craft import Spacecraft
from .downlink import Downlink
from .schedule_service import TIMER_NAME

FORM = 1


def freeze(craft: Spacecraft) -> dict[str, Any] | None:
    """Return the state of a spacecraft, None while something is on its way to it or in progress."""
    if not craft.board.is_quiet or craft.is_receiving:
        return None
    receiver = craft.receiver
    numbers = {} if receiver.store is None else {spi: [one.iv, one.sn] for spi, one in receiver.store.received.items()}
    return {
        "form": FORM, "seed": craft.seed, "epoch_ns": craft.epoch_ns, "frames": craft.frames, "reception": craft.reception,
        "error_share": craft.error_share, "off_until": craft.off_until, "busy_until": craft.busy_until,
        "farm": receiver.farm.freeze(), "segments": receiver.assembler.freeze(), "numbers": numbers,
        "board": _board(craft.board), "downlink": _downlink(craft.board.downlink),
    }  # fmt: skip


def thaw(craft: Spacecraft, frozen: dict[str, Any]) -> None:
    """Bring a new spacecraft into a frozen state. Raises DataError when it is none of this spacecraft."""
    try:
        if (frozen["form"], frozen["seed"], frozen["epoch_ns"]) != (FORM, craft.seed, craft.epoch_ns) or craft.frames:
            raise DataError("a kept state is of another spacecraft, or this one is not new", remedy="Replay from the beginning")
        craft.frames, craft.reception, craft.error_share = frozen["frames"], frozen["reception"], frozen["error_share"]
        craft.off_until, craft.busy_until = frozen["off_until"], frozen["busy_until"]
        receiver = craft.receiver
        receiver.farm = Farm1.restored(receiver.settings, frozen["farm"])
        rules = SegmentRules(segmented=receiver.link.map_id is not None)
        receiver.assembler = TcAssembler.restored(receiver.link.virtual_channel, rules, frozen["segments"])
        if receiver.store is not None:
            for spi, (iv, sn) in frozen["numbers"].items():
                receiver.store.received[int(spi)] = security.ReceivedNumbers(iv, sn)
            octets = bytes.fromhex(frozen["board"]["security_report"])
            if any(octets):
                receiver.store.report = security.FrameSecurityReport.from_octets(octets)
        _thaw_downlink(craft.board.downlink, frozen["downlink"])
        _thaw_board(craft, frozen["board"])
    except (LookupError, TypeError, ValueError, AttributeError, zlib.error) as error:
        raise DataError(f"a kept state of a spacecraft is damaged: {error!r}", remedy="Replay from the beginning") from error


PLAIN = ("now_ns", "clock_offset", "boots", "refusing", "schedule_on")


def _board(board: Board) -> dict[str, Any]:
    told: dict[str, Any] = {name: getattr(board, name) for name in PLAIN}
    return told | {
        "mode": int(board.mode), "counters": dict(board.counters), "dropping": dict(board.dropping),
        "security_report": board.security_report.hex(), "disabled_events": sorted(board.disabled_events),
        "held_apids": sorted(board.held_apids), "parameters": dict(board.parameters),
        "memories": {ident: _packed(bytes(memory)) for ident, memory in board.memories.items()},
        "stores": {
            ident: [one.is_on, [ticks for ticks, _ in one.held], _joined([packet for _, packet in one.held])]
            for ident, one in board.stores.items()
        },
        "activities": [asdict(one) | {"request": one.request.hex()} for one in board.activities],
        "collections": {ident: [one.is_on, one.interval_ns] for ident, one in board.collections.items()},
        "message_counts": [[*kind, count] for kind, count in board.message_counts.items()],
        "timers": [[name, at, number] for name, (at, number) in board.timers.items()],
    }  # fmt: skip


def _thaw_board(craft: Spacecraft, told: dict[str, Any]) -> None:
    board = craft.board
    board.stop_timers()
    for name in PLAIN:
        setattr(board, name, told[name])
    board.mode, board.security_report = Mode(told["mode"]), bytes.fromhex(told["security_report"])
    board.counters.clear()
    board.counters.update(told["counters"])
    board.dropping = Counter({int(stage): count for stage, count in told["dropping"].items()})
    board.disabled_events, board.held_apids = set(told["disabled_events"]), set(told["held_apids"])
    board.parameters = {int(ident): value for ident, value in told["parameters"].items()}
    board.memories = {int(ident): bytearray(_unpacked(text)) for ident, text in told["memories"].items()}
    for ident, (is_on, ticks, packets) in told["stores"].items():
        store = board.stores[int(ident)]
        store.is_on, store.held = is_on, deque(zip(ticks, _parted(packets), strict=True))
        store.used = sum(len(packet) for _, packet in store.held)
    board.activities = [Activity(**one | {"request": bytes.fromhex(one["request"])}) for one in told["activities"]]
    for ident, (is_on, interval_ns) in told["collections"].items():
        board.collections[int(ident)].is_on, board.collections[int(ident)].interval_ns = is_on, interval_ns
    board.message_counts = Counter({(service, subtype): count for service, subtype, count in told["message_counts"]})
    for name, at, _ in sorted(told["timers"], key=lambda one: int(one[2])):
        if name == TIMER_NAME:
            craft.executive.schedule.wake_at(at)
        else:
            board.arm(board.collections[int(name.split()[1])], at)


def _downlink(downlink: Downlink) -> dict[str, Any]:
    return {
        "live": _joined(downlink.live), "stored": _joined(downlink.stored), "rate_exponent": downlink.rate_exponent,
        "rest": downlink.rest.hex(), "master": downlink.master, "counts": downlink.counts,
        "packet_counts": downlink.packet_counts,
    }  # fmt: skip


def _thaw_downlink(downlink: Downlink, told: dict[str, Any]) -> None:
    downlink.live, downlink.stored = deque(_parted(told["live"])), deque(_parted(told["stored"]))
    downlink.rate_exponent, downlink.master, downlink.rest = told["rate_exponent"], told["master"], bytes.fromhex(told["rest"])
    downlink.counts = {int(number): count for number, count in told["counts"].items()}
    downlink.packet_counts = {int(apid): count for apid, count in told["packet_counts"].items()}


def _packed(octets: bytes) -> str:
    return base64.b64encode(zlib.compress(octets, 1)).decode()


def _unpacked(text: str) -> bytes:
    return zlib.decompress(base64.b64decode(text))


def _joined(packets: "deque[bytes] | list[bytes]") -> str:
    return _packed(b"".join(packets))


def _parted(text: str) -> list[bytes]:
    """Return the packets that were joined, by their own lengths."""
    octets, at, packets = _unpacked(text), 0, []
    while at < len(octets):
        end = at + int.from_bytes(octets[at + 4 : at + 6]) + 7
        packets.append(octets[at:end])
        at = end
    return packets
