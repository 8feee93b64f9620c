"""Containers whose layout the packet decides, against packets made by hand; one by one and by shape."""

from typing import Any

import numpy as np
import pytest

from aelita.mdb import (
    AggregateType,
    ArrayType,
    Container,
    ContainerEntry,
    Database,
    DynamicSize,
    IntegerEncoding,
    IntegerType,
    Member,
    Parameter,
    ParameterEntry,
    Reference,
    TypeFacts,
)
from aelita.telemetry import Decoder, engineering
from bench_database import batch_of
from xtce_text import document, load, read

SHORT = "the packet ends before its fields do"
TYPES = """
<IntegerParameterType name="u8" signed="false"><IntegerDataEncoding sizeInBits="8"/></IntegerParameterType>
<IntegerParameterType name="i8"><IntegerDataEncoding sizeInBits="8" encoding="twosComplement"/></IntegerParameterType>
<IntegerParameterType name="u16" signed="false"><IntegerDataEncoding sizeInBits="16"/></IntegerParameterType>
<IntegerParameterType name="u4" signed="false"><IntegerDataEncoding sizeInBits="4"/></IntegerParameterType>
<FloatParameterType name="f32"><FloatDataEncoding sizeInBits="32"/></FloatParameterType>
<FloatParameterType name="half"><IntegerDataEncoding sizeInBits="8"><DefaultCalibrator><PolynomialCalibrator>
  <Term exponent="1" coefficient="0.5"/></PolynomialCalibrator></DefaultCalibrator></IntegerDataEncoding></FloatParameterType>
<EnumeratedParameterType name="mode"><IntegerDataEncoding sizeInBits="8"/><EnumerationList>
  <Enumeration value="0" label="OFF"/><Enumeration value="1" label="ON"/></EnumerationList></EnumeratedParameterType>
<AggregateParameterType name="pair"><MemberList><Member name="x" typeRef="u8"/><Member name="y" typeRef="u16"/></MemberList>
</AggregateParameterType>
"""


def parameter(name: str, kind: str, alias: str = "") -> str:
    inner = f'<AliasSet><Alias nameSpace="ID" alias="{alias}"/></AliasSet>' if alias else ""
    return f'<Parameter name="{name}" parameterTypeRef="{kind}">{inner}</Parameter>'


PARAMETERS = "".join(
    parameter(name, kind, alias)
    for name, kind, alias in [
        ("n", "u8", ""), ("k", "i8", ""), ("a", "u8", "10"), ("b", "u16", "11"), ("c", "f32", "12"), ("m", "mode", ""),
        ("h", "half", ""), ("q", "u4", ""), ("p", "pair", "13"),
    ]
)  # fmt: skip


def entry(name: str, inner: str = "") -> str:
    return f'<ParameterRefEntry parameterRef="{name}">{inner}</ParameterRefEntry>'


def dynamic(name: str, slope: str = "1", intercept: str = "0") -> str:
    adjusted = f'<LinearAdjustment slope="{slope}" intercept="{intercept}"/>'
    return f'<DynamicValue><ParameterInstanceRef parameterRef="{name}"/>{adjusted}</DynamicValue>'


def repeat(count: str, gap: str = "") -> str:
    offset = f"<Offset>{gap}</Offset>" if gap else ""
    return f"<RepeatEntry><Count>{count}</Count>{offset}</RepeatEntry>"


def include(text: str) -> str:
    return f"<IncludeCondition>{text}</IncludeCondition>"


def database(entries: str, types: str = "", parameters: str = "", more: str = "") -> Database:
    container = f'<SequenceContainer name="C"><EntryList>{entries}</EntryList></SequenceContainer>{more}'
    return load(TYPES + types, PARAMETERS + parameters, container)


def plain(value: Any) -> Any:
    return value.tolist() if isinstance(value, np.ndarray | np.generic) else value


def decode(held: Database, packets: list[bytes], times: int = 1, root: str | None = "/S/C") -> list[dict[str, Any]]:
    """Return the valid raw values of each packet by parameter, `!` for what is wrong with it (when all have the same fault)."""
    decoder = Decoder(held, root)
    found: list[dict[str, Any]] = [{} for _ in range(len(packets) * times)]
    decoded = decoder.decode(batch_of(packets * times))
    for rows in decoded:
        engineering(decoder.compiled, rows.container, rows.raw)  # must not fail
        for name, column in rows.raw.items():
            for at in np.flatnonzero(column.mask()):
                found[rows.packet[at]][name.removeprefix("/S/")] = plain(column.values[at])
    for _, reason in decoded.faults:
        found[0]["!"] = reason
    return found


