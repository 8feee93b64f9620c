"""`aelita command` beside the real commanding of two agencies, journals on the disk and all."""

import json
import re
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from aelita.cli.main import app
from aelita.errors import AelitaError
from aelita.services.live.command_journal import own_path
from api_command_material import TWIN, Both, both

PING = "/TGO_TC/AreYouAlive"


@pytest.fixture
def centres(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Both]:
    with both(tmp_path) as made:

        async def ask(_installation: Any, agency: str, op: str, **what: Any) -> Any:
            asked = json.loads(json.dumps(made.places[agency].vouched(op, what)))
            return json.loads(json.dumps(await made.places[agency].service._desk.answer(asked)))

        monkeypatch.setattr("aelita.services.live.ask_commanding", ask)
        yield made


def run(centres: Both, *arguments: str | Path, code: int = 0, typed: str = "") -> str:
    given = ["--data", str(centres.made.folder.parent), "command", *map(str, arguments)]
    done = CliRunner().invoke(app, given, input=typed, env={"COLUMNS": "250"})
    assert done.exit_code == code, (done.output, done.exception)
    return done.output


def refused(centres: Both, *arguments: str | Path, typed: str = "") -> str:
    given = ["--data", str(centres.made.folder.parent), "command", *map(str, arguments)]
    done = CliRunner().invoke(app, given, input=typed)
    assert isinstance(done.exception, AelitaError), (done.output, done.exception)
    return str(done.exception)


def key(centres: Both, person: str, centre: str, *roles: str) -> Path:
    """Make a person's key, without a passphrase."""
    file = centres.made.folder / f"{person}.pem"
    given = [part for role in roles for part in ("--role", role)]
    run(centres, "key", "make", file, "--centre", centre, *given, "--person", person, "--no-passphrase")
    centres.mirror()
    return file


def requested(centres: Both, *more: str, person: str = "irina", place: str = "instrument-operator@iki") -> dict[str, Any]:
    told = json.loads(run(centres, "request", TWIN, PING, *more, "--as", place, "--person", person, "--json"))
    centres.mirror()
    return dict(told["prepared"])


def test_a_request_goes_from_one_agency_to_the_signatures_of_the_other(centres: Both) -> None:
    sara, vera = key(centres, "sara", "esac-soc", "science-planner"), key(centres, "vera", "esoc", "flight-director")
    asked = requested(centres, "--comment", "is it there")
    name = asked["id"]
    (item,) = json.loads(run(centres, "list", "--agency", "esa", "--json"))
    assert (item["id"], item["state"], item["person"], item["comment"]) == (name, "waiting", "irina", "is it there")
    assert "1 person must check it" in run(centres, "list", "--state", "waiting")
    shown = run(centres, "check", name, "--key", sara, typed="n\n", code=1)
    octets = bytes.fromhex(asked["packets"][0]).hex(" ")
    assert (
        octets in shown
        and asked["digest"] in shown
        and asked["sentences"][0] in shown
        and "sara (science-planner@esac-soc)" in shown
    )
    standing = centres.esa.service.standing
    assert standing.said(name) == []  # nothing is signed without a yes
    assert "waiting" in run(centres, "check", name, "--key", sara, "--comment", "as agreed", typed="y\n")
    (said,) = standing.said(name)
    assert (said.statement.person, said.statement.digest, said.statement.comment) == ("sara", asked["digest"], "as agreed")
    run(centres, "release", name, "--key", vera, "--yes", "--for", "60")
    assert {one.statement.person for one in standing.said(name)} == {"sara", "vera"}
    assert standing.wanted(standing.board.requests[name].prepared, centres.clock.now()).satisfied
    timeline = run(centres, "show", name, "--agency", "esa")
    for words in ("requested", "checked by sara (science-planner@esac-soc): as agreed", "released by vera", "waiting", octets):
        assert words in timeline, words
    detail = json.loads(run(centres, "show", name, "--json"))
    assert [one["person"] for one in detail["statements"]] == ["sara", "vera"] and detail["missing"] == []


def test_a_rejection_ends_it_and_a_withdrawal_too(centres: Both) -> None:
    sara = key(centres, "sara", "esac-soc", "science-planner")
    first, second = requested(centres)["id"], requested(centres)["id"]
    assert "rejected" in run(centres, "reject", first, "--key", sara, "--yes", "--comment", "not now")
    assert "withdrawn" in run(centres, "withdraw", second, "--agency", "roscosmos", "--reason", "an error", "--person", "irina")
    centres.mirror()
    states = {one["id"]: one["state"] for one in json.loads(run(centres, "list", "--json"))}
    assert states == {first: "rejected", second: "withdrawn"}
    assert "is withdrawn" in refused(centres, "withdraw", second, "--agency", "roscosmos")


def test_a_dry_run_tells_what_it_needs_and_requests_nothing(centres: Both) -> None:
    said = run(centres, "prepare", TWIN, PING, "--as", "instrument-operator@iki", "--person", "irina")
    for words in ("it will", "octets", "digest", "1 person must check it", "1 person must release it"):
        assert words in said, words
    assert centres.roscosmos.service.standing.board.requests == {}
    told = json.loads(run(centres, "prepare", TWIN, PING, "--as", "instrument-operator@iki", "--person", "irina", "--json"))
    digest = told["prepared"]["digest"]
    assert requested(centres, "--digest", digest)["digest"] == digest
    assert "no more those that were shown" in refused(
        centres, "request", TWIN, PING, "--as", "instrument-operator@iki", "--person", "irina", "--digest", digest
    )  # fmt: skip


