"""The rules of the mission applied to one prepared command: what is still wanted, from whom, and which statements count.

It is a function of what was asked, the rules, the keys, the statements and the instant alone: the gate calls it before it
releases, and whoever audits calls it again with what the journal holds.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass

from ..agencies import Authority, Rule, Who
from .canonical import canonical
from .credentials import Keyring
from .requests import PreparedCommand, Requester
from .statements import Act, Refusal, SignedStatement, Statement, Why

COUNTED = (Act.CHECK, Act.APPROVE, Act.RELEASE)
_VERBS = {Act.CHECK: "check", Act.APPROVE: "approve", Act.RELEASE: "release"}


@dataclass(frozen=True, slots=True)
class Asked:
    """What the rules need to know of a prepared command."""

    request: str
    digest: str
    spacecraft: str
    commands: tuple[str, ...]
    significance: str
    requester: Requester


@dataclass(frozen=True, slots=True)
class Missing:
    """One statement that is still wanted: the act, how many persons, of which agency (empty: of any), and who may give it."""

    act: Act
    count: int
    who: tuple[Who, ...]
    agency: str = ""

    def __str__(self) -> str:
        of = f" of {self.agency}" if self.agency else ""
        persons = f"{self.count} person{'s' if self.count > 1 else ''}{of}"
        return f"{persons} must {_VERBS[self.act]} it: {', '.join(map(str, self.who)) or 'nobody may'}"


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is missing, what forbids it, which statements count (their ids, in order of time), and which do not and why."""

    missing: tuple[Missing, ...] = ()
    blocked: tuple[str, ...] = ()
    used: tuple[str, ...] = ()
    refused: tuple[Refusal, ...] = ()

    @property
    def satisfied(self) -> bool:
        """True when nothing is missing and nothing forbids it."""
        return not (self.missing or self.blocked)

    def words(self) -> list[str]:
        """Return in plain words what stands between the command and its release, nothing when it may go."""
        return [*self.blocked, *map(str, self.missing)]


def asked_of(prepared: PreparedCommand, digest: str = "") -> Asked:
    """Return what the rules need to know of a prepared command, whose digest may be given when it was just made."""
    request = prepared.request
    names = tuple(dict.fromkeys(call.command for call in request.calls))
    return Asked(request.id, digest or prepared.digest, request.spacecraft, names, prepared.significance, request.requester)


def rules_digest(rules: Authority) -> str:
    """Return SHA-256, hex, of the rules themselves, so that a journal can say by which ones it was released."""
    told = asdict(rules)
    told |= {name: str(told[name]) for name in ("clock_tolerance_s", "clock_step_s")}  # canonical JSON has no such numbers
    return hashlib.sha256(canonical(told)).hexdigest()


def wanted(
    asked: Asked,
    rules: Authority,
    keyring: Keyring,
    statements: Iterable[SignedStatement],
    now_ns: int,
    *,
    holder: str = "",
    proven: frozenset[str] | set[str] = frozenset(),
) -> Wanted:
    """Return what is still wanted of a command at an instant (TAI ns), or which statements satisfy its rules.

    `holder` is the agency that has the spacecraft now: only its people release (empty: any that the rules name). `proven` holds
    ids of statements whose signature was verified before. Every command of the request must satisfy its own rule.
    """
    found, blocked = _rules_of(asked, rules)
    tolerance_ns = round(rules.clock_tolerance_s * 1e9)
    said: list[Statement] = []
    refused: list[Refusal] = []
    for signed in sorted(statements, key=lambda one: (one.statement.at_ns, one.statement.id)):
        one = signed.statement
        why = keyring.refused(
            signed, request=asked.request, digest=asked.digest, spacecraft=asked.spacecraft, tolerance_ns=tolerance_ns,
            now_ns=min(now_ns, one.not_after_ns) if one.act is Act.REJECT else now_ns, proven=proven,
        )  # fmt: skip  # a rejection does not wear off
        if why is None:
            said.append(one)
        else:
            refused.append(why)
    blocked += _rejections(said, found)
    used: dict[str, Statement] = {}
    missing: list[Missing] = []
    for rule in found:
        counted, turned_down = _counted(said, rule, asked.requester, holder)
        used.update({each.id: each for each in counted})
        refused += [each for each in turned_down if each not in refused]
        missing += [each for each in _missing(counted, rule, holder) if each not in missing]
    kept = tuple(each for each in refused if each.statement not in used)
    return Wanted(tuple(missing), tuple(blocked), tuple(each.id for each in said if each.id in used), kept)


