"""Python expressions over parameter values, safe to run on text from anywhere, on single values and on whole columns.

Only what is listed here is understood: numbers, texts, names of inputs, arithmetic, comparison, logic, bits, `a if c else b`
and a few functions. There is no attribute access, no subscript, no loop and no call of anything else; numbers are 64 bits
wide and an expression has at most `MAX_NODES` parts, so that its cost is bounded by the number of rows.
"""

import ast
import math
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import DefinitionError

MAX_TEXT = 10_000
MAX_NODES = 2_000
MAX_DEPTH = 100

Value = NDArray[Any]

CONSTANTS = {"pi": math.pi, "e": math.e, "inf": math.inf, "nan": math.nan, "true": True, "false": False}


def _integers(left: Value, right: Value) -> bool:
    return left.dtype.kind in "biu" and right.dtype.kind in "biu"


def _whole_division(left: Value, right: Value, function: Callable[[Any, Any], Any]) -> Value:
    """Divide whole numbers as such; where a divisor is zero the answer is not a number, and so all are floats."""
    if _integers(left, right) and not np.any(right == 0):
        return np.asarray(function(left, right))
    return np.asarray(function(left.astype(np.float64), right.astype(np.float64)))


def _bits(left: Value, right: Value, function: Callable[[Any, Any], Any]) -> Value:
    """Apply a bit operator to whole numbers; where an operand is a float with a fraction the answer is not a number."""
    if _integers(left, right):
        return np.asarray(function(*_signed(left, right)))
    left, right = np.broadcast_arrays(left.astype(np.float64), right.astype(np.float64))
    limit = 2.0**63
    whole = (left == np.floor(left)) & (right == np.floor(right)) & (np.abs(left) < limit) & (np.abs(right) < limit)
    answer = function(np.where(whole, left, 0).astype(np.int64), np.where(whole, right, 0).astype(np.int64))
    return np.where(whole, answer, np.nan)


def _signed(left: Value, right: Value) -> tuple[Value, Value]:
    """Return both as the wider of their types, int64 when one is signed: NumPy itself would make floats of them."""
    wide = np.uint64 if np.uint64 in (left.dtype, right.dtype) else np.int64
    return left.astype(wide), right.astype(wide)


def _shift(left: Value, right: Value, function: Callable[[Any, Any], Any]) -> Value:
    """Shift by 0 to 63 bits; other distances give no number."""
    shifted = _bits(left, np.clip(right, 0, 63), function)
    inside = (right >= 0) & (right <= 63)
    return shifted if np.all(inside) else np.where(inside, shifted.astype(np.float64), np.nan)


def _power(left: Value, right: Value) -> Value:
    return np.power(left.astype(np.float64), right.astype(np.float64))


def _wide(value: Value) -> Value:
    """Return whole numbers 64 bits wide, so that sums and products of narrow columns do not wrap."""
    if value.dtype.kind in "bi":
        return value.astype(np.int64)
    if value.dtype.kind == "u":
        return value.astype(np.uint64 if value.dtype.itemsize == 8 else np.int64)
    return value


BINARY: dict[type[ast.operator], Callable[[Value, Value], Any]] = {
    ast.Add: np.add,
    ast.Sub: np.subtract,
    ast.Mult: np.multiply,
    ast.Div: lambda a, b: np.true_divide(a, b),
    ast.FloorDiv: lambda a, b: _whole_division(a, b, np.floor_divide),
    ast.Mod: lambda a, b: _whole_division(a, b, np.mod),
    ast.Pow: _power,
    ast.BitAnd: lambda a, b: _bits(a, b, np.bitwise_and),
    ast.BitOr: lambda a, b: _bits(a, b, np.bitwise_or),
    ast.BitXor: lambda a, b: _bits(a, b, np.bitwise_xor),
    ast.LShift: lambda a, b: _shift(a, b, np.left_shift),
    ast.RShift: lambda a, b: _shift(a, b, np.right_shift),
}
UNARY: dict[type[ast.unaryop], Callable[[Value], Any]] = {
    ast.UAdd: np.positive,
    ast.USub: lambda a: np.negative(a.astype(np.int64) if a.dtype.kind == "u" else a),
    ast.Not: np.logical_not,
    ast.Invert: lambda a: _bits(a, np.asarray(-1), np.bitwise_xor),
}
COMPARE: dict[type[ast.cmpop], Callable[[Value, Value], Any]] = {
    ast.Eq: np.equal,
    ast.NotEq: np.not_equal,
    ast.Lt: np.less,
    ast.LtE: np.less_equal,
    ast.Gt: np.greater,
    ast.GtE: np.greater_equal,
}


