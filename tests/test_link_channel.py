"""The description of a channel: every key documented, unknown keys and contradictions refused by name."""

import re
import tomllib
from pathlib import Path

import pytest

from aelita.errors import DefinitionError
from aelita.link import Channel
from aelita.link.channel import keys
from aelita.services.missions import find_mission, mission_names

DOCUMENT = Path(__file__).parents[1] / "docs" / "channel.md"
PLAIN = 'name = "t"\nspacecraft = "T"\nprotocol = "TM"\nspacecraft_id = 1\nframe_octets = 100\n'
CODED = PLAIN.replace("100", "223") + '[coding]\nmarker = "1ACFFC1D"\n'
TIMED = PLAIN + '[packets.time]\ncode = "CUC"\n'


def documented() -> dict[str, list[tuple[str, str]]]:
    """The keys of every table of the document, each with its default."""
    found: dict[str, list[tuple[str, str]]] = {}
    table = ""
    for line in DOCUMENT.read_text("utf-8").splitlines():
        if heading := re.match(r"## (?:`\[+(.*?)\]+`|The channel)", line):
            table = heading[1] or ""
        elif row := re.match(r"\| `(\w+)` \| .+? \| (.*?) ?\| .+ \|$", line):
            found.setdefault(table, []).append((row[1], row[2].strip()))
    return found


def test_every_key_is_documented_and_no_other() -> None:
    assert {table: sorted(key for key, _ in rows) for table, rows in documented().items()} == {
        table: sorted(names) for table, names in keys().items()
    }


def test_the_example_of_the_document_is_a_channel() -> None:
    example = re.search(r"```toml\n(.*?)```", DOCUMENT.read_text("utf-8"), re.S)
    assert example
    channel = Channel.from_toml(example[1])
    shipped = Channel.from_toml(find_mission("exomars").channel().read_text("utf-8"))
    assert (channel.frame_octets, channel.packets) == (shipped.frame_octets, shipped.packets)


@pytest.mark.parametrize(
    ("table", "text"),
    [
        ("", "{}" + PLAIN), ("coding", CODED + "{}"), ("virtual_channels", PLAIN + "[[virtual_channels]]\nid = 0\n{}"),
        ("packets", PLAIN + "[packets]\n{}"), ("packets.time", TIMED + "{}"),
        ("packets.time.other", TIMED + "[[packets.time.other]]\napid = 0\noffset = 8\n{}"),
    ],
)  # fmt: skip
def test_unknown_keys_are_refused_with_those_that_are_known(table: str, text: str) -> None:
    assert Channel.from_toml(text.format(""))
    with pytest.raises(DefinitionError) as caught:
        Channel.from_toml(text.format("frobnicate = 1\n"), "my.toml")
    message = str(caught.value)
    assert "unknown key 'frobnicate'" in message
    assert message.startswith("my.toml" + "".join(f": {part}" for part in table.split(".") if part))
    code = {
        "coarse",
        "fine",
        "counts_leap_seconds",
        "day_octets",
        "submillisecond",
        "day_of_year",
        "fraction",
        "epoch",
        "p_field",
    }
    known = set(keys()[table]) - (code | {"code", "offset", "other"} if table == "packets.time" else set())
    assert all(key in message for key in known)


def test_defaults_are_as_documented() -> None:
    channel = Channel.from_toml(PLAIN)
    rows = documented()
    checked = 0
    for table, there in (("", channel), ("coding", channel.coding), ("packets", channel.packets)):
        for key, default in rows[table]:
            if re.fullmatch(r"\d+|true|false|`(?!\[|\").*`", default) and key != "maximum_frame_octets":
                value = getattr(there, key)
                shown = str(value).lower() if isinstance(value, bool) else str(value)
                assert shown == default.strip("`"), key
                checked += 1
    assert checked > 15


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ("spacecraft_id = 1024", "spacecraft_id"), ("frame_octets = 8", "frame_octets"), ('protocol = "PACKETS"', "protocol"),
        ("insert_zone_octets = 3", "insert_zone_octets"), ("header_error_control = true", "header_error_control"),
        ("maximum_frame_octets = 9", "maximum_frame_octets"), ("fecf_octets = 4", "fecf_octets"), ("frame_octets = true", "frame_octets"), ('ocf = "maybe"', "ocf"),
        ('protocol = "packets"', "frame_octets"), ('fecf = 3', "fecf"), ('name = 3', "name"),
        ('protocol = "AOS"\nsecondary_header_octets = 4', "secondary_header_octets"),
        ("[[virtual_channels]]\nid = 8", "virtual_channels"), ("[[virtual_channels]]\nid = 1\n[[virtual_channels]]\nid = 1", "virtual_channels"),
        ('[coding]\nrandomizer = "short"', "coding.marker"), ('[coding]\nmarker = "XY"', "marker"), ('[coding]\nmarker = "1ACF"', "coding.marker"),
        ('[coding]\nmarker = "1ACFFC1D"\nmarker_errors = 8', "coding.marker_errors"), ('[coding]\nmarker = "1ACFFC1D"\nsoft = true', "coding.soft"),
        ('[coding]\nmarker = "1ACFFC1D"\nreed_solomon = 16', "coding"), ('[coding]\nmarker = "1ACFFC1D"\nreed_solomon = 3', "reed_solomon"),
        ('[coding]\nmarker = "1ACFFC1D"\nreed_solomon = 16\ninterleave = 2\nvirtual_fill = 3', "coding.virtual_fill"),
        ("[packets]\nunchecked_apids = [2048]", "unchecked_apids"), ('[packets.time]\ncode = "UTC"', "code"),
    ],
)  # fmt: skip
def test_contradictions_and_wrong_values_name_their_key(change: str, key: str) -> None:
    text = PLAIN
    for line in change.split("\n[")[0].splitlines() if not change.startswith("[") else []:
        name = line.split(" = ")[0]
        text = re.sub(rf"^{name} = .*\n", "", text, flags=re.M) + line + "\n"
    if change.startswith("["):
        text += change
    with pytest.raises(DefinitionError) as caught:
        Channel.from_toml(text, "my.toml")
    assert key in caught.value.where
    assert caught.value.where.startswith("my.toml: ")


def test_uslp_behind_sync_markers_needs_a_length() -> None:
    text = 'name = "u"\nspacecraft = "U"\nprotocol = "USLP"\nspacecraft_id = 1\n[coding]\nmarker = "1ACFFC1D"\n'
    with pytest.raises(DefinitionError, match="fixed length"):
        Channel.from_toml(text)


def test_text_that_is_no_toml_is_refused_with_its_place() -> None:
    with pytest.raises(DefinitionError, match=r"my\.toml: not valid TOML.*line 2"):
        Channel.from_toml("name = 'x'\nname = = 3", "my.toml")


@pytest.mark.parametrize("mission", mission_names())
def test_channels_of_the_missions_use_documented_keys(mission: str) -> None:
    for path in find_mission(mission).channels.values():
        text = path.read_text("utf-8")
        assert Channel.from_toml(text, str(path)).text == text
        assert set(tomllib.loads(text)) <= set(keys()[""])