def _rules_of(asked: Asked, rules: Authority) -> tuple[list[Rule], list[str]]:
    """Return the rules of the commands, each once, and what forbids the request as a whole."""
    found: list[Rule] = []
    blocked: list[str] = []
    for command in dict.fromkeys(asked.commands):
        rule = rules.rule(asked.spacecraft, command, asked.significance)
        if rule is None:
            blocked.append(f"nobody may send {command} to {asked.spacecraft}: no rule allows it")
        elif rule not in found:
            found.append(rule)
            if _who(asked.requester) not in rule.request:
                may = ", ".join(map(str, rule.request))
                blocked.append(f"{_who(asked.requester)} may not request {command} of {asked.spacecraft}; who may: {may}")
    if not asked.commands:
        blocked.append("the request has no commands")
    return found, blocked


def _who(one: Requester | Statement) -> Who:
    return Who(one.role, one.centre, one.agency)


def could_agree(asked: Asked, rules: Authority, statement: Statement) -> bool:
    """Tell whether somebody may check, approve or release one of the commands, and so may reject the request."""
    found, _ = _rules_of(asked, rules)
    return _who(statement) in {who for rule in found for act in COUNTED for who in rule.people(act)}


def _rejections(said: Sequence[Statement], found: Sequence[Rule]) -> list[str]:
    """Return rejections by people who could have agreed: one of them is enough, and only a new request goes on from there."""
    could = {who for rule in found for act in COUNTED for who in rule.people(act)}
    return [
        f"rejected by {one.person} ({_who(one)}){': ' + one.comment if one.comment else ''}"
        for one in said
        if one.act is Act.REJECT and _who(one) in could
    ]


def _counted(
    said: Sequence[Statement], rule: Rule, requester: Requester, holder: str
) -> tuple[list[Statement], list[Refusal]]:  # fmt: skip
    """Return the statements that count for a rule, in order of time and no more than are needed, and why others do not."""
    counted: list[Statement] = []
    refused: list[Refusal] = []
    for one in said:
        if one.act is Act.REJECT:
            continue
        why = _not_counted(one, rule, requester, holder, counted)
        if why is None:
            counted.append(one)
        else:
            refused.append(why)
    return counted, refused


def _not_counted(one: Statement, rule: Rule, requester: Requester, holder: str, counted: list[Statement]) -> Refusal | None:
    who, act = f"the {one.act} of {one.person}", str(one.act)
    if _who(one) not in _may(rule, one.act, holder):
        return Refusal(one.id, Why.ROLE, f"{who} does not count: {_who(one)} may not {act} this")
    if not rule.own_request and (one.agency, one.person) == (requester.agency, requester.person):
        return Refusal(one.id, Why.OWN_REQUEST, f"{who} does not count: it is their own request")
    theirs = [other for other in counted if (other.agency, other.person) == (one.agency, one.person)]
    if any(rule.separate or other.act is one.act for other in theirs):
        return Refusal(one.id, Why.SAME_PERSON, f"{who} does not count: the same person said {theirs[0].act} already")
    same = [other for other in counted if other.act is one.act]
    if len(same) + _agencies_left(same, rule, one.act, without=one.agency) >= rule.needed(act):
        return Refusal(one.id, Why.NOT_NEEDED, f"{who} is not needed")
    return None


def _may(rule: Rule, act: Act, holder: str) -> tuple[Who, ...]:
    """Return who may do an act; only the agency that has the spacecraft releases."""
    people = rule.people(str(act))
    return tuple(who for who in people if who.agency == holder) if holder and act is Act.RELEASE else people


def _agencies_left(same: Sequence[Statement], rule: Rule, act: Act, without: str = "") -> int:
    """Return how many agencies that must approve have not, another one not counted: their places are kept free."""
    if act is not Act.APPROVE:
        return 0
    return len(set(rule.agencies) - {one.agency for one in same} - {without})


def _missing(counted: Sequence[Statement], rule: Rule, holder: str) -> list[Missing]:
    found: list[Missing] = []
    for act in COUNTED:
        same = [one for one in counted if one.act is act]
        lacking = rule.needed(str(act)) - len(same)
        may = _may(rule, act, holder)
        if act is Act.APPROVE:
            for agency in rule.agencies:
                if agency not in {one.agency for one in same}:
                    found.append(Missing(act, 1, tuple(who for who in may if who.agency == agency), agency))
                    lacking -= 1
        if lacking > 0:
            found.append(Missing(act, lacking, may))
    return found
