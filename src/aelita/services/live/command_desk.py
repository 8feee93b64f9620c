"""Answers what people ask of commanding: prepares, takes requests and signatures, holds queues, lends spacecraft, enrols keys."""

import secrets
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Any

from ...agencies import Organisation, Who
from ...commanding import (
    FOR_EVER,
    Call,
    Commander,
    CommandRequest,
    CommandTimes,
    Credential,
    ForwardFile,
    Outcome,
    Preparation,
    PreparedCommand,
    Preparer,
    Requester,
    Revocation,
    Service,
    body_of,
    credential_body,
    revocation_body,
    statement_from,
)
from ...errors import UsageError
from ...time import DAY
from .command_vouching import check_voucher

LONGEST_KEY_NS = 400 * DAY

Does = Callable[[Outcome], None]


class CommandDesk:
    """The desk of one agency. `does` writes and sends what comes of a request; `now` is the mission's clock (TAI ns)."""

    def __init__(
        self,
        commander: Commander,
        preparers: Mapping[str, Preparer],
        organisation: Organisation,
        now: Callable[[], int],
        does: Does,
        lines: Callable[[], dict[str, Any]],
    ) -> None:
        self.commander, self.preparers, self.organisation = commander, preparers, organisation
        self.now, self.does, self.lines = now, does, lines
        self._ops: dict[str, Callable[[dict[str, Any]], dict[str, Any]]] = {
            "prepare": self._prepare, "request": self._request, "sign": self._sign, "withdraw": self._withdraw,
            "queue": self._queue, "lend": self._lend, "enrol": self._enrol, "revoke": self._revoke, "state": self._state,
            "clock": self._clock, "forward": self._forward,
        }  # fmt: skip
        self.more: dict[str, Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]] = {}  # what others answer here, by `op`

    @property
    def plain(self) -> Collection[str]:
        """What is done at once by `do`, without waiting for anything."""
        return self._ops.keys()

    async def answer(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Return the answer to a request. Raises UsageError with the reason of a refusal."""
        op = str(asked.get("op", ""))
        if op in self.more:
            return await self.more[op](asked)
        return self.do(op, asked)

    def do(self, op: str, asked: dict[str, Any]) -> dict[str, Any]:
        """Do one thing, and return what came of it. Raises UsageError with the reason of a refusal."""
        if op not in self._ops:
            raise UsageError(f"{op!r} is nothing that commanding does", remedy=f"It does {', '.join((*self._ops, *self.more))}")
        try:
            return self._ops[op](asked)
        finally:
            self.does(Outcome())  # what was decided is written, also when something after it was refused

    def _prepare(self, asked: dict[str, Any]) -> dict[str, Any]:
        made = self._prepared(asked)
        told = self._told(made.prepared)
        told["fields"] = [[_field(one) for one in encoded.fields] for encoded in made.encoded]
        return told

    def _request(self, asked: dict[str, Any]) -> dict[str, Any]:
        made = self._prepared(asked)
        if (digest := asked.get("digest")) and digest != made.prepared.digest:
            raise UsageError("the octets are no more those that were shown", remedy="Prepare it again, and look again")
        self.does(self.commander.request(made.prepared, self.now()))
        preparer = self.preparers[made.prepared.request.spacecraft]
        preparer.counts.take(preparer.numbered(made.prepared))
        return self._told(made.prepared)

    def _sign(self, asked: dict[str, Any]) -> dict[str, Any]:
        signed = statement_from(asked["body"])
        outcome = self.commander.state(signed, self.now())
        self.does(outcome)
        one = self.commander.standing.board.requests[signed.statement.request]
        wanted = [] if one.released_by else self._wanted(one.prepared)
        return {"state": str(one.state), "notes": outcome.notes, "wanted": wanted}

    def _withdraw(self, asked: dict[str, Any]) -> dict[str, Any]:
        name = str(asked["request"])
        self.does(self.commander.withdraw(name, _by(asked), str(asked.get("reason", "")), self.now()))
        return {"state": str(self.commander.standing.board.requests[name].state)}

    def _queue(self, asked: dict[str, Any]) -> dict[str, Any]:
        spacecraft = str(asked["spacecraft"])
        if not self.commander.standing.has_part(spacecraft):
            raise UsageError(f"{self.commander.agency} neither owns nor may borrow {spacecraft}, so its gate has no queue of it")
        what = str(asked["action"]), _by(asked), self.now(), str(asked.get("request", "")), str(asked.get("reason", ""))
        outcome = self.commander.queue(spacecraft, *what)
        self.does(outcome)
        return {"valve": str(self.commander.standing.queue(spacecraft).valve), "notes": outcome.notes}

    def _lend(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Do something about a loan, for who has a role that may: the agency vouches for that."""
        check_voucher(self.commander.key.public_key(), asked)
        outcome = self.commander.lend(
            str(asked["asset"]), str(asked["action"]), self.now(), borrower=str(asked.get("borrower", "")),
            end_ns=int(asked.get("end_ns", 0)), by=_by(asked)["by"],
            who=Who(str(asked.get("role", "")), str(asked.get("centre", "")), self.commander.agency),
        )  # fmt: skip
        self.does(outcome)
        return {"notes": outcome.notes}

    def _forward(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Say what our agency says of a file that one agency forwards for another: the agency vouches for who says it."""
        check_voucher(self.commander.key.public_key(), asked)
        name, owner, lander, orbiter = (str(asked[key]) for key in ("file", "owner", "lander", "orbiter"))
        file = ForwardFile(name, owner, lander, orbiter, bytes.fromhex(str(asked["octets"])))
        what = str(asked["event"]), _by(asked)["by"], str(asked.get("why", ""))
        outcome = self.commander.forward(file, *what, self.now())
        self.does(outcome)
        return {"digest": file.digest, "notes": outcome.notes}

    def _enrol(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Give a person's public key a credential, signed by the agency, for roles of the mission at one centre."""
        check_voucher(self.commander.key.public_key(), asked)
        person, centre, now = str(asked["person"]), str(asked["centre"]), self.now()
        roles, agency = tuple(str(one) for one in asked["roles"]), self.commander.agency
        held = self.organisation.centres.get(centre)
        if held is None or held.agency != agency:
            raise UsageError(f"{agency} has no centre {centre!r}")
        for role in roles:
            if role not in self.organisation.roles or centre not in self.organisation.roles[role].centres:
                raise UsageError(f"{centre} has no role {role!r}")
        until = min(int(asked.get("until_ns", now + LONGEST_KEY_NS)), now + LONGEST_KEY_NS)
        try:
            public = bytes.fromhex(str(asked["public"]))
            made = Credential(public, agency, centre, person, roles, now, now, until)
            body = credential_body(made, self.commander.key)
        except ValueError as error:
            raise UsageError(f"not a public key: {error}") from error
        self.does(self.commander.enrol("credential", body, now))
        return {"key": made.key, "until_ns": until}

    def _revoke(self, asked: dict[str, Any]) -> dict[str, Any]:
        check_voucher(self.commander.key.public_key(), asked)
        now = self.now()
        made = Revocation(str(asked["key"]), self.commander.agency, now, str(asked.get("reason", "")))
        self.does(self.commander.enrol("revoked", revocation_body(made, self.commander.key), now))
        return {"key": made.key}

    def _clock(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Take a person's word that the clock is right, which the agency vouches for."""
        check_voucher(self.commander.key.public_key(), asked)
        self.does(self.commander.set_clock(_by(asked)["by"], str(asked.get("reason", "")), self.now()))
        return {"head": self.commander.journal.head.n}

    def _state(self, asked: dict[str, Any]) -> dict[str, Any]:
        standing = self.commander.standing
        return {
            "lines": self.lines(),
            "queues": {
                craft: {"valve": str(one.valve), "held": sorted(one.held)}
                for (craft, agency), one in standing.queues.items()
                if agency == standing.agency
            },
            "head": self.commander.journal.head.n,
        }

    def _prepared(self, asked: dict[str, Any]) -> Preparation:
        spacecraft = str(asked["spacecraft"])
        if spacecraft not in self.preparers:
            known = ", ".join(self.preparers) or "none"
            raise UsageError(f"nothing is commanded under the name {spacecraft!r}", remedy=f"Spacecraft commanded here: {known}")
        calls = tuple(
            Call(str(one["command"]), tuple((str(name), str(value)) for name, value in one.get("arguments", ())))
            for one in asked["calls"]
        )
        execute = asked.get("execute_ns")
        preparer = self.preparers[spacecraft]
        name, requester = str(asked.get("id") or new_name(self.commander.agency)), _requester(asked["requester"])
        window = int(asked.get("earliest_ns") or 0), int(asked.get("latest_ns") or FOR_EVER)
        how = Service(asked.get("service") or preparer.link.service), None if execute is None else int(execute)
        request = CommandRequest(name, spacecraft, calls, requester, self.now(), *window, *how, str(asked.get("comment", "")))
        return preparer.prepare(request)

    def _told(self, prepared: PreparedCommand) -> dict[str, Any]:
        now = self.now()
        return {
            "prepared": body_of(prepared),
            "wanted": self._wanted(prepared),
            "forbidden": self.commander.against(prepared, now),
            "times": _times(self.commander.times_from(prepared, now)),
            "geometry": dict(self.commander.known(prepared, now)),
            "holder": self.commander.standing.holding(prepared, now).agency,
        }

    def _wanted(self, prepared: PreparedCommand) -> list[str]:
        return self.commander.standing.wanted(prepared, self.now(), self.commander.standing.proven).words()


def new_name(agency: str) -> str:
    """Return a name for a request that nobody else gives."""
    return f"{agency}-{secrets.token_hex(5)}"


def _requester(one: Mapping[str, Any]) -> Requester:
    return Requester(str(one["agency"]), str(one["centre"]), str(one["role"]), str(one["person"]))


def _by(asked: Mapping[str, Any]) -> dict[str, str]:
    by = str(asked.get("by", ""))
    if not by.strip() or not by.isprintable():
        raise UsageError("nobody asks", remedy="Say who")
    return {"by": by}


def _field(one: Any) -> dict[str, Any]:
    return {
        name: _plain(getattr(one, name))
        for name in ("name", "kind", "first_bit", "bits", "raw", "engineering")
        if hasattr(one, name)
    }


def _plain(value: Any) -> Any:
    if isinstance(value, bytes):
        return value.hex()
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)


def _times(times: CommandTimes | None) -> dict[str, int] | None:
    if times is None:
        return None
    return {name: int(getattr(times, name)) for name in CommandTimes.__dataclass_fields__}
