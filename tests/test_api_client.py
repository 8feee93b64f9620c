"""The client against the real interface under a real server, and against faults that a server can have."""

import asyncio
import inspect
import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from polars.testing import assert_frame_equal
from starlette.types import Receive, Scope, Send

import aelita
from aelita.api import AsyncClient, Centre, Client, create_app, routes_alarms, routes_stations
from aelita.api.client import (
    answers_accounts,
    answers_alarms,
    answers_commands,
    answers_database,
    answers_evidence,
    answers_navigation,
    answers_operations,
    answers_telemetry,
    delivering,
    operations,
    subscriptions,
)
from aelita.api.client.bulk import END_OF_STREAM
from aelita.api.client.calls import Calls
from aelita.api.client.core import PREFIX, Address, Answer, Broken, Call, Patience, Pause, Request, Session, ask, ask_all
from aelita.api.client.errors import (
    AnswerError,
    BusyError,
    FaultError,
    ForbiddenError,
    InterfaceError,
    LoginError,
    NotFoundError,
    RequestError,
    UnreachableError,
)
from aelita.api.client.instants import instant_text
from aelita.api.client.subscriptions import DEAD_S, SILENT_S, Item, Subscription, Wanted
from aelita.api.deliveries import deliver
from aelita.errors import AelitaError, TimeError, UsageError
from aelita.services.live.installation import Installation
from aelita.time import NO_TIME, tai_ns_from_utc
from api_material import installed
from client_material import PASSWORD, Served, certificate, make_user, served, served_centre

FRAMES = 400
NAMES = ["/TGO/attitude_0", "/TGO/attitude_1"]
ARROW = "application/vnd.apache.arrow.stream"


# Addresses, times, errors


@pytest.mark.parametrize(
    ("url", "interface", "live"),
    [
        ("http://127.0.0.1:8200", "http://127.0.0.1:8200/api/v1", "ws://127.0.0.1:8200/api/v1/live"),
        ("https://Centre.Example/", "https://centre.example/api/v1", "wss://centre.example/api/v1/live"),
        ("https://centre.example:443/api/v1", "https://centre.example/api/v1", "wss://centre.example/api/v1/live"),
        ("https://gate.example/esa/", "https://gate.example/esa/api/v1", "wss://gate.example/esa/api/v1/live"),
        ("http://[::1]:8200", "http://[::1]:8200/api/v1", "ws://[::1]:8200/api/v1/live"),
    ],
)
def test_addresses(url: str, interface: str, live: str) -> None:
    address = Address.of(url)
    assert (address.url, address.live_url) == (interface, live)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "centre.example",
        "ftp://centre.example",
        "http://",
        "http://u:p@centre",
        "http://centre?a=1",
        "http://centre:99999",
        "ws://centre",
    ],
)
def test_what_is_no_address(url: str) -> None:
    with pytest.raises(UsageError):
        Address.of(url)


@pytest.mark.parametrize(
    "who", [{"token": "t", "user": "u", "password": "p"}, {"user": "u"}, {"password": "p"}, {"token": "a\nb"}, {"token": "ключ"}]
)
def test_credentials_that_do_not_fit_together(who: dict[str, str]) -> None:
    with pytest.raises(UsageError):
        Session(Address.of("http://centre"), **who)


def test_a_session_does_not_show_what_is_secret() -> None:
    assert PASSWORD not in repr(Session(Address.of("http://centre"), user="u", password=PASSWORD, cookies={"s": PASSWORD}))
    assert "aelita_secret" not in repr(Session(Address.of("http://centre"), token="aelita_secret"))


TAI = tai_ns_from_utc("2023-05-24T18:55:00.5")


@pytest.mark.parametrize(
    ("time", "text"),
    [
        (None, None),
        ("2023-05-24T18:55", "2023-05-24T18:55"),
        (" 2023-144T18:55:00.5Z ", "2023-144T18:55:00.5Z"),
        ("2023-05-24T20:55:00+02:00", "2023-05-24T20:55:00+02:00"),
        (datetime(2023, 5, 24, 18, 55, 0, 500_000, UTC), "2023-05-24T18:55:00.500000000Z"),
        (datetime(2023, 5, 24, 20, 55, tzinfo=timezone(timedelta(hours=2))), "2023-05-24T18:55:00.000000000Z"),
        (datetime(2023, 5, 24, 18, 55), "2023-05-24T18:55:00.000000000Z"),
        (np.datetime64("2023-05-24T18:55:00.5"), "2023-05-24T18:55:00.500000000Z"),
        (np.datetime64("2023-05-24"), "2023-05-24T00:00:00.000000000Z"),
        (TAI, "2023-05-24T18:55:00.500000000Z"),
        (np.int64(TAI), "2023-05-24T18:55:00.500000000Z"),
        (tai_ns_from_utc("2016-12-31T23:59:60.25"), "2016-12-31T23:59:60.250000000Z"),
    ],
)
def test_times(time: Any, text: str | None) -> None:
    assert instant_text(time) == text


@pytest.mark.parametrize("time", ["", "yesterday", "2023-13-01", datetime(1960, 5, 24), np.datetime64("NaT"), NO_TIME, 1.5, True, b"2023", np.datetime64("1960-01-01"), np.datetime64("2400-01-01")])  # fmt: skip
def test_what_is_no_time(time: Any) -> None:
    with pytest.raises(TimeError):
        instant_text(time)


# The core against a scripted centre


class Script:
    """A centre that answers in turn what it is told; `asked` is what came, `slept` the pauses."""

    def __init__(self, *outcomes: Answer | Broken) -> None:
        self.outcomes = list(outcomes)
        self.asked: list[Request] = []
        self.slept: list[float] = []

    def run(self, session: Session, steps: Any) -> Any:
        conduct = session.conduct(steps)
        outcome: Answer | Broken | None = None
        try:
            while True:
                step = conduct.send(outcome)
                outcome = None
                if isinstance(step, Pause):
                    self.slept.append(step.seconds)
                else:
                    self.asked.append(step)
                    outcome = self.outcomes.pop(0)
        except StopIteration as end:
            return end.value


