"""Octets of the SDLS extended procedures, both ways (CCSDS 355.1-B).

A unit is tag (8 bits: type, user flag, service group 2, procedure 4), length of the data field in *bits* (16), data field. Two
public implementations agree on the tag (CryptoLib, LeoDOS); that the length counts bits is quoted from 5.3.2.3.1.
"""

from collections.abc import Callable
from enum import Enum

from ..errors import DataError
from .sdls_associations import GCM_IV_OCTETS
from .sdls_pdus import (
    CHALLENGE_OCTETS,
    MAC_OCTETS,
    Answer,
    ArsnReply,
    Command,
    CreateSa,
    DataFieldReader,
    DumpLogReply,
    KeyChange,
    KeyInventory,
    KeyInventoryReply,
    KeyVerification,
    KeyVerificationReply,
    LogStatusReply,
    Monitoring,
    Otar,
    Pdu,
    PingReply,
    Procedure,
    RekeySa,
    Reply,
    SaOrder,
    SaStatusReply,
    SelfTestReply,
    SetArsn,
    SetArsnWindow,
    StartSa,
    two_octets,
)

REPLY = 0x80
USER_FLAG = 0x40


class LengthUnit(Enum):
    """Unit of the length field: BITS in the book; OCTETS in peers that misread it (older CryptoLib)."""

    BITS = 8
    OCTETS = 1


_COMMAND_OF: dict[type, Procedure] = {
    Otar: Procedure.OTAR, KeyInventory: Procedure.KEY_INVENTORY, KeyVerification: Procedure.KEY_VERIFICATION,
    CreateSa: Procedure.CREATE_SA, RekeySa: Procedure.REKEY_SA, StartSa: Procedure.START_SA, SetArsn: Procedure.SET_ARSN,
    SetArsnWindow: Procedure.SET_ARSN_WINDOW,
}  # fmt: skip
_REPLY_OF: dict[type, Procedure] = {
    KeyInventoryReply: Procedure.KEY_INVENTORY, KeyVerificationReply: Procedure.KEY_VERIFICATION, ArsnReply: Procedure.READ_ARSN,
    SaStatusReply: Procedure.SA_STATUS, PingReply: Procedure.PING, DumpLogReply: Procedure.DUMP_LOG,
    SelfTestReply: Procedure.SELF_TEST,
}  # fmt: skip
KEY_CHANGES = (Procedure.KEY_ACTIVATION, Procedure.KEY_DEACTIVATION, Procedure.KEY_DESTRUCTION)
SA_ORDERS = (Procedure.STOP_SA, Procedure.EXPIRE_SA, Procedure.DELETE_SA, Procedure.READ_ARSN, Procedure.SA_STATUS)
MONITORING = (
    Procedure.PING, Procedure.LOG_STATUS, Procedure.DUMP_LOG, Procedure.ERASE_LOG, Procedure.SELF_TEST,
    Procedure.ALARM_FLAG_RESET,
)  # fmt: skip


def _all(reader: DataFieldReader, take: Callable[[], tuple[int, bytes]]) -> tuple[tuple[int, bytes], ...]:
    taken = []
    while reader.left:
        taken.append(take())
    return tuple(taken)


def _numbers(reader: DataFieldReader) -> tuple[int, ...]:
    numbers = []
    while reader.left:
        numbers.append(reader.number(2))
    return tuple(numbers)


def _answers(reader: DataFieldReader) -> tuple[Answer, ...]:
    answers = []
    while reader.left:
        answers.append(Answer(reader.number(2), *(reader.octets(n) for n in (GCM_IV_OCTETS, CHALLENGE_OCTETS, MAC_OCTETS))))
    return tuple(answers)


