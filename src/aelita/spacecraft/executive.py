"""From packets to what they do: acceptance, start, and completion of each request, with the reports of service 1 it asks for.

Successes are reported as the acknowledgement flags ask; failures always. Messages that the spacecraft's variant does not have are
taken in the form of variant C: those of service 20, and some of others.
"""

from collections.abc import Iterator

from ..errors import DefinitionError
from ..pus import (
    REQUEST,
    Acknowledge,
    AskStores,
    PacketError,
    RequestId,
    StoresRequest,
    StructuresRequest,
    Telecommand,
    VerificationReport,
    decode_message,
    decode_telecommand,
)
from ..time import SECOND
from . import memory_service, services, storage_service
from .board import Board, NotDoneError
from .schedule_service import Schedule, layout_of
from .services import Handler

ACCEPTED, REFUSED, STARTED, NOT_STARTED, COMPLETED, NOT_COMPLETED = 1, 2, 3, 4, 7, 8
ASKED = {ACCEPTED: Acknowledge.ACCEPTANCE, STARTED: Acknowledge.START, COMPLETED: Acknowledge.COMPLETION}
INJECTED = "injected"


class Executive:
    """Takes packets, whole and in order, and lets the board do what they say."""

    def __init__(self, board: Board) -> None:
        self.board = board
        self.schedule = Schedule(board, self.receive)
        self.layout = layout_of(board)
        self._handlers: dict[type, Handler] = {
            **services.HANDLERS,
            **memory_service.HANDLERS,
            **storage_service.HANDLERS,
            **self.schedule.handlers(),
        }

    def receive(self, packet: bytes) -> None:
        """Take a packet; it is looked at a moment later."""
        board = self.board
        board.later(board.now_ns + round(board.definition.timing.acceptance_s * SECOND), lambda: self._accept(packet))

    def _accept(self, packet: bytes) -> None:
        board = self.board
        try:
            if board.refusing:
                raise PacketError("illegal data", INJECTED)
            telecommand, request = self._decoded(packet)
        except (PacketError, DefinitionError) as error:
            board.counters["refused"] += 1
            code = error.code if isinstance(error, PacketError) else 5
            code = board.refusing.pop(0) if board.refusing else code
            if len(packet) >= 4:
                destination = packet[9] if len(packet) > 11 and self.layout.source_octets == 1 else 0
                self._tell(REFUSED, RequestId.of_packet(packet), destination, code)
            return
        board.counters["accepted"] += 1
        self._succeeded(ACCEPTED, telecommand)
        board.later(board.now_ns + round(board.definition.timing.start_s * SECOND), lambda: self._start(telecommand, request))

    def _decoded(self, packet: bytes) -> tuple[Telecommand, object]:
        """Return a request that this spacecraft can do. Raises PacketError, and DefinitionError for an unknown parameter."""
        definition = self.board.definition
        telecommand = decode_telecommand(packet, self.layout)
        if telecommand.apid not in definition.command_apids:
            raise PacketError("illegal APID", f"APID {telecommand.apid} is not served here")
        kind = (telecommand.service, telecommand.subtype, telecommand.data)
        try:
            request = decode_message(*kind, definition.variant, REQUEST, definition.widths)
        except PacketError as error:
            if error.reason not in ("illegal type", "illegal subtype"):
                raise
            request = decode_message(*kind, "C", REQUEST, definition.widths)
        if type(request) not in self._handlers or not _is_known(request):
            raise PacketError("illegal subtype", f"({telecommand.service},{telecommand.subtype}) is not done here")
        return telecommand, request

    def _start(self, telecommand: Telecommand, request: object) -> None:
        try:
            run = self._handlers[type(request)](self.board, request, telecommand.source)
            wait_s = next(run, 0.0)
        except NotDoneError as error:
            self._tell(NOT_STARTED, telecommand.request_id, telecommand.source, error.code)
            return
        self._succeeded(STARTED, telecommand)
        self._wait(telecommand, run, wait_s)

    def _wait(self, telecommand: Telecommand, run: Iterator[float], wait_s: float) -> None:
        self.board.later(self.board.now_ns + round(wait_s * SECOND), lambda: self._go_on(telecommand, run))

    def _go_on(self, telecommand: Telecommand, run: Iterator[float]) -> None:
        try:
            wait_s = next(run, None)
        except NotDoneError as error:
            self._tell(NOT_COMPLETED, telecommand.request_id, telecommand.source, error.code)
            return
        if wait_s is None:
            self.board.counters["completed"] += 1
            self._succeeded(COMPLETED, telecommand)
        else:
            self._wait(telecommand, run, wait_s)

    def _succeeded(self, stage: int, telecommand: Telecommand) -> None:
        if telecommand.acknowledge & ASKED[stage]:
            self._tell(stage, telecommand.request_id, telecommand.source, None)

    def _tell(self, stage: int, request: RequestId, destination: int, code: int | None) -> None:
        """Make a report of service 1, unless a fault swallows it."""
        if self.board.dropping[stage] > 0:
            self.board.dropping[stage] -= 1
            return
        octets = self.board.definition.widths.failure_octets
        failure = None if code is None else min(code, 256**octets - 1)
        self.board.report(VerificationReport(stage, request, None, failure, b""), destination=destination)


def _is_known(request: object) -> bool:
    """Tell whether a request of a class with several subtypes is one that is done here."""
    match request:
        case StructuresRequest(action=action):
            return action in ("enable", "disable", "generate")
        case StoresRequest(action=action):
            return action == "abort"
        case AskStores(subject=subject):
            return subject == "states"
        case _:
            return True
