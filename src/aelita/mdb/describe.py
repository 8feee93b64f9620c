"""What a database says of a name, and what is to be told of the whole of it, as plain data: dictionaries, lists and words."""

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Any

from ..errors import UsageError
from .command_view import compile_commands
from .describe_commands import show_command
from .layout import CompiledDatabase
from .model import ArrayEntry, Container, Database, Parameter, ParameterEntry
from .types import (
    AbsoluteTimeType,
    AggregateType,
    ArrayType,
    BooleanType,
    EnumeratedType,
    FloatType,
    IntegerType,
    ParameterType,
    RelativeTimeType,
)
from .walk import Field, lineage
from .wording import (
    alarm_lines,
    calibration_lines,
    condition_text,
    encoded_calibration,
    encoding_text,
    entry_text,
    range_text,
    size_text,
)

Data = dict[str, Any]
SEVERITIES = ("defect", "unsupported", "repaired", "ignored")
MOST_MATCHES = 5


def names_like(database: Database, name: str) -> tuple[str, ...]:
    """Return the qualified names of the parameters and containers that a name means.

    It is a qualified name, the tail of one (`AOCS/quaternion`, `quaternion`), or an alias, in this order. Raises UsageError with
    similar names when nothing is meant.
    """
    known = dict.fromkeys([*database.parameters, *database.containers])
    if name in known:
        return (name,)
    tail = [each for each in known if each.endswith(f"/{name.strip('/')}")]
    if tail:
        return tuple(tail)
    aliased = [each.name for each in database.parameters.values() if any(alias == name for _, alias in each.aliases)]
    if aliased:
        return tuple(aliased)
    raise UsageError(f"{database.name} has no parameter, container or alias {name!r}", remedy=_advice(database, known, name))


def _advice(database: Database, known: Iterable[str], name: str) -> str:
    """Return which names are similar, letters in either case counting as the same."""
    words: dict[str, str] = {}
    for each in known:
        words.setdefault(each.rpartition("/")[2].lower(), each)
    for parameter in database.parameters.values():
        for _, alias in parameter.aliases:
            words.setdefault(alias.lower(), alias)
    close = get_close_matches(name.rpartition("/")[2].lower(), words, MOST_MATCHES, 0.6)
    return f"Similar names: {', '.join(words[each] for each in close)}" if close else "`aelita mdb check` counts what there is"


def show(compiled: CompiledDatabase, name: str) -> list[Data]:
    """Return what there is to say of each parameter, container and command that a name means (see `names_like`)."""
    database = compiled.database
    named = [each for each in database.commanding.commands if each == name or each.endswith(f"/{name.strip('/')}")]
    commands = compile_commands(database) if named else None
    found: list[Data] = [show_command(commands, commands.commands[each]) for each in named] if commands is not None else []
    try:
        others = names_like(database, name)
    except UsageError:
        if not found:
            raise
        return found
    for each in others:
        if each in database.parameters:
            found.append(show_parameter(compiled, database.parameters[each]))
        if each in database.containers:
            found.append(show_container(compiled, database.containers[each]))
    return found


def show_parameter(compiled: CompiledDatabase, parameter: Parameter) -> Data:
    """Return a parameter with its type, its alarms and where it lies."""
    database = compiled.database
    return {
        "kind": "parameter",
        "name": parameter.name,
        "description": parameter.short_description,
        "long_description": parameter.long_description,
        "aliases": [{"name_space": space, "alias": alias} for space, alias in parameter.aliases],
        "source": parameter.data_source.value,
        "initial_value": parameter.initial_value,
        "type": show_type(database, database.types[parameter.type]),
        "containers": [_place(compiled, each, parameter.name) for each in _holders(database, parameter.name)],
        "derived_by": [{"name": d.name, "expression": d.expression} for d in database.derivations if d.output == parameter.name],
    }


def show_type(database: Database, kind: ParameterType) -> Data:
    """Return a parameter type: encoding, calibrators, alarms, valid range, labels, members."""
    found: Data = {
        "name": kind.facts.name,
        "kind": type(kind).__name__.removesuffix("Type"),
        "description": kind.facts.short_description,
        "units": kind.facts.units,
        "initial_value": kind.facts.initial_value,
        "alarms": alarm_lines(kind.facts.alarms),
    }
    if isinstance(kind, ArrayType):
        dimensions = [f"{size_text(first, '').strip()}..{size_text(last, '').strip()}" for first, last in kind.dimensions]
        return found | {"element": show_type(database, database.types[kind.element]), "dimensions": dimensions}
    if isinstance(kind, AggregateType):
        return found | {"members": [{"name": m.name, "type": show_type(database, database.types[m.type])} for m in kind.members]}
    found |= {"encoding": encoding_text(kind.encoding), "calibration": calibration_lines(encoded_calibration(kind.encoding))}
    return found | _particulars(kind)