def check(held: Database, **expected: dict[str, Any]) -> None:
    """Check packets, written in hexadecimal with an `x` in front, alone, and often enough to be read by shape."""
    packets = [bytes.fromhex(text[1:]) for text in expected]
    for octets, values in zip(packets, expected.values(), strict=True):
        assert decode(held, [octets]) == [values]
    without = [{k: v for k, v in values.items() if k != "!"} for values in expected.values()]
    many = decode(held, packets, 40)
    many[0].pop("!", None)
    assert many == without * 40


def test_repeated_parameters_become_lists() -> None:
    held = database(entry("n") + entry("b", repeat(dynamic("n"))) + entry("a"))
    check(
        held,
        x0200010002ff={"n": 2, "b[]": [1, 2], "a": 255},
        x0005={"n": 0, "a": 5},
        x01123407={"n": 1, "b[]": [0x1234], "a": 7},
        x0300010002={"n": 3, "b[]": [1, 2], "!": SHORT},
    )


def test_gaps_between_repetitions() -> None:
    fixed = database(entry("n") + entry("a", repeat(dynamic("n"), "<FixedValue>8</FixedValue>")) + entry("b"))
    check(fixed, x0201ee02abcd={"n": 2, "a[]": [1, 2], "b": 0xABCD})
    told = database(entry("n") + entry("k") + entry("a", repeat("<FixedValue>2</FixedValue>", dynamic("k", "8"))))
    check(told, x000101ee02={"n": 0, "k": 1, "a[0]": 1, "a[1]": 2}, x00000102={"n": 0, "k": 0, "a[0]": 1, "a[1]": 2})


def test_negative_and_huge_counts_are_faults() -> None:
    held = database(entry("k") + entry("a", repeat(dynamic("k"))))
    check(held, xff0102={"k": -1, "!": "a negative count"})
    huge = database(entry("b") + entry("a", repeat(dynamic("b", "1000"))))
    assert "more than" in decode(huge, [b"\xff\xff\x01\x02"])[0]["!"]
    nested = database(
        entry("n") + f'<ContainerRefEntry containerRef="I">{repeat(dynamic("n"))}</ContainerRefEntry>',
        more=f"""<SequenceContainer name="I"><EntryList><ContainerRefEntry containerRef="J">
        {repeat("<FixedValue>20000</FixedValue>")}</ContainerRefEntry></EntryList></SequenceContainer>
        <SequenceContainer name="J"><EntryList/></SequenceContainer>""",
    )
    assert "more than" in decode(nested, [b"\xff" * 300])[0]["!"]


def test_include_conditions() -> None:
    one = include('<Comparison parameterRef="n" value="1"/>')
    more = include('<ComparisonList><Comparison parameterRef="n" comparisonOperator="&gt;" value="1"/></ComparisonList>')
    held = database(entry("n") + entry("a", one) + entry("b", more) + entry("k"))
    check(
        held,
        x010203={"n": 1, "a": 2, "k": 3},
        x02000103={"n": 2, "b": 1, "k": 3},
        x0003={"n": 0, "k": 3},
        x01={"n": 1, "!": SHORT},
    )


def test_calibrated_values_and_labels_decide() -> None:
    label = include('<Comparison parameterRef="m" value="ON"/>')
    half = include('<Comparison parameterRef="h" value="1.5"/>')
    held = database(entry("m") + entry("h") + entry("a", label) + entry("b", half))
    check(
        held, x010307aabb={"m": 1, "h": 3, "a": 7, "b": 0xAABB}, x0004={"m": 0, "h": 4}, x0003aabb={"m": 0, "h": 3, "b": 0xAABB}
    )


def test_conditions_by_expression() -> None:
    condition = """<CustomAlgorithm name="f"><AlgorithmText language="python">{}</AlgorithmText><InputSet>
      <InputParameterInstanceRef parameterRef="n" inputName="n"/><InputParameterInstanceRef parameterRef="m" inputName="m"/>
      </InputSet></CustomAlgorithm>"""
    held = database(entry("n") + entry("m") + entry("a", include(condition.format("n % 2 == 1 and m == 'ON'"))) + entry("k"))
    check(held, x03010904={"n": 3, "m": 1, "a": 9, "k": 4}, x030004={"n": 3, "m": 0, "k": 4}, x020104={"n": 2, "m": 1, "k": 4})
    wrong = database(entry("n") + entry("m") + entry("a", include(condition.format("m + n > 1"))) + entry("k"))
    check(wrong, x020104={"n": 2, "m": 1, "k": 4, "!": "the expression m + n > 1 cannot be evaluated"})


