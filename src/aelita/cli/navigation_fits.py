"""`aelita nav determine`: where tracking says that a spacecraft is."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from .navigation import (
    DelayedByOption,
    KernelOption,
    KernelsForOption,
    PreferOption,
    commands,
    compiled,
    furnished,
    instant,
    mission_of,
    picture,
)  # fmt: skip
from .navigation_keeping import CraftOption, PublishOption, publish_result
from .options import JsonOption, MissionOption
from .output import print_json, print_pairs, print_table, rows_as_json, say, writing

if TYPE_CHECKING:
    from ..dynamics import Determination, DeterminationError
    from ..services import navigation

Files = Annotated[list[Path], typer.Argument(help="Tracking: TDM, or text of measurements; gzip or not.", exists=True)]


def register(app: typer.Typer) -> None:
    """Add the commands to those of `aelita nav`."""
    commands.command("determine")(determine)


def determine(
    context: typer.Context,
    tracking: Files,
    orbit: Annotated[Path, typer.Option("--orbit", help="OPM or OEM of the orbit to begin with.", exists=True)],
    ramps: Annotated[list[Path] | None, typer.Option("--ramps", help="Text of uplink ramps; may be repeated.")] = None,
    stations: Annotated[
        list[Path] | None, typer.Option("--stations", help="TOML file of stations beside those of the mission.")
    ] = None,
    receiver: Annotated[list[str] | None, typer.Option("--receiver", help="Only what these stations received.")] = None,
    kind: Annotated[str, typer.Option("--kind", help="Only this kind: doppler, range, doppler_1, delta_dor. Default: all.")] = "",
    start: Annotated[str | None, typer.Option("--start", help="First instant of tracking, UTC.")] = None,
    stop: Annotated[str | None, typer.Option("--stop", help="Instant before which to stop, UTC.")] = None,
    until: Annotated[str | None, typer.Option("--until", help="How far the orbit shall reach, UTC.")] = None,
    gravity: Annotated[Path | None, typer.Option("--gravity", help="Public file of gravity coefficients.")] = None,
    degree: Annotated[int, typer.Option("--degree", min=0, help="Of the gravity field; 0: all of it.")] = 0,
    mass: Annotated[float, typer.Option("--mass", min=0.001, help="kg.")] = 1000.0,
    area: Annotated[float, typer.Option("--area", min=0.0, help="Cross section, m2, for sunlight and drag.")] = 0.0,
    drag: Annotated[float, typer.Option("--drag", min=0.0, help="Drag coefficient, about Mars.")] = 0.0,
    mask: Annotated[float, typer.Option("--mask", help="Least elevation of tracking that is used, degrees.")] = 8.0,
    estimate: Annotated[
        list[str] | None,
        typer.Option("--estimate", help="A parameter besides the state: 'GM', 'drag=1', 'DSS-45 zenith wet=0.1:0.05'."),
    ] = None,
    consider: Annotated[
        list[str] | None,
        typer.Option("--consider", help="To be reckoned with only, with its sigma: 'DSS-45 x=-4460.9:1e-5'."),
    ] = None,
    media: Annotated[
        bool, typer.Option("--media", help="Air, ionosphere and solar wind by models, in place of the stations' zenith delays.")
    ] = False,
    delayed_by: DelayedByOption = None,
    worst: Annotated[float | None, typer.Option("--worst-rms", help="Weighted rms above which it is no orbit.")] = None,
    spacecraft: Annotated[str, typer.Option("--spacecraft", help="The participant of TDMs that is it.")] = "",
    step: Annotated[float, typer.Option("--step", min=0.001, help="Seconds between two states of --out.")] = 60.0,
    body: Annotated[int | None, typer.Option("--body", help="The SPICE number in an SPK (.bsp).")] = None,
    mission: MissionOption = "",
    kernel: KernelOption = None,
    prefer: PreferOption = None,
    kernels_for: KernelsForOption = None,
    png: Annotated[Path | None, typer.Option("--png", help="Draw the residuals to this PNG file.")] = None,
    json: JsonOption = False,
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Write the orbit: .oem, .xml or .bsp.")] = None,
    keep: Annotated[
        Path | None, typer.Option("--keep-last-good", help="Where a fit fails: write its last good orbit here, an OPM.")
    ] = None,
    publish: PublishOption = "",
    craft: CraftOption = "",
) -> None:
    """Determine an orbit from Doppler and ranges: batch least squares with editing and an honest covariance."""
    from ..dynamics import DeterminationError
    from ..services import navigation

    furnished(kernel, prefer, kernels_for)
    compiled()
    begin = navigation.read_arcs(orbit)[0]
    if out is not None:
        navigation.check_out(out, body, begin.centre)
    held = navigation.load_tracking(tuple(tracking), tuple(ramps or ()), spacecraft=spacecraft or begin.name)
    chosen = navigation.choose_tracking(
        held, None if start is None else instant(start), None if stop is None else instant(stop), tuple(receiver or ()), kind
    )
    forces = navigation.forces_of(begin.centre, gravity=gravity, degree=degree, area_m2=area, drag_coefficient=drag)
    asked = navigation.parameters_of(tuple(estimate or ()), tuple(consider or ()))
    try:
        found = navigation.fitted(
            begin.first(), held, chosen, forces, mission_of(context, mission), station_files=tuple(stations or ()), mass_kg=mass,
            mask_deg=mask, parameters=asked, until=None if until is None else instant(until), worst_rms=worst, media=media,
            delayed_by=tuple(delayed_by or ()),
        )  # fmt: skip
    except DeterminationError as error:
        _keep(error, begin, keep)
        raise
    table, summary = navigation.fit_table(found), navigation.fit_summary(found, held)
    if out is not None:
        with writing(out):
            arc = navigation.fit_arc(found, step, begin.name, begin.ident)
            navigation.write_arcs((arc,), out, made_at=navigation.tai_now(), body=body)
        say(f"orbit written to {out}")
    picture(png, lambda path: navigation.draw_residuals(found.residuals, path, title=f"Residuals of {begin.name}"))
    _publish(context, publish, craft, found, begin, step)
    if json:
        print_json({"links": rows_as_json(table), **summary})
        return
    print_table(table, title=f"{begin.name} about {begin.centre}: residuals by link")
    print_pairs("Orbit", [(key.replace("_", " "), _said(value)) for key, value in summary.items() if value not in ([], {})])


def _publish(
    context: typer.Context, agency: str, craft: str, found: "Determination", begin: "navigation.Arc", step: float
) -> None:
    """Keep a determined orbit and its residuals as products, where that is asked."""
    if not agency:
        return
    from ..ndm import write
    from ..services import navigation, products

    arc = navigation.fit_arc(found, step, begin.name, begin.ident)
    octets = write(navigation.oem_of((arc,), made_at=navigation.tai_now()))
    span = found.trajectory.span
    about = f"of {begin.name} about {begin.centre} from tracking"
    publish_result(
        context, agency, craft, kind="orbit", title=f"Orbit {about}", span=span, type="fom", files=lambda: {"oem": octets},
        shown=lambda: products.orbit_data(octets, "orbit"),
    )  # fmt: skip
    publish_result(
        context, agency, craft, kind="residuals", title=f"Residuals {about}", span=span, type="fom",
        shown=lambda: navigation.residuals_shown(found),
        draw=lambda path: navigation.draw_residuals(found.residuals, path, title=f"Residuals of {begin.name}"),
    )  # fmt: skip


def _keep(error: "DeterminationError", begin: "navigation.Arc", keep: Path | None) -> None:
    """Tell the last good orbit of a fit that failed, and write it where that is asked; nothing goes to --out."""
    from ..services import navigation

    words, octets = navigation.last_good(error, begin.first(), begin.name, begin.ident, navigation.tai_now())
    if keep is not None:
        with writing(keep):
            keep.write_bytes(octets)
        words += f"; written to {keep}"
    say(words)


def _said(value: object) -> str:
    if isinstance(value, list):
        return "  ".join(_said(one) for one in value)
    if isinstance(value, dict):
        return ", ".join(f"{key} {_said(one)}" for key, one in value.items())
    return f"{value:.9g}" if isinstance(value, float) else str(value)
