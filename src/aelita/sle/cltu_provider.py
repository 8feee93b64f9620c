"""What a provider does with the PDUs of the forward CLTU service (CCSDS 912.1-B): the actions of its state table."""

from typing import TYPE_CHECKING, Any

from .cltu_events import CltuStarted
from .cltu_pdus import CltuStartReturn, CltuTransferDataReturn, RadiationTimes, ThrowEventReturn
from .events import Stopped
from .now import Now
from .pdus import StopReturn

if TYPE_CHECKING:
    from .provider import Provider


def start(provider: "Provider", pdu: Any, now: Now) -> None:
    """Begin to take CLTUs."""
    assert provider.forward is not None
    result = provider.forward.start(pdu.first_cltu, now)
    if isinstance(result, RadiationTimes):
        provider.begin(CltuStarted(pdu.first_cltu, result))
    provider.reply(CltuStartReturn(pdu.invoke_id, result), now)


def transfer(provider: "Provider", pdu: Any, now: Now) -> None:
    """Take a CLTU, or refuse it."""
    assert provider.forward is not None
    diagnostic = provider.forward.transfer(pdu, now)
    available = min(provider.forward.buffer_available, 2**32 - 1)
    returned = CltuTransferDataReturn(pdu.invoke_id, provider.forward.expected_cltu, available, diagnostic)
    provider.reply(returned, now)


def stop(provider: "Provider", pdu: Any, now: Now) -> None:
    """Take no more CLTUs and give up those that wait; the one that is being radiated is radiated to its end."""
    assert provider.forward is not None
    provider.forward.discard("the user has stopped")
    provider.end(Stopped())
    provider.reply(StopReturn(pdu.invoke_id), now)


def throw(provider: "Provider", pdu: Any, now: Now) -> None:
    """Take an event, or refuse it."""
    assert provider.forward is not None
    diagnostic = provider.forward.throw(pdu)
    provider.reply(ThrowEventReturn(pdu.invoke_id, provider.forward.expected_event, diagnostic), now)
