"""`aelita nav pointing|doppler`: what stations are told beforehand."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import UsageError
from .navigation import (
    KernelOption,
    KernelsForOption,
    LimitOption,
    OrbitsOption,
    PngOption,
    PreferOption,
    StartOption,
    commands,
    picture,
    sky_of,
    span,
)  # fmt: skip
from .navigation_keeping import PublishOption, publish_result
from .options import JsonOption, MissionOption
from .output import deliver, print_json, print_table, rows_as_json, say, writing

if TYPE_CHECKING:
    import polars as pl

    from ..ndm import Message
    from ..services import navigation

CraftArgument = Annotated[str, typer.Argument(help="A spacecraft of the mission, or a body of SPICE: MARS.")]
OneStation = Annotated[str, typer.Option("--station", "-s", help="The station of the mission that points and receives.")]
StopOption = Annotated[str | None, typer.Option("--stop", help="Last instant, UTC.")]
DaysOption = Annotated[float, typer.Option("--days", min=0.0, max=40_000.0, help="How many days, where no --stop is given.")]
StepOption = Annotated[float, typer.Option("--step", help="Seconds between two rows.")]
OrbitOption = Annotated[
    Path | None, typer.Option("--orbit", help="The orbit: OEM (KVN, XML) or SPK. Default: kernels.", exists=True)
]
ResultOption = Annotated[
    Path | None, typer.Option("--out", "-o", help="Write to .csv (with a header), .tdm, .kvn or .xml (TDM), .parquet, .arrow.")
]


def register(app: typer.Typer) -> None:
    """Add the commands to those of `aelita nav`."""
    commands.command("pointing")(pointing)
    commands.command("doppler")(doppler)


def pointing(
    context: typer.Context,
    spacecraft: CraftArgument,
    station: OneStation,
    start: StartOption,
    stop: StopOption = None,
    days: DaysOption = 1.0,
    step: StepOption = 10.0,
    uplink: Annotated[bool, typer.Option("--uplink", help="Where to transmit to, by instants of emission.")] = False,
    orbit: OrbitOption = None,
    pressure: Annotated[float | None, typer.Option("--pressure", help="At the station, hPa. Default: standard.")] = None,
    temperature: Annotated[float, typer.Option("--temperature", help="At the station, kelvins.")] = 288.0,
    humidity: Annotated[float, typer.Option("--humidity", help="Relative, at the station: 0 to 1.")] = 0.5,
    mission: MissionOption = "",
    kernel: KernelOption = None,
    prefer: PreferOption = None,
    kernels_for: KernelsForOption = None,
    orbits_of: OrbitsOption = "",
    png: PngOption = None,
    limit: LimitOption = 12,
    json: JsonOption = False,
    out: ResultOption = None,
    publish: PublishOption = "",
) -> None:
    """Tell where an antenna points over the passes of a spacecraft: azimuth, elevation, their rates, range and its rate."""
    from ..services import navigation, predictions

    sky = sky_of(context, mission, kernel, prefer, kernels_for, orbits_of)
    first, last = span(start, stop, days)
    asked = predictions.AskedPasses(spacecraft, station, first, last, step, uplink=uplink, orbit=orbit)
    (antenna,) = sky.stations([station])
    air = predictions.air_over(antenna, pressure_hpa=pressure, temperature_k=temperature, humidity=humidity)
    found, made_at = predictions.predict_pointing(sky, asked, air=air), navigation.tai_now()
    what = "Uplink pointing" if uplink else "Pointing"
    title = f"{what} of {antenna.name} to {_called(sky, spacecraft)}, {navigation.span_text(first, last)}"
    result = _Result(
        "pointing", spacecraft, title, (first, last), found.table, found.summary,
        lambda: predictions.pointing_csv(found, made_at=made_at),
        lambda: predictions.pointing_message(found, made_at=made_at), lambda: predictions.pointing_shown(found),
        lambda path: predictions.draw_pointing(found, path, title=title),
    )  # fmt: skip
    result.give(
        context, [found.passes.remark] if found.passes.remark else [], out=out, png=png, json=json, limit=limit, publish=publish
    )


def doppler(
    context: typer.Context,
    spacecraft: CraftArgument,
    station: OneStation,
    start: StartOption,
    stop: StopOption = None,
    days: DaysOption = 1.0,
    step: StepOption = 10.0,
    transmitter: Annotated[
        str, typer.Option("--transmitter", help="The station that sends: three ways. Default: the one that receives.")
    ] = "",
    uplink_hz: Annotated[
        float | None, typer.Option("--uplink-hz", help="Frequency sent. Default: 7.1675e9, the middle of X-band up (assumed).")
    ] = None,
    ramps: Annotated[
        list[Path] | None, typer.Option("--ramps", help="Text of uplink ramps; may be repeated.", exists=True)
    ] = None,
    ratio: Annotated[str, typer.Option("--ratio", help="Turnaround, downlink over uplink.")] = "880/749",
    downlink_hz: Annotated[
        float | None, typer.Option("--downlink-hz", help="One way: the frequency made on board, instead of an uplink.")
    ] = None,
    count: Annotated[float, typer.Option("--count", help="Seconds over which a frequency is the mean.")] = 2.0,
    delay: Annotated[float, typer.Option("--transponder-delay", help="Seconds on board.")] = 0.0,
    orbit: OrbitOption = None,
    mission: MissionOption = "",
    kernel: KernelOption = None,
    prefer: PreferOption = None,
    kernels_for: KernelsForOption = None,
    orbits_of: OrbitsOption = "",
    png: PngOption = None,
    limit: LimitOption = 12,
    json: JsonOption = False,
    out: ResultOption = None,
    publish: PublishOption = "",
) -> None:
    """Predict the carrier that a station receives over the passes of a spacecraft: frequency, shift, rate, round trip."""
    from ..dynamics import check_frequency
    from ..services import navigation, predictions

    sky = sky_of(context, mission, kernel, prefer, kernels_for, orbits_of)
    first, last = span(start, stop, days)
    asked = predictions.AskedPasses(spacecraft, station, first, last, step, orbit=orbit)
    if downlink_hz is not None and (uplink_hz is not None or ramps or transmitter):
        raise UsageError("--downlink-hz is one way: nothing is sent up", remedy="Leave --uplink-hz, --ramps, --transmitter away")
    if uplink_hz is not None and ramps:
        raise UsageError("--uplink-hz and --ramps tell two uplinks", remedy="Give one of the two")
    on_board_hz = 0.0 if downlink_hz is None else check_frequency(downlink_hz, "--downlink-hz")
    carrier = predictions.AskedCarrier(
        transmitter, on_board_hz, predictions.UPLINK_HZ if uplink_hz is None else uplink_hz,
        predictions.read_uplinks(tuple(ramps or ())), predictions.ratio_of(ratio), count, delay,
    )  # fmt: skip
    found, made_at = predictions.predict_doppler(sky, asked, carrier), navigation.tai_now()
    remarks = list(found.remarks)
    if uplink_hz is None and not ramps and downlink_hz is None:
        remarks.append(f"the uplink is assumed to be {predictions.UPLINK_HZ / 1e6:g} MHz: give --uplink-hz, or --ramps")
    title = f"Carrier of {_called(sky, spacecraft)} at {found.passes.station.name}, {navigation.span_text(first, last)}"
    result = _Result(
        "doppler", spacecraft, title, (first, last), found.table, found.summary,
        lambda: predictions.doppler_csv(found, made_at=made_at),
        lambda: predictions.doppler_message(found, made_at=made_at), lambda: predictions.doppler_shown(found),
        lambda path: predictions.draw_doppler(found, path, title=title),
    )  # fmt: skip
    result.give(context, remarks, out=out, png=png, json=json, limit=limit, publish=publish)


@dataclass(frozen=True, slots=True)
class _Result:
    """What a command worked out, and the forms that it can be given in: each is made only when it is wanted."""

    kind: str
    spacecraft: str
    title: str
    span: tuple[int, int]
    table: "pl.DataFrame"
    summary: "pl.DataFrame"
    text: Callable[[], str]
    message: "Callable[[], Message]"
    shown: Callable[[], dict[str, Any]]
    draw: Callable[[Path], object]

    def give(
        self, context: typer.Context, remarks: Sequence[str], *, out: Path | None, png: Path | None, json: bool, limit: int,
        publish: str,
    ) -> None:  # fmt: skip
        """Say what is to be remarked, draw, write, publish, and print what goes to no file."""
        for remark in remarks:
            say(f"aelita: {remark}")
        if self.table.is_empty():
            say("aelita: there is no instant to predict for: no pass, or nothing that could be received")
        picture(png, self.draw)
        publish_result(
            context, publish, self.spacecraft, kind=self.kind, title=self.title, span=self.span, type="fop", shown=self.shown,
            files=lambda: {"csv": self.text().encode()} | ({"tdm": self._tdm("kvn")} if self.table.height else {}),
            draw=self.draw,
        )  # fmt: skip
        if out is not None and self._written(out):
            return
        if out is None and json:
            print_json({"passes": rows_as_json(self.summary), "rows": rows_as_json(self.table), "remarks": list(remarks)})
            return
        if out is None:
            print_table(self.summary, title=self.title, limit=limit)
        deliver(self.table, out=out, as_json=json, title="", limit=limit)

    def _written(self, out: Path) -> bool:
        """Write to a file of one of our forms, and tell whether its ending names one."""
        ending = out.suffix.lower()
        if ending == ".csv":
            octets = self.text().encode()
        elif ending in (".tdm", ".kvn", ".xml"):
            if self.table.is_empty():
                raise UsageError("a tracking data message of nothing", where=str(out), remedy="Ask for a span with passes")
            octets = self._tdm("xml" if ending == ".xml" else "kvn")
        else:
            return False
        with writing(out):
            out.write_bytes(octets)
        say(f"{self.table.height:,} rows of {self.summary.height} passes written to {out}")
        return True

    def _tdm(self, form: str) -> bytes:
        from ..ndm import write

        return write(self.message(), "xml" if form == "xml" else "kvn", where=self.title)


def _called(sky: "navigation.Sky", spacecraft: str) -> str:
    """Return the name of a spacecraft of the mission, or of a body."""
    return next((one.name for one in sky.mission.spacecraft if one.key == spacecraft.casefold()), spacecraft.title())
