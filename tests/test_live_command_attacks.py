"""Ways around joint commanding, tried: forged and replayed messages, altered files, stolen credentials, frames straight to space."""

import ast
import asyncio
import contextlib
import itertools
import json
from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from hypothesis import given, settings
from hypothesis import strategies as st

import aelita
from aelita.commanding import Act, Entry, Journal, Reader, Standing, State, body_of
from aelita.errors import ArchiveError, DataError, UsageError
from aelita.link import security
from aelita.services.live.command_journal import CopyFile, JournalFile
from aelita.services.live.command_lines import CommandLine
from aelita.services.live.command_mirroring import Mirror, Publisher, journal_subject
from aelita.services.live.command_vouching import vouched
from aelita.services.live.commander import CommandService
from aelita.services.live.health import Health
from aelita.services.live.signing import Signer
from aelita.services.live.stream_plan import Give
from aelita.services.live.streams import Streams
from aelita.time import SECOND
from api_command_material import TWIN, both
from gate_material import NOW, PROBE, people, prepared
from live_servers import agencies, client, until
from spacecraft_material import Ground, Heard, crc, request, twin
from test_commanding_commander import SHARED

SOURCE = Path(aelita.__file__).parent
GIVES = [Give("esa", "roscosmos", ("esa.commands.>",)), Give("roscosmos", "esa", ("roscosmos.commands.>",))]
PEOPLE = people()


# ---- nobody else in the source


def modules_that_use(name: str) -> set[str]:
    """Return the modules in whose code a name is used or imported."""
    found = set()
    for path in SOURCE.rglob("*.py"):
        text = path.read_text()
        if name in text and any(_is_named(node, name) for node in ast.walk(ast.parse(text))):
            found.add(path.relative_to(SOURCE).as_posix())
    return found


def _is_named(node: ast.AST, name: str) -> bool:
    match node:
        case ast.Name(id=found) | ast.Attribute(attr=found):
            return found == name
        case ast.Import(names=several) | ast.ImportFrom(names=several):
            return any(one.name.rpartition(".")[2] == name for one in several)
    return False


@pytest.mark.parametrize(
    ("name", "allowed"),
    [
        ("CltuClient", {"services/live/command_lines.py"}),  # it holds no secrets: what it is given, stations check
        ("secrets_of_gate", {"services/live/command_lines.py"}),
        ("CltuUserSettings", {"services/live/cltu_client.py", "services/live/command_lines.py", "sle/__init__.py"}),
        ("CommandLine", {"services/live/commander.py"}),
    ],
)
def test_only_the_line_of_the_gate_uses_the_forward_service(name: str, allowed: set[str]) -> None:
    used = {path for path in modules_that_use(name) if not path.startswith("sle/cltu")}
    assert used and used <= allowed | {"sle/__init__.py"}


# ---- journals between agencies


@dataclass
class Ends:
    """A journal of one agency on its stream, and the copy that another takes from its mirror."""

    folder: Path
    giver: Streams
    taker: Streams
    key: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    taken: list[Entry] = field(default_factory=list)
    health: Health = field(default_factory=lambda: Health("commander", "roscosmos"))
    giving: Health = field(default_factory=lambda: Health("commander", "esa"))
    journal: JournalFile = field(init=False)
    publisher: Publisher = field(init=False)
    copy: CopyFile = field(init=False)

    def __post_init__(self) -> None:
        self.journal = JournalFile(self.folder / "joint.journal", "esa", lambda _: None)
        self.publisher = Publisher(self.giver, Signer("esa", self.key), self.journal, self.giving)
        self.copy = CopyFile(self.folder / "copy.journal", "esa", lambda _: None)

    def write(self, kind: str = "note", **body: object) -> Entry:
        entry = self.journal.journal.append(kind, body, NOW)
        self.journal.write([entry])
        self.publisher.wake.set()
        return entry

    async def take(self) -> None:
        async def keep(entries: list[Entry]) -> None:
            self.taken += entries

        await Mirror(self.taker, "esa", self.copy, lambda: {"esa": (self.key.public_key(),)}, self.health, keep).run()

    async def until_taken(self, entry: Entry) -> None:
        async def there() -> bool:
            return bool(self.taken) and self.taken[-1].n >= entry.n

        await until(f"entry {entry.n}", there)

    async def until_value(self, health: Health, name: str) -> None:
        async def counted() -> bool:
            return health.value(name) > 0

        await until(name, counted)


