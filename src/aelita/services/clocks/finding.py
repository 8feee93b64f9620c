"""Clocks from where they are known: a file, a mission, pairs, or what an agency's services correlated."""

from pathlib import Path

import orjson

from ...ephemeris import kernel_clashes
from ...errors import DataError, UsageError
from ...telemetry import ClockCorrelation
from ...time import CorrelationRules, Correlator
from ..definitions import KERNEL_SUFFIXES, read_clock
from ..missions import Spacecraft
from ..navigation.reading import octets_of
from .pairs import pairs_of_state, read_pairs
from .telling import ClockTold, correlated, told_clock

KEPT = "products/{}.clock.json"  # below the home of an agency: what its correlation knows


def clock_from_files(spacecraft: Spacecraft, source: Path | None = None, pairs: Path | None = None) -> ClockTold:
    """Return a spacecraft's clock: that of a file, tested by pairs if some are given; else what pairs make; else the mission's.

    Raises UsageError for the clock kernel of another spacecraft and where there is no clock, DataError for pairs that are none.
    """
    rules, given = _rules(spacecraft), None if pairs is None else read_pairs(pairs)
    path = source or (None if given is not None else spacecraft.clock)
    if path is not None:
        _check_owner(path, spacecraft)
        return told_clock(read_clock(path), given, rules=rules, notes=(f"as in {path.name}",))
    if given is None:
        raise UsageError(f"the mission has no clock of {spacecraft.key}", remedy="Give a clock kernel, or --pairs")
    if spacecraft.clock is None:
        raise UsageError("how many ticks has a second of this clock?", remedy="Give the mission a clock file")
    made, health, used = correlated(given, read_clock(spacecraft.clock).ticks_per_second, spacecraft.key, rules)
    notes = (f"correlated from {given.ticks.size} pairs of {pairs}",)
    return told_clock(made, given, health=health, used=used, rules=rules, notes=notes)


def clock_of_home(spacecraft: Spacecraft, agency: str, home: Path) -> ClockTold:
    """Return the clock that an agency's correlation keeps in its home, with the pairs of its present segment.

    Raises UsageError where it has not correlated this clock, DataError for a state that is none.
    """
    path, rules = home / KEPT.format(spacecraft.key), _rules(spacecraft)
    if not path.is_file():
        raise UsageError(
            f"{agency} has not correlated the clock of {spacecraft.key}", where=str(path),
            remedy="Run the agency's services while time packets come, or give a file",
        )  # fmt: skip
    try:
        state = orjson.loads(octets_of(path))["state"]
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(f"no state of a correlation: {error!r}", where=str(path)) from error
    made, pairs = Correlator.restored(rules, state, spacecraft.key), pairs_of_state(state)
    health = made.health(int(pairs.tai_ns.max()))
    notes = (f"correlated by {agency}: {health.points} points in the present segment, {health.rejected} left out",)
    return told_clock(made.clock(), pairs, health=health, rules=rules, notes=notes)


def _check_owner(path: Path, spacecraft: Spacecraft) -> None:
    """Refuse by name the clock kernel of another spacecraft, and a kernel that is none of a clock."""
    head = octets_of(path)[:8]
    if head.startswith((b"KPL/", b"DAF/", b"NAIF/DAF")) and head != b"KPL/SCLK":
        raise UsageError("this kernel is none of a clock (KPL/SCLK)", where=str(path), remedy="Give an SCLK kernel (.tsc)")
    if path.suffix.lower() in KERNEL_SUFFIXES and spacecraft.naif_id:
        for clash in kernel_clashes(path, spacecraft=(spacecraft.naif_id,)):
            if clash.refused:
                raise UsageError(clash.what, where=str(path), remedy="Name its spacecraft: --for")


def _rules(spacecraft: Spacecraft) -> CorrelationRules:
    path = spacecraft.correlation
    return CorrelationRules() if path is None else ClockCorrelation.from_toml(octets_of(path).decode("utf-8"), str(path)).rules
