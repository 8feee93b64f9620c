"""Published navigation messages: valid ones are read and come back equal in either form; malformed ones are refused by their defect."""

import random
import re
from collections import Counter

import pytest

from aelita.errors import AelitaError
from aelita.ndm import Composite, Message, NdmError, Observations, Rows, read, write
from shared import shared

FILES = shared("data/nav/ndm")
NAMES = sorted(str(path.relative_to(FILES)) for path in FILES.rglob("*") if path.is_file())
NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$")

# What is wrong with each malformed file: the line, the keyword, and words that must be said of it
MALFORMED = {
    "anise/JPL_MGS_cov_extra_row.oem": (28, "covarianceMatrix", "after the sixth"),
    "anise/JPL_MGS_cov_stray_after_block.oem": (28, "covarianceMatrix", "before the EPOCH of its matrix"),
    "anise/MEO_60s_bad.oem": (59, "OBJECT_ID", "0000-000B in segment 2 but 0000-000A in the first"),
    "anise/stk_cov.e": (1, "", "not a CCSDS message"),
    "anise/test_v12.e": (1, "", "not a CCSDS message"),
    "orekit/adm/acm/incompatible-keys.txt": (13, "MAN_END_TIME", "not MAN_END_TIME and MAN_DURATION"),
    "orekit/adm/acm/missing-sensor-index.txt": (14, "SENSOR_NUMBER", "3 is missing"),
    "orekit/adm/acm/missing-target-momentum.txt": (14, "TARGET_MOMENTUM", "needs TARGET_MOMENTUM, which is missing"),
    "orekit/adm/acm/spurious-metadata.txt": (13, "metadata", "a second metadata section"),
    "orekit/adm/acm/wrong-stddev-number.txt": (14, "SENSOR_NOISE_STDDEV", "sensor 2 has 2 numbers"),
    "orekit/adm/aem/AEM-inconsistent-direction.txt": (14, "ATTITUDE_DIR", "ended with version 1.0"),
    "orekit/adm/aem/AEM-inconsistent-quaternion-type.txt": (20, "QUATERNION_TYPE", "ended with version 1.0"),
    "orekit/adm/aem/AEM-inconsistent-rotation-sequence.txt": (22, "EULER_ROT_SEQ", "'7051995' is no rotation sequence"),
    "orekit/adm/aem/spurious-metadata.txt": (26, "metadata", "a second metadata section"),
    "orekit/adm/apm/APM-inconsistent-time-systems.txt": (11, "TIME_SYSTEM", "'BCE' is no time system"),
    "orekit/adm/apm/APM-missing-Euler-sequence.txt": (30, "EULER_ROT_SEQ", "is missing"),
    "orekit/adm/apm/APM-missing-frame.txt": (10, "Q_FRAME_A", "is missing"),
    "orekit/adm/apm/APM-missing-quaternion-component.txt": (10, "Q3", "is missing"),
    "orekit/adm/apm/APM-no-spacecraft-frames.txt": (10, "Q_FRAME_A", "is a frame of the spacecraft"),
    "orekit/adm/apm/APM-repeated-Euler-angle.txt": (37, "Z_ANGLE", "stands twice"),
    "orekit/adm/apm/APM-repeated-Euler-rate.txt": (40, "Z_RATE", "stands twice"),
    "orekit/adm/apm/APM-two-spacecraft-frames.txt": (10, "Q_FRAME_A", "are both frames of the spacecraft"),
    "orekit/adm/apm/APM-wrong-Euler-sequence.txt": (33, "EULER_ROT_SEQ", "'331' is no rotation sequence"),
    "orekit/adm/apm/APM-wrong-keyword.txt": (12, "WRONG_KEYWORD", "is no keyword"),
    "orekit/adm/apm/spurious-metadata.xml": (15, "metadata", "a second metadata section"),
    "orekit/cdm/CDM-covariance-wrong-entry-format.txt": (65, "CRDOT_T", "is no number"),
    "orekit/cdm/CDM-missing-TCA.txt": (5, "TCA", "is missing"),
    "orekit/cdm/CDM-missing-object1-covariance-block.xml": (39, "covarianceMatrix", "(OBJECT1) has no covarianceMatrix"),
    "orekit/cdm/CDM-missing-object2-state-vector.txt": (52, "X", "is missing in stateVector"),
    "orekit/cdm/CDMExample_issue1319_mandatory_empty_value.xml": (88, "X", "mandatory keyword without a value"),
    "orekit/ndm/NDM-opm-entity.xml": (2, "DOCTYPE", "DOCTYPE"),
    "orekit/odm/ocm/OCM-incompatible-units-dimension.txt": (11, "TRAJ_UNITS", "[m], not [km**2/s]"),
    "orekit/odm/ocm/OCM-incompatible-units-scale.txt": (11, "TRAJ_UNITS", "[m], not [km]"),
    "orekit/odm/ocm/OCM-missing-maneuver-time.txt": (11, "MAN_COMPOSITION", "not with a time"),
    "orekit/odm/ocm/OCM-missing-revnum-basis.txt": (13, "ORB_REVNUM_BASIS", "needs ORB_REVNUM_BASIS, which is missing"),
    "orekit/odm/ocm/OCM-wrong-nb-elements.txt": (14, "traj", "6 values after its time tag, not 3"),
    "orekit/odm/ocm/OCM-wrong-time-span.txt": (11, "TIME_SPAN", "'WRONG' is no number"),
    "orekit/odm/oem/OEM-ephemeris-number-format-error.txt": (44, "ephemeris", "'this-is-not-a-number' is no number"),
    "orekit/odm/oem/OEM-keyword-within-ephemeris.txt": (24, "USER_DEFINED_TEST_KEY", "is no keyword"),
    "orekit/odm/oem/OEM-too-large-covariance-dimension.txt": (91, "covarianceMatrix", "after the sixth"),
    "orekit/odm/oem/OEM-too-small-covariance-dimension.txt": (82, "CY_DOT_X", "is missing in covarianceMatrix"),
    "orekit/odm/omm/OMM-empty-object-id.txt": (6, "OBJECT_ID", "without a value"),
    "orekit/odm/omm/OMM-empty-object-id.xml": (11, "OBJECT_ID", "without a value"),
    "orekit/odm/omm/OMM-number-format-error.txt": (15, "ARG_OF_PERICENTER", "is no number"),
    "orekit/odm/omm/OMM-wrong-keyword.txt": (9, "WRONG_KEYWORD", "is no keyword"),
    "orekit/odm/opm/OPM-wrong-keyword.txt": (11, "WRONG_KEYWORD", "is no keyword"),
    "orekit/odm/opm/spurious-metadata.xml": (23, "metadata", "a second metadata section"),
    "orekit/tdm/kvn/TDM-data-inconsistent-line.txt": (25, "RECEIVE_FREQ_1", "this-should-not-be-here"),
    "orekit/tdm/kvn/TDM-data-number-format-error.txt": (26, "RECEIVE_FREQ_1", "is no number"),
    "orekit/tdm/kvn/TDM-data-wrong-keyword.txt": (26, "WRONG_KEYWORD", "is no data keyword"),
    "orekit/tdm/kvn/TDM-inconsistent-time-systems.txt": (28, "TIME_SYSTEM", "TCG in segment 2 but UTC"),
    "orekit/tdm/kvn/TDM-metadata-number-format-error.txt": (17, "TRANSMIT_DELAY_1", "is no number"),
    "orekit/tdm/kvn/TDM-metadata-timesystem-not-implemented.txt": (7, "TIME_SYSTEM", "'WRONG-TIME-SYSTEM'"),
    "orekit/tdm/xml/TDM-data-inconsistent-block.xml": (31, "EPOCH", "has no EPOCH"),
    "orekit/tdm/xml/TDM-data-number-format-error.xml": (45, "RECEIVE_FREQ_1", "is no number"),
    "orekit/tdm/xml/TDM-data-wrong-keyword.xml": (45, "WRONG_KEYWORD", "is no data keyword"),
    "orekit/tdm/xml/TDM-external-doctype.xml": (2, "DOCTYPE", "DOCTYPE"),
    "orekit/tdm/xml/TDM-inconsistent-time-systems.xml": (56, "TIME_SYSTEM", "TCG in segment 2 but UTC"),
    "orekit/tdm/xml/TDM-metadata-timesystem-not-implemented.xml": (14, "TIME_SYSTEM", "'WRONG-TIME-SYSTEM'"),
    "orekit/tdm/xml/TDM-metadata-wrong-keyword.xml": (23, "WRONG_KEYWORD", "is no keyword"),
    "orekit/tdm/xml/TDM-missing-participants.xml": (11, "PARTICIPANT_1", "at least one is mandatory"),
}
LEXICAL = [name for name in NAMES if "/lexical/" in name]
VALID = [name for name in NAMES if name not in MALFORMED and name not in LEXICAL]


