"""Tables and samples out of the octets of answers."""

import io
import itertools
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson
from numpy.typing import NDArray

from .core import PREFIX, Query, Steps, request_of
from .errors import AnswerError

if TYPE_CHECKING:
    import polars as pl

ARROW, OCTETS = "application/vnd.apache.arrow.stream", "application/octet-stream"
END_OF_STREAM = b"\xff\xff\xff\xff\0\0\0\0"

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Series:
    """A parameter folded into buckets: NaN is a gap; a bucket with `count` 0 and a number carries a line on.

    `samples` is how many there are in all, `labels` maps raw values of enumerated parameters to words.
    """

    name: str
    units: str
    type: str
    samples: int
    labels: tuple[dict[str, Any], ...]
    minimum: Numbers
    maximum: Numbers
    mean: Numbers
    count: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Samples:
    """Parameters for a plot on one grid of buckets, each `bucket_s` long; `utc` is when each begins.

    `start` and `stop` are the range as RFC 3339 texts, None when there are no samples.
    """

    utc: NDArray[np.datetime64]
    bucket_s: float
    start: str | None
    stop: str | None
    raw: bool
    series: dict[str, Series]

    def __getitem__(self, name: str) -> Series:
        """Return a parameter by its name, or by an end of it that no other here has."""
        if name in self.series:
            return self.series[name]
        found = [one for full, one in self.series.items() if full.endswith(f"/{name.strip('/')}")]
        if len(found) != 1:
            raise KeyError(f"{name}: {'several of' if found else 'none of'} {', '.join(self.series)}")
        return found[0]

    def frame(self) -> "pl.DataFrame":
        """Return one table: `utc`, and for each parameter NAME.min, .max, .mean and .count."""
        import polars as pl

        columns: dict[str, Any] = {"utc": self.utc}
        for name, one in self.series.items():
            columns |= {f"{name}.min": one.minimum, f"{name}.max": one.maximum, f"{name}.mean": one.mean}
            columns[f"{name}.count"] = one.count
        return pl.DataFrame(columns)


def ask_table(path: str, query: Query) -> Steps["pl.DataFrame"]:
    """Return a table, sent as an Arrow stream. Raises AnswerError for another answer, or for one without its end."""
    import polars as pl

    request = request_of("GET", path, {**query, "format": "arrow"}, accept=ARROW)
    answer = yield request
    if answer.media != ARROW:
        raise AnswerError(f"no Arrow stream but {answer.media or 'nothing'}", where=request.where, status=answer.status)
    if not answer.content.endswith(END_OF_STREAM):
        raise AnswerError("the table breaks off", where=request.where, status=answer.status, remedy="Ask again")
    try:
        return pl.read_ipc_stream(io.BytesIO(answer.content))
    except (pl.exceptions.PolarsError, OSError, ValueError) as error:
        raise AnswerError(f"no Arrow stream: {error}", where=request.where, status=answer.status) from error


def ask_samples(path: str, query: Query) -> Steps[Samples]:
    """Return samples in their binary form. Raises AnswerError for another answer."""
    request = request_of("GET", path, query, accept=OCTETS)
    answer = yield request
    if answer.media != OCTETS:
        raise AnswerError(f"no samples but {answer.media or 'nothing'}", where=request.where, status=answer.status)
    try:
        return samples_in(answer.content)
    except (ValueError, KeyError, TypeError, StopIteration) as error:
        raise AnswerError(f"samples in another form: {error!r}", where=f"GET {PREFIX}{path}", status=answer.status) from error


def samples_in(octets: bytes) -> Samples:
    """Return what octets hold: size of a header, the header, beginnings of buckets (ms of UTC), columns of each series."""
    first = 4 + int.from_bytes(octets[:4], "little")
    header = orjson.loads(octets[4:first])
    table = np.frombuffer(octets, "<f8", offset=first).reshape(1 + 4 * len(header["series"]), header["buckets"])
    rows = iter(table[1:])
    series = {one["name"]: _series(one, *itertools.islice(rows, 4)) for one in header["series"]}
    utc = np.round(table[0] * 1e6).astype(np.int64).view("datetime64[ns]")
    return Samples(utc, header["bucket_s"], header["start"], header["stop"], header["raw"], series)


def _series(told: dict[str, Any], low: Numbers, high: Numbers, mean: Numbers, count: Numbers) -> Series:
    labels = tuple(told["labels"])
    return Series(
        told["name"], told["units"], told["type"], told["samples"], labels, low, high, mean, count.astype(np.int64)
    )  # fmt: skip


def arrays_of(frame: "pl.DataFrame") -> dict[str, NDArray[Any]]:
    """Return the columns of a table as NumPy arrays; `utc` as datetime64[ns], numbers with holes as floats with NaN."""
    return {name: frame[name].to_numpy() for name in frame.columns}
