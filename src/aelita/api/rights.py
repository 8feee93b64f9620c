"""Data rights: what of a mission's data the people of an agency may have from its centre."""

from dataclasses import dataclass

from fastapi import HTTPException, Request

from ..agencies import Give, Instrument, Organisation
from .audit import note
from .centre import Centre
from .identity import identity_of


@dataclass(frozen=True, slots=True)
class Verdict:
    """Whether an agency may have the data of an instrument, and why or why not."""

    allowed: bool
    why: str


def of_instrument(organisation: Organisation, agency: str, instrument: Instrument, at: int) -> Verdict:
    """Return whether an agency may have what an instrument measures, at an instant (TAI ns).

    Its own agency may. Another one may when the agreement gives it, then, products of the instrument or its packets.
    """
    if instrument.agency == agency:
        return Verdict(True, f"{instrument.key} is {agency}'s own")
    owner = organisation.agreement.owner(instrument.spacecraft)
    givers = [giver for giver in dict.fromkeys((instrument.agency, owner)) if giver not in ("", agency)]
    for give in (give for giver in givers for give in organisation.agreement.gives_at(giver, agency, at)):
        if _covers(give, instrument):
            return Verdict(True, f"{give.giver} gives {agency} its {give.kind}")
    return Verdict(False, f"{instrument.key} is {instrument.agency}'s, and the agreement gives {agency} nothing of it")


def _covers(give: Give, instrument: Instrument) -> bool:
    if give.kind == "products":
        return not give.only or bool(set(give.only) & {one.key for one in instrument.collections})
    if give.kind != "packets" or give.spacecraft not in ("", instrument.spacecraft):
        return False
    return not give.only or bool(instrument.apids and {str(one) for one in instrument.apids} <= set(give.only))


def withheld(organisation: Organisation, agency: str, spacecraft: str, at: int) -> dict[int, str]:
    """Return the APIDs of a spacecraft that an agency may not have at an instant (TAI ns), each with the reason."""
    found: dict[int, str] = {}
    for instrument in organisation.instruments.values():
        if instrument.spacecraft == spacecraft and instrument.apids:
            verdict = of_instrument(organisation, agency, instrument, at)
            found |= {} if verdict.allowed else dict.fromkeys(instrument.apids, verdict.why)
    return found


def withheld_here(here: Centre, spacecraft: str) -> dict[int, str]:
    """Return the APIDs of a spacecraft that the people of a centre may not have now, each with the reason."""
    return withheld(here.installation.mission.organisation, here.agency, spacecraft, here.clock.now())


def refuse(request: Request, what: str, why: str) -> HTTPException:
    """Note that data were asked for that are withheld, and return the answer (403) to be raised."""
    note(request, "data.withheld", what=what, why=why)
    return HTTPException(403, f"{identity_of(request).agency} may not have {what}: {why}.")
