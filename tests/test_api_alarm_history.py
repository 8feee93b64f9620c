"""The history of an alarm out of a long journal: newest first, a page at a time, each record once while others are written."""

import asyncio
from pathlib import Path
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from aelita.alarms import Change, Counts, Event, Record, Refused, Situation, Stance, State, encode
from aelita.services.live.agency_streams import address_of
from aelita.services.live.alarm_index import AlarmIndex, Place
from aelita.services.live.alarm_journal_index import SoughtRecords
from aelita.services.live.streams import Message, Streams
from api_material import opened
from test_api_operations import Desk
from test_live_alarms import Site, site

RECORDS, RARE_EVERY = 20_000, 2_000
RARE, FREQUENT = "link:tgo/malargue", "limit:tgo:/TGO/busy"


def record(number: int, at: int, alarm: str, event: Event = Event.RAISE) -> Record:
    after = Situation(State.UNACKNOWLEDGED, True, 3, f"value {number}", "a title", number, at)
    return Record(f"c{number}", number, "esa", at, "", Change(alarm, event, after, after, Counts(1, 0, at, at, "1", 3)))


async def write(one: Site, numbers: range) -> None:
    """Store records as the alarm server does, all at once; every so many are of the rare alarm."""
    template = encode(record(777_777_777, 888_888_888, "ALARM")).decode()
    assert template.count("ALARM") == 1
    async with await Streams.connect(address_of(one.made, "esa"), name="test") as streams:
        before = (await streams.info("AUDIT")).last
        for number in numbers:
            alarm = FREQUENT if number % RARE_EVERY else RARE
            told = template.replace("ALARM", alarm).replace("777777777", str(number)).replace("888888888", str(number))
            await streams.client.publish("esa.audit.alarms", told.encode())
            if number % 2000 == 0:
                await streams.client.flush()
        await streams.client.flush()

        async def stored() -> bool:
            return (await streams.info("AUDIT")).last == before + len(numbers)

        await one.until("all records", stored)


async def pages(desk: Desk, alarm: str, limit: int, most: int) -> list[dict[str, Any]]:
    items: list[dict[str, Any]] = []
    after: str | None = ""
    while after is not None and len(items) < most:
        page = await desk.told("GET", f"alarms/esa/{alarm}/history", params={"limit": limit, "after": after})
        assert len(page["items"]) == limit or page["next"] is None
        items, after = items + page["items"], page["next"]
    return items


def test_pages_out_of_a_long_journal(tmp_path: Path) -> None:
    async def story() -> None:
        async with site(tmp_path) as one, opened(one.made, "esa") as esa:
            desk, seen = Desk(esa), esa.watch.agencies["esa"]
            await write(one, range(1, RECORDS + 1))

            async def read() -> bool:
                return seen.records >= RECORDS

            await one.until("the journal to be read", read)
            rare = await pages(desk, RARE, 3, 100)
            assert [item["number"] for item in rare] == list(range(RECORDS, 0, -RARE_EVERY))
            assert {(item["event"], item["severity"]) for item in rare} == {("raise", 3)}
            first = await desk.told("GET", f"alarms/esa/{FREQUENT}/history", params={"limit": 50})
            newest = [number for number in range(RECORDS, 0, -1) if number % RARE_EVERY]
            assert [item["number"] for item in first["items"]] == newest[:50]
            await write(one, range(RECORDS + 1, RECORDS + 101))
            query = {"limit": 300, "after": first["next"]}
            second = await desk.told("GET", f"alarms/esa/{FREQUENT}/history", params=query)
            assert [item["number"] for item in second["items"]] == newest[50:350]
            now = await desk.told("GET", f"alarms/esa/{FREQUENT}/history", params={"limit": 1})
            assert now["items"][0]["number"] == RECORDS + 100
            unknown = await desk.ask("GET", "alarms/esa/link:tgo~malargue/history")
            assert (unknown.status_code, RARE in unknown.json()["detail"]) == (404, True)
            await searched(desk)
            foreign = await desk.ask("GET", f"alarms/esa/{RARE}/history", params={"after": "WzEsIngiXQ"})
            assert foreign.status_code == 404

    asyncio.run(story())


async def searched(desk: Desk) -> None:
    """Assert that a page over all alarms finds what is sought, each record once."""
    rare: list[int] = []
    after: str | None = ""
    while after is not None:
        query = {"search": "MALARGUE link", "limit": 4, "after": after, "severity": 3}
        page = await desk.told("GET", "alarms/history", params=query)
        rare, after = rare + [item["number"] for item in page["items"]], page["next"]
        assert {(item["owner"], item["alarm"], item["title"]) for item in page["items"]} == {("esa", RARE, "a title")}
    assert rare == list(range(RECORDS, 0, -RARE_EVERY))
    newest = await desk.told("GET", "alarms/history", params={"limit": 2})
    assert [item["alarm"] for item in newest["items"]] == [FREQUENT, FREQUENT] and newest["next"]
    for nothing in (
        {"severity": 4},
        {"user": "vera"},
        {"owner": "roscosmos"},
        {"search": "malargue busy"},
        {"start": "1972-01-02"},
    ):
        assert (await desk.told("GET", "alarms/history", params=nothing)) == {"items": [], "next": None}
    assert (await desk.ask("GET", "alarms/history", params={"start": "2024-01-01", "stop": "2023-01-01"})).status_code == 400
    assert (await desk.ask("GET", "alarms/history", params={"severity": 6})).status_code == 422