def _factorial(value: Value) -> Value:
    """Return n! of whole numbers from 0 to 170, the largest that a float holds; no number for others."""
    table = np.array([math.factorial(n) for n in range(171)], dtype=np.float64)
    value = value.astype(np.float64)
    good = (value >= 0) & (value <= 170) & (value == np.floor(value))
    return np.where(good, table[np.where(good, value, 0).astype(np.int64)], np.nan)


def _truncate(value: Value) -> Value:
    if value.dtype.kind in "biu":
        return value
    good = np.isfinite(value) & (np.abs(value) < 2.0**63)
    return np.trunc(value).astype(np.int64) if np.all(good) else np.trunc(value)


FUNCTIONS: dict[str, tuple[int, int, Callable[..., Any]]] = {  # least and most arguments
    **{name: (1, 1, getattr(np, name)) for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh", "exp", "log10", "log2", "sqrt")},
    **{name: (1, 1, getattr(np, f"arc{name[1:]}")) for name in ("asin", "acos", "atan", "asinh", "acosh", "atanh")},
    **{name: (1, 1, getattr(np, name)) for name in ("floor", "ceil", "isnan", "isfinite", "degrees", "radians", "sign")},
    "atan2": (2, 2, np.arctan2),
    "hypot": (2, 2, np.hypot),
    "pow": (2, 2, _power),
    "log": (1, 2, lambda value, *base: np.log(value) / np.log(base[0]) if base else np.log(value)),
    "abs": (1, 1, np.abs),
    "min": (2, 20, lambda *values: reduce(np.minimum, values)),
    "max": (2, 20, lambda *values: reduce(np.maximum, values)),
    "round": (1, 1, np.rint),
    "int": (1, 1, _truncate),
    "float": (1, 1, lambda value: value.astype(np.float64)),
    "bool": (1, 1, lambda value: value != 0),
    "factorial": (1, 1, _factorial),
}


@dataclass(frozen=True, slots=True)
class Expression:
    """A checked expression: its text in one normal form, and its tree."""

    text: str
    names: frozenset[str]
    _tree: ast.expr

    @staticmethod
    def parse(
        text: str, names: Set[str], constants: Mapping[str, float] | None = None, output: str | None = None
    ) -> "Expression":
        """Return the checked expression of a text whose free names are all in `names`.

        `constants` are put in place of their names. With `output`, the text may also be one assignment to that name; and
        `name.value` means `name`, as in the algorithms of Yamcs. Raises DefinitionError on anything that is not understood.
        """
        try:
            body = _body(text, output)
            tree = _Normal(names, constants or {}).visit(body)
            shape = "".join(ast.unparse(tree).split("\n"))
        except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
            raise DefinitionError(f"not an expression: {getattr(error, 'msg', None) or error or 'too deep'}") from error
        _check(tree)
        used = frozenset(node.id for node in ast.walk(tree) if isinstance(node, ast.Name)) - FUNCTIONS.keys() - CONSTANTS.keys()
        return Expression(shape, used & frozenset(names), tree)

    @property
    def plain(self) -> bool:
        """Say whether it has only operators that mean the same in Python and JavaScript: no remainder, no bits, no logic."""
        shared = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.UAdd, ast.USub)
        nodes = list(ast.walk(self._tree))
        joined = any(isinstance(node, ast.Compare) and len(node.ops) > 1 for node in nodes)
        return not joined and all(isinstance(node, shared) for node in nodes if isinstance(node, ast.operator | ast.unaryop))

    def evaluate(self, inputs: Mapping[str, object]) -> Value:
        """Return the value over inputs that are single values or columns of one length.

        Whole numbers are 64 bits wide and wrap; a quotient is a float; powers are floats; division by zero gives inf or no
        number; both branches of a condition are computed. Raises DefinitionError when the types do not go together, as in
        text plus number.
        """
        arrays = {name: _wide(np.asarray(inputs[name])) for name in self.names}
        try:
            with np.errstate(all="ignore"):
                return np.asarray(_value(self._tree, arrays))
        except (TypeError, ValueError, OverflowError) as error:
            raise DefinitionError(f"{self.text}: the values do not go together: {error}") from error


def _body(text: str, output: str | None) -> ast.expr:
    """Return the tree of an expression, or of the right side of one assignment to `output`."""
    if len(text) > MAX_TEXT:
        raise ValueError(f"longer than {MAX_TEXT} characters")
    text = text.strip().rstrip(";").strip()
    try:
        return ast.parse(text, mode="eval").body
    except SyntaxError:
        if output is None:
            raise
    statements = ast.parse(text).body
    if len(statements) == 1 and isinstance(statements[0], ast.Assign) and len(statements[0].targets) == 1:
        target, value = statements[0].targets[0], statements[0].value
        if _plain(target) == output:
            return value
    raise ValueError(f"neither an expression nor one assignment to {output}")


