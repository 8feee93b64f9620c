"""Gravity fields: the public files, and the compiled sums against SciPy, heyoka, and themselves."""

import re

import heyoka
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aelita.environment import (
    GravityField,
    acceleration_at,
    acceleration_km_s2,
    gradient,
    gradient_at,
    gravity_table,
    read_gravity,
)
from aelita.errors import DataError, UsageError
from aelita.octets import compiled
from environment_material import Reals, gravity, gravity_octets, textbook_acceleration


@pytest.fixture(scope="module")
def field() -> GravityField:
    return gravity("JGMRO120D")


def places(count: int, seed: int = 0) -> Reals:
    """Points from the reference sphere to ten radii, in all directions, and both poles."""
    rng = np.random.default_rng(seed)
    towards = rng.normal(size=(count, 3))
    found = towards / np.linalg.norm(towards, axis=1)[:, None] * (3396.0 * 10 ** rng.uniform(0, 1, count))[:, None]
    return np.concatenate([found, [[0, 0, 3396.0], [0, 0, -3500.0], [1e-9, -1e-9, 3600.0], [3700.0, 0, 0], [0, -3700.0, 0]]])


def test_files_say_what_is_published() -> None:
    """GM and radius as in flight-dynamics.yaml; a coefficient from each end of each file."""
    gmm3, jgmro, ggm2b = gravity("GMM-3"), gravity("JGMRO120D"), gravity("GGM2B")
    assert (gmm3.gm_km3_s2, gmm3.radius_km, gmm3.degree) == (42828.37285418775, 3396.0, 120)
    assert jgmro.gm_km3_s2 == pytest.approx(42828.375815756102, rel=1e-15) and (jgmro.radius_km, jgmro.degree) == (3396.0, 120)
    assert ggm2b.gm_km3_s2 == pytest.approx(42828.371901284, rel=1e-15) and (ggm2b.radius_km, ggm2b.degree) == (3397.0, 80)
    assert gmm3.c[2, 0] == -8.7502113235452894e-4 and gmm3.s[120, 119] == 1.3796730144254339e-08
    assert jgmro.c[2, 2] == -8.463302655983001e-05 and jgmro.s[2, 2] == 4.893941832167e-05
    assert ggm2b.c[80, 80] == 4.0582099786720437e-08 and ggm2b.s[2, 0] == 0
    assert all(f.c[0, 0] == 1 and f.c[1, 0] == 0 and f.tide == "unstated" for f in (gmm3, jgmro, ggm2b))


def test_three_fields_of_mars_agree() -> None:
    """Independent solutions, at 400 km; the oldest counts longitude from the IAU 1991 meridian (W 176.868, not 176.630 deg)."""
    at = places(200)[:200]
    at *= 3796.0 / np.linalg.norm(at, axis=1)[:, None]
    fields = (gravity("JGMRO120D"), gravity("GMM-3"), gravity("GGM2B").turned(176.630 - 176.868), gravity("GGM2B"))
    first, *others = (acceleration_km_s2(f, at, 80) for f in fields)
    far = [np.linalg.norm(o - first, axis=1).max() / np.linalg.norm(first, axis=1).max() for o in others]
    print(f"from JGMRO120D at 400 km: GMM-3 {far[0]:.1e}, GGM2B turned {far[1]:.1e}, as it is {far[2]:.1e} of gravity")
    assert far[0] < 5e-7 and far[1] < 1e-6 and far[2] > 1e-5


@pytest.mark.parametrize("degree", [0, 1, 2, 20, 80, 120])
def test_acceleration_is_that_of_the_textbook(field: GravityField, degree: int) -> None:
    at = places(12)[:12]
    ours = acceleration_km_s2(field, at, degree)
    theirs = np.array([textbook_acceleration(field, place, degree) for place in at])
    wrong = np.abs(ours - theirs).max(axis=1) / np.linalg.norm(ours, axis=1)
    print(f"degree {degree}: {wrong.max():.1e} of gravity from the textbook sum")
    assert wrong.max() < 3e-14


def test_acceleration_is_that_of_heyoka(field: GravityField) -> None:
    degree = 20
    x, y, z = heyoka.make_vars("x", "y", "z")
    pairs = [(float(field.c[n, m]), float(field.s[n, m])) for n in range(degree + 1) for m in range(n + 1)]
    coefficients = [[heyoka.expression(c), heyoka.expression(s)] for c, s in pairs]
    radius, gm = heyoka.expression(field.radius_km), heyoka.expression(field.gm_km3_s2)
    made = heyoka.cfunc(heyoka.model.sh_gravity_acc([x, y, z], coefficients, gm, radius), [x, y, z])
    at = places(50)
    theirs = np.ascontiguousarray(made(np.ascontiguousarray(at.T)).T)
    ours = acceleration_km_s2(field, at, degree)
    wrong = np.abs(ours - theirs).max(axis=1) / np.linalg.norm(ours, axis=1)
    print(f"degree {degree}: {wrong.max():.1e} of gravity from heyoka")
    assert wrong.max() < 3e-15


