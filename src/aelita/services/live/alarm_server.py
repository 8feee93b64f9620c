"""The alarm server: the engine of the alarms room with a journal that is kept, people who are told, and other agencies.

Every change is a record in the journal `<agency>.audit.alarms`, which no other agency sees; what another must see goes signed to
`<agency>.alarms.<spacecraft>.<source>`. The journal has one writer: a second server is refused by the sequence that it expects.
"""

import asyncio
import contextlib
import logging
import re
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from ...agencies import subject as subject_of
from ...alarms import (
    AlarmEngine,
    Change,
    Command,
    Escalation,
    May,
    Notified,
    Notify,
    Observation,
    Record,
    Stance,
    calls_of,
    command,
    decode,
    encode,
)
from ...errors import AelitaError, DataError
from .notifying import NotifyError, Sender
from .signing import PublicKeys, Signer, digest, verify
from .streams import WrongSequenceError

log = logging.getLogger(__name__)

NOBODY = Escalation()
LONGEST_WAIT_S = 1.0
_NO_TOKEN = re.compile(r"[^A-Za-z0-9_-]")
MOST_WAITING = 10_000
SPACING_S = 10.0  # between two messages to one address: what comes meanwhile is told together


class Store(Protocol):
    """Where records are kept: a stream of the agency (see `Streams`)."""

    async def publish(
        self, subject: str, payload: bytes, *, msg_id: str | None = None, expected_last_on_subject: int | None = None
    ) -> int:
        """Store a message, once for its id, and return its sequence. Raises an AelitaError when it may not be stored."""
        ...

    def history(self, subject: str) -> AsyncIterator[tuple[int, bytes]]:
        """Yield what is stored on a subject until now, in order: sequence and octets."""
        ...


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What the server needs beside its engine. `now` is the mission's clock (TAI ns), `seconds_until` real seconds until then."""

    store: Store
    signer: Signer
    keys: PublicKeys
    may: May
    now: Callable[[], int]
    seconds_until: Callable[[int], float]
    escalation: Escalation = NOBODY
    senders: Mapping[str, Sender] = field(default_factory=dict)
    must_see: Callable[[str, int], bool] = lambda _spacecraft, _severity: False  # by the agreement: spacecraft, severity (0 to 5)


