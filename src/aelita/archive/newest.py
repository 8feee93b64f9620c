"""The latest values, found again in the tables: for the check, and after rows were decoded or dated anew."""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import polars as pl

from ..records import Column
from ..time import NO_TIME
from .catalogue import Catalogue
from .elsewhere import converted
from .gathered import Calibrator
from .latest import LATEST, latest_row, newest
from .names import column_name
from .parameters import loaded_columns
from .tables import Table, collect

Place = tuple[int, int, int]  # generation time, source, row


def newest_of(
    table: Table,
    container: str,
    parameters: Iterable[str],
    catalogue: Catalogue,
    calibrator: Calibrator | None,
    others: Mapping[str, Table] | None = None,
) -> pl.DataFrame:
    """Return the latest value of each of these parameters in a container's table; columns as LATEST.

    `others` are the tables of the containers with what engineering values depend on. Files are read from the newest back, until
    no older one can hold a later value. Raises ArchiveError.
    """
    best: dict[str, tuple[Place, dict[str, Any]]] = {}
    wanted = [name for name in parameters if column_name(name) in table.schema()]
    files = table.files()
    if not wanted or not len(files):
        return LATEST.to_frame()
    if "max.generated" not in files.columns:
        files = files.with_columns(pl.lit(None, pl.Int64).alias("max.generated"))
    for path, last in files.sort("max.generated", descending=True, nulls_last=True).select("path", "max.generated").iter_rows():
        behind = [name for name in wanted if name not in best or last is None or best[name][0][0] <= last]
        if not behind:
            break
        rows = collect(table.scan_files([path]).filter(pl.col("quality") == 0), table.name)
        for name, (place, row) in _newest_in(rows, container, behind, catalogue, calibrator, others or {}).items():
            if name not in best or place > best[name][0]:
                best[name] = place, row
    return pl.DataFrame([row for _, row in best.values()], schema=LATEST)


def newest_values(
    containers: Mapping[str, Table], parameters: Collection[str] | None, catalogue: Catalogue, calibrator: Calibrator | None
) -> pl.DataFrame:
    """Return the latest value of each of these parameters, or of all, over the tables of these containers."""
    known = catalogue.parameters()
    parts = [LATEST.to_frame()]
    for container, table in containers.items():
        wanted = sorted(p for p in (known if parameters is None else parameters) if container in known.get(p, ()))
        parts.append(newest_of(table, container, wanted, catalogue, calibrator, containers))
    return newest(pl.concat(parts))


def _newest_in(
    rows: pl.DataFrame,
    container: str,
    parameters: list[str],
    catalogue: Catalogue,
    calibrator: Calibrator | None,
    others: Mapping[str, Table],
) -> dict[str, tuple[Place, dict[str, Any]]]:
    rows = rows.with_columns(generated=pl.col("generated").fill_null(NO_TIME)).sort("generated", "source", "row")
    last = {}
    for name in parameters:
        present = rows[column_name(name)].is_not_null().arg_true()
        if len(present):
            last[name] = int(present[-1])
    found = {}
    for at in sorted(set(last.values())):
        one = rows[at : at + 1]
        generated, source, row, database = one.select("generated", "source", "row", "database").row(0)
        raw = loaded_columns(one)
        made: dict[str, Column] = {}
        if calibrator is not None and database is not None:
            usable = one.select(name for name in one.columns if not name.startswith("/") or one[name].null_count() == 0)
            here = {name: held for name, held in catalogue.parameters().items() if others.keys() >= set(held)}
            made = dict(converted(usable, container, catalogue.database(database), calibrator, here, others.__getitem__))
        envelope = {
            "container": container, "generated": None if generated == NO_TIME else generated, "source": source, "row": row,
            "database": database,
        }  # fmt: skip
        for name in (name for name, place in last.items() if place == at):
            found[name] = (generated, source, row), latest_row(name, envelope, raw[name], made.get(name), 0)
    return found
