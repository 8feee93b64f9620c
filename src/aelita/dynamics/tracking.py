"""What stations measured, as columns of one kind and link each."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError, TimeError
from ..time import DAY, J2000_TAI_NS, NO_TIME, tai_ns_from_datetime64, tdb_minus_tt_s, tt_s_from_tai_ns, utc_from_tai_ns

Epochs = NDArray[np.int64]
Reals = NDArray[np.float64]
Flags = NDArray[np.bool_]

# Downlink over uplink frequency of transponders by band (CCSDS 401.0-B, 2.6; JPL DESCANSO 2, table 13-1)
_CHANNEL = {"S": 240.0, "X": 880.0, "Ka": 3344.0}
_UPLINK = {"S": 221.0, "X": 749.0, "Ka": 3599.0}
_GPS_MINUS_TAI_NS = -19_000_000_000
_TT_MINUS_TAI_NS = 32_184_000_000
LONGEST_COUNT_S, LARGEST = 1e6, 1e18  # beyond these it is a slip of the pen, and arithmetic would overflow
EARLIEST, LATEST = J2000_TAI_NS - 100 * 365 * DAY, J2000_TAI_NS + 200 * 365 * DAY


class Kind(StrEnum):
    """What is measured; the unit of the values is said with each."""

    DOPPLER = "two-way Doppler"  # Hz, also three-way: reference minus received frequency, mean of the count
    DOPPLER_1 = "one-way Doppler"  # Hz, as above
    RANGE_S = "two-way range"  # s of station time
    RANGE_UNITS = "two-way range in units"  # range units, modulo `modulus`
    DELTA_DOR = "delta-DOR"  # s: delay of the spacecraft minus delay of the quasar, second station minus first


@dataclass(frozen=True, slots=True)
class Quasar:
    """A radio source by its direction: right ascension and declination (deg, ICRF)."""

    name: str
    right_ascension_deg: float
    declination_deg: float


@dataclass(frozen=True, slots=True, eq=False)
class Observations:
    """Measurements of one kind over one link, in order of time.

    `transmitter` and `receiver` are stations; the transmitter of one-way Doppler is the spacecraft, of delta-DOR the first of two
    receivers. `epochs_tai_ns` are station time: of reception, for Doppler of the middle of the count that lasts `count_s`; for
    delta-DOR of reception at the first station. `reference_hz` is the frequency from which the received one is subtracted, at the
    band received. `turnaround` is downlink over uplink frequency; for ranges `units_per_cycle` of the uplink and `modulus`.
    Raises DataError for columns that do not fit, TimeError for epochs that are none.
    """

    kind: Kind
    transmitter: str
    receiver: str
    epochs_tai_ns: Epochs
    observed: Reals
    sigma: Reals
    count_s: Reals
    reference_hz: Reals
    turnaround: float = _CHANNEL["X"] / _UPLINK["X"]
    units_per_cycle: float = _UPLINK["S"] / (2 * _UPLINK["X"])  # JPL DESCANSO 2, 13.5.2: X-band uplink
    modulus: float = 0.0
    quasar: Quasar | None = None

    def __post_init__(self) -> None:
        columns = (self.observed, self.sigma, self.count_s, self.reference_hz)
        if any(column.shape != self.epochs_tai_ns.shape for column in columns):
            raise DataError("columns are not of one length", where=self.where)
        if np.any(self.epochs_tai_ns == NO_TIME):
            raise TimeError(f"{int(np.sum(self.epochs_tai_ns == NO_TIME))} epochs are unknown", where=self.where)
        if np.any(np.diff(self.epochs_tai_ns) < 0):
            raise DataError("epochs are not in order", where=self.where, remedy="Sort the observations by time")
        if not np.all(np.abs(self.observed) < LARGEST) or not np.all(self.sigma > 0):
            raise DataError("a value is no number (below 1e18), or a sigma is not above zero", where=self.where)
        if self.kind in (Kind.DOPPLER, Kind.DOPPLER_1) and not np.all((self.count_s > 0) & (self.count_s < LONGEST_COUNT_S)):
            raise DataError("Doppler has a count interval that is not above zero and below 1,000,000 s", where=self.where)
        if not np.all(np.abs(self.reference_hz) < LARGEST) or not 0 <= self.modulus < np.inf:
            raise DataError("a reference frequency or the modulus is no number", where=self.where)
        if (self.kind is Kind.DELTA_DOR) != (self.quasar is not None):
            raise DataError("delta-DOR, and nothing else, names a quasar", where=self.where)

    @property
    def where(self) -> str:
        """Return kind and link in words."""
        return f"{self.kind} {self.transmitter} to {self.receiver}"

    @property
    def size(self) -> int:
        """Return how many there are."""
        return int(self.epochs_tai_ns.size)

    def some(self, those: Flags | Epochs) -> "Observations":
        """Return those of these flags or numbers."""
        columns = {name: getattr(self, name)[those] for name in ("epochs_tai_ns", "observed", "sigma", "count_s", "reference_hz")}
        return replace(self, **columns)

    def between(self, start_tai_ns: int, stop_tai_ns: int) -> "Observations":
        """Return those of a span of time, the stop not included."""
        return self.some((self.epochs_tai_ns >= start_tai_ns) & (self.epochs_tai_ns < stop_tai_ns))


def turnaround(up: str, down: str) -> float:
    """Return downlink over uplink frequency of a transponder by its bands S, X, Ka. Raises DataError for another band."""
    if up not in _UPLINK or down not in _CHANNEL:
        raise DataError(f"no turnaround ratio is known for {up} up and {down} down", remedy="Use the bands S, X, Ka")
    return _CHANNEL[down] / _UPLINK[up]


def doppler(
    transmitter: str, receiver: str, epochs_tai_ns: Epochs, observed_hz: Reals, *, sigma_hz: float, count_s: float | Reals,
    reference_hz: float | Reals, ratio: float = _CHANNEL["X"] / _UPLINK["X"],
) -> Observations:  # fmt: skip
    """Return two-way (or, with two stations, three-way) Doppler as `Observations`; scalars hold for all."""
    full = np.ones(epochs_tai_ns.size)
    sigma, count, reference = sigma_hz * full, count_s * full, reference_hz * full
    return Observations(Kind.DOPPLER, transmitter, receiver, epochs_tai_ns, observed_hz, sigma, count, reference, ratio)


def ranges(transmitter: str, receiver: str, epochs_tai_ns: Epochs, observed_s: Reals, *, sigma_s: float) -> Observations:
    """Return two-way ranges (s of station time, at reception) as `Observations`."""
    full, none = np.ones(epochs_tai_ns.size), np.zeros(epochs_tai_ns.size)
    return Observations(Kind.RANGE_S, transmitter, receiver, epochs_tai_ns, observed_s, sigma_s * full, none, none)


def station_epochs(times: NDArray[np.datetime64], scale: str, *, where: str = "") -> Epochs:
    """Return TAI nanoseconds of calendar times in a named scale: UTC, TAI, TT, GPS or TDB.

    Raises TimeError for any other, by its name: a wrong scale moves an orbiter by hundreds of kilometres along its path.
    """
    plain = times.astype("datetime64[ns]").astype(np.int64)
    name = scale.strip().upper()
    if name == "UTC":
        epochs = tai_ns_from_datetime64(times)
    elif name in ("TAI", "TT", "GPS"):
        epochs = plain - {"TAI": 0, "TT": _TT_MINUS_TAI_NS, "GPS": _GPS_MINUS_TAI_NS}[name]
    elif name == "TDB":
        tt = plain - _TT_MINUS_TAI_NS
        epochs = tt - np.rint(tdb_minus_tt_s(np.asarray(tt_s_from_tai_ns(tt))) * 1e9).astype(np.int64)
    else:
        raise TimeError(f"{scale!r} is no time scale of tracking data", where=where, remedy="Use UTC, TAI, TT, GPS or TDB")
    if np.any(epochs == NO_TIME):
        first = times.ravel()[np.flatnonzero(epochs.ravel() == NO_TIME)[0]]
        raise TimeError(f"{first} is no time since 1972", where=where, remedy="Correct or leave out what is tagged so")
    return np.asarray(epochs, np.int64)


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why observations are not used: how many of which link, and the reason by name."""

    where: str
    reason: str
    count: int


