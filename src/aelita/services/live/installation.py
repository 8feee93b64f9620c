"""What runs where: the description of one installation of the complex, a TOML file that `aelita run` writes at its first start.

It says which mission and spacecraft are followed, which agencies run here with which of their stations, and what the stations
hear until real antennas are connected. Ports are chosen free at the first start and stay.
"""

import json
import random
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ...agencies import gate_authority, sle_authority
from ...errors import DefinitionError, UsageError
from ...tables import Table
from ...time import tai_ns_from_utc, utc_from_tai_ns
from ..missions import Mission, find_mission, package_missions
from .space import SignalPath

FILE, PORTS, FIRST_LOGIN = "complex.toml", "ports.json", "first-login.txt"
LARGEST_PORT = 65535
WEB_PORTS = range(8200, 8300)  # people type them
PORTS_OF_PARTS = range(20_000, 32_000)  # no connection is given one of these while a part is down
LONGEST_PAUSE_S = 10.0


@dataclass(frozen=True, slots=True)
class AgencyHere:
    """An agency that this installation runs, and the stations that it operates here.

    `serves` are agencies that run elsewhere and take what the agreement gives them over `link_host`. `web` is the address on
    which the interface and the console listen; without one there are none. With a `certificate` (PEM, with its chain) and its
    `certificate_key` they speak TLS. `proxies` are addresses from which a proxy may tell whom it speaks for.
    """

    key: str
    stations: tuple[str, ...]
    serves: tuple[str, ...] = ()
    link_host: str = "127.0.0.1"
    web: str = ""
    certificate: Path | None = None
    certificate_key: Path | None = None
    proxies: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Playing:
    """A recording that the stations hear: of which spacecraft and channel, from when on (TAI ns), how many times over."""

    spacecraft: str
    channel: str
    recording: Path
    emitted: int
    loops: int = 1
    synthetic: bool = False


@dataclass(frozen=True, slots=True)
class LinkElsewhere:
    """Where an agency reaches a giver's server when that is not its own port: a tunnel, or another host.

    `key` is the file that a giver who runs elsewhere has handed over: its `AGENCY/nats/keys/to-PARTNER.link.key`.
    """

    agency: str
    giver: str
    host: str
    port: int
    key: Path | None = None


@dataclass(frozen=True, slots=True)
class SleUser:
    """Who may bind a station besides the agencies: an SLE user by its authority identifier, in the name of an agency.

    It has service instances of its own, which bring what is booked for that agency. `level` and `algorithm` say how the two prove
    themselves; `pause_s` is the least time between two messages to it, for a client that takes one message for each read.
    """

    station: str
    authority: str
    agency: str
    level: str = "all"
    algorithm: str = "sha-256"
    pause_s: float = 0.0


