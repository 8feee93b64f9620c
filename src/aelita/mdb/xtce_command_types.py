"""Argument types of XTCE: those of parameters, with several valid ranges, lengths and patterns that values must keep to."""

import re
from collections.abc import Callable

from .arguments_inverse import why_not_inverted
from .commands import MARK, NO_RULES, ArgumentRules
from .types import ParameterType, ValidRange
from .xtce_names import Names
from .xtce_tree import Node
from .xtce_types import TypeReader, valid_range
from .xtce_values import integer

KINDS = ("arguments", "types")  # an argument type may be made of parameter types, which some documents do


class ArgumentTypeReader(TypeReader):
    """Reads each argument type once, with what it inherits; `rules` are what values must keep to, by the same keys."""

    kinds = KINDS

    def __init__(self, names: Names) -> None:
        super().__init__(names)
        self.rules: dict[str, ArgumentRules] = {}
        self._ranges: tuple[ValidRange, ...] = ()

    def read(self, qualified: str, node: Node) -> ParameterType:
        """Return the type that this element defines and keep its rules. Raises DefinitionError when it contradicts itself."""
        self._ranges = ()
        whole = self.effective(qualified, node)
        characters, pattern = _characters(whole), _pattern(self.names, whole)
        found = super().read(qualified, node)
        rules = ArgumentRules(self._ranges, *characters, pattern)
        if rules != NO_RULES:
            self.rules[qualified] = rules
        reason = why_not_inverted(found)
        if reason:
            self.names.report(node, f"{reason}: only raw values of it can be sent")
        return found

    def _valid(self, node: Node) -> ValidRange | None:
        """Keep all valid ranges; a single one is that of the type as well."""
        held, group = node.child("ValidRange"), node.child("ValidRangeSet")
        pairs = [(each, group) for each in group.all("ValidRange")] if group is not None else []
        pairs += [(held, held)] if held is not None else []
        read = [self.names.spare(each, "the range is not checked", _reading(each, owner), None) for each, owner in pairs]
        self._ranges = tuple(each for each in read if each is not None)
        return self._ranges[0] if len(self._ranges) == 1 else None


def _reading(node: Node, owner: Node) -> Callable[[], ValidRange | None]:
    return lambda: valid_range(node, owner)


def _characters(node: Node) -> tuple[int, int | None]:
    """Return the least and most characters of a text."""
    held = node.child("SizeRangeInCharacters")
    if held is None:
        return 0, None
    least = integer(held, held.get("minInclusive", "0"), 0)
    return least, integer(held, held.get("maxInclusive"), 0) if "maxInclusive" in held.attributes else None


def _pattern(names: Names, node: Node) -> str:
    """Return the pattern that a text must match as a whole."""
    text = node.get("restrictionPattern")
    try:
        re.compile(text)
    except re.error as error:
        names.report(node, f"the pattern {text!r} is no regular expression that is understood here, and is not checked: {error}")
        return ""
    return text


def argument_key(qualified: str) -> str:
    """Return the key of an argument type or command container, which may have the name of one of telemetry."""
    return qualified + MARK
