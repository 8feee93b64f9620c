"""Deliveries for instrument teams: rules, what they may ask for, and batches made by them out of the archive."""

import fnmatch
import hashlib
import io
import os
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Literal

import polars as pl
from pydantic import BaseModel, ConfigDict, Field

from ..archive import Archive, octets_of, packets_in_rows, to_polars
from ..errors import AelitaError, UsageError
from ..services import live
from ..time import DAY, SECOND, utc_parts
from . import rights
from .centre import Centre
from .delivery_tables import Batch, Delivery, all_deliveries, kept_octets, oldest_kept
from .listed import dated
from .pass_reports import settled_contacts
from .spacecraft import crafts

ROWS_OF_A_BATCH, ROWS_LOOKED_AT = 20_000, 100_000
MEBIOCTET = 1 << 20
HOURS_OF = {"hourly": 1, "daily": 24}
Going = Callable[[], bool]
Apid = Annotated[int, Field(ge=0, le=2047)]
Pattern = Annotated[str, Field(min_length=1, max_length=500)]


class Rule(BaseModel):
    """What is delivered, when and how.

    Packets: of the instrument, of the APIDs, else all of the spacecraft. Parameters: those whose qualified names fit a pattern
    (`*`, `?`), of the instrument's packets where its APIDs are known. `contact` is after each contact that is over; `hourly` and
    `daily` go by UTC of the mission's clock; `live` is as soon as the archive has something.
    """

    model_config = ConfigDict(extra="forbid")
    kind: Literal["packets", "parameters"]
    spacecraft: str = Field("", max_length=64, description="Without one, the instrument's, else the first that is followed.")
    instrument: str = Field("", max_length=64)
    apids: list[Apid] = Field([], max_length=500)
    names: list[Pattern] = Field([], max_length=200)
    raw: bool = Field(False, description="Raw values of parameters.")
    schedule: Literal["live", "hourly", "daily", "contact"] = "live"
    format: Literal["arrow", "parquet"] = "arrow"
    keep_days: int = Field(30, ge=1, le=366, description="After so many days a batch is removed.")
    keep_mebioctets: int = Field(256, ge=1, le=16_384, description="Older batches are removed when all take more.")
    history: bool = Field(False, description="Begin with what the archive has already.")
    paused: bool = Field(False, description="No batch is made. What comes meanwhile is delivered when it goes on.")


class WithheldError(UsageError):
    """Data were asked for that are withheld from the agency."""


def completed(here: Centre, rule: Rule) -> Rule:
    """Return a rule with its spacecraft. Raises UsageError for what is not there, WithheldError for what is withheld."""
    organisation = here.installation.mission.organisation
    instrument = organisation.instruments.get(rule.instrument)
    if rule.instrument and instrument is None:
        known = ", ".join(organisation.instruments)
        raise UsageError(f"the mission has no instrument {rule.instrument!r}", where="instrument", remedy=f"It has {known}")
    craft = rule.spacecraft or (instrument.spacecraft if instrument else next(iter(here.installation.spacecraft), ""))
    if craft not in {one.key for one in crafts(here)}:
        raise UsageError(f"there is no spacecraft {craft!r}", where="spacecraft")
    if instrument is not None and instrument.spacecraft != craft:
        raise UsageError(f"{instrument.key} is on {instrument.spacecraft}", where="spacecraft")
    if rule.kind == "parameters" and not rule.names:
        raise UsageError("no parameter is named", where="names", remedy="Give names or patterns such as /TGO/*")
    if rule.kind == "packets" and rule.names:
        raise UsageError("packets have no names", where="names", remedy="Give apids")
    if instrument is not None and rule.kind == "packets" and not (instrument.apids or rule.apids):
        raise UsageError(f"no APID of {instrument.key} is known here", where="apids", remedy="Give its apids")
    made = rule.model_copy(update={"spacecraft": craft})
    refuse_withheld(here, made)
    return made


