"""Answers of flight dynamics as they come in JSON; the schema of the centre tells more of each."""

from typing import Any, TypedDict


class NavigationPass(TypedDict):
    """A pass of a spacecraft over a station; `hidden_s` is how long Mars hides it (None where its orbit is not known)."""

    spacecraft: str
    station: str
    start: str
    stop: str
    duration_s: float
    max_elevation_deg: float
    hidden_s: float | None
    sun_deg: float | None
    light_s: float | None
    bound_s: float | None
    known: str


class LightTimeItem(TypedDict):
    """Light times (s) at an instant at the observer, off by `bound_s` at most; degrees for a station.

    `known` says from what the place of the spacecraft is known: `kernels`, the id of an orbit product, or `stand-in`.
    """

    at: str
    down_s: float | None
    up_s: float | None
    round_trip_s: float | None
    bound_s: float | None
    sun_deg: float | None
    known: str
    elevation_deg: float | None
    azimuth_deg: float | None


class AttitudeItem(TypedDict):
    """An attitude: the law, the quaternion (scalar first, from J2000 to the body), angles (deg), and what is left of a slew."""

    at: str
    law: str
    quaternion: list[float]
    off_nadir_deg: float
    sun_aspect_deg: float
    sun_off_arrays_deg: float
    earth_antenna_deg: float
    rate_deg_s: float
    behind_deg: float


class AttitudeItems(TypedDict):
    """Predicted attitudes; `known` says from what the orbit is known: kernels, or the id of a product."""

    frame: str
    structure: int
    known: str
    remarks: list[str]
    rows: list[AttitudeItem]


class NavigationEvent(TypedDict):
    """An event; `stop` is None for one at an instant."""

    kind: str
    start: str
    stop: str | None
    value: float | None
    unit: str
    about: str


class NavigationEvents(TypedDict):
    """Events in order; `known` says from what the orbit is known: kernels, ids of products, or nothing."""

    rows: list[NavigationEvent]
    known: str


class PredictedPass(TypedDict):
    """A pass that is predicted for."""

    number: int
    start: str
    stop: str
    duration_s: float
    max_elevation_deg: float | None


class _Predicted(TypedDict):
    """Predictions in columns by instants `utc` at the station; `known` says from what the orbit is known."""

    spacecraft: str
    station: str
    known: str
    remarks: list[str]
    passes: list[PredictedPass]
    utc: list[str]
    pass_number: list[int]
    elevation_deg: list[float]
    range_km: list[float]
    range_rate_km_s: list[float]
    light_s: list[float]
    hidden: list[bool]


class PointingPrediction(_Predicted):
    """Where an antenna points: apparent directions, with and without refraction; rates per second."""

    uplink: bool
    refractivity: float
    azimuth_deg: list[float]
    refracted_elevation_deg: list[float]
    azimuth_rate_deg_s: list[float]
    elevation_rate_deg_s: list[float]
    refracted_elevation_rate_deg_s: list[float]
    right_ascension_deg: list[float]
    declination_deg: list[float]
    point_ahead_deg: list[float]


class DopplerPrediction(_Predicted):
    """The carrier that is received: means over `count_s`; what was sent is None one way."""

    ways: int
    transmitter: str
    count_s: float
    received_hz: list[float]
    shift_hz: list[float]
    rate_hz_s: list[float]
    sent: list[str | None]
    sent_hz: list[float | None]
    round_trip_s: list[float | None]


class NavigationStates(TypedDict):
    """Positions (km) of bodies from a centre at instants; None where nothing holds them."""

    centre: str
    frame: str
    utc: list[str]
    states: dict[str, list[list[float | None]]]
    known: dict[str, str]


class ProductFile(TypedDict):
    """A file of a product."""

    name: str
    media: str
    size: int
    sha256: str


class NavigationProduct(TypedDict):
    """A product of flight dynamics."""

    id: str
    kind: str
    spacecraft: str
    name: str
    title: str
    start: str
    stop: str
    made_at: str
    made_by: str
    agency: str
    grade: str
    files: list[ProductFile]


class ShownProduct(NavigationProduct):
    """A product with what is shown of it."""

    data: dict[str, Any]
