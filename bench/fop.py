"""COP-1: microseconds of an event of FOP-1 and of a frame at FARM-1, single-threaded; the commands are of 100 octets."""

from typing import Any

from .side_by_side import seconds
from .table import Row, cost

REPEAT, UNITS, EVERY = 7, 20_000, 20


def acknowledged_one_by_one() -> int:
    """Carry data units through FOP-1, each acknowledged before the next; return the events: unit, answer of the line, report."""
    from aelita.link import ControlWord, Fdu, Fop1, FopSettings, FrameKind, InitiateWithoutCheck

    fop = Fop1(FopSettings(171, 0, 10, 1_000_000_000, 3))
    fop.direct(InitiateWithoutCheck("i"), 0)
    data, words, line = bytes(100), [ControlWord(0, number) for number in range(256)], FrameKind.AD
    for number in range(UNITS):
        fop.transfer(Fdu(number, data), number)
        fop.on_accepted(line, number)
        fop.on_control_word(words[number + 1 & 255], number)
    if fop.next_number != UNITS & 255 or fop.outstanding:
        raise AssertionError("not every data unit was acknowledged")
    return 3 * UNITS


def with_repetitions() -> int:
    """Carry data units in windows of 20 of which the receiver asks for all once more; return the events."""
    from aelita.link import ControlWord, Fdu, Fop1, FopSettings, FrameKind, InitiateWithoutCheck

    fop = Fop1(FopSettings(171, 0, EVERY, 1_000_000_000, 3))
    fop.direct(InitiateWithoutCheck("i"), 0)
    data, line, events = bytes(100), FrameKind.AD, 0
    for start in range(0, UNITS, EVERY):
        for number in range(start, start + EVERY):
            fop.transfer(Fdu(number, data), number)
            fop.on_accepted(line, number)
        fop.on_control_word(ControlWord(0, start & 255, retransmit=True), start)
        for number in range(EVERY):
            fop.on_accepted(line, number)
        fop.on_control_word(ControlWord(0, start + EVERY & 255), start)
        events += 3 * EVERY + 2
    if fop.outstanding:
        raise AssertionError("not every data unit was acknowledged")
    return events


def received() -> int:
    """Judge frames in sequence at FARM-1, with a control word for each; return the frames."""
    from aelita.link import Farm1, FarmSettings, TcFrame

    farm, data = Farm1(FarmSettings(0, 20)), bytes(100)
    for number in range(UNITS):
        farm.receive(TcFrame(171, 0, False, False, number & 255, data))
        farm.report()
    if farm.expected_number != UNITS & 255:
        raise AssertionError("not every frame was accepted")
    return UNITS


def rows() -> list[Row]:
    """Return the cost of each; 10 microseconds are 100,000 events a second."""
    made: dict[str, Any] = {
        "FOP-1, an event, each frame acknowledged": (acknowledged_one_by_one, "<= 10"),
        "FOP-1, an event, every frame repeated once": (with_repetitions, "<= 10"),
        "FARM-1, a frame and its control word": (received, None),
    }
    spent = seconds({name: call for name, (call, _) in made.items()}, REPEAT)
    return [cost(name, 1e6 * spent[name] / call(), None, "µs", target) for name, (call, target) in made.items()]
