"""Packets of released commands to CLTUs, in the order of the books: segments, security, FOP-1, error control, coding.

An `UplinkLine` is the sending end of one spacecraft's command link. What FOP-1 sends again is octet for octet what it sent first,
so security is applied before it. Only the release gate holds such lines.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from ..coding import CltuRules, encode_cltu
from ..errors import UsageError
from ..link import (
    Abort,
    Alert,
    CommandLink,
    ControlWord,
    Directive,
    Fdu,
    Fop1,
    FopOutput,
    FopSettings,
    FopState,
    FrameKind,
    Suspended,
    TcFormat,
    TcFrame,
    TimeoutType,
    Transmit,
    block_packets,
    encode_tc_frame,
    security,
    tc_header,
)
from ..time import SECOND
from .requests import Service

LDPC = {"ldpc-128": CltuRules.ldpc_128, "ldpc-512": CltuRules.ldpc_512}
ACTIVE = (FopState.ACTIVE, FopState.RETRANSMIT, FopState.RETRANSMIT_WAIT)
SENDING = (FopState.ACTIVE, FopState.RETRANSMIT)


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A CLTU to be radiated: of which data unit (its identity), how often it was sent before, and its octets."""

    identity: str
    again: bool
    octets: bytes


LineOutput = Outgoing | FopOutput


def cltu_rules(link: CommandLink) -> CltuRules:
    """Return the coding of a command link."""
    return LDPC[link.coding]() if link.coding in LDPC else CltuRules.bch(randomized=link.randomizer)


def fop_settings(link: CommandLink, round_trip_ns: int) -> FopSettings:
    """Return the settings of FOP-1 on a link whose answers take `round_trip_ns` to come."""
    rules = link.cop1
    return FopSettings(
        link.spacecraft_id,
        link.virtual_channel,
        rules.window,
        round_trip_ns + round(rules.timer_margin_s * SECOND),
        rules.transmission_limit,
        TimeoutType.SUSPEND if rules.on_timeout == "suspend" else TimeoutType.ALERT,
        TcFormat(link.frame_octets, link.fecf),
    )


