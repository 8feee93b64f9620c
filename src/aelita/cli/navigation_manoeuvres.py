"""`aelita nav target|assess|phase|keep`: manoeuvres worked out, judged, and told by Doppler; upkeep of orbits."""

from math import radians
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import UsageError
from .navigation import (
    KernelOption,
    KernelsForOption,
    PngOption,
    PreferOption,
    commands,
    compiled,
    furnished,
    instant,
    mission_of,
    picture,
)  # fmt: skip
from .options import JsonOption, MissionOption
from .output import print_json, print_pairs, print_table, say, writing

if TYPE_CHECKING:
    from ..dynamics import StateVector
    from ..services import manoeuvres

OrbitArgument = Annotated[Path, typer.Argument(help="OPM or OEM (KVN or XML) of the orbit.", exists=True)]
RowOption = Annotated[int, typer.Option("--row", help="Which state of an OEM: 0 the first, -1 the last.")]
MassOption = Annotated[float, typer.Option("--mass", min=0.001, help="kg.")]
GravityOption = Annotated[Path | None, typer.Option("--gravity", help="Public file of gravity coefficients.")]
DegreeOption = Annotated[int, typer.Option("--degree", min=0, help="Of the gravity field; 0: all of it, a point without one.")]
AreaOption = Annotated[float, typer.Option("--area", min=0.001, help="Cross section, m2.")]
DragOption = Annotated[float, typer.Option("--drag", min=0.001, help="Drag coefficient.")]
PLACES = ("periapsis", "apoapsis")
BEFORE_H = 2.0  # of the state in a plan before its burn: Doppler from before it has left by then
UNLIKELY = 1e12  # more than this is no height, aim or angle


def register(app: typer.Typer) -> None:
    """Add the commands to those of `aelita nav`."""
    for command in (target, assess, phase, keep):
        commands.command(command.__name__)(command)


def target(
    orbit: OrbitArgument,
    at: Annotated[str, typer.Option("--at", help="Instant of the burn's middle, UTC; or the next periapsis or apoapsis.")] = "",
    periapsis: Annotated[float | None, typer.Option("--periapsis", help="Height asked for, km over the equator.")] = None,
    apoapsis: Annotated[float | None, typer.Option("--apoapsis", help="Height asked for, km.")] = None,
    inclination: Annotated[float | None, typer.Option("--inclination", help="Degrees over the equator (Mars; J2000).")] = None,
    node: Annotated[float | None, typer.Option("--node", help="Degrees, from where that equator rises through J2000's.")] = None,
    argument: Annotated[float | None, typer.Option("--argument", help="Of periapsis, degrees.")] = None,
    b_t: Annotated[float | None, typer.Option("--b-t", help="Aim B.T, km; with --b-r and --periapsis-at.")] = None,
    b_r: Annotated[float | None, typer.Option("--b-r", help="Aim B.R, km: above zero it passes south.")] = None,
    periapsis_at: Annotated[str | None, typer.Option("--periapsis-at", help="When the aim passes periapsis, UTC.")] = None,
    mass: MassOption = 1000.0,
    thrust: Annotated[float, typer.Option("--thrust", min=0.0, help="N; 0: a sudden change of velocity.")] = 0.0,
    isp: Annotated[float, typer.Option("--isp", min=0.001, help="Specific impulse, s.")] = 320.0,
    floor: Annotated[float, typer.Option("--floor", help="Height (km) below which no cut-off may leave the periapsis.")] = 0.0,
    divide: Annotated[bool, typer.Option("--divide", help="Tell the fewest burns that are safe, where one is not.")] = False,
    row: RowOption = 0,
    gravity: GravityOption = None,
    degree: DegreeOption = 0,
    kernel: KernelOption = None,
    prefer: PreferOption = None,
    kernels_for: KernelsForOption = None,
    png: PngOption = None,
    json: JsonOption = False,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="Write an OPM (.opm, .xml): the orbit 2 h before, the burn."),
    ] = None,
) -> None:
    """Work out a burn for elements of an orbit or an aim in the B-plane; one that a cut-off would crash is refused."""
    from ..dynamics import AimTarget, OrbitTarget
    from ..services import manoeuvres, navigation

    furnished(kernel, prefer, kernels_for)
    compiled()
    numbers = (periapsis, apoapsis, inclination, node, argument, b_t, b_r, floor)
    if any(each is not None and not abs(each) < UNLIKELY for each in numbers):
        raise UsageError("a height, aim or angle is no usual number", remedy="Give finite kilometres and degrees")
    arc, start = _state(orbit, row)
    forces = navigation.forces_of(start.centre, gravity=gravity, degree=degree)
    engine = manoeuvres.Engine(mass, thrust, isp)
    epoch = manoeuvres.epoch_of(start, forces, at) if at in PLACES else instant(at) if at else start.epoch_tai_ns
    pole, radius = manoeuvres.pole_of(start.centre, epoch), forces.surface_km[0]
    aims, elements = (b_t, b_r, periapsis_at), (periapsis, apoapsis, inclination, node, argument)
    if any(each is not None for each in aims) == any(each is not None for each in elements):
        remedy = "Give elements (--inclination, ...), or --b-t, --b-r and --periapsis-at"
        raise UsageError("a burn is for an orbit or for an aim", remedy=remedy)
    if any(each is not None for each in elements):
        high = [None if each is None else radius + each for each in (periapsis, apoapsis)]
        angles = [None if each is None else radians(each) for each in (inclination, node, argument)]
        wanted = OrbitTarget(high[0], high[1], angles[0], angles[1], angles[2], pole)
        made = manoeuvres.target_orbit(start, forces, wanted, epoch, engine, floor_km=radius + floor, divide=divide)
    else:
        if b_t is None or b_r is None or periapsis_at is None:
            raise UsageError("an aim has three numbers", remedy="Give --b-t, --b-r and --periapsis-at together")
        aim = AimTarget(b_t, b_r, instant(periapsis_at), pole)
        made = manoeuvres.target_aim(start, forces, aim, epoch, engine, floor_km=radius + floor)
    if out is not None:
        if len(made.parts) > 1:
            raise UsageError(f"{len(made.parts)} burns are no one plan", remedy="Target the first of them: ask for less")
        begin = manoeuvres.ahead_of(made, forces, 3600 * BEFORE_H)
        with writing(out):
            manoeuvres.write_plan(made, begin, out, name=arc.name, ident=arc.ident, made_at=navigation.tai_now())
        say(f"plan written to {out}")
    picture(png, lambda path: manoeuvres.draw_manoeuvre(made, path, title=arc.name))
    told = manoeuvres.told(made)
    if json:
        print_json(told)
        return
    print_pairs(f"Burn of {arc.name} about {start.centre}", [(key.replace("_", " "), _said(told[key])) for key in _BURN])
    print_table(_frame([{"orbit": key, **told[key]} for key in ("before", "after")]), title="Osculating orbits")
    aimed = [{"aim": name, **told[key]} for key, name in (("aim_before", "before"), ("aim", "after")) if told.get(key)]
    if aimed:
        print_table(_frame(aimed), title="Aims")


