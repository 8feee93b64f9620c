"""Predicted attitudes: an orbit, the pointing laws of a mission, and what angles come of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import radians
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ...dynamics import AttitudeHistory, AttitudeRules, Phase, angles_between, body_angles, predicted_attitude, read_attitude
from ...errors import DefinitionError, UsageError
from ...ndm import Composite, Ephemeris, ephemerides, read
from ...time import SECOND, utc_from_tai_ns
from ..missions import Mission, Spacecraft
from ..navigation.reading import octets_of
from ..navigation.shown import instant_text, thinned
from ..navigation.tables import utc_column
from ..whereabouts import KnownMotion, motions_in_kernels, motions_in_message
from .files import AttitudeArc

Epochs = NDArray[np.int64]
FILE = "navigation/attitude.toml"
MOST_SHOWN, EDGE_NS = 2_000, 2_000_000
ANGLES = ("off_nadir_deg", "sun_aspect_deg", "sun_off_arrays_deg", "earth_antenna_deg", "rate_deg_s")


@dataclass(frozen=True, slots=True, eq=False)
class PredictedAttitude:
    """A predicted attitude with the states (km, km/s, J2000) about a centre that it was made for, and its angles by name."""

    spacecraft: Spacecraft
    rules: AttitudeRules
    centre: str
    states: NDArray[np.float64]
    history: AttitudeHistory
    angles: dict[str, NDArray[np.float64]]
    measured_off_deg: NDArray[np.float64] | None = None

    @property
    def structure(self) -> int:
        """The SPICE number of what turns."""
        return self.rules.structure or self.spacecraft.naif_id * 1000

    def arc(self) -> AttitudeArc:
        """Return it as attitudes to write."""
        craft = self.spacecraft
        return AttitudeArc(
            craft.name.upper(), str(craft.naif_id), self.history.epochs, self.history.quaternions, structure=self.structure
        )

    def table(self) -> pl.DataFrame:
        """Return it as rows with UTC: the law, the quaternion (scalar first, from J2000 to the body), angles (deg, deg/s).

        `behind_deg` is how far it is behind what the law asks for, while it slews; `measured_off_deg` how far from it what was
        measured is.
        """
        laws = np.array(self.history.laws)[self.history.of_law]
        columns: dict[str, Any] = {"utc": utc_column(self.history.epochs.tolist()), "law": laws.tolist()}
        columns |= {f"q{n}": self.history.quaternions[:, n] for n in range(4)}
        columns |= {name: self.angles[name] for name in ANGLES}
        columns["behind_deg"] = np.degrees(self.history.behind_rad)
        if self.measured_off_deg is not None:
            columns["measured_off_deg"] = pl.Series(self.measured_off_deg).fill_nan(None)
        return pl.DataFrame(columns)

    def remarks(self) -> tuple[str, ...]:
        """Return in words by which laws it was made and how sure they are, and how well it fits what was measured."""
        told = []
        for name in dict.fromkeys(self.history.laws):
            law = self.rules.law(name)
            told.append(f"law {name} (grade {law.grade}): {law.source}")
        told.append(f"greatest rate {np.degrees(self.rules.most_rad_s):g} deg/s")
        if self.measured_off_deg is not None:
            known = self.measured_off_deg[np.isfinite(self.measured_off_deg)]
            told.append(
                f"measured at {known.size} of {self.history.epochs.size} instants: half within {np.median(known):.4f} deg, "
                f"90 % within {np.percentile(known, 90):.4f}, all within {known.max():.4f}"
                if known.size
                else "nothing was measured in this time"
            )
        return tuple(told)


def read_rules(mission: Mission, spacecraft: Spacecraft) -> AttitudeRules:
    """Return how a spacecraft points: by a file of the mission, or of that which it extends. Raises UsageError without one."""
    for folder in reversed(mission.folders or (mission.folder,)):
        path = folder / FILE
        if not path.is_file():
            continue
        try:
            found = read_attitude(path.read_text("utf-8"), str(path))
        except (OSError, UnicodeDecodeError) as error:
            raise DefinitionError(f"cannot be read: {error}", where=str(path)) from error
        for one in found:
            if spacecraft.key in one.spacecraft:
                return one
    raise UsageError(
        f"the mission {mission.name} does not tell how {spacecraft.key} points", remedy=f"Describe it in {FILE} of its folder"
    )


def known_motion(
    spacecraft: Spacecraft, start: int, stop: int, *, orbit: Path | None = None, parts: Sequence[Ephemeris] = (), centre: str = ""
) -> KnownMotion:  # fmt: skip
    """Return how a spacecraft moves between two instants (TAI nanoseconds): by an OEM, by segments, else by the kernels.

    Raises UsageError where none of them tells it for the whole of that time: with what is known.
    """
    if orbit is not None:
        message = read(octets_of(orbit), where=str(orbit))
        if isinstance(message, Composite):
            raise UsageError("several messages in one", where=str(orbit), remedy="Give one OEM")
        parts = ephemerides(message)
    if parts:
        found = motions_in_message(parts, start, stop)
    else:
        found = motions_in_kernels(str(spacecraft.naif_id), (centre or spacecraft.near or "MARS").upper(), start, stop)
    for one in found:
        if one.span[0] <= start + EDGE_NS and one.span[1] >= stop - EDGE_NS:
            return one
    spans = "; ".join(f"{utc_from_tai_ns(one.span[0], 0)} to {utc_from_tai_ns(one.span[1], 0)}" for one in found)
    asked = f"{utc_from_tai_ns(start, 0)} to {utc_from_tai_ns(stop, 0)}"
    raise UsageError(
        f"the orbit of {spacecraft.key} is not known for all of {asked} (of it: {spans or 'nothing'})",
        where=str(orbit or "kernels"), remedy="Ask within it, or name a kernel (--kernel) or an OEM (--orbit) that holds it",
    )  # fmt: skip


def predict(
    spacecraft: Spacecraft, rules: AttitudeRules, motion: KnownMotion, epochs: Epochs, *, law: str = "",
    changes: Sequence[tuple[int, str]] = (), most_deg_s: float = 0.0, measured: Sequence[AttitudeArc] = (),
) -> PredictedAttitude:  # fmt: skip
    """Return the attitude at epochs: by a law, or those of the mission's periods, changed at instants (TAI nanoseconds).

    `most_deg_s` is the greatest rate, 0 that of the rules. Raises UsageError for unknown laws, changes outside of the epochs.
    """
    first, last = int(epochs[0]), int(epochs[-1])
    phases = [Phase(first, rules.law(law))] if law else list(rules.phases(first, last))
    for at, name in sorted(changes):
        if not first <= at <= last:
            raise UsageError(
                f"{utc_from_tai_ns(at, 0)} is not within the time asked", where="change", remedy="Give another instant"
            )
        phases = [one for one in phases if one.start_tai_ns < at] + [Phase(at, rules.law(name))]
    inside = np.clip(epochs, motion.span[0], motion.span[1])  # instants in kernels are rounded
    states = motion.states(inside)
    most = radians(most_deg_s) if most_deg_s else rules.most_rad_s
    centre = motion.start.centre
    history = predicted_attitude(states, centre, epochs, phases, most_rad_s=most)
    angles = body_angles(history.quaternions, states, centre, epochs, rules.axes)
    off = None
    if measured:
        off = np.full(epochs.size, np.nan)
        for arc in measured:
            found = arc.at(epochs)
            rows = np.isfinite(found[:, 0])
            off[rows] = np.degrees(angles_between(history.quaternions[rows], found[rows]))
    return PredictedAttitude(spacecraft, rules, centre, states, history, angles, off)


def attitude_shown(found: PredictedAttitude) -> dict[str, Any]:
    """Return what of an attitude is shown: quaternions (scalar first, from J2000 to the body) and angles at 2,000 instants."""
    rows = thinned(found.history.epochs.size, MOST_SHOWN)
    laws = np.array(found.history.laws)[found.history.of_law]
    shown = {
        "frame": "J2000", "structure": found.structure, "centre": found.centre,
        "utc": [instant_text(at, 3) for at in found.history.epochs[rows].tolist()],
        "quaternion": found.history.quaternions[rows].tolist(), "law": laws[rows].tolist(),
        "behind_deg": np.degrees(found.history.behind_rad[rows]).tolist(), "remarks": list(found.remarks()),
    }  # fmt: skip
    return shown | {name: found.angles[name][rows].tolist() for name in ANGLES}


def epochs_between(start: int, stop: int, step_s: float) -> Epochs:
    """Return instants (TAI nanoseconds) every so many seconds, with the last one. Raises UsageError for a step that is none."""
    if not 1e-6 <= step_s < 1e9:
        raise UsageError(f"{step_s:g} s is no step", remedy="Give seconds above zero")
    step = round(step_s * SECOND)
    at = np.arange(start, stop, step, dtype=np.int64)
    return np.append(at, stop)
