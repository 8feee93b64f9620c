"""Tracking data messages (TDM) as observations, and observations as messages."""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from ..errors import DataError, TimeError
from ..ndm import Block, Epochs, Message, Segment, epochs_from_tai_ns
from ..ndm import Observations as Records
from ..time import SECOND
from .ramps import Ramps, in_order, join_ramps
from .tracking import Kind, Observations, Refusal, doppler, ranges, turnaround

Reals = NDArray[np.float64]
SCALES = ("UTC", "TAI", "TT", "GPS", "TDB")
SIGMA_HZ, SIGMA_S = 0.01, 1e-8  # where a message tells none, as they all do


def tracking_of_message(
    message: Message, *, spacecraft: str, where: str = "TDM", sigma_hz: float = SIGMA_HZ, sigma_s: float = SIGMA_S
) -> tuple[tuple[Observations, ...], dict[str, Ramps], tuple[Refusal, ...]]:
    """Return observations, uplink ramps by station, and what was left out and why, of a tracking data message.

    Read are two-way and three-way paths through the spacecraft by RECEIVE_FREQ (Hz, with FREQ_OFFSET, averaged over
    INTEGRATION_INTERVAL), RANGE in RU or in s (of the round trip), tagged at reception, and TRANSMIT_FREQ_n with its rate as
    ramps, the last of which holds until the segment ends. Left out are RANGE in km (no field says whether it is one way), and
    what is DEGRADED, tagged at transmission, or has corrections or delays that were not taken off. Sigmas are not in a TDM:
    those given hold for all.
    Raises TimeError for a time system that tracking cannot have, DataError for a message of another kind.
    """
    if message.kind != "TDM":
        raise DataError(f"a message {message.kind} holds no tracking", where=where, remedy="Give a TDM")
    found: list[Observations] = []
    refused: list[Refusal] = []
    ramps: dict[str, Ramps] = {}
    for segment in message.segments:
        meta, records = segment.metadata, segment.block("observations").rows
        if not isinstance(records, Records):
            raise DataError("a segment without records", where=where)
        if meta.text("TIME_SYSTEM") not in SCALES:
            raise TimeError(f"{meta.text('TIME_SYSTEM')} is no time scale of tracking", where=where, remedy="Use UTC or TDB")
        ramps = join_ramps(ramps, _ramps(meta, records))
        path = _path(meta)
        if len(path) != 3 or meta.text(f"PARTICIPANT_{path[1]}", "") != spacecraft:
            left = sum(records.select(name)[1].size for name in records.names if not name.startswith("TRANSMIT"))
            if left:
                others = ", ".join(meta.text(f"PARTICIPANT_{n}") for n in range(1, 6) if f"PARTICIPANT_{n}" in meta)
                why = f"the path {meta.text('PATH', 'none')} of {others} is not two ways by {spacecraft}"
                refused.append(Refusal(where, why, left))
            continue
        ends = meta.text(f"PARTICIPANT_{path[0]}"), meta.text(f"PARTICIPANT_{path[2]}")
        for name in records.names:
            if name.startswith("TRANSMIT"):
                continue
            why = _unfit(meta, name)
            one = None if why else _observations(meta, records, name, ends, sigma_hz, sigma_s)
            if one is None:
                refused.append(Refusal(f"{ends[0]} to {ends[1]}", why or f"{name} is not used", records.select(name)[1].size))
            else:
                found.append(one)
    return tuple(found), ramps, tuple(refused)


def _path(meta: Block) -> list[str]:
    return [each.strip() for each in meta.text("PATH", "").strip("()").split(",")] if "PATH" in meta else []


def _unfit(meta: Block, name: str) -> str:
    """Return why observations of a kind would mislead, or nothing: what a message says of them must not be passed over."""
    if meta.text("DATA_QUALITY", "RAW") == "DEGRADED":
        return f"{name} is marked DEGRADED"
    corrections = ("CORRECTION_RANGE",) if name == "RANGE" else ("CORRECTION_RECEIVE", "CORRECTION_DOPPLER")
    pending = [key for key in corrections if key in meta and meta.number(key) != 0]
    if pending and meta.text("CORRECTIONS_APPLIED", "NO") != "YES":
        return f"{name} has a {pending[0]} that was not applied"
    if name == "RANGE" and meta.text("CORRECTIONS_APPLIED", "NO") != "YES":
        ends = {_path(meta)[0], _path(meta)[-1]}
        delays = [key for end in sorted(ends) for key in (f"TRANSMIT_DELAY_{end}", f"RECEIVE_DELAY_{end}")]
        if any(key in meta and meta.number(key) != 0 for key in delays):
            return f"{name} has delays of equipment in it"
    if name.startswith("RECEIVE_FREQ") and meta.text("TIMETAG_REF", "RECEIVE") != "RECEIVE":
        return f"{name} is tagged at transmission"
    return ""


