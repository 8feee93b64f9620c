"""Media beyond zenith delays: which way they act, and the models that stand in for measured ones."""

from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from aelita.dynamics.corrections import dry_mapping
from aelita.dynamics.network import Network
from aelita.dynamics.observables import compute
from aelita.dynamics.tracking import Kind, Observations, Quasar, doppler, ranges
from aelita.errors import UsageError
from aelita.services.navigation.tracking_media import with_media
from aelita.time import SECOND
from determination_material import ORIGIN, Circling, orbiter_network

Reals = NDArray[np.float64]
AT = ORIGIN + np.arange(6) * 600 * SECOND
C_M_S = 299792458.0


def bare() -> Network:
    network = orbiter_network()
    stations = {name: replace(one, zenith_dry_m=0.0, zenith_wet_m=0.0) for name, one in network.stations.items()}
    return replace(network, stations=stations)


def counts() -> Observations:
    return doppler("Malargüe", "Malargüe", AT, np.zeros(6), sigma_hz=0.01, count_s=60.0, reference_hz=8.459e9)


def trips() -> Observations:
    return ranges("Malargüe", "Malargüe", AT, np.zeros(6), sigma_s=1e-9)


def growing(name: str, epochs: NDArray[np.int64], elevation_rad: Reals, up: bool) -> Reals:
    return np.asarray((epochs - ORIGIN) / SECOND * 1e-12)


def test_electrons_delay_ranges_and_advance_the_phase_of_doppler() -> None:
    plain, group, phase = bare(), replace(bare(), electrons=growing), replace(bare(), delay=growing)
    there, back, ahead = (compute(trips(), Circling(), one).values for one in (plain, group, phase))
    assert back == pytest.approx(ahead, abs=1e-15) and np.all(np.diff(back - there) > 0)
    none, electrons, air = (compute(counts(), Circling(), one).values for one in (plain, group, phase))
    assert electrons - none == pytest.approx(-(air - none), abs=2e-5)
    # two ways of 1e-12 s/s at 8.4 GHz lower the frequency received by 17 mHz, and raise the reference less received by as much
    assert air - none == pytest.approx(2e-12 * 7.2e9 * 880 / 749, rel=0.01)


def test_a_delay_acts_on_the_quasar_of_delta_dor_as_well() -> None:
    """The same air by the zenith delays of stations and by `delay`."""
    zeros, quasar = np.zeros(6), Quasar("near Mars", 345.0, -8.0)
    one = Observations(Kind.DELTA_DOR, "Malargüe", "Cebreros", AT, zeros, zeros + 1e-10, zeros, zeros, quasar=quasar)

    def air(name: str, epochs: NDArray[np.int64], elevation_rad: Reals, up: bool) -> Reals:
        return 2.2 * dry_mapping(elevation_rad) / C_M_S

    of_stations = {name: replace(station, zenith_dry_m=2.2) for name, station in bare().stations.items()}
    by_station = compute(one, Circling(), replace(bare(), stations=of_stations)).values
    assert compute(one, Circling(), replace(bare(), delay=air)).values == pytest.approx(by_station, abs=1e-15)


def test_electrons_act_on_both_sources_of_delta_dor_as_delays_of_a_group() -> None:
    """The second station alone has electrons, less of them higher up: they count by the difference of the two elevations."""
    zeros, quasar = np.zeros(6), Quasar("near Mars", 345.0, -8.0)
    one = Observations(Kind.DELTA_DOR, "Malargüe", "Cebreros", AT, zeros, zeros + 1e-10, zeros, zeros, quasar=quasar)
    elevations: list[Reals] = []

    def electrons(name: str, epochs: NDArray[np.int64], elevation_rad: Reals, up: bool) -> Reals:
        if name != "Cebreros":
            return np.zeros(epochs.size)
        elevations.append(elevation_rad)
        return np.asarray(1e-9 * elevation_rad)

    plain, with_them = (compute(one, Circling(), each).values for each in (bare(), replace(bare(), electrons=electrons)))
    of_craft, of_quasar = elevations
    assert with_them - plain == pytest.approx(1e-9 * (of_craft - of_quasar), abs=1e-15)
    assert np.abs(with_them - plain).min() > 1e-13  # the quasar stands near Mars
    alone = compute(one, Circling(), replace(bare(), delay=electrons)).values  # on delays of a group both act alike
    assert with_them == pytest.approx(alone, abs=1e-15)


def test_models_of_media_have_their_usual_sizes() -> None:
    network = with_media(orbiter_network(), (counts(),))
    assert network.delay is not None and network.electrons is not None
    high = np.full(6, np.pi / 2)
    air = network.delay("Malargüe", AT, high, True) * C_M_S
    assert np.all((air > 1.7) & (air < 2.2))  # 1,550 m above the sea
    up, down = (network.electrons("Malargüe", AT, high, way) * C_M_S for way in (True, False))
    assert up / down == pytest.approx((880 / 749) ** 2) and np.all((up > 0.1) & (up < 20))  # m; Mars is 80 deg from the Sun
    two = (counts(), replace(counts(), turnaround=240 / 221))
    with pytest.raises(UsageError, match="media of several bands at once"):
        with_media(orbiter_network(), two)
