"""Who acts in commanding: the roles of a user at the centres of the agency, and what each may give."""

from collections.abc import Iterable
from dataclasses import dataclass

from fastapi import HTTPException, Request

from ..agencies import Organisation, Who
from ..commanding import Act, PreparedCommand, Standing, Wanted
from .audit import note
from .identity import Identity, demand

PERMISSION_OF = {
    "request": "command.request", "check": "command.check", "approve": "command.approve", "release": "command.release",
}  # fmt: skip
COMMANDING = frozenset(PERMISSION_OF.values())


@dataclass(frozen=True, slots=True)
class Givable:
    """Something that a person may give to a request that waits; it is the `last` thing when nothing else is missing."""

    act: Act
    who: Who
    last: bool


def places(organisation: Organisation, who: Identity, permission: str = "") -> list[Who]:
    """Return the roles of a user with the centres of the agency at which they are, those with a permission when one is named."""
    return [
        Who(key, centre, who.agency)
        for key in who.roles
        if (role := organisation.roles.get(key)) is not None and (not permission or permission in role.may & who.may)
        for centre in role.centres
        if centre in organisation.centres and organisation.centres[centre].agency == who.agency
    ]


def place_of(
    request: Request, organisation: Organisation, who: Identity, act: str, role: str, centre: str, wanted: Iterable[Who] = ()
) -> Who:
    """Return as whom a user does an act: the role and centre named, else one that is `wanted`, else the first that may.

    A rejection may be given by who could check, approve or release. HTTPException 403 when the user may not.
    """
    words = [PERMISSION_OF[act]] if act in PERMISSION_OF else [PERMISSION_OF[one] for one in ("check", "approve", "release")]
    if not any(word in who.may for word in words):
        demand(who, words[0])
    may = list(dict.fromkeys(one for word in words for one in places(organisation, who, word)))
    fits = [one for one in may if role in ("", one.role) and centre in ("", one.centre)]
    if not fits:
        named = f"{role or 'any role'} at {centre or 'any centre'}"
        note(request, f"command.{act}.refused", role=role, centre=centre, why="not a role of the user")
        has = ", ".join(map(str, may)) or "none"
        raise HTTPException(403, f"{who.user} may not {act} as {named}. Roles of the user that may: {has}")
    liked = set(wanted)
    return next((one for one in fits if one in liked), fits[0])


def givable(
    organisation: Organisation, standing: Standing, who: Identity, prepared: PreparedCommand, wanted: Wanted
) -> list[Givable]:
    """Return what a user may give to a request that waits, so that it would count; `wanted` is what it waits for."""
    if wanted.blocked:
        return []
    asked = prepared.request
    names = {call.command for call in asked.calls}
    rules = [rule for name in names if (rule := standing.rules.rule(asked.spacecraft, name, prepared.significance)) is not None]
    own = (asked.requester.agency, asked.requester.person) == (who.agency, who.user)
    if own and not all(rule.own_request for rule in rules):
        return []
    said = [one.statement for one in standing.said(asked.id) if one.statement.id in wanted.used]
    mine = [one for one in said if (one.agency, one.person) == (who.agency, who.user)]
    if mine and any(rule.separate for rule in rules):
        return []
    found: list[Givable] = []
    alone = len(wanted.missing) == 1 and wanted.missing[0].count == 1
    for missing in wanted.missing:
        if any(one.act is missing.act for one in mine):
            continue
        for place in places(organisation, who, PERMISSION_OF[str(missing.act)]):
            one = Givable(missing.act, place, alone)
            if place in missing.who and one not in found:
                found.append(one)
    return found
