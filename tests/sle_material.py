"""A user and a provider of SLE with a line between them that can cut octets, stall and end."""

from dataclasses import dataclass, field
from itertools import count
from typing import Any

from aelita.sle.credentials import HashAlgorithm
from aelita.sle.instances import Directory, InstanceSettings, ProviderSettings, ServiceInstance
from aelita.sle.now import Now
from aelita.sle.pdus import Gvcid, GvcidSet
from aelita.sle.provider import Provider
from aelita.sle.security import AuthenticationLevel, Guard, Security
from aelita.sle.selection import StationFrame
from aelita.sle.terms import DeliveredQuality, ProductionStatus
from aelita.sle.tml import Close, Urgent
from aelita.sle.user import User, UserSettings

SECOND = 1_000_000_000
T0 = 1_795_000_000 * SECOND  # TAI nanoseconds
PREFIX = "sagr=SAGR-1.spack=PASS-0001.rsl-fg=1"
RAF, RAF_COMPLETE, RAF_OFFLINE = f"{PREFIX}.raf=onlt1", f"{PREFIX}.raf=onlc1", f"{PREFIX}.raf=offl1"
RCF, ROCF = f"{PREFIX}.rcf=onlt1", f"{PREFIX}.rocf=onlt1"
CHANNELS = (GvcidSet(0x2A, 0),)
USER_PASSWORD, PROVIDER_PASSWORD = bytes.fromhex("0011223344556677"), bytes.fromhex("00a1b2c3d4e5f6")


def at(s: float) -> Now:
    """The time `s` seconds after the beginning, on all clocks."""
    return Now(s, T0 + round(s * SECOND), T0 + round(s * SECOND))


def random_numbers() -> Any:
    return count(1001).__next__


def security(level: str = "none", algorithm: str = "SHA-256") -> Security:
    """What the user holds."""
    return Security(AuthenticationLevel(level), HashAlgorithm(algorithm), USER_PASSWORD, PROVIDER_PASSWORD)


def provider_security(level: str = "none", algorithm: str = "SHA-256") -> Security:
    return Security(AuthenticationLevel(level), HashAlgorithm(algorithm), PROVIDER_PASSWORD, USER_PASSWORD)


def directory(*, level: str = "none", algorithm: str = "SHA-256", versions: frozenset[int] = frozenset({4, 5})) -> Directory:
    return Directory(ProviderSettings("PROVIDER-1", {"USER-1": provider_security(level, algorithm)}, versions))


def user(identifier: str = RAF, *, level: str = "none", algorithm: str = "SHA-256", version: int = 5, guard: bool = True) -> User:
    settings = UserSettings("USER-1", "PROVIDER-1", "PORT-1", identifier, version, security(level, algorithm))
    return User(settings, Guard(settings.security, "USER-1", "PROVIDER-1", random_numbers()) if guard else None)


def station_frame(number: int, *, s: float = 0.0, quality: DeliveredQuality = DeliveredQuality.GOOD, vc: int = 0) -> StationFrame:
    """A TM frame of spacecraft 0x2A, virtual channel `vc`, both counters `number`, that tells its number in its data."""
    header = bytes([0x02, 0xA0 | vc << 1, number & 255, number & 255, 0x18, 0])
    data = header + number.to_bytes(4, "big") + bytes(10)
    return StationFrame(T0 + round(s * SECOND), b"DSS-25", 0, quality, data, Gvcid(0x2A, 0, vc), number.to_bytes(4, "big"))


def number_of(data: bytes) -> int:
    return int.from_bytes(data[6:10], "big")


@dataclass
class Line:
    """The connection of a user and a provider. `stalled`: TCP takes nothing more from the provider; `size`: cut into such pieces."""

    user: User
    provider: Provider
    now: float = 0.0
    stalled: bool = False
    size: int = 1 << 16
    octets_to_user: list[bytes] = field(default_factory=list)
    octets_to_provider: list[bytes] = field(default_factory=list)
    user_events: list[Any] = field(default_factory=list)
    provider_events: list[Any] = field(default_factory=list)

    def connect(self) -> "Line":
        self.provider.connected(at(self.now))
        self.user.connected(at(self.now))
        return self.run()

    def run(self) -> "Line":
        """Carry octets until nothing moves."""
        moved = True
        while moved:
            moved = self._carry(self.user, self.provider, self.octets_to_provider)
            if not self.stalled:
                moved |= self._carry(self.provider, self.user, self.octets_to_user)
            self.user_events += self.user.take_events()
            self.provider_events += self.provider.take_events()
        return self

    def at(self, now: float) -> "Line":
        """Let time pass, each timer in its turn."""
        while True:
            due = [d for d in (self.user.next_deadline(), self.provider.next_deadline()) if d is not None and d <= now]
            if not due:
                break
            self.now = max(self.now, min(due))
            self.user.on_timer(at(self.now))
            self.provider.on_timer(at(self.now))
            self.run()
        self.now = now
        return self.run()

    def _carry(self, source: Any, sink: Any, record: list[bytes]) -> bool:
        output = source.take_output()
        for item in output:
            if isinstance(item, Urgent):
                sink.on_urgent(item.octet, at(self.now))
            elif isinstance(item, Close):
                sink.on_eof(at(self.now))
            else:
                record.append(item)
                for start in range(0, len(item), self.size):
                    sink.feed(item[start : start + self.size], at(self.now))
        if source is self.provider and output:
            self.provider.transmitted(at(self.now))
        return bool(output)


def line(
    identifier: str = RAF,
    *,
    level: str = "none",
    algorithm: str = "SHA-256",
    version: int = 5,
    offered: Directory | None = None,
    **settings: Any,
) -> tuple[Line, ServiceInstance]:
    """A connected line, and the instance that it offers, with running production."""
    offered = offered or directory(level=level, algorithm=algorithm)
    instance = offered.instances.get(identifier) or offered.offer(InstanceSettings(identifier, channels=CHANNELS, **settings))
    instance.production(ProductionStatus.RUNNING, at(0.0))
    made = Line(user(identifier, level=level, algorithm=algorithm, version=version), Provider(offered, random_numbers()))
    return made.connect(), instance


def bound(identifier: str = RAF, **keys: Any) -> tuple[Line, ServiceInstance]:
    made, instance = line(identifier, **keys)
    made.user.bind(at(made.now))
    return made.run(), instance


def started(identifier: str = RAF, request: Any = None, start: int | None = None, stop: int | None = None, **keys: Any) -> Any:
    from aelita.sle.terms import FrameQuality

    made, instance = bound(identifier, **keys)
    made.user.start(FrameQuality.ALL_FRAMES if request is None else request, at(made.now), start, stop)
    return made.run(), instance