_BURN = (
    "start_utc", "size_m_s", "dv_j2000_m_s", "dv_rtn_m_s", "duration_s", "thrust_n", "propellant_kg", "mass_after_kg",
    "lowest_cut_off_height_km", "floor_height_km", "parts_m_s",
)  # fmt: skip


def assess(
    context: typer.Context,
    tracking: Annotated[list[Path], typer.Argument(help="Doppler from before the burn on: TDM, or text.", exists=True)],
    plan: Annotated[Path, typer.Option("--plan", help="OPM: the orbit before, the mass, the burn planned.", exists=True)],
    ramps: Annotated[list[Path] | None, typer.Option("--ramps", help="Text of uplink ramps; may be repeated.")] = None,
    stations: Annotated[list[Path] | None, typer.Option("--stations", help="TOML file of stations beside the mission's.")] = None,
    receiver: Annotated[list[str] | None, typer.Option("--receiver", help="Only what these stations received.")] = None,
    start: Annotated[str | None, typer.Option("--start", help="First instant of tracking, UTC.")] = None,
    stop: Annotated[str | None, typer.Option("--stop", help="Instant before which to stop, UTC.")] = None,
    tolerance: Annotated[float, typer.Option("--tolerance", help="Share by which a nominal burn may differ.")] = 0.03,
    spacecraft: Annotated[str, typer.Option("--spacecraft", help="The participant of TDMs that is it.")] = "",
    gravity: GravityOption = None,
    degree: DegreeOption = 0,
    mission: MissionOption = "",
    kernel: KernelOption = None,
    prefer: PreferOption = None,
    kernels_for: KernelsForOption = None,
    png: PngOption = None,
    json: JsonOption = False,
) -> None:
    """Tell from Doppler alone how much of a planned burn was made, observation by observation."""
    from ..services import manoeuvres, navigation

    furnished(kernel, prefer, kernels_for)
    compiled()
    given = manoeuvres.read_plan(plan)
    held = navigation.load_tracking(tuple(tracking), tuple(ramps or ()), spacecraft=spacecraft or given.name)
    chosen = navigation.choose_tracking(
        held, None if start is None else instant(start), None if stop is None else instant(stop), tuple(receiver or ()), ""
    )
    forces = navigation.forces_of(given.start.centre, gravity=gravity, degree=degree)
    found = manoeuvres.assess(
        given, held, chosen, forces, mission_of(context, mission), station_files=tuple(stations or ()), tolerance=tolerance
    )
    rows = manoeuvres.assessment_rows(found)
    best = min(found, key=lambda one: float(one[1].share_sigma[-1]))
    picture(png, lambda path: manoeuvres.draw_assessment(best[1], path, title=f"Burn of {given.name}, {best[0].where}"))
    if json:
        print_json({"links": rows})
        return
    print_table(_frame(rows), title=f"Burn of {given.name} by Doppler")


