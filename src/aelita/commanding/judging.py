"""The verdict on a journal: its releases judged again, and its heads held against what the other agency countersigned."""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate

from ..errors import AelitaError
from .audit import ABOUT_NS, FAULT, NOTE, Audit, Finding, Release
from .authority import Asked, could_agree, wanted
from .credentials import Keyring
from .progress import NO_KINDS
from .statements import SignedStatement


@dataclass(frozen=True, slots=True)
class Report:
    """What an audit of one journal found. `proved` tells up to which entry each other agency countersigned it."""

    agency: str
    entries: int
    octets: int
    head: str
    counts: Mapping[str, int]
    signatures: int
    releases: int
    proved: Mapping[str, int]
    findings: tuple[Finding, ...]
    unchecked: tuple[str, ...]

    @property
    def clean(self) -> bool:
        """True when no fault was found."""
        return not any(one.grade == FAULT for one in self.findings)


def conclude(audit: Audit, other: Audit | None = None) -> Report:
    """Return what the audit of a journal found, judged with that of another agency's when there is one.

    Both must have been fed to their end. The other one's findings are its own report's.
    """
    audit.finish()
    if other is not None:
        other.finish()
    if audit.keys is not None and audit.rules is not None:
        judge = _Judge(audit, other)
        for release in audit.releases:
            judge.judge(release)
    for cltu, where in audit.sent.items():
        if where:
            audit.found(NOTE, where, f"CLTU {cltu} was sent, and nothing says what became of it")
    _clocks(audit)
    _ends(audit, other)
    proved = _compare(audit, other)
    return Report(
        audit.agency, audit.entries, audit.octets, audit.hash_of(audit.entries), dict(sorted(audit.counts.items())),
        audit.signatures, len(audit.releases), proved, tuple(audit.findings), tuple(_unchecked(audit, other, proved)),
    )  # fmt: skip