def says(body: Any, status: int = 200, *, media: str = "application/json", cookies: Sequence[str] = (), **headers: str) -> Answer:
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    told = {name.replace("_", "-"): value for name, value in headers.items()} | {"content-type": media}
    return Answer(status, told, content, tuple(cookies))


def problem(status: int, detail: str = "no", **more: str) -> Answer:
    headers = {"retry_after": more.pop("retry_after")} if "retry_after" in more else {}
    return says({"status": status, "detail": detail, **more}, status, media="application/problem+json", **headers)


def session_of(**how: Any) -> Session:
    return Session(Address.of("http://centre:1"), **how, chance=lambda: 0.5)


@pytest.mark.parametrize(
    ("status", "kind"),
    [(400, RequestError), (401, LoginError), (403, ForbiddenError), (404, NotFoundError), (409, RequestError), (413, RequestError),
     (422, RequestError), (429, BusyError), (500, FaultError), (503, BusyError), (507, FaultError), (302, AnswerError)],
)  # fmt: skip
def test_errors_tell_what_where_and_what_to_do(status: int, kind: type[InterfaceError]) -> None:
    script = Script(problem(status, "it is wrong.", where="stop", remedy="Mend it"))
    with pytest.raises(InterfaceError) as caught:
        script.run(session_of(), ask("POST", "/things"))
    error = caught.value
    assert type(error) is kind and isinstance(error, AelitaError)
    assert (error.what, error.where, error.remedy, error.status) == (
        "it is wrong",
        "POST /api/v1/things, stop",
        "Mend it",
        status,
    )
    assert str(error) == "POST /api/v1/things, stop: it is wrong. Mend it"


def test_errors_that_no_centre_has_written() -> None:
    page = says(b"<html><h1>Bad   gateway</h1></html>", 502, media="text/html")
    with pytest.raises(FaultError, match="HTTP 502: <html><h1>Bad gateway</h1></html>"):
        Script(page).run(session_of(), ask("POST", "/things"))
    moved = says(b"", 308, location="https://elsewhere/")
    with pytest.raises(AnswerError, match="https://elsewhere/"):
        Script(moved).run(session_of(), ask("GET", "/things"))
    with pytest.raises(FaultError, match="HTTP 500"):
        Script(says(b"\xff{", 500, media="application/problem+json")).run(session_of(), ask("GET", "/things"))


@pytest.mark.parametrize(
    "answer", [says(b"<html>", media="text/html"), says(b"{", media="application/json"), says(b"1", media="")]
)
def test_what_is_no_answer_of_the_interface(answer: Answer) -> None:
    with pytest.raises(AnswerError):
        Script(answer).run(session_of(), ask("GET", "/things"))


@pytest.mark.parametrize(
    "failure", [Broken("cut"), says(b"", 502, media=""), says(b"", 504, media=""), says(b"", 503, media="text/html"),
                problem(503, retry_after="2"), problem(429, retry_after="1")],
)  # fmt: skip
def test_what_only_reads_is_tried_again(failure: Answer | Broken) -> None:
    script = Script(failure, failure, failure, says({"fine": 1}))
    assert script.run(session_of(), ask("GET", "/things")) == {"fine": 1}
    asked = failure.retry_after_s if isinstance(failure, Answer) else None
    assert script.slept == [asked] * 3 if asked else script.slept == pytest.approx([0.1875, 0.375, 0.75])
    script = Script(*[failure] * 4)
    with pytest.raises(InterfaceError):
        script.run(session_of(), ask("GET", "/things"))
    assert len(script.asked) == 4


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize("failure", [Broken("cut"), problem(503, retry_after="0"), says(b"", 502, media="")])
def test_what_changes_something_is_never_tried_again(method: str, failure: Answer | Broken) -> None:
    script = Script(failure)
    with pytest.raises(InterfaceError) as caught:
        script.run(session_of(), ask(method, "/things"))
    assert len(script.asked) == 1
    if isinstance(failure, Broken):
        assert isinstance(caught.value, UnreachableError) and "It may have been done" in str(caught.value)


@pytest.mark.parametrize(
    "answer",
    [
        problem(503, "nothing is archived yet"),
        problem(404),
        problem(500),
        problem(429, retry_after="3600"),
        Broken("no trust", True),
    ],
)
def test_what_would_be_the_same_again_is_not_tried_again(answer: Answer | Broken) -> None:
    script = Script(answer)
    with pytest.raises(InterfaceError):
        script.run(session_of(), ask("GET", "/things"))
    assert script.slept == []


@given(st.integers(0, 10_000), st.floats(0, 1))
def test_pauses_grow_and_are_bounded(attempt: int, chance: float) -> None:
    patience = Patience()
    assert 0.5 * patience.first_s <= patience.pause_s(attempt, chance) <= patience.longest_s
    assert patience.pause_s(attempt, chance) <= patience.pause_s(attempt + 1, chance)


LOGGED_IN = says({"user": "vera"}, cookies=["aelita_session=abc; HttpOnly; Path=/; SameSite=Strict"])


def test_user_and_password_log_in_once_and_again_when_the_session_has_ended() -> None:
    session = session_of(user="vera", password=PASSWORD)
    script = Script(LOGGED_IN, says(1), says(2), problem(401), LOGGED_IN, says(3))
    assert [script.run(session, ask("GET", "/a")) for _ in range(3)] == [1, 2, 3]
    assert [one.path for one in script.asked] == ["/auth/login", "/a", "/a", "/a", "/auth/login", "/a"]
    assert ("Cookie", "aelita_session=abc") in script.asked[1].headers
    assert ("Origin", "http://centre:1") in script.asked[1].headers
    assert not any(name == "Cookie" for name, _ in script.asked[4].headers)


