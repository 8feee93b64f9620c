"""Commanding on a complex that runs: two agencies, real streams, stations, SLE, light time and a simulated spacecraft."""

import asyncio
import json
import random
import shutil
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from aelita.cli.main import app
from aelita.commanding import Act
from aelita.ephemeris import light_times, state
from aelita.errors import UsageError
from aelita.ndm import write
from aelita.services.live import asked as asked_of
from aelita.services.live.command_client import agency_key_files
from aelita.services.live.command_journal import copy_path, own_path
from aelita.services.live.installation import LinkElsewhere
from aelita.services.missions import find_mission
from aelita.services.navigation.orbit_files import Arc, oem_of
from aelita.services.places import site_of
from aelita.services.products import Draft, ProductStore, read_names
from aelita.time import SECOND
from commanding_complex import (
    CONTROLLER,
    CRAFT,
    CRITICAL,
    OPERATOR,
    PING,
    RISEN,
    Commanded,
    Crew,
    assert_nothing_twice,
    assert_twin_replays,
    commanded,
    crew_of,
)
from live_complex import PATIENCE_S
from live_servers import Line

OTHER = {"esa": "roscosmos", "roscosmos": "esa"}
DORA = {"by": "dora", "role": "flight-director", "centre": "esoc"}
KIRA = {"by": "kira", "role": "control-director", "centre": "iki"}
HOUR = 3600 * SECOND
SITE = site_of(find_mission("exomars").organisation.stations["malargue"])
SETTLED = ("completed", "failed", "unknown", "refused", "waiting", "radiated")


@dataclass
class Stage:
    """A complex whose agencies are joined by lines that can be cut; all of it lives in one event loop."""

    one: Commanded
    lines: dict[str, Line] = field(default_factory=dict)  # by who takes
    loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)

    def run(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self.loop).result(2 * PATIENCE_S)

    def crew(self, work: Callable[[Crew], Coroutine[Any, Any, Any]]) -> Any:
        async def with_crew() -> Any:
            async with crew_of(self.one) as crew:
                return await work(crew)

        return self.run(with_crew())

    async def cut(self) -> None:
        for line in self.lines.values():
            await line.cut()

    async def restore(self) -> None:
        for line in self.lines.values():
            await line.restore()


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    made = Stage(Commanded(tmp_path_factory.mktemp("commanding")))
    thread = threading.Thread(target=made.loop.run_forever, daemon=True)
    thread.start()
    made.one.keep_ports()
    made.lines = {agency: Line(made.one.made.port(f"{giver}/leaf")) for agency, giver in OTHER.items()}
    made.run(made.restore())
    links = [LinkElsewhere(agency, giver, "127.0.0.1", made.lines[agency].port) for agency, giver in OTHER.items()]
    try:
        with commanded(made.one, links=links):
            made.crew(lambda crew: crew.enrol())
            yield made
    finally:
        made.run(made.cut())
        made.loop.call_soon_threadsafe(made.loop.stop)
        thread.join()


def audit(one: Commanded, folder: Path, journal: Path, other: Path) -> dict[str, Any]:
    """Verify a journal as anybody can who has the two files, the agencies' public keys and the mission."""
    keys = folder / "keys"
    keys.mkdir(exist_ok=True)
    for path in agency_key_files(one.made, "esa"):
        shutil.copy(path, keys)
    words = [
        "audit",
        "verify",
        str(journal),
        "--copy-of-other",
        str(other),
        "--keys",
        str(keys),
        "--mission",
        "exomars",
        "--json",
    ]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0, (done.output, done.exception)
    told: list[dict[str, Any]] = json.loads(done.stdout)
    return told[0]


