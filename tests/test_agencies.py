"""The organisation of a mission by itself: periods, positions, data rights, gives and their subjects, and small mission folders."""

from datetime import UTC, datetime
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aelita.agencies import (
    KEY,
    KINDS,
    PERMISSIONS,
    WITHHELD,
    Agreement,
    DataRights,
    Exemption,
    Give,
    Organisation,
    Ownership,
    Period,
    Position,
    SharedAlarms,
    gate_authority,
    load_organisation,
    months_later,
    sle_authority,
    subject,
    subjects,
)
from aelita.agencies.agreement import TOKENS
from aelita.agencies.reading import agencies
from aelita.errors import DefinitionError
from aelita.tables import Table
from aelita.time import NO_TIME, SECOND, tai_ns_from_utc, utc_from_tai_ns

DOCUMENT = Path(__file__).parents[1] / "docs" / "agencies.md"


def tai(text: str) -> int:
    return tai_ns_from_utc(text)


# ---- periods and positions


@pytest.mark.parametrize(
    ("start", "stop", "inside"),
    [(10, 20, {10, 19}), (NO_TIME, 20, {-5, 10, 19}), (10, NO_TIME, {10, 19, 20, 25}), (NO_TIME, NO_TIME, {-5, 10, 19, 20, 25})],
)
def test_a_period_holds_its_start_and_not_its_stop(start: int, stop: int, inside: set[int]) -> None:
    assert {at for at in (-5, 10, 19, 20, 25) if at in Period(start, stop)} == inside


@given(*[st.one_of(st.just(NO_TIME), st.integers(0, 12)) for _ in range(4)])
def test_periods_overlap_when_an_instant_lies_in_both(a: int, b: int, c: int, d: int) -> None:
    one, other = Period(a, b), Period(c, d)
    if any(NO_TIME not in (p.start, p.stop) and p.start >= p.stop for p in (one, other)):
        return  # readers refuse these
    assert one.overlaps(other) == other.overlaps(one) == any(at in one and at in other for at in range(-1, 14))


def test_an_antenna_drifts_from_its_epoch() -> None:
    moving = Position(1.0, 2.0, 3.0, tai("2005-01-01"), (-0.014e-3, 0.017e-3, 0.012e-3))
    assert moving.at_km(moving.epoch) == (1.0, 2.0, 3.0)
    later = moving.at_km(moving.epoch + round(10 * 365.25 * 86400) * SECOND)
    assert later == pytest.approx((1.0 - 0.00014, 2.0 + 0.00017, 3.0 + 0.00012), abs=1e-12)
    assert Position(1.0, 2.0, 3.0).at_km(tai("2026-01-01")) == (1.0, 2.0, 3.0)
    assert moving.at_km(NO_TIME) == (1.0, 2.0, 3.0)


# ---- data rights

RIGHTS = DataRights(
    ("us", "them"), 6, (Exemption("raw", "far", WITHHELD), Exemption("raw", "", 12), Exemption("quick", "", 0))
)  # fmt: skip


@pytest.mark.parametrize(
    ("observed", "months", "public"),
    [
        ("2018-04-21T06:00:00", 6, "2018-10-21T06:00:00"),
        ("2018-08-31T23:59:59.5", 6, "2019-02-28T23:59:59.5"),
        ("2019-08-29T12:00:00", 6, "2020-02-29T12:00:00"),  # a leap year has the day
        ("2019-08-30T12:00:00", 6, "2020-02-29T12:00:00"),
        ("2020-02-29T12:00:00", 12, "2021-02-28T12:00:00"),
        ("2020-02-29T12:00:00", 48, "2024-02-29T12:00:00"),
        ("2016-12-31T12:00:00", 6, "2017-06-30T12:00:00"),  # a leap second lies between: the same time of day
        ("2016-12-31T23:59:60", 6, "2017-07-01T00:00:00"),
        ("2016-12-31T23:59:60.7", 6, "2017-07-01T00:00:00"),
        ("2016-06-30T23:59:59", 6, "2016-12-30T23:59:59"),
        ("2018-10-31", 1, "2018-11-30"),
        ("2018-12-31", 0, "2018-12-31"),
    ],
)
def test_months_are_those_of_the_calendar(observed: str, months: int, public: str) -> None:
    assert utc_from_tai_ns(months_later(tai(observed), months)) == utc_from_tai_ns(tai(public))


