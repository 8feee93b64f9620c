"""`aelita nav launch|transfer|cruise|aerobrake`: what is planned long before it is flown."""

from math import radians
from pathlib import Path
from typing import Annotated, Any

import typer

from ..errors import UsageError
from .navigation import commands, compiled, instant, mission_of, picture
from .navigation_keeping import CraftOption, PublishOption, publish_result
from .options import JsonOption, MissionOption
from .output import print_json, print_pairs, print_table, say, writing

BodyOption = Annotated[int | None, typer.Option("--body", help="The SPICE number in an SPK (.bsp).")]


def register(app: typer.Typer) -> None:
    """Add the commands to those of `aelita nav`."""
    for command in (launch, transfer, cruise, aerobrake):
        commands.command(command.__name__)(command)


def launch(
    context: typer.Context,
    name: Annotated[str, typer.Argument(help="A launch of the mission's launches.toml; none: list them.")] = "",
    c3: Annotated[float | None, typer.Option("--c3", help="Another C3, km2/s2, with its direction.")] = None,
    declination: Annotated[float | None, typer.Option(help="Of the asymptote, J2000, degrees; with --c3.")] = None,
    right_ascension: Annotated[float | None, typer.Option(help="Of the asymptote, J2000, degrees; with --c3.")] = None,
    liftoff: Annotated[str | None, typer.Option("--liftoff", help="Another time of liftoff, UTC.")] = None,
    best: Annotated[bool, typer.Option("--best", help="Lift off when the asymptote lies in the plane.")] = False,
    mission: MissionOption = "",
    png: Annotated[
        Path | None, typer.Option("--png", help="Draw the ascent to this PNG file, the window and the dispersion beside it.")
    ] = None,
    json: JsonOption = False,
    publish: PublishOption = "",
    craft: CraftOption = "",
) -> None:
    """Fly a launch: ascent, the burns of the upper stage, injection, propellant margin, launch window and dispersion."""
    from ..dynamics import Asymptote
    from ..services import navigation

    folder = mission_of(context, mission).folder
    if not name:
        _list_launches(navigation.launches_of(folder), json)
        return
    asymptote = None
    if (c3, declination, right_ascension) != (None, None, None):
        if c3 is None or declination is None or right_ascension is None:
            raise UsageError(
                "an asymptote is an energy and a direction", remedy="Give --c3, --declination and --right-ascension together"
            )
        asymptote = Asymptote(c3, radians(declination), radians(right_ascension), "the command line", "E")
    flown = navigation.work_out(
        folder, name, asymptote=asymptote, liftoff_tai_ns=None if liftoff is None else instant(liftoff), best_liftoff=best
    )
    picture(png, lambda path: navigation.draw_launch(flown, path))
    publish_result(
        context, publish, craft, kind="launch", title=f"Launch {name}", type="fcp",
        span=(flown.injection.liftoff_tai_ns, flown.injection.separation_tai_ns), shown=lambda: navigation.launch_shown(flown),
        draw=lambda path: navigation.draw_launch(flown, path),
    )  # fmt: skip
    told = navigation.launch_as_json(flown)
    if json:
        print_json(told)
        return
    _print_launch(told)


