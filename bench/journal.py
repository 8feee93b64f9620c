"""The journal of commanding: a million entries, 20,000 of them signed, verified on one core; and how fast entries are made."""

import io
import sys
import time
from typing import Any

from .material import ROOT
from .table import Row, cost, rate

ENTRIES, SIGNED = 1_000_000, 20_000
CHUNK = 1 << 20


def journal(entries: int, signed: int) -> tuple[bytes, float]:
    """Return a journal in which half of the signed entries are checks and half releases, and the seconds of making it."""
    sys.path.insert(0, str(ROOT / "tests"))
    from evidence_material import CHECKED_AND_RELEASED, Written, prepare

    started = time.process_time()
    commands = signed // 2
    made, out = Written("us").credentials(), io.BytesIO()
    for command in range(commands):
        request = f"r{command}"
        made.command(prepare(request, packet=command.to_bytes(8, "big")), CHECKED_AND_RELEASED)
        for index in range(entries // commands - 6):
            body = {
                "request": request, "stage": "execution", "index": index, "succeeded": True, "generated_ns": made.at_ns,
                "received_ns": made.at_ns, "apid": 1234, "sequence": command % 16384,
            }  # fmt: skip
            made.add("verified", body)
    out.write(made.octets)
    return out.getvalue(), time.process_time() - started


def rows() -> list[Row]:
    octets, making_s = journal(ENTRIES, SIGNED)
    from aelita.commanding import Audit, conclude
    from evidence_material import PUBLIC, RULES

    def verified(**given: Any) -> float:
        started = time.process_time()
        audit = Audit("us", **given)
        for start in range(0, len(octets), CHUNK):
            audit.feed(octets[start : start + CHUNK])
        report = conclude(audit)
        took = time.process_time() - started
        if not report.clean or report.entries < ENTRIES or report.signatures < SIGNED * bool(given):
            raise RuntimeError(f"the journal was not verified: {report.findings[:3]}")
        return took

    took = [verified(rules=RULES, keys=PUBLIC) for _ in range(3)]
    note = (
        f"{len(octets) / 1e6:.0f} MB, {SIGNED:,} signed, {SIGNED // 2:,} releases judged again by the rules; CPU time of one core"
    )
    return [
        cost("journal of 1,000,000 entries verified", sorted(took)[1], None, "s", "<= 10", note=note, raw={"runs": took}),
        cost("the same, its chain alone", verified(), None, "s"),
        rate("entries made, with their signatures", ENTRIES / making_s, None, "entries/s"),
    ]