def test_from_a_request_in_moscow_to_its_reports_and_both_journals_prove_it(stage: Stage, tmp_path: Path) -> None:
    async def work(crew: Crew) -> None:
        one, began = crew.one, crew.one.clock.now()
        asked = await crew.request(requester=OPERATOR)
        name = asked["id"]
        await crew.say("chris", Act.CHECK, asked)
        with pytest.raises(UsageError, match="takes the statements of its own people"):
            await crew.ask("roscosmos", "sign", body=crew.statement("dora", Act.RELEASE, asked))
        assert one.state(name) == "waiting" and not one.radiated()
        await crew.say("dora", Act.RELEASE, asked)
        await crew.until_state(name, "completed")
        await crew.until_state(name, "completed", agency="roscosmos")
        sent = [entry for entry in one.journal("esa") if entry.kind == "sending"]
        assert [entry.body["sha256"] for entry in sent] == one.radiated() == one.reached()
        assert [one.kinds(name)[-3:], one.kinds(name, "roscosmos")] == [["verified"] * 3, ["request"]]
        (radiated,) = [entry for entry in one.journal("esa") if entry.kind == "radiated"]
        (heard,) = one.inputs()
        light_ns = heard.start_ns - radiated.body["start_ns"]
        assert 180 * SECOND < light_ns < 200 * SECOND
        verified = [entry.body for entry in one.journal("esa") if entry.kind == "verified"]
        assert all(body["received_ns"] > radiated.body["stop_ns"] + 2 * light_ns - SECOND for body in verified)
        assert began < radiated.body["start_ns"]
        await crew.until("countersignatures", lambda: all(countersigned(one, agency) for agency in OTHER))

    stage.crew(work)
    home = stage.one.home
    for agency, other in OTHER.items():
        told = audit(stage.one, tmp_path, own_path(home / agency), copy_path(home / agency, other))
        assert told["clean"]
        copied = audit(stage.one, tmp_path, copy_path(home / other, agency), own_path(home / other))
        assert copied["clean"]


def countersigned(one: Commanded, agency: str) -> int:
    return max((int(e.body["n"]) for e in one.journal(agency) if e.kind == "countersign"), default=0)


def test_several_packets_a_timed_command_and_frames_in_sequence(stage: Stage) -> None:
    async def work(crew: Crew) -> None:
        one = crew.one
        several = await crew.command(PING, PING, PING)
        execute = one.clock.now() + 1500 * SECOND
        timed = await crew.command(PING, execute_ns=execute)
        asked = await crew.request(service="AD")
        await crew.agree(asked)
        assert "the AD service is not active" in str(one.journal("esa")[-1].body) and one.state(asked["id"]) == "waiting"
        start = await crew.request("/COP-1/initiate-with-check", requester=OPERATOR)
        await crew.agree(start, CRITICAL[:2])
        with pytest.raises(UsageError, match="its own people"):
            await crew.ask("roscosmos", "sign", body=crew.statement("carl", Act.APPROVE, start))
        await crew.say("dora", Act.RELEASE, start)
        assert one.state(start["id"]) == "waiting"  # the other agency has not approved
        await crew.say("kira", Act.APPROVE, start)
        await crew.until_state(start["id"], "completed")  # a control word showed that both ends agree
        await crew.until_state(asked["id"], "completed")  # it waited for that, and went by itself
        assert "acknowledged" in one.kinds(asked["id"])
        for name in (several, timed):
            await crew.until_state(name, "completed")
        assert one.kinds(several).count("verified") == 9
        assert_nothing_twice(one)

    stage.crew(work)


def test_a_line_cut_during_approvals_and_during_a_loan(stage: Stage) -> None:
    async def work(crew: Crew) -> None:
        one = crew.one
        asked = await crew.request("/COP-1/terminate", requester=OPERATOR)
        await crew.agree(asked, CRITICAL[:2])
        await crew.say("dora", Act.RELEASE, asked)
        await stage.cut()
        await crew.say("kira", Act.APPROVE, asked)  # in Moscow, which has the request
        await asyncio.sleep(1.0)
        assert one.state(asked["id"]) == "waiting" and one.state(asked["id"], "roscosmos") == "waiting"
        await stage.restore()
        await crew.until_state(asked["id"], "completed")

        end = one.clock.now() + 1500 * SECOND
        await crew.ask("esa", "lend", asset="tgo-sim", action="offer", borrower="roscosmos", end_ns=end, **DORA)
        words = "does not answer|cannot be done|nothing"
        await crew.patiently("roscosmos", "lend", words=words, asset="tgo-sim", action="accept", **KIRA)
        await crew.until("the loan", lambda: holder(one, "roscosmos") == "roscosmos")
        assert holder(one, "esa") != "esa"
        await stage.cut()
        held = await crew.request()
        await crew.agree(held, (("chris", Act.CHECK), ("dora", Act.RELEASE)))
        while one.clock.now() < end + 12 * SECOND:
            assert not (holder(one, "esa") == "esa" and holder(one, "roscosmos") == "roscosmos")
            if one.clock.now() < end:
                assert one.state(held["id"]) == "waiting"
            await asyncio.sleep(0.05)
        await crew.until("the end of the loan", lambda: holder(one, "esa") == "esa")
        assert holder(one, "roscosmos") != "roscosmos"
        await stage.restore()
        await crew.until_state(held["id"], "completed")
        await crew.until_state(held["id"], "completed", agency="roscosmos")

    stage.crew(work)


