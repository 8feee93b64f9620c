"""How gravity of planets delays light beside that of the Sun: metres of range by Jupiter and Saturn, centimetres by the Earth."""

from collections.abc import Iterable

import numpy as np

from ..errors import UsageError
from .sites import Reals, body_number, positions_km

LIGHT_KM_S = 299_792.458
# SPICE number: GM (km3/s2, of the whole system for planets with moons; DE440 as in NAIF's gm_de440.tpc) and equatorial radius
# (km; IAU 2009, as in pck00010.tpc). Grade A.
DELAYING = {
    1: (2.20318685514e4, 2439.7), 2: (3.24858592e5, 6051.8), 399: (3.9860043550702266e5, 6378.1366),
    301: (4.9028001184575496e3, 1737.4), 4: (4.2828375815756102e4, 3396.19), 5: (1.2671276409999998e8, 71492.0),
    6: (3.7940584841799997e7, 60268.0), 7: (5.7945563999999985e6, 25559.0), 8: (6.8365271005803989e6, 24764.0),
}  # fmt: skip
SAME = {199: 1, 299: 2, 499: 4, 599: 5, 699: 6, 799: 7, 899: 8}  # planets at their barycentres: DE440 holds these alone


class Delays:
    """Bodies whose gravity delays light, where they are at some ephemeris times. Hold the kernels.

    Raises UsageError for a body whose mass is not known here, and for the Sun, whose delay light times have already.
    """

    def __init__(self, names: Iterable[str], ets: Reals) -> None:
        numbers = dict.fromkeys(SAME.get(number, number) for number in map(body_number, names))
        for number in numbers:
            if number not in DELAYING:
                raise UsageError(
                    f"body {number} is none whose delay of light is added", remedy="Name planets: EARTH, JUPITER, SATURN, ..."
                )
        self.bodies = [(*DELAYING[number], positions_km(number, ets)) for number in numbers]

    def seconds(self, here_km: Reals, there_km: Reals, distance_km: Reals) -> Reals:
        """Return by how much they delay light between places from the barycentre, rows of three (s).

        Shapiro's formula, gamma 1 (Moyer, JPL DESCANSO 2, eq. 8-55). A path through a body counts as one that grazes it. That the
        bodies move while the light is under way changes 1e-5 of it.
        """
        total = np.zeros(distance_km.size)
        for gm, radius, place in self.bodies:
            near, far = (np.linalg.norm(end - place, axis=1) for end in (here_km, there_km))
            grazing = radius**2 / (2.0 * np.maximum(np.minimum(near, far), radius))
            around = near + far
            total += 2.0 * gm / LIGHT_KM_S**3 * np.log((around + distance_km) / np.maximum(around - distance_km, grazing))
        return total
