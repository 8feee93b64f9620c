"""Whether this machine's clock is kept right, as its kernel tells."""

import ctypes

STA_UNSYNC, STA_NANO = 0x0040, 0x2000  # <linux/timex.h>
TIME_ERROR = 5
_LONGS_BEHIND = 24


class _Timex(ctypes.Structure):
    _fields_ = (
        ("modes", ctypes.c_uint),
        ("offset", ctypes.c_long),
        ("freq", ctypes.c_long),
        ("maxerror", ctypes.c_long),
        ("esterror", ctypes.c_long),
        ("status", ctypes.c_int),
        ("behind", ctypes.c_long * _LONGS_BEHIND),
    )


class NotToldError(Exception):
    """This machine's kernel does not tell."""


def clock_offset_s() -> float | None:
    """Return how far (s) the clock is from its reference as adjtimex(2) says, None when it is not synchronised.

    Raises NotToldError where there is no such call.
    """
    told = _Timex()
    try:
        state = ctypes.CDLL(None).adjtimex(ctypes.byref(told))
    except (OSError, AttributeError) as error:
        raise NotToldError("no adjtimex") from error
    if state < 0:
        raise NotToldError("adjtimex is refused")
    if state == TIME_ERROR or told.status & STA_UNSYNC:
        return None
    return float(told.offset) / (1e9 if told.status & STA_NANO else 1e6)
