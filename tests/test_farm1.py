"""FARM-1 against its table, recorded sequences and a plain model; control words against real ones."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aelita.errors import DataError, UsageError
from aelita.link import FARM_TABLE, ControlWord, Farm1, FarmEvent, FarmSettings, FarmState, TcFrame, control_words
from aelita.link.farm import farm_table_text
from shared import ROOT, shared


def frame(kind: str, number: int = 0, data: bytes = b"u") -> TcFrame:
    return TcFrame(171, 5, kind in ("BD", "BC"), kind in ("BC", "AC"), number, data)


def test_every_cell_of_the_table_is_that_of_the_vectors() -> None:
    theirs = json.loads(shared("data/vectors/cop1_tables.json").read_text())["farm1"]
    assert list(theirs) == [event.name for event in FARM_TABLE] and set(FARM_TABLE) == set(FarmEvent)
    for event, row in FARM_TABLE.items():
        for state, cell in enumerate(row, 1):
            told = theirs[event.name][f"S{state}"]
            if told == "n/a":
                assert cell is None
                continue
            words, _, going = told.replace(" only", "").partition("->S")
            assert cell is not None
            assert {word.strip() for word in words.rstrip("; ").split(";")} == {action.value for action in cell.actions}, (
                event,
                state,
            )
            assert cell.next == int(going or state)


def test_the_documentation_shows_the_table() -> None:
    assert farm_table_text() in (ROOT / "docs" / "uplink.md").read_text()


def steps() -> list[dict[str, Any]]:
    return [json.loads(line) for line in shared("data/vectors/farm1_random.jsonl").read_text().splitlines()]


def test_recorded_sequences_step_by_step() -> None:
    """Event, verdict, V(R) and the whole control word of 2400 steps; the buffer's room is what the file's event says."""
    farm, seen = Farm1(FarmSettings(5, 2)), set()
    for row in steps():
        if row["step"] == 0:
            farm = Farm1(FarmSettings(5, row["W"]))
        assert farm.state == row["state"]
        seen.add((row["event"], row["state"]))
        if row["kind"] == "RELEASE":
            farm.release()
        else:
            one = frame(row["kind"], row.get("ns", 0), bytes.fromhex(row.get("payload", "aa")))
            verdict = farm.receive(one, room=row["event"] != "E2")
            assert verdict.event.name == row["event"], row
            action = "ACCEPT" if verdict.accepted else "EXECUTE" if verdict.obeyed else "DISCARD"
            assert action == row["action"] or (row["event"], row["state"]) == ("E8", 3), row
        assert (farm.state, farm.expected_number, f"{farm.report().encode():08x}") == (row["next"], row["vr"], row["clcw"]), row
    assert len(seen) == 29  # all but the report's, and E1 in S2, which has no entry


class Plain:
    """FARM-1 in the plainest words: sets of numbers instead of a table and modular arithmetic."""

    def __init__(self, window: int) -> None:
        self.half, self.vr, self.b, self.flags = window // 2, 0, 0, set[str]()

    def receive(self, one: TcFrame, room: bool) -> bool:
        locked = "lockout" in self.flags
        if one.bypass:
            return self.past_the_check(one, locked)
        ahead = [(self.vr + k) % 256 for k in range(1, self.half)]
        behind = [(self.vr - k) % 256 for k in range(1, self.half + 1)]
        if one.control or locked:
            return False
        if one.sequence_number not in [self.vr, *ahead, *behind]:
            self.flags.add("lockout")
        elif "wait" in self.flags or one.sequence_number in behind:
            pass
        elif one.sequence_number in ahead:
            self.flags.add("retransmit")
        elif room:
            self.vr = (self.vr + 1) % 256
            self.flags.discard("retransmit")
            return True
        else:
            self.flags |= {"retransmit", "wait"}
        return False

    def past_the_check(self, one: TcFrame, locked: bool) -> bool:
        sets = len(one.data) == 3 and one.data[:2] == b"\x82\0"
        if one.control and one.data != b"\0" and not sets:
            return False
        self.b = (self.b + 1) % 4
        if one.control and not (sets and locked):
            self.flags.clear()
            self.vr = one.data[2] if sets else self.vr
        return not one.control


COMMANDS = st.sampled_from([b"\0", b"\x82\0\x05", b"\x82\0\xff", b"\x82\0", b"\x82\1\5", b"\1", b"\0\0", b"\x82\0\5\5"])


@given(
    st.integers(1, 127).map(lambda half: 2 * half),
    st.lists(
        st.tuples(st.just("AD"), st.integers(0, 255) | st.integers(0, 4), st.just(b"u"), st.booleans())
        | st.tuples(st.just("BC"), st.integers(0, 255), COMMANDS, st.booleans())
        | st.tuples(st.sampled_from(["BD", "AC", "RELEASE", "NEXT"]), st.integers(0, 255), st.just(b"u"), st.booleans()),
        max_size=80,
    ),
)
def test_any_frames_give_what_the_plain_model_gives(window: int, sent: list[tuple[str, int, bytes, bool]]) -> None:
    farm, plain, settings = Farm1(FarmSettings(5, window)), Plain(window), FarmSettings(5, window)
    for kind, number, data, room in sent:
        if kind == "RELEASE":
            farm.release()
            plain.flags.discard("wait")
        else:
            one = frame("AD", plain.vr) if kind == "NEXT" else frame(kind, number, data)
            assert farm.receive(one, room).accepted == plain.receive(one, room)
        farm = Farm1.restored(settings, json.loads(json.dumps(farm.freeze())))
        flags = dict.fromkeys(plain.flags, True)
        assert farm.report() == ControlWord(5, plain.vr, farm_b=plain.b, **flags)
        assert (farm.state is FarmState.LOCKOUT) == ("lockout" in plain.flags)


def test_a_retransmission_is_discarded_and_not_a_lockout() -> None:
    farm = Farm1(FarmSettings(5, 20), expected_number=255)
    assert farm.receive(frame("AD", 255)).accepted and farm.expected_number == 0
    again = farm.receive(frame("AD", 255))
    assert (again.event, again.accepted, farm.state) == (FarmEvent.E4, False, FarmState.OPEN)


def test_what_is_wrong_is_refused() -> None:
    for window in (0, 1, 3, 256, -2):
        with pytest.raises(UsageError, match="even window"):
            FarmSettings(5, window)
    with pytest.raises(UsageError, match="virtual channel 5 came to FARM-1 of 6"):
        Farm1(FarmSettings(6, 10)).receive(frame("AD"))
    good = Farm1(FarmSettings(5, 10)).freeze()
    for harm in ({"state": 4}, {"expected_number": 256}, {"farm_b": "x"}, {"state": None}):
        with pytest.raises(DataError, match="kept state of FARM-1"):
            Farm1.restored(FarmSettings(5, 10), good | harm)
    with pytest.raises(DataError, match="kept state of FARM-1"):
        Farm1.restored(FarmSettings(5, 10), {})


def test_published_control_word() -> None:
    word = ControlWord(virtual_channel=5, report_value=7, farm_b=1)
    assert word.encode() == 0x01140207 and ControlWord.decode(0x01140207) == word
    assert Farm1(FarmSettings(5, 2), 7).report(no_rf=True, no_bit_lock=True, status=7).encode() == 0x1D14C007


@given(st.integers(0, 2**31 - 1))
def test_control_words_are_read_as_the_reader_of_columns_reads_them(bits: int) -> None:
    word, columns = ControlWord.decode(bits), control_words(np.array([bits]))
    assert word.encode() == bits & ~(0x3 << 16) & ~(1 << 8)  # spare bits are not kept
    for name in ControlWord.__slots__:
        assert getattr(word, name) == getattr(columns, name)[0]


@pytest.mark.parametrize("word", [1 << 31, -1, 1 << 40])
def test_what_is_no_control_word_is_refused(word: int) -> None:
    with pytest.raises(DataError, match="no control word"):
        ControlWord.decode(word)


@pytest.mark.parametrize("wrong", [{"virtual_channel": 64}, {"report_value": 256}, {"farm_b": 4}, {"cop": 4}, {"status": -1}])
def test_values_that_do_not_fit_are_refused(wrong: dict[str, int]) -> None:
    with pytest.raises(UsageError, match=next(iter(wrong))):
        replace(ControlWord(1, 1), **wrong).encode()  # type: ignore[arg-type]
