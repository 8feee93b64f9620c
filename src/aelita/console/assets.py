"""Files of the console that browsers keep: stylesheet, words and the chart's engine, under an address that changes with them."""

import functools
import hashlib
import importlib.util
from pathlib import Path

from fastapi import APIRouter, HTTPException, Response

from .theme import stylesheet
from .words import LANGUAGES, script

router = APIRouter(include_in_schema=False)
_KEEP = "public, max-age=31536000, immutable"
_KINDS = {"css": "text/css; charset=utf-8", "js": "text/javascript; charset=utf-8", "svg": "image/svg+xml"}
ICON = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 20 20"><circle cx="10" cy="10" r="4.2" fill="#ff7d4d"/><ellipse '
    'cx="10" cy="10" rx="9" ry="3.6" transform="rotate(-28 10 10)" fill="none" stroke="#8291a3" stroke-width="1.1"/></svg>'
)


@functools.cache
def files() -> dict[str, str]:
    """Return the files by name."""
    words = {f"words-{language}.js": script(language) for language in LANGUAGES}
    engine = _uplot("uplot.iife.min.js") + "\nexport default uPlot;\n"  # a module, so that only pages with charts load it
    entry = (Path(__file__).parent / "widgets" / "entry.js").read_text("utf-8")
    own = {"console.css": stylesheet(), "entry.js": entry, "icon.svg": ICON}
    return own | words | {"uplot.js": engine, "uplot.css": _uplot("uplot.min.css")}


@functools.cache
def version() -> str:
    """Return a digest of all files."""
    return hashlib.sha256("".join(files().values()).encode()).hexdigest()[:12]


def address(name: str) -> str:
    """Return where a file is, or the folder of all for an empty name."""
    return f"/assets/{version()}/{name}"


@router.get("/assets/{_}/{name}")
def asset(_: str, name: str) -> Response:
    """Return a file."""
    if name not in files():
        raise HTTPException(404, f"There is no file {name!r}.")
    return Response(files()[name], media_type=_KINDS[name.rpartition(".")[2]], headers={"cache-control": _KEEP})


def _uplot(name: str) -> str:
    """Return a file of uPlot as the package `youplot` carries it."""
    found = importlib.util.find_spec("youplot")
    assert found is not None and found.origin is not None
    return (Path(found.origin).parent / "vendor" / name).read_text("utf-8")
