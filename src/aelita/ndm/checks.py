"""What keywords of a message ask of each other, beyond what each table row says."""

import re
from collections.abc import Callable, Iterator, Mapping
from itertools import pairwise

import numpy as np

from .epochs import Epochs
from .faults import NdmError
from .model import Block, Message, Rows, Value
from .tables_comprehensive import ELEMENTS, MANEUVER_UNITS
from .values import tidy

Found = tuple[str, str, str]  # keyword, what is wrong, what to do
Lines = tuple[tuple[int, tuple[int, ...]], ...]  # of the metadata, and of each block of data
CELESTIAL = re.compile(r"(EME2000|J2000|GCRF|ICRF|ITRF|TOD|TEME|MOD|GTOD|TDR|GRC|MCI)(?![A-Z])")
SPACECRAFT = re.compile(  # 504.0-B-2, annex B3
    r"(ACC|ACTUATOR|AST|CSS|DSS|ESA|GYRO|IMU|INSTRUMENT|MTA|RW|SA|SC_BODY|SENSOR|STARTRACKER|TAM)(?![A-Z])"
)


def check(message: Message, where: str, lines: Lines = ()) -> None:
    """Refuse a message whose parts do not agree; `lines` are those of its blocks, where it was read. Raises NdmError."""
    for at, segment in enumerate(message.segments):
        of_metadata, of_data = lines[at] if lines else (0, (0,) * len(segment.data))
        for keyword, what, remedy in _of_metadata(message, at):
            raise NdmError(what, where=where, line=of_metadata, keyword=keyword, remedy=remedy)
        for block, line in zip(segment.data, of_data, strict=False):
            for keyword, what, remedy in _of_block(message, segment.metadata.values, block):
                raise NdmError(what, where=where, line=line, keyword=keyword, remedy=remedy)


def _of_metadata(message: Message, at: int) -> Iterator[Found]:
    metadata, first = message.segments[at].metadata, message.segments[0].metadata
    same = {"OEM": ("OBJECT_ID", "TIME_SYSTEM"), "TDM": ("TIME_SYSTEM",)}.get(message.kind, ())
    for keyword in same:  # 502.0-B-3, 5.1.3 and 5.2.4.5
        if metadata[keyword] != first[keyword]:
            what = f"{keyword} is {metadata[keyword]!s} in segment {at + 1} but {first[keyword]!s} in the first"
            yield keyword, what, "Write one message for each"
    if message.kind == "TDM" and not any(keyword.startswith("PARTICIPANT_") for keyword in metadata.values):
        yield "PARTICIPANT_1", "no PARTICIPANT_n: at least one is mandatory", "Name who takes part, from PARTICIPANT_1 on"
    if message.kind == "CDM" and metadata["OBJECT"] != f"OBJECT{at + 1}":
        yield "OBJECT", f"OBJECT is {metadata['OBJECT']!s}, where OBJECT{at + 1} must stand", ""
    if message.kind == "AEM":
        yield from _frames(message, metadata, "REF_FRAME_A", "REF_FRAME_B")
    if message.kind == "APM" and message.version != "1.0" and len(message.segments[at].data) < 2:
        yield "EPOCH", "the message states nothing: it needs one block at least", "Add QUAT_START ... QUAT_STOP, or another"


def _of_block(message: Message, metadata: Mapping[str, Value], block: Block) -> Iterator[Found]:
    if isinstance(block.rows, Rows) and block.name in {"ephemeris", "attitude", "traj", "att"}:
        yield from _rising(block.rows.epochs, block.name, repeated=block.name == "ephemeris")
    for rule in _RULES.get((message.kind, block.name), ()):
        yield from rule(message, block)


def _rising(epochs: Epochs, name: str, *, repeated: bool) -> Iterator[Found]:
    day, of_day = np.diff(epochs.day), np.diff(epochs.of_day_ns)
    back = (day < 0) | ((day == 0) & (of_day < (0 if repeated else 1)))
    if back.any():
        at = int(np.argmax(back))
        yield name, f"the epochs of {name} do not rise: {epochs[at]} then {epochs[at + 1]}", "Sort them, or begin another block"