@given(st.datetimes(datetime(1973, 1, 1), datetime(2090, 1, 1)), st.integers(0, 240))
def test_months_agree_with_those_of_polars(at: datetime, months: int) -> None:
    truth = pl.Series([at]).dt.offset_by(f"{months}mo").item()
    found = months_later(tai(at.isoformat()), months)
    assert utc_from_tai_ns(found, 6) == truth.replace(tzinfo=UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")


def test_a_product_is_public_from_that_instant_on() -> None:
    observed, due = tai("2018-08-31T10:00:00"), tai("2019-02-28T10:00:00")
    early, late = (RIGHTS.released("map", observed, at) for at in (due - 1, due))
    assert (early.agencies, early.public, early.public_at) == (("us", "them"), False, due)
    assert (late.agencies, late.public, late.public_at) == (("us", "them"), True, due)


@pytest.mark.parametrize(
    ("collection", "part", "months"),
    [("map", "", 6), ("map", "far", 6), ("raw", "", 12), ("raw", "near", 12), ("raw", "far", WITHHELD), ("quick", "far", 0)],
)
def test_the_closest_rule_holds(collection: str, part: str, months: int) -> None:
    assert RIGHTS.months(collection, part) == months
    access = RIGHTS.released(collection, tai("2018-01-01"), tai("2100-01-01"), part)
    assert access.public == (months != WITHHELD)
    assert (access.public_at == NO_TIME) == (months == WITHHELD)


def test_what_is_not_known_is_not_public() -> None:
    assert not RIGHTS.released("map", NO_TIME, tai("2100-01-01")).public
    assert not RIGHTS.released("map", tai("2018-01-01"), NO_TIME).public
    assert not DataRights().released("map", tai("2018-01-01"), tai("2100-01-01")).public


# ---- gives and subjects


@pytest.mark.parametrize(
    ("give", "expected"),
    [
        (Give("us", "them", "frames", "probe"), ["us.frames.probe.>"]),
        (Give("us", "them", "frames"), ["us.frames.>"]),
        (Give("us", "them", "frames", "probe", ("hill", "sea")), ["us.frames.probe.hill", "us.frames.probe.sea"]),
        (Give("us", "them", "frames", "", ("hill",)), ["us.frames.*.hill"]),
        (Give("us", "them", "packets", "probe", ("7",)), ["us.packets.probe.7"]),
        (Give("us", "them", "parameters", "probe"), ["us.parameters.probe.>"]),
        (Give("us", "them", "events", "probe"), ["us.events.*.probe"]),
        (Give("us", "them", "events", "probe", ("severe",)), ["us.events.severe.probe"]),
        (Give("us", "them", "events", "", ("severe",)), ["us.events.severe.>"]),
        (Give("us", "them", "events"), ["us.events.>"]),
        (Give("us", "them", "products"), ["us.products.>"]),
        (Give("us", "them", "products", "", ("maps",)), ["us.products.maps"]),
    ],
)
def test_filters_of_a_give(give: Give, expected: list[str]) -> None:
    assert subjects(give) == expected


def matches(filter_: str, text: str) -> bool:
    """Tell whether a subject fits a filter, by the rules of NATS: `*` is one token, `>` one or more at the end."""
    wanted, tokens = filter_.split("."), text.split(".")
    if wanted[-1] == ">":
        wanted, tokens = wanted[:-1], [*tokens[: len(wanted) - 1], *([] if len(tokens) >= len(wanted) else ["\0"])]
    return len(wanted) == len(tokens) and all(w in ("*", t) for w, t in zip(wanted, tokens, strict=True))


WORDS = st.sampled_from(["a", "b", "c"])


@given(st.sampled_from(KINDS), st.sampled_from(["", "a", "b"]), st.sets(WORDS, max_size=2), WORDS, WORDS, st.sampled_from("xy"))
def test_a_filter_takes_what_is_given_and_nothing_else(
    kind: str, spacecraft: str, only: set[str], craft: str, item: str, agency: str
) -> None:
    tokens = {name: craft if name == "spacecraft" else item for name in TOKENS[kind]}
    given_one = Give("x", "z", kind, spacecraft if "spacecraft" in tokens else "", tuple(sorted(only)))
    meant = agency == "x" and given_one.spacecraft in ("", craft) and (not only or item in only)
    published = subject(agency, kind, **tokens)
    assert any(matches(one, published) for one in subjects(given_one)) == meant
    assert not any(matches(one, subject("x", other, **dict.fromkeys(TOKENS[other], "a"))) for one in subjects(given_one)
                   for other in KINDS if other != kind)  # fmt: skip


@pytest.mark.parametrize("token", ["", "a b", "a.b", "*", ">", "a>", "\n", "a\x00"])
def test_unsafe_tokens_are_refused(token: str) -> None:
    with pytest.raises(DefinitionError, match="no token of a subject"):
        subject("us", "frames", spacecraft="probe", station=token)


def test_gives_hold_in_their_period_between_their_agencies() -> None:
    agreement = Agreement((Give("us", "them", "frames", "probe", period=Period(10, 20)), Give("us", "them", "links", "probe")))
    assert [one.kind for one in agreement.gives_at("us", "them", 10)] == ["frames", "links"]
    assert [one.kind for one in agreement.gives_at("us", "them", 20)] == ["links"]
    assert agreement.gives_at("them", "us", 15) == []
    assert agreement.mirrored_subjects("us", "them", 15) == ["us.frames.probe.>", "us.links.probe.>"]
    assert agreement.owner("probe") == ""
    assert [agreement.next_change(at) for at in (0, 9, 10, 19, 20)] == [10, 10, 20, 20, NO_TIME]


def test_who_must_see_an_alarm() -> None:
    shared = (SharedAlarms("probe", ("us", "them"), "warning"), SharedAlarms("probe", ("us", "others"), "critical"))
    agreement = Agreement(shared_alarms=shared)
    assert agreement.must_see("probe", "watch") == agreement.must_see("pod", "severe") == ()
    assert agreement.must_see("probe", "warning") == ("us", "them")
    assert agreement.must_see("probe", "severe") == ("us", "them", "others")


# ---- folders

AGENCIES = """
[[agencies]]
key = "us"
name = "Us"
grade = "assumed"
[[agencies]]
key = "them"
name = "Them"
grade = "assumed"
[[centres]]
key = "home"
name = "Home"
agency = "us"
grade = "assumed"
[[roles]]
key = "watch"
title = "Watch"
centres = ["home"]
may = ["view", "alarm.shelve"]
"""
STATIONS = """
[[stations]]
key = "hill"
name = "Hill"
agency = "them"
dish_m = 3
minimum_elevation_deg = 5
grade = "assumed"
position = {frame = "ITRF93", xyz_km = [0, 0, 6357], grade = "assumed"}
[[stations.capabilities]]
direction = "receive"
bands = ["X"]
spacecraft = ["probe"]
from = "2020-01-01"
until = "2021-01-01"
grade = "assumed"
"""
OWNERS = {"probe": Ownership("probe", "us"), "pod": Ownership("pod", "us", ("probe",)), "other": Ownership("other", "us")}


def folder(path: Path, **files: str) -> Organisation:
    for name, text in {"agencies": AGENCIES, "stations": STATIONS, **files}.items():
        (path / f"{name}.toml").write_text(text)
    return load_organisation(path, OWNERS)


def give(**keys: str) -> str:
    return "[[gives]]\ngrade = 'assumed'\n" + "".join(f"{key} = {value}\n" for key, value in keys.items())


def test_a_folder_without_files_has_no_organisation(tmp_path: Path) -> None:
    found = load_organisation(tmp_path, {})
    assert found == Organisation()
    assert not found.may("watch", "view")


KEYS = st.from_regex(KEY, fullmatch=True) | st.builds(
    "{}{}".format, st.sampled_from(("interplanetary-agency-of-the-", "esa", "esa-gat")), st.from_regex(KEY, fullmatch=True)
).map(lambda key: key[:64])


@given(keys=st.lists(KEYS | st.sampled_from(("esa", "esa-gate", "a", "a-", "a--")), min_size=1, max_size=5, unique=True))
def test_stations_know_each_agency_and_its_gate_by_a_name_of_its_own_or_the_mission_is_refused(keys: list[str]) -> None:
    names = [name for key in keys for name in (sle_authority(key), gate_authority(key))]
    assert all(3 <= len(name) <= 16 and name.isascii() and name.isprintable() and " " not in name for name in names)
    text = "".join(f'[[agencies]]\nkey = "{key}"\nname = "X"\ngrade = "assumed"\n' for key in keys)
    tables = Table.parse(text, "agencies.toml").tables("agencies")
    if len(set(names)) == len(names):
        assert list(agencies(tables)) == keys
    else:
        with pytest.raises(DefinitionError, match=r"stations would know '.*' and '.*' both as"):
            agencies(tables)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("federal-space-agency-one", "federal-space-agency-two"),
        ("federal-spac", "federal-space"),
        ("deutsches-z", "deutsches-ze"),
    ],
)
def test_keys_that_begin_alike_are_told_apart_by_stations(one: str, other: str) -> None:
    assert gate_authority(one) != gate_authority(other) and sle_authority(one) != sle_authority(other)
    assert gate_authority("roscosmos") == "ROSCOSMOS-GATE" and sle_authority("esa") == "ESA"


