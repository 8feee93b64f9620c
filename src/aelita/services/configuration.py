"""Where settings come from: command-line flags, then the environment, then a configuration file, then defaults.

The file is `aelita.toml` in the current folder, else `aelita/config.toml` in the user's configuration folder, or the one that
`AELITA_CONFIG` names. Unknown keys are refused by name.
"""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ..errors import DefinitionError

KEYS = {
    "data": "the one folder in which Aelita keeps what it makes",
    "archive": "the archive to use when a command names none",
    "mission": "the mission to use when a command names none",
}


@dataclass(frozen=True, slots=True)
class Setting:
    """One setting, its value and where that came from (`flag`, a variable, a file, or `default`)."""

    key: str
    value: str
    origin: str


@dataclass(frozen=True, slots=True)
class Configuration:
    """The settings in force. `data` is a folder, `archive` a folder (default: `archive` in `data`), `mission` a name or ''."""

    settings: tuple[Setting, ...]

    def __getitem__(self, key: str) -> str:
        return next(s.value for s in self.settings if s.key == key)

    @property
    def data(self) -> Path:
        """The one data folder."""
        return Path(self["data"])

    @property
    def archive(self) -> Path:
        """The default archive."""
        return Path(self["archive"])


def configure(flags: Mapping[str, str | None], environment: Mapping[str, str] | None = None) -> Configuration:
    """Return the settings in force; `flags` holds what the command line gave (None where it gave nothing).

    Raises DefinitionError for a configuration file that cannot be read or has unknown keys.
    """
    environment = os.environ if environment is None else environment
    file, values = _file(environment)
    defaults = {"data": str(_user_folder(environment, "XDG_DATA_HOME", ".local/share") / "aelita"), "mission": ""}
    found: dict[str, Setting] = {}
    for key in KEYS:
        variable = f"AELITA_{key.upper()}"
        if flags.get(key):
            found[key] = Setting(key, str(flags[key]), "flag")
        elif environment.get(variable):
            found[key] = Setting(key, environment[variable], variable)
        elif key in values:
            found[key] = Setting(key, values[key], str(file))
        else:
            default = str(Path(found["data"].value) / "archive") if key == "archive" else defaults[key]
            found[key] = Setting(key, default, "default")
    return Configuration(tuple(found[key] for key in KEYS))


def _user_folder(environment: Mapping[str, str], variable: str, below_home: str) -> Path:
    return Path(environment.get(variable) or Path(environment.get("HOME", "~")).expanduser() / below_home)


def _file(environment: Mapping[str, str]) -> tuple[Path | None, dict[str, str]]:
    named = environment.get("AELITA_CONFIG")
    candidates = (
        [Path(named)]
        if named
        else [Path("aelita.toml"), _user_folder(environment, "XDG_CONFIG_HOME", ".config") / "aelita/config.toml"]
    )
    path = next((p for p in candidates if p.is_file()), None)
    if path is None:
        if named:
            raise DefinitionError("the configuration file does not exist", where=named, remedy="Correct or unset AELITA_CONFIG")
        return None, {}
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise DefinitionError(f"cannot read the configuration: {error}", where=str(path)) from error
    for key, value in values.items():
        if key not in KEYS:
            raise DefinitionError(f"unknown key {key!r}", where=str(path), remedy=f"Known keys: {', '.join(KEYS)}")
        if not isinstance(value, str):
            raise DefinitionError(f"{key} must be a text, not {value!r}", where=str(path))
    return path, values
