"""Agencies, centres, roles, stations, instruments, the agreement between agencies and who may what."""
