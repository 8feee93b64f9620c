"""The operator log of a centre in its records: entries that nobody can change or remove, found by their words."""

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import DDL, JSON, BigInteger, Index, Integer, String, Text, event, select, text
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Mapped, mapped_column

from ..errors import UsageError
from ..services import live
from .records import Base, Records

CATEGORIES = ("note", "operation", "anomaly", "command", "station", "instrument", "handover", "pass")
HANDOVER, PASS, ANOMALY = "handover", "pass", "anomaly"
LONGEST = 20_000


class Entry(Base):
    """One entry. `at` is when it was written, `mission_at` when it happened by the mission's clock (TAI ns).

    `refers` is the entry that it corrects or comments; `data` what the centre added by itself. `key` is of entries that write
    themselves: there is one of each.
    """

    __tablename__ = "log_entries"
    __table_args__ = (Index("log_category", "category", "number"), Index("log_refers", "refers"))

    number: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True)
    at: Mapped[int] = mapped_column(BigInteger)
    mission_at: Mapped[int] = mapped_column(BigInteger, index=True)
    user: Mapped[str] = mapped_column(String(128))
    category: Mapped[str] = mapped_column(String(16))
    spacecraft: Mapped[str] = mapped_column(String(64))
    text: Mapped[str] = mapped_column(Text)
    refers: Mapped[int | None] = mapped_column(BigInteger)
    corrects: Mapped[bool]
    data: Mapped[dict[str, Any]] = mapped_column(JSON)
    key: Mapped[str | None] = mapped_column(String(200), unique=True)


_MADE = (
    "CREATE TRIGGER log_no_update BEFORE UPDATE ON log_entries BEGIN SELECT RAISE(ABORT, 'entries of the log stay'); END",
    "CREATE TRIGGER log_no_delete BEFORE DELETE ON log_entries BEGIN SELECT RAISE(ABORT, 'entries of the log stay'); END",
    "CREATE VIRTUAL TABLE log_words USING fts5(text, user, category, spacecraft, content='log_entries', content_rowid='number',"
    " tokenize='unicode61 remove_diacritics 2')",
    "CREATE TRIGGER log_find AFTER INSERT ON log_entries BEGIN INSERT INTO log_words(rowid, text, user, category, spacecraft)"
    " VALUES (new.number, new.text, new.user, new.category, new.spacecraft); END",
)
for _statement in _MADE:
    _ddl = DDL(_statement).execute_if(dialect="sqlite")  # type: ignore[no-untyped-call]
    event.listen(Entry.__table__, "after_create", _ddl)


@dataclass(frozen=True, slots=True)
class Written:
    """An entry to be written; see `Entry`. `mission_at` 0: now."""

    user: str
    category: str
    text: str
    spacecraft: str = ""
    refers: int | None = None
    corrects: bool = False
    mission_at: int = 0
    data: dict[str, Any] = field(default_factory=dict)
    key: str | None = None


@dataclass(frozen=True, slots=True)
class Sought:
    """Which entries are sought: whose words all begin so, of these kinds, that happened in a span (TAI ns)."""

    search: str = ""
    categories: tuple[str, ...] = ()
    spacecraft: str = ""
    user: str = ""
    start: int | None = None
    stop: int | None = None
    refers: int | None = None


def write(records: Records, one: Written, now: int) -> Entry | None:
    """Write an entry, and return it; None when its `key` is there already. `now` is the mission's. Raises UsageError."""
    entry = Entry(
        at=live.wall_tai_ns(), mission_at=one.mission_at or now, user=one.user, category=one.category, text=_clean(one.text),
        spacecraft=one.spacecraft, refers=one.refers, corrects=one.corrects, data=one.data, key=one.key,
    )  # fmt: skip
    try:
        with records.session() as session:
            if one.refers is not None and session.get(Entry, one.refers) is None:
                raise UsageError(f"there is no entry {one.refers}", where="refers")
            if one.key is not None and session.scalar(select(Entry.number).where(Entry.key == one.key)):
                return None
            session.add(entry)
    except IntegrityError:  # another process was first
        return None
    return entry


def _clean(told: str) -> str:
    """Return a text as databases take it: without null characters and lone surrogates."""
    return told.replace("\0", "").encode("utf-8", "replace").decode()


def entries(records: Records, sought: Sought, *, limit: int, before: int | None = None) -> list[Entry]:
    """Return entries, latest written first, those before a number."""
    asked = select(Entry).order_by(Entry.number.desc()).limit(limit)
    for column, value in ((Entry.spacecraft, sought.spacecraft), (Entry.user, sought.user)):
        asked = asked.where(column == value) if value else asked
    asked = asked.where(Entry.category.in_(sought.categories)) if sought.categories else asked
    asked = asked.where(Entry.number < before) if before is not None else asked
    asked = asked.where(Entry.mission_at >= sought.start) if sought.start is not None else asked
    asked = asked.where(Entry.mission_at < sought.stop) if sought.stop is not None else asked
    asked = asked.where(Entry.refers == sought.refers) if sought.refers is not None else asked
    words = sought.search.split()
    with records.session() as session:
        if words and session.get_bind().dialect.name == "sqlite":
            query = match_of(words)
            if not query:
                return []
            found = text("number IN (SELECT rowid FROM log_words WHERE log_words MATCH :words)").bindparams(words=query)
            asked = asked.where(found)
        else:
            for word in words:
                asked = asked.where(Entry.text.icontains(word, autoescape=True))
        return list(session.scalars(asked))


def match_of(words: list[str]) -> str:
    """Return words as a query of FTS5: each must begin a word of the entry; signs have no meaning. Empty when none is a word."""
    quoted = [f'"{word.replace(chr(34), " ")}"*' for word in map(_clean, words) if any(map(str.isalnum, word))]
    return " ".join(quoted)


def corrections(records: Records, numbers: list[int]) -> dict[int, list[int]]:
    """Return for each entry the numbers of those that correct it, oldest first."""
    with records.session() as session:
        rows = session.execute(
            select(Entry.refers, Entry.number).where(Entry.refers.in_(numbers), Entry.corrects).order_by(Entry.number)
        ).all()
    found: dict[int, list[int]] = {}
    for refers, number in rows:
        found.setdefault(int(refers or 0), []).append(number)
    return found
