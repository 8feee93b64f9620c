"""The receiving chain on board: bits to codewords to frames to FARM-1 to security to segments to packets.

The order is that of the books: error control and header (CCSDS 232.0-B), the sequence of each virtual channel (232.1-B), then
security of what was accepted (355.0-B; never of control frames), then segments. What is refused is counted and told.
"""

from collections import Counter
from dataclasses import dataclass, field

from ..coding import CltuReceived, CltuReceiver, CltuRules, CltuStarted, CodewordAccepted
from ..errors import DefinitionError
from ..link import (
    CommandLink,
    ControlWord,
    Farm1,
    FarmSettings,
    FrameKind,
    SegmentRefused,
    SegmentRules,
    TcAssembler,
    TcFormat,
    TcFrame,
    TcPacket,
    TcRefused,
    decode_tc_frame,
    security,
)

HEADER_OCTETS = 5
KEY_ID = 1  # of the session key that a link's one security association uses
_SERVICES = {
    "authenticated-encryption": security.Service.AUTHENTICATED_ENCRYPTION,
    "authentication": security.Service.AUTHENTICATION,
    "encryption": security.Service.ENCRYPTION,
}


def cltu_rules(link: CommandLink) -> CltuRules:
    """Return how the CLTUs of a command link are coded."""
    if link.coding == "bch":
        return CltuRules.bch(randomized=link.randomizer)
    return CltuRules.ldpc_128() if link.coding == "ldpc-128" else CltuRules.ldpc_512()


def security_store(link: CommandLink, key: bytes | None) -> security.SecurityStore | None:
    """Return the security association that a command link names, in operation; None for a link without security."""
    rules = link.security
    if rules.service == "none":
        return None
    if key is None:
        raise DefinitionError(f"command link {link.name} is secured, but there is no key", remedy="Give the spacecraft its key")
    keys = security.KeyStore()
    keys.load(KEY_ID, key, state=security.KeyState.ACTIVE)
    channel = security.SecuredChannel(link.spacecraft_id, link.virtual_channel)
    mask_octets = HEADER_OCTETS + (link.map_id is not None) + 2 + rules.iv_octets + rules.sequence_octets + rules.pad_octets
    association = security.SecurityAssociation(
        spi=rules.spi,
        service=_SERVICES[rules.service],
        iv_octets=rules.iv_octets,
        sn_octets=rules.sequence_octets,
        pad_octets=rules.pad_octets,
        mac_octets=rules.mac_octets,
        mask=b"\xff" * mask_octets if rules.mask == "all" else None,
        window=rules.window,
        channels=(channel,),
        key_id=KEY_ID,
        state=security.SaState.OPERATIONAL,
    )
    return security.SecurityStore((association,), keys)


@dataclass(frozen=True, slots=True)
class SecurityRefused:
    """A frame that FARM-1 took and security refused."""

    refused: security.Refused


Told = TcPacket | TcRefused | SecurityRefused | SegmentRefused


@dataclass(slots=True)
class FrameGatherer:
    """Cuts the data of one CLTU into frames by their own lengths; `data` is what belongs to no whole frame yet."""

    data: bytearray = field(default_factory=bytearray)
    is_over: bool = False

    def begin(self) -> None:
        """Take note of a start sequence."""
        self.data.clear()
        self.is_over = False

    def take(self, octets: bytes) -> list[bytes]:
        """Return the frames that these octets complete. Fill behind the last frame (it begins with 01) ends the CLTU's frames."""
        self.data += b"" if self.is_over else octets
        frames = []
        while len(self.data) >= HEADER_OCTETS:
            if self.data[0] >> 6:
                self.is_over = True
                break
            octets_due = (int.from_bytes(self.data[2:4]) & 0x3FF) + 1
            if len(self.data) < max(octets_due, HEADER_OCTETS + 1):
                break
            frames.append(bytes(self.data[:octets_due]))
            del self.data[: max(octets_due, HEADER_OCTETS + 1)]
        return frames


class CommandReceiver:
    """Everything between the bits and the packets, for the one virtual channel of a command link."""

    def __init__(self, link: CommandLink, farm_window: int, key: bytes | None) -> None:
        self.link = link
        self.counters: Counter[str] = Counter()
        self.format = TcFormat(link.frame_octets, link.fecf)
        self.settings = FarmSettings(link.virtual_channel, farm_window)
        self.store = security_store(link, key)
        self._security = security.Receiver(self.store) if self.store is not None else None
        self._bits = CltuReceiver(cltu_rules(link))
        self._frames = FrameGatherer()
        self.restart()

    def restart(self) -> None:
        """Begin with V(R) = 0 and no packet in progress. What security remembers stays: else old frames could be replayed."""
        self.farm = Farm1(self.settings)
        rules = SegmentRules(segmented=self.link.map_id is not None)
        self.assembler = TcAssembler(self.link.virtual_channel, rules)
        self._frames.is_over = True  # the rest of a CLTU that is being received has no beginning

    def lose_lock(self) -> None:
        """Take note that the bits have ended."""
        self._bits.deactivate()

    def demodulate(self, octets: bytes) -> list[tuple[int, CltuStarted | CodewordAccepted]]:
        """Return what the decoder finds in these bits, each with the number of bits after which it is known."""
        before = self._bits.position
        found: list[tuple[int, CltuStarted | CodewordAccepted]] = []
        for event in self._bits.feed(octets):
            if isinstance(event, CltuReceived):
                self.counters["cltus"] += event.codewords > 0
                self.counters["corrected_bits"] += event.corrected
            else:
                start = 8 * len(self._bits.rules.start) if isinstance(event, CltuStarted) else 0
                found.append((max(event.position + start - before, 0), event))
        return found

    def decoded(self, event: CltuStarted | CodewordAccepted) -> list[bytes]:
        """Return the frames that are complete with this."""
        if isinstance(event, CltuStarted):
            self._frames.begin()
            return []
        self.counters["codewords"] += 1
        return self._frames.take(event.octets)

    def take(self, octets: bytes) -> list[Told]:
        """Return what one frame gives: packets, and what was refused and why. Never raises for any octets."""
        frame = decode_tc_frame(
            octets,
            self.format,
            spacecraft_id=self.link.spacecraft_id,
            virtual_channels=frozenset({self.link.virtual_channel}),
        )
        if isinstance(frame, TcRefused):
            self.counters["frames_refused"] += 1
            return [frame]
        verdict = self.farm.receive(frame)
        if verdict.obeyed:
            self.counters["directives"] += 1
        if not verdict.accepted:
            self.counters["frames_discarded"] += not verdict.obeyed
            return []
        self.counters["frames_accepted"] += 1
        return self._secured(octets, frame)

    def report(self, *, no_rf: bool, no_bit_lock: bool) -> ControlWord:
        """Return the control word of now."""
        return self.farm.report(no_rf=no_rf, no_bit_lock=no_bit_lock)

    def _secured(self, octets: bytes, frame: TcFrame) -> list[Told]:
        assert frame.kind in (FrameKind.AD, FrameKind.BD)
        data = frame.data
        if self._security is not None:
            split = int(self.link.map_id is not None)
            outcome = self._security.process_security(octets[:HEADER_OCTETS], data[:split], data[split:])
            if isinstance(outcome, security.Refused):
                self.counters["security_refused"] += 1
                return [SecurityRefused(outcome)]
            data = data[:split] + outcome.data
        told: list[Told] = [*self.assembler.receive(data)]
        self.counters["packets"] += sum(isinstance(one, TcPacket) for one in told)
        self.counters["segments_refused"] += sum(isinstance(one, SegmentRefused) for one in told)
        return told
