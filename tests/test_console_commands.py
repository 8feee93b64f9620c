"""The pages of commanding as people of a centre drive them in a browser, against the agency's real commanding."""

import hashlib
import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from aelita.commanding import ENDED, Act, Call, CommandRequest, Owner, PreparedCommand, Requester, State, body_of
from aelita.commanding.leases import Borrower
from aelita.commanding.reading import DIFFERENCES
from aelita.console.pages.command_octets import digest_of
from aelita.console.words import WORDS
from aelita.console.words_reasons import REASONS
from aelita.mdb import Consequence
from aelita.time import utc_from_tai_ns
from console_commands_centre import BAD, TWIN
from door_material import PASSWORD
from shared import chromium
from test_console_faults import PATIENCE_S, Centre, opened, told

HERE = Path(__file__).parent
PATIENCE_MS = 30_000
expect.set_options(timeout=PATIENCE_MS)
LANGUAGES = ("en", "ru")


class Commanding(Centre):
    """The centre of `console_commands_centre.py` in a process of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.scheme = folder, "http"
        self.log = (folder / "log").open("wb")
        command = (sys.executable, str(HERE / "console_commands_centre.py"), str(folder))
        self.process = subprocess.Popen(command, stdout=self.log, stderr=self.log)
        end = time.monotonic() + PATIENCE_S
        while not ((folder / "complex" / "ports.json").exists() and self.answers()):
            assert self.process.poll() is None and time.monotonic() < end, (folder / "log").read_text()[-3000:]
            time.sleep(0.1)

    def do(self, *entries: tuple[str, dict[str, Any]], alter: bool = False) -> None:
        """Have something written into the journal."""
        path = self.folder / "do.json"
        part = path.with_suffix(".part")
        part.write_text(json.dumps({"entries": entries, "alter": alter}))
        part.rename(path)
        end = time.monotonic() + PATIENCE_S
        while path.exists():
            assert time.monotonic() < end and self.process.poll() is None, (self.folder / "log").read_text()[-3000:]
            time.sleep(0.02)

    def ask_for(self, user: str, *commands: str, comment: str = "", **arguments: str) -> dict[str, Any]:
        """Request commands as a user, and return the request."""
        calls = [{"command": one, "arguments": arguments} for one in commands]
        body = {"spacecraft": TWIN, "calls": calls, "comment": comment}
        with self.as_user(user) as client:
            made: dict[str, Any] = told(client.post("commands/requests", json=body))
            return made


@pytest.fixture(scope="module")
def centre(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Commanding]:
    chromium()
    made = Commanding(tmp_path_factory.mktemp("commanding"))
    yield made
    made.stop()


@pytest.fixture(scope="module")
def sessions(centre: Commanding) -> dict[str, str]:
    found = {}
    for name in ("vera", "ivo", "sara", "otto", "mira"):
        with centre.as_user(name) as one:
            found[name] = str(one.cookies["aelita_session_esa"])
    found["olga"] = (centre.folder / "complex" / "esa" / "olga.session").read_text()
    return found


@pytest.fixture
def people(browser: Browser, centre: Commanding, sessions: dict[str, str]) -> Iterator[Callable[..., Page]]:
    """Give pages of people, each in a browser of its own; whatever they went through, no text was run."""
    with_all: list[Any] = []

    def of(name: str, language: str = "en", theme: str = "dark") -> Page:
        held = opened(browser, centre.url, sessions[name])
        page = held.__enter__()
        with_all.append(held)
        page.context.add_cookies(
            [{"name": "aelita_look", "value": f"lang%3D{language}%26theme%3D{theme}", "url": centre.url}]
        )  # fmt: skip
        return page

    yield of
    for held in with_all:
        held.__exit__(None, None, None)


def says(language: str) -> Callable[[str], str]:
    return lambda key: WORDS[key][LANGUAGES.index(language)]


def choose(page: Page, name: str) -> None:
    """Add a command of the catalogue to the request."""
    page.locator("[data-find] input, input[data-find]").first.fill(name)
    row = page.locator(".m-catalogue .g-row")
    expect(row).to_have_count(1)
    expect(row).to_contain_text(name)
    row.dblclick()


# without a browser


def test_the_digest_is_that_of_commanding() -> None:
    """The console computes it from what it shows, and knows nothing of the room that does it first."""
    requester = Requester("esa", "esoc", "spacecraft-controller", "ivo")
    windows = [(0, (1 << 63) - 1), (1_700_000_000_123_456_789, 1_800_000_000_000_000_001)]
    for (earliest, latest), directive in [(one, text) for one in windows for text in ("", "set-vs 5")]:
        asked = CommandRequest("r1", TWIN, (Call("/TGO_TC/Ж"),), requester, 1, earliest, latest)
        packets = () if directive else (b"\x18\x1a\xc0", bytes(range(20)))
        prepared = PreparedCommand(asked, packets, 3, None if directive else 5, "vital", (), directive)
        shown: dict[str, Any] = {
            "spacecraft": TWIN, "service": "BD", "virtual_channel": 3, "map": prepared.map_id, "directive": directive,
            "packets": [one.hex() for one in packets], "commands": ["/TGO_TC/Ж"], "significance": "vital",
            "earliest": None if earliest == 0 else f"{utc_from_tai_ns(earliest)}Z",
            "latest": None if earliest == 0 else f"{utc_from_tai_ns(latest)}Z",
        }  # fmt: skip
        assert digest_of(shown) == prepared.digest
        if packets:
            assert digest_of(shown | {"packets": ["181ac1", *shown["packets"][1:]]}) != prepared.digest
    assert len(hashlib.sha256().hexdigest()) == len(digest_of(shown))


def test_what_commanding_says_has_words() -> None:
    needed = {f"commands.state.{one}" for one in (*State, *ENDED)} | {f"commands.act.{one}" for one in (*Act, "request")}
    needed |= {f"commands.significance.{one.value}" for one in Consequence} | {"topic.commands"}
    needed |= {f"commands.loan.{one}" for one in (*Owner, *Borrower)}
    needed |= {
        f"commands.lease.{act}{more}" for act in ("offer", "withdraw", "accept", "recall", "return") for more in ("", ".hint")
    }
    needed |= {f"commands.valve.{one}" for one in ("open", "held", "blocked")}
    stages = (
        "requested",
        "checked",
        "approved",
        "released",
        "radiated",
        "received",
        "arrival",
        "accepted",
        "started",
        "completed",
    )
    needed |= {f"commands.stage.{one}" for one in stages}
    times = ("release", "radiation", "arrival", "execution", "acceptance", "evidence")
    needed |= {f"commands.time.{one}" for one in times}
    needed |= {
        f"commands.count.{one}" for one in ("release", "radiation", "radiated", "arrival", "received", "accepted", "completed")
    }
    needed |= {f"commands.fault.{one}" for one in ("needed", "label", "whole", "number", "range", "hex", "length", "pattern", "list",
                                                   "object", "member", "bits", "instant", "window", "past")}  # fmt: skip
    needed |= {f"commands.audit.{one}" for one in ("never", "running", "clean", "faulty", "cancelled", "failed", "fault", "note")}
    needed |= {f"commands.keys.kept.{one}" for one in ("centre", "user", "lost", "elsewhere")}
    needed |= {f"commands.differs.{one}" for one in DIFFERENCES} | {
        f"commands.checksum.{one}" for one in ("right", "wrong", "none")
    }
    needed |= {f"commands.field.{one}" for one in ("argument", "assigned", "fixed", "parameter", "sender")}
    assert needed <= set(WORDS)


# in the browser


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_request_goes_from_the_form_to_its_execution(people: Callable[..., Page], centre: Commanding, language: str) -> None:
    word = says(language)
    ivo = people("ivo", language)
    ivo.goto(f"/commands?spacecraft={TWIN}")
    choose(ivo, "AreYouAlive")
    choose(ivo, "SetTimeReportRate")
    expect(ivo.locator(".m-stack li")).to_have_count(2)
    rate = ivo.locator("[data-arg=exponent]")
    for text, fault in (("9", "[0, 8]"), ("4.5", word("commands.fault.whole")), ("", word("commands.fault.needed"))):
        rate.fill(text)
        expect(ivo.locator(".m-form .m-fault").first).to_contain_text(fault)
        expect(ivo.locator("[data-prepare]")).to_have_attribute("aria-disabled", "true")
    rate.fill("4")
    expect(ivo.locator("[data-prepare]")).to_have_attribute("aria-disabled", "false")
    ivo.locator("[data-when=latest]").fill("2026-060 11:00")  # has passed by the mission's clock
    expect(ivo.locator(".m-when .m-fault").nth(1)).to_have_text(word("commands.fault.past"))
    ivo.locator("[data-when=latest]").fill("2026-062 00:00")
    ivo.locator("[data-comment]").fill(f"for the test {BAD}")
    ivo.keyboard.press("Alt+ArrowUp")
    expect(ivo.locator(".m-stack li b").first).to_have_text("SetTimeReportRate")
    ivo.reload()  # as a server that was started anew asks for
    expect(ivo.locator(".m-stack li b").first).to_have_text("SetTimeReportRate")
    expect(ivo.locator("[data-comment]")).to_have_value(f"for the test {BAD}")
    expect(ivo.locator("[data-prepare]")).to_have_attribute("aria-disabled", "false")  # it knows the commands again
    ivo.locator("[data-comment]").press("Control+Enter")
    expect(ivo.locator(".m-sentences li")).to_have_count(2)
    expect(ivo.locator(".m-sentences li").first).to_contain_text("exponent 4")
    expect(ivo.locator(".m-steps li")).to_have_count(6)
    expect(ivo.locator(".o-fields")).to_contain_text("subtype")
    digest = ivo.locator("[data-digest]").inner_text()
    rate.fill("5")
    expect(ivo.locator("[data-request]")).to_have_attribute("aria-disabled", "true")  # what is shown is not what stands there
    ivo.locator("[data-prepare]").click()
    expect(ivo.locator("[data-digest]")).not_to_have_text(digest)
    digest = ivo.locator("[data-digest]").inner_text()
    ivo.locator("[data-request]").click()
    expect(ivo.locator("[data-asked]")).to_be_visible()
    ivo.locator("[data-asked] a").click()
    expect(ivo).to_have_url(re.compile(r"/queue\?at=esa-"))
    name = ivo.url.rpartition("=")[2]
    expect(ivo.locator(".m-top [data-state]")).to_have_text(word("commands.state.waiting"))
    expect(ivo.locator("[data-digest]")).to_have_text(digest)

    for user, act in (("sara", "check"), ("vera", "release")):
        signs(people(user, language), name, act, digest, word)
    expect(ivo.locator("[data-step=checked].done")).to_be_visible()  # by itself
    expect(ivo.locator(".m-journal")).to_contain_text("sara (science-planner@esac-soc)")
    statements = ivo.locator(".m-request .x-table tr")
    expect(statements).to_have_count(2)

    sent = {"cltu": 900 + LANGUAGES.index(language), "request": name, "spacecraft": TWIN, "station": "malargue"}
    now = ("released", {"request": name, "digest": digest, "statements": [], "epoch": 0, "released_ns": 0})
    centre.do(now, ("sending", sent | {"sha256": "0" * 64}), ("transferred", sent), ("radiated", sent))
    expect(ivo.locator(".m-top [data-state]")).to_have_text(word("commands.state.radiated"))
    expect(ivo.locator(".m-count")).to_have_text(re.compile(re.escape(word("commands.count.arrival").split("{")[0]) + r"12:\d\d"))
    expect(ivo.locator("[data-step=accepted]")).to_contain_text("≥")
    seen = {"request": name, "spacecraft": TWIN, "succeeded": True, "generated_ns": 2_151_000_000 * 10**9, "received_ns": 0}
    for index in (0, 1):
        centre.do(*[("verified", seen | {"index": index, "stage": stage}) for stage in ("acceptance", "completion")])
    expect(ivo.locator(".m-top [data-state]")).to_have_text(word("commands.state.completed"))
    expect(ivo.locator("[data-step=completed].done")).to_be_visible()
    expect(ivo.locator("[data-step=started].none")).to_contain_text(word("commands.step.none"))  # it was not reported


def test_who_has_several_roles_says_as_which_they_ask(people: Callable[..., Page], centre: Commanding) -> None:
    mira = people("mira", "ru")
    mira.goto(f"/commands?spacecraft={TWIN}")
    choose(mira, "AreYouAlive")
    as_which = mira.locator("[data-place]")
    expect(as_which.locator("option")).to_have_count(3)
    as_which.select_option("flight-dynamics@esoc")
    mira.reload()
    expect(as_which).to_have_value("flight-dynamics@esoc")  # it is kept with what is composed
    mira.locator("[data-prepare]").click()
    expect(mira.locator(".m-page .a-pairs").last).to_contain_text("flight-dynamics@esoc")
    mira.locator("[data-request]").click()
    expect(mira.locator("[data-asked]")).to_be_visible()
    with centre.as_user("mira") as client:
        (made,) = told(client.get("commands/requests?person=mira"))["items"]
    assert (made["role"], made["centre"]) == ("flight-dynamics", "esoc")
    expect(mira.locator(".m-stack li")).to_have_count(0)
    sara = people("sara")
    sara.goto(f"/commands?spacecraft={TWIN}")
    choose(sara, "AreYouAlive")
    expect(sara.locator("[data-prepare]")).to_have_attribute("aria-disabled", "false")
    expect(sara.locator("[data-place]")).to_have_count(0)  # there is nothing to choose


def signs(page: Page, name: str, act: str, digest: str, word: Callable[[str], str]) -> None:
    """Sign something of a request on the page of approvals, with a key that is made where there is none."""
    page.goto("/")
    expect(page.locator("[data-inbox]")).to_have_text(re.compile(r"[1-9]"))
    page.goto(f"/approvals?at={name}")
    expect(page.locator("[data-digest]")).to_have_text(digest)
    expect(page.locator("#main")).to_contain_text(BAD)
    page.locator(f"[data-act={act}]").first.click()
    box = page.get_by_role("dialog").last
    expect(box).to_contain_text(digest)
    box.get_by_label(word("commands.password")).fill("not this one")
    box.locator("[data-send]").click()
    wrong = "The password is wrong" if word("yes") == WORDS["yes"][0] else REASONS["password"][1]
    expect(box.get_by_role("alert")).to_contain_text(wrong)
    box.get_by_label(word("commands.comment")).fill(f"seen {BAD}")
    box.get_by_label(word("commands.password")).fill(PASSWORD)
    box.locator("[data-send]").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_text(word("commands.signed.done"))).to_be_visible()
    expect(page.get_by_text(word("commands.inbox.choose"), exact=True)).to_be_visible()


@pytest.mark.parametrize("language", ["ru"])
def test_who_has_no_password_signs_by_a_passphrase_of_the_key(
    people: Callable[..., Page], centre: Commanding, language: str
) -> None:
    word, words = says(language), "nine green teapots"
    made = [centre.ask_for("ivo", "AreYouAlive"), centre.ask_for("ivo", "EnableSchedule")]
    olga = people("olga", language)
    for number, request in enumerate(made):
        olga.goto(f"/approvals?at={request['id']}")
        olga.locator("#main [data-act=check]").click()
        box = olga.get_by_role("dialog").last
        secret = box.locator("[data-passphrase] input, input[data-passphrase]")
        expect(box.get_by_label(word("commands.password"))).to_have_count(0)
        if number == 0:  # the key is made now
            secret.fill(words)
            box.locator("[data-send]").click()
            expect(box.get_by_role("alert")).to_have_text(word("commands.passphrase.differ"))
            expect(box.locator("[data-login]")).to_have_attribute("href", re.compile(r"/auth/oidc\?next=%2Fapprovals"))
            box.locator("[data-again] input, input[data-again]").fill(words)
        else:
            secret.fill("another one, quite wrong")
            box.locator("[data-send]").click()
            expect(box.get_by_role("alert")).to_contain_text("неверна")
            secret.fill(words)
        box.locator("[data-send]").click()
        expect(olga.get_by_text(word("commands.signed.done"))).to_be_visible()
    with centre.as_user("ivo") as client:
        for request in made:
            (said,) = told(client.get(f"commands/requests/{request['id']}"))["statements"]
            assert (said["person"], said["counts"]) == ("olga", True)


def test_altered_octets_cannot_be_signed(people: Callable[..., Page], centre: Commanding) -> None:
    made = centre.ask_for("ivo", "AreYouAlive")
    sara = people("sara")
    centre.do(alter=True)
    try:
        sara.goto(f"/approvals?at={made['id']}")
        expect(sara.locator("[data-altered]")).to_be_visible()
        expect(sara.locator("[data-digest]")).to_have_text(made["digest"])
        expect(sara.locator("#main [data-act=check]")).to_have_count(0)
        expect(sara.locator("#main .m-go button")).to_have_count(0)
    finally:
        centre.do()
    sara.reload()
    expect(sara.locator("#main [data-act=check]")).to_be_visible()


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_does_something_else_than_it_says_can_only_be_rejected(
    people: Callable[..., Page], centre: Commanding, language: str
) -> None:
    word = says(language)
    made = centre.ask_for("ivo", "SetTimeReportRate", exponent="3")
    sara = people("sara", language)
    sara.goto(f"/approvals?at={made['id']}")
    expect(sara.locator("[data-same]")).to_be_visible()
    expect(sara.locator(".m-readings")).to_contain_text(re.compile(rf"9,1.*{word('commands.checksum.right')}"))
    expect(sara.locator(".o-fields")).to_contain_text("subtype")
    name = f"{made['id']}-x"
    asked = CommandRequest(
        name, TWIN, (Call("/TGO_TC/SetTimeReportRate", (("exponent", "2"),)),),
        Requester("esa", "esoc", "spacecraft-controller", "ivo"), 2_151_000_000 * 10**9,
    )  # fmt: skip
    sentences = ("Set how often the on-board time is reported: exponent 2.",)
    packets = tuple(bytes.fromhex(one) for one in made["packets"])
    centre.do(("request", body_of(PreparedCommand(asked, packets, made["virtual_channel"], made["map"], "none", sentences))))
    sara.goto(f"/approvals?at={name}")
    for code in ("sentence", "argument"):
        expect(sara.locator(f"[data-differs][data-code={code}]")).to_contain_text("exponent = 3" if code == "argument" else "3")
    expect(sara.locator("[data-differs]").first).to_have_css("border-color", re.compile("rgb"))
    expect(sara.locator("#main [data-act=check]")).to_have_count(0)
    expect(sara.locator("#main .m-go [data-act=reject]")).to_be_visible()
    expect(sara.get_by_text(word("commands.differs"))).to_be_visible()
    vera = people("vera", language)
    vera.goto(f"/queue?at={name}")
    expect(vera.locator("[data-differs]").first).to_be_visible()


def test_a_list_tells_whom_a_request_waits_for_and_counts_down(people: Callable[..., Page], centre: Commanding) -> None:
    word = says("ru")
    with centre.as_user("ivo") as client:
        calls = [{"command": "AreYouAlive", "arguments": {}}]
        body = {"spacecraft": TWIN, "calls": calls, "comment": "to count down", "latest": "2026-03-01T12:40:00Z"}
        told(client.post("commands/requests", json=body))
    vera = people("vera", "ru")
    vera.goto("/queue?q=to+count+down")
    row = vera.locator(".g-row").first
    for text in (word("commands.act.check"), "science-planner@esac-soc", word("commands.next.latest")):
        expect(row).to_contain_text(text)
    left = re.compile(r"\d+ min \d\d s|\d+ s")
    expect(row).to_contain_text(left)
    before = left.search(row.inner_text())
    expect(row).not_to_contain_text(str(before and before.group()))  # it runs by itself


def test_a_request_that_is_gone_is_not_signed(people: Callable[..., Page], centre: Commanding) -> None:
    made = centre.ask_for("ivo", "ReportSchedule")
    sara, ivo = people("sara"), people("ivo")
    sara.goto(f"/approvals?at={made['id']}")
    expect(sara.locator("#main [data-act=check]")).to_be_visible()
    ivo.goto(f"/queue?at={made['id']}")
    ivo.locator("[data-act=withdraw]").click()
    ivo.get_by_role("dialog").locator("textarea").fill(f"not now {BAD}")
    ivo.get_by_role("dialog").locator("[data-send]").click()
    expect(ivo.locator(".m-top [data-state]")).to_have_text("withdrawn")
    expect(ivo.locator("[data-step=withdrawn].bad")).to_be_visible()
    expect(sara.locator(".m-top [data-state]")).to_have_text("withdrawn")
    sara.locator("#main [data-act=check]").click()
    expect(sara.get_by_text("does not wait for this any more")).to_be_visible()
    expect(sara.get_by_role("dialog")).to_have_count(0)
    ivo.locator("[data-act=again]").click()
    expect(ivo.locator(".m-stack li b")).to_have_text(["ReportSchedule"])


def test_nothing_looks_alive_on_a_dead_line(people: Callable[..., Page], centre: Commanding) -> None:
    made = centre.ask_for("ivo", "AreYouAlive")
    sent = {"cltu": 990, "request": made["id"], "spacecraft": TWIN, "station": "malargue"}
    now = ("released", {"request": made["id"], "digest": made["digest"], "statements": [], "epoch": 0, "released_ns": 0})
    centre.do(now, ("sending", sent | {"sha256": "0" * 64}), ("transferred", sent), ("radiated", sent))
    vera, inbox, assets, audit = people("vera"), people("sara"), people("vera"), people("vera")
    vera.goto(f"/queue?at={made['id']}")
    expect(vera.locator(".m-count")).to_contain_text("arrives in 12:")
    expect(vera.locator(f"[data-queue={TWIN}]")).to_contain_text("open")
    inbox.goto("/approvals")
    assets.goto("/authority")
    expect(assets.locator(f"[data-asset={TWIN}] .has")).to_contain_text("has it now")
    audit.goto("/audit")
    expect(audit.locator("[data-journal=esa]")).to_contain_text("chain whole")
    os.kill(centre.process.pid, signal.SIGSTOP)
    try:
        expect(vera.locator(".m-count")).to_contain_text("stale")
        count = vera.locator(".m-count").inner_text()
        expect(vera.locator(".m-top [data-state]")).to_contain_text("stale")
        expect(vera.locator(f"[data-queue={TWIN}]")).to_contain_text("stale")
        expect(vera.locator(f"[data-queue={TWIN}] button").first).to_have_attribute("aria-disabled", "true")
        expect(vera.locator(".g-row").first).to_have_class(re.compile("stale"))
        expect(inbox.locator("[data-inbox]")).to_have_text("?")
        expect(assets.locator(f"[data-asset={TWIN}] .has")).to_contain_text("stale")
        expect(assets.locator(f"[data-asset={TWIN}] button")).to_have_attribute("aria-disabled", "true")
        expect(audit.locator("[data-journal=esa]")).to_contain_text("stale")
        assert not re.search(r"\d\d:\d\d", count)
    finally:
        os.kill(centre.process.pid, signal.SIGCONT)
    expect(vera.locator(".m-count")).to_contain_text("arrives in 12:")
    expect(inbox.locator("[data-inbox]")).not_to_have_text("?")
    expect(assets.locator(f"[data-asset={TWIN}] .has")).not_to_contain_text("stale")
    expect(audit.locator("[data-journal=esa]")).to_contain_text("chain whole")


def test_queues_keys_and_journals(people: Callable[..., Page], centre: Commanding) -> None:
    word = says("ru")
    vera = people("vera", "ru", "light")
    vera.goto("/queue")
    queue = vera.locator(f"[data-queue={TWIN}]")
    for act, after in (("hold", "held"), ("release", "open")):
        queue.locator(f"[data-act={act}]").click()
        vera.get_by_role("dialog").locator("textarea").fill(BAD)
        vera.get_by_role("dialog").locator("[data-send]").click()
        expect(queue.locator("> .st")).to_have_text(word(f"commands.valve.{after}"))
    expect(queue.locator("[data-gate=roscosmos]")).to_contain_text(word("commands.valve.open"))
    vera.goto("/authority?view=rules")
    expect(vera.locator(".m-mine").first).to_have_text("flight-director@esoc")
    vera.goto("/authority?view=keys")
    with centre.as_user("vera") as client:
        before = len(told(client.get("commands/keys"))["items"])
    expect(vera.locator("[data-key]")).to_have_count(before)
    vera.locator("[data-make-key]").click()
    vera.get_by_role("dialog").get_by_label(word("commands.password")).fill(PASSWORD)
    vera.get_by_role("dialog").locator("[data-send]").click()
    expect(vera.locator("[data-key]")).to_have_count(before + 1)
    expect(vera.locator("[data-key]").first).to_contain_text(word("commands.keys.usable"))
    expect(vera.get_by_role("dialog")).to_have_count(0)
    made = vera.locator("[data-key]").first.get_attribute("data-key")
    vera.locator(f"[data-key='{made}'] [data-revoke]").click()
    vera.get_by_role("dialog").locator("textarea").fill(f"lost {BAD}")
    vera.get_by_role("dialog").locator("[data-send]").click()
    expect(vera.locator(f"[data-key='{made}']")).to_contain_text(word("commands.keys.revoked"))
    expect(vera.locator(f"[data-key='{made}']")).to_contain_text(BAD)
    vera.goto("/audit")
    vera.locator("[data-act=verify]").click()
    expect(vera.locator("[data-report=esa]")).to_be_visible()
    expect(vera.locator("[data-verdict]")).to_have_attribute("data-verdict", re.compile("clean|faulty"))
    vera.get_by_role("grid", name=word("commands.audit.entries")).locator(".g-row").first.click()
    expect(vera).to_have_url(re.compile(r"agency=esa"))
    vera.get_by_role("grid", name=word("commands.audit.entries")).locator(".g-row", has_text="credential").first.click()
    expect(vera.locator(".m-entry")).to_contain_text(re.compile(r'"issued_ns": \d{19}'))
    shown = json.loads(vera.locator(".m-entry").inner_text())["credential"]
    with centre.as_user("vera") as client:
        entries = told(client.get("commands/journal"))["items"]
    assert shown in [one["body"]["credential"] for one in entries if one["kind"] == "credential"]  # to the last digit


def test_who_may_not_is_told_why(people: Callable[..., Page], centre: Commanding) -> None:
    made = centre.ask_for("ivo", "AreYouAlive")
    otto = people("otto")
    otto.goto(f"/queue?at={made['id']}")
    expect(otto.locator("[data-act=withdraw]")).to_have_attribute("title", re.compile("command.request"))
    expect(otto.locator(f"[data-queue={TWIN}] [data-act=hold]")).to_have_attribute("title", re.compile("command.release"))
    expect(otto.locator("[data-inbox]")).to_have_count(0)
    otto.goto("/approvals")
    expect(otto.get_by_text("Nothing waits for you")).to_be_visible()
    otto.goto("/audit")
    expect(otto.locator("[data-act=verify]")).to_have_attribute("title", re.compile("audit"))
    otto.goto(f"/commands?spacecraft={TWIN}")
    choose(otto, "AreYouAlive")
    otto.locator("[data-prepare]").click()
    expect(otto.get_by_role("alert").filter(has_text="may not")).to_be_visible()


@pytest.mark.parametrize(("language", "theme"), [("ru", "dark")])
def test_no_page_runs_what_a_text_says_nor_widens_a_narrow_screen(
    people: Callable[..., Page], centre: Commanding, language: str, theme: str
) -> None:
    made = centre.ask_for("ivo", "AreYouAlive", comment=BAD)
    page = people("vera", language, theme)
    page.set_viewport_size({"width": 800, "height": 900})
    for path in (
        f"/commands?spacecraft={TWIN}&at=/TGO_TC/AreYouAlive", "/queue", f"/queue?at={made['id']}", f"/approvals?at={made['id']}",
        "/authority", "/authority?view=rules", "/authority?view=keys", "/audit", "/queue?view=history&spacecraft=tgo",
    ):  # fmt: skip
        page.goto(path)
        expect(page.locator("main h1")).to_be_visible()
        expect(page.locator("main .a-wait")).to_have_count(0)
        assert page.locator("#main img, #main script").count() == 0, path
        assert page.evaluate("document.documentElement.scrollWidth") <= 800, path