def transfer(
    context: typer.Context,
    depart: Annotated[str, typer.Option("--depart", help="First day of departure, UTC.")],
    arrive: Annotated[str, typer.Option("--arrive", help="First day of arrival, UTC.")],
    origin: Annotated[str, typer.Argument(help="Body to leave, by SPICE name.")] = "EARTH",
    target: Annotated[str, typer.Argument(help="Body to reach.")] = "MARS BARYCENTER",
    days: Annotated[float, typer.Option("--days", min=0.0, help="Days of departure; 0: one pair of instants alone.")] = 120.0,
    arrival_days: Annotated[float, typer.Option("--arrival-days", min=0.0, help="Days of arrival; 0: as --days.")] = 0.0,
    count: Annotated[int, typer.Option("--count", min=3, max=2000, help="Instants along each side.")] = 200,
    revolutions: Annotated[int, typer.Option("--revolutions", min=0, max=5, help="Whole revolutions about the Sun.")] = 0,
    high: Annotated[bool, typer.Option("--high", help="The other of the two paths with revolutions.")] = False,
    weight: Annotated[float, typer.Option("--arrival-weight", min=0.0, help="Of arrival speed squared beside C3.")] = 0.0,
    dsm: Annotated[
        str | None, typer.Option("--dsm", help="With --days 0: break the plane by a manoeuvre in deep space, UTC.")
    ] = None,
    dsm_until: Annotated[str | None, typer.Option("--dsm-until", help="The manoeuvre is anywhere from --dsm to here.")] = None,
    parking: Annotated[float, typer.Option("--parking", help="Height of the orbit that --dsm leaves from, km.")] = 200.0,
    capture: Annotated[str, typer.Option("--capture", help="Heights of the orbit that --dsm arrives in, km.")] = "300x100000",
    png: Annotated[Path | None, typer.Option("--png", help="Draw the pork-chop to this PNG file.")] = None,
    json: JsonOption = False,
    publish: PublishOption = "",
    craft: CraftOption = "",
) -> None:
    """Search transfers between planets: the pork-chop of a window and its best pair, or one Lambert arc (--days 0)."""
    from ..dynamics import transfer
    from ..services import navigation

    first, last = instant(depart), instant(arrive)
    if dsm is not None or dsm_until is not None:
        _broken((origin, target), (first, last), days, (dsm, dsm_until), parking, capture, json)
        return
    chop = None
    if days:
        span = (days, arrival_days or days)
        chop = navigation.chop_of(origin, target, (first, last), span, count, revolutions=revolutions, high=high)
        found, inside = chop.least(weight)
        if not inside:
            say("aelita: the best pair stands on the rim of the dates: a better one may lie outside")
    else:
        found = transfer(origin, target, first, last, revolutions=revolutions, high=high)
    told = navigation.transfer_row(found)
    if chop is not None:
        marks = (("best", found.departure_tai_ns, found.arrival_tai_ns),)
        publish_result(
            context, publish, craft, kind="porkchop", title=f"{origin.title()} to {target.title()}", type="fcp",
            span=(int(chop.departures_tai_ns[0]), int(chop.arrivals_tai_ns[-1])),
            shown=lambda: navigation.chop_shown(chop, found),
            draw=lambda path: navigation.draw_pork_chop(chop, path, marks=marks),
        )  # fmt: skip
        picture(png, lambda path: navigation.draw_pork_chop(chop, path, marks=marks))
    elif png is not None or publish:
        raise UsageError("one pair of instants makes no picture and no product", remedy="Give --days")
    if json:
        print_json(told | ({"grid": navigation.chop_table(chop)} if chop is not None else {}))
    else:
        print_pairs(f"{origin} to {target}", [(key.replace("_", " "), _said(value)) for key, value in told.items()])


def _broken(
    bodies: tuple[str, str], ends: tuple[int, int], days: float, dsm: tuple[str | None, str | None], parking: float, capture: str,
    json: bool,
) -> None:  # fmt: skip
    from ..dynamics import Ends
    from ..services import manoeuvres

    if days or dsm[0] is None:
        raise UsageError("a broken plane is between two instants", remedy="Give --days 0, --dsm and perhaps --dsm-until")
    until = None if dsm[1] is None else instant(dsm[1])
    told = manoeuvres.broken_row(
        Ends(*bodies, *ends), instant(dsm[0]), until, parking_km=parking, capture_km=manoeuvres.parse_heights(capture)
    )
    if json:
        print_json(told)
    else:
        print_pairs(" to ".join(bodies), [(key.replace("_", " "), _said(value)) for key, value in told.items()])


