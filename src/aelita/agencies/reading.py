"""The files of a mission's organisation turned into values. Every error names the file and the key.

Tables are read in the order agencies, centres, roles, stations, instruments, agreement, so that a reference is looked up where
it stands.
"""

import math
import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeVar

from ..errors import DefinitionError, TimeError
from ..tables import Table
from ..time import NO_TIME, tai_ns_from_utc
from .identifiers import gate_authority, sle_authority
from .model import (
    BANDS,
    DIRECTIONS,
    GRADES,
    PARTS,
    Agency,
    Basis,
    Capability,
    Centre,
    Instrument,
    Period,
    Position,
    Role,
    SleNames,
    Station,
)
from .model import Collection as ProductCollection
from .permissions import PERMISSIONS

KEY = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
EARTH_KM = (6300.0, 6400.0)  # distances from the Earth's centre at which an antenna can stand


class Keyed(Protocol):
    """Anything that is known by its key."""

    @property
    def key(self) -> str:
        """The key."""


Thing = TypeVar("Thing", bound=Keyed)


@dataclass(frozen=True, slots=True)
class Known:
    """Keys that other tables may refer to, and the word for what they are."""

    what: str
    keys: Collection[str]

    def check(self, table: Table, key: str, value: str) -> str:
        """Return the value when it is known; raise DefinitionError naming the key when it is not."""
        if value not in self.keys:
            known = ", ".join(self.keys) or "none"
            raise DefinitionError(f"{value!r} is no {self.what} of the mission", where=table.path(key), remedy=f"Known: {known}")
        return value

    def take(self, table: Table, key: str, default: str | None = None) -> str:
        """Return a reference; an empty default stands for none."""
        value = table.text(key, default)
        return value if value == default == "" else self.check(table, key, value)

    def take_all(self, table: Table, key: str) -> tuple[str, ...]:
        """Return a list of references, each once."""
        values = words(table, key)
        return tuple(self.check(table, key, value) for value in values)


def refuse(table: Table, key: str, what: str, remedy: str = "") -> DefinitionError:
    """Return the error about a key of a table."""
    return DefinitionError(what, where=table.path(key), remedy=remedy)


def by_key(tables: Iterable[Table], read: Callable[[Table], Thing]) -> dict[str, Thing]:
    """Return what the tables describe by key. Raises DefinitionError for a key that stands twice."""
    found: dict[str, Thing] = {}
    for table in tables:
        one = read(table)
        table.finish()
        if one.key in found:
            raise refuse(table, "key", f"{one.key!r} is described twice")
        found[one.key] = one
    return found


def name(table: Table, key: str = "key", default: str | None = None) -> str:
    """Return a key: lower-case letters, digits, - and _, so that it can be a token of a subject."""
    value = table.text(key, default)
    if not KEY.fullmatch(value):
        raise refuse(table, key, f"{value!r} is no key", "Use at most 64 lower-case letters, digits, - and _")
    return value


def title(table: Table, key: str = "name") -> str:
    """Return a text that is not empty."""
    value = table.text(key)
    if not value.strip():
        raise refuse(table, key, "empty")
    return value


def words(table: Table, key: str) -> tuple[str, ...]:
    """Return a list of texts of which none is empty and none stands twice."""
    values = table.texts(key)
    for value in values:
        if not value.strip() or values.count(value) > 1:
            raise refuse(table, key, f"{value!r} is empty or stands twice")
    return tuple(values)


def real(table: Table, key: str, default: float | None, least: float, most: float) -> float:
    """Return a number between two bounds, which NaN and infinity never are."""
    value = table.real(key, default)
    if not least <= value <= most:
        raise refuse(table, key, f"{value} is not a number from {least:g} to {most:g}")
    return value


def vector(table: Table, key: str, default: tuple[float, float, float] | None = None) -> tuple[float, float, float]:
    """Return three finite numbers."""
    values = table.reals(key, 3, default)
    if not all(map(math.isfinite, values)):
        raise refuse(table, key, f"{values} are not finite")
    return values[0], values[1], values[2]


def instant(table: Table, key: str) -> int:
    """Return TAI nanoseconds of a UTC text, NO_TIME when the key is absent."""
    text = table.text(key, "")
    if not text:
        return NO_TIME
    try:
        return tai_ns_from_utc(text)
    except TimeError as error:
        raise refuse(table, key, error.what, error.remedy or "Write 2016-10-16 or 2016-10-16T14:42:00") from error


