"""What XTCE says of a command beside its packet: constraints, significance, verifiers, interlock, what changes with it."""

from functools import partial

from .commands import (
    AlarmSuspension,
    CheckWindow,
    Consequence,
    Constraint,
    Interlock,
    NewPacket,
    ParameterSetting,
    Significance,
    Stage,
    ValueChange,
    Verifier,
)
from .conditions import Condition
from .types import DynamicSize
from .xtce_command_durations import duration_s
from .xtce_encodings import math_program
from .xtce_names import Names
from .xtce_tree import Node
from .xtce_types import described
from .xtce_values import criteria, dynamic_size, flag, real, word

STAGES = {stage.value: stage for stage in Stage}
LEVELS = {level.value: level for level in Consequence}
VERIFIERS = {
    "TransferredToRangeVerifier": Stage.TRANSFERRED_TO_RANGE,
    "SentFromRangeVerifier": Stage.SENT_FROM_RANGE,
    "ReceivedVerifier": Stage.RECEIVED,
    "AcceptedVerifier": Stage.ACCEPTED,
    "QueuedVerifier": Stage.QUEUED,
    "ExecutionVerifier": Stage.EXECUTING,
    "CompleteVerifier": Stage.COMPLETE,
    "FailedVerifier": Stage.FAILED,
}
RELATIVE = {"commandRelease": True, "timeLastVerifierPassed": False}
OUTSIDE = ("/yamcs/", "_yamcs_ignore")  # made by the Yamcs server; no document defines them


def _seconds(node: Node, attribute: str) -> float:
    text = node.need(attribute)
    seconds = duration_s(text)
    if seconds is None or seconds < 0:
        node.refuse(f"{attribute} {text!r} is not a duration as PT5S", "Give days, hours, minutes or seconds")
    return seconds


def outside(node: Node) -> bool:
    """Say whether something below refers to what only the Yamcs server defines."""
    return any(value.startswith(OUTSIDE) for each in node.walk() for value in each.attributes.values())


def constraints(names: Names, node: Node) -> tuple[Constraint, ...]:
    """Return the transmission constraints of a command.

    Raises DefinitionError for one that is wrong: a command that has to be checked must not go unchecked.
    """
    held = node.child("TransmissionConstraintList")
    return tuple(_constraint(names, each) for each in held.all("TransmissionConstraint")) if held is not None else ()


def _constraint(names: Names, node: Node) -> Constraint:
    timeout_s = _seconds(node, "timeOut") if "timeOut" in node.attributes else None
    return Constraint(criteria(names, node), timeout_s, flag(node, "suspendable", False))


def significance(node: Node | None) -> Significance | None:
    """Return the significance that an element states."""
    if node is None:
        return None
    return Significance(
        word(node, "consequenceLevel", LEVELS, "normal"), node.get("reasonForWarning"), node.get("spaceSystemAtRisk")
    )


def context_significances(names: Names, node: Node) -> tuple[tuple[Condition, Significance], ...]:
    """Return the significances that conditions choose, in order."""
    held = node.child("ContextSignificanceList")
    found = []
    for each in held.all("ContextSignificance") if held is not None else []:
        match, chosen = each.child("ContextMatch"), significance(each.child("Significance"))
        if match is None or chosen is None:
            each.refuse("needs a ContextMatch and a Significance")
        found.append((criteria(names, match), chosen))
    return tuple(found)


def verifiers(names: Names, node: Node) -> tuple[Verifier, ...]:
    """Return the verifiers of a command in the order of its stages as written; one that cannot be checked is reported."""
    held = node.child("VerifierSet")
    found: list[Verifier] = []
    for each in held.all(*VERIFIERS) if held is not None else []:
        severity = "unsupported" if outside(each) else "defect"
        told = "this stage is not verified by it"
        read = names.spare(each, told, partial(_verifier, names, each), None, severity=severity)
        if read is None:
            each.dismiss()
        else:
            found.append(read)
    return tuple(found)