def message(sequence: int, stored: int = 0) -> Message:
    return Message("esa.audit.alarms", sequence, b"", {}, stored + sequence)


@given(st.lists(st.tuples(st.integers(0, 5), st.sampled_from("AB"), st.sampled_from(["x", "y"])), max_size=60), st.integers(1, 7))
def test_pages_are_the_sorted_places_whatever_comes_when(told: list[tuple[int, str, str]], limit: int) -> None:
    index, truth = AlarmIndex(), list[tuple[int, int, int]]()
    numbers = {"A": 0, "B": 0}
    order: list[str] = []
    for at, stream, alarm in told:
        numbers[stream] += 1
        made = record(numbers[stream], at, alarm)
        for _ in range(2):  # a follower that begins anew brings what was told before
            index.take(stream, message(numbers[stream]), made)
        if alarm == "x":
            order += [] if stream in order else [stream]
        else:
            order += [] if stream in order else [stream]
        if alarm == "x":
            truth.append((at, order.index(stream), numbers[stream]))
    found: list[Place] = []
    while page := index.newest("esa", "x", limit, found[-1] if found else None):
        found += page
    assert [(one.at, order.index(one.stream), one.sequence) for one in found] == sorted(truth, reverse=True)
    assert index.newest("roscosmos", "x", limit) == []


def test_a_stream_that_was_made_anew_is_another_one() -> None:
    index = AlarmIndex()
    for sequence in (1, 2, 3):
        index.take("AUDIT", message(sequence), record(sequence, sequence, "x"))
    index.take("AUDIT", message(4), Record("", 4, "esa", 4, "", Refused("s", "r", "d")))
    index.take("AUDIT", message(5), None)
    assert (index.reached("AUDIT"), len(index.newest("esa", "x", 9))) == (5, 3)
    index.take("AUDIT", message(1, stored=10**9), record(1, 9, "x"))
    assert index.newest("esa", "x", 9) == [Place(9, "AUDIT", 1)]
    assert index.alarms("esa") == ["x"]


PEOPLE, ALARMS, TITLES = ("", "vera", "Boris"), ("limit:x", "link:y"), {"limit:x": "Tank A", "link:y": "Malargüe"}
Happened = tuple[int, str, str, str, int]


@given(
    st.lists(
        st.tuples(st.integers(0, 9), st.sampled_from("AB"), st.sampled_from(ALARMS), st.sampled_from(PEOPLE), st.integers(0, 5)),
        max_size=60,
    ),
    st.builds(
        SoughtRecords, st.sampled_from([(), ("tank",), ("LINK", "malargüe"), ("esa", "none")]), st.sampled_from(["", "esa", "other"]),
        st.integers(0, 5), st.sampled_from(["", "VERA", "r"]), st.none() | st.integers(0, 9), st.none() | st.integers(0, 9),
    ),
    st.integers(1, 7),
)  # fmt: skip
def test_what_is_sought_is_found_in_the_order_of_time_whatever_comes_when(
    told: list[Happened], sought: SoughtRecords, limit: int
) -> None:
    """Beside a simple model: all records in one list, each looked at."""
    index, numbers, model = AlarmIndex(), {"A": 0, "B": 0}, list[tuple[int, int, int]]()
    order: list[str] = []
    last = dict.fromkeys(ALARMS, 0)
    for at, stream, alarm, who, severity in told:
        numbers[stream] += 1
        order += [] if stream in order else [stream]
        before = Situation(State.NORMAL, False, last[alarm])
        after = Situation(State.UNACKNOWLEDGED, True, severity, "1", TITLES[alarm])
        change = Change(alarm, Event.RAISE, before, after, Counts())
        index.take(stream, message(numbers[stream]), Record("c", numbers[stream], "esa", at, who, change))
        words = f"esa {alarm} {TITLES[alarm]}".casefold()
        if (
            all(word.casefold() in words for word in sought.words) and sought.owner in ("", "esa")
            and max(severity, last[alarm]) >= sought.severity and sought.who.casefold() in who.casefold()
            and (sought.start is None or at >= sought.start) and (sought.stop is None or at < sought.stop)
        ):  # fmt: skip
            model.append((at, order.index(stream), numbers[stream]))
        last[alarm] = severity
    found: list[Place] = []
    while page := index.sought(sought, limit, found[-1] if found else None):
        assert len(page) <= limit
        found += page
    assert [(one.at, order.index(one.stream), one.sequence) for one in found] == sorted(model, reverse=True)


def test_an_acknowledgement_has_the_severity_that_its_alarm_had() -> None:
    index = AlarmIndex()
    index.take("AUDIT", message(1), record(1, 1, "x"))
    index.take("AUDIT", message(2), Record("", 2, "roscosmos", 2, "boris", Stance("esa", "x", 1, "seen")))
    assert [one.sequence for one in index.sought(SoughtRecords(severity=3), 9)] == [2, 1]
    assert [one.sequence for one in index.sought(SoughtRecords(who="boris"), 9)] == [2]
    assert index.sought(SoughtRecords(severity=4), 9) == []
    index.take("AUDIT", message(1, stored=10**9), record(1, 9, "x"))  # the stream was made anew
    assert [one.at for one in index.sought(SoughtRecords(), 9)] == [9]
