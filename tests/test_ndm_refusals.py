"""What a message may not have, read or written: keyword, line and remedy are in the error. And what an attacker may send."""

from dataclasses import replace

import numpy as np
import pytest

from aelita.errors import DataError, UsageError
from aelita.ndm import Block, Epoch, Message, NdmError, Rows, Segment, epochs_from_tai_ns, read, write

OPM = """CCSDS_OPM_VERS = 2.0
CREATION_DATE = 2016-11-01T00:00:00
ORIGINATOR = ESOC
OBJECT_NAME = TGO
OBJECT_ID = 2016-017A
CENTER_NAME = MARS
REF_FRAME = EME2000
TIME_SYSTEM = TDB
EPOCH = 2016-11-26T22:20:30
X = 3000.5 [km]
Y = -0.25 [KM]
Z = 1e3
X_DOT = 1.0 [km/s]
Y_DOT = 2.0
Z_DOT = 3.0
"""
XML = """<?xml version="1.0" encoding="UTF-8"?>
<opm id="CCSDS_OPM_VERS" version="2.0"><header><CREATION_DATE>2016-11-01T00:00:00</CREATION_DATE><ORIGINATOR>ESOC</ORIGINATOR></header>
<body><segment><metadata><OBJECT_NAME>TGO</OBJECT_NAME><OBJECT_ID>2016-017A</OBJECT_ID><CENTER_NAME>MARS</CENTER_NAME>
<REF_FRAME>EME2000</REF_FRAME><TIME_SYSTEM>TDB</TIME_SYSTEM></metadata>
<data><stateVector><EPOCH>2016-11-26T22:20:30</EPOCH><X units="km">3000.5</X><Y>-0.25</Y><Z>1e3</Z>
<X_DOT>1.0</X_DOT><Y_DOT>2.0</Y_DOT><Z_DOT>3.0</Z_DOT></stateVector></data></segment></body></opm>
"""


def test_both_forms_of_the_sample_are_one_message() -> None:
    assert read(OPM.encode()) == read(XML.encode())
    assert issubclass(NdmError, DataError)


@pytest.mark.parametrize(
    ("old", "new", "line", "keyword", "words"),
    [
        ("[km/s]", "[m/s]", 13, "X_DOT", "the unit [m/s] is not that of the standard, [km/s]"),
        ("ESOC", "ESOC\nMESSAGE_ID = 5", 4, "MESSAGE_ID", "came with version 3.0, but the message is of version 2.0"),
        ("VERS = 2.0", "VERS = 2.1", 1, "CCSDS_OPM_VERS", "version '2.1' of OPM is not known"),
        ("CCSDS_OPM", "CCSDS_XYZ", 1, "CCSDS_XYZ_VERS", "XYZ is not known"),
        ("Z = 1e3", "Z = 1e999", 12, "Z", "too great a number"),
        ("Z = 1e3", "Z = nan", 12, "Z", "'nan' is no number"),
        ("Z = 1e3", "Z = 1_000", 12, "Z", "'1_000' is no number"),
        ("Z = 1e3", "Z 1e3", 12, "Z", "neither keyword = value nor a comment"),
        ("Z = 1e3", "Z = 1e3\nOBJECT_NAME = B", 13, "OBJECT_NAME", "belongs in metadata, not in stateVector"),
        ("Z = 1e3", "Z = 1e3\nZ = 1e3", 13, "Z", "stands twice, here and at line 12"),
        ("Z = 1e3", "Z = 1e3\nBTERM = 3", 13, "BTERM", "BTERM is no keyword of this message (OPM)"),
        ("Z = 1e3", "Z = 1e3\n12 13", 13, "", "neither keyword nor comment"),
        ("Z = 1e3", "Z = 1e3\nMETA_START", 13, "META_START", "begins no block of this message"),
        ("Z = 1e3", "Z = 1e3\nMETA_STOP", 13, "META_STOP", "META_STOP without META_START"),
        ("Z_DOT = 3.0\n", "", 9, "Z_DOT", "Z_DOT is missing in stateVector"),
        ("Z = 1e3", "Z = 1e3\x07", 12, "", "a control character (0x07)"),
        ("TDB", "TBD", 8, "TIME_SYSTEM", "'TBD' is no time system that is known"),
    ],
)
def test_kvn_is_refused_with_line_and_keyword(old: str, new: str, line: int, keyword: str, words: str) -> None:
    with pytest.raises(NdmError) as caught:
        read(OPM.replace(old, new, 1).encode(), where="x.opm")
    assert words in caught.value.what
    assert (caught.value.line, caught.value.keyword) == (line, keyword)


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ('units="km"', 'units="m"', 5, "the unit [m] is not that of the standard, [km]"),
        ("<X_DOT>1.0</X_DOT>", "<X_DOT><A>1.0</A></X_DOT>", 6, "has elements inside"),
        ("<stateVector>", "<stateVecto>", 6, "no well-formed XML"),
        ("<body>", "<body>text", 3, "text 'text' stands outside of keywords"),
        ("<data>", "<data><covariance/>", 5, "<covariance> has no place in <data>"),
        ("<data>", "<data><X>5</X>", 5, "X belongs in stateVector, not in the data"),
        ('"CCSDS_OPM_VERS"', '"CCSDS_OEM_VERS"', 2, "not CCSDS_OPM_VERS"),
        ("</opm>", "", 7, "no well-formed XML"),
        ('encoding="UTF-8"', 'encoding="UTF-16"', 1, "declares encoding UTF-16, which its octets are not"),
        ('encoding="UTF-8"', 'encoding="KOI8-R"', 1, "declares encoding KOI8-R, which is not read"),
    ],
)
def test_xml_is_refused_with_its_line(old: str, new: str, line: int, words: str) -> None:
    with pytest.raises(NdmError) as caught:
        read(XML.replace(old, new, 1).encode(), where="x.xml")
    assert words in caught.value.what
    assert caught.value.line == line


