"""Queries that users save: a page of the console, and what its address asks for, under a title of one's own."""

from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import BigInteger, Integer, String, UniqueConstraint, func, select
from sqlalchemy.orm import Mapped, mapped_column

from ..errors import UsageError
from ..services import live
from .answers import UtcText, utc_text
from .records import Base, Records

MOST_OF_ONE = 500


class NewQuery(BaseModel):
    """A query to be saved: `query` is what stands behind the question mark of the page's address."""

    model_config = ConfigDict(extra="forbid")
    page: str = Field(min_length=1, max_length=64, pattern=r"^[a-z][a-z0-9_-]*$")
    title: str = Field(min_length=1, max_length=100, pattern=r"\S")
    query: str = Field(max_length=4000)


class QueryItem(NewQuery):
    """A saved query."""

    id: str
    changed: UtcText


class SavedQuery(Base):
    """A query of a user; the title is the user's own name for it on a page."""

    __tablename__ = "saved_queries"
    __table_args__ = (UniqueConstraint("owner", "page", "title"),)

    number: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True)
    owner: Mapped[str] = mapped_column(String(128))
    page: Mapped[str] = mapped_column(String(64))
    title: Mapped[str] = mapped_column(String(100))
    query: Mapped[str] = mapped_column(String(4000))
    changed: Mapped[int] = mapped_column(BigInteger)  # TAI ns


def saved(records: Records, user: str, page: str) -> list[SavedQuery]:
    """Return the queries of a user, of all pages when none is named, by page and title."""
    asked = select(SavedQuery).where(SavedQuery.owner == user).order_by(SavedQuery.page, SavedQuery.title)
    with records.session() as session:
        return list(session.scalars(asked.where(SavedQuery.page == page) if page else asked))


def save(records: Records, user: str, asked: NewQuery) -> SavedQuery:
    """Save a query in place of the one of that title. Raises UsageError when one has too many."""
    title = asked.title.strip()
    with records.session() as session:
        where = (SavedQuery.owner == user, SavedQuery.page == asked.page, SavedQuery.title == title)
        found = session.scalars(select(SavedQuery).where(*where)).one_or_none()
        if found is None:
            count = session.scalar(select(func.count()).select_from(SavedQuery).where(SavedQuery.owner == user)) or 0
            if count >= MOST_OF_ONE:
                raise UsageError(f"{user} has saved {count} queries", remedy="Delete one first")
            found = SavedQuery(owner=user, page=asked.page, title=title)
            session.add(found)
        found.query, found.changed = asked.query, live.wall_tai_ns()
        session.flush()
        return found


def remove(records: Records, user: str, ident: str) -> SavedQuery | None:
    """Delete a query of a user and return it, None when there is none such."""
    number = int(ident) if ident.isascii() and ident.isdigit() and len(ident) < 19 else 0
    with records.session() as session:
        found = session.get(SavedQuery, number)
        if found is None or found.owner != user:
            return None
        session.delete(found)
        return found


def item_of(one: SavedQuery) -> QueryItem:
    """Return a query as it is told."""
    return QueryItem(id=str(one.number), page=one.page, title=one.title, query=one.query, changed=utc_text(one.changed))
