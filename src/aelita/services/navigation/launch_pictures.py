"""The pictures of a launch, beside each other."""

from pathlib import Path

from .launching import Launch
from .plots_launch import draw_ascent, draw_dispersion, draw_window


def draw_launch(launch: Launch, path: Path) -> tuple[Path, ...]:
    """Write the ascent to a PNG file, and window and dispersion to files beside it; return their paths."""
    made = [draw_ascent(launch.injection, path)]
    if launch.window:
        made.append(draw_window(launch, path.with_stem(path.stem + "-window")))
    made.append(draw_dispersion(launch.dispersion, path.with_stem(path.stem + "-dispersion")))
    return tuple(made)
