"""Computed one-way Doppler and delta-DOR with partial derivatives, after Moyer (JPL DESCANSO 2, chapters 11 and 13)."""

import numpy as np
from numpy.typing import NDArray

from ..ephemeris import fine_states, tdb_tt_s
from ..time import SECOND
from .corrections import LIGHT_KM_S, SUN_DELAY_S, SUN_GM, dry_mapping, wet_mapping
from .light_paths import CONVERGED_S, MOST_ROUNDS, Instants, Leg, Motion, Place, Sky, Station
from .network import Network
from .round_trips import METRE_S, Computed, edges
from .tracking import Observations

Epochs = NDArray[np.int64]
Reals = NDArray[np.float64]
L_B = 1.550519768e-8  # by how much TDB runs slower than a clock at rest far away (IAU 2006, resolution B3)


def one_way_doppler(observations: Observations, motion: Motion, network: Network) -> Computed:
    """Return reference minus mean received frequency of a carrier made on board, by the proper time of the spacecraft."""
    one = observations
    listener = network.station(one.receiver, one.where)
    epochs, first, last = edges(one)
    sky = Sky(
        motion, network.centre, tides=network.tides, delay=network.delay, electrons=network.electrons, phase=True,
        delayed_by=network.delayed_by,
    )  # fmt: skip
    down, left, there, velocity = sky.down(listener, sky.receiving(listener, epochs))
    light = (down.at.tai_ns - left.tai_ns) / SECOND + (down.at.rest_s - left.rest_s) - down.clock_s + down.media_s
    length_s = (epochs[last] - epochs[first]) / SECOND
    faster = L_B - _slowness(motion, left, there, velocity, network.central_gm)
    aboard = length_s - (light[last] - light[first])  # what passes while the light leaves: TAI, then TDB, then by its own clock
    clocks = tdb_tt_s(left.tai_ns)
    aboard = aboard + (clocks[last] - clocks[first]) + 0.5 * length_s * (faster[first] + faster[last])
    factor = network.on_board_hz / length_s
    by_position, columns = _down_partials(one.receiver, down, velocity)
    both = np.stack([-by_position[first] * factor[:, None], by_position[last] * factor[:, None]], axis=1)
    names = {name: factor * (column[last] - column[first]) for name, column in columns.items()}
    names |= {f"{one.receiver} doppler": np.ones(one.size), "frequency": -aboard / length_s}
    elevation = np.degrees(0.5 * (down.elevation_rad[first] + down.elevation_rad[last]))
    values = one.reference_hz - factor * aboard + listener.doppler_bias_hz
    return Computed(values, (left.tai_ns[first], left.tai_ns[last]), both, names, elevation)


def _slowness(motion: Motion, at: Instants, there: Reals, velocity: Reals, central_gm: float) -> Reals:
    """Return by how much the spacecraft's clock is slower than one at rest far away: potentials of Sun and centre, and speed."""
    sun = fine_states("SUN", at.tai_ns).position_km
    height = np.linalg.norm(motion.states(at.tai_ns)[:, :3], axis=1)
    potential = SUN_GM / np.linalg.norm(there - sun, axis=1) + central_gm / height
    return np.asarray((potential + 0.5 * np.sum(velocity**2, axis=1)) / LIGHT_KM_S**2)


def _down_partials(station: str, down: Leg, velocity: Reals) -> tuple[Reals, dict[str, Reals]]:
    by_position = down.unit / (LIGHT_KM_S + np.sum(down.unit * velocity, axis=1))[:, None]
    fixed = np.einsum("nji,nj->ni", down.rotation, -by_position)
    columns = {f"{station} {axis}": fixed[:, number] for number, axis in enumerate("xyz")}
    return by_position, columns | {f"{station} zenith dry": down.dry * METRE_S, f"{station} zenith wet": down.wet * METRE_S}


