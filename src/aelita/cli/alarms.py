"""`aelita alarms`: what is wrong, and what people do about it."""

import asyncio
import getpass
import re
import uuid
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import UsageError
from .options import JsonOption, settings
from .output import print_json, print_pairs, print_table, say

if TYPE_CHECKING:
    from ..alarms import Command
    from ..services import live

commands = typer.Typer(help="Alarms of the live complex: see them, acknowledge, shelve, assign; override limits for a time.")
AgencyOption = Annotated[str, typer.Option(help="Whose alarms; needed to act where several agencies run here.")]
AsOption = Annotated[str, typer.Option("--as", help="Who acts; default: the user of this machine.")]
AlarmArgument = Annotated[str, typer.Argument(help="The name of an alarm, as `aelita alarms list` shows it.")]
CommentOption = Annotated[str, typer.Option("--comment", "-c", help="What to tell those who come after.")]
ReasonOption = Annotated[str, typer.Option("--reason", "-r", help="Why; it is needed.")]
ForOption = Annotated[str, typer.Option("--for", help="For how long: 90s, 30m, 2h, 1d, by the clock of the complex.")]
UntilOption = Annotated[str, typer.Option("--until", help="Until when, UTC: 2023-05-24T18:54:49.")]
SpacecraftOption = Annotated[str, typer.Option(help="Of which spacecraft; default: the one that is followed.")]
UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    app.add_typer(commands, name="alarms")


@commands.callback(invoke_without_command=True)
def alarms(context: typer.Context) -> None:
    """Without a command: list the alarms of all agencies here."""
    if context.invoked_subcommand is None:
        list_alarms(context)


@commands.command("list")
def list_alarms(
    context: typer.Context,
    agency: AgencyOption = "",
    everything: Annotated[bool, typer.Option("--all", help="Also those that are normal.")] = False,
    json: JsonOption = False,
) -> None:
    """List the alarms that stand or wait for somebody. It reads the journal: the alarm service itself may be down."""
    import polars as pl

    from ..services import live

    installation, _ = _complex(context)
    keys = [agency] if agency else [one.key for one in installation.agencies]
    found = {key: asyncio.run(live.alarms_of(installation, key, quiet=everything)) for key in keys if installation.agency(key)}
    if json:
        print_json([{"agency": key, **_plain(one)} for key, alarms in found.items() for one in alarms])
        return
    rows = [
        {
            "agency": key, "": "!" if one.calls else "", "severity": one.word, "alarm": _name(key, one.owner, one.alarm),
            "phase": one.phase + (", stale" if one.stale else ""), "value": one.value, "since": _utc(one.since), "role": one.role,
            "title": one.title,
        }
        for key, alarms in found.items()
        for one in alarms
    ]  # fmt: skip
    if rows:
        print_table(pl.DataFrame(rows), title="Alarms", limit=1000)
    else:
        say("No alarms.")


@commands.command("show")
def show(context: typer.Context, alarm: AlarmArgument, agency: AgencyOption = "", json: JsonOption = False) -> None:
    """Show all that is known of one alarm."""
    from ..services import live

    installation, _ = _complex(context)
    key = _agency(installation, agency)
    owner, name = _owned(installation, key, alarm)
    found = [
        one
        for one in asyncio.run(live.alarms_of(installation, key, quiet=True))
        if (one.owner, one.alarm) == (owner or key, name)
    ]
    if not found:
        raise UsageError(f"{key} knows of no alarm {alarm!r}", remedy="List them with --all")
    book = live.alarm_book(installation)
    definition = book.of(name)
    told = _plain(found[0]) | (
        {"consequence": definition.consequence, "advice": definition.advice} if definition is not None else {}
    )
    if json:
        print_json(told)
    else:
        print_pairs(alarm, [(name, _words(name, value)) for name, value in told.items() if value not in ("", 0, [], None)])


