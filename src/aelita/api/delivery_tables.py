"""Deliveries in the records of a centre: the rules, and the numbered batches that were made by them."""

from typing import Any

from sqlalchemy import JSON, BigInteger, Boolean, ForeignKey, Integer, String, Text, func, select
from sqlalchemy.orm import Mapped, Session, mapped_column

from .records import Base, Records


class Delivery(Base):
    """A rule by which data are delivered. `mark` says up to which row of each source it has come; `ran` when (mission, TAI ns).

    `number` is that of the last batch; `contacts` how many contacts were over then; `fault` why nothing comes.
    """

    __tablename__ = "deliveries"

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True)
    owner: Mapped[str] = mapped_column(String(128), index=True)
    title: Mapped[str] = mapped_column(String(200))
    rule: Mapped[dict[str, Any]] = mapped_column(JSON)
    created: Mapped[int] = mapped_column(BigInteger)  # TAI ns of this machine
    number: Mapped[int] = mapped_column(BigInteger, default=0)
    mark: Mapped[dict[str, int]] = mapped_column(JSON)
    ran: Mapped[int] = mapped_column(BigInteger)
    contacts: Mapped[int] = mapped_column(Integer, default=0)
    fault: Mapped[str] = mapped_column(Text, default="")

    __table_args__ = ({"sqlite_autoincrement": True},)  # a number is never given again


class Batch(Base):
    """A batch: a file with a SHA-256 digest. `first` and `last` are the earliest and latest generation time in it (TAI ns)."""

    __tablename__ = "delivery_batches"

    delivery: Mapped[int] = mapped_column(ForeignKey("deliveries.id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    digest: Mapped[str] = mapped_column(String(64))
    octets: Mapped[int] = mapped_column(BigInteger)
    rows: Mapped[int] = mapped_column(BigInteger)
    first: Mapped[int | None] = mapped_column(BigInteger)
    last: Mapped[int | None] = mapped_column(BigInteger)
    made: Mapped[int] = mapped_column(BigInteger)  # TAI ns of this machine
    gone: Mapped[bool] = mapped_column(Boolean, default=False)


def all_deliveries(records: Records) -> list[Delivery]:
    """Return all deliveries, the oldest first."""
    with records.session() as session:
        return list(session.scalars(select(Delivery).order_by(Delivery.id)))


def batches_behind(records: Records, delivery: int, number: int, limit: int) -> list[Batch]:
    """Return batches behind a number, in order."""
    asked = select(Batch).where(Batch.delivery == delivery, Batch.number > number).order_by(Batch.number).limit(limit)
    with records.session() as session:
        return list(session.scalars(asked))


def kept_octets(session: Session, delivery: int) -> int:
    """Return how much the batches take whose files are there."""
    return session.scalar(select(func.sum(Batch.octets)).where(Batch.delivery == delivery, Batch.gone.is_(False))) or 0


def oldest_kept(session: Session, delivery: int, limit: int = 1000) -> list[Batch]:
    """Return the oldest batches whose files are there, in order."""
    asked = select(Batch).where(Batch.delivery == delivery, Batch.gone.is_(False)).order_by(Batch.number).limit(limit)
    return list(session.scalars(asked))
