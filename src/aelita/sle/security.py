"""Who proves what to whom: the level of authentication and the secrets of two peers, and the guard of one association."""

from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum

from ..errors import DefinitionError
from .credentials import DEFAULT_WINDOW_S, HashAlgorithm, Refusal, ReplayMemory, make, verify
from .pdus import Bind, BindReturn, Credentials, Pdu, PeerAbort


class AuthenticationLevel(Enum):
    """Which PDUs carry credentials: none, BIND and its return, or all but PEER-ABORT."""

    NONE = "none"
    BIND = "bind"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Security:
    """What two peers agreed on. `window_s` is how far the time of credentials may lie from now, before or after.

    Credentials that are not asked for are not looked at: some public users send them on UNBIND at the level BIND.
    """

    level: AuthenticationLevel = AuthenticationLevel.NONE
    algorithm: HashAlgorithm = HashAlgorithm.SHA_256
    own_password: bytes = field(default=b"", repr=False)
    peer_password: bytes = field(default=b"", repr=False)
    window_s: float = DEFAULT_WINDOW_S

    def __post_init__(self) -> None:
        if self.level is not AuthenticationLevel.NONE and not (self.own_password and self.peer_password):
            raise DefinitionError(
                f"authentication level {self.level.value!r} without passwords", remedy="Give the own and the peer's password"
            )


@dataclass(slots=True)
class Guard:
    """Makes our credentials and checks the peer's.

    `random` gives unforeseeable numbers, 0 to 2**31 - 1; `memory` may serve all associations with the peer.
    """

    security: Security
    own: str
    peer: str
    random: Callable[[], int] = field(repr=False)
    memory: ReplayMemory = field(default_factory=ReplayMemory)

    def covers(self, pdu: Pdu) -> bool:
        """Return whether this PDU carries credentials."""
        if self.security.level is AuthenticationLevel.BIND:
            return isinstance(pdu, Bind | BindReturn)
        return self.security.level is AuthenticationLevel.ALL and not isinstance(pdu, PeerAbort)

    def make(self, now_tai_ns: int) -> Credentials:
        """Return fresh credentials of ours."""
        return make(now_tai_ns, self.own, self.security.own_password, self.random(), self.security.algorithm)

    def check(self, credentials: Credentials | None, now_tai_ns: int, *, once: bool) -> Refusal | None:
        """Return why credentials of the peer are not believed, or None; `once`: nor may they have come before."""
        security = self.security
        refusal = verify(credentials, self.peer, security.peer_password, now_tai_ns, security.window_s, security.algorithm)
        if refusal is None and once and credentials is not None:
            return self.memory.admit(credentials, now_tai_ns)
        return refusal
