"""The streams of an agency, computed from the agreement."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aelita.errors import DefinitionError
from aelita.services.live.credentials import new_key
from aelita.services.live.server_configuration import Files, Listening, configuration
from aelita.services.live.stream_plan import Give, Limits, covers, overlap, plan_streams

BOTH = [
    Give("esa", "roscosmos", ("esa.frames.tgo.>", "esa.alarms.>")),
    Give("roscosmos", "esa", ("roscosmos.frames.>",)),
    Give("esa", "nasa", ("esa.packets.tgo.1412", "esa.packets.tgo.1413")),
]


def test_own_streams_have_limits_and_refuse_or_drop() -> None:
    plan = plan_streams("esa", [])
    assert {s.name for s in plan.streams} == {
        "FRAMES", "MERGED", "PACKETS", "PARAMETERS", "EVENTS", "LIMITS", "LINKS", "ALARMS", "COMMANDS", "PRODUCTS", "AUDIT",
    }  # fmt: skip
    assert all(s.limits.max_bytes > 0 and s.limits.max_age_s > 0 and s.subjects for s in plan.streams)
    assert {s.name for s in plan.streams if s.rebuildable} == {"PACKETS", "PARAMETERS", "LINKS"}
    assert plan_streams("esa", [], {"frames": Limits(1000, 60.0)}).stream("FRAMES").limits.max_bytes == 1000


def test_each_side_of_an_agreement() -> None:
    giver, receiver, third = (plan_streams(name, BOTH) for name in ("esa", "roscosmos", "nasa"))
    export, mirror = giver.stream("ESA_GIVES_FRAMES"), receiver.stream("FROM_ESA_FRAMES")
    assert export.account == "to-roscosmos"
    assert [origin.subject for origin in export.sources] == ["esa.frames.tgo.>"]
    assert mirror.account == "agency" and mirror.mirror is not None and mirror.mirror.stream == export.name
    assert giver.stream("FROM_ROSCOSMOS_FRAMES").mirror
    assert [o.subject for o in giver.stream("ESA_GIVES_PACKETS").sources] == ["esa.packets.tgo.1412", "esa.packets.tgo.1413"]
    assert not third.gives and set(third.takes) == {"esa"}
    assert plan_streams("jaxa", BOTH).streams == tuple(s for s in plan_streams("jaxa", []).streams)


@pytest.mark.parametrize(
    ("subjects", "kept"),
    [
        (("esa.frames.>", "esa.frames.tgo.>"), ("esa.frames.>",)),
        (("esa.frames.tgo.mlg", "esa.frames.tgo.*", "esa.frames.tgo.mlg"), ("esa.frames.tgo.*",)),
    ],
)
def test_covered_subjects_are_given_once(subjects: tuple[str, ...], kept: tuple[str, ...]) -> None:
    export = plan_streams("esa", [Give("esa", "nasa", subjects)]).stream("ESA_GIVES_FRAMES")
    assert tuple(origin.subject for origin in export.sources) == kept


@pytest.mark.parametrize(
    ("give", "said"),
    [
        (Give("esa", "nasa", ("roscosmos.frames.>",)), "roscosmos.frames.>"),
        (Give("esa", "nasa", ("esa.>",)), "esa.>"),
        (Give("esa", "nasa", (">",)), "'>'"),
        (Give("esa", "nasa", ("esa.secrets.>",)), "esa.secrets"),
        (Give("esa", "nasa", ("esa.frames.>.mlg",)), "mlg"),
        (Give("esa", "nasa", ("esa.frames..mlg",)), "mlg"),
        (Give("esa", "nasa", ("esa.frames.$JS.>",)), "JS"),
        (Give("esa", "esa", ("esa.frames.>",)), "itself"),
        (Give("ESA!", "nasa", ("ESA!.frames.>",)), "ESA!"),
        (Give("esa", "nasa", ("esa.frames.*.mlg", "esa.frames.tgo.*")), "overlap"),
    ],
)
def test_faulty_clauses_are_named(give: Give, said: str) -> None:
    with pytest.raises(DefinitionError, match=said.replace("$", r"\$").replace(".", r"\.").replace("*", r"\*")):
        plan_streams("esa", [give])


TOKENS = st.lists(st.sampled_from(["a", "b", "*"]), min_size=1, max_size=3)
PATTERNS = st.builds(lambda tokens, tail: ".".join(tokens + tail), TOKENS, st.sampled_from([[], [">"]]))
PLAIN = ["a", "b", *(f"{x}.{y}" for x in "ab" for y in "ab"), *(f"{x}.{y}.{z}" for x in "ab" for y in "ab" for z in "ab")]
PLAIN += [f"{one}.a" for one in PLAIN if one.count(".") == 2]


@given(PATTERNS, PATTERNS)
def test_cover_and_overlap_are_those_of_the_subjects_matched(one: str, other: str) -> None:
    def matched(pattern: str) -> set[str]:
        return {plain for plain in PLAIN if covers(pattern, plain)}

    assert overlap(one, other) == bool(matched(one) & matched(other))
    if covers(one, other):
        assert matched(one) >= matched(other)


def test_configuration_lets_nothing_else_through() -> None:
    plan = plan_streams("esa", BOTH)
    key = new_key().public
    users = {"agency": {"admin": key, "services": key, "reader": key}}
    users |= {f"to-{partner}": {"admin": key, "link": key} for partner in plan.gives}
    from pathlib import Path

    text = configuration(plan, Listening("h", 1, "h", 2), Files(Path("s"), Path("l"), Path("p")), users, [])
    accounts = json.loads(text)["accounts"]
    assert all(export["accounts"] for export in accounts["agency"]["exports"])  # none is open to all
    link = next(u for u in accounts["to-roscosmos"]["users"] if u["allowed_connection_types"] == ["LEAFNODE"])
    assert link["permissions"]["publish"]["allow"] == [
        "take.esa.CONSUMER.CREATE.ESA_GIVES_ALARMS", "take.esa.CONSUMER.CREATE.ESA_GIVES_FRAMES",
        "$JS.FC.ESA_GIVES_ALARMS.>", "$JS.FC.ESA_GIVES_FRAMES.>",
    ]  # fmt: skip
    assert "jetstream" not in accounts["from-roscosmos"]
