"""What stations are told beforehand: where to point their antennas, and which carrier will come."""

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Depends, Query

from .answers import PROBLEMS, Instant, utc_text
from .identity import may
from .navigation_desk import bounded
from .prediction_items import DopplerPrediction, PointingPrediction, PredictedPass
from .routes_navigation import Desk, Name

if TYPE_CHECKING:
    import polars as pl

    from ..services import predictions

router = APIRouter(prefix="/navigation", tags=["navigation"], dependencies=[Depends(may("view"))], responses=PROBLEMS)

MOST_DAYS, MOST_POINTING_ROWS, MOST_DOPPLER_ROWS = 31.0, 10_000, 5_000
Step = Annotated[float, Query(ge=0.1, le=3600.0)]


@router.get("/pointing")
def pointing(
    desk: Desk, spacecraft: Name, station: Name, start: Instant = None, stop: Instant = None, step_s: Step = 60.0,
    uplink: bool = False,
) -> PointingPrediction:  # fmt: skip
    """Tell where the antenna of a station points over the passes of a spacecraft, by instants of reception or of emission."""
    from ..services import predictions

    first, last = bounded(start, stop, MOST_DAYS, "pointing")
    asked = predictions.AskedPasses(
        spacecraft, station, first, last, step_s, uplink=uplink, most_rows=MOST_POINTING_ROWS
    )  # fmt: skip
    sky = desk.sky
    found = desk.answer(("pointing", asked), lambda: predictions.predict_pointing(sky, asked))
    about = _about(found.passes, found.table, found.summary, [found.passes.remark] if found.passes.remark else [])
    return PointingPrediction(**about, uplink=uplink, refractivity=found.air.units)


@router.get("/doppler")
def doppler(
    desk: Desk, spacecraft: Name, station: Name, start: Instant = None, stop: Instant = None, step_s: Step = 60.0,
    transmitter: Annotated[str, Query(max_length=64)] = "", uplink_hz: Annotated[float | None, Query()] = None,
    downlink_hz: Annotated[float | None, Query()] = None, ratio: Annotated[str, Query(max_length=40)] = "880/749",
    count_s: Annotated[float, Query(ge=0.1, le=3600.0)] = 2.0,
) -> DopplerPrediction:  # fmt: skip
    """Tell which carrier a station receives over the passes of a spacecraft: of what it sent, or of what `transmitter` sent.

    `ratio` is downlink over uplink. With `downlink_hz`, the frequency made on board, it is one way. The uplink that is not given
    is the middle of the X-band up to deep space.
    """
    from ..dynamics import check_frequency
    from ..services import predictions

    first, last = bounded(start, stop, MOST_DAYS, "carriers")
    asked = predictions.AskedPasses(spacecraft, station, first, last, step_s, most_rows=MOST_DOPPLER_ROWS)
    on_board_hz = 0.0 if downlink_hz is None else check_frequency(downlink_hz, "downlink_hz")
    sent_hz = predictions.UPLINK_HZ if uplink_hz is None else uplink_hz
    carrier = predictions.AskedCarrier(
        transmitter, on_board_hz, sent_hz, ratio=predictions.ratio_of(ratio), count_s=count_s
    )  # fmt: skip
    sky = desk.sky
    question = ("doppler", asked, transmitter, on_board_hz, sent_hz, carrier.ratio, count_s)
    found = desk.answer(question, lambda: predictions.predict_doppler(sky, asked, carrier))
    about = _about(found.passes, found.table, found.summary, list(found.remarks))
    sender = "" if found.transmitter is None else found.transmitter.key
    return DopplerPrediction(**about, ways=found.ways, transmitter=sender, count_s=count_s)


def _about(found: "predictions.Passes", table: "pl.DataFrame", summary: "pl.DataFrame", remarks: list[str]) -> dict[str, Any]:
    """Return the columns of a table as JSON has them, and what is told with them."""
    import polars as pl

    form = "%Y-%m-%dT%H:%M:%S%.9fZ"
    texts = table.with_columns(pl.col(pl.Datetime).dt.strftime(form)).rename({"pass": "pass_number"})
    spans = [(one.start, one.stop) for _, one in found.spans]
    passes = [
        PredictedPass(
            number=row["pass"], start=utc_text(first), stop=utc_text(last), duration_s=row["duration_s"],
            max_elevation_deg=row["max_elevation_deg"],
        )
        for row, (first, last) in zip(summary.iter_rows(named=True), spans, strict=True)
    ]  # fmt: skip
    about = {"spacecraft": found.asked.spacecraft, "station": found.station.key, "known": found.known.source}
    return {**about, "remarks": remarks, "passes": passes, **texts.to_dict(as_series=False)}
