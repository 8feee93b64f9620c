"""Agencies: who takes part in the mission with what, what is given and taken now, data rights, who may what."""

from typing import Annotated

from fastapi import APIRouter, Depends
from pydantic import BaseModel, Field

from ..agencies import PERMISSIONS, WITHHELD, Organisation
from ..time import NO_TIME
from . import rights
from .answers import PROBLEMS, UtcText, utc_text
from .centre import Centre, centre
from .identity import may
from .status import StreamState

router = APIRouter(tags=["agencies"], dependencies=[Depends(may("view"))], responses=PROBLEMS)


class Stated(BaseModel):
    """A statement, and how sure it is: `grade`, and where it comes from."""

    grade: str
    source: str


class AgencyItem(Stated):
    """An agency, its part in the mission (lead or supporting), and whether this centre is its own."""

    key: str
    name: str
    domain: str
    part: str
    own: bool
    here: bool = Field(description="Its services run in this installation.")


class CentreItem(Stated):
    """A centre of an agency."""

    key: str
    name: str
    agency: str
    place: str
    tasks: list[str]


class RoleItem(BaseModel):
    """A role of people at some centres, and what it may do."""

    key: str
    title: str
    centres: list[str]
    agencies: list[str]
    may: list[str]


class CollectionItem(BaseModel):
    """A collection of products: public after so many months (null: withheld for ever)."""

    key: str
    title: str
    urn: str
    public_after_months: int | None


class InstrumentItem(Stated):
    """An instrument. `may_have` says whether people of this centre may have its data now, `why` by what."""

    key: str
    name: str
    spacecraft: str
    agency: str
    lead: str
    measures: str
    parent: str
    parts: list[str]
    apids: list[int]
    collections: list[CollectionItem]
    may_have: bool
    why: str


class CraftItem(BaseModel):
    """A spacecraft, whose it is, and by which others its data come."""

    key: str
    agency: str
    relayed_by: list[str]
    followed: bool


class GiveItem(Stated):
    """What one agency gives another: a kind of its data, of one spacecraft (empty: all), `only` these items; `now` it holds."""

    giver: str
    receiver: str
    kind: str
    spacecraft: str
    only: list[str]
    start: UtcText
    stop: UtcText
    now: bool


class SharedItem(BaseModel):
    """Alarms of a spacecraft, from a severity on, that these agencies must see."""

    spacecraft: str
    agencies: list[str]
    least_severity: str


class ExceptionItem(BaseModel):
    """A collection, or a part of it, with a release of its own (null: withheld)."""

    collection: str
    part: str
    public_after_months: int | None


class RightsItem(Stated):
    """These agencies have everything at once, the public after months (null: never), with exceptions."""

    agencies: list[str]
    public_after_months: int | None
    exceptions: list[ExceptionItem]


class AgenciesAnswer(BaseModel):
    """The organisation of the mission as the centre of `agency` knows it, and its mirrors of the others with their lag."""

    agency: str
    now: UtcText
    agencies: list[AgencyItem]
    centres: list[CentreItem]
    roles: list[RoleItem]
    permissions: dict[str, str]
    spacecraft: list[CraftItem]
    instruments: list[InstrumentItem]
    gives: list[GiveItem]
    shared_alarms: list[SharedItem]
    mirrors: list[StreamState]
    rights: RightsItem
    next_change: UtcText = Field(description="When a give begins or ends next.")


@router.get("/agencies")
def agencies(here: Annotated[Centre, Depends(centre)]) -> AgenciesAnswer:
    """Tell who is who, what is given and taken now, how far mirrors are, and who may what."""
    organisation, now = here.installation.mission.organisation, here.clock.now()
    return AgenciesAnswer(
        agency=here.agency, now=utc_text(now), agencies=_agencies(here), centres=_centres(organisation),
        roles=_roles(organisation), permissions=dict(PERMISSIONS), spacecraft=_spacecraft(here),
        instruments=_instruments(organisation, here.agency, now), gives=_gives(organisation, now),
        shared_alarms=[
            SharedItem(spacecraft=one.spacecraft, agencies=list(one.agencies), least_severity=one.least_severity)
            for one in organisation.agreement.shared_alarms
        ],
        mirrors=[one for one in here.feed.seen().streams() if one.mirror], rights=_rights(organisation),
        next_change=_instant(organisation.agreement.next_change(now)),
    )  # fmt: skip


def _agencies(here: Centre) -> list[AgencyItem]:
    running = {one.key for one in here.installation.agencies}
    return [
        AgencyItem(
            key=one.key, name=one.name, domain=one.domain, part=one.part, own=one.key == here.agency, here=one.key in running,
            grade=one.basis.grade, source=one.basis.source,
        )
        for one in here.installation.mission.organisation.agencies.values()
    ]  # fmt: skip


def _centres(organisation: Organisation) -> list[CentreItem]:
    return [
        CentreItem(
            key=one.key, name=one.name, agency=one.agency, place=one.place, tasks=list(one.tasks), grade=one.basis.grade,
            source=one.basis.source,
        )
        for one in organisation.centres.values()
    ]  # fmt: skip


def _roles(organisation: Organisation) -> list[RoleItem]:
    return [
        RoleItem(
            key=one.key, title=one.title, centres=list(one.centres), may=[word for word in PERMISSIONS if word in one.may],
            agencies=list(dict.fromkeys(organisation.centres[key].agency for key in one.centres)),
        )
        for one in organisation.roles.values()
    ]  # fmt: skip


def _spacecraft(here: Centre) -> list[CraftItem]:
    return [
        CraftItem(
            key=one.key, agency=one.agency, relayed_by=list(one.relayed_by), followed=one.key in here.installation.spacecraft
        )
        for one in here.installation.mission.organisation.ownerships.values()
    ]


def _instruments(organisation: Organisation, agency: str, now: int) -> list[InstrumentItem]:
    found = []
    for one in organisation.instruments.values():
        verdict = rights.of_instrument(organisation, agency, one, now)
        collections = [
            CollectionItem(
                key=each.key, title=each.title, urn=each.urn, public_after_months=_months(organisation.rights.months(each.key))
            )
            for each in one.collections
        ]
        found.append(
            InstrumentItem(
                key=one.key, name=one.name, spacecraft=one.spacecraft, agency=one.agency, lead=one.lead, measures=one.measures,
                parent=one.parent, parts=list(one.parts), apids=list(one.apids), collections=collections,
                may_have=verdict.allowed, why=verdict.why, grade=one.basis.grade, source=one.basis.source,
            )
        )  # fmt: skip
    return found


def _gives(organisation: Organisation, now: int) -> list[GiveItem]:
    return [
        GiveItem(
            giver=one.giver, receiver=one.receiver, kind=one.kind, spacecraft=one.spacecraft, only=list(one.only),
            start=_instant(one.period.start), stop=_instant(one.period.stop), now=now in one.period, grade=one.basis.grade,
            source=one.basis.source,
        )
        for one in organisation.agreement.gives
    ]  # fmt: skip


def _rights(organisation: Organisation) -> RightsItem:
    held = organisation.rights
    return RightsItem(
        agencies=list(held.agencies), public_after_months=_months(held.public_after_months), grade=held.basis.grade,
        source=held.basis.source,
        exceptions=[
            ExceptionItem(
                collection=one.collection, part=one.part, public_after_months=_months(one.public_after_months)
            )
            for one in held.exceptions
        ],
    )  # fmt: skip


def _months(months: int) -> int | None:
    return None if months == WITHHELD else months


def _instant(at: int) -> str | None:
    return None if at == NO_TIME else utc_text(at)
