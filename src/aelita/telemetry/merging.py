"""Frames of one spacecraft that several stations heard become one stream: the first good copy of each, in order.

A frame is known by its virtual channel, counter, emission time and digest: TM counters wrap after 256 frames, which is half a
second at 5 Mbit/s. Following frames wait while another station may still bring what is missing before them.
"""

import hashlib
from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from ..link import FECF_BAD, HEADER_BAD, REASONS, Channel, State, branch, read_headers, verify
from ..time import NO_TIME, SECOND
from .bad_frames import BadFrames, Key
from .copies import ERRED, BadFrame, Copies, Merged, StationCounts
from .merged_channel import Held, Known, MergedChannel, Verdict
from .merger_state import channel_state, restore_channel
from .runs import Hole, Place, Rhythm, Runs

TOLERANCE_NS = 50_000_000
"""By how much emission times of one frame's copies may differ. An estimate: clocks of stations agree to microseconds, light times
to the Earth's radius (21 ms) even from a poor ephemeris. It is cut to a quarter of the time in which the counter wraps."""
PATIENCE_S = 5.0
ACTIVE_S = 10.0
REMEMBERED = 4096  # frames of each virtual channel that are known one by one: 7 s at 5 Mbit/s
MOST_HELD = 16_384  # frames: 18 MB
MOST_RUNS = 4096
ERRED_REASON = "said to be erred by the station"
CONFLICT_REASON = "differs from another station's good frame in the same place"
DAMAGED = (REASONS[FECF_BAD], REASONS[HEADER_BAD], ERRED_REASON)


