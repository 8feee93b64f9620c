"""Recordings to frames and packets: any piece of a file in, rows out, for every kind of channel.

Convolutional decoding, frame synchronization, derandomizing and Reed-Solomon correction where the channel is coded; frames back
to back where it is not; packets alone where there are no frames.
"""

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ..coding import Convolutional, ReedSolomon, Synchronized, Synchronizer, Viterbi, derandomize
from ..errors import UsageError
from ..link import (
    GOOD,
    UNCORRECTABLE,
    Channel,
    Delimited,
    Delimiter,
    FrameReceiver,
    PacketReceiver,
    Quarantined,
    Received,
    State,
    branch,
    with_end,
)
from ..octets import as_octets

Octets = NDArray[np.uint8]
Column = NDArray[np.int64]

LOCK_ERRORS = 4  # wrong bits allowed at least in a marker where one is expected


@dataclass(frozen=True, slots=True)
class _Decoded:
    """Frames cut out of a coded stream, the verdict of the code on each, and the symbols it put right."""

    delimited: Delimited
    reason: NDArray[np.uint8]
    corrected: NDArray[np.int16]


class _Decoders:
    """Frames behind sync markers: the decoders that the channel names, one after another."""

    def __init__(self, channel: Channel, marker: bytes) -> None:
        coding = channel.coding
        self.channel, self.marker = channel, marker
        self._octets = channel.frame_octets + coding.check_octets
        self._viterbi: Viterbi | None = None
        if coding.convolutional != "none":
            self._viterbi = Viterbi(Convolutional(coding.convolutional), soft=coding.soft)
        lock = min(max(LOCK_ERRORS, coding.marker_errors), 2 * len(marker) - 1)
        self._synchronizer = Synchronizer(marker, self._octets, coding.marker_errors, lock)
        self._code: ReedSolomon | None = None
        if coding.reed_solomon:
            self._code = ReedSolomon(coding.reed_solomon, coding.interleave, coding.dual_basis, coding.virtual_fill)

    def feed(self, octets: Octets) -> _Decoded:
        if self._viterbi is not None:
            octets = self._viterbi.feed(octets)
        return self._decode(self._synchronizer.feed(octets))

    def finish(self) -> _Decoded:
        if self._viterbi is None:
            return self._decode(self._synchronizer.finish())
        found, rest = self._synchronizer.feed(self._viterbi.finish()), self._synchronizer.finish()
        return self._decode(
            Synchronized(
                np.concatenate([found.frames, rest.frames]),
                np.concatenate([found.position, rest.position]),
                np.concatenate([found.inverted, rest.inverted]),
                np.concatenate([found.marker_errors, rest.marker_errors]),
                found.skipped + rest.skipped,
            )
        )

    def _decode(self, found: Synchronized) -> _Decoded:
        coding, blocks = self.channel.coding, found.frames
        count = len(blocks)
        if coding.randomizer != "none":
            blocks = derandomize(blocks, coding.randomizer)
        corrected = np.zeros((count, 0), np.int16)
        if self._code is not None:
            decoded = self._code.decode(blocks)
            blocks, corrected = decoded.blocks, decoded.corrected
        reason = np.where((corrected < 0).any(axis=1), UNCORRECTABLE, GOOD).astype(np.uint8)
        skipped = [Quarantined(int(self._source(s.position)), s.octets, s.reason) for s in found.skipped]
        delimited = Delimited(
            np.ascontiguousarray(blocks).reshape(-1),
            np.arange(count, dtype=np.int64) * self._octets,
            np.full(count, self.channel.frame_octets, np.int64),
            np.asarray(self._source(found.position), np.int64),
            skipped,
        )
        return _Decoded(delimited, reason, corrected)

    def _source(self, bit: Column | int) -> Column | int:
        """Return the octet of the source in which a bit of the synchronized stream, or its first channel symbol, stands."""
        if self._viterbi is None:
            return bit // 8
        code = self._viterbi.code
        symbol = bit * code.symbols // code.bit_times + (self._viterbi.phase or 0)
        return symbol if self._viterbi.soft else symbol // 8


class _FrameSource:
    """Frames back to back."""

    def __init__(self, channel: Channel) -> None:
        self._delimiter, self._receiver = Delimiter(channel), FrameReceiver(channel)

    def feed(self, octets: Octets) -> Received:
        return self._take(self._delimiter.feed(octets))

    def finish(self) -> Received:
        return with_end(self._take(self._delimiter.finish()), self._receiver.finish())

    def state(self) -> State:
        return {"delimiter": self._delimiter.state(), "receiver": self._receiver.state()}

    def restore(self, state: State) -> None:
        self._delimiter.restore(branch(state, "delimiter"))
        self._receiver.restore(branch(state, "receiver"))

    def _take(self, found: Delimited) -> Received:
        received = self._receiver.receive(found.buffer, found.offset, found.length, found.position)
        return replace(received, quarantined=received.quarantined + found.skipped)


class _CodedSource:
    """Frames behind sync markers."""

    def __init__(self, channel: Channel, marker: bytes) -> None:
        self._decoders, self._receiver = _Decoders(channel, marker), FrameReceiver(channel)

    def feed(self, octets: Octets) -> Received:
        return self._take(self._decoders.feed(octets))

    def finish(self) -> Received:
        return with_end(self._take(self._decoders.finish()), self._receiver.finish())

    def _take(self, found: _Decoded) -> Received:
        frames = found.delimited
        received = self._receiver.receive(
            frames.buffer, frames.offset, frames.length, frames.position, found.reason, found.corrected
        )
        return replace(received, quarantined=received.quarantined + frames.skipped)


def _source_of(channel: Channel) -> PacketReceiver | _FrameSource | _CodedSource:
    if channel.protocol == "packets":
        return PacketReceiver(channel)
    return _FrameSource(channel) if channel.coding.marker is None else _CodedSource(channel, channel.coding.marker)


class Reception:
    """Turn the octets of one recording into frames and packets: `feed` them in pieces of any size, then `finish` once.

    The answers, put together, do not depend on how the recording was cut. Positions count octets of the recording. Example:

        reception = Reception(channel)
        for piece in pieces:
            received = reception.feed(piece)
        received = reception.finish()
    """

    def __init__(self, channel: Channel) -> None:
        self.channel = channel
        self._source = _source_of(channel)

    def feed(self, octets: bytes | bytearray | memoryview | Octets) -> Received:
        """Take the next octets of the recording and return what is now certain."""
        return self._source.feed(as_octets(octets))

    def finish(self) -> Received:
        """Take note that the recording has ended and return the rest: frames held back, packets that were cut short."""
        return self._source.finish()

    def state(self) -> State:
        """Return what is carried over to the next piece, as arrays. Raises UsageError for a coded channel."""
        return self._resumable().state()

    def restore(self, state: State) -> None:
        """Go on where the reception stood that gave this state. Raises DataError when it is none."""
        self._resumable().restore(state)

    def _resumable(self) -> PacketReceiver | _FrameSource:
        if isinstance(self._source, _CodedSource):
            raise UsageError(
                "the decoders of a coded channel do not tell their state", where=self.channel.name,
                remedy="Begin again at the start of the recording, or decode frames at the station",
            )  # fmt: skip
        return self._source
