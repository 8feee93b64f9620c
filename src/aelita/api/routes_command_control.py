"""Who may what and who has what: queues, the rules of the mission, loans of spacecraft, lines to stations."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, HTTPException, Request
from fastapi import Path as InPath
from pydantic import BaseModel, ConfigDict, Field

from ..errors import AelitaError, UsageError
from ..time import SECOND
from .answers import PROBLEMS, Instant, UtcText, utc_text
from .audit import Detail, note
from .centre import Centre, centre
from .command_asked import Spacecraft
from .command_asking import REFUSED, do
from .command_assets import Action, AssetItem, QueueItem, ReachItem, asset_item, queue_item, reach_item, texts
from .command_rights import places
from .identity import Identity, may

router = APIRouter(prefix="/commands", tags=["commands"], dependencies=[Depends(may("view"))], responses=PROBLEMS)
Here = Annotated[Centre, Depends(centre)]
Viewer = Annotated[Identity, Depends(may("view"))]
Releaser = Annotated[Identity, Depends(may("command.release"))]
AssetKey = Annotated[str, InPath(max_length=64, description="The key of an asset of the mission's rules.")]


class Queues(BaseModel):
    """The queues of all spacecraft that can be commanded."""

    items: list[QueueItem]


class AskedQueue(BaseModel):
    """What is done to a queue, or with `request` to one request in it: that one is held or released."""

    model_config = ConfigDict(extra="forbid")
    action: Literal["hold", "release", "block"]
    request: str = Field("", max_length=64)
    reason: str = Field("", max_length=2000)


class LinesAnswer(BaseModel):
    """Lines to stations by spacecraft, as the service that commands tells of them: COP-1, and each station's state.

    Without `answered` that service does not answer now, and `why` says so.
    """

    lines: dict[str, dict[str, Any]]
    answered: bool
    why: str


class RuleItem(BaseModel):
    """A rule: who may do what with some commands (role@centre), and how many must; the first that fits holds."""

    key: str
    reach: ReachItem
    request: list[str]
    check: list[str]
    approve: list[str]
    release: list[str]
    checks: int
    approvals: int
    releases: int
    agencies: list[str]
    own_request: bool
    separate: bool
    forbidden: bool
    grade: str
    source: str


class CriticalItem(BaseModel):
    """What grave commands need on top of their rule."""

    key: str
    reach: ReachItem
    significance: list[str]
    approvals: int
    agencies: list[str]
    approve: list[str]
    grade: str
    source: str


class AuthorityAnswer(BaseModel):
    """The rules of the mission and who has what now; `mine` are the roles of who asks, as role@centre."""

    agency: str
    mine: list[str]
    rules: list[RuleItem]
    criticals: list[CriticalItem]
    assets: list[AssetItem]
    clock_tolerance_s: float
    now: UtcText


class AskedLease(BaseModel):
    """What is done about a loan: the owner offers it to a `borrower` until an instant, or for seconds, withdraws or recalls it;

    the borrower accepts or returns it.
    """

    model_config = ConfigDict(extra="forbid")
    action: Action
    borrower: str = Field("", max_length=64)
    until: Instant = None
    for_s: float | None = Field(None, gt=0, le=366 * 86_400.0)


@router.get("/queues")
def list_queues(here: Here) -> Queues:
    """List the queues."""
    now, mission = here.clock.now(), here.installation.mission
    with here.commands.reading() as standing:
        names = [one.key for one in mission.spacecraft if one.uplink is not None or standing.queue(one.key).is_used]
        return Queues(items=[queue_item(standing, name, now) for name in names])


@router.post("/queues/{spacecraft}", responses=REFUSED)
def act_on_queue(here: Here, request: Request, who: Releaser, spacecraft: Spacecraft, asked: AskedQueue) -> QueueItem:
    """Hold, release or block the queue of a spacecraft at our own gate, or hold and release one request in it."""
    if spacecraft not in {one.key for one in here.installation.mission.spacecraft}:
        raise HTTPException(404, f"The mission has no spacecraft {spacecraft!r}.")
    about: dict[str, Detail] = {"spacecraft": spacecraft, "request": asked.request, "reason": asked.reason}
    told = {"request": asked.request, "reason": asked.reason, "action": asked.action, "by": who.user}
    do(here, request, f"command.queue.{asked.action}", "queue", about, spacecraft=spacecraft, **told)
    with here.commands.reading() as standing:
        return queue_item(standing, spacecraft, here.clock.now())


@router.get("/lines")
def list_lines(here: Here) -> LinesAnswer:
    """Tell of the lines over which commands go to stations."""
    try:
        return LinesAnswer(lines=here.commands.ask("state").get("lines", {}), answered=True, why="")
    except AelitaError as error:
        return LinesAnswer(lines={}, answered=False, why=str(error))


@router.get("/authority")
def get_authority(here: Here, who: Viewer) -> AuthorityAnswer:
    """Tell who may what by the mission's rules, and which agency has what now."""
    organisation, now = here.installation.mission.organisation, here.clock.now()
    rules, mine = organisation.authority, [str(one) for one in places(organisation, who)]
    with here.commands.reading() as standing:
        assets = [asset_item(standing, one, now, mine) for one in rules.assets]
    return AuthorityAnswer(
        agency=here.agency, mine=mine, assets=assets, clock_tolerance_s=rules.clock_tolerance_s, now=utc_text(now),
        rules=[
            RuleItem(
                key=one.key, reach=reach_item(one.reach), request=texts(one.request), check=texts(one.check),
                approve=texts(one.approve), release=texts(one.release), checks=one.checks, approvals=one.approvals,
                releases=one.releases, agencies=list(one.agencies), own_request=one.own_request, separate=one.separate,
                forbidden=one.forbidden, grade=one.basis.grade, source=one.basis.source,
            )
            for one in rules.rules
        ],
        criticals=[
            CriticalItem(
                key=one.key, reach=reach_item(one.reach), significance=list(one.significance), approvals=one.approvals,
                agencies=list(one.agencies), approve=texts(one.approve), grade=one.basis.grade, source=one.basis.source,
            )
            for one in rules.criticals
        ],
    )  # fmt: skip


