"""Overrides of limits and calibrations, from the records of the alarms room, on a mission database."""

from collections.abc import Iterable
from dataclasses import replace

from ...alarms import CalibrationSet, LimitSet, Overridden, Override
from ...errors import UsageError
from ...mdb import (
    Alarm,
    AlarmRules,
    Calibration,
    CompiledDatabase,
    Database,
    FloatEncoding,
    IntegerEncoding,
    NormalRange,
    Polynomial,
    Severity,
    Spline,
    alarm_lines,
    calibrator_text,
    number_type,
    overridden,
)


def prepared(asked: Override, database: Database) -> Override:
    """Return the command with what holds now in its `old`. Raises UsageError when the parameter cannot be overridden so."""
    kind = number_type(database, asked.parameter)
    if isinstance(asked.new, LimitSet):
        return replace(asked, old="; ".join(alarm_lines(kind.facts.alarms)) or "no limits")
    if not isinstance(kind.encoding, IntegerEncoding | FloatEncoding):
        raise UsageError("it has no raw number to calibrate", where=asked.parameter)
    calibration = kind.encoding.calibration
    words = [calibrator_text(one) for one in (calibration.default, *(c for _, c in calibration.contexts)) if one is not None]
    return replace(asked, old="; ".join(words) or "no calibration")


def with_overrides(compiled: CompiledDatabase, spacecraft: str, overrides: Iterable[Overridden]) -> CompiledDatabase:
    """Return a spacecraft's database with these overrides (see `Overrides.overrides_at`); those that do not fit it are left out.

    Always begin from the database as defined: what has ended is then as it was.
    """
    alarms: dict[str, AlarmRules] = {}
    calibrations: dict[str, Calibration] = {}
    for one in overrides:
        if one.spacecraft != spacecraft or not _fits(compiled.database, one):
            continue
        if isinstance(one.new, LimitSet):
            alarms[one.parameter] = override_rules(one.new, compiled.database, one.parameter)
        else:
            calibrations[one.parameter] = _calibration(one.new)
    return overridden(compiled, alarms, calibrations)


def _fits(database: Database, one: Overridden) -> bool:
    try:
        prepared(Override("", "", one.spacecraft, one.parameter, one.new, one.until, one.reason), database)
    except UsageError:  # a newer database has it no longer
        return False
    return True


def override_rules(new: LimitSet, database: Database, parameter: str) -> AlarmRules:
    """Return the alarms of a parameter with these ranges in all contexts; how many samples must violate stays as defined."""
    ranges = tuple(NormalRange(Severity(band.severity), band.minimum, band.maximum) for band in new.bands)
    known = database.type_of(parameter).facts.alarms.default or Alarm()
    return AlarmRules(Alarm(ranges, min_violations=known.min_violations, min_conformances=known.min_conformances))


def _calibration(new: CalibrationSet) -> Calibration:
    if new.coefficients:
        return Calibration(Polynomial(new.coefficients))
    raw, engineering = zip(*new.points, strict=True)
    return Calibration(Spline(raw, engineering, extrapolate=True))
