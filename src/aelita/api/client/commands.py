"""What is asked about commands: the catalogue, requests, what people sign of them, keys, queues, loans, evidence."""

from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from ...errors import UsageError
from .answers_commands import AssetItem, CommandDefinition, CommandItem, PreparedItem, QueueItem, RequestDetail, RequestItem
from .answers_evidence import (
    AuditAnswer,
    AuthorityAnswer,
    EntryItem,
    Inbox,
    KeyItem,
    LinesAnswer,
    SeenItem,
    Signed,
    VerificationItem,
)
from .core import Asynchronous, Call, Steps, Synchronous, T, ask, ask_all, path_of
from .errors import NotFoundError
from .instants import Time, instant_text
from .signing import enrolment, public_text, statement_body

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

Command: TypeAlias = str | tuple[str, Mapping[str, Any]]  # a name, or a name and its arguments
Act = Literal["check", "approve", "release", "reject"]
Lease = Literal["offer", "withdraw", "accept", "recall", "return"]
USUAL_VALIDITY_S = 86_400.0


def catalogue(spacecraft: str, search: str = "", *, limit: int | None = None) -> Steps[list[CommandItem]]:
    """Return the commands of a spacecraft that can be sent, by name; with `search` those that have all its words."""
    return (yield from ask_all(path_of("commands/catalogue", spacecraft), {"search": search}, limit))


def command(spacecraft: str, name: str) -> Steps[CommandDefinition]:
    """Return a command with its arguments, what is lawful for each, and whose acts it needs. Raises NotFoundError."""
    return (yield from ask("GET", f"{path_of('commands/catalogue', spacecraft)}/{name.strip('/')}"))


def prepare(
    spacecraft: str, *commands: Command, earliest: Time = None, latest: Time = None, execute: Time = None,
    service: Literal["", "AD", "BD"] = "", role: str = "", centre: str = "", comment: str = "",
) -> Steps[PreparedItem]:  # fmt: skip
    """Return commands made exact, without asking for anything: octets, digest, what each does, what is wanted, times.

    A command is a name, or a name and its arguments. Raises RequestError that names every wrong argument.
    """
    body = _asked(spacecraft, commands, earliest, latest, execute, service, role, centre, comment)
    return (yield from ask("POST", "/commands/prepare", body=body))


def request(
    spacecraft: str, *commands: Command, earliest: Time = None, latest: Time = None, execute: Time = None,
    service: Literal["", "AD", "BD"] = "", role: str = "", centre: str = "", comment: str = "", digest: str = "", name: str = "",
) -> Steps[RequestDetail]:  # fmt: skip
    """Request commands. With the `digest` of what was prepared they are only taken while the octets are still those.

    With a `name` of one's own the request is made once: after a lost answer, look for it by that name.
    """
    body = _asked(spacecraft, commands, earliest, latest, execute, service, role, centre, comment)
    return (yield from ask("POST", "/commands/requests", body=body | {"digest": digest, "id": name}))


def requests(
    search: str = "", *, spacecraft: str = "", state: Sequence[str] = (), ended: bool | None = None, person: str = "",
    agency: str = "", start: Time = None, stop: Time = None, limit: int | None = 1000,
) -> Steps[list[RequestItem]]:  # fmt: skip
    """Return requests of all agencies, the newest first: all for a `limit` of None; `state` narrows to one state."""
    if len(state) > 1 and not isinstance(state, str):
        raise UsageError("several states at once", remedy="Ask for one, or for ended=")
    query = {
        "search": search, "spacecraft": spacecraft, "state": state if isinstance(state, str) else "".join(state), "ended": ended,
        "person": person, "agency": agency, "start": instant_text(start), "stop": instant_text(stop),
    }  # fmt: skip
    return (yield from ask_all("/commands/requests", query, limit))


def get(name: str) -> Steps[RequestDetail]:
    """Return a request: octets, who signed what, its timeline, its times by light. Raises NotFoundError."""
    return (yield from ask("GET", path_of("commands/requests", name)))


def withdraw(name: str, reason: str = "") -> Steps[RequestDetail]:
    """Take back a request that was not released."""
    return (yield from ask("DELETE", path_of("commands/requests", name), {"reason": reason}))


