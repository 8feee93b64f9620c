"""Time codes described in TOML, as channel files hold them."""

from ..errors import DefinitionError, TimeError
from ..tables import Table
from .codes import CCSDS_EPOCH_DAY, CCSDS_EPOCH_TAI_NS, Ccs, Cds, Cuc, TimeCode
from .scales import J2000_TAI_NS, tai_ns_from_tai, tai_ns_from_utc, utc_parts

NAMED_EPOCHS = {
    "CCSDS": CCSDS_EPOCH_TAI_NS,
    "TAI": CCSDS_EPOCH_TAI_NS,
    "J2000": J2000_TAI_NS,
    "GPS": tai_ns_from_utc("1980-01-06"),
    "UNIX": 0,
    "none": None,
}
KEYS = (
    "code", "coarse", "fine", "p_field", "epoch", "counts_leap_seconds", "day_octets", "submillisecond", "day_of_year",
    "fraction",
)  # fmt: skip


def epoch_tai_ns(text: str, where: str) -> int | None:
    """Return the epoch of a name of NAMED_EPOCHS, or of a UTC time, or of a TAI time written `TAI 2000-01-01`."""
    if text in NAMED_EPOCHS:
        return NAMED_EPOCHS[text]
    try:
        return tai_ns_from_tai(text[4:]) if text.startswith("TAI ") else tai_ns_from_utc(text)
    except TimeError as error:
        raise DefinitionError(str(error), where=where, remedy=f"Give a UTC time or one of {', '.join(NAMED_EPOCHS)}") from error


def time_code(table: Table) -> TimeCode:
    """Return the time code that a table describes, with `code` = CUC, CDS or CCS. Raises DefinitionError."""
    kind = table.choice("code", ("CUC", "CDS", "CCS"))
    p_field = table.flag("p_field", False)
    code: TimeCode
    if kind == "CUC":
        epoch = epoch_tai_ns(table.text("epoch", "none"), table.path("epoch"))
        coarse, fine = table.number("coarse", 4, 1, 7), table.number("fine", 2, 0, 10)
        code = Cuc(coarse, fine, epoch, p_field, table.flag("counts_leap_seconds", True))
    elif kind == "CDS":
        epoch = epoch_tai_ns(table.text("epoch", "CCSDS"), table.path("epoch"))
        day = CCSDS_EPOCH_DAY if epoch in (None, CCSDS_EPOCH_TAI_NS) else utc_parts(int(epoch or 0))[0]
        below = int(table.choice("submillisecond", ("0", "2", "4"), "0"))
        code = Cds(table.number("day_octets", 2, 2, 3), below, day, p_field)
    else:
        code = Ccs(table.flag("day_of_year", False), table.number("fraction", 0, 0, 6), p_field)
    table.finish()
    return code