def test_an_agency_that_is_called_as_the_gate_of_another_is_refused(tmp_path: Path) -> None:
    text = AGENCIES.replace('"them"', '"us-gate"')
    with pytest.raises(DefinitionError, match="stations would know 'us' and 'us-gate' both as US-GATE"):
        folder(tmp_path, agencies=text, stations=STATIONS.replace('"them"', '"us-gate"'))


def test_each_file_may_be_absent(tmp_path: Path) -> None:
    (tmp_path / "agencies.toml").write_text(AGENCIES)
    found = load_organisation(tmp_path, OWNERS)
    assert list(found.agencies) == ["us", "them"]
    assert found.stations == {} and found.agreement.gives == ()
    assert found.agreement.owner("pod") == "us"
    assert found.may("watch", "alarm.shelve") and not found.may("watch", "admin") and not found.may("nobody", "view")
    assert [role.key for role in found.roles_of("us")] == ["watch"] and found.roles_of("them") == []


def test_a_station_hears_what_it_receives_and_what_that_relays_while_it_can(tmp_path: Path) -> None:
    found = folder(tmp_path)
    inside, outside = Period(tai("2020-06-01"), tai("2022-01-01")), Period(tai("2021-01-01"))
    assert [one.key for one in found.hears("them", "probe", inside)] == ["hill"]
    assert [one.key for one in found.hears("them", "pod", inside)] == ["hill"]
    assert found.hears("them", "other", inside) == found.hears("them", "probe", outside) == found.hears("us", "probe") == []
    (hill,) = found.stations_of("them")
    assert hill.can("receive", "probe", tai("2020-01-01")) and not hill.can("receive", "probe", tai("2021-01-01"))
    assert not hill.can("uplink", "probe", tai("2020-06-01")) and not hill.can("receive", "other", tai("2020-06-01"))


