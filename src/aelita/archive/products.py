"""The list of products that an agency has, a row each. Their files stand elsewhere; from these it can be made again."""

import polars as pl

from ..records import PRODUCTS
from .lock import turn_in
from .reading import chosen
from .store import Archive, Moment, tai_ns

WRITER = "products"


def list_products(archive: Archive, rows: pl.DataFrame) -> int:
    """Add products (`records.PRODUCTS`) that are not in the list yet, in one commit; return how many they were.

    What is listed once stays as it is: products never change. Raises ArchiveError when the archive cannot be written.
    """
    if not len(rows):
        return 0
    with turn_in(archive.path):  # between reading what is there and writing the rest nobody else writes
        known = chosen(archive.products, PRODUCTS, ("", None, None), {}, ["id", "agency"])
        new = rows.select(PRODUCTS.names()).cast(PRODUCTS).unique("id", maintain_order=True).join(known, on="id", how="anti")
        if len(new):
            archive.products.append(new, WRITER, archive.products.last_batch(WRITER) + 1)
        return len(new)


def find_products(
    archive: Archive, start: Moment = None, stop: Moment = None, *, kind: str = "", spacecraft: str = "", agency: str = ""
) -> pl.DataFrame:
    """Return the products that hold at some instant from `start` on and before `stop`, made last first; columns as `PRODUCTS`.

    Of a kind, a spacecraft, an agency, where these are not empty. Raises TimeError for what is no time, ArchiveError.
    """
    first, last = tai_ns(start), tai_ns(stop)
    found = chosen(archive.products, PRODUCTS, ("", None, None), {})
    asked = {"kind": kind, "spacecraft": spacecraft, "agency": agency}
    wanted = [pl.lit(True), *(pl.col(name) == value for name, value in asked.items() if value)]
    wanted += [pl.col("stop") >= first] if first is not None else []
    wanted += [pl.col("start") < last] if last is not None else []
    return found.filter(*wanted).sort("made_at", "id", descending=[True, False])
