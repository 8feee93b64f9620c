"""The live WebSocket of a centre over a real server of streams that dies, hangs and comes back, to clients quick, slow and hostile."""

import asyncio
import json
import os
import signal
import socket
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from aelita.alarms import Change, Counts, Event, Record, Situation, State, encode
from aelita.api import create_app
from aelita.api.identity import NOBODY
from aelita.api.routes_live import MOST_MISTAKES, MOST_SUBSCRIPTIONS
from aelita.services import Library, define
from aelita.services.live.batches import pack, unpack
from aelita.services.live.publishing import pack_standing, standing_subject
from aelita.services.live.stream_setup import make_streams
from aelita.time import SECOND, tai_ns_from_utc
from api_material import EVERYTHING, As, client_of
from live_centre import BEGIN, PATIENCE_S, Client, at_work

UTC = "2023-05-24T18:55:00.000000000Z"


def run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(asyncio.wait_for(work, 4 * PATIENCE_S))


async def live(client: Client) -> None:
    """Wait until the stream of parameters is told to be live."""
    await client.snapshot("state", "parameters", names=[])
    await client.state("state", "live")


def test_values_of_the_recording_arrive_as_the_processor_told_them(tmp_path: Path) -> None:
    """One client follows from the beginning, one comes late: both hold the last row of every container, in the same words."""

    async def work() -> None:
        async with at_work(tmp_path) as here, here.client() as early, here.client() as late:
            await live(early)
            assert await early.snapshot("all", "parameters") == []
            truth: dict[str, dict[str, Any]] = {}
            sent = await here.play(2960, 100)
            for octets in (octets for subject, octets in sent if subject.startswith("esa.parameters.")):
                for row in unpack(octets).iter_rows(named=True):
                    for name in (one for one in row if one.startswith("/") and not one.endswith(" raw")):
                        if name not in truth or truth[name]["received"] <= row["received"]:
                            truth[name] = row
            await here.values("end", [{"/TGO/end": 1}])
            await early.until(lambda m: any(one["n"] == "/TGO/end" for one in m.get("updates", ())))
            snapshot = {one["n"]: one for one in await late.snapshot(1, "parameters")}
            followed = {one["n"]: one for one in early.updates("all")}
            assert {name: one | {"u": snapshot[name]["u"]} for name, one in followed.items()} == snapshot
            assert snapshot.pop("/TGO/end") and snapshot.keys() == truth.keys() and len(truth) > 100
            for name, row in truth.items():
                value = row[name].hex() if isinstance(row[name], bytes) else row[name]
                assert snapshot[name]["v"] == value and tai_ns_from_utc(snapshot[name]["rt"].removesuffix("Z")) == row["received"]
            compiled = define(Library(), mission="exomars").compiled
            assert compiled is not None
            assert all(one["u"] == compiled.database.type_of(name).facts.units for name, one in snapshot.items())
            reports = sum(unpack(octets).height for subject, octets in sent if subject.startswith("esa.events."))
            events = await late.snapshot("e", "events")
            while len(events) < reports:
                events += (await late.until(lambda m: m.get("id") == "e" and "updates" in m))["updates"]
            assert len(events) == reports > 0 and all(one["kind"] == "report" and one["message"] for one in events)
            apid = next(subject.rpartition(".")[2] for subject, _ in sent if subject.startswith("esa.packets."))
            packets = await late.snapshot("p", "packets", names=[apid])
            while not packets:
                packets += (await late.until(lambda m: m.get("id") == "p" and "updates" in m))["updates"]
            assert {one["apid"] for one in packets} == {int(apid)} and all(one["length"] > 6 for one in packets)

    run(work())


