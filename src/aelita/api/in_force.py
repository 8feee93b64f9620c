"""What holds of parameters now, whatever the mission database says: limits and calibrations overridden for a time, severities."""

import threading
from dataclasses import dataclass

import polars as pl

from ..alarms import LimitSet, Overridden
from ..archive import Archive, standing_severities
from ..mdb import CompiledDatabase
from ..services import live
from ..time import NO_TIME
from .alarm_items import OverrideItem, override_item
from .centre import Centre
from .definitions import Limit, limits_of
from .spacecraft import crafts

MOST_KEPT = 8


@dataclass(frozen=True, slots=True)
class InForce:
    """The overrides that hold now; `reached`: the streams that tell of them are, else they are those that were known last."""

    reached: bool
    held: tuple[tuple[Overridden, str], ...]  # each with who made it

    def items(self) -> list[OverrideItem]:
        """Return all, by spacecraft and parameter."""
        return [override_item(one, by) for one, by in self.held]

    def of(self, spacecraft: str, parameter: str) -> list[OverrideItem]:
        """Return those of a parameter."""
        return [override_item(one, by) for one, by in self.held if (one.spacecraft, one.parameter) == (spacecraft, parameter)]

    def kinds(self) -> dict[tuple[str, str], list[str]]:
        """Return what is overridden (limits, calibration) of each parameter, by spacecraft and name."""
        found: dict[tuple[str, str], list[str]] = {}
        for one in self.items():
            found.setdefault((one.spacecraft, one.parameter), []).append(one.kind)
        return found

    def limits(self, compiled: CompiledDatabase, spacecraft: str, parameter: str) -> list[Limit] | None:
        """Return the rules that are tried instead of those of the database, None when these hold."""
        for one, _ in self.held:
            if (one.spacecraft, one.parameter) == (spacecraft, parameter) and isinstance(one.new, LimitSet):
                return limits_of(live.override_rules(one.new, compiled.database, parameter))
        return None


def in_force(here: Centre) -> InForce:
    """Return the overrides that hold at a centre now, as the alarm server of its agency told."""
    seen = here.watch.agencies[here.agency]
    overrides = seen.alarms.state.overrides
    held = tuple((one, overrides.made_by(one)) for one in overrides.overrides_at(here.clock.now()))
    return InForce(seen.connected, held)


_kept: dict[str, tuple[int, dict[tuple[str, str], int]]] = {}
_turn = threading.Lock()


def archived_severities(here: Centre, archive: Archive) -> dict[tuple[str, str], int]:
    """Return by spacecraft and parameter the severity since the last archived transition, without those that had none."""
    key, version = str(archive.path), archive.tables["limits"].version
    with _turn:
        kept = _kept.get(key)
    if kept is not None and kept[0] == version:
        return kept[1]
    rows = standing_severities(archive).sort(pl.col("generated").fill_null(NO_TIME))
    keys = {source: one.key for one in crafts(here) for source in one.sources}
    found = {(keys.get(row["source"], ""), row["parameter"]): int(row["after"] or 0) for row in rows.iter_rows(named=True)}
    with _turn:
        if len(_kept) >= MOST_KEPT:
            _kept.clear()
        _kept[key] = version, found
    return found


def severity_of(here: Centre, archived: dict[tuple[str, str], int], spacecraft: str, parameter: str) -> int:
    """Return the severity of a parameter's latest value as live updates tell it, else as the archive has it."""
    told = here.feed.parameters.severity(spacecraft, parameter)
    return archived.get((spacecraft, parameter), 0) if told is None else told
