"""Mission database: parameters, containers, calibrators, alarms, in XTCE's terms."""
# ruff: noqa: F403, F405

from .alarms import *
from .calibration import *
from .conditions import *
from .encodings import OCTETS, Reading, reading_of, text_of
from .evaluate import calibrate
from .expressions import Expression
from .layout import CompiledDatabase, Layout, Table, compile_database, table_of
from .load import DatabaseFiles, database_of, load_database, read_files
from .model import *
from .types import *
from .walk import SHORT, EndOfWalk, Field, Walk, least_bits, lineage

__all__ = [
    "OCTETS", "SHORT", "AbsoluteTimeType", "AggregateType", "Alarm", "AlarmRules", "Algorithm", "AllOf", "AnyOf", "ArrayEntry",
    "ArrayType", "BinaryEncoding", "BinaryType", "BooleanType", "ByteOrder", "Calibration", "Calibrator", "Comparison",
    "CompiledDatabase", "Condition", "Container", "ContainerEntry", "DataSource", "Database", "DatabaseFiles", "Derivation",
    "DynamicSize", "Encoding", "EndOfWalk", "Entry", "EnumeratedType", "EnumerationEntry", "Expression", "Field", "Finding",
    "FloatEncoding", "FloatScheme", "FloatType", "IndirectEntry", "IntegerEncoding", "IntegerScheme", "IntegerType", "Layout",
    "Location", "LookupSize", "MathOperation", "Member", "NormalRange", "Operator", "Origin", "Parameter", "ParameterEntry",
    "ParameterType", "Placement", "Polynomial", "Reading", "Reference", "RelativeTimeType", "Repeat", "Severity", "Size",
    "Spline", "StringEncoding", "StringType", "Table", "TypeFacts", "ValidRange", "Walk", "calibrate", "compile_database",
    "database_of", "least_bits", "lineage", "load_database", "read_files", "reading_of", "table_of", "text_of",
]  # fmt: skip
