"""Mission database: parameters, containers, calibrators, alarms and commands, in XTCE's terms."""
# isort: skip_file
# fmt: off

from .alarms import Alarm, AlarmRules, NormalRange, Severity
from .arguments import ArgumentProblem, CommandError, Fault
from .calibration import Calibration, Calibrator, MathOperation, Polynomial, Spline
from .command_conditions import holds_now, references_in
from .command_decoding import DecodedCommand, decode_command
from .command_encoding import MARKED, YAMCS, EncodedCommand, EncodedField, SenderField, SenderFields, encode_command
from .command_wording import command_sentence
from .command_view import Command, CompiledCommands, compile_commands
from .commands import (
    AlarmSuspension, Argument, ArgumentRules, CheckWindow, CommandBlock, Commands, Consequence, Constraint, Interlock,
    MetaCommand, NewPacket, ParameterSetting, SenderRole, Significance, Stage, ValueChange, Verifier,
)
from .comparing import Change, Effect, compare
from .comparing import Comparison as DatabaseComparison
from .conditions import Algorithm, AllOf, AnyOf, Comparison, Condition, Operator, Reference
from .describe import check, names_like, show
from .describe_commands import show_argument, show_command
from .encodings import OCTETS, Reading, reading_of, text_of
from .epochs import SECONDS_IN, UNIX_WORDS, epoch_of
from .evaluate import calibrate
from .expressions import Expression
from .layout import CompiledDatabase, Layout, Table, compile_database, table_of
from .load import DatabaseFiles, database_of, load_database, read_files
from .model import (
    ArrayEntry, Container, ContainerEntry, Database, DataSource, Derivation, Entry, Finding, IndirectEntry, Location, Origin,
    Parameter, ParameterEntry, Placement, Repeat, UnreadEntry,
)
from .overriding import number_type, overridden
from .plain import Raw, bits_of, plain_value
from .types import (
    AbsoluteTimeType, AggregateType, ArrayType, BinaryEncoding, BinaryType, BooleanType, ByteOrder, DynamicSize, Encoding,
    EnumeratedType, EnumerationEntry, FloatEncoding, FloatScheme, FloatType, IntegerEncoding, IntegerScheme, IntegerType,
    LookupSize, Member, ParameterType, RelativeTimeType, Size, StringEncoding, StringType, TypeFacts, ValidRange,
)
from .walk import SHORT, EndOfWalk, Field, Walk, least_bits, lineage, part_of, steps_text
from .wording import alarm_lines, calibrator_text, condition_text, encoding_text, range_text

__all__ = [
    "MARKED", "OCTETS", "SECONDS_IN", "SHORT", "UNIX_WORDS", "YAMCS", "AbsoluteTimeType", "AggregateType", "Alarm", "AlarmRules",
    "AlarmSuspension", "Algorithm", "AllOf", "AnyOf", "Argument", "ArgumentProblem", "ArgumentRules", "ArrayEntry", "ArrayType",
    "BinaryEncoding", "BinaryType", "BooleanType", "ByteOrder", "Calibration", "Calibrator", "Change", "CheckWindow", "Command",
    "CommandBlock", "CommandError", "Commands", "Comparison", "CompiledCommands", "CompiledDatabase", "Condition", "Consequence",
    "Constraint", "Container", "ContainerEntry", "DataSource", "Database", "DatabaseComparison", "DatabaseFiles",
    "DecodedCommand", "Derivation", "DynamicSize", "Effect", "EncodedCommand", "EncodedField", "Encoding", "EndOfWalk", "Entry",
    "EnumeratedType", "EnumerationEntry", "Expression", "Fault", "Field", "Finding", "FloatEncoding", "FloatScheme", "FloatType",
    "IndirectEntry", "IntegerEncoding", "IntegerScheme", "IntegerType", "Interlock", "Layout", "Location", "LookupSize",
    "MathOperation", "Member", "MetaCommand", "NewPacket", "NormalRange", "Operator", "Origin", "Parameter", "ParameterEntry",
    "ParameterSetting", "ParameterType", "Placement", "Polynomial", "Raw", "Reading", "Reference", "RelativeTimeType", "Repeat",
    "SenderField", "SenderFields", "SenderRole", "Severity", "Significance", "Size", "Spline", "Stage", "StringEncoding",
    "StringType", "Table", "TypeFacts", "UnreadEntry", "ValidRange", "ValueChange", "Verifier", "Walk", "alarm_lines", "bits_of",
    "calibrate", "calibrator_text", "check", "command_sentence", "compare", "compile_commands", "compile_database",
    "condition_text", "database_of", "decode_command", "encode_command", "encoding_text", "epoch_of", "holds_now", "least_bits",
    "lineage", "load_database", "names_like", "number_type", "overridden", "part_of", "plain_value", "range_text", "read_files",
    "reading_of", "references_in", "show", "show_argument", "show_command", "steps_text", "table_of", "text_of",
]