def _one_of(*keywords: str) -> "Rule":
    def rule(message: Message, block: Block) -> Iterator[Found]:
        given = [keyword for keyword in keywords if keyword in block]
        if len(given) != 1:
            stand = " and ".join(given) if given else "neither"
            yield keywords[0], f"one of {' or '.join(keywords)} must stand in {block.name}, not {stand}", ""

    return rule


def _together(*keywords: str) -> "Rule":
    def rule(message: Message, block: Block) -> Iterator[Found]:
        missing = [keyword for keyword in keywords if keyword not in block]
        if missing and len(missing) < len(keywords):
            yield missing[0], f"{missing[0]} is missing beside {next(k for k in keywords if k in block)} in {block.name}", ""

    return rule


def _needs(keyword: str, other: str) -> "Rule":
    def rule(message: Message, block: Block) -> Iterator[Found]:
        if keyword in block and other not in block:
            yield other, f"{keyword} needs {other}, which is missing in {block.name}", ""

    return rule


def _frames(message: Message, block: Block, first: str, second: str) -> Iterator[Found]:
    """One frame must be of the spacecraft (504.0-B-1): two that are known to be of the sky, or of the craft, are refused."""
    frames = [str(block.values[name]).upper().replace(" ", "_") for name in (first, second)]
    if all(CELESTIAL.match(frame) for frame in frames):
        yield first, f"neither {first} ({frames[0]}) nor {second} ({frames[1]}) is a frame of the spacecraft", "One must be"
    if message.version == "1.0" and all(SPACECRAFT.match(frame) for frame in frames):
        what = f"{first} ({frames[0]}) and {second} ({frames[1]}) are both frames of the spacecraft"
        yield first, what, "One must be a frame outside"


def _framed(message: Message, block: Block) -> Iterator[Found]:
    first, second = (next(name for name in block.values if name.endswith(end)) for end in ("FRAME_A", "FRAME_B"))
    yield from _frames(message, block, first, second)


def _purpose(message: Message, block: Block) -> Iterator[Found]:
    purposes = {purpose.strip().upper().replace(" ", "_") for purpose in block.text("MAN_PURPOSE").split(",")}
    for purpose, needed in (
        ("MOM_DESAT", "TARGET_MOMENTUM"),
        ("ATT_ADJUST", "TARGET_ATTITUDE"),
        ("SPIN_RATE_ADJUST", "TARGET_SPINRATE"),
    ):
        if purpose in purposes and needed not in block:
            yield needed, f"MAN_PURPOSE {purpose} needs {needed}, which is missing", ""
    for keyword, size in (("TARGET_MOMENTUM", 3), ("TARGET_ATTITUDE", 4)):
        value = block.values.get(keyword)
        if isinstance(value, tuple) and len(value) != size:
            yield keyword, f"{keyword} has {len(value)} numbers, not {size}", ""


def _states(message: Message, block: Block) -> Iterator[Found]:
    if isinstance(block.rows, Rows) and len(block.rows.columns) != block["NUMBER_STATES"]:
        what = f"NUMBER_STATES is {block['NUMBER_STATES']!s}, but ATT_TYPE and RATE_TYPE make {len(block.rows.columns)}"
        yield "NUMBER_STATES", what, ""


def _sensors(message: Message, block: Block) -> Iterator[Found]:
    numbers = [int(sensor.number("SENSOR_NUMBER")) for sensor in block.blocks if "SENSOR_NUMBER" in sensor]
    if any(later <= earlier for earlier, later in pairwise(numbers)):  # 504.0-B-2, table 5-8
        gaps = sorted(set(range(1, max(numbers))) - set(numbers))
        missing = f", and {', '.join(map(str, gaps))} is missing" if gaps else ""
        yield "SENSOR_NUMBER", f"the sensors are numbered {', '.join(map(str, numbers))}, which does not rise{missing}", ""
    for sensor in block.blocks:
        noise, size = sensor.values.get("SENSOR_NOISE_STDDEV"), sensor.values.get("NUMBER_SENSOR_NOISE_COVARIANCE")
        if isinstance(noise, tuple) and size is not None and len(noise) != size:
            what = f"SENSOR_NOISE_STDDEV of sensor {sensor.values.get('SENSOR_NUMBER', '?')} has {len(noise)} numbers, "
            yield "SENSOR_NOISE_STDDEV", f"{what}but NUMBER_SENSOR_NOISE_COVARIANCE is {size!s}", ""


