"""Numbers, truth values, references with conditions, and sizes as XTCE writes them."""

import math
import re
from typing import TypeVar

from ..errors import DefinitionError
from .commands import MARK, local_name
from .conditions import Algorithm, AllOf, AnyOf, Comparison, Condition, Operator, Reference
from .expressions import Expression
from .types import DynamicSize, LookupSize, Size
from .xtce_names import Names
from .xtce_tree import Node

NEVER: Condition = AnyOf(())
LANGUAGES = ("python", "jython", "pseudo", "javascript")  # those whose plain expressions are understood
INTEGER = re.compile(r"[+-]?\d+|0[xX][0-9a-fA-F]+|0[oO][0-7]+|0[bB][01]+")
CRITERIA = ("Comparison", "ComparisonList", "BooleanExpression", "CustomAlgorithm")
INSTANCES = ("ParameterInstanceRef", "ArgumentInstanceRef")
MEMBER_OF_AGGREGATE = "http://yamcs.org/schema/xtce}aggregateMember"

Word = TypeVar("Word")


def integer(node: Node, text: str, least: int = -(2**63), most: int = 2**64 - 1) -> int:
    """Return a whole number written in decimal, 0x, 0o or 0b form. Raises DefinitionError outside `least` to `most`."""
    text = text.strip()
    if not INTEGER.fullmatch(text) or len(text) > 70:
        node.refuse(f"{text[:70]!r} is not a whole number")
    value = int(text, 0) if text[:2].lower() in ("0x", "0o", "0b") else int(text)
    if not least <= value <= most:
        node.refuse(f"{value} is not between {least} and {most}")
    return value


def real(node: Node, text: str, infinite: bool = False) -> float:
    """Return a number. Raises DefinitionError when it is none, or not finite where that makes no sense."""
    try:
        value = float(text.strip().replace("INF", "inf"))
    except ValueError:
        node.refuse(f"{text[:70]!r} is not a number")
    if math.isnan(value) or (math.isinf(value) and not infinite):
        node.refuse(f"{text!r} is of no use here")
    return value


def flag(node: Node, attribute: str, default: bool) -> bool:
    """Return a truth value: true, false, 1 or 0."""
    text = node.get(attribute, "true" if default else "false").strip()
    if text not in ("true", "false", "1", "0"):
        node.refuse(f"{attribute} {text!r} is neither true nor false")
    return text in ("true", "1")


def word(node: Node, attribute: str, words: dict[str, Word], default: str) -> Word:
    """Return what an attribute's word stands for. Raises DefinitionError with the known words."""
    text = node.get(attribute, default).strip()
    if text not in words:
        node.refuse(f"{attribute} {text!r} is not known", f"Known are {', '.join(words)}")
    return words[text]


def size(names: Names, node: Node, least: int = 0) -> Size:
    """Return the size or count that an element of IntegerValueType holds: fixed, dynamic or looked up."""
    fixed, dynamic, lookup = node.child("FixedValue"), node.child("DynamicValue"), node.child("DiscreteLookupList")
    if fixed is not None:
        return integer(fixed, fixed.text, least, 2**40)
    if dynamic is not None:
        return dynamic_size(names, dynamic)
    if lookup is not None:
        return lookup_size(names, lookup)
    if not re.fullmatch(r"\s*\d+\s*", node.text):
        node.refuse("holds none of FixedValue, DynamicValue and DiscreteLookupList", "Add one")
    names.report(node, "the number should stand in a FixedValue", "repaired")
    return integer(node, node.text, least, 2**40)


def dynamic_size(names: Names, node: Node) -> DynamicSize:
    """Return the number that a DynamicValue takes from a parameter."""
    source = node.child(*INSTANCES)
    if source is None:
        node.refuse("has no ParameterInstanceRef", "Name the parameter that holds the number")
    adjustment = node.child("LinearAdjustment")
    reference = _sibling(source) or names.reference(source)
    if adjustment is None:
        return DynamicSize(reference)
    slope, intercept = real(adjustment, adjustment.get("slope", "1")), real(adjustment, adjustment.get("intercept", "0"))
    return DynamicSize(reference, slope, intercept)


def _sibling(node: Node) -> Reference | None:
    """Return a reference to a member of the surrounding aggregate, which Yamcs marks with an attribute of its own."""
    if node.get(MEMBER_OF_AGGREGATE) != "true":
        return None
    return Reference("", (node.need("parameterRef"),), flag(node, "useCalibratedValue", True))


def lookup_size(names: Names, node: Node) -> LookupSize:
    """Return the choices of a DiscreteLookupList."""
    entries = node.all("DiscreteLookup")
    if not entries:
        node.refuse("holds no DiscreteLookup")
    return LookupSize(tuple((criteria(names, entry), integer(entry, entry.need("value"))) for entry in entries))


