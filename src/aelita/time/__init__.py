"""Epochs, time scales, leap seconds, CCSDS time codes and spacecraft clock correlation."""
