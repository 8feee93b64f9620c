"""`aelita station`: antennas booked, and what their contacts brought."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from .options import JsonOption, settings, utc
from .output import print_json, print_table, say

if TYPE_CHECKING:
    from ..services import live as complex_

commands = typer.Typer(no_args_is_help=True, help="Book stations, and see what their contacts brought.")
StationArgument = Annotated[str, typer.Argument(help="A station that is operated here.")]
SomeArgument = Annotated[str, typer.Argument(help="A station that is operated here; default: all.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    app.add_typer(commands, name="station")


def _desk(context: typer.Context) -> "complex_.BookingDesk":
    from ..services import live

    return live.BookingDesk(settings(context).data / "complex")


@commands.command("book")
def book(
    context: typer.Context,
    station: StationArgument,
    spacecraft: Annotated[str, typer.Argument(help="A spacecraft that is followed here.")],
    start: Annotated[str | None, typer.Option(help="When the contact begins, UTC of the complex's clock; default: now.")] = None,
    stop: Annotated[str | None, typer.Option(help="When it ends, UTC; default: until further notice.")] = None,
    agency: Annotated[
        list[str] | None, typer.Option(help="Who may receive; may be repeated. Default: the agency that operates the station.")
    ] = None,
    uplink: Annotated[
        list[str] | None, typer.Option(help="Who may command the spacecraft; may be repeated. Default: nobody.")
    ] = None,
    reference: Annotated[str, typer.Option(help="What the booking is called; default: the spacecraft and a number.")] = "",
    json: JsonOption = False,
) -> None:
    """Book a station for a spacecraft. The station offers it at once; frames outside bookings are not kept.

    A spacecraft that stands too low during the booking is a warning.
    """
    from ..time import utc_from_tai_ns

    booking, doubts = _desk(context).book(
        station, spacecraft, start=utc(start), stop=utc(stop), agencies=tuple(agency or ()), uplink=tuple(uplink or ()),
        reference=reference,
    )  # fmt: skip
    for doubt in doubts:
        say(f"warning: {doubt}")
    if json:
        print_json({"reference": booking.reference, "warnings": doubts})
        return
    until = "further notice" if booking.is_standing else utc_from_tai_ns(booking.stop, 0)
    print(f"{booking.reference}: {station} for {spacecraft} from {utc_from_tai_ns(booking.start, 0)} until {until}")


@commands.command("cancel")
def cancel(
    context: typer.Context,
    station: StationArgument,
    reference: Annotated[str, typer.Argument(help="What the booking is called: see `aelita station bookings`.")],
) -> None:
    """Cancel what is left of a booking; a contact that goes on ends. What was received under it stays."""
    _desk(context).cancel(station, reference)


@commands.command("fetch")
def fetch(
    context: typer.Context,
    station: StationArgument,
    spacecraft: Annotated[str, typer.Argument(help="A spacecraft that is followed here.")],
    start: Annotated[str, typer.Option(help="First instant of reception, UTC of the complex's clock.")],
    stop: Annotated[str, typer.Option(help="Last instant of reception, UTC.")],
) -> None:
    """Fetch once more what a station kept, as after a loss of streams. What is there already is not doubled."""
    from ..services import live

    first, last = utc(start), utc(stop)
    assert first is not None and last is not None  # both are given
    live.fetch_kept(settings(context).data / "complex", station, spacecraft, first, last)
    say("fetched")


@commands.command("bookings")
def bookings(context: typer.Context, station: SomeArgument = "", json: JsonOption = False) -> None:
    """List bookings; without start or stop they hold from the beginning, or until further notice."""
    found = _desk(context).bookings(station)
    _show(found, ("station", "reference", "spacecraft", "start", "stop", "agencies", "now"), "Bookings", json)


@commands.command("contacts")
def contacts(context: typer.Context, station: SomeArgument = "", json: JsonOption = False) -> None:
    """List contacts that are over: who had the station, when, and the frames that it brought."""
    found = _desk(context).contacts(station)
    columns = (
        "station",
        "reference",
        "spacecraft",
        "first",
        "last",
        "good",
        "erred",
        "undetermined",
        "missing",
        "losses",
        "ended",
    )
    _show(found, columns, "Contacts", json)


def _show(found: list[dict[str, Any]], columns: tuple[str, ...], title: str, json: bool) -> None:
    if json:
        print_json(found)
        return
    import polars as pl

    rows = [{key: _text(one.get(key)) for key in columns} for one in found]
    if rows:
        print_table(pl.DataFrame(rows, infer_schema_length=None), title=title, limit=100)
    else:
        say(f"No {title.lower()}.")


def _text(value: Any) -> Any:
    """Return a value as the table shows it: times cut to seconds."""
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return value[:19] if isinstance(value, str) and value[4:5] == "-" and "T" in value else value