def period(table: Table) -> Period:
    """Return the period between the keys `from` and `until`, both UTC, each open when absent."""
    found = Period(instant(table, "from"), instant(table, "until"))
    if NO_TIME not in (found.start, found.stop) and found.stop <= found.start:
        raise refuse(table, "until", "not after `from`", "Put the dates in order")
    return found


def basis(table: Table) -> Basis:
    """Return the grade and the source of a table; only what is recalled or assumed may be without source."""
    grade = table.choice("grade", GRADES)
    source = table.text("source", "")
    if not source.strip() and grade not in ("recalled", "assumed"):
        raise refuse(table, "source", f"what is {grade} has a source", "Name it, or grade it as recalled or assumed")
    return Basis(grade, source)


def agency(table: Table) -> Agency:
    """Return one agency."""
    key = name(table)
    return Agency(key, title(table), name(table, "domain", key), table.choice("part", PARTS, "lead"), basis(table))


def agencies(tables: list[Table]) -> dict[str, Agency]:
    """Return all agencies by key; each has a domain of its own, and is known to stations by names that no other has."""
    found = by_key(tables, agency)
    domains = [one.domain for one in found.values()]
    named: dict[str, str] = {}
    for table, one in zip(tables, found.values(), strict=True):
        if domains.count(one.domain) > 1:
            raise refuse(table, "domain", f"another agency has the domain {one.domain!r}")
        for identifier in (sle_authority(one.key), gate_authority(one.key)):
            if identifier in named:
                what = f"stations would know {named[identifier]!r} and {one.key!r} both as {identifier}"
                raise refuse(table, "key", what, "Give one of them another key")
            named[identifier] = one.key
    return found


def centre(table: Table, agencies: Mapping[str, Agency]) -> Centre:
    """Return one centre."""
    owner = Known("agency", agencies).take(table, "agency")
    return Centre(name(table), title(table), owner, table.text("place", ""), words(table, "tasks"), basis(table))


def role(table: Table, centres: Mapping[str, Centre]) -> Role:
    """Return one role, which has a centre where people hold it and permissions of the closed list."""
    places = Known("centre", centres).take_all(table, "centres")
    if not places:
        raise refuse(table, "centres", "nobody can hold a role without a centre", "Name the centres whose people hold it")
    may = words(table, "may")
    for word in may:
        if word not in PERMISSIONS:
            raise refuse(table, "may", f"{word!r} is no permission", f"Permissions: {', '.join(PERMISSIONS)}")
    return Role(name(table), title(table, "title"), places, frozenset(may))


def station(table: Table, agencies: Mapping[str, Agency], spacecraft: Collection[str]) -> Station:
    """Return one station."""
    if "naif_id" in table.values:
        raise refuse(
            table,
            "naif_id",
            "stations are known by key: their NAIF numbers mean different antennas in different public files",
            "Remove the key",
        )
    capabilities = tuple(_capability(one, spacecraft) for one in table.tables("capabilities"))
    sle = table.table("sle")
    return Station(
        key=name(table),
        name=title(table),
        network=table.text("network", ""),
        agency=Known("agency", agencies).take(table, "agency"),
        antenna=table.text("antenna", ""),
        dish_m=real(table, "dish_m", None, 0.1, 1000.0),
        position=_position(table.table("position")),
        minimum_elevation_deg=real(table, "minimum_elevation_deg", None, -5.0, 90.0),
        capabilities=capabilities,
        beams=table.number("beams", 1, 1, 64),
        sle=_sle(sle) if sle.values else None,
        basis=basis(table),
        horizon=_horizon(table),
    )


def _horizon(table: Table) -> tuple[tuple[float, float], ...]:
    """Return the points of a station's horizon: azimuths rise, so that between two the elevation is interpolated."""
    found: list[tuple[float, float]] = []
    for point in table.tables("horizon"):
        azimuth = real(point, "azimuth_deg", None, 0.0, 360.0)
        if azimuth == 360.0 or (found and azimuth <= found[-1][0]):
            raise refuse(point, "azimuth_deg", "azimuths rise from 0 to below 360 degrees", "Put the points in order")
        found.append((azimuth, real(point, "elevation_deg", None, -5.0, 90.0)))
        point.finish()
    return tuple(found)


