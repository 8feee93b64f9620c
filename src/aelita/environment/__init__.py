"""Gravity, atmosphere, solar pressure, media and radio channel: functions of state and time."""
