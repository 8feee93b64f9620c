"""Data lines of XML messages: elements to the lines that KVN has, which are then read as those are."""

from dataclasses import dataclass, field

import numpy as np
from lxml import etree

from .columns import STATES, layout
from .drafts import Drafts
from .faults import shown
from .lines import Lines
from .tables import Keyword, Section
from .tables_attitude import APM_2
from .tables_orbit import OPM
from .tables_tracking import OBSERVABLES
from .values import Place, check_unit

_ROTATION = {"rotationAngles": "ANGLE", "rotationRates": "RATE"}
_SINGLE = {  # the keywords that elements of a line may have, with their units
    **{name: keyword for section in (*OPM.data, *APM_2.data) for name, keyword in section.keywords.items()},
    **{f"{axis}_DDOT": Keyword(f"{axis}_DDOT", "f", False, "km/s**2") for axis in "XYZ"},
    **{f"RATE_{n}": Keyword(f"RATE_{n}", "f", False, "deg/s") for n in "123"},
    **OBSERVABLES,
}
_ATTITUDE_KEYS = ("ATTITUDE_TYPE", "QUATERNION_TYPE")


def local(element: "etree._Element") -> str:
    """Return the name of an element without its namespace."""
    tag: str = element.tag
    return tag.rpartition("}")[2] if tag[:1] == "{" else tag


@dataclass(slots=True)
class RowElements:
    """Data lines of one section, gathered."""

    section: Section
    texts: list[bytes] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)

    def lines(self) -> Lines:
        """Return what was gathered."""
        lengths = np.fromiter(map(len, self.texts), np.int64, len(self.texts))
        starts = np.cumsum(lengths + 1) - lengths - 1
        return Lines(b"\n".join(self.texts), starts, starts + lengths, np.array(self.numbers, np.int64))

    def take(self, element: "etree._Element", drafts: Drafts) -> None:
        """Add one element. Raises NdmError for one that lacks what a line must have."""
        line = element.sourceline or 0
        if self.section.bare:
            found = _leaves(element, drafts, line)
            text = _LINES[self.section.rows](found, drafts, element, line)
        else:
            text = " ".join((element.text or "").split())
            if not text or len(element):
                raise drafts.fault(f"{local(element)} holds no line of data", line, local(element))
        self.texts.append(text.encode("utf-8"))
        self.numbers.append(line)


def _leaves(element: "etree._Element", drafts: Drafts, line: int) -> dict[str, str]:
    """Return name and text of each element inside, however deep."""
    found: dict[str, str] = {}
    for child in element:
        name = local(child)
        if len(child):
            deeper = _leaves(child, drafts, child.sourceline or line)
            rotation = _ROTATION.get(name)
            found |= {
                f"{rotation}_{key[8:]}" if rotation and key[:8] == "rotation" else key: text for key, text in deeper.items()
            }
            continue
        text = (child.text or "").strip()
        if not text or " " in text or name in found:
            what = "stands twice" if name in found else f"holds {shown(text)}, not one value"
            raise drafts.fault(f"{name} {what} in {local(element)}", child.sourceline or line, name)
        if child.attrib and "units" in child.attrib:
            keyword = _SINGLE.get(name) or Keyword(
                name, "f", False, {"a": "deg", "r": "deg/s"}.get(str(next(iter(child.attrib)))[:1], "")
            )
            check_unit(keyword, child.get("units"), Place(drafts.where, child.sourceline or line, name))
        found[name] = text
    return found


def _state(found: dict[str, str], drafts: Drafts, element: "etree._Element", line: int) -> str:
    return _ordered(found, STATES if "X_DDOT" in found else STATES[:6], drafts, element, line)


def _attitude(found: dict[str, str], drafts: Drafts, element: "etree._Element", line: int) -> str:
    entries = drafts.segments[-1][0].entries
    given = {key: entries[key][0] for key in _ATTITUDE_KEYS if key in entries}
    columns = layout("attitude", given, Place(drafts.where, line, "ATTITUDE_TYPE")).columns
    return _ordered(found, columns, drafts, element, line)


def _ordered(found: dict[str, str], columns: tuple[str, ...], drafts: Drafts, element: "etree._Element", line: int) -> str:
    try:
        text = " ".join([found["EPOCH"], *(found[name] for name in columns)])
    except KeyError as error:
        raise drafts.fault(f"{local(element)} has no {error.args[0]}", line, str(error.args[0])) from error
    if len(found) != len(columns) + 1:
        strange = next(name for name in found if name != "EPOCH" and name not in columns)
        raise drafts.fault(f"{strange} has no place in {local(element)}", line, strange)
    return text


def _observation(found: dict[str, str], drafts: Drafts, element: "etree._Element", line: int) -> str:
    epoch = found.pop("EPOCH", None)
    if epoch is None:
        raise drafts.fault("an observation has no EPOCH", line, "EPOCH", "Give each observation EPOCH and one value")
    if len(found) != 1:
        what = f"an observation has {len(found)} values ({', '.join(found) or 'none'}), not one"
        raise drafts.fault(what, line, "observation", "Give each value an observation of its own")
    ((name, value),) = found.items()
    return f"{name} = {epoch} {value}"


_LINES = {"states": _state, "attitude": _attitude, "observation": _observation}
