"""Telecommands of which only the reports are known: their history rebuilt from service 1, whoever sent them."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from ..pus import RequestId, VerificationReport
from ..time import NO_TIME
from .verification import STAGE_OF, Stage


@dataclass(frozen=True, slots=True)
class ReportSeen:
    """A report of service 1 with its times (TAI ns; NO_TIME: not known)."""

    report: VerificationReport
    generated_ns: int
    received_ns: int


@dataclass(slots=True)
class CommandSeen:
    """A telecommand of which only its reports are known: what each stage reported and when."""

    identity: RequestId
    stages: dict[Stage, ReportSeen] = field(default_factory=dict)
    progress: list[ReportSeen] = field(default_factory=list)

    @property
    def first_ns(self) -> int:
        """When the first report of it was generated (TAI ns)."""
        seen = [*self.stages.values(), *self.progress]
        return min(one.generated_ns if one.generated_ns != NO_TIME else one.received_ns for one in seen)

    @property
    def missing(self) -> tuple[Stage, ...]:
        """The stages before the last one reported (and completion) of which no report was seen."""
        failed = any(not one.report.succeeded for one in self.stages.values())
        wanted = (Stage.ACCEPTANCE, Stage.START) if failed else (Stage.ACCEPTANCE, Stage.START, Stage.COMPLETION)
        last = max((wanted.index(stage) for stage in self.stages if stage in wanted), default=-1)
        return tuple(s for i, s in enumerate(wanted) if s not in self.stages and (i < last or not failed))


def seen_commands(reports: Iterable[ReportSeen]) -> list[CommandSeen]:
    """Rebuild telecommands from reports of service 1 alone, in the order of their first reports.

    A stage that comes again for the same identity, or an acceptance after a later stage, begins another telecommand: sequence
    counts come again after 16,384.
    """
    made: list[CommandSeen] = []
    last: dict[bytes, CommandSeen] = {}
    for one in sorted(reports, key=lambda each: each.generated_ns if each.generated_ns != NO_TIME else each.received_ns):
        if one.report.stage not in STAGE_OF:
            continue
        stage, _ = STAGE_OF[one.report.stage]
        key = one.report.request.encode()
        known = last.get(key)
        if known is None or stage in known.stages or (stage is Stage.ACCEPTANCE and known.stages):
            known = last[key] = CommandSeen(one.report.request)
            made.append(known)
        if stage is Stage.PROGRESS:
            known.progress.append(one)
        else:
            known.stages[stage] = one
    return made
