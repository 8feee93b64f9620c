"""SPICE spacecraft clock kernels (SCLK, type 1) as text: read into a `SpacecraftClock` and written from one.

SPICE itself is not used here; the tests compare with it.
"""

import re
from decimal import Decimal, InvalidOperation

from ..errors import DefinitionError
from .clock import Partition, Segment, SpacecraftClock, nanoseconds
from .scales import EB, M0, M1, MONTHS, SECOND, TT_MINUS_TAI_NS, K, LeapSeconds, iso_day

_VALUE = re.compile(r"'([^']*)'|([^\s(),']+)")


def kernel_variables(text: str, where: str = "kernel") -> dict[str, list[str]]:
    """Return the variables of a SPICE text kernel (data between `\\begindata` and `\\begintext`) with their values as texts."""
    variables: dict[str, list[str]] = {}
    blocks = re.split(r"\\begindata", text)[1:]
    if not blocks:
        raise DefinitionError("there is no \\begindata", where=where, remedy="Give a SPICE text kernel")
    for block in blocks:
        data = re.split(r"\\begintext", block)[0]
        for name, plus, value in re.findall(r"(\S+?)\s*(\+)?=\s*(\([^)]*\)|'[^']*'|\S+)", data):
            values = [quoted or plain for quoted, plain in _VALUE.findall(value)]
            variables[name.upper()] = (variables.get(name.upper(), []) if plus else []) + values
    return variables


def clock_from_kernel(text: str, where: str = "clock kernel") -> SpacecraftClock:
    """Return the clock of an SCLK kernel of data type 1. Raises DefinitionError with the variable that is wrong."""
    variables = kernel_variables(text, where)
    types = [name for name in variables if name.startswith("SCLK_DATA_TYPE_")]
    if len(types) != 1 or variables[types[0]] != ["1"]:
        raise DefinitionError("not an SCLK kernel of data type 1 for one clock", where=where)
    number = types[0].removeprefix("SCLK_DATA_TYPE_")

    def values(name: str) -> list[str]:
        key = f"{name}_{number}"
        if not variables.get(key):
            raise DefinitionError("missing", where=f"{where}: {key}")
        return variables[key]

    try:
        moduli = [int(float(v)) for v in values("SCLK01_MODULI")]
        partitions = tuple(
            Partition(_whole(a), _whole(b))
            for a, b in zip(values("SCLK_PARTITION_START"), values("SCLK_PARTITION_END"), strict=True)
        )
        triples = values("SCLK01_COEFFICIENTS")
        offsets = [int(float(v)) for v in values("SCLK01_OFFSETS")]
    except ValueError as error:
        raise DefinitionError(f"a number is expected: {error}", where=where) from error
    if len(triples) % 3 or not all(m > 0 for m in moduli) or any(offsets):
        raise DefinitionError("coefficients come in threes, moduli are positive and offsets zero", where=where)
    per_second = 1
    for modulus in moduli[1:]:
        per_second *= modulus
    scale = {"1": "TDB", "2": "TT"}[variables.get(f"SCLK01_TIME_SYSTEM_{number}", ["1"])[0]]
    segments = tuple(
        _segment(triples[i], triples[i + 1], float(triples[i + 2].upper().replace("D", "E")), per_second, where)
        for i in range(0, len(triples), 3)
    )
    # Kernels of flown missions hold records out of order (em16_tgo_step_20210611.tsc does): sort them, the first of equals counts
    ordered = {s.ticks: s for s in sorted(segments, key=lambda s: s.ticks)}
    return SpacecraftClock(f"SCLK {number}", per_second, tuple(ordered.values()), scale, partitions, where)


def _segment(ticks: str, start: str, rate: float, per_second: int, where: str) -> Segment:
    """Return a record as a segment; printed ticks may have a fraction, which moves the start instead."""
    whole = _whole(ticks)
    excess = whole - Decimal(ticks.upper().replace("D", "E"))
    return Segment(whole, nanoseconds(start, where) + round(float(excess) / per_second * rate * SECOND), rate)


def _whole(text: str) -> int:
    try:
        return int(Decimal(text.upper().replace("D", "E")).to_integral_value())
    except (InvalidOperation, OverflowError) as error:
        raise ValueError(text) from error


def kernel_from_clock(clock: SpacecraftClock, spacecraft: int, comment: str = "") -> str:
    """Return the text of an SCLK kernel (type 1, two fields) for SPICE id `spacecraft` (negative). Raises for scale TAI."""
    if clock.scale == "TAI":
        shift = TT_MINUS_TAI_NS
        segments = tuple(Segment(s.ticks, s.start_ns + shift, s.rate) for s in clock.segments)
        system = 2
    else:
        segments, system = clock.segments, {"TDB": 1, "TT": 2}[clock.scale]
    number = -spacecraft
    partitions = clock.partitions or (Partition(0, 2**32 * clock.ticks_per_second - 1),)
    rows = "\n".join(f"      {s.ticks:d}  {s.start_ns // SECOND:d}.{s.start_ns % SECOND:09d}  {s.rate:.15f}" for s in segments)
    return f"""KPL/SCLK

{comment}

\\begindata

SCLK_KERNEL_ID              = ( @2026-01-01 )
SCLK_DATA_TYPE_{number}          = ( 1 )
SCLK01_TIME_SYSTEM_{number}      = ( {system} )
SCLK01_N_FIELDS_{number}         = ( 2 )
SCLK01_MODULI_{number}           = ( 4294967296 {clock.ticks_per_second} )
SCLK01_OFFSETS_{number}          = ( 0 0 )
SCLK01_OUTPUT_DELIM_{number}     = ( 2 )
SCLK_PARTITION_START_{number}    = ( {" ".join(f"{p.start:d}" for p in partitions)} )
SCLK_PARTITION_END_{number}      = ( {" ".join(f"{p.end:d}" for p in partitions)} )
SCLK01_COEFFICIENTS_{number}     = (
{rows}
)

\\begintext
"""


def leap_seconds_kernel(table: LeapSeconds) -> str:
    """Return the text of a SPICE leap-second kernel with this table and SPICE's own formula for TDB."""
    dates = [iso_day(day).split("-") for day in table.days]
    rows = "\n".join(f"  {n}, @{y}-{MONTHS[int(m) - 1]}-{int(d)}" for n, (y, m, d) in zip(table.offsets, dates, strict=True))
    return f"""KPL/LSK

\\begindata

DELTET/DELTA_T_A = {TT_MINUS_TAI_NS / SECOND}
DELTET/K         = {K}
DELTET/EB        = {EB}
DELTET/M         = ( {M0} {M1} )
DELTET/DELTA_AT  = (
{rows}
)

\\begintext
"""
