"""`aelita command`: what was requested and what became of it, requests, queues, who has what, keys; see docs/commands.md."""

import asyncio
import getpass
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import UsageError
from . import command_signing
from .options import JsonOption, settings, utc
from .output import print_json, print_pairs, print_table, say

if TYPE_CHECKING:
    from ..commanding import Progress, Standing
    from ..services import live

commands = typer.Typer(
    no_args_is_help=True, help="Commands of the live complex: see them, request, sign, hold; who has which spacecraft."
)
AgencyOption = Annotated[str, typer.Option(help="Which agency; needed to act where several run here.")]
IdArgument = Annotated[str, typer.Argument(help="The name of a request, as `aelita command list` shows it.")]
PersonOption = Annotated[str, typer.Option("--person", help="Who asks; default: the user of this machine.")]
PlaceOption = Annotated[str, typer.Option("--as", help="In which role of which centre: instrument-operator@iki.")]
SpacecraftArgument = Annotated[str, typer.Argument(help="The spacecraft.")]
CommandArgument = Annotated[str, typer.Argument(help="The command by its name in the mission database, whole or its last part.")]
ValuesArgument = Annotated[list[str] | None, typer.Argument(help="Arguments as NAME=VALUE.", metavar="[NAME=VALUE]…")]
EarliestOption = Annotated[str | None, typer.Option(help="Radiation may begin from then on, UTC.")]
LatestOption = Annotated[str | None, typer.Option(help="Radiation may begin until then, UTC.")]
ExecuteOption = Annotated[str | None, typer.Option(help="Into the schedule on board, to be executed then, UTC.")]
ServiceOption = Annotated[str, typer.Option(help="AD (in sequence, repeated) or BD (once); default: that of the link.")]
ReasonOption = Annotated[str, typer.Option("--reason", "-r", help="Why; it is kept in the journal.")]
BY_NAME = ("hold", "release", "block")


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    command_signing.register(commands)
    app.add_typer(commands, name="command")


@commands.command("list")
def list_requests(
    context: typer.Context,
    state: Annotated[list[str] | None, typer.Option(help="Only those that stand so; may be repeated.")] = None,
    spacecraft: Annotated[str, typer.Option(help="Only those to this spacecraft.")] = "",
    limit: Annotated[int, typer.Option(min=1, help="How many, the newest.")] = 40,
    agency: AgencyOption = "",
    json: JsonOption = False,
) -> None:
    """List requests, the newest last, and what each waits for. It reads the journals: nobody need be at work."""
    import polars as pl

    from ..api import request_item
    from ..commanding import State

    if unknown := sorted(set(state or ()) - set(State)):
        raise UsageError(f"no request is ever {unknown[0]!r}", remedy=f"States: {', '.join(State)}")
    installation, key, now = place(context, agency, reading=True)
    standing = read(installation, key)
    found = [
        one for one in standing.board.requests.values()
        if one.state in (state or list(State)) and spacecraft in ("", one.prepared.request.spacecraft)
    ][-limit:]  # fmt: skip
    items = [request_item(standing, one, now, wanted(standing, one, now)) for one in found]
    if json:
        print_json([one.model_dump(mode="json") for one in items])
        return
    rows = [
        {
            "request": one.id, "spacecraft": one.spacecraft, "state": one.state + (", held" if one.held else ""),
            "changed": one.changed, "by": f"{one.person} ({one.role}@{one.centre})", "commands": ", ".join(one.commands),
            "waits_for": "; ".join(one.missing),
        }
        for one in items
    ]  # fmt: skip
    if rows:
        print_table(pl.DataFrame(rows), title="Requests", limit=limit)
    else:
        say("No requests.")