def _position(table: Table) -> Position:
    table.choice("frame", ("ITRF93",))
    x, y, z = vector(table, "xyz_km")
    least, most = EARTH_KM
    if not least <= math.sqrt(x * x + y * y + z * z) <= most:
        raise refuse(table, "xyz_km", "not on the Earth's surface", "Give kilometres from the Earth's centre")
    velocity = vector(table, "velocity_km_per_year", (0.0, 0.0, 0.0))
    epoch = instant(table, "epoch")
    if any(velocity) and epoch == NO_TIME:
        raise refuse(table, "epoch", "missing: a moving point has one")
    if max(map(abs, velocity)) > 0.001:
        raise refuse(table, "velocity_km_per_year", "no antenna drifts by a metre a year", "Give kilometres, not millimetres")
    made = Position(x, y, z, epoch, velocity, basis(table))
    table.finish()
    return made


def _capability(table: Table, spacecraft: Collection[str]) -> Capability:
    bands = words(table, "bands")
    for band in bands:
        if band not in BANDS:
            raise refuse(table, "bands", f"{band!r} is no band", f"Bands: {', '.join(BANDS)}")
    if not bands:
        raise refuse(table, "bands", "missing", f"Bands: {', '.join(BANDS)}")
    made = Capability(
        direction=table.choice("direction", DIRECTIONS),
        bands=bands,
        spacecraft=Known("spacecraft", spacecraft).take_all(table, "spacecraft"),
        period=period(table),
        basis=basis(table),
    )
    table.finish()
    return made


def _sle(table: Table) -> SleNames:
    made = SleNames(
        responder_id=_sized(table, "responder_id", 3, 16),
        responder_port=_sized(table, "responder_port", 1, 128),
        antenna_id=_sized(table, "antenna_id", 1, 16),
        service_agreement=_sized(table, "service_agreement", 1, 256),
        service_package=_sized(table, "service_package", 1, 256),
        host=table.text("host", "127.0.0.1"),
        tcp_port=table.number("tcp_port", 0, 0, 65535),
        basis=basis(table),
    )
    table.finish()
    return made


def _sized(table: Table, key: str, least: int, most: int) -> str:
    value = table.text(key)
    if not (least <= len(value) <= most and value.isascii() and value.isprintable()) or set(value) & set(". ="):
        what = f"{value!r} is not {least} to {most} printable ASCII characters without points, spaces and ="
        raise refuse(table, key, what)
    return value


def instrument(table: Table, agencies: Mapping[str, Agency], spacecraft: Collection[str]) -> Instrument:
    """Return one instrument."""
    return Instrument(
        key=name(table),
        name=title(table),
        spacecraft=Known("spacecraft", spacecraft).take(table, "spacecraft"),
        agency=Known("agency", agencies).take(table, "agency"),
        lead=table.text("lead", ""),
        measures=table.text("measures", ""),
        parent=table.text("parent", ""),
        parts=words(table, "parts"),
        apids=tuple(table.numbers("apids", 0, 2047)),
        collections=tuple(by_key(table.tables("collections"), _collection).values()),
        basis=basis(table),
    )


def _collection(table: Table) -> ProductCollection:
    return ProductCollection(name(table), title(table, "title"), table.text("urn", ""))


def instruments(tables: list[Table], agencies: Mapping[str, Agency], spacecraft: Collection[str]) -> dict[str, Instrument]:
    """Return all instruments by key: parents are on the same spacecraft, and no two have a collection of the same key."""
    found = by_key(tables, lambda table: instrument(table, agencies, spacecraft))
    seen: set[str] = set()
    for table, one in zip(tables, found.values(), strict=True):
        parent = found.get(one.parent)
        if one.parent and (parent is None or parent is one or parent.spacecraft != one.spacecraft):
            raise refuse(table, "parent", f"{one.parent!r} is no other instrument of {one.spacecraft}")
        for each in one.collections:
            if each.key in seen:
                raise refuse(table, "collections", f"{each.key!r} belongs to more than one instrument")
            seen.add(each.key)
    return found


def stations(tables: list[Table], agencies: Mapping[str, Agency], spacecraft: Collection[str]) -> dict[str, Station]:
    """Return all stations by key: no two offer their services at the same place."""
    found = by_key(tables, lambda table: station(table, agencies, spacecraft))
    places: set[tuple[str, int]] = set()
    for table, one in zip(tables, found.values(), strict=True):
        if one.sle is not None and one.sle.tcp_port:
            place = (one.sle.host, one.sle.tcp_port)
            if place in places:
                raise refuse(table, "sle", f"another station listens at {place[0]}:{place[1]}", "Give another tcp_port")
            places.add(place)
    return found