def test_a_wrong_password_is_told_and_not_tried_again() -> None:
    script = Script(problem(401, "The user or the password is wrong."))
    with pytest.raises(LoginError, match="password is wrong"):
        script.run(session_of(user="vera", password=PASSWORD), ask("GET", "/a"))
    assert len(script.asked) == 1


def test_a_token_goes_with_every_request_and_cookies_do_not() -> None:
    session = session_of(token="aelita_t")
    script = Script(says(1, cookies=["aelita_session=other"]), problem(401))
    script.run(session, ask("GET", "/a"))
    with pytest.raises(LoginError):
        script.run(session, ask("GET", "/a"))
    assert all(("Authorization", "Bearer aelita_t") in one.headers for one in script.asked)
    assert not any(name == "Cookie" for one in script.asked for name, _ in one.headers)


def test_a_cookie_that_is_taken_away_is_sent_no_more() -> None:
    session = session_of(cookies={"aelita_session": "abc"})
    Script(says(None, 204, cookies=['aelita_session=""; Max-Age=0; Path=/'])).run(session, ask("POST", "/auth/logout"))
    assert session.cookies == {}


@given(st.lists(st.integers(0, 50), max_size=6), st.none() | st.integers(0, 120))
def test_lists_are_whole_however_they_are_paged(sizes: list[int], limit: int | None) -> None:
    items = list(range(sum(sizes)))
    pages, first = [], 0
    for at, size in enumerate(sizes):
        pages.append(says({"items": items[first : first + size], "next": f"c{at}" if at + 1 < len(sizes) else None}))
        first += size
    script = Script(*pages or [says({"items": [], "next": None})])
    found = script.run(session_of(), ask_all("/things", {"search": "x"}, limit))
    assert found == items[:limit] or (limit is not None and found[:limit] == items[:limit])
    cursors = [dict(one.query).get("after") for one in script.asked]
    assert cursors == [None, *(f"c{at}" for at in range(len(cursors) - 1))][: len(cursors)]


def test_a_list_that_leads_back_to_itself_ends() -> None:
    page = says({"items": [1], "next": "same"})
    with pytest.raises(AnswerError, match="leads back"):
        Script(page, page, page).run(session_of(), ask_all("/things"))
    with pytest.raises(AnswerError, match="no page"):
        Script(says({"things": []})).run(session_of(), ask_all("/things"))


# A subscription as a machine


def machine() -> Subscription:
    return Subscription(Wanted("parameters"), Patience(), lambda: 0.5)


def text(**told: Any) -> str:
    return json.dumps(told)


SNAPSHOT, TICK = text(id=1, snapshot=[{"n": "/a", "v": 1}]), text(tick={"mission": "2023-05-24T18:55:00Z"})
LIVE, STALE = text(id=1, state="live", why=""), text(id=1, state="stale", why="the processor is down")
UPDATE = text(id=1, updates=[{"n": "/a", "v": 2}], dropped=3)


def kinds(items: Sequence[Item]) -> list[tuple[str, str]]:
    return [(one.kind, one.state) for one in items]


def test_a_subscription_gives_a_snapshot_then_updates() -> None:
    one = machine()
    assert json.loads(one.opened(0.0)) == {"subscribe": 1, "topic": "parameters", "names": ["*"]}
    assert one.received(SNAPSHOT, 0.1) == []
    (snapshot,) = one.received(LIVE, 0.1)
    assert (snapshot.kind, snapshot.state, list(snapshot)) == ("snapshot", "live", [{"n": "/a", "v": 1}])
    assert one.received(TICK, 0.5) == []
    (update,) = one.received(UPDATE, 0.6)
    assert (update.kind, update.state, update.dropped, update.mission) == ("updates", "live", 3, "2023-05-24T18:55:00Z")


def test_silence_is_stale_then_lost_and_begins_anew() -> None:
    one = machine()
    one.opened(0.0)
    one.received(SNAPSHOT, 0.0)
    one.received(LIVE, 0.0)
    one.received(TICK, 1.0)
    assert one.deadline == 1.0 + SILENT_S
    assert kinds(one.timed_out(one.deadline)) == [("state", "stale")]
    assert kinds(one.received(UPDATE, 4.0)) == [("updates", "stale")]  # updates without a tick do not make it live
    assert kinds(one.received(TICK, 5.0)) == [("state", "live")]
    assert kinds(one.timed_out(5.0 + SILENT_S)) == [("state", "stale")]
    assert one.deadline == 5.0 + DEAD_S
    assert kinds(one.timed_out(one.deadline)) == [("state", "lost")] and not one.open
    assert kinds(one.denied(Broken("refused"), one.deadline)) == [("state", "lost")]  # for another reason
    assert kinds(one.denied(Broken("refused"), one.deadline)) == []
    one.opened(30.0)
    assert kinds([*one.received(SNAPSHOT, 30.1), *one.received(TICK, 30.2)]) == [("snapshot", "live")]


def test_what_the_centre_says_of_a_stream_is_told() -> None:
    one = machine()
    one.opened(0.0)
    assert kinds([*one.received(SNAPSHOT, 0.0), *one.received(STALE, 0.0)]) == [("snapshot", "stale")]
    assert kinds(one.received(STALE, 1.0)) == []
    (told,) = one.received(LIVE, 2.0)
    assert (told.kind, told.state, told.rows) == ("state", "live", ())


def test_a_refused_subscription_is_an_error() -> None:
    one = machine()
    one.opened(0.0)
    with pytest.raises(RequestError, match=r"no such topic. Topics: events"):
        one.received(text(error={"status": 400, "detail": "there is no such topic", "remedy": "Topics: events"}, id=1), 0.0)
    for status in (400, 401, 403, 404):
        with pytest.raises(InterfaceError):
            machine().denied(problem(status), 0.0)
    with pytest.raises(InterfaceError):
        machine().denied(Broken("no trust", hopeless=True), 0.0)
    late = machine()
    late.denied(problem(503, retry_after="7"), 100.0)
    assert late.deadline == 107.0


