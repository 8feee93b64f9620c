"""Overrides of limits and calibrations on a compiled database: what is judged, and that nothing is compiled again."""

from dataclasses import replace

import numpy as np
import pytest

from aelita.alarms import CalibrationSet, LimitBand, LimitSet, Overridden, Override
from aelita.errors import UsageError
from aelita.mdb import (
    Alarm,
    AlarmRules,
    BooleanType,
    Calibration,
    Container,
    Database,
    FloatType,
    IntegerEncoding,
    NormalRange,
    Parameter,
    ParameterEntry,
    Polynomial,
    Severity,
    TypeFacts,
    compile_database,
)
from aelita.services.live.overriding import prepared, with_overrides
from aelita.telemetry import Column, LimitChecker, Values
from aelita.telemetry.recent import Held
from aelita.time import NO_TIME

TYPE = FloatType(
    TypeFacts("/A/t", alarms=AlarmRules(Alarm((NormalRange(Severity.WARNING, 0.0, 100.0),), min_violations=2))),
    IntegerEncoding(16, calibration=Calibration(Polynomial((0.0, 2.0)))),
)
DATABASE = Database(
    "A",
    "1",
    "",
    types={"/A/t": TYPE, "/A/b": BooleanType(TypeFacts("/A/b"), IntegerEncoding(8))},
    parameters={name: Parameter(name, kind) for name, kind in {"/A/x": "/A/t", "/A/y": "/A/t", "/A/flag": "/A/b"}.items()},
    containers={"/A/c": Container("/A/c", (ParameterEntry("/A/x"), ParameterEntry("/A/y"), ParameterEntry("/A/flag")))},
)


def override(new: LimitSet | CalibrationSet, parameter: str = "/A/x", spacecraft: str = "A") -> Overridden:
    return Overridden(spacecraft, parameter, "", new, 10, "test")


def held(compiled: object, raw: list[int]) -> Held:
    values = np.array(raw, np.uint16)
    columns = {"/A/x": Column(values), "/A/y": Column(values)}
    return Held("/A/c", np.arange(len(raw)), Values(compiled, columns, len(raw)))  # type: ignore[arg-type]


def test_limits_are_overridden_for_one_parameter_and_come_back() -> None:
    compiled = compile_database(DATABASE)
    layout = compiled.layout("/A/c")
    checker = LimitChecker(compiled)
    times = np.full(9, NO_TIME)
    assert checker.check([held(compiled, [60, 60])], None, times).parameter == ["/A/x", "/A/y"]
    wide = with_overrides(compiled, "A", [override(LimitSet((LimitBand(4, -1000.0, 1000.0),)))])
    assert wide.layout("/A/c") is layout
    assert wide.database.type_of("/A/y") is TYPE
    checker.use(wide)
    made = checker.check([held(wide, [60])], None, times)
    assert (made.parameter, made.after.tolist()) == (["/A/x"], [0])
    made = checker.check([held(wide, [600, 600])], None, times)
    assert [(p, int(a)) for p, a in zip(made.parameter, made.after, strict=True)] == [("/A/x", 4)]  # two in a row, as defined
    checker.use(compiled)
    made = checker.check([held(compiled, [600])], None, times)
    assert [(p, int(a)) for p, a in zip(made.parameter, made.after, strict=True)] == [("/A/x", 2)]


def test_no_limits_end_an_alarm() -> None:
    compiled = compile_database(DATABASE)
    checker = LimitChecker(compiled)
    checker.check([held(compiled, [60, 60])], None, np.full(9, NO_TIME))
    none = with_overrides(compiled, "A", [override(LimitSet())])
    checker.use(none)
    assert checker.check([held(none, [60])], None, np.full(9, NO_TIME)).after.tolist() == [0]


def test_a_calibration_is_overridden() -> None:
    compiled = compile_database(DATABASE)
    line = with_overrides(compiled, "A", [override(CalibrationSet(points=((0.0, 10.0), (10.0, 30.0))))])
    curve = with_overrides(compiled, "A", [override(CalibrationSet((1.0, 0.0, 1.0)))])
    raw = [0, 5, 20]
    for made, wanted in [(compiled, [0, 10, 40]), (line, [10, 20, 50]), (curve, [1, 26, 401])]:
        values = held(made, raw).values
        assert values.engineering("/A/x").values.tolist() == wanted
        assert values.engineering("/A/y").values.tolist() == [0, 10, 40]


def test_layouts_compiled_under_an_override_stay_there() -> None:
    compiled = compile_database(DATABASE)
    other = with_overrides(compiled, "A", [override(LimitSet())])
    assert {field.type for field in other.layout("/A/c").fields} == {"/A/t#/A/x", "/A/t", "/A/b"}
    assert {field.type for field in compiled.layout("/A/c").fields} == {"/A/t", "/A/b"}


def test_what_does_not_fit_is_refused_when_asked_and_left_out_later() -> None:
    new = LimitSet((LimitBand(2, 0.0, 1.0),))
    for parameter, words in [("/A/flag", "it is no number, but BooleanType"), ("/A/z", "no such parameter")]:
        with pytest.raises(UsageError, match=words):
            prepared(Override("1", "anna", "A", parameter, new, 10, "why"), DATABASE)
        compiled = compile_database(DATABASE)
        assert with_overrides(compiled, "A", [override(new, parameter)]) is compiled
        assert with_overrides(compiled, "A", [override(new, spacecraft="B")]) is compiled


def test_a_command_is_given_what_holds_now() -> None:
    limits = prepared(Override("1", "anna", "A", "/A/x", LimitSet(), 10, "why"), DATABASE)
    assert "warning" in limits.old and "100" in limits.old
    calibration = prepared(Override("1", "anna", "A", "/A/x", CalibrationSet((1.0,)), 10, "why"), DATABASE)
    assert "2" in calibration.old


def test_what_stood_by_overridden_limits_ends_with_them_where_there_are_no_others() -> None:
    database = replace(DATABASE, types=DATABASE.types | {"/A/t": replace(TYPE, facts=TypeFacts("/A/t"))})
    compiled = compile_database(database)
    checker, times = LimitChecker(compiled), np.full(9, NO_TIME)
    assert checker.check([held(compiled, [60])], None, times).parameter == []
    low = with_overrides(compiled, "A", [override(LimitSet((LimitBand(3, 0.0, 10.0),)))])
    checker.use(low)
    assert checker.check([held(low, [60])], None, times).after.tolist() == [3]
    checker.use(compiled)
    made = checker.check([held(compiled, [60])], None, times)
    assert (made.parameter, made.after.tolist()) == (["/A/x"], [0])
    assert checker.check([held(compiled, [60])], None, times).parameter == []