@dataclass(frozen=True, slots=True)
class Installation:
    """One installation in a data folder. `plays`, `simulated` and `paths` describe the source of space, if there is one."""

    folder: Path
    mission: Mission
    spacecraft: tuple[str, ...]
    agencies: tuple[AgencyHere, ...]
    plays: tuple[Playing, ...] = ()
    paths: tuple[tuple[str, SignalPath], ...] = ()
    speed: float = 1.0
    kernels: tuple[Path, ...] = ()
    links: tuple[LinkElsewhere, ...] = ()
    sle_users: tuple[SleUser, ...] = ()
    simulated: tuple[str, ...] = ()

    @property
    def has_space(self) -> bool:
        """Whether there is a source of space here: recordings that are played, or simulated spacecraft."""
        return bool(self.plays or self.simulated)

    def agency(self, key: str) -> AgencyHere:
        """Return an agency that runs here. Raises UsageError for another."""
        for one in self.agencies:
            if one.key == key:
                return one
        known = ", ".join(one.key for one in self.agencies)
        raise UsageError(f"agency {key!r} does not run here", where=str(self.folder / FILE), remedy=f"It runs {known}")

    def partners(self) -> set[tuple[str, str]]:
        """Return the pairs of agencies, giver and receiver, of which this installation runs one or both."""
        here = {one.key for one in self.agencies}
        served = {(one.key, partner) for one in self.agencies for partner in one.serves}
        linked = {(link.giver, link.agency) for link in self.links if link.key is not None}
        return {(giver, receiver) for giver in here for receiver in here if giver != receiver} | served | linked

    def home(self, agency: str) -> Path:
        """Return the folder in which an agency keeps what is its own."""
        return self.folder / agency

    def archive(self, agency: str) -> Path:
        """Return the folder of an agency's archive."""
        return self.home(agency) / "archive"

    def port(self, name: str) -> int:
        """Return the TCP port of a part, the same at every start. Raises UsageError when none is set."""
        ports = _ports(self.folder)
        if name not in ports:
            raise UsageError(f"no port is set for {name}", where=str(self.folder / PORTS), remedy="Run `aelita run` first")
        return ports[name]

    def web_address(self, agency: str) -> str:
        """Return the address of an agency's console as people type it on this machine."""
        here = self.agency(agency)
        host = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(here.web, here.web)
        host = f"[{host}]" if ":" in host and not host.startswith("[") else host
        return f"{'https' if here.certificate else 'http'}://{host}:{self.port(f'{agency}/web')}"

    def first_login(self, agency: str) -> Path:
        """Return the file that keeps the one-time link of an agency's first administrator until it is used."""
        return self.home(agency) / FIRST_LOGIN

    def port_names(self) -> list[str]:
        """Return the names of all parts that listen."""
        names = ["space"] if self.has_space else []
        for agency in self.agencies:
            names += [f"{agency.key}/web"] if agency.web else []
            names += [f"{agency.key}/nats", f"{agency.key}/leaf", *(f"{agency.key}/sle/{station}" for station in agency.stations)]
        return names

    def write(self) -> None:
        """Keep the description; one that is there is left alone."""
        path = self.folder / FILE
        self.folder.mkdir(parents=True, exist_ok=True)
        if not path.exists():
            path.write_text(self.as_toml(), encoding="utf-8")

    def _mission(self) -> str:
        """Return how the mission is found from any folder: by name when it comes with the package."""
        where = self.mission.folder.absolute()
        return where.name if where.parent == package_missions() else str(where)

    def as_toml(self) -> str:
        """Return the description as it is read."""
        q = json.dumps
        lines = [
            "# What runs here. Edit and start again; `aelita doctor` says what is wrong with it.",
            f"mission = {q(self._mission())}",
            f"spacecraft = {q(list(self.spacecraft))}",
            *([f"simulated = {q(list(self.simulated))} # of these, those that do not exist"] if self.simulated else []),
            f"speed = {self.speed}",
            f"kernels = {q([str(path) for path in self.kernels])} # SPICE kernels, such as orbits",
        ]
        for agency in self.agencies:
            lines += ["", "[[agencies]]", f"key = {q(agency.key)}", f"stations = {q(list(agency.stations))}"]
            if agency.serves:
                lines += [f"serves = {q(list(agency.serves))}", f"link_host = {q(agency.link_host)}"]
            if agency.web:
                lines.append(f"web = {q(agency.web)} # where interface and console listen; the port is in {PORTS}")
            if agency.certificate is not None and agency.certificate_key is not None:
                lines += [f"certificate = {q(str(agency.certificate))}", f"certificate_key = {q(str(agency.certificate_key))}"]
            if agency.proxies:
                lines.append(f"proxies = {q(list(agency.proxies))}")
        for play in self.plays:
            lines += [
                "", "[[plays]] # what the stations hear", f"spacecraft = {q(play.spacecraft)}", f"channel = {q(play.channel)}",
                f"recording = {q(str(play.recording))}", f"emitted = {q(utc_from_tai_ns(play.emitted))}", f"loops = {play.loops}",
                f"synthetic = {q(play.synthetic)}",
            ]  # fmt: skip
        for station, path in self.paths:
            lines += [
                "", "[[paths]] # from space to one station", f"station = {q(station)}", f"loss = {path.loss}",
                f"bit_error_rate = {path.bit_error_rate}", f"seed = {path.seed}",
            ]  # fmt: skip
            for start, stop in path.outages:
                edges = f"start = {q(utc_from_tai_ns(start))}", f"stop = {q(utc_from_tai_ns(stop))}"
                lines += ["[[paths.outages]]", *edges]
        for link in self.links:
            lines += [
                "", "[[links]] # to a giver's server, when not at its own port", f"agency = {q(link.agency)}",
                f"giver = {q(link.giver)}", f"host = {q(link.host)}", f"port = {link.port}",
            ]  # fmt: skip
            if link.key is not None:
                lines.append(f"key = {q(str(link.key))}")
        for user in self.sle_users:
            lines += [
                "", "[[sle_users]] # who may bind a station besides the agencies", f"station = {q(user.station)}",
                f"authority = {q(user.authority)}", f"agency = {q(user.agency)}", f"level = {q(user.level)}",
                f"algorithm = {q(user.algorithm)}", f"pause_s = {user.pause_s}",
            ]  # fmt: skip
        return "\n".join(lines) + "\n"


