"""What products are called: `em16_SC_TYPE[_ID]_YYYYMMDD_YYYYMMDD_vNN`, the convention of ExoMars for kernels.

The letters of TYPE are who made it (s science operations, m mission analysis, f flight dynamics, i instrument), the period
(c cruise, p before aerobraking, a aerobraking, l long, m medium or s short term of science, o not said) and what it is
(p predicted, m measured, r reconstructed, t test). `navigation/products.toml` of a mission tells the prefix of each spacecraft.
Source: aareadme files of the ExoMars 2016 kernels at NAIF (SPK and CK).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ...errors import DefinitionError, UsageError
from ...tables import Table
from ...time import utc_from_tai_ns
from ..missions import Mission
from .model import KINDS, Draft

FILE = "navigation/products.toml"
TYPE = re.compile(r"[smfi][cpalmso][pmrt]")
LABEL = re.compile(r"[a-z0-9-]{0,32}")
PREFIX = re.compile(r"[a-z][a-z0-9]{0,15}")
UNSAFE = re.compile(r"[^a-z0-9]+")
WITHOUT_KIND = ("orbit", "attitude")  # TYPE and ending tell enough of these


@dataclass(frozen=True, slots=True)
class Names:
    """The prefixes of a mission's products by spacecraft, and the one of all others."""

    prefixes: Mapping[str, str]
    other: str

    def name_of(self, draft: Draft) -> str:
        """Return the name of all versions of a product. Raises UsageError for letters that the convention has not."""
        if not TYPE.fullmatch(draft.type):
            raise UsageError(
                f"type is {draft.type!r}", where="product",
                remedy="Three letters: who (s, m, f, i), period (c, p, a, l, m, s, o), and p, m, r or t; such as fcp",
            )  # fmt: skip
        if not LABEL.fullmatch(draft.label):
            raise UsageError(f"label is {draft.label!r}", where="product", remedy="Use 32 small letters, digits and - at most")
        if draft.kind not in KINDS:
            raise UsageError(f"kind is {draft.kind!r}", where="product", remedy=f"Kinds: {', '.join(KINDS)}")
        kind = "" if draft.kind in WITHOUT_KIND else draft.kind
        prefix = self.prefixes.get(draft.spacecraft, self.other)
        parts = [prefix, UNSAFE.sub("-", draft.spacecraft), draft.type, kind, draft.label, _day(draft.start), _day(draft.stop)]
        return "_".join(part for part in parts if part)


def read_names(mission: Mission) -> Names:
    """Return how a mission's products are called: by its own file, else that of the mission that it extends.

    Without one the prefix is the mission's name. Raises DefinitionError, with file and key, for what does not fit.
    """
    other = UNSAFE.sub("", mission.name.casefold())[:16]
    for folder in reversed(mission.folders or (mission.folder,)):
        path = folder / FILE
        if path.is_file():
            return Names(_prefixes(path), other)
    return Names({}, other)


def _prefixes(path: Path) -> dict[str, str]:
    table = Table.parse(path.read_text("utf-8"), str(path))
    found: dict[str, str] = {}
    for one in table.tables("prefixes"):
        prefix = one.text("prefix")
        if not PREFIX.fullmatch(prefix):
            raise DefinitionError(f"{prefix!r} begins no name", where=one.path("prefix"), remedy="Use small letters and digits")
        found |= dict.fromkeys(one.texts("spacecraft"), prefix)
        one.text("grade"), one.text("source", "")
        one.finish()
    table.finish()
    return found


def _day(at: int) -> str:
    return utc_from_tai_ns(at, 0)[:10].replace("-", "")
