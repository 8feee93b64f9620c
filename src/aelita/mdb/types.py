"""Parameter types and their encodings, in XTCE's words.

What a parameter *is*. How its octets are read is compiled in `layout`; how a database file is read is in the XTCE modules.
"""

from dataclasses import dataclass
from enum import Enum

from .alarms import NO_ALARMS, AlarmRules
from .calibration import NO_CALIBRATION, Calibration
from .conditions import Condition, Reference


class IntegerScheme(Enum):
    """Integer encodings of XTCE 1.2."""

    UNSIGNED = "unsigned"
    SIGN_MAGNITUDE = "signMagnitude"
    TWOS_COMPLEMENT = "twosComplement"
    ONES_COMPLEMENT = "onesComplement"
    BCD = "BCD"
    PACKED_BCD = "packedBCD"


class FloatScheme(Enum):
    """Float encodings of XTCE 1.2 that Aelita decodes."""

    IEEE754 = "IEEE754_1985"
    MILSTD_1750A = "MILSTD_1750A"


@dataclass(frozen=True, slots=True)
class ByteOrder:
    """The order in which octets arrive, as significance numbers: `(3, 2, 1, 0)` is big-endian, `(0, 1, 2, 3)` little-endian.

    `order` is empty for big-endian of any size. XTCE's `mostSignificantByteFirst` and `leastSignificantByteFirst` become
    empty and `(0, 1, …, n-1)`.
    """

    order: tuple[int, ...] = ()
    least_significant_bit_first: bool = False


@dataclass(frozen=True, slots=True)
class DynamicSize:
    """A number taken from a parameter: `reference * slope + intercept` (DynamicValue with LinearAdjustment).

    A reference with an empty parameter name is a member of the aggregate that holds the value whose size it is: its path
    counts from that aggregate.
    """

    reference: Reference
    slope: float = 1.0
    intercept: float = 0.0


@dataclass(frozen=True, slots=True)
class LookupSize:
    """A number chosen by the first condition that holds (DiscreteLookupList)."""

    choices: tuple[tuple[Condition, int], ...]


Size = int | DynamicSize | LookupSize  # bits, or a count, by context
REST = -1  # the size of binary that ends where its packet ends (a convention of Yamcs, written as a fixed size of -1)


@dataclass(frozen=True, slots=True)
class IntegerEncoding:
    """An integer of `bits` bits."""

    bits: int
    scheme: IntegerScheme = IntegerScheme.UNSIGNED
    byte_order: ByteOrder = ByteOrder()
    calibration: Calibration = NO_CALIBRATION


@dataclass(frozen=True, slots=True)
class FloatEncoding:
    """A float of `bits` bits: 16, 32, 64 for IEEE 754, 16, 32, 48 for MIL-STD-1750A."""

    bits: int
    scheme: FloatScheme = FloatScheme.IEEE754
    byte_order: ByteOrder = ByteOrder()
    calibration: Calibration = NO_CALIBRATION


@dataclass(frozen=True, slots=True)
class StringEncoding:
    """Text. The field is `size` bits where that is given; the text in it may end earlier.

    `termination` is the character's octets that end the text; `length_prefix_bits` is the size of a leading number that
    counts the text's octets. With neither, the text fills `size`.
    """

    charset: str = "UTF-8"
    size: Size | None = None
    termination: bytes | None = None
    length_prefix_bits: int = 0
    max_bits: int | None = None


@dataclass(frozen=True, slots=True)
class BinaryEncoding:
    """Octets kept as they are; `size` in bits, `REST` for all that the packet still holds.

    With `length_prefix_bits` a leading number of this size counts the octets that follow it, and `size` has no meaning.
    """

    size: Size
    length_prefix_bits: int = 0


Encoding = IntegerEncoding | FloatEncoding | StringEncoding | BinaryEncoding


@dataclass(frozen=True, slots=True)
class ValidRange:
    """Values outside are invalid; `calibrated` says which value is compared."""

    minimum: float | None = None
    maximum: float | None = None
    minimum_exclusive: bool = False
    maximum_exclusive: bool = False
    calibrated: bool = True


@dataclass(frozen=True, slots=True)
class TypeFacts:
    """What every type states beside its kind."""

    name: str
    units: str = ""
    short_description: str = ""
    long_description: str = ""
    initial_value: str | None = None
    alarms: AlarmRules = NO_ALARMS


@dataclass(frozen=True, slots=True)
class IntegerType:
    """Engineering value is an integer of `bits` bits."""

    facts: TypeFacts
    encoding: Encoding | None = None
    signed: bool = True
    bits: int = 32
    valid_range: ValidRange | None = None


@dataclass(frozen=True, slots=True)
class FloatType:
    """Engineering value is a float of 32, 64 or 128 bits."""

    facts: TypeFacts
    encoding: Encoding | None = None
    bits: int = 32
    valid_range: ValidRange | None = None


@dataclass(frozen=True, slots=True)
class BooleanType:
    """Engineering value is one of two words."""

    facts: TypeFacts
    encoding: Encoding | None = None
    one: str = "True"
    zero: str = "False"


@dataclass(frozen=True, slots=True)
class EnumerationEntry:
    """Raw values `value` to `maximum`, both included, read as `label`."""

    label: str
    value: int
    maximum: int
    description: str = ""


@dataclass(frozen=True, slots=True)
class EnumeratedType:
    """Engineering value is a label; a raw value without one reads as `UNDEF`, and is invalid."""

    facts: TypeFacts
    encoding: Encoding | None = None
    entries: tuple[EnumerationEntry, ...] = ()


@dataclass(frozen=True, slots=True)
class StringType:
    """Engineering value is text."""

    facts: TypeFacts
    encoding: Encoding | None = None


@dataclass(frozen=True, slots=True)
class BinaryType:
    """Engineering value is octets."""

    facts: TypeFacts
    encoding: Encoding | None = None


@dataclass(frozen=True, slots=True)
class AbsoluteTimeType:
    """Engineering value is an epoch, in TAI nanoseconds: `epoch` + (raw * `scale` + `offset`) in `units`.

    `epoch` is XTCE's word (`TAI`, `J2000`, `UNIX`, `POSIX`, `GPS`), or an ISO date, or None when `relative_to` names the
    parameter that the time counts from.
    """

    facts: TypeFacts
    encoding: Encoding | None = None
    scale: float = 1.0
    offset: float = 0.0
    units: str = "seconds"
    epoch: str | None = "TAI"
    relative_to: str | None = None


@dataclass(frozen=True, slots=True)
class RelativeTimeType:
    """Engineering value is a duration in seconds: raw * `scale` + `offset`, in `units`."""

    facts: TypeFacts
    encoding: Encoding | None = None
    scale: float = 1.0
    offset: float = 0.0
    units: str = "seconds"


@dataclass(frozen=True, slots=True)
class ArrayType:
    """Elements of one type (its qualified name); `dimensions` are (start index, end index), both included."""

    facts: TypeFacts
    element: str
    dimensions: tuple[tuple[Size, Size], ...] = ()


@dataclass(frozen=True, slots=True)
class Member:
    """One member of an aggregate; `type` is a qualified name."""

    name: str
    type: str
    initial_value: str | None = None


@dataclass(frozen=True, slots=True)
class AggregateType:
    """Named members in order, packed one after another."""

    facts: TypeFacts
    members: tuple[Member, ...] = ()


ParameterType = (
    IntegerType
    | FloatType
    | BooleanType
    | EnumeratedType
    | StringType
    | BinaryType
    | AbsoluteTimeType
    | RelativeTimeType
    | ArrayType
    | AggregateType
)
