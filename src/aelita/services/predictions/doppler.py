"""Which carrier a station will receive over the passes of a spacecraft, one, two or three ways, as a table."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fractions import Fraction

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ...agencies import Station as Antenna
from ...dynamics import GM_KM3_S2, Carrier, Network, Ramps, Station, check_frequency, constant_uplink, predict_carrier
from ...ephemeris import Course, pointing
from ...errors import DataError, UsageError
from ...time import DAY, NO_TIME, SECOND, tai_ns_from_datetime64
from ..navigation.sky import Sky
from ..navigation.tables import utc_column
from ..navigation.tracking_stations import ZENITH_DRY_M, ZENITH_WET_M
from ..places import horizon_of, site_of
from .pointing import AskedPasses, Passes, find_passes, summary_of

Epochs = NDArray[np.int64]
Flags = NDArray[np.bool_]
UPLINK_HZ = 7.1675e9  # the middle of the X-band up to deep space, 7,145 to 7,190 MHz (ITU Radio Regulations, article 5): assumed
RATIO = Fraction(880, 749)  # X up, X down (CCSDS 401.0-B, 2.6)
RATIO_TEXT = re.compile(r"[0-9]{1,12}(/[0-9]{1,12}|\.[0-9]{1,12})?")
MOST_ROWS = 100_000  # at a third of a millisecond each
MOST_PART = 100_000
EDGE_NS = 10 * SECOND  # what is sent is told this much longer: counts reach beyond their instants


@dataclass(frozen=True, slots=True)
class AskedCarrier:
    """Which carrier: one way of `on_board_hz`; else what `transmitter` (empty: the receiving station) sends, turned around.

    It sends `uplink_hz`, or what `ramps` tell by the station's key, name or antenna. `ratio` is downlink over uplink, `count_s`
    the time over which a frequency is the mean, `transponder_s` the delay on board.
    """

    transmitter: str = ""
    on_board_hz: float = 0.0
    uplink_hz: float = UPLINK_HZ
    ramps: Mapping[str, Ramps] = field(default_factory=dict)
    ratio: Fraction = RATIO
    count_s: float = 2.0
    transponder_s: float = 0.0

    def __post_init__(self) -> None:
        if self.on_board_hz:
            check_frequency(self.on_board_hz, "the frequency on board")
            if self.transmitter:
                raise UsageError(
                    "one way there is no transmitter", remedy="Leave away the transmitter, or the frequency on board"
                )
        check_frequency(self.uplink_hz, "the frequency of the uplink")
        if not 0 <= self.transponder_s <= 10:
            raise UsageError(f"a delay of {self.transponder_s:g} s on board", remedy="Give seconds, from 0 to 10")


def ratio_of(text: str) -> Fraction:
    """Return a turnaround ratio of a text: 880/749, or 1.17490. Raises UsageError for what is none."""
    try:
        if not RATIO_TEXT.fullmatch(text.strip()):  # "1e999999999" is a number too, of a billion digits
            raise ValueError
        found = Fraction(text.strip())
    except (ValueError, ZeroDivisionError) as error:
        raise UsageError(f"{text[:40]!r} is no turnaround ratio", remedy="Write downlink over uplink: 880/749") from error
    if not Fraction(1, 1000) < found < 1000:
        raise UsageError(f"a turnaround ratio of {text[:40]}", remedy="Write downlink over uplink: 880/749")
    return found if max(found.numerator, found.denominator) <= MOST_PART else found.limit_denominator(MOST_PART)


@dataclass(frozen=True, slots=True, eq=False)
class PredictedDoppler:
    """Carriers over passes: `table` by instants of reception, `summary` a row for each pass; `ways` is 1, 2 or 3."""

    passes: Passes
    carrier: AskedCarrier
    transmitter: Antenna | None
    table: pl.DataFrame
    summary: pl.DataFrame
    remarks: tuple[str, ...]

    @property
    def ways(self) -> int:
        """How many ways the light goes: down; up and down; up from another station."""
        if self.transmitter is None:
            return 1
        return 2 if self.transmitter.key == self.passes.station.key else 3


def predict_doppler(sky: Sky, asked: AskedPasses, carrier: AskedCarrier) -> PredictedDoppler:
    """Return the carrier that a station receives over the passes of a spacecraft.

    Two and three ways rows are left out where the transmitter could not have reached the spacecraft a round trip before: below
    its horizon, or not told by ramps; `hidden` says where Mars stands in the way, up or down. Errors as for `find_passes` and
    `predict_carrier`.
    """
    if asked.uplink:
        raise UsageError("carriers are predicted by instants of reception", remedy="Leave uplink away")
    sender = None if carrier.on_board_hz else sky.stations([carrier.transmitter or asked.station])[0]
    found = find_passes(sky, replace(asked, most_rows=min(asked.most_rows, MOST_ROWS)))
    ramps = {} if sender is None else {sender.key: _ramps(sender, carrier, asked)}
    parts, left_out = [], 0
    for number, course, at in found.epochs():
        part, told = _rows(found, number, course, at, carrier, sender, ramps)
        parts.append(part.filter(told))
        left_out += int((~told).sum())
    table = pl.concat(parts) if parts else _empty()
    remarks = [found.remark] if found.remark else []
    if left_out:
        remarks.append(f"{left_out:,} instants are left out: their light was not sent, or sent from below the horizon")
    return PredictedDoppler(found, carrier, sender, table, summary_of(found, table), tuple(remarks))


def ramps_sent(predicted: PredictedDoppler) -> tuple[Ramps, ...]:
    """Return the ramps of what the transmitter sends for these passes, cut to them; none one way or without a row."""
    sender, sent = predicted.transmitter, predicted.table["sent"].drop_nulls()
    if sender is None or not sent.len():
        return ()
    whole = _ramps(sender, predicted.carrier, predicted.passes.asked)
    ends = tai_ns_from_datetime64(np.array([sent.min(), sent.max()], "datetime64[ns]"))
    first, last = int(ends[0]) - EDGE_NS, int(ends[1]) + EDGE_NS
    inside = (whole.stop_tai_ns > first) & (whole.start_tai_ns < last)
    start, frequency = whole.start_tai_ns[inside], whole.frequency_hz[inside]
    begun = np.maximum(start, first)
    at_begin = frequency + whole.rate_hz_s[inside] * ((begun - start) / SECOND)
    stop = np.minimum(whole.stop_tai_ns[inside], last)
    return (Ramps(sender.key, begun, stop, at_begin, whole.rate_hz_s[inside]),)


def network_of(
    found: Passes, course: Course, carrier: AskedCarrier, sender: Antenna | None, ramps: Mapping[str, Ramps]
) -> Network:
    """Return receiver, transmitter, ramps and transponder as the observables know them."""
    antennas = {one.key: one for one in (found.station, sender) if one is not None}
    stations = {key: Station(site_of(one), ZENITH_DRY_M, ZENITH_WET_M) for key, one in antennas.items()}
    gm = 0.0 if course.centre == "SUN" else GM_KM3_S2.get(course.centre, 0.0)  # the Sun's pull is reckoned with already
    return Network(
        stations, ramps, centre=course.centre, transponder_s=carrier.transponder_s, on_board_hz=carrier.on_board_hz, central_gm=gm
    )


def _ramps(sender: Antenna, carrier: AskedCarrier, asked: AskedPasses) -> Ramps:
    if not carrier.ramps:
        return constant_uplink(sender.key, carrier.uplink_hz, asked.start - 2 * DAY, asked.stop + DAY)
    for name in (sender.key, sender.name, sender.antenna):
        if name in carrier.ramps:
            return carrier.ramps[name]
    raise DataError(
        f"there are no ramps of {sender.key} ({sender.name}, {sender.antenna})", where="ramps",
        remedy=f"They are of {', '.join(sorted(carrier.ramps))}: name one of those as transmitter",
    )  # fmt: skip


def _rows(
    found: Passes, number: int, course: Course, at: Epochs, carrier: AskedCarrier, sender: Antenna | None,
    ramps: Mapping[str, Ramps],
) -> tuple[pl.DataFrame, Flags]:  # fmt: skip
    """Return the rows of a pass, and which of them can be received."""
    network = network_of(found, course, carrier, sender, ramps)
    look = pointing(found.site, course, at)
    one = predict_carrier(
        at, course, network, receiver=found.station.key, transmitter="" if sender is None else sender.key,
        ratio=float(carrier.ratio), count_s=carrier.count_s,
    )  # fmt: skip
    told, hidden = np.isfinite(one.received_hz), found.hidden(course, at, outgoing=False)
    if sender is not None:
        told, dark = told & _reached(sender, course, one), np.zeros(at.size, np.bool_)
        dark[told] = found.hidden(course, one.sent_tai_ns[told], outgoing=True, site=site_of(sender))
        hidden |= dark
    sent = np.where(told & (one.sent_tai_ns != NO_TIME), one.sent_tai_ns, NO_TIME)
    columns = {
        "pass": pl.Series(np.full(at.size, number), dtype=pl.Int32),
        "utc": utc_column(at.tolist()),
        "received_hz": one.received_hz,
        "shift_hz": one.shift_hz,
        "rate_hz_s": one.rate_hz_s,
        "sent": utc_column(sent.tolist()),
        "sent_hz": pl.Series(one.sent_hz).fill_nan(None),
        "light_s": look.light_s,
        "round_trip_s": pl.Series(one.round_trip_s).fill_nan(None),
        "range_km": look.range_km,
        "range_rate_km_s": look.range_rate_km_s,
        "elevation_deg": look.elevation_deg,
        "hidden": hidden,
    }
    return pl.DataFrame(columns), told


def _reached(sender: Antenna, course: Course, one: Carrier) -> Flags:
    """Return whether the transmitter saw the spacecraft when it sent what is received."""
    look = pointing(site_of(sender), course, one.sent_tai_ns, outgoing=True)
    return np.asarray(look.known & (look.elevation_deg >= horizon_of(sender).at_deg(look.azimuth_deg)))


def _empty() -> pl.DataFrame:
    reals = ("received_hz", "shift_hz", "rate_hz_s", "sent_hz", "light_s", "round_trip_s", "range_km", "range_rate_km_s")
    instant = pl.Datetime("ns")
    order = ("pass", "utc", *reals[:3], "sent", *reals[3:], "elevation_deg", "hidden")
    kinds: dict[str, type[pl.DataType] | pl.Datetime] = {"pass": pl.Int32, "utc": instant, "sent": instant, "hidden": pl.Boolean}
    return pl.DataFrame(schema={name: kinds.get(name, pl.Float64) for name in order})
