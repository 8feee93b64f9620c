"""The live complex: streams, stations, receivers, processors, archivers, and who keeps them running."""

from .agency_streams import address_of
from .alarm_desk import alarm_records, alarms_of, ask_alarms, override_words, overrides_of, record_words
from .alarm_files import alarm_book
from .alarm_reading import AlarmShown
from .alarm_reading import shown as alarms_shown
from .asking import asked, metrics_of
from .batches import pack, unpack
from .booking_desk import BookingDesk
from .clock import MissionClock, wall_tai_ns
from .ending import ended
from .examined import Finding, Verdict
from .examining import examine
from .fetching import fetch_kept
from .following import Start, follow
from .installation import Installation, read_installation
from .processing import MERGED_HEADER
from .publishing import standing_in, standing_subject
from .running import INTERFACE, begin, run_complex, serve_one
from .serving import Context, serve
from .showing import picture_of, run_shown, show
from .streams import LinkState, Message, Streams
from .watched import (
    AgencySeen,
    AlarmSeen,
    CountsSeen,
    EventSeen,
    LinkSeen,
    Picture,
    ServiceSeen,
    StreamSeen,
    ValueSeen,
)
from .watching import Watch

__all__ = [
    "INTERFACE", "MERGED_HEADER", "AgencySeen", "AlarmSeen", "AlarmShown", "BookingDesk", "Context", "CountsSeen", "EventSeen",
    "Finding", "Installation", "LinkSeen", "LinkState", "Message", "MissionClock", "Picture", "ServiceSeen", "Start",
    "StreamSeen", "Streams", "ValueSeen", "Verdict", "Watch", "address_of", "alarm_book", "alarm_records", "alarms_of",
    "alarms_shown", "ask_alarms", "asked", "begin", "ended", "examine", "fetch_kept", "follow", "metrics_of", "override_words",
    "overrides_of", "pack", "picture_of", "read_installation", "record_words", "run_complex", "run_shown", "serve", "serve_one",
    "show", "standing_in", "standing_subject", "unpack", "wall_tai_ns",
]  # fmt: skip
