"""Authority as data of a mission: which role of which centre may request, check, approve and release which commands, and who
owns what commands go to. The first rule that fits a command holds; where none fits, nobody may.
"""

import re
from dataclasses import dataclass, replace
from functools import lru_cache

from .model import ASSUMED, Basis

ACTS = ("request", "check", "approve", "release")
# Consequence levels of XTCE 1.1, which mirror the levels of alarms, and of XTCE 1.2, after ISO 14950.
SIGNIFICANCES = ("none", "watch", "warning", "distress", "critical", "severe", "normal", "vital", "forbidden", "user1", "user2")


@dataclass(frozen=True, slots=True)
class Who:
    """People in one role at one centre of one agency."""

    role: str
    centre: str
    agency: str

    def __str__(self) -> str:
        return f"{self.role}@{self.centre}"


@dataclass(frozen=True, slots=True)
class Reach:
    """Commands: of these spacecraft (none named: of all), by patterns of qualified names, or by a part of the name.

    In a pattern `*` stands for any letters of one part of the name and `**` for any number of parts. `parts` are subsystems or
    instruments: a command belongs to one when its name has a part of that name, in letters of any size. Without patterns and
    parts every command fits.
    """

    spacecraft: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()
    parts: tuple[str, ...] = ()

    def fits(self, spacecraft: str, command: str) -> bool:
        """Tell whether a command of a spacecraft, by its qualified name, is one of these."""
        if self.spacecraft and spacecraft not in self.spacecraft:
            return False
        return not (self.commands or self.parts) or self.names(command)

    def names(self, command: str) -> bool:
        """Tell whether a pattern or a part names the command."""
        if any(_pattern(one).fullmatch(command) for one in self.commands):
            return True
        return bool(self.parts) and not {one.lower() for one in self.parts}.isdisjoint(command.lower().split("/"))

    def meets(self, other: "Reach") -> bool:
        """Tell whether the two can be about one spacecraft."""
        return not (self.spacecraft and other.spacecraft) or not set(self.spacecraft).isdisjoint(other.spacecraft)


@lru_cache(maxsize=4096)
def _pattern(text: str) -> re.Pattern[str]:
    parts = re.split(r"(\*\*|\*)", text)
    return re.compile("".join({"**": ".*", "*": "[^/]*"}.get(part) or re.escape(part) for part in parts))


@dataclass(frozen=True, slots=True)
class Rule:
    """Who may do what with some commands, and how many statements of each kind are needed.

    Each of `agencies` must approve. One's own request counts for nothing with `own_request` off; with `separate` one person
    gives only one of the statements that a command needs. With `forbidden` nobody may.
    """

    key: str
    reach: Reach
    request: tuple[Who, ...] = ()
    check: tuple[Who, ...] = ()
    approve: tuple[Who, ...] = ()
    release: tuple[Who, ...] = ()
    checks: int = 0
    approvals: int = 0
    releases: int = 1
    agencies: tuple[str, ...] = ()
    own_request: bool = False
    separate: bool = True
    forbidden: bool = False
    basis: Basis = ASSUMED

    def needed(self, act: str) -> int:
        """Return how many persons must do an act that is signed."""
        return {"check": self.checks, "approve": self.approvals, "release": self.releases}[act]

    def people(self, act: str) -> tuple[Who, ...]:
        """Return who may do an act, one of ACTS."""
        return {"request": self.request, "check": self.check, "approve": self.approve, "release": self.release}[act]


@dataclass(frozen=True, slots=True)
class Critical:
    """What critical commands need on top of their rule: more persons, more agencies, and who else may approve.

    A command is critical by its significance in the mission database, or by its name.
    """

    key: str
    reach: Reach
    significance: tuple[str, ...] = ()
    approvals: int = 2
    agencies: tuple[str, ...] = ()
    approve: tuple[Who, ...] = ()
    basis: Basis = ASSUMED

    def fits(self, spacecraft: str, command: str, significance: str) -> bool:
        """Tell whether a command of that significance is critical by this."""
        if self.reach.spacecraft and spacecraft not in self.reach.spacecraft:
            return False
        return significance in self.significance or self.reach.names(command)

    def added_to(self, rule: Rule) -> Rule:
        """Return the rule with what this asks for on top."""
        return replace(
            rule,
            key=f"{rule.key}+{self.key}",
            approve=tuple(dict.fromkeys((*rule.approve, *self.approve))),
            approvals=max(rule.approvals, self.approvals),
            agencies=tuple(dict.fromkeys((*rule.agencies, *self.agencies))),
        )


@dataclass(frozen=True, slots=True)
class Asset:
    """What an agency owns and may lend: a spacecraft, or the commands of a part of it.

    No loan is longer than `longest_s` seconds. `guard_s` is how long after the end of a loan the owner waits before it commands
    again: at least the most by which two agencies' clocks differ, and the longest that the borrower's gate takes to send.
    """

    key: str
    reach: Reach
    owner: str
    borrowers: tuple[str, ...] = ()
    longest_s: int = 86_400
    guard_s: int = 10
    hand_over: tuple[Who, ...] = ()
    basis: Basis = ASSUMED


@dataclass(frozen=True, slots=True)
class Authority:
    """All rules, what is critical, and all assets, each in the order of the file, and what clocks may do (seconds).

    `clock_tolerance_s` is by how much the clock of who signs may be ahead, `clock_step_s` by how much the gate's own may step.
    """

    rules: tuple[Rule, ...] = ()
    criticals: tuple[Critical, ...] = ()
    assets: tuple[Asset, ...] = ()
    clock_tolerance_s: float = 1.0
    clock_step_s: float = 10.0

    def rule(self, spacecraft: str, command: str, significance: str) -> Rule | None:
        """Return what holds for a command of a spacecraft, None when nobody may send it."""
        found = next((one for one in self.rules if one.reach.fits(spacecraft, command)), None)
        if found is None or found.forbidden:
            return None
        critical = next((one for one in self.criticals if one.fits(spacecraft, command, significance)), None)
        return critical.added_to(found) if critical is not None else found

    def asset(self, spacecraft: str, command: str = "") -> Asset | None:
        """Return the asset that a command goes to, None when nobody owns it."""
        return next((one for one in self.assets if one.reach.fits(spacecraft, command)), None)