@commands.command("history")
def history(
    context: typer.Context,
    alarm: Annotated[str, typer.Argument(help="Of which alarm; default: all records of the journal.")] = "",
    agency: AgencyOption = "",
    limit: Annotated[int, typer.Option(help="How many of the last records.")] = 40,
    json: JsonOption = False,
) -> None:
    """Show what happened: changes, who did what, who was told, what was refused."""
    import polars as pl

    from ..services import live

    installation, _ = _complex(context)
    key = _agency(installation, agency)
    records = asyncio.run(live.alarm_records(installation, key, alarm))[-limit:]
    if json:
        print_json([_plain(one) for one in records])
    elif records:
        print_table(pl.DataFrame([_line(one) for one in records]), title="Journal", limit=limit)
    else:
        say("No records.")


@commands.command("ack")
def acknowledge(
    context: typer.Context,
    alarm: AlarmArgument,
    comment: CommentOption = "",
    occurrence: Annotated[int, typer.Option(min=0, help="The occurrence that was seen; a newer one is refused.")] = 0,
    agency: AgencyOption = "",
    who: AsOption = "",
) -> None:
    """Say that an alarm has been seen; one of another agency as AGENCY/ALARM."""
    from ..alarms import Acknowledge

    def made(installation: "live.Installation", key: str, clock: "live.MissionClock") -> "Command":
        owner, name = _owned(installation, key, alarm)
        return Acknowledge(_id(), _who(who), name, comment, occurrence, owner)

    _do(context, agency, made)


@commands.command("reset")
def reset(
    context: typer.Context, alarm: AlarmArgument, comment: CommentOption = "", agency: AgencyOption = "", who: AsOption = ""
) -> None:
    """End a latched alarm that is acknowledged and whose condition is gone."""
    from ..alarms import Reset

    _do(context, agency, lambda *_: Reset(_id(), _who(who), alarm, comment))


@commands.command("shelve")
def shelve(
    context: typer.Context,
    alarm: AlarmArgument,
    reason: ReasonOption = "",
    duration: ForOption = "",
    until: UntilOption = "",
    agency: AgencyOption = "",
    who: AsOption = "",
) -> None:
    """Put an alarm aside for a time; it comes back by itself."""
    from ..alarms import Shelve

    _do(context, agency, lambda _, __, clock: Shelve(_id(), _who(who), alarm, _end(clock, duration, until), reason))


@commands.command("unshelve")
def unshelve(
    context: typer.Context, alarm: AlarmArgument, comment: CommentOption = "", agency: AgencyOption = "", who: AsOption = ""
) -> None:
    """Take an alarm back from the shelf."""
    from ..alarms import Unshelve

    _do(context, agency, lambda *_: Unshelve(_id(), _who(who), alarm, comment))


@commands.command("remove")
def remove(
    context: typer.Context, alarm: AlarmArgument, reason: ReasonOption = "", agency: AgencyOption = "", who: AsOption = ""
) -> None:
    """Take an alarm out of service, until it is restored."""
    from ..alarms import Remove

    _do(context, agency, lambda *_: Remove(_id(), _who(who), alarm, reason))


@commands.command("restore")
def restore(
    context: typer.Context, alarm: AlarmArgument, comment: CommentOption = "", agency: AgencyOption = "", who: AsOption = ""
) -> None:
    """Put an alarm back into service."""
    from ..alarms import Restore

    _do(context, agency, lambda *_: Restore(_id(), _who(who), alarm, comment))


@commands.command("assign")
def assign(
    context: typer.Context,
    alarm: AlarmArgument,
    role: Annotated[str, typer.Argument(help="A role of the mission.")],
    person: Annotated[str, typer.Option(help="A person of it.")] = "",
    comment: CommentOption = "",
    agency: AgencyOption = "",
    who: AsOption = "",
) -> None:
    """Give an alarm to a role, or to a person of it."""
    from ..alarms import Assign

    _do(context, agency, lambda *_: Assign(_id(), _who(who), alarm, role, person, comment))


