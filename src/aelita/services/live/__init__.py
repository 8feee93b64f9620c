"""The live complex: streams, stations, receivers, processors, archivers, and who keeps them running."""

from .agency_streams import address_of
from .alarm_desk import (
    alarm_history,
    alarm_records,
    alarms_history,
    alarms_of,
    ask_alarms,
    override_words,
    overrides_of,
    record_words,
)  # fmt: skip
from .alarm_files import alarm_book
from .alarm_index import AlarmIndex, Place
from .alarm_journal_index import SoughtRecords, alarm_of
from .alarm_reading import AlarmShown
from .alarm_reading import shown as alarms_shown
from .asking import asked, metrics_of
from .batches import pack, unpack
from .booking_desk import BookingDesk
from .clock import MissionClock, wall_tai_ns
from .command_client import (
    agency_key_files,
    agency_keys,
    ask_commanding,
    command_forks,
    command_journals,
    commanding_of,
    light_of,
)  # fmt: skip
from .ending import ended
from .examined import Finding, Verdict
from .examining import examine
from .fetching import fetch_kept
from .following import Start, follow
from .geometries import geometry_of
from .installation import Installation, read_installation
from .overriding import override_rules
from .processing import MERGED_HEADER
from .publishing import standing_in, standing_subject
from .running import INTERFACE, begin, run_complex, serve_one
from .serving import Context, serve
from .showing import picture_of, run_shown, show
from .signing import read_public_keys
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
    "INTERFACE", "MERGED_HEADER", "AgencySeen", "AlarmIndex", "AlarmSeen", "AlarmShown", "BookingDesk", "Context",
    "CountsSeen", "EventSeen", "Finding", "Installation", "LinkSeen", "LinkState", "Message", "MissionClock", "Picture",
    "Place", "ServiceSeen", "SoughtRecords", "Start", "StreamSeen", "Streams", "ValueSeen", "Verdict", "Watch",
    "address_of", "agency_key_files", "agency_keys", "alarm_book", "alarm_history", "alarm_of", "alarm_records",
    "alarms_history", "alarms_of", "alarms_shown", "ask_alarms", "ask_commanding", "asked", "begin", "command_forks",
    "command_journals", "commanding_of", "ended", "examine", "fetch_kept", "follow", "geometry_of", "light_of",
    "metrics_of", "override_rules", "override_words", "overrides_of", "pack", "picture_of", "read_installation",
    "read_public_keys", "record_words", "run_complex", "run_shown", "serve", "serve_one", "show", "standing_in",
    "standing_subject", "unpack", "wall_tai_ns",
]  # fmt: skip
