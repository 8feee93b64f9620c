"""Deliveries of instrument teams: rules, and the batches made by them, fetched so that a broken line costs nothing."""

import hashlib
import io
import re
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Literal

from .answers_operations import Batches, BatchItem, DeliveryItem
from .bulk import ARROW
from .core import Answer, Request, Steps, ask, ask_all, path_of, request_of
from .errors import AnswerError

if TYPE_CHECKING:
    import polars as pl

ENDINGS = {"arrow": "arrows", "parquet": "parquet"}
WHOLE = re.compile(r"(\d{8,})\.(arrows|parquet)")
PIECE = 4 << 20  # octets that are asked for at once


def deliveries(*, limit: int | None = None) -> Steps[list[DeliveryItem]]:
    """Return one's own deliveries; who operates the complex sees those of all."""
    return (yield from ask_all("/deliveries", {}, limit))


def delivery(ident: int) -> Steps[DeliveryItem]:
    """Return a delivery by its `id`: its rule, what is kept of it, and why nothing comes. Raises NotFoundError."""
    return (yield from ask("GET", path_of("deliveries", ident)))


def add_delivery(
    kind: Literal["packets", "parameters"], *, title: str = "", spacecraft: str = "", instrument: str = "",
    apids: Sequence[int] = (), names: Sequence[str] = (), raw: bool = False,
    schedule: Literal["live", "hourly", "daily", "contact"] = "live", format: Literal["arrow", "parquet"] = "arrow",
    keep_days: int = 30, keep_mebioctets: int = 256, history: bool = False,
) -> Steps[DeliveryItem]:  # fmt: skip
    """Begin a delivery: packets of an instrument or of APIDs, or parameters by patterns of names, on a schedule.

    With `history` it begins with what the archive has already. Raises ForbiddenError for data that are withheld.
    """
    body = {
        "kind": kind, "title": title, "spacecraft": spacecraft, "instrument": instrument, "apids": list(apids),
        "names": list(names), "raw": raw, "schedule": schedule, "format": format, "keep_days": keep_days,
        "keep_mebioctets": keep_mebioctets, "history": history,
    }  # fmt: skip
    return (yield from ask("POST", "/deliveries", body=body))


def change_delivery(ident: int, *, paused: bool | None = None, title: str | None = None) -> Steps[DeliveryItem]:
    """Pause a delivery, let it go on, or give it another title. Nothing is left out by a pause."""
    body = {key: value for key, value in (("paused", paused), ("title", title)) if value is not None}
    return (yield from ask("PATCH", path_of("deliveries", ident), body=body))


def end_delivery(ident: int) -> Steps[None]:
    """End a delivery and remove its batches at the centre."""
    yield from ask("DELETE", path_of("deliveries", ident))


def batches(ident: int, *, after: int = 0, wait_s: float = 0.0, limit: int = 500) -> Steps[Batches]:
    """Return the batches behind a number; wait up to `wait_s` (30 at most) for one when there is none."""
    query = {"after": after, "limit": limit, "wait_s": wait_s}
    return (yield from ask("GET", path_of("deliveries", ident, "batches"), query))


def batch(ident: int, number: int) -> Steps["pl.DataFrame"]:
    """Return a batch as a table. Raises NotFoundError, RequestError when it was removed by the retention of its rule."""
    import polars as pl

    request = request_of("GET", path_of("deliveries", ident, "batches", number), accept="*/*")
    answer = yield request
    content = io.BytesIO(answer.content)
    try:
        return pl.read_ipc_stream(content) if answer.media == ARROW else pl.read_parquet(content)
    except (pl.exceptions.PolarsError, OSError, ValueError) as error:
        raise AnswerError(f"no table: {error}", where=request.where, status=answer.status) from error


def fetch_delivery(ident: int, folder: str | Path, *, wait_s: float = 0.0) -> Steps[list[Path]]:
    """Fetch the batches that a folder does not have yet, and return the new files; wait for one up to `wait_s` if there is none.

    Each is fetched in pieces and has its name only when it is whole, as its SHA-256 digest says. After a broken line, or when a
    process was ended, the next call goes on in the middle of it. The folder is of one delivery.
    """
    into = Path(folder)
    into.mkdir(parents=True, exist_ok=True)
    about = yield from delivery(ident)
    ending = ENDINGS[about["rule"]["format"]]
    after, made = max(map(_number_of, into.iterdir()), default=0), list[Path]()
    while True:
        page = yield from batches(ident, after=after, wait_s=0.0 if made else wait_s)
        for one in page["items"]:
            if not one["gone"]:
                made.append((yield from _fetch(ident, one, into / f"{one['number']:08d}.{ending}")))
        after = page["next"]
        if not page["more"]:
            return made


def _number_of(path: Path) -> int:
    found = WHOLE.fullmatch(path.name)
    return int(found[1]) if found else 0


def _fetch(ident: int, one: BatchItem, path: Path) -> Steps[Path]:
    """Fetch the file of a batch, from where it was broken off."""
    part = path.with_name(f"{path.name}.part")
    where = path_of("deliveries", ident, "batches", one["number"])
    with part.open("ab") as file:
        if file.tell() > one["octets"]:
            file.truncate(0)
        while file.tell() < one["octets"]:
            last = min(file.tell() + PIECE, one["octets"]) - 1
            headers = (("Range", f"bytes={file.tell()}-{last}"), ("If-Range", f'"{one["digest"]}"'))
            request = Request("GET", where, accept="*/*", headers=headers)
            _put(file, (yield request), request.where)
    with part.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != one["digest"]:
        part.unlink()
        raise AnswerError(f"batch {one['number']} arrived damaged", where=f"{path}", remedy="Fetch again: it is begun anew")
    return part.replace(path)


def _put(file: BinaryIO, answer: Answer, where: str) -> None:
    """Write a piece behind those that are there; a centre that sends no pieces sends the whole."""
    if answer.status == 200:
        file.truncate(0)
    elif not answer.headers.get("content-range", "").startswith(f"bytes {file.tell()}-"):
        raise AnswerError("another piece than was asked for", where=where, status=answer.status)
    if not answer.content:
        raise AnswerError("an empty piece", where=where, status=answer.status)
    file.write(answer.content)
