"""What of a product is shown: one JSON document, of a form by kind."""

from collections.abc import Mapping
from typing import Any

import orjson

from ...errors import DataError

MOST_OCTETS = 8 << 20
LISTS: dict[str, tuple[str, ...]] = {  # lists that a document of the kind has
    "orbit": ("utc", "r_km"),
    "attitude": ("utc", "quaternion"),
    "clock": ("rows",),
    "tracking": ("rows",),
    "residuals": ("utc", "residual"),
    "passes": ("rows",),
    "events": ("rows",),
    "porkchop": ("departures", "arrivals", "c3_km2_s2"),
    "cruise": ("table", "legs", "burns"),
    "corridor": ("passes",),
    "launch": ("ascent", "timeline", "windows"),
    "pointing": ("passes", "utc", "azimuth_deg", "elevation_deg"),
    "doppler": ("passes", "utc", "received_hz", "shift_hz"),
}
TEXTS: dict[str, tuple[str, ...]] = {"orbit": ("centre", "frame"), "attitude": ("frame",), "residuals": ("observable", "unit")}
ALIKE: dict[str, tuple[str, ...]] = {  # lists of which each has an entry for each of the first
    "orbit": ("utc", "r_km"),
    "attitude": ("utc", "quaternion", "off_nadir_deg", "sun_aspect_deg", "earth_antenna_deg", "rate_deg_s"),
    "residuals": ("utc", "residual", "edited"),
    "porkchop": ("departures", "c3_km2_s2", "arrival_vinf_km_s", "declination_deg"),  # a row for each departure
    "pointing": ("utc", "azimuth_deg", "elevation_deg", "pass", "range_km", "range_rate_km_s", "hidden"),
    "doppler": ("utc", "received_hz", "shift_hz", "pass", "rate_hz_s", "round_trip_s", "elevation_deg", "hidden"),
}


def check_data(kind: str, data: object) -> bytes:
    """Return what is shown of a product as JSON, NaN as null; nothing for nothing. Raises DataError for another form.

    A product of any kind may be files alone, without a document.
    """
    if data is None or data == {}:
        return b""
    where = f"data of a product of kind {kind}"
    if not isinstance(data, Mapping):
        raise DataError("no document but another value", where=where)
    if kind not in LISTS:
        raise DataError("it is files alone", where=where, remedy="Leave data away")
    for key in LISTS[kind]:
        _demand(data, key, list, where)
    for key in TEXTS.get(kind, ()):
        _demand(data, key, str, where)
    _check_alike(data, ALIKE.get(kind, ()), where)
    try:
        octets = orjson.dumps(dict(data), option=orjson.OPT_SERIALIZE_NUMPY)
    except (TypeError, ValueError) as error:
        raise DataError(f"it cannot be told in JSON: {error}", where=where) from error
    if len(octets) > MOST_OCTETS:
        raise DataError(f"it is {len(octets)} octets long", where=where, remedy=f"Thin it to {MOST_OCTETS} at most")
    return octets


def shown_in(octets: bytes, where: str) -> dict[str, Any]:
    """Return the document that is shown of a product. Raises DataError for octets that are none: a partner may have sent any."""
    try:
        found = orjson.loads(octets) if len(octets) <= MOST_OCTETS else None
    except ValueError as error:
        raise DataError(f"what is shown of it is no JSON: {error}", where=where) from error
    if not isinstance(found, dict):
        raise DataError("what is shown of it is no document, or too long", where=where)
    return found


def _demand(data: Mapping[Any, Any], key: str, kind: type, where: str) -> None:
    if not isinstance(data.get(key), kind):
        raise DataError(f"{key} is {str(data.get(key))[:60]}", where=where, remedy=f"It is a {kind.__name__}")


def _check_alike(data: Mapping[Any, Any], keys: tuple[str, ...], where: str) -> None:
    for key in keys[1:]:
        told = data.get(key)
        if told and len(told) != len(data[keys[0]]):
            raise DataError(f"{key} has {len(told)} entries, {keys[0]} {len(data[keys[0]])}", where=where)
