"""`aelita nav propagate|convert`: orbits as files."""

from pathlib import Path
from typing import Annotated

import typer

from ..errors import UsageError
from .navigation import KernelOption, KernelsForOption, LimitOption, PreferOption, after, commands, compiled, furnished, instant
from .options import JsonOption
from .output import deliver, print_json, say, writing

BodyOption = Annotated[int | None, typer.Option("--body", help="The SPICE number of the object in an SPK (.bsp): -143.")]


def register(app: typer.Typer) -> None:
    """Add the commands to those of `aelita nav`."""
    commands.command("propagate")(propagate)
    commands.command("convert")(convert)


def propagate(
    orbit: Annotated[Path, typer.Argument(help="OPM or OEM (KVN or XML) that holds the state to start from.", exists=True)],
    until: Annotated[str | None, typer.Option("--until", help="Last instant, UTC; earlier than the state: backwards.")] = None,
    hours: Annotated[float, typer.Option("--hours", help="How many hours, where no --until is given.")] = 24.0,
    row: Annotated[int, typer.Option("--row", help="Which state of an OEM to start from: 0 the first, -1 the last.")] = 0,
    gravity: Annotated[
        Path | None, typer.Option("--gravity", help="Public file of gravity coefficients (JGMRO120D, GMM-3, ...).")
    ] = None,
    degree: Annotated[int, typer.Option("--degree", min=0, help="Of the gravity field; 0: all of it, a point without one.")] = 0,
    bodies: Annotated[
        list[str] | None, typer.Option("--third-body", help="Bodies that pull too, by SPICE name. Default: Sun, planets.")
    ] = None,
    mass: Annotated[float | None, typer.Option("--mass", min=0.001, help="kg. Default: as the OPM tells, else 1000.")] = None,
    area: Annotated[float, typer.Option("--area", min=0.0, help="Cross section, m2, for sunlight and drag.")] = 0.0,
    reflectivity: Annotated[float, typer.Option("--reflectivity", min=0.0, max=1.0, help="Of sunlight.")] = 0.3,
    drag: Annotated[float, typer.Option("--drag", min=0.0, help="Drag coefficient, about Mars; 0: no air.")] = 0.0,
    dust: Annotated[float | None, typer.Option("--dust", help="Optical depth of dust. Default: usual for the season.")] = None,
    step: Annotated[float, typer.Option("--step", min=0.001, help="Seconds between two states.")] = 60.0,
    name: Annotated[str, typer.Option("--name", help="Of the object; default: as in the file.")] = "",
    body: BodyOption = None,
    kernel: KernelOption = None,
    prefer: PreferOption = None,
    kernels_for: KernelsForOption = None,
    limit: LimitOption = 12,
    json: JsonOption = False,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Write to .oem, .xml (OEM), .bsp (SPK), .csv, .parquet, .arrow or .json.")
    ] = None,
) -> None:
    """Propagate an orbit: gravity of any degree, third bodies, relativity, sunlight, drag and the manoeuvres of an OPM."""
    from ..services import navigation

    furnished(kernel, prefer, kernels_for)
    arc = navigation.read_arcs(orbit)[0 if row >= 0 else -1]
    if not -len(arc.epochs) <= row < len(arc.epochs):
        raise UsageError(f"there is no state {row}", where=str(orbit), remedy=f"It has {len(arc.epochs)}")
    start = arc.at(row)
    last = instant(until) if until is not None else after(start.epoch_tai_ns, hours)
    forces = navigation.forces_of(
        start.centre, gravity=gravity, degree=degree, bodies=bodies, area_m2=area, reflectivity=reflectivity,
        drag_coefficient=drag, dust=dust,
    )  # fmt: skip
    as_orbit = out is not None and out.suffix.lower() in (".oem", ".kvn", ".txt", ".xml", ".bsp", ".spk")
    if out is not None and as_orbit:
        navigation.check_out(out, body, start.centre)
    compiled()
    made = navigation.propagated(start, forces, last, step, name=name or arc.name, ident=arc.ident, mass_kg=mass, opm=orbit)
    if made.told:
        say(made.told)
    if out is not None and as_orbit:
        with writing(out):
            navigation.write_arcs(made.arcs, out, made_at=navigation.tai_now(), body=body)
        say(f"{sum(len(each.epochs) for each in made.arcs):,} states about {start.centre} written to {out}")
        return
    import polars as pl

    title = f"{name or arc.name} about {start.centre}, J2000"
    deliver(pl.concat([each.table() for each in made.arcs]), out=out, as_json=json, title=title, limit=limit)


def convert(
    source: Annotated[
        Path, typer.Argument(help="A navigation message: OEM, OPM, OMM, OCM, AEM, APM, TDM, CDM, RDM, ...; or a CK.", exists=True)
    ],
    out: Annotated[Path, typer.Argument(help="Where to: .xml, .kvn (or .oem, .tdm, ...), .bsp for orbits, .bc for attitudes.")],
    body: BodyOption = None,
    clock: Annotated[
        Path | None, typer.Option("--clock", help="Clock of the spacecraft (.tsc or TOML), for a CK.", exists=True)
    ] = None,
    json: JsonOption = False,
) -> None:
    """Convert a navigation message between KVN, XML, SPK and CK; what breaks its standard is refused by line and keyword."""
    from ..services import navigation

    with writing(out):
        told = navigation.convert(source, out, made_at=navigation.tai_now(), body=body, clock=clock)
    if json:
        print_json({"source": source, "out": out, "message": told})
    else:
        say(f"{told}: written to {out}")
