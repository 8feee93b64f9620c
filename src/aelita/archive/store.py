"""The archive: a folder of Delta Lake tables."""

from collections.abc import Collection
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import polars as pl
from numpy.typing import NDArray

from ..errors import ArchiveError, UsageError
from ..records import EVENTS, GAPS, LIMITS, QUARANTINE
from ..time import Time, tai_ns_of
from .batch import ENDLESS, Batch, DatabaseText, Source
from .catalogue import Catalogue
from .completeness import Completeness, completeness
from .duplicates import archived, repeated
from .following import Following
from .gathered import Calibrator, Stores, Writing
from .history import Histories, with_utc
from .latest import LATEST, Latest
from .lock import WriterLock, turn_in
from .names import container_name, folder_name
from .newest import newest_values
from .reading import chosen, read_frames, read_packets
from .recordings import Times
from .session import Session
from .settings import FORMAT, MARK, Retention, new_mark, read_mark, refuse_unfit, write_mark
from .tables import Table

PLAIN_TABLES = ("frames", "packets", "events", "limits", "gaps", "quarantine", "pyramids")
ROWS_OF_BUCKETS = 1 << 15  # of several parameters, out of hundreds


Mask = NDArray[np.bool_]
Moment = Time | None


def tai_ns(moment: Moment) -> int | None:
    """Return TAI nanoseconds of a bound of a range, None for none. Raises TimeError for what is no time."""
    return None if moment is None else tai_ns_of(moment)