def test_every_sample_comes_once_behind_the_snapshot(tmp_path: Path) -> None:
    """Clients come and go while a counter counts: to each the next number follows the snapshot's, and so on without a gap."""

    async def work() -> None:
        async with at_work(tmp_path) as here, here.client() as first:
            await live(first)
            await here.values("counter", [{"/TGO/n": 0}])
            done = asyncio.Event()

            async def count() -> None:
                for number in range(1, 400, 2):
                    await here.values("counter", [{"/TGO/n": number}, {"/TGO/n": number + 1}])
                done.set()

            async def follow(ident: int) -> None:
                async with here.client() as client:
                    while not done.is_set():
                        found = await client.snapshot(ident, "parameters", names=["/TGO/n"])
                        expected = found[0]["v"] if found else 0
                        for _ in range(10):
                            if expected >= 400:
                                return
                            message = await client.until(lambda m: m.get("id") == ident and "updates" in m)
                            for one in message["updates"]:
                                expected += 1
                                assert one["v"] == expected
                        await client.send(unsubscribe=ident)

            await asyncio.gather(count(), *(follow(ident) for ident in range(8)))

    run(work())


def test_severity_comes_with_values_and_after_them(tmp_path: Path) -> None:
    async def work() -> None:
        async with at_work(tmp_path) as here, here.client() as client:
            await here.publish(standing_subject("esa", "tgo"), pack_standing(BEGIN, {"/TGO/t": 3}))
            await live(client)
            await client.snapshot("p", "parameters", names=["t"])
            await client.snapshot("e", "events")
            at = {"received": BEGIN + 10 * SECOND, "generated": BEGIN, "quality": 0, "apid": 1, "sequence_count": 7}
            await here.values("heat", [at | {"/TGO/t": 81.5, "/TGO/t raw": 4000}])
            (first,) = (await client.until(lambda m: "updates" in m))["updates"]
            assert first == {"n": "/TGO/t", "s": "tgo", "v": 81.5, "r": 4000, "q": True, "l": 3, "t": UTC, "rt": first["rt"]}
            change = at | {"parameter": "/TGO/t", "before": 3, "after": 5, "value": 81.5, "text": None}
            (octets,) = pack(pl.DataFrame([change], schema_overrides={"text": pl.String}))
            await here.publish("esa.limits.tgo", octets)
            while not (list(client.updates("e")) and len(list(client.updates("p"))) > 1):
                await client.next()
            assert [one["l"] for one in client.updates("p")] == [3, 5]
            (event,) = client.updates("e")
            assert (event["kind"], event["severity"], event["message"]) == ("limit", "severe", "t 81.5: distress → severe")
            await here.values("heat", [at | {"/TGO/t": None, "/TGO/t raw": 1, "quality": 2}])
            (last,) = (await client.until(lambda m: m.get("id") == "p" and "updates" in m))["updates"]
            assert (last["v"], last["q"], last["l"]) == (None, False, 5)

    run(work())


def test_damaged_messages_disturb_nothing(tmp_path: Path) -> None:
    async def work() -> None:
        async with at_work(tmp_path) as here, here.client() as client:
            await live(client)
            for topic in ("parameters", "events", "packets"):
                await client.snapshot(topic, topic)
            (other,) = pack(pl.DataFrame({"a": [1]}))
            for octets in (b"", b"nonsense", other):
                for subject in (
                    "parameters.tgo.x",
                    "events.info.tgo",
                    "packets.tgo.1",
                    "packets.tgo",
                    "limits.tgo",
                    "limits.tgo.standing",
                ):
                    await here.publish(f"esa.{subject}", octets)
            await here.values("x", [{"/TGO/n": 1}])
            (update,) = (await client.until(lambda m: "updates" in m))["updates"]
            assert update["n"] == "/TGO/n"

    run(work())


def test_a_server_that_dies_is_told_and_its_return_too(tmp_path: Path) -> None:
    """SIGKILL: every topic of the streams is lost at once, ticks go on; after the restart values go on without a double."""

    async def work() -> None:
        async with at_work(tmp_path) as here, here.client() as client:
            await live(client)
            for topic in ("parameters", "events", "alarms", "links", "packets"):
                await client.snapshot(topic, topic)
                await client.state(topic, "live")
            await here.values("x", [{"/TGO/n": 1}])
            await client.until(lambda m: m.get("id") == "parameters" and "updates" in m)
            assert here.server.pid is not None
            os.kill(here.server.pid, signal.SIGKILL)
            await here.server.wait()
            lost = {(await client.until(lambda m: m.get("state") == "lost"))["id"] for _ in range(6)}
            assert lost == {"state", "parameters", "events", "alarms", "links", "packets"}
            await client.until(lambda m: "tick" in m)
            async with here.client() as another:  # what is known stays, and is told to be old
                assert [one["v"] for one in await another.snapshot(1, "parameters")] == [1]
                assert "lost" in (await another.state(1, "lost"))["why"]
            await here.server.start()
            await make_streams(
                here.server.plan, {one.account: here.server.address("admin", one.account) for one in here.server.plan.streams}
            )
            for _ in range(6):
                await client.until(lambda m: m.get("state") == "live")
            for number in range(2, 6):
                await here.values("x", [{"/TGO/n": number}])
            while len(list(client.updates("parameters"))) < 5:
                await client.next()
            assert [one["v"] for one in client.updates("parameters")] == [1, 2, 3, 4, 5]

    run(work())


