"""Space packets and TM, AOS and USLP transfer frames; virtual channels; the channel description."""