def sign(
    request: RequestItem | str, act: Act, *, key: "Ed25519PrivateKey | None" = None, password: str = "", digest: str = "",
    role: str = "", centre: str = "", comment: str = "", validity_s: float = USUAL_VALIDITY_S,
) -> Steps[Signed]:  # fmt: skip
    """State something of a request: check, approve, release or reject it.

    With `key` it is signed here, after the digest was computed from the octets; with `password` the centre signs with one's
    sealed key (who has no password there gives the key's passphrase). `request` is what one saw, or its name with the `digest` of
    what one saw.
    """
    name, seen = (request, digest) if isinstance(request, str) else (request["id"], digest or request["digest"])
    if (key is None) is (not password):
        raise UsageError("a statement is signed by a key here, or by a password at the centre", remedy="Give one of them")
    if not seen:
        raise UsageError("it is not said which octets were seen", remedy="Give the request, or digest=")
    path = f"{path_of('commands/requests', name)}/statements"
    if key is None:
        body: Mapping[str, Any] = {
            "act": act, "digest": seen, "password": password, "role": role, "centre": centre, "comment": comment,
            "validity_s": validity_s,
        }  # fmt: skip
        return (yield from ask("POST", path, body=body))
    detail, known = (yield from get(name)), (yield from _known(key))
    if detail["digest"] != seen:
        raise UsageError(f"the octets of request {name} are not those that were seen", remedy="Look at it again")
    made = statement_body(detail, known, key, act, role, validity_s, comment)
    return (yield from ask("POST", path, body=made))


def inbox() -> Steps[Inbox]:
    """Return the requests that wait for something that one may give, what ends first first."""
    return (yield from ask("GET", "/commands/inbox"))


def keys(*, everybody: bool = False) -> Steps[list[KeyItem]]:
    """Return one's keys, the newest first; those of `everybody` for who manages users or audits."""
    return (yield from ask("GET", "/commands/keys", {"all": everybody}))["items"]


def make_key(password: str, *, centre: str = "") -> Steps[KeyItem]:
    """Have the centre make a signing key, sealed by one's password, for one's roles at a centre of the agency.

    Who logs in through an organisation has no password there, and makes one in the console, with a passphrase of its own.
    """
    return (yield from ask("POST", "/commands/keys", body={"password": password, "centre": centre}))


def enrol_key(key: "Ed25519PrivateKey", password: str, *, centre: str = "") -> Steps[KeyItem]:
    """Enrol a key of one's own: its private half stays here. Without a `centre` the only one at which one commands."""
    me = yield from ask("GET", "/auth/me")
    at = centre or (yield from _centre())
    public = public_text(key)
    proof = key.sign(enrolment(me["agency"], me["user"], at, public)).hex()
    body = {"password": password, "centre": at, "public": public, "proof": proof}
    return (yield from ask("POST", "/commands/keys", body=body))


def renew_key(name: str, password: str) -> Steps[KeyItem]:
    """Give one's key the roles that one has today, for another year. Raises NotFoundError."""
    return (yield from ask("POST", f"{path_of('commands/keys', name)}/renew", body={"password": password}))


def revoke_key(name: str, reason: str = "") -> Steps[KeyItem]:
    """Revoke a key for good: one's own, or for administrators anybody's of the agency. Raises NotFoundError."""
    return (yield from ask("DELETE", path_of("commands/keys", name), {"reason": reason}))


def queues() -> Steps[list[QueueItem]]:
    """Return the queues of spacecraft."""
    return (yield from ask("GET", "/commands/queues"))["items"]


def queue(
    spacecraft: str, action: Literal["hold", "release", "block"], *, request: str = "", reason: str = ""
) -> Steps[QueueItem]:
    """Hold, release or block the queue of a spacecraft, or hold and release one request in it."""
    body = {"action": action, "request": request, "reason": reason}
    return (yield from ask("POST", path_of("commands/queues", spacecraft), body=body))


def lines() -> Steps[LinesAnswer]:
    """Return the lines over which commands go, by spacecraft: COP-1, and each station's state; `why` when nothing answers."""
    return (yield from ask("GET", "/commands/lines"))


def authority() -> Steps[AuthorityAnswer]:
    """Return who may what by the mission's rules, and which agency has what now."""
    return (yield from ask("GET", "/commands/authority"))


def lease(asset: str, action: Lease, *, borrower: str = "", until: Time = None, for_s: float | None = None) -> Steps[AssetItem]:
    """Offer a loan to a `borrower` until an instant or for seconds, accept, withdraw, recall or return it."""
    told = {"action": action, "borrower": borrower, "until": instant_text(until), "for_s": for_s}
    body = {name: value for name, value in told.items() if value is not None}
    return (yield from ask("POST", path_of("commands/leases", asset), body=body))


