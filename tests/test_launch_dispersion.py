"""Dispersion: differences against sampling, determinism, closed forms; pictures are drawn."""

from pathlib import Path

import numpy as np
import pytest

from aelita.dynamics import linear_dispersion, sampled_dispersion
from aelita.dynamics.dispersion import ErrorSource
from aelita.errors import UsageError
from aelita.services.navigation.launching import Launch, dispersion_row
from aelita.services.navigation.plots_launch import draw_ascent, draw_dispersion, draw_window
from launch_material import launch_2016, plan_2016, proton


def test_sampling_agrees_with_differences() -> None:
    linear = linear_dispersion(launch_2016(), proton().errors)
    sampled = sampled_dispersion(launch_2016(), proton().errors, np.random.default_rng(7), count=150)
    assert np.array(sampled.sigmas) == pytest.approx(np.array(linear.sigmas), rel=0.25)  # 4.3 sigmas of 150 samples
    assert np.sqrt(np.diag(sampled.state)) == pytest.approx(np.sqrt(np.diag(linear.state)), rel=0.25)
    assert sampled.margin_sigma_kg == pytest.approx(linear.margin_sigma_kg, rel=0.3)
    assert sampled.samples is not None and sampled.samples.shape == (150, 10)
    row = dispersion_row(linear)
    print(f"C3 {row['c3_sigma_km2_s2']:.3f}, declination {row['declination_sigma_deg']:.3f} deg, {row['ellipse_3_sigma_deg']}")


def test_the_same_seed_gives_the_same_answer() -> None:
    one, two = (sampled_dispersion(launch_2016(), proton().errors, np.random.default_rng(3), count=12) for _ in range(2))
    assert one.samples is not None and two.samples is not None and one.samples.tobytes() == two.samples.tobytes()


def test_the_nominal_is_the_launch_itself() -> None:
    found = launch_2016()
    nominal = linear_dispersion(found, ()).nominal
    assert nominal[0] == pytest.approx(found.reached.c3_km2_s2, abs=1e-6)
    assert nominal[3:9] == pytest.approx(found.state_j2000, rel=1e-6, abs=1e-4)
    assert nominal[9] == pytest.approx(found.margin_kg, abs=2.0)


def test_cut_off_alone_disperses_energy_as_vis_viva_says() -> None:
    """dC3 = 2 v dv."""
    found = launch_2016()
    sigma = 0.001
    spread = linear_dispersion(found, (ErrorSource("cut-off", sigma),))
    end = [row for row in found.track if abs(row[0] - found.burns[-1].end_s) < 1e-6][-1]
    assert spread.sigmas[0] == pytest.approx(2.0 * np.linalg.norm(end[4:7]) * sigma, rel=1e-3)
    assert spread.margin_sigma_kg == 0.0


def test_shares_add_up_and_the_ellipse_is_of_the_covariance() -> None:
    spread = linear_dispersion(launch_2016(), proton().errors)
    assert np.array([share for _, share in spread.shares]).sum(axis=0) == pytest.approx(np.ones(4))
    great, small, _ = spread.ellipse(1.0)
    area = np.sqrt(np.linalg.det(spread.asymptote[1:, 1:])) * np.cos(spread.nominal[1])
    assert great * small == pytest.approx(area, rel=1e-9) and great >= small > 0.0
    assert np.linalg.eigvalsh(spread.state).min() > -1e-9


def test_unknown_sources_are_refused() -> None:
    with pytest.raises(UsageError, match="no source of error is 'wind'"):
        ErrorSource("wind", 1.0)


def test_pictures_are_drawn(tmp_path: Path) -> None:
    found = launch_2016()
    spread = linear_dispersion(found, proton().errors)
    from aelita.dynamics import LaunchPlane, windows_with_margins

    plane = LaunchPlane.of(found.ascent, found.liftoff_tai_ns)
    launch = Launch(plan_2016(), proton(), found, spread, windows_with_margins(found, plane, plan_2016().days))
    for path in (
        draw_ascent(found, tmp_path / "a.png"),
        draw_window(launch, tmp_path / "w.png"),
        draw_dispersion(spread, tmp_path / "d.png"),
    ):
        assert path.read_bytes()[:8] == b"\x89PNG\r\n\x1a\n" and path.stat().st_size > 20_000
