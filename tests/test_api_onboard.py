"""What a spacecraft has on board, through the interface: the simulated spacecraft's own reports against what was commanded."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx
import polars as pl
import pytest

from aelita.api.client import AsyncClient, Session, answers_onboard
from aelita.api.client.core import Address, Patience
from aelita.commanding import Outcome, Reader
from aelita.pus import RequestId
from aelita.services.live.batches import pack
from aelita.services.live.command_boards import Boards
from aelita.services.live.command_journal import own_path
from aelita.services.live.command_stores import Hole
from aelita.services.live.simulated import definition_of, on_board_clock
from aelita.spacecraft import Spacecraft
from aelita.time import SECOND
from api_command_material import API, PASSWORD, TWIN, Both, both

URL = f"{API}/onboard/{TWIN}"
HOUR = 3600 * SECOND


@dataclass
class Sky:
    """The simulated spacecraft without a link: packets go straight to it, and its reports straight to the commanding of ESA."""

    two: Both
    craft: Spacecraft

    @property
    def service(self) -> Any:
        return self.two.esa.service

    def command(self, name: str, *, drop: bool = False) -> None:
        """Release a request as the gate would, execute it on board (`drop`: it is lost there) and report."""
        commander, now = self.service.commander, self.two.clock.now()
        prepared = self.service.standing.board.requests[name].prepared
        commander._write("released", {"request": name, "digest": prepared.digest}, now)
        sending = {"cltu": self.service.standing.next_cltu, "request": name, "identity": f"{name}/0", "spacecraft": TWIN}
        commander._write("sending", sending, now)
        self.service.does(Outcome())
        for packet in prepared.packets:
            if not drop:
                self.craft.executive.receive(packet)
        self.run(5)
        for index, packet in enumerate(prepared.packets):
            self.verify(name, index, RequestId.of_packet(packet))
        self.run(10)

    def verify(self, name: str, index: int, identity: RequestId) -> None:
        for stage in ("acceptance", "start", "completion"):
            body = {"request": name, "index": index, "stage": stage, "succeeded": True, "generated_ns": self.craft.now_ns,
                    "received_ns": self.craft.now_ns, "step": None, "failure": None, "late": False}  # fmt: skip
            self.service.commander._write("verified", body, self.two.clock.now())
        self.service.does(Outcome())

    def run(self, seconds: float) -> None:
        """Let time pass on board, and let everything that it reports be heard."""
        board = self.craft.board
        board.run_until(board.now_ns + round(seconds * SECOND))
        packets = list(board.downlink.live)
        board.downlink.live.clear()
        if packets:
            frame = pl.DataFrame(
                {"received": [board.now_ns] * len(packets), "generated": [board.now_ns] * len(packets), "octets": packets}
            )
            for message in pack(frame):
                self.service.conduct.boards.heard(TWIN, message)


@pytest.fixture(scope="module")
def sky(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sky]:
    with both(tmp_path_factory.mktemp("two")) as two:
        craft = Spacecraft(definition_of(two.made, TWIN), 1, two.clock.now(), on_board_clock(two.made, TWIN), bytes(32))
        yield Sky(two, craft)


async def told(client: httpx.AsyncClient, method: str, path: str, **how: Any) -> Any:
    answer = await client.request(method, f"{URL}{path}", **how)
    assert answer.is_success, (path, answer.status_code, answer.text)
    return answer.json()


def asked(sky: Sky, method: str, path: str, who: str = "ivo", **how: Any) -> Any:
    async def work() -> Any:
        async with sky.two.esa.as_(who) as client:
            return await told(client, method, path, **how)

    return asyncio.run(work())


def refused(sky: Sky, method: str, path: str, who: str = "ivo", **how: Any) -> tuple[int, str]:
    async def work() -> tuple[int, str]:
        async with sky.two.esa.as_(who) as client:
            answer = await client.request(method, path if path.startswith("/api") else f"{URL}{path}", **how)
            return answer.status_code, str(answer.json()["detail"])

    return asyncio.run(work())


def requested(sky: Sky, *calls: tuple[str, dict[str, str]], **more: Any) -> str:
    who = {"agency": "esa", "centre": "esoc", "role": "spacecraft-controller", "person": "ivo"}
    told = [{"command": name, "arguments": list(arguments.items())} for name, arguments in calls]
    made = sky.two.esa.ask("request", spacecraft=TWIN, calls=told, requester=who, **more)
    return str(made["prepared"]["id"])


def test_the_schedule_is_what_was_inserted_and_differs_only_where_it_does(sky: Sky) -> None:
    now = sky.two.clock.now()
    first = requested(sky, ("AreYouAlive", {}), execute_ns=now + HOUR)
    second = requested(sky, ("SetTimeReportRate", {"exponent": "4"}), execute_ns=now + 2 * HOUR)
    assert asked(sky, "GET", "/timeline")["coming"] == []
    sky.command(first)
    sky.command(second)
    planned = asked(sky, "GET", "/timeline", who="otto")
    assert [one["request"] for one in planned["coming"]] == [first, second] and planned["next"]["request"] == first
    assert "exponent 4" in planned["coming"][1]["what"] and planned["reported"] is None and not planned["can_adopt"]
    sky.command(requested(sky, ("ReportSchedule", {})))
    same = asked(sky, "GET", "/timeline")
    assert same["reported"] and same["differences"] == [] and same["can_adopt"]
    assert [one["confirmed"] for one in planned["coming"]] == [False, False]  # nothing was reported yet
    assert [one["confirmed"] for one in same["coming"]] == [True, True]
    sky.craft.board.activities.pop()
    lost = requested(sky, ("AreYouAlive", {}), execute_ns=now + 3 * HOUR)
    sky.command(lost, drop=True)  # the ground believes that it is there
    sky.command(requested(sky, ("ReportSchedule", {})))
    differs = asked(sky, "GET", "/timeline")
    assert [(one["kind"], one["request"], one["on_board"]) for one in differs["differences"]] == [
        ("missing on board", second, None), ("missing on board", lost, None),
    ]  # fmt: skip
    assert [one["confirmed"] for one in differs["coming"]] == [True, False, False]
    assert "2 differences" in sky.service.context.health.faults[f"schedule of {TWIN}"]
    assert refused(sky, "POST", "/timeline/adopt", who="otto")[0] == 403
    adopted = asked(sky, "POST", "/timeline/adopt")
    assert [one["request"] for one in adopted["coming"]] == [first] and adopted["differences"] == []
    assert f"schedule of {TWIN}" not in sky.service.context.health.faults


def test_the_copy_is_the_same_after_a_restart(sky: Sky) -> None:

    service, before = sky.service, asked(sky, "GET", "/timeline")
    notes = [one for one in Reader("esa").feed(own_path(sky.two.made.home("esa")).read_bytes()) if one.kind == "note"]
    assert [one.body["about"] for one in notes] == ["timeline", "timeline adopted"]
    made = Boards(
        sky.two.made, service.commander, service.preparers, notes, sky.two.clock.now, service.does, service.context.health
    )
    after = made.timelines[TWIN].seen(sky.two.clock.now())
    assert (
        [(one["request"], one["what"]) for one in after["coming"]]
        == [(one["request"], one["what"]) for one in before["coming"]]
        != []
    )


def test_gaps_become_proposals_that_nobody_has_asked_for(sky: Sky, monkeypatch: pytest.MonkeyPatch) -> None:
    now = sky.two.clock.now()
    holes: list[Hole] = [
        (now - 2 * HOUR, now - 2 * HOUR + 300 * SECOND, 0xB3, 75),
        (now - HOUR, now - HOUR + 30 * SECOND, 0x16, 1),
    ]
    stores = sky.service.conduct.boards.stores[TWIN]
    monkeypatch.setattr(type(stores), "holes", lambda _: holes)
    before = len(sky.service.standing.board.requests)
    found = asked(sky, "GET", "/gaps", who="otto")
    assert [(one["packets"], one["apids"]) for one in found["gaps"]] == [(75, [0xB3]), (1, [0x16])]
    assert [one["calls"][0]["command"] for one in found["proposals"]] == ["/TGO_TC/RetrieveStores"] * 2
    assert len(sky.service.standing.board.requests) == before and found["summary"] is None
    call = found["proposals"][0]["calls"][0]
    wanted = float(call["arguments"]["to"]) - float(call["arguments"]["from"])
    assert abs(wanted - 304) < 0.01  # two seconds of margin on both sides
    name = requested(sky, (call["command"], call["arguments"]))
    asked_for = asked(sky, "GET", "/gaps")
    assert [one["request"] for one in asked_for["under_way"]] == [name] and len(asked_for["proposals"]) == 1
    sky.command(requested(sky, ("ReportStores", {"number": "1", "stores": "[1]"})))
    assert asked(sky, "GET", "/gaps")["summary"]["percentage"] == 0
    holes.pop(0)  # what came back closed it
    assert asked(sky, "GET", "/gaps")["gaps_total"] == 1


def test_images_are_kept_compared_and_asked_to_be_loaded(sky: Sky) -> None:
    image = {"name": "table", "version": "1.0", "memory": 6, "runs": [[0, "00" * 64], [256, "0102"]]}
    made = asked(sky, "POST", "/images", json=image)
    assert made["octets"] == 66 and made["areas"] == [[0, 64], [256, 2]]
    assert "there already" in refused(sky, "POST", "/images", json=image)[1]
    assert refused(sky, "POST", "/images", who="otto", json=image | {"version": "2"})[0] == 403
    for bad in ({"name": "../x"}, {"runs": [[0, "00"], [0, "01"]]}, {"runs": [[0, ""]]}):
        assert refused(sky, "POST", "/images", json=image | {"version": "3"} | bad)[0] == 409
    assert [one["version"] for one in asked(sky, "GET", "/images")["items"]] == ["1.0"]
    dump = asked(sky, "POST", "/images/table/1.0", json={"what": "dump"})
    assert [one["command"] for one in dump["parts"][0]["calls"]] == ["/TGO_TC/DumpMemory"] * 2 and not dump["parts"][0]["request"]
    for call in dump["parts"][0]["calls"]:
        sky.command(requested(sky, (call["command"], call["arguments"])))
    seen = asked(sky, "GET", "/images/table/1.0")
    assert seen["octets"] == {"same": 64, "different": 2, "not known": 0}
    load = asked(sky, "POST", "/images/table/1.0", json={"what": "load", "only_changed": True, "request": True})
    (part,) = load["parts"]
    assert load["octets"] == 2 and part["calls"][0]["arguments"]["address"] == "256"
    assert str(sky.service.standing.board.requests[part["request"]].state) == "waiting"
    sky.command(part["request"])
    assert bytes(sky.craft.board.memories[6][256:258]) == b"\1\2"
    assert asked(sky, "GET", "/images/table/1.0")["octets"]["same"] == 66
    assert asked(sky, "GET", "/memories/6")["known"][0]["octets"] == 64
    sky.two.esa.centre.folder.joinpath("commanding", "images", TWIN, "odd@1").write_text("nonsense")
    assert [one["file"] for one in asked(sky, "GET", "/images")["faults"]] == ["odd@1"]


def test_what_is_not_there_is_said(sky: Sky) -> None:
    assert refused(sky, "GET", f"{API}/onboard/nothing/timeline")[0] == 404
    assert refused(sky, "GET", f"{API}/onboard/edm/timeline")[0] == 409
    code, why = refused(sky, "GET", "/images/table/9")
    assert code == 409 and "table@1.0" in why
    assert refused(sky, "GET", "/images/..%2F..%2Fx/9")[0] in (404, 409)


def test_the_python_client_asks_the_same(sky: Sky) -> None:
    async def work() -> tuple[Any, ...]:
        transport = httpx.ASGITransport(sky.two.esa.guard, client=("10.0.0.1", 4711))
        session = Session(Address.of("https://centre.test"), user="ivo", password=PASSWORD, patience=Patience(0))
        async with AsyncClient(session, transport=transport) as client:
            image = await client.onboard.add_image(TWIN, "client", "1", 7, [(0, b"abc")])
            return (
                await client.onboard.timeline(TWIN), await client.onboard.gaps(TWIN), await client.onboard.memory(TWIN, 6),
                await client.onboard.images(TWIN), await client.onboard.compare_image(TWIN, "client", "1"),
                await client.onboard.request_image(TWIN, "client", "1", "check"), image,
            )  # fmt: skip

    timeline, gaps, memory, images, compared, requests, image = asyncio.run(work())
    assert image in images and compared["octets"]["not known"] == 3 and requests["parts"][0]["calls"]
    kinds = {
        "Timeline": timeline,
        "Gaps": gaps,
        "MemoryKnown": memory,
        "Compared": compared,
        "ImageRequests": requests,
        "Image": image,
    }
    for name, one in kinds.items():
        assert getattr(answers_onboard, name).__required_keys__ == one.keys(), name
