"""`aelita nav events|publish|products`: what happens on an orbit, and products of flight dynamics kept and sent to partners."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import DataError, UsageError
from .navigation import (
    KernelOption,
    KernelsForOption,
    LimitOption,
    PngOption,
    PreferOption,
    StartOption,
    commands,
    furnished,
    instant,
    mission_of,
    picture,
    span,
)  # fmt: skip
from .navigation_keeping import PublishOption, here, keep, publish_result
from .options import JsonOption, MissionOption, OutOption
from .output import deliver, print_json, print_pairs, rows_as_json, say

if TYPE_CHECKING:
    import polars as pl

    from ..services import products

AgencyOption = Annotated[str, typer.Option("--agency", help="An agency of this machine; default: its first one.")]


def register(app: typer.Typer) -> None:
    """Add the commands to those of `aelita nav`."""
    commands.command("events")(events)
    commands.command("publish")(publish)
    commands.command("products")(products_)


def events(
    context: typer.Context,
    start: StartOption,
    spacecraft: Annotated[str, typer.Argument(help="A spacecraft of the mission, or a body of SPICE.")] = "",
    stop: Annotated[str | None, typer.Option("--stop", help="Last instant, UTC.")] = None,
    days: Annotated[float, typer.Option("--days", min=0.0, max=4000.0, help="How many days, where no --stop is given.")] = 1.0,
    kind: Annotated[
        list[str] | None, typer.Option("--kind", help="periapsis, eclipse, occultation, conjunction, ...; may be repeated.")
    ] = None,
    orbit: Annotated[
        Path | None, typer.Option("--orbit", help="OEM that holds the orbit, where no kernel does.", exists=True)
    ] = None,
    step: Annotated[float, typer.Option("--step", min=1.0, max=3600.0, help="All that last longer (s) are found.")] = 60.0,
    mission: MissionOption = "",
    kernel: KernelOption = None,
    prefer: PreferOption = None,
    kernels_for: KernelsForOption = None,
    png: PngOption = None,
    limit: LimitOption = 60,
    json: JsonOption = False,
    out: OutOption = None,
    keep_at: PublishOption = "",
) -> None:
    """List apsides, nodes, eclipses and occultations of an orbit, and solar conjunctions, within 1 ms."""
    import polars as pl

    from ..ndm import Composite, ephemerides, read
    from ..services import navigation, whereabouts
    from ..time import NO_TIME

    furnished(kernel, prefer, kernels_for)
    sky = navigation.Sky(mission_of(context, mission))
    first, last = span(start, stop, days)
    name = spacecraft or sky.mission.spacecraft[0].key
    kinds, target = whereabouts.check_kinds(kind or ()), sky.target(name)
    motions: tuple[whereabouts.KnownMotion, ...] = ()
    if orbit is not None:
        message = read(navigation.octets_of(orbit), where=str(orbit))
        if isinstance(message, Composite):
            raise UsageError("several messages in one", where=str(orbit), remedy="Give one OEM")
        motions = whereabouts.motions_in_message(ephemerides(message), first, last)
    elif set(kinds) != {"conjunction"}:
        motions = whereabouts.motions_in_kernels(target.body, target.through or "MARS", first, last)
    found = [one for motion in motions for one in whereabouts.orbit_events(motion, kinds=kinds, step_s=step)]
    if "conjunction" in kinds:
        found += whereabouts.sun_conjunctions(target, first, last)
    if not motions and set(kinds) != {"conjunction"}:
        say(f"no kernel holds the orbit of {name} then: name one with --kernel, or an OEM with --orbit")
    found.sort(key=lambda one: (one.start, one.kind))
    table = pl.DataFrame(
        {
            "kind": pl.Series([one.kind for one in found], dtype=pl.String),
            "start": _instants([one.start for one in found]),
            "stop": _instants([NO_TIME if one.stop is None else one.stop for one in found]),
            "value": pl.Series([one.value for one in found], dtype=pl.Float64),
            "unit": pl.Series([one.unit for one in found], dtype=pl.String),
            "about": pl.Series([one.about for one in found], dtype=pl.String),
        }
    )
    title = f"Events of {name}, {navigation.span_text(first, last)}"
    picture(png, lambda path: navigation.draw_events(table, path, title=title))
    publish_result(
        context, keep_at, name, kind="events", title=title, span=(first, last), type="fop",
        shown=lambda: {"rows": rows_as_json(table)}, draw=lambda path: navigation.draw_events(table, path, title=title),
    )  # fmt: skip
    deliver(table, out=out, as_json=json, title=title, limit=limit)


def _instants(epochs: Sequence[int]) -> "pl.Series":
    """Return instants (TAI nanoseconds) as a column of UTC, null for NO_TIME."""
    import numpy as np
    import polars as pl

    from ..time import utc_datetime64

    return pl.Series(utc_datetime64(np.array(epochs, np.int64))).cast(pl.Datetime("ns"))


def publish(
    context: typer.Context,
    kind: Annotated[str, typer.Argument(help="orbit, attitude, tracking, clock, residuals, passes, events, porkchop, ...")],
    spacecraft: Annotated[str, typer.Argument(help="A spacecraft of the mission.")],
    title: Annotated[str, typer.Argument(help="What it is, in a line.")],
    files: Annotated[list[Path] | None, typer.Argument(help="Its files, each with an ending of its own.", exists=True)] = None,
    start: Annotated[str, typer.Option("--start", help="From when it holds, UTC.")] = "",
    stop: Annotated[str, typer.Option("--stop", help="Until when, UTC.")] = "",
    type: Annotated[str, typer.Option("--type", help="Of the convention: fcp is flight dynamics, cruise, predicted.")] = "fop",
    label: Annotated[str, typer.Option("--label", help="The [_ID] of its name.")] = "",
    grade: Annotated[str, typer.Option("--grade", help="How sure it is: A to E.")] = "",
    data: Annotated[Path | None, typer.Option("--shown", help="JSON of what is shown of it.", exists=True)] = None,
    agency: AgencyOption = "",
    json: JsonOption = False,
) -> None:
    """Keep a product at an agency of this machine; its services send it to the partners who are given such products."""
    import orjson

    from ..services import navigation, products

    at, key = here(context, agency)
    contents: dict[str, bytes] = {}
    for path in files or ():
        ending = path.suffix.lstrip(".").casefold()
        if ending in contents:
            raise UsageError(f"two files end in {ending!r}", where=str(path), remedy="Each file has an ending of its own")
        contents[ending] = navigation.octets_of(path)
    try:
        shown = None if data is None else orjson.loads(navigation.octets_of(data))
    except ValueError as error:
        raise DataError(f"no JSON: {error}", where=str(data)) from error
    if not start or not stop:
        raise UsageError("a product without start or stop", remedy="Give from when to when it holds: --start, --stop")
    craft = at.mission.craft(spacecraft.casefold()).key
    draft = products.Draft(kind, craft, title, instant(start), instant(stop), type, label, grade)
    made = keep(at, key, draft, contents, shown)
    if json:
        print_json(_told(made))
        return
    say(f"published as {made.id}: {len(made.files)} files, {made.octets:,} octets")


def products_(
    context: typer.Context,
    ident: Annotated[str, typer.Argument(help="The id of one to be told of; default: all are listed.")] = "",
    kind: Annotated[str, typer.Option("--kind", help="Those of a kind.")] = "",
    spacecraft: Annotated[str, typer.Option("--spacecraft", help="Those of a spacecraft.")] = "",
    into: Annotated[
        Path | None, typer.Option("--fetch", help="Copy the files of the one that is named into this folder.")
    ] = None,
    agency: AgencyOption = "",
    limit: LimitOption = 40,
    json: JsonOption = False,
) -> None:
    """List the products that an agency of this machine has, its own and those of partners; or fetch one."""
    import polars as pl

    from ..services import products

    at, key = here(context, agency)
    store = products.ProductStore(at.home(key))
    if ident:
        _one(store, ident, into, json)
        return
    told = [_told(one) for one in store.find(products.Sought(kind, spacecraft))]
    if json:
        print_json(told)
        return
    columns = ("id", "kind", "spacecraft", "title", "start", "stop", "agency", "made_by", "grade")
    rows = [{name: str(one[name])[:19] if name in ("start", "stop") else one[name] for name in columns} for one in told]
    if not rows:
        say("No products.")
        return
    deliver(pl.DataFrame(rows), out=None, as_json=False, title=f"Products of flight dynamics at {key}", limit=limit)


def _one(store: "products.ProductStore", ident: str, into: Path | None, json: bool) -> None:
    found = store.get(ident)
    if found is None:
        raise UsageError(f"there is no product {ident!r}", remedy="See `aelita nav products`")
    if into is not None:
        into.mkdir(parents=True, exist_ok=True)
        for file in found.files:
            (into / file.name).write_bytes(store.octets(found, file))
    if json:
        print_json(_told(found))
        return
    print_pairs(found.title, [(name, value) for name, value in _told(found).items() if name not in ("files", "title")])
    for file in found.files:
        say(f"{file.name}  {file.size:,} octets  {file.sha256}")


def _told(product: "products.Product") -> dict[str, Any]:
    told = product.told()
    del told["data"]
    return told