def test_restrictions_by_expression() -> None:
    held = database(
        entry("n") + entry("a"),
        more="""<SequenceContainer name="D"><EntryList><ParameterRefEntry parameterRef="b"/></EntryList><BaseContainer containerRef="C">
        <RestrictionCriteria><CustomAlgorithm name="f"><AlgorithmText language="python">n * 2 &gt; a</AlgorithmText><InputSet>
        <InputParameterInstanceRef parameterRef="n" inputName="n"/><InputParameterInstanceRef parameterRef="a" inputName="a"/>
        </InputSet></CustomAlgorithm></RestrictionCriteria></BaseContainer></SequenceContainer>""",
    )
    check(held, x02031234={"n": 2, "a": 3, "b": 0x1234}, x02041234={"n": 2, "a": 4})


BINARY = """<BinaryParameterType name="{}"><BinaryDataEncoding><SizeInBits>{}</SizeInBits></BinaryDataEncoding></BinaryParameterType>"""


def test_binary_of_the_size_that_the_packet_says() -> None:
    held = database(
        entry("n") + entry("o") + entry("a"), BINARY.format("octets", dynamic("n", "8", "-8")), parameter("o", "octets")
    )
    check(
        held,
        x03aabb07={"n": 3, "o": b"\xaa\xbb", "a": 7},
        x0107={"n": 1, "o": b"", "a": 7},
        x0007={"n": 0, "!": "/S/o: a negative size"},
        x05aabb={"n": 5, "!": SHORT},
    )


def test_binary_by_lookup_and_of_the_rest() -> None:
    lookup = """<DiscreteLookupList><DiscreteLookup value="8"><Comparison parameterRef="n" value="1"/></DiscreteLookup>
      <DiscreteLookup value="12"><Comparison parameterRef="n" value="2"/></DiscreteLookup></DiscreteLookupList>"""
    types = BINARY.format("chosen", lookup) + BINARY.format("rest", "<FixedValue>-1</FixedValue>")
    held = database(entry("n") + entry("o") + entry("r"), types, parameter("o", "chosen") + parameter("r", "rest"))
    check(
        held,
        x01aabbcc={"n": 1, "o": b"\xaa", "r": b"\xbb\xcc"},
        x02abcdef={"n": 2, "o": b"\x0a\xbc", "r": b"\x0d\xef"},
        x01aa={"n": 1, "o": b"\xaa", "r": b""},
        x03aa={"n": 3, "!": "the size of /S/o is what the packet says, and it does not say it"},
    )


STRING = """<StringParameterType name="{}"><StringDataEncoding encoding="{}"><Variable maxSizeInBits="{}">{}{}</Variable>
  </StringDataEncoding></StringParameterType>"""
PLACEHOLDER = '<DynamicValue><ParameterInstanceRef parameterRef="_yamcs_ignore"/></DynamicValue>'


@pytest.mark.parametrize(
    ("charset", "most", "end", "packets"),
    [
        ("UTF-8", 800, "<TerminationChar>00</TerminationChar>", {"x61620007": (b"ab", 7), "x0007": (b"", 7), "x6162": (b"ab", None)}),
        ("UTF-8", 16, "<TerminationChar>00</TerminationChar>", {"x61626307": (b"ab", 0x63)}),
        ("UTF-16BE", 800, "<TerminationChar>0000</TerminationChar>", {"x01000061000007": (b"\1\0\0a", 7)}),
        ("UTF-8", 800, '<LeadingSize sizeInBitsOfSizeTag="8"/>', {"x02616207": (b"ab", 7), "x0007": (b"", 7)}),
        ("UTF-8", 800, '<LeadingSize sizeInBitsOfSizeTag="16"/>', {"x0001e407": (b"\xe4", 7), "x": (None, None), "x00056162": (None, None)}),
    ],
)  # fmt: skip
def test_texts_that_tell_their_size(charset: str, most: int, end: str, packets: dict[str, tuple[Any, Any]]) -> None:
    held = database(
        entry("s") + entry("a"),
        STRING.format("text", charset, most, PLACEHOLDER, end),
        parameter("s", "text") + parameter("_yamcs_ignore", "u8"),
    )
    for text, (value, after) in packets.items():
        expected = {k: v for k, v in {"s": value, "a": after}.items() if v is not None}
        if after is None:
            expected["!"] = SHORT
        check(held, **{text: expected})


