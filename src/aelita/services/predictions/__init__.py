"""What stations are told beforehand: where to point their antennas, and which carrier will come."""

# isort: skip_file

from .doppler import RATIO, UPLINK_HZ, AskedCarrier, PredictedDoppler, predict_doppler, ratio_of
from .files import doppler_csv, doppler_message, doppler_shown, pointing_csv, pointing_message, pointing_shown, read_uplinks
from .plots import draw_doppler, draw_pointing
from .pointing import AskedPasses, Passes, PredictedPointing, air_over, predict_pointing

__all__ = [
    "RATIO", "UPLINK_HZ", "AskedCarrier", "AskedPasses", "Passes", "PredictedDoppler", "PredictedPointing", "air_over",
    "doppler_csv", "doppler_message", "doppler_shown", "draw_doppler", "draw_pointing", "pointing_csv", "pointing_message",
    "pointing_shown", "predict_doppler", "predict_pointing", "ratio_of", "read_uplinks"]  # fmt: skip