class AlarmServer:
    """One agency's alarms. Call `start`, feed it, and let `run` go on; all in one event loop."""

    def __init__(self, engine: AlarmEngine, around: Surroundings) -> None:
        self.engine, self._around = engine, around
        self.journal = f"{engine.agency}.audit.alarms"
        self.notified = self.failed = 0  # counts for the metrics
        self._outbox: deque[tuple[Record, str]] = deque()  # record, subject
        self._lock = asyncio.Lock()
        self._last: int | None = None
        self._shared: set[str] = set()  # alarms that others have been told of: they hear of them to the end
        self._wake = asyncio.Event()
        self._on_the_way: Counter[tuple[str, str, int, int, int]] = Counter()  # how many of a step
        self._sending: set[asyncio.Task[None]] = set()
        self._spoken: dict[tuple[str, str], float] = {}  # channel, address -> when last (loop time)

    async def start(self) -> None:
        """Rebuild the state from the journal, and say again what others may not have heard.

        A line that is no record is left out, and audited.
        """
        self._last = 0
        last: tuple[Record, str] | None = None
        damaged: list[tuple[str, bytes]] = []
        async for sequence, octets in self._around.store.history(self.journal):
            self._last = sequence
            try:
                record = decode(octets, f"{self.journal} {sequence}")
            except DataError as error:
                damaged.append((str(error), octets))
                continue
            self.engine.apply(record)
            last = (record, self._subject(record))
        if last and last[1]:  # only what was kept last can be unsaid
            await self._put(*last)
        if damaged:
            reason = f"{len(damaged)} lines of the journal cannot be read; the last: {damaged[-1][0]}"
            await self._keep(self.engine.audit(self.journal, reason, digest(damaged[-1][1]), self._around.now()))

    @property
    def waiting(self) -> int:
        """How many messages wait to be kept."""
        return len(self._outbox)

    async def observe(self, observations: Iterable[Observation]) -> None:
        """Take observations in; when it returns, what came of them is kept."""
        await self._keep(self.engine.observe(observations, self._around.now()))
        self._wake.set()

    async def command(self, asked: Command) -> list[Record]:
        """Do what a person asks; when it returns, it is kept. Raises UsageError when it is refused: nothing has changed then."""
        made = command(self.engine, asked, self._around.may, self._around.now())
        await self._keep(made)
        self._wake.set()
        return made

    async def refused(self, subject: str, reason: str, octets: bytes, who: str) -> None:
        """Keep for the audit that a command was refused."""
        await self._keep(self.engine.audit(subject, reason, digest(octets), self._around.now(), who))

    async def foreign(self, subject: str, octets: bytes, *, again: bool = False) -> bool:
        """Take a message of another agency in; return whether it was genuine. One that is not is kept for the audit.

        `again`: it came before a restart, so that a refusal was kept then.
        """
        try:
            self.engine.apply(self._verified(subject, octets))
        except DataError as error:
            if not again:
                await self._keep(self.engine.audit(subject, str(error), digest(octets), self._around.now()))
            return False
        self._wake.set()
        return True

    def _verified(self, subject: str, octets: bytes) -> Record:
        signed = verify(octets, self._around.keys)
        ours = signed.agency == self.engine.agency
        if ours or signed.subject != subject or not subject.startswith(f"{signed.agency}.alarms."):
            raise DataError(f"{signed.agency} signed it for {signed.subject}, and it came on {subject}")
        record = decode(signed.payload, subject)
        if record.agency != signed.agency or not isinstance(record.body, Change | Stance):
            raise DataError(f"{signed.agency} may not tell this: {type(record.body).__name__} of {record.agency}", where=subject)
        return record

    async def run(self) -> None:
        """Do what time brings, and tell people, until cancelled; what is on its way then is waited for no longer."""
        try:
            while True:
                self._wake.clear()
                wait_s = await self.step()
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(wait_s):  # not wait_for: before 3.12 it may swallow a cancellation
                        await self._wake.wait()
        finally:
            for task in self._sending:
                task.cancel()
            await asyncio.gather(*self._sending, return_exceptions=True)

    async def step(self) -> float:
        """Do what is due now; return how long (s) nothing is."""
        now = self._around.now()
        await self._keep_or_wait(self.engine.on_timer(now))
        state = self.engine.state
        notes, at = self._around.escalation.due(now, calls_of(state, self.engine.book), state.told, self._on_the_way)
        self._tell(notes)
        due = [self.engine.next_deadline(now), *([at] if at is not None else [])]
        return min(max(self._around.seconds_until(min(due)), 0.01), LONGEST_WAIT_S)

    def _tell(self, notes: list[Notify]) -> None:
        """Begin to tell people, all that is for one address together."""
        time = asyncio.get_running_loop().time()
        self._spoken = {place: at for place, at in self._spoken.items() if time - at < SPACING_S}
        later = {note.key for note in notes if (note.channel, note.address) in self._spoken}  # all people of a step wait
        groups: dict[tuple[str, str], list[Notify]] = {}
        for note in notes:
            if note.key not in later:
                groups.setdefault((note.channel, note.address), []).append(note)
        for place, group in groups.items():
            if place[1]:
                self._spoken[place] = time
            self._on_the_way.update(note.key for note in group)
            task = asyncio.create_task(self._send(place, group))
            self._sending.add(task)
            task.add_done_callback(self._sending.discard)

    async def _send(self, place: tuple[str, str], group: Sequence[Notify]) -> None:
        channel, address = place
        reason = await self._attempt(channel, address, group) if address else ""
        now = self._around.now()
        for note in group:
            call, words = note.call, note.words or reason
            body = Notified(
                call.owner, call.alarm, call.announcement, note.step, note.round, channel, address, not words, words[:500]
            )
            self.engine.record(body, now)
            self.notified, self.failed = self.notified + (not words), self.failed + bool(words)
        made = self.engine.taken()
        self._on_the_way.subtract(note.key for note in group)  # from here on the records tell
        self._on_the_way = +self._on_the_way
        with contextlib.suppress(WrongSequenceError):  # the next step fails aloud
            await self._keep_or_wait(made)
        self._wake.set()

    async def _attempt(self, channel: str, address: str, group: Sequence[Notify]) -> str:
        """Return why it failed, empty when it did not."""
        sender = self._around.senders.get(channel)
        if sender is None:
            return f"no {channel} is set up"
        try:
            await sender.send(address, group)
        except NotifyError as error:
            return str(error)
        except Exception as error:  # whatever a sender does, the chain goes on
            return f"{type(error).__name__} {error}"
        return ""

    async def _keep(self, made: list[Record]) -> None:
        """Keep records in their order. What cannot be kept now stays in the outbox and goes first the next time."""
        for record in made:
            self._outbox.append((record, self.journal))
            if subject := self._subject(record):
                self._outbox.append((record, subject))
        async with self._lock:
            while self._outbox:
                await self._put(*self._outbox[0])
                self._outbox.popleft()

    async def _keep_or_wait(self, made: list[Record]) -> None:
        """Keep records; when the store is full or away, people are told all the same, and the records wait in the outbox."""
        try:
            await self._keep(made)
        except WrongSequenceError:
            raise
        except AelitaError as error:
            if len(self._outbox) > MOST_WAITING:
                raise
            log.error("%d records of alarms wait to be kept: %s", len(self._outbox), error)

    async def _put(self, record: Record, subject: str) -> None:
        octets, store = encode(record), self._around.store
        name = f"{subject}.{record.number}.{digest(octets)[:16]}"  # another server's record of that number is another message
        if subject == self.journal:
            self._last = await store.publish(subject, octets, msg_id=name, expected_last_on_subject=self._last)
        else:
            await store.publish(subject, self._around.signer.sign(subject, octets), msg_id=name)

    def _subject(self, record: Record) -> str:
        """Return the subject on which others hear of a record, empty when they do not."""
        body = record.body
        if isinstance(body, Stance):
            return _subject(record.agency, body.alarm.partition(":")[2].partition(":")[0], "stance")
        definition = self.engine.book.of(body.alarm) if isinstance(body, Change) else None
        if definition is None or not isinstance(body, Change):
            return ""
        spacecraft = definition.spacecraft_of(body.alarm)
        if (
            body.alarm not in self._shared
            and not definition.shared
            and not self._around.must_see(spacecraft, body.after.severity)
        ):
            return ""
        self._shared.add(body.alarm)
        return _subject(record.agency, spacecraft, definition.source.value)


def _subject(agency: str, spacecraft: str, source: str) -> str:
    return subject_of(agency, "alarms", spacecraft=_NO_TOKEN.sub("_", spacecraft) or "ground", source=source)
