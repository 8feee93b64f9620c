"""Profiles of an atmosphere over height, from files of Mars-GRAM, of the Mars Climate Database's mean, and plain columns."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import DataError, UsageError

Reals = NDArray[np.float64]
# Column heads that are understood, and by what a value is multiplied to come to ours
COLUMNS = {
    "hgtmola": ("height_km", 1.0), "height_km": ("height_km", 1.0), "height_m": ("height_km", 1e-3),
    "denkgm3": ("density_kg_m3", 1.0), "density_kg_m3": ("density_kg_m3", 1.0),
    "temp": ("temperature_k", 1.0), "temperature_k": ("temperature_k", 1.0), "pressure_pa": ("pressure_pa", 1.0),
    "sigd": ("sigma", 0.01), "sigma": ("sigma", 1.0),
}  # fmt: skip
MEAN_TABLE = ("height_m", "density_kg_m3", "pressure_pa", "temperature_k", "gas_constant", "gamma", "molar_mass")


@dataclass(frozen=True, slots=True, eq=False)
class ProfileAtmosphere:
    """A density profile, the same everywhere at all times: straight in its logarithm between heights, and on beyond both ends.

    `temperature_k`, `pressure_pa` and `sigmas` (of the logarithm of the density) are NaN where the file has none. `multiplier` is
    a factor that orbit determination may estimate.
    """

    name: str
    heights_km: Reals
    densities_kg_m3: Reals
    temperatures_k: Reals
    pressures_pa: Reals
    sigmas: Reals
    multiplier: float = 1.0

    def __post_init__(self) -> None:
        if self.heights_km.size < 2 or not np.all(np.diff(self.heights_km) > 0) or not np.all(self.densities_kg_m3 > 0):
            raise UsageError(
                f"profile {self.name}: heights do not rise, or a density is not above zero", remedy="Give two heights or more"
            )

    def density_kg_m3(
        self, height_km: ArrayLike, lat_deg: ArrayLike, lon_deg: ArrayLike, ls_deg: ArrayLike, local_time_h: ArrayLike
    ) -> Reals:
        """Return the density in kg/m^3; only the height counts."""
        height = np.broadcast_arrays(height_km, lat_deg, lon_deg, ls_deg, local_time_h)[0].astype(np.float64)
        k = np.clip(np.searchsorted(self.heights_km, height) - 1, 0, self.heights_km.size - 2)
        low, high = self.heights_km[k], self.heights_km[k + 1]
        logs = np.log(self.densities_kg_m3)
        return self.multiplier * np.exp(logs[k] + (logs[k + 1] - logs[k]) * (height - low) / (high - low))

    def temperature_k(self, height_km: ArrayLike) -> Reals:
        """Return the temperature in K, the last one beyond the ends; NaN where the file has none."""
        return np.interp(np.asarray(height_km, np.float64), self.heights_km, self.temperatures_k)

    def sigma(self, height_km: ArrayLike) -> Reals:
        """Return the standard deviation of the logarithm of the density; NaN where the file has none."""
        return np.interp(np.asarray(height_km, np.float64), self.heights_km, self.sigmas)


def read_profile(octets: bytes, *, name: str) -> ProfileAtmosphere:
    """Return the profile of a file: Mars-GRAM's list (HgtMOLA, Denkgm3, ...), the mean of the Mars Climate Database, or plain.

    A plain file has a line of heads among height_km, height_m, density_kg_m3, temperature_k, pressure_pa, sigma. Without heads
    seven columns are height (m), density, pressure, temperature, gas constant, ratio of heats and molar mass, and the gas law
    must hold. Lines of one height beyond the first are left out. Raises DataError, which names the line.
    """
    try:
        lines = [(k, line.split()) for k, line in enumerate(octets.decode("ascii").replace(",", " ").splitlines(), 1)]
    except UnicodeDecodeError as error:
        raise DataError(f"octet {error.start} is not ASCII text", where=name, remedy="Give a profile in plain columns") from error
    lines = [(k, words) for k, words in lines if words and not words[0].startswith("#")]
    if not lines:
        raise DataError("the file is empty", where=name, remedy="Give a profile in plain columns")
    heads, rows = _heads(lines, name)
    values = np.array([_row(words, len(heads), name, k) for k, words in rows]).reshape(-1, len(heads))
    columns = {COLUMNS[h][0]: values[:, n] * COLUMNS[h][1] for n, h in enumerate(heads) if h in COLUMNS}
    for wanted in ("height_km", "density_kg_m3"):
        if wanted not in columns:
            raise DataError(f"no column of {wanted}", where=name, remedy=f"Known heads: {', '.join(COLUMNS)}")
    return _profile(columns, rows, name)


def _heads(lines: list[tuple[int, list[str]]], name: str) -> tuple[list[str], list[tuple[int, list[str]]]]:
    """Return heads in lower case and the rows that follow; of a file without heads those of its kind, once the gas law holds."""
    k, first = lines[0]
    if not _is_number(first[0]):
        return [word.lower() for word in first], lines[1:]
    values = _row(first, len(MEAN_TABLE), name, k) if len(first) == len(MEAN_TABLE) else []
    if not values or not 0.9 * values[2] < values[1] * values[4] * values[3] < 1.1 * values[2]:
        raise DataError(
            f"{len(first)} columns without heads",
            where=f"{name}, line {k}",
            remedy="Put a line of heads first, or give height (m), density, pressure, temperature, gas constant, gamma, mass",
        )
    return list(MEAN_TABLE), lines


def _profile(columns: dict[str, Reals], rows: list[tuple[int, list[str]]], name: str) -> ProfileAtmosphere:
    height, density = columns["height_km"], columns["density_kg_m3"]
    rising = np.concatenate([[True], np.diff(height) != 0]) if height.size else np.zeros(0, bool)
    height, density = height[rising], density[rising]
    numbers = [k for (k, _), new in zip(rows, rising.tolist(), strict=True) if new]
    wrong = ~(density > 0) | np.concatenate([[False], np.diff(height) < 0])[: height.size]
    bad = np.flatnonzero(wrong).tolist()
    if height.size < 2 or bad:
        raise DataError(
            "a density that is not above zero, or a height that falls" if bad else f"{height.size} heights",
            where=f"{name}, line {numbers[bad[0]]}" if bad else name,
            remedy="A profile is two rising heights or more, each with a density above zero",
        )
    none = np.full(height.size, np.nan)
    others = [columns[c][rising] if c in columns else none for c in ("temperature_k", "pressure_pa", "sigma")]
    return ProfileAtmosphere(name, height, density, others[0], others[1], others[2])


def _row(words: list[str], count: int, name: str, k: int) -> list[float]:
    if len(words) != count:
        raise DataError(
            f"{len(words)} columns instead of {count}", where=f"{name}, line {k}", remedy="The file is cut or damaged"
        )
    if not all(map(_is_number, words)):
        raise DataError(f"not numbers: {' '.join(words)[:60]!r}", where=f"{name}, line {k}", remedy="The file is damaged")
    return [float(word) for word in words]


def _is_number(word: str) -> bool:
    try:
        return bool(np.isfinite(float(word)))
    except ValueError:
        return False
