"""Values that the packet repeats: what their calibration, and restrictions, see of the packet and of their own repetition."""

import numpy as np
import pytest

from aelita.mdb import Reference
from aelita.telemetry import Decoder, Values
from bench_database import batch_of
from xtce_text import INTEGER, load


def context(parameter: str, value: int, factor: int) -> str:
    return (
        f'<ContextCalibrator><ContextMatch><Comparison parameterRef="{parameter}" value="{value}"/></ContextMatch><Calibrator>'
        f'<PolynomialCalibrator><Term coefficient="{factor}" exponent="1"/></PolynomialCalibrator></Calibrator></ContextCalibrator>'
    )


def typed(name: str, *contexts: str) -> str:
    held = f"<ContextCalibratorList>{''.join(contexts)}</ContextCalibratorList>"
    return (
        f'<FloatParameterType name="{name}"><IntegerDataEncoding sizeInBits="8">{held}</IntegerDataEncoding></FloatParameterType>'
    )


TYPES = INTEGER + typed("Own", context("id", 1, 10), context("id", 2, 100)) + typed("Packet", context("mode", 7, 1000))
PARAMETERS = "".join(
    f'<Parameter name="{name}" parameterTypeRef="{kind}"/>'
    for name, kind in (("mode", "u8"), ("count", "u8"), ("id", "u8"), ("own", "Own"), ("packet", "Packet"), ("tail", "u8"))
)
COUNT = '<RepeatEntry><Count><DynamicValue><ParameterInstanceRef parameterRef="count"/></DynamicValue></Count></RepeatEntry>'
CONTAINERS = f"""<SequenceContainer name="Part"><EntryList><ParameterRefEntry parameterRef="id"/>
  <ParameterRefEntry parameterRef="own"/><ParameterRefEntry parameterRef="packet"/></EntryList></SequenceContainer>
  <SequenceContainer name="C"><EntryList><ParameterRefEntry parameterRef="mode"/><ParameterRefEntry parameterRef="count"/>
  <ContainerRefEntry containerRef="Part">{COUNT}</ContainerRefEntry></EntryList></SequenceContainer>
  <SequenceContainer name="D"><EntryList><ParameterRefEntry parameterRef="tail"/></EntryList>
  <BaseContainer containerRef="C"><RestrictionCriteria><Comparison parameterRef="id" value="9"/></RestrictionCriteria>
  </BaseContainer></SequenceContainer>"""
PACKETS = [bytes([7, 2, 1, 5, 6, 2, 5, 6]), bytes([8, 0]), bytes([8, 3, 2, 1, 1, 3, 2, 2, 1, 3, 3])]
OWN = [[50.0, 500.0], [], [100.0, 2.0, 30.0]]
PACKET = [[6000.0, 6000.0], [], [1.0, 2.0, 3.0]]


@pytest.mark.parametrize("times", [1, 20])  # one by one, and by shape
def test_calibrations_of_repeated_values(times: int) -> None:
    decoder = Decoder(load(TYPES, PARAMETERS, CONTAINERS), "/S/C")
    (rows,) = decoder.decode(batch_of(PACKETS * times))
    values = Values(decoder.compiled, rows.raw, rows.packet.size)
    for name, truth in (("own", OWN), ("packet", PACKET)):
        made = values.engineering(f"/S/{name}[]").values
        assert [[] if cell is None else list(cell) for cell in made] == truth * times
    latest = values.value(Reference("/S/id"))
    assert latest is not None
    assert latest.values[latest.mask()].tolist() == [2, 1] * times
    before = values.value(Reference("/S/own", instance=-1))
    assert before is not None
    assert before.values[before.mask()].tolist() == [50.0, 2.0] * times


@pytest.mark.parametrize("times", [1, 20])
def test_restriction_on_a_repeated_value_takes_the_last_one(times: int) -> None:
    decoder = Decoder(load(TYPES, PARAMETERS, CONTAINERS), "/S/C")
    ends = [bytes([1, 2, 9, 0, 0, 4, 0, 0, 77]), bytes([1, 2, 4, 0, 0, 9, 0, 0, 78]), bytes([1, 1, 9, 0, 0, 79])]
    found = {rows.container: rows for rows in decoder.decode(batch_of(ends * times))}
    assert found["/S/D"].raw["/S/tail"].values.tolist() == [78, 79] * times
    assert found["/S/C"].packet.tolist() == list(range(0, 3 * times, 3))


def test_samples_count_scalars_that_were_read() -> None:
    """Each element is one; a list of which an element lies beyond the packet is no value, and so none."""
    decoder = Decoder(load(TYPES, PARAMETERS, CONTAINERS), "/S/C")
    (rows,) = decoder.decode(batch_of(PACKETS))
    assert rows.samples() == 3 * 2 + 3 * (2 + 0 + 3)
    assert rows.samples(frozenset(["/S/mode"])) == 3 + 15
    (short,) = decoder.decode(batch_of([PACKETS[0][:6]]))
    assert short.samples() == 2 + 2
    assert np.asarray(short.raw["/S/id[]"].values[0]).tolist() == [1, 2]


def test_samples_of_arrays_aggregates_texts_and_wrong_values() -> None:
    dimension = "<Dimension><StartingIndex><FixedValue>0</FixedValue></StartingIndex><EndingIndex><FixedValue>{}</FixedValue></EndingIndex></Dimension>"
    array = '<ArrayParameterType name="{}" arrayTypeRef="u8"><DimensionList>{}</DimensionList></ArrayParameterType>'
    types = f"""{INTEGER}{array.format("few", dimension.format(2))}{array.format("many", dimension.format(99))}
      <AggregateParameterType name="G"><MemberList><Member name="x" typeRef="u8"/><Member name="y" typeRef="few"/></MemberList>
      </AggregateParameterType><StringParameterType name="text"><StringDataEncoding><SizeInBits><Fixed><FixedValue>40</FixedValue>
      </Fixed></SizeInBits></StringDataEncoding></StringParameterType><IntegerParameterType name="bcd">
      <IntegerDataEncoding sizeInBits="8" encoding="packedBCD"/></IntegerParameterType>"""
    held = {"few": "few", "many": "many", "g": "G", "text": "text", "bcd": "bcd"}
    parameters = "".join(f'<Parameter name="{name}" parameterTypeRef="{kind}"/>' for name, kind in held.items())
    entries = "".join(f'<ParameterRefEntry parameterRef="{name}"/>' for name in held)
    decoder = Decoder(
        load(types, parameters, f'<SequenceContainer name="C"><EntryList>{entries}</EntryList></SequenceContainer>')
    )
    body = bytes(3 + 100 + 4) + b"hello"
    (rows,) = decoder.decode(batch_of([body + b"\x42", body + b"\xaf", body[:103]]))
    assert rows.samples() == (3 + 100 + 4 + 1 + 1) + (3 + 100 + 4 + 1) + (3 + 100)
