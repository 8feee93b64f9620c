"""Air of Mars: the engineering model against public profiles, DTM-Mars and physics; readers of profiles."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.polynomial.legendre import legval
from scipy.optimize import brentq

from aelita.environment import (
    Atmosphere,
    DtmAtmosphere,
    MarsAtmosphere,
    ProfileAtmosphere,
    areoid_km,
    mars_air_at,
    read_dtm,
    read_gravity,
    read_profile,
    surface_pressure_pa,
)
from aelita.environment.atmosphere_kernels import GAS_J_MOL_K, over_temperature
from aelita.environment.dtm import associated, year_angle
from aelita.errors import DataError, UsageError
from environment_material import gravity_octets
from shared import shared

LS, LAT, HOUR = np.meshgrid(
    np.arange(0, 360, 30.0), np.degrees(np.arcsin(np.linspace(-0.95, 0.95, 9))), np.arange(0, 24, 3.0), indexing="ij"
)


def octets(name: str) -> bytes:
    return shared(f"data/nav/atmosphere/{name}").read_bytes()


@pytest.fixture(scope="module")
def climate() -> ProfileAtmosphere:
    return read_profile(octets("MCDMeanAtmosphere.dat"), name="MCD mean")


@pytest.fixture(scope="module")
def jezero() -> ProfileAtmosphere:
    return read_profile(octets("MarsGRAMNominal.txt"), name="Mars-GRAM")


@pytest.fixture(scope="module")
def dtm() -> DtmAtmosphere:
    return read_dtm(octets("dtm_mars.dat"), name="DTM-Mars")


def test_profiles_of_files_are_their_lines(climate: ProfileAtmosphere, jezero: ProfileAtmosphere) -> None:
    assert climate.heights_km.size == 1000 and climate.heights_km[0] == 50.0 and climate.heights_km[-1] == 10_000
    assert climate.density_kg_m3(50.0, 0, 0, 0, 0) == pytest.approx(7.6178752157e-05, rel=1e-14)
    assert climate.pressures_pa[0] == 2.3477457225 and np.isnan(climate.sigma(60.0))
    assert jezero.heights_km.size == 401 and jezero.heights_km[-1] == 200.0
    assert jezero.density_kg_m3([0.0, 10.0], 0, 0, 0, 0) == pytest.approx([1.466e-2, 6.047e-3], rel=1e-14)
    assert jezero.temperature_k(5.0) == 210.6 and jezero.sigma(100.0) == 0.30 and np.isnan(jezero.pressures_pa).all()
    middle = jezero.density_kg_m3(0.25, 0, 0, 0, 0)
    assert middle == pytest.approx(np.sqrt(1.466e-2 * 1.394e-2), rel=1e-14)  # straight in the logarithm
    above = jezero.density_kg_m3([200.0, 210.0, 220.0], 0, 0, 0, 0)
    assert above[1] ** 2 == pytest.approx(above[0] * above[2], rel=1e-12) and above[1] < above[0]


def test_the_model_lies_between_public_profiles(climate: ProfileAtmosphere, jezero: ProfileAtmosphere) -> None:
    """At a neutral state against the mean of the Mars Climate Database, and at the state of a Mars-GRAM profile of Jezero."""
    high, low = np.arange(50, 251, 10.0), np.arange(0, 201, 10.0)
    neutral, over = MarsAtmosphere(dust=0.5), high + areoid_km(35.264)
    mean = np.sqrt(neutral.density_kg_m3(over, 35.264, 0, 163, 21) * neutral.density_kg_m3(over, 35.264, 0, 341, 21))
    climatic = mean / climate.density_kg_m3(high, 0, 0, 0, 0)
    there = MarsAtmosphere(dust=0.31, flux=68.0).air(low + areoid_km(18.44), 18.44, 77.45, 5.5, 7.25)
    local = there.density_kg_m3 / jezero.density_kg_m3(low, 0, 0, 0, 0)
    warmer = there.temperature_k - jezero.temperature_k(low)
    print(f"model over MCD mean {climatic.min():.2f} to {climatic.max():.2f}, over Mars-GRAM to 40 km {local[:5].min():.2f}")
    print(
        f"to {local[:5].max():.2f}, above {local[5:].min():.2f} to {local[5:].max():.2f}; warmer by {warmer.min():.0f} to {warmer.max():.0f} K"
    )
    assert climatic.min() > 0.58 and climatic.max() < 1.05
    assert local[:5].min() > 0.97 and local[:5].max() < 1.06 and local[5:].min() > 1.0 and local[5:].max() < 2.0
    assert np.abs(warmer).max() < 15
    away = np.concatenate([np.abs(np.log(climatic)) / neutral.sigma(high), np.abs(np.log(local)) / neutral.sigma(low)])
    assert away.max() < 1.5 and np.sqrt(np.mean(away**2)) < 1  # the stated sigma is that of these differences


@pytest.mark.parametrize("height", [138.0, 160.0, 200.0])
def test_the_model_moves_as_the_drag_of_orbiters_says(dtm: DtmAtmosphere, height: float) -> None:
    """DTM-Mars over all seasons, latitudes and hours: mean, size and pattern of the changes."""
    ours, theirs = (np.log(a.density_kg_m3(height, LAT, 0, LS, HOUR)) for a in (MarsAtmosphere(), dtm))
    mean, alike = np.exp((theirs - ours).mean()), np.corrcoef(ours.ravel(), theirs.ravel())[0, 1]
    print(
        f"{height:.0f} km: DTM-Mars {mean:.2f} times ours, changes {theirs.std():.2f} and {ours.std():.2f}, correlation {alike:.2f}"
    )
    print(f"rest after the mean {(theirs - ours).std():.2f} in the logarithm")
    assert 1 < mean < 1.8 and 0.7 < ours.std() / theirs.std() < 1.3 and alike > 0.71
    assert (theirs - ours).std() < 0.55


def test_density_over_winter_poles_is_that_in_which_orbiters_braked() -> None:
    """Corridors of aerobraking are 20 to 40 kg/km3 (Tolson et al., AAS 17-273). Near 105 km MRO flew them in southern winter (Ls 69
    to 87, 75 to 85 deg, evening), Mars Odyssey in northern winter (Ls 288 to 297): abstract P23D-2775 of the AGU meeting of 2017.
    """
    south = MarsAtmosphere(flux=75.0).density_kg_m3(105.0, [-75.0, -80, -85], 0, [69.0, 78, 87], 19)
    north = MarsAtmosphere(flux=160.0).density_kg_m3(105.0, [75.0, 80, 85], 0, [288.0, 292, 297], 18.5)
    print(
        f"kg/km3: south {1e9 * south.min():.0f} to {1e9 * south.max():.0f}, north {1e9 * north.min():.0f} to {1e9 * north.max():.0f}"
    )
    assert south.min() > 20e-9 and south.max() < 40e-9
    assert north.min() > 20e-9 and north.max() < 40e-9 * np.exp(0.55)  # too dense at perihelion, within the stated sigma


def test_the_areoid_is_level() -> None:
    """Where the potential of JGMRO120D's even zonals and of the spin is that over the equator, by root finding."""
    field = read_gravity(gravity_octets("JGMRO120D"), name="JGMRO120D")

    def potential(radius: float, u: float) -> float:
        zonal = sum(
            (field.radius_km / radius) ** n * field.c[n, 0] * np.sqrt(2 * n + 1) * legval(u, np.eye(n + 1)[n])
            for n in range(2, 21, 2)
        )
        return float(field.gm_km3_s2 / radius * (1 + zonal) + 0.5 * 7.0882181e-5**2 * radius**2 * (1 - u * u))

    level = potential(3396.0, 0.0)
    for latitude in (0.0, 20.0, 45.0, 70.0, 90.0):
        u = np.sin(np.arctan((3376.20 / 3396.19) ** 2 * np.tan(np.radians(min(latitude, 89.9999)))))
        ellipsoid = 3396.19 * 3376.20 / np.sqrt(3376.20**2 * (1 - u * u) + (3396.19 * u) ** 2)
        found = brentq(lambda r, u=u: potential(r, u) - level, 3370.0, 3400.0) - ellipsoid
        assert areoid_km(latitude) == pytest.approx(found, abs=0.1) and areoid_km(-latitude) == areoid_km(latitude)


