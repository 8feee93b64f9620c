"""`aelita nav attitude`: where a spacecraft will point, by the laws of its mission."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import UsageError
from .navigation import (
    MOST_ROWS,
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
from .navigation_keeping import PublishOption, publish_result
from .options import JsonOption, MissionOption
from .output import deliver, print_json, rows_as_json, say, writing

if TYPE_CHECKING:
    from ..services import attitudes

ClockOption = Annotated[
    Path | None,
    typer.Option("--clock", help="Clock that times a CK: kernel (.tsc) or TOML. Default: one furnished, then the mission's."),
]


def register(app: typer.Typer) -> None:
    """Add the commands to those of `aelita nav`."""
    commands.command("attitude")(attitude)


def attitude(
    context: typer.Context,
    start: StartOption,
    spacecraft: Annotated[str, typer.Argument(help="A spacecraft of the mission. Default: its first.")] = "",
    stop: Annotated[str | None, typer.Option("--stop", help="Last instant, UTC.")] = None,
    days: Annotated[float, typer.Option("--days", min=0.0, max=4000.0, help="How many days, where no --stop is given.")] = 0.1,
    step: Annotated[float, typer.Option("--step", min=0.01, max=1e6, help="Seconds between two attitudes.")] = 30.0,
    law: Annotated[str, typer.Option("--law", help="nadir, sun, earth, ...: a pointing law. Default: as the mission says.")] = "",
    change: Annotated[
        list[str] | None, typer.Option("--change", help="From an instant on another law: 2018-12-08T20:40=burn-along; repeated.")
    ] = None,
    most_rate: Annotated[
        float, typer.Option("--max-rate", min=0.0, max=360.0, help="Greatest rate of turn, deg/s; 0: as the mission says.")
    ] = 0.0,
    orbit: Annotated[
        Path | None, typer.Option("--orbit", help="OEM that holds the orbit, where no kernel does.", exists=True)
    ] = None,
    centre: Annotated[str, typer.Option("--centre", help="Centre of the orbit in kernels. Default: that of the mission.")] = "",
    measured: Annotated[
        list[Path] | None, typer.Option("--measured", help="AEM or CK of what was measured, to compare with.", exists=True)
    ] = None,
    clock: ClockOption = None,
    mission: MissionOption = "",
    kernel: KernelOption = None,
    prefer: PreferOption = None,
    kernels_for: KernelsForOption = None,
    png: PngOption = None,
    limit: LimitOption = 30,
    json: JsonOption = False,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Write to: .aem or .xml (AEM), .bc (CK), .csv, .parquet, .arrow or .json.")
    ] = None,
    publish: PublishOption = "",
) -> None:
    """Predict an attitude: pointing laws along an orbit, slews at a greatest rate; angles to ground, Sun and Earth."""
    from ..services import attitudes, navigation

    furnished(kernel, prefer, kernels_for)
    found_mission = mission_of(context, mission)
    craft = found_mission.craft((spacecraft or found_mission.spacecraft[0].key).casefold())
    first, last = span(start, stop, days)
    if (last - first) / 1e9 / step >= MOST_ROWS:
        raise UsageError(f"a step of {step:g} s makes over {MOST_ROWS:,} attitudes", remedy="Give a longer --step")
    rules = attitudes.read_rules(found_mission, craft)
    motion = attitudes.known_motion(craft, first, last, orbit=orbit, centre=centre)
    structure = rules.structure or craft.naif_id * 1000
    arcs = [
        arc for path in measured or ()
        for arc in attitudes.read_attitudes(path, structure=structure, clock=clock, usual=craft.clock)
    ]  # fmt: skip
    found = attitudes.predict(
        craft, rules, motion, attitudes.epochs_between(first, last, step), law=law, changes=_changes(change or ()),
        most_deg_s=most_rate, measured=arcs,
    )  # fmt: skip
    title = f"Attitude of {craft.name}, {navigation.span_text(first, last)}"
    for remark in found.remarks():
        say(f"aelita: {remark}")
    picture(png, lambda path: attitudes.draw_attitude(found, path, title=title))
    publish_result(
        context, publish, craft.key, kind="attitude", title=title, span=(first, last), type="fop",
        shown=lambda: attitudes.attitude_shown(found), files=lambda: _files(found, clock),
        draw=lambda path: attitudes.draw_attitude(found, path, title=title),
    )  # fmt: skip
    if out is not None and out.suffix.lower() in attitudes.CK_SUFFIXES | attitudes.AEM_SUFFIXES | {".xml"}:
        usual = None if clock or out.suffix.lower() not in attitudes.CK_SUFFIXES else _usual(found)
        with writing(out):
            attitudes.write_attitudes(
                (found.arc(),), out, made_at=navigation.tai_now(), structure=structure, clock=clock, usual=usual,
                comments=(title, *found.remarks()),
            )  # fmt: skip
        say(f"{found.history.epochs.size:,} attitudes written to {out}")
        if json:
            print_json(rows_as_json(found.table()))
        return
    deliver(found.table(), out=out, as_json=json, title=title, limit=limit)


def _changes(texts: list[str] | tuple[str, ...]) -> list[tuple[int, str]]:
    found = []
    for text in texts:
        at, equals, law = text.rpartition("=")
        if not equals:
            raise UsageError(f"{text!r} is no change of law", remedy="Write 2018-12-08T20:40=burn-along")
        found.append((instant(at), law))
    return found


def _usual(found: "attitudes.PredictedAttitude") -> Path | None:
    """Return the mission's clock where none is furnished and it tells of the time of an attitude."""
    from ..services import attitudes

    if attitudes.is_furnished(found.spacecraft.naif_id):
        return None
    return attitudes.clock_reaching(found.spacecraft, int(found.history.epochs[0]))


def _files(found: "attitudes.PredictedAttitude", clock: Path | None) -> dict[str, bytes]:
    """Return the files of a product: an AEM, and a CK where its clock is known."""
    from ..services import attitudes, navigation

    arcs, remarks = (found.arc(),), found.remarks()
    files = {"aem": attitudes.aem_of(arcs, made_at=navigation.tai_now(), comments=remarks)}
    try:
        usual = None if clock else _usual(found)
    except UsageError as error:
        say(f"aelita: no CK is published: {error}")
        return files
    return files | {"bc": attitudes.ck_of(arcs, structure=found.structure, clock=clock, usual=usual, comments=remarks)}
