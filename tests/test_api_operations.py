"""Alarms, log, stations, displays and agencies through the interface: real alarm servers, permissions, faults."""

import asyncio
import contextlib
import json
import sqlite3
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest

from aelita.agencies import PERMISSIONS
from aelita.api import audit, create_app
from aelita.api.centre import RECORDS, Centre
from aelita.api.identity import Identity
from aelita.api.pass_reports import write_pass_reports
from aelita.services.live.alarm_service import alarms
from aelita.services.live.bookings import station_folder
from aelita.services.live.clock import starting_at
from aelita.services.live.contacts import REPORTS
from aelita.services.live.streams import StreamError
from aelita.time import SECOND, tai_ns_from_utc, utc_from_tai_ns
from api_archive_material import PREFIX, still
from api_material import EVERYTHING, As, client_of, installed, opened
from test_live_alarms import PATIENCE_S, Site, site

BORIS = Identity("boris", "roscosmos", ("payload-controller",), frozenset(PERMISSIONS), "session")
ALARM = "limit:tgo:/x"
BEGIN = "2023-05-24T18:55:00"


class Desk:
    """Asks the routes of a centre as somebody; `json` demands a good answer."""

    def __init__(self, centre: Centre, identity: Identity = EVERYTHING) -> None:
        self.centre, self.app = centre, As(create_app(centre), identity)

    def may(self, *permissions: str, user: str = "") -> "Desk":
        made = Desk.__new__(Desk)
        identity = replace(self.app.identity, may=frozenset(permissions), user=user or self.app.identity.user)
        made.centre, made.app = self.centre, As(self.app.app, identity)
        return made

    async def ask(self, method: str, path: str, **how: Any) -> httpx.Response:
        async with client_of(self.app, timeout=PATIENCE_S) as client:
            return await client.request(method, f"{PREFIX}/{path}", **how)

    async def told(self, method: str, path: str, **how: Any) -> Any:
        answer = await self.ask(method, path, **how)
        assert answer.is_success, answer.text
        return answer.json() if answer.content else None

    def now(self, method: str, path: str, **how: Any) -> httpx.Response:
        return asyncio.run(self.ask(method, path, **how))

    def json(self, method: str, path: str, **how: Any) -> Any:
        return asyncio.run(self.told(method, path, **how))

    def noted(self, action: str) -> list[dict[str, Any]]:
        found = audit.entries(self.centre.records, audit.Sought(action=action), limit=100)
        return [{"user": one.user, **json.loads(one.details)} for one in found]


@contextlib.asynccontextmanager
async def desks(one: Site) -> AsyncIterator[tuple[Desk, Desk]]:
    async with opened(one.made, "esa") as esa, opened(one.made, "roscosmos") as roscosmos:
        yield Desk(esa), Desk(roscosmos, BORIS)


def begin_alarms(one: Site, agency: str) -> None:
    """Run an alarm server in this process, again whenever the streams do not answer it in time, as its nursery would."""

    async def kept() -> None:
        while True:
            try:
                await alarms(one.context("alarms", agency))
            except StreamError:
                await asyncio.sleep(0.5)

    one.tasks[f"{agency}/alarms"] = asyncio.create_task(kept())


async def alarm(desk: Desk, owner: str, name: str = ALARM) -> dict[str, Any] | None:
    answer = await desk.ask("GET", "alarms", params={"quiet": "true"})
    found = answer.json()["items"] if answer.status_code == 200 else []
    return next((each for each in found if (each["owner"], each["alarm"]) == (owner, name)), None)


