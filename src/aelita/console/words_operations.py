"""Words of the pages of operations: packets, completeness, events, alarms, stations, database, agencies, log, administration."""

OPERATIONS: dict[str, tuple[str, str]] = {}