def test_queues_holders_and_keys(centres: Both) -> None:
    key(centres, "vera", "esoc", "flight-director")
    name = requested(centres)["id"]
    assert run(centres, "queue", "hold", TWIN, "--agency", "esa", "--reason", "storm").strip() == "held"
    run(centres, "queue", "hold", TWIN, "--request", name, "--agency", "esa")
    (one,) = json.loads(run(centres, "queue", "--json"))
    assert one == {"spacecraft": TWIN, "queue": "held", "waiting": 1, "held": name}
    assert run(centres, "queue", "release", TWIN, "--agency", "esa").strip() == "open"
    assert run(centres, "queue", "block", TWIN, "--agency", "roscosmos").strip() == "blocked"  # their own gate
    assert [one["queue"] for one in json.loads(run(centres, "queue", "--agency", "esa", "--json"))] == ["open"]
    assert run(centres, "queue", "release", TWIN, "--agency", "roscosmos").strip() == "open"
    assert "neither owns nor may borrow" in refused(centres, "queue", "hold", "moon", "--agency", "roscosmos")
    assert "nothing that can be done" in refused(centres, "queue", "stop", TWIN, "--agency", "esa")
    assets = {one["asset"]: one for one in json.loads(run(centres, "holders", "--json"))}
    assert (assets[TWIN]["owner"], assets[TWIN]["holder"], assets[TWIN]["until"]) == ("esa", "esa", "")
    (held,) = json.loads(run(centres, "keys", "--json"))
    assert (held["person"], held["agency"], held["roles"], held["state"]) == ("vera", "esa", "flight-director", "good")
    assert run(centres, "keys", "--agency", "roscosmos").count("vera") == 1


def test_a_key_is_sealed_by_words_and_read_by_its_owner_alone(centres: Both) -> None:
    file = centres.made.folder / "vera.pem"
    made = ("key", "make", file, "--centre", "esoc", "--role", "flight-director", "--person", "vera")
    name = run(centres, *made, typed="blue seven\nblue seven\n").splitlines()[-2:]
    assert b"ENCRYPTED" in file.read_bytes() and stat.S_IMODE(file.stat().st_mode) == 0o600
    assert "good" in run(centres, "key", "show", file, typed="blue seven\n")
    assert "not its passphrase" in refused(centres, "key", "show", file, typed="red\n")
    assert "never overwritten" in refused(centres, *made, "--no-passphrase")
    assert re.search(r"[0-9a-f]{16}", "\n".join(name))
    file.chmod(0o644)
    assert "others may read it" in refused(centres, "key", "show", file, typed="blue seven\n")


def test_a_key_that_gets_no_credential_leaves_no_file(centres: Both) -> None:
    file = centres.made.folder / "odd.pem"
    assert "has no role" in refused(centres, "key", "make", file, "--centre", "esoc", "--role", "king", "--no-passphrase")
    assert not file.exists()


def test_a_revoked_key_signs_nothing_and_says_so(centres: Both) -> None:
    sara = key(centres, "sara", "esac-soc", "science-planner")
    name = requested(centres)["id"]
    (held,) = centres.esa.service.standing.keyring.credentials
    centres.esa.ask("revoke", key=held, reason="lost")
    assert "counts for nothing" in refused(centres, "check", name, "--key", sara, "--yes")
    assert "revoked" in run(centres, "key", "show", sara, code=1)


def test_what_is_asked_in_a_wrong_way_is_refused_with_what_to_do(centres: Both) -> None:
    sara = key(centres, "sara", "esac-soc", "science-planner")
    name = requested(centres)["id"]
    operator = ("--as", "instrument-operator@iki")
    for arguments, words in (
        (("show", "nothing"), "no request 'nothing' is known here"),
        (("list", "--state", "lost"), "no request is ever 'lost'"),
        (("request", TWIN, PING, "--as", "king"), "no role of a centre"),
        (("request", TWIN, PING, "x", *operator), "'x' is no argument"),
        (("request", TWIN, "/TGO_TC/Nothing", *operator), "Nothing"),
        (("request", "mir", PING, *operator), "nothing is commanded under the name 'mir'"),
        (("request", TWIN, PING, *operator, "--earliest", "noon"), "no UTC time"),
        (("withdraw", name), "several agencies run here"),
        (("check", name, "--key", sara, "--role", "king", "--yes"), "does not have the role 'king'"),
        (("check", name, "--key", centres.made.folder / "none", "--yes"), "cannot be read"),
        (("check", name, "--key", centres.made.folder / "complex.toml", "--yes"), "others may read it"),
    ):
        assert words in refused(centres, *arguments), arguments


def test_a_damaged_journal_is_read_up_to_its_fault_which_is_said(centres: Both) -> None:
    name = requested(centres)["id"]
    path = own_path(centres.made.home("roscosmos"))
    octets = bytearray(path.read_bytes())
    octets[-20] ^= 1
    path.write_bytes(octets)
    said = run(centres, "list", "--agency", "roscosmos")
    assert "read only up to a fault" in said and name not in said