def test_gradient_is_that_of_the_acceleration(field: GravityField) -> None:
    """By differences of fourth order; symmetric and without trace to rounding (Laplace)."""
    at = places(30)
    ours, step = gradient(field, at, 120), 0.05
    size = np.linalg.norm(ours, axis=(1, 2))
    for axis, away in enumerate(np.eye(3) * step):
        near, far = (acceleration_km_s2(field, at + k * away) - acceleration_km_s2(field, at - k * away) for k in (1, 2))
        slope = (8 * near - far) / (12 * step)
        assert (np.abs(slope - ours[:, :, axis]).max(axis=1) / size).max() < 3e-10
    assert (np.abs(np.trace(ours, axis1=1, axis2=2)) / size).max() < 1e-14
    assert np.array_equal(ours, ours.transpose(0, 2, 1))


@settings(deadline=None, max_examples=60)
@given(st.floats(0, 1e-3), st.floats(-np.pi, np.pi), st.sampled_from([-1.0, 1.0]), st.floats(3396, 40_000))
def test_the_poles_are_places_like_others(off: float, longitude: float, side: float, r: float) -> None:
    """Near a pole the acceleration differs from that at the pole by its gradient times the way."""
    field = gravity_small()
    pole = np.array([[0, 0, side * r]])
    way = np.array([[off * np.cos(longitude), off * np.sin(longitude), 0.0]])
    change = acceleration_km_s2(field, pole + way) - acceleration_km_s2(field, pole)
    wanted = np.einsum("nij,nj->ni", gradient(field, pole), way)
    assert np.abs(change - wanted).max() < 1e-15 * field.gm_km3_s2 / r**2 + 200 * off**2 * field.gm_km3_s2 / r**4


def gravity_small() -> GravityField:
    c, s = np.zeros((5, 5)), np.zeros((5, 5))
    c[0, 0], c[2, 0], c[2, 1], s[2, 1], c[2, 2], s[3, 1], c[4, 4] = 1, -8.7e-4, 1e-5, -2e-5, -8e-5, 2.5e-5, 1e-5
    return GravityField("small", 42828.0, 3396.0, c, s)


@compiled
def of_another_room(table, x, y, z):  # type: ignore[no-untyped-def]
    """What compiled code elsewhere does with the table."""
    return acceleration_at(table, x, y, z)[2] + gradient_at(table, x, y, z)[5]


def test_compiled_code_may_call_the_kernels(field: GravityField) -> None:
    at = np.array([[1000.0, -2000.0, 3000.0]])
    found = of_another_room(gravity_table(field, 50), *at[0])
    assert found == acceleration_km_s2(field, at, 50)[0, 2] + gradient(field, at, 50)[0, 2, 2]
    assert gravity_table(field, 50) is gravity_table(field, 50)


def test_a_truncated_field_is_the_field_to_that_degree(field: GravityField) -> None:
    at = places(5)
    assert np.array_equal(acceleration_km_s2(field.truncated(30), at), acceleration_km_s2(field, at, 30))
    assert field.truncated(30).degree == 30 and field.truncated(30).name == field.name
    with pytest.raises(UsageError, match="degree 31 of gravity field JGMRO120D, which has degrees 0 to 30"):
        acceleration_km_s2(field.truncated(30), at, 31)
    with pytest.raises(UsageError, match=r"shape \(3,\)"):
        acceleration_km_s2(field, np.array([3400.0, 0, 0]))
    with pytest.raises(UsageError, match="square"):
        GravityField("odd", 1.0, 1.0, np.zeros((3, 2)), np.zeros((3, 2)))
    with pytest.raises(UsageError, match="centre"):
        gradient(field, np.zeros((2, 3)))
    assert acceleration_km_s2(field, np.empty((0, 3))).shape == (0, 3)


SHA = b" 3.396E3, 4.2828E4, 1E-3, 2, 2, %d, 0.0, 0.0\r\n 2,0,%s,0.0,0,0\r\n 2,1,1E-10,0.0\r\n\r\n 2,2,-8.4E-5,4.9E-5,0,0\r\n"
ICGEM = b"""a model of nobody
modelname small
gravity_constant 4.2828D13
radius 3.396e6
max_degree 2
norm %s
tide_system zero_tide
end_of_head =====
gfc 0 0 1.0 0.0
gfc 2 0 -8.7D-4 0.0 0.0 0.0
gfc 2 1 1e-10 0.0
gfc 2 2 -8.4e-5 4.9e-5
"""


def test_small_files_of_each_format() -> None:
    plain = read_gravity(SHA % (1, b"-8.7E-4"), name="sha")
    assert plain.c[2].tolist() == [-8.7e-4, 1e-10, -8.4e-5] and plain.s[2, 2] == 4.9e-5
    other = read_gravity(ICGEM % b"fully_normalized", name="icgem")
    assert other.tide == "zero_tide" and (other.gm_km3_s2, other.radius_km) == (42828.0, 3396.0)
    assert np.array_equal(other.c, plain.c) and np.array_equal(other.s, plain.s)
    j2 = read_gravity(SHA % (0, b"-1.95E-3"), name="sha")  # unnormalised
    assert j2.c[2, 0] == pytest.approx(-1.95e-3 / np.sqrt(5), rel=1e-14)
    assert j2.c[2, 2] == pytest.approx(-8.4e-5 / np.sqrt(5 / 12), rel=1e-14)


