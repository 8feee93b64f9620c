"""Deliveries: rules of instrument teams, and the numbered batches that are made by them and fetched, again and again the same."""

import asyncio
import base64
import shutil
import time
from typing import Annotated, Any

from fastapi import APIRouter, Depends, HTTPException, Path, Query, Request
from fastapi.responses import FileResponse
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from . import deliveries, rights
from .answers import PROBLEMS, UtcText, told_problem, utc_text
from .audit import note
from .centre import Centre, centre
from .deliveries import Rule, WithheldError
from .delivery_tables import Batch, Delivery, batches_behind
from .identity import Identity, may
from .paging import LARGEST, After, Limit, Page, cursor_of, key_of
from .tables import ARROW, BINARY, PARQUET

router = APIRouter(tags=["deliveries"], dependencies=[Depends(may("view"))], responses=PROBLEMS)
Here = Annotated[Centre, Depends(centre)]
Self = Annotated[Identity, Depends(may("view"))]
Number = Annotated[int, Path(ge=1, lt=LARGEST)]
EVERYBODYS = "complex.operate"  # who keeps the complex sees all deliveries
MOST, MOST_MEBIOCTETS = 200, 64 * 1024
LONGEST_WAIT_S, LOOK_S = 30.0, 0.5
MANY: dict[int | str, dict[str, Any]] = {409: told_problem("There are too many, or they would keep too much.")}
GONE: dict[int | str, dict[str, Any]] = {410: told_problem("The batch was removed, by the rule's retention.")}
FILES: dict[int | str, dict[str, Any]] = {200: {"content": {ARROW: BINARY, PARQUET: BINARY}}, 206: {"description": "A part."}}


class NewDelivery(Rule):
    """A delivery that is wished: its rule, and a title for people."""

    model_config = ConfigDict(extra="forbid")
    title: str = Field("", max_length=200)


class DeliveryItem(BaseModel):
    """A delivery: its rule, the number of its last batch, what is kept, and why nothing comes (`fault`)."""

    id: int
    title: str
    owner: str
    rule: Rule
    created: UtcText
    last: int
    oldest_kept: int | None
    kept: int
    kept_octets: int
    fault: str


class DeliveryChange(BaseModel):
    """What is to change of a delivery."""

    model_config = ConfigDict(extra="forbid")
    paused: bool | None = None
    title: str | None = Field(None, max_length=200)


class BatchItem(BaseModel):
    """A batch. `first` and `last` are the times of generation that it spans; `digest` is the SHA-256 of its file.

    A `gone` one was removed by the retention of the rule.
    """

    number: int
    digest: str
    octets: int
    rows: int
    first: UtcText
    last: UtcText
    made: UtcText
    gone: bool
    path: str


class Batches(BaseModel):
    """Batches in order. `next` is the `after` that leads on, also when none is there yet; `more` says that some are."""

    items: list[BatchItem]
    next: int
    more: bool


@router.get("/deliveries")
def list_deliveries(here: Here, who: Self, limit: Limit = 500, after: After = "") -> Page[DeliveryItem]:
    """List one's own deliveries; who operates the complex sees those of all."""
    asked = select(Delivery).order_by(Delivery.id).limit(limit + 1)
    key = key_of(after, int)
    asked = asked.where(Delivery.id > key[0]) if key else asked
    asked = asked if EVERYBODYS in who.may else asked.where(Delivery.owner == who.user)
    with here.records.session() as session:
        found = list(session.scalars(asked))
        items = [_item(session, one) for one in found[:limit]]
    return Page[DeliveryItem](items=items, next=cursor_of([items[-1].id]) if len(found) > limit else None)


@router.post("/deliveries", status_code=201, responses=MANY)
def add_delivery(here: Here, request: Request, who: Self, asked: NewDelivery) -> DeliveryItem:
    """Begin a delivery. What is withheld from the agency is refused (403) and noted."""
    wished = Rule(**asked.model_dump(exclude={"title"}))
    try:
        rule = deliveries.completed(here, wished)
    except WithheldError as error:
        raise rights.refuse(request, _about(wished), error.what) from error
    made = deliveries.begun(here, rule, who.user, asked.title)
    with here.records.session() as session:
        _check_room(session, rule)
        session.add(made)
        session.flush()
        item = _item(session, made)
    note(request, "delivery.made", id=made.id, rule=rule.model_dump_json(exclude_defaults=True))
    return item


def _about(rule: Rule) -> str:
    about = [rule.instrument, *(f"APID {one}" for one in rule.apids[:5]), *rule.names[:5]]
    return f"{rule.kind} of {', '.join(one for one in about if one) or rule.spacecraft}"


def _check_room(session: Session, rule: Rule) -> None:
    held = [one["keep_mebioctets"] for one in session.scalars(select(Delivery.rule))]
    if len(held) >= MOST or sum(held) + rule.keep_mebioctets > MOST_MEBIOCTETS:
        raise HTTPException(409, f"At most {MOST} deliveries keep at most {MOST_MEBIOCTETS} MiB: end one, or keep less.")


