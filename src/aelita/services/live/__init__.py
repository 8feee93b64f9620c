"""The live complex: streams, stations, receivers, processors, archivers, and who keeps them running."""

from .asking import asked, metrics_of
from .clock import MissionClock
from .installation import Installation, read_installation
from .running import begin, run_complex, serve_one

__all__ = ["Installation", "MissionClock", "asked", "begin", "metrics_of", "read_installation", "run_complex", "serve_one"]
