"""What two agencies that command together write is proved by either journal with the copy of the other's, and no change passes."""

from collections.abc import Iterator
from copy import deepcopy

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aelita.commanding import Act, Audit, Reader, Report, body_of, conclude, countersign_body, credential_body
from aelita.time import SECOND
from gate_material import DIRECTOR, NOW, PING, PROBE, THEIRS, prepared
from test_commanding_commander import PEOPLE, SHARED, Side, agree, both, mirror


def audited(one: bytes, other: bytes, agency: str = "us") -> Report:
    audits = []
    for octets, name in ((one, agency), (other, "them" if agency == "us" else "us")):
        made = Audit(name, rules=SHARED, keys=PEOPLE.public)
        made.feed(octets)
        audits.append(made)
    return conclude(*audits)


def faults(found: Report) -> list[str]:
    return [f"{one.where}: {one.what}" for one in found.findings if one.grade == "fault"]


def enrolled() -> tuple[Side, Side]:
    us, them = both()
    for credential in PEOPLE.keyring.credentials.values():
        side = us if credential.agency == "us" else them
        body = credential_body(credential, PEOPLE.agencies[credential.agency])
        side.does(side.commander.enrol("credential", body, NOW))
    mirror(us, them)
    mirror(them, us)
    return us, them


def countersign(us: Side, them: Side) -> None:
    """Have each side sign the head of the copy that it has of the other's journal, and mirror that."""
    for one, other in ((us, them), (them, us)):
        mirror(other, one)
        head = one.copies[other.agency].head
        body = countersign_body(one.agency, other.agency, head, PEOPLE.agencies[one.agency], NOW)
        entry = one.commander.journal.append("countersign", body, NOW)
        one.disk += entry.octets
    mirror(us, them)
    mirror(them, us)


@pytest.fixture(scope="module")
def flown() -> Iterator[tuple[bytes, bytes]]:
    """Two commands by both agencies, the second critical, then a loan, all of it countersigned."""
    us, them = enrolled()
    us.does(us.commander.line_up(PROBE, NOW))
    for n, significance in enumerate(("none", "critical")):
        asked = prepared(f"r{n}", (PING[:-1] + bytes([n]),), significance=significance)
        them.does(them.commander.request(asked, NOW))
        if significance == "critical":
            mirror(them, us)
            us.does(us.commander.state(PEOPLE.says("carla", Act.APPROVE, asked), NOW))
        agree(us, them, asked)
        us.does(us.commander.transferred(n + 1, "hill", NOW + 1))
        us.does(us.commander.radiated(n + 1, "hill", NOW + 2, NOW + 3, NOW + 4))
    assert [one.request for one in us.sent] == ["r0", "r1"]
    us.does(us.commander.lend("probe", "offer", NOW + 9, who=DIRECTOR, borrower="them", end_ns=NOW + 600 * SECOND, by="dora"))
    mirror(us, them)
    them.does(them.commander.lend("probe", "accept", NOW + 9, who=THEIRS))
    mirror(them, us)
    mirror(us, them)
    them.does(them.commander.lend("probe", "return", NOW + 10, who=THEIRS))
    mirror(them, us)
    countersign(us, them)
    yield bytes(us.disk), bytes(them.disk)


def test_both_journals_prove_what_was_done(flown: tuple[bytes, bytes]) -> None:
    ours, theirs = flown
    for found, agency in ((audited(ours, theirs), "them"), (audited(theirs, ours, "them"), "us")):
        assert found.findings == () and found.proved[agency] >= found.entries - 2
    assert audited(ours, theirs).releases == 2 and audited(ours, theirs).counts["lease.end"] == 1


def test_one_journal_alone_proves_what_its_gate_released_and_says_what_it_cannot(flown: tuple[bytes, bytes]) -> None:
    made = Audit("us", rules=SHARED, keys=PEOPLE.public)
    made.feed(flown[0])
    found = conclude(made)
    assert faults(found) == [] and found.releases == 2


@settings(max_examples=150, deadline=None)
@given(data=st.data())
def test_no_flipped_bit_of_either_journal_passes(flown: tuple[bytes, bytes], data: st.DataObject) -> None:
    which = data.draw(st.integers(0, 1))
    octets = bytearray(flown[which])
    bit = data.draw(st.integers(0, len(octets) * 8 - 1))
    octets[bit // 8] ^= 1 << bit % 8
    found = audited(bytes(octets), flown[1 - which], ("us", "them")[which])
    assert not found.clean


@given(data=st.data())
def test_no_end_cut_off_passes(flown: tuple[bytes, bytes], data: st.DataObject) -> None:
    which = data.draw(st.integers(0, 1))
    agency = ("us", "them")[which]
    keep = data.draw(st.integers(0, audited(flown[which], flown[1 - which], agency).proved[("them", "us")[which]] - 1))
    lines = flown[which].splitlines(keepends=True)[:keep]
    assert any("cut off" in one for one in faults(audited(b"".join(lines), flown[1 - which], agency)))


def test_what_went_around_the_gate_is_found() -> None:
    """Somebody with the disk of an agency writes a release and a sending by hand, in a chain that is whole."""
    us, them = enrolled()
    asked = prepared("r9")
    them.does(them.commander.request(asked, NOW))
    mirror(them, us)
    said = PEOPLE.says("chris", Act.CHECK, asked)
    us.does(us.commander.state(said, NOW))
    body = {"request": "r9", "digest": asked.digest, "spacecraft": PROBE, "epoch": 0, "released_ns": NOW}
    honest = deepcopy(us.commander.journal.head)
    for statements in ([said.statement.id], [said.statement.id, "0" * 64]):
        us.commander.journal.head = honest
        forged = us.commander.journal.append("released", body | {"statements": statements}, NOW)
        found = faults(audited(bytes(us.disk) + forged.octets, bytes(them.disk)))
        assert any("released without what it needs" in one and "must release it" in one for one in found)
    us.commander.journal.head = honest
    sending = us.commander.journal.append("sending", {"cltu": 1, "request": "r9", "sha256": "0" * 64}, NOW)
    assert any("was not released" in one for one in faults(audited(bytes(us.disk) + sending.octets, bytes(them.disk))))
    other = prepared("r8")
    invented = us.commander.journal.append("request", body_of(other), NOW)
    assert any(
        "alone can tell" in one for one in faults(audited(bytes(us.disk) + sending.octets + invented.octets, bytes(them.disk)))
    )


def test_the_chain_of_the_journals_is_what_a_reader_reads(flown: tuple[bytes, bytes]) -> None:
    for octets, agency in zip(flown, ("us", "them"), strict=True):
        reader = Reader(agency)
        assert len(reader.feed(octets)) == reader.head.n and reader.rest == b""