class _Judge:
    """The rules run again on what was known at each release."""

    def __init__(self, audit: Audit, other: Audit | None) -> None:
        self.audit, self.other = audit, other
        self.proven = audit.proven | other.proven if other is not None else audit.proven
        self._rings: dict[tuple[int, int], tuple[Keyring, Keyring]] = {}
        told = [(n, one.n) for n, one in audit.countersigned if other is not None and one.of == other.agency]
        self._told_at = [n for n, _ in told]
        self._told = list(accumulate((n for _, n in told), max))

    def judge(self, release: Release) -> None:
        """Say what was missing when a request was released."""
        audit, where, body = self.audit, f"entry {release.n}", release.body
        request, used = str(body["request"]), list(map(str, body.get("statements", ())))
        asked = self._asked(release, request)
        if asked is None:
            told = "" if self.other is not None else "; if it is in the journal of another agency, give a copy of that"
            audit.found(FAULT, where, f"request {request} was released and is not in the journal{told}")
            return
        if asked.digest != body.get("digest"):
            audit.found(FAULT, where, f"request {request} was released with other octets than were prepared")
        statements = {one.statement.id: one for one in release.statements}
        if self.other is not None:
            statements |= self._theirs(release, request, used, self.other)
        unknown = [one for one in used if one not in statements]
        if unknown:
            audit.found(FAULT, where, f"request {request} was released by statements that were not there: {', '.join(unknown)}")
        self._run_rules(release, asked, statements, used)
        self._revocations(release, [statements[one] for one in used if one in statements])

    def _asked(self, release: Release, request: str) -> Asked | None:
        """Return the request that was released: what another agency's people asked for stands in its own journal."""
        audit, other = self.audit, self.other
        theirs = other.material.requests.get(request) if other is not None else None
        if request not in audit.material.foreign:
            return release.asked or theirs
        asked = release.asked
        if asked is not None and other is not None and asked.requester.agency == other.agency and asked != theirs:
            what = f"request {request} is not the one in the journal of {other.agency}, or is not there"
            audit.found(FAULT, f"entry {release.n}", what)
        return asked

    def _theirs(self, release: Release, request: str, used: list[str], other: Audit) -> dict[str, SignedStatement]:
        """Return what the other journal says of the request: the statements that were used, and rejections surely known."""
        known = self._known(release)
        found = [one for one in other.material.statements.get(request, ()) if one.statement.id in used]
        found += [one for n, one in other.material.rejections.get(request, ()) if n <= known]
        asked = self.audit.material.requests.get(request) or other.material.requests.get(request)
        theirs = asked is not None and asked.requester.agency == other.agency
        if theirs and other.material.withdrawn.get(request, known + 1) <= known:
            what = f"request {request} was withdrawn before, by entry {other.material.withdrawn[request]} of {other.agency}"
            self.audit.found(FAULT, f"entry {release.n}", what)
        return {one.statement.id: one for one in found}

    def _known(self, release: Release) -> int:
        """Return the entry of the other journal that was surely known at a release: it had been countersigned."""
        before = bisect_left(self._told_at, release.n)
        return self._told[before - 1] if before else 0

    def _ring(self, release: Release) -> Keyring:
        """Return the keys known at a release with those of the other agency's journal up to then."""
        other, ring = self.other, release.keyring
        if other is None or other.keys is None:
            return ring
        theirs = [body for at_ns, body in other.material.credentials if at_ns <= release.at_ns + ABOUT_NS]
        kept = self._rings.get((id(ring), len(theirs)))  # the ring is kept with it, so that its id stays its own
        if kept is None:
            made = ring
            for body in theirs:
                try:
                    made = made.with_credential(body, other.keys)
                except AelitaError:
                    continue  # a fault of that journal, found there; or not newer than what is known here
            kept = self._rings[id(ring), len(theirs)] = ring, made
        return kept[1]

    def _run_rules(
        self, release: Release, asked: Asked, statements: Mapping[str, SignedStatement], used: Sequence[str]
    ) -> None:  # fmt: skip
        """Ask the rules again, with all statements that were there and with those alone that are said to have sufficed."""
        audit, ring = self.audit, self._ring(release)
        assert audit.rules is not None
        alone = [one for key, one in statements.items() if key in used]
        for chosen in (list(statements.values()), alone) if len(alone) < len(statements) else (alone,):
            found = wanted(asked, audit.rules, ring, chosen, release.at_ns, holder=audit.agency, proven=self.proven)
            if not found.satisfied:
                why = "; ".join((*found.words(), *(one.words for one in found.refused)))
                audit.found(FAULT, f"entry {release.n}", f"request {asked.request} was released without what it needs: {why}")
                return

    def _revocations(self, release: Release, used: Sequence[SignedStatement]) -> None:
        """Tell of keys that were used and had been revoked: a fault when that was surely known, a note when it came later."""
        for source in (self.audit, self.other):
            for one in used if source is not None else ():
                entry, since_ns = source.material.revoked.get(one.statement.key, (0, 0)) if source is not None else (0, 0)
                if source is None or not entry or since_ns > release.at_ns:
                    continue
                grade = FAULT if source is self.other and entry <= self._known(release) else NOTE
                what = f"the key of {one.statement.person} was used; entry {entry} of {source.agency} revokes it from before"
                self.audit.found(grade, f"entry {release.n}", what)


def _ends(audit: Audit, other: Audit | None) -> None:
    """Find what is said to end requests and cannot: by another agency, before its time, or by people without a say."""
    known = (other.material.requests if other is not None else {}) | audit.material.requests
    windows = (other.material.windows if other is not None else {}) | audit.material.windows
    for n, at_ns, kind, request in audit.material.ends:
        asked = known.get(request)
        if asked is not None and asked.requester.agency != audit.agency:
            what = f"request {request} of {asked.requester.agency} is said to be {kind}: that is its own agency's to say"
            audit.found(FAULT, f"entry {n}", f"{what}, and counts for nothing")
        elif asked is not None and kind == "expired" and at_ns <= windows[request]:
            audit.found(FAULT, f"entry {n}", f"request {request} is said to be expired, and its window was not over")
    rules = audit.rules
    for request, rejections in audit.material.rejections.items():
        for n, signed in rejections if request in known and rules is not None else ():
            said = signed.statement
            if said.id not in audit.proven or (rules is not None and not could_agree(known[request], rules, said)):
                what = f"{said.person} rejects request {request} and has no say in it: that counts for nothing"
                audit.found(NOTE, f"entry {n}", what)
    for kind in sorted(NO_KINDS & audit.counts.keys()):
        what = f"{audit.counts[kind]} entries of kind {kind!r}, which is none: they end no request"
        audit.found(FAULT, "the journal", what)


