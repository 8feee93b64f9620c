"""Measurements side by side with peers; `python -m bench` prints the table."""
