"""Append-only store of records: ingest, find, retrieve, completeness."""
