"""Bodies, reference frames, states and light time through SPICE."""
