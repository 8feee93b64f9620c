"""Rows of the benchmark table: ratios, verdicts, Markdown.

A row is a dict with `name`, `ours`, `peer`, `ratio`, `target` and `unit`, and may have `note` and `raw`. `ratio` is how many
times better ours is, whichever way better goes. A target that is a number is the least ratio; a text such as `<= 75` or
`>= 500` bounds `ours`.
"""

from typing import Any

Row = dict[str, Any]
COLUMNS = ("name", "ours", "peer", "ratio", "target", "unit")
NOT_MEASURED = "not measured"


def rate(name: str, ours: float | None, peer: float | None, unit: str, target: float | str | None = None, **more: Any) -> Row:
    """Return a row of figures of which the higher is better."""
    ratio = ours / peer if ours and peer else None
    return {"name": name, "ours": ours, "peer": peer, "ratio": ratio, "target": target, "unit": unit, **more}


def cost(name: str, ours: float | None, peer: float | None, unit: str, target: float | str | None = None, **more: Any) -> Row:
    """Return a row of figures of which the lower is better."""
    ratio = peer / ours if peer and ours else None
    return {"name": name, "ours": ours, "peer": peer, "ratio": ratio, "target": target, "unit": unit, **more}


def absent(name: str, why: str) -> Row:
    """Return a row that says why there is no figure."""
    return {"name": name, "ours": None, "peer": None, "ratio": None, "target": None, "unit": "", "note": why}


def verdict(row: Row) -> str:
    """Return `met`, `missed`, `not measured`, or nothing where there is no target."""
    target = row["target"]
    if row["ours"] is None and row["peer"] is None:
        return NOT_MEASURED
    if target is None:
        return ""
    value = row["ours"] if isinstance(target, str) else row["ratio"]
    if value is None:
        return NOT_MEASURED
    if not isinstance(target, str):
        good = value >= target
    elif target.startswith(">="):
        good = value >= float(target.removeprefix(">="))
    else:
        good = value <= float(target.removeprefix("<="))
    return "met" if good else "missed"


def figure(value: float | None) -> str:
    """Return a number with three significant digits, or whole above a hundred."""
    if value is None:
        return "-"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"


def markdown(parts: dict[str, list[Row]], runs: dict[str, str] | None = None) -> str:
    """Return one Markdown table of all parts, each under its own heading row with when it ran, and the notes below it."""
    lines = ["| | Aelita | peer | unit | times better | target | |", "|---|---:|---:|---|---:|---:|---|"]
    notes = []
    for part, rows in parts.items():
        when = f" ({runs[part]})" if runs and part in runs else ""
        lines.append(f"| **{part}**{when} | | | | | | |")
        for row in rows:
            mark = ""
            if row.get("note"):
                notes.append(row["note"])
                mark = f" [{len(notes)}]"
            target = row["target"] if isinstance(row["target"], str) else "" if row["target"] is None else f"{row['target']:g}x"
            ratio = "" if row["ratio"] is None else f"{figure(row['ratio'])}x"
            lines.append(
                f"| {row['name']}{mark} | {figure(row['ours'])} | {figure(row['peer'])} | {row['unit']} | {ratio} | {target}"
                f" | {verdict(row)} |"
            )
    if notes:
        lines += ["", *(f"{number}. {note}" for number, note in enumerate(notes, 1))]
    return "\n".join(lines) + "\n"