def _composition(message: Message, block: Block) -> Iterator[Found]:
    names = [name.strip().upper() for name in block.text("MAN_COMPOSITION").split(",")]
    if names[0] not in {"TIME_ABSOLUTE", "TIME_RELATIVE"}:
        what = f"MAN_COMPOSITION begins with {names[0]}, not with a time (TIME_ABSOLUTE or TIME_RELATIVE)"
        yield "MAN_COMPOSITION", what, "Begin it, and each line, with the time of the maneuver"
    unknown = [name for name in names if name not in MANEUVER_UNITS]
    if unknown:
        yield "MAN_COMPOSITION", f"{unknown[0]} is no element of a maneuver", ""
    if len(set(names)) < len(names):
        yield "MAN_COMPOSITION", "an element stands twice in MAN_COMPOSITION", ""
    yield from _units(block, "MAN_UNITS", [MANEUVER_UNITS[n] for n in names if n in MANEUVER_UNITS and not n.startswith("TIME")])


def _trajectory(message: Message, block: Block) -> Iterator[Found]:
    elements = ELEMENTS.get(block.text("TRAJ_TYPE", "CARTPV").upper())
    if elements:
        yield from _units(block, "TRAJ_UNITS", [element.split(":")[1] for element in elements.split()])


def _units(block: Block, keyword: str, needed: list[str]) -> Iterator[Found]:
    """Units said of lines must be those of the standard, which they cannot change (502.0-B-3, 6.2.5)."""
    if keyword not in block:
        return
    given = [unit.strip() for unit in tidy(block.text(keyword)).strip("[] ").split(",")]
    if len(given) != len(needed):
        yield keyword, f"{keyword} has {len(given)} units for {len(needed)} values", ""
    for at, (unit, right) in enumerate(zip(given, needed, strict=False)):
        if unit.casefold() != right.casefold():
            yield (
                keyword,
                f"{keyword}: the unit of value {at + 1} is [{unit[:40]}], not [{right}] of the standard",
                "Convert the values",
            )


Rule = Callable[[Message, Block], Iterator[Found]]
_RULES: dict[tuple[str, str], tuple[Rule, ...]] = {
    ("OPM", "keplerianElements"): (_one_of("TRUE_ANOMALY", "MEAN_ANOMALY"),),
    ("OMM", "meanElements"): (_one_of("MEAN_MOTION", "SEMI_MAJOR_AXIS"),),
    ("OCM", "traj"): (_needs("ORB_REVNUM", "ORB_REVNUM_BASIS"), _trajectory),
    ("OCM", "man"): (_composition,),
    ("APM", "spin"): (
        _together("NUTATION", "NUTATION_PER", "NUTATION_PHASE"),
        _together("MOMENTUM_ALPHA", "MOMENTUM_DELTA", "NUTATION_VEL"),
        _framed,
    ),
    ("APM", "quaternionState"): (_together("Q1_DOT", "Q2_DOT", "Q3_DOT", "QC_DOT"), _framed),
    ("APM", "eulerAngleState"): (_together("ANGLE_1_DOT", "ANGLE_2_DOT", "ANGLE_3_DOT"), _framed),
    ("APM", "angularVelocity"): (_framed,),
    ("APM", "eulerElementsThree"): (_framed,),
    ("APM", "eulerElementsSpin"): (_together("NUTATION", "NUTATION_PER", "NUTATION_PHASE"), _framed),
    ("ACM", "att"): (_states,),
    ("ACM", "man"): (_one_of("MAN_END_TIME", "MAN_DURATION"), _purpose, _needs("TARGET_MOMENTUM", "TARGET_MOM_FRAME")),
    ("ACM", "ad"): (_sensors,),
}