def hovering(above_km: float, start: int, stop: int) -> bytes:
    """Return an orbit of the twin, as OEM, that stands so high above Mars towards the Earth, below zero behind it."""
    at = np.arange(start, stop, 600 * SECOND, dtype=np.int64)
    earth = state("EARTH", "MARS", at)
    distance = np.linalg.norm(earth[:, :3], axis=1)[:, None]
    place = above_km * earth[:, :3] / distance
    speed = np.gradient(place, (at - at[0]) / SECOND, axis=0)
    return write(oem_of((Arc("TGO", "MARS", at, np.hstack([place, speed])),), made_at=start), "kvn", where="hovering")


def test_orbits_that_are_published_tell_the_gate_where_the_spacecraft_is(stage: Stage, tmp_path: Path) -> None:
    store, names = ProductStore(stage.one.home / "esa"), read_names(stage.one.made.mission)
    start, stop = RISEN - 12 * HOUR, RISEN + 400 * HOUR
    shown = {"centre": "MARS", "frame": "J2000", "utc": [], "r_km": []}

    def published(above_km: float) -> str:
        draft = Draft("orbit", CRAFT, "Where the twin is", start, stop, "fsp")
        files, at = {"oem": hovering(above_km, start, stop)}, stage.one.clock.now()
        return store.publish(draft, files, shown, names=names, agency="esa", made_by="flora", made_at=at).id

    async def work(crew: Crew) -> None:
        one = crew.one

        async def told(known: str) -> dict[str, Any]:
            calls = [{"command": PING, "arguments": []}]
            for _ in range(300):
                asked = await crew.patiently("esa", "prepare", spacecraft=CRAFT, calls=calls, requester=CONTROLLER)
                if asked["geometry"]["known"] == known:
                    return asked
                await asyncio.sleep(0.2)
            raise AssertionError(f"never known by {known}: {asked['geometry']}")

        async def released() -> tuple[dict[str, Any], int]:
            """Return what the journal says of the geometry of a new command, and how much longer light took to it (ns)."""
            name = await crew.command()
            await crew.until_state(name, "completed")
            (entry,) = [each for each in one.journal("esa") if each.kind == "released" and each.body["request"] == name]
            (radiated,) = [each for each in one.journal("esa") if each.kind == "radiated" and each.body["request"] == name]
            begun = radiated.body["start_ns"]
            to_mars = light_times(SITE, "MARS", np.array([begun]), outgoing=True).light_s[0] * SECOND
            return entry.body["geometry"], round(one.inputs()[-1].start_ns - begun - to_mars)

        def health(agency: str) -> dict[str, Any]:
            service = "commander" if agency else "space"
            return next(each for each in asked_of(one.home) if (each["agency"], each["service"]) == (agency, service))

        assert (await told("stand-in"))["geometry"]["bound_ns"] == pytest.approx(12_775_506, abs=2)
        geometry, later_ns = await released()
        assert geometry["known"] == "stand-in" and abs(later_ns) < 2000
        bad = published(3000.0)  # inside of Mars
        near = published(3800.0)
        assert (await told(near))["geometry"].keys() == {"station", "light_ns", "known"}
        await crew.until("the orbit in space too", lambda: near in health("")["orbits"]["used"])
        geometry, later_ns = await released()
        assert geometry["known"] == near and later_ns == pytest.approx(-3800 / 299_792.458 * SECOND, abs=2000)
        refused = health("esa")["orbits"]["refused"]
        assert list(refused) == [bad] and "nearer than" in refused[bad]
        behind = published(-3800.0)
        forbidden = (await told(behind))["forbidden"]
        assert len(forbidden) == 1 and ("behind Mars" in forbidden[0] or "cannot be reached" in forbidden[0])
        asked = await crew.request()
        await crew.agree(asked)
        await crew.until("the reason", lambda: "refused" in one.kinds(asked["id"]))
        assert one.state(asked["id"]) == "waiting"
        again = published(3801.0)
        await told(again)
        await crew.until_state(asked["id"], "completed")
        (entry,) = [each for each in one.journal("esa") if each.kind == "released" and each.body["request"] == asked["id"]]
        assert entry.body["geometry"]["known"] == again

    stage.crew(work)
    home = stage.one.home
    for agency, other in OTHER.items():
        assert audit(stage.one, tmp_path, own_path(home / agency), copy_path(home / agency, other))["clean"]