_READ_COMMAND: dict[Procedure, Callable[[DataFieldReader], Command]] = {
    Procedure.OTAR: Otar.read,
    Procedure.KEY_INVENTORY: lambda reader: KeyInventory(reader.number(2), reader.number(2)),
    Procedure.KEY_VERIFICATION: lambda reader: KeyVerification(
        _all(reader, lambda: (reader.number(2), reader.octets(CHALLENGE_OCTETS)))
    ),
    Procedure.CREATE_SA: CreateSa.read,
    Procedure.REKEY_SA: lambda reader: RekeySa(reader.number(2), reader.number(2), reader.rest()),
    Procedure.START_SA: StartSa.read,
    Procedure.SET_ARSN: lambda reader: SetArsn(reader.number(2), reader.rest()),
    Procedure.SET_ARSN_WINDOW: lambda reader: SetArsnWindow(reader.number(2), reader.rest()),
}
_READ_REPLY: dict[Procedure, Callable[[DataFieldReader], Reply]] = {
    Procedure.KEY_INVENTORY: lambda reader: KeyInventoryReply(
        tuple((reader.number(2), reader.number(1)) for _ in range(reader.number(2)))
    ),
    Procedure.KEY_VERIFICATION: lambda reader: KeyVerificationReply(_answers(reader)),
    Procedure.READ_ARSN: lambda reader: ArsnReply(reader.number(2), reader.rest()),
    Procedure.SA_STATUS: lambda reader: SaStatusReply(reader.number(2), reader.number(1)),
    Procedure.PING: lambda reader: PingReply(),
    Procedure.LOG_STATUS: lambda reader: LogStatusReply(Procedure.LOG_STATUS, reader.number(2), reader.number(2)),
    Procedure.ERASE_LOG: lambda reader: LogStatusReply(Procedure.ERASE_LOG, reader.number(2), reader.number(2)),
    Procedure.DUMP_LOG: lambda reader: DumpLogReply(_all(reader, lambda: (reader.number(1), reader.octets(reader.number(2))))),
    Procedure.SELF_TEST: lambda reader: SelfTestReply(reader.number(1)),
}


def tag_of(pdu: Pdu) -> int:
    """Return the tag octet of a unit."""
    if isinstance(pdu, KeyChange | SaOrder | Monitoring):
        return pdu.procedure
    if isinstance(pdu, LogStatusReply):
        return REPLY | pdu.procedure
    kind = type(pdu)
    return _COMMAND_OF[kind] if kind in _COMMAND_OF else REPLY | _REPLY_OF[kind]


def encode_pdu(pdu: Pdu, unit: LengthUnit = LengthUnit.BITS) -> bytes:
    """Return the octets of a unit. Raises UsageError for what does not fit its field."""
    data = pdu.data_field()
    length = len(data) * unit.value
    return bytes([tag_of(pdu)]) + two_octets(length) + data


def decode_pdu(octets: bytes, unit: LengthUnit = LengthUnit.BITS) -> Pdu:
    """Return the unit that these octets are, exactly. Raises DataError for anything else."""
    if len(octets) < 3:
        raise DataError(f"{len(octets)} octets are no extended procedure unit, which has at least 3")
    tag, length = octets[0], int.from_bytes(octets[1:3], "big")
    if length % unit.value or length // unit.value != len(octets) - 3:
        words = f"the length field says {length} {unit.name.lower()}, the data field has {len(octets) - 3} octets"
        raise DataError(words, where=f"tag {tag:02x}", remedy="Check whether the sender counts octets instead of bits")
    if tag & USER_FLAG:
        raise DataError("a user-defined procedure", where=f"tag {tag:02x}", remedy="Handle it outside the extended procedures")
    try:
        procedure = Procedure(tag & 0x3F)
    except ValueError as error:
        raise DataError(
            f"no procedure {tag & 0xF:04b} in service group {tag >> 4 & 3:02b} is known", where=f"tag {tag:02x}"
        ) from error
    reader = DataFieldReader(octets[3:], procedure.name)
    pdu = _read_reply(procedure, reader) if tag & REPLY else _read_command(procedure, reader)
    reader.finish()
    return pdu


def _read_command(procedure: Procedure, reader: DataFieldReader) -> Command:
    if procedure in KEY_CHANGES:
        return KeyChange(procedure, _numbers(reader))
    if procedure in SA_ORDERS:
        return SaOrder(procedure, reader.number(2))
    if procedure in MONITORING:
        return Monitoring(procedure)
    return _READ_COMMAND[procedure](reader)


def _read_reply(procedure: Procedure, reader: DataFieldReader) -> Reply:
    if procedure not in _READ_REPLY:
        raise DataError(f"{procedure.name} has no reply", where="bit 0 of the tag")
    return _READ_REPLY[procedure](reader)