def _ratio(meta: Block) -> float:
    if "TURNAROUND_NUMERATOR" in meta and "TURNAROUND_DENOMINATOR" in meta:
        return meta.number("TURNAROUND_NUMERATOR") / meta.number("TURNAROUND_DENOMINATOR")
    return turnaround(meta.text("TRANSMIT_BAND", "X"), meta.text("RECEIVE_BAND", "X"))


def _observations(
    meta: Block, records: Records, name: str, ends: tuple[str, str], sigma_hz: float, sigma_s: float
) -> Observations | None:
    epochs, values = records.select(name)
    at = epochs.tai_ns()
    order = np.argsort(at, kind="stable")
    at, values = at[order], values[order]
    if name == "RANGE":
        return _ranges(meta, ends, at, values, sigma_s)
    if name not in ("RECEIVE_FREQ", f"RECEIVE_FREQ_{_path(meta)[-1]}") or "INTEGRATION_INTERVAL" not in meta:
        return None
    count = meta.number("INTEGRATION_INTERVAL")
    shift = {"START": 0.5, "MIDDLE": 0.0, "END": -0.5}[meta.text("INTEGRATION_REF", "MIDDLE")]
    middle = at + round(shift * count * SECOND)
    received = values + (meta.number("FREQ_OFFSET") if "FREQ_OFFSET" in meta else 0.0)
    reference = float(np.round(np.median(received)))
    return doppler(
        *ends, middle, reference - received, sigma_hz=sigma_hz, count_s=count, reference_hz=reference, ratio=_ratio(meta)
    )  # fmt: skip


def _ranges(meta: Block, ends: tuple[str, str], at: NDArray[np.int64], values: Reals, sigma_s: float) -> Observations | None:
    unit = meta.text("RANGE_UNITS", "km")
    if meta.text("TIMETAG_REF", "RECEIVE") != "RECEIVE":
        return None
    modulus = meta.number("RANGE_MODULUS") if "RANGE_MODULUS" in meta else 0.0
    if unit == "RU":
        full, none = np.ones(at.size), np.zeros(at.size)
        return Observations(Kind.RANGE_UNITS, *ends, at, values, sigma_s * 1e9 * full, none, none, _ratio(meta), modulus=modulus)
    return None if modulus or unit != "s" else ranges(*ends, at, values, sigma_s=sigma_s)


def _ramps(meta: Block, records: Records) -> dict[str, Ramps]:
    """Return the ramps of each participant whose transmitted frequencies the segment lists: each holds until the next."""
    found = {}
    for name in records.names:
        if not name.startswith("TRANSMIT_FREQ_") or name.startswith("TRANSMIT_FREQ_RATE"):
            continue
        number = name.rsplit("_", 1)[1]
        epochs, frequency = records.select(name)
        rated, rate = records.select(f"TRANSMIT_FREQ_RATE_{number}")
        at, rate_at = epochs.tai_ns(), rated.tai_ns()
        end = max(int(records.epochs.tai_ns().max()), _stop(meta))
        rates = np.zeros(at.size)
        same = np.searchsorted(at, rate_at)
        inside = (same < at.size) & (at[np.minimum(same, at.size - 1)] == rate_at)
        rates[same[inside]] = rate[inside]
        station = meta.text(f"PARTICIPANT_{number}")
        if end > at[-1]:  # the last holds as long as the segment tells of anything, or says
            at, frequency, rates = np.append(at, end), np.append(frequency, 0.0), np.append(rates, 0.0)
        if at.size > 1:
            found[station] = in_order(station, at[:-1], at[1:], frequency[:-1], rates[:-1])
    return found


def _stop(meta: Block) -> int:
    return int(meta.epoch("STOP_TIME").tai_ns) if "STOP_TIME" in meta else 0


