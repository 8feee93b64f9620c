"""Derived parameters of XTCE."""

import numpy as np
import pytest

from aelita.mdb.conditions import Reference
from aelita.mdb.expressions import Expression
from aelita.mdb.model import Derivation
from xtce_text import INTEGER, covers, document, legal, load, read

PARAMETERS = "".join(f'<Parameter name="{name}" parameterTypeRef="u8"/>' for name in "abc")


def custom(text: str, language: str = "python", output: str = "c") -> str:
    return f"""<CustomAlgorithm name="sum"><AlgorithmText language="{language}">{text}</AlgorithmText>
      <InputSet><InputParameterInstanceRef parameterRef="a" inputName="x"/><InputParameterInstanceRef parameterRef="b"/></InputSet>
      <OutputSet><OutputParameterRef parameterRef="c" outputName="{output}"/></OutputSet>
      <TriggerSet name="t"><OnParameterUpdateTrigger parameterRef="a"/></TriggerSet></CustomAlgorithm>"""


@covers("AlgorithmSet", "OutputSet", "OutputParameterRef", "OutputParameterRef@parameterRef", "OutputParameterRef@outputName",
        "TriggerSet", "OnParameterUpdateTrigger", "OnParameterUpdateTrigger@parameterRef", "TriggerSet@name")  # fmt: skip
@pytest.mark.parametrize(
    ("text", "language"),
    [("x + b / 2", "python"), ("c = x + b / 2", "Python"), ("c.value = x.value + b.value / 2;", "JavaScript")],
)
def test_custom_algorithms(text: str, language: str) -> None:
    database = load(INTEGER, PARAMETERS, algorithms=custom(text, language))
    inputs = (("x", Reference("/S/a")), ("b", Reference("/S/b")))
    assert database.derivations == (Derivation("/S/sum", "/S/c", "x + b / 2", inputs),)


@pytest.mark.parametrize(
    ("text", "language", "told"),
    [
        ("x.__class__", "python", "attribute access"),
        ("import os", "python", "neither an expression nor one assignment to c"),
        ("x + q", "python", "'q' is neither an input nor a known function"),
        ("if (x > 1) { c.value = 2; }", "JavaScript", "not an expression"),
        ("x % 2", "JavaScript", "mean the same"),
        ("org.example.Algorithm()", "java", "algorithms in java are not run"),
    ],
)
def test_algorithms_that_are_not_run_are_reported(text: str, language: str, told: str) -> None:
    database = read(legal(document(INTEGER, PARAMETERS, algorithms=custom(text, language).replace("&", "&amp;"))))
    assert database.derivations == ()
    assert [(found.severity, found.element) for found in database.findings] == [("unsupported", "CustomAlgorithm 'sum'")]
    assert told in database.findings[0].message


@covers("MathAlgorithm", "MathAlgorithm@name", "MathOperation", "MathOperation@outputParameterRef")
@pytest.mark.parametrize(
    ("program", "value"),  # with a = 7, b = 2
    [
        ("a 11.5 - 0.5 /", (7 - 11.5) / 0.5),
        ("a b ^", 49.0),
        ("a b y^x", 128.0),
        ("a b atan2", np.arctan2(2, 7)),
        ("a b swap -", -5.0),
        ("a b over - -", 7 - (2 - 7)),
        ("a dup *", 49.0),
        ("a b drop", 7.0),
        ("a 3 div", 2.0),
        ("a 4 %", 3.0),
        ("a b max a b min -", 5.0),
        ("a b &gt; a 7 == &amp;&amp;", 1.0),
        ("a b &lt; ! b ||", 1.0),
        ("a b xor", 5.0),
        ("a b &lt;&lt;", 28.0),
        ("a ~", -8.0),
        ("b 1/x", 0.5),
        ("b x! a + abs int", 9.0),
        ("b ln e^x", 2.0),
        ("100 log", 2.0),
        ("b sinh asinh", 2.0),
    ],
)
def test_math_algorithms(program: str, value: float) -> None:
    def step(word: str) -> str:
        if word in ("a", "b"):
            return f'<ParameterInstanceRefOperand parameterRef="{word}"/>'
        kind = "ValueOperand" if word.replace(".", "").isdigit() else "Operator"
        return f"<{kind}>{word}</{kind}>"

    steps = "".join(map(step, program.split()))
    trigger = '<TriggerSet><OnParameterUpdateTrigger parameterRef="{}"/></TriggerSet>'.format(
        "a" if "a" in program.split() else "b"
    )
    text = f'<MathAlgorithm name="m"><MathOperation outputParameterRef="c">{steps}{trigger}</MathOperation></MathAlgorithm>'
    if not {"a", "b"} & set(program.split()):
        text = text.replace(trigger, "")
        (found,) = read(document(INTEGER, PARAMETERS, algorithms=text)).derivations
    else:
        (found,) = load(INTEGER, PARAMETERS, algorithms=text).derivations
    assert found.output == "/S/c"
    values = {name: {"/S/a": 7, "/S/b": 2}[reference.parameter] for name, reference in found.inputs}
    assert Expression.parse(found.expression, set(values)).evaluate(values) == pytest.approx(value)


def test_program_that_doubles_itself_is_not_run() -> None:
    steps = '<ParameterInstanceRefOperand parameterRef="a"/>' + "<Operator>dup</Operator><Operator>*</Operator>" * 40
    text = f'<MathAlgorithm name="m"><MathOperation outputParameterRef="c">{steps}</MathOperation></MathAlgorithm>'
    database = read(document(INTEGER, PARAMETERS, algorithms=text))
    assert "the expression of its program is too long" in database.findings[0].message


def test_other_triggers_are_reported() -> None:
    trigger = '<OnPeriodicRateTrigger fireRateInSeconds="1"/>'
    text = custom("x + b").replace('<OnParameterUpdateTrigger parameterRef="a"/>', trigger)
    database = read(legal(document(INTEGER, PARAMETERS, algorithms=text)))
    assert len(database.derivations) == 1
    assert [found.element for found in database.findings] == ["OnPeriodicRateTrigger"]
