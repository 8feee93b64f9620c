"""Journals verified offline: that nothing was altered or taken out, and nothing released or sent without what the rules ask for.

An `Audit` takes the octets of one journal; `conclude` (in `judging`) judges it, with the copy of the other agency's when there is
one. What cannot be checked, for want of keys or rules, is said and never taken for proved.
"""

import hashlib
from array import array
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import orjson

from ..agencies import Asset, Authority
from ..errors import AelitaError, DataError
from .authority import Asked, asked_of, rules_digest
from .credentials import AgencyKeys, Keyring
from .journal import CLOCK, ZEROS, Countersigned, countersigned_from, whole_entry
from .leases import KIND, Leases, message_from
from .requests import Service, prepared_from
from .statements import Act, SignedStatement, holds, statement_from

MOST_FINDINGS = 1000
LATE_NS = 10**9  # a release is journalled at once: not longer than this after its time
ABOUT_NS = 60 * 10**9  # by so much the times of two agencies' journals may differ
FAULT, NOTE = "fault", "note"
_ENTRY_KEYS = {"agency", "at", "body", "kind", "n", "prev"}


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong (a fault), or worth knowing (a note), and where."""

    grade: str
    where: str
    what: str


@dataclass(frozen=True, slots=True)
class Release:
    """A release as it was journalled, with what was known then: keys, the request, and its statements."""

    n: int
    at_ns: int
    body: Mapping[str, Any]
    keyring: Keyring
    asked: Asked | None
    statements: tuple[SignedStatement, ...]


@dataclass(slots=True)
class Material:
    """What one journal tells of requests, statements and keys."""

    requests: dict[str, Asked] = field(default_factory=dict)
    statements: dict[str, list[SignedStatement]] = field(default_factory=dict)
    foreign: set[str] = field(default_factory=set)  # requests of other agencies' people, as the gate knew them
    rejections: dict[str, list[tuple[int, SignedStatement]]] = field(default_factory=dict)
    withdrawn: dict[str, int] = field(default_factory=dict)  # request: entry
    ends: list[tuple[int, int, str, str]] = field(default_factory=list)  # entry, its time, its kind, the request that it ends
    windows: dict[str, int] = field(default_factory=dict)  # request: the end of its window of release
    credentials: list[tuple[int, Mapping[str, Any]]] = field(default_factory=list)
    revoked: dict[str, tuple[int, int]] = field(default_factory=dict)  # key: entry, since when


class Audit:
    """The verification of one journal, fed in pieces of any size. Without `keys` no signature of an agency is checked."""

    def __init__(self, agency: str = "", *, rules: Authority | None = None, keys: AgencyKeys | None = None) -> None:
        self.agency, self.rules, self.keys = agency, rules, keys
        self.findings: list[Finding] = []
        self.counts: dict[str, int] = {}
        self.material, self.keyring = Material(), Keyring()
        self.releases: list[Release] = []
        self.countersigned: list[tuple[int, Countersigned]] = []  # by this agency, of others
        self.received: list[tuple[int, Countersigned]] = []  # by others, of this one
        self.clocks: list[tuple[int, int, str, str]] = []  # entry, the time before it, who said that the clock is right, and why
        self.proven: set[str] = set()
        self.signatures = 0
        self.entries, self._at_ns, self._prev, self._line, self.octets = 0, 0, ZEROS, 0, 0
        self._rest = b""
        self._hashes, self._times = bytearray(), array("q")
        self._leases = Leases.of(agency, rules) if rules is not None and agency else None
        self._released: dict[str, int] = {}
        self.sent: dict[str, str] = {}
        self._units: dict[tuple[str, str], tuple[int, str]] = {}  # request, identity: the entry that sent it first, its octets
        self._repeats: dict[str, bool] = {}  # request: whether COP-1 may send its frames again
        self._assets: dict[tuple[str, tuple[str, ...]], tuple[Asset | None, ...]] = {}
        self._rules_digest = rules_digest(rules) if rules is not None else ""
        self._handlers: dict[str, Callable[[int, int, Mapping[str, Any]], None]] = {
            "request": self._request, "statement": self._statement, "evidence": self._evidence, "credential": self._credential,
            "revoked": self._revoked, "released": self._release, "withdrawn": self._withdraw, "expired": self._expire,
            "sending": self._sending,
            "transferred": self._closed, "refused": self._closed, "unknown": self._closed, "radiated": self._closed,
            "lost": self._closed, "authority": self._authority,
            CLOCK: self._clock, "countersign": self._countersign, "countersigned": self._countersigned_by_other,
        }  # fmt: skip

    # ---- octets, lines, the chain

    def feed(self, octets: bytes) -> None:
        """Take the next octets of the journal."""
        lines = (self._rest + octets).split(b"\n")
        self._rest = lines.pop()
        for line in lines:
            self._take(line)

    def _take(self, line: bytes) -> None:
        self._line += 1
        digest, chained = hashlib.sha256(line[65:]).digest(), False
        try:
            if line[:65] != digest.hex().encode() + b"\t":
                raise DataError("its hash is not that of its octets: the line was altered")
            said = orjson.loads(line[65:])
            n, at_ns, kind = said["n"], said["at"], said["kind"]
            if n != self.entries + 1 or said["prev"] != self._prev or at_ns < self._at_ns or said["agency"] != self.agency:
                self._broken(said)
            if len(said) != len(_ENTRY_KEYS) or type(said["body"]) is not dict:
                raise DataError("it has keys that an entry does not have, or no body")
            self._times.append(at_ns)
            self.counts[kind] = self.counts.get(kind, 0) + 1
            self.entries, self._at_ns, self._prev = n, at_ns, line[:64].decode()
            self._hashes += digest
            chained = True
            handler = self._handlers.get(kind)
            if handler is not None:
                handler(n, at_ns, said["body"])
            elif kind.startswith(KIND):
                self._lease(n, at_ns, said["body"])
        except (AelitaError, KeyError, TypeError, ValueError, AttributeError, OverflowError, RecursionError) as error:
            self._damaged(line, error, chained)
        self.octets += len(line) + 1

    def _broken(self, said: Mapping[str, Any]) -> None:
        """Say how an entry does not follow the one before, and go on from it."""
        entry_kinds = (("agency", str), ("at", int), ("body", dict), ("kind", str), ("n", int), ("prev", str))
        if not all(type(said[key]) is kind for key, kind in entry_kinds):
            raise DataError("a value of the wrong kind")
        if not self.agency and self._line == 1:
            self.agency = said["agency"]
            self._leases = Leases.of(self.agency, self.rules) if self.rules is not None else None
        where = self._where(said["n"])
        if said["agency"] != self.agency:
            self.found(FAULT, where, f"it is of agency {said['agency']!r}, not of {self.agency!r}")
        if said["n"] != self.entries + 1:
            self.found(FAULT, where, f"it follows entry {self.entries}: entries were removed, doubled or put in another order")
            gap = max(0, min(said["n"] - self.entries - 1, 1_000_000))
            self._hashes += bytes(32 * gap)
            self._times.extend([self._at_ns] * gap)
        elif said["prev"] != self._prev:
            self.found(FAULT, where, f"it does not continue entry {self.entries} as that is here: one of the two was replaced")
        if said["at"] < self._at_ns and said["kind"] != CLOCK:
            back_s = (self._at_ns - said["at"]) / 1e9
            self.found(FAULT, where, f"its time is {back_s:.3f} s before that of entry {self.entries}: a clock was set back")

    def _damaged(self, line: bytes, error: Exception, chained: bool) -> None:
        """Say what is wrong with a line; one out of the chain counts as the entry in its place, so that the next is judged."""
        why = error.what if isinstance(error, AelitaError) else f"not an entry of a journal ({type(error).__name__})"
        self.found(FAULT, f"line {self._line}, octet {self.octets}", why)
        told = line[:64].decode("ascii", "replace")
        if not chained:
            self.entries, self._prev = self.entries + 1, told
            self._hashes += hashlib.sha256(line[65:]).digest()
            self._times.append(self._at_ns)

    def _where(self, n: int) -> str:
        return f"entry {n}, octet {self.octets}"

    def found(self, grade: str, where: str, what: str) -> None:
        """Keep a finding, up to a bound."""
        if len(self.findings) < MOST_FINDINGS:
            self.findings.append(Finding(grade, where, what))

    def finish(self) -> None:
        """Take the end of the journal: what stands after the last whole line."""
        rest, self._rest = self._rest, b""
        if not rest:
            return
        where = f"line {self._line + 1}, octet {self.octets}"
        if any(whole_entry(rest[:end]) for end in (len(rest), rest.rfind(b"}") + 1)):
            self.found(FAULT, where, "the last entry has no newline: the end was altered or cut")
        else:
            self.found(NOTE, where, f"{len(rest)} octets of an entry whose writing did not end")

    def hash_of(self, n: int) -> str:
        """Return the hash of an entry, empty when the journal does not reach it."""
        return self._hashes[(n - 1) * 32 : n * 32].hex() if 0 < n <= self.entries else ""

    def time_of(self, n: int) -> int:
        """Return the time of an entry (TAI ns), 0 when the journal does not reach it."""
        return self._times[n - 1] if 0 < n <= min(self.entries, len(self._times)) else 0

    # ---- what the kinds of entries must be

    def _request(self, n: int, at_ns: int, body: Mapping[str, Any]) -> None:
        if body["agency"] != self.agency:
            what = f"request {body['id']} is of {body['agency']}, whose journal alone can tell of it"
            self.found(FAULT, self._where(n), what)
            return
        self._prepared(n, body)

    def _prepared(self, n: int, body: Mapping[str, Any]) -> None:
        prepared = prepared_from(body)
        asked = asked_of(prepared, body["digest"])
        self._repeats.setdefault(asked.request, prepared.request.service is Service.AD or bool(prepared.directive))
        self.material.windows.setdefault(asked.request, prepared.request.latest_ns)
        known = self.material.requests.setdefault(asked.request, asked)
        if known != asked:
            self.found(FAULT, self._where(n), f"request {asked.request} was there before with other octets or another requester")
        if asked.requester.agency != self.agency:
            self.material.foreign.add(asked.request)

    def _statement(self, n: int, at_ns: int, body: Mapping[str, Any]) -> None:
        signed = statement_from(body)
        credential = self.keyring.credentials.get(signed.statement.key)
        if credential is not None and signed.statement.id not in self.proven:
            self.signatures += 1
            if not holds(credential.public_key, signed.signature, signed.statement.octets):
                self.found(
                    NOTE, self._where(n), f"a statement that {signed.statement.person} did not sign; it counts for nothing"
                )
                return
            self.proven.add(signed.statement.id)
        self.material.statements.setdefault(signed.statement.request, []).append(signed)
        if signed.statement.act is Act.REJECT:
            self.material.rejections.setdefault(signed.statement.request, []).append((n, signed))

    def _evidence(self, n: int, at_ns: int, body: Mapping[str, Any]) -> None:
        """Take what the gate knew from another agency's journal when it released: the request, statements, and their keys."""
        for one in body.get("credentials", ()):
            self._credential(n, at_ns, one)
        if body.get("request") is not None:
            self._prepared(n, body["request"])
        for one in body.get("statements", ()):
            self._statement(n, at_ns, one)

    def _credential(self, n: int, at_ns: int, body: Mapping[str, Any]) -> None:
        self.material.credentials.append((at_ns, body))
        if self.keys is not None:
            self.signatures += 1
            self.keyring = self.keyring.with_credential(body, self.keys)

    def _revoked(self, n: int, at_ns: int, body: Mapping[str, Any]) -> None:
        if self.keys is not None:
            self.signatures += 1
            before = self.keyring.revoked
            self.keyring = self.keyring.with_revocation(body, self.keys)
            for key in self.keyring.revoked.keys() - before.keys():
                self.material.revoked[key] = (n, self.keyring.revoked[key].at_ns)

    def _release(self, n: int, at_ns: int, body: Mapping[str, Any]) -> None:
        request, where = str(body["request"]), self._where(n)
        if not isinstance(body["statements"], list):
            raise DataError(f"the statements that let request {request} go are no list")
        if request in self._released:
            self.found(FAULT, where, f"request {request} was released before, by entry {self._released[request]}")
        if request in self.material.withdrawn:
            self.found(FAULT, where, f"request {request} was withdrawn before, by entry {self.material.withdrawn[request]}")
        if not 0 <= at_ns - body["released_ns"] <= LATE_NS:
            self.found(FAULT, where, f"request {request} is said to be released at another time than its entry has")
        self._released.setdefault(request, n)
        statements = tuple(self.material.statements.get(request, ()))
        release = Release(n, at_ns, body, self.keyring, self.material.requests.get(request), statements)
        self.releases.append(release)
        self._held(release, where)

    def _held(self, release: Release, where: str) -> None:
        """Check that the agency held what it released to, under the epoch that it names."""
        body, request = release.body, str(release.body["request"])
        for asset in self._assets_of(release.asked, body):
            if asset is None:
                self.found(FAULT, where, f"nobody owns what request {request} went to")
            elif not self._holds(asset, release.at_ns):
                self.found(FAULT, where, f"request {request} was released to {asset.key}, which {self.agency} did not hold")
            elif self._leases is not None and body.get("epoch") != (epoch := self._leases.lease(asset.key).epoch):
                what = f"request {request} names epoch {body.get('epoch')} of {asset.key}, which was {epoch}"
                self.found(FAULT, where, what)

    def _assets_of(self, asked: Asked | None, body: Mapping[str, Any]) -> tuple[Asset | None, ...]:
        """Return the assets that a request goes to, each once, None for what nobody owns; nothing without rules."""
        if self.rules is None or self._leases is None:
            return ()
        named = (asked.spacecraft, asked.commands) if asked is not None else (str(body.get("spacecraft", "")), ("",))
        if named not in self._assets:
            self._assets[named] = tuple(dict.fromkeys(self.rules.asset(named[0], each) for each in named[1]))
        return self._assets[named]

    def _holds(self, asset: Asset, at_ns: int) -> bool:
        return self._leases is not None and self._leases.holds(asset.key, at_ns)

    def _withdraw(self, n: int, at_ns: int, body: Mapping[str, Any]) -> None:
        self.material.withdrawn.setdefault(str(body["request"]), n)
        self.material.ends.append((n, at_ns, "withdrawn", str(body["request"])))

    def _expire(self, n: int, at_ns: int, body: Mapping[str, Any]) -> None:
        self.material.ends.append((n, at_ns, "expired", str(body["request"])))

    def _sending(self, n: int, at_ns: int, body: Mapping[str, Any]) -> None:
        where, cltu = self._where(n), str(body["cltu"])
        requests = [str(one) for one in body.get("requests") or [body.get("request")] if one]
        if not requests:
            self.found(FAULT, where, f"CLTU {cltu} was sent for no request")
        for request in requests:
            if request not in self._released:
                self.found(FAULT, where, f"CLTU {cltu} was sent for request {request}, which was not released")
            for asset in self._assets_of(self.material.requests.get(request), body):
                if asset is not None and not self._holds(asset, at_ns):
                    what = f"CLTU {cltu} of request {request} was sent to {asset.key}, which {self.agency} did not hold then"
                    self.found(FAULT, where, what)
            self._once(n, request, body)
        if cltu in self.sent:
            self.found(FAULT, where, f"CLTU {cltu} was sent before")
        self.sent[cltu] = where

    def _once(self, n: int, request: str, body: Mapping[str, Any]) -> None:
        """Check that a unit of a request was sent once, but for what COP-1 sends again: in sequence (AD), octet for octet."""
        unit, octets, again = str(body.get("identity") or request), str(body.get("sha256", "")), body.get("again") is True
        first, before = self._units.setdefault((request, unit), (n, octets))
        if first == n:
            why = "is said to be sent again, and nothing tells of it before" if again else ""
        elif not again:
            why = f"was sent before, by entry {first}"
        elif not self._repeats.get(request, True):
            why = f"was sent again after entry {first}, and goes once only: it is not in sequence (BD)"
        else:
            why = "" if octets == before else f"was sent again with other octets than entry {first} had"
        if why:
            self.found(FAULT, self._where(n), f"unit {unit} of request {request} {why}")

    def _closed(self, n: int, at_ns: int, body: Mapping[str, Any]) -> None:
        cltu = body.get("cltu")
        if cltu is None:
            return  # a request that the gate refused
        if str(cltu) not in self.sent:
            self.found(FAULT, self._where(n), f"CLTU {cltu} has an outcome and was never sent")
        self.sent[str(cltu)] = ""

    def _authority(self, n: int, at_ns: int, body: Mapping[str, Any]) -> None:
        if self._rules_digest and body["digest"] != self._rules_digest:
            self.found(NOTE, self._where(n), "the rules in force from here on are not those that this audit was given")

    def _clock(self, n: int, at_ns: int, body: Mapping[str, Any]) -> None:
        before_ns = max(int(body["before_ns"]), self.time_of(n - 1))
        self.clocks.append((n, before_ns, str(body["by"]), str(body["reason"])))

    def _lease(self, n: int, at_ns: int, body: Mapping[str, Any]) -> None:
        message = message_from(body, self.keys)
        self.signatures += self.keys is not None
        if self._leases is not None:
            self._leases = self._leases.after(message)

    def _countersign(self, n: int, at_ns: int, body: Mapping[str, Any]) -> None:
        found = countersigned_from(body, self.keys)
        self.signatures += self.keys is not None
        if found.agency != self.agency:
            raise DataError(f"a countersignature of {found.agency!r} in the journal of {self.agency!r}")
        self.countersigned.append((n, found))

    def _countersigned_by_other(self, n: int, at_ns: int, body: Mapping[str, Any]) -> None:
        self.signatures += self.keys is not None
        self.received.append((n, countersigned_from(body, self.keys)))
