"""What was ingested, batch by batch, and the mission databases that decoded it."""

import hashlib
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path

import polars as pl

from ..errors import ArchiveError, UsageError
from ..records import BATCHES, CONTENTS, DATABASES, SOURCES
from .batch import ENDLESS, DatabaseText, Source
from .tables import Table, collect


@dataclass(frozen=True, slots=True)
class DatabaseVersion:
    """A mission database kept in the archive: its number there, digest (SHA-256), name and XTCE text."""

    number: int
    digest: str
    name: str
    text: str


class Catalogue:
    """The tables `sources`, `batches`, `databases` and `contents` of an archive."""

    def __init__(self, tables: Path) -> None:
        self._sources = Table(tables / "sources", "sources")
        self.batches = Table(tables / "batches", "batches")
        self._databases = Table(tables / "databases", "databases")
        self.contents = Table(tables / "contents", "contents")
        self._index: tuple[int, dict[str, list[str]]] = (-2, {})
        self._versions: tuple[int, list[DatabaseVersion]] = -2, []
        self._admitted: tuple[int, pl.DataFrame] = -2, SOURCES.to_frame()
        self._whole: tuple[int, dict[int, int]] = -2, {}

    @property
    def written_first(self) -> list[Table]:
        """Its tables that an ingest writes before all others."""
        return [self._sources, self._databases]

    @property
    def written_last(self) -> list[Table]:
        """Its tables that an ingest writes after all others: `batches` makes a batch whole."""
        return [self.contents, self.batches]

    def sources(self) -> pl.DataFrame:
        """Return one row a source, with the sums over its batches and whether it is complete."""
        sums = [name for name, dtype in BATCHES.items() if dtype == pl.Int64 and name not in ("batch", "first", "last_time")]
        done = self.done().group_by("source").agg(
            pl.col("batch").max().alias("batches"), pl.col("last").any().alias("complete"), pl.col(sums).sum(),
            pl.col("first").min(), pl.col("last_time").max(),
        )  # fmt: skip
        joined = _rows(self._sources, SOURCES).join(done, on="source", how="left").sort("source")
        return joined.with_columns(pl.col("complete").fill_null(False), pl.col("batches", *sums).fill_null(0))

    def admitted(self) -> pl.DataFrame:
        """Return one row a source, as it was begun; columns as `records.SOURCES`."""
        version = self._sources.version
        if self._admitted[0] != version:
            self._admitted = version, _rows(self._sources, SOURCES).sort("source")
        return self._admitted[1]

    def done(self) -> pl.DataFrame:
        """Return one row a batch that is wholly in the archive."""
        return _rows(self.batches, BATCHES)

    def whole_rows(self) -> dict[int, int]:
        """Return for each source how many rows of packets, numbered from 0, are wholly in the archive, in all tables."""
        version = self.batches.version
        if self._whole[0] != version:
            sums = self.done().group_by("source").agg((pl.col("packets") - pl.col("idle")).sum().alias("rows"))
            self._whole = version, {int(source): int(rows) for source, rows in sums.iter_rows()}
        return self._whole[1]

    def find(self, digest: str) -> int | None:
        """Return the number of a source that was ingested, at least in part."""
        found = _rows(self._sources, SOURCES).filter(pl.col("digest") == digest)
        return int(found["source"][0]) if len(found) else None

    def parameters(self) -> dict[str, list[str]]:
        """Return the containers of each parameter, by its qualified name."""
        version = self.contents.version
        if self._index[0] != version:
            index: dict[str, list[str]] = {}
            for container, parameter in _rows(self.contents, CONTENTS).iter_rows():
                index.setdefault(parameter, []).append(container)
            self._index = version, index
        return self._index[1]

    def resolve(self, name: str) -> str:
        """Return the qualified name of a parameter from that name or from the end of it, if no other ends so.

        Raises UsageError for an unknown or ambiguous name.
        """
        known = self.parameters()
        if name in known:
            return name
        found = [parameter for parameter in known if parameter.endswith("/" + name)]
        if len(found) == 1:
            return found[0]
        if found:
            some = ", ".join(sorted(found)[:5])
            raise UsageError(f"{len(found)} parameters are called {name}", remedy=f"Write more of the name: {some}")
        close = get_close_matches(name, known, 3, 0.6) or get_close_matches(name, [p.rsplit("/", 1)[-1] for p in known], 3, 0.6)
        raise UsageError(
            f"there is no parameter {name} in the archive", remedy=f"Did you mean {', '.join(close)}?" if close else ""
        )

    def admit(self, source: Source, database: int | None) -> int:
        """Return the number of a source, a new one if it is new.

        Raises ArchiveError when it was begun with another channel, database or size of batches, and not completed. A live stream
        may change all these on its way.
        """
        known = self.sources().filter(pl.col("digest") == source.digest)
        if not len(known):
            number = len(_rows(self._sources, SOURCES)) + 1
            row = {
                "source": number, "digest": source.digest, "name": source.name, "size": source.size,
                "spacecraft": source.spacecraft, "station": source.station, "channel": source.channel, "database": database,
                "batch_octets": source.batch_octets,
            }  # fmt: skip
            self._sources.append(pl.DataFrame([row], schema=SOURCES), source.digest, 1)
            return number
        begun = known.row(0, named=True)
        if (begun["size"] == ENDLESS) != (source.size == ENDLESS):
            raise ArchiveError(
                "is a live stream" if begun["size"] == ENDLESS else "is a recording",
                where=source.name,
                remedy="Give the stream a digest of its own",
            )
        if not begun["complete"] and source.size != ENDLESS:
            now = (source.channel, database, source.batch_octets)
            for what, before, given in zip(
                ("channel", "database", "size of batches"),
                (begun["channel"], begun["database"], begun["batch_octets"]),
                now,
                strict=True,
            ):
                if before != given:
                    raise ArchiveError(
                        f"its ingest was begun with another {what}",
                        where=source.name,
                        remedy="Complete it with the same one first",
                    )
        return int(begun["source"])

    def keep(self, database: DatabaseText) -> DatabaseVersion:
        """Return the version of a database; its text is stored when it is new."""
        digest = hashlib.sha256(database.text.encode()).hexdigest()
        known = self.databases()
        for version in known:
            if version.digest == digest:
                return version
        version = DatabaseVersion(len(known) + 1, digest, database.name, database.text)
        row = {"database": version.number, "digest": digest, "name": version.name, "text": version.text}
        self._databases.append(pl.DataFrame([row], schema=DATABASES), digest, 1)
        return version

    def databases(self) -> list[DatabaseVersion]:
        """Return all versions, in the order in which they came."""
        held = self._databases.version
        if self._versions[0] != held:
            rows = _rows(self._databases, DATABASES).sort("database")
            self._versions = held, [DatabaseVersion(*row) for row in rows.iter_rows()]
        return self._versions[1]

    def database(self, number: int) -> DatabaseVersion:
        """Return a version by its number. Raises ArchiveError when the archive has none such."""
        for version in self.databases():
            if version.number == number:
                return version
        raise ArchiveError(f"there is no database version {number}", remedy="See `aelita archive check`")


def _rows(table: Table, schema: pl.Schema) -> pl.DataFrame:
    frame = table.scan()
    return schema.to_frame() if frame is None else collect(frame, table.name)
