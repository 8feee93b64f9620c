"""Messages of every kind made at random come back equal in both forms; what breaks a standard is refused, read or written."""

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from aelita.ndm import Block, Composite, Epoch, Epochs, Message, Observations, Rows, Segment, read, write
from aelita.ndm.columns import layout
from aelita.ndm.model import Value
from aelita.ndm.standards import STANDARDS
from aelita.ndm.tables import Keyword, Section, Standard
from aelita.ndm.tables_attitude import ATTITUDES, DIAGONALS
from aelita.ndm.tables_comprehensive import ELEMENTS, MANEUVER_UNITS, WORDS
from aelita.ndm.tables_tracking import OBSERVABLES
from aelita.ndm.values import Place

WORD = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S"]), min_size=1, max_size=8).filter(
    lambda t: t.split() == [t]
)
TEXT = st.lists(WORD, min_size=1, max_size=3).map(" ".join).filter(lambda text: "[" not in text)
FINITE = st.floats(allow_nan=False, allow_infinity=False)
COMMENTS = st.lists(st.tuples(st.sampled_from(["", " ", "   "]), TEXT).map("".join), max_size=2).map(tuple)
PLACE = Place("made", 0, "made")


def epochs(scale: str, count: int) -> st.SearchStrategy[Epochs]:
    """Epochs that rise, in any year of four figures."""
    steps = st.lists(st.tuples(st.integers(0, 3), st.integers(1, 10**13)), min_size=count, max_size=count)

    def rising(parts: tuple[int, list[tuple[int, int]]]) -> Epochs:
        day, of_day, column = parts[0], 0, []
        for days, ns in parts[1]:
            day, of_day = day + days, of_day + ns
            day, of_day = day + of_day // (86_400 * 10**9), of_day % (86_400 * 10**9)
            column.append((day, of_day))
        return Epochs(scale, *np.array(column, np.int64).reshape(-1, 2).T)

    return st.tuples(st.integers(-300_000, 2_900_000), steps).map(rising)


def epoch(scale: str) -> st.SearchStrategy[Epoch]:
    return epochs(scale, 1).map(lambda column: column[0])


def value(keyword: Keyword, scale: str) -> st.SearchStrategy[Any]:
    match keyword.kind:
        case "e" | "r":
            return epoch(scale) if keyword.kind == "e" else st.one_of(FINITE, epoch(scale))
        case "u" | "n":
            return epoch("UTC")
        case "f":
            return FINITE
        case "i":
            return st.integers(-(10**17), 10**17)
        case "v":
            return st.lists(FINITE, min_size=1, max_size=4).map(tuple)
        case "x":
            return st.sampled_from(["321", "123", "ZXZ", "XYZ", "312"])
        case "=":
            return st.sampled_from(keyword.choices)
        case "p":
            return st.sampled_from(["1,2", "2,1", "1,2,1"])
        case _:
            return TEXT


