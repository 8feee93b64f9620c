"""Computed two-way and three-way observations with partial derivatives, after Moyer (JPL DESCANSO 2, chapters 8, 11 and 13)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..time import SECOND
from .corrections import LIGHT_KM_S
from .light_paths import Instants, Leg, Motion, Sky
from .network import Network
from .tracking import Kind, Observations

Epochs = NDArray[np.int64]
Reals = NDArray[np.float64]
_RANGES = (Kind.RANGE_S, Kind.RANGE_UNITS)
METRE_S = 1.0 / (1000 * LIGHT_KM_S)


@dataclass(frozen=True, slots=True, eq=False)
class Computed:
    """Computed values, and the partial derivatives of those by what they depend on.

    `by_position` (n, k, 3) is by the position of the spacecraft (km) about its centre at each of k instants `at` (TAI ns) a row;
    the other columns are named as in `NAMES`, each station's name before a blank.
    """

    values: Reals
    at: tuple[Epochs, ...]
    by_position: Reals
    by_name: Mapping[str, Reals]
    elevation_deg: Reals

    def by_orbit(self, partials: Callable[[Epochs], Reals]) -> Reals:
        """Return the partials by initial state and parameters of an orbit, of which `partials` gives those of its states."""
        each = [np.einsum("ni,nij->nj", self.by_position[:, k], partials(at)[:, :3]) for k, at in enumerate(self.at)]
        return np.asarray(np.sum(each, axis=0))


def compute_round_trip(observations: Observations, motion: Motion, network: Network) -> Computed:
    """Return computed values of two-way or three-way observations, with partial derivatives, as `compute` does."""
    return _range(observations, motion, network) if observations.kind in _RANGES else _doppler(observations, motion, network)


@dataclass(frozen=True, slots=True, eq=False)
class RoundTrip:
    """Round trip light times in station time (s), when their light left (station time), and partials (s per km, m or s)."""

    light_s: Reals
    sent: Instants
    at: Epochs
    by_position: Reals
    by_name: Mapping[str, Reals]
    elevation_rad: Reals

    def some(self, those: Epochs) -> "RoundTrip":
        """Return those of these numbers."""
        names = {name: column[those] for name, column in self.by_name.items()}
        sent = Instants(self.sent.tai_ns[those], self.sent.rest_s[those])
        light, position, elevation = (one[those] for one in (self.light_s, self.by_position, self.elevation_rad))
        return RoundTrip(light, sent, self.at[those], position, names, elevation)


def round_trips(
    readings_tai_ns: Epochs, transmitter: str, receiver: str, motion: Motion, network: Network, *, phase: bool = False
) -> RoundTrip:  # fmt: skip
    """Return the round trips of light, or of `phase`, that a station receives when its clock reads these epochs."""
    where = f"{transmitter} to {receiver}"
    sender, listener = network.station(transmitter, where), network.station(receiver, where)
    sky = Sky(
        motion, network.centre, tides=network.tides, delay=network.delay, electrons=network.electrons, phase=phase,
        delayed_by=network.delayed_by,
    )  # fmt: skip
    down, left, there, velocity = sky.down(listener, sky.receiving(listener, readings_tai_ns))
    arrived = left.later(np.full(left.rest_s.size, -network.transponder_s))
    up = sky.other(sender, arrived, there - velocity * network.transponder_s, down.light_s, up=True)
    passed = (down.at.tai_ns - up.at.tai_ns) / SECOND + (down.at.rest_s - up.at.rest_s)  # by clocks at the Earth's centre
    light = passed - down.clock_s + up.clock_s + down.media_s + up.media_s
    sent = Instants(readings_tai_ns, np.zeros(readings_tai_ns.size)).reading_later(-light)
    return RoundTrip(
        light, sent, left.tai_ns, *_round_trip_partials(transmitter, receiver, down, up, velocity), down.elevation_rad
    )


def _round_trip_partials(transmitter: str, receiver: str, down: Leg, up: Leg, velocity: Reals) -> tuple[Reals, dict[str, Reals]]:
    """Return the partials of a round trip by position (s/km) and by names, light time's own change included."""
    to_down = 1.0 / (LIGHT_KM_S + np.sum(down.unit * velocity, axis=1))[:, None]
    to_up = 1.0 / (LIGHT_KM_S - np.sum(up.unit * up.velocity_km_s, axis=1))[:, None]
    follow = (
        1.0 - np.sum(up.unit * (velocity - up.velocity_km_s), axis=1)[:, None] * to_up
    )  # d(both) for 1 s more on the way down
    by_down = down.unit * to_down
    by_position = by_down * follow + up.unit * to_up
    fixed_down = np.einsum("nji,nj->ni", down.rotation, -by_down * follow)
    fixed_up = np.einsum("nji,nj->ni", up.rotation, -up.unit * to_up)
    by_name: dict[str, Reals] = {"transponder": follow[:, 0]}
    for station, fixed, leg in ((receiver, fixed_down, down), (transmitter, fixed_up, up)):
        columns = {axis: fixed[:, number] for number, axis in enumerate("xyz")}
        columns |= {"zenith dry": leg.dry * METRE_S, "zenith wet": leg.wet * METRE_S}
        for name, column in columns.items():
            by_name[f"{station} {name}"] = by_name.get(f"{station} {name}", 0.0) + column
    return by_position, by_name