def octets(name: str) -> bytes:
    return (FILES / name).read_bytes()


def message(name: str) -> Message:
    found = read(octets(name), where=name)
    assert isinstance(found, Message)
    return found


def test_every_file_is_judged() -> None:
    assert set(MALFORMED) <= set(NAMES)
    assert (len(VALID), len(MALFORMED), len(LEXICAL)) == (111, 61, 7)


@pytest.mark.parametrize("name", MALFORMED)
def test_a_malformed_file_is_refused_with_its_defect_named(name: str) -> None:
    line, keyword, words = MALFORMED[name]
    with pytest.raises(NdmError) as caught:
        read(octets(name), where=name)
    assert (caught.value.line, caught.value.keyword) == (line, keyword)
    assert words in caught.value.what
    assert str(caught.value).startswith(f"{name}, line {line}: ")


@pytest.mark.parametrize("name", VALID)
def test_a_valid_file_comes_back_equal_in_both_forms_and_across(name: str) -> None:
    first = message(name)
    kvn, xml = write(first, "kvn"), write(first, "xml")
    assert read(kvn) == first
    across = read(xml)
    assert across == first
    assert write(across, "kvn") == kvn
    assert write(read(kvn), "xml") == xml


@pytest.mark.parametrize(
    "name", [name for name in VALID if not name.endswith(".xml") and "/ocm/" not in name and "/acm/" not in name]
)
def test_every_number_of_a_file_is_in_what_is_written(name: str) -> None:
    def numbers(text: str) -> Counter[float]:
        lines = (line for line in text.splitlines() if not line.strip().startswith(("COMMENT", "CCSDS_")))
        return Counter(float(word) for line in lines for word in line.replace("=", " ").split() if NUMBER.match(word))

    assert numbers(write(message(name)).decode()) == numbers(octets(name).decode())


