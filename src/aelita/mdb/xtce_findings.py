"""What a document holds that nobody acted upon, in words."""

from .xtce_names import Names, foreign
from .xtce_tree import Node

REASONS = {
    "CheckWindowAlgorithms": "algorithms that tell when a verifier is checked are not run",
    "MetaCommandRef": "it adds nothing: a command is known by its own name",
    "StreamSet": "streams are described in the channel file",
    "ServiceSet": "services are not used",
    "MessageSet": "messages are not used: containers are recognised by their restriction criteria",
    "ErrorDetectCorrect": "checksums of values are not checked",
    "FromBinaryTransformAlgorithm": "the octets are not transformed",
    "ToBinaryTransformAlgorithm": "algorithms that make octets of values are not run",
    "TimeAssociation": "the time of a packet is that of all its values",
    "NextContainer": "the container that should come next is not checked",
    "CustomAlarm": "algorithms that judge alarms are not run",
    "ValidityCondition": "the condition of validity is not checked",
    "RateInStreamSet": "rates in streams are not used",
    "DefaultRateInStream": "of rates only the minimum per second is used",
    "SizeRangeInCharacters": "the length of texts is not checked",
    "changeThreshold": "every change is kept",
    "idlePattern": "unused space is not checked",
    "restrictionPattern": "texts are not checked against a pattern",
}
HARMLESS = frozenset(  # change no value
    ["Header", "AuthorSet", "NoteSet", "HistorySet", "classification", "classificationInstructions",
     "ToBinaryTransformAlgorithm", "AncillaryDataSet", "AncillaryData", "AliasSet", "ToString",
     "SystemName", "PhysicalAddressSet", "changeThreshold", "readOnly", "persistence",
     "MetaCommandRef", "shortDescription", "characterWidth", "idlePattern", "RateInStreamSet", "DefaultRateInStream", "base"]
)  # fmt: skip
TEXTS = frozenset(  # elements that hold text
    ["AlgorithmText", "AncillaryData", "Author", "ComparisonOperator", "Count", "EndingIndex", "Epoch", "FinalXOR", "FixedValue",
     "History", "InitRemainder", "LocationInContainerInBits", "LongDescription", "MetaCommandRef", "NewValue", "Note", "Offset",
     "Operator", "Polynomial", "ServiceRef", "Size", "SizeInBits", "StartingIndex", "SystemName", "TerminationChar",
     "ThisParameterOperand", "Unit", "Value", "ValueOperand"]
)  # fmt: skip
DEFAULTS = {  # attributes that ask for nothing when they have this value
    "readOnly": "false",
    "persistence": "true",
    "idlePattern": "0x0",
}


def leftovers(names: Names, node: Node) -> None:
    """Report every element and attribute below that no reader took."""
    if not node.seen:
        _report(names, node, node.name)
        return
    for attribute in node.attributes:
        if (
            attribute not in node.used
            and DEFAULTS.get(attribute) != node.attributes[attribute]
            and not attribute.startswith("http://www.w3.org/2001/XMLSchema-instance}")
        ):
            _report(names, node, attribute, f"attribute {attribute.rpartition('}')[2]}: ")
    if node.text and node.name not in TEXTS:
        names.report(node, f"text {node.text[:70]!r} stands where none belongs", "ignored")
    for each in node.children:
        leftovers(names, each)


def _report(names: Names, node: Node, name: str, prefix: str = "") -> None:
    short = name.rpartition("}")[2]
    reason = "of another namespace, not used" if foreign(name) else REASONS.get(short, "not used")
    if short.endswith("Set") and node.name == short and node.children:
        reason += f" ({len(node.children)} of them)"
    names.report(node, prefix + reason, "ignored" if {short, node.name} & HARMLESS or foreign(name) else "unsupported")