class Merger:
    """Merges the frames of one spacecraft. `now` is in nanoseconds of a clock that never goes back.

    `patience_s` is how long a frame waits at most for what is missing before it, `tolerance_ns` by how much the emission times
    of one frame's copies may differ, `active_s` how long a silent station is waited for.
    """

    def __init__(
        self,
        channel: Channel,
        *,
        patience_s: float = PATIENCE_S,
        tolerance_ns: int = TOLERANCE_NS,
        active_s: float = ACTIVE_S,
        remembered: int = REMEMBERED,
        most_held: int = MOST_HELD,
        most_runs: int = MOST_RUNS,
    ) -> None:
        self.channel = channel
        self.stations: dict[str, StationCounts] = {}
        self._patience, self._active = round(patience_s * SECOND), round(active_s * SECOND)
        self._tolerance, self._remembered = tolerance_ns, remembered
        self._most_held, self._most_runs = most_held, most_runs
        self._channels: dict[int, MergedChannel] = {}
        self._bad = BadFrames(tolerance_ns)

    def feed(self, copies: Copies, now: int) -> Merged:
        """Take what a station delivered, and return the frames whose turn has come."""
        counts = self._station(copies, now)
        late: list[Held] = []
        for known, octets, reason in self._examined(copies, copies.quality == ERRED):
            counts.disordered += known.received < counts.last_received
            counts.last_received = max(counts.last_received, known.received)
            counts.last_emitted = max(counts.last_emitted, known.place.emitted)
            if reason:
                counts.refused[reason] = counts.refused.get(reason, 0) + 1
                self._take_bad(known, octets, reason, now, copies.message)
                continue
            held = Held(known, octets, now + self._patience, copies.message, {copies.station})
            if self._take(held, counts) is Verdict.LATE:
                late.append(held)
        return self._result(late, now)

    def on_timer(self, now: int) -> Merged:
        """Return what has waited long enough."""
        return self._result([], now)

    def next_deadline(self) -> int | None:
        """Return when `on_timer` has something to do, None when nothing waits."""
        due = [channel.held[0].due for channel in self._channels.values() if channel.held]
        bad = self._bad.deadline()
        return min(due if bad is None else [*due, bad], default=None)

    def finish(self) -> Merged:
        """Return all that waits: no more copies come."""
        return self._result([], 0, ended=True)

    def remember(self, merged: Merged) -> None:
        """Take a batch that was written before a restart, in the order of writing: it is not given out again."""
        for row, (known, _, _) in enumerate(self._examined(merged, np.zeros(len(merged), np.bool_))):
            counts = self.stations.setdefault(known.station, StationCounts())
            counts.last_emitted = max(counts.last_emitted, known.place.emitted)
            self._channel(known.virtual_channel).recall(known, bool(merged.late[row]))
        for bad in merged.unusable:
            self._bad.remember(self._key_of(bad), bad.emitted_at)
        for channel in self._channels.values():
            channel.changes()

    def state(self) -> State:
        """Return what was given out, as arrays; what waits is not in it. `remember` what is written after, or a little before."""
        return {str(number): channel_state(channel) for number, channel in self._channels.items()}

    def restore(self, state: State) -> None:
        """Go on where the merger stood that gave this state. Raises DataError when it is none."""
        for name in state:
            restore_channel(self._channel(int(name)), branch(state, name))
            for known in self._channels[int(name)].passed_frames():
                counts = self.stations.setdefault(known.station, StationCounts())
                counts.last_emitted = max(counts.last_emitted, known.place.emitted)

    def holes(self) -> list[Hole]:
        """Return what is missing now and was given up, by virtual channel and time."""
        return [hole for _, channel in sorted(self._channels.items()) for hole in channel.runs.holes()]

    def unsettled(self) -> dict[str, int]:
        """Return, by station, the lowest number of a message of which a frame still waits: those before it are done with."""
        found: dict[str, int] = {}
        waiting = [(h.known.station, h.message) for channel in self._channels.values() for h in channel.held]
        for station, message in (*waiting, *self._bad.messages()):
            found[station] = min(message, found.get(station, message))
        return found

    def _station(self, copies: Copies, now: int) -> StationCounts:
        counts = self.stations.setdefault(copies.station, StationCounts())
        counts.copies += len(copies)
        counts.missed += int(copies.continuity[copies.continuity > 0].sum())
        counts.delivered = now
        return counts

    def _examined(self, batch: Copies | Merged, erred: NDArray[np.bool_]) -> Iterator[tuple[Known, bytes, str]]:
        """Yield each frame of a batch, its octets, and why it is not good."""
        headers = read_headers(self.channel, batch.buffer, batch.offset, batch.length)
        reasons = verify(self.channel, headers, batch.buffer, batch.offset, batch.length)
        stations = [batch.station] * len(batch) if isinstance(batch, Copies) else [batch.stations[i] for i in batch.station]
        columns = (
            batch.offset, batch.length, headers.virtual_channel, headers.channel_count, headers.modulus, batch.emitted_at,
            batch.received_at, reasons, erred,
        )  # fmt: skip
        for station, row in zip(stations, zip(*(column.tolist() for column in columns), strict=True), strict=True):
            start, length, number, count, modulus, emitted, received, reason, refused = row
            octets = batch.buffer[start : start + length].tobytes()
            known = Known(number, Place(emitted, count, modulus), digest_of(octets), station, received)
            yield known, octets, REASONS.get(reason, ERRED_REASON if refused else "")

    def _channel(self, number: int) -> MergedChannel:
        if number not in self._channels:
            rhythm = Rhythm(self._tolerance)
            self._channels[number] = MergedChannel(number, rhythm, self._remembered, Runs(number, rhythm, self._most_runs))
        return self._channels[number]

    def _take(self, held: Held, counts: StationCounts) -> Verdict:
        """Take a good copy, and return what it is."""
        known, channel = held.known, self._channel(held.known.virtual_channel)
        verdict, in_time = channel.judge(known)
        counts.off_time += not in_time
        if verdict is Verdict.NEW:
            channel.hold(held)
        elif verdict is Verdict.COPY:
            counts.also_heard += 1
            channel.also_heard(known)
        elif verdict is Verdict.REPEATED:
            counts.repeated += 1
        elif verdict is Verdict.LATE:
            channel.late(known, held.due)
        else:
            counts.conflicting += 1
            bad = BadFrame(held.octets, CONFLICT_REASON, known.received, known.place.emitted, (known.station,))
            self._bad.report(self._key_of(bad), bad)
        return verdict

    def _take_bad(self, known: Known, octets: bytes, reason: str, now: int, message: int) -> None:
        bad = BadFrame(octets, reason, known.received, known.place.emitted, (known.station,))
        key = self._key_of(bad)
        channel = self._channels.get(key[0])
        if channel is None or not channel.brought(key[1], known.place.emitted):
            self._bad.take(key, bad, now + self._patience, message)

    def _key_of(self, bad: BadFrame) -> Key:
        """Return what a bad frame seems to be. Where only its error control says so, its header is most likely right."""
        if bad.reason not in DAMAGED or len(bad.octets) != self.channel.frame_octets:
            return -1, digest_of(bad.octets)
        octets, none = np.frombuffer(bytearray(bad.octets), np.uint8), np.zeros(1, np.int64)
        headers = read_headers(self.channel, octets, none, np.array([octets.size]))
        return int(headers.virtual_channel[0]), int(headers.channel_count[0])

    def _result(self, late: list[Held], now: int, *, ended: bool = False) -> Merged:
        """Return late frames, and those whose turn has come."""
        in_turn: list[Held] = []
        opened: list[Hole] = []
        closed: list[Hole] = []
        everything = ended or sum(len(channel.held) for channel in self._channels.values()) > self._most_held
        for channel in self._channels.values():
            if channel.held:
                in_turn += channel.release(now, everything, lambda held: self._awaited(held, now))
            new, gone = channel.changes()
            opened += new
            closed += gone
        for held in (*late, *in_turn):
            self.stations[held.known.station].won += 1
            self._bad.resolved((held.known.virtual_channel, held.known.place.count), held.known.place.emitted)
        for held in late:
            self.stations[held.known.station].late += 1
        return _merged(late, _interleaved(in_turn), opened, closed, self._bad.due(now, ended=ended))

    def _awaited(self, held: Held, now: int) -> bool:
        """Say whether another station may still bring what is missing before a frame."""
        emitted = held.known.place.emitted
        return any(
            name not in held.heard and now - counts.delivered <= self._active and counts.last_emitted <= emitted + self._tolerance
            for name, counts in self.stations.items()
        )


