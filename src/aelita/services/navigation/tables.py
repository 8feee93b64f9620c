"""Columns of flight dynamics' tables."""

from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np
import polars as pl

from ...time import tai_ns_from_datetime64, utc_datetime64


def utc_column(epochs_tai_ns: Sequence[int]) -> pl.Series:
    """Return instants (TAI nanoseconds) as a column of UTC."""
    at = np.asarray(epochs_tai_ns, np.int64)
    return pl.Series(utc_datetime64(at)).cast(pl.Datetime("ns"))


def tai_now() -> int:
    """Return the instant that this machine's clock tells, TAI nanoseconds: only to date files."""
    return int(tai_ns_from_datetime64(np.array([datetime.now(UTC).replace(tzinfo=None)], "datetime64[ms]"))[0])