Happening = tuple[str, float]


@given(st.lists(st.tuples(st.sampled_from(["tick", "snapshot", "live", "stale", "update", "cut", "wait", "garbage", "other"]), st.floats(0, 4)), max_size=60))  # fmt: skip
def test_nothing_looks_alive_that_is_not(happenings: list[Happening]) -> None:
    one, now, ticked, begun = machine(), 0.0, 0.0, False
    told: str | None = None
    texts = {
        "tick": TICK,
        "snapshot": SNAPSHOT,
        "live": LIVE,
        "stale": STALE,
        "update": UPDATE,
        "garbage": "[",
        "other": text(new=1),
    }
    for what, wait in happenings:
        items: list[Item] = []
        now += wait
        while one.open and one.deadline <= now:
            at = one.deadline
            items += one.timed_out(at)
            assert not one.open or one.deadline > at
        if not one.open:
            begun = False
            if what == "cut":
                items += one.denied(Broken("refused"), now)
            else:
                now = max(now, one.deadline)
                one.opened(now)
                ticked = now
        elif what == "cut":
            items += one.broken("cut", now)
            begun = False
        elif what != "wait":
            ticked = now if what in ("tick", "snapshot") else ticked
            items += one.received(texts[what], now)
        for item in items:
            begun = begun or item.kind == "snapshot"
            assert item.kind != "updates" or begun
            if item.state == "live":
                assert now <= ticked + SILENT_S
            if item.kind == "state":
                assert (item.state, item.why) != told
            told = item.state, item.why
        if one.open and begun and told and told[0] == "live":
            assert now <= ticked + SILENT_S


# The real interface


@dataclass
class Real:
    """A served centre with users, and both clients of it."""

    served: Served
    centre: Centre
    made: Installation
    sync: Client
    loop: asyncio.Runner
    asynchronous: AsyncClient

    def both(self, name: str, *args: Any, **kwargs: Any) -> Any:
        """Return what a method returns, which is the same from both clients."""
        one = getattr(self.sync, name)(*args, **kwargs)
        other = self.loop.run(getattr(self.asynchronous, name)(*args, **kwargs))
        if isinstance(one, pl.DataFrame):
            assert_frame_equal(one, other)
        elif not isinstance(one, dict) or "utc" not in one:
            assert type(one) is type(other)
        return one


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Real]:
    made = installed(tmp_path_factory.mktemp("centre"), FRAMES)
    with served_centre(made) as (one, centre), asyncio.Runner() as runner:
        make_user(made, one.url, "vera", "flight-director", "administrator")
        who: Any = {"user": "vera", "password": PASSWORD}
        with aelita.connect(one.url, **who) as client:
            other = runner.run(aelita.connect_async(one.url, **who))
            yield Real(one, centre, made, client, runner, other)
            runner.run(other.aclose())


def test_who_one_is(real: Real) -> None:
    me = real.both("whoami")
    assert (me["user"], me["agency"], me["how"]) == ("vera", "esa", "session")
    assert "view" in me["may"]


def test_values_are_those_of_the_archive(real: Real) -> None:
    found = real.both("values", NAMES)
    kept = real.centre.archive().values(NAMES[0])
    assert found[NAMES[0]].drop_nulls().to_list() == kept["value"].to_list()
    assert found["generated"].is_sorted() and found["utc"].dtype == pl.Datetime("ns")
    with pytest.raises(UsageError, match="one parameter at a time"):
        real.centre.archive().values(NAMES)


def test_a_range_is_the_same_in_all_forms_of_times(real: Real) -> None:
    low, high = "2023-05-24T18:55:00", "2023-05-24T18:56:00"
    expected = real.both("values", "attitude_0", low, high)
    assert 0 < len(expected) < len(real.sync.values("attitude_0"))
    forms: list[Callable[[str], Any]] = [
        lambda text: datetime.fromisoformat(text).replace(tzinfo=UTC), datetime.fromisoformat, np.datetime64, tai_ns_from_utc,
        lambda text: text + "Z",
    ]  # fmt: skip
    for form in forms:
        assert_frame_equal(real.sync.values("attitude_0", form(low), form(high)), expected)
        kept = real.centre.archive().values("attitude_0", form(low), form(high))
        assert kept["generated"].to_list() == expected["generated"].to_list()
    assert real.sync.values("attitude_0", expected["utc"][3], expected["utc"][5]).height == 2  # what a table says is a time


def test_patterns_of_names(real: Real) -> None:
    all_four = [f"/TGO/attitude_{place}" for place in range(4)]
    expected = real.both("values", all_four)
    assert_frame_equal(real.both("values", "/TGO/attitude_?"), expected)
    assert set(real.both("samples", ["attitude_*", NAMES[0]], count=5).series) == {*all_four}
    assert_frame_equal(real.both("values", ["attitude_?"], spacecraft="tgo"), expected)
    with pytest.raises(NotFoundError, match=r"fits /TGO/\*_nix"):
        real.sync.values("/TGO/*_nix")


def test_raw_values_stand_beside_engineering_ones(real: Real) -> None:
    found = real.both("values", NAMES, raw="both")
    assert [name for name in found.columns if name.startswith("/")] == [f"{name}{end}" for name in NAMES for end in ("", "#raw")]
    assert NAMES[0] in real.both("values", NAMES[0], raw=True).columns


def test_arrays_are_the_columns_of_values(real: Real) -> None:
    frame, arrays = real.sync.values(NAMES), real.both("arrays", NAMES)
    assert arrays["utc"].dtype == np.dtype("datetime64[ns]")
    np.testing.assert_array_equal(arrays[NAMES[0]], frame[NAMES[0]].to_numpy())


