"""The peer benchmark's packets as one flat XTCE document that both Aelita and space-packet-parser read."""

from typing import Any
from xml.sax.saxutils import quoteattr

HEADER = (
    ("VERSION", 3),
    ("TYPE", 1),
    ("SEC_HDR_FLG", 1),
    ("PKT_APID", 11),
    ("SEQ_FLGS", 2),
    ("SRC_SEQ_CTR", 14),
    ("PKT_LEN", 16),
)
SECOND = (("PUS", 8), ("SERVICE", 8), ("SUBTYPE", 8), ("COUNTER", 16), ("DESTINATION", 16), ("SECONDS", 32), ("FRACTION", 16))
OPENING = '<?xml version="1.0" encoding="UTF-8"?>\n<SpaceSystem xmlns="http://www.omg.org/spec/XTCE/20180204" name="flat">'


def integer(bits: int, *, signed: bool = False, inside: str = "") -> str:
    """Return an integer encoding."""
    encoding = "twosComplement" if signed else "unsigned"
    return f'<IntegerDataEncoding sizeInBits="{bits}" encoding="{encoding}">{inside}</IntegerDataEncoding>'


def words(pairs: list[tuple[int, str]]) -> str:
    """Return an enumeration list."""
    items = "".join(f'<Enumeration value="{value}" label={quoteattr(label)}/>' for value, label in pairs)
    return f"<EnumerationList>{items}</EnumerationList>"


def calibrator(p: Any) -> str:
    """Return the calibrator of a parameter of the model, if it has one."""
    if p.calibrator is None:
        return ""
    kind, *numbers = p.calibrator
    if kind == "poly":
        inside = "".join(f'<Term coefficient="{c!r}" exponent="{i}"/>' for i, c in enumerate(numbers[0]))
        return f"<DefaultCalibrator><PolynomialCalibrator>{inside}</PolynomialCalibrator></DefaultCalibrator>"
    inside = "".join(f'<SplinePoint raw="{x!r}" calibrated="{y!r}"/>' for x, y in zip(*numbers, strict=True))
    return f'<DefaultCalibrator><SplineCalibrator order="1">{inside}</SplineCalibrator></DefaultCalibrator>'


def alarm(p: Any) -> str:
    """Return the limits of a parameter of the model, if it has any."""
    if not p.limits:
        return ""
    low, high, lowest, highest = p.limits
    return (
        f'<DefaultAlarm><StaticAlarmRanges><WarningRange minInclusive="{low}" maxInclusive="{high}"/>'
        f'<CriticalRange minInclusive="{lowest}" maxInclusive="{highest}"/></StaticAlarmRanges></DefaultAlarm>'
    )


def kind_of(model: Any, p: Any, name: str, *, full: bool) -> str:
    """Return the type of a parameter of the model, `full` with calibrator, limits and labels, else raw numbers only."""
    bits = model.BITS[p.kind]
    if p.kind in ("f32", "f64"):
        inside = f'<FloatDataEncoding sizeInBits="{bits}" encoding="IEEE754"/>'
        return f'<FloatParameterType name="{name}" sizeInBits="{bits}">{inside}{alarm(p) if full else ""}</FloatParameterType>'
    if full and p.kind in ("enum", "b_mode"):
        listed = words(model.ENUM if p.kind == "enum" else model.MODE)
        return f'<EnumeratedParameterType name="{name}">{integer(bits)}{listed}</EnumeratedParameterType>'
    encoding = integer(bits, signed=p.kind == "i16", inside=calibrator(p) if full else "")
    if full and p.calibrator:
        return f'<FloatParameterType name="{name}" sizeInBits="64">{encoding}{alarm(p)}</FloatParameterType>'
    return (
        f'<IntegerParameterType name="{name}" signed="{"true" if p.kind == "i16" else "false"}">{encoding}</IntegerParameterType>'
    )


def document(types: list[str], names: list[str], containers: str) -> str:
    """Return a whole document; type N_t is that of parameter N."""
    parameters = "".join(f'<Parameter name="{n}" parameterTypeRef="{n}_t"/>' for n in names)
    return (
        f"{OPENING}<TelemetryMetaData><ParameterTypeSet>{''.join(types)}</ParameterTypeSet><ParameterSet>{parameters}</ParameterSet>"
        f"<ContainerSet>{containers}</ContainerSet></TelemetryMetaData></SpaceSystem>\n"
    )


def unsigned(names: list[tuple[str, int]]) -> list[str]:
    """Return types of unsigned integers."""
    return [f'<IntegerParameterType name="{n}_t" signed="false">{integer(bits)}</IntegerParameterType>' for n, bits in names]


def entries(names: list[str], start: int = 0) -> str:
    """Return the entries of a container: parameters one after another, from bit `start` on."""
    place = f"<FixedValue>{start}</FixedValue>"
    where = f'<LocationInContainerInBits referenceLocation="containerStart">{place}</LocationInContainerInBits>'
    listed = [f'<ParameterRefEntry parameterRef="{n}">{"" if i else where}</ParameterRefEntry>' for i, n in enumerate(names)]
    return f"<EntryList>{''.join(listed)}</EntryList>"


def base(apid: int) -> str:
    """Return what a container below the header says of its base."""
    return (
        '<BaseContainer containerRef="CCSDSPacket"><RestrictionCriteria>'
        f'<Comparison parameterRef="PKT_APID" value="{apid}" useCalibratedValue="false"/></RestrictionCriteria></BaseContainer>'
    )


def flat_document(model: Any, *, full: bool) -> str:
    """Return the document of all packets of the model: a container of headers, and one below it for each APID."""
    head = [*HEADER, *SECOND, ("CRC", 16)]
    types, names = unsigned(head), [n for n, _ in head]
    made = f'<SequenceContainer name="CCSDSPacket" abstract="true">{entries(names[:-1])}</SequenceContainer>'
    for apid in model.APIDS:
        mine = [f"{p.sub}_{p.name}" for p in model.params_of(apid)]
        types += [kind_of(model, p, f"{n}_t", full=full) for p, n in zip(model.params_of(apid), mine, strict=True)]
        names += mine
        subsystem = model.SUBSYSTEMS[apid - model.APID0]
        made += f'<SequenceContainer name="{subsystem}">{entries([*mine, "CRC"], start=152)}{base(apid)}</SequenceContainer>'
    return document(types, names, made)