@given(st.floats(125, 1000), st.floats(-90, 90), st.floats(0, 360), st.floats(0, 24), st.floats(60, 150))
@settings(deadline=None, max_examples=100)
def test_dtm_gives_a_density_everywhere_and_thins_out_upwards(
    dtm: DtmAtmosphere, height: float, lat: float, ls: float, hour: float, flux: float
) -> None:
    """Down to 125 km, where cold nights made it no number; scale heights of air, and no jump at 138 km."""
    one, other = replace(dtm, flux=flux).density_kg_m3([height, height + 0.5], lat, 0, ls, hour)
    assert 0 < other < one and (height > 170 or 3 < 0.5 / np.log(one / other) < 25)


def test_surface_pressure_is_that_of_viking() -> None:
    """7.65 mbar on average over the first four sols at Viking 1 (Science 193, 1976, p. 788), when the mean of the year is 7.94."""
    assert surface_pressure_pa(97.0) / 610 * 7.94 == pytest.approx(7.65, rel=0.04)
    year = surface_pressure_pa(np.arange(360.0))
    assert (
        142 <= year.argmin() <= 152 and 252 <= year.argmax() <= 266 and year.max() / year.min() == pytest.approx(1.32, abs=0.02)
    )


@settings(deadline=None, max_examples=200)
@given(
    st.floats(0, 249) | st.sampled_from([10.0, 25, 45, 65, 90, 110, 125]), st.floats(-90, 90), st.floats(0, 360), st.floats(0, 24), st.floats(0.1, 5), st.floats(60, 250)
)  # fmt: skip
def test_the_air_keeps_the_laws_of_physics(height: float, lat: float, ls: float, hour: float, dust: float, flux: float) -> None:
    """Ideal gas, hydrostatic balance, and no jump anywhere."""
    density, pressure, temperature, mass = mars_air_at(height, lat, ls, hour, dust, flux)
    assert density == pytest.approx(pressure * mass / (GAS_J_MOL_K * temperature), rel=1e-12)
    assert 60 < temperature < 420 and 0.004 <= mass <= 0.0434
    step = 1e-3
    above, below = mars_air_at(height + step, lat, ls, hour, dust, flux), mars_air_at(height - step, lat, ls, hour, dust, flux)
    gravity = 3.7257 * (3389.5 / (3389.5 + height)) ** 2
    assert (below[1] - above[1]) / (2000 * step) == pytest.approx(density * gravity, rel=1e-3)
    assert abs(above[0] - below[0]) / density < 1e-3
    assert mars_air_at(height, lat, ls + 360, hour + 24, dust, flux)[0] == pytest.approx(density, rel=1e-9)