def _clocks(audit: Audit) -> None:
    """Tell where people said that the clock is right: a fault where that is before what another agency's clock had said."""
    for n, before_ns, by, reason in audit.clocks:
        where, at_ns = f"entry {n}", audit.time_of(n)
        witness = next((one for known, one in reversed(audit.received) if known < n), None)
        if witness is not None and witness.at_ns - at_ns > ABOUT_NS:
            behind = f"{(witness.at_ns - at_ns) / 1e9:.3f} s before {witness.agency} countersigned entry {witness.n}"
            audit.found(FAULT, where, f"the clock was stated back by {by} to {behind}: {reason}")
        else:
            how = "back" if at_ns < before_ns else "ahead"
            audit.found(NOTE, where, f"the clock was stated {abs(at_ns - before_ns) / 1e9:.3f} s {how} by {by}: {reason}")


def _compare(audit: Audit, other: Audit | None) -> dict[str, int]:
    """Hold the journal against every countersignature of its heads; return how far each agency's reach."""
    told = [(f"entry {n}", one) for n, one in audit.received if one.of == audit.agency]
    if other is not None:
        told += [(f"entry {n} of {other.agency}", one) for n, one in other.countersigned if one.of == audit.agency]
    proved: dict[str, int] = {}
    broken: set[str] = set()
    if other is not None:
        _compare_clocks(audit, other)
    for source, one in sorted(told, key=lambda pair: pair[1].n):
        if one.agency in broken:
            continue
        if one.n > audit.entries:
            what = f"{one.agency} countersigned entry {one.n} ({source}) and the journal ends before it: its end was cut off"
        elif audit.hash_of(one.n) != one.hash:
            what = f"it is not the one that {one.agency} countersigned ({source}): it, or one before it, was replaced"
        else:
            proved[one.agency] = one.n
            continue
        broken.add(one.agency)
        since = proved.get(one.agency, 0)
        audit.found(FAULT, f"entry {min(one.n, audit.entries)}", f"{what}; what was countersigned last and fits is entry {since}")
    return proved


def _compare_clocks(audit: Audit, other: Audit) -> None:
    """Find a clock that was behind the other agency's by more than loans allow: it countersigned what was not yet written."""
    guards = [one.guard_s for one in audit.rules.assets] if audit.rules is not None else []
    allowed_ns = min(guards, default=10) * 10**9
    for n, one in audit.countersigned:
        behind_ns = other.time_of(one.n) - audit.time_of(n) if one.of == other.agency else 0
        if behind_ns > allowed_ns:
            what = f"the clock was {behind_ns / 1e9:.3f} s behind that of {other.agency}, whose entry {one.n} it countersigns"
            audit.found(FAULT, f"entry {n}", f"{what}: loans allow {allowed_ns // 10**9} s")
            return


def _unchecked(audit: Audit, other: Audit | None, proved: Mapping[str, int]) -> Iterable[str]:
    if audit.material.foreign and other is None:
        yield f"who asked for {len(audit.material.foreign)} requests of other agencies: give the other agency's copy"
    if audit.keys is None:
        yield "signatures and approvals: no keys of the agencies were given"
    if audit.rules is None:
        yield "approvals and leases: no rules were given"
    if not proved:
        yield "whether the end is there: nobody's countersignature was found" + (
            "" if other else "; give the other agency's copy"
        )
    elif max(proved.values()) < audit.entries:
        yield f"whether entries after {max(proved.values())} were cut off or replaced: nobody has countersigned them"