def refuse_withheld(here: Centre, rule: Rule) -> None:
    """Raise WithheldError when a rule asks for what the agreement does not give the agency now."""
    organisation, now = here.installation.mission.organisation, here.clock.now()
    instrument = organisation.instruments.get(rule.instrument)
    if instrument is not None:
        verdict = rights.of_instrument(organisation, here.agency, instrument, now)
        if not verdict.allowed:
            raise WithheldError(verdict.why, where="instrument")
        others = set(rule.apids) - set(instrument.apids)
        if instrument.apids and others:
            raise UsageError(f"APID {min(others)} is not of {instrument.key}", where="apids")
    held = rights.withheld(organisation, here.agency, rule.spacecraft, now)
    for apid in rule.apids:
        if apid in held:
            raise WithheldError(f"APID {apid}: {held[apid]}", where="apids")


def begun(here: Centre, rule: Rule, owner: str, title: str) -> Delivery:
    """Return a new delivery by a completed rule."""
    mark = {} if rule.history else {str(source): rows for source, rows in _whole(here).items()}
    return Delivery(
        owner=owner, title=title, rule=rule.model_dump(mode="json"), created=live.wall_tai_ns(), number=0, mark=mark,
        ran=here.clock.now(), contacts=len(settled_contacts(here, rule.spacecraft)), fault="",
    )  # fmt: skip


def _whole(here: Centre) -> dict[int, int]:
    try:
        return here.archive().catalogue.whole_rows()
    except AelitaError:
        return {}


def folder_of(here: Centre, delivery: int) -> Path:
    """Return the folder of the batches of a delivery."""
    return here.folder / "deliveries" / str(delivery)


def file_of(here: Centre, delivery: Delivery, number: int) -> Path:
    """Return the file of a batch."""
    return folder_of(here, delivery.id) / f"{number:08d}.{'arrows' if delivery.rule['format'] == 'arrow' else 'parquet'}"


def deliver(here: Centre, going: Going = lambda: True) -> int:
    """Make the batches that are due by all rules, while `going`; return how many were made.

    It may be called again at any time, also after it was broken off anywhere: no row is left out, and none comes twice.
    """
    made = 0
    for one in all_deliveries(here.records):
        try:
            made += _deliver(here, one, going)
            fault = ""
        except (AelitaError, OSError) as error:
            fault = str(error)
        if fault != one.fault:
            with here.records.session() as session:
                if (known := session.get(Delivery, one.id)) is not None:
                    known.fault = fault
    return made


def _deliver(here: Centre, one: Delivery, going: Going) -> int:
    rule = Rule.model_validate(one.rule)
    if rule.paused:
        return 0
    now, contacts = here.clock.now(), one.contacts
    if rule.schedule == "contact":
        contacts = len(settled_contacts(here, rule.spacecraft))
        if contacts == one.contacts:
            return 0
    elif rule.schedule != "live" and _period(rule, now) == _period(rule, one.ran):
        return 0
    refuse_withheld(here, rule)
    archive, made = here.archive(), 0
    sources = next((craft.sources for craft in crafts(here) if craft.key == rule.spacecraft), frozenset())
    for source, stop in sorted(archive.catalogue.whole_rows().items()):
        while source in sources and one.mark.get(str(source), 0) < stop and going():
            made += _next(here, archive, one, rule, source, stop)
    if rule.schedule != "live" and going():
        with here.records.session() as session:
            if (known := session.get(Delivery, one.id)) is not None:
                known.ran, known.contacts = now, contacts
    return made


def _period(rule: Rule, at: int) -> int:
    """Return the number of the hour or day of UTC in which an instant lies (TAI ns)."""
    day, ns = utc_parts(at)
    hours = day * 24 + min(ns, DAY - 1) // (3600 * SECOND)
    return hours // HOURS_OF[rule.schedule]