def read_installation(folder: Path) -> Installation:
    """Return the installation in a data folder. Raises UsageError when there is none, DefinitionError naming file and key."""
    path = folder / FILE
    try:
        text = path.read_text("utf-8")
    except FileNotFoundError as error:
        raise UsageError("no complex is set up here", where=str(folder), remedy="Run `aelita run` first") from error
    except (OSError, UnicodeDecodeError) as error:
        raise DefinitionError(f"cannot be read: {error}", where=str(path)) from error
    table = Table.parse(text, str(path))
    made = Installation(
        folder=folder,
        mission=find_mission(table.text("mission")),
        spacecraft=tuple(table.texts("spacecraft")),
        agencies=tuple(_agency(one, folder) for one in table.tables("agencies")),
        plays=tuple(_playing(one, folder) for one in table.tables("plays")),
        paths=tuple(_path(one) for one in table.tables("paths")),
        speed=table.real("speed", 1.0),
        kernels=tuple(folder / path for path in table.texts("kernels")),
        links=tuple(_link(one, folder) for one in table.tables("links")),
        sle_users=tuple(_sle_user(one) for one in table.tables("sle_users")),
        simulated=tuple(table.texts("simulated")),
    )
    table.finish()
    check(made)
    return made


def check(made: Installation) -> None:
    """Raise DefinitionError when an installation names what its mission has not, or runs nothing."""
    where = str(made.folder / FILE)
    organisation = made.mission.organisation
    if not made.agencies:
        raise DefinitionError("no agency runs here", where=where, remedy="Add [[agencies]]")
    for key in made.spacecraft:
        made.mission.craft(key)
    for agency in made.agencies:
        if agency.key not in organisation.agencies:
            known = ", ".join(organisation.agencies)
            raise DefinitionError(
                f"the mission has no agency {agency.key!r}", where=f"{where}: agencies", remedy=f"It has {known}"
            )
        for station in agency.stations:
            of = organisation.stations.get(station)
            if of is None or of.agency != agency.key:
                own = ", ".join(s.key for s in organisation.stations.values() if s.agency == agency.key)
                raise DefinitionError(
                    f"{agency.key} has no station {station!r}", where=f"{where}: agencies: stations", remedy=f"It has {own}"
                )
    here = {agency.key for agency in made.agencies}
    for agency in made.agencies:
        if wrong := [one for one in agency.serves if one in here or one not in organisation.agencies]:
            raise DefinitionError(
                f"{', '.join(wrong)} cannot be served from here",
                where=f"{where}: agencies: serves",
                remedy="Name agencies of the mission that run elsewhere",
            )
    for link in made.links:
        reached = link.giver in here or (link.key is not None and link.giver in organisation.agencies)
        if link.agency not in here or not reached:
            raise DefinitionError(
                f"no link from {link.agency} to {link.giver} is made here",
                where=f"{where}: links",
                remedy="The agency runs here; a giver that runs elsewhere needs its `key`",
            )
    _check_sle_users(made, where)
    for key in made.simulated:
        craft = made.mission.craft(key)
        if key not in made.spacecraft or not craft.simulated or craft.uplink is None:
            raise DefinitionError(
                f"{key!r} cannot be simulated here", where=f"{where}: simulated",
                remedy="Name spacecraft that are followed and that the mission calls simulated, with an uplink",
            )  # fmt: skip
    for play in made.plays:
        made.mission.channel(play.channel)
        if play.spacecraft not in made.spacecraft:
            raise DefinitionError(f"{play.spacecraft!r} is not followed here", where=f"{where}: plays: spacecraft")


def _check_sle_users(made: Installation, where: str) -> None:
    operated = {station for agency in made.agencies for station in agency.stations}
    agencies = made.mission.organisation.agencies
    names = {name for agency in agencies for name in (agency, sle_authority(agency), gate_authority(agency))}
    taken = {(station, name) for station in operated for name in names}
    for user in made.sle_users:
        if user.station not in operated or user.agency not in agencies or (user.station, user.authority) in taken:
            raise DefinitionError(
                f"{user.authority!r} cannot be a user of {user.station!r} for {user.agency!r}",
                where=f"{where}: sle_users",
                remedy="Name a station that is operated here, an agency of the mission, and an authority that nobody else has",
            )
        taken.add((user.station, user.authority))