@pytest.mark.parametrize(
    ("octets", "message"),
    [
        (b"", "empty"),
        (b"\x1f\x8b\x08", "octet 1 is not ASCII text.*Unpack"),
        (b"1 2 3\n", "line 1: a first line of 3 numbers"),
        (b"<html>\n", "line 1: not numbers: '<html>'"),
        (SHA % (1, b"-8.7E-4x"), "line 2: not numbers"),
        (SHA % (1, b"nan"), "line 2: a row of 6 numbers"),
        (SHA % (1, b"-1E3"), "line 2: C -1000"),
        (SHA % (2, b"0"), "normalisation state 2"),
        ((SHA % (1, b"0")).replace(b"2, 2,", b"3, 3,"), "line 5: degree 3 and order 0 of a field of degree 3 are missing"),
        ((SHA % (1, b"0")).replace(b" 2,1", b" 2,2"), "line 5: degree 2 and order 2 stand here a second time"),
        ((SHA % (1, b"0")).replace(b" 2,1", b" 1,2"), "line 3: degree 1 and order 2 do not belong"),
        ((SHA % (1, b"0")).replace(b" 2,1", b" 2.5,1"), "line 3: degree 2.5"),
        ((SHA % (1, b"0")).replace(b"2, 2,", b"2.5, 2,"), "line 1: degree 2.5"),
        ((SHA % (1, b"0")).replace(b"3.396E3", b"3.396E6"), "line 1: GM 42828 and radius 3.396e.06, read in metres"),
        ((SHA % (1, b"0")).replace(b"0.0, 0.0\r", b"0.0, 9.0\r"), "line 1: axes turned by 0 and 9 deg"),
        (b"4.2828E13 3.396E6\n", "no coefficients of degree 2"),
        (b"4.2828E13 3.396E6\n2 0 1e-3 0 0 0\n2 1 0 0 0 0\n", "line 3: degree 2 and order 2"),
        (b"4.2828E13 3.396E6\n2 0 1e-3\n", "line 2: a row of 3 numbers"),
        (ICGEM.replace(b"radius", b"radios") % b"fully_normalized", "line 8: no radius before end_of_head"),
        (ICGEM % b"half", "line 6: norm half"),
        (ICGEM.replace(b"gfc 2 1", b"gfct 2 1") % b"fully_normalized", "line 11: a row of kind 'gfct'"),
        (ICGEM.replace(b"max_degree 2", b"max_degree 9999") % b"fully_normalized", "line 5: max_degree 9999"),
    ],
)  # fmt: skip
def test_bad_files_are_refused_by_line(octets: bytes, message: str) -> None:
    with pytest.raises(DataError, match=message) as caught:
        read_gravity(octets, name="bad.tab")
    assert str(caught.value).startswith("bad.tab")


@pytest.mark.parametrize("name", ["GMM-3", "JGMRO120D", "GGM2B"])
def test_real_files_cut_short_are_refused(name: str) -> None:
    octets = gravity_octets(name)
    for size in (len(octets) - 200, len(octets) // 2, 3000):
        with pytest.raises(DataError, match=re.escape(name)):
            read_gravity(octets[:size], name=name)


@settings(deadline=None, max_examples=300)
@given(st.integers(0, 150), st.binary(max_size=6))
def test_garbled_files_are_read_or_refused(at: int, junk: bytes) -> None:
    octets = SHA % (1, b"-8.7E-4")
    try:
        found = read_gravity(octets[:at] + junk + octets[at + len(junk) :], name="junk")
    except DataError as error:
        assert error.remedy
    else:
        assert np.isfinite(found.c).all() and 2 <= found.degree <= 360
        assert np.isfinite(acceleration_km_s2(found, places(2))).all() and np.isfinite(gradient(found, places(2))).all()


@settings(deadline=None, max_examples=25)
@given(st.integers(0, 40), st.integers(0, 40), st.integers(0, 10**6))
def test_any_field_is_summed_to_any_degree(size: int, degree: int, seed: int) -> None:
    """A random field against the textbook, and its gradient against Laplace: also with bounds checked (`test_bounds.py`)."""
    rng, degree = np.random.default_rng(seed), min(size, degree)
    c, s = (np.tril(rng.normal(scale=1e-3, size=(size + 1, size + 1))) for _ in range(2))
    c[0, 0] = 1.0
    field = GravityField("random", 42828.37, 3396.0, c, s)
    at = places(3, seed)[:5]
    theirs = np.array([textbook_acceleration(field, place, degree) for place in at[:3]])
    ours, slopes = acceleration_km_s2(field, at, degree), gradient(field, at, degree)
    assert np.abs(ours[:3] - theirs).max(axis=1) == pytest.approx(0, abs=1e-12 * np.linalg.norm(theirs, axis=1).max())
    assert np.abs(np.trace(slopes, axis1=1, axis2=2)).max() < 1e-12 * np.abs(slopes).max()
