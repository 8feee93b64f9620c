"""The live complex: streams, stations, receivers, processors, archivers, and who keeps them running."""

from .asking import asked, metrics_of
from .clock import MissionClock
from .installation import Installation, read_installation
from .running import begin, run_complex, serve_one
from .showing import picture_of, run_shown, show
from .watched import Picture
from .watching import Watch

__all__ = [
    "Installation", "MissionClock", "Picture", "Watch", "asked", "begin", "metrics_of", "picture_of", "read_installation",
    "run_complex", "run_shown", "serve_one", "show",
]  # fmt: skip