def phase(
    orbit: OrbitArgument,
    site: Annotated[str, typer.Option("--site", help="Latitude, east longitude (degrees), height (km): 18.2,335.45,-3.")],
    near: Annotated[str, typer.Option("--near", help="When to pass over it, about, UTC.")],
    direction: Annotated[str, typer.Option("--direction", help="Of flight over it: north, south or any.")] = "any",
    most: Annotated[float, typer.Option("--most", min=0.0, help="m/s that it may cost.")] = 60.0,
    least_height: Annotated[float, typer.Option("--least-height", help="km, should the second burn fail.")] = 250.0,
    mass: MassOption = 1000.0,
    area: AreaOption = 10.0,
    drag: DragOption = 2.1,
    row: RowOption = 0,
    gravity: GravityOption = None,
    degree: Annotated[int, typer.Option("--degree", min=2, help="Of the gravity field.")] = 20,
    json: JsonOption = False,
) -> None:
    """Find two small burns after which an orbiter of Mars passes over a landing site near a time."""
    from ..dynamics import Vehicle
    from ..services import manoeuvres, navigation

    compiled()
    _, start = _state(orbit, row)
    place = manoeuvres.parse_site(site)
    field = navigation.read_field(gravity) if gravity is not None else None
    found = manoeuvres.phased(
        start, Vehicle(mass, area, drag), place, instant(near), gravity=field, degree=degree, direction=direction,
        least_height_km=least_height, most_m_s=most,
    )  # fmt: skip
    told = manoeuvres.phasing_row(found, place)
    if json:
        print_json(told)
        return
    print_pairs(f"Over {place.name}", [(key.replace("_", " "), _said(value)) for key, value in told.items() if key != "burns"])
    print_table(_frame(told["burns"]), title="Burns")


def keep(
    heights: Annotated[str, typer.Argument(help="Of periapsis and apoapsis over the mean equator, km: 380x420.")],
    inclination: Annotated[float, typer.Option("--inclination", min=0.0, max=180.0, help="Degrees.")],
    band: Annotated[float | None, typer.Option("--band", help="Keep the axis within half of this, km.")] = None,
    track: Annotated[float | None, typer.Option("--track", help="Keep the ground track within this of its place, km.")] = None,
    mass: MassOption = 1000.0,
    area: AreaOption = 10.0,
    drag: DragOption = 2.1,
    season: Annotated[float, typer.Option("--ls", min=0.0, max=360.0, help="Season: areocentric longitude of the Sun.")] = 0.0,
    json: JsonOption = False,
) -> None:
    """Tell how often and how hard to burn to keep a low orbit of Mars, or its ground track, against the air."""
    from ..dynamics import Vehicle
    from ..services import manoeuvres

    vehicle, low_high = Vehicle(mass, area, drag), manoeuvres.parse_heights(heights)
    told = manoeuvres.keeping_row(low_high, radians(inclination), vehicle, band_km=band, track_km=track, ls_deg=season)
    if json:
        print_json(told)
    else:
        print_pairs("Upkeep", [(key.replace("_", " "), _said(value)) for key, value in told.items() if value is not None])


def _state(path: Path, row: int) -> "tuple[manoeuvres.Arc, StateVector]":
    from ..services import navigation

    arcs = navigation.read_arcs(path)
    arc = arcs[0 if row >= 0 else -1]
    if not -len(arc.epochs) <= row < len(arc.epochs):
        raise UsageError(f"there is no state {row}", where=str(path), remedy=f"It has {len(arc.epochs)}")
    return arc, arc.at(row)


def _said(value: object) -> str:
    if isinstance(value, list):
        return "  ".join(_said(one) for one in value) or "–"
    return "–" if value is None else f"{value:.6g}" if isinstance(value, float) else str(value)


def _frame(rows: list[dict[str, Any]]) -> Any:
    import polars as pl

    return pl.DataFrame(rows, infer_schema_length=None)
