"""What an ingest found, counted: the numbers behind `aelita ingest --json`."""

from collections import Counter
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..link import CHECKSUM_BAD, ENCAPSULATION_APID, INCOMPLETE, REASONS, Received
from ..telemetry import Processed

Counts = Counter[str]


@dataclass(slots=True)
class Summary:
    """Counts over all input so far.

    `read = good + bad` frames; `gaps` and `lost` are holes in virtual-channel counters and the frames missing in them. `total`
    packets are whole ones, idle ones included. `incomplete` ones were cut short by lost frames or by the end of the input; an
    idle packet that was cut lost nothing, and is not counted. `samples` are scalar raw values decoded from packets, header
    fields excluded.
    """

    good: int = 0
    bad_reasons: Counts = field(default_factory=Counter)
    gaps: int = 0
    lost: int = 0
    by_virtual_channel: Counts = field(default_factory=Counter)
    total: int = 0
    idle: int = 0
    by_apid: Counts = field(default_factory=Counter)
    checksum_good: int = 0
    checksum_bad: int = 0
    incomplete: int = 0
    by_container: Counts = field(default_factory=Counter)
    quarantined_octets: int = 0
    reasons: Counts = field(default_factory=Counter)
    events: int = 0
    transitions: int = 0
    unidentified: int = 0
    faults: Counts = field(default_factory=Counter)

    def add(self, received: Received, processed: Processed) -> None:
        """Count what one piece of input gave."""
        self._frames(received)
        self._packets(received)
        for container, samples in processed.samples.items():
            self.by_container[container] += samples
        for (container, reason), packets in processed.decoded.faults.items():
            self.faults[f"{container}: {reason}"] += packets
        self.unidentified += int(processed.decoded.unidentified.size)
        self.events += len(processed.events.get("packet", ()))
        self.transitions += len(processed.limits.get("packet", ()))

    def _frames(self, received: Received) -> None:
        frames = received.frames
        self.good += int(np.count_nonzero(frames.good))
        for code, count in zip(*np.unique(frames.reason[~frames.good], return_counts=True), strict=True):
            self.bad_reasons[REASONS[int(code)]] += int(count)
        for channel, count in zip(*np.unique(frames.virtual_channel[frames.good], return_counts=True), strict=True):
            self.by_virtual_channel[str(channel)] += int(count)
        self.gaps += sum(gap.lost > 0 for gap in received.gaps)
        self.lost += sum(gap.lost for gap in received.gaps)
        for piece in received.quarantined:
            self.quarantined_octets += len(piece.octets)
            self.reasons[piece.reason] += 1

    def _packets(self, received: Received) -> None:
        packets = received.packets
        whole = packets.quality & INCOMPLETE == 0
        self.total += int(np.count_nonzero(whole))
        self.incomplete += int(np.count_nonzero(~whole & ~packets.idle))
        self.idle += int(np.count_nonzero(packets.idle & whole))
        for apid, count in zip(*np.unique(packets.apid[whole], return_counts=True), strict=True):
            self.by_apid["encapsulation" if apid == ENCAPSULATION_APID else str(apid)] += int(count)
        wrong = int(np.count_nonzero(received.checked & (packets.quality & CHECKSUM_BAD != 0)))
        self.checksum_bad += wrong
        self.checksum_good += int(np.count_nonzero(received.checked)) - wrong

    @property
    def samples(self) -> int:
        """Scalar raw values decoded from packets."""
        return self.by_container.total()

    def as_json(self) -> dict[str, dict[str, Any]]:
        """Return the counts under the keys of `aelita ingest --json`."""
        bad = self.bad_reasons.total()
        return {
            "frames": {
                "read": self.good + bad,
                "good": self.good,
                "bad": bad,
                "bad_reasons": dict(sorted(self.bad_reasons.items())),
                "gaps": self.gaps,
                "lost": self.lost,
                "by_virtual_channel": _by_number(self.by_virtual_channel),
            },
            "packets": {
                "total": self.total,
                "idle": self.idle,
                "by_apid": _by_number(self.by_apid),
                "checksum_good": self.checksum_good,
                "checksum_bad": self.checksum_bad,
                "incomplete": self.incomplete,
            },
            "parameters": {"samples": self.samples, "by_container": dict(sorted(self.by_container.items()))},
            "quarantined": {"octets": self.quarantined_octets, "reasons": dict(sorted(self.reasons.items()))},
        }


def _by_number(counts: Counts) -> dict[str, int]:
    return dict(sorted(counts.items(), key=lambda item: (not item[0].isdigit(), int(item[0]) if item[0].isdigit() else 0)))
