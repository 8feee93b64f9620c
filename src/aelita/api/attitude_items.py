"""Answers about attitudes."""

from pydantic import BaseModel, Field

from .answers import UtcText


class AttitudeItem(BaseModel):
    """An attitude: the law that holds, the quaternion, and what comes of it (degrees, degrees a second).

    `quaternion` is scalar first, of the matrix that turns J2000 into axes of the body. `off_nadir_deg` is the angle of the
    instruments' axis from the centre, `sun_aspect_deg` that of the Sun from its axis, `sun_off_arrays_deg` that of the Sun from
    the plane across the arrays' axis, `earth_antenna_deg` that of the Earth from the antenna's; `behind_deg` what is left of a
    slew.
    """

    at: UtcText
    law: str
    quaternion: list[float] = Field(min_length=4, max_length=4)
    off_nadir_deg: float
    sun_aspect_deg: float
    sun_off_arrays_deg: float
    earth_antenna_deg: float
    rate_deg_s: float
    behind_deg: float


class AttitudeItems(BaseModel):
    """Predicted attitudes, a row for each instant; `known` says from what the orbit is known: kernels, ids of products.

    `structure` is the SPICE number of what turns, `remarks` tell by which laws it was made and how sure they are.
    """

    frame: str
    structure: int
    known: str
    remarks: list[str]
    rows: list[AttitudeItem]