def message_of_tracking(
    tracking: tuple[Observations, ...], *, spacecraft: str, originator: str, created_tai_ns: int, ramps: dict[str, Ramps]
) -> Message:
    """Return Doppler and ranges as a tracking data message in UTC, with the uplinks' ramps: `tracking_of_message` reads it back.

    Doppler is written as received frequency (Hz), ranges in s or RU; ramps that leave a gap are segments of their own before and
    after it. Raises DataError for kinds that it cannot hold.
    """
    segments = [_uplink(station, part) for station, one in ramps.items() for part in _unbroken(one)]
    for one in tracking:
        if one.kind not in (Kind.DOPPLER, Kind.RANGE_S, Kind.RANGE_UNITS):
            raise DataError(f"{one.kind} is not written to a TDM", where=one.where)
        segments.append(_segment(one, spacecraft))
    epoch = epochs_from_tai_ns(np.array([created_tai_ns], np.int64), "UTC")[0]
    return Message("TDM", "2.0", Block("header", {"CREATION_DATE": epoch, "ORIGINATOR": originator}), tuple(segments))


def _records(name: str, at: NDArray[np.int64], values: Reals) -> Records:
    return Records((name,), np.zeros(at.size, np.uint8), _utc(at), values)


def _utc(at: NDArray[np.int64]) -> Epochs:
    return epochs_from_tai_ns(at, "UTC")


def _segment(one: Observations, spacecraft: str) -> Segment:
    meta: dict[str, str | float | int] = {"TIME_SYSTEM": "UTC", "PARTICIPANT_1": one.transmitter, "PARTICIPANT_2": spacecraft}
    path = "1,2,1"
    if one.receiver != one.transmitter:
        meta["PARTICIPANT_3"], path = one.receiver, "1,2,3"
    meta |= {"MODE": "SEQUENTIAL", "PATH": path}
    if one.kind is Kind.DOPPLER:
        name, values = "RECEIVE_FREQ", one.reference_hz - one.observed
        numerator, denominator = _fraction(one.turnaround)
        meta |= {"TURNAROUND_NUMERATOR": numerator, "TURNAROUND_DENOMINATOR": denominator, "TIMETAG_REF": "RECEIVE"}
        meta |= {"INTEGRATION_INTERVAL": float(one.count_s[0]), "INTEGRATION_REF": "MIDDLE"}
        if np.any(one.count_s != one.count_s[0]):
            raise DataError("counts of several lengths need a segment each", where=one.where)
    else:
        name, values = "RANGE", one.observed
        numerator, denominator = _fraction(one.turnaround)
        meta |= {"TURNAROUND_NUMERATOR": numerator, "TURNAROUND_DENOMINATOR": denominator}
        meta |= {"TIMETAG_REF": "RECEIVE", "RANGE_MODE": "COHERENT"}
        meta |= {"RANGE_MODULUS": one.modulus} if one.modulus else {}
        meta |= {"RANGE_UNITS": "s" if one.kind is Kind.RANGE_S else "RU"}
    records = _records(name, one.epochs_tai_ns, values)
    return Segment(Block("metadata", meta), (Block("observations", rows=records),))


def _fraction(ratio: float) -> tuple[int, int]:
    for up in (221, 749, 3599):
        if abs(ratio * up - round(ratio * up)) < 1e-9:
            return round(ratio * up), up
    raise DataError(f"the turnaround ratio {ratio:.9f} is none of S, X or Ka", where="TDM")


def _unbroken(one: Ramps) -> list[Ramps]:
    """Return ramps in parts without a gap: in a message each piece holds until the next."""
    ends = np.minimum(one.stop_tai_ns[:-1], one.start_tai_ns[1:])
    edges = [0, *(np.flatnonzero(one.start_tai_ns[1:] > ends) + 1).tolist(), one.start_tai_ns.size]
    return [
        Ramps(one.station, one.start_tai_ns[a:b], one.stop_tai_ns[a:b], one.frequency_hz[a:b], one.rate_hz_s[a:b])
        for a, b in pairwise(edges)
    ]


def _uplink(station: str, one: Ramps) -> Segment:
    """Return a segment with the frequencies and rates of a station; the last line holds the end of the last ramp."""
    at = np.append(one.start_tai_ns, one.stop_tai_ns[-1])
    last_s = (one.stop_tai_ns[-1] - one.start_tai_ns[-1]) / SECOND
    frequency = np.append(one.frequency_hz, one.frequency_hz[-1] + one.rate_hz_s[-1] * last_s)
    both = np.repeat(at, 2)
    values = np.column_stack([frequency, np.append(one.rate_hz_s, 0.0)]).ravel()
    names, of = ("TRANSMIT_FREQ_1", "TRANSMIT_FREQ_RATE_1"), np.tile(np.array([0, 1], np.uint8), at.size)
    records = Records(names, of, _utc(both), values)
    meta = Block("metadata", {"TIME_SYSTEM": "UTC", "PARTICIPANT_1": station})
    return Segment(meta, (Block("observations", rows=records),))
