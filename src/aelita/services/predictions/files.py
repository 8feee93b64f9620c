"""Predictions as files: plain tables with a header, and tracking data messages (TDM) of predicted observables."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ...dynamics import Ramps, join_ramps, read_ramps, tracking_of_message
from ...errors import UsageError
from ...ndm import Composite, Message, read, tracking_message
from ...ndm import Tracking as Part
from ...time import SECOND, tai_ns_from_datetime64, utc_from_tai_ns
from ..navigation.orbit_files import ORIGINATOR
from ..navigation.reading import unpacked
from .doppler import PredictedDoppler, ramps_sent
from .pointing import Passes, PredictedPointing

Epochs = NDArray[np.int64]
Reals = NDArray[np.float64]
FORM = 1  # of the plain tables: another meaning of a column is another form
DECIMALS = {  # to which columns are written
    "azimuth_deg": 6, "elevation_deg": 6, "refracted_elevation_deg": 6, "azimuth_rate_deg_s": 9, "elevation_rate_deg_s": 9,
    "refracted_elevation_rate_deg_s": 9, "range_km": 6, "range_rate_km_s": 9, "light_s": 9, "right_ascension_deg": 7,
    "declination_deg": 7, "point_ahead_deg": 6, "received_hz": 4, "shift_hz": 4, "rate_hz_s": 5, "sent_hz": 6, "round_trip_s": 9,
}  # fmt: skip
Way = tuple[int, ...]  # of light, through participants by number
ONE_WAY: Way = (2, 1)
TWO_WAYS: Way = (1, 2, 1)
THREE_WAYS: Way = (1, 2, 3)
MOST_SHOWN = 2000  # instants of a product's document
MOST_LINES = 200  # passes that a header names


def pointing_csv(predicted: PredictedPointing, *, made_at: int) -> str:
    """Return pointing as a plain table: a header of lines that begin with `#`, then comma separated values, UTC to 1 ms."""
    way = "emission (up)" if predicted.passes.asked.uplink else "reception (down)"
    return _csv(
        predicted.passes, predicted.table, predicted.summary, made_at, "station pointing",
        {
            "instants": f"of {way} at the station",
            "directions": "apparent (light time, aberration); azimuth from north over east; right ascension, declination: ICRF",
            "elevations": "geometric, and refracted as they appear through the air",
            "refractivity": f"{predicted.air.units:.1f} N-units at {predicted.air.height_km:.3f} km",
        },
    )  # fmt: skip


def doppler_csv(predicted: PredictedDoppler, *, made_at: int) -> str:
    """Return carriers as a plain table, as `pointing_csv`."""
    carrier, sender = predicted.carrier, predicted.transmitter
    about = {
        "instants": "of reception at the station",
        "ways": f"{predicted.ways}",
        "frequencies": f"mean of {carrier.count_s:g} s around the instant; shift: against no motion; rate: of the received one",
    }
    if sender is None:
        about["on board"] = f"{carrier.on_board_hz:.3f} Hz"
    else:
        about["transmitter"] = f"{sender.key} ({sender.name}, {sender.antenna})"
        about["uplink"] = "by ramps" if carrier.ramps else f"{carrier.uplink_hz:.3f} Hz"
        about["turnaround"] = f"{carrier.ratio.numerator}/{carrier.ratio.denominator}, {carrier.transponder_s:g} s on board"
    return _csv(predicted.passes, predicted.table, predicted.summary, made_at, "carrier prediction", about)


def pointing_message(predicted: PredictedPointing, *, made_at: int) -> Message:
    """Return pointing as a TDM: ANGLE_1, ANGLE_2 (azimuth, refracted elevation), RANGE (km, one way) and its rate, by passes.

    What a station would measure is written as such, and the comments say that it is predicted.
    """
    found = predicted.passes
    names = ("azimuth_deg", "refracted_elevation_deg", "range_km", "range_rate_km_s")
    keywords = ("ANGLE_1", "ANGLE_2", "RANGE", "DOPPLER_INSTANTANEOUS")
    parts = []
    for _, table in predicted.table.group_by("pass", maintain_order=True):
        at = _epochs(table["utc"])
        columns = {key: (at, table[name].to_numpy()) for key, name in zip(keywords, names, strict=True)}
        path, tag = ((1, 2), "TRANSMIT") if found.asked.uplink else ((2, 1), "RECEIVE")
        about = {"MODE": "SEQUENTIAL", "TIMETAG_REF": tag, "RANGE_MODE": "ONE_WAY", "RANGE_UNITS": "km", "ANGLE_TYPE": "AZEL"}
        parts.append(Part({1: found.station.key, 2: found.asked.spacecraft}, path, columns, about))
    told = f"refracted elevations: refractivity {predicted.air.units:.1f} at the station"
    return tracking_message(parts, originator=ORIGINATOR, created_tai_ns=made_at, comments=(_predicted(found), told))


def doppler_message(predicted: PredictedDoppler, *, made_at: int) -> Message:
    """Return carriers as a TDM: RECEIVE_FREQ (means of the count) and RANGE of each pass, and what the transmitter sends.

    RANGE is the round trip in s of two or three ways, one way in km. Hidden instants are left out.
    `tracking_of_message` reads it.
    """
    found, carrier, sender = predicted.passes, predicted.carrier, predicted.transmitter
    parts = [_sent(one) for one in ramps_sent(predicted)]
    for _, table in predicted.table.filter(~pl.col("hidden")).group_by("pass", maintain_order=True):
        at = _epochs(table["utc"])
        ranges = table["range_km" if sender is None else "round_trip_s"].to_numpy()
        about: dict[str, str | float | int] = {"MODE": "SEQUENTIAL", "TIMETAG_REF": "RECEIVE"}
        about |= {"INTEGRATION_INTERVAL": carrier.count_s, "INTEGRATION_REF": "MIDDLE"}
        if sender is None:
            people, path = {1: found.station.key, 2: found.asked.spacecraft}, ONE_WAY
            about |= {"RANGE_MODE": "ONE_WAY", "RANGE_UNITS": "km"}
        else:
            people, path = {1: sender.key, 2: found.asked.spacecraft}, TWO_WAYS
            if predicted.ways == 3:
                people, path = people | {3: found.station.key}, THREE_WAYS
            about |= {"TURNAROUND_NUMERATOR": carrier.ratio.numerator, "TURNAROUND_DENOMINATOR": carrier.ratio.denominator}
            about |= {"RANGE_MODE": "COHERENT", "RANGE_UNITS": "s"}
        columns = {"RECEIVE_FREQ": (at, table["received_hz"].to_numpy()), "RANGE": (at, ranges)}
        parts.append(Part(people, path, columns, about))
    return tracking_message(parts, originator=ORIGINATOR, created_tai_ns=made_at, comments=(_predicted(found),))


def pointing_shown(predicted: PredictedPointing) -> dict[str, object]:
    """Return what a product of kind `pointing` shows: its passes, and directions thinned to 2,000 instants."""
    names = ("pass", "azimuth_deg", "elevation_deg", "range_km", "range_rate_km_s", "hidden")
    about = {"uplink": predicted.passes.asked.uplink, "refractivity": predicted.air.units}
    return _shown(predicted.passes, predicted.table, predicted.summary, names) | about


def doppler_shown(predicted: PredictedDoppler) -> dict[str, object]:
    """Return what a product of kind `doppler` shows: its passes, and carriers thinned to 2,000 instants."""
    names = ("pass", "received_hz", "shift_hz", "rate_hz_s", "round_trip_s", "elevation_deg", "hidden")
    sender = predicted.transmitter
    about = {"ways": predicted.ways, "transmitter": "" if sender is None else sender.key}
    return _shown(predicted.passes, predicted.table, predicted.summary, names) | about


def _csv(found: Passes, table: pl.DataFrame, summary: pl.DataFrame, made_at: int, what: str, about: Mapping[str, str]) -> str:
    station = found.station
    x, y, z = found.site.position_km
    header = {
        "Aelita": f"{what}, form {FORM}",
        "spacecraft": found.asked.spacecraft,
        "station": f"{station.key} ({station.name}, {station.antenna}), ITRF93 {x:.6f} {y:.6f} {z:.6f} km",
        "orbit": found.known.source,
        "made": f"{utc_from_tai_ns(made_at, 0)} UTC",
        "horizon": f"{station.minimum_elevation_deg:g} deg, geometric" + (" and a mask by azimuth" if station.horizon else ""),
        **about,
        "passes": f"{summary.height}",
    }
    lines = [f"# {name}: {value}" for name, value in header.items()]
    for row in summary.head(MOST_LINES).iter_rows(named=True):
        first, last = (row[edge].isoformat(timespec="milliseconds") for edge in ("start", "stop"))
        top = row["max_elevation_deg"]
        lines.append(f"# pass {row['pass']}: {first} to {last}" + ("" if top is None else f", up to {top:.2f} deg"))
    instants = [name for name, kind in table.schema.items() if isinstance(kind, pl.Datetime)]
    rounded = table.with_columns(
        *(pl.col(name).round(places) for name, places in DECIMALS.items() if name in table.columns),
        *(pl.col(name).dt.round("1us" if name == "sent" else "1ms").dt.strftime(_form(name)) for name in instants),
        pl.col("hidden").cast(pl.Int8),
    )
    order = ["utc", "pass", *(name for name in table.columns if name not in ("utc", "pass"))]
    return "\n".join(lines) + "\n" + rounded.select(order).write_csv()


def _form(name: str) -> str:
    return "%Y-%m-%dT%H:%M:%S%.6f" if name == "sent" else "%Y-%m-%dT%H:%M:%S%.3f"


def _shown(found: Passes, table: pl.DataFrame, summary: pl.DataFrame, names: tuple[str, ...]) -> dict[str, object]:
    some = table.gather_every(-(-table.height // MOST_SHOWN)) if table.height else table
    form = "%Y-%m-%dT%H:%M:%S%.3fZ"
    passes = summary.with_columns(pl.col("start", "stop").dt.strftime(form)).to_dicts()
    return {
        "spacecraft": found.asked.spacecraft, "station": found.station.key, "orbit": found.known.source, "passes": passes,
        "utc": some["utc"].dt.strftime(form).to_list(), **{name: some[name].to_list() for name in names},
    }  # fmt: skip


def _predicted(found: Passes) -> str:
    return f"PREDICTED, not measured; orbit: {found.known.source}"


def _epochs(column: pl.Series) -> Epochs:
    return np.asarray(tai_ns_from_datetime64(column.to_numpy()), np.int64)


def _sent(one: Ramps) -> Part:
    """Return what a station transmits: frequencies and rates; the last line holds the end of the last ramp."""
    at = np.append(one.start_tai_ns, one.stop_tai_ns[-1])
    last_s = (one.stop_tai_ns[-1] - one.start_tai_ns[-1]) / SECOND
    frequency = np.append(one.frequency_hz, one.frequency_hz[-1] + one.rate_hz_s[-1] * last_s)
    columns = {"TRANSMIT_FREQ_1": (at, frequency), "TRANSMIT_FREQ_RATE_1": (at, np.append(one.rate_hz_s, 0.0))}
    return Part({1: one.station}, (), columns, {})


def read_uplinks(paths: Sequence[Path]) -> dict[str, Ramps]:
    """Return the uplink ramps of stations, by name, from `.ramp` tables or TDM; gzip or not. Raises what their readers raise."""
    found: dict[str, Ramps] = {}
    for path in paths:
        octets = unpacked(path)
        if octets.lstrip(b"\xef\xbb\xbf \r\n").startswith((b"CCSDS_", b"<")):
            message = read(octets, where=str(path))
            if isinstance(message, Composite):
                raise UsageError("several messages in one", where=str(path), remedy="Give one TDM")
            more = tracking_of_message(message, spacecraft="", where=str(path))[1]
        else:
            more = read_ramps(octets.decode("latin-1"), where=str(path))
        if not more:
            raise UsageError("no ramps are in it", where=str(path), remedy="Give a .ramp table, or a TDM with TRANSMIT_FREQ_1")
        found = join_ramps(found, more)
    return found
