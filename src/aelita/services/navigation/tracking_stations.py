"""Stations of tracking: those of a mission, and those of a file that a user names."""

from collections.abc import Mapping
from pathlib import Path

from ...dynamics import Station
from ...ephemeris import Site
from ...errors import UsageError
from ...tables import Table
from ...time import J2000_TAI_NS, tai_ns_from_utc
from ..missions import Mission
from ..places import site_of
from .reading import text_of

ZENITH_DRY_M, ZENITH_WET_M = 2.1, 0.1  # of a station near the sea; assumed where a file tells none


def mission_stations(mission: Mission) -> dict[str, Station]:
    """Return the stations of a mission by key and by the name of their antenna, with usual zenith delays."""
    found: dict[str, Station] = {}
    for key, one in mission.organisation.stations.items():
        found[key] = found[one.antenna] = Station(site_of(one), ZENITH_DRY_M, ZENITH_WET_M)
    return found


def read_stations(path: Path) -> dict[str, Station]:
    """Return the stations of a TOML file, by name.

    Each of its `[[stations]]` has a `name`, `xyz_km` in ITRF93, and as far as known `velocity_km_per_year` at `epoch` (UTC),
    `zenith_dry_m` and `zenith_wet_m`, `range_bias_s` and `doppler_bias_hz`. Raises DefinitionError with file and key.
    """
    table = Table.parse(text_of(path, "Name a TOML file of stations"), str(path))
    found: dict[str, Station] = {}
    for one in table.tables("stations"):
        name = one.text("name")
        if name in found:
            raise UsageError(f"station {name!r} is there twice", where=str(path), remedy="Stations are known by name: keep one")
        x, y, z = one.reals("xyz_km", 3, None)
        a, b, c = one.reals("velocity_km_per_year", 3, (0.0, 0.0, 0.0))
        epoch = one.text("epoch", "")
        site = Site(name, (x, y, z), (a, b, c), tai_ns_from_utc(epoch) if epoch else J2000_TAI_NS)
        dry, wet = one.real("zenith_dry_m", ZENITH_DRY_M), one.real("zenith_wet_m", ZENITH_WET_M)
        found[name] = Station(site, dry, wet, one.real("range_bias_s", 0.0), one.real("doppler_bias_hz", 0.0))
        one.finish()
    table.finish()
    return found


def known_stations(mission: Mission, files: tuple[Path, ...]) -> Mapping[str, Station]:
    """Return the stations of a mission and of files by name; one that two files place differently is refused."""
    found = mission_stations(mission)
    given: dict[str, Path] = {}
    for path in files:
        for name, station in read_stations(path).items():
            if name in given and station != found[name]:
                raise UsageError(f"station {name!r} is also in {given[name]}", where=str(path), remedy="Give one of the two")
            found[name], given[name] = station, path
    return found
