"""A flown campaign beside figures that were published of one: each with its tolerance."""

from collections.abc import Callable
from dataclasses import dataclass
from math import inf, isfinite

import numpy as np

from ..errors import UsageError
from ..time import utc_from_tai_ns
from .aerobraking import Campaign
from .drag_pass import shape
from .forces import GM_KM3_S2, RADII_KM


@dataclass(frozen=True, slots=True)
class Published:
    """A figure of a campaign that is known from elsewhere: quantity (of QUANTITIES), epoch where it needs one, value, tolerance.

    `fitted` marks one to which the plan was fitted: that it agrees proves nothing.
    """

    quantity: str
    value: float
    tolerance: float
    at_tai_ns: int | None = None
    source: str = ""
    grade: str = "E"
    fitted: bool = False

    def __post_init__(self) -> None:
        if self.quantity not in QUANTITIES:
            raise UsageError(f"quantity {self.quantity!r}", remedy=f"Known are {', '.join(QUANTITIES)}")
        if QUANTITIES[self.quantity][1] and self.at_tai_ns is None:
            raise UsageError(f"quantity {self.quantity!r} needs an epoch", remedy="Give one")
        if not (isfinite(self.value) and 0 <= self.tolerance < inf):
            raise UsageError(
                f"quantity {self.quantity!r} of {self.value} within {self.tolerance}", remedy="Give a number, and a tolerance"
            )


@dataclass(frozen=True, slots=True)
class Compared:
    """A published figure and what the campaign gives: None where it has none, as before its start and after its end."""

    published: Published
    ours: float | None

    @property
    def within(self) -> bool:
        """Whether they differ by no more than the tolerance."""
        return self.ours is not None and abs(self.ours - self.published.value) <= self.published.tolerance


def compared(campaign: Campaign, figures: tuple[Published, ...]) -> tuple[Compared, ...]:
    """Return each published figure beside the campaign's, None where the campaign does not have it."""
    return tuple(Compared(each, _ours(campaign, each)) for each in figures)


def _ours(campaign: Campaign, figure: Published) -> float | None:
    try:
        return QUANTITIES[figure.quantity][0](campaign, figure.at_tai_ns or 0)
    except UsageError:
        return None


def _index(campaign: Campaign, at_tai_ns: int) -> int:
    """Return which revolution an epoch lies in."""
    found = int(np.searchsorted(np.array(campaign.apoapses_tai_ns), at_tai_ns, side="right")) - 1
    if found < 0 or at_tai_ns > campaign.exit.epoch_tai_ns:
        raise UsageError(
            f"{utc_from_tai_ns(at_tai_ns)} is outside of the campaign", remedy="Give an epoch between start and exit"
        )
    return found


def _axis_km(campaign: Campaign, at_tai_ns: int) -> float:
    return shape(campaign.apoapses[_index(campaign, at_tai_ns)], GM_KM3_S2["MARS"])[0]


def _apoapsis_km(campaign: Campaign, at_tai_ns: int) -> float:
    a, e = shape(campaign.apoapses[_index(campaign, at_tai_ns)], GM_KM3_S2["MARS"])
    return a * (1 + e) - RADII_KM["MARS"][0]


def _drag_m_s(campaign: Campaign, at_tai_ns: int) -> float:
    return sum(each.drag_m_s for each in campaign.passes[: _index(campaign, at_tai_ns)])


def _burn_m_s(number: int) -> Callable[[Campaign, int], float]:
    def size(campaign: Campaign, _: int) -> float:
        if number >= len(campaign.burns):
            raise UsageError(f"only {len(campaign.burns)} burns", remedy="Compare another")
        return abs(campaign.burns[number].dv_m_s)

    return size


QUANTITIES: dict[str, tuple[Callable[[Campaign, int], float], bool]] = {
    "first_burn_m_s": (_burn_m_s(0), False),
    "second_burn_m_s": (_burn_m_s(1), False),
    "exit_burn_min": (lambda campaign, _: sum(b.duration_s for b in campaign.burns if b.reason == "exit") / 60, False),
    "pass_drag_mm_s": (lambda campaign, at: campaign.passes[_index(campaign, at)].drag_m_s * 1e3, True),
    "semi_major_km": (_axis_km, True),
    "period_min": (lambda c, at: float(2 * np.pi * np.sqrt(_axis_km(c, at) ** 3 / GM_KM3_S2["MARS"])) / 60, True),
    "apoapsis_km": (_apoapsis_km, True),
    "height_km": (lambda campaign, at: campaign.passes[_index(campaign, at)].lowest_km, True),
    "drag_m_s": (_drag_m_s, True),
    "days": (lambda campaign, _: campaign.days, False),
    "passes": (lambda campaign, _: float(campaign.in_air), False),
    "lowest_km": (lambda campaign, _: min(each.lowest_km for each in campaign.passes), False),
}
"""What can be compared, and whether it belongs to an epoch."""