def delta_dor(observations: Observations, motion: Motion, network: Network) -> Computed:
    """Return how much later the second station hears the spacecraft than the first, less the same for a quasar (s).

    It is the delay of a group of waves, on which electrons act as on ranges; the quasar is seen in the band of the spacecraft.
    """
    one = observations
    assert one.quasar is not None
    first, second = (network.station(name, one.where) for name in (one.transmitter, one.receiver))
    sky = Sky(
        motion, network.centre, tides=network.tides, delay=network.delay, electrons=network.electrons,
        delayed_by=network.delayed_by,
    )  # fmt: skip
    place = sky.receiving(first, one.epochs_tai_ns)
    near, left, there, velocity = sky.down(first, place)
    far = sky.other(second, left, there, near.light_s, up=False)
    of_craft = _between(near.at, far.at) - far.clock_s + near.clock_s + far.media_s - near.media_s
    of_quasar, quasar_names = _quasar_delay(sky, first, second, place, one)
    by_near, near_columns = _down_partials(one.transmitter, near, velocity)
    slow = 1.0 / (LIGHT_KM_S + np.sum(far.unit * far.velocity_km_s, axis=1))[:, None]
    follow = 1.0 + np.sum(far.unit * (velocity - far.velocity_km_s), axis=1)[:, None] * slow  # for light that leaves 1 s later
    names = {name: -column * (1.0 if " zenith " in name else follow[:, 0]) for name, column in near_columns.items()}
    fixed = np.einsum("nji,nj->ni", far.rotation, -far.unit * slow)
    names |= {f"{one.receiver} {axis}": fixed[:, number] for number, axis in enumerate("xyz")}
    names |= {f"{one.receiver} zenith dry": far.dry * METRE_S, f"{one.receiver} zenith wet": far.wet * METRE_S}
    names = {name: column - quasar_names[name] for name, column in names.items()}
    names[f"{one.receiver} range"] = np.ones(one.size)
    by_position = far.unit * slow - by_near * follow
    values = of_craft - of_quasar + second.range_bias_s
    return Computed(values, (left.tai_ns,), by_position[:, None, :], names, np.degrees(near.elevation_rad))


def _between(first: Instants, second: Instants) -> Reals:
    return np.asarray((second.tai_ns - first.tai_ns) / SECOND + (second.rest_s - first.rest_s))


def _quasar_delay(sky: Sky, first: Station, second: Station, place: Place, one: Observations) -> tuple[Reals, dict[str, Reals]]:
    """Return how much later the second station hears a source at infinity than the first, by their clocks (s), and partials."""
    assert one.quasar is not None
    ra, dec = np.radians(one.quasar.right_ascension_deg), np.radians(one.quasar.declination_deg)
    towards = np.array([np.cos(dec) * np.cos(ra), np.cos(dec) * np.sin(ra), np.sin(dec)])
    near_sun = place.position_km - fine_states("SUN", place.at.tai_ns).position_km
    delay = np.zeros(place.at.rest_s.size)
    for _ in range(MOST_ROUNDS):
        there = sky.station(second, place.at.later(delay))
        sun = there.position_km - fine_states("SUN", there.at.tai_ns).position_km
        bend = np.log((np.linalg.norm(near_sun, axis=1) + near_sun @ towards) / (np.linalg.norm(sun, axis=1) + sun @ towards))
        before, delay = delay, -((there.position_km - place.position_km) @ towards) / LIGHT_KM_S + SUN_DELAY_S * bend
        if np.all(np.abs(delay - before) < CONVERGED_S):
            break
    slow = 1.0 / (LIGHT_KM_S + there.velocity_km_s @ towards)
    names: dict[str, Reals] = {}
    media = []
    for sign, name, station, at in ((1.0, one.transmitter, first, place), (-1.0, one.receiver, second, there)):
        elevation = np.arcsin(np.clip((at.rotation @ station.site.axes()[2]) @ towards, -1.0, 1.0))
        dry, wet = METRE_S * dry_mapping(elevation), METRE_S * wet_mapping(elevation)
        more = [
            each(station.site.name, at.at.tai_ns, elevation, False) for each in (sky.delay, sky.electrons) if each is not None
        ]
        media.append(station.zenith_dry_m * dry + station.zenith_wet_m * wet + sum(more, np.zeros(elevation.size)))
        fixed = sign * slow[:, None] * np.einsum("nji,j->ni", at.rotation, towards)
        names |= {f"{name} {axis}": fixed[:, number] for number, axis in enumerate("xyz")}
        names |= {f"{name} zenith dry": -sign * dry, f"{name} zenith wet": -sign * wet}
    return np.asarray(_between(place.at, there.at) - there.clock_s + place.clock_s + media[1] - media[0]), names
