"""`aelita mission`: a mission's folder checked and shown."""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import DefinitionError
from .options import JsonOption, settings
from .output import print_json, print_pairs, print_table, say

if TYPE_CHECKING:
    from ..agencies import Organisation, Period, Reach, Rule
    from ..services import Mission

commands = typer.Typer(no_args_is_help=True, help="Check and show the folder of a mission.")
NameArgument = Annotated[
    str, typer.Argument(help="A mission that comes with Aelita, or the folder of one (default: AELITA_MISSION, else every one).")
]
PARTS = (
    "spacecraft",
    "agencies",
    "centres",
    "roles",
    "stations",
    "instruments",
    "gives",
    "rights",
    "rules",
    "critical",
    "assets",
)


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    app.add_typer(commands, name="mission")


def _named(context: typer.Context, name: str) -> list[str]:
    from ..services import mission_names

    wanted = name or settings(context)["mission"]
    return [wanted] if wanted else mission_names()


@commands.command("check")
def check_mission(context: typer.Context, name: NameArgument = "") -> None:
    """Read every file of a mission's folder, its channels, databases and clocks too. Exit code 1 for the first fault of each."""
    faults = 0
    for one in _named(context, name):
        try:
            print_pairs(one, _checked(one))
        except DefinitionError as error:
            faults += 1
            print(f"{one}: {error}")
    if faults:
        raise typer.Exit(1)


def _checked(name: str) -> list[tuple[str, Any]]:
    """Return what a mission holds, in numbers. Raises DefinitionError for the first thing that is wrong."""
    from ..agencies import GRADES
    from ..alarms import AlarmBook, read_alarms
    from ..mdb import compile_commands, load_database
    from ..services import Library, define, find_mission

    mission = find_mission(name)
    for channel in mission.channels:
        define(Library(), mission=name, channel=channel)
    sent = [load_database(one.command_databases) for one in mission.spacecraft if one.commands]
    for database in sent:
        for finding in (each for each in database.findings if each.severity == "defect"):
            raise DefinitionError(f"{finding.element}: {finding.message}", where=f"{finding.file}:{finding.line}")
    alarms = mission.alarms
    book = read_alarms(alarms.read_text("utf-8"), str(alarms)) if alarms is not None else AlarmBook()
    who = mission.organisation
    counts: list[tuple[str, Any]] = [
        ("spacecraft", len(mission.spacecraft)), ("channels", len(mission.channels)), ("alarms", len(book.definitions)),
        ("commands", sum(len(compile_commands(one).sendable()) for one in sent)), ("agencies", len(who.agencies)),
        ("centres", len(who.centres)), ("roles", len(who.roles)), ("stations", len(who.stations)),
        ("instruments", len(who.instruments)), ("gives", len(who.agreement.gives)),
    ]  # fmt: skip
    grades = [basis.grade for _, basis in who.statements()]
    counts = [(what, number) for what, number in counts if number]
    return counts + [(f"statements {grade}", grades.count(grade)) for grade in GRADES if grade in grades]


@commands.command("show")
def show_mission(
    context: typer.Context,
    name: NameArgument = "",
    part: Annotated[str, typer.Option("--part", help=f"Only one of: {', '.join(PARTS)}, assumed.")] = "",
    json: JsonOption = False,
) -> None:
    """Show who takes part in a mission, with what, and what the agencies give each other."""
    from ..services import find_mission

    for one in _named(context, name):
        mission = find_mission(one)
        shown = {key: rows(mission) for key, rows in _tables().items() if part in (key, "") and (part or key != "assumed")}
        if not shown:
            raise typer.BadParameter(f"{part!r} is none of {', '.join(_tables())}", param_hint="--part")
        if json:
            print_json({"mission": mission.name, "title": mission.title, **shown})
            continue
        say(f"{mission.name}: {mission.title}")
        for key, rows in shown.items():
            _print(key, rows)


def _print(title: str, rows: list[dict[str, Any]]) -> None:
    import polars as pl

    if rows:
        texts = [{key: ", ".join(map(str, v)) if isinstance(v, list) else str(v) for key, v in row.items()} for row in rows]
        print_table(pl.DataFrame(texts), title=title, limit=len(rows))


