"""Tracking data and uplink ramps in the text tables (`.msr`, `.ramp`) made of the DSN's archival files (TRK-2-25).

One line is one measurement, with fields between commas; a header names them and the time scale. Doppler is Moyer's observable
(JPL DESCANSO 2, eq. 13-54), tagged at the middle of the count; its reference is at the level of the exciter band.
"""

from collections import defaultdict
from collections.abc import Iterator

import numpy as np

from ..errors import DataError, TimeError
from .ramps import Ramps, in_order
from .tracking import LARGEST, LONGEST_COUNT_S, Kind, Observations, Refusal, station_epochs, turnaround

_TAGS = {"2-Way-Doppler": Kind.DOPPLER, "3-Way-Doppler": Kind.DOPPLER, "2-Way-Range": Kind.RANGE_UNITS}
_KNOWN = {*_TAGS, "1-Way-Doppler", "1-Way-Range"}
_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
SIGMA_HZ, SIGMA_UNITS = 0.01, 10.0  # of one minute's X-band Doppler and of a range: before the residuals tell (assumed)


def read_tracking(text: str, *, where: str = "tracking data") -> tuple[tuple[Observations, ...], tuple[Refusal, ...]]:
    """Return the two-way and three-way Doppler and the ranges of a `.msr` table, and what was left out and why.

    Raises TimeError when the header names another time scale than UTC, TAI, TT, GPS or TDB, DataError for a line that is none, or
    when it is of several spacecraft. Ranges with delays of equipment, which are not taken off here, are left out.
    """
    if text.startswith("CCSDS_"):
        raise DataError(
            f"{text.split()[0][:30]} begins a message that holds no tracking", where=where, remedy="Give a TDM or a table"
        )
    if not text.strip():
        raise DataError("is empty", where=where, remedy="Give a TDM, or a table of measurements")
    craft: dict[str, int] = {}
    scale, groups, left = "", defaultdict[tuple[str, ...], list[list[str]]](list), defaultdict[tuple[str, str], int](int)
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("#"):
            scale = _scale(line) or scale
            continue
        fields = [field.strip() for field in line.split(",")]
        if len(fields) != 16 or fields[1] not in _KNOWN:
            raise DataError(f"{line[:60]!r} is no measurement of 16 fields of a known type", where=f"{where}, line {number}")
        if craft.setdefault(fields[2], number) and len(craft) > 1:
            told = f"spacecraft {fields[2]} after {next(iter(craft))}: tracking of several spacecraft"
            raise DataError(told, where=f"{where}, line {number}", remedy="Give each spacecraft a file")
        if fields[1] == "2-Way-Range" and any(delay.strip("+-0.") for delay in fields[13:]):
            left["2-Way-Range with delays of equipment", f"{fields[3]} to {fields[4]}"] += 1
        elif fields[1] in _TAGS:
            coded = fields[10] if fields[1] == "2-Way-Range" else ""
            groups[fields[1], fields[3], fields[4], fields[6], fields[7], fields[8], coded].append([*fields, str(number)])
        else:
            left[fields[1], f"{fields[3]} to {fields[4]}"] += 1
    if not scale:
        raise TimeError("no header names the time scale of the tags", where=where, remedy="Keep the line `# time_tag (UTC), ...`")
    found = tuple(_observations(rows, key, scale, where) for key, rows in groups.items())
    refused = tuple(Refusal(f"{kind} {link}", "this kind is not used", count) for (kind, link), count in left.items())
    return found, refused


def read_ramps(text: str, *, band: str = "X", where: str = "ramps", scale: str = "UTC") -> dict[str, Ramps]:
    """Return the uplink ramps of each station in one band of a `.ramp` table. Raises DataError for a line that is none."""
    pieces: dict[str, list[tuple[str, str, float, float]]] = defaultdict(list)
    for number, line in enumerate(text.splitlines(), 1):
        if line.startswith("#") or not line.strip():
            continue
        fields = [field.strip() for field in line.split(",")]
        try:
            start, stop, station, its_band, frequency, rate = fields
            row = start, stop, float(frequency), float(rate)
        except ValueError as error:
            raise DataError(f"{line[:60]!r} is no ramp of 6 fields", where=f"{where}, line {number}") from error
        if its_band == band:
            pieces[_station(station)].append(row)
    return {station: _ramps(station, rows, where, scale) for station, rows in pieces.items()}