def test_kvn_and_xml_of_one_message_read_alike() -> None:
    for kvn, xml in (
        ("orekit/tdm/kvn/TDMExample4.txt", "orekit/tdm/xml/TDMExample4.xml"),
        ("orekit/tdm/kvn/TDMExampleAllKeywordsSingleDiff.txt", "orekit/tdm/xml/TDMExampleAllKeywordsSingleDiff.xml"),
    ):
        first, second = message(kvn), message(xml)
        assert first.metadata.values == second.metadata.values
        assert first.block("observations").rows == second.block("observations").rows


@pytest.mark.parametrize("name", LEXICAL)
def test_every_encoding_is_read_and_what_is_no_message_is_named(name: str) -> None:
    with pytest.raises(NdmError, match="not a CCSDS message: its element is <greeting>") as caught:
        read(octets(name), where=name)
    assert caught.value.line == 2


@pytest.mark.parametrize("name", ["anise/JPL_MGS_cov.oem", "orekit/odm/opm/OPMExample3.xml", "orekit/cdm/CDMExample1.txt"])
@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "utf-32-le", "utf-32-be"])
def test_a_message_reads_alike_in_every_encoding(name: str, encoding: str) -> None:
    text = octets(name).decode("utf-8")
    assert read(text.encode(encoding)) == message(name)
    assert read(text.replace("\n", "\r\n").encode(encoding)) == message(name)


