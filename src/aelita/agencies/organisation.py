"""A mission's organisation as one value: everybody and everything that `agencies` knows of it, by key."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from .agreement import Agreement
from .authority import Authority
from .model import ALWAYS, Agency, Basis, Centre, Instrument, Ownership, Period, Role, Station
from .rights import DataRights


@dataclass(frozen=True, slots=True)
class Organisation:
    """Who takes part in a mission, with what, and what they give each other. Empty for a mission that names no agencies."""

    agencies: dict[str, Agency] = field(default_factory=dict)
    centres: dict[str, Centre] = field(default_factory=dict)
    roles: dict[str, Role] = field(default_factory=dict)
    stations: dict[str, Station] = field(default_factory=dict)
    instruments: dict[str, Instrument] = field(default_factory=dict)
    ownerships: dict[str, Ownership] = field(default_factory=dict)
    agreement: Agreement = field(default_factory=Agreement)
    rights: DataRights = field(default_factory=DataRights)
    authority: Authority = field(default_factory=Authority)

    def stations_of(self, agency: str) -> list[Station]:
        """Return the stations of an agency."""
        return [one for one in self.stations.values() if one.agency == agency]

    def hears(self, agency: str, spacecraft: str, period: Period = ALWAYS) -> list[Station]:
        """Return the agency's stations that receive a spacecraft, or one that relays it, at some instant of a period."""
        heard = [spacecraft, *self.ownerships[spacecraft].relayed_by] if spacecraft in self.ownerships else [spacecraft]
        return [
            one for one in self.stations_of(agency) if any(one.can_within("receive", craft, period) for craft in heard)
        ]  # fmt: skip

    def collections(self) -> dict[str, Instrument]:
        """Return the instrument of every collection, by the collection's key."""
        return {each.key: one for one in self.instruments.values() for each in one.collections}

    def statements(self) -> Iterator[tuple[str, Basis]]:
        """Yield everything that is stated, named by its place, with where it comes from."""
        for kind, things in (
            ("agencies", self.agencies), ("centres", self.centres), ("stations", self.stations), ("instruments", self.instruments)
        ):  # fmt: skip
            yield from ((f"{kind}.{key}", one.basis) for key, one in things.items())
        for key, station in self.stations.items():
            yield f"stations.{key}.position", station.position.basis
            yield from ((f"stations.{key}.{one.direction}", one.basis) for one in station.capabilities)
            if station.sle is not None:
                yield f"stations.{key}.sle", station.sle.basis
        for give in self.agreement.gives:
            yield f"gives.{give.giver}-{give.receiver}.{give.kind}", give.basis
        yield from ((f"shared_alarms.{one.spacecraft}", one.basis) for one in self.agreement.shared_alarms)
        if self.rights.agencies:
            yield "rights", self.rights.basis
        yield from ((f"rights.{one.collection}", one.basis) for one in self.rights.exceptions)
        for kind, ruled in (
            ("rules", self.authority.rules), ("critical", self.authority.criticals), ("assets", self.authority.assets)
        ):  # fmt: skip
            yield from ((f"authority.{kind}.{one.key}", one.basis) for one in ruled)

    def roles_of(self, agency: str) -> list[Role]:
        """Return the roles that people of an agency's centres can hold."""
        return [one for one in self.roles.values() if any(self.centres[key].agency == agency for key in one.centres)]

    def may(self, role: str, permission: str) -> bool:
        """Tell whether a role has a permission; an unknown role has none."""
        return role in self.roles and permission in self.roles[role].may
