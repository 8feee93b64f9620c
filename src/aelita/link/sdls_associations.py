"""Security associations (CCSDS 355.0-B): what both ends agreed for the frames of one SPI, and the life of the agreement.

Every value is a managed parameter. A change is a new value: `after` gives the association after an event of 355.1-B.
"""

from dataclasses import dataclass, replace
from enum import Enum

from ..errors import DefinitionError
from .sdls_keys import LifeCycleError

SPIS = range(1, 0xFFFF)  # 0 and 65535 are reserved
HEADER_OCTETS = 5  # TC primary header
GCM_IV_OCTETS = 12
VERIFICATION_PREFIX = b"\xff" * 4  # our rule: GCM IVs that begin so are kept for key verification on board


class Service(Enum):
    """Security service of an association; CLEAR (no cryptography) is for development only."""

    CLEAR = "clear"
    AUTHENTICATION = "authentication"
    ENCRYPTION = "encryption"
    AUTHENTICATED_ENCRYPTION = "authenticated encryption"


class Algorithm(Enum):
    """Cryptographic algorithm of an association. AES-GCM used for authentication alone is GMAC."""

    NONE = "none"
    AES_256_GCM = "AES-256-GCM"
    AES_256_CBC = "AES-256-CBC"
    CMAC_AES_256 = "CMAC-AES-256"
    HMAC_SHA_256 = "HMAC-SHA-256"


class SaState(Enum):
    """State of an association in the life of 355.1-B; before creation and after deletion there is none."""

    UNKEYED = "unkeyed"
    KEYED = "keyed"
    OPERATIONAL = "operational"


class SaEvent(Enum):
    """What may happen to an association, in the names of the procedures of 355.1-B."""

    CREATE = "create SA"
    REKEY = "rekey SA"
    START = "start SA"
    STOP = "stop SA"
    EXPIRE = "expire SA"
    DELETE = "delete SA"


SA_TABLE: dict[tuple[SaState | None, SaEvent], SaState | None] = {  # None: there is no such association
    (None, SaEvent.CREATE): SaState.UNKEYED,
    (SaState.UNKEYED, SaEvent.REKEY): SaState.KEYED,
    (SaState.KEYED, SaEvent.START): SaState.OPERATIONAL,
    (SaState.OPERATIONAL, SaEvent.STOP): SaState.KEYED,
    (SaState.KEYED, SaEvent.EXPIRE): SaState.UNKEYED,
    (SaState.UNKEYED, SaEvent.DELETE): None,
}
_FITTING = {
    Service.CLEAR: {Algorithm.NONE},
    Service.AUTHENTICATION: {Algorithm.AES_256_GCM, Algorithm.CMAC_AES_256, Algorithm.HMAC_SHA_256},
    Service.ENCRYPTION: {Algorithm.AES_256_GCM, Algorithm.AES_256_CBC},
    Service.AUTHENTICATED_ENCRYPTION: {Algorithm.AES_256_GCM},
}
_LONGEST_MAC = {Algorithm.AES_256_GCM: 16, Algorithm.CMAC_AES_256: 16, Algorithm.HMAC_SHA_256: 32}
_IV_OCTETS = {Algorithm.AES_256_GCM: GCM_IV_OCTETS, Algorithm.AES_256_CBC: 16}


def next_sa_state(spi: int, state: SaState | None, event: SaEvent) -> SaState | None:
    """Return the state after an event; None stands for no association. Raises LifeCycleError for a missing row."""
    if (state, event) not in SA_TABLE:
        now = "absent" if state is None else state.name
        needed = " or ".join("absent" if row[0] is None else row[0].name for row in SA_TABLE if row[1] is event)
        raise LifeCycleError(f"{event.value} is not possible while SA {spi} is {now}", remedy=f"It must be {needed}")
    return SA_TABLE[state, event]


@dataclass(frozen=True, slots=True)
class SecuredChannel:
    """A virtual channel (GVCID), or with `map_id` one MAP of it (GMAP ID), that an association protects."""

    spacecraft_id: int
    virtual_channel: int
    map_id: int | None = None

    def carries(self, header: bytes, segment_header: bytes) -> bool:
        """Tell whether a TC frame with these header octets belongs to this channel."""
        spacecraft, channel = (header[0] & 3) << 8 | header[1], header[2] >> 2
        in_map = self.map_id is None or (bool(segment_header) and segment_header[0] & 0x3F == self.map_id)
        return spacecraft == self.spacecraft_id and channel == self.virtual_channel and in_map


