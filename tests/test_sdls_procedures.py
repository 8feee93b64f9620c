"""Extended procedures of space data link security: octets of CryptoLib, then properties, then faults."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from aelita.errors import DataError, DefinitionError, UsageError
from aelita.link.sdls import (
    KEY_TABLE,
    SA_TABLE,
    Accepted,
    Algorithm,
    Answer,
    ArsnReply,
    Command,
    CreateSa,
    Done,
    DumpLogReply,
    KeyChange,
    KeyEvent,
    KeyInventory,
    KeyInventoryReply,
    KeyKind,
    KeyMaterial,
    KeyState,
    KeyStore,
    KeyVerification,
    KeyVerificationReply,
    KeyWrapper,
    LengthUnit,
    LifeCycleError,
    LogStatusReply,
    Monitoring,
    NotDone,
    Otar,
    Pdu,
    PingReply,
    Procedure,
    ReceivedNumbers,
    Receiver,
    Recipient,
    RekeySa,
    Reply,
    SaEvent,
    SaOrder,
    SaState,
    SaStatusReply,
    SecuredChannel,
    SecurityAssociation,
    SecurityLog,
    SecurityStore,
    SelfTestReply,
    Sender,
    SendingNumbers,
    Service,
    SetArsn,
    SetArsnWindow,
    StartSa,
    Suites,
    answered,
    association_from,
    challenge,
    creation_of,
    decode_pdu,
    encode_pdu,
    next_key_state,
    next_sa_state,
)

MASTER = bytes.fromhex("000102030405060708090a0b0c0d0e0f" * 2)  # master key 0 of CryptoLib's tests
KEY_132 = bytes.fromhex("0123456789abcdefabcdef0123456789" * 2)
KEY_134 = bytes.fromhex("abcdef0123456789fedcba9876543210" * 2)
HEADER = bytes.fromhex("2003040000")
CHANNEL = SecuredChannel(3, 1)
CONTROL = SecurityAssociation(1, key_id=130, state=SaState.OPERATIONAL, channels=(SecuredChannel(3, 0),))
NEW = SecurityAssociation(5)


def board(*associations: SecurityAssociation, log: SecurityLog | None = None) -> Recipient:
    keys = KeyStore()
    keys.load(0, MASTER, KeyKind.MASTER, KeyState.ACTIVE)
    keys.load(130, bytes(range(32)), state=KeyState.ACTIVE)
    keys.load(132, KEY_132, state=KeyState.ACTIVE)
    keys.load(134, KEY_134, state=KeyState.ACTIVE)
    keys.load(140, bytes(32), state=KeyState.DEACTIVATED)
    return Recipient(SecurityStore((CONTROL, *associations), keys, log=log))


def carry_out(recipient: Recipient, command: Command, protected_by: int = 1) -> Reply | None:
    outcome = recipient.apply(command, protected_by)
    assert isinstance(outcome, Done), outcome
    return outcome.reply


def refusal(recipient: Recipient, command: Command, protected_by: int = 1) -> str:
    outcome = recipient.apply(command, protected_by)
    assert isinstance(outcome, NotDone), outcome
    return outcome.why


# --- octets that others made: unit tests of CryptoLib (github.com/nasa/CryptoLib, test/unit/ut_ep_*.c) ----------------------

OTAR = (  # its commands count octets in the length field, its replies bits as the book says
    "010084" "0000" "344892bbc54f5395297d4c37"
    "172f2a3c46f6a81c1349e9e26ac80985d8bbd55a5814c662e49fba52f99ba09558cd"
    "21cf268b8e50b2184137e80f76122034c580464e2f06d2659a50508bdfe9e9a55990"
    "ba4148af896d8a6eebe8b5d2258685d4ce217a20174fdd4f0efac62758c51b04e557"
    "10a47209c923b641d19a39001f9e9861"
)  # fmt: skip
VERIFY = "040024008471fc3ad5b1c36ad56bd5a5432315cdab008675c06302465bc6d5091a29957eebed35"
VERIFIED = (
    "8402e0" "0084" "000000000000000000000001" "d8eaa795affaa0e951bb6cf0116192e1" "6b1977d6723e92e01123ccef548e2885"
    "0086" "000000000000000000000002" "75c47f30ca26e64af30c19ebffe0b314" "849133e138ac65bc2806e520a90c96a8"
)  # fmt: skip
COMMANDS: list[tuple[str, Command]] = [
    ("0200" "04" "008d008e", KeyChange(Procedure.KEY_ACTIVATION, (141, 142))),
    ("030002" "008e", KeyChange(Procedure.KEY_DEACTIVATION, (142,))),
    ("070004" "00840086", KeyInventory(132, 134)),
    ("16000c" "00060085" "0000000000000000", RekeySa(6, 133, bytes(8))),
    ("1a000a" "0006" "0000000000000000", SetArsn(6, bytes(8))),
    ("100002" "0006", SaOrder(Procedure.READ_ARSN, 6)),
    ("1f0002" "0006", SaOrder(Procedure.SA_STATUS, 6)),
    ("1e0002" "0006", SaOrder(Procedure.STOP_SA, 6)),
    ("190002" "0006", SaOrder(Procedure.EXPIRE_SA, 6)),
    ("310000", Monitoring(Procedure.PING)),
    ("320000", Monitoring(Procedure.LOG_STATUS)),
    ("330000", Monitoring(Procedure.DUMP_LOG)),
    ("340000", Monitoring(Procedure.ERASE_LOG)),
    ("350000", Monitoring(Procedure.SELF_TEST)),
    ("370000", Monitoring(Procedure.ALARM_FLAG_RESET)),
]  # fmt: skip


@pytest.mark.parametrize(("octets", "command"), COMMANDS)
def test_commands_of_cryptolib_are_read_and_written(octets: str, command: Command) -> None:
    assert decode_pdu(bytes.fromhex(octets), LengthUnit.OCTETS) == command
    assert encode_pdu(command, LengthUnit.OCTETS) == bytes.fromhex(octets)


def test_a_command_of_cryptolib_1_4_counts_bits() -> None:
    octets = bytes.fromhex("1b0030003f00002c04")  # from the log in its issue 522
    assert encode_pdu(decode_pdu(octets)) == octets
    assert StartSa(6, (SecuredChannel(3, 1),)).data_field() == bytes.fromhex("000600003040")


def test_the_otar_of_cryptolib_uploads_its_three_keys() -> None:
    command, recipient = decode_pdu(bytes.fromhex(OTAR), LengthUnit.OCTETS), board()
    assert isinstance(command, Otar)
    assert encode_pdu(command, LengthUnit.OCTETS) == bytes.fromhex(OTAR)
    recipient.store.keys.apply(140, KeyEvent.DESTRUCTION)
    assert carry_out(recipient, command) is None
    uploaded = {key.key_id: key for key in recipient.store.keys if key.key_id in (140, 141, 142)}
    assert {key.state for key in uploaded.values()} == {KeyState.PRE_ACTIVATION}
    assert uploaded[141].material == KeyMaterial(
        bytes.fromhex("2ceecd328ee02d4282ad808c50cdb9052d7cab3e0c47f4b915eb666fd1502335")
    )


def test_the_key_verification_of_cryptolib_is_accepted_by_the_ground() -> None:
    command, reply = decode_pdu(bytes.fromhex(VERIFY), LengthUnit.OCTETS), decode_pdu(bytes.fromhex(VERIFIED))
    assert isinstance(command, KeyVerification)
    assert isinstance(reply, KeyVerificationReply)
    assert encode_pdu(reply) == bytes.fromhex(VERIFIED)
    assert answered(board().store.keys, command, reply) == {132: True, 134: True}
    forged = replace(reply.answers[1], mac=bytes(16))
    assert answered(board().store.keys, command, KeyVerificationReply((forged,))) == {132: False, 134: False}


def test_the_states_are_those_of_two_public_implementations() -> None:
    walk: KeyState | None = None
    for event in (KeyEvent.OTAR, KeyEvent.ACTIVATION, KeyEvent.DEACTIVATION, KeyEvent.DESTRUCTION):
        walk = next_key_state(1, walk, event)
    assert walk is KeyState.DESTROYED
    life: SaState | None = None
    states = []
    for step in (SaEvent.CREATE, SaEvent.REKEY, SaEvent.START, SaEvent.STOP, SaEvent.EXPIRE, SaEvent.DELETE):
        life = next_sa_state(1, life, step)
        states.append(life)
    assert states == [SaState.UNKEYED, SaState.KEYED, SaState.OPERATIONAL, SaState.KEYED, SaState.UNKEYED, None]


# --- properties ------------------------------------------------------------------------------------------------------------

IDS = st.integers(0, 0xFFFF)
SHORT = st.binary(max_size=20)
SIXTEEN, TWELVE = st.binary(min_size=16, max_size=16), st.binary(min_size=12, max_size=12)
CHANNELS = st.builds(SecuredChannel, IDS, st.integers(0, 63), st.none() | st.integers(1, 63))
PDUS = st.one_of(
    st.builds(Otar, IDS, TWELVE, st.binary(max_size=200), SIXTEEN),
    st.builds(KeyChange, st.sampled_from([Procedure.KEY_ACTIVATION, Procedure.KEY_DESTRUCTION]), st.lists(IDS).map(tuple)),
    st.builds(KeyInventory, IDS, IDS),
    st.builds(KeyInventoryReply, st.lists(st.tuples(IDS, st.integers(0, 255))).map(tuple)),
    st.builds(KeyVerification, st.lists(st.tuples(IDS, SIXTEEN), max_size=9).map(tuple)),
    st.builds(KeyVerificationReply, st.lists(st.builds(Answer, IDS, TWELVE, SIXTEEN, SIXTEEN), max_size=9).map(tuple)),
    st.builds(
        CreateSa, IDS, st.booleans(), st.booleans(), st.integers(0, 63), st.integers(0, 63), st.integers(0, 3),
        st.integers(0, 255), SHORT, SHORT, SHORT, st.binary(max_size=300), SHORT, SHORT,
    ),
    st.builds(RekeySa, IDS, IDS, SHORT),
    st.builds(StartSa, IDS, st.lists(CHANNELS, max_size=9).map(tuple)),
    st.builds(SaOrder, st.sampled_from([Procedure.STOP_SA, Procedure.DELETE_SA, Procedure.SA_STATUS]), IDS),
    st.builds(SetArsn, IDS, SHORT), st.builds(SetArsnWindow, IDS, SHORT), st.builds(ArsnReply, IDS, SHORT),
    st.builds(SaStatusReply, IDS, st.integers(0, 255)),
    st.builds(Monitoring, st.sampled_from([Procedure.PING, Procedure.ALARM_FLAG_RESET])), st.builds(PingReply),
    st.builds(LogStatusReply, st.sampled_from([Procedure.LOG_STATUS, Procedure.ERASE_LOG]), IDS, IDS),
    st.builds(DumpLogReply, st.lists(st.tuples(st.integers(0, 255), SHORT), max_size=9).map(tuple)),
    st.builds(SelfTestReply, st.integers(0, 255)),
)  # fmt: skip


@given(PDUS, st.sampled_from(LengthUnit), st.data())
@settings(max_examples=400)
def test_every_unit_is_read_as_written_and_no_cut_one_is(pdu: Pdu, unit: LengthUnit, draw: st.DataObject) -> None:
    octets = encode_pdu(pdu, unit)
    assert decode_pdu(octets, unit) == pdu
    cut = draw.draw(st.integers(0, len(octets) - 1))
    with pytest.raises(DataError):
        decode_pdu(octets[:cut], unit)
    with pytest.raises(DataError):
        decode_pdu(octets + b"\0", unit)


@given(st.integers(0, 255), st.binary(max_size=120))
@settings(max_examples=1000)
def test_octets_of_any_content_are_read_or_refused_and_never_break_the_recipient(tag: int, data: bytes) -> None:
    octets = bytes([tag]) + (8 * len(data)).to_bytes(2, "big") + data
    try:
        pdu = decode_pdu(octets)
    except DataError:
        return
    assert encode_pdu(pdu) == octets or isinstance(pdu, StartSa)  # its version bits are not kept
    if isinstance(pdu, Command):
        assert isinstance(board(NEW).apply(pdu, 1), Done | NotDone)


@given(st.sampled_from([
    NEW, replace(NEW, sn_octets=8, sn_sent=4, window=300), replace(NEW, mask=b"\xff" * 20),
    replace(NEW, service=Service.AUTHENTICATION, algorithm=Algorithm.CMAC_AES_256, iv_octets=0, sn_octets=4),
    replace(NEW, service=Service.AUTHENTICATION), replace(NEW, service=Service.ENCRYPTION, mac_octets=0),
]), st.integers(0, 2**30))  # fmt: skip
def test_an_association_survives_its_creation(association: SecurityAssociation, last: int) -> None:
    numbers = ReceivedNumbers(last if association.iv_octets else 0, last if association.sn_octets else 0)
    command, recipient = creation_of(association, numbers), board()
    assert decode_pdu(encode_pdu(command)) == command
    carry_out(recipient, command)
    made = recipient.store.associations[5]
    assert made == replace(association, iv_sent=association.iv_in_header, sn_sent=association.sn_in_header)
    assert recipient.store.received[5] == numbers


class AnyProcedures(RuleBasedStateMachine):
    """Key and association procedures in any order, beside a model of plain dictionaries written from the words of the book."""

    def __init__(self) -> None:
        super().__init__()
        self.recipient = board()
        self.wrapper = KeyWrapper(self.recipient.store.keys, SendingNumbers(0, 0))
        self.wrapper.grant(self.wrapper.reserve(1000))
        self.keys: dict[int, str] = {}
        self.associations: dict[int, tuple[str, int | None]] = {}

    def expect(self, command: Command, possible: bool) -> None:
        assert isinstance(self.recipient.apply(command, 1), Done) == possible

    @rule(key_ids=st.sets(st.integers(200, 203), min_size=1))
    def otar(self, key_ids: set[int]) -> None:
        possible = all(self.keys.get(key_id) not in ("ACTIVE", "DEACTIVATED") for key_id in key_ids)
        self.expect(self.wrapper.otar({key_id: KeyMaterial(bytes([key_id]) * 32) for key_id in key_ids}), possible)
        if possible:
            self.keys |= dict.fromkeys(key_ids, "PRE_ACTIVATION")

    @rule(key_ids=st.sets(st.integers(200, 203), min_size=1), step=st.integers(0, 2))
    def change(self, key_ids: set[int], step: int) -> None:
        procedure = (Procedure.KEY_ACTIVATION, Procedure.KEY_DEACTIVATION, Procedure.KEY_DESTRUCTION)[step]
        before, after = ("PRE_ACTIVATION", "ACTIVE", "DEACTIVATED", "DESTROYED")[step : step + 2]
        possible = all(self.keys.get(key_id) == before for key_id in key_ids)
        self.expect(KeyChange(procedure, tuple(key_ids)), possible)
        if possible:
            self.keys |= dict.fromkeys(key_ids, after)

    @rule(spi=st.integers(1, 4))
    def create(self, spi: int) -> None:
        possible = spi != 1 and spi not in self.associations
        self.expect(creation_of(replace(NEW, spi=spi), ReceivedNumbers()), possible)
        if possible:
            self.associations[spi] = ("UNKEYED", None)

    @rule(spi=st.integers(1, 4), key_id=st.integers(200, 203))
    def rekey(self, spi: int, key_id: int) -> None:
        possible = self.associations.get(spi) == ("UNKEYED", None) and self.keys.get(key_id) == "ACTIVE"
        self.expect(RekeySa(spi, key_id, bytes(8)), possible)
        if possible:
            self.associations[spi] = ("KEYED", key_id)

    @rule(spi=st.integers(1, 4))
    def start(self, spi: int) -> None:
        state, key_id = self.associations.get(spi, ("", None))
        self.expect(StartSa(spi, (CHANNEL,)), state == "KEYED")
        if state == "KEYED":
            self.associations[spi] = ("OPERATIONAL", key_id)

    @rule(spi=st.integers(1, 4))
    def stop(self, spi: int) -> None:
        state, key_id = self.associations.get(spi, ("", None))
        self.expect(SaOrder(Procedure.STOP_SA, spi), state == "OPERATIONAL")
        if state == "OPERATIONAL":
            self.associations[spi] = ("KEYED", key_id)

    @rule(spi=st.integers(1, 4))
    def expire(self, spi: int) -> None:
        possible = self.associations.get(spi, ("",))[0] == "KEYED"
        self.expect(SaOrder(Procedure.EXPIRE_SA, spi), possible)
        if possible:
            self.associations[spi] = ("UNKEYED", None)

    @rule(spi=st.integers(1, 4))
    def delete(self, spi: int) -> None:
        possible = self.associations.get(spi, ("",))[0] == "UNKEYED"
        self.expect(SaOrder(Procedure.DELETE_SA, spi), possible)
        if possible:
            del self.associations[spi]

    @invariant()
    def agree(self) -> None:
        inventory = carry_out(self.recipient, KeyInventory(200, 299))
        assert isinstance(inventory, KeyInventoryReply)
        assert {key_id: KeyState(code).name for key_id, code in inventory.keys} == self.keys
        held = {spi: (one.state.name, one.key_id) for spi, one in self.recipient.store.associations.items() if spi != 1}
        assert held == self.associations
        assert set(self.recipient.store.received) == {1, *held}


TestAnyProcedures = AnyProcedures.TestCase
TestAnyProcedures.settings = settings(max_examples=60, stateful_step_count=40)


def test_a_new_key_goes_up_is_proved_and_protects_a_command() -> None:
    recipient, ground = board(), KeyStore()
    ground.load(0, MASTER, KeyKind.MASTER, KeyState.ACTIVE)
    ground.load(200, bytes(range(50, 82)))
    wrapper = KeyWrapper(ground, SendingNumbers(0, 0))
    wrapper.grant(wrapper.reserve(1))
    session = ground.get(200)
    assert session is not None
    ground.apply(200, KeyEvent.ACTIVATION)
    commands: tuple[Command, ...] = (
        wrapper.otar({200: session.material}), KeyChange(Procedure.KEY_ACTIVATION, (200,)),
        creation_of(NEW, ReceivedNumbers()), RekeySa(5, 200, (1000).to_bytes(8, "big")), StartSa(5, (CHANNEL,)),
    )  # fmt: skip
    for command in commands:
        received = decode_pdu(encode_pdu(command))
        assert isinstance(received, Command)
        carry_out(recipient, received)
    asked = challenge({200: bytes(range(16))})
    reply = carry_out(recipient, asked)
    assert isinstance(reply, KeyVerificationReply)
    assert answered(ground, asked, reply) == {200: True}
    ours = NEW.after(SaEvent.REKEY, key_id=200).after(SaEvent.START, channels=(CHANNEL,))
    sending = Sender(ours, ground, SendingNumbers(5, 200, 1001))
    sending.grant(sending.reserve(8))
    outcome = Receiver(recipient.store).process_security(HEADER, b"", sending.apply_security(HEADER, b"", b"command"))
    assert isinstance(outcome, Accepted)
    assert outcome.data == b"command"
    assert carry_out(recipient, SaOrder(Procedure.READ_ARSN, 5)) == ArsnReply(5, (1001).to_bytes(12, "big"))
    assert carry_out(recipient, SaOrder(Procedure.SA_STATUS, 5)) == SaStatusReply(5, Procedure.START_SA)


def test_answers_to_challenges_never_share_an_iv_with_frames() -> None:
    recipient, ivs = board(), []
    for _ in range(3):
        reply = carry_out(recipient, challenge({130: bytes(16), 132: bytes(16)}))
        assert isinstance(reply, KeyVerificationReply)
        ivs += [answer.iv for answer in reply.answers]
    assert len(set(ivs)) == 6
    assert all(iv.startswith(b"\xff\xff\xff\xff") for iv in ivs)
    assert Recipient(recipient.store, answers=recipient.answers).answers == 6


# --- faults ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", [None, *KeyState])
@pytest.mark.parametrize("event", KeyEvent)
def test_a_missing_row_of_the_key_table_is_a_named_error(state: KeyState | None, event: KeyEvent) -> None:
    if (state, event) in KEY_TABLE:
        assert next_key_state(7, state, event) is KEY_TABLE[state, event]
    else:
        with pytest.raises(LifeCycleError, match=f"{event.value} is not possible while key 7 is"):
            next_key_state(7, state, event)


@pytest.mark.parametrize("state", [None, *SaState])
@pytest.mark.parametrize("event", SaEvent)
def test_a_missing_row_of_the_association_table_is_a_named_error(state: SaState | None, event: SaEvent) -> None:
    if (state, event) in SA_TABLE:
        assert next_sa_state(7, state, event) is SA_TABLE[state, event]
    else:
        with pytest.raises(LifeCycleError, match=f"{event.value} is not possible while SA 7 is"):
            next_sa_state(7, state, event)


def encryption_only() -> SecurityAssociation:
    return replace(NEW, spi=6, service=Service.ENCRYPTION, mac_octets=0, key_id=132, state=SaState.KEYED)


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (Otar(0, bytes(12), bytes(34), bytes(16)), "MAC is wrong"),
        (Otar(7, bytes(12), bytes(34), bytes(16)), "key 7 is absent, not ACTIVE"),
        (Otar(130, bytes(12), bytes(34), bytes(16)), "no master key"),
        (KeyChange(Procedure.KEY_DEACTIVATION, (0,)), "key 0 is a master key"),
        (KeyChange(Procedure.KEY_DEACTIVATION, (130,)), "key 130 protects this command"),
        (KeyChange(Procedure.KEY_DEACTIVATION, (132, 132)), "one twice"),
        (KeyChange(Procedure.KEY_DEACTIVATION, ()), "names no key"),
        (KeyChange(Procedure.KEY_DEACTIVATION, (132, 140)), "key 140 is DEACTIVATED"),
        (KeyChange(Procedure.KEY_ACTIVATION, (9,)), "key 9 is absent"),
        (KeyInventory(5, 4), "lower identifier first"),
        (KeyVerification(((132, bytes(16)), (140, bytes(16)))), "key 140 is DEACTIVATED, not ACTIVE"),
        (KeyVerification(((132, bytes(16)),) * 200), "does not fit the 16 bits"),
        (creation_of(CONTROL, ReceivedNumbers()), "SA 1 protects this command"),
        (creation_of(encryption_only(), ReceivedNumbers()), "create SA is not possible while SA 6 is KEYED"),
        (RekeySa(1, 132, b""), "SA 1 protects this command"),
        (RekeySa(5, 140, b""), "key 140 is DEACTIVATED"),
        (RekeySa(5, 0, b""), "key 0 is a master key"),
        (RekeySa(5, 132, b"\1" + bytes(12)), "does not fit the 12 octets"),
        (RekeySa(8, 132, b""), "there is no SA 8"),
        (RekeySa(6, 132, b""), "rekey SA is not possible while SA 6 is KEYED"),
        (StartSa(6, ()), "names no channel"),
        (StartSa(5, (CHANNEL,)), "start SA is not possible while SA 5 is UNKEYED"),
        (SaOrder(Procedure.STOP_SA, 1), "SA 1 protects this command"),
        (SaOrder(Procedure.DELETE_SA, 6), "delete SA is not possible"),
        (SaOrder(Procedure.SA_STATUS, 9), "there is no SA 9"),
        (SetArsn(6, bytes(8)), "does not authenticate"),
        (SetArsnWindow(6, b"\x09"), "does not authenticate"),
        (SetArsnWindow(9, b"\x09"), "there is no SA 9"),
    ],
)
def test_each_refusal_says_why_changes_nothing_and_is_logged(command: Command, words: str) -> None:
    recipient = board(NEW, encryption_only())
    before = {key.key_id: key.state for key in recipient.store.keys}, dict(recipient.store.associations)
    numbers = dict(recipient.store.received)
    assert words in refusal(recipient, command)
    assert ({key.key_id: key.state for key in recipient.store.keys}, dict(recipient.store.associations)) == before
    assert recipient.store.received == numbers
    assert [event.tag for event in recipient.store.log.events] == [64]


def test_numbers_and_window_are_set_on_authenticated_associations() -> None:
    recipient = board(NEW, replace(NEW, spi=7, sn_octets=4))
    carry_out(recipient, SetArsn(5, (77).to_bytes(8, "big")))
    carry_out(recipient, SetArsn(7, (78).to_bytes(4, "big")))
    carry_out(recipient, SetArsnWindow(5, b"\x01\x00"))
    assert recipient.store.received[5] == ReceivedNumbers(iv=77)
    assert recipient.store.received[7] == ReceivedNumbers(sn=78)
    assert recipient.store.associations[5].window == 256
    assert carry_out(recipient, SaOrder(Procedure.READ_ARSN, 7)) == ArsnReply(7, bytes.fromhex("0000004e"))
    assert carry_out(recipient, SaOrder(Procedure.SA_STATUS, 7)) == SaStatusReply(7, 0x1A)


def test_monitoring_answers() -> None:
    recipient = board(log=SecurityLog(3))
    Receiver(recipient.store).process_security(HEADER, b"", b"\0\x09" + bytes(30))
    assert recipient.store.report.alarm
    assert carry_out(recipient, Monitoring(Procedure.PING)) == PingReply()
    assert carry_out(recipient, Monitoring(Procedure.LOG_STATUS)) == LogStatusReply(Procedure.LOG_STATUS, 1, 2)
    assert carry_out(recipient, Monitoring(Procedure.DUMP_LOG)) == DumpLogReply(((3, b"\0\x09"),))
    assert carry_out(recipient, Monitoring(Procedure.SELF_TEST)) == SelfTestReply(0)
    assert carry_out(recipient, Monitoring(Procedure.ERASE_LOG)) == LogStatusReply(Procedure.ERASE_LOG, 0, 3)
    assert carry_out(recipient, Monitoring(Procedure.ALARM_FLAG_RESET)) is None
    assert recipient.store.report.to_octets() == bytes.fromhex("c0000900")
    with pytest.raises(UsageError, match="1 to 1000"):
        SecurityLog(0)


@pytest.mark.parametrize(
    ("octets", "words"),
    [
        ("0100", "at least 3"),
        ("310008", "says 8 bits, the data field has 0 octets"),
        ("1e0002" "0006", "counts octets instead of bits"),
        ("1e0011" "000600", "says 17 bits"),
        ("710000", "user-defined"),
        ("050000", "no procedure 0101 in service group 00"),
        ("210000", "service group 10"),
        ("820010" "008d", "KEY_ACTIVATION has no reply"),
        ("1e0008" "00", "STOP_SA: the data field ends 1 octets early"),
        ("1e0018" "000600", "STOP_SA: 1 octets too many"),
        ("010080" "00000000000000000000000000000000", "OTAR: the data field ends"),
        ("870018" "000200", "KEY_INVENTORY: the data field ends"),
        ("310008" "00", "PING: 1 octets too many"),
    ],
)  # fmt: skip
def test_what_is_no_unit_is_refused_with_reasons(octets: str, words: str) -> None:
    with pytest.raises(DataError, match=words):
        decode_pdu(bytes.fromhex(octets))


@pytest.mark.parametrize(
    "pdu",
    [
        KeyChange(Procedure.KEY_ACTIVATION, (65536,)), KeyInventory(-1, 2), DumpLogReply(((1, bytes(65536)),)),
        KeyChange(Procedure.KEY_ACTIVATION, tuple(range(5000))), replace(creation_of(NEW, ReceivedNumbers()), iv=bytes(256)),
        replace(creation_of(NEW, ReceivedNumbers()), iv_sent=64),
    ],
)  # fmt: skip
def test_what_does_not_fit_its_field_is_not_written(pdu: Pdu) -> None:
    with pytest.raises(UsageError):
        encode_pdu(pdu)


def test_otar_with_a_key_in_use_or_of_half_a_pair_uploads_nothing() -> None:
    recipient = board()
    wrapper = KeyWrapper(recipient.store.keys, SendingNumbers(0, 0))
    wrapper.grant(wrapper.reserve(9))
    assert "key 132 is ACTIVE" in refusal(recipient, wrapper.otar({201: KeyMaterial(bytes(32)), 132: KeyMaterial(bytes(32))}))
    assert "key 0 is a master key" in refusal(recipient, wrapper.otar({0: KeyMaterial(bytes(32))}))
    assert 201 not in recipient.store.keys
    made = wrapper.otar({201: KeyMaterial(bytes(32))})
    for flipped in (replace(made, iv=bytes(12)), replace(made, wrapped=made.wrapped[:-1]), replace(made, mac=bytes(16))):
        assert "MAC is wrong" in refusal(recipient, flipped)


def test_the_ground_refuses_what_it_must_not_wrap() -> None:
    keys = board().store.keys
    for numbers in (SendingNumbers(9, 0), SendingNumbers(0, None)):
        with pytest.raises(UsageError, match="not for wrapping keys"):
            KeyWrapper(keys, numbers)
    with pytest.raises(UsageError, match="no master key"):
        KeyWrapper(keys, SendingNumbers(0, 130)).otar({200: KeyMaterial(bytes(32))})
    with pytest.raises(UsageError, match="cannot be uploaded"):
        KeyWrapper(keys, SendingNumbers(0, 0)).otar({200: KeyMaterial(bytes(16))})
    with pytest.raises(UsageError, match="no reserved numbers"):
        KeyWrapper(keys, SendingNumbers(0, 0)).otar({200: KeyMaterial(bytes(32))})
    with pytest.raises(UsageError, match="16 octets"):
        challenge({132: b"short"})


def test_a_destroyed_key_leaves_no_octets_and_its_number_can_be_used_again() -> None:
    recipient = board()
    key = recipient.store.keys.get(140)
    assert key is not None
    carry_out(recipient, KeyChange(Procedure.KEY_DESTRUCTION, (140,)))
    assert len(key.material) == 0
    with pytest.raises(UsageError, match="destroyed"):
        key.material.octets()
    with pytest.raises(UsageError, match="already held"):
        recipient.store.keys.load(132, bytes(32))
    recipient.store.keys.load(140, bytes(32))


def test_suites_without_a_code_are_named() -> None:
    command = creation_of(NEW, ReceivedNumbers())
    with pytest.raises(DefinitionError, match="no algorithm has the codes '09'"):
        association_from(replace(command, encryption_suite=b"\x09"))
    with pytest.raises(DefinitionError, match="no code for AES-256-GCM"):
        creation_of(NEW, ReceivedNumbers(), Suites(encryption={}))
    ours = Suites(encryption={Algorithm.NONE: b"", Algorithm.AES_256_GCM: b"\x55\xaa"})
    assert association_from(creation_of(NEW, ReceivedNumbers(), ours), ours).algorithm is Algorithm.AES_256_GCM
