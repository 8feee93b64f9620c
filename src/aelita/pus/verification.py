"""Service 1: what became of a request."""

from dataclasses import dataclass

from .grammar import Parts
from .parts import Number, Request, Rest
from .request_id import RequestId
from .rows import Row, report

VERIFICATIONS = {
    1: "acceptance succeeded",
    2: "acceptance failed",
    3: "start succeeded",
    4: "start failed",
    5: "progress succeeded",
    6: "progress failed",
    7: "completion succeeded",
    8: "completion failed",
    10: "routing failed",
}
FAILURES = frozenset((2, 4, 6, 8, 10))
WITH_STEP = (5, 6)


@dataclass(frozen=True, slots=True)
class VerificationReport:
    """Service 1: what became of a request. `step` is set for progress, `failure` for failures; `data` is the rest."""

    stage: int  # the subtype; VERIFICATIONS names it
    request: RequestId
    step: int | None
    failure: int | None
    data: bytes

    @property
    def succeeded(self) -> bool:
        """Whether this stage of the request went well."""
        return self.stage not in FAILURES


def _says(message: VerificationReport) -> str:
    found = (("step", message.step), ("failure", message.failure))
    extra = "".join(f", {name} {value}" for name, value in found if value is not None)
    return f"request {message.request.apid}/{message.request.sequence_count}: {VERIFICATIONS[message.stage]}{extra}"


def _row(stage: int) -> Row:
    parts: Parts = (Request("request"),)
    fixed: dict[str, int | None] = {"stage": stage}
    if stage in WITH_STEP:
        parts += (Number("step", "step_octets", "the step id"),)
    else:
        fixed["step"] = None
    if stage in FAILURES:
        parts += (Number("failure", "failure_octets", "the failure code"),)
    else:
        fixed["failure"] = None
    variants = "C" if stage == 10 else "AC"
    return report(
        1, stage, VerificationReport, (*parts, Rest("data")), _says, grade="X" if stage == 10 else "V", variants=variants, **fixed
    )


ROWS = tuple(_row(stage) for stage in VERIFICATIONS)