def _range(observations: Observations, motion: Motion, network: Network) -> Computed:
    one = observations
    bias = network.station(one.receiver, one.where).range_bias_s
    trip = round_trips(one.epochs_tai_ns, one.transmitter, one.receiver, motion, network)
    names = {**trip.by_name, f"{one.receiver} range": np.ones(one.size)}
    values, scale = trip.light_s + bias, np.ones(one.size)
    if one.kind is Kind.RANGE_UNITS:  # cycles that were transmitted while the light was on its way (Moyer, eq. 13-120)
        ramps = network.ramps_of(one.transmitter, one.where)
        scale = one.units_per_cycle * ramps.frequency(trip.sent.tai_ns)
        values = one.units_per_cycle * ramps.cycles(trip.sent.tai_ns, one.epochs_tai_ns, trip.light_s) + scale * bias
        if one.modulus:  # the value that is nearest to the one observed
            values = one.observed + (values - one.observed + one.modulus / 2) % one.modulus - one.modulus / 2
    return Computed(
        values, (trip.at,), (trip.by_position * scale[:, None])[:, None, :],
        {name: column * scale for name, column in names.items()}, np.degrees(trip.elevation_rad),
    )  # fmt: skip


def edges(observations: Observations) -> tuple[Epochs, NDArray[np.intp], NDArray[np.intp]]:
    """Return the epochs at which counts begin and end, each once, and which are each count's."""
    half = np.rint(observations.count_s * (SECOND / 2)).astype(np.int64)
    both = np.concatenate([observations.epochs_tai_ns - half, observations.epochs_tai_ns + half])
    unique, number = np.unique(both, return_inverse=True)
    return unique, number[: observations.size], number[observations.size :]


def _doppler(observations: Observations, motion: Motion, network: Network) -> Computed:
    """Return reference - M2/Tc * cycles sent between the emissions of light received while counting (Moyer, eq. 13-54)."""
    one = observations
    ramps, bias = network.ramps_of(one.transmitter, one.where), network.station(one.receiver, one.where).doppler_bias_hz
    epochs, first, last = edges(one)
    trips = round_trips(epochs, one.transmitter, one.receiver, motion, network, phase=True)
    begin, end = trips.some(first), trips.some(last)
    length_s = (epochs[last] - epochs[first]) / SECOND
    cycles = ramps.cycles(begin.sent.tai_ns, end.sent.tai_ns, length_s - (end.light_s - begin.light_s))
    factor = one.turnaround / length_s
    at_end = factor * ramps.frequency(end.sent.tai_ns)
    at_begin = -factor * ramps.frequency(begin.sent.tai_ns)
    by_position = np.stack([begin.by_position * at_begin[:, None], end.by_position * at_end[:, None]], axis=1)
    names = {name: at_end * end.by_name[name] + at_begin * begin.by_name[name] for name in trips.by_name}
    names[f"{one.receiver} doppler"] = np.ones(one.size)
    elevation = np.degrees(0.5 * (begin.elevation_rad + end.elevation_rad))
    return Computed(one.reference_hz - factor * cycles + bias, (begin.at, end.at), by_position, names, elevation)
