"""Mission database: parameters, containers, calibrators, alarms, in XTCE's terms."""
# isort: skip_file
# fmt: off

from .alarms import Alarm, AlarmRules, NormalRange, Severity
from .calibration import Calibration, Calibrator, MathOperation, Polynomial, Spline
from .comparing import Change, Effect, compare
from .comparing import Comparison as DatabaseComparison
from .conditions import Algorithm, AllOf, AnyOf, Comparison, Condition, Operator, Reference
from .describe import check, names_like, show
from .encodings import OCTETS, Reading, reading_of, text_of
from .evaluate import calibrate
from .expressions import Expression
from .layout import CompiledDatabase, Layout, Table, compile_database, table_of
from .load import DatabaseFiles, database_of, load_database, read_files
from .model import (
    ArrayEntry, Container, ContainerEntry, Database, DataSource, Derivation, Entry, Finding, IndirectEntry, Location, Origin,
    Parameter, ParameterEntry, Placement, Repeat, UnreadEntry,
)
from .overriding import number_type, overridden
from .types import (
    AbsoluteTimeType, AggregateType, ArrayType, BinaryEncoding, BinaryType, BooleanType, ByteOrder, DynamicSize, Encoding,
    EnumeratedType, EnumerationEntry, FloatEncoding, FloatScheme, FloatType, IntegerEncoding, IntegerScheme, IntegerType,
    LookupSize, Member, ParameterType, RelativeTimeType, Size, StringEncoding, StringType, TypeFacts, ValidRange,
)
from .walk import SHORT, EndOfWalk, Field, Walk, least_bits, lineage, part_of, steps_text
from .wording import alarm_lines, calibrator_text, condition_text, encoding_text, range_text

__all__ = [
    "OCTETS", "SHORT", "AbsoluteTimeType", "AggregateType", "Alarm", "AlarmRules", "Algorithm", "AllOf", "AnyOf",
    "ArrayEntry", "ArrayType", "BinaryEncoding", "BinaryType", "BooleanType", "ByteOrder", "Calibration", "Calibrator",
    "Change", "Comparison", "CompiledDatabase", "Condition", "Container", "ContainerEntry", "DataSource", "Database",
    "DatabaseComparison", "DatabaseFiles", "Derivation", "DynamicSize", "Effect", "Encoding", "EndOfWalk", "Entry",
    "EnumeratedType", "EnumerationEntry", "Expression", "Field", "Finding", "FloatEncoding", "FloatScheme", "FloatType",
    "IndirectEntry", "IntegerEncoding", "IntegerScheme", "IntegerType", "Layout", "Location", "LookupSize", "MathOperation",
    "Member", "NormalRange", "Operator", "Origin", "Parameter", "ParameterEntry", "ParameterType", "Placement", "Polynomial",
    "Reading", "Reference", "RelativeTimeType", "Repeat", "Severity", "Size", "Spline", "StringEncoding", "StringType",
    "Table", "TypeFacts", "UnreadEntry", "ValidRange", "Walk", "alarm_lines", "calibrate", "calibrator_text", "check",
    "compare", "compile_database", "condition_text", "database_of", "encoding_text", "least_bits", "lineage", "load_database",
    "names_like", "number_type", "overridden", "part_of", "range_text", "read_files", "reading_of", "show", "steps_text",
    "table_of", "text_of",
]