def holder(one: Commanded, agency: str) -> str:
    """Return who has the twin as an agency's journals say at this instant."""
    return one.standing(agency).holder("tgo-sim", "", one.clock.now()).agency


VICTIMS = ("esa/commander", "esa/commander", "esa/stations", "space", "esa/nats", "esa/commander", "roscosmos/commander", "")


def ended(one: Commanded, name: str) -> bool:
    """Tell whether what became of a request is known, or its report is told overdue."""
    return one.state(name) in ("completed", "refused", "failed", "unknown") or name in told_overdue(one)


def told_overdue(one: Commanded) -> set[str]:
    return {str(e.body["request"]) for e in one.journal("esa") if e.kind == "overdue"}


def assert_what_arrived_is_known(one: Commanded) -> None:
    """Assert that what reached the twin is known as executed, or its reports, which nobody heard, are told overdue."""
    arrived, overdue = set(one.reached()), told_overdue(one)
    for entry in one.journal("esa"):
        if entry.kind == "sending" and entry.body["sha256"] in arrived:
            name = str(entry.body["request"])
            assert one.state(name) == "completed" or name in overdue, (name, one.state(name))


@pytest.mark.soak
def test_whatever_dies_between_request_and_report_nothing_is_sent_twice_or_lost_in_silence(stage: Stage) -> None:
    chance = random.Random(4)

    async def work(crew: Crew) -> None:
        one = crew.one
        names: list[str] = []
        for victim in VICTIMS:
            if victim in ("space", ""):  # these end all light on its way: only what this death is about
                for name in names:
                    await crew.until(f"the end of {name}", partial(ended, one, name))
            asked = await crew.patiently("esa", "state") and await requested(crew)
            killer = threading.Thread(target=kill_as_the_journal_grows, args=(one, victim, chance.randrange(0, 9)))
            killer.start()
            for person, act in (("chris", Act.CHECK), ("dora", Act.RELEASE)):
                await said(crew, person, act, asked)
            names.append(asked["id"])
            await asyncio.to_thread(killer.join)
        await crew.until("all settled", lambda: all(one.state(name) in SETTLED for name in names))
        await crew.until("all services are back", one.ready)
        for name in names:  # what was on its way through space when its source died is overdue for ever, and says so
            await crew.until(f"the end of {name}", partial(ended, one, name))
        assert_nothing_twice(one)
        assert_what_arrived_is_known(one)
        assert [one.state(name) for name in names].count("completed") >= len(VICTIMS) // 2
        one.journal("roscosmos")

    stage.crew(work)
    assert stage.one.stop() == 0
    assert_nothing_twice(stage.one)
    assert_twin_replays(stage.one)


async def requested(crew: Crew) -> dict[str, Any]:
    """Request a ping, again when nobody answered: then it may be there twice, and only one is agreed to."""
    while True:
        try:
            return await crew.request()
        except Exception as error:
            if "does not answer" not in str(error):
                raise
            await asyncio.sleep(0.2)


async def said(crew: Crew, person: str, act: Act, asked: dict[str, Any]) -> None:
    """Sign until it is known that the signature is there: an answer may have died with the service."""
    body = crew.statement(person, act, asked)
    for _ in range(1200):
        try:
            await crew.ask("esa", "sign", body=body)
            return
        except Exception as error:
            if any(words in str(error) for words in ("played again", "nothing more can be said")):
                return
            assert "does not answer" in str(error), error
            await asyncio.sleep(0.1)


def kill_as_the_journal_grows(one: Commanded, victim: str, growths: int) -> None:
    """Wait until the journal has grown so many times (or a while), then end a process, all without a name."""
    path, end = own_path(one.home / "esa"), time.monotonic() + 5
    size = path.stat().st_size
    while growths and time.monotonic() < end:
        if path.stat().st_size != size:
            size, growths = path.stat().st_size, growths - 1
        time.sleep(0.0005)
    if victim:
        one.kill(victim)
    else:
        one.kill_all()
        one.start()
