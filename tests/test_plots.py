"""The pictures of histories: gaps are found and not bridged, and the file is a picture of the right size."""

from pathlib import Path

import numpy as np
from PIL import Image

from aelita.services.plots import Limit, Trace, _broken_at, draw, gaps_in


def times(*seconds: float) -> np.ndarray:
    return np.datetime64("2026-01-05T00:00:00", "ns") + (np.array(seconds) * 1e9).astype("timedelta64[ns]")


def test_a_hole_in_a_regular_series_is_a_gap() -> None:
    utc = times(*range(10), *range(40, 50))
    assert gaps_in(utc) == ((utc[9], utc[10]),)
    assert gaps_in(times(*range(20))) == ()


def test_no_line_crosses_a_gap() -> None:
    utc = times(*range(10), *range(40, 50))
    t, v = _broken_at(gaps_in(utc), utc, np.arange(20.0))
    assert len(t) == 21 and np.isnan(v[10]) and v[11] == 10.0


def test_the_picture_holds_the_trace_and_its_limits(tmp_path: Path) -> None:
    utc = times(*range(100))
    values = np.sin(np.arange(100) / 10)
    plain = draw([Trace("/A/x", "V", utc, values)], tmp_path / "plain.png")
    limited = draw([Trace("/A/x", "V", utc, values, limits=(Limit(0.5, 4, True),))], tmp_path / "limited.png", title="x")
    a, b = Image.open(plain), Image.open(limited)
    assert a.size == b.size and a.size[0] > 1000
    red = np.asarray(b.convert("RGB")).astype(int)
    assert ((red[..., 0] > 200) & (red[..., 1] < 90)).any()  # the critical limit is drawn in red