def _particulars(kind: ParameterType) -> Data:
    if isinstance(kind, IntegerType | FloatType):
        return {"valid_range": range_text(kind.valid_range) if kind.valid_range is not None else None}
    if isinstance(kind, EnumeratedType):
        return {"labels": [{"label": e.label, "value": e.value, "maximum": e.maximum} for e in kind.entries]}
    if isinstance(kind, BooleanType):
        return {"labels": [{"label": kind.zero, "value": 0, "maximum": 0}, {"label": kind.one, "value": 1, "maximum": None}]}
    if isinstance(kind, AbsoluteTimeType | RelativeTimeType):
        found: Data = {"scale": kind.scale, "offset": kind.offset, "time_units": kind.units}
        if isinstance(kind, AbsoluteTimeType):
            found |= {"epoch": kind.epoch, "relative_to": kind.relative_to}
        return found
    return {}


def _holders(database: Database, parameter: str) -> list[Container]:
    """Return the containers that have this parameter among their own entries."""
    return [
        container
        for container in database.containers.values()
        if any(isinstance(entry, ParameterEntry | ArrayEntry) and entry.parameter == parameter for entry in container.entries)
    ]


def _place(compiled: CompiledDatabase, container: Container, parameter: str) -> Data:
    """Return where a parameter lies in a container; no bits where only a packet shows them."""
    layout = compiled.layout(container.name)
    fields = [_field(each) for each in layout.fields if each.parameter == parameter]
    names = (name for name in compiled.database.containers if name != container.name)
    heirs = sum(1 for name in names if _inherits(compiled, name, container.name))
    found: Data = {"container": container.name, "fields": fields, "inherited_by": heirs}
    return found | ({} if fields else {"where": layout.stop or layout.dynamic or "in a container of its own"})


def _inherits(compiled: CompiledDatabase, name: str, ancestor: str) -> bool:
    return any(each.name == ancestor for each in lineage(compiled.database, name))


def _field(field: Field) -> Data:
    octet, bit = divmod(field.first_bit, 8)
    return {
        "column": field.column,
        "parameter": field.parameter,
        "first_bit": field.first_bit,
        "octet": octet,
        "bit_of_octet": bit,
        "bits": field.reading.bits,
    }


def show_container(compiled: CompiledDatabase, container: Container) -> Data:
    """Return a container: what it inherits and when, its entries as written, and its fields with their places."""
    database, layout = compiled.database, compiled.layout(container.name)
    return {
        "kind": "container",
        "name": container.name,
        "description": container.short_description,
        "long_description": container.long_description,
        "abstract": container.abstract,
        "lineage": [
            {"container": each.name, "when": _when(each), "abstract": each.abstract} for each in lineage(database, container.name)
        ],
        "children": list(compiled.children.get(container.name, ())),
        "size": size_text(container.size_bits) if container.size_bits is not None else None,
        "rate_per_second": container.rate_per_second,
        "entries": [entry_text(each) for each in container.entries],
        "fields": [_field(each) | {"type": _short(database, each)} for each in layout.fields],
        "bits": layout.bits,
        "fixed": layout.fixed and not layout.stop,
        "dynamic": layout.dynamic,
        "stop": layout.stop,
    }


def _when(container: Container) -> str:
    return condition_text(container.restriction) if container.restriction is not None else "always"


def _short(database: Database, field: Field) -> str:
    kind = database.types.get(field.type)
    if kind is None or isinstance(kind, ArrayType | AggregateType):
        return ""
    units = f" {kind.facts.units}" if kind.facts.units else ""
    return f"{type(kind).__name__.removesuffix('Type').lower()}{units}, {encoding_text(kind.encoding)}"


def check(compiled: CompiledDatabase) -> Data:
    """Return what is to be told of a whole database: counts, findings by severity, and layouts that are not fixed."""
    database = compiled.database
    layouts = {name: compiled.layout(name) for name in database.containers}
    commands = compile_commands(database)
    sendable = {each.name: commands.layout(each) for each in commands.sendable()}
    unsent = {name: each.stop for name, each in sendable.items() if each is not None and each.stop}
    findings = {severity: [each for each in database.findings if each.severity == severity] for severity in SEVERITIES}
    return {
        "name": database.name,
        "version": database.version,
        "date": database.date,
        "validation_status": database.validation_status,
        "digest": database.digest,
        "counts": {
            "types": len(database.types),
            "parameters": len(database.parameters),
            "containers": len(database.containers),
            "abstract_containers": sum(each.abstract for each in database.containers.values()),
            "derived_parameters": len(database.derivations),
            "alarms": sum(1 for each in database.types.values() if alarm_lines(each.facts.alarms)),
            "commands": len(sendable),
        },
        "findings": {
            severity: [{"file": f.file, "line": f.line, "element": f.element, "message": f.message} for f in found]
            for severity, found in findings.items()
        },
        "roots": list(compiled.roots()),
        "fixed": sum(1 for each in layouts.values() if each.fixed and not each.stop),
        "dynamic": {name: each.dynamic for name, each in layouts.items() if each.dynamic},
        "stopped": {name: each.stop for name, each in layouts.items() if each.stop} | unsent,
        "usable": not findings["defect"] and not unsent and not any(each.stop for each in layouts.values()),
    }
