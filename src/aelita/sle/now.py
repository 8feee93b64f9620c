"""The time, as the objects of this room are told it."""

from typing import NamedTuple


class Now(NamedTuple):
    """The time: of a monotonic clock (`s`, seconds) for timers, of this machine (`tai_ns`) for credentials, and of the mission.

    `mission_ns` (TAI nanoseconds) is what Earth-received times and provision periods are compared with; it differs from `tai_ns`
    only where a recording is played at another epoch.
    """

    s: float
    tai_ns: int
    mission_ns: int
