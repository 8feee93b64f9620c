"""Antennas, bookings, contacts, and what a station keeps of each."""

from .bookings import FOR_EVER, Booking, Schedule
from .reception import ERRED, GOOD, UNDETERMINED, Checks, Contact, Heard

__all__ = ["ERRED", "FOR_EVER", "GOOD", "UNDETERMINED", "Booking", "Checks", "Contact", "Heard", "Schedule"]
