"""What is asked of flight dynamics: passes, light times, events, states, and products."""

import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

import orjson

from .answers_navigation import (
    AttitudeItems,
    DopplerPrediction,
    LightTimeItem,
    NavigationEvents,
    NavigationPass,
    NavigationProduct,
    NavigationStates,
    PointingPrediction,
    ShownProduct,
)
from .core import Asynchronous, Call, Request, Steps, Synchronous, T, ask, json_in, path_of, request_of
from .errors import AnswerError
from .instants import Time, instant_text

Kind = Literal[
    "orbit", "attitude", "tracking", "clock", "residuals", "passes", "events", "porkchop", "cruise", "corridor", "launch",
    "pointing", "doppler",
]  # fmt: skip
MOST_PRODUCTS = 1000


def passes(
    spacecraft: str | Sequence[str], start: Time, stop: Time, *, stations: Sequence[str] = ()
) -> Steps[list[NavigationPass]]:
    """Return when spacecraft stand over the horizons of stations (of all when none is named), by their start."""
    query = [*_each("spacecraft", spacecraft), *_each("station", stations), *_span(start, stop)]
    told = yield from _ask("/navigation/passes", query)
    found: list[NavigationPass] = told["rows"]
    return found


def light_time(
    observer: str, spacecraft: str, at: Time, *, stop: Time = None, step_s: float = 600.0
) -> Steps[list[LightTimeItem]]:
    """Return light times (s) to and from a spacecraft at an instant at the observer, or every `step_s` until `stop`."""
    query = {"observer": observer, "spacecraft": spacecraft, "at": instant_text(at), "stop": instant_text(stop), "step_s": step_s}
    told = yield from ask("GET", "/navigation/light-time", query)
    found: list[LightTimeItem] = told["rows"]
    return found


def events(spacecraft: str, start: Time, stop: Time, *, kinds: Sequence[str] = ()) -> Steps[NavigationEvents]:
    """Return events of a spacecraft's orbit and solar conjunctions, of some kinds or all, and from what the orbit is known."""
    query = [("spacecraft", spacecraft), *_each("kind", kinds), *_span(start, stop)]
    return (yield from _ask("/navigation/events", query))


def pointing(
    spacecraft: str, station: str, start: Time, stop: Time, *, step_s: float = 60.0, uplink: bool = False
) -> Steps[PointingPrediction]:
    """Return where the antenna of a station points over the passes of a spacecraft, in columns; with `uplink` to transmit."""
    query = [("spacecraft", spacecraft), ("station", station), ("step_s", str(step_s)), *_span(start, stop)]
    return (yield from _ask("/navigation/pointing", [*query, ("uplink", "true" if uplink else "false")]))


def doppler(
    spacecraft: str, station: str, start: Time, stop: Time, *, step_s: float = 60.0, transmitter: str = "",
    uplink_hz: float | None = None, downlink_hz: float | None = None, ratio: str = "880/749", count_s: float = 2.0,
) -> Steps[DopplerPrediction]:  # fmt: skip
    """Return which carrier a station receives over the passes of a spacecraft, in columns.

    It is what `transmitter` (the station itself for nothing) sends at `uplink_hz`, turned around by `ratio`, or one way what is
    made on board at `downlink_hz`; each frequency is the mean over `count_s`.
    """
    query = [("spacecraft", spacecraft), ("station", station), ("step_s", str(step_s)), *_span(start, stop)]
    query += [("transmitter", transmitter), ("ratio", ratio), ("count_s", str(count_s))]
    frequencies = (("uplink_hz", uplink_hz), ("downlink_hz", downlink_hz))
    query += [(name, repr(float(value))) for name, value in frequencies if value is not None]
    return (yield from _ask("/navigation/doppler", query))


def attitude(spacecraft: str, start: Time, stop: Time, *, step_s: float = 60.0, law: str = "") -> Steps[AttitudeItems]:
    """Return the predicted attitude of a spacecraft every `step_s` (2,000 at most), by the mission's laws or one of them."""
    query = [("spacecraft", spacecraft), ("step_s", str(step_s)), *_span(start, stop)]
    return (yield from _ask("/navigation/attitude", [*query, *([("law", law)] if law else [])]))


def states(
    targets: str | Sequence[str], start: Time, stop: Time, *, centre: str = "SUN", count: int = 200,
    frame: Literal["ECLIPJ2000", "J2000"] = "ECLIPJ2000",
) -> Steps[NavigationStates]:  # fmt: skip
    """Return where bodies and spacecraft are from a centre (km), at so many instants."""
    query = [*_each("target", targets), ("centre", centre), ("count", str(count)), ("frame", frame), *_span(start, stop)]
    return (yield from _ask("/navigation/states", query))


def products(kind: Kind | None = None, spacecraft: str = "", *, limit: int | None = None) -> Steps[list[NavigationProduct]]:
    """Return products of flight dynamics, those made last first: all for a `limit` of None."""
    found: list[NavigationProduct] = []
    before = ""
    while limit is None or len(found) < limit:
        most = MOST_PRODUCTS if limit is None else min(MOST_PRODUCTS, limit - len(found))
        query = {"kind": kind, "spacecraft": spacecraft, "limit": most, "before": before}
        told = yield from ask("GET", "/navigation/products", query)
        found += told["rows"]
        before = str(told["next"] or "")
        if not before:
            break
    return found