def _plain(node: ast.expr) -> str | None:
    """Return the name in `name` or `name.value`."""
    if isinstance(node, ast.Attribute) and node.attr == "value":
        node = node.value
    return node.id if isinstance(node, ast.Name) else None


class _Normal(ast.NodeTransformer):
    """Puts constants in place and refuses names that are no inputs."""

    def __init__(self, names: Set[str], constants: Mapping[str, float]) -> None:
        self.names, self.constants = names, constants

    def visit_Attribute(self, node: ast.Attribute) -> ast.expr:
        if (
            isinstance(node.value, ast.Name)
            and node.value.id in ("math", "Math")
            and (node.attr.lower() in CONSTANTS or node.attr in FUNCTIONS)
        ):
            return ast.Name(node.attr.lower() if node.attr.lower() in CONSTANTS else node.attr, ast.Load())
        name = _plain(node)
        if name is None or name not in self.names:
            raise ValueError(f"attribute access .{node.attr} is not allowed")
        return ast.Name(name, ast.Load())

    def visit_Name(self, node: ast.Name) -> ast.expr:
        if node.id in self.names:
            return node
        if node.id in self.constants:
            return ast.Constant(self.constants[node.id])
        if node.id not in CONSTANTS and node.id not in FUNCTIONS:
            raise ValueError(f"{node.id!r} is neither an input nor a known function; inputs are {', '.join(sorted(self.names))}")
        return node


def _check(tree: ast.expr) -> None:
    """Refuse everything that `_value` has no meaning for."""
    count, level = 0, [tree]
    for _depth in range(MAX_DEPTH):
        count += len(level)
        level = [part for node in level for part in _parts(node)]
        if not level:
            break
    if level or count > MAX_NODES:
        raise DefinitionError(f"not an expression: more than {MAX_NODES} parts or {MAX_DEPTH} levels")


def _parts(node: ast.expr) -> list[ast.expr]:
    match node:
        case ast.Constant(value=bool() | float() | str()):
            return []
        case ast.Constant(value=int(number)) if abs(number) < 2**64:
            return []
        case ast.Name():
            return []
        case ast.BinOp(left=left, op=op, right=right) if type(op) in BINARY:
            return [left, right]
        case ast.UnaryOp(op=op, operand=operand) if type(op) in UNARY:
            return [operand]
        case ast.BoolOp(values=values):
            return values
        case ast.Compare(left=left, ops=ops, comparators=others) if all(type(op) in COMPARE for op in ops):
            return [left, *others]
        case ast.IfExp(test=test, body=body, orelse=other):
            return [test, body, other]
        case ast.Call(func=ast.Name(id=name), args=arguments, keywords=[]) if name in FUNCTIONS:
            least, most, _ = FUNCTIONS[name]
            if least <= len(arguments) <= most:
                return arguments
            raise DefinitionError(f"not an expression: {name} takes {least} to {most} values, not {len(arguments)}")
    raise DefinitionError(f"not an expression: {ast.unparse(node)[:60]!r} is not allowed")


def _value(node: ast.expr, inputs: Mapping[str, Value]) -> Value:
    def part(each: ast.expr) -> Value:
        return np.asarray(_value(each, inputs))

    match node:
        case ast.Name(id=name):
            return inputs[name] if name in inputs else np.asarray(CONSTANTS[name])
        case ast.BinOp(left=left, op=op, right=right):
            return np.asarray(BINARY[type(op)](part(left), part(right)))
        case ast.UnaryOp(op=op, operand=operand):
            return np.asarray(UNARY[type(op)](part(operand)))
        case ast.BoolOp(op=op, values=values):
            join = np.logical_and if isinstance(op, ast.And) else np.logical_or
            return np.asarray(reduce(join, [part(each) for each in values]))
        case ast.Compare(left=left, ops=ops, comparators=others):
            sides = [part(each) for each in (left, *others)]
            steps = [COMPARE[type(op)](sides[i], sides[i + 1]) for i, op in enumerate(ops)]
            return np.asarray(reduce(np.logical_and, steps))
        case ast.IfExp(test=test, body=body, orelse=other):
            return np.where(part(test).astype(bool), part(body), part(other))
        case ast.Call(func=ast.Name(id=name), args=arguments):
            return np.asarray(FUNCTIONS[name][2](*map(part, arguments)))
        case ast.Constant(value=value):
            return _wide(np.asarray(value))
    raise DefinitionError(f"{ast.unparse(node)[:60]!r} is not allowed")