def test_samples_hold_the_same_extremes_as_values(real: Real) -> None:
    values = real.sync.values(NAMES)
    found = real.both("samples", NAMES, count=20)
    for name in NAMES:
        one, good = found[name], values[name].drop_nulls()
        assert one.samples == one.count.sum() == len(good)
        counted = one.count > 0
        assert one.minimum[counted].min() == good.min() and one.maximum[counted].max() == good.max()
    assert found["attitude_0"] is found[NAMES[0]]
    with pytest.raises(KeyError, match="none of /TGO/attitude_0"):
        found["attitude_9"]
    table = found.frame()
    assert len(table) == len(found.utc) and table.columns[:2] == ["utc", f"{NAMES[0]}.min"]
    first = values["utc"][0]
    assert table["utc"][0] <= first < table["utc"][1]


def test_parameters_are_found_and_defined(real: Real) -> None:
    listed = real.both("parameters", "attitude")
    assert {one["name"] for one in listed} >= set(NAMES)
    assert len(real.both("parameters", limit=3)) == 3
    defined = real.both("parameter", "attitude_0")
    assert defined["name"] == NAMES[0] and defined["type"]["kind"]
    with pytest.raises(NotFoundError) as caught:
        real.sync.parameter("attitude_99")
    assert caught.value.status == 404 and "attitude_99" in caught.value.what


def test_latest_values(real: Real) -> None:
    latest = {one["parameter"]: one["value"] for one in real.both("latest", "attitude")}
    last = real.sync.values(NAMES[0])[NAMES[0]].drop_nulls()[-1]
    assert latest[NAMES[0]] == pytest.approx(last, rel=1e-6)


def test_packets_and_their_fields(real: Real) -> None:
    listed = real.both("packets", octets=True)
    assert len(listed) == sum(one["packets"] - one["idle"] for one in real.both("sources"))
    row = listed.row(5, named=True)
    packet = real.both("packet", row["source"], row["row"])
    assert bytes.fromhex(packet["octets"] or "") == row["octets"] == real.both("packet_octets", row["source"], row["row"])
    assert {one["name"].rpartition("/")[2] for one in packet["fields"]} >= {"apid"}
    assert set(real.both("packets", apid=row["apid"])["apid"]) == {row["apid"]}
    assert len(real.both("packets", limit=7, order="desc")) == 7
    assert len(real.both("packets", limit=1_000_000)) == len(listed)


def test_frames_and_their_fields(real: Real) -> None:
    listed = real.both("frames")
    assert len(listed) == FRAMES and "octets" not in listed.columns
    frame = real.both("frame", listed["source"][0], listed["number"][0])
    assert frame["protocol"] == "TM" and frame["fields"]
    with pytest.raises(NotFoundError):
        real.sync.frame(1, 10**9)


def test_what_is_missing_and_what_was_reported(real: Real) -> None:
    assert sum(one["frames"] for one in real.both("completeness")["channels"] if one["source"] is None) in (0, FRAMES)
    assert real.both("quarantine").columns[:1] == ["source"]
    assert "message" in real.both("events", severity=2, search="x", order="desc").columns
    assert "parameter" in real.both("limits", "2023-05-24", "2023-05-25").columns
    with pytest.raises(NotFoundError):
        real.sync.quarantined(1, 12345)


def test_the_mission_database(real: Real) -> None:
    about = real.both("database")
    assert about["counts"]["parameters"] > 400
    assert any(one["name"] == NAMES[0] for one in real.both("search_database", "attitude", kind="parameter"))
    listed = real.both("containers", "attitude")
    one = real.both("container", listed[0]["name"])
    assert one["name"] == listed[0]["name"] and one["fields"]
    number = real.both("database_versions")[0]["number"]
    assert b"<" in real.both("database_text", number)[:200]
    assert real.both("compare_databases", number, number)["same"]


def test_how_the_complex_is(real: Real) -> None:
    assert {one["key"] for one in real.both("status")["agencies"]} == {"esa"}
    assert {one["station"] for one in real.both("links")} >= {"malargue"}
    assert all(not one["alive"] for one in real.both("links"))
    assert real.both("streams") == [] or True
    assert real.both("clock")["spacecraft"][0]["owlt_s"] > 0


def test_users_tokens_and_the_audit_trail(real: Real) -> None:
    client = real.sync
    made = client.add_user("ivan", ["controller"], title="Ivan") if _has_role(client, "controller") else client.add_user("ivan")
    assert made["link"] and client.change_user("ivan", title="I.")["title"] == "I."
    client.remove_user("ivan")
    with pytest.raises(NotFoundError):
        client.remove_user("ivan")
    token = client.make_token("script", ["view"], days=2)
    assert token["id"] in {one["id"] for one in real.both("tokens")}
    with aelita.connect(real.served.url, token=token["token"]) as scripted:
        assert scripted.whoami()["how"] == "token"
        assert len(scripted.values(NAMES)) == len(client.values(NAMES))
        with pytest.raises(ForbiddenError, match="admin"):
            scripted.users()
        with pytest.raises(ForbiddenError):
            scripted.make_token("more", ["view"], days=1)
        client.remove_token(token["id"])
        with pytest.raises(LoginError):
            scripted.whoami()
    actions = [one["action"] for one in real.both("audit")]
    assert {"login", "user.added", "token.made", "token.removed"} <= set(actions)
    assert "ivan" not in {one["user"] for one in real.both("users")["items"]}


def _has_role(client: Client, role: str) -> bool:
    return role in {one["role"] for one in client.users()["roles"]}


def test_who_is_logged_in_and_how_the_machine_is(real: Real) -> None:
    with aelita.connect(real.served.url, user="vera", password=PASSWORD) as other:
        own = next(one["id"] for one in other.sessions() if one["own"])
        assert {one["user"] for one in real.sync.sessions()} == {"vera"}
        real.sync.end_session(own)
        assert own not in {one["id"] for one in real.sync.sessions()}
        assert other.whoami()["user"] == "vera"  # logs in again
    with pytest.raises(NotFoundError):
        real.sync.end_session(own)
    machine = real.both("machine")
    assert 0 < machine["disk_free"] <= machine["disk"] and machine["version"] == aelita.__version__


