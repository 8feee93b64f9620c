"""Two agencies, people with keys, and rules for one spacecraft: what tests of the gate work with."""

from dataclasses import dataclass, field
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from aelita.agencies import Authority, Critical, Reach, Rule, Who
from aelita.commanding import (
    Act,
    Call,
    CommandRequest,
    Credential,
    Gate,
    Holding,
    Keyring,
    PreparedCommand,
    Requester,
    SignedStatement,
    Statement,
    UplinkLine,
    credential_body,
    fop_settings,
    key_id,
    sign,
)
from aelita.link import CommandLink, Fop1, security
from aelita.time import SECOND

NOW = 1_000_000 * SECOND
PROBE = "probe"
PING = bytes.fromhex("1805c000000519110100abcd")  # asks for reports of acceptance and completion
LINK = """
name = "probe"
spacecraft_id = 77
map = 1
randomizer = true
"""
SECURE = LINK + '[security]\nservice = "authenticated-encryption"\nspi = 5\n'
DIRECTOR, CHECKER = Who("flight-director", "moc", "us"), Who("planner", "soc", "us")
THEIRS, ASKER = Who("payload-chief", "iki", "them"), Who("instrument-operator", "iki", "them")
RULES = Authority(
    rules=(
        Rule(
            "probe", Reach((PROBE,)), request=(ASKER, DIRECTOR), check=(CHECKER,), approve=(CHECKER, THEIRS), release=(DIRECTOR,),
            checks=1, approvals=1, releases=1,
        ),
    ),
    criticals=(Critical("grave", Reach(), ("critical",), approvals=2, agencies=("us", "them")),),
)  # fmt: skip


@dataclass
class People:
    """Persons with keys and credentials of their agencies."""

    agencies: dict[str, Ed25519PrivateKey] = field(
        default_factory=lambda: {one: Ed25519PrivateKey.generate() for one in ("us", "them")}
    )
    keys: dict[str, Ed25519PrivateKey] = field(default_factory=dict)
    who: dict[str, Who] = field(default_factory=dict)
    keyring: Keyring = field(default_factory=Keyring)

    @property
    def public(self) -> dict[str, Any]:
        """Public keys of the agencies."""
        return {one: (key.public_key(),) for one, key in self.agencies.items()}

    def enrol(self, person: str, who: Who, until: int = NOW + 1000 * SECOND) -> None:
        """Give a person a key and a credential."""
        key = Ed25519PrivateKey.generate()
        self.keys[person], self.who[person] = key, who
        public = key.public_key().public_bytes_raw()
        made = Credential(public, who.agency, who.centre, person, (who.role,), NOW - 100 * SECOND, NOW - 100 * SECOND, until)
        self.keyring = self.keyring.with_credential(credential_body(made, self.agencies[who.agency]), self.public)

    def says(self, person: str, act: Act, prepared: PreparedCommand, at: int = NOW, **other: Any) -> SignedStatement:
        """Return a signed statement of a person on a prepared command."""
        who, key = self.who[person], self.keys[person]
        said = {
            "act": act, "request": prepared.request.id, "digest": prepared.digest, "spacecraft": prepared.request.spacecraft,
            "not_before_ns": at, "not_after_ns": at + 600 * SECOND, "agency": who.agency, "centre": who.centre, "role": who.role,
            "person": person, "key": key_id(key.public_key()), "at_ns": at,
        }  # fmt: skip
        return sign(Statement(**{**said, **other}), key)

    def all_say(self, prepared: PreparedCommand, at: int = NOW) -> list[SignedStatement]:
        """Return what lets an ordinary command pass."""
        return [
            self.says("chris", Act.CHECK, prepared, at),
            self.says("peter", Act.APPROVE, prepared, at),
            self.says("dora", Act.RELEASE, prepared, at),
        ]


def people() -> People:
    """Return a flight director, a checker, a second checker, a chief of the payload and an operator."""
    made = People()
    for person, who in (("dora", DIRECTOR), ("chris", CHECKER), ("carla", CHECKER), ("peter", THEIRS), ("vera", ASKER)):
        made.enrol(person, who)
    return made


def prepared(
    name: str = "r1", packets: tuple[bytes, ...] = (PING,), *, significance: str = "none", **asked: Any
) -> PreparedCommand:
    """Return a request of the operator, prepared."""
    vera = Requester("them", "iki", "instrument-operator", "vera")
    request = CommandRequest(name, PROBE, (Call("/P/ping"),), vera, NOW, **asked)
    return PreparedCommand(request, packets, 0, 1, significance)


def line(text: str = LINK, start: int = 1, numbers: int = 64) -> UplinkLine:
    """Return the sending end of the probe's command link, with so many numbers of security reserved."""
    link = CommandLink.from_toml(text)
    sender = None
    if link.security.service != "none":
        keys = security.KeyStore()
        keys.load(7, bytes(range(32)), state=security.KeyState.ACTIVE)
        channel = security.SecuredChannel(link.spacecraft_id, link.virtual_channel)
        association = security.SecurityAssociation(5, channels=(channel,), key_id=7, state=security.SaState.OPERATIONAL)
        sender = security.Sender(association, keys, security.SendingNumbers(5, 7, start, start))
        if numbers:
            sender.grant(sender.reserve(numbers))
    return UplinkLine(link, Fop1(fop_settings(link, 0)), sender)


def gate(text: str = LINK, **more: Any) -> Gate:
    """Return the gate of the agency that has the probe."""
    made = Gate("us", RULES, **more)
    made.hold_line(PROBE, line(text))
    return made


OURS = Holding("us", 3)
