"""The authority of a mission turned into values, and held against who exists and what their roles may do at all."""

import re
from collections.abc import Iterable, Mapping, Sequence

from ..tables import Table
from .authority import ACTS, SIGNIFICANCES, Asset, Authority, Critical, Reach, Rule, Who
from .organisation import Organisation
from .reading import Known, basis, by_key, name, real, refuse, words

TWIN = "-sim"  # a simulated twin of a spacecraft may be named before it exists
_COMMANDS = re.compile(r"/?[A-Za-z0-9_.:*-]+(/[A-Za-z0-9_.:*-]+)*")
MOST = 9  # persons that one act can need


def authority(tops: Sequence[Table], parties: Organisation) -> Authority:
    """Return the authority that the tables of a mission's files tell together, their rules in order."""
    rules = by_key(_all(tops, "rules"), lambda table: _rule(table, parties))
    criticals_of = _all(tops, "critical")
    criticals = by_key(criticals_of, lambda table: _critical(table, parties))
    assets_of = _all(tops, "assets")
    assets = by_key(assets_of, lambda table: _asset(table, parties))
    for table, critical in zip(criticals_of, criticals.values(), strict=True):
        _check_critical(table, critical, rules.values())
    for table, asset in zip(assets_of, assets.values(), strict=True):
        _check_asset(table, asset, parties)
    clocks = _last(tops, "clock_tolerance_s", 1.0, 0.0, 60.0), _last(tops, "clock_step_s", 10.0, 0.1, 3600.0)
    return Authority(tuple(rules.values()), tuple(criticals.values()), tuple(assets.values()), *clocks)


def _last(tops: Sequence[Table], key: str, default: float, least: float, most: float) -> float:
    """Return what the last file that tells a number says, and take it out of all."""
    told = [one for one in tops if one.values.get(key) is not None]
    found = real(told[-1], key, None, least, most) if told else default
    for table in tops:
        table.values.pop(key, None)
    return found


def _all(tops: Sequence[Table], key: str) -> list[Table]:
    return [one for table in tops for one in table.tables(key)]


def _reach(table: Table, parties: Organisation) -> Reach:
    crafts = words(table, "spacecraft")
    for craft in crafts:
        if craft.removesuffix(TWIN) not in parties.ownerships:
            Known("spacecraft", parties.ownerships).check(table, "spacecraft", craft)
    commands = words(table, "commands")
    for one in commands:
        if not _COMMANDS.fullmatch(one):
            raise refuse(table, "commands", f"{one!r} is no pattern of qualified names", "Write as /TGO/ACS/* or /TGO/**")
    instruments = words(table, "instruments")
    for one in instruments:
        known = parties.instruments
        Known("instrument", known).check(table, "instruments", one)
        if crafts and known[one].spacecraft not in {craft.removesuffix(TWIN) for craft in crafts}:
            raise refuse(table, "instruments", f"{one!r} is on {known[one].spacecraft}, of which this is not")
    return Reach(crafts, commands, (*instruments, *words(table, "subsystems")))


def _people(table: Table, key: str, parties: Organisation, permission: str) -> tuple[Who, ...]:
    """Return who is meant by texts as `role@centre`, or `role` for all its centres; the role must have the permission at all."""
    found: list[Who] = []
    for text in words(table, key):
        word, _, centre = text.partition("@")
        role = parties.roles[Known("role", parties.roles).check(table, key, word)]
        if permission not in role.may:
            raise refuse(table, key, f"the role {word!r} may not {permission} at all", "Give it that in agencies.toml")
        if centre:
            Known(f"centre of {word!r}", role.centres).check(table, key, centre)
        found += [Who(word, one, parties.centres[one].agency) for one in ([centre] if centre else role.centres)]
    if len(set(found)) != len(found):
        raise refuse(table, key, "somebody stands in it twice")
    return tuple(found)