@commands.command("show")
def show(context: typer.Context, request: IdArgument, agency: AgencyOption = "", json: JsonOption = False) -> None:
    """Show one request: what it will do, its octets, who signed, and its timeline with light time."""
    import polars as pl

    from ..api import read_octets, request_detail
    from ..services import live

    installation, key, now = place(context, agency, reading=True)
    standing = read(installation, key)
    one = known(standing, request)
    light = live.light_of(installation, one.prepared.request.spacecraft, now)
    told = request_detail(standing, one, now, wanted(standing, one, now), light, read_octets(installation, one.prepared))
    if json:
        print_json(told.model_dump(mode="json"))
        return
    times = told.times
    pairs = [
        ("state", told.state), ("by", f"{told.person} ({told.role}@{told.centre})"), *command_signing.what(one.prepared),
        ("holder", told.holder), ("release from", told.earliest), ("release until", told.latest), ("execute", told.execute),
        ("comment", told.comment), ("waits for", "; ".join(told.missing)), ("forbidden", "; ".join(told.blocked)),
        ("octets differ", "; ".join(each.text for each in told.differences)),
    ]  # fmt: skip
    if times is not None:
        pairs += [
            ("light time", f"{times.up_s:.1f} s up, evidence {times.round_trip_s:.1f} s after radiation"),
            ("radiation", times.radiation_start), ("arrival", times.arrival), ("evidence possible", times.acceptance),
        ]  # fmt: skip
    print_pairs(request, [(name, value) for name, value in pairs if value not in ("", None)])
    rows = [{"at": one.at, "journal": one.agency, "who": one.who or one.station, "what": one.text} for one in told.timeline]
    print_table(pl.DataFrame(rows), title="Timeline", limit=1000)


@commands.command("prepare")
def prepare(
    context: typer.Context,
    spacecraft: SpacecraftArgument,
    command: CommandArgument,
    values: ValuesArgument = None,
    place_of: PlaceOption = "",
    person: PersonOption = "",
    earliest: EarliestOption = None,
    latest: LatestOption = None,
    execute: ExecuteOption = None,
    service: ServiceOption = "",
    json: JsonOption = False,
) -> None:
    """Make the octets of a command and tell what it will do, what it needs and when it would arrive. Nothing is requested."""
    installation, asked = _asked(context, spacecraft, command, values, place_of, person, (earliest, latest, execute), service)
    told = _ask(installation, asked["requester"]["agency"], "prepare", **asked)
    _print_prepared(told, json)


@commands.command("request")
def request(
    context: typer.Context,
    spacecraft: SpacecraftArgument,
    command: CommandArgument,
    values: ValuesArgument = None,
    place_of: PlaceOption = "",
    person: PersonOption = "",
    earliest: EarliestOption = None,
    latest: LatestOption = None,
    execute: ExecuteOption = None,
    service: ServiceOption = "",
    comment: Annotated[str, typer.Option("--comment", "-c", help="Why, for those who sign.")] = "",
    digest: Annotated[str, typer.Option(help="Refuse it unless the octets have this digest, as `prepare` told it.")] = "",
    json: JsonOption = False,
) -> None:
    """Request a command. It goes when the people whom the rules want have signed."""
    installation, asked = _asked(context, spacecraft, command, values, place_of, person, (earliest, latest, execute), service)
    told = _ask(installation, asked["requester"]["agency"], "request", **asked, comment=comment, digest=digest)
    _print_prepared(told, json)


@commands.command("withdraw")
def withdraw(
    context: typer.Context, request: IdArgument, reason: ReasonOption = "", agency: AgencyOption = "", person: PersonOption = ""
) -> None:
    """Take a request back that was not released."""
    installation, key, _ = place(context, agency)
    told = _ask(installation, key, "withdraw", request=request, reason=reason, by=who(person))
    print(told["state"])


@commands.command("clock")
def clock(
    context: typer.Context,
    reason: Annotated[str, typer.Option("--reason", "-r", help="How you know; it is kept in the journal.")],
    agency: AgencyOption = "",
    person: PersonOption = "",
) -> None:
    """Say that the clock is right though commanding does not believe it, since it was wrong before."""
    installation, key, _ = place(context, agency)
    told = _ask(installation, key, "clock", reason=reason, by=who(person))
    print(told["head"])


