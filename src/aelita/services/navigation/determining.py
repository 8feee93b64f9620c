"""Orbit determination as a job: tracking files, stations and a first orbit in; an orbit, residuals and a picture out."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl

from ...dynamics import (
    Determination,
    DeterminationError,
    Forces,
    Kind,
    Network,
    Observations,
    Parameter,
    Ramps,
    Refusal,
    Rules,
    Setting,
    StateVector,
    determine,
    join_ramps,
    read_ramps,
    read_tracking,
    residual_table,
    tracking_of_message,
)  # fmt: skip
from ...errors import UsageError
from ...ndm import Block, Composite, Epoch, Message, Segment, epochs_from_tai_ns, read, write
from ...time import SECOND, utc_from_tai_ns
from ..missions import Mission
from .orbit_files import ORIGINATOR, STATE_COLUMNS, Arc
from .reading import unpacked
from .tracking_media import with_media
from .tracking_stations import ZENITH_DRY_M, ZENITH_WET_M, known_stations

AXES = ("radial", "along", "across")


@dataclass(frozen=True, slots=True)
class Tracking:
    """What tracking files hold: observations, ramps of uplinks by station, and what was left out and why."""

    observations: tuple[Observations, ...]
    ramps: dict[str, Ramps]
    refused: tuple[Refusal, ...]


def load_tracking(paths: tuple[Path, ...], ramps: tuple[Path, ...] = (), *, spacecraft: str = "") -> Tracking:
    """Return what files of tracking hold: TDM (KVN or XML), or text of measurements with ramps beside it, gzip or not."""
    found: list[Observations] = []
    uplinks: dict[str, Ramps] = {}
    refused: list[Refusal] = []
    for path in paths:
        octets = unpacked(path)
        if _is_message(octets):
            message = read(octets, where=str(path))
            if isinstance(message, Composite):
                raise UsageError("several messages in one", where=str(path), remedy="Give one TDM a file")
            observed, its_ramps, left = tracking_of_message(message, spacecraft=spacecraft, where=str(path))
            uplinks = join_ramps(uplinks, its_ramps)
        else:
            observed, left = read_tracking(_text(octets, path), where=str(path))
        found += observed
        refused += left
    for path in ramps:
        uplinks = join_ramps(uplinks, read_ramps(_text(unpacked(path), path), where=str(path)))
    return Tracking(tuple(found), uplinks, tuple(refused))


def choose_tracking(
    tracking: Tracking, start: int | None, stop: int | None, receivers: tuple[str, ...], kind: str
) -> tuple[Observations, ...]:
    """Return the observations of a span, of receivers and a kind if they are named (`range`: both sorts).

    Raises UsageError for a kind or receiver that is none, and when nothing is left: with what there is and what was left out.
    """
    names = {one: one.name.casefold() for one in Kind}
    wanted = {
        one for one, name in names.items() if kind.casefold() in ("", name, name.split("_")[0] if "range" in name else name)
    }
    if not wanted:
        raise UsageError(f"{kind!r} is no kind of tracking", remedy=f"Name one of range, {', '.join(names.values())}")
    there = sorted({one.receiver for one in tracking.observations})
    absent = [name for name in receivers if name not in there]
    if absent and there:
        raise UsageError(f"{', '.join(absent)} received nothing", remedy=f"Receivers of these files: {', '.join(there)}")
    found = tuple(one for one in cut(tracking, start, stop, receivers) if one.kind in wanted)
    if not found:
        held = "; ".join(
            f"{one.size} {one.where}, {' to '.join(utc_from_tai_ns(int(at), 0) for at in one.epochs_tai_ns[[0, -1]])}"
            for one in tracking.observations
        )
        left = "; ".join(f"{one.count} {one.where}: {one.reason}" for one in tracking.refused)
        raise UsageError(
            f"no observation is left. There are {held or 'none that can be used'}. Left out were {left or 'none'}",
            remedy="Look at --start, --stop, --receiver, --kind and --spacecraft",
        )  # fmt: skip
    return found


def cut(tracking: Tracking, start: int | None, stop: int | None, stations: tuple[str, ...] = ()) -> tuple[Observations, ...]:
    """Return the observations between two instants (TAI nanoseconds), of receivers if some are named, without empty ones."""
    first, last = (start if start is not None else -(2**62)), (stop if stop is not None else 2**62)
    chosen = (one.between(first, last) for one in tracking.observations if not stations or one.receiver in stations)
    return tuple(one for one in chosen if one.size)


def fitted(
    guess: StateVector, tracking: Tracking, observations: tuple[Observations, ...], forces: Forces, mission: Mission, *,
    station_files: tuple[Path, ...] = (), mass_kg: float = 1000.0, mask_deg: float = 8.0,
    parameters: tuple[Parameter, ...] = (), until: int | None = None, worst_rms: float | None = None, media: bool = False,
    delayed_by: tuple[str, ...] = (),
) -> Determination:  # fmt: skip
    """Return the orbit that fits observations best; errors are those of `determine`."""
    network = Network(known_stations(mission, station_files), tracking.ramps, centre=guess.centre, delayed_by=delayed_by)
    if media:
        network = with_media(network, observations)
    rules = Rules() if worst_rms is None else Rules(worst_rms=worst_rms)
    setting = Setting(forces, network, mass_kg, mask_deg)
    return determine(guess, observations, setting, parameters=parameters, rules=rules, until_tai_ns=until, try_scales=True)


def fit_table(found: Determination) -> pl.DataFrame:
    """Return a row a link: what was observed, used, and mean and rms of the residuals in the unit of the observations."""
    return pl.DataFrame([dict(row) for row in residual_table(found)])


def fit_summary(found: Determination, tracking: Tracking) -> dict[str, object]:
    """Return what a person asks first: state, sigmas, iterations, what was not used and why."""
    state, estimate = found.state, found.estimate
    deviations = np.sqrt(np.diag(found.covariance))
    left = (*tracking.refused, *found.edited())
    return {
        "epoch_utc": utc_from_tai_ns(state.epoch_tai_ns, 6),
        "centre": state.centre,
        "position_km": state.position_km.tolist(),
        "velocity_km_s": state.velocity_km_s.tolist(),
        "sigma_position_km": deviations[:3].tolist(),
        "sigma_velocity_km_s": deviations[3:].tolist(),
        "iterations": len(estimate.iterations),
        "converged": estimate.converged,
        "weighted_rms": estimate.rms,
        "parameters": {
            name: {"value": float(value), "sigma": float(np.sqrt(estimate.honest[at, at]))}
            for at, (name, value) in enumerate(zip(estimate.names, estimate.values, strict=True))
            if at >= 6
        },
        "considered": list(estimate.considered),
        "assumed": _assumed(found),
        "not_used": [{"link": one.where, "reason": one.reason, "count": one.count} for one in left],
        "notes": list(estimate.notes),
    }


def _assumed(found: Determination) -> list[str]:
    """Return what no file told, in words."""
    told = [f"sigma of {kind} {sigma:g}" for kind, sigma in sorted(_sigmas(found).items())]
    if found.network.delay is not None:
        return [*told, "media by models of a usual day"]
    names = {name for one in found.residuals for name in (one.observations.transmitter, one.observations.receiver)}
    usual = sorted(
        name
        for name in names & set(found.network.stations)
        if (found.network.stations[name].zenith_dry_m, found.network.stations[name].zenith_wet_m) == (ZENITH_DRY_M, ZENITH_WET_M)
    )
    return [*told, *(f"zenith delays of {name}: {ZENITH_DRY_M:g} m dry, {ZENITH_WET_M:g} m wet" for name in usual)]


def _sigmas(found: Determination) -> dict[str, float]:
    return {str(one.observations.kind): float(np.median(one.observations.sigma)) for one in found.residuals}


def fit_arc(found: Determination, step_s: float, name: str, ident: str = "") -> Arc:
    """Return the determined orbit as states every so many seconds over its whole span."""
    first, last = found.trajectory.span
    epochs = np.append(np.arange(first, last, round(step_s * SECOND), dtype=np.int64), last)
    return Arc(name, found.state.centre, epochs, found.trajectory.states(epochs), ident)


def last_good(error: DeterminationError, guess: StateVector, name: str, ident: str, made_at: int) -> tuple[str, bytes]:
    """Return in words, and as an OPM to begin again with, the last orbit that a fit which failed had made better.

    Where no step did, that is the orbit it began with.
    """
    found = error.last_good
    six = guess.six if found is None else found.values[:6]
    place, speed = (" ".join(f"{value:.{digits}f}" for value in part) for part, digits in ((six[:3], 3), (six[3:], 6)))
    what = "that it began with"
    if found is not None:
        doubt = "" if found.rms < Rules().worst_rms else ": not one to fly by"
        what = f"weighted rms {found.rms:.3g} with {int(found.used.sum())} observations{doubt}"
    epoch = epochs_from_tai_ns(np.array([guess.epoch_tai_ns, made_at]), "UTC")
    header = Block("header", {"CREATION_DATE": epoch[1], "ORIGINATOR": ORIGINATOR})
    meta = {"OBJECT_NAME": name, "OBJECT_ID": ident or name, "CENTER_NAME": guess.centre, "REF_FRAME": "EME2000"}
    comment = f"Not determined: the last good orbit of a fit that failed ({what})"
    state: dict[str, str | float | Epoch] = dict(zip(STATE_COLUMNS, map(float, six), strict=True))
    blocks = (Block("stateVector", {"EPOCH": epoch[0], **state}, comments=(comment,)),)
    message = Message("OPM", "2.0", header, (Segment(Block("metadata", {**meta, "TIME_SYSTEM": "UTC"}), blocks),))
    words = (
        f"last good orbit ({what}): {utc_from_tai_ns(guess.epoch_tai_ns, 6)} UTC, about {guess.centre}: {place} km, {speed} km/s"
    )
    return words, write(message, "kvn")


def parameters_of(estimated: tuple[str, ...], considered: tuple[str, ...]) -> tuple[Parameter, ...]:
    """Return parameters of texts `name`, `name=value` or `name=value:sigma`; considered ones need a sigma.

    Values default to 0, but 1 for scales (`drag`, `solar_pressure`). Raises UsageError for numbers that are none.
    """
    found = []
    for texts, consider in ((estimated, False), (considered, True)):
        for text in texts:
            name, _, numbers = text.partition("=")
            value, _, sigma = numbers.partition(":")
            usual = 1.0 if name.strip() in ("drag", "solar_pressure") else 0.0
            try:
                given = float(value) if value.strip() else usual
                known = float(sigma) if sigma.strip() else float("inf")
            except ValueError as error:
                raise UsageError(f"{text!r} is no parameter: {error}", remedy="Write name=value:sigma") from error
            found.append(Parameter(name.strip(), given, known, consider))
    return tuple(found)


def _is_message(octets: bytes) -> bool:
    head = octets[:4000]
    return b"CCSDS_TDM_VERS" in head or b"<?xml" in head.replace(b"\0", b"") or b"<tdm" in head


def _text(octets: bytes, path: Path) -> str:
    try:
        return octets.decode("utf-8")
    except UnicodeDecodeError as error:
        raise UsageError(f"is no text: {error}", where=str(path)) from error