def without_repeats(tracking: Iterable[Observations]) -> tuple[tuple[Observations, ...], tuple[Refusal, ...]]:
    """Return observations of which none is there twice, and how many were.

    A file given twice would make an orbit look better known than it is. Repeats are of the same link, kind, epoch, count and
    value; two values of one epoch that differ are both kept: editing by residual tells which is wrong.
    """
    kept, refused = [], []
    seen: dict[tuple[object, ...], NDArray[np.float64]] = {}
    for one in tracking:
        key = one.kind, one.transmitter, one.receiver, one.turnaround, one.modulus, one.quasar
        rows = np.column_stack([one.epochs_tai_ns.view(np.float64), one.count_s, one.reference_hz, one.observed])
        before = seen.get(key, np.zeros((0, rows.shape[1])))
        seen[key] = both = np.concatenate([before, rows])
        _, first = np.unique(np.ascontiguousarray(both).view(np.int64), axis=0, return_index=True)
        new = np.isin(np.arange(before.shape[0], both.shape[0]), first)
        if not new.all():
            refused.append(Refusal(one.where, "given twice", int((~new).sum())))
        if new.any():
            kept.append(one if new.all() else one.some(new))
    return tuple(kept), tuple(refused)


def screened(
    tracking: Iterable[Observations], stations: Mapping[str, object], *, first_tai_ns: int = EARLIEST, last_tai_ns: int = LATEST
) -> tuple[tuple[Observations, ...], tuple[Refusal, ...]]:  # fmt: skip
    """Return the observations of known stations between two instants, and what was refused and why."""
    kept, refused = [], []
    for one in tracking:
        names = (one.receiver,) if one.kind is Kind.DOPPLER_1 else (one.transmitter, one.receiver)
        unknown = [name for name in dict.fromkeys(names) if name not in stations]
        if unknown:
            refused.append(Refusal(one.where, f"unknown station {' and '.join(unknown)}", one.size))
            continue
        inside = (one.epochs_tai_ns >= first_tai_ns) & (one.epochs_tai_ns <= last_tai_ns)
        if not inside.all():
            edge = utc_from_tai_ns(int(one.epochs_tai_ns[~inside][0]), 0)
            refused.append(Refusal(one.where, f"outside of the span asked, as {edge}", int((~inside).sum())))
        if inside.any():
            kept.append(one.some(inside))
    return tuple(kept), tuple(refused)
