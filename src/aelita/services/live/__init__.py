"""The live complex: streams, stations, receivers, processors, archivers, and who keeps them running."""

from .alarm_desk import alarm_records, alarms_of, ask_alarms, override_words, overrides_of, record_words
from .alarm_files import alarm_book
from .asking import asked, metrics_of
from .booking_desk import BookingDesk
from .clock import MissionClock
from .examined import Finding, Verdict
from .examining import examine
from .fetching import fetch_kept
from .installation import Installation, read_installation
from .running import begin, run_complex, serve_one
from .showing import picture_of, run_shown, show
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
    "AgencySeen", "AlarmSeen", "BookingDesk", "CountsSeen", "EventSeen", "Finding", "Installation", "LinkSeen", "MissionClock",
    "Picture", "ServiceSeen", "StreamSeen", "ValueSeen", "Verdict", "Watch", "alarm_book", "alarm_records",
    "alarms_of", "ask_alarms", "asked", "begin", "examine", "fetch_kept", "metrics_of", "override_words", "overrides_of",
    "picture_of", "read_installation", "record_words", "run_complex", "run_shown", "serve_one", "show",
]  # fmt: skip