def _scale(header: str) -> str:
    name = header.lstrip("# ").split(",")[0].strip()
    return name[name.index("(") + 1 : name.index(")")] if name.startswith("time_tag") and "(" in name and ")" in name else ""


def _station(name: str) -> str:
    return "-".join(name.split())


def _ramps(station: str, rows: list[tuple[str, str, float, float]], where: str, scale: str) -> Ramps:
    times = np.array(list(_calendar((text for row in rows for text in row[:2]), where)))
    epochs = station_epochs(times, scale, where=where).reshape(-1, 2)
    values = np.array([row[2:] for row in rows])
    order = np.flatnonzero(epochs[:, 1] > epochs[:, 0])
    try:
        return in_order(station, epochs[order, 0], epochs[order, 1], values[order, 0], values[order, 1])
    except DataError as error:
        raise DataError(error.what, where=f"{where}: {error.where}", remedy=error.remedy) from error


def _observations(rows: list[list[str]], key: tuple[str, ...], scale: str, where: str) -> Observations:
    tag, transmitter, receiver, up, down, exciter, _ = key
    values = np.array([_numbers(row, where, doppler=_TAGS[tag] is Kind.DOPPLER) for row in rows])
    epochs = station_epochs(np.array(list(_calendar((row[0] for row in rows), where))), scale, where=where)
    order = np.argsort(epochs, kind="stable")
    epochs, values = epochs[order], values[order]
    kind, full = _TAGS[tag], np.ones(len(rows))
    try:
        ratio, of_exciter = turnaround(up, down), turnaround(exciter, down)
    except DataError as error:
        raise DataError(error.what, where=f"{where}, line {rows[0][-1]}", remedy=error.remedy) from error
    if kind is Kind.DOPPLER:
        sigma, count = SIGMA_HZ * full, values[:, 0]
        reference, modulus = of_exciter * values[:, 3], 0.0
    else:
        sigma, count, reference = SIGMA_UNITS * full, 0 * full, values[:, 3]
        modulus = float(2.0 ** (values[0, 1] + 6))  # range units (JPL DESCANSO 2, 13.5.2)
    return Observations(
        kind, _station(transmitter), _station(receiver), epochs, values[:, 2], sigma, count, reference, ratio, modulus=modulus
    )  # fmt: skip


def _numbers(row: list[str], where: str, *, doppler: bool) -> list[float]:
    """Return count interval, range code, value and reference of a line. Raises DataError, with the line, for one that is none."""
    names = ("count interval", "range code", "observed value", "reference frequency")
    found = []
    for name, text in zip(names, row[9:13], strict=True):
        least, most = {"count interval": (0.0, LONGEST_COUNT_S), "range code": (-6.0, 40.0)}.get(name, (-LARGEST, LARGEST))
        try:
            value = float(text)
        except ValueError:
            value = float("nan")
        if not least <= value <= most or (doppler and name == "count interval" and value == 0):
            told = f"{name} {text!r} is no number" + ("" if most == LARGEST else f" from {least:g} to {most:g}")
            raise DataError(told, where=f"{where}, line {row[-1]}", remedy="Correct or leave out the line")
        found.append(value)
    return found


def _calendar(texts: Iterator[str], where: str) -> Iterator[np.datetime64]:
    """Yield the times of texts like `07-Mar-1999 19:27:35.000000`."""
    for text in texts:
        try:
            day, clock = text.split()
            of_month, month, year = day.split("-")
            yield np.datetime64(f"{year}-{_MONTHS.index(month) + 1:02d}-{of_month}T{clock}", "ns")
        except ValueError as error:
            raise TimeError(f"{text!r} is no time", where=where, remedy="Write 07-Mar-1999 19:27:35.000000") from error
