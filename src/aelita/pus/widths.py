"""A mission's tailoring of the packet utilization standard: the width of each field that the standard leaves to the mission.

Nearly every width is the mission's choice; the defaults are those of no standard. `docs/pus.md` says where each comes from.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields

from ..errors import DefinitionError
from ..tables import Table
from .headers import CHECKSUMS

WIDEST = 8  # octets of a number
LONGEST_FIELD = 64  # octets of a time field or of the name of a function


@dataclass(frozen=True, slots=True)
class Widths:
    """Octets of the fields that each mission chooses, and the checksum of memory blocks (`iso`, `crc16` or `none`).

    0 means that the field is absent. With a count of 0 octets a message holds exactly one item and no number of items;
    `counts` gives single messages (`"11,4"`) or repetitions (`"11,4 activities"`) a count of their own. `value_octets` are those
    of each parameter's value; `other_value_octets` those of parameters that it does not list (0: such values are refused).
    """

    step_octets: int = 1
    failure_octets: int = 1
    structure_octets: int = 1
    event_octets: int = 1
    memory_octets: int = 1
    block_count_octets: int = 1
    address_octets: int = 4
    block_length_octets: int = 2
    block_checksum: str = "iso"
    count_octets: int = 1
    flag_octets: int = 1
    code_octets: int = 1
    apid_octets: int = 2
    source_octets: int = 2
    sequence_octets: int = 2
    service_octets: int = 1
    parameter_octets: int = 2
    interval_octets: int = 4
    repetition_octets: int = 1
    structure_status_octets: int = 1
    device_octets: int = 2
    register_octets: int = 2
    transaction_octets: int = 2
    cpdu_line_bits: int = 12
    base_octets: int = 4
    offset_octets: int = 4
    function_octets: int = 1
    rate_octets: int = 1
    time_status_octets: int = 0
    time_octets: int = 6
    shift_octets: int = 6
    sub_schedule_octets: int = 0
    group_octets: int = 0
    interlock_octets: int = 0
    assessment_octets: int = 0
    scheduling_event_octets: int = 0
    timeout_octets: int = 0
    monitor_octets: int = 2
    monitoring_interval_octets: int = 4
    delay_octets: int = 2
    validity_octets: int = 0
    check_spare_octets: int = 0
    function_monitor_octets: int = 2
    failing_number_octets: int = 1
    protection_octets: int = 1
    large_octets: int = 2
    part_octets: int = 2
    store_octets: int = 1
    priority_octets: int = 0
    percentage_octets: int = 1
    store_size_octets: int = 4
    store_type_octets: int = 1
    channel_octets: int = 1
    range_status_octets: int = 1
    subsampling_octets: int = 0
    procedure_octets: int = 2
    procedure_step_octets: int = 2
    procedure_length_octets: int = 2
    observability_octets: int = 0
    event_process_octets: int = 2
    request_sequence_octets: int = 2
    text_length_octets: int = 1
    file_size_octets: int = 4
    lock_octets: int = 0
    operation_octets: int = 1
    other_value_octets: int = 0
    procedure_checksum: str = "none"
    period_before_code: int = -1
    period_after_code: int = -1
    value_octets: Mapping[int, int] = field(default_factory=dict, hash=False)
    counts: Mapping[str, int] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        if self.block_checksum not in CHECKSUMS or self.procedure_checksum not in CHECKSUMS:
            raise DefinitionError("the kind of a checksum is unknown", remedy="A block checksum is iso, crc16 or none")
        for name in WIDTH_NAMES:
            _within(name, getattr(self, name), _most(name), _least(name))
        for key, octets in [*self.value_octets.items(), *self.counts.items()]:
            _within(f"width of {key!r}", octets, WIDEST)
        if not 1 <= self.cpdu_line_bits <= 15:
            raise DefinitionError(f"cpdu_line_bits {self.cpdu_line_bits} leaves no duration", remedy="1 to 15 of the 16 bits")

    def count(self, message: str, name: str, otherwise: str = "count_octets") -> int:
        """Return the octets of the number of items `name` in a message such as `11,4`."""
        for key in (f"{message} {name}", message):
            if key in self.counts:
                return self.counts[key]
        return int(getattr(self, otherwise))

    def value(self, parameter: int) -> int:
        """Return the octets of a parameter's value. Raises DefinitionError when the mission never said."""
        octets = self.value_octets.get(parameter, self.other_value_octets)
        if octets == 0:
            raise DefinitionError(
                f"the values of parameter {parameter} have no known width",
                remedy="Add the parameter to value_octets, or set other_value_octets",
            )
        return octets


WIDTH_NAMES = tuple(f.name for f in fields(Widths) if f.name.endswith("_octets") and f.name != "value_octets")
_NEEDED = ("flag_octets", "code_octets")
_LONG = ("time_octets", "shift_octets", "function_octets")


def _most(name: str) -> int:
    return LONGEST_FIELD if name in _LONG else WIDEST


def _least(name: str) -> int:
    return 1 if name in _NEEDED else 0


def _within(name: str, octets: int, most: int, least: int = 0) -> None:
    if not least <= octets <= most:
        raise DefinitionError(f"{name} is {octets} octets", remedy=f"Such fields have {least} to {most} octets")


def read_widths(table: Table) -> Widths:
    """Return the widths that a TOML table gives; keys it leaves out keep their defaults. Raises DefinitionError."""
    given: dict[str, object] = {}
    plain = Widths()
    for name in WIDTH_NAMES:
        given[name] = table.number(name, getattr(plain, name), _least(name), _most(name))
    for name in ("block_checksum", "procedure_checksum"):
        given[name] = table.choice(name, CHECKSUMS, getattr(plain, name))
    given["cpdu_line_bits"] = table.number("cpdu_line_bits", plain.cpdu_line_bits, 1, 15)
    for name in ("period_before_code", "period_after_code"):
        given[name] = table.number(name, getattr(plain, name), 0, 255)
    values, counts = table.table("value_octets"), table.table("counts")
    try:
        given["value_octets"] = {int(key, 0): values.number(key, None, 0, WIDEST) for key in list(values.values)}
    except ValueError as error:
        raise DefinitionError(f"not a parameter number: {error}", where=values.where, remedy="Keys are numbers") from error
    given["counts"] = {key: counts.number(key, None, 0, WIDEST) for key in list(counts.values)}
    table.finish()
    return Widths(**given)  # type: ignore[arg-type]