@pytest.mark.parametrize(
    "text",
    [
        give(giver="'them'", receiver="'us'", kind="'frames'", spacecraft="'probe'"),
        give(giver="'them'", receiver="'us'", kind="'frames'", spacecraft="'probe'", only="['hill']"),
        give(giver="'them'", receiver="'us'", kind="'packets'", spacecraft="'pod'", only="['0', '2047']"),
        give(giver="'us'", receiver="'them'", kind="'parameters'", spacecraft="'other'"),
        give(giver="'us'", receiver="'them'", kind="'products'", only="['navigation']"),
        give(giver="'them'", receiver="'us'", kind="'frames'", spacecraft="'probe'", until="'2020-06-01'")
        + give(giver="'them'", receiver="'us'", kind="'frames'", spacecraft="'probe'", **{"from": "'2020-06-01'"}),
        give(giver="'us'", receiver="'them'", kind="'alarms'") + give(giver="'them'", receiver="'us'", kind="'alarms'")
        + "[[shared_alarms]]\nspacecraft = 'pod'\nagencies = ['us', 'them']\ngrade = 'assumed'\n",
    ],
)  # fmt: skip
def test_possible_agreements(tmp_path: Path, text: str) -> None:
    assert folder(tmp_path, agreement=text).agreement.gives


