"""Derived parameters: CustomAlgorithms that are safe expressions, and MathAlgorithms translated into them."""

from ..errors import DefinitionError
from .conditions import Reference
from .expressions import MAX_TEXT
from .model import Derivation
from .xtce_encodings import ONE_OPERAND, STACK, TWO_OPERANDS, math_program
from .xtce_names import Names
from .xtce_tree import Node
from .xtce_types import described
from .xtce_values import algorithm_text

INFIX = {name: name for name in TWO_OPERANDS - {"y^x", "atan2", "min", "max"}} | {
    "^": "**", "xor": "^", "div": "//", "&&": "and", "||": "or",
}  # fmt: skip
CALLS = {name: name for name in ONE_OPERAND - {"1/x", "!", "~"}} | {"ln": "log", "log": "log10", "e^x": "exp", "x!": "factorial"}
PATTERNS = {"1/x": "(1.0 / {0})", "!": "(not {0})", "~": "(~{0})"}
SWAPPED = {"y^x": "({1} ** {0})", "atan2": "atan2({1}, {0})", "min": "min({0}, {1})", "max": "max({0}, {1})"}


def read_algorithms(names: Names, node: Node) -> tuple[Derivation, ...]:
    """Return the derived parameters of an AlgorithmSet; what cannot be run is reported."""
    found: list[Derivation] = []
    for each in node.all("CustomAlgorithm", "MathAlgorithm"):
        system = names.systems[each.scope]
        qualified = f"{system.path}/{names.name_of(each)}"
        described(each)
        try:
            found += [_custom(names, qualified, each)] if each.name == "CustomAlgorithm" else [_math(names, qualified, each)]
        except DefinitionError as error:
            names.report(each, f"not run: {error.what}")
            each.dismiss()
    return tuple(found)


def _custom(names: Names, qualified: str, node: Node) -> Derivation:
    held = node.child("OutputSet")
    outputs = held.all("OutputParameterRef") if held is not None else []
    if len(outputs) != 1:
        node.refuse(f"it has {len(outputs)} outputs, and one is needed")
    target = names.reference(outputs[0])
    if target.path:
        outputs[0].refuse("the output is a member of a parameter, and must be a whole one")
    name = outputs[0].get("outputName") or target.parameter.rpartition("/")[2]
    expression, inputs = algorithm_text(names, node, name)
    _triggers(names, node, inputs)
    return Derivation(qualified, target.parameter, expression, inputs)


def _triggers(names: Names, node: Node, inputs: tuple[tuple[str, Reference], ...]) -> None:
    """Accept triggers on the inputs, which is when a derived parameter is computed; report others."""
    held = node.child("TriggerSet")
    used = {reference.parameter for _, reference in inputs}
    if held is not None:
        held.get("name")
    for each in held.all() if held is not None else []:
        if each.name == "OnParameterUpdateTrigger" and names.reference(each).parameter in used:
            continue
        names.report(each, "the trigger is not used: a derived parameter is computed where its inputs are")
        each.dismiss()


def _math(names: Names, qualified: str, node: Node) -> Derivation:
    held = node.child("MathOperation")
    if held is None:
        node.refuse("it has no MathOperation")
    target = names.reference(held, "outputParameterRef")
    words: dict[Reference, str] = {}

    def operand(names: Names, each: Node) -> str:
        return words.setdefault(names.reference(each), f"x{len(words)}")

    program = math_program(names, held, operand)
    this = words.setdefault(Reference(target.parameter), "this") if "THIS" in program else ""
    expression = infix(tuple(this if step == "THIS" else step for step in program), node)
    inputs = tuple((word, reference) for reference, word in words.items())
    _triggers(names, held, inputs)
    return Derivation(qualified, target.parameter, expression, inputs)


def infix(program: tuple[str | float, ...], node: Node) -> str:
    """Return a postfix program as an expression. Raises DefinitionError when it grows beyond all bounds."""
    stack: list[str] = []
    for step in program:
        word = str(step)
        taken = STACK[word][0] if word in STACK else 1 if word in ONE_OPERAND else 2 if word in TWO_OPERANDS else 0
        operands = stack[len(stack) - taken :]
        stack[len(stack) - taken :] = _made(word if isinstance(step, str) else repr(step), operands)
        if stack and len(stack[-1]) > MAX_TEXT:
            node.refuse("the expression of its program is too long")
    return stack[-1]


def _made(word: str, operands: list[str]) -> list[str]:
    """Return what one step of a program leaves in place of its operands."""
    if word in STACK:
        return {"swap": operands[::-1], "drop": [], "dup": operands * 2, "over": [*operands, *operands[:1]]}[word]
    if word in INFIX:
        return [f"({operands[0]} {INFIX[word]} {operands[1]})"]
    if word in CALLS:
        return [f"{CALLS[word]}({operands[0]})"]
    pattern = PATTERNS.get(word) or SWAPPED.get(word)
    return [pattern.format(*operands)] if pattern else [word]