@commands.command("queue")
def queue(
    context: typer.Context,
    action: Annotated[str, typer.Argument(help="hold, release or block; nothing: show the queues.")] = "",
    spacecraft: Annotated[str, typer.Argument(help="Whose queue.")] = "",
    request: Annotated[str, typer.Option(help="Hold or release only this request.")] = "",
    reason: ReasonOption = "",
    agency: AgencyOption = "",
    person: PersonOption = "",
    json: JsonOption = False,
) -> None:
    """Show the queues; hold one (nothing goes), block it (nothing is released either), or let it go on."""
    if action:
        if action not in BY_NAME or not spacecraft:
            raise UsageError(f"{action!r} of {spacecraft!r} is nothing that can be done", remedy="hold|release|block SPACECRAFT")
        installation, key, _ = place(context, agency)
        what = {"spacecraft": spacecraft, "action": action, "request": request, "reason": reason, "by": who(person)}
        told = _ask(installation, key, "queue", **what)
        print(told["valve"])
        for note in told["notes"]:
            say(note)
        return
    installation, key, _ = place(context, agency, reading=True)
    standing = read(installation, key)
    crafts = sorted(
        {one.prepared.request.spacecraft for one in standing.board.requests.values()} | {craft for craft, _ in standing.queues}
    )
    rows = [
        {
            "spacecraft": craft, "queue": str(standing.queue(craft).valve), "waiting": len(standing.waiting(craft)),
            "held": ", ".join(sorted(standing.queue(craft).held)),
        }
        for craft in crafts
    ]  # fmt: skip
    _print_rows(rows, "Queues", "No queues.", json)


@commands.command("holders")
def holders(context: typer.Context, agency: AgencyOption = "", json: JsonOption = False) -> None:
    """List what is commanded: who owns it, who has it now, and until when it is lent."""
    from ..time import utc_from_tai_ns

    installation, key, now = place(context, agency, reading=True)
    standing = read(installation, key)
    rows = []
    for asset in standing.rules.assets:
        holder, _, end_ns = standing.holders.get(asset.key, (asset.owner, 0, 0))
        lent = holder != asset.owner and now < end_ns
        rows.append(
            {
                "asset": asset.key, "spacecraft": ", ".join(asset.reach.spacecraft), "owner": asset.owner,
                "holder": holder if lent else asset.owner, "until": utc_from_tai_ns(end_ns, 0) if lent else "",
                "may_borrow": ", ".join(asset.borrowers),
            }
        )  # fmt: skip
    _print_rows(rows, "Who has what", "The mission names nothing that is commanded.", json)


@commands.command("keys")
def keys(context: typer.Context, agency: AgencyOption = "", json: JsonOption = False) -> None:
    """List the keys of people that have credentials: whose each is, in which roles, until when, and which were revoked."""
    from ..time import utc_from_tai_ns

    installation, key, now = place(context, agency, reading=True)
    ring = read(installation, key).keyring
    rows = [
        {
            "key": name, "person": one.person, "agency": one.agency, "centre": one.centre, "roles": ", ".join(one.roles),
            "until": utc_from_tai_ns(one.not_after_ns, 0),
            "state": "revoked" if name in ring.revoked else "over" if one.not_after_ns < now else "good",
        }
        for name, one in ring.credentials.items()
    ]  # fmt: skip
    _print_rows(rows, "Keys", "Nobody has a key yet. `aelita command key make` makes one.", json)