@contextlib.asynccontextmanager
async def ends_of(folder: Path, before: bytes = b"") -> AsyncIterator[Ends]:
    async with contextlib.AsyncExitStack() as stack:
        servers, _ = await stack.enter_async_context(agencies(folder, GIVES, ["esa", "roscosmos"]))
        giver = await stack.enter_async_context(await client(servers["esa"]))
        taker = await stack.enter_async_context(await client(servers["roscosmos"]))
        if before:
            await giver.publish(journal_subject("esa"), before)
        ends = Ends(folder, giver, taker)
        tasks = [asyncio.create_task(ends.publisher.run()), asyncio.create_task(ends.take())]
        try:
            yield ends
        finally:
            for task in tasks:
                task.cancel()
            ended = await asyncio.gather(*tasks, return_exceptions=True)
            assert all(isinstance(one, asyncio.CancelledError) for one in ended), ended
            ends.journal.close()
            ends.copy.close()


def forged(ends: Ends, signer: Signer | None) -> bytes:
    """Return a message with an entry that the giver never wrote, signed by somebody or by nobody."""
    entry = Journal("esa", ends.journal.journal.head).append("released", {"request": "r1", "digest": "0" * 64}, NOW)
    payload = json.dumps({"offset": ends.journal.size, "octets": len(entry.octets)}).encode() + b"\n" + entry.octets
    if signer is None:
        return b"AELITA-SIGNED-1\nesa\n" + journal_subject("esa").encode() + b"\nAAAA\n" + payload
    return signer.sign(journal_subject("esa"), payload)


def test_forged_and_replayed_messages_of_a_journal_change_nothing_and_stop_nobody(tmp_path: Path) -> None:
    async def session() -> None:
        async with ends_of(tmp_path) as ends:
            await ends.until_taken(ends.write(text="first"))
            newest = await ends.giver.last(journal_subject("esa"), "COMMANDS")
            assert newest is not None
            stranger = Ed25519PrivateKey.generate()
            for octets in (
                b"nonsense",
                forged(ends, None),
                forged(ends, Signer("esa", stranger)),
                forged(ends, Signer("roscosmos", ends.key)),
                Signer("esa", ends.key).sign("esa.commands.other", newest.data.split(b"\n", 4)[4]),
                newest.data,  # replayed
            ):
                await ends.giver.publish(journal_subject("esa"), octets)
                await ends.until_taken(ends.write(text="after it"))
            await ends.until_value(ends.giving, "journal_strange_messages")
            ends.copy.sync()
            assert (tmp_path / "copy.journal").read_bytes() == (tmp_path / "joint.journal").read_bytes()
            assert [one.n for one in ends.taken] == list(range(1, 8))
            with pytest.raises(Exception, match=r"may not publish|no stream takes|ermission"):
                await ends.taker.publish(journal_subject("esa"), forged(ends, None), timeout_s=2.0)

    asyncio.run(session())


def test_after_a_restart_a_forged_newest_message_stops_nobody(tmp_path: Path) -> None:
    async def session() -> None:
        async with ends_of(tmp_path, b"nonsense\nof\nno\nagency\nat all") as ends:
            await ends.until_taken(ends.write(text="first"))
            assert ends.giving.value("journal_strange_messages") == 1

    asyncio.run(session())


def test_two_entries_of_one_number_are_kept_as_evidence_and_nothing_more_is_taken(tmp_path: Path) -> None:
    async def session() -> None:
        async with ends_of(tmp_path) as ends:
            first = ends.write(text="first")
            await ends.until_taken(first)
            other = Journal("esa").append("note", {"text": "not the first"}, NOW)
            payload = json.dumps({"offset": 0, "octets": len(other.octets)}).encode() + b"\n" + other.octets
            await ends.giver.publish(journal_subject("esa"), Signer("esa", ends.key).sign(journal_subject("esa"), payload))

            async def kept() -> bool:
                return (tmp_path / "fork-esa-1.evidence").is_file()

            await until("the evidence", kept)
            assert (tmp_path / "fork-esa-1.evidence").read_bytes() == other.octets
            ends.write(text="second")

            async def said() -> bool:
                return any("forked" in why for why in ends.health.faults.values())

            await until("a fault", said)
            assert ends.taken == [first]

    asyncio.run(session())


