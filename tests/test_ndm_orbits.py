"""Orbits, attitudes and tracking of messages in TAI columns; interpolation against SciPy and against lines left out."""

import resource
from dataclasses import replace

import numpy as np
import pytest
from scipy.interpolate import KroghInterpolator

from aelita.errors import TimeError, UnsupportedError, UsageError
from aelita.ndm import (
    AttitudeEphemeris,
    Ephemeris,
    Message,
    Tracking,
    attitude_message,
    attitudes,
    covariance_of,
    ephemerides,
    ephemeris_message,
    read,
    states_at,
    tracking,
    tracking_message,
    write,
)
from aelita.time import tai_ns_from_utc
from shared import shared

START = tai_ns_from_utc("2016-12-31T23:00:00")  # a leap second is in the span
STEP_NS = 300 * 10**9
RATE = 2 * np.pi / 7040.0


def message(name: str) -> Message:
    found = read((shared("data/nav/ndm") / name).read_bytes(), where=name)
    assert isinstance(found, Message)
    return found


def circle(tai_ns: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A circular orbit of 3,790 km about Mars, inclined."""
    angle = RATE * (tai_ns - START) / 1e9
    p, q = np.array([3790.0, 0, 0]), np.array([0, 1050.0, 3641.6])
    return np.outer(np.cos(angle), p) + np.outer(np.sin(angle), q), RATE * (
        np.outer(np.cos(angle), q) - np.outer(np.sin(angle), p)
    )


def orbit(count: int = 60, method: str = "HERMITE", degree: int = 11) -> Ephemeris:
    at = START + np.arange(count) * STEP_NS
    return Ephemeris("TGO", "2016-017A", "MARS", "EME2000", at, *circle(at), int(at[2]), int(at[-3]), method, degree)


@pytest.mark.parametrize(("method", "degree", "nodes"), [("LAGRANGE", 5, 6), ("LAGRANGE", 8, 9), ("LINEAR", 1, 2), ("HERMITE", 3, 2), ("HERMITE", 7, 4), ("HERMITE", 11, 6)])  # fmt: skip
def test_interpolation_is_that_of_scipy(method: str, degree: int, nodes: int) -> None:
    part = orbit(12, method, degree)
    at = START + np.array([5.3, 5.5, 5.9]) * STEP_NS
    position, velocity = part.states(at.astype(np.int64))
    first = 6 - nodes // 2
    s = (part.epoch_tai_ns[first : first + nodes] - START) / 1e9
    lines = slice(first, first + nodes)
    if method == "HERMITE":
        values = np.empty((2 * nodes, 3))
        values[::2], values[1::2] = part.position_km[lines], part.velocity_km_s[lines]
        oracle = KroghInterpolator(np.repeat(s, 2), values)
        expected, rate = oracle((at - START) / 1e9), oracle.derivative((at - START) / 1e9)
    else:
        expected = KroghInterpolator(s, part.position_km[lines])((at - START) / 1e9)
        rate = KroghInterpolator(s, part.velocity_km_s[lines])((at - START) / 1e9)
    assert np.abs(position - expected).max() < 1e-8
    assert np.abs(velocity - rate).max() < 1e-10


def test_hermite_of_a_low_mars_orbit_is_good_to_a_millimetre() -> None:
    part = orbit()
    at = np.linspace(part.start_tai_ns, part.stop_tai_ns, 2001).astype(np.int64)
    position, velocity = part.states(at)
    truth = circle(at)
    assert np.abs(position - truth[0]).max() < 1e-6
    assert np.abs(velocity - truth[1]).max() < 1e-8
    on_lines = part.states(part.epoch_tai_ns[2:-2])
    assert np.abs(on_lines[0] - part.position_km[2:-2]).max() < 1e-11


def test_lines_left_out_of_a_published_ephemeris_come_back() -> None:
    for part in ephemerides(message("anise/MEO_60s.oem")):
        assert (part.method, part.degree) == ("LAGRANGE", 5)
        every_other = replace(
            part, epoch_tai_ns=part.epoch_tai_ns[::2], position_km=part.position_km[::2], velocity_km_s=part.velocity_km_s[::2]
        )
        left_out = np.arange(1, part.epoch_tai_ns.size - 1, 2)
        position, velocity = every_other.states(part.epoch_tai_ns[left_out])
        assert np.abs(position - part.position_km[left_out]).max() < 1e-8  # 10 micrometres
        assert np.abs(velocity - part.velocity_km_s[left_out]).max() < 1e-11


def test_nothing_is_extrapolated_or_taken_across_a_discontinuity() -> None:
    part = orbit()
    for late in (part.start_tai_ns - 1, part.stop_tai_ns + 1):
        with pytest.raises(TimeError, match="outside of the useable span of TGO"):
            part.states(np.array([late]))
    after = replace(part, position_km=part.position_km + 1.0, start_tai_ns=int(part.epoch_tai_ns[30]))
    before = replace(part, stop_tai_ns=int(part.epoch_tai_ns[30]))
    at = part.epoch_tai_ns[[29, 30, 31]]
    position, _ = states_at((before, after), at)
    assert np.allclose(position - part.position_km[29:32], [[0.0], [1.0], [1.0]])
    with pytest.raises(TimeError, match="in no useable span"):
        states_at((before, after), np.array([part.stop_tai_ns + 1]))


def test_what_is_not_recommended_must_be_told() -> None:
    bare = orbit(method="", degree=0)
    with pytest.raises(UsageError, match="has no INTERPOLATION"):
        bare.states(bare.epoch_tai_ns[5:6])
    assert bare.states(bare.epoch_tai_ns[5:6], method="hermite", degree=7)[0].shape == (1, 3)
    with pytest.raises(UsageError, match="has no INTERPOLATION_DEGREE"):
        ephemerides(message("orekit/odm/oem/OEMExample8.txt"))[0].states(np.array([tai_ns_from_utc("1996-12-18T12:11:00")]))
    with pytest.raises(UsageError, match="SPLINE of degree 3 is not done"):
        orbit(method="SPLINE", degree=3).states(bare.epoch_tai_ns[5:6])
    with pytest.raises(UsageError, match="6 lines are not enough for LAGRANGE of degree 7, which takes 8"):
        orbit(6, "LAGRANGE", 7).states(bare.epoch_tai_ns[3:4])


@pytest.mark.parametrize("scale", ["UTC", "TAI", "TT", "GPS", "TDB"])
def test_an_ephemeris_goes_through_a_message(scale: str) -> None:
    made = ephemeris_message((orbit(), orbit()), originator="ESOC", created_tai_ns=START, scale=scale, comments=("made",))
    for form in ("kvn", "xml"):
        back = ephemerides(read(write(made, form)))  # type: ignore[arg-type]
        assert len(back) == 2
        for part in back:
            assert np.abs(part.epoch_tai_ns - orbit().epoch_tai_ns).max() <= (1 if scale == "TDB" else 0)
            assert (part.position_km == orbit().position_km).all() and (part.velocity_km_s == orbit().velocity_km_s).all()
            assert (part.object_name, part.center, part.frame, part.method, part.degree) == (
                "TGO",
                "MARS",
                "EME2000",
                "HERMITE",
                11,
            )


def test_trajectories_of_an_ocm() -> None:
    part = ephemerides(message("orekit/odm/ocm/OCMExample5ITRF.txt"))[0]
    assert (part.frame, part.center, part.epoch_tai_ns.size) == ("GCRF", "EARTH", 49)
    assert part.position_km[0].tolist() == [2906.2752178573, 4076.3580691129, 4561.3636609099]
    with pytest.raises(UnsupportedError, match="no trajectory of Cartesian"):
        ephemerides(message("orekit/odm/ocm/OCMExample5Geodetic.txt"))
    with pytest.raises(UsageError, match="OPM holds no ephemeris"):
        ephemerides(message("orekit/odm/opm/OPMExample1.txt"))


def test_a_covariance_is_a_matrix() -> None:
    blocks = message("anise/JPL_MGS_cov.oem").segments[0].blocks("covarianceMatrix")
    matrix = covariance_of(blocks[0])
    assert len(blocks) == 4
    assert (matrix == matrix.T).all()
    assert matrix[0, 0] == 3.3313494e-04 and matrix[5, 5] == 6.2244443e-10 and matrix[1, 0] == matrix[0, 1] == 4.6189273e-04
    assert (np.linalg.eigvalsh(matrix[:3, :3]) > 0).all()


def test_attitudes_are_turned_to_go_from_a_to_b() -> None:
    part = attitudes(message("orekit/adm/aem/AEMExample08.txt"))[0]  # B2A, scalar last
    assert part.quaternion[0].tolist() == [-0.56748, -0.03146, -0.45689, 0.68427]
    first = attitudes(message("orekit/adm/aem/AEMExample04.txt"))[0]  # A2B, scalar first
    assert first.quaternion[0].tolist() == [-0.402157, 0.581628, 0.511111, 0.488615]
    assert (np.abs(np.linalg.norm(first.quaternion, axis=1) - 1) < 1e-5).all()
    with pytest.raises(UnsupportedError, match="SPIN holds no quaternions"):
        attitudes(message("orekit/adm/aem/AEMExample03.xml"))
    made = AttitudeEphemeris("TGO", "2016-017A", "EME2000", "SC_BODY_1", first.epoch_tai_ns, first.quaternion)
    back = attitudes(read(write(attitude_message((made,), originator="ESOC", created_tai_ns=START), "xml")))[0]  # type: ignore[arg-type]
    assert (back.quaternion == made.quaternion).all() and (back.epoch_tai_ns == made.epoch_tai_ns).all()


def test_tracking_data_by_keyword() -> None:
    part = tracking(message("orekit/tdm/kvn/TDMExample4.txt"))[0]
    assert (part.participants, part.path) == ({1: "DSS-24", 2: "yyyy-nnnA"}, (1, 2, 1))
    assert part.metadata["RANGE_UNITS"] == "RU" and part.metadata["TRANSMIT_DELAY_1"] == 7.7e-5
    tai, values = part.observations["RANGE"]
    assert tai[0] == tai_ns_from_utc("2005-07-10T00:31:51") and values[0] == 39242998.5151986
    made = Tracking(
        {1: "NNO", 2: "TGO"},
        (1, 2, 1),
        {"RANGE": (tai, values), "TRANSMIT_FREQ_1": (tai - 10**9, values)},
        {"MODE": "SEQUENTIAL"},
    )
    back = tracking(read(write(tracking_message((made,), originator="ESOC", created_tai_ns=START))))[0]  # type: ignore[arg-type]
    assert back.participants == made.participants and back.path == made.path and back.metadata == made.metadata
    for name, (epochs, column) in made.observations.items():
        assert (back.observations[name][0] == epochs).all() and (back.observations[name][1] == column).all()


@pytest.mark.soak
@pytest.mark.parametrize("kind", ["OEM", "TDM"])
def test_a_million_lines_in_bounded_memory(kind: str) -> None:
    count = 1_000_000
    at = START + np.arange(count) * 10**9
    if kind == "OEM":
        made = ephemeris_message(
            (replace(orbit(), epoch_tai_ns=at, position_km=circle(at)[0], velocity_km_s=circle(at)[1], stop_tai_ns=int(at[-1])),),
            originator="X",
            created_tai_ns=START,
        )
    else:
        made = tracking_message(
            (Tracking({1: "A"}, (), {"RANGE": (at, circle(at)[0][:, 0].copy())}),), originator="X", created_tai_ns=START
        )
    octets = write(made)
    del made, at
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    found = read(octets)
    assert isinstance(found, Message)
    assert (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) / 1024 < 300  # MB, of which the columns are 64
    rows = found.segments[0].data[0].rows
    assert rows is not None and len(rows) == count
