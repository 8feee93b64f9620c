"""Propagation, orbit determination, manoeuvres, transfers, launch and aerobraking."""