@router.post("/leases/{asset}", responses=REFUSED)
def act_on_lease(here: Here, request: Request, who: Viewer, asset: AssetKey, asked: AskedLease) -> AssetItem:
    """Offer, accept, withdraw, recall or return a loan, for whom the mission's rules let hand it over."""
    organisation = here.installation.mission.organisation
    found = next((one for one in organisation.authority.assets if one.key == asset), None)
    if found is None:
        raise HTTPException(404, f"The mission has no asset {asset!r}.")
    roles = places(organisation, who)
    mine, role = [str(one) for one in roles], next((one for one in roles if one in found.hand_over), None)
    about: dict[str, Detail] = {"asset": asset, "borrower": asked.borrower}
    if role is None:
        note(request, f"command.lease.{asked.action}.refused", why="not a role that hands it over", **about)
        may_do = ", ".join(texts(found.hand_over)) or "nobody"
        raise HTTPException(403, f"{who.user} may not hand over {asset}. Who may: {may_do}")
    if (asked.action == "offer") is ((asked.until is None) is (asked.for_s is None)):
        raise UsageError("an offer needs an end, and nothing else has one", where="until", remedy="Give until or for_s")
    end_ns = asked.until if asked.until is not None else here.clock.now() + round((asked.for_s or 0) * SECOND)
    told = {"action": asked.action, "borrower": asked.borrower, "end_ns": end_ns, "by": who.user}
    told |= {"role": role.role, "centre": role.centre}
    do(here, request, f"command.lease.{asked.action}", "lend", about, asset=asset, **told)
    with here.commands.reading() as standing:
        return asset_item(standing, found, here.clock.now(), mine)
