"""The agreement and the data rights turned into values, and held against who owns, hears and makes what."""

from collections.abc import Iterable, Sequence
from itertools import permutations

from ..tables import Table
from .agreement import KINDS, LISTED, NAVIGATION, SEVERITIES, Agreement, Give, SharedAlarms, subjects
from .organisation import Organisation
from .reading import Known, basis, period, refuse, words
from .rights import WITHHELD, DataRights, Exemption

APIDS = frozenset(map(str, range(2048)))
HEARD = ("frames", "links")  # what only the agency has whose stations hear the spacecraft


def agreement(given: Sequence[Table], alarms: Sequence[Table], parties: Organisation) -> Agreement:
    """Return the agreement of the parties: every give possible and none twice."""
    gives: list[Give] = []
    for one in given:
        made = _give(one, parties)
        _check_give(one, made, parties)
        _check_single(one, made, gives)
        gives.append(made)
    shared = tuple(_shared_alarms(one, parties, gives) for one in alarms)
    owners = tuple((one.key, one.agency) for one in parties.ownerships.values() if one.agency)
    return Agreement(tuple(gives), shared, owners)


def _give(table: Table, parties: Organisation) -> Give:
    agencies = Known("agency", parties.agencies)
    made = Give(
        giver=agencies.take(table, "giver"),
        receiver=agencies.take(table, "receiver"),
        kind=table.choice("kind", KINDS),
        spacecraft=Known("spacecraft", parties.ownerships).take(table, "spacecraft", ""),
        only=words(table, "only"),
        period=period(table),
        basis=basis(table),
    )
    table.finish()
    return made


def _check_give(table: Table, give: Give, parties: Organisation) -> None:
    """Refuse what the giver cannot give: it has only what it owns, hears or makes."""
    if give.receiver == give.giver:
        raise refuse(table, "receiver", f"{give.giver!r} gives to itself")
    _check_items(table, give, parties)
    if give.kind == "products":
        return
    crafts = [give.spacecraft] if give.spacecraft else list(parties.ownerships)
    stations = [one.key for craft in crafts for one in parties.hears(give.giver, craft, give.period)]
    if give.kind in HEARD:
        deaf = [key for key in give.only if key not in stations]
        if deaf:
            raise refuse(table, "only", f"{deaf[0]!r} does not receive {give.spacecraft or 'anything'} in that period")
        if not stations:
            raise refuse(table, "spacecraft", f"no station of {give.giver!r} receives {give.spacecraft!r} in that period")
    elif not stations and not any(parties.ownerships[craft].agency == give.giver for craft in crafts):
        raise refuse(table, "spacecraft", f"{give.giver!r} neither owns nor hears {give.spacecraft!r} in that period")


def _check_items(table: Table, give: Give, parties: Organisation) -> None:
    """Refuse items that are not of the giver, or cannot be tokens of a subject."""
    if give.kind in HEARD:
        own = Known(f"station of {give.giver!r}", [one.key for one in parties.stations_of(give.giver)])
    elif give.kind == "products":
        if give.spacecraft:
            raise refuse(table, "spacecraft", "products are given by collection", "Name the collections in `only`")
        made = {key: one for key, one in parties.collections().items() if _makes(give.giver, one.agency, one.spacecraft, parties)}
        own = Known(f"collection of {give.giver!r}", (*made, NAVIGATION))
    elif give.kind == "events":
        own = Known("severity", SEVERITIES)
    elif give.kind == "packets":
        for item in give.only:
            if item not in APIDS:
                raise refuse(table, "only", f"{item!r} is no APID", "Write whole numbers from 0 to 2047 as texts")
        return
    else:
        for item in give.only:
            if set(item) & set(" .*>\t\n"):
                raise refuse(table, "only", f"{item!r} cannot be a token of a subject")
        return
    for item in give.only:
        own.check(table, "only", item)


def _makes(agency: str, owner: str, spacecraft: str, parties: Organisation) -> bool:
    return agency in (owner, parties.ownerships[spacecraft].agency) or bool(parties.hears(agency, spacecraft))


def _check_single(table: Table, give: Give, others: Iterable[Give]) -> None:
    """Refuse a give whose subjects another one of the same time covers: a mirror takes each subject once."""
    for other in others:
        if (give.giver, give.receiver, give.kind) != (other.giver, other.receiver, other.kind):
            continue
        if give.period.overlaps(other.period) and _cross(subjects(give), subjects(other)):
            raise refuse(table, LISTED[give.kind], "an earlier give of the same time has this already", "Join the two")


def _cross(one: list[str], other: list[str]) -> bool:
    return any(_same(a.split("."), b.split(".")) for a in one for b in other)


def _same(one: list[str], other: list[str]) -> bool:
    """Tell whether a subject can match both filters."""
    for a, b in zip(one, other, strict=False):
        if ">" in (a, b):
            return True
        if a != b and "*" not in (a, b):
            return False
    return len(one) == len(other)


def _shared_alarms(table: Table, parties: Organisation, gives: list[Give]) -> SharedAlarms:
    made = SharedAlarms(
        spacecraft=Known("spacecraft", parties.ownerships).take(table, "spacecraft"),
        agencies=Known("agency", parties.agencies).take_all(table, "agencies"),
        least_severity=table.choice("least_severity", SEVERITIES, "warning"),
        basis=basis(table),
    )
    if len(made.agencies) < 2:
        raise refuse(table, "agencies", "alarms are shared by two agencies or more")
    given = {(give.giver, give.receiver) for give in gives if give.kind == "alarms" and give.spacecraft in ("", made.spacecraft)}
    for pair in permutations(made.agencies, 2):
        if pair not in given:
            raise refuse(table, "agencies", f"{pair[0]!r} gives {pair[1]!r} no alarms of {made.spacecraft!r}", "Add the give")
    table.finish()
    return made


def rights(table: Table, parties: Organisation) -> DataRights:
    """Return the data rights; without the table nothing is public."""
    if not table.values:
        return DataRights()
    made = DataRights(
        agencies=Known("agency", parties.agencies).take_all(table, "agencies"),
        public_after_months=_months(table),
        exceptions=tuple(_exemption(one, parties) for one in table.tables("exceptions")),
        basis=basis(table),
    )
    table.finish()
    return made


def _months(table: Table) -> int:
    return WITHHELD if table.flag("withheld", False) else table.number("public_after_months", None, 0, 1200)


def _exemption(table: Table, parties: Organisation) -> Exemption:
    found = parties.collections()
    collection = Known("collection", found).take(table, "collection")
    part = Known(f"part of {found[collection].key!r}", found[collection].parts).take(table, "part", "")
    made = Exemption(collection, part, _months(table), basis(table))
    table.finish()
    return made