class Maker:
    """Draws a message of one standard."""

    def __init__(self, draw: st.DrawFn, standard: Standard, version: str) -> None:
        self.draw, self.standard, self.version = draw, standard, version
        self.scale = standard.scale or draw(st.sampled_from(["TDB", "TAI", "TT", "UT1", "MRT"]))

    def message(self) -> Message:
        header = self.block(self.standard.header, "UTC")
        lead = None if self.standard.lead is None else self.block(self.standard.lead, self.scale)
        count = (
            1
            if self.standard.segments[1] == 1
            else self.standard.segments[0]
            if self.standard.lead
            else self.draw(st.integers(1, 2))
        )
        return Message(self.standard.kind, self.version, header, tuple(self.segment(at) for at in range(count)), lead)

    def segment(self, at: int) -> Segment:
        metadata = self.block(self.standard.metadata, self.scale)
        fixed: dict[str, Value] = {}
        if "TIME_SYSTEM" in self.standard.metadata.keywords:
            fixed["TIME_SYSTEM"] = self.scale
        if self.standard.kind == "CDM":
            fixed["OBJECT"] = f"OBJECT{at + 1}"
        if self.standard.kind == "OEM":
            fixed["OBJECT_ID"] = "2016-017A"
        if self.standard.kind == "TDM":
            fixed["PARTICIPANT_1"] = "DSS-25"
        if self.standard.kind == "AEM":
            fixed["ATTITUDE_TYPE"] = self.draw(st.sampled_from(sorted(ATTITUDES)))
            fixed |= {"REF_FRAME_A": "ICRF", "REF_FRAME_B": "SC_BODY_1"}
        metadata = self.ordered(self.standard.metadata, replace(metadata, values={**metadata.values, **fixed}))
        blocks = []
        for section in self.standard.data:
            for _ in range(self.draw(st.integers(0, 2)) if section.many else int(section.mandatory or self.draw(st.booleans()))):
                blocks.append(self.data(section, metadata))
        if self.standard.kind == "APM" and len(blocks) < 2:
            blocks.append(self.data(self.standard.data[1], metadata))
        return Segment(metadata, tuple(block for block in blocks if block.values or block.rows or self.stem(block)))

    def stem(self, block: Block) -> bool:
        return any(section.name == block.name and section.stem for section in self.standard.data)

    def ordered(self, section: Section, block: Block) -> Block:
        return replace(block, values=dict(sorted(block.values.items(), key=lambda item: section.places.get(item[0], 999))))

    def block(self, section: Section, scale: str) -> Block:
        values: dict[str, Value] = {}
        for name, keyword in section.keywords.items():
            if keyword.holds_in(self.version) and (keyword.mandatory or self.draw(st.integers(0, 4)) == 0):
                values[name] = self.draw(value(keyword, scale))
        if section.user:
            values["USER_DEFINED_" + self.draw(st.from_regex(r"[A-Za-z0-9_]{1,6}", fullmatch=True))] = self.draw(TEXT)
        return Block(section.name, values, self.draw(COMMENTS))

    def data(self, section: Section, metadata: Block) -> Block:
        block = self.block(section, self.scale)
        values = self.agreeing(section, dict(block.values))
        inner = tuple(replace(self.block(i, self.scale), values={"SENSOR_NUMBER": n}) for n in (1, 2) for i in section.sections)
        block = self.ordered(section, replace(block, values=values, blocks=inner))
        if not (section.stem or section.rows or block.values):
            return replace(block, comments=())
        return replace(block, rows=self.rows(section, {**metadata.values, **block.values}))

    def agreeing(self, section: Section, values: dict[str, Value]) -> dict[str, Value]:
        """Give the values what the standards ask between keywords."""
        frames = {
            name: frame
            for name in values
            for end, frame in (("FRAME_A", "EME2000"), ("FRAME_B", "SC_BODY_1"))
            if name.endswith(end)
        }
        values |= frames
        for one, other in (
            ("TRUE_ANOMALY", "MEAN_ANOMALY"),
            ("MEAN_MOTION", "SEMI_MAJOR_AXIS"),
            ("MAN_END_TIME", "MAN_DURATION"),
        ):
            if (
                one in section.keywords
                and other in section.keywords
                and section.name in {"keplerianElements", "meanElements", "man"}
            ):
                values.pop(other, None)
                values[one] = 1.5
        for group in (("NUTATION", "NUTATION_PER", "NUTATION_PHASE"), ("MOMENTUM_ALPHA", "MOMENTUM_DELTA", "NUTATION_VEL")):
            self.whole(section, values, group)
        self.whole(section, values, ("Q1_DOT", "Q2_DOT", "Q3_DOT", "QC_DOT"))
        self.whole(section, values, ("ANGLE_1_DOT", "ANGLE_2_DOT", "ANGLE_3_DOT"))
        match section.rows or (self.standard.kind, section.name):
            case "trajectory":
                values |= {"TRAJ_TYPE": self.draw(st.sampled_from([*ELEMENTS, "OWN"])), "ORB_REVNUM_BASIS": "0"}
                values.pop("TRAJ_UNITS", None)
            case "covariance":
                values |= {"COV_TYPE": self.draw(st.sampled_from(["CARTP", "CARTPV", "OWN"]))}
            case "maneuver":
                time = self.draw(st.sampled_from(["TIME_ABSOLUTE", "TIME_RELATIVE"]))
                rest = self.draw(
                    st.lists(st.sampled_from([n for n in MANEUVER_UNITS if not n.startswith("TIME")]), unique=True, max_size=5)
                )
                values |= {"MAN_COMPOSITION": ", ".join((time, *rest))}
                values.pop("MAN_UNITS", None)
            case "pointing":
                values |= {"ATT_TYPE": "QUATERNION", "RATE_TYPE": "Q_DOT", "NUMBER_STATES": 8}
            case "diagonal":
                values |= {"COV_TYPE": self.draw(st.sampled_from(sorted(DIAGONALS)))}
            case ("ACM", "man"):
                values |= {"MAN_PURPOSE": "SCI_OBJ"}
                for name in ("TARGET_MOMENTUM", "TARGET_ATTITUDE"):
                    values.pop(name, None)
        return values

    def whole(self, section: Section, values: dict[str, Value], names: tuple[str, ...]) -> None:
        if set(names) <= set(section.keywords):
            given = self.draw(st.booleans())
            for name in names:
                values.pop(name, None)
                if given:
                    values[name] = self.draw(FINITE)

    def rows(self, section: Section, values: dict[str, Value]) -> Rows | Observations | None:
        if not section.rows or section.rows == "triangle" or (section.many and self.draw(st.booleans())):
            return None
        count = self.draw(st.integers(1, 4))
        if section.rows == "maneuver":  # relative times: near enough to EPOCH_TZERO
            zero = values["EPOCH_TZERO"]
            assert isinstance(zero, Epoch)
            column = Epochs(self.scale, zero.day + np.arange(count), np.full(count, zero.of_day_ns))
        else:
            column = self.draw(epochs(self.scale, count))
        if section.rows == "observation":
            names = self.draw(
                st.lists(
                    st.sampled_from([n for n, k in OBSERVABLES.items() if k.holds_in(self.version)]),
                    min_size=1,
                    max_size=count,
                    unique=True,
                )
            )
            used = sorted(names, key=list(OBSERVABLES).index)
            of = np.array(
                [*range(len(used)), *(self.draw(st.integers(0, len(used) - 1)) for _ in range(count - len(used)))], np.uint8
            )
            return Observations(tuple(used), of, column, np.array([self.draw(FINITE) for _ in range(count)]))
        what = layout(section.rows, values, PLACE)
        columns = what.columns if what.widths else ("E1", "E2", "E3")
        width = self.draw(st.sampled_from([w for w in what.widths if w] or [len(columns)])) if what.widths else len(columns)
        columns = columns[:width]
        numbers = np.array([[self.draw(FINITE) for _ in columns] for _ in range(count)]).reshape(count, len(columns))
        texts = {name: tuple(self.draw(WORD.filter(str.isascii)) for _ in range(count)) for name in columns if name in WORDS}
        for name in texts:
            numbers[:, columns.index(name)] = np.nan
        return Rows(columns, column, numbers, texts)


@st.composite
def messages(draw: st.DrawFn, kind: str, version: str) -> Message:
    return Maker(draw, STANDARDS[kind, version], version).message()


@pytest.mark.parametrize(("kind", "version"), sorted(STANDARDS))
def test_any_message_comes_back_equal_in_both_forms(kind: str, version: str) -> None:
    seen = 0

    @settings(max_examples=12, deadline=None, phases=[Phase.generate], suppress_health_check=list(HealthCheck), database=None)
    @given(messages(kind, version))
    def there_and_back(message: Message) -> None:
        nonlocal seen
        seen += 1
        kvn = write(message, "kvn")
        assert read(kvn) == message
        assert read(write(message, "xml")) == message
        assert read(write(Composite((message, message), ("two",), "id 1"), "xml")) == Composite(
            (message, message), ("two",), "id 1"
        )

    there_and_back()
    assert seen
