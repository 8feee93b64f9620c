"""Results for people (tables), for programs (JSON, CSV) and for files."""

import json
import math
import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import UsageError

if TYPE_CHECKING:
    import polars as pl
    from rich.console import Console

ROWS_SHOWN = 40
WIDE = 240  # columns of what is not a terminal
SHORTEST = 12  # letters of a text that are shown at least
LONG = "message"  # the column whose texts are wrapped rather than cut


def console(*, errors: bool = False) -> "Console":
    """Return the terminal: standard output, or standard error for progress and remarks. Files and pipes get long lines."""
    from rich.console import Console

    made = Console(stderr=errors, highlight=False)
    if not made.is_terminal:
        made.width = WIDE
    return made


def say(text: str) -> None:
    """Print a remark for people, which never mixes with results."""
    print(text, file=sys.stderr)


def print_json(value: Any) -> None:
    """Print one JSON document."""
    print(as_json(value))


def as_json(value: Any) -> str:
    """Return one JSON document: octets in hexadecimal, NaN and infinities, for which JSON has no numbers, as texts."""
    return json.dumps(_finite(value), indent=2, ensure_ascii=False, default=_plain, allow_nan=False)


def _finite(value: Any) -> Any:
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if value != value else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, dict):
        return {key: _finite(one) for key, one in value.items()}
    return [_finite(one) for one in value] if isinstance(value, list) else value


def _plain(value: Any) -> Any:
    return value.hex() if isinstance(value, bytes) else str(value)


def print_pairs(title: str, rows: Iterable[tuple[str, Any]]) -> None:
    """Print names and values in two columns."""
    from rich.table import Table
    from rich.text import Text

    table = Table(show_header=False, box=None, padding=(0, 2, 0, 0))
    for name, value in rows:
        table.add_row(Text(name), Text(value if isinstance(value, str) else f"{value:,}"))
    terminal = console()
    terminal.print(Text(title, style="bold"), table, sep="\n")


def print_table(frame: "pl.DataFrame", *, title: str = "", limit: int = ROWS_SHOWN) -> None:
    """Print rows for people, the first and the last when there are more than `limit`.

    In a narrow terminal texts and octets are cut and names of columns wrapped; numbers and times stay whole, in longer lines if
    there is no other way.
    """
    from rich.table import Table
    from rich.text import Text

    head, tail = (frame, frame.clear()) if len(frame) <= limit else (frame.head(limit - limit // 4), frame.tail(limit // 4))
    rows = [[shown(value) for value in row] for row in head.iter_rows()]
    rows += [["…"] * frame.width] if len(tail) else []
    rows += [[shown(value) for value in row] for row in tail.iter_rows()]
    terminal = console()
    table = Table(box=None, padding=(0, 2, 0, 0))
    widths = _widths(frame, rows, terminal.width)
    for (name, dtype), width in zip(frame.schema.items(), widths, strict=True):
        table.add_column(Text(name.replace("_", " ")), justify="right" if dtype.is_numeric() else "left", width=width)
    for row in rows:
        cut = {name: Text(cell, no_wrap=True, overflow="ellipsis") for name, cell in zip(frame.columns, row, strict=True)}
        if LONG in cut:
            cut[LONG] = Text(cut[LONG].plain, overflow="fold")
        table.add_row(*cut.values())
    terminal.width = max(terminal.width, sum(widths) + 2 * len(widths))
    if title:
        terminal.print(Text(title, style="bold"))
    terminal.print(table)
    if len(tail):
        terminal.print(f"{len(frame):,} rows; the first and the last are shown (--limit, --json, --out)", style="dim")


def _widths(frame: "pl.DataFrame", rows: list[list[str]], wide: int) -> list[int]:
    """Return the letters of each column, so that all of them fit into `wide` as far as texts can be cut for it."""
    widths, least = [], []
    for at, (name, dtype) in enumerate(frame.schema.items()):
        values = max((len(row[at]) for row in rows), default=0)
        heading = max(map(len, name.split("_")))
        widths.append(max(values, len(name)))
        least.append(max(values if dtype.is_numeric() or dtype.is_temporal() else min(values, SHORTEST), heading))
    while sum(widths) + 2 * len(widths) > wide and widths != least:
        at = max((at for at in range(len(widths)) if widths[at] > least[at]), key=widths.__getitem__)
        widths[at] -= 1
    return widths


def shown(value: Any) -> str:
    """Return one value as people read it."""
    from datetime import datetime

    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.9g}"
    if isinstance(value, bytes):
        return value[:24].hex(" ") + (f" … ({len(value)} octets)" if len(value) > 24 else "")
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="microseconds")
    if isinstance(value, list):
        return f"[{', '.join(shown(v) for v in value[:6])}{', …' if len(value) > 6 else ''}]"
    return str(value)


