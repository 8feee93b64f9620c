"""The modules that the browser components share, put into the import map of every page."""

from pathlib import Path

from nicegui.dependencies import register_library

HERE = Path(__file__).parent


def register() -> None:
    """Register the modules: `aelita-bus`, `aelita-face` and so on."""
    for name in (
        "bus",
        "face",
        "grid",
        "samples",
        "chart",
        "stages",
        "checks",
        "doing",
        "axis",
        "figure",
        "published",
        "series",
        "sky",
        "course",
        "globes",
        "contours",
        "space",
    ):
        path = HERE / f"{name}.js"
        register_library(path, import_name=f"aelita-{name}", max_time=path.stat().st_mtime)


register()