def digest_of(octets: bytes) -> int:
    """Return 62 bits that tell frames apart."""
    return int.from_bytes(hashlib.blake2b(octets, digest_size=8).digest()) >> 2


def _interleaved(frames: list[Held]) -> list[Held]:
    """Return frames of several virtual channels as they were emitted; each channel keeps its own order."""
    latest: dict[int, int] = {}
    times = []
    for held in frames:
        number = held.known.virtual_channel
        latest[number] = max(latest.get(number, NO_TIME), held.known.place.emitted)
        times.append(latest[number])
    return [frames[i] for i in sorted(range(len(frames)), key=times.__getitem__)]


def _merged(late: list[Held], in_turn: list[Held], opened: list[Hole], closed: list[Hole], bad: list[BadFrame]) -> Merged:
    frames = [*late, *in_turn]
    known = [held.known for held in frames]
    names = {name: number for number, name in enumerate(dict.fromkeys(k.station for k in known))}
    length = np.array([len(held.octets) for held in frames], np.int64)
    return Merged(
        buffer=np.frombuffer(bytearray().join(held.octets for held in frames), np.uint8),
        offset=np.cumsum(length) - length,
        length=length,
        virtual_channel=np.array([k.virtual_channel for k in known], np.uint8),
        count=np.array([k.place.count for k in known], np.int64),
        received_at=np.array([k.received for k in known], np.int64),
        emitted_at=np.array([k.place.emitted for k in known], np.int64),
        station=np.array([names[k.station] for k in known], np.int16),
        late=np.arange(len(frames)) < len(late),
        stations=tuple(names),
        opened=tuple(opened),
        closed=tuple(closed),
        unusable=tuple(bad),
    )
