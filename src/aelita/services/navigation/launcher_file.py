"""Files of launches: `launches.toml` and `launchers/*.toml` of a mission's folder, or any that a user names."""

from pathlib import Path

from ...dynamics import LauncherFile, LaunchPlan, read_launcher, read_launches
from ...errors import DefinitionError, UsageError
from .reading import text_of

LAUNCHERS, LAUNCHES = "launchers", "launches.toml"


def load_launcher(path: Path) -> LauncherFile:
    """Return what a launcher file says. Raises DefinitionError, with file, key and value, for anything that does not fit."""
    return read_launcher(text_of(path, "Name a launcher's TOML file"), str(path))


def load_launches(path: Path) -> tuple[LaunchPlan, ...]:
    """Return what a file of launches says; errors as of `load_launcher`."""
    return read_launches(text_of(path, "Name a TOML file of launches"), str(path))


def launcher_files(mission: Path) -> dict[str, Path]:
    """Return the launcher files of a mission's folder by their names without suffix, in order."""
    return {path.stem: path for path in sorted((mission / LAUNCHERS).glob("*.toml"))}


def find_launch(mission: Path, name: str) -> tuple[LaunchPlan, LauncherFile]:
    """Return a launch of a mission's folder and its launcher. Raises UsageError for a name that it has not."""
    plans, files = load_launches(mission / LAUNCHES), launcher_files(mission)
    for plan in plans:
        if plan.name == name:
            if plan.launcher not in files:
                raise DefinitionError(
                    f"launch {name!r} wants launcher {plan.launcher!r}", where=str(mission / LAUNCHES),
                    remedy=f"Launchers: {', '.join(files) or 'none'}",
                )  # fmt: skip
            return plan, load_launcher(files[plan.launcher])
    raise UsageError(f"{mission} has no launch {name!r}", remedy=f"Launches: {', '.join(plan.name for plan in plans)}")
