"""Directives to FOP-1 as commands: what goes to an antenna for COP-1's own sake is requested and agreed to like all else."""

from collections.abc import Callable

from ..errors import UsageError
from ..link import (
    Directive,
    InitiateWithCheck,
    InitiateWithoutCheck,
    InitiateWithSetVr,
    InitiateWithUnlock,
    Resume,
    SetVs,
    Terminate,
)

FAMILY = "/COP-1/"
PLAIN: dict[str, Callable[[str], Directive]] = {
    "initiate": InitiateWithoutCheck,
    "initiate-with-check": InitiateWithCheck,
    "initiate-with-unlock": InitiateWithUnlock,
    "terminate": Terminate,
    "resume": Resume,
}
NUMBERED: dict[str, Callable[[str, int], Directive]] = {"initiate-with-set-vr": InitiateWithSetVr, "set-vs": SetVs}
SENTENCES = {
    "initiate": "Begin the AD service at once, without asking what the spacecraft reports.",
    "initiate-with-check": "Begin the AD service when a control word shows that both ends agree.",
    "initiate-with-unlock": "Send Unlock to the spacecraft, then begin the AD service when it answers.",
    "initiate-with-set-vr": "Set the number that the spacecraft expects next, then begin the AD service when it answers.",
    "set-vs": "Set the number of the next AD frame on the ground. Nothing is sent.",
    "terminate": "End the AD service. What is not acknowledged stays unknown.",
    "resume": "Go on with an AD service that was suspended.",
}


def directive_of(text: str, identity: str) -> Directive:
    """Return the directive that a text like `initiate-with-set-vr 5` names. Raises UsageError for another."""
    word, _, number = text.partition(" ")
    if word in PLAIN and not number:
        return PLAIN[word](identity)
    if word in NUMBERED and number.isascii() and number.isdigit() and int(number) < 256:
        return NUMBERED[word](identity, int(number))
    known = ", ".join((*PLAIN, *(f"{one} N" for one in NUMBERED)))
    raise UsageError(f"{text!r} is no directive of COP-1", remedy=f"Directives: {known}, with N from 0 to 255")