def test_dust_season_and_hour_act_as_known() -> None:
    density = MarsAtmosphere().density_kg_m3
    storm = MarsAtmosphere(dust=1.0).density_kg_m3(126, 30, 0, 225, 12) / MarsAtmosphere(dust=0.3).density_kg_m3(
        126, 30, 0, 225, 12
    )
    assert 1.6 < storm < 2.6  # MGS saw a doubling at 126 km in the Noachis storm of 1997
    assert density(130, 0, 0, 251, 12) > 2 * density(130, 0, 0, 71, 12)  # perihelion and aphelion
    assert density(180, 0, 0, 180, 15) > 2 * density(180, 0, 0, 180, 3)
    assert density(120, 60, 0, 90, 12) > density(120, -60, 0, 90, 12)  # summer
    assert MarsAtmosphere(multiplier=1.5).density_kg_m3(100, 0, 0, 0, 0) == 1.5 * density(100, 0, 0, 0, 0)
    assert density(np.zeros((3, 1)), np.zeros(4), 0, 0, 0).shape == (3, 4)
    air = MarsAtmosphere().air([0.0, 100.0], 0, 0, 180, 12)
    assert air.sound_speed_m_s == pytest.approx([235, 182], abs=15) and 10 < air.scale_height_km[0] < 12.5


def test_every_model_is_an_atmosphere(climate: ProfileAtmosphere, dtm: DtmAtmosphere) -> None:
    models: tuple[Atmosphere, ...] = (MarsAtmosphere(), climate, dtm)
    for model in models:
        assert model.density_kg_m3([140.0, 150.0], 10, 20, 30, 12).shape == (2,) and model.sigma(150.0).shape == ()