def place(context: typer.Context, agency: str, *, reading: bool = False) -> "tuple[live.Installation, str, int]":
    """Return the installation, the agency meant (to read: the first here) and the clock of the complex (TAI ns)."""
    from ..services import live

    folder = settings(context).data / "complex"
    installation, now = live.read_installation(folder), live.MissionClock.read(folder).now()
    here = [one.key for one in installation.agencies]
    if agency:
        return installation, installation.agency(agency).key, now
    if reading or len(here) == 1:
        return installation, here[0], now
    raise UsageError("several agencies run here", remedy=f"Give --agency: {', '.join(here)}")


def read(installation: "live.Installation", agency: str) -> "Standing":
    """Return what the journals here add up to; what is wrong with one is said."""
    from ..services import live

    standing, faults = live.commanding_of(installation, agency)
    for of, why in faults.items():
        say(f"The journal of {of} is read only up to a fault: {why}")
    return standing


def known(standing: "Standing", request: str) -> "Progress":
    """Return a request by its name. Raises UsageError."""
    found = standing.board.requests.get(request)
    if found is None:
        raise UsageError(f"no request {request!r} is known here", remedy="See `aelita command list`")
    return found


def wanted(standing: "Standing", one: "Progress", now: int) -> Any:
    """Return what a request waits for from people, None for one that waits no more."""
    from ..commanding import State

    return standing.wanted(one.prepared, now) if one.state is State.WAITING else None


def who(person: str) -> str:
    """Return the name of who acts."""
    return person or getpass.getuser()


def _ask(installation: "live.Installation", agency: str, op: str, **what: Any) -> dict[str, Any]:
    from ..services import live

    return asyncio.run(live.ask_commanding(installation, agency, op, **what))


def _asked(
    context: typer.Context, spacecraft: str, command: str, values: list[str] | None, place_of: str, person: str,
    times: tuple[str | None, str | None, str | None], service: str,
) -> "tuple[live.Installation, dict[str, Any]]":  # fmt: skip
    """Return what is asked of commanding: the command, and by whom."""
    from ..services import live

    installation = live.read_installation(settings(context).data / "complex")
    arguments = [one.partition("=") for one in values or ()]
    if bad := next((name for name, mark, _ in arguments if not mark or not name), None):
        raise UsageError(f"{bad!r} is no argument", remedy="Write NAME=VALUE")
    role, _, centre = place_of.partition("@")
    found = installation.mission.organisation.centres.get(centre)
    if not role or found is None:
        raise UsageError(f"{place_of!r} is no role of a centre", remedy="Give --as ROLE@CENTRE; see `aelita mission show`")
    earliest, latest, execute = (utc(one) for one in times)
    asked = {
        "spacecraft": spacecraft,
        "calls": [{"command": command, "arguments": [[name, value] for name, _, value in arguments]}],
        "requester": {"agency": found.agency, "centre": centre, "role": role, "person": who(person)},
        "earliest_ns": earliest, "latest_ns": latest, "execute_ns": execute, "service": service,
    }  # fmt: skip
    installation.agency(found.agency)  # it must run here
    return installation, asked


def _print_prepared(told: dict[str, Any], json: bool) -> None:
    """Print what was made of a request."""
    from ..commanding import prepared_from
    from ..time import utc_from_tai_ns

    if json:
        print_json(told)
        return
    one, times = prepared_from(told["prepared"]), told.get("times")
    pairs: list[tuple[str, Any]] = [*command_signing.what(one), ("holder", told["holder"])]
    if times:
        for name, key in (("radiation", "radiation_start_ns"), ("arrival", "arrival_ns"), ("evidence possible", "acceptance_ns")):
            pairs.append((f"{name}, if it went now", utc_from_tai_ns(times[key], 3)))
    pairs += [("needs", text) for text in told["wanted"]] + [("against it now", text) for text in told["forbidden"]]
    print_pairs(one.request.id, pairs)


def _print_rows(rows: list[dict[str, Any]], title: str, nothing: str, json: bool) -> None:
    import polars as pl

    if json:
        print_json(rows)
    elif rows:
        print_table(pl.DataFrame(rows), title=title, limit=1000)
    else:
        say(nothing)