async def until(one: Site, desk: Desk, owner: str, fits: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    found: list[dict[str, Any]] = []

    async def there() -> bool:
        found[:] = [seen] if (seen := await alarm(desk, owner)) is not None else []
        return bool(found) and fits(found[0])

    await one.until(f"{desk.app.identity.user} sees the alarm", there)
    return found[0]


def test_people_act_on_alarms_by_their_permissions_and_the_servers_reason_is_told(tmp_path: Path) -> None:
    async def story() -> None:
        async with site(tmp_path) as one, desks(one) as (vera, boris):
            begin_alarms(one, "esa")
            begin_alarms(one, "roscosmos")
            await one.limit("/x", 2)
            seen = await until(one, vera, "esa", lambda each: each["phase"] == "unacknowledged")
            assert (seen["word"], seen["calls"], seen["value"]) == ("warning", True, "1.5")
            theirs = await until(one, boris, "esa", lambda each: each["calls"])
            await refused(vera, boris)
            body = {"alarm": ALARM, "comment": "I see", "occurrence": seen["occurrence"], "id": "once"}
            assert (await vera.told("POST", "alarms/acknowledge", json=body))["done"] is True
            assert (await vera.told("POST", "alarms/acknowledge", json=body))["done"] is False
            again = await vera.ask("POST", "alarms/acknowledge", json=body | {"id": "other"})
            assert (again.status_code, "acknowledged" in again.json()["detail"]) == (409, True)
            await until(one, vera, "esa", lambda each: each["phase"] == "acknowledged")
            told = {"alarm": ALARM, "owner": "esa", "comment": "and I", "occurrence": theirs["occurrence"]}
            assert (await boris.told("POST", "alarms/acknowledge", json=told))["done"]
            await until(one, vera, "esa", lambda each: each["acknowledged_by"] == ["esa", "roscosmos"])
            await shelved_and_given(one, vera)
            history = (await vera.told("GET", f"alarms/esa/{ALARM}/history"))["items"]
            events = ["assign", "unshelve", "shelve", "acknowledge", "acknowledge", "raise"]
            assert [each["event"] for each in history] == events
            seen_by = [(each["agency"], each["user"], each["comment"]) for each in history[3:5]]
            assert seen_by == [("roscosmos", "boris", "and I"), ("esa", "vera", "I see")]
            theirs_told = (await boris.told("GET", f"alarms/esa/{ALARM}/history"))["items"]
            assert {(each["agency"], each["event"]) for each in theirs_told} >= {
                ("esa", "raise"),
                ("roscosmos", "acknowledge"),
            }
            assert (await vera.ask("GET", "alarms/esa/none/history")).status_code == 404
            noted = [each for each in vera.noted("alarm.acknowledge") if each.get("records")]
            assert noted == [{
                "user": "vera", "records": 1, "alarm": ALARM, "comment": "I see", "occurrence": 1, "id": "vera:once"
            }]  # fmt: skip
            await one.end("alarms", "esa")
            handed = await vera.told("GET", "log/handover")
            assert handed["alive"] and ALARM in [each["alarm"] for each in handed["alarms"]]

    asyncio.run(story())


async def refused(vera: Desk, boris: Desk) -> None:
    acts = {"acknowledge": "acknowledge", "clear": "acknowledge", "shelve": "shelve", "unshelve": "shelve", "assign": "assign"}
    more: dict[str, dict[str, Any]] = {"shelve": {"for_s": 60.0}, "assign": {"role": "flight-director"}}
    for act, word in acts.items():
        others = PERMISSIONS.keys() - {f"alarm.{word}"}
        answer = await vera.may(*others).ask("POST", f"alarms/{act}", json={"alarm": ALARM, "comment": "x", **more.get(act, {})})
        assert (answer.status_code, f"alarm.{word}" in answer.text) == (403, True)
    nothing = await vera.ask("POST", "alarms/acknowledge", json={"alarm": "no such", "comment": ""})
    assert (nothing.status_code, "there is no alarm 'no such'" in nothing.json()["detail"]) == (409, True)
    assert "no such" in vera.noted("alarm.acknowledge.refused")[0]["why"]
    unfit = await boris.ask("POST", "alarms/shelve", json={"alarm": ALARM, "owner": "esa", "comment": "x", "for_s": 9})
    assert (unfit.status_code, "esa's" in unfit.text) == (409, True)
    odd = await vera.ask("POST", "alarms/acknowledge", json={"alarm": ALARM, "colour": "red"})
    assert (odd.status_code, odd.json()["where"]) == (422, "body.colour")


async def shelved_and_given(one: Site, vera: Desk) -> None:
    endless = await vera.ask("POST", "alarms/shelve", json={"alarm": ALARM, "comment": "known"})
    assert (endless.status_code, endless.json()["remedy"]) == (400, "Give until or for_s")
    unsaid = await vera.ask("POST", "alarms/shelve", json={"alarm": ALARM, "for_s": 60})
    assert (unsaid.status_code, "a reason is needed" in unsaid.text) == (409, True)
    until_text = f"{utc_from_tai_ns(one.clock.now() + 600 * SECOND)}Z"
    await vera.told("POST", "alarms/shelve", json={"alarm": ALARM, "comment": "known", "until": until_text})
    shelved = await until(one, vera, "esa", lambda each: each["phase"] == "shelved")
    assert shelved["shelved_until"] == until_text
    await vera.told("POST", "alarms/unshelve", json={"alarm": ALARM})
    await until(one, vera, "esa", lambda each: each["phase"] != "shelved")
    strange = await vera.ask("POST", "alarms/assign", json={"alarm": ALARM, "role": "cook"})
    assert (strange.status_code, "no role 'cook'" in strange.text) == (409, True)
    await vera.told("POST", "alarms/assign", json={"alarm": ALARM, "role": "flight-dynamics", "person": "ivan"})
    await until(one, vera, "esa", lambda each: (each["role"], each["person"]) == ("flight-dynamics", "ivan"))


def test_limits_and_calibrations_are_overridden_each_with_its_permission(tmp_path: Path) -> None:
    parameter = "/TGO/hk_0b3_aa_f32_32"

    async def story() -> None:
        async with site(tmp_path) as one, opened(one.made, "esa") as centre:
            vera = Desk(centre)
            begin_alarms(one, "esa")
            limits = {"parameter": parameter, "limits": [{"severity": 2, "maximum": 0.1}], "for_s": 600, "reason": "a test"}
            scale = {"parameter": parameter, "coefficients": [0.0, 2.0], "for_s": 600, "reason": "a test"}
            others = vera.may("view", "calibration.override")
            assert (await others.ask("POST", "overrides", json=limits)).status_code == 403
            assert (await vera.may("view", "limits.override").ask("POST", "overrides", json=scale)).status_code == 403
            assert (await vera.told("POST", "overrides", json=limits))["done"]
            both = await vera.ask("POST", "overrides", json=limits | scale)
            assert (both.status_code, "one thing" in both.text) == (400, True)
            unknown = await vera.ask("POST", "overrides", json=limits | {"parameter": "/TGO/none"})
            assert (unknown.status_code, "/TGO/none" in unknown.text) == (409, True)

            async def held() -> bool:
                answer = await vera.ask("GET", "overrides")
                return answer.status_code == 200 and len(answer.json()["items"]) == 1

            await one.until("the override", held)
            item = (await vera.told("GET", "overrides"))["items"][0]
            assert (item["now"], item["kind"], item["limits"]) == (
                "warning outside :0.1", "limits", [{"severity": 2, "minimum": None, "maximum": 0.1}]
            )  # fmt: skip
            assert item["by"] == "vera"
            await shown_beside_the_database(vera, item)
            away = {"parameter": parameter, "kind": "limits", "reason": "enough"}
            assert (await others.ask("DELETE", "overrides", params=away)).status_code == 403
            assert (await vera.told("DELETE", "overrides", params=away))["done"]
            twice = await vera.ask("DELETE", "overrides", params=away)
            assert (twice.status_code, "no override" in twice.text) == (409, True)
            assert [each["user"] for each in vera.noted("limits.override")] == ["vera"] * 4

            await one.until("its end", lambda: none_held(vera))
            after = await vera.told("GET", f"parameters/{parameter}")
            assert (after["overrides"], after["limits_in_force"]) == ([], after["limits"])

    asyncio.run(story())


async def none_held(vera: Desk) -> bool:
    answer = await vera.ask("GET", "overrides")
    return answer.status_code == 200 and not answer.json()["items"]


async def shown_beside_the_database(vera: Desk, item: dict[str, Any]) -> None:
    """Check that a definition tells what the database says, and what holds instead."""
    defined = await vera.told("GET", f"parameters/{item['parameter']}")
    assert (defined["overrides"], defined["overrides_reached"], defined["limits"]) == ([item], True, [])
    (limit,) = defined["limits_in_force"]
    assert (limit["severity"], limit["minimum"], limit["maximum"], limit["outside"]) == (2, None, 0.1, True)
    (listed,) = [
        one
        for one in (await vera.told("GET", "parameters", params={"search": item["parameter"]}))["items"]
        if one["name"] == item["parameter"]
    ]
    assert (listed["overridden"], listed["limits"]) == (["limits"], [])


@pytest.fixture(scope="module")
def still_centre(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Centre]:
    made = installed(tmp_path_factory.mktemp("still"), frames=60)
    starting_at(tai_ns_from_utc(BEGIN)).write(made.folder)
    with still(made) as centre:
        yield centre


@pytest.fixture
def vera(still_centre: Centre) -> Desk:
    return Desk(still_centre)


def test_without_streams_alarms_are_not_told_as_if_they_were_known(vera: Desk) -> None:
    answer = vera.now("GET", "alarms")
    assert (answer.status_code, answer.headers["content-type"]) == (503, "application/problem+json")


def test_the_log_is_found_by_words_in_any_language_and_never_changes(vera: Desk) -> None:
    said = [
        {"text": "Reaction wheel 3 shows higher friction", "category": "anomaly", "spacecraft": "tgo"},
        {"text": "Смена принята, давление в норме", "category": "note"},
        {"text": "<script>alert(1)</script> \"quoted\" AND NOT (x) * ^", "category": "operation"},
    ]  # fmt: skip
    made = [vera.json("POST", "log", json=one) for one in said]
    right = {"text": "It was wheel 4", "category": "anomaly", "refers": made[0]["number"], "corrects": True}
    correction = vera.json("POST", "log", json=right)

    def found(search: str, **more: Any) -> list[int]:
        return [one["number"] for one in vera.json("GET", "log", params={"search": search, **more})["items"]]

    assert found("WHEEL fric") == [made[0]["number"]]
    assert found("СМЕНА давл") == [made[1]["number"]]
    assert found('"quoted" (not)') == [made[2]["number"]]
    assert found("wheel", category="anomaly") == [correction["number"], made[0]["number"]]
    assert found("* ^ ()") == [] and found("text:wheel OR") == []
    first = vera.json("GET", f"log/{made[0]['number']}")
    assert (first["corrected_by"], first["text"]) == ([correction["number"]], said[0]["text"])
    assert vera.now("PUT", f"log/{made[0]['number']}", json=said[0]).status_code == 405
    with sqlite3.connect(vera.centre.folder / RECORDS) as file:
        for change in ("UPDATE log_entries SET text = 'other'", "DELETE FROM log_entries"):
            with pytest.raises(sqlite3.IntegrityError, match="entries of the log stay"):
                file.execute(change)
    file.close()
    page = vera.json("GET", "log", params={"limit": 2})
    rest = vera.json("GET", "log", params={"after": page["next"]})
    numbers = [one["number"] for one in page["items"] + rest["items"]]
    assert numbers == sorted(numbers, reverse=True) and {one["number"] for one in made} <= set(numbers)


def test_only_who_may_writes_into_the_log_and_nobody_writes_as_the_centre(vera: Desk) -> None:
    body = {"text": "hello"}
    assert vera.may("view").now("POST", "log", json=body).status_code == 403
    assert vera.now("POST", "log", json=body | {"category": "pass"}).status_code == 422
    assert vera.now("POST", "log", json={"text": "  "}).status_code == 422
    assert vera.now("POST", "log", json=body | {"refers": 10**6}).status_code == 400
    assert vera.now("POST", "log", json=body | {"corrects": True}).status_code == 400
    assert vera.json("POST", "log", json=body | {"text": "null \0 and \ud800 half".replace("\ud800", "?")})["user"] == "vera"


def reported(centre: Centre, station: str, reference: str, agencies: list[str], **more: Any) -> None:
    """Have a station report a contact that is over."""
    here = centre.installation
    folder = station_folder(here, here.mission.organisation.stations[station])
    folder.mkdir(parents=True, exist_ok=True)
    told = {
        "reference": reference, "station": station, "spacecraft": "tgo", "agencies": agencies, "start": None, "stop": None,
        "first": "2023-05-24T18:50:00.000000000", "last": "2023-05-24T18:52:00.000000000", "frames": 120, "good": 117,
        "erred": 2, "undetermined": 1, "missing": 4, "losses": 1, "ended": "silence",
    }  # fmt: skip
    with (folder / REPORTS).open("a") as file:
        file.write(json.dumps(told | more) + "\n")


def test_a_pass_report_writes_itself_once_for_each_contact_of_the_agency(tmp_path: Path) -> None:
    made = installed(tmp_path, frames=400)
    starting_at(tai_ns_from_utc("2023-05-24T20:00:00")).write(made.folder)
    with still(made) as centre:
        vera = Desk(centre)
        reported(centre, "malargue", "tgo-1", ["esa"])
        reported(centre, "malargue", "tgo-2", ["esa"], first="2023-05-24T19:59:00", last="2023-05-24T19:59:59")  # not settled
        reported(
            centre, "malargue", "tgo-3", ["esa"], first=None, last=None, stop="2023-05-24T19:00:00", frames=0, ended="as booked"
        )
        reported(centre, "kalyazin", "tgo-1", ["roscosmos"])
        reported(centre, "kalyazin", "tgo-4", ["roscosmos", "esa"], first="2023-05-24T19:10:00", last="2023-05-24T19:20:00")
        assert (write_pass_reports(centre), write_pass_reports(centre)) == (3, 0)
        found = vera.json("GET", "log", params={"category": "pass"})["items"]
        assert {(one["data"]["station"], one["data"]["reference"]) for one in found} == {
            ("malargue", "tgo-1"), ("malargue", "tgo-3"), ("kalyazin", "tgo-4")
        }  # fmt: skip
        first = next(one for one in found if one["data"]["reference"] == "tgo-1")
        told = first["data"]
        assert (told["frames"], told["good"], told["lost"], told["duration_s"]) == (120, 117, 4, 120.0)
        assert told["aos"] == "2023-05-24T18:50:00.000000000Z" and told["los"] == "2023-05-24T18:52:00.000000000Z"
        assert "lost 4" in first["text"] and "AOS 2023-05-24T18:50:00Z" in first["text"]
        assert "nothing was heard" in next(one for one in found if one["data"]["reference"] == "tgo-3")["text"]
        assert isinstance(told["events_total"], int)
        handed = vera.json("GET", "log/handover", params={"since": BEGIN})
        assert {one["number"] for one in handed["passes"]} <= {one["number"] for one in found}
    with still(made) as centre:  # after a restart
        assert write_pass_reports(centre) == 0


def test_a_shift_is_handed_over_with_what_stands(vera: Desk) -> None:
    vera.json("POST", "log/handover", json={"text": "The first shift ends"})
    vera.json("POST", "log", json={"text": "Transponder warm", "category": "anomaly"})
    vera.json("POST", "log", json={"text": "Looked at it"})
    gathered = vera.json("GET", "log/handover")
    assert [one["text"] for one in gathered["anomalies"]] == ["Transponder warm"]
    assert [one["text"] for one in gathered["entries"]] == ["Looked at it"]
    assert (gathered["alive"], gathered["alarms"]) == (False, [])
    assert {one["station"] for one in gathered["links"]} == {"malargue"}
    entry = vera.json("POST", "log/handover", json={"text": "The second shift ends"})
    assert entry["data"]["anomalies"] == [gathered["anomalies"][0]["number"]]
    assert vera.json("GET", "log/handover")["anomalies"] == []


def test_stations_are_booked_by_their_own_agency_and_a_conflict_says_what_is_in_the_way(vera: Desk) -> None:
    station = next(one for one in vera.json("GET", "stations")["items"] if one["key"] == "malargue")
    assert (station["agency"], station["operated"], station["dish_m"]) == ("esa", True, 35.0)
    span = {"start": "2023-05-24T20:00:00Z", "stop": "2023-05-24T21:00:00Z"}
    made = vera.json("POST", "bookings", json={"station": "malargue", "spacecraft": "tgo", "reference": "one", **span})
    assert (made["kind"], made["start"], made["now"]) == ("booking", "2023-05-24T20:00:00.000000000Z", False)
    taken = vera.now(
        "POST", "bookings", json={"station": "malargue", "spacecraft": "tgo", "reference": "one", "stop": span["stop"]}
    )
    assert (taken.status_code, "another booking 'one'" in taken.text) == (409, True)
    past = vera.now("POST", "bookings", json={"station": "malargue", "spacecraft": "tgo", "stop": "2020-01-01"})
    assert (past.status_code, "passed" in past.text) == (409, True)
    other = vera.now("POST", "bookings", json={"station": "kalyazin", "spacecraft": "tgo"})
    assert (other.status_code, "roscosmos's" in other.text) == (403, True)
    assert vera.now("POST", "bookings", json={"station": "moon", "spacecraft": "tgo"}).status_code == 404
    assert vera.may("view").now("POST", "bookings", json={"station": "malargue", "spacecraft": "tgo"}).status_code == 403
    shown = vera.json("GET", "contacts", params={"start": span["start"], "stop": span["stop"]})["items"]
    assert [one["reference"] for one in shown] == ["one"]
    assert vera.json("GET", "contacts", params={"start": "2023-06-01", "stop": "2023-06-02"})["items"] == []
    assert vera.now("DELETE", "bookings/malargue/one").status_code == 204
    assert vera.now("DELETE", "bookings/malargue/one").status_code == 409
    assert [each["reference"] for each in vera.noted("station.book")][-1] == "one"


PART = {"kind": "table", "says": "/TGO/*", "width": 6, "height": 4}


def test_displays_are_owned_shared_and_never_overwritten_unseen(vera: Desk) -> None:
    body = {"title": "Power", "document": {"parts": [PART, {"kind": "text", "says": "<b>only text</b>"}]}}
    made = vera.json("POST", "displays", json=body)
    assert (made["owner"], made["version"], made["shared"], made["document"]["parts"][1]["says"]) == (
        "vera", 1, False, "<b>only text</b>"
    )  # fmt: skip
    anna, path = vera.may(*PERMISSIONS, user="anna"), f"displays/{made['id']}"
    assert anna.now("GET", path).status_code == 404
    changed = vera.json("PUT", path, json=body | {"title": "Power 2", "shared": True, "version": 1})
    assert (changed["version"], changed["title"]) == (2, "Power 2")
    late = vera.now("PUT", path, json=body | {"version": 1})
    assert (late.status_code, "2 is the newest" in late.json()["detail"]) == (409, True)
    assert anna.json("GET", path)["title"] == "Power 2"
    assert anna.now("PUT", path, json=body | {"version": 2}).status_code == 403
    assert anna.now("DELETE", path).status_code == 403
    assert [one["id"] for one in anna.json("GET", "displays")["items"]] == [made["id"]]
    assert vera.now("DELETE", path, params={"version": 1}).status_code == 409
    assert vera.now("DELETE", path).status_code == 204
    assert vera.now("GET", path).status_code == 404
    assert [one["title"] for one in vera.noted("display")][:3] == ["Power 2", "Power 2", "Power"]


@pytest.mark.parametrize(
    ("document", "where"),
    [
        ({"parts": [PART | {"colour": "red"}]}, "body.document.parts.0.colour"),
        ({"parts": [], "style": {}}, "body.document.style"),
        ({"parts": [PART | {"kind": "script"}]}, "body.document.parts.0.kind"),
        ({"parts": [PART | {"width": 13}]}, "body.document.parts.0.width"),
        ({"parts": [PART] * 101}, "body.document.parts"),
        ({"parts": [PART | {"says": "x" * 70_000}]}, "body.document.parts.0.says"),
        ([], "body.document"),
    ],
)
def test_what_a_display_cannot_hold_is_refused_by_name(vera: Desk, document: Any, where: str) -> None:
    answer = vera.now("POST", "displays", json={"title": "odd", "document": document})
    assert (answer.status_code, answer.json()["where"]) == (422, where)


def test_a_display_has_a_largest_size(vera: Desk) -> None:
    answer = vera.now("POST", "displays", json={"title": "large", "document": {"parts": [PART | {"says": "x" * 60_000}] * 5}})
    assert (answer.status_code, answer.json()["where"]) == (400, "document")


def test_pages_of_displays_lead_on(vera: Desk) -> None:
    made = [vera.json("POST", "displays", json={"title": title, "document": {}})["id"] for title in "bca"]
    first = vera.json("GET", "displays", params={"limit": 2})
    rest = vera.json("GET", "displays", params={"limit": 2, "after": first["next"]})
    assert [one["title"] for one in first["items"] + rest["items"]] == ["a", "b", "c"]
    for ident in made:
        vera.json("DELETE", f"displays/{ident}")


def test_agencies_tell_what_is_given_now_and_who_may_what(vera: Desk) -> None:
    told = vera.json("GET", "agencies")
    assert [one["key"] for one in told["agencies"] if one["own"]] == ["esa"]
    now = {(one["giver"], one["receiver"], one["kind"]) for one in told["gives"] if one["now"]}
    assert {("esa", "roscosmos", "frames"), ("roscosmos", "esa", "products")} <= now
    acs = next(one for one in told["instruments"] if one["key"] == "acs")
    assert (acs["agency"], acs["may_have"]) == ("roscosmos", True)
    assert told["rights"]["exceptions"] == [{"collection": "tgo-nomad-raw", "part": "LNO", "public_after_months": None}]
    director = next(one for one in told["roles"] if one["key"] == "flight-director")
    assert "alarm.shelve" in director["may"] and director["agencies"] == ["esa"]
    assert set(told["permissions"]) == set(PERMISSIONS)
