"""Stations, uplinks and what is on board: what computed observations depend on besides the orbit."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ..errors import DataError, UsageError
from .light_paths import Delay, Station
from .ramps import Ramps

NAMES = ("x", "y", "z", "zenith dry", "zenith wet", "range", "doppler")  # of a station; besides: "transponder", "frequency"
_FIELDS = {"zenith dry": "zenith_dry_m", "zenith wet": "zenith_wet_m", "range": "range_bias_s", "doppler": "doppler_bias_hz"}


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """What observations are computed with: stations by name, ramps of their uplinks, and delay and frequency on board.

    `transponder_s` is the delay on board; `on_board_hz` the frequency of one-way Doppler at the spacecraft and `central_gm` what
    slows its clock (km^3/s^2 of the body that it orbits). `tides` moves stations with the tides of the solid Earth; `delay` tells
    of media beyond the zenith delays of the stations; `electrons` of those that delay ranges and advance the phase of Doppler.
    `delayed_by` names planets whose gravity delays light beside the Sun: JUPITER and SATURN make 0.3 to 1.7 m of range to Mars,
    one way, that changes over months; Doppler and delta-DOR do not notice.
    """

    stations: Mapping[str, Station]
    ramps: Mapping[str, Ramps] = field(default_factory=dict)
    centre: str = "MARS"
    transponder_s: float = 0.0
    on_board_hz: float = 0.0
    central_gm: float = 42_828.37
    tides: bool = True
    delay: Delay | None = None
    electrons: Delay | None = None
    delayed_by: tuple[str, ...] = ()

    def station(self, name: str, where: str) -> Station:
        """Return a station. Raises UsageError for an unknown one, by name."""
        if name not in self.stations:
            known = ", ".join(sorted(self.stations)) or "none"
            raise UsageError(f"station {name!r} is unknown", where=where, remedy=f"Define it, or leave it out; known are {known}")
        return self.stations[name]

    def ramps_of(self, name: str, where: str) -> Ramps:
        """Return the ramps of a station's uplink. Raises DataError where there are none."""
        if name not in self.ramps:
            raise DataError(f"there are no ramps of {name}", where=where, remedy="Give the frequency that it transmitted")
        return self.ramps[name]


def with_value(network: Network, name: str, value: float) -> Network:
    """Return a network in which a named quantity has a value, in the unit of `Computed.by_name`. Raises UsageError for another.

    A station's x, y, z (km, ITRF93), zenith dry and zenith wet (m), range (s) and doppler (Hz) are written `DSS-45 zenith dry`.
    """
    if name in ("transponder", "frequency"):
        return replace(network, transponder_s=value) if name == "transponder" else replace(network, on_board_hz=value)
    station, _, what = name.partition(" ")
    if station not in network.stations or what not in NAMES:
        raise UsageError(f"{name!r} is no quantity of this network", remedy=f"Use a station and one of {', '.join(NAMES)}")
    old = network.stations[station]
    if what in ("x", "y", "z"):
        moved = list(old.site.position_km)
        moved["xyz".index(what)] = value
        new = replace(old, site=replace(old.site, position_km=(moved[0], moved[1], moved[2])))
    else:
        changed: dict[str, Any] = {_FIELDS[what]: value}
        new = replace(old, **changed)
    return replace(network, stations={**network.stations, station: new})


def value_of(network: Network, name: str) -> float:
    """Return the value of a named quantity of `with_value`."""
    if name in ("transponder", "frequency"):
        return network.transponder_s if name == "transponder" else network.on_board_hz
    station, _, what = name.partition(" ")
    if station not in network.stations or what not in NAMES:
        raise UsageError(f"{name!r} is no quantity of this network", remedy=f"Use a station and one of {', '.join(NAMES)}")
    one = network.stations[station]
    if what in ("x", "y", "z"):
        return one.site.position_km["xyz".index(what)]
    return float(getattr(one, _FIELDS[what]))