LONG = 300_000


@pytest.mark.parametrize(
    "value",
    [
        "1" * LONG + "x",
        " " * LONG + "x",
        "[" * LONG,
        "[" + " " * LONG + "]",
        "1e" + "9" * LONG,
        "1." + "0" * LONG + "1 [m]",
        "," * LONG,
    ],
    ids=["digits", "blanks", "brackets", "unit", "exponent", "decimals", "commas"],
)
def test_long_values_are_refused_in_the_time_that_reading_takes(value: str) -> None:
    for old in ("1e3", "TDB", "2016-11-26T22:20:30"):
        with pytest.raises(NdmError) as caught:
            read(OPM.replace(old, value, 1).encode())
        assert len(str(caught.value)) < 400


@pytest.mark.parametrize("end", [b"\n", b"\r"])
def test_a_flood_of_lines_is_refused_before_it_fills_memory(end: bytes) -> None:
    with pytest.raises(NdmError, match=r"the message has 20,000,0.. lines, more than 20,000,000"):
        read(OPM.encode() + end * 20_000_001)


def test_relative_times_of_any_exponent() -> None:
    head = "CCSDS_OCM_VERS = 3.0\nCREATION_DATE = 2016-11-01T00:00:00\nORIGINATOR = X\nMETA_START\nTIME_SYSTEM = TDB\n"
    lines = "EPOCH_TZERO = 2016-11-01T00:00:00\nMETA_STOP\nTRAJ_START\nTRAJ_TYPE = CARTP\n{} 1 2 3\nTRAJ_STOP\n"
    for time, text in (
        ("1e-99999999999999999999", "00:00:00"),
        ("-0", "00:00:00"),
        ("1.5e1", "00:00:15"),
        ("0.0000000004", "00:00:00"),
    ):
        found = read((head + lines.format(time)).encode())
        assert isinstance(found, Message)
        rows = found.block("traj").rows
        assert rows is not None and str(rows.epochs[0]) == f"2016-11-01T{text}"
    for time in ("9e9999999999", "1e10", "-x"):
        with pytest.raises(NdmError, match="traj: "):
            read((head + lines.format(time)).encode())


def test_octets_that_are_no_text_are_named() -> None:
    with pytest.raises(NdmError, match="octet 0xe9 at offset 70 is no UTF-8") as caught:
        read(OPM.replace("ESOC", "\xe9SOC").encode("latin-1"))
    assert caught.value.line == 3
    declared = XML.replace("UTF-8", "ISO-8859-1").replace("ESOC", "\xe9SOC").encode("latin-1")
    found = read(declared)
    assert isinstance(found, Message) and found.header["ORIGINATOR"] == "\xe9SOC"
    with pytest.raises(NdmError, match="the message is empty"):
        read(b" \n\n ")