def test_a_server_that_hangs_is_told_within_two_missed_ticks(tmp_path: Path) -> None:
    async def work() -> None:
        async with at_work(tmp_path) as here, here.client() as client:
            await live(client)
            assert here.server.pid is not None
            os.kill(here.server.pid, signal.SIGSTOP)
            try:
                client.told.clear()
                assert "does not answer" in (await client.state("state", "lost"))["why"]
                assert sum("tick" in one for one in client.told) <= 3
            finally:
                os.kill(here.server.pid, signal.SIGCONT)
            await client.state("state", "live")

    run(work())


def test_a_processor_that_is_gone_makes_values_stale(tmp_path: Path) -> None:
    async def work() -> None:
        async with at_work(tmp_path) as here, here.client() as client:
            await live(client)
            processor = here.services["processor"]
            processor.health.fault("values", "the stream is full")
            assert (await client.state("state", "stale"))["why"] == "values: the stream is full"
            processor.health.well("values")
            await client.state("state", "live")
            await processor.end()
            assert (await client.state("state", "stale"))["why"] in ("the processor is down", "the processor is silent")
            await client.snapshot("l", "links")
            await client.state("l", "live")
            await processor.begin()
            await client.state("state", "live")

    run(work())


def test_ticks_tell_the_clocks(tmp_path: Path) -> None:
    async def work() -> None:
        async with at_work(tmp_path) as here, here.client() as client, client_of(here.app) as http:
            tick = (await client.until(lambda m: "tick" in m and m["tick"]["spacecraft"]))["tick"]
            mission = tai_ns_from_utc(tick["mission"].removesuffix("Z"))
            (tgo,) = tick["spacecraft"]
            assert tick["replayed"] and tick["speed"] == 1.0 and 1000 * SECOND <= mission - BEGIN < 1200 * SECOND
            assert 960 < tgo["owlt_s"] < 980 and tgo["spacecraft"] == "tgo"
            assert mission - tai_ns_from_utc(tgo["scet"].removesuffix("Z")) == pytest.approx(tgo["owlt_s"] * SECOND, abs=1000)
            later = (await client.until(lambda m: "tick" in m))["tick"]
            passed = [
                tai_ns_from_utc(later[key].removesuffix("Z")) - tai_ns_from_utc(tick[key].removesuffix("Z"))
                for key in ("utc", "mission")
            ]
            assert abs(passed[0] - passed[1]) < SECOND // 100
            assert (await http.get("/api/v1/clock")).json()["spacecraft"][0]["spacecraft"] == "tgo"
            assert (await client.snapshot(1, "clock"))[0].keys() == tick.keys()

    run(work())