def cruise(
    context: typer.Context,
    craft: Annotated[str, typer.Option("--craft", help="Whose states --out holds: orbiter or lander.")] = "orbiter",
    step: Annotated[float, typer.Option("--step", min=1.0, help="Seconds between two states of --out.")] = 3600.0,
    body: BodyOption = None,
    mission: MissionOption = "",
    png: Annotated[Path | None, typer.Option("--png", help="Draw the cruise to this PNG file.")] = None,
    json: JsonOption = False,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Write the reference trajectory: .oem, .xml or .bsp.")] = None,
    publish: PublishOption = "",
    spacecraft: CraftOption = "",
) -> None:
    """Rebuild the mission's reference cruise from public facts, and compare each with what comes out."""
    from ..ndm import write
    from ..services import navigation

    compiled()
    chosen = mission_of(context, mission)
    given, found = navigation.find_cruise(chosen.folder)
    figures, burns = navigation.figure_rows(found, given), navigation.burn_rows(found)
    arcs = navigation.cruise_arcs(found, craft, f"{chosen.short} {craft}", step_s=step)
    if not arcs:
        raise UsageError(f"there is no {craft!r}", remedy="Name orbiter or lander")
    if out is not None:
        with writing(out):
            navigation.write_arcs(arcs, out, made_at=navigation.tai_now(), body=body)
        say(f"{len(arcs)} arcs written to {out}")
    picture(
        png, lambda path: navigation.draw_cruise(found, path, title=f"Reference cruise, {chosen.short}", figures=given.figures)
    )
    publish_result(
        context, publish, spacecraft, kind="cruise", title=f"Reference cruise, {chosen.short}", type="fcr",
        files=lambda: {"oem": write(navigation.oem_of(arcs, made_at=navigation.tai_now()))},
        span=(min(int(arc.epochs[0]) for arc in arcs), max(int(arc.epochs[-1]) for arc in arcs)),
        shown=lambda: navigation.cruise_shown(found, given),
        draw=lambda path: navigation.draw_cruise(found, path, title=f"Reference cruise, {chosen.short}", figures=given.figures),
    )  # fmt: skip
    if json:
        print_json({"figures": figures, "burns": burns})
        return
    print_table(
        _frame(figures).select("figure", "public", "ours", "tolerance", "unit", "verdict", "grade"), title="Public figures"
    )
    print_table(_frame(burns), title="Manoeuvres")