ARRAY = """<ArrayParameterType name="{}" arrayTypeRef="{}"><DimensionList>{}</DimensionList></ArrayParameterType>"""


def dimension(first: str, last: str) -> str:
    return f"<Dimension><StartingIndex>{first}</StartingIndex><EndingIndex>{last}</EndingIndex></Dimension>"


def test_arrays_of_as_many_elements_as_the_packet_says() -> None:
    zero, one = "<FixedValue>0</FixedValue>", "<FixedValue>1</FixedValue>"
    types = ARRAY.format("list", "u8", dimension(zero, dynamic("n", "1", "-1")))
    types += ARRAY.format("table", "u16", dimension(zero, dynamic("n", "1", "-1")) + dimension(zero, one))
    held = database(entry("n") + entry("l") + entry("t") + entry("a"), types, parameter("l", "list") + parameter("t", "table"))
    check(
        held,
        x020102000100020003000409={"n": 2, "l": [1, 2], "t": [1, 2, 3, 4], "a": 9},
        x0009={"n": 0, "a": 9},
        x0301={"n": 3, "l": [1], "!": SHORT},
    )


def test_arrays_of_aggregates() -> None:
    types = ARRAY.format("pairs", "pair", dimension("<FixedValue>0</FixedValue>", dynamic("n", "1", "-1")))
    held = database(entry("n") + entry("l") + entry("a"), types, parameter("l", "pairs"))
    check(held, x020100020300040a={"n": 2, "l[].x": [1, 3], "l[].y": [2, 4], "a": 10}, x000a={"n": 0, "a": 10})


def test_an_aggregate_whose_member_tells_the_size_of_another() -> None:
    sibling = 'xmlns:y="http://yamcs.org/schema/xtce" y:aggregateMember="true"'
    types = f"""<BinaryParameterType name="octets"><BinaryDataEncoding><SizeInBits><DynamicValue>
      <ParameterInstanceRef parameterRef="size" {sibling}/><LinearAdjustment slope="8"/></DynamicValue></SizeInBits>
      </BinaryDataEncoding></BinaryParameterType><AggregateParameterType name="block"><MemberList>
      <Member name="size" typeRef="u8"/><Member name="data" typeRef="octets"/></MemberList></AggregateParameterType>"""
    text = document(
        TYPES + types,
        PARAMETERS + parameter("g", "block") + parameter("size", "u8"),
        f'<SequenceContainer name="C"><EntryList>{entry("n")}{entry("g", repeat(dynamic("n")))}</EntryList></SequenceContainer>',
    )
    check(read(text), x0201aa02bbcc={"n": 2, "g[].size": [1, 2], "g[].data": [b"\xaa", b"\xbb\xcc"]}, x00={"n": 0})


def test_indirect_references() -> None:
    indirect = '<IndirectParameterRefEntry aliasNameSpace="ID"><ParameterInstance parameterRef="n"/></IndirectParameterRefEntry>'
    held = database(entry("n") + indirect + entry("k"))
    check(
        held,
        x0a0501={"n": 10, "a": 5, "k": 1},
        x0b000501={"n": 11, "b": 5, "k": 1},
        x0c3f80000001={"n": 12, "c": 1.0, "k": 1},
        x0d01000201={"n": 13, "p.x": 1, "p.y": 2, "k": 1},
        x6301={"n": 99, "!": "an indirect reference names no known parameter"},
    )


def test_indirect_references_in_repeated_containers() -> None:
    """The usual list of (identifier, value) pairs: the latest identifier counts."""
    inner = '<IndirectParameterRefEntry aliasNameSpace="ID"><ParameterInstance parameterRef="k"/></IndirectParameterRefEntry>'
    held = database(
        entry("n") + f'<ContainerRefEntry containerRef="I">{repeat(dynamic("n"))}</ContainerRefEntry>' + entry("q"),
        more=f'<SequenceContainer name="I"><EntryList>{entry("k")}{inner}</EntryList></SequenceContainer>',
    )
    check(
        held,
        x030a050b00060a07f0={"n": 3, "k[]": [10, 11, 10], "a[]": [5, 7], "b[]": [6], "q": 15},
        x010b0006e0={"n": 1, "k[]": [11], "b[]": [6], "q": 14},
        x020a05={"n": 2, "k[]": [10], "a[]": [5], "!": SHORT},
    )


