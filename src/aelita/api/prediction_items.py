"""Answers of predictions for stations: where to point, and which carrier comes, in columns over passes."""

from pydantic import BaseModel

from .answers import UtcText

Reals = list[float]


class PredictedPass(BaseModel):
    """A pass that is predicted for; its number is in the column `pass_number` of its instants."""

    number: int
    start: UtcText
    stop: UtcText
    duration_s: float
    max_elevation_deg: float | None


class Predicted(BaseModel):
    """What predictions have in common: columns by instants `utc` at the station, each of the pass `pass_number`.

    `known` says from what the orbit is known: kernels, ids of products, commas between. `remarks` say what is left out. `hidden`
    tells where Mars stands in the way.
    """

    spacecraft: str
    station: str
    known: str
    remarks: list[str]
    passes: list[PredictedPass]
    utc: list[UtcText]
    pass_number: list[int]
    elevation_deg: Reals
    range_km: Reals
    range_rate_km_s: Reals
    light_s: Reals
    hidden: list[bool]


class PointingPrediction(Predicted):
    """Where an antenna points, apparent: azimuth from north over east, elevation without and with refraction, rates per second.

    With `uplink` instants are of emission. Right ascension and declination are in ICRF axes; `point_ahead_deg` is the angle
    between where to receive from and where to transmit to; `refractivity` (N-units) is what refraction was reckoned with.
    """

    uplink: bool
    refractivity: float
    azimuth_deg: Reals
    refracted_elevation_deg: Reals
    azimuth_rate_deg_s: Reals
    elevation_rate_deg_s: Reals
    refracted_elevation_rate_deg_s: Reals
    right_ascension_deg: Reals
    declination_deg: Reals
    point_ahead_deg: Reals


class DopplerPrediction(Predicted):
    """The carrier that is received: frequency as a mean over `count_s`, shift against no motion, rate of change.

    `ways` are 1 to 3; what was sent (`sent_hz` at `sent` by `transmitter`, `round_trip_s` before) is null one way.
    """

    ways: int
    transmitter: str
    count_s: float
    received_hz: Reals
    shift_hz: Reals
    rate_hz_s: Reals
    sent: list[UtcText]
    sent_hz: list[float | None]
    round_trip_s: list[float | None]