def test_a_copy_that_cannot_be_written_is_not_believed_to_be_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A disk that is full under a copy ends the service, which begins anew from what the disk has."""
    journal, copy = Journal("esa"), CopyFile(tmp_path / "copy.journal", "esa", lambda _: None)
    entries = [journal.append("note", {"number": number}, NOW) for number in range(3)]
    copy.add(entries[0].octets)
    with monkeypatch.context() as full:
        full.setattr("os.pwrite", refuse)
        with pytest.raises(ArchiveError, match="No space left"):
            copy.add(entries[1].octets)
    copy.close()
    again = CopyFile(tmp_path / "copy.journal", "esa", lambda _: None)
    assert again.head.n == 1 and len(again.add(entries[1].octets).entries) == 1
    again.close()


def refuse(*_: object) -> int:
    raise OSError(28, "No space left on device")


# ---- the journal's file


def journal_of(folder: Path, entries: int = 6) -> Path:
    path = folder / "joint.journal"
    path.unlink(missing_ok=True)
    file = JournalFile(path, "esa", lambda _: None)
    for number in range(entries):
        file.write([file.journal.append("note", {"number": number, "text": "x" * (number * 7)}, NOW + number)])
    file.close()
    return path


@settings(max_examples=120, deadline=None)
@given(place=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_one_flipped_bit_stops_commanding_with_its_reason_and_nothing_is_overwritten(
    tmp_path_factory: pytest.TempPathFactory, place: float, bit: int
) -> None:
    path = journal_of(tmp_path_factory.mktemp("journal"))
    octets = bytearray(path.read_bytes())
    octets[int(place * len(octets))] ^= 1 << bit
    path.write_bytes(octets)
    with pytest.raises(DataError) as told:
        JournalFile(path, "esa", lambda _: None)
    assert "octet" in str(told.value) and path.read_bytes() == octets


def test_an_entry_put_in_or_taken_out_stops_commanding(tmp_path: Path) -> None:
    lines = journal_of(tmp_path).read_bytes().splitlines(keepends=True)
    strange = Journal("esa", Reader("esa").head).append("released", {"request": "r1"}, NOW).octets
    for altered in (lines[:2] + lines[3:], [*lines[:2], strange, *lines[2:]], [*lines[:2], lines[3], lines[2], *lines[4:]]):
        path = tmp_path / "joint.journal"
        path.write_bytes(b"".join(altered))
        with pytest.raises(DataError, match="entry"):
            JournalFile(path, "esa", lambda _: None)
        assert path.read_bytes() == b"".join(altered)


def test_a_full_disk_under_the_journal_lets_nothing_go_and_the_rest_is_taken_up_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = journal_of(tmp_path)
    before = path.read_bytes()
    file = JournalFile(path, "esa", lambda _: None)
    entry = file.journal.append("sending", {"cltu": 1}, NOW + 100)
    with monkeypatch.context() as full:
        full.setattr("os.pwrite", half(path))
        for _ in range(2):
            with pytest.raises(ArchiveError, match="No space left on device"):
                file.write([entry])
    assert path.read_bytes() == before + entry.octets[: len(entry.octets) // 2]
    again = JournalFile(path, "esa", lambda _: None)
    assert path.read_bytes() == before and again.journal.head.n == 6
    again.close()


def half(path: Path):  # type: ignore[no-untyped-def]
    """Write half of what is to be written, then have no room."""

    def pwrite(file: int, octets: bytes, offset: int) -> int:
        if path.stat().st_size > offset:
            raise OSError(28, "No space left on device")
        with path.open("r+b") as other:
            other.seek(offset)
            return other.write(octets[: len(octets) // 2])

    first = [True]

    def once(file: int, octets: bytes, offset: int) -> int:
        if first[0]:
            first[0] = False
            return pwrite(file, octets, offset)
        raise OSError(28, "No space left on device")

    return once


# ---- what another agency writes


def test_an_agency_cannot_speak_for_the_people_of_another() -> None:
    """A partner's journal, whole and signed, tells of a rejection and a release by our own people."""
    asked = prepared()
    standing, theirs = Standing("us", SHARED, PEOPLE.public), Journal("them")
    standing.keyring = PEOPLE.keyring
    standing.take(theirs.append("request", body_of(asked), NOW))
    reject = replace(PEOPLE.says("carla", Act.REJECT, asked), signature=bytes(64))
    for said in (reject, *PEOPLE.all_say(asked)):
        if said.statement.agency == "us":
            standing.take(theirs.append("statement", said.body(), NOW))
    assert standing.board.requests["r1"].state is State.WAITING
    assert standing.said("r1") == [] and not standing.wanted(asked, NOW).satisfied
    assert len(standing.odd) == 3


def test_a_partner_that_tells_of_a_release_of_other_octets_opens_no_way_to_release_ours_twice() -> None:
    asked = prepared()
    standing, ours, theirs = Standing("us", SHARED, PEOPLE.public), Journal("us"), Journal("them")
    standing.take(ours.append("released", {"request": "r1", "digest": asked.digest, "spacecraft": PROBE}, NOW))
    standing.take(theirs.append("released", {"request": "r1", "digest": "0" * 64, "spacecraft": PROBE}, NOW))
    assert standing.released["r1"]["digest"] == asked.digest