class UplinkLine:
    """The sending end of one command link. Every method returns what comes of it, in order; identities are `request/number`.

    While `may_go` says no, nothing is sent: AD data units wait here, and a frame that FOP-1 would have again is kept back and its
    answer owed, as lower procedures that are busy do (CCSDS 232.1-B). FOP-1 goes on hearing the receiver, and its timer runs.
    """

    def __init__(self, link: CommandLink, fop: Fop1, sender: security.Sender | None = None) -> None:
        if (sender is None) != (link.security.service == "none"):
            raise UsageError(
                f"command link {link.name} asks for security {link.security.service}",
                remedy="Give it a sender of that security association, or none where it asks for none",
            )
        self.link, self.fop, self.security = link, fop, sender
        self._format = TcFormat(link.frame_octets, link.fecf)
        self._rules = cltu_rules(link)
        self._pending: deque[Fdu] = deque()
        self.may_go: Callable[[], bool] = lambda: True
        self._owed: dict[FrameKind, Transmit | None] = {}  # what was kept back, None once FOP-1 called it back

    @property
    def numbers_left(self) -> int:
        """How many frames may still be protected before another block of numbers must be on stable storage."""
        return self.security.left if self.security is not None else 1 << 30

    @property
    def is_at_work(self) -> bool:
        """Whether FOP-1 may send something by itself: it is initiated, or being so, or suspended, or data units wait for it."""
        return self.fop.state is not FopState.INITIAL or self.fop.suspended > 0 or bool(self._pending)

    @property
    def pending(self) -> tuple[str, ...]:
        """Identities of AD data units that FOP-1 has not taken yet."""
        return tuple(str(one.identity) for one in self._pending)

    def frames_of(self, packets: tuple[bytes, ...]) -> int:
        """Return how many frames these packets take. Raises UsageError for what is no packet, or does not fit."""
        return len(block_packets(packets, self.link.map_id, self._room()))

    def send(self, request: str, packets: tuple[bytes, ...], service: Service, now: int) -> list[LineOutput]:
        """Send packets of a released request. Raises UsageError, and sends nothing, without numbers or with AD off."""
        fields = block_packets(packets, self.link.map_id, self._room())
        if self.numbers_left < len(fields):
            raise UsageError(f"{len(fields)} frames need as many numbers of security, {self.numbers_left} are left")
        if service is Service.AD and self.fop.state not in ACTIVE:
            raise UsageError("the AD service is not active", remedy="Initiate it, or send by BD")
        if service is Service.AD and self.link.security.mask == "all" and self.security is not None:
            raise UsageError(
                "security that covers sequence numbers fits no AD frame: FOP-1 gives these later", remedy='Use mask = "standard"'
            )
        units = [Fdu(f"{request}/{at}", self._protected(one, service)) for at, one in enumerate(fields)]
        if service is Service.AD:
            self._pending.extend(units)
            return self.go_on(now)
        out: list[LineOutput] = []
        for unit in units:
            out += self._carried(self.fop.transfer_bypass(unit, now), now)
        return out

    def against(self, packets: tuple[bytes, ...], service: Service) -> list[str]:
        """Return why packets could not be sent now, nothing when they could."""
        try:
            frames = self.frames_of(packets)
        except UsageError as error:
            return [str(error)]
        found = []
        if self.numbers_left < frames:
            found.append(f"{frames} frames need as many numbers of security, {self.numbers_left} are left")
        if service is Service.AD and self.fop.state not in ACTIVE:
            found.append("the AD service is not active: initiate it, or send by BD")
        return found

    def direct(self, directive: Directive, now: int) -> list[LineOutput]:
        """Give FOP-1 a directive."""
        return self._carried(self.fop.direct(directive, now), now) + self.go_on(now)

    def on_control_word(self, word: ControlWord, now: int) -> list[LineOutput]:
        """Take a control word of this virtual channel; those of others change nothing."""
        if word.virtual_channel != self.link.virtual_channel:
            return []
        return self._carried(self.fop.on_control_word(word, now), now) + self.go_on(now)

    def on_timer(self, now: int) -> list[LineOutput]:
        """Do what is due."""
        return self._carried(self.fop.on_timer(now), now) + self.go_on(now)

    def next_deadline(self) -> int | None:
        """Return when `on_timer` is due (TAI ns), None while nothing is."""
        return self.fop.next_deadline()

    def _room(self) -> int:
        """Octets of a frame data field that packets and their segment header may take."""
        overhead = self.security.overhead(0) if self.security is not None else 0
        return self._format.data_octets - overhead

    def _protected(self, field: bytes, service: Service) -> bytes:
        if self.security is None:
            return field
        segment = 0 if self.link.map_id is None else 1
        header = tc_header(
            self.link.spacecraft_id, self.link.virtual_channel, self._format.smallest, bypass=service is Service.BD
        )  # its length is put right by the sender of security
        return field[:segment] + self.security.apply_security(header, field[:segment], field[segment:])

    def go_on(self, now: int) -> list[LineOutput]:
        """Send what was kept back, and give FOP-1 the next data units while it sends them at once: none waits in its queue."""
        out: list[LineOutput] = []
        if not self.may_go():
            return out
        while self._owed:
            kind, kept = self._owed.popitem()
            if kept is not None and kept.identity in self.fop.outstanding:
                out.append(Outgoing(str(kept.identity), kept.again, self._cltu(kept.frame)))
            out += self._carried(self.fop.on_accepted(kind, now), now)
        while self._pending and self.fop.state in SENDING and self._has_room():
            out += self._carried(self.fop.transfer(self._pending.popleft(), now), now)
        return out

    def _has_room(self) -> bool:
        ahead = (self.fop.next_number - self.fop.expected_number) & 255
        return ahead < self.fop.settings.window and self.fop.is_ready(FrameKind.AD) and self.fop.waiting is None

    def drop_pending(self, *, whatever: bool = False) -> tuple[str, ...]:
        """Forget AD data units that FOP-1 has not taken, and return their identities: they were surely not sent.

        Nothing is forgotten while the AD service stands, or rests and may be resumed, but `whatever` it does.
        """
        if not whatever and (self.fop.state in ACTIVE or self.fop.suspended):
            return ()
        dropped = self.pending
        self._pending.clear()
        return dropped

    def _carried(self, outputs: list[FopOutput], now: int) -> list[LineOutput]:
        """Turn frames to transmit into CLTUs; the lower procedures are this line's own, so they take each at once."""
        out: list[LineOutput] = []
        for one in outputs:
            if not isinstance(one, Transmit):
                out.append(one)
                if isinstance(one, Abort | Alert | Suspended):  # FOP-1 has it again, if at all
                    self._owed = dict.fromkeys(self._owed)
                continue
            if not self.may_go():
                self._owed[one.frame.kind] = one
                continue
            out.append(Outgoing(str(one.identity), one.again, self._cltu(one.frame)))
            out += self._carried(self.fop.on_accepted(one.frame.kind, now), now)
        return out

    def _cltu(self, frame: TcFrame) -> bytes:
        return encode_cltu(encode_tc_frame(frame, self._format), self._rules)