def keep_ports(made: Installation) -> None:
    """Choose a free port for every part that has none, and keep them."""
    ports = _ports(made.folder)
    absent = [name for name in made.port_names() if name not in ports]
    sockets = []
    for name in absent:
        one = _bound(WEB_PORTS if name.endswith("/web") else random.sample(PORTS_OF_PARTS, 100))
        sockets.append(one)  # held until all are chosen, so that no two are the same
        ports[name] = one.getsockname()[1]
    for one in sockets:
        one.close()
    if absent:
        waiting = made.folder / f"{PORTS}.new"
        waiting.write_text(json.dumps(ports, indent=1))
        waiting.replace(made.folder / PORTS)


def _bound(wanted: Sequence[int]) -> socket.socket:
    """Return a socket bound to the first of the wanted ports that is free, else to any."""
    for port in (*wanted, 0):
        one = socket.socket()
        try:
            one.bind(("127.0.0.1", port))
        except OSError:
            one.close()
        else:
            return one
    raise UsageError("no port is free", remedy="End what holds them all")


def _ports(folder: Path) -> dict[str, int]:
    path = folder / PORTS
    if not path.is_file():
        return {}
    try:
        found = json.loads(path.read_text())
        return {str(name): int(port) for name, port in found.items() if 0 < int(port) <= LARGEST_PORT}
    except (OSError, ValueError, AttributeError, TypeError) as error:
        raise DefinitionError(f"cannot be read: {error}", where=str(path), remedy="Remove it: ports are chosen anew") from error


def _agency(table: Table, folder: Path) -> AgencyHere:
    certificate, key = table.text("certificate", ""), table.text("certificate_key", "")
    one = AgencyHere(
        table.text("key"),
        tuple(table.texts("stations")),
        tuple(table.texts("serves")),
        table.text("link_host", "127.0.0.1"),
        table.text("web", ""),
        folder / certificate if certificate else None,
        folder / key if key else None,
        tuple(table.texts("proxies")),
    )
    for name, path in (("certificate", one.certificate), ("certificate_key", one.certificate_key)):
        if (certificate or key) and (path is None or not path.is_file()):
            raise DefinitionError(
                f"there is no file {str(path)!r}" if path else "missing", where=table.path(name),
                remedy="Give the files of a certificate and of its key, or neither",
            )  # fmt: skip
    table.finish()
    return one


def _playing(table: Table, folder: Path) -> Playing:
    recording = Path(table.text("recording"))
    one = Playing(
        spacecraft=table.text("spacecraft"),
        channel=table.text("channel"),
        recording=recording if recording.is_absolute() else folder / recording,
        emitted=tai_ns_from_utc(table.text("emitted")),
        loops=table.number("loops", 1, 1, 1_000_000),
        synthetic=table.flag("synthetic", False),
    )
    if not one.recording.is_file():
        raise DefinitionError(f"there is no recording {str(one.recording)!r}", where=table.path("recording"))
    table.finish()
    return one


def _path(table: Table) -> tuple[str, SignalPath]:
    station = table.text("station")
    one = SignalPath(
        loss=table.real("loss", 0.0),
        bit_error_rate=table.real("bit_error_rate", 0.0),
        outages=tuple(_outage(outage) for outage in table.tables("outages")),
        seed=table.number("seed", 0, 0, 2**31 - 1),
    )
    for key, share in (("loss", one.loss), ("bit_error_rate", one.bit_error_rate)):
        if not 0.0 <= share <= 1.0:
            raise DefinitionError(f"{share} is no share from 0 to 1", where=table.path(key))
    table.finish()
    return station, one


def _link(table: Table, folder: Path) -> LinkElsewhere:
    key = table.text("key", "")
    one = LinkElsewhere(
        table.text("agency"),
        table.text("giver"),
        table.text("host", "127.0.0.1"),
        table.number("port", None, 1, LARGEST_PORT),
        folder / key if key else None,
    )
    table.finish()
    return one


def _sle_user(table: Table) -> SleUser:
    one = SleUser(
        table.text("station"),
        table.text("authority"),
        table.text("agency"),
        table.choice("level", ("none", "bind", "all"), "all"),
        table.choice("algorithm", ("sha-1", "sha-256"), "sha-256"),
        table.real("pause_s", 0.0),
    )
    if not 3 <= len(one.authority) <= 16 or not 0.0 <= one.pause_s <= LONGEST_PAUSE_S:
        raise DefinitionError(
            "an authority identifier has 3 to 16 characters, a pause 0 to 10 seconds", where=table.path("authority")
        )
    table.finish()
    return one


def _outage(table: Table) -> tuple[int, int]:
    start, stop = (tai_ns_from_utc(table.text(key)) for key in ("start", "stop"))
    if start >= stop:
        raise DefinitionError("the outage ends before it begins", where=table.path("stop"))
    table.finish()
    return start, stop
