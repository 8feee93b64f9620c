"""AEM and CK files of attitudes: what SPICE reads of ours, what the mission's become, and what is refused by name."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import spiceypy

from aelita.dynamics import angles_between, matrices_of
from aelita.ephemeris import attitudes_at, furnish, read_ck, release
from aelita.errors import AelitaError, DataError, DefinitionError, UsageError
from aelita.ndm import NdmError, read
from aelita.services import attitudes, find_mission
from aelita.services.live import Installation
from aelita.services.live.installation import AgencyHere
from aelita.services.products import ProductStore, Sought
from aelita.time import SECOND, et_from_tai_ns, tai_ns_from_utc
from nav_command import Run, runner
from shared import shared
from test_attitude import CLOCK, EM16, ORBIT, SCIENCE_CK

AEMS = "data/nav/ndm/orekit/adm/aem"
ROVER_CLOCK = "data/nav/spice/altec/lesson_exomarsrsp/kernels/sclk/emrsp_sp_fict_20191031.tsc"
MADE = tai_ns_from_utc("2026-11-29")
FROM, UNTIL = "2018-12-08T20:10:10", "2018-12-08T21:19:00"


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    return runner(monkeypatch, capsys)


@pytest.fixture
def orbit() -> Any:
    """The kernel of the orbit, named on the command line, and released again."""
    path = shared(ORBIT)
    yield path
    release(path)


def aem(tmp_path: Path, *rows: str, a: str = "EME2000", b: str = "SC_BODY_1") -> Path:
    path = tmp_path / "some.aem"
    epochs = [row.split()[0] for row in rows]
    path.write_text(
        "CCSDS_AEM_VERS = 2.0\nCREATION_DATE = 2020-01-01T00:00:00\nORIGINATOR = X\nMETA_START\nOBJECT_NAME = TGO\n"
        f"OBJECT_ID = 2016-017A\nREF_FRAME_A = {a}\nREF_FRAME_B = {b}\nTIME_SYSTEM = UTC\nSTART_TIME = {epochs[0]}\n"
        f"STOP_TIME = {epochs[-1]}\nATTITUDE_TYPE = QUATERNION\nMETA_STOP\nDATA_START\n" + "\n".join(rows) + "\nDATA_STOP\n"
    )
    return path


def test_a_quaternion_of_a_message_turns_as_its_euler_angles_do(tmp_path: Path) -> None:
    """A message of another maker tells one attitude both ways: quaternion, and angles about X, Y and Z in this order."""
    message = read(shared("data/nav/ndm/orekit/adm/apm/APM-quaternion-euler-angles-rates.xml").read_bytes(), where="x")
    state, angles = message.block("quaternionState"), message.block("eulerAngleState")  # type: ignore[union-attr]
    q = [state.number(name) for name in ("Q1", "Q2", "Q3", "QC")]
    row = "2008-04-07T00:00:00 " + " ".join(map(repr, q))
    (arc,) = attitudes.read_attitudes(aem(tmp_path, row))
    turn = np.radians([angles.number(f"ANGLE_{n}") for n in (3, 2, 1)])
    assert np.abs(matrices_of(arc.quaternions)[0] - spiceypy.eul2m(*turn, 3, 2, 1)).max() < 1e-14
    (back,) = attitudes.read_attitudes(aem(tmp_path, row, a="SC_BODY_1", b="ICRF"))
    assert np.abs(matrices_of(back.quaternions)[0] - spiceypy.eul2m(*turn, 3, 2, 1).T).max() < 1e-14


def test_measured_attitudes_go_through_aem_and_come_back(tmp_path: Path) -> None:
    """CK of the mission to AEM (KVN, XML) to our CK: SPICE reads the same attitudes, at records and between them."""
    ck, clock = shared(SCIENCE_CK), shared(CLOCK)
    for name in ("m.aem", "m.xml"):
        there, back = tmp_path / name, tmp_path / f"{name}.bc"
        assert "965 attitudes in 1 arc" in attitudes.convert_attitudes(ck, there, made_at=MADE, clock=clock)
        attitudes.convert_attitudes(there, back, made_at=MADE, body=-143, clock=clock)
        (ours,), (theirs,) = read_ck(back.read_bytes()), read_ck(ck.read_bytes())
        between = np.sort(np.random.default_rng(4).uniform(theirs.ticks[0] + 1, theirs.ticks[-1] - 1, 300))
        ticks = np.concatenate([theirs.ticks[1:-1], between])
        found = []
        for path in (back, ck):
            furnish(clock, path)
            try:
                found.append(np.array([spiceypy.ckgp(-143000, one, 0.0, "J2000")[0] for one in ticks.tolist()]))
            finally:
                release(clock, path)
        off = np.arccos(np.clip((np.einsum("nij,nij->n", *found) - 1) / 2, -1, 1))
        chord = np.linalg.norm(found[0] - found[1], axis=(1, 2)) / np.sqrt(2)  # of small angles, without what arccos loses
        assert off.max() < 1e-6
        print(f"{name}: {chord.max():.1e} rad from the mission's CK; ticks within {np.abs(ours.ticks - theirs.ticks).max():.4f}")
        assert chord.max() < 1e-9 and np.abs(ours.ticks - theirs.ticks).max() < 0.02


def test_a_predicted_attitude_is_read_by_spice_with_frames_and_clock_of_the_mission(
    tmp_path: Path, run: Run, orbit: Path
) -> None:
    out, clock = tmp_path / "p.bc", shared(CLOCK)
    words = ("--start", FROM, "--stop", UNTIL, "--step", "10", "--kernel", orbit)
    run("attitude", "tgo", *words, "--clock", clock, "--out", out)
    frames = [shared(f"{EM16}/fk/{one}") for one in ("em16_tgo_v24.tf", "em16_tgo_ops_v03.tf")]
    kernels = [*frames, clock, out]
    furnish(*kernels)
    try:
        at = tai_ns_from_utc(FROM) + 10 * SECOND * np.arange(1, 413)
        ets = et_from_tai_ns(at).tolist()
        off = np.array([spiceypy.pxform("TGO_MARS_NPO", "TGO_SPACECRAFT", et) - np.eye(3) for et in ets])
        mid = np.array([spiceypy.pxform("TGO_MARS_NPO", "TGO_SPACECRAFT", et + 5) - np.eye(3) for et in ets])
        chord, between = (np.linalg.norm(one, axis=(1, 2)).max() / np.sqrt(2) for one in (off, mid))
        print(f"pxform of our CK: {chord:.1e} rad from the law at its instants, {between:.1e} in the middle between them")
        assert chord < 1e-9 and between < 1e-4
        rates = [spiceypy.ckgpav(-143000, spiceypy.sce2c(-143, et), 0.0, "J2000")[1] for et in ets[::50]]
        assert all(8e-4 < np.linalg.norm(one) < 1.3e-3 for one in rates)
    finally:
        release(*kernels)
    table, _ = run("attitude", "tgo", *words, "--json")
    assert '"off_nadir_deg"' in table and '"law": "nadir"' in table


def test_prediction_beside_what_was_measured(tmp_path: Path, run: Run, orbit: Path) -> None:
    words = ("--start", FROM, "--stop", UNTIL, "--step", "10", "--kernel", orbit, "--measured", shared(SCIENCE_CK))
    out, png = tmp_path / "t.csv", tmp_path / "a.png"
    _, told = run("attitude", "tgo", *words, "--clock", shared(CLOCK), "--out", out, "--png", png)
    assert "measured at 414 of 414 instants" in told and png.read_bytes()[:4] == b"\x89PNG"
    assert out.read_text().splitlines()[0].endswith("behind_deg,measured_off_deg")


def test_an_attitude_is_kept_as_a_product(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, run: Run, orbit: Path) -> None:
    here = ("tgo",), (AgencyHere("esa", ("malargue",)),)
    made = Installation(tmp_path / "data" / "complex", find_mission("exomars"), *here)
    made.write()
    monkeypatch.setenv("AELITA_DATA", str(tmp_path / "data"))
    words = ("--start", FROM, "--stop", UNTIL, "--step", "60", "--kernel", orbit, "--publish", "esa")
    run("attitude", "tgo", *words, "--change", "2018-12-08T20:30=earth", "--clock", shared(CLOCK))
    run("attitude", "tgo", *words)  # the clock of the mission does not reach back: no CK
    store = ProductStore(made.home("esa"))
    later, first = store.find(Sought("attitude"))
    assert {file.name.rpartition(".")[2] for file in first.files} == {"aem", "bc", "png"}
    assert {file.name.rpartition(".")[2] for file in later.files} == {"aem", "png"}
    shown = store.data(first)
    assert isinstance(shown, dict) and len(shown["utc"]) == len(shown["quaternion"]) == len(shown["earth_antenna_deg"]) == 70
    assert shown["law"][0] == "nadir" and shown["law"][-1] == "earth" and shown["structure"] == -143000
    (file,) = (one for one in first.files if one.name.endswith(".aem"))
    path = tmp_path / "again.aem"
    path.write_bytes(store.octets(first, file))
    (arc,) = attitudes.read_attitudes(path)
    assert angles_between(arc.quaternions, np.array(shown["quaternion"])).max() < 1e-12


def test_every_attitude_message_is_read_or_refused_by_name() -> None:
    read_ones, refused = [], {}
    for path in sorted(shared(AEMS).iterdir()):
        try:
            arcs = attitudes.read_attitudes(path)
        except AelitaError as error:
            refused[path.name] = error
            assert str(error).startswith(str(path)) or "quaternions" in str(error), error
        else:
            read_ones.append(path.name)
            assert all(np.allclose(np.linalg.norm(arc.quaternions, axis=1), 1, atol=1e-12) for arc in arcs)
    print(f"read: {', '.join(read_ones)}; refused: { {name: str(one)[-90:] for name, one in refused.items()} }")
    assert {"AEMExample02.txt", "AEMExample11.xml"} & set(read_ones)
    assert all(isinstance(refused[name], NdmError) for name in refused if "inconsistent" in name or "spurious" in name)


def test_gaps_stay_gaps(tmp_path: Path) -> None:
    clock = shared(CLOCK)
    (whole,) = attitudes.read_attitudes(shared(SCIENCE_CK), clock=clock)
    parts = [
        attitudes.AttitudeArc(whole.name, whole.ident, whole.epochs[rows], whole.quaternions[rows])
        for rows in (slice(0, 100), slice(300, 301), slice(500, 965))
    ]
    for name in ("gap.aem", "gap.bc"):
        attitudes.write_attitudes(parts, tmp_path / name, made_at=MADE, structure=-143000, clock=clock)
        again = attitudes.read_attitudes(tmp_path / name, clock=clock)
        assert [arc.epochs.size for arc in again] == [100, 1, 465]
        assert max(angles_between(a.quaternions, b.quaternions).max() for a, b in zip(again, parts, strict=True)) < 1e-12
    at = np.array([whole.epochs[50], whole.epochs[200], whole.epochs[400], whole.epochs[600]])
    furnish(clock, tmp_path / "gap.bc")
    try:
        assert np.isnan(attitudes_at(-143000, -143, at)[:, 0]).tolist() == [False, True, True, False]
    finally:
        release(clock, tmp_path / "gap.bc")
    assert np.all([np.isnan(arc.at(at)[:, 0]) for arc in parts], axis=0).tolist() == [False, True, True, False]


ONE, TWO = "2018-12-08T20:20:00 0 0 0 1", "2018-12-08T20:21:00 0 0 0.6 0.8"


@pytest.mark.parametrize(
    ("rows", "frames", "kind", "match"),
    [
        ((ONE, TWO), ("ITRF2000", "SC_BODY_1"), UsageError, "frames are ITRF2000"),
        ((ONE, TWO), ("EME2000", "ICRF"), NdmError, "neither REF_FRAME_A"),
        ((ONE, "2018-12-08T20:21:00 0 0 0.6 0.9"), ("EME2000", "SC_BODY_1"), DataError, "length 1.08"),
        ((ONE, "2018-12-08T20:21:00 0 0 0 0"), ("EME2000", "SC_BODY_1"), DataError, "length 0"),
        ((TWO, ONE), ("EME2000", "SC_BODY_1"), AelitaError, "20:2"),
        ((ONE, ONE), ("EME2000", "SC_BODY_1"), AelitaError, "20:20"),
    ],
)
def test_attitudes_that_are_none_are_refused(
    tmp_path: Path, rows: tuple[str, ...], frames: tuple[str, str], kind: type[AelitaError], match: str
) -> None:
    with pytest.raises(kind, match=match):
        attitudes.read_attitudes(aem(tmp_path, *rows, a=frames[0], b=frames[1]))


def test_what_does_not_fit_together_is_refused(tmp_path: Path, run: Run, orbit: Path) -> None:
    given = aem(tmp_path, ONE, TWO)
    for words, match in (
        (("convert", given, tmp_path / "x.bc"), "--body"),
        (("convert", given, tmp_path / "x.bc", "--body", "499"), "no number of a spacecraft"),
        (("convert", given, tmp_path / "x.bc", "--body", "-143"), "--clock"),
        (("convert", given, tmp_path / "x.bc", "--body", "-143", "--clock", shared(ROVER_CLOCK)), "clock of"),
        (
            ("convert", given, tmp_path / "x.bc", "--body", "-143", "--clock", shared(f"{EM16}/fk/em16_tgo_v24.tf")),
            "no clock of -143",
        ),
        (("convert", shared(SCIENCE_CK), tmp_path / "x.oem", "--clock", shared(CLOCK)), "no format of attitudes"),
        (("convert", shared(SCIENCE_CK), tmp_path / "x.aem", "--clock", shared(CLOCK), "--body", "-144"), "attitudes of -143000"),
        (("convert", shared(ORBIT), tmp_path / "x.bc", "--clock", shared(CLOCK)), "holds no attitudes"),
    ):
        _, told = run(*words, expected=2)
        assert match in told and not (tmp_path / "x.bc").exists(), told
    base = ("attitude", "tgo", "--kernel", orbit, "--start", FROM)
    for more, match in (
        (("--stop", "2018-12-08T23:00"), "not known for all of"),
        (("--stop", UNTIL, "--law", "moon"), "no pointing law 'moon'"),
        (("--stop", UNTIL, "--change", "earth"), "no change of law"),
        (("--stop", UNTIL, "--change", "2018-12-09T20:40=earth"), "not within the time asked"),
        (("--stop", UNTIL, "--out", tmp_path / "y.bc"), "clock of the mission begins"),
        (("--stop", "2018-12-08T20:00"), "not after the start"),
    ):
        _, told = run(*base, *more, expected=2)
        assert match in told, told
    _, told = run("attitude", "edm", "--start", FROM, "--stop", UNTIL, expected=2)
    assert "does not tell how edm points" in told


def test_a_clock_of_another_spacecraft_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match="143"):
        attitudes.read_attitudes(shared(SCIENCE_CK), clock=shared(ROVER_CLOCK))
    with pytest.raises(UsageError, match="not there"):
        attitudes.read_attitudes(shared(SCIENCE_CK))
