"""Loans are begun and ended by those whom the rules name, at the commander itself: whatever way somebody came to ask it."""

from pathlib import Path
from typing import Any

import pytest

from aelita.agencies import Who
from aelita.errors import UsageError
from aelita.time import SECOND
from api_command_material import both as centres
from gate_material import ASKER, CHECKER, DIRECTOR, NOW, PROBE, THEIRS
from test_commanding_commander import Side, both, mirror

END = NOW + 600 * SECOND


def offered(us: Side, them: Side) -> None:
    us.does(us.commander.lend("probe", "offer", NOW, who=DIRECTOR, borrower="them", end_ns=END, by="dora"))
    mirror(us, them)


@pytest.mark.parametrize("who", [CHECKER, ASKER, THEIRS, Who("flight-director", "moc", "them"), Who("", "", "us")])
def test_who_may_not_hand_over_a_spacecraft_does_not_lend_it(who: Who) -> None:
    us, them = both()
    with pytest.raises(UsageError, match=r"may not hand over probe"):
        us.commander.lend("probe", "offer", NOW, who=who, borrower="them", end_ns=END, by="eve")
    offered(us, them)
    for side, action, wrong in ((us, "withdraw", who), (us, "recall", who), (them, "accept", who if who != THEIRS else DIRECTOR)):
        with pytest.raises(UsageError, match=r"may not hand over probe"):
            side.commander.lend("probe", action, NOW, who=wrong, by="eve")
    assert [one.kind for side in (us, them) for one in side.commander.unwritten] == ["lease.offer", "lease.offer"]
    assert us.commander.standing.holder(PROBE, "", NOW).agency == "us"


def test_the_refusal_says_who_may() -> None:
    us, _ = both()
    with pytest.raises(UsageError) as caught:
        us.commander.lend("probe", "offer", NOW, who=CHECKER, borrower="them", end_ns=END, by="eve")
    assert str(caught.value).startswith("eve as planner@soc may not hand over probe") and "flight-director@moc" in str(
        caught.value
    )


def test_what_a_service_claims_without_the_word_of_its_agency_lends_nothing(tmp_path: Path) -> None:
    """Somebody inside the agency's streams asks the commander as the interface would, with a role that they do not have."""
    with centres(tmp_path) as two:
        place = two.esa
        desk = place.service._desk
        said: dict[str, Any] = {"asset": "tgo-sim", "action": "offer", "borrower": "roscosmos", "by": "eve"}
        said |= {"role": "flight-director", "centre": "esoc", "end_ns": place.service.context.clock.now() + 600 * SECOND}
        forged: list[dict[str, Any]] = [said, {**said, "voucher": "00" * 64, "vouched_ns": 1}]
        honest = place.vouched("lend", said)
        forged.append({**honest, "borrower": "roscosmos", "end_ns": said["end_ns"] + 1})
        for one in forged:
            with pytest.raises(UsageError, match="does not vouch"):
                desk.do("lend", one)
        with pytest.raises(UsageError, match="may not hand over tgo-sim"):
            desk.do("lend", place.vouched("lend", said | {"role": "science-planner", "centre": "esac-soc"}))
        assert desk.do("lend", honest)["notes"] == ["tgo-sim: offer"]