def _rule(table: Table, parties: Organisation) -> Rule:
    people = {act: _people(table, act, parties, f"command.{act}") for act in ACTS}
    made = Rule(
        key=name(table),
        reach=_reach(table, parties),
        request=people["request"],
        check=people["check"],
        approve=people["approve"],
        release=people["release"],
        checks=table.number("checks", 1 if people["check"] else 0, 0, MOST),
        approvals=table.number("approvals", 1 if people["approve"] else 0, 0, MOST),
        releases=table.number("releases", 1, 1, MOST),
        agencies=Known("agency", parties.agencies).take_all(table, "agencies"),
        own_request=table.flag("own_request", False),
        separate=table.flag("separate", True),
        forbidden=table.flag("forbidden", False),
        basis=basis(table),
    )
    _check_rule(table, made, people)
    return made


def _check_rule(table: Table, rule: Rule, people: Mapping[str, tuple[Who, ...]]) -> None:
    if rule.forbidden:
        for act, who in people.items():
            if who:
                raise refuse(table, act, "nobody may what is forbidden", "Remove the key, or `forbidden`")
        return
    for act in ("request", "release"):
        if not people[act]:
            raise refuse(table, act, "missing: nobody could", "Name who may, or write forbidden = true")
    for act, count in (("check", rule.checks), ("approve", rule.approvals)):
        if count and not people[act]:
            raise refuse(table, act, f"{count} are needed and nobody may")
    _check_agencies(table, rule, rule)


def _check_agencies(table: Table, rule: Rule, asked: Rule | Critical) -> None:
    """Refuse agencies that must approve and have nobody who may, and fewer approvals than agencies."""
    for agency in asked.agencies:
        if agency not in {who.agency for who in rule.approve}:
            raise refuse(table, "agencies", f"nobody of {agency!r} may approve what rule {rule.key!r} is about")
    if rule.approvals < len(rule.agencies):
        raise refuse(table, "approvals", f"{rule.approvals} cannot come from {len(rule.agencies)} agencies")


def _critical(table: Table, parties: Organisation) -> Critical:
    significance = words(table, "significance")
    for word in significance:
        if word not in SIGNIFICANCES:
            raise refuse(table, "significance", f"{word!r} is no consequence level", f"Levels: {', '.join(SIGNIFICANCES)}")
    made = Critical(
        key=name(table),
        reach=_reach(table, parties),
        significance=significance,
        approvals=table.number("approvals", 2, 1, MOST),
        agencies=Known("agency", parties.agencies).take_all(table, "agencies"),
        approve=_people(table, "approve", parties, "command.approve"),
        basis=basis(table),
    )
    if not (made.significance or made.reach.commands or made.reach.parts):
        raise refuse(table, "significance", "missing: which commands are critical", "Give significance, commands or both")
    return made


def _check_critical(table: Table, critical: Critical, rules: Iterable[Rule]) -> None:
    """Refuse what no rule could ever satisfy."""
    for rule in rules:
        if rule.forbidden or not rule.reach.meets(critical.reach):
            continue
        both = critical.added_to(rule)
        if not both.approve:
            raise refuse(table, "approve", f"nobody may approve what rule {rule.key!r} is about", "Name who may")
        _check_agencies(table, both, critical)


def _asset(table: Table, parties: Organisation) -> Asset:
    agencies = Known("agency", parties.agencies)
    return Asset(
        key=name(table),
        reach=_reach(table, parties),
        owner=agencies.take(table, "owner"),
        borrowers=agencies.take_all(table, "borrowers"),
        longest_s=table.number("longest_s", 86_400, 1, 366 * 86_400),
        guard_s=table.number("guard_s", 10, 1, 86_400),
        hand_over=_people(table, "hand_over", parties, "command.release"),
        basis=basis(table),
    )


def _check_asset(table: Table, asset: Asset, parties: Organisation) -> None:
    if not asset.reach.spacecraft:
        raise refuse(table, "spacecraft", "missing: an asset is of a spacecraft")
    if asset.owner in asset.borrowers:
        raise refuse(table, "borrowers", f"{asset.owner!r} owns it and cannot borrow it")
    for agency in (asset.owner, *asset.borrowers) if asset.borrowers else ():
        if agency not in {who.agency for who in asset.hand_over}:
            raise refuse(table, "hand_over", f"nobody of {agency!r} may hand it over", "Name a role of each side")
