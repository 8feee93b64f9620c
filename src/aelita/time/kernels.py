"""SPICE spacecraft clock kernels (SCLK, type 1) as text: read into a `SpacecraftClock` and written from one.

SPICE itself is not used here; the tests compare with it.
"""

import re
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from math import prod

from ..errors import DefinitionError, TimeError
from .clock import Partition, Segment, SpacecraftClock, nanoseconds
from .scales import EB, J2000_TAI_NS, M0, M1, MONTHS, SECOND, TT_MINUS_TAI_NS, K, LeapSeconds, iso_day, tai_ns_from_tai

DELIMITERS = {"1": ".", "2": ":", "3": "-", "4": ",", "5": " "}
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
    """Return the clock of an SCLK kernel of data type 1. Raises DefinitionError with the variable that is wrong.

    `ticks_per_second` and `rate` are per count of the most significant field, a second in nearly every kernel. Records are put
    in order; where a kernel's are not (three short stretches of em16_tgo_step_20190703.tsc) SPICE's own search finds another
    record, and times differ from SPICE by up to 0.4 s.
    """
    values = _clock_variables(text, where)
    number = values.number
    moduli = values.whole("SCLK01_MODULI")
    if not all(0 < m <= 2**40 for m in moduli) or not 0 < prod(moduli[1:]) < 2**53:
        raise DefinitionError("moduli are positive and their ticks fit 53 bits", where=values.place("SCLK01_MODULI"))
    scale = {"1": "TDB", "2": "TT"}.get(values.texts("SCLK01_TIME_SYSTEM", "1")[0])
    if scale is None:
        raise DefinitionError("the parallel time system is 1 (TDB) or 2 (TT)", where=values.place("SCLK01_TIME_SYSTEM"))
    starts, ends = values.whole("SCLK_PARTITION_START"), values.whole("SCLK_PARTITION_END")
    rows, place = values.texts("SCLK01_COEFFICIENTS"), values.place("SCLK01_COEFFICIENTS")
    if len(starts) != len(ends) or len(rows) % 3:
        raise DefinitionError("coefficients come in threes, and every partition has a start and an end", where=where)
    segments = [_segment(*rows[i : i + 3], per_second=prod(moduli[1:]), where=place) for i in range(0, len(rows), 3)]
    # Kernels of flown missions hold records out of order (em16_tgo_step_20210611.tsc does): sort them, the last of equals counts
    ordered = {s.ticks: s for s in sorted(segments, key=lambda s: s.ticks)}
    partitions = tuple(Partition(a, b) for a, b in zip(starts, ends, strict=True))
    return SpacecraftClock(f"SCLK {number}", prod(moduli[1:]), tuple(ordered.values()), scale, partitions, where)


@dataclass(frozen=True, slots=True)
class _Values:
    """The variables of the one clock of a kernel."""

    variables: dict[str, list[str]]
    number: str
    where: str

    def place(self, name: str) -> str:
        return f"{self.where}: {name}_{self.number}"

    def texts(self, name: str, default: str = "") -> list[str]:
        found = self.variables.get(f"{name}_{self.number}") or ([default] if default else [])
        if not found:
            raise DefinitionError("missing", where=self.place(name))
        return found

    def whole(self, name: str, default: str = "") -> list[int]:
        return [_whole(text, self.place(name)) for text in self.texts(name, default)]


def _clock_variables(text: str, where: str) -> _Values:
    variables = kernel_variables(text, where)
    types = [name for name in variables if name.startswith("SCLK_DATA_TYPE_")]
    if len(types) != 1 or variables[types[0]] != ["1"]:
        raise DefinitionError("not an SCLK kernel of data type 1 for one clock", where=where)
    return _Values(variables, types[0].removeprefix("SCLK_DATA_TYPE_"), where)


def _segment(ticks: str, start: str, rate: str, *, per_second: int, where: str) -> Segment:
    """Return a record as a segment; printed ticks may have a fraction, which moves the start instead."""
    whole = _whole(ticks, where)
    excess = whole - Decimal(_plain(ticks))
    slope = nanoseconds(rate, where) and float(_plain(rate))
    if not 1e-6 < slope < 1e9:
        raise DefinitionError(f"the rate {rate} is not between 1e-6 and 1e9", where=where)
    begin = _calendar(start, where) if start.startswith("@") else nanoseconds(_plain(start), where)
    return Segment(whole, begin + round(float(excess) / per_second * slope * SECOND), slope)