@pytest.mark.parametrize(
    ("text", "key", "what"),
    [
        (give(giver="'us'", receiver="'us'", kind="'links'", spacecraft="'probe'"), "receiver", "gives to itself"),
        (give(giver="'us'", receiver="'them'", kind="'frames'", spacecraft="'probe'"), "spacecraft", "no station of 'us'"),
        (give(giver="'them'", receiver="'us'", kind="'frames'", spacecraft="'other'"), "spacecraft", "no station of 'them'"),
        (give(giver="'them'", receiver="'us'", kind="'events'", spacecraft="'other'"), "spacecraft", "neither owns nor hears"),
        (
            give(giver="'them'", receiver="'us'", kind="'frames'", spacecraft="'probe'", **{"from": "'2021-01-01'"}),
            "spacecraft",
            "in that period",
        ),
        (
            give(giver="'them'", receiver="'us'", kind="'frames'", spacecraft="'other'", only="['hill']"),
            "only",
            "'hill' does not receive other",
        ),
        (give(giver="'us'", receiver="'them'", kind="'frames'", only="['hill']"), "only", "'hill' is no station of 'us'"),
        (give(giver="'us'", receiver="'them'", kind="'packets'", only="['2048']"), "only", "'2048' is no APID"),
        (give(giver="'us'", receiver="'them'", kind="'packets'", only="['07']"), "only", "'07' is no APID"),
        (give(giver="'us'", receiver="'them'", kind="'parameters'", only="['a.b']"), "only", "token of a subject"),
        (give(giver="'us'", receiver="'them'", kind="'events'", only="['loud']"), "only", "'loud' is no severity"),
        (give(giver="'us'", receiver="'them'", kind="'products'", only="['maps']"), "only", "'maps' is no collection of 'us'"),
        (give(giver="'us'", receiver="'them'", kind="'products'", spacecraft="'probe'"), "spacecraft", "given by collection"),
        (give(giver="'us'", receiver="'them'", kind="'secrets'"), "kind", "'secrets' is not one of frames"),
        (give(giver="'us'", receiver="'you'", kind="'links'"), "receiver", "'you' is no agency"),
        (
            give(giver="'us'", receiver="'them'", kind="'events'", spacecraft="'probe'")
            + give(giver="'us'", receiver="'them'", kind="'events'", only="['severe']"),
            "severity",
            "earlier give",
        ),
        (
            give(giver="'us'", receiver="'them'", kind="'alarms'")
            + "[[shared_alarms]]\nspacecraft = 'pod'\nagencies = ['us', 'them']\ngrade = 'assumed'\n",
            "agencies",
            "'them' gives 'us' no alarms of 'pod'",
        ),
        ("[[shared_alarms]]\nspacecraft = 'pod'\nagencies = ['us']\ngrade = 'assumed'\n", "agencies", "two agencies or more"),
        ("[rights]\nagencies = ['us']\ngrade = 'assumed'\n", "public_after_months", "missing"),
    ],
)
def test_impossible_agreements_are_refused_by_file_and_key(tmp_path: Path, text: str, key: str, what: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        folder(tmp_path, agreement=text)
    assert what in str(caught.value)
    assert caught.value.where.startswith(str(tmp_path / "agreement.toml"))
    assert caught.value.where.endswith(f": {key}")


# ---- documentation


def test_every_permission_kind_and_file_is_documented() -> None:
    text = DOCUMENT.read_text("utf-8")
    for word in (*PERMISSIONS, *KINDS, "agencies.toml", "stations.toml", "instruments.toml", "agreement.toml"):
        assert f"`{word}`" in text, word
    for permission, meaning in PERMISSIONS.items():
        assert f"| `{permission}` | {meaning} |" in text
