"""The standards that are read and written, by kind and version."""

from .tables import Standard
from .tables_attitude import ACM, AEM, APM_1, APM_2
from .tables_comprehensive import OCM
from .tables_conjunction import CDM, RDM
from .tables_orbit import OEM, OMM, OPM
from .tables_tracking import TDM

_ALL = (OPM, OMM, OEM, OCM, APM_1, APM_2, AEM, ACM, TDM, CDM, RDM)
STANDARDS: dict[tuple[str, str], Standard] = {
    (standard.kind, version): standard for standard in _ALL for version in standard.versions
}
KINDS = tuple(dict.fromkeys(standard.kind for standard in _ALL))


def versions_of(kind: str) -> tuple[str, ...]:
    """Return the versions of a kind that are known."""
    return tuple(version for of, version in STANDARDS if of == kind)


def holders(kind: str, keyword: str) -> tuple[str, ...]:
    """Return the versions of a kind in which a keyword stands somewhere."""
    return tuple(
        version
        for (of, version), standard in STANDARDS.items()
        if of == kind
        for section in (standard.header, *((standard.lead,) if standard.lead else ()), standard.metadata, *standard.data)
        if keyword in section.keywords and section.keywords[keyword].holds_in(version)
    )
