"""Each agency's gate has a queue of its own: what one agency's people hold, block or open changes nothing at another's gate."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aelita.commanding import Reader, Standing, State, Valve
from aelita.errors import UsageError
from gate_material import NOW, PROBE, prepared
from test_commanding_commander import BY, PEOPLE, SHARED, Side, agree, both, mirror, state_of


def valves(side: Side) -> dict[str, str]:
    return {one.agency: str(one.valve) for one in side.commander.standing.queued(PROBE)}


@pytest.mark.parametrize("action", ["hold", "block"])
def test_what_another_agency_holds_goes_at_our_gate(action: str) -> None:
    us, them = both()
    them.does(them.commander.queue(PROBE, action, BY, NOW))
    mirror(them, us)
    us.does(us.commander.line_up(PROBE, NOW))
    asked = prepared()
    them.does(them.commander.request(asked, NOW))
    agree(us, them, asked)
    assert [one.request for one in us.sent] == ["r1"]
    closed = "held" if action == "hold" else "blocked"
    assert valves(us) == {"us": "open", "them": closed} == {name: valves(them)[name] for name in ("us", "them")}


@pytest.mark.parametrize("of_one", [False, True])
def test_what_we_hold_is_not_let_go_by_another_agency(of_one: bool) -> None:
    us, them = both()
    asked = prepared()
    them.does(them.commander.request(asked, NOW))
    mirror(them, us)
    us.does(us.commander.queue(PROBE, "hold", BY, NOW, "r1" if of_one else ""))
    us.does(us.commander.line_up(PROBE, NOW))
    agree(us, them, asked)
    mirror(us, them)
    them.does(them.commander.queue(PROBE, "release", BY, NOW, "r1" if of_one else ""))
    forged = them.commander.journal.append("queue", {"spacecraft": PROBE, "action": "release", "agency": "us", "by": "dora"}, NOW)
    them.disk += forged.octets
    mirror(them, us)
    us.does(us.commander.on_timer(NOW))
    assert us.sent == [] and state_of(us) is State.WAITING
    us.does(us.commander.queue(PROBE, "release", BY, NOW, "r1" if of_one else ""))
    assert [one.request for one in us.sent] == ["r1"]


ACTS = st.lists(
    st.tuples(st.sampled_from(("us", "them")), st.sampled_from(("hold", "release", "block")), st.booleans()), max_size=20
)


@settings(max_examples=60, deadline=None)
@given(acts=ACTS)
def test_however_two_agencies_act_each_gate_stands_as_its_own_people_said(acts: list[tuple[str, str, bool]]) -> None:
    sides: dict[str, Any] = dict(zip(("us", "them"), both(), strict=True))
    model = {"us": "open", "them": "open"}
    for agency, action, is_mirrored in acts:
        side = sides[agency]
        try:
            side.does(side.commander.queue(PROBE, action, BY, NOW))
            model[agency] = {"hold": "held", "release": "open", "block": "blocked"}[action]
        except UsageError:
            assert (model[agency], action) == ("blocked", "hold")
        if is_mirrored:
            mirror(side, sides["them" if agency == "us" else "us"])
    for agency, side in sides.items():
        assert valves(side)[agency] == model[agency]
    mirror(sides["us"], sides["them"])
    mirror(sides["them"], sides["us"])
    assert valves(sides["us"]) == valves(sides["them"]) == model
    for order in (("us", "them"), ("them", "us")):  # after a restart, in whatever order the journals are read
        standing = Standing("us", SHARED, PEOPLE.public)
        for agency in order:
            for entry in Reader(agency).feed(bytes(sides[agency].disk)):
                standing.take(entry)
        assert {name: str(standing.queue(PROBE, name).valve) for name in model} == model


def test_an_agency_without_a_part_in_a_spacecraft_has_no_queue_of_it() -> None:
    standing = Standing("eve", SHARED, PEOPLE.public)
    assert not standing.has_part(PROBE) and Standing("them", SHARED, PEOPLE.public).has_part(PROBE)
    assert [one.agency for one in Standing("us", SHARED, PEOPLE.public).queued(PROBE)] == ["us", "them"]
    queue = standing.queue(PROBE)
    assert queue.valve is Valve.OPEN and queue.actions == ["hold", "block"]
