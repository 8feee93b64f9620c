"""Everything of space data link security that other rooms use, as `security` in the front door of `link`."""
# isort: skip_file
# fmt: off

from .sdls_associations import (
    Algorithm, SA_TABLE, SaEvent, SaState, SecuredChannel, SecurityAssociation, Service, next_sa_state, shared_keys,
)
from .sdls_creation import DEFAULT_SUITES, Suites, association_from, creation_of
from .sdls_frames import Accepted, Receiver, Refused, SecurityStore, Sender
from .sdls_initiator import KeyWrapper, answered, challenge
from .sdls_keys import KEY_TABLE, Key, KeyEvent, KeyKind, KeyMaterial, KeyState, KeyStore, LifeCycleError, next_key_state
from .sdls_numbers import ReceivedNumbers, SendingNumbers, whole_number
from .sdls_pdu_codec import LengthUnit, decode_pdu, encode_pdu
from .sdls_pdus import (
    Answer, ArsnReply, Command, CreateSa, DumpLogReply, KeyChange, KeyInventory, KeyInventoryReply, KeyVerification,
    KeyVerificationReply, LogStatusReply, Monitoring, Otar, Pdu, PingReply, Procedure, RekeySa, Reply, SaOrder, SaStatusReply,
    SelfTestReply, SetArsn, SetArsnWindow, StartSa,
)
from .sdls_procedures import Done, NotDone, Recipient
from .sdls_report import FrameSecurityReport, LogEvent, Refusal, SecurityLog

__all__ = [
    "DEFAULT_SUITES", "KEY_TABLE", "SA_TABLE", "Accepted", "Algorithm", "Answer", "ArsnReply", "Command", "CreateSa", "Done",
    "DumpLogReply", "FrameSecurityReport", "Key", "KeyChange", "KeyEvent", "KeyInventory", "KeyInventoryReply", "KeyKind",
    "KeyMaterial", "KeyState", "KeyStore", "KeyVerification", "KeyVerificationReply", "KeyWrapper", "LengthUnit",
    "LifeCycleError", "LogEvent", "LogStatusReply", "Monitoring", "NotDone", "Otar", "Pdu", "PingReply", "Procedure",
    "ReceivedNumbers", "Receiver", "Recipient", "Refusal", "Refused", "RekeySa", "Reply", "SaEvent", "SaOrder", "SaState",
    "SaStatusReply", "SecuredChannel", "SecurityAssociation", "SecurityLog", "SecurityStore", "SelfTestReply", "Sender",
    "SendingNumbers", "Service", "SetArsn", "SetArsnWindow", "StartSa", "Suites", "answered", "association_from", "challenge",
    "creation_of", "decode_pdu", "encode_pdu", "next_key_state", "next_sa_state", "shared_keys", "whole_number",
]
