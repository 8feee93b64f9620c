"""Answers of flight dynamics: passes, light times, events, states, and products with what is shown of them."""

from typing import Any

from pydantic import BaseModel, Field

from .answers import UtcText


class NavigationPass(BaseModel):
    """A pass of a spacecraft over a station: `hidden_s` how long Mars hides it meanwhile (null where its orbit is not known).

    `sun_deg` is the angle to the Sun and `light_s` the light time in the middle of it, off by `bound_s` at most. `known` says
    from what the place of the spacecraft was known then: `kernels`, the id of an orbit product, or `stand-in` (the body near it).
    """

    spacecraft: str
    station: str
    start: UtcText
    stop: UtcText
    duration_s: float
    max_elevation_deg: float
    hidden_s: float | None
    sun_deg: float | None
    light_s: float | None
    bound_s: float | None = None
    known: str = ""


class NavigationPasses(BaseModel):
    """Passes, by their start."""

    rows: list[NavigationPass]


class LightTimeItem(BaseModel):
    """Light times (s) at an instant at the observer: down, up, there and back; they are off by `bound_s` at most.

    `known` says from what the place of the spacecraft is known, as in passes. Elevation and azimuth (degrees) are those of a
    station.
    """

    at: UtcText
    down_s: float | None
    up_s: float | None
    round_trip_s: float | None
    bound_s: float | None
    sun_deg: float | None
    known: str = ""
    elevation_deg: float | None = None
    azimuth_deg: float | None = None


class LightTimeItems(BaseModel):
    """Light times, a row for each instant."""

    rows: list[LightTimeItem]


class NavigationEvent(BaseModel):
    """An event: `stop` is null for one at an instant, `value` a number (`unit`) that says most of it, `about` what it is."""

    kind: str
    start: UtcText
    stop: UtcText
    value: float | None
    unit: str
    about: str


class NavigationEvents(BaseModel):
    """Events in order. `known` says from what the orbit is known: kernels, ids of products, commas between; or nothing."""

    rows: list[NavigationEvent]
    known: str


class NavigationStates(BaseModel):
    """Positions (km) of bodies from a centre, geometric, at instants; null where neither kernel nor product holds them.

    `known` says of spacecraft of the mission from what they are known: `kernels`, ids of products, commas between; or nothing.
    """

    centre: str
    frame: str
    utc: list[UtcText]
    states: dict[str, list[list[float | None]]]
    known: dict[str, str] = {}


class ProductFile(BaseModel):
    """A file of a product."""

    name: str
    media: str
    size: int
    sha256: str


class NavigationProduct(BaseModel):
    """A product of flight dynamics: what it is about, from when to when; who made it, and how sure it is.

    `name` is that of all its versions, `agency` the one that published it.
    """

    id: str
    kind: str
    spacecraft: str
    name: str
    title: str
    start: UtcText
    stop: UtcText
    made_at: UtcText
    made_by: str
    agency: str
    grade: str
    files: list[ProductFile]


class NavigationProducts(BaseModel):
    """Products, those made last first; `next` is the `before` of what follows, null at the end."""

    rows: list[NavigationProduct]
    next: str | None = None


class ShownProduct(NavigationProduct):
    """A product with what is shown of it, in a form by kind; empty for files alone."""

    data: dict[str, Any] = Field(description="In a form by kind, see the documentation of products.")
