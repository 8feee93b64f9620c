"""How Mars turns, in a form that compiled code evaluates: pole and prime meridian linear in time."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import UsageError
from .compiling import kept

Reals = NDArray[np.float64]
DAY_S, CENTURY_S = 86400.0, 36525.0 * 86400.0


@dataclass(frozen=True, slots=True)
class Rotation:
    """Right ascension and declination of the pole (deg, deg per Julian century) and the prime meridian (deg, deg per day).

    They are linear in TDB since J2000; positions in J2000 axes become body-fixed by Rz(W) Rx(90 deg - dec) Rz(90 deg + ra).
    """

    name: str
    right_ascension: tuple[float, float]
    declination: tuple[float, float]
    meridian: tuple[float, float]

    @property
    def angles(self) -> Reals:
        """The six numbers in radians and radians per second, as `turned` takes them."""
        per = (1.0, CENTURY_S, 1.0, CENTURY_S, 1.0, DAY_S)
        given = (*self.right_ascension, *self.declination, *self.meridian)
        return np.radians(np.array(given)) / np.array(per)

    def matrix(self, et_s: float) -> Reals:
        """Return the matrix that turns J2000 into body-fixed axes at an ephemeris time."""
        made = np.empty((3, 3))
        turned(self.angles, et_s, made)
        return made


ROTATIONS = {
    # Seidelmann et al. 2002 (IAU/IAG report of 2000), as in NAIF's mars_iau2000_v1.tpc: the frame of JGMRO120D and GMM-3
    "IAU2000": Rotation("IAU2000", (317.68143, -0.1061), (52.88650, -0.0609), (176.630, 350.89198226)),
}  # fmt: skip


def rotation_of(given: "str | Rotation") -> Rotation:
    """Return a rotation by its name. Raises UsageError for one that is not known."""
    if isinstance(given, Rotation):
        return given
    if given not in ROTATIONS:
        raise UsageError(f"there is no rotation {given!r}", remedy=f"Known are {', '.join(ROTATIONS)}; or give a Rotation")
    return ROTATIONS[given]


@kept()
def turned(angles: Reals, et_s: float, m: Reals) -> None:
    """Write the matrix that turns J2000 into body-fixed axes."""
    ra, dec, w = angles[0] + angles[1] * et_s, angles[2] + angles[3] * et_s, angles[4] + angles[5] * et_s
    sa, ca, sd, cd = np.sin(ra), np.cos(ra), np.sin(dec), np.cos(dec)
    w = w % (2.0 * np.pi)
    sw, cw = np.sin(w), np.cos(w)
    # node (x) and the direction 90 deg ahead of it on the equator (y), pole (z)
    nx, ny = -sa, ca
    qx, qy, qz = -ca * sd, -sa * sd, cd
    m[0, 0], m[0, 1], m[0, 2] = cw * nx + sw * qx, cw * ny + sw * qy, sw * qz
    m[1, 0], m[1, 1], m[1, 2] = -sw * nx + cw * qx, -sw * ny + cw * qy, cw * qz
    m[2, 0], m[2, 1], m[2, 2] = ca * cd, sa * cd, sd