def latest_value() -> "pl.Expr":
    """Return what people want to see of `Archive.latest`: label or text, else the number, whole ones without a point."""
    import polars as pl

    def told(number: str) -> "pl.Expr":
        value = pl.col(number)
        whole = (value == value.round(0)) & (value.abs() < 1e15)
        return (
            pl.when(whole)
            .then(value.cast(pl.Int64, strict=False).cast(pl.String))
            .otherwise(value.round_sig_figs(9).cast(pl.String))
        )

    return pl.coalesce("text", told("number"), "raw_text", told("raw_number")).alias("value")


def rows_as_json(frame: "pl.DataFrame") -> list[dict[str, Any]]:
    """Return rows as plain objects: octets in hexadecimal, UTC as ISO 8601 texts with nanoseconds."""
    return ready_for_text(frame).to_dicts()


def ready_for_text(frame: "pl.DataFrame") -> "pl.DataFrame":
    """Return the frame with times as ISO 8601 texts and octets in hexadecimal, so that text formats can hold it."""
    import polars as pl

    changes = []
    for name, dtype in frame.schema.items():
        if isinstance(dtype, pl.Datetime):
            changes.append(pl.col(name).dt.strftime("%Y-%m-%dT%H:%M:%S%.9fZ"))
        elif dtype == pl.Binary:
            changes.append(pl.col(name).bin.encode("hex"))
        elif isinstance(dtype, pl.Decimal):
            changes.append(pl.col(name).cast(pl.UInt64))
    return frame.with_columns(changes)


def deliver(frame: "pl.DataFrame", *, out: Path | None, as_json: bool, title: str = "", limit: int = ROWS_SHOWN) -> None:
    """Write rows to a file by its ending, or print them as JSON or as a table."""
    if out is not None:
        write(frame, out)
        say(f"{len(frame):,} rows written to {out}")
    elif as_json:
        print_json(rows_as_json(frame))
    else:
        print_table(frame, title=title, limit=limit)


def write(frame: "pl.DataFrame", out: Path) -> None:
    """Write rows to a file. Raises UsageError for an ending that says no format, or a file that cannot be written."""
    with writing(out):
        match out.suffix.lower():
            case ".csv":
                _without_lists(ready_for_text(frame)).write_csv(out)
            case ".parquet":
                frame.write_parquet(out)
            case ".arrow" | ".feather" | ".ipc":
                frame.write_ipc(out)
            case ".json":
                out.write_text(as_json(rows_as_json(frame)), "utf-8")
            case ending:
                raise UsageError(
                    f"{ending or 'no ending'} is no format", where=str(out), remedy="Use .csv, .parquet, .arrow or .json"
                )


@contextmanager
def writing(out: Path) -> Iterator[None]:
    """Turn the failures of writing a file into UsageError."""
    from polars.exceptions import PolarsError

    try:
        yield
    except (OSError, PolarsError) as error:
        why = getattr(error, "strerror", None) or error
        raise UsageError(f"cannot be written: {why}", where=str(out)) from error


def write_octets(pieces: Iterable[bytes | None], out: Path) -> None:
    """Write octets one after another to a file. Raises UsageError when it cannot be written."""
    with writing(out), out.open("wb") as file:
        file.writelines(piece for piece in pieces if piece is not None)


def _without_lists(frame: "pl.DataFrame") -> "pl.DataFrame":
    import polars as pl

    lists = [name for name, dtype in frame.schema.items() if isinstance(dtype, pl.List)]
    return frame.with_columns(
        pl.format("[{}]", pl.col(name).cast(pl.List(pl.String)).list.join(" ")).alias(name) for name in lists
    )


def joined(words: Sequence[str], most: int = 8) -> str:
    """Return words as a list for people."""
    return ", ".join(words[:most]) + (f" and {len(words) - most} more" if len(words) > most else "")
