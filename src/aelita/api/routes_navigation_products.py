"""Products of flight dynamics: listed, shown, given as files, and published."""

import base64
from typing import Annotated, Any, Literal

import orjson
from fastapi import APIRouter, Depends, File, Form, HTTPException, Query, Request, UploadFile
from fastapi.responses import FileResponse
from pydantic import BaseModel, ConfigDict, ValidationError
from pydantic import Field as Entry
from pydantic.json_schema import SkipJsonSchema

from ..errors import DataError, UsageError
from ..services import products
from .answers import PROBLEMS, GivenInstant, told_problem
from .audit import note
from .identity import Identity, may
from .navigation_items import NavigationProduct, NavigationProducts, ShownProduct
from .routes_navigation import Desk
from .tables import BINARY

PUBLISH = "navigation.publish"
router = APIRouter(prefix="/navigation", tags=["navigation"], dependencies=[Depends(may("view"))], responses=PROBLEMS)
TOO_LARGE: dict[int | str, dict[str, Any]] = {413: told_problem(f"It is larger than {products.MOST_OCTETS >> 20} MiB.")}
FILES: dict[int | str, dict[str, Any]] = {
    200: {"content": {"application/octet-stream": BINARY}}, 206: {"description": "A part."}, 410: told_problem("It is gone.")
}  # fmt: skip
Kind = Literal[
    "orbit", "attitude", "tracking", "clock", "residuals", "passes", "events", "porkchop", "cruise", "corridor", "launch",
    "pointing", "doppler",
]  # fmt: skip
Ident = Annotated[str, Query(max_length=200)]


class NewProduct(BaseModel):
    """A product that is to be published, its files apart: from when to when it holds, and what is shown of it (`data`).

    `type` has the three letters of the ExoMars convention (fcp: flight dynamics, cruise, predicted), `label` its [_ID].
    """

    model_config = ConfigDict(extra="forbid")
    kind: Kind
    spacecraft: str = Entry(max_length=64)
    title: str = Entry(max_length=200)
    start: GivenInstant
    stop: GivenInstant
    type: str = Entry("fop", max_length=3)
    label: str = Entry("", max_length=32)
    grade: str = Entry("", max_length=16)
    data: dict[str, Any] | None = None


@router.get("/products")
def list_products(
    desk: Desk, kind: Kind | None = None, spacecraft: Annotated[str, Query(max_length=64)] = "",
    limit: Annotated[int, Query(ge=1, le=1000)] = 100, before: Ident = "",
) -> NavigationProducts:  # fmt: skip
    """List products, the agency's own and those of partners, made last first; `before` is the id behind which it goes on."""
    if before and desk.store.get(before) is None:
        raise HTTPException(404, f"There is no product {before!r} behind which the list could go on.")
    found = desk.store.find(products.Sought(kind or "", spacecraft, before=before))
    rows = [_item(one) for one in found[:limit]]
    return NavigationProducts(rows=rows, next=rows[-1].id if len(found) > limit else None)


@router.get("/products/{ident}")
def get_product(desk: Desk, ident: str) -> ShownProduct:
    """Return a product with what is shown of it."""
    found = _found(desk, ident)
    shown = desk.store.data(found)
    return ShownProduct(**_item(found).model_dump(), data=shown if isinstance(shown, dict) else {})


@router.get("/products/{ident}/files/{name}", response_class=FileResponse, responses=FILES)
def get_product_file(desk: Desk, ident: str, name: str) -> FileResponse:
    """Return a file of a product, or a range of it."""
    found = _found(desk, ident)
    file = next((one for one in found.files if one.name == name), None)
    path = desk.store.path(found, name)
    if file is None or path is None:
        names = ", ".join(one.name for one in found.files) or "none"
        raise HTTPException(404, f"Product {ident} has no file {name!r}. Its files: {names}.")
    if not path.is_file() or path.is_symlink() or path.parent.is_symlink():  # a product has files of its own alone
        raise HTTPException(410, f"File {name} of product {ident} is gone.")
    digest = base64.b64encode(bytes.fromhex(file.sha256)).decode()
    headers = {"ETag": f'"{file.sha256}"', "Repr-Digest": f"sha-256=:{digest}:"}
    return FileResponse(path, headers=headers, media_type=file.media, filename=file.name, content_disposition_type="attachment")


@router.post("/products", status_code=201, responses=TOO_LARGE)
def publish_product(
    desk: Desk,
    request: Request,
    who: Annotated[Identity, Depends(may(PUBLISH))],
    record: Annotated[
        str, Form(min_length=1, description="The record as JSON: kind, spacecraft, title, start, stop, type, label, grade, data.")
    ],
    files: Annotated[list[UploadFile], File(description="Each has an ending of its own; all are called as the product.")] = [],  # noqa: B006
    data: Annotated[
        UploadFile | SkipJsonSchema[None], File(description="What is shown, as a file of JSON, where it is long.")
    ] = None,
) -> NavigationProduct:
    """Publish a product, or the next version of one. It is kept whole or not at all, never changes, and goes to partners."""
    asked = _asked(record)
    here = desk.centre
    draft = products.Draft(
        asked.kind, desk.key_of(asked.spacecraft), asked.title, *_span(asked), asked.type, asked.label, asked.grade
    )  # fmt: skip
    shown = asked.data if data is None else _json(data.file.read(products.MOST_OCTETS + 1))
    contents = _contents(files)
    made = desk.store.publish(
        draft, contents, shown, names=desk.names, agency=here.agency, made_by=who.user, made_at=here.clock.now()
    )
    note(request, "product.published", id=made.id, kind=made.kind, files=len(made.files), octets=made.octets)
    return _item(made)


def _asked(record: str) -> NewProduct:
    try:
        return NewProduct.model_validate_json(record)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(map(str, first["loc"])) or "record"
        raise UsageError(str(first["msg"]), where=where, remedy="Give the record as the documentation has it") from error


def _span(asked: NewProduct) -> tuple[int, int]:
    if asked.start is None or asked.stop is None:
        raise UsageError("a product without start or stop", where="record", remedy="Give from when to when it holds")
    return asked.start, asked.stop


def _contents(files: list[UploadFile]) -> dict[str, bytes]:
    if len(files) > products.MOST_FILES:
        raise UsageError(f"{len(files)} files", where="files", remedy=f"Give {products.MOST_FILES} at most")
    found: dict[str, bytes] = {}
    for one in files:
        ending = (one.filename or "").rpartition(".")[2].casefold()
        if ending in found:
            raise DataError(
                f"two files end in {ending!r}", where="files", remedy="Each file of a product has an ending of its own"
            )
        found[ending] = one.file.read(products.MOST_OCTETS + 1)
    return found


def _json(octets: bytes) -> Any:
    try:
        return orjson.loads(octets)
    except ValueError as error:
        raise DataError(f"data are no JSON: {error}", where="data") from error


def _found(desk: Desk, ident: str) -> products.Product:
    found = desk.store.get(ident)
    if found is None:
        raise HTTPException(404, f"There is no product {ident!r}.")
    return found


def _item(product: products.Product) -> NavigationProduct:
    told = product.told()
    del told["data"]
    return NavigationProduct(**told)
