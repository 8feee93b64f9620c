"""Alarms and their life cycle: acknowledgement, shelving, suppression, escalation."""
# isort: skip_file
# fmt: off

from .commands import (
    Acknowledge, Assign, Command, Override, Remove, Reset, Restore, Shelve, Unshelve, Withdraw, decode_command, encode_command,
    permission_for,
)
from .definitions import OF_COMMANDING, AlarmBook, AlarmDefinition, Source, Subject, read_alarms
from .engine import AlarmEngine
from .escalation import Call, Escalation, Notify, calls_of, read_escalation
from .merge import Shared, seen
from .observations import (
    ClockOffset, CommandingStands, Contact, ContactsBooked, CorrelationResidual, FramesHeard, LimitChanged, LimitsStanding,
    LinkReported, Observation, ServiceReported, StorageLevel, Trouble,
)
from .operating import May, command
from .overrides import check_override, kind_of
from .projection import Projection
from .records import (
    CalibrationSet, Change, Counts, LimitBand, LimitSet, Notified, Overridden, OverrideEnded, Record, Refused, Stance, decode,
    encode,
)
from .states import SEVERITIES, UNSEEN, Event, Shelving, Situation, State

__all__ = [
    "OF_COMMANDING", "SEVERITIES", "UNSEEN", "Acknowledge", "AlarmBook", "AlarmDefinition", "AlarmEngine", "Assign",
    "CalibrationSet", "Call", "Change", "ClockOffset", "Command", "CommandingStands", "Contact", "ContactsBooked",
    "CorrelationResidual", "Counts", "Escalation", "Event", "FramesHeard", "LimitBand", "LimitChanged", "LimitSet",
    "LimitsStanding", "LinkReported", "May", "Notified", "Notify", "Observation", "Overridden", "Override", "OverrideEnded",
    "Projection", "Record", "Refused", "Remove", "Reset", "Restore", "ServiceReported", "Shared", "Shelve", "Shelving",
    "Situation", "Source", "Stance", "State", "StorageLevel", "Subject", "Trouble", "Unshelve", "Withdraw", "calls_of",
    "check_override", "command", "decode", "decode_command", "encode", "encode_command", "kind_of", "permission_for",
    "read_alarms", "read_escalation", "seen",
]