def criteria(names: Names, node: Node) -> Condition:
    """Return the condition that an element of MatchCriteriaType holds. Raises DefinitionError when it holds none or two."""
    found = node.child(*CRITERIA)
    if found is None:
        node.refuse(f"holds none of {', '.join(CRITERIA)}", "Add one, or leave the element out")
    if found.name == "Comparison":
        return comparison(names, found)
    if found.name == "ComparisonList":
        return AllOf(tuple(comparison(names, each) for each in found.all("Comparison")))
    if found.name == "CustomAlgorithm":
        return custom_condition(names, found)
    return boolean_expression(names, found)


def comparison(names: Names, node: Node) -> Comparison:
    """Return a Comparison element: a parameter against a literal. On the command side a child names the parameter or argument."""
    reference = names.reference((node.child(*INSTANCES) if "parameterRef" not in node.attributes else None) or node)
    if "value" not in node.attributes:
        node.refuse("attribute value is missing", "Add value")
    _literal(names, reference, node.get("value"), node)
    return Comparison(reference, _operator(node, node.get("comparisonOperator", "==")), node.get("value"))


def _literal(names: Names, reference: Reference, literal: str, node: Node) -> None:
    if not reference.parameter.startswith(MARK):
        names.literals.append((reference, literal, node))


def _operator(node: Node, text: str) -> Operator:
    try:
        return Operator(text.strip())
    except ValueError:
        node.refuse(f"{text!r} is not a comparison operator", f"Known are {' '.join(each.value for each in Operator)}")


def boolean_expression(names: Names, node: Node) -> Condition:
    """Return a BooleanExpression, or ANDedConditions or ORedConditions in one, as nested conditions."""
    terms = node.all("Condition", "ANDedConditions", "ORedConditions")
    if not terms or (node.name == "BooleanExpression" and len(terms) > 1):
        node.refuse(f"holds {len(terms)} terms", "A BooleanExpression holds one Condition, ANDedConditions or ORedConditions")
    conditions = tuple(_condition(names, each) if each.name == "Condition" else boolean_expression(names, each) for each in terms)
    if node.name == "BooleanExpression":
        return conditions[0]
    return AllOf(conditions) if node.name == "ANDedConditions" else AnyOf(conditions)


def _condition(names: Names, node: Node) -> Comparison:
    sides, sign, value = node.all(*INSTANCES), node.child("ComparisonOperator"), node.child("Value")
    if sign is None or len(sides) + (value is not None) != 2 or not sides:
        node.refuse("needs a ParameterInstanceRef, a ComparisonOperator, and a Value or a second ParameterInstanceRef")
    left, right = names.reference(sides[0]), value.text if value is not None else names.reference(sides[1])
    if value is not None:
        _literal(names, left, value.text, node)
    return Comparison(left, _operator(sign, sign.text), right)


def custom_condition(names: Names, node: Node) -> Condition:
    """Return a CustomAlgorithm in place of a condition; one that is no safe expression is reported and never holds."""
    try:
        expression, inputs = algorithm_text(names, node, None)
    except DefinitionError as error:
        names.report(node, f"{error.what}; the condition never holds")
        return NEVER
    return Algorithm(expression, inputs)


def algorithm_text(names: Names, node: Node, output: str | None) -> tuple[str, tuple[tuple[str, Reference], ...]]:
    """Return the safe expression of a CustomAlgorithm and its inputs by name. Raises DefinitionError when it is none."""
    node.get("name")
    text = node.child("AlgorithmText")
    if text is None or not text.text:
        node.refuse("has no AlgorithmText; programs outside of the file are not run")
    language = text.get("language", "pseudo")
    if language.lower() not in LANGUAGES:
        text.refuse(f"algorithms in {language} are not run")
    inputs, constants = algorithm_inputs(names, node)
    try:
        expression = Expression.parse(text.text, {name for name, _ in inputs}, constants, output)
        if language.lower() == "javascript" and not expression.plain:
            text.refuse("only arithmetic, comparisons and functions mean the same in JavaScript as in an expression here")
    except DefinitionError as error:
        text.refuse(f"its text ({language}) is not an expression that is run here: {error.what}")
    return expression.text, inputs


def algorithm_inputs(names: Names, node: Node) -> tuple[tuple[tuple[str, Reference], ...], dict[str, float]]:
    """Return the parameters and constants of an InputSet, by the name that the algorithm's text has for each."""
    inputs: dict[str, Reference] = {}
    constants: dict[str, float] = {}
    for group in node.all("InputSet"):
        for each in group.all("InputParameterInstanceRef", "InputArgumentInstanceRef", *INSTANCES):
            reference = names.reference(each)
            last = [step for step in reference.path if isinstance(step, str)]
            inputs[each.get("inputName") or (last[-1] if last else local_name(reference.parameter))] = reference
        for each in group.all("Constant"):
            constants[each.need("constantName")] = real(each, each.need("value"))
    return tuple(inputs.items()), constants
