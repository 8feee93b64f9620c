"""Attitudes at work: predicted by a mission's pointing laws, read from and written to AEM and CK, and drawn."""

from .clocks import clock_reaching, furnished_clock, is_furnished
from .files import (
    AEM_SUFFIXES,
    CK_SUFFIXES,
    AttitudeArc,
    aem_of,
    ck_of,
    convert_attitudes,
    is_ck,
    read_attitudes,
    write_attitudes,
)  # fmt: skip
from .plots import draw_attitude
from .predicting import (
    ANGLES,
    FILE,
    PredictedAttitude,
    attitude_shown,
    epochs_between,
    known_motion,
    predict,
    read_rules,
)  # fmt: skip

__all__ = [
    "AEM_SUFFIXES", "ANGLES", "CK_SUFFIXES", "FILE", "AttitudeArc", "PredictedAttitude", "aem_of", "attitude_shown", "ck_of",
    "clock_reaching", "convert_attitudes", "draw_attitude", "epochs_between", "furnished_clock", "is_ck", "is_furnished",
    "known_motion", "predict", "read_attitudes", "read_rules", "write_attitudes",
]  # fmt: skip
