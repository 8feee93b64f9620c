"""Readers of the public formats of gravity fields, recognised by their first lines."""

from math import lgamma

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError
from .gravity import MOST_DEGREE, GravityField

Reals = NDArray[np.float64]
NEWTON_KM3_KG_S2 = 6.67430e-20  # CODATA 2018; for a test of plausibility only


def read_gravity(octets: bytes, *, name: str) -> GravityField:
    """Return the gravity field of a file: PDS spherical harmonics (SHA: GMM-3, GGM-2B), JPL's lists (JGMRO120D), or ICGEM's .gfc.

    Kilometres and metres are told apart by the radius, and the mean density of the body must then be that of matter. The file
    must be whole: every order of every degree from 2 up, once. Unnormalised coefficients are normalised. Raises DataError,
    which names the line.
    """
    try:
        lines = octets.decode("ascii").splitlines()
    except UnicodeDecodeError as error:
        raise DataError(
            f"octet {error.start} is not ASCII text",
            where=name,
            remedy="Unpack the file first: a gravity field is a list of numbers in plain text",
        ) from error
    if any(line.split()[:1] == ["end_of_head"] for line in lines[:500]):
        return _icgem(lines, name)
    first = next((k for k, line in enumerate(lines) if line.strip()), None)
    if first is None:
        raise DataError("the file is empty", where=name, remedy="Give a file of spherical harmonics")
    header = _numbers(lines[first], name, first)
    if len(header) == 8:
        return _sha(lines, header, name, first)
    if len(header) == 2:
        rows = Rows(name, None, None)
        rows.read(lines, first + 1)
        return rows.field(gm=header[0], radius=header[1], normalised=True, tide="unstated", line=first)
    raise DataError(
        f"a first line of {len(header)} numbers",
        where=_place(name, first),
        remedy="Known: 8 numbers (PDS spherical harmonics), 2 (GM and radius), or an ICGEM header that ends with end_of_head",
    )


class Rows:
    """Rows of degree, order, C and S as they come, and the field that they make once they are whole."""

    def __init__(self, name: str, degree: int | None, order: int | None) -> None:
        self.name, self.degree, self.order = name, degree, order
        self.found: dict[tuple[int, int], tuple[float, float]] = {}
        self.last = 0

    def read(self, lines: list[str], start: int, keyword: str = "") -> None:
        """Take the rows from line `start` on; with a keyword each begins with it."""
        for k in range(start, len(lines)):
            text = lines[k].strip()
            if not text:
                continue
            if keyword:
                first, _, text = text.partition(" ")
                if first != keyword:
                    raise DataError(
                        f"a row of kind {first!r}",
                        where=_place(self.name, k),
                        remedy=f"Only rows of kind {keyword} are known: a field that changes with time is not supported",
                    )
            self._take(_numbers(text, self.name, k), k)

    def _take(self, values: list[float], k: int) -> None:
        where = _place(self.name, k)
        if not 4 <= len(values) <= 8 or not all(np.isfinite(values[:4])):
            raise DataError(
                f"a row of {len(values)} numbers",
                where=where,
                remedy="A row is degree, order, C and S, finite, then their errors",
            )
        n, m = int(values[0]), int(values[1])
        top = MOST_DEGREE if self.degree is None else self.degree
        if n != values[0] or m != values[1] or not 0 <= m <= n <= top or (self.order is not None and m > self.order):
            raise DataError(
                f"degree {values[0]:g} and order {values[1]:g} do not belong to a field of degree {top}",
                where=where,
                remedy=f"Whole numbers are needed, the order not above the degree; fields reach to degree {MOST_DEGREE}",
            )
        if (n, m) in self.found:
            raise DataError(f"degree {n} and order {m} stand here a second time", where=where, remedy="Keep one of the two rows")
        if (n == 0 and abs(values[2] - 1.0) > 1e-6) or abs(values[2]) > 1.001 or abs(values[3]) > 1.0:
            raise DataError(
                f"C {values[2]:g} and S {values[3]:g} of degree {n} and order {m}",
                where=where,
                remedy="Coefficients are below 1, and C of degree 0 is 1",
            )
        self.found[n, m] = values[2], values[3]
        self.last = k

    def field(self, *, gm: float, radius: float, normalised: bool, tide: str, line: int) -> GravityField:
        """Return the field. Raises DataError when rows are missing or the constants are those of no body."""
        top = max((n for n, _ in self.found), default=0) if self.degree is None else self.degree
        c, s = np.zeros((top + 1, top + 1)), np.zeros((top + 1, top + 1))
        for n in range(2, top + 1):
            for m in range(1 + (n if self.order is None else min(n, self.order))):
                if (n, m) not in self.found:
                    raise DataError(
                        f"degree {n} and order {m} of a field of degree {top} are missing",
                        where=f"{self.name}, after line {self.last + 1}" if self.last else self.name,
                        remedy="The file is cut or damaged: fetch it again",
                    )
        if top < 2:
            raise DataError("no coefficients of degree 2 or more", where=self.name, remedy="The file is cut: fetch it again")
        for (n, m), (cosine, sine) in self.found.items():
            scale = 1.0 if normalised else _norm(n, m)
            c[n, m], s[n, m] = cosine / scale, sine / scale
        c[0, 0] = 1.0
        gm_km3_s2, radius_km = _in_km(gm, radius, _place(self.name, line))
        return GravityField(self.name, gm_km3_s2, radius_km, c, s, tide)