def _calendar(text: str, where: str) -> int:
    """Return nanoseconds past J2000 of `@2019-OCT-31-00:00:00.000`, read in the kernel's own parallel time system."""
    match = re.fullmatch(r"@(\d{4})-([A-Z]{3}|\d{1,2})-(\d{1,2})(?:[-/](\d{1,2}:\d{2}.*))?", text.upper())
    try:
        if not match:
            raise ValueError(text)
        year, month, day, clock = match.groups()
        number = MONTHS.index(month) + 1 if month.isalpha() else int(month)
        return tai_ns_from_tai(f"{year}-{number:02d}-{int(day):02d}T{clock or '00:00'}") - J2000_TAI_NS - TT_MINUS_TAI_NS
    except (ValueError, TimeError) as error:
        raise DefinitionError(f"{text!r} is not a calendar time of a kernel", where=where) from error


def _plain(text: str) -> str:
    return text.upper().replace("D", "E")


def _whole(text: str, where: str) -> int:
    """Return a number of ticks as printed in a kernel, rounded to a whole one."""
    try:
        value = Decimal(_plain(text))
        if not value.is_finite() or abs(value) > 2**62:
            raise InvalidOperation
        return int(value.to_integral_value())
    except InvalidOperation as error:
        raise DefinitionError(f"{text!r} is not a number of ticks", where=where) from error


@dataclass(frozen=True, slots=True)
class ClockFormat:
    """How SPICE writes a clock's time: `partition/field:field…`, by moduli, offsets and the delimiter of the kernel."""

    moduli: tuple[int, ...]
    offsets: tuple[int, ...]
    delimiter: str
    partitions: tuple[Partition, ...]

    @staticmethod
    def from_kernel(text: str, where: str = "clock kernel") -> "ClockFormat":
        """Return the format that an SCLK kernel of type 1 describes. Raises DefinitionError."""
        values = _clock_variables(text, where)
        moduli, offsets = values.whole("SCLK01_MODULI"), values.whole("SCLK01_OFFSETS")
        delimiter = DELIMITERS.get(values.texts("SCLK01_OUTPUT_DELIM", "1")[0])
        starts, ends = values.whole("SCLK_PARTITION_START"), values.whole("SCLK_PARTITION_END")
        if len(moduli) != len(offsets) or delimiter is None or len(starts) != len(ends) or min(moduli) < 1:
            raise DefinitionError("moduli, offsets, delimiter and partitions do not fit together", where=where)
        return ClockFormat(tuple(moduli), tuple(offsets), delimiter, tuple(map(Partition, starts, ends)))

    def decode(self, text: str) -> int:
        """Return the ticks, counted over all partitions, of a clock text; fields at the end may be absent.

        Without a partition the first that holds the count is meant. Raises TimeError for a text that is no time of this clock.
        """
        match = re.fullmatch(r"\s*(?:(\d{1,4})/)?\s*(\d{1,20}(?:[-.:, ]+\d{1,20})*)\s*", text, re.ASCII)
        fields = [int(f) for f in re.split(r"[-.:, ]+", match.group(2))] if match else []
        if not match or len(fields) > len(self.moduli):
            raise TimeError(f"{text!r} is not a time of this clock", remedy="Write partition/fields, such as 1/227049675:52429")
        weights = [prod(self.moduli[i + 1 :]) for i in range(len(self.moduli))]
        given = [*fields, *self.offsets[len(fields) :]]
        ticks = sum((f - o) * w for f, o, w in zip(given, self.offsets, weights, strict=True))
        holds = [n for n, p in enumerate(self.partitions) if p.start <= ticks <= p.end]
        chosen = int(match.group(1)) - 1 if match.group(1) else next(iter(holds), -1)
        if chosen not in holds:
            raise TimeError(f"{text!r} lies in no partition of this clock, or not in the one named")
        return ticks - self.partitions[chosen].start + sum(p.end - p.start for p in self.partitions[:chosen])

    def encode(self, ticks: int) -> str:
        """Return the clock text of ticks counted over all partitions. Raises TimeError outside of them."""
        left = ticks
        for number, p in enumerate(self.partitions, 1):
            last = number == len(self.partitions)
            if 0 <= left < p.end - p.start or (last and left == p.end - p.start):
                return f"{number}/{self._fields(left + p.start)}"
            left -= p.end - p.start
        raise TimeError(f"{ticks} ticks lie in no partition of this clock")

    def _fields(self, ticks: int) -> str:
        texts: list[str] = []
        for modulus, offset in zip(reversed(self.moduli), reversed(self.offsets), strict=True):
            ticks, field = divmod(ticks, modulus) if len(texts) < len(self.moduli) - 1 else (0, ticks)
            texts.append(f"{field + offset:0{len(str(modulus + offset - 1))}d}")
        return self.delimiter.join(reversed(texts))


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
    rows = "\n".join(f"      {s.ticks:d}  {_seconds(s.start_ns)}  {s.rate:.15f}" for s in segments)
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


def _seconds(ns: int) -> str:
    """Return nanoseconds as exact seconds: the sign is that of the whole, not of the seconds that `//` leaves."""
    whole, part = divmod(abs(ns), SECOND)
    return f"{'-' if ns < 0 else ''}{whole:d}.{part:09d}"
