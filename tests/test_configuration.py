"""The order of configuration: flags, environment, file, defaults."""

from pathlib import Path

import pytest

from aelita.errors import DefinitionError
from aelita.services.configuration import configure


def test_flags_win_over_environment_over_file_over_defaults(tmp_path: Path) -> None:
    file = tmp_path / "aelita.toml"
    file.write_text('data = "/from-file"\nmission = "hera"\n')
    environment = {"HOME": str(tmp_path), "AELITA_CONFIG": str(file)}
    assert configure({}, {"HOME": str(tmp_path)})["data"] == str(tmp_path / ".local/share/aelita")
    assert configure({}, environment)["data"] == "/from-file"
    assert configure({}, environment | {"AELITA_DATA": "/from-env"})["data"] == "/from-env"
    assert configure({"data": "/from-flag"}, environment | {"AELITA_DATA": "/from-env"})["data"] == "/from-flag"
    origins = {s.key: s.origin for s in configure({"data": "/d"}, environment).settings}
    assert origins == {"data": "flag", "archive": "default", "mission": str(file)}


def test_the_archive_lies_in_the_data_folder_by_default() -> None:
    assert configure({"data": "/d"}, {"HOME": "/h"}).archive == Path("/d/archive")


@pytest.mark.parametrize(
    ("text", "says"),
    [("dtaa = 'x'", "unknown key 'dtaa'"), ("data = 5", "data must be a text"), ("data =", "cannot read the configuration")],
)
def test_a_wrong_file_is_refused_by_name(tmp_path: Path, text: str, says: str) -> None:
    file = tmp_path / "c.toml"
    file.write_text(text)
    with pytest.raises(DefinitionError, match=says) as caught:
        configure({}, {"HOME": str(tmp_path), "AELITA_CONFIG": str(file)})
    assert str(file) in str(caught.value)


def test_a_named_file_that_is_absent_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match="does not exist"):
        configure({}, {"HOME": str(tmp_path), "AELITA_CONFIG": str(tmp_path / "no.toml")})
