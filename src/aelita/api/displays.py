"""Displays that users compose of tables, plots, mimics and text: what a document may hold, and how it is kept."""

from typing import Any, Literal

import orjson
from pydantic import BaseModel, ConfigDict, Field
from sqlalchemy import JSON, BigInteger, Boolean, Index, Integer, String, or_, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from ..errors import UsageError
from .answers import UtcText, utc_text
from .records import Base, Records

MOST_OCTETS = 256 * 1024
MOST_PARTS, MOST_OF_ONE = 100, 1000  # displays that one user may own


class Part(BaseModel):
    """A part of a display: `width` in twelfths of the page, `height` in rows.

    `says` is the text of a text, the drawing of a mimic, or the names and patterns of the parameters of a table or plot.
    """

    model_config = ConfigDict(extra="forbid")
    kind: Literal["table", "plot", "mimic", "text"]
    title: str = Field("", max_length=200)
    says: str = Field("", max_length=64 * 1024)
    width: int = Field(6, ge=1, le=12)
    height: int = Field(5, ge=1, le=24)
    spacecraft: str = Field("", max_length=64, description="Whose values it shows; without one, those of all.")
    span_s: int = Field(600, ge=1, le=10**9, description="How many seconds a plot follows.")


class Document(BaseModel):
    """What a display shows."""

    model_config = ConfigDict(extra="forbid")
    parts: list[Part] = Field([], max_length=MOST_PARTS)


class NewDisplay(BaseModel):
    """A display to be kept; a `shared` one is seen by all users of the agency."""

    model_config = ConfigDict(extra="forbid")
    title: str = Field(min_length=1, max_length=200, pattern=r"\S")
    shared: bool = False
    document: Document


class ChangedDisplay(NewDisplay):
    """A display as it shall be. `version` is the one that was changed: when there is a newer one, it is refused (409)."""

    version: int = Field(ge=1, lt=1 << 53)


class DisplayItem(BaseModel):
    """A display without its document."""

    id: str
    title: str
    owner: str
    shared: bool
    version: int
    changed: UtcText
    parts: int


class DisplayShown(DisplayItem):
    """A display."""

    document: Document


class Display(Base):
    """A display of a user. `version` rises with each change."""

    __tablename__ = "displays"
    __table_args__ = (Index("displays_owner", "owner"),)

    number: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True)
    owner: Mapped[str] = mapped_column(String(128))
    title: Mapped[str] = mapped_column(String(200))
    shared: Mapped[bool] = mapped_column(Boolean)
    version: Mapped[int] = mapped_column(Integer)
    changed: Mapped[int] = mapped_column(BigInteger)  # TAI ns
    document: Mapped[dict[str, Any]] = mapped_column(JSON)

    __mapper_args__ = {"version_id_col": version, "version_id_generator": False}  # noqa: RUF012 (as SQLAlchemy has it)


def checked(document: Document) -> dict[str, Any]:
    """Return a document as it is kept. Raises UsageError when it is too large."""
    told = document.model_dump(mode="json", exclude_defaults=False)
    if (size := len(orjson.dumps(told))) > MOST_OCTETS:
        raise UsageError(f"{size} octets are too many for a display", where="document", remedy=f"Keep below {MOST_OCTETS}")
    return told


def visible(session: Session, ident: str, user: str) -> Display | None:
    """Return a display that a user may see: their own, or a shared one."""
    number = int(ident) if ident.isascii() and ident.isdigit() and len(ident) < 19 else 0
    found = session.get(Display, number)
    return found if found is not None and (found.shared or found.owner == user) else None


def seen_by(records: Records, user: str, limit: int, after: list[Any] | None) -> list[Display]:
    """Return the displays that a user may see, by title, those behind a key of (title, number)."""
    asked = select(Display).where(or_(Display.owner == user, Display.shared)).order_by(Display.title, Display.number)
    if after is not None:
        title, number = after
        asked = asked.where(or_(Display.title > title, (Display.title == title) & (Display.number > number)))
    with records.session() as session:
        return list(session.scalars(asked.limit(limit)))


def owned(session: Session, user: str) -> int:
    """Return how many displays a user owns."""
    return len(session.scalars(select(Display.number).where(Display.owner == user)).all())


def item_of(one: Display) -> DisplayItem:
    """Return a display as lists tell it."""
    return DisplayItem(**_facts(one))


def shown(one: Display) -> DisplayShown:
    """Return a display with its document."""
    return DisplayShown(**_facts(one), document=Document.model_validate(one.document))


def _facts(one: Display) -> dict[str, Any]:
    return {
        "id": str(one.number), "title": one.title, "owner": one.owner, "shared": one.shared, "version": one.version,
        "changed": utc_text(one.changed), "parts": len(one.document.get("parts", ())),
    }  # fmt: skip