class Archive:
    """An archive in a folder. `calibrator` gives engineering values; without one, only raw values can be asked for."""

    def __init__(self, path: Path, calibrator: Calibrator | None = None) -> None:
        self.path, self.calibrator = path, calibrator
        self.lock = WriterLock(path / "lock")
        tables = path / "tables"
        self.catalogue = Catalogue(tables)
        self.tables = {name: Table(tables / name, name) for name in PLAIN_TABLES}
        self.tables["pyramids"] = Table(tables / "pyramids", "pyramids", order="parameter", group=ROWS_OF_BUCKETS)
        self.removals = Table(tables / "removals", "removals")
        self.products = Table(tables / "products", "products")
        self.latest_file = Latest(path / "latest.arrow", self._find_latest)
        self._containers: dict[str, Table] = {}
        self.histories = Histories(self.catalogue, self.container_table, self.tables["pyramids"], calibrator)

    def begin(self, source: Source, database: DatabaseText | None = None) -> Session:
        """Begin, or go on with, the ingest of a source; it is the only writer until `close`.

        Raises ArchiveError when another writer is at work, or when the source was begun with other definitions and not completed.
        """
        if source.size < 0:
            raise UsageError("its size is unknown", where=source.name, remedy="Follow it: it is a live stream")
        self.lock.acquire()
        try:
            with turn_in(self.path):
                writing = self._admitted(source, database)
            return Session(writing, self.lock, turn_in(self.path), source)
        except BaseException:
            self.lock.release()
            raise

    def follow(self, source: Source, database: DatabaseText | None = None) -> Following:
        """Follow a live stream, from the first message or behind the last one that the archive has; see `Following`.

        Other writers are kept out only while something is written. Raises ArchiveError when the source is a recording.
        """
        stream = replace(source, size=ENDLESS)
        with turn_in(self.path):
            writing = self._admitted(stream, database)
            return Following(writing, stream, self.path, self.written_tables)

    def _admitted(self, source: Source, database: DatabaseText | None) -> Writing:
        version = self.catalogue.keep(database) if database is not None else None
        number = self.catalogue.admit(source, None if version is None else version.number)
        plain = {name: self.tables[name] for name in PLAIN_TABLES}
        stores = Stores(**plain, catalogue=self.catalogue, parameters=self.container_table, latest=self.latest_file)
        return Writing(stores, number, source.digest, version, self._recognise, self.calibrator)

    def written_tables(self) -> list[Table]:
        """Return the tables that carry the batches of a source, as far as it gave rows for them."""
        return [*self.tables.values(), *map(self.container_table, self.containers()), *self.catalogue.written_last]

    def _recognise(self, batch: Batch, real: Mask, times: Times) -> Mask:
        """Return which packets of a batch the archive has already, or had a moment before in the same batch."""
        again = repeated(batch.packets, times.generated, real)
        return again | archived(batch.packets, times.generated, real & ~again, self.tables["packets"], self.tables["frames"])

    def packets(
        self,
        start: Moment = None,
        stop: Moment = None,
        *,
        apid: int | None = None,
        virtual_channel: int | None = None,
        source: int | None = None,
        octets: bool = True,
    ) -> pl.DataFrame:
        """Return the packets of a range of generation times (without one, all; then also those of unknown time), as received.

        Columns as `records.PACKETS`, after `utc`. `octets` are whole packets; idle packets are not kept.
        """
        equal = {"apid": apid, "virtual_channel": virtual_channel, "source": source}
        span = tai_ns(start), tai_ns(stop)
        return with_utc(read_packets(self.tables["packets"], self.tables["frames"], *span, equal, octets))

    def frames(self, *, source: int | None = None, virtual_channel: int | None = None, octets: bool = False) -> pl.DataFrame:
        """Return the frames of a source or of all, as received; columns as `records.FRAMES`. Bad ones have a `reason` above 0."""
        equal = {"source": source, "virtual_channel": virtual_channel}
        return read_frames(self.tables["frames"], self.tables["quarantine"], equal, octets)

    def events(self, start: Moment = None, stop: Moment = None) -> pl.DataFrame:
        """Return the events of a range of generation times, in that order; columns as `records.EVENTS`, after `utc`."""
        return self._reports("events", EVENTS, start, stop)

    def limits(self, start: Moment = None, stop: Moment = None) -> pl.DataFrame:
        """Return the changes of severity of limits in a range, in order; columns as `records.LIMITS`, after `utc`."""
        return self._reports("limits", LIMITS, start, stop)

    def _reports(self, name: str, schema: pl.Schema, start: Moment, stop: Moment) -> pl.DataFrame:
        rows = chosen(self.tables[name], schema, ("generated", tai_ns(start), tai_ns(stop)), {})
        return with_utc(rows.sort("generated", "source", "row", maintain_order=True))

    def gaps(self, source: int | None = None) -> pl.DataFrame:
        """Return the holes in virtual channels; columns as `records.GAPS`."""
        return chosen(self.tables["gaps"], GAPS, ("", None, None), {"source": source}).sort(
            "source", "after_frame", "virtual_channel", maintain_order=True
        )

    def quarantine(self, source: int | None = None) -> pl.DataFrame:
        """Return the octets that could not be used, with the offset in their source and the reason."""
        rows = chosen(self.tables["quarantine"], QUARANTINE, ("", None, None), {"source": source})
        return rows.sort("source", "position", maintain_order=True)

    def completeness(self, source: int | None = None, *, sources: Collection[int] | None = None) -> Completeness:
        """Return what arrived and what is missing, of a source, or of each and all, or of some; see `Completeness`."""
        tables = self.tables["packets"], self.tables["frames"], self.tables["gaps"]
        return completeness(self.catalogue, *tables, source, sources)

    def sources(self) -> pl.DataFrame:
        """Return one row a source: what it is, what it gave, and whether it is complete."""
        return self.catalogue.sources()

    def values(self, parameter: str, start: Moment = None, stop: Moment = None, *, raw: bool = False) -> pl.DataFrame:
        """Return all samples of a parameter with start <= generation time < stop, in that order.

        `parameter` is a qualified name or an unambiguous end of one; times are UTC texts (`2023-05-24T18:54:49.8`), datetimes,
        NumPy datetime64 or TAI nanoseconds. Columns: `utc`, `generated` (TAI nanoseconds), `source` and `row` (the packet),
        `quality` (0 good), `database` (the version that decoded it), `value`. Raises UsageError for an unknown or ambiguous name.
        """
        if not isinstance(parameter, str):
            raise UsageError("values are of one parameter at a time", remedy="Ask for each, or a centre's interface for several")
        return with_utc(self.histories.values(parameter, tai_ns(start), tai_ns(stop), raw))

    def samples(self, parameter: str, count: int = 500, start: Moment = None, stop: Moment = None) -> pl.DataFrame:
        """Return a parameter folded into at most `count` + 1 bins of equal width over a range, for plots.

        Columns: `utc` and `generated` (first instant of the bin), `count`, `minimum`, `maximum`, `mean` of its good samples: null
        in a bin without samples, so that gaps show. The edges of the range are moved outwards to those of bins. Labels are folded
        as their raw numbers; without a calibrator all values are raw.
        """
        return with_utc(self.histories.folded(parameter, count, tai_ns(start), tai_ns(stop)))

    def latest(self) -> pl.DataFrame:
        """Return the latest value of every parameter: `utc`, `parameter`, `container`, `generated`, the packet (`source`, `row`),
        `database`, and the value as `raw_number` or `raw_text`, and `number` or `text` (label) in engineering units."""
        return with_utc(self.latest_file.known())

    def _find_latest(self) -> pl.DataFrame:
        """Find the latest values in the tables. Before any batch is whole there are none: the one under way brings them."""
        if self.catalogue.batches.version < 0:
            return LATEST.to_frame()
        tables = {container: self.container_table(container) for container in self.containers()}
        return newest_values(tables, None, self.catalogue, self.calibrator)

    def parameters(self) -> list[str]:
        """Return the qualified names of all parameters that have samples."""
        return sorted(self.catalogue.parameters())

    def retention(self) -> Retention:
        """Return for how long what is kept. Raises UsageError when the settings make no sense."""
        return Retention.of(read_mark(self.path).get("retention", {}))

    def keep(self, retention: Retention) -> None:
        """Set for how long what is kept, from the next `apply_retention` on."""
        write_mark(self.path, read_mark(self.path) | {"retention": asdict(retention)})

    def known_tables(self) -> dict[str, Table]:
        """Return every table, also those not written yet, by its folder below `tables`, in the order of an ingest."""
        first, last = self.catalogue.written_first, self.catalogue.written_last
        tables = [
            *first,
            *self.tables.values(),
            *map(self.container_table, self.containers()),
            self.removals,
            self.products,
            *last,
        ]
        return {str(table.path.relative_to(self.path / "tables")): table for table in tables}

    def all_tables(self) -> dict[str, Table]:
        """Return every table that exists, in the order of `known_tables`."""
        return {name: table for name, table in self.known_tables().items() if table.exists}

    def container_table(self, container: str) -> Table:
        """Return the table of a container's parameters."""
        if container not in self._containers:
            folder = self.path / "tables" / "parameters" / folder_name(container)
            self._containers[container] = Table(folder, container, quick=True)
        return self._containers[container]

    def containers(self) -> list[str]:
        """Return the containers that have rows, by name."""
        folder = self.path / "tables" / "parameters"
        if not folder.is_dir():
            return []
        return sorted(container_name(entry.name) for entry in folder.iterdir() if (entry / "_delta_log").is_dir())


def open_archive(path: str | Path, calibrator: Calibrator | None = None, *, create: bool = False) -> Archive:
    """Return the archive in a folder; `create` makes a new one when the folder is absent or empty.

    Raises ArchiveError when there is none, or when its format is not the one that this release reads.
    """
    folder = Path(path)
    refuse_unfit(folder)
    try:
        if create and not (folder / MARK).exists() and (not folder.exists() or not any(folder.iterdir())):
            folder.mkdir(parents=True, exist_ok=True)
            write_mark(folder, new_mark(FORMAT))
    except OSError as error:
        raise ArchiveError(f"no archive can be made: {error.strerror}", where=str(folder)) from error
    if create and folder.exists() and not (folder / MARK).exists():
        raise ArchiveError(
            "the folder holds other things than an archive", where=str(folder), remedy="Name a new or an empty folder"
        )
    found = read_mark(folder).get("format")
    if found != FORMAT:
        remedy = "Run `aelita archive migrate`" if isinstance(found, int) and found < FORMAT else "Use a newer Aelita"
        raise ArchiveError(f"its format is {found}, this release reads {FORMAT}", where=str(folder), remedy=remedy)
    return Archive(folder, calibrator)
