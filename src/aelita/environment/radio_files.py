"""Reader of a mission's file of antennas: each value with its source and grade."""

from dataclasses import dataclass

from ..errors import DefinitionError
from ..tables import Table
from .link import Antenna, Weather

GRADES = ("A", "B", "C", "D", "E")  # kernel or data file, agency page, press or secondary, derived, assumed
ANTENNA_VALUES = ("dish_m", "efficiency", "power_w", "losses_db", "noise_k", "pointing_deg")
BOUNDS = {
    "dish_m": (0.05, 500.0), "efficiency": (0.05, 1.0), "power_w": (0.01, 1e6), "losses_db": (0.0, 20.0),
    "noise_k": (1.0, 5000.0), "pointing_deg": (0.0, 10.0), "zenith_db": (0.0, 30.0), "down_hz": (1e8, 1e11), "up_hz": (1e8, 1e11),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value comes from: whose it is, its name, source in words, and grade A (kernel) to E (assumed)."""

    key: str
    name: str
    source: str
    grade: str


@dataclass(frozen=True, slots=True)
class Radio:
    """Antennas and carrier frequencies (Hz) of spacecraft by key, antennas of stations, weathers by name, and all origins."""

    craft: dict[str, Antenna]
    stations: dict[str, Antenna]
    down_hz: dict[str, float]
    up_hz: dict[str, float]
    weather: dict[str, Weather]
    origins: tuple[Origin, ...]

    def assumed(self) -> tuple[Origin, ...]:
        """Return the origins of values that are only assumed."""
        return tuple(origin for origin in self.origins if origin.grade == "E")


class _Reader:
    def __init__(self, sources: Table) -> None:
        self.sources = {key: sources.text(key) for key in sorted(sources.values)}
        self.origins: list[Origin] = []

    def value(self, table: Table, key: str, name: str) -> float:
        """Take one graded value."""
        inner = table.table(name)
        value, source = inner.real("value", None), inner.text("source")
        grade = inner.choice("grade", GRADES)
        inner.finish()
        low, high = BOUNDS[name]
        if not low <= value <= high:  # also false for NaN
            raise DefinitionError(f"{value:g} is not from {low:g} to {high:g}", where=inner.path("value"), remedy="Mind the unit")
        if source not in self.sources:
            raise DefinitionError(
                f"source {source!r} is not in [sources]", where=inner.path("source"), remedy=f"Known: {', '.join(self.sources)}"
            )
        self.origins.append(Origin(key, name, self.sources[source], grade))
        return value

    def antenna(self, table: Table, known: dict[str, Antenna]) -> str:
        """Take one antenna into `known`; return its key."""
        key = table.text("key")
        if key in known:
            raise DefinitionError(f"{key!r} stands twice", where=table.path("key"), remedy="Give each antenna its own key")
        known[key] = Antenna(key, *(self.value(table, key, name) for name in ANTENNA_VALUES))
        return key


def read_radio(text: str, *, name: str) -> Radio:
    """Return the antennas, frequencies and weathers of a TOML file. Raises DefinitionError, which names file and key."""
    table = Table.parse(text, name)
    reader = _Reader(table.table("sources"))
    radio = Radio({}, {}, {}, {}, {}, ())
    for one in table.tables("craft"):
        key = reader.antenna(one, radio.craft)
        radio.down_hz[key], radio.up_hz[key] = (reader.value(one, key, which) for which in ("down_hz", "up_hz"))
        one.finish()
    for one in table.tables("stations"):
        reader.antenna(one, radio.stations)
        one.finish()
    for one in table.tables("weather"):
        called = one.text("name")
        radio.weather[called] = Weather(called, reader.value(one, called, "zenith_db"))
        one.finish()
    table.finish()
    return Radio(radio.craft, radio.stations, radio.down_hz, radio.up_hz, radio.weather, tuple(reader.origins))