def history(spacecraft: str, start: Time = None, stop: Time = None, *, limit: int | None = None) -> Steps[list[SeenItem]]:
    """Return telecommands as the spacecraft's own reports in the archive tell of them, whoever sent them."""
    query = {"start": instant_text(start), "stop": instant_text(stop)}
    return (yield from ask_all(path_of("commands/history", spacecraft), query, limit))


def audit() -> Steps[AuditAnswer]:
    """Return how the journals stand: heads, countersignatures, faults, and the last verification."""
    return (yield from ask("GET", "/commands/audit"))


def verify() -> Steps[VerificationItem]:
    """Begin to verify all journals that are at the centre; `audit` tells how far it is."""
    return (yield from ask("POST", "/commands/audit"))


def cancel_verification() -> Steps[VerificationItem]:
    """Cancel a verification that goes on."""
    return (yield from ask("DELETE", "/commands/audit"))


def journal(after: int = 0, *, agency: str = "", limit: int = 200) -> Steps[list[EntryItem]]:
    """Return entries of a journal behind number `after`, 1,000 at most; without an `agency` of our own."""
    return (yield from ask("GET", "/commands/journal", {"after": after, "agency": agency, "limit": limit}))["items"]


def _asked(
    spacecraft: str, commands: Iterable[Command], earliest: Time, latest: Time, execute: Time, service: str, role: str,
    centre: str, comment: str,
) -> dict[str, Any]:  # fmt: skip
    pairs = [(one, {}) if isinstance(one, str) else one for one in commands]
    if not pairs:
        raise UsageError("no command is named", remedy="Give names, or names with arguments")
    times = {"earliest": instant_text(earliest), "latest": instant_text(latest), "execute": instant_text(execute)}
    return {
        "spacecraft": spacecraft, "calls": [{"command": name, "arguments": dict(given)} for name, given in pairs],
        "service": service, "role": role, "centre": centre, "comment": comment,
        **{name: at for name, at in times.items() if at is not None},
    }  # fmt: skip


def _known(key: "Ed25519PrivateKey") -> Steps[KeyItem]:
    public = public_text(key)
    for one in (yield from keys()):
        if one["public"] == public and one["usable"]:
            return one
    raise NotFoundError("the centre does not know this key as one that can sign", remedy="Enrol it: enrol_key", status=404)


def _centre() -> Steps[str]:
    told = yield from authority()
    named = {who for rule in told["rules"] for act in ("request", "check", "approve", "release") for who in rule[act]}
    found = sorted({who.partition("@")[2] for who in told["mine"] if who in named})
    if len(found) != 1:
        raise UsageError(f"one's roles are at {', '.join(found) or 'no centre'}", remedy="Name one: centre=")
    return found[0]


class CommandCalls:
    """What one can ask about commands. A call of `Client` returns when it is done, one of `AsyncClient` is awaited."""

    catalogue = Call(catalogue)
    command = Call(command)
    prepare = Call(prepare)
    request = Call(request)
    requests = Call(requests)
    get = Call(get)
    withdraw = Call(withdraw)
    sign = Call(sign)
    inbox = Call(inbox)
    keys = Call(keys)
    make_key = Call(make_key)
    enrol_key = Call(enrol_key)
    renew_key = Call(renew_key)
    revoke_key = Call(revoke_key)
    queues = Call(queues)
    queue = Call(queue)
    lines = Call(lines)
    authority = Call(authority)
    lease = Call(lease)
    history = Call(history)
    audit = Call(audit)
    verify = Call(verify)
    cancel_verification = Call(cancel_verification)
    journal = Call(journal)


class Commands(CommandCalls, Synchronous):
    """Commanding with calls that return when they are done."""

    def __init__(self, client: Synchronous) -> None:
        self._client = client

    def run(self, steps: Steps[T]) -> T:
        """Do what a call asks for, and return what it returns. Raises InterfaceError."""
        return self._client.run(steps)


class AsyncCommands(CommandCalls, Asynchronous):
    """Commanding with calls that are awaited."""

    def __init__(self, client: Asynchronous) -> None:
        self._client = client

    async def run(self, steps: Steps[T]) -> T:
        """Do what a call asks for, and return what it returns. Raises InterfaceError."""
        return await self._client.run(steps)