def _tables() -> dict[str, Callable[["Mission"], list[dict[str, Any]]]]:
    """Return how each part of a mission becomes rows."""
    return {
        "spacecraft": _spacecraft,
        "agencies": lambda mission: [
            {"key": one.key, "name": one.name, "part": one.part, "domain": one.domain}
            for one in mission.organisation.agencies.values()
        ],
        "centres": lambda mission: [
            {"key": one.key, "agency": one.agency, "name": one.name, "place": one.place, "tasks": list(one.tasks)}
            for one in mission.organisation.centres.values()
        ],
        "roles": lambda mission: [
            {"key": one.key, "title": one.title, "centres": list(one.centres), "may": sorted(one.may)}
            for one in mission.organisation.roles.values()
        ],
        "stations": lambda mission: _stations(mission.organisation),
        "instruments": lambda mission: [
            {
                "key": one.key, "spacecraft": one.spacecraft, "agency": one.agency, "name": one.name, "lead": one.lead,
                "collections": [each.key for each in one.collections], "grade": one.basis.grade,
            }
            for one in mission.organisation.instruments.values()
        ],
        "gives": lambda mission: _gives(mission.organisation),
        "rights": lambda mission: _rights(mission.organisation),
        "rules": lambda mission: [_rule(one) for one in mission.organisation.authority.rules],
        "critical": lambda mission: [
            {
                "key": one.key, "commands": _reach(one.reach), "significance": list(one.significance), "approvals": one.approvals,
                "agencies": list(one.agencies), "approve": list(map(str, one.approve)), "grade": one.basis.grade,
            }
            for one in mission.organisation.authority.criticals
        ],
        "assets": lambda mission: [
            {
                "key": one.key, "commands": _reach(one.reach), "owner": one.owner, "borrowers": list(one.borrowers),
                "guard_s": one.guard_s, "hand_over": list(map(str, one.hand_over)), "grade": one.basis.grade,
            }
            for one in mission.organisation.authority.assets
        ],
        "assumed": lambda mission: [
            {"statement": place, "source": basis.source}
            for place, basis in mission.organisation.statements()
            if basis.grade == "assumed"
        ],
    }  # fmt: skip


def _reach(reach: "Reach") -> list[str]:
    return [*reach.spacecraft, *reach.commands, *reach.parts]


def _rule(rule: "Rule") -> dict[str, Any]:
    """Return a rule as a row: who may, and how many must where that is more than one."""

    def people(act: str, count: int) -> list[str]:
        return [*([f"{count} of"] if count > 1 else []), *map(str, rule.people(act))]

    return {
        "key": rule.key, "commands": _reach(rule.reach), "request": people("request", 1), "check": people("check", rule.checks),
        "approve": people("approve", rule.approvals), "release": people("release", rule.releases), "grade": rule.basis.grade,
    }  # fmt: skip


def _spacecraft(mission: "Mission") -> list[dict[str, Any]]:
    return [
        {
            "key": one.key, "name": one.name, "agency": one.agency, "naif_id": one.naif_id, "channels": list(one.channels),
            "relayed_by": list(one.relayed_by),
        }
        for one in mission.spacecraft
    ]  # fmt: skip


def _stations(who: "Organisation") -> list[dict[str, Any]]:
    return [
        {
            "key": one.key, "network": one.network, "agency": one.agency, "antenna": one.antenna, "dish_m": one.dish_m,
            "can": [f"{each.direction} {'/'.join(each.bands)}{_span(each.period)}" for each in one.capabilities],
            "xyz_km": [one.position.x_km, one.position.y_km, one.position.z_km], "grade": one.position.basis.grade,
        }
        for one in who.stations.values()
    ]  # fmt: skip


def _gives(who: "Organisation") -> list[dict[str, Any]]:
    from ..agencies import subjects

    return [
        {
            "from": give.giver, "to": give.receiver, "subjects": subjects(give), "period": _span(give.period).strip(),
            "grade": give.basis.grade,
        }
        for give in who.agreement.gives
    ]  # fmt: skip


def _rights(who: "Organisation") -> list[dict[str, Any]]:
    rules: Iterable[tuple[str, str, int]] = [
        ("all", "", who.rights.public_after_months),
        *((one.collection, one.part, one.public_after_months) for one in who.rights.exceptions),
    ]
    return [
        {
            "collection": collection, "part": part, "at once": list(who.rights.agencies),
            "public": "withheld" if months < 0 else f"after {months} months",
        }
        for collection, part, months in rules
        if who.rights.agencies
    ]  # fmt: skip


def _span(period: "Period") -> str:
    from ..time import NO_TIME, utc_from_tai_ns

    start, stop = ("" if one == NO_TIME else utc_from_tai_ns(one, 0) for one in (period.start, period.stop))
    return (f" from {start}" if start else "") + (f" until {stop}" if stop else "")
