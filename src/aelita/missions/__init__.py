"""Missions as data: one folder each, read by the engine, never imported by it."""
