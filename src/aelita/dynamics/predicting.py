"""Predicted carriers: the frequency that a station will receive, one, two or three ways, from the modelled observables."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import UsageError
from ..time import NO_TIME, SECOND
from .light_paths import Motion
from .network import Network
from .observables import compute
from .tracking import Kind, Observations, doppler, ranges

Epochs = NDArray[np.int64]
Reals = NDArray[np.float64]
LONGEST_COUNT_S, SHORTEST_COUNT_S = 3600.0, 0.1
LEAST_HZ, MOST_HZ = 1e6, 1e12  # outside of these it is another unit


@dataclass(frozen=True, slots=True, eq=False)
class Carrier:
    """A predicted carrier by the instants at which a station receives it (TAI nanoseconds, read from its clock).

    `received_hz` is the mean over the count, `rate_hz_s` its change, `shift_hz` by how much it differs from the frequency that
    would come without motion: that on board, or the turnaround ratio times what was sent. `sent_hz` was sent at `sent_tai_ns` by
    the transmitter, `round_trip_s` before; one way these are NaN and NO_TIME. All is NaN where no ramp tells what was sent.
    """

    received_hz: Reals
    shift_hz: Reals
    rate_hz_s: Reals
    sent_hz: Reals
    sent_tai_ns: Epochs
    round_trip_s: Reals


def predict_carrier(
    epochs_tai_ns: Epochs, motion: Motion, network: Network, *, receiver: str, transmitter: str = "",
    ratio: float = 880 / 749, count_s: float = 2.0,
) -> Carrier:  # fmt: skip
    """Return the carrier that a station receives at instants that rise, from a spacecraft in a motion.

    Without a transmitter it is one way, of `network.on_board_hz`; with one it is what that station sent by its ramps, turned
    around by `ratio` (downlink over uplink): two ways for the receiver itself, else three. Each value is the mean over `count_s`
    around its instant. It is the model of `compute`: recorded Doppler of Mars Global Surveyor is met as well as the orbit was
    fitted, 0.0102 Hz rms of minutes; light times of SPICE to 0.015 Hz, the delay by the Sun (`test_predicting.py`).

    Raises UsageError for an unknown station, a count, ratio or frequency that is none; DataError for ramps that are absent.
    """
    check_frequency(network.on_board_hz, "the frequency on board") if not transmitter else None
    if not SHORTEST_COUNT_S <= count_s <= LONGEST_COUNT_S:
        raise UsageError(f"a count of {count_s:g} s", remedy=f"Choose {SHORTEST_COUNT_S:g} to {LONGEST_COUNT_S:g} s")
    if not 1e-3 < ratio < 1e3:
        raise UsageError(f"a turnaround ratio of {ratio:g}", remedy="Give downlink over uplink, as 880/749")
    at = np.asarray(epochs_tai_ns, np.int64)
    nothing = np.full(at.size, np.nan)
    sent, sent_hz, trip = np.full(at.size, NO_TIME), nothing.copy(), nothing.copy()
    known, nominal = np.ones(at.size, np.bool_), np.full(at.size, network.on_board_hz)
    if transmitter and at.size:
        trip = compute(ranges(transmitter, receiver, at, np.zeros(at.size), sigma_s=1.0), motion, network).values
        sent = at - np.rint(trip * SECOND).astype(np.int64)
        ramps, half = network.ramps_of(transmitter, receiver), round(0.51 * count_s * SECOND) + SECOND // 1000
        known = ramps.covers(sent - half, sent + half)
        sent_hz[known] = ramps.frequency(sent[known])
        nominal = ratio * sent_hz
    received, rate = nothing.copy(), nothing.copy()
    if known.any():
        halves = _halves(at[known], nominal[known], motion, network, receiver, transmitter, ratio, count_s / 2)
        received[known], rate[known] = halves.mean(axis=0), (halves[1] - halves[0]) / (count_s / 2)
    return Carrier(received, received - nominal, rate, sent_hz, sent, trip)


def check_frequency(frequency_hz: float, what: str) -> float:
    """Return a frequency (Hz). Raises UsageError for what is none of a carrier."""
    if not LEAST_HZ <= frequency_hz <= MOST_HZ:
        raise UsageError(f"{what} is {frequency_hz:g} Hz", remedy=f"Give hertz, from {LEAST_HZ:g} to {MOST_HZ:g}: 8.4e9")
    return frequency_hz


def _halves(
    at: Epochs, nominal_hz: Reals, motion: Motion, network: Network, receiver: str, transmitter: str, ratio: float, half_s: float
) -> Reals:
    """Return mean received frequencies (two rows) over the half of a count before each instant, and the half after it."""
    aside = round(half_s / 2 * SECOND)
    both, reference = np.concatenate([at - aside, at + aside]), np.tile(nominal_hz, 2)
    order = np.argsort(both, kind="stable")
    none = np.zeros(both.size)
    if transmitter:
        asked = doppler(
            transmitter, receiver, both[order], none, sigma_hz=1.0, count_s=half_s, reference_hz=reference[order], ratio=ratio
        )
    else:
        full = np.full(both.size, half_s)
        asked = Observations(Kind.DOPPLER_1, "spacecraft", receiver, both[order], none, none + 1.0, full, reference[order])
    received = np.empty(both.size)
    received[order] = reference[order] - compute(asked, motion, network).values
    return received.reshape(2, -1)
