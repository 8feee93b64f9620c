"""What is intended or agreed: records of a centre in a database, as tables of SQLAlchemy."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.orm import DeclarativeBase, Session


class Base(DeclarativeBase):
    """The base of all tables; each is defined in the module that owns it."""


class Records:
    """The database of a centre. `session` gives a transaction, committed at the end of the block."""

    def __init__(self, engine: Engine) -> None:
        self.engine = engine

    @contextmanager
    def session(self) -> Iterator[Session]:
        """Yield a session; what was done is kept unless the block raises."""
        with Session(self.engine, expire_on_commit=False) as session, session.begin():
            yield session

    def make(self) -> None:
        """Make the tables that are missing."""
        Base.metadata.create_all(self.engine)

    def close(self) -> None:
        """Close all connections."""
        self.engine.dispose()


def open_records(address: str | Path) -> Records:
    """Open, or make, the database in an SQLite file or at an SQLAlchemy address; tables that are missing are made."""
    if isinstance(address, Path):
        address.parent.mkdir(parents=True, exist_ok=True)
        engine = create_engine(f"sqlite:///{address}", connect_args={"timeout": 10, "check_same_thread": False})
        event.listen(engine, "connect", _prepare)
        if not address.exists():
            address.touch(mode=0o600)  # it holds accounts
    else:
        engine = create_engine(address)
    records = Records(engine)
    records.make()
    return records


def _prepare(connection: Any, _: Any) -> None:
    cursor = connection.cursor()
    for setting in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        cursor.execute(f"PRAGMA {setting}")
    cursor.close()