def _verifier(names: Names, node: Node) -> Verifier:
    short, _ = described(node)
    returned = node.child("ReturnParmRef")
    percent = node.child("PercentComplete")
    return Verifier(
        VERIFIERS[node.name],
        _check(names, node),
        _window(node.child("CheckWindow")),
        node.get("name"),
        short,
        _percent(names, percent) if percent is not None else None,
        names.reference(returned) if returned is not None else None,
    )


def _check(names: Names, node: Node) -> Condition | NewPacket | ValueChange:
    packet, change = node.child("ContainerRef"), node.child("ParameterValueChange")
    if packet is not None:
        return NewPacket(names.find("containers", packet.need("containerRef"), packet))
    if change is not None:
        source, value = change.child("ParameterRef"), change.child("Change")
        if source is None or value is None:
            change.refuse("needs a ParameterRef and a Change")
        return ValueChange(names.reference(source), real(value, value.need("value")))
    return criteria(names, node)


def _window(node: Node | None) -> CheckWindow | None:
    if node is None:
        return None
    start_s = _seconds(node, "timeToStartChecking") if "timeToStartChecking" in node.attributes else 0.0
    stop_s = _seconds(node, "timeToStopChecking")
    if stop_s < start_s:
        node.refuse(f"checking would stop after {stop_s:g} s, before it starts after {start_s:g} s")
    return CheckWindow(stop_s, start_s, word(node, "timeWindowIsRelativeTo", RELATIVE, "timeLastVerifierPassed"))


def _percent(names: Names, node: Node) -> float | DynamicSize:
    fixed, dynamic = node.child("FixedValue"), node.child("DynamicValue")
    if dynamic is not None:
        return dynamic_size(names, dynamic)
    if fixed is None:
        node.refuse("holds neither FixedValue nor DynamicValue")
    value = real(fixed, fixed.text)
    if not 0 <= value <= 100:
        fixed.refuse(f"{value:g} is not between 0 and 100 per cent")
    return value


def interlock(node: Node, system: str) -> Interlock | None:
    """Return the interlock of a command in a SpaceSystem."""
    held = node.child("Interlock")
    if held is None:
        return None
    percent = None
    if "verificationProgressPercentage" in held.attributes:
        percent = real(held, held.get("verificationProgressPercentage"))
    stage = word(held, "verificationToWaitFor", STAGES, "complete")
    return Interlock(held.get("scopeToSpaceSystem") or system, stage, percent, flag(held, "suspendable", False))


def settings(names: Names, node: Node) -> tuple[ParameterSetting, ...]:
    """Return the parameters that the ground sets after the command; one that cannot be set is reported."""
    held = node.child("ParameterToSetList")
    read = [
        names.spare(each, "the parameter is not set", partial(_setting, names, each), None)
        for each in (held.all("ParameterToSet") if held is not None else [])
    ]
    return tuple(each for each in read if each is not None)


def _setting(names: Names, node: Node) -> ParameterSetting:
    value, derivation = node.child("NewValue"), node.child("Derivation")
    stage = word(node, "setOnVerification", STAGES, "complete")
    if value is None and derivation is None:
        node.refuse("holds neither NewValue nor Derivation")
    program = math_program(names, derivation) if derivation is not None else ()
    return ParameterSetting(names.reference(node), value.text if value is not None else "", program, stage)


def suspensions(names: Names, node: Node) -> tuple[AlarmSuspension, ...]:
    """Return the parameters whose alarms rest after the command."""
    held = node.child("ParametersToSuspendAlarmsOnSet")
    read = [
        names.spare(each, "its alarms do not rest", partial(_suspension, names, each), None)
        for each in (held.all("ParameterToSuspendAlarmsOn") if held is not None else [])
    ]
    return tuple(each for each in read if each is not None)


def _suspension(names: Names, node: Node) -> AlarmSuspension:
    stage = word(node, "verifierToTriggerOn", STAGES, "release")
    return AlarmSuspension(names.reference(node), _seconds(node, "suspenseTime"), stage)