def test_alarms_and_lines_are_told(tmp_path: Path) -> None:
    async def work() -> None:
        async with at_work(tmp_path) as here, here.client() as client:
            await live(client)
            assert await client.snapshot("a", "alarms") == []
            links = await client.snapshot("l", "links")
            assert [(one["station"], one["alive"], one["lock"]) for one in links] == [("malargue", False, "unknown")]
            raised = Situation(State.UNACKNOWLEDGED, severity=4, title="Hot", value="81", occurrence=1, occurred_at=BEGIN)
            changes = ((Event.RAISE, Situation(), raised), (Event.CLEAR, raised, Situation()))
            for number, (event, before, after) in enumerate(changes, 1):
                record = Record(
                    f"r{number}", number, "esa", BEGIN, "alarm server", Change("limit:tgo:/TGO/t", event, before, after, Counts())
                )
                await here.publish("esa.audit.alarms", encode(record))
                (alarm,) = (await client.until(lambda m: m.get("id") == "a" and "updates" in m))["updates"]
                assert (alarm["owner"], alarm["alarm"], alarm["quiet"]) == ("esa", "limit:tgo:/TGO/t", number == 2)
                if number == 1:
                    assert (alarm["severity"], alarm["word"], alarm["calls"], alarm["since"]) == (4, "critical", True, UTC)
            told = {"at": BEGIN, "frames": 7, "state": "active", "lock": "locked", "production": "running", "backlogs": 0}
            told |= {"last_received": BEGIN + 1000 * SECOND, "light_time_s": 969.5, "why": ""}
            await here.publish("esa.links.tgo.malargue", json.dumps(told).encode())
            while not any(one["alive"] and one["frames"] == 7 for one in client.updates("l")):
                await client.next()

    run(work())


def test_a_slow_client_catches_up_and_others_are_not_hurt(tmp_path: Path) -> None:
    """A client that reads nothing for a while is told the newest of each parameter, and how many updates it missed."""

    async def work() -> None:
        async with at_work(tmp_path) as here, here.client() as quick:
            await live(quick)
            await quick.snapshot("q", "parameters")
            small = socket.create_connection(("127.0.0.1", here.port))
            small.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            address = f"ws://127.0.0.1:{here.port}/api/v1/live"
            async with connect(address, sock=small, max_size=None, max_queue=1, proxy=None) as one:
                slow = Client(one)
                await slow.snapshot("s", "parameters")
                one.transport.pause_reading()
                names = [f"/TGO/p{number}" for number in range(400)]
                reading = asyncio.create_task(quick.until(lambda m: any(one["v"] == 99 for one in m.get("updates", ()))))
                for number in range(100):
                    await here.values("many", [dict.fromkeys(names, number)])
                await reading
                assert [u["v"] for u in quick.updates("q") if u["n"] == names[0]] == list(range(100))
                assert not any("dropped" in message for message in quick.told)
                (subscription,) = (
                    s for box in here.centre.feed.hub.outboxes for s in box.subscriptions.values() if s.ident == '"s"'
                )
                assert subscription.waiting
                one.transport.resume_reading()
                while not any(update["v"] == 99 for update in slow.updates("s")):
                    await slow.next()
                dropped = sum(message.get("dropped", 0) for message in slow.told)
                assert dropped > 0 and len(list(slow.updates("s"))) + dropped == 100 * len(names)
                assert {u["n"]: u["v"] for u in slow.updates("s")} == dict.fromkeys(names, 99)
                await here.values("many", [dict.fromkeys(names, 100)])
                message = await slow.until(lambda m: any(u["v"] == 100 for u in m.get("updates", ())))
                assert "dropped" not in message

    run(work())


def test_whoever_may_not_look_is_refused(tmp_path: Path) -> None:
    async def work() -> None:
        identities = {NOBODY: 401, As(lambda *_: None, EVERYTHING).with_may("acknowledge").identity: 403}  # type: ignore[arg-type, return-value]
        for number, (identity, status) in enumerate(identities.items()):
            async with at_work(tmp_path / str(number), lambda one, who=identity: As(create_app(one), who)) as here:  # type: ignore[misc]
                with pytest.raises(InvalidStatus) as refused:
                    async with here.client():
                        pass
                response = refused.value.response
                assert response.status_code == status and response.headers["Content-Type"] == "application/problem+json"
                async with client_of(here.app) as http:
                    for path in ("status", "links", "streams", "clock"):
                        assert (await http.get(f"/api/v1/{path}")).status_code == status

    run(work())