@commands.command("override")
def override(
    context: typer.Context,
    parameter: Annotated[str, typer.Argument(help="Qualified name of a parameter.")],
    limits: Annotated[
        list[str] | None,
        typer.Option(help="warning=10:50 is warning outside of 10 to 50, in engineering units; an end may be open."),
    ] = None,
    no_limits: Annotated[bool, typer.Option("--no-limits", help="Judge it no longer.")] = False,
    polynomial: Annotated[str, typer.Option(help="Calibrate by coefficients of raw**0, raw**1, …: 0.5,2,0.001")] = "",
    points: Annotated[str, typer.Option(help="Calibrate by points raw=engineering joined by lines: 0=-10,255=90")] = "",
    reason: ReasonOption = "",
    duration: ForOption = "",
    until: UntilOption = "",
    spacecraft: SpacecraftOption = "",
    agency: AgencyOption = "",
    who: AsOption = "",
) -> None:
    """Let other limits, or another calibration, hold for a parameter for a time, on live values."""
    from ..alarms import CalibrationSet, LimitSet, Override

    given = [bool(limits), no_limits, bool(polynomial), bool(points)]
    if sum(given) != 1:
        raise UsageError("one thing is overridden at a time", remedy="Give --limits, --no-limits, --polynomial or --points")
    if polynomial:
        new: LimitSet | CalibrationSet = CalibrationSet(coefficients=tuple(_number(one) for one in polynomial.split(",")))
    elif points:
        new = CalibrationSet(points=tuple(_point(one) for one in points.split(",")))
    else:
        new = LimitSet(tuple(_band(one) for one in limits or ()))

    def made(installation: "live.Installation", key: str, clock: "live.MissionClock") -> "Command":
        return Override(
            _id(), _who(who), _spacecraft(installation, spacecraft), parameter, new, _end(clock, duration, until), reason
        )

    _do(context, agency, made)


@commands.command("withdraw")
def withdraw(
    context: typer.Context,
    parameter: Annotated[str, typer.Argument(help="Qualified name of a parameter.")],
    kind: Annotated[str, typer.Option(help="limits or calibration")] = "limits",
    reason: ReasonOption = "",
    spacecraft: SpacecraftOption = "",
    agency: AgencyOption = "",
    who: AsOption = "",
) -> None:
    """End an override before its time."""
    from ..alarms import Withdraw

    if kind not in ("limits", "calibration"):
        raise UsageError(f"{kind!r} is neither limits nor calibration")
    _do(
        context,
        agency,
        lambda installation, *_: Withdraw(_id(), _who(who), _spacecraft(installation, spacecraft), parameter, kind, reason),
    )


@commands.command("overrides")
def overrides(context: typer.Context, agency: AgencyOption = "", json: JsonOption = False) -> None:
    """List the overrides in force."""
    import polars as pl

    from ..services import live

    installation, clock = _complex(context)
    keys = [_agency(installation, agency)] if agency else [one.key for one in installation.agencies]
    found = [(key, one) for key in keys for one in asyncio.run(live.overrides_of(installation, key, clock.now()))]
    if json:
        print_json([{"agency": key, **_plain(one)} for key, one in found])
    elif found:
        rows = [
            {
                "agency": key, "spacecraft": one.spacecraft, "parameter": one.parameter, "before": one.old,
                "now": live.override_words(one), "until": _utc(one.until), "reason": one.reason,
            }
            for key, one in found
        ]  # fmt: skip
        print_table(pl.DataFrame(rows), title="Overrides", limit=1000)
    else:
        say("No overrides are in force.")


def _do(context: typer.Context, agency: str, make: "Callable[[live.Installation, str, live.MissionClock], Command]") -> None:
    """Have the alarm server do a command, and say what came of it."""
    from ..services import live

    installation, clock = _complex(context)
    key = _agency(installation, agency)
    answer = asyncio.run(live.ask_alarms(installation, key, make(installation, key, clock)))
    if answer.note:
        say(answer.note)
    print("done" if answer.records else "it was done before")