@pytest.mark.parametrize(
    "text",
    [
        '<!DOCTYPE a [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;">]><opm version="2.0">&b;</opm>',
        '<!DOCTYPE opm [<!ENTITY x SYSTEM "file:///etc/passwd">]><opm version="2.0">&x;</opm>',
        '<!DOCTYPE opm SYSTEM "http://127.0.0.1:9/none.dtd"><opm version="2.0"/>',
        '<opm version="2.0"><header><ORIGINATOR>&none;</ORIGINATOR></header></opm>',
        "<ndm>" * 5000,
        '<opm version="2.0">' + "<header>" * 200 + "</header>" * 200 + "</opm>",
        "<" + "a" * 100_000,
        '<opm version="2.0" ' + " ".join(f'a{n}="1"' for n in range(5000)) + "/>",
    ],
    ids=["bomb", "file", "network", "undefined", "deep", "nested", "long", "attributes"],
)
def test_hostile_xml_is_refused(text: str) -> None:
    with pytest.raises(NdmError):
        read(text.encode())


def sample() -> Message:
    found = read(OPM.encode())
    assert isinstance(found, Message)
    return found


def with_state(**values: object) -> Message:
    message = sample()
    state = message.block("stateVector")
    return replace(message, segments=(replace(message.segments[0], data=(replace(state, values={**state.values, **values}),)),))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("message", "words"),
    [
        (with_state(X=5), "X is 5, not a float"),
        (with_state(X=float("inf")), "not finite"),
        (with_state(X="5"), "X is '5', not a float"),
        (with_state(EPOCH=Epoch("UTC", 17000, 0)), "EPOCH is"),
        (with_state(NONE="x"), "NONE is no keyword of stateVector"),
        (replace(sample(), version="4.0"), "in version '4.0' is not known"),
        (replace(sample(), segments=()), "has 0 segments"),
        (replace(sample(), header=Block("header", {"ORIGINATOR": "A"})), "CREATION_DATE is missing in header"),
        (replace(sample(), header=replace(sample().header, comments=("two\nlines",))), "not one line of printable text"),
        (
            replace(sample(), header=replace(sample().header, values={**sample().header.values, "ORIGINATOR": "a  b"})),
            "single blanks",
        ),
        (replace(sample(), segments=(Segment(sample().metadata, (Block("none"),)),)), "none is no block of OPM"),
        (replace(sample(), segments=(Segment(sample().metadata, ()),)), "stateVector is missing"),
    ],
)
def test_a_wrong_message_is_not_written(message: Message, words: str) -> None:
    for form in ("kvn", "xml"):
        with pytest.raises(NdmError) as caught:
            write(message, form)  # type: ignore[arg-type]
        assert words in str(caught.value)


def oem(
    values: "np.ndarray[tuple[int, ...], np.dtype[np.float64]]", columns: tuple[str, ...], step_ns: int = 60 * 10**9
) -> Message:
    epochs = epochs_from_tai_ns(10**18 + np.arange(values.shape[0]) * step_ns, "TDB")
    metadata = {**sample().metadata.values, "START_TIME": epochs[0], "STOP_TIME": epochs[len(epochs) - 1]}
    block = Block("ephemeris", rows=Rows(columns, epochs, values))
    return Message("OEM", "2.0", sample().header, (Segment(Block("metadata", metadata), (block,)),))


def test_lines_that_the_standard_does_not_have_are_not_written() -> None:
    columns = ("X", "Y", "Z", "X_DOT", "Y_DOT", "Z_DOT")
    assert read(write(oem(np.ones((3, 6)), columns))) == oem(np.ones((3, 6)), columns)
    for message, words in (
        (oem(np.full((3, 6), np.nan), columns), "missing or not finite"),
        (oem(np.ones((3, 6)), columns[::-1]), "the columns of ephemeris are Z_DOT"),
        (oem(np.ones((3, 5)), columns[:5]), "the columns of ephemeris are"),
        (oem(np.ones((3, 6)), columns, -1), "do not rise"),
        (oem(np.ones((1, 6)), ("A",) * 6), "the columns"),
    ):
        with pytest.raises(NdmError, match=words):
            write(message)


def test_forms_that_are_none() -> None:
    with pytest.raises(UsageError, match="'json' is no form"):
        write(sample(), "json")  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="has no GM"):
        _ = sample().block("stateVector")["GM"]
    with pytest.raises(UsageError, match="there is no maneuverParameters"):
        sample().block("maneuverParameters")
    with pytest.raises(UsageError, match="EPOCH of stateVector is no number"):
        sample().block("stateVector").number("EPOCH")