def _sha(lines: list[str], header: list[float], name: str, first: int) -> GravityField:
    """Read what the PDS calls SHADR: radius, GM, its error, degree, order, 0 or 1 for normalised, longitude and latitude."""
    radius, gm, _, degree, order, state, longitude, latitude = header
    where = _place(name, first)
    if degree != int(degree) or order != int(order) or not 2 <= degree <= MOST_DEGREE or not 0 <= order <= degree:
        raise DataError(
            f"degree {degree:g} and order {order:g}", where=where, remedy=f"Fields of degree 2 to {MOST_DEGREE} are supported"
        )
    if state not in (0, 1):
        raise DataError(f"normalisation state {state:g}", where=where, remedy="Known: 0, not normalised, and 1, fully normalised")
    if longitude or latitude:
        raise DataError(
            f"axes turned by {longitude:g} and {latitude:g} deg", where=where, remedy="Only unturned body axes are supported"
        )
    rows = Rows(name, int(degree), int(order))
    rows.read(lines, first + 1)
    return rows.field(gm=gm, radius=radius, normalised=state == 1, tide="unstated", line=first)


def _icgem(lines: list[str], name: str) -> GravityField:
    """Read the format of the International Centre for Global Earth Models: keywords, end_of_head, rows of kind gfc."""
    end = next(k for k, line in enumerate(lines) if line.split()[:1] == ["end_of_head"])
    keys = {words[0]: (words[1], k) for k, line in enumerate(lines[:end]) if len(words := line.split()) >= 2}
    constant = "gravity_constant" if "gravity_constant" in keys else "earth_gravity_constant"
    for key in (constant, "radius", "max_degree"):
        if key not in keys:
            raise DataError(f"no {key} before end_of_head", where=_place(name, end), remedy="Add the keyword and its value")
    (gm,), (radius,), (degree,) = (_numbers(keys[k][0], name, keys[k][1]) for k in (constant, "radius", "max_degree"))
    if degree != int(degree) or not 2 <= degree <= MOST_DEGREE:
        raise DataError(
            f"max_degree {degree:g}",
            where=_place(name, keys["max_degree"][1]),
            remedy=f"Fields of degree 2 to {MOST_DEGREE} are supported",
        )
    norm, line = keys.get("norm", ("fully_normalized", end))
    if norm not in ("fully_normalized", "unnormalized"):
        raise DataError(f"norm {norm}", where=_place(name, line), remedy="Known: fully_normalized, unnormalized")
    rows = Rows(name, int(degree), None)
    rows.read(lines, end + 1, "gfc")
    tide = keys.get("tide_system", ("unstated", 0))[0]
    return rows.field(gm=gm, radius=radius, normalised=norm == "fully_normalized", tide=tide, line=keys[constant][1])


def _in_km(gm: float, radius: float, where: str) -> tuple[float, float]:
    """Return GM in km^3/s^2 and the radius in km: a radius over 100,000 is in metres, and so is GM then."""
    metres = radius > 1e5
    gm_km3_s2, radius_km = (gm / 1e9, radius / 1e3) if metres else (gm, radius)
    density = gm_km3_s2 / NEWTON_KM3_KG_S2 / (4 / 3 * np.pi * radius_km**3) / 1e9 if radius_km > 0 else 0.0
    if not 100 < density < 30_000:  # also false for NaN
        unit = "metres" if metres else "kilometres"
        raise DataError(
            f"GM {gm:g} and radius {radius:g}, read in {unit}, make a mean density of {density:.3g} kg/m^3",
            where=where,
            remedy="GM and radius must use the same unit of length, and belong to the same body",
        )
    return gm_km3_s2, radius_km


def _norm(n: int, m: int) -> float:
    """Return by what unnormalised functions of degree n and order m are multiplied to become fully normalised."""
    return float(np.exp(0.5 * (np.log((2 * n + 1) * (1 if m == 0 else 2)) + lgamma(n - m + 1) - lgamma(n + m + 1))))


def _numbers(line: str, name: str, k: int) -> list[float]:
    try:
        return [float(word.replace("D", "E").replace("d", "e")) for word in line.replace(",", " ").split()]
    except ValueError as error:
        raise DataError(
            f"not numbers: {line.strip()[:60]!r}", where=_place(name, k), remedy="The file is of another format, or damaged"
        ) from error


def _place(name: str, k: int) -> str:
    return f"{name}, line {k + 1}"
