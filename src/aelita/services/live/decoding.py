"""Merged frames to packets and values, message by message: the same steps for live displays and for the archive."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...archive import Batch, joined_batches
from ...link import FrameReceiver, Packets, Quarantined, Received, branch, leaf
from ...link import State as Tree
from ...mdb import CompiledDatabase
from ...telemetry import Mender, Merged, Processed, Processor, joined_merged
from ...time import NO_TIME
from ..definitions import Definition
from .messages import Unusable, joined_unusable

Integers = NDArray[np.int64]
REMEMBERED_FRAMES = 4096  # whose received times are known: a packet of 64 KiB begins at most some hundred frames before


@dataclass(frozen=True, slots=True)
class Mended:
    """Packets that became whole by late frames, and their values: they move nothing that is current."""

    packets: Packets
    processed: Processed


@dataclass(frozen=True, slots=True)
class Decoded:
    """What the frames of a merged message gave.

    `packets_received` is the received time of the frame in which each packet began (TAI nanoseconds, NO_TIME where unknown).
    """

    received: Received
    processed: Processed
    packets_received: Integers
    mended: Mended | None


class LiveDecoder:
    """Decodes the merged frames of one spacecraft in their order; late frames apart from them."""

    def __init__(self, definition: Definition) -> None:
        self.receiver = FrameReceiver(definition.channel)
        self.mender = Mender(definition.channel)
        self.processor = Processor(definition.channel, definition.compiled, definition.clock)
        self._late = Processor(definition.channel, definition.compiled, definition.clock)
        self._times = np.empty(0, np.int64)
        self._frames = self._octets = 0

    def take(self, merged: Merged) -> Decoded:
        """Return what the frames of a message complete."""
        position = self._octets + np.cumsum(merged.length) - merged.length
        self._octets += int(merged.length.sum())
        received = self.receiver.receive(merged.buffer, merged.offset, merged.length, position, late=merged.late)
        times = merged.received_at
        self._times = np.concatenate([self._times, times])[-max(REMEMBERED_FRAMES, times.size) :]
        self._frames += times.size
        packets, _ = self.mender.take(received.frames, merged.emitted_at)
        mended = Mended(packets, self._late.process(packets)) if len(packets) else None
        packets_received = self._received(received.packets.frame)
        return Decoded(received, self.processor.process(received.packets, packets_received), packets_received, mended)

    def use(self, compiled: CompiledDatabase) -> None:
        """Calibrate and judge by another database from now on, overridden in limits and calibrations; late frames as defined."""
        self.processor.use(compiled)

    def severities(self) -> dict[str, int]:
        """Return the severity (0 to 5) that stands for every parameter judged so far."""
        return self.processor.severities()

    def state(self) -> Tree:
        """Return what is carried over to the next message, as arrays."""
        return {
            "receiver": self.receiver.state(), "mender": self.mender.state(), "processor": self.processor.state(),
            "late": self._late.state(), "times": self._times, "counts": np.array([self._frames, self._octets]),
        }  # fmt: skip

    def restore(self, state: Tree) -> None:
        """Go on where the decoder stood that gave this state. Raises DataError when it is none."""
        for name, part in (
            ("receiver", self.receiver),
            ("mender", self.mender),
            ("processor", self.processor),
            ("late", self._late),
        ):
            part.restore(branch(state, name))
        self._times = leaf(state, "times").astype(np.int64)
        self._frames, self._octets = (int(count) for count in leaf(state, "counts"))

    def _received(self, frame: Integers) -> Integers:
        first = self._frames - self._times.size
        known = (frame >= first) & (frame < self._frames)
        return np.where(known, self._times[np.where(known, frame - first, 0)] if self._times.size else NO_TIME, NO_TIME)


def batch_of(merged: Merged, unusable: Unusable, decoded: Decoded) -> Batch:
    """Return what the archive takes of a merged message."""
    received = decoded.received
    bad = [Quarantined(-1, octets, reason) for octets, reason in zip(unusable.octets, unusable.reason, strict=True)]
    batch = Batch(
        **_values(received.packets, decoded.processed),
        received=decoded.packets_received,
        frames=received.frames,
        frames_received=merged.received_at,
        frames_emitted=merged.emitted_at,
        frames_station=[merged.stations[i] for i in merged.station],
        limits=decoded.processed.limits,
        gaps=received.gaps,
        quarantined=received.quarantined + bad,
    )
    if decoded.mended is None:
        return batch
    late = replace(decoded.mended.packets, frame=np.full(len(decoded.mended.packets), -1, np.int64))
    return joined_batches([batch, Batch(**_values(late, decoded.mended.processed))])


def batches_of(decoder: LiveDecoder, messages: Sequence[tuple[Merged, Unusable]]) -> list[Batch]:
    """Return what the archive takes of merged messages that follow each other: one batch of all, else one of each.

    The row of a packet that late frames complete depends on the message with which it comes; that must be the same however
    messages are put together, so they are decoded one by one then.
    """
    if len(messages) > 1 and not any(merged.late.any() for merged, _ in messages):
        before = decoder.state()
        merged = joined_merged([merged for merged, _ in messages])
        decoded = decoder.take(merged)
        if decoded.mended is None:
            return [batch_of(merged, joined_unusable(unusable for _, unusable in messages), decoded)]
        decoder.restore(before)
    return [batch_of(merged, unusable, decoder.take(merged)) for merged, unusable in messages]


def _values(packets: Packets, processed: Processed) -> dict[str, Any]:
    return {
        "packets": packets,
        "generated": processed.generated,
        "ticks": processed.ticks,
        "containers": processed.decoded.containers,
        "engineering": processed.engineering,
        "events": processed.events,
    }
