"""Two agencies with people, keys, rules and journals, for the tests of authority and evidence and for their measurement."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from aelita.agencies import Asset, Authority, Critical, Reach, Rule, Who
from aelita.commanding import (
    Act,
    Call,
    CommandRequest,
    Credential,
    Journal,
    Keyring,
    PreparedCommand,
    Requester,
    Service,
    SignedStatement,
    Statement,
    asked_of,
    body_of,
    credential_body,
    key_id,
    sign,
    wanted,
)

S = 10**9
T0 = 1_700_000_000 * S
FOR_A_DAY = 86_400 * S
CENTRES = {"us": "hill", "them": "plain"}
DIRECTOR, CHECKER, OPERATOR = (Who(role, "hill", "us") for role in ("director", "checker", "operator"))
GUEST, GUEST_DIRECTOR = Who("operator", "plain", "them"), Who("director", "plain", "them")
RULES = Authority(
    rules=(
        Rule("none", Reach(("probe",), ("/P/NEVER/**",)), forbidden=True),
        Rule("all", Reach(("probe",)), (OPERATOR, GUEST, DIRECTOR), (CHECKER,), (), (DIRECTOR, GUEST_DIRECTOR), checks=1),
    ),
    criticals=(Critical("two", Reach(("probe",), ("/P/Fire*",)), ("critical",), 2, ("us", "them"), (DIRECTOR, GUEST_DIRECTOR)),),
    assets=(Asset("probe", Reach(("probe",)), "us", ("them",), 3600, 10, (DIRECTOR, GUEST_DIRECTOR)),),
)


def key_of(name: str) -> Ed25519PrivateKey:
    return Ed25519PrivateKey.from_private_bytes(name.encode().ljust(32, b"."))


AGENCY_KEYS = {agency: key_of(agency) for agency in CENTRES}
PUBLIC = {agency: (key.public_key(),) for agency, key in AGENCY_KEYS.items()}


@dataclass(frozen=True)
class Person:
    """Somebody with a key and a credential."""

    name: str
    agency: str
    roles: tuple[str, ...]

    @property
    def key(self) -> Ed25519PrivateKey:
        return key_of(self.name)

    def credential(self, **changes: Any) -> Credential:
        made = Credential(
            self.key.public_key().public_bytes_raw(), self.agency, CENTRES[self.agency], self.name, self.roles, T0 - S, T0, T0 + FOR_A_DAY
        )  # fmt: skip
        return replace(made, **changes)

    def body(self, **changes: Any) -> dict[str, Any]:
        return credential_body(self.credential(**changes), AGENCY_KEYS[self.agency])

    def says(self, act: Act | str, prepared: PreparedCommand, when_ns: int, role: str = "", **changes: Any) -> SignedStatement:
        asked = prepared.request
        made = Statement(
            Act(act), asked.id, prepared.digest, asked.spacecraft, when_ns, when_ns + 600 * S, self.agency, CENTRES[self.agency],
            role or self.roles[0], self.name, key_id(self.key.public_key()), when_ns,
        )  # fmt: skip
        return sign(replace(made, **changes), self.key)


ANN, BEN = Person("ann", "us", ("director", "checker")), Person("ben", "us", ("checker",))
CLEO, DMITRI = Person("cleo", "us", ("operator", "director")), Person("dmitri", "them", ("operator",))
EVA, FRED = Person("eva", "them", ("director",)), Person("fred", "us", ("operator",))
PEOPLE = (ANN, BEN, CLEO, DMITRI, EVA, FRED)


def keyring(people: Iterable[Person] = PEOPLE) -> Keyring:
    made = Keyring()
    for one in people:
        made = made.with_credential(one.body(), PUBLIC)
    return made


def prepare(
    identity: str = "r1",
    person: Person = FRED,
    command: str = "/P/Ping",
    significance: str = "none",
    packet: bytes = b"\x18\x01",
) -> PreparedCommand:
    asked = CommandRequest(
        identity, "probe", (Call(command, (("Count", "3"),)),), Requester(person.agency, CENTRES[person.agency], person.roles[0], person.name),
        T0, T0, T0 + FOR_A_DAY, Service.BD,
    )  # fmt: skip
    return PreparedCommand(asked, (packet,), 0, None, significance)


@dataclass
class Written:
    """A journal in the making: its writer, its octets, and the clock."""

    agency: str
    journal: Journal = field(init=False)
    lines: list[bytes] = field(default_factory=list)
    at_ns: int = T0

    def __post_init__(self) -> None:
        self.journal = Journal(self.agency)

    def add(self, kind: str, body: Mapping[str, Any]) -> int:
        self.at_ns += S // 1000
        entry = self.journal.append(kind, body, self.at_ns)
        self.lines.append(entry.octets)
        return entry.n

    @property
    def octets(self) -> bytes:
        return b"".join(self.lines)

    def credentials(self, people: Iterable[Person] = PEOPLE) -> "Written":
        for one in people:
            self.add("credential", one.body())
        return self

    def command(self, prepared: PreparedCommand, said: Iterable[tuple[Person, str, str]], epoch: int = 0) -> None:
        """Write a command's whole way; what the rules would not let pass is written all the same."""
        self.add("request", body_of(prepared))
        made = [who.says(act, prepared, self.at_ns, role) for who, act, role in said]
        for one in made:
            self.add("statement", one.body())
        self.release(prepared, made, epoch)
        self.send(prepared.request.id)

    def release(self, prepared: PreparedCommand, made: Iterable[SignedStatement], epoch: int = 0) -> None:
        made = list(made)
        used = wanted(asked_of(prepared), RULES, keyring(), made, self.at_ns, holder=self.agency).used
        body = {
            "request": prepared.request.id, "digest": prepared.digest, "spacecraft": "probe",
            "statements": list(used), "epoch": epoch, "released_ns": self.at_ns,
        }  # fmt: skip
        self.add("released", body)

    def send(self, request: str) -> None:
        self.add("sending", {"cltu": len(self.lines), "request": request, "station": "hill", "sha256": "0" * 64})
        self.add("transferred", {"cltu": len(self.lines) - 1, "request": request})


CHECKED_AND_RELEASED = ((BEN, "check", ""), (ANN, "release", "director"))


def good(commands: int = 3) -> Written:
    """A journal in which everything is as it should be."""
    made = Written("us").credentials()
    for n in range(commands):
        made.command(prepare(f"r{n}", packet=bytes([24, n])), CHECKED_AND_RELEASED)
    return made
