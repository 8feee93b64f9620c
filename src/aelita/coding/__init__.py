"""Synchronization and channel coding: bits to transfer frames and back."""