def aerobrake(
    context: typer.Context,
    file: Annotated[Path | None, typer.Argument(help="TOML file of a campaign. Default: that of the mission.")] = None,
    seed: Annotated[
        int | None,
        typer.Option("--seed", min=0, help="Draw the density of each pass at random from here. Default: the nominal air."),
    ] = None,
    from_cruise: Annotated[bool, typer.Option("--from-cruise", help="Begin where the mission's reference cruise ends.")] = False,
    orbit: Annotated[
        Path | None, typer.Option("--orbit", help="Begin with the last state of this OEM or OPM, about Mars in J2000.")
    ] = None,
    mass: Annotated[float | None, typer.Option("--mass", help="Mass at the start, kg.")] = None,
    days: Annotated[float, typer.Option("--days", help="Give up after so many days, 5 to 3000.")] = 500.0,
    gravity: Annotated[Path | None, typer.Option("--gravity", help="Public file of gravity coefficients.")] = None,
    mission: MissionOption = "",
    png: Annotated[Path | None, typer.Option("--png", help="Draw the corridor to this PNG file.")] = None,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Write where it went: .oem, .xml or .bsp.")] = None,
    body: BodyOption = None,
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, help="Passes to show.")] = 20,
    json: JsonOption = False,
    publish: PublishOption = "",
    craft: CraftOption = "",
) -> None:
    """Fly an aerobraking campaign: walk-in, corridor, daily planning, pop-up, lifetime guard, walk-out."""
    from ..ndm import write
    from ..services import navigation

    if out is not None:
        navigation.check_out(out, body, "MARS")
    compiled()
    folder = None if file is not None and not from_cruise else mission_of(context, mission).folder
    plan = navigation.load_aerobraking(file or (folder or Path()) / navigation.AEROBRAKING)
    field = navigation.read_field(gravity) if gravity is not None else None
    if field is None and plan.degree > 3:
        say(f"aelita: gravity to degree 3 only, the plan asks for {plan.degree}: give a file of coefficients with --gravity")
    begun = navigation.begun(plan, mission=folder if from_cruise else None, orbit=orbit, mass_kg=mass)
    given, around = begun.file, begun.file.surroundings(days, gravity=field)
    flown = given.campaign(around)
    drawn = given.campaign(around, seed=seed) if seed is not None else None
    told = navigation.campaign_tables(given, drawn or flown) | {"start": begun.origin}
    arcs = navigation.campaign_arcs(given, drawn or flown, around) if out is not None or publish else ()
    if out is not None:
        with writing(out):
            navigation.write_arcs(arcs, out, made_at=navigation.tai_now(), body=body)
        say(f"{len(arcs)} arcs written to {out}")
    picture(png, lambda path: navigation.draw_corridor(given, flown, path, drawn=drawn))
    publish_result(
        context, publish, craft, kind="corridor", title=given.name, type="fap",
        span=(flown.start.epoch_tai_ns, flown.exit.epoch_tai_ns),
        files=lambda: {"oem": write(navigation.oem_of(arcs, made_at=navigation.tai_now()))},
        shown=lambda: navigation.corridor_shown(given, drawn or flown),
        draw=lambda path: navigation.draw_corridor(given, flown, path, drawn=drawn),
    )  # fmt: skip
    if json:
        print_json(told)
        return
    passes = _frame(told["passes"]).select(
        "number", "phase", "utc", "lowest_km", "pressure_pa", "flux_w_m2", "drag_m_s", "apoapsis_km", "period_min"
    )
    print_table(passes, title=f"{told['name']}: passes", limit=limit)
    print_table(_frame(told["published"]).drop("source"), title="Published figures")
    rows = [("begins with", told["start"])]
    print_pairs("Totals", rows + [(key.replace("_", " "), _said(value)) for key, value in told["totals"].items()])


def _list_launches(names: list[dict[str, Any]], json: bool) -> None:
    if not names:
        raise UsageError("the mission has no launches", remedy="Give its folder a launches.toml")
    if json:
        print_json(names)
    else:
        print_table(_frame(names), title="Launches")


def _print_launch(told: dict[str, Any]) -> None:
    print_table(_frame(told["events"]), title=f"{told['name']}: {told['launcher']} with {told['payload_kg']:.0f} kg")
    print_table(_frame(told["burns"]), title="Upper stage")
    if told["window"]:
        print_table(_frame(told["window"]), title="Window")
    reached, spread = told["reached"], told["dispersion"]
    assumed = [figure for figure in told["figures"] if figure["grade"] == "E"]
    rows = [
        ("C3", f"{reached['c3_km2_s2']:.4f} km2/s2, sigma {spread['c3_sigma_km2_s2']:.4f}"),
        ("declination", f"{reached['declination_deg']:.4f} deg, sigma {spread['declination_sigma_deg']:.4f}"),
        ("right ascension", f"{reached['right_ascension_deg']:.4f} deg, sigma {spread['right_ascension_sigma_deg']:.4f}"),
        ("separation", told["separation"]),
        ("propellant left", f"{told['margin_kg']:.1f} kg beyond reserves, sigma {spread['margin_sigma_kg']:.1f}"),
        ("asymptote from", f"{told['asked']['source']} (grade {told['asked']['grade']})"),
        ("fitted", ", ".join(told["fitted"]) or "nothing"),
        ("assumed", f"{len(assumed)} of {len(told['figures'])} figures (grade E; --json lists all), and all sigmas"),
    ]
    print_pairs("Injection", rows)


def _said(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _frame(rows: list[dict[str, Any]]) -> Any:
    import polars as pl

    return pl.DataFrame(rows, infer_schema_length=None)
