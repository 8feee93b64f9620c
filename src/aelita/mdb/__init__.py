"""Mission database: parameters, containers, calibrators, alarms, in XTCE's terms."""
# ruff: noqa: F403, F405

from .alarms import *
from .calibration import *
from .conditions import *
from .encodings import OCTETS, Reading, reading_of, text_of
from .evaluate import calibrate
from .layout import CompiledDatabase, Field, Layout, Table, compile_database, lineage
from .model import *
from .types import *

__all__ = [
    "OCTETS", "AbsoluteTimeType", "AggregateType", "Alarm", "AlarmRules", "Algorithm", "AllOf", "AnyOf", "ArrayEntry",
    "ArrayType", "BinaryEncoding", "BinaryType", "BooleanType", "ByteOrder", "Calibration", "Calibrator", "Comparison",
    "CompiledDatabase",
    "Condition", "Container", "ContainerEntry", "DataSource", "Database", "Derivation", "DynamicSize", "Encoding", "Entry",
    "EnumeratedType", "EnumerationEntry", "Field", "Finding", "FloatEncoding", "FloatScheme", "FloatType", "IndirectEntry",
    "IntegerEncoding", "IntegerScheme", "IntegerType", "Layout", "Location", "LookupSize", "MathOperation", "Member",
    "NormalRange", "Operator", "Origin", "Parameter", "ParameterEntry", "ParameterType", "Placement", "Polynomial", "Reading",
    "Reference", "RelativeTimeType", "Repeat", "Severity", "Size", "Spline", "StringEncoding", "StringType", "Table",
    "TypeFacts", "ValidRange", "calibrate", "compile_database", "lineage", "reading_of", "text_of",
]  # fmt: skip
