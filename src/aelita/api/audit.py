"""The audit trail: what users do, what they were refused, and who failed to log in. It is only ever appended to."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import DDL, BigInteger, Index, Integer, String, Text, event, or_, select
from sqlalchemy.orm import Mapped, mapped_column
from starlette.requests import HTTPConnection

from ..services import live
from .identity import Identity, identity_of
from .records import Base, Records

if TYPE_CHECKING:
    from .centre import Centre

LONGEST_TEXT, MOST_DETAILS = 2000, 32
Detail = str | int | float


class Audit(Base):
    """One entry: who (user, agency, and how they were known) did what, from which address, at a time of the machine's clock."""

    __tablename__ = "audit"
    __table_args__ = (Index("audit_user", "user", "number"), Index("audit_action", "action", "number"))

    number: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True)
    at: Mapped[int] = mapped_column(BigInteger, index=True)  # TAI ns
    agency: Mapped[str] = mapped_column(String(64))
    user: Mapped[str] = mapped_column(String(128))
    how: Mapped[str] = mapped_column(String(16))
    token: Mapped[str] = mapped_column(String(64))
    address: Mapped[str] = mapped_column(String(64))
    action: Mapped[str] = mapped_column(String(64))
    details: Mapped[str] = mapped_column(Text)  # JSON


for _what in ("UPDATE", "DELETE"):
    event.listen(
        Audit.__table__,
        "after_create",
        DDL(  # type: ignore[no-untyped-call]
            f"CREATE TRIGGER audit_no_{_what.lower()} BEFORE {_what} ON audit "
            "BEGIN SELECT RAISE(ABORT, 'the audit trail is only appended to'); END"
        ).execute_if(dialect="sqlite"),
    )


@dataclass(frozen=True, slots=True)
class Sought:
    """Which entries are sought: of a user, an action (or all that begin with it and a dot), a span of TAI ns, with words.

    Words are sought in every part of an entry; the case of Latin letters does not count.
    """

    user: str = ""
    action: str = ""
    start: int | None = None
    stop: int | None = None
    search: str = ""


def note(connection: HTTPConnection, action: str, **details: Detail) -> None:
    """Write into the audit trail that who asks did something: `action` in words with dots, such as "alarm.acknowledge".

    It is kept when this returns, whatever becomes of the request. It waits for the disk: for worker threads.
    """
    centre = connection.app.state.centre
    record(centre, identity_of(connection), action, details, address=address_of(connection.scope))


def record(centre: "Centre", who: Identity, action: str, details: Mapping[str, Detail], *, address: str = "") -> None:
    """Write an entry in the name of an identity. It waits for the disk."""
    write(centre.records, who, action, details, agency=centre.agency, address=address)


def write(records: Records, who: Identity, action: str, details: Mapping[str, Detail], *, agency: str, address: str = "") -> None:
    """Write an entry into the records of an agency's centre. It waits for the disk."""
    entry = Audit(
        at=live.wall_tai_ns(), agency=agency, user=_short(who.user, 128), how=who.how, token=who.token,
        address=_short(address, 64), action=_short(action, 64), details=_told(details),
    )  # fmt: skip
    with records.session() as session:
        session.add(entry)


def entries(records: Records, sought: Sought, *, limit: int, before: int | None = None) -> list[Audit]:
    """Return entries, latest first, those before a number."""
    asked = select(Audit).order_by(Audit.number.desc()).limit(limit)
    if before is not None:
        asked = asked.where(Audit.number < before)
    if sought.user:
        asked = asked.where(Audit.user == sought.user)
    if sought.action:
        asked = asked.where(or_(Audit.action == sought.action, Audit.action.startswith(f"{sought.action}.", autoescape=True)))
    if sought.start is not None:
        asked = asked.where(Audit.at >= sought.start)
    if sought.stop is not None:
        asked = asked.where(Audit.at < sought.stop)
    for word in sought.search.split():
        parts = (Audit.user, Audit.action, Audit.address, Audit.details)
        asked = asked.where(or_(*(part.icontains(word, autoescape=True) for part in parts)))
    with records.session() as session:
        return list(session.scalars(asked))


def address_of(scope: Mapping[str, Any]) -> str:
    """Return the address from which a connection comes, empty when it is not known."""
    client = scope.get("client")
    return str(client[0]) if client else ""


def _told(details: Mapping[str, Detail]) -> str:
    kept = list(details.items())[:MOST_DETAILS]
    short = {_short(key, 64): _short(value, LONGEST_TEXT) if isinstance(value, str) else value for key, value in kept}
    return json.dumps(short, ensure_ascii=False)


def _short(text: str, most: int) -> str:
    """Return a text that a database takes, cut at its end when it is too long."""
    clean = text.encode("utf-8", "replace").decode()
    return clean if len(clean) <= most else clean[: most - 1] + "…"
