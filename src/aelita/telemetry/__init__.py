"""Frames to packets to parameter values: decommutation, calibration, derivation, limits, events."""
