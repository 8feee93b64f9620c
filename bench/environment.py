"""Pictures of docs/environment.md and the speed of its kernels: `python -m bench.environment [pictures|speed]`."""

import gzip
import sys
from pathlib import Path
from time import perf_counter

import numpy as np
from matplotlib import pyplot as plt
from matplotlib.figure import Figure
from numpy.typing import NDArray

from aelita.environment import (
    Atmosphere,
    DtmAtmosphere,
    MarsAtmosphere,
    ProfileAtmosphere,
    SolarWind,
    acceleration_km_s2,
    areoid_km,
    gradient,
    read_dtm,
    read_gravity,
    read_profile,
)

ROOT = Path(__file__).parents[1]
DATA = ROOT.parent / "shared" / "data" / "nav"
PICTURES = ROOT / "docs" / "pictures"
Reals = NDArray[np.float64]


def profiles() -> tuple[ProfileAtmosphere, ProfileAtmosphere, DtmAtmosphere]:
    """Return the mean of the Mars Climate Database, the Mars-GRAM profile of Jezero, and DTM-Mars."""
    octets = [
        (DATA / "atmosphere" / name).read_bytes() for name in ("MCDMeanAtmosphere.dat", "MarsGRAMNominal.txt", "dtm_mars.dat")
    ]
    return read_profile(octets[0], name="MCD"), read_profile(octets[1], name="GRAM"), read_dtm(octets[2], name="DTM")


def over_the_year(air: Atmosphere, heights: Reals) -> Reals:
    """Return densities at all seasons and hours from 45 deg south to 45 deg north, as rows."""
    lat, ls, hour = (v.reshape(-1, 1) for v in np.meshgrid([-45, 0, 45], np.arange(0, 360, 15.0), np.arange(0, 24, 3.0)))
    return air.density_kg_m3(heights, lat, 0, ls, hour)


def density_picture() -> None:
    """Draw density over height: profiles of files, DTM-Mars, and the model with its range of seasons and its sigma."""
    climate, jezero, dtm = profiles()
    heights, model, calm = np.linspace(0, 250, 251), MarsAtmosphere(), MarsAtmosphere(dust=0.5)
    high, low, upper = heights[heights >= 50], heights[heights <= 200], heights[heights >= 130]
    over = heights + areoid_km(35.264)  # profiles count from the areoid
    mean = np.sqrt(calm.density_kg_m3(over, 35.264, 0, 163, 21) * calm.density_kg_m3(over, 35.264, 0, 341, 21))
    year, thermosphere = over_the_year(model, heights), np.exp(np.log(over_the_year(dtm, upper)).mean(axis=0))
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 6), sharey=True, width_ratios=(2, 1.3), layout="constrained")
    span = "model, all seasons and hours, 45° S to 45° N"
    left.fill_betweenx(heights, year.min(axis=0), year.max(axis=0), color="C0", alpha=0.15, label=span)
    left.semilogx(mean, heights, "C0", lw=2, label="model, neutral state")
    left.semilogx(climate.density_kg_m3(high, 0, 0, 0, 0), high, "C1--", label="Mars Climate Database, mean")
    left.semilogx(jezero.density_kg_m3(low, 0, 0, 0, 0), low, "C2-.", label="Mars-GRAM, Jezero, Ls 5.5°, 7.25 h")
    left.semilogx(thermosphere, upper, "C3:", lw=2, label="DTM-Mars, mean 45° S to 45° N")
    left.set(xlabel="density, kg/m³", ylabel="height above the areoid, km", xlim=(1e-14, 1e-1), ylim=(0, 250))
    left.set_title("Air of Mars")
    there = MarsAtmosphere(dust=0.31, flux=68).density_kg_m3(low, 18.44, 77.45, 5.5, 7.25)
    sigma = np.exp(model.sigma(heights))
    right.fill_betweenx(heights, 1 / sigma, sigma, color="0.85", label="one sigma as stated")
    right.semilogx(mean[heights >= 50] / climate.density_kg_m3(high, 0, 0, 0, 0), high, "C1--", label="over the mean of MCD")
    right.semilogx(there / jezero.density_kg_m3(low, 0, 0, 0, 0), low, "C2-.", label="over Mars-GRAM, at its state")
    right.axvline(1, color="C0", lw=1)
    right.set(xlabel="model over profile", xlim=(0.3, 3), title="How far they are apart")
    right.set_xticks([0.3, 0.5, 1, 2, 3], ["0.3", "0.5", "1", "2", "3"])
    right.minorticks_off()
    finish(figure, "environment-density.png")


def plasma_picture() -> None:
    """Draw residuals of ranges over the angle from the Sun, as they are and after the solar wind."""
    sys.path.insert(0, str(ROOT / "tests"))
    from environment_ranges import planets_m, ranges  # type: ignore[import-not-found]

    mro, wind = ranges(), SolarWind()
    angle, residual = mro.sun_angle_deg, mro.residual_m - planets_m(mro)
    delay = (wind.delay_m(mro.earth_km, mro.mars_km, 7.18e9) + wind.delay_m(mro.earth_km, mro.mars_km, 8.44e9)) / 2
    columns = np.stack([np.ones_like(delay), delay], axis=1)
    (constant, activity), *_ = np.linalg.lstsq(columns, residual, rcond=None)
    figure, (above, below) = plt.subplots(2, 1, figsize=(9, 7), sharex=True, layout="constrained")
    order = np.argsort(angle)
    above.plot(angle, residual, ".", ms=3, color="0.4", label="1,110 ranges to Mars, 2006 to 2010: observed less computed")
    fitted = f"{constant:.1f} m and {activity:.2f} of the solar wind"
    above.plot(angle[order], constant + activity * delay[order], "C3-", lw=1, label=fitted)
    above.set(ylabel="one-way range, m", title="Ranges of the DSN grow towards the Sun")
    below.plot(angle, residual - constant - activity * delay, ".", ms=3, color="C0", label="after both")
    below.axhline(0, color="0.3", lw=0.8)
    below.set(xlabel="Sun-Earth-Mars angle, deg", ylabel="rest, m", xlim=(0, 180))
    finish(figure, "environment-plasma.png")


def finish(figure: Figure, name: str) -> None:
    """Add legends and grids, and save a picture."""
    for axes in figure.axes:
        axes.grid(alpha=0.3)
        axes.legend(loc="upper right", fontsize=8)
    figure.savefig(PICTURES / name, dpi=90)


def pictures() -> None:
    """Draw both pictures."""
    density_picture()
    plasma_picture()


def speed() -> None:
    """Print microseconds a call of each kernel, the least of nine runs in one thread."""
    octets = gzip.decompress((DATA / "gravity" / "jgmro120d.txt.gz").read_bytes())
    field, at = read_gravity(octets, name="JGMRO120D"), np.random.default_rng(1).normal(size=(3000, 3))
    at *= 3796 / np.linalg.norm(at, axis=1)[:, None]
    for degree in (20, 50, 80, 120):
        for name, function in (("acceleration", acceleration_km_s2), ("gradient", gradient)):
            function(field, at[:1], degree)
            times = []
            for _ in range(9):
                start = perf_counter()
                function(field, at, degree)
                times.append(perf_counter() - start)
            print(f"degree {degree:3d} {name:12s} {min(times) / len(at) * 1e6:7.2f} us")


if __name__ == "__main__":
    for what in sys.argv[1:] or ["speed"]:
        {"pictures": pictures, "speed": speed}[what]()