def test_a_session_that_has_ended_is_begun_again(real: Real) -> None:
    with aelita.connect(real.served.url, user="vera", password=PASSWORD) as client:
        client.logout()
        assert client.whoami()["user"] == "vera"


@pytest.mark.parametrize(
    "who", [{}, {"token": "aelita_nothing"}, {"user": "vera", "password": "wrong"}, {"user": "nobody", "password": "x"}]
)
def test_nobody_gets_in(real: Real, who: dict[str, Any]) -> None:
    with pytest.raises(LoginError) as caught:
        aelita.connect(real.served.url, **who)
    assert caught.value.remedy
    with pytest.raises(LoginError):
        real.loop.run(aelita.connect_async(real.served.url, **who))


def test_what_the_centre_does_not_understand(real: Real) -> None:
    with pytest.raises(RequestError, match="ends before it begins"):
        real.sync.values(NAMES, "2023-05-25", "2023-05-24")
    with pytest.raises(NotFoundError, match="nowhere"):
        real.sync.values("nowhere")
    with pytest.raises(UsageError):
        real.sync.values([])
    with pytest.raises(RequestError):
        real.sync.samples(NAMES, count=0)


def test_the_log_and_what_a_shift_hands_over(real: Real) -> None:
    client = real.sync
    said = client.write_log("transponder switched to coherent mode", "operation", spacecraft="tgo", at="2023-05-24T18:55:00Z")
    assert client.log_entry(said["number"])["text"] == said["text"]
    assert client.log("transponder coherent", category="operation")[0]["number"] == said["number"]
    assert said["number"] in {one["number"] for one in real.both("log")}
    assert isinstance(real.both("handover", "2023-05-24"), dict)
    mended = client.write_log("non-coherent mode", refers=said["number"], corrects=True)
    assert client.log(refers=said["number"])[0]["number"] == mended["number"]
    handed = client.hand_over("all is quiet")
    assert client.log(category="handover")[0]["number"] == handed["number"]
    with pytest.raises(NotFoundError):
        client.log_entry(10**6)


def test_displays_are_kept_and_nobody_overwrites_what_was_not_seen(real: Real) -> None:
    client, document = real.sync, dict[str, Any]()
    made = client.add_display("attitude", document)
    assert made["id"] in {one["id"] for one in real.both("displays")}
    changed = client.change_display(made["id"], "attitude of TGO", document, version=made["version"], shared=True)
    assert real.both("display", made["id"])["title"] == "attitude of TGO"
    with pytest.raises(RequestError) as caught:
        client.change_display(made["id"], "mine", document, version=made["version"])
    assert caught.value.status == 409
    client.delete_display(made["id"], version=changed["version"])
    with pytest.raises(NotFoundError):
        client.display(made["id"])


def test_stations_and_agencies(real: Real) -> None:
    assert "malargue" in {one["key"] for one in real.both("stations")}
    assert real.both("agencies")["agencies"]


@pytest.mark.parametrize(
    ("steps", "form"),
    [
        (operations.acknowledge("a", "seen", occurrence=3), routes_alarms.AskedAcknowledge),
        (operations.shelve("a", "known", for_s=60.0), routes_alarms.AskedShelve),
        (operations.shelve("a", "known", until=datetime(2030, 1, 1, tzinfo=UTC)), routes_alarms.AskedShelve),
        (operations.unshelve("a", owner="esa"), routes_alarms.Asked),
        (operations.assign("a", "flight-director", "vera"), routes_alarms.AskedAssign),
        (operations.clear("a"), routes_alarms.Asked),
        (operations.remove_alarm("a", "why"), routes_alarms.Asked),
        (operations.restore_alarm("a"), routes_alarms.Asked),
        (operations.override("p", "why", limits=[{"severity": 3, "minimum": -1}], for_s=60.0), routes_alarms.AskedOverride),
        (operations.override("p", "why", points=[(0, 0), (1, 2)], until="2030-01-01"), routes_alarms.AskedOverride),
        (operations.book("malargue", "tgo", "2030-01-01", "2030-01-02"), routes_stations.NewBooking),
    ],
)
def test_what_is_asked_has_the_form_that_the_centre_takes(steps: Any, form: Any) -> None:
    script = Script(says({"done": True}))
    assert script.run(session_of(), steps) == {"done": True}
    form.model_validate_json(script.asked[0].body)