def test_places_that_the_packet_says_or_ends() -> None:
    there = f"<LocationInContainerInBits>{dynamic('n', '8')}</LocationInContainerInBits>"
    end = (
        """<LocationInContainerInBits referenceLocation="containerEnd"><FixedValue>16</FixedValue></LocationInContainerInBits>"""
    )
    held = database(entry("n") + entry("a", there) + entry("b", end))
    check(
        held, x01ee07eeaabb={"n": 1, "a": 7, "b": 0xAABB}, x0007aabb={"n": 0, "a": 7, "b": 0xAABB}, x0007={"n": 0, "a": 7, "b": 7}
    )
    back = f"<LocationInContainerInBits>{dynamic('k', '8')}</LocationInContainerInBits>"
    check(
        database(entry("k") + entry("a", back)), xff07={"k": -1, "a": 255}, xf007={"k": -16, "!": "/S/a lies before the packet"}
    )


def test_earlier_instances() -> None:
    condition = include('<Comparison parameterRef="a" value="1" instance="-1"/>')
    held = database(entry("a") + entry("a") + entry("b", condition))
    check(held, x01020003={"a": 1, "a:1": 2, "b": 3}, x02010003={"a": 2, "a:1": 1})


def test_what_decides_a_container_may_follow_a_dynamic_part() -> None:
    held = database(
        entry("n") + entry("a", repeat(dynamic("n"))) + entry("m"),
        more="""<SequenceContainer name="D"><EntryList><ParameterRefEntry parameterRef="b"/></EntryList><BaseContainer containerRef="C">
        <RestrictionCriteria><Comparison parameterRef="m" value="ON"/></RestrictionCriteria></BaseContainer></SequenceContainer>""",
    )
    check(held, x020506011234={"n": 2, "a[]": [5, 6], "m": 1, "b": 0x1234}, x0100001234={"n": 1, "a[]": [0], "m": 0})


def test_fixed_arrays_and_repeats_inside_repeated_containers() -> None:
    two = "<FixedValue>2</FixedValue>"
    types = ARRAY.format("v", "u8", dimension("<FixedValue>0</FixedValue>", "<FixedValue>1</FixedValue>"))
    held = database(
        entry("n") + f'<ContainerRefEntry containerRef="I">{repeat(dynamic("n"))}</ContainerRefEntry>',
        types,
        parameter("v", "v"),
        f'<SequenceContainer name="I"><EntryList>{entry("v")}{entry("k", repeat(two))}</EntryList></SequenceContainer>',
    )
    check(held, x020102030405060708={"n": 2, "v[][0]": [1, 5], "v[][1]": [2, 6], "k[][0]": [3, 7], "k[][1]": [4, 8]})
    assert Decoder(held).decode(batch_of([bytes.fromhex("020102030405060708")])).containers[0].samples() == 9


def test_a_parameter_alone_and_repeated() -> None:
    alone = include('<Comparison parameterRef="n" comparisonOperator="&gt;" value="2"/>')
    held = database(entry("n") + entry("a", alone) + entry("a", repeat(dynamic("n"))))
    check(held, x010a={"n": 1, "a[]": [10]}, x0309010203={"n": 3, "a": 9, "a[]": [1, 2, 3]})


def test_lists_have_engineering_values() -> None:
    held = database(entry("n") + entry("m", repeat(dynamic("n"))) + entry("h", repeat(dynamic("n"))))
    decoder = Decoder(held)
    (rows,) = decoder.decode(batch_of([bytes.fromhex(text) for text in ("03", "0201000306", "0101ff", "00")]))
    made = engineering(decoder.compiled, rows.container, rows.raw)
    assert [plain(v) for v in made["/S/m[]"].values] == [None, ["ON", "OFF"], ["ON"], None]
    assert [plain(v) for v in made["/S/h[]"].values] == [None, [1.5, 3.0], [127.5], None]


