"""The recipient of the SDLS extended procedures (CCSDS 355.1-B): the end on board that carries commands out.

What the book is known to demand is checked: creation only of what does not exist, rekeying only with an active key, anti-replay
only for authenticated associations, key verification only of active keys. Our own rules are stricter where a mistake would
lock the ground out: a command changes all its keys or none, and it never changes the association, nor the key, that protects it.
"""

from dataclasses import dataclass, replace

from ..errors import AelitaError, DataError
from .sdls_associations import GCM_IV_OCTETS, VERIFICATION_PREFIX, SaEvent, SecurityAssociation, next_sa_state
from .sdls_creation import DEFAULT_SUITES, Suites, association_from
from .sdls_cryptography import check_key, unwrap, wrap
from .sdls_frames import SecurityStore
from .sdls_keys import KeyEvent, KeyKind, KeyMaterial
from .sdls_numbers import ReceivedNumbers
from .sdls_pdu_codec import tag_of
from .sdls_pdus import (
    Answer,
    ArsnReply,
    Command,
    CreateSa,
    DumpLogReply,
    KeyChange,
    KeyInventory,
    KeyInventoryReply,
    KeyVerification,
    KeyVerificationReply,
    LogStatusReply,
    Monitoring,
    Otar,
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

KEY_OCTETS = 32
REFUSED_TAG = 64  # of the entry in our log; event tags are a mission's choice
SELF_TEST_GOOD, SELF_TEST_BAD = 0x00, 0xFF
_EVENTS = {
    Procedure.KEY_ACTIVATION: KeyEvent.ACTIVATION,
    Procedure.KEY_DEACTIVATION: KeyEvent.DEACTIVATION,
    Procedure.KEY_DESTRUCTION: KeyEvent.DESTRUCTION,
}
_ORDERS = {Procedure.STOP_SA: SaEvent.STOP, Procedure.EXPIRE_SA: SaEvent.EXPIRE, Procedure.DELETE_SA: SaEvent.DELETE}


@dataclass(frozen=True, slots=True)
class Done:
    """A command was carried out; `reply` is what goes back, None where the procedure has no reply."""

    reply: Reply | None = None


@dataclass(frozen=True, slots=True)
class NotDone:
    """A command was refused and changed nothing; `why` says what stood against it."""

    procedure: Procedure
    why: str


class Recipient:
    """Carries out extended procedures on the store of one spacecraft.

    `answers` is how many key verifications were answered before: it makes the IVs of the next ones, so it must survive a
    restart. `suites` are the codes of algorithms that the mission agreed on.
    """

    def __init__(self, store: SecurityStore, *, answers: int = 0, suites: Suites = DEFAULT_SUITES) -> None:
        self.store, self.answers, self._suites = store, answers, suites
        self._changed_by: dict[int, int] = {}

    def apply(self, command: Command, protected_by: int) -> Done | NotDone:
        """Carry out a command that came under the association `protected_by`, or say why not. Refusals are logged."""
        procedure = Procedure(tag_of(command))
        try:
            reply = self._apply(command, procedure, protected_by)
            if reply is not None:
                two_octets(8 * len(reply.data_field()))  # its length field must hold it
            return Done(reply)
        except AelitaError as error:
            self.store.log.add(REFUSED_TAG, bytes([procedure]))
            return NotDone(procedure, str(error))

    def _apply(self, command: Command, procedure: Procedure, protected_by: int) -> Reply | None:
        match command:
            case Otar():
                self._otar(command)
                return None
            case KeyChange():
                self._change_keys(command, protected_by)
                return None
            case KeyInventory():
                return self._inventory(command)
            case KeyVerification():
                return self._verify(command)
            case Monitoring():
                return self._monitor(procedure)
            case SaOrder(spi=spi) if procedure is Procedure.SA_STATUS:
                self._existing(spi)
                return SaStatusReply(spi, self._changed_by.get(spi, 0))
            case SaOrder(spi=spi) if procedure is Procedure.READ_ARSN:
                return ArsnReply(spi, self._number(self._existing(spi)))
        if command.spi == protected_by:
            raise DataError(f"SA {command.spi} protects this command", remedy="Command it under another association")
        self._change_association(command, procedure)
        self._changed_by[command.spi] = procedure
        return None

    # --- keys ---

    def _otar(self, command: Otar) -> None:
        master = self.store.keys.active(command.master_key_id)
        if master.kind is not KeyKind.MASTER:
            raise DataError(f"key {master.key_id} is no master key", remedy="Wrap session keys under a master key")
        block = unwrap(master.material, command.iv, command.wrapped, command.mac)
        if not block or len(block) % (2 + KEY_OCTETS):
            raise DataError(f"{len(block)} octets are not pairs of a key identifier and {KEY_OCTETS} octets of key")
        pairs = [block[at : at + 2 + KEY_OCTETS] for at in range(0, len(block), 2 + KEY_OCTETS)]
        new = {int.from_bytes(pair[:2], "big"): pair[2:] for pair in pairs}
        if len(new) < len(pairs):
            raise DataError("a key identifier occurs twice", remedy="Give each key its own")
        for key_id in new:
            self.store.keys.check(key_id, KeyEvent.OTAR)
        for key_id, octets in new.items():
            self.store.keys.upload(key_id, octets)

    def _change_keys(self, command: KeyChange, protected_by: int) -> None:
        event, protecting = _EVENTS[command.procedure], self.store.associations.get(protected_by)
        if not command.key_ids or len(set(command.key_ids)) < len(command.key_ids):
            raise DataError(f"{event.value} names no key, or one twice", remedy="Name each key once")
        if protecting is not None and protecting.key_id in command.key_ids and event is not KeyEvent.ACTIVATION:
            raise DataError(f"key {protecting.key_id} protects this command", remedy="Command it under another association")
        for key_id in command.key_ids:
            self.store.keys.check(key_id, event)
        for key_id in command.key_ids:
            self.store.keys.apply(key_id, event)

    def _inventory(self, command: KeyInventory) -> KeyInventoryReply:
        if command.last < command.first:
            raise DataError(f"keys {command.first} to {command.last}", remedy="Give the lower identifier first")
        held = [key for key in self.store.keys if command.first <= key.key_id <= command.last]
        return KeyInventoryReply(tuple((key.key_id, key.state.value) for key in held))

    def _verify(self, command: KeyVerification) -> KeyVerificationReply:
        keys = [self.store.keys.active(key_id) for key_id, _ in command.challenges]
        answers = []
        for key, (_, challenge) in zip(keys, command.challenges, strict=True):
            self.answers += 1
            iv = VERIFICATION_PREFIX + self.answers.to_bytes(GCM_IV_OCTETS - len(VERIFICATION_PREFIX), "big")
            answers.append(Answer(key.key_id, iv, *wrap(key.material, iv, challenge)))
        return KeyVerificationReply(tuple(answers))

    # --- associations ---

    def _existing(self, spi: int) -> SecurityAssociation:
        association = self.store.associations.get(spi)
        if association is None:
            raise DataError(f"there is no SA {spi}", remedy="Create it first")
        return association

    def _number(self, association: SecurityAssociation) -> bytes:
        last, octets = self.store.received[association.spi], association.counter_octets
        return (last.sn if association.sn_octets else last.iv).to_bytes(octets, "big")

    def _change_association(self, command: Command, procedure: Procedure) -> None:
        match command:
            case CreateSa():
                self._create(command)
            case RekeySa():
                self._rekey(command)
            case StartSa(spi=spi, channels=channels):
                if not channels:
                    raise DataError(f"start SA {spi} names no channel", remedy="Name the channels it protects")
                self.store.associations[spi] = self._existing(spi).after(SaEvent.START, channels=channels)
            case SaOrder(spi=spi):
                self._order(spi, _ORDERS[procedure])
            case SetArsn(spi=spi, number=number):
                self._set_number(self._authenticated(spi), number)
            case SetArsnWindow(spi=spi, window=window):
                self.store.associations[spi] = replace(self._authenticated(spi), window=int.from_bytes(window, "big"))

    def _create(self, command: CreateSa) -> None:
        existing = self.store.associations.get(command.spi)
        next_sa_state(command.spi, existing.state if existing else None, SaEvent.CREATE)
        association = association_from(command, self._suites)
        self.store.associations[command.spi] = association
        iv, arsn = int.from_bytes(command.iv, "big"), int.from_bytes(command.arsn, "big")
        self.store.received[command.spi] = ReceivedNumbers(iv, arsn)

    def _rekey(self, command: RekeySa) -> None:
        association = self._existing(command.spi)
        keyed = association.after(SaEvent.REKEY, key_id=command.key_id)
        key = self.store.keys.active(command.key_id)
        if key.kind is not KeyKind.SESSION:
            raise DataError(f"key {key.key_id} is a master key", remedy="Give a session key")
        check_key(keyed, key.material)
        self._set_number(keyed, command.number)
        self.store.associations[command.spi] = keyed

    def _order(self, spi: int, event: SaEvent) -> None:
        association = self._existing(spi)
        if event is SaEvent.DELETE:
            next_sa_state(spi, association.state, event)
            del self.store.associations[spi], self.store.received[spi]
        else:
            self.store.associations[spi] = association.after(event)

    def _authenticated(self, spi: int) -> SecurityAssociation:
        association = self._existing(spi)
        if not association.authenticated:
            raise DataError(f"SA {spi} does not authenticate", remedy="Anti-replay belongs to authenticated associations")
        return association

    def _set_number(self, association: SecurityAssociation, number: bytes) -> None:
        value = int.from_bytes(number, "big")
        if value >> 8 * association.counter_octets:
            raise DataError(f"number {value} does not fit the {association.counter_octets} octets of SA {association.spi}")
        last = self.store.received[association.spi]
        numbers = replace(last, sn=value) if association.sn_octets else replace(last, iv=value)
        self.store.received[association.spi] = numbers

    # --- monitoring and control ---

    def _monitor(self, procedure: Procedure) -> Reply | None:
        log = self.store.log
        if procedure is Procedure.PING:
            return PingReply()
        if procedure is Procedure.DUMP_LOG:
            return DumpLogReply(tuple((event.tag, event.value) for event in log.events))
        if procedure is Procedure.SELF_TEST:
            return SelfTestReply(SELF_TEST_GOOD if _self_test() else SELF_TEST_BAD)
        if procedure is Procedure.ALARM_FLAG_RESET:
            self.store.report = self.store.report.without_alarm()
            return None
        if procedure is Procedure.ERASE_LOG:
            log.erase()
        return LogStatusReply(procedure, len(log.events), log.remaining)


def _self_test() -> bool:
    """Encrypt test case 14 of the GCM specification (McGrew and Viega) and compare."""
    expected = bytes.fromhex("cea7403d4d606b6e074ec5d3baf39d18"), bytes.fromhex("d0d1c8a799996bf0265b98b5d48ab919")
    return wrap(KeyMaterial(bytes(32)), bytes(12), bytes(16)) == expected