# ---- the line and space (test_live_uplink_station.py has what stations refuse)


def test_a_line_sends_only_what_the_gate_made() -> None:
    line = CommandLine.__new__(CommandLine)
    line.spacecraft = PROBE
    for made in (bytes(16), object(), prepared()):
        with pytest.raises(UsageError, match="only what the release gate made"):
            line.send(made)  # type: ignore[arg-type]


def test_frames_forged_or_replayed_at_the_antenna_are_refused_on_board_counted_and_reported() -> None:
    """Whoever has the antenna itself has not the key: the twin takes the first frame and neither its copy nor a forgery."""
    craft, ours, heard = twin(), Ground(), Heard()
    good = ours.frame(request(1, 17, 1))
    ours.send(craft, good)
    ours.send(craft, good)  # replayed, octet for octet
    thief = Ground(iv=50, key=bytes(32), at_ns=ours.at_ns)
    thief.send(craft, thief.frame(request(2, 8, 1, b"\0\1")))
    altered = bytearray(ours.frame(request(3, 17, 1)))
    altered[30] ^= 1
    altered[-2:] = crc(bytes(altered[:-2])).to_bytes(2)
    ours.at_ns = thief.at_ns
    ours.send(craft, bytes(altered))
    ours.ask(craft, request(4, 17, 1), request(5, 20, 1, b"\1\0\4"))  # the parameter that counts refusals
    while craft.now_ns < ours.at_ns + 10 * SECOND:
        heard.feed(craft.frame())
    (values,) = heard.reports(20)
    assert values[16:-2] == bytes.fromhex("01 0004 00000003")
    assert heard.stages(1) == [1, 3, 7] and heard.stages(4) == [1, 3, 7]
    assert heard.stages(2) == [] and heard.stages(3) == []
    assert craft.receiver.counters["security_refused"] == 3


def sender_of(service: CommandService) -> security.Sender:
    sender = service.gate.line(TWIN).security
    assert sender is not None
    return sender


def test_after_a_death_numbers_of_security_stay_within_what_the_spacecraft_lets_pass(tmp_path: Path) -> None:
    """However often the commander dies: nothing is used twice, and the jump is never wider than the window."""
    with both(tmp_path) as made:
        service = made.esa.service
        window, ahead = sender_of(service).association.window, []
        path = service._numbers_path(TWIN)
        assert not path.exists()  # nothing goes, so nothing is reserved
        for _ in range(3):
            service._keep_numbers(TWIN)
            ahead.append(json.loads(path.read_text())["iv"])
            assert int(ahead[-1], 16) - sender_of(service).unused.iv <= window // 2
            service._hold_line(TWIN)  # as a new process does, which knows only what is on the disk
        jumps = [int(b, 16) - int(a, 16) for a, b in itertools.pairwise(ahead)]
        assert all(0 < jump <= window // 2 for jump in jumps)
        service._keep_numbers(TWIN)
        used = sender_of(service).unused
    assert json.loads(path.read_text()) == used.to_record()  # an end in good order gives back what was not used


def test_who_may_only_enter_the_streams_gives_nobody_a_key_that_counts(tmp_path: Path) -> None:
    with both(tmp_path) as made:
        place, key = made.esa, Ed25519PrivateKey.generate()
        public = key.public_key().public_bytes_raw().hex()
        asked = {"person": "nobody", "centre": "esoc", "roles": ["flight-director"], "public": public, "by": "nobody"}
        honest = vouched(place.service.signer.key, "enrol", asked)
        for wrong in (
            asked,
            vouched(key, "enrol", asked),
            {**honest, "person": "somebody"},
            {**honest, "roles": ["flight-director", "spacecraft-controller"]},
            {**honest, "vouched_ns": honest["vouched_ns"] - 10**12},
            {**vouched(place.service.signer.key, "revoke", asked)},
            {**honest, "voucher": "zz"},
            {**honest, "voucher": None},
        ):
            with pytest.raises(UsageError, match="does not vouch"):
                asyncio.run(place.service._desk.answer({"op": "enrol", **wrong}))
        assert not any(one.person == "nobody" for one in place.service.standing.keyring.credentials.values())
        assert asyncio.run(place.service._desk.answer({"op": "enrol", **honest}))["key"]
        with pytest.raises(UsageError, match="does not vouch"):
            asyncio.run(place.service._desk.answer({"op": "revoke", "key": "0" * 16}))