@router.get("/deliveries/{ident}")
def get_delivery(here: Here, who: Self, ident: Number) -> DeliveryItem:
    """Return a delivery."""
    with here.records.session() as session:
        return _item(session, _own(session, ident, who))


@router.patch("/deliveries/{ident}")
def change_delivery(here: Here, request: Request, who: Self, ident: Number, asked: DeliveryChange) -> DeliveryItem:
    """Pause a delivery, let it go on, or give it another title. Nothing is left out by a pause."""
    with here.records.session() as session:
        found = _own(session, ident, who)
        if asked.title is not None:
            found.title = asked.title
        if asked.paused is not None:
            found.rule = found.rule | {"paused": asked.paused}
        item = _item(session, found)
    note(request, "delivery.changed", id=ident, **asked.model_dump(exclude_none=True))
    return item


@router.delete("/deliveries/{ident}", status_code=204)
def end_delivery(here: Here, request: Request, who: Self, ident: Number) -> None:
    """End a delivery and remove its batches."""
    with here.records.session() as session:
        session.delete(_own(session, ident, who))
    shutil.rmtree(deliveries.folder_of(here, ident), ignore_errors=True)
    note(request, "delivery.ended", id=ident)


@router.get("/deliveries/{ident}/batches")
async def list_batches(
    here: Here,
    who: Self,
    ident: Number,
    after: Annotated[int, Query(ge=0, lt=LARGEST, description="Number of the last batch that one has.")] = 0,
    limit: Limit = 500,
    wait_s: Annotated[float, Query(ge=0, le=LONGEST_WAIT_S, description="Wait so long for one when there is none.")] = 0.0,
) -> Batches:
    """List the batches behind a number. After a broken line, ask behind the last one that is whole."""
    deadline = time.monotonic() + wait_s
    while True:
        found = await asyncio.to_thread(_behind, here, who, ident, after, limit)
        if found.items or time.monotonic() >= deadline:
            return found
        await asyncio.sleep(LOOK_S)


def _behind(here: Centre, who: Identity, ident: int, after: int, limit: int) -> Batches:
    with here.records.session() as session:
        _own(session, ident, who)
    found = batches_behind(here.records, ident, after, limit + 1)
    items = [
        BatchItem(
            number=one.number, digest=one.digest, octets=one.octets, rows=one.rows, first=utc_text(one.first),
            last=utc_text(one.last), made=utc_text(one.made), gone=one.gone, path=f"deliveries/{ident}/batches/{one.number}",
        )
        for one in found[:limit]
    ]  # fmt: skip
    return Batches(items=items, next=items[-1].number if items else after, more=len(found) > limit)


@router.get("/deliveries/{ident}/batches/{number}", response_class=FileResponse, responses=FILES | GONE)
def get_batch(here: Here, request: Request, who: Self, ident: Number, number: Number) -> FileResponse:
    """Return the file of a batch, or a range of it: the same octets each time."""
    with here.records.session() as session:
        delivery, batch = _own(session, ident, who), session.get(Batch, (ident, number))
    if batch is None:
        raise HTTPException(404, f"Delivery {ident} has no batch {number} yet; the last is {delivery.number}.")
    try:
        deliveries.refuse_withheld(here, Rule.model_validate(delivery.rule))
    except WithheldError as error:
        raise rights.refuse(request, f"batch {number} of delivery {ident}", error.what) from error
    path = deliveries.file_of(here, delivery, number)
    if batch.gone or not path.is_file():
        kept = f"{delivery.rule['keep_days']} days and {delivery.rule['keep_mebioctets']} MiB are kept"
        raise HTTPException(410, f"Batch {number} of delivery {ident} is gone: {kept}.")
    digest = base64.b64encode(bytes.fromhex(batch.digest)).decode()
    headers = {"ETag": f'"{batch.digest}"', "Repr-Digest": f"sha-256=:{digest}:"}
    media = ARROW if delivery.rule["format"] == "arrow" else PARQUET
    return FileResponse(path, headers=headers, media_type=media, filename=f"delivery-{ident}-{path.name}")


def _own(session: Session, ident: int, who: Identity) -> Delivery:
    found = session.get(Delivery, ident)
    if found is None or (found.owner != who.user and EVERYBODYS not in who.may):
        raise HTTPException(404, f"{who.user} has no delivery {ident}.")
    return found


def _item(session: Session, one: Delivery) -> DeliveryItem:
    asked = select(func.min(Batch.number), func.count(), func.sum(Batch.octets))
    oldest, kept, octets = session.execute(asked.where(Batch.delivery == one.id, Batch.gone.is_(False))).one()
    return DeliveryItem(
        id=one.id, title=one.title, owner=one.owner, rule=Rule.model_validate(one.rule), created=utc_text(one.created),
        last=one.number, oldest_kept=oldest, kept=kept, kept_octets=octets or 0, fault=one.fault,
    )  # fmt: skip