def test_a_delivery_is_fetched_whole_over_a_line_that_breaks(real: Real, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    client, whole = real.sync, real.sync.values(NAMES)
    made = client.add_delivery("parameters", names=["/TGO/attitude_[01]"], title="attitude", history=True)
    assert client.fetch_delivery(made["id"], tmp_path) == []
    deliver(real.centre)
    monkeypatch.setattr(delivering, "PIECE", 700)
    ranges: list[str] = []

    def breaking(request: Request) -> Answer | Broken:
        asked = dict(request.headers).get("Range")
        ranges.extend([asked] if asked else [])
        return Broken("cut") if asked and len(ranges) == 3 else send(request)

    hasty = Client(Session(client._session.address, user="vera", password=PASSWORD, patience=Patience(0)))
    send = hasty._send
    monkeypatch.setattr(hasty, "_send", breaking)
    with pytest.raises(UnreachableError):
        hasty.fetch_delivery(made["id"], tmp_path)
    assert [one.name for one in tmp_path.iterdir()] == ["00000001.arrows.part"]
    files = hasty.fetch_delivery(made["id"], tmp_path)
    assert ranges[:4] == ["bytes=0-699", "bytes=700-1399", "bytes=1400-2099", "bytes=1400-2099"]
    assert_frame_equal(
        pl.concat(pl.read_ipc_stream(one) for one in files).select("generated", *NAMES), whole.select("generated", *NAMES)
    )
    assert sorted(tmp_path.iterdir()) == sorted(files) and client.fetch_delivery(made["id"], tmp_path) == []
    assert_frame_equal(client.batch(made["id"], 1), pl.read_ipc_stream(files[0]))

    files[0].unlink()
    (tmp_path / "00000001.arrows.part").write_bytes(b"something else")
    with pytest.raises(AnswerError, match="damaged"):
        hasty.fetch_delivery(made["id"], tmp_path)
    assert hasty.fetch_delivery(made["id"], tmp_path) == files
    fetched = real.loop.run(real.asynchronous.fetch_delivery(made["id"], tmp_path / "other"))
    assert [one.read_bytes() for one in fetched] == [one.read_bytes() for one in files]
    assert made["id"] in {one["id"] for one in real.both("deliveries")} and real.both("delivery", made["id"])["last"] == len(
        files
    )
    client.end_delivery(made["id"])
    with pytest.raises(NotFoundError):
        client.delivery(made["id"])
    hasty.close()


@pytest.fixture(scope="module")
def schema(real: Real) -> dict[str, Any]:
    return create_app(real.centre).openapi()


def test_all_of_the_interface_has_a_method(schema: dict[str, Any]) -> None:
    """Each path of the schema is asked by some method, but those that are only for browsers."""
    source = "".join(path.read_text() for path in (Path(aelita.__file__).parent / "api" / "client").glob("*.py"))
    for path, asked in schema["paths"].items():
        whole = path.removeprefix(PREFIX)
        stem = whole.partition("/{")[0]
        if "/oidc" in path or whole in ("/auth/login", "/auth/first"):
            continue
        assert any(f'"{form}"' in source for form in (stem, stem[1:])), f"{sorted(asked)} {path}"


def test_answers_are_typed_as_the_schema_says(schema: dict[str, Any]) -> None:
    schemas = schema["components"]["schemas"]
    forms: dict[str, list[set[str]]] = {}
    for name, one in schemas.items():  # two routes may have answers of the same name
        forms.setdefault(name.rpartition("__")[2].partition("-")[0], []).append(set(one.get("properties", ())))
    modules = (
        answers_accounts, answers_alarms, answers_commands, answers_database, answers_evidence, answers_navigation,
        answers_operations, answers_telemetry,
    )  # fmt: skip
    typed = [(name, kind) for module in modules for name, kind in vars(module).items() if hasattr(kind, "__total__")]
    assert len(typed) > 80
    for name, kind in typed:
        if name.startswith("_"):  # what several answers have in common is checked with each of them
            continue
        assert set(inspect.get_annotations(kind)) in forms[name], name


def test_both_clients_have_the_same_methods(real: Real) -> None:
    names = {name for name, value in vars(Calls).items() if isinstance(value, Call)}
    assert len(names) > 40
    for name in names:
        one, other = getattr(real.sync, name), getattr(real.asynchronous, name)
        assert inspect.signature(one) == inspect.signature(other)
        assert one.__doc__ == other.__doc__ and one.__doc__.strip().endswith(".")
        assert "Generator" not in str(inspect.signature(one))
    subscribe = [inspect.signature(one.subscribe).replace(return_annotation=None) for one in (Client, AsyncClient)]
    assert subscribe[0] == subscribe[1]


def test_a_live_subscription_outlives_the_server(real: Real) -> None:
    found: list[Item] = []
    with real.sync.subscribe("clock") as updates:
        for item in updates:
            found.append(item)
            if len(found) == 2:
                real.served.stop()
            if item.state == "lost" and real.served._server is None:
                real.served.start()
            if len(found) > 2 and item.kind == "snapshot":
                break
    shown = [(one.kind, one.state) for one in found]
    assert shown[0] == ("snapshot", "live") and shown[-1] == ("snapshot", "live") and ("state", "lost") in shown
    assert found[0].rows[0]["mission"]
    with pytest.raises(StopIteration):
        next(updates)


def test_an_awaited_subscription_outlives_the_server(real: Real) -> None:
    async def followed() -> list[Item]:
        found: list[Item] = []
        async with real.asynchronous.subscribe("clock") as updates:
            async for item in updates:
                found.append(item)
                if len(found) == 2:
                    await asyncio.to_thread(real.served.stop)
                if item.state == "lost" and real.served._server is None:
                    await asyncio.to_thread(real.served.start)
                if len(found) > 2 and item.kind == "snapshot":
                    break
        return found

    shown = [(one.kind, one.state) for one in real.loop.run(followed())]
    assert shown[0] == shown[-1] == ("snapshot", "live") and ("state", "lost") in shown


def test_a_subscription_to_what_is_not_there_is_an_error(real: Real) -> None:
    with pytest.raises(RequestError, match="no such topic"):
        next(real.sync.subscribe("nothing"))  # type: ignore[arg-type]
    with pytest.raises(RequestError, match="rate_hz"):
        next(real.sync.subscribe("clock", rate_hz=1e9))
    with pytest.raises(UsageError):
        real.sync.subscribe("clock", [])

    async def refused() -> None:
        await anext(real.asynchronous.subscribe("nothing"))  # type: ignore[arg-type]

    with pytest.raises(RequestError, match="no such topic"):
        real.loop.run(refused())


def test_streams_that_are_not_reached_do_not_look_alive(real: Real) -> None:
    with real.sync.subscribe("parameters", "/TGO/*") as updates:
        first = next(updates)
    assert (first.kind, first.state) == ("snapshot", "lost") and first.why


def test_updates_come_as_they_are_published(real: Real) -> None:
    feed = real.centre.feed
    with real.sync.subscribe("events", ["low", "pow*"]) as updates:
        next(updates)
        real.served.do(lambda: feed.events.tell([("tgo", name, {"name": name}) for name in ("low", "power", "other")], feed.hub))
        item = next(one for one in updates if one.kind == "updates")
    assert [row["name"] for row in item] == ["low", "power"]


def test_a_subscription_ends_from_another_thread(real: Real) -> None:
    updates = real.sync.subscribe("parameters")
    next(updates)
    threading.Timer(0.1, updates.close).start()
    assert all(one.kind in ("state", "snapshot", "updates") for one in updates)  # which ends


def test_a_subscription_of_a_token_that_was_removed_ends_with_an_error(real: Real) -> None:
    token = real.sync.make_token("live", ["view"], days=1)
    with aelita.connect(real.served.url, token=token["token"]) as client:
        updates = client.subscribe("clock")
        next(updates)
        real.sync.remove_token(token["id"])
        with pytest.raises(LoginError):
            for _ in updates:
                pass


# Faults on the way


@dataclass
class Fault:
    """An application with one fault at a time: `plan` says what each request in turn meets, "ok" at the end of it."""

    plan: list[str] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    ticks: bool = True

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket":
            await self._live(receive, send)
            return
        self.asked.append(f"{scope['method']} {scope['path'].removeprefix(PREFIX)}")
        what = self.plan.pop(0) if self.plan else "ok"
        if scope["path"].endswith("/auth/me"):
            what = "ok"
        table = pl.DataFrame({"a": list(range(5000))}).write_ipc_stream(None).getvalue()
        media = ARROW if b"format=arrow" in scope["query_string"] else "application/json"
        body = table if media == ARROW else b'{"user": "vera", "items": [1], "next": null}'
        if what == "html":
            media, body = "text/html", b"<html>Log in at the gate</html>"
        if what == "short":
            body = body[: len(body) // 2].removesuffix(END_OF_STREAM)
        if what == "slow":
            await asyncio.sleep(3600)
        length = [(b"content-length", str(len(body)).encode())] if what != "open" else []
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", media.encode()), *length]})
        if what in ("cut", "open"):
            await send({"type": "http.response.body", "body": body[: len(body) // 2], "more_body": True})
            raise OSError("cut")
        await send({"type": "http.response.body", "body": body})

    async def _live(self, receive: Receive, send: Send) -> None:
        await receive()
        await send({"type": "websocket.accept"})
        await receive()
        for told in (SNAPSHOT, LIVE):
            await send({"type": "websocket.send", "text": told})
        while True:
            if self.ticks:
                await send({"type": "websocket.send", "text": TICK})
            await asyncio.sleep(0.05)


@pytest.fixture
def faulty() -> Iterator[tuple[Fault, Client]]:
    fault = Fault()
    with served(fault) as one, aelita.connect(one.url, timeout_s=0.5) as client:
        fault.asked.clear()
        yield fault, client


@pytest.mark.parametrize("what", ["cut", "open", "slow"])
def test_a_table_that_is_cut_off_is_asked_for_again(faulty: tuple[Fault, Client], what: str) -> None:
    fault, client = faulty
    fault.plan = [what]
    assert len(client.values("a")) == 5000
    assert fault.asked == ["GET /values"] * 2


def test_a_server_that_never_answers_whole_is_told(faulty: tuple[Fault, Client]) -> None:
    fault, client = faulty
    fault.plan = ["cut"] * 4
    with pytest.raises(UnreachableError, match="GET /api/v1/values"):
        client.values("a")
    assert len(fault.asked) == 4


@pytest.mark.parametrize("what", ["cut", "slow"])
def test_a_change_is_asked_for_once(faulty: tuple[Fault, Client], what: str) -> None:
    fault, client = faulty
    fault.plan = [what] * 3
    with pytest.raises(UnreachableError, match="It may have been done"):
        client.make_backup()
    assert fault.asked == ["POST /admin/backups"]


@pytest.mark.parametrize(("what", "told"), [("html", "text/html"), ("short", "breaks off")])
def test_what_is_no_table_is_told(faulty: tuple[Fault, Client], what: str, told: str) -> None:
    fault, client = faulty
    fault.plan = [what]
    with pytest.raises(AnswerError, match=told):
        client.values("a")


def test_a_page_of_a_gate_is_no_list(faulty: tuple[Fault, Client]) -> None:
    fault, client = faulty
    fault.plan = ["html"]
    with pytest.raises(AnswerError, match="Log in at the gate"):
        client.parameters()


def test_silence_on_an_open_connection_is_told(faulty: tuple[Fault, Client], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subscriptions, "SILENT_S", 0.3)
    monkeypatch.setattr(subscriptions, "DEAD_S", 0.6)
    fault, client = faulty
    fault.ticks = False
    found = []
    with client.subscribe("parameters") as updates:
        for item in updates:
            found.append((item.kind, item.state))
            if len(found) == 4:
                break
    assert found == [("snapshot", "live"), ("state", "stale"), ("state", "lost"), ("snapshot", "live")]


def test_nobody_there() -> None:
    with served(Fault()) as one:
        url = one.url
    with pytest.raises(UnreachableError, match="Is the centre running"):
        aelita.connect(url, retries=0)


def test_certificates_are_verified(tmp_path: Path) -> None:
    files = certificate(tmp_path)
    with served(Fault(), **files) as one:
        with pytest.raises(UnreachableError, match="ca_file"):
            aelita.connect(one.url)
        with aelita.connect(one.url, ca_file=files["certfile"]) as client:
            assert len(client.values("a")) == 5000
            assert next(client.subscribe("parameters")).state == "live"
        with pytest.raises(UnreachableError):
            aelita.connect(one.url.replace("https", "http"), retries=0)
    with pytest.raises(UsageError, match="without TLS"):
        aelita.connect("http://127.0.0.1:1", ca_file=files["certfile"])
    with pytest.raises(UsageError, match="no certificates"):
        aelita.connect("https://127.0.0.1:1", ca_file=files["keyfile"])


def test_the_client_alone_is_light() -> None:
    program = (
        "import sys, aelita; assert 'httpx' not in sys.modules; aelita.api = __import__('aelita.api').api; aelita.api.connect;"
        "print([name for name in ('fastapi', 'nicegui', 'numba', 'starlette', 'sqlalchemy', 'polars', 'uvicorn', 'pydantic')"
        " if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
