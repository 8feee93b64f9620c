"""A user and a provider of the forward CLTU service, with the line of `sle_material` between them."""

from typing import Any

from aelita.sle import CltuInstance, CltuProduction, CltuSettings, CltuUser, CltuUserSettings, Directory, Guard, ProviderSettings
from aelita.sle.provider import Provider
from aelita.sle.security import AuthenticationLevel, Security
from sle_material import SECOND, T0, Line, at, provider_security, random_numbers, security

CLTU = "sagr=SAGR-1.spack=PASS-0001.fsl-fg=1.cltu=cltu1"
A_CLTU = bytes.fromhex("eb9022f600ff00010200c5c5c5c5c5c5c579")
LEVELS = {"none": AuthenticationLevel.NONE, "bind": AuthenticationLevel.BIND, "all": AuthenticationLevel.ALL}


def settings(level: str = "none", algorithm: str = "SHA-256", **keys: Any) -> CltuSettings:
    """What an instance offers to GATE-1."""
    gates = {"GATE-1": provider_security(level, algorithm)}
    return CltuSettings(keys.pop("identifier", CLTU), gates, least_level=LEVELS[level], **keys)


def station(peers: dict[str, Security] | None = None, **keys: Any) -> Directory:
    """A provider that knows these users of return services."""
    return Directory(ProviderSettings("PROVIDER-1", peers or {}, **keys))


def gate(level: str = "none", algorithm: str = "SHA-256", version: int = 5, identifier: str = CLTU, **keys: Any) -> CltuUser:
    secrets = security(level, algorithm)
    made = CltuUserSettings("GATE-1", "PROVIDER-1", "PORT-1", identifier, version, secrets, **keys)
    return CltuUser(made, Guard(secrets, "GATE-1", "PROVIDER-1", random_numbers()))


def connected(
    level: str = "none", *, version: int = 5, offered: Directory | None = None, **keys: Any
) -> tuple[Any, CltuInstance]:
    """A line that is connected, and the instance that it offers, whose production is operational."""
    offered = offered or station(versions=frozenset({1, 2, 3, 4, 5}))
    instance = offered.forward.get(CLTU) or offered.offer_cltu(settings(level, **keys))
    instance.production(CltuProduction.OPERATIONAL, at(0.0))
    user: Any = gate(level, version=version)
    return Line(user, Provider(offered, random_numbers())).connect(), instance


def bound(level: str = "none", **keys: Any) -> tuple[Any, CltuInstance]:
    line, instance = connected(level, **keys)
    line.user.bind(at(line.now))
    return line.run(), instance


def begun(level: str = "none", first: int = 0, **keys: Any) -> tuple[Any, CltuInstance]:
    """A line on which CLTUs can be sent; what was reported until then is forgotten."""
    line, instance = bound(level, **keys)
    line.user.start(first, at(line.now))
    line.run()
    forget(line)
    return line, instance


def forget(line: Any) -> None:
    line.user_events.clear()
    line.provider_events.clear()


def ns(s: float) -> int:
    """The time `s` seconds after the beginning, TAI nanoseconds."""
    return T0 + round(s * SECOND)


def radiate(line: Any, instance: CltuInstance, cltu_id: int, start: float, stop: float) -> None:
    """Radiate the next CLTU, and let the line carry what is said of it."""
    instance.radiation_started(cltu_id, ns(start), at(start))
    instance.radiated(cltu_id, ns(stop), at(stop))
    line.run()