def _next(here: Centre, archive: Archive, one: Delivery, rule: Rule, source: int, stop: int) -> bool:
    """Make the next batch of one source and go on behind it; return whether there was anything to deliver."""
    first = one.mark.get(str(source), 0)
    stop = min(stop, first + ROWS_LOOKED_AT)
    held = rights.withheld_here(here, rule.spacecraft)
    rows = packets_in_rows(archive, source, first, stop, _apids(here, rule))
    rows = rows.filter(~pl.col("apid").is_in(list(held)).fill_null(False))
    if len(rows) > ROWS_OF_A_BATCH:
        stop = int(rows["row"][ROWS_OF_A_BATCH])
        rows = rows.head(ROWS_OF_A_BATCH)
    frame = _values(archive, rule, source, rows) if rule.kind == "parameters" else dated(octets_of(archive, rows))
    batch = _written(here, one, rule, frame) if len(frame) else None
    mark = one.mark | {str(source): stop}
    with here.records.session() as session:
        known = session.get(Delivery, one.id)
        if known is None:
            raise UsageError("the delivery was ended meanwhile")
        known.mark, known.number = mark, one.number + (batch is not None)
        if batch is not None:
            session.add(batch)
    one.mark, one.number = mark, known.number
    if batch is not None:
        _remove_old(here, one, rule)
    return batch is not None


def _apids(here: Centre, rule: Rule) -> list[int] | None:
    """Return the APIDs that a rule is about, None for all."""
    instrument = here.installation.mission.organisation.instruments.get(rule.instrument)
    return rule.apids or (list(instrument.apids) if instrument is not None else []) or None


def _values(archive: Archive, rule: Rule, source: int, rows: pl.DataFrame) -> pl.DataFrame:
    """Return the samples in some packets, one row a packet; those of unknown time have no place in a table by time."""
    names = [name for name in archive.parameters() if any(fnmatch.fnmatchcase(name, one) for one in rule.names)]
    known = rows["generated"].drop_nulls()
    if not len(known) or not names:
        return pl.DataFrame()
    low, high = int(known.min()), int(known.max())  # type: ignore[arg-type]
    frame = to_polars(archive, names, low, high + 1, raw=rule.raw)
    return frame.filter((pl.col("source") == source) & pl.col("row").is_in(rows["row"].to_list())).sort("row")


def _written(here: Centre, one: Delivery, rule: Rule, frame: pl.DataFrame) -> Batch:
    """Write a batch to its file, for good before this returns. One that was left half done is written over."""
    octets, number = _octets(frame, rule), one.number + 1
    path = file_of(here, one, number)
    path.parent.mkdir(parents=True, exist_ok=True)
    waiting = path.with_name(f"{path.name}.new")
    with waiting.open("wb") as file:
        file.write(octets)
        file.flush()
        os.fsync(file.fileno())
    waiting.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)
    times = frame["generated"].drop_nulls()
    return Batch(
        delivery=one.id, number=number, digest=hashlib.sha256(octets).hexdigest(), octets=len(octets), rows=len(frame),
        first=times.min(), last=times.max(), made=live.wall_tai_ns(), gone=False,
    )  # fmt: skip


def _octets(frame: pl.DataFrame, rule: Rule) -> bytes:
    made = io.BytesIO()
    if rule.format == "arrow":
        frame.write_ipc_stream(made, compat_level=pl.CompatLevel.oldest())
    else:
        frame.write_parquet(made)
    return made.getvalue()


def remove_old(here: Centre, going: Going = lambda: True) -> int:
    """Remove the files of batches that are too old or too many; return how many."""
    return sum(_remove_old(here, one, Rule.model_validate(one.rule)) for one in all_deliveries(here.records) if going())


def _remove_old(here: Centre, one: Delivery, rule: Rule) -> int:
    """Remove the oldest batches of a delivery until its rule allows all that is left; the newest one stays."""
    oldest, most, removed = live.wall_tai_ns() - rule.keep_days * DAY, rule.keep_mebioctets * MEBIOCTET, 0
    with here.records.session() as session:
        octets = kept_octets(session, one.id)
        for batch in oldest_kept(session, one.id):
            if batch.number == one.number or (octets <= most and batch.made >= oldest):
                break
            file_of(here, one, batch.number).unlink(missing_ok=True)
            batch.gone, octets, removed = True, octets - batch.octets, removed + 1
    return removed
