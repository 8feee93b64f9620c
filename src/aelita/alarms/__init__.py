"""Alarms and their life cycle: acknowledgement, shelving, suppression, escalation."""
