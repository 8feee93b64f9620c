"""Flight dynamics: where spacecraft will point."""

from typing import TYPE_CHECKING, Annotated

import numpy as np
from fastapi import APIRouter, Depends, Query

from ..errors import UsageError
from .answers import PROBLEMS, Instant, utc_text
from .attitude_items import AttitudeItem, AttitudeItems
from .identity import may
from .navigation_desk import NavigationDesk, bounded
from .routes_navigation import Desk, Name

if TYPE_CHECKING:
    from ..services import attitudes

router = APIRouter(prefix="/navigation", tags=["navigation"], dependencies=[Depends(may("view"))], responses=PROBLEMS)

MOST_ATTITUDES, ATTITUDE_DAYS = 2_000, 400.0
Law = Annotated[str, Query(max_length=64, pattern=r"^[A-Za-z0-9_-]*$")]


@router.get("/attitude")
def attitude(
    desk: Desk, spacecraft: Name, start: Instant = None, stop: Instant = None, law: Law = "",
    step_s: Annotated[float, Query(ge=0.01, le=1e6)] = 60.0,
) -> AttitudeItems:  # fmt: skip
    """Predict the attitude of a spacecraft every so many seconds and at the end: by the mission's pointing laws, or one of them.

    The orbit is that of kernels and of published orbits, which have to hold all of the time asked.
    """
    from ..services import attitudes

    span = bounded(start, stop, ATTITUDE_DAYS, "attitudes")
    count = (span[1] - span[0]) / (step_s * 1e9) + 1
    if count > MOST_ATTITUDES:
        raise UsageError(f"{count:,.0f} attitudes at once", remedy=f"Ask for {MOST_ATTITUDES:,} at most: a longer step_s")
    key = desk.key_of(spacecraft)
    found, known = desk.answer(("attitude", key, span, law, step_s), lambda: _predicted(desk, key, span, law, step_s))
    history, names = found.history, attitudes.ANGLES
    rows = [
        AttitudeItem(
            at=utc_text(at), law=history.laws[int(history.of_law[row])], quaternion=history.quaternions[row].tolist(),
            behind_deg=float(np.degrees(history.behind_rad[row])), **{name: float(found.angles[name][row]) for name in names},
        )
        for row, at in enumerate(history.epochs.tolist())
    ]  # fmt: skip
    return AttitudeItems(frame="J2000", structure=found.structure, known=known, remarks=list(found.remarks()), rows=rows)


def _predicted(
    desk: NavigationDesk, key: str, span: tuple[int, int], law: str, step_s: float
) -> "tuple[attitudes.PredictedAttitude, str]":
    """Return the attitude of a spacecraft of the mission, and from what its orbit is known."""
    from ..services import attitudes

    mission = desk.centre.installation.mission
    craft = mission.craft(key)
    rules = attitudes.read_rules(mission, craft)
    motion = attitudes.known_motion(craft, *span)
    return attitudes.predict(craft, rules, motion, attitudes.epochs_between(*span, step_s), law=law), desk.known(key, *span)