def product(ident: str) -> Steps[ShownProduct]:
    """Return a product with what is shown of it. Raises NotFoundError."""
    return (yield from ask("GET", path_of("navigation/products", ident)))


def product_file(ident: str, name: str) -> Steps[bytes]:
    """Return a file of a product. Raises NotFoundError; AnswerError when it did not arrive as it was published."""
    about = yield from product(ident)
    digests = {one["name"]: one["sha256"] for one in about["files"]}
    request = request_of("GET", path_of("navigation/products", ident, "files", name), accept="*/*")
    answer = yield request
    if hashlib.sha256(answer.content).hexdigest() != digests.get(name):
        raise AnswerError(f"{name} arrived damaged", where=request.where, status=answer.status, remedy="Fetch it again")
    return answer.content


def fetch_product(ident: str, folder: str | Path) -> Steps[list[Path]]:
    """Fetch the files of a product into a folder, and return them. Each has its name only when it is whole."""
    into = Path(folder)
    into.mkdir(parents=True, exist_ok=True)
    about = yield from product(ident)
    made = []
    for one in about["files"]:
        octets = yield from product_file(ident, one["name"])
        part = into / f"{Path(one['name']).name}.part"
        part.write_bytes(octets)
        made.append(part.replace(into / Path(one["name"]).name))
    return made


def publish(
    kind: Kind, spacecraft: str, title: str, start: Time, stop: Time, *, files: Mapping[str, bytes] | Sequence[str | Path] = (),
    data: Mapping[str, Any] | None = None, type: str = "fop", label: str = "", grade: str = "",
) -> Steps[NavigationProduct]:  # fmt: skip
    """Publish a product, or the next version of one: paths, or octets by ending ("oem"), and what is shown of it.

    `type` has the three letters of the ExoMars convention. Raises ForbiddenError without the permission, RequestError for what is
    no such product.
    """
    record = {
        "kind": kind, "spacecraft": spacecraft, "title": title, "start": instant_text(start), "stop": instant_text(stop),
        "type": type, "label": label, "grade": grade,
    }  # fmt: skip
    given = files.items() if isinstance(files, Mapping) else [(Path(one).name, Path(one).read_bytes()) for one in files]
    parts = [("record", "", orjson.dumps(record))]
    parts += [("files", name if "." in name else f"product.{name}", octets) for name, octets in given]
    if data is not None:
        parts.append(("data", "data.json", orjson.dumps(dict(data), option=orjson.OPT_SERIALIZE_NUMPY)))
    media, body = _multipart(parts)
    request = Request("POST", "/navigation/products", body=body, media=media)
    told: NavigationProduct = json_in((yield request), request.where)
    return told


def _multipart(parts: Sequence[tuple[str, str, bytes]]) -> tuple[str, bytes]:
    """Return media type and body of a form (RFC 7578): names, names of files (empty: a plain text), octets."""
    boundary = hashlib.sha256(b"\0".join(octets for _, _, octets in parts)).hexdigest()
    made = []
    for name, file, octets in parts:
        about = "".join(each if each.isprintable() and each not in '"\\' else "_" for each in file)
        head = f'Content-Disposition: form-data; name="{name}"' + (f'; filename="{about}"' if file else "")
        media = "\r\nContent-Type: application/octet-stream" if file else ""
        made.append(f"--{boundary}\r\n{head}{media}\r\n\r\n".encode() + octets + b"\r\n")
    return f"multipart/form-data; boundary={boundary}", b"".join(made) + f"--{boundary}--\r\n".encode()


def _ask(path: str, query: Sequence[tuple[str, str]]) -> Steps[Any]:
    """Ask with names that may be given several times."""
    request = Request("GET", path, tuple(query))
    return json_in((yield request), request.where)


def _each(name: str, values: str | Sequence[str]) -> list[tuple[str, str]]:
    return [(name, one) for one in ([values] if isinstance(values, str) else values)]


def _span(start: Time, stop: Time) -> list[tuple[str, str]]:
    told = (("start", instant_text(start)), ("stop", instant_text(stop)))
    return [(name, text) for name, text in told if text]


class NavigationCalls:
    """What one can ask of flight dynamics. A call of `Client` returns when it is done, one of `AsyncClient` is awaited."""

    passes = Call(passes)
    light_time = Call(light_time)
    events = Call(events)
    pointing = Call(pointing)
    doppler = Call(doppler)
    attitude = Call(attitude)
    states = Call(states)
    products = Call(products)
    product = Call(product)
    product_file = Call(product_file)
    fetch_product = Call(fetch_product)
    publish = Call(publish)


class Navigation(NavigationCalls, Synchronous):
    """Flight dynamics with calls that return when they are done."""

    def __init__(self, client: Synchronous) -> None:
        self._client = client

    def run(self, steps: Steps[T]) -> T:
        """Do what a call asks for, and return what it returns. Raises InterfaceError."""
        return self._client.run(steps)


class AsyncNavigation(NavigationCalls, Asynchronous):
    """Flight dynamics with calls that are awaited."""

    def __init__(self, client: Asynchronous) -> None:
        self._client = client

    async def run(self, steps: Steps[T]) -> T:
        """Do what a call asks for, and return what it returns. Raises InterfaceError."""
        return await self._client.run(steps)