def test_the_state_of_the_complex_is_told(tmp_path: Path) -> None:
    async def work() -> None:
        async with at_work(tmp_path) as here, here.client() as client, client_of(here.app) as http:
            await live(client)
            await here.values("x", [{"/TGO/n": 1}])
            (first,) = await client.snapshot("s", "status")
            while not any(
                s["name"] == "PARAMETERS" and s["messages"] == 1 for one in client.updates("s") for s in one["streams"]
            ):
                await client.next()
            told = (await http.get("/api/v1/status")).json()
            assert told.keys() == first.keys() and told["agency"] == "esa" and told["spacecraft"] == ["tgo"]
            services = {one["service"]: one["status"] for one in told["services"]}
            assert (services["streams"], services["processor"], services["archiver"]) == ("well", "well", "down")
            assert (await http.get("/api/v1/links")).json()[0]["station"] == "malargue"
            names = [one["name"] for one in (await http.get("/api/v1/streams")).json()]
            assert {"PARAMETERS", "EVENTS", "PACKETS", "AUDIT"} <= set(names)
            schema = (await http.get("/api/v1/openapi.json")).json()
            assert {"Status", "Link", "StreamState", "Clock"} <= schema["components"]["schemas"].keys()

    run(work())


HOSTILE = st.lists(
    st.text(max_size=50)
    | st.binary(max_size=50)
    | st.recursive(st.none() | st.integers() | st.text(max_size=9), lambda x: st.lists(x, max_size=3)).map(json.dumps)
    | st.fixed_dictionaries({"subscribe": st.integers(0, 3), "topic": st.sampled_from(("parameters", "events", "x"))}).map(
        json.dumps
    )
    | st.just('{"subscribe": 9, "topic": "parameters", "names": ["[", "[!", "*[a-", "\\\\"]}')
    | st.just("x" * 300_000),
    max_size=20,
)


def test_hostile_clients_hurt_nobody_else(tmp_path: Path) -> None:
    async def work() -> None:
        async with at_work(tmp_path) as here, here.client() as good:
            await live(good)
            await good.snapshot("g", "parameters")
            loop = asyncio.get_running_loop()

            async def attack(messages: list[str | bytes]) -> None:
                async with here.client() as bad:
                    for message in messages:
                        await bad.socket.send(message)
                    await bad.snapshot("still", "clock")  # it is answered as before
                    wrong = [one for one in bad.told if "error" in one]
                    assert all(one["error"]["detail"] for one in wrong)

            @settings(max_examples=15, deadline=None, suppress_health_check=list(HealthCheck), database=None)
            @given(HOSTILE)
            def attacks(messages: list[str | bytes]) -> None:
                asyncio.run_coroutine_threadsafe(attack(messages), loop).result(PATIENCE_S)

            await asyncio.to_thread(attacks)
            await here.values("x", [{"/TGO/n": 1}])
            assert (await good.until(lambda m: "updates" in m))["updates"][0]["v"] == 1
            assert len(here.centre.feed.hub.outboxes) <= 2

    run(work())


def test_mistakes_subscriptions_and_sizes_have_limits(tmp_path: Path) -> None:
    async def work() -> None:
        async with at_work(tmp_path) as here, here.client() as good:
            async with here.client() as greedy:
                for number in range(MOST_SUBSCRIPTIONS + 1):
                    await greedy.send(subscribe=number, topic="clock")
                told = await greedy.until(lambda m: "error" in m)
                assert told["id"] == MOST_SUBSCRIPTIONS and "too many subscriptions" in told["error"]["detail"]
                await greedy.send(unsubscribe=0)
                await greedy.snapshot("one more", "clock")
                await greedy.send(unsubscribe=0)
                assert "no such subscription" in (await greedy.until(lambda m: "error" in m))["error"]["detail"]
            async with here.client() as stubborn:
                with pytest.raises(ConnectionClosed) as closed:
                    for _ in range(MOST_MISTAKES + 1):
                        await stubborn.socket.send("?")
                        await stubborn.until(lambda m: "error" in m)
                assert closed.value.rcvd is not None and closed.value.rcvd.code == 1008
            async with here.client() as large:
                with pytest.raises(ConnectionClosed) as closed:
                    await large.socket.send("x" * (2 << 20))
                    await large.until(lambda m: "error" in m)
                assert closed.value.rcvd is not None and closed.value.rcvd.code == 1009
            await good.until(lambda m: "tick" in m)

    run(work())
