"""A compiled database in which other alarms or calibrations hold for some parameters, without compiling anything again."""

from collections.abc import Mapping
from dataclasses import replace

from ..errors import UsageError
from .alarms import AlarmRules
from .calibration import Calibration
from .layout import CompiledDatabase
from .model import Database
from .types import FloatEncoding, FloatType, IntegerEncoding, IntegerType, ParameterType


def overridden(
    compiled: CompiledDatabase, alarms: Mapping[str, AlarmRules], calibrations: Mapping[str, Calibration]
) -> CompiledDatabase:
    """Return the database with these alarms and calibrations, by qualified name of a parameter, in place of its own.

    Layouts that were compiled are taken over: what a packet holds does not change. Raises UsageError for a parameter that is no
    single number.
    """
    database = compiled.database
    if not alarms and not calibrations:
        return compiled
    types, parameters = dict(database.types), dict(database.parameters)
    for name in sorted({*alarms, *calibrations}):
        kind = number_type(database, name)
        if name in alarms:
            kind = replace(kind, facts=replace(kind.facts, alarms=alarms[name]))
        if name in calibrations:
            encoding = kind.encoding
            if not isinstance(encoding, IntegerEncoding | FloatEncoding):
                raise UsageError("it has no raw number to calibrate", where=name)
            kind = replace(kind, encoding=replace(encoding, calibration=calibrations[name]))
        own = f"{parameters[name].type}#{name}"  # no other parameter of its type is touched; XTCE names have no `#`
        types[own], parameters[name] = kind, replace(parameters[name], type=own)
    return replace(
        compiled,
        database=replace(database, types=types, parameters=parameters),
        _layouts=dict(compiled._layouts),  # a copy: layouts compiled from here on name the types made here
        _tables=dict(compiled._tables),
        _types={},
    )


def number_type(database: Database, name: str) -> IntegerType | FloatType:
    """Return the type of a parameter that is a single number. Raises UsageError, also when there is no such parameter."""
    if name not in database.parameters:
        raise UsageError("the database has no such parameter", where=name, remedy="Give its qualified name")
    kind: ParameterType | None = database.types.get(database.parameters[name].type)
    if not isinstance(kind, IntegerType | FloatType):
        raise UsageError(f"it is no number, but {type(kind).__name__}", where=name, remedy="Only numbers can be overridden")
    return kind
