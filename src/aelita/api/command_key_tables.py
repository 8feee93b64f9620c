"""The table of signing keys that a centre keeps for its users: private halves sealed by a key made of the user's password."""

from sqlalchemy import BigInteger, Boolean, ForeignKey, Integer, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from .records import Base


class CommandKey(Base):
    """A signing key of a user, by its name. Without `sealed` the user keeps the private half.

    It is sealed with AES-256-GCM by a key that argon2id makes of the password: `salt`, `passes`, `memory_kib`, `lanes` say how.
    A `lost` one was sealed by a password that was replaced without being known. `created` is TAI ns of the machine's clock.
    """

    __tablename__ = "command_keys"

    key: Mapped[str] = mapped_column(String(16), primary_key=True)
    user: Mapped[str] = mapped_column(ForeignKey("users.name", ondelete="CASCADE"), index=True)
    centre: Mapped[str] = mapped_column(String(64))
    public: Mapped[str] = mapped_column(String(64))
    created: Mapped[int] = mapped_column(BigInteger)
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary, default=None)
    salt: Mapped[bytes] = mapped_column(LargeBinary, default=b"")
    nonce: Mapped[bytes] = mapped_column(LargeBinary, default=b"")
    passes: Mapped[int] = mapped_column(Integer, default=0)
    memory_kib: Mapped[int] = mapped_column(Integer, default=0)
    lanes: Mapped[int] = mapped_column(Integer, default=0)
    lost: Mapped[bool] = mapped_column(Boolean, default=False)