def _complex(context: typer.Context) -> "tuple[live.Installation, live.MissionClock]":
    from ..services import live

    folder = settings(context).data / "complex"
    return live.read_installation(folder), live.MissionClock.read(folder)


def _agency(installation: "live.Installation", wanted: str) -> str:
    if wanted:
        return installation.agency(wanted).key
    if len(installation.agencies) == 1:
        return installation.agencies[0].key
    raise UsageError("several agencies run here", remedy=f"Give --agency: {', '.join(one.key for one in installation.agencies)}")


def _owned(installation: "live.Installation", agency: str, alarm: str) -> tuple[str, str]:
    """Return whose alarm is meant, empty for the agency's own, and its name: AGENCY/ALARM is of another."""
    owner, mark, name = alarm.partition("/")
    known = installation.mission.organisation.agencies
    return ("" if owner == agency else owner, name) if mark and owner in known else ("", alarm)


def _name(agency: str, owner: str, alarm: str) -> str:
    return alarm if owner == agency else f"{owner}/{alarm}"


def _spacecraft(installation: "live.Installation", wanted: str) -> str:
    if wanted or len(installation.spacecraft) == 1:
        return wanted or installation.spacecraft[0]
    raise UsageError("several spacecraft are followed", remedy=f"Give --spacecraft: {', '.join(installation.spacecraft)}")


def _id() -> str:
    return uuid.uuid4().hex


def _who(given: str) -> str:
    return given or getpass.getuser()


def _end(clock: "live.MissionClock", duration: str, until: str) -> int:
    from .options import utc

    if bool(duration) is bool(until):
        raise UsageError("it needs an end", remedy="Give --for 2h or --until 2023-05-24T18:54:49")
    if until:
        return utc(until) or 0
    found = re.fullmatch(r"(\d+(?:\.\d+)?)([smhd])", duration)
    if found is None:
        raise UsageError(f"{duration!r} is no duration", remedy="Write 90s, 30m, 2h or 1d")
    return clock.now() + round(float(found[1]) * UNITS[found[2]] * 1e9)


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise UsageError(f"{text!r} is no number") from None


def _point(text: str) -> tuple[float, float]:
    raw, mark, engineering = text.partition("=")
    if not mark:
        raise UsageError(f"{text!r} is no point", remedy="Write raw=engineering, as 0=-10")
    return _number(raw), _number(engineering)


def _band(text: str) -> Any:
    from ..alarms import SEVERITIES, LimitBand

    word, mark, ends = text.partition("=")
    low, colon, high = ends.partition(":")
    if not mark or not colon or word not in SEVERITIES[1:]:
        raise UsageError(f"{text!r} is no limit", remedy=f"Write warning=10:50; severities: {', '.join(SEVERITIES[1:])}")
    return LimitBand(SEVERITIES.index(word), _number(low) if low else None, _number(high) if high else None)


def _utc(at: int) -> str:
    from ..time import utc_from_tai_ns

    return utc_from_tai_ns(at, 0) if at else "–"


def _plain(one: Any) -> dict[str, Any]:
    from dataclasses import asdict

    told = asdict(one)
    if "body" in told:
        told["record"] = type(one.body).__name__
    return told


def _words(name: str, value: Any) -> str:
    if name in ("since", "shelved_until"):
        return _utc(value)
    if isinstance(value, dict):
        return ", ".join(f"{key} {_utc(one) if key in ('first', 'last') else one}" for key, one in value.items() if one)
    return ", ".join(value) if isinstance(value, list | tuple) else str(value)


def _line(record: Any) -> dict[str, str]:
    from ..services import live

    return {"at": _utc(record.at), "who": record.who, **live.record_words(record)}
