"""`aelita audit verify`: its words and exit codes."""

import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from typer.testing import CliRunner

from aelita.cli.main import app
from aelita.commanding import Head, countersign_body
from aelita.errors import UsageError
from evidence_material import AGENCY_KEYS, CHECKED_AND_RELEASED, Written, good, prepare

AGENCIES = """[[agencies]]
key = "us"
name = "Us"
grade = "assumed"
[[agencies]]
key = "them"
name = "Them"
grade = "assumed"
[[centres]]
key = "hill"
name = "Hill"
agency = "us"
grade = "assumed"
[[centres]]
key = "plain"
name = "Plain"
agency = "them"
grade = "assumed"
[[roles]]
key = "director"
title = "Director"
centres = ["hill", "plain"]
may = ["command.release"]
[[roles]]
key = "checker"
title = "Checker"
centres = ["hill"]
may = ["command.check"]
[[roles]]
key = "operator"
title = "Operator"
centres = ["hill", "plain"]
may = ["command.request"]
"""
AUTHORITY = """[[rules]]
key = "all"
spacecraft = ["probe"]
request = ["operator"]
check = ["checker"]
release = ["director"]
grade = "assumed"
[[assets]]
key = "probe"
spacecraft = ["probe"]
owner = "us"
grade = "assumed"
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    for agency, key in AGENCY_KEYS.items():
        pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
        (tmp_path / f"{agency}.pem").write_bytes(pem)
    mission = tmp_path / "mission"
    mission.mkdir()
    (mission / "mission.toml").write_text(
        'name = "m"\ntitle = "M"\n[[spacecraft]]\nname = "Probe"\ntitle = "P"\nframe_ids = [1]\nagency = "us"\n'
    )
    (mission / "agencies.toml").write_text(AGENCIES)
    (mission / "authority.toml").write_text(AUTHORITY)
    made = good()
    (tmp_path / "us.journal").write_bytes(made.octets)
    theirs = Written("them")
    head = Head(made.journal.head.n, made.journal.head.hash)
    theirs.add("countersign", countersign_body("them", "us", head, AGENCY_KEYS["them"], theirs.at_ns))
    (tmp_path / "them.journal").write_bytes(theirs.octets)
    return tmp_path


def verify(place: Path, *more: str | Path, code: int = 0) -> str:
    arguments = ["audit", "verify", str(place / "us.journal"), *map(str, more)]
    done = CliRunner().invoke(app, arguments)
    assert done.exit_code == code, (done.output, done.exception)
    return done.output


def test_a_good_journal(place: Path) -> None:
    said = verify(
        place, "--keys", place, "--mission", place / "mission", "--copy-of-other", place / "them.journal"
    )  # fmt: skip
    assert "no fault found" in said and "entry 24 by them" in said
    assert "not checked: signatures" not in said


def test_what_could_not_be_checked_is_said(place: Path) -> None:
    said = verify(place)
    assert "not checked: signatures and approvals" in said and "not checked: approvals and leases" in said


def test_faults_have_exit_code_1_and_name_their_place(place: Path) -> None:
    bad = good(1)
    bad.command(prepare("r9", packet=b"9"), CHECKED_AND_RELEASED[:1])
    (place / "us.journal").write_bytes(bad.octets)
    said = verify(place, "--keys", place, "--mission", place / "mission", code=1)
    assert "FAULTS FOUND" in said and "fault: entry 15: request r9" in said and "1 person must release it" in said


def test_json_for_programs(place: Path) -> None:
    octets = bytearray((place / "us.journal").read_bytes())
    octets[1000] ^= 1
    (place / "us.journal").write_bytes(octets)
    (one,) = json.loads(CliRunner().invoke(app, ["audit", "verify", str(place / "us.journal"), "--json"]).stdout)
    assert not one["clean"] and one["findings"][0]["grade"] == "fault"


def test_what_cannot_be_done_is_refused(place: Path) -> None:
    (place / "empty").write_bytes(b"")
    (place / "none").mkdir()
    for arguments, told in (
        ([place / "empty"], "empty"),
        ([place / "absent"], "cannot be read"),
        ([place / "us.journal", "--copy-of-other", place / "us.journal"], "both are journals"),
        ([place / "us.journal", "--keys", place / "none"], "no <agency>.pem"),
    ):
        done = CliRunner().invoke(app, ["audit", "verify", *map(str, arguments)])
        assert isinstance(done.exception, UsageError) and told in str(done.exception)