@dataclass(frozen=True, slots=True)
class SecurityAssociation:
    """One security association; the defaults are authenticated encryption of TC with AES-256-GCM.

    Lengths are octets. `iv_octets` and `sn_octets` count the whole initialization vector and anti-replay sequence number,
    `iv_sent` and `sn_sent` how many low-order octets of them travel (None: all). `window` is how far a sequence number may
    run ahead (0: no anti-replay). `mask` selects the authenticated bits of primary, segment and security header (None: the
    standard mask for TC). Without `sn_octets` the IV is the sequence number. Raises DefinitionError for what contradicts itself.
    """

    spi: int
    service: Service = Service.AUTHENTICATED_ENCRYPTION
    algorithm: Algorithm = Algorithm.AES_256_GCM
    iv_octets: int = GCM_IV_OCTETS
    iv_sent: int | None = None
    sn_octets: int = 0
    sn_sent: int | None = None
    pad_octets: int = 0
    mac_octets: int = 16
    mask: bytes | None = None
    window: int = 64
    channels: tuple[SecuredChannel, ...] = ()
    key_id: int | None = None
    state: SaState = SaState.UNKEYED

    def __post_init__(self) -> None:
        for fault, words in self._faults():
            if fault:
                raise DefinitionError(words, where=f"security association {self.spi}")

    def _faults(self) -> tuple[tuple[bool, str], ...]:
        needed_iv, longest = _IV_OCTETS.get(self.algorithm, 0), _LONGEST_MAC.get(self.algorithm, 0)
        return (
            (self.spi not in SPIS, "an SPI is 1 to 65534"),
            (self.algorithm not in _FITTING[self.service], f"{self.algorithm.value} does not provide {self.service.value}"),
            ((needed_iv and self.iv_octets != needed_iv) or not 0 <= self.iv_octets <= 63,
             f"{self.algorithm.value} needs an IV of {needed_iv} octets, not {self.iv_octets}"),
            (not 0 <= self.sn_octets <= 63, "a sequence number has 0 to 63 octets"),
            (not 0 <= self.iv_in_header <= self.iv_octets, "more of the IV is sent than there is"),
            (not 0 <= self.sn_in_header <= self.sn_octets, "more of the sequence number is sent than there is"),
            (not 0 <= self.pad_octets <= 3, "the pad length field has 0 to 3 octets"),
            (self.algorithm is Algorithm.AES_256_CBC and not self.pad_octets, "AES-256-CBC needs a pad length field"),
            (self.authenticated and not 8 <= self.mac_octets <= longest,
             f"a MAC of {self.algorithm.value} has 8 to {longest} octets"),
            (not self.authenticated and self.mac_octets != 0, f"{self.service.value} has no MAC: its length is 0"),
            (self.window < 0, "the anti-replay window is not negative"),
            (self.window > 0 and not self.counter_octets, "anti-replay needs a sequence number or an IV"),
            (self.window > 0 and not (self.sn_in_header if self.sn_octets else self.iv_in_header),
             "anti-replay needs some octets of the number in the header"),
            (self.needs_key and self.state is not SaState.UNKEYED and self.key_id is None, f"{self.state.value} without a key"),
            (not self.mask_covers(False), "the mask is shorter than the headers"),
        )  # fmt: skip

    @property
    def authenticated(self) -> bool:
        """Whether frames carry a MAC."""
        return self.service in (Service.AUTHENTICATION, Service.AUTHENTICATED_ENCRYPTION)

    @property
    def encrypted(self) -> bool:
        """Whether the data field is encrypted."""
        return self.service in (Service.ENCRYPTION, Service.AUTHENTICATED_ENCRYPTION)

    @property
    def needs_key(self) -> bool:
        """Whether there is any cryptography."""
        return self.service is not Service.CLEAR

    @property
    def iv_in_header(self) -> int:
        """Octets of the IV in the security header."""
        return self.iv_octets if self.iv_sent is None else self.iv_sent

    @property
    def sn_in_header(self) -> int:
        """Octets of the sequence number in the security header."""
        return self.sn_octets if self.sn_sent is None else self.sn_sent

    @property
    def counter_octets(self) -> int:
        """Octets of the number that anti-replay watches: the sequence number, or the IV where there is none."""
        return self.sn_octets or self.iv_octets

    @property
    def header_octets(self) -> int:
        """Octets of the security header: SPI, IV, sequence number, pad length."""
        return 2 + self.iv_in_header + self.sn_in_header + self.pad_octets

    @property
    def overhead_octets(self) -> int:
        """Octets that security adds to a frame, padding apart: security header and MAC."""
        return self.header_octets + self.mac_octets

    def mask_covers(self, segmented: bool) -> bool:
        """Tell whether the mask reaches over the headers of frames with, or without, a segment header."""
        return self.mask is None or len(self.mask) >= HEADER_OCTETS + int(segmented) + self.header_octets

    def mask_for(self, segmented: bool) -> bytes:
        """Return the authentication mask over primary header, segment header and security header.

        The standard mask for TC takes the virtual channel, the segment header, the SPI and the sequence number, not the IV
        (GCM takes that itself), the frame length or N(S), so that FOP-1 may number the frame after security. That the pad
        length is taken is our reading. Raises DefinitionError for a given mask that is too short.
        """
        length = HEADER_OCTETS + int(segmented) + self.header_octets
        if not self.mask_covers(segmented):
            raise DefinitionError("the mask is shorter than the headers", where=f"security association {self.spi}")
        if self.mask is not None:
            return self.mask[:length]
        header = b"\0\0\xfc\0\0" + b"\xff" * segmented
        return header + b"\xff\xff" + bytes(self.iv_in_header) + b"\xff" * (self.sn_in_header + self.pad_octets)

    def after(
        self, event: SaEvent, *, key_id: int | None = None, channels: tuple[SecuredChannel, ...] = ()
    ) -> "SecurityAssociation":
        """Return the association after rekey (with `key_id`), start (with `channels`), stop or expire. Raises LifeCycleError."""
        state = next_sa_state(self.spi, self.state, event)
        if state is None:
            raise LifeCycleError(f"SA {self.spi} is deleted, nothing follows", remedy="Take it out of the store")
        match event:
            case SaEvent.REKEY:
                return replace(self, state=state, key_id=key_id)
            case SaEvent.START:
                return replace(self, state=state, channels=channels)
            case SaEvent.STOP:
                return replace(self, state=state, channels=())
            case _:
                return replace(self, state=state, key_id=None)

    def weaknesses(self) -> tuple[str, ...]:
        """Return what this association does not protect, as plain sentences; none for the defaults."""
        covered = self.mask_for(False)
        number = self.sn_octets > 0 and self.sn_in_header < self.sn_octets
        found = (
            (not self.encrypted, "Anyone who hears a command can read it."),
            (not self.authenticated, "Anyone can send or change a command: nothing is authenticated."),
            (self.window == 0, "A recorded command can be sent again: there is no anti-replay window."),
            (self.authenticated and self.mac_octets < 16, f"The MAC is shortened to {self.mac_octets} octets."),
            (number, f"A command can pass again after 256^{self.sn_in_header} more: the MAC sees no more of its number."),
            (self.authenticated and covered[2] & 0xFC != 0xFC, "A command can be moved to another virtual channel."),
            (self.authenticated and covered[5:7] != b"\xff\xff", "The SPI is not wholly authenticated."),
            (self.authenticated and bool(covered[4]), "FOP-1 cannot number a frame after security: N(S) is authenticated."),
            (self.algorithm is Algorithm.AES_256_CBC, "The IVs of CBC are predictable."),
        )  # fmt: skip
        return tuple(words for true, words in found if true)


def shared_keys(associations: tuple[SecurityAssociation, ...]) -> dict[int, tuple[int, ...]]:
    """Return the SPIs of each key that several AES-GCM associations use: their IVs would meet, which reveals the key stream."""
    users: dict[int, list[int]] = {}
    for association in associations:
        if association.algorithm is Algorithm.AES_256_GCM and association.key_id is not None:
            users.setdefault(association.key_id, []).append(association.spi)
    return {key_id: tuple(spis) for key_id, spis in users.items() if len(spis) > 1}
