"""Requests, authority, the release gate, evidence, verification, procedures.

A request becomes a prepared command with its exact octets and their digest; people sign statements over that digest until the
authority of the mission is satisfied; the gate releases; the journal keeps what happened so that anybody can check it later.
"""

# isort: skip_file
# fmt: off

from . import conduct
from .audit import Audit, Finding
from .authority import Asked, Missing, Wanted, asked_of, rules_digest, wanted
from .canonical import canonical as canonical_octets
from .commander import Commander
from .conduct import *  # noqa: F403
from .credentials import AgencyKeys, Credential, Keyring, Revocation, credential_body, revocation_body
from .directives import SENTENCES as DIRECTIVES
from .directives import directive_of
from .gate import Gate, GateOutput, Grant, Holding, Refused, ReleasedCltu
from .history import CommandSeen, ReportSeen, seen_commands
from .journal import (
    ClockError, Copied, Copy, Entry, Fork, Head, Journal, Reader, countersign_body, countersigned_from, in_time, resume,
)
from .judging import Report, conclude
from .leases import (
    Answer, Borrower, BorrowerLease, Event, Leases, Message, Owner, OwnerLease, message_from as lease_message_from,
)
from .preparing import Counts, Preparation, Preparer, unmet
from .progress import ENDED, Board, Progress, State, Told
from .queueing import Queue, Valve
from .requests import (
    FOR_EVER, Call, CommandRequest, PreparedCommand, Requester, Service, body_of, digest_of, prepared_from,
)
from .standing import MOST_ENDED, Standing
from .statements import Act, Refusal, SignedStatement, Statement, Why, key_id, sign, statement_from
from .telling import Outcome
from .timing import CommandTimes, LightPaths, command_times
from .uplink import LineOutput, UplinkLine, cltu_rules, fop_settings
from .verification import Allowances, Expected, Overdue, Stage, Unasked, Verified, Verifier, stages_asked

__all__ = [
    "DIRECTIVES", "ENDED", "FOR_EVER", "MOST_ENDED", "Act", "AgencyKeys", "Allowances", "Answer", "Asked", "Audit", "Board",
    "Borrower", "BorrowerLease", "Call", "ClockError", "CommandRequest", "CommandSeen", "CommandTimes", "Commander", "Copied",
    "Copy", "Counts", "Credential", "Entry", "Event", "Expected", "Finding", "Fork", "Gate", "GateOutput", "Grant", "Head",
    "Holding", "Journal", "Keyring", "Leases", "LightPaths", "LineOutput", "Message", "Missing", "Outcome", "Overdue",
    "Owner", "OwnerLease", "Preparation", "PreparedCommand", "Preparer", "Progress", "Queue", "Reader", "Refusal", "Refused",
    "ReleasedCltu", "Report", "ReportSeen", "Requester", "Revocation", "Service", "SignedStatement", "Stage", "Standing",
    "State", "Statement", "Told", "Unasked", "UplinkLine", "Valve", "Verified", "Verifier", "Wanted", "Why", "asked_of",
    "body_of", "canonical_octets", "cltu_rules", "command_times", "conclude", "countersign_body", "countersigned_from",
    "credential_body", "digest_of", "directive_of", "fop_settings", "in_time", "key_id", "lease_message_from",
    "prepared_from", "resume", "revocation_body", "rules_digest", "seen_commands", "sign", "stages_asked", "statement_from",
    "unmet", "wanted",
]
__all__ += conduct.__all__