def test_dtm_of_its_first_row(dtm: DtmAtmosphere) -> None:
    """Without seasons, latitude and hours what remains at 138 km is the sum of the gases of the file."""
    still = np.zeros((70, 12))
    still[0] = dtm.coefficients[0]
    grams = 44.01 * 1.10065e10 + 16 * 5.0111e8 + 28 * 1.28146e8 + 40 * 1.33527e8 + 28 * 2.54731e8 + 32 * 3.55178e7 + 4 * 6.6188e6
    found = DtmAtmosphere("still", still).density_kg_m3([124.0, 138.0], 0, 0, 0, 0)
    assert np.isnan(found[0]) and found[1] == pytest.approx(grams / 6.02214076e23 * 1000, rel=1e-12)
    assert dtm.coefficients[6].tolist()[:5] == [-0.0635205, 0.0269928, 0.0, -0.559003, 0.050066]
    assert associated(2, 1, np.array([0.6])) == pytest.approx(3 * 0.6 * 0.8) and associated(
        3, 2, np.array([0.6])
    ) == pytest.approx(15 * 0.6 * 0.64)
    assert np.degrees(year_angle([0.0, 180.0])) == pytest.approx(
        [0, 371.9 / 668.6 * 360], abs=0.3
    )  # northern spring and summer: 371.9 sols


def test_mean_of_one_over_temperature() -> None:
    line = 120 + 80 * (np.arange(100_000) + 0.5) / 100_000
    assert over_temperature(120.0, 200.0) == pytest.approx(np.mean(1 / line), rel=1e-9)
    assert over_temperature(150.0, 150.0 * (1 + 1e-7)) == pytest.approx(1 / 150, rel=1e-6)


GOOD = "height_km, density_kg_m3, temperature_k\n0, 1e-2, 200\n10, 4e-3, 190\n10, 4e-3, 190\n20, 1e-3, 180\n"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "empty"),
        ("1 2 3\n", "line 1: 3 columns without heads"),
        ("50000 2 1 1 1 1 1\n", "line 1: 7 columns without heads"),  # not a gas
        (GOOD.replace("4e-3, 190", "4e-3"), "line 3: 2 columns instead of 3"),
        (GOOD.replace("4e-3", "4e-3x"), "line 3: not numbers"),
        (GOOD.replace("4e-3", "nan"), "line 3: not numbers"),
        (GOOD.replace("1e-3", "0.0"), "line 5: a density that is not above zero"),
        (GOOD.replace("20,", "5,"), "line 5: .*a height that falls"),
        (GOOD.replace("density_kg_m3", "density"), "no column of density_kg_m3"),
        ("height_km density_kg_m3\n", "0 heights"),
        ("height_km density_kg_m3\n1 1\n", "1 heights"),
    ],
)
def test_bad_profiles_are_refused_by_line(text: str, message: str) -> None:
    with pytest.raises(DataError, match=message):
        read_profile(text.encode(), name="profile")
    assert read_profile(GOOD.encode(), name="profile").heights_km.tolist() == [0, 10, 20]


def test_bad_arguments_and_coefficients_are_refused() -> None:
    with pytest.raises(DataError, match="octet 0 is not ASCII"):
        read_profile(b"\xff", name="profile")
    with pytest.raises(UsageError, match=r"dust 0\.0,"):
        MarsAtmosphere(dust=0.0)
    with pytest.raises(UsageError, match="multiplier"):
        MarsAtmosphere(multiplier=0.0)
    for place in ((np.nan, 0, 0, 0, 12), (100, np.inf, 0, 0, 12), ([100.0, 110.0], 0, 0, np.nan, 12)):
        with pytest.raises(UsageError, match="no number"):
            MarsAtmosphere().density_kg_m3(*place)
    with pytest.raises(UsageError, match="do not rise"):
        ProfileAtmosphere("p", np.zeros(2), np.ones(2), np.ones(2), np.ones(2), np.ones(2))
    with pytest.raises(DataError, match="0 lines instead of 70"):
        read_dtm(b"", name="dtm")
    whole = octets("dtm_mars.dat")
    with pytest.raises(DataError, match="line 5: not row 5"):
        read_dtm(whole.replace(b"\n5 0.72", b"\n6 0.72"), name="dtm")
    with pytest.raises(DataError, match="line 7: not row 7"):
        read_dtm(whole.replace(b"-0.635205E-01", b"-0.635205E-0x"), name="dtm")
    with pytest.raises(DataError, match="octet"):
        read_dtm(b"\xff", name="dtm")


@settings(deadline=None, max_examples=200)
@given(st.integers(0, 90), st.binary(max_size=6))
def test_garbled_profiles_are_read_or_refused(at: int, junk: bytes) -> None:
    try:
        found = read_profile(GOOD.encode()[:at] + junk + GOOD.encode()[at + len(junk) :], name="junk")
    except DataError as error:
        assert error.remedy
    else:
        assert np.isfinite(found.density_kg_m3(5.0, 0, 0, 0, 0))
