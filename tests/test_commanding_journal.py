"""The journal: what is written reads back in any pieces, a torn end is cut, damage is not, and copies tell gaps from forks."""

import hashlib
import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from aelita.commanding import Copy, Entry, Head, Journal, Reader, countersign_body, countersigned_from, resume
from aelita.errors import AelitaError, DataError, UsageError
from evidence_material import AGENCY_KEYS, PUBLIC, T0, S

_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
_BODIES = st.lists(st.dictionaries(st.text(max_size=8), _VALUES, max_size=4), max_size=6)


def written(bodies: list[dict[str, Any]], agency: str = "us") -> list[Entry]:
    journal = Journal(agency)
    return [journal.append("note", body, T0 + n * S) for n, body in enumerate(bodies)]


def octets_of(entries: list[Entry]) -> bytes:
    return b"".join(one.octets for one in entries)


PLAIN = written([{"text": f"entry {n}", "n": n} for n in range(6)])


def test_the_format_is_what_it_says_it_is() -> None:
    """Read by the standard library alone, as an auditor without this code would."""
    before = "0" * 64
    for n, line in enumerate(octets_of(PLAIN).splitlines(), 1):
        told, _, entry = line.partition(b"\t")
        assert hashlib.sha256(entry).hexdigest().encode() == told
        said = json.loads(entry)
        assert (said["n"], said["prev"], said["agency"], said["kind"], said["at"]) == (n, before, "us", "note", T0 + (n - 1) * S)
        assert entry == json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
        before = told.decode()
    assert PLAIN[-1].head == Head(6, before, T0 + 5 * S)


@given(bodies=_BODIES, data=st.data())
def test_what_is_written_reads_back_in_any_pieces(bodies: list[dict[str, Any]], data: st.DataObject) -> None:
    octets, reader, found = octets_of(written(bodies)), Reader("us"), list[Entry]()
    while octets:
        cut = data.draw(st.integers(1, len(octets)))
        found += reader.feed(octets[:cut])
        octets = octets[cut:]
    assert found == written(bodies) and reader.rest == b""