def test_values_published_with_the_files() -> None:
    oem = message("orekit/odm/oem/OEMExampleWithHeaderComment.txt")
    rows = oem.segments[1].block("ephemeris").rows
    assert isinstance(rows, Rows)
    assert rows.values[0].tolist() == [-2432.166, -63.042, 1742.754, 7.33702, -3.495867, -1.041945, 0.001, 0.001, 0.001]
    assert str(rows.epochs[0]) == "1996-12-28T21:29:07.267"
    assert oem.segments[2].blocks("covarianceMatrix")[1]["COV_REF_FRAME"] == "EME2000"
    tdm = message("orekit/tdm/kvn/TDMExample4.txt").block("observations").rows
    assert isinstance(tdm, Observations)
    epochs, values = tdm.select("RANGE")
    assert (str(epochs[1]), values[1]) == ("2005-07-10T00:34:48", 61172265.3115234)
    cdm = message("orekit/cdm/CDMExample1.txt")
    assert cdm.lead is not None and cdm.lead["MISS_DISTANCE"] == 715.0
    assert cdm.segments[0].metadata["INTERNATIONAL_DESIGNATOR"] == "1997\N{MINUS SIGN}030E"  # as the file has it
    sensors = message("orekit/adm/acm/ACMExample05.txt").block("ad").blocks
    assert [sensor["SENSOR_USED"] for sensor in sensors] == ["AST1", "AST2", "IMU"]
    assert sensors[0]["SENSOR_NOISE_STDDEV"] == (0.0097, 0.0098)
    mixed = message("orekit/odm/ocm/OCMExample1.txt").block("traj").rows  # relative and absolute times
    assert isinstance(mixed, Rows)
    assert [str(mixed.epochs[n])[11:] for n in range(4)] == ["14:28:15.1172", "14:28:25.1172", "14:28:35.1172", "14:36:35.1172"]


def test_what_the_names_of_frames_and_bodies_mean_is_left_to_who_uses_them() -> None:
    assert message("orekit/odm/opm/OPM-unknown-center.txt").metadata["CENTER_NAME"] == "UNKNOWN-CENTER"
    assert message("orekit/odm/opm/OPM-unknown-frame.txt").metadata["REF_FRAME"] == "ZZRF"
    assert message("orekit/odm/opm/OPM-dummy-earth-barycenter.txt").metadata["CENTER_NAME"] == "EARTH BARYCENTER"
    assert [block.name for block in message("orekit/adm/apm/APM-no-attitude.txt").segments[0].data] == [
        "epoch",
        "angularVelocity",
    ]


JUNK = [
    b"=", b"\x00", b"\xff", b"<", b">", b"&", b"NaN", b"inf", b"1e999", b"1_0", b"-", b"2017-13-01T00:00:00", b"9999-366T23:59:60",
    b"[m]", b"_START", b"META_STOP\n", b"META_START\n", b"\n\n", b"COMMENT x\n", b"\t", b"9" * 400, b"EPOCH = 5", b"\xe2\x80\xa8",
    b"\xc2\x85", b"USER_DEFINED_X = 1\n", b"\r", b"\x0c", b"<a>", b"</data>", b"<![CDATA[x]]>", b"<!-- x -->", b"<?pi?>", b"0.1.2",
]  # fmt: skip


def mutated(rng: random.Random, pool: list[bytes]) -> bytes:
    """Return a file cut off, with a line lost, swapped or taken from another, or with junk in it."""
    text = rng.choice(pool)
    lines = text.split(b"\n")
    match rng.randrange(6):
        case 0:
            return text[: rng.randrange(len(text) + 1)]
        case 1:
            at = rng.randrange(len(lines))
            del lines[at : at + rng.randrange(1, 4)]
        case 2:
            a, b = rng.randrange(len(lines)), rng.randrange(len(lines))
            lines[a], lines[b] = lines[b], lines[a]
        case 3:
            lines.insert(rng.randrange(len(lines) + 1), rng.choice(rng.choice(pool).split(b"\n")))
        case _:
            at = rng.randrange(len(text) + 1)
            return text[:at] + rng.choice(JUNK) + text[at + rng.choice([0, 0, 1, 5, 20]) :]
    return b"\n".join(lines)


def survive(seed: int, count: int) -> int:
    """Read that many mutated files; return how many were messages. Each is a message that comes back, or an error of our tree."""
    rng, pool, read_well = random.Random(seed), [octets(name) for name in NAMES], 0
    for _ in range(count):
        text = mutated(rng, pool)
        try:
            found = read(text)
        except AelitaError as error:
            assert error.what
            continue
        read_well += 1
        assert read(write(found, "xml")) == found
        if not isinstance(found, Composite):
            assert read(write(found, "kvn")) == found
    return read_well


def test_a_mutated_file_is_a_message_or_an_error_of_our_tree() -> None:
    assert survive(20161019, 900) > 40


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(20))
def test_many_mutated_files(seed: int) -> None:
    survive(seed, 10_000)