def test_restrictions_on_earlier_and_repeated_instances() -> None:
    restriction = '<RestrictionCriteria><Comparison parameterRef="{}" value="7" instance="{}"/></RestrictionCriteria>'
    child = """<SequenceContainer name="D"><EntryList><ParameterRefEntry parameterRef="n"/></EntryList>
      <BaseContainer containerRef="C">{}</BaseContainer></SequenceContainer>"""
    twice = database(entry("a") + entry("a"), more=child.format(restriction.format("a", "-1")))
    check(twice, x070109={"a": 7, "a:1": 1, "n": 9}, x010709={"a": 1, "a:1": 7})
    three = entry("a", repeat("<FixedValue>3</FixedValue>"))
    last = database(three, more=child.format(restriction.format("a", "0")))
    check(last, x01020709={"a[0]": 1, "a[1]": 2, "a[2]": 7, "n": 9}, x07020109={"a[0]": 7, "a[1]": 2, "a[2]": 1})
    before = database(three, more=child.format(restriction.format("a", "2")))
    check(before, x07020109={"a[0]": 7, "a[1]": 2, "a[2]": 1, "n": 9})


def test_hostile_sizes_cost_no_more_than_the_packet_is_long() -> None:
    """A count of nothing, texts without an end, and sizes beyond everything stay within bounds."""
    nothing = database(
        entry("b") + f'<ContainerRefEntry containerRef="I">{repeat(dynamic("b"))}</ContainerRefEntry>',
        more=f"""<SequenceContainer name="I"><EntryList>{entry("q", include('<Comparison parameterRef="b" value="1"/>'))}
        </EntryList></SequenceContainer>""",
    )
    assert decode(nothing, [b"\x40\x00" + bytes(8)])[0] == {"b": 0x4000, "!": SHORT}
    huge = database(entry("b") + entry("o"), BINARY.format("octets", dynamic("b", "1e9")), parameter("o", "octets"))
    assert decode(huge, [b"\xff\xff" + bytes(8), b"\x00\x00", b"\x00\x01"])[1:] == [{"b": 0, "o": b""}, {"b": 1}]
    assert "does not say it" in decode(huge, [b"\xff\xff" + bytes(8)])[0]["!"]


def test_definitions_that_hold_themselves_end() -> None:
    facts = TypeFacts("/S/t")
    for kind in (
        AggregateType(facts, (Member("x", "/S/t"), Member("y", "/S/t"))),
        ArrayType(facts, "/S/t", ((0, 3),)),
        ArrayType(facts, "/S/t", ((0, DynamicSize(Reference("/S/n"))),)),
    ):
        held = Database("S", "1", "", {"/S/t": kind, "/S/u": IntegerType(TypeFacts("/S/u"), IntegerEncoding(8))})
        held.parameters.update({"/S/p": Parameter("/S/p", "/S/t"), "/S/n": Parameter("/S/n", "/S/u")})
        held.containers["/S/C"] = Container("/S/C", (ParameterEntry("/S/n"), ParameterEntry("/S/p")))
        assert "holds itself" in decode(held, [b"\x03" * 40])[0]["!"]
        held.containers["/S/C"] = Container("/S/C", (ParameterEntry("/S/n"), ContainerEntry("/S/C")))
        assert "contains itself" in decode(held, [b"\x03" * 40])[0]["!"]


def test_dimensions_of_nothing_take_no_time() -> None:
    huge, none = ("<FixedValue>1099511627776</FixedValue>", "<FixedValue>0</FixedValue>")
    types = ARRAY.format("v", "u8", dimension(none, huge) + dimension(none, dynamic("n", "1", "-1")))
    held = database(entry("n") + entry("v") + entry("a"), types, parameter("v", "v"))
    check(held, x0007={"n": 0, "a": 7}, x0107={"n": 1, "!": "more than 20000 fields"})


def test_a_reference_to_an_abstract_container_reads_the_one_that_inherits() -> None:
    """A list of reports of different kinds, each with its kind in front."""
    child = """<SequenceContainer name="{}"><EntryList>{}</EntryList><BaseContainer containerRef="R"><RestrictionCriteria>
      <Comparison parameterRef="k" value="{}"/></RestrictionCriteria></BaseContainer></SequenceContainer>"""
    held = database(
        entry("n") + f'<ContainerRefEntry containerRef="R">{repeat(dynamic("n"))}</ContainerRefEntry>' + entry("q"),
        more=f'<SequenceContainer name="R" abstract="true"><EntryList>{entry("k")}</EntryList></SequenceContainer>'
        + child.format("R1", entry("a"), 1)
        + child.format("R2", entry("b"), 2),
    )
    check(
        held,
        x030105020102030fF0={"n": 3, "k[]": [1, 2, 3], "a[]": [5], "b[]": [0x0102], "q": 0},
        x01010570={"n": 1, "k[]": [1], "a[]": [5], "q": 7},
        x010970={"n": 1, "k[]": [9], "q": 7},
    )