@settings(max_examples=200)
@given(bit=st.integers(0, len(octets_of(PLAIN)) * 8 - 1))
def test_a_flipped_bit_is_refused_by_reading_or_by_going_on(bit: int) -> None:
    octets = bytearray(octets_of(PLAIN))
    octets[bit // 8] ^= 1 << bit % 8
    reader = Reader("us")
    with pytest.raises(DataError):
        reader.feed(bytes(octets))
        resume(reader, "us")


@given(keep=st.integers(0, len(octets_of(PLAIN))), zeros=st.integers(0, 5))
def test_a_torn_end_is_cut_and_the_journal_goes_on(keep: int, zeros: int) -> None:
    octets = octets_of(PLAIN)[:keep] + bytes(zeros)
    reader = Reader("us")
    whole = reader.feed(octets)
    resumed = resume(reader, "us")
    mended = octets[: resumed.keep] + resumed.mend
    assert resumed.keep + len(resumed.torn) >= len(octets) - zeros
    next_one = resumed.journal.append("note", {"text": "after"}, T0 + 99 * S)
    again = Reader("us")
    found = again.feed(mended + next_one.octets)
    assert found[: len(whole)] == whole and found[-1].body == {"text": "after"} and again.rest == b""
    assert len(found) - 1 - len(whole) == bool(resumed.mend)


def test_a_damaged_newline_is_not_taken_for_a_torn_end() -> None:
    reader = Reader("us")
    reader.feed(octets_of(PLAIN)[:-1] + b"\x0b")
    with pytest.raises(DataError, match="damaged"):
        resume(reader, "us")


def test_a_journal_goes_on_only_for_its_agency() -> None:
    reader = Reader()
    reader.feed(octets_of(PLAIN))
    with pytest.raises(DataError, match="of 'us', not of 'them'"):
        resume(reader, "them")


@pytest.mark.parametrize(
    ("lines", "told"),
    [
        ([0, 2], "removed"),
        ([0, 1, 1], "doubled"),
        ([1, 0], "another order"),
    ],
)
def test_entries_out_of_place_are_refused(lines: list[int], told: str) -> None:
    with pytest.raises(DataError, match=told):
        Reader("us").feed(b"".join(PLAIN[n].octets for n in lines))


def test_an_entry_of_another_chain_or_agency_or_time_is_refused() -> None:
    other = written([{"other": 1}, {"other": 2}])
    with pytest.raises(DataError, match="does not continue"):
        Reader("us").feed(PLAIN[0].octets + other[1].octets)
    with pytest.raises(DataError, match="of agency 'them'"):
        Reader("us").feed(written([{}], "them")[0].octets)
    back = Journal("us", Head(1, PLAIN[0].hash, 0)).append("note", {}, T0 - 3600 * S)
    with pytest.raises(DataError, match="a clock was set back"):
        Reader("us").feed(PLAIN[0].octets + back.octets)


def test_time_stands_still_for_a_small_step_back_and_refuses_a_large_one() -> None:
    journal = Journal("us")
    journal.append("note", {}, T0)
    assert journal.time(T0 - S) == T0 and journal.append("note", {}, T0 - S).at_ns == T0
    with pytest.raises(UsageError, match=r"set back by 1\.000"):
        journal.append("note", {}, T0 - S - 1)
    assert journal.head.n == 2


@pytest.mark.parametrize("body", [{"x": 1.5}, {1: 2}, {"x": b"1"}, {"x": "\ud800"}, {"x": {"y": [float("nan")]}}])
def test_what_has_no_canonical_form_is_not_written(body: Any) -> None:
    journal = Journal("us")
    with pytest.raises(UsageError):
        journal.append("note", body, T0)
    for kind in ("", "Note", "a b", "a\n"):
        with pytest.raises(UsageError, match="no kind"):
            journal.append(kind, {}, T0)
    with pytest.raises(UsageError, match="no key"):
        Journal("a b")
    assert journal.head == Head()


@given(octets=st.binary(max_size=200))
def test_nothing_crashes_the_reader_or_a_copy(octets: bytes) -> None:
    hashed = hashlib.sha256(octets).hexdigest().encode() + b"\t" + octets + b"\n"
    for one in (octets + b"\n", hashed):
        for take in (Reader("us").feed, Copy("us").add):
            try:
                take(one)
            except AelitaError as error:
                assert str(error)


@given(said=_VALUES, name=st.sampled_from(["n", "at", "agency", "kind", "body", "prev"]))
def test_an_entry_of_wrong_kinds_of_values_is_refused(said: object, name: str) -> None:
    good = json.loads(PLAIN[0].octets.partition(b"\t")[2])
    line = json.dumps(good | {name: said}, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode("utf-8", "replace")
    octets = hashlib.sha256(line).hexdigest().encode() + b"\t" + line + b"\n"
    try:
        (entry,) = Reader("us").feed(octets)
    except DataError:
        return
    assert getattr(entry, {"at": "at_ns"}.get(name, name)) == said


# ---- copies of a partner's journal


def test_a_copy_takes_entries_in_any_order_and_asks_for_what_is_missing() -> None:
    copy = Copy("us")
    assert copy.add(PLAIN[2].octets).entries == () and copy.missing == (1, 2)
    assert copy.add(PLAIN[4].octets).entries == () and copy.missing == (1, 2)
    assert copy.add(PLAIN[0].octets).entries == (PLAIN[0],) and copy.missing == (2, 2)
    assert copy.add(PLAIN[1].octets).entries == (PLAIN[1], PLAIN[2]) and copy.missing == (4, 4)
    assert copy.add(PLAIN[3].octets).entries == (PLAIN[3], PLAIN[4]) and copy.missing is None
    assert copy.add(PLAIN[3].octets).entries == () and copy.head == PLAIN[4].head and copy.hash_of(2) == PLAIN[1].hash


def test_two_entries_of_one_number_are_kept_as_evidence_and_nothing_is_taken_after() -> None:
    other = written([{"text": "entry 0", "n": 0}, {"another": "story"}])
    copy = Copy("us")
    for one in PLAIN[:3]:
        copy.add(one.octets)
    found = copy.add(other[1].octets)
    assert found.fork is not None and found.entries == ()
    assert (found.fork.n, found.fork.kept, found.fork.other) == (2, PLAIN[1].hash, other[1].octets)
    with pytest.raises(DataError, match="forked at entry 2"):
        copy.add(PLAIN[3].octets)


def test_a_fork_shows_by_the_entry_after_it_too() -> None:
    other = written([{"x": n} for n in range(4)])
    copy = Copy("us")
    copy.add(PLAIN[0].octets)
    found = copy.add(other[1].octets)
    assert found.fork is not None and (found.fork.n, found.fork.kept) == (1, PLAIN[0].hash)
    waiting = Copy("us")
    waiting.add(PLAIN[2].octets)
    clash = waiting.add(other[2].octets)
    assert clash.fork is not None and clash.fork.n == 3


def test_a_copy_refuses_what_is_not_of_its_partner_or_was_altered() -> None:
    copy = Copy("them")
    with pytest.raises(DataError, match="in the copy of 'them'"):
        copy.add(PLAIN[0].octets)
    with pytest.raises(DataError, match="altered"):
        Copy("us").add(PLAIN[0].octets.replace(b"entry 0", b"entry 9"))
    with pytest.raises(DataError, match="number 0"):
        line = PLAIN[0].octets.partition(b"\t")[2].rstrip().replace(b'"n":1,"prev"', b'"n":0,"prev"')
        Copy("us").add(hashlib.sha256(line).hexdigest().encode() + b"\t" + line)


def test_a_copy_resumes_from_its_head() -> None:
    copy = Copy("us", PLAIN[2].head)
    assert copy.add(PLAIN[0].octets).entries == () and copy.add(PLAIN[3].octets).entries == (PLAIN[3],)
    assert copy.hash_of(3) == "" and copy.hash_of(4) == PLAIN[3].hash
    other = written([{"x": n} for n in range(4)])
    assert Copy("us", PLAIN[2].head).add(other[2].octets).fork is not None


class AnyDelivery(RuleBasedStateMachine):
    """A partner writes, a line delivers late, doubled and out of order; the copy is always a beginning of the journal."""

    def __init__(self) -> None:
        super().__init__()
        self.journal, self.entries, self.line = Journal("us"), list[Entry](), list[Entry]()
        self.copy, self.taken = Copy("us"), list[Entry]()

    @rule(value=st.integers(0, 9))
    def write(self, value: int) -> None:
        self.entries.append(self.journal.append("note", {"value": value}, T0 + len(self.entries)))
        self.line.append(self.entries[-1])

    @precondition(lambda self: self.line)
    @rule(data=st.data(), doubled=st.booleans())
    def deliver(self, data: st.DataObject, doubled: bool) -> None:
        index = data.draw(st.integers(0, len(self.line) - 1))
        entry = self.line[index] if doubled else self.line.pop(index)
        self.taken += self.copy.add(entry.octets).entries

    @precondition(lambda self: self.line)
    @rule()
    def lose(self) -> None:
        self.line.pop()

    @rule()
    def ask_for_the_missing(self) -> None:
        if self.copy.missing:
            first, last = self.copy.missing
            self.line += self.entries[first - 1 : last]

    @invariant()
    def the_copy_is_a_beginning(self) -> None:
        assert self.taken == self.entries[: len(self.taken)] and not self.copy.forks
        assert self.copy.head.n == len(self.taken)


AnyDelivery.TestCase.settings = settings(max_examples=50, stateful_step_count=30, deadline=None)
TestAnyDelivery = AnyDelivery.TestCase


# ---- countersignatures


def test_a_countersignature_is_of_one_head_by_one_agency() -> None:
    head = PLAIN[3].head
    body = countersign_body("them", "us", head, AGENCY_KEYS["them"], T0)
    found = countersigned_from(body, PUBLIC)
    assert (found.agency, found.of, found.n, found.hash) == ("them", "us", 4, head.hash)
    for change in ({"n": 3}, {"hash": "0" * 64}, {"of": "them"}, {"agency": "us"}, {"at_ns": 1}, {"signature": "0" * 128}):
        with pytest.raises(DataError, match="forged or altered"):
            countersigned_from(body | change, PUBLIC)
    for change in ({"n": 0}, {"n": "4"}, {"hash": "x"}, {"v": 2}, {"more": 1}):
        with pytest.raises(DataError):
            countersigned_from(body | change, PUBLIC)
    entry = Journal("them").countersign("us", head, AGENCY_KEYS["them"], T0)
    assert entry.kind == "countersign" and entry.body == body
