"""Antennas, bookings, contacts, and what a station keeps of each."""
