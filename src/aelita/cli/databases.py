"""`aelita mdb`: mission databases checked, shown and compared; `aelita missions` and `aelita config`."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import typer

from ..errors import UsageError
from .options import JsonOption, MdbOption, MissionOption, settings
from .output import console, joined, print_json, print_pairs, print_table, say

commands = typer.Typer(no_args_is_help=True, help="Check, show and compare mission databases (XTCE).")
FilesArgument = Annotated[list[Path], typer.Argument(help="XTCE files, read together.")]
LISTED = {
    "defect": "wrong in the file, the rest is used",
    "unsupported": "not acted upon",
    "repaired": "read as it must be meant",
}


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    app.add_typer(commands, name="mdb")
    app.command()(missions)
    app.command()(config)


@commands.command("check")
def check_database(
    files: FilesArgument,
    json: JsonOption = False,
    everything: Annotated[bool, typer.Option("--all", help="List harmless findings too.")] = False,
) -> None:
    """Tell what of a mission database is acted upon, and what is not, with line numbers. Exit code 1 for defects."""
    from ..mdb import check, compile_database, load_database

    found = check(compile_database(load_database(files)))
    if json:
        print_json(found)
    else:
        named = f"{found['name']} {found['version']}".strip()
        counts = ((name.replace("_", " "), number) for name, number in found["counts"].items())
        print_pairs(named, [*counts, ("fixed layouts", found["fixed"]), ("layouts by packet", len(found["dynamic"]))])
        for line in _findings(found, everything):
            console().print(line, soft_wrap=True, markup=False)
        say("usable" if found["usable"] else "usable in part: see the defects above")
    if not found["usable"]:
        raise typer.Exit(1)


def _findings(found: dict[str, Any], everything: bool) -> Iterator[str]:
    for name, reason in found["stopped"].items():
        yield f"{name}: read no further: {reason}"
    for severity, rows in found["findings"].items():
        if severity not in LISTED and not everything:
            if rows:
                yield f"{len(rows)} more are harmless (--all lists them)"
            continue
        if rows:
            yield f"\n{severity} ({LISTED.get(severity, 'harmless')}):"
        for row in rows:
            yield f"  {row['file']}:{row['line']}: {row['element']}: {row['message']}"


@commands.command("show")
def show_definition(
    context: typer.Context,
    name: Annotated[
        str, typer.Argument(help="A parameter, container or command: its qualified name, the end of it, or an alias.")
    ],
    mdb: MdbOption = None,
    mission: MissionOption = "",
    json: JsonOption = False,
) -> None:
    """Show a parameter, container or command: types, encoding, calibration, limits, arguments, and at which bits it lies."""
    import polars as pl

    from ..mdb import show
    from ..services import Library, find_mission

    wanted = settings(context, mission=mission)["mission"]
    crafts = find_mission(wanted).spacecraft if wanted else ()
    paths = mdb or list(dict.fromkeys(path for one in crafts for path in one.command_databases))
    if not paths:
        raise UsageError("no database is named", remedy="Give --mdb FILE or --mission NAME")
    found = show(Library().take(paths)[1], name)
    if json:
        print_json(found)
        return
    for one in found:
        fields = one.pop("fields", [])
        if fields:
            one.pop("entries", None)
        print_pairs(f"{one['kind']} {one['name']}", _facts(one))
        if fields:
            rows = [
                {
                    "first bit": f["first_bit"],
                    "octet": f["octet"],
                    "bits": f["bits"],
                    "column": f["column"],
                    "type": f.get("type", ""),
                }
                for f in fields
            ]
            print_table(pl.DataFrame(rows), limit=len(rows))


def _facts(values: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield what is known, one line a fact; nested facts are indented."""
    for name, value in values.items():
        if name in ("kind", "name") or value in (None, "", [], {}, ()):
            continue
        label = name.replace("_", " ")
        if isinstance(value, dict):
            yield label, ""
            yield from ((f"  {inner}", text) for inner, text in _facts({"id": value.get("name"), **value}))
        elif isinstance(value, list):
            for number, each in enumerate(value):
                yield label if number == 0 else "", _line(each)
        else:
            yield label, ("yes" if value else "no") if isinstance(value, bool) else str(value)


def _line(value: Any) -> str:
    """Return a value in one line; places in a packet as octet and bits."""
    if isinstance(value, list):
        return "; ".join(map(_line, value))
    if not isinstance(value, dict):
        return str(value)
    if "first_bit" in value:
        return f"{value['bits']} bits from bit {value['first_bit']} on (octet {value['octet']})"
    return "  ".join(f"{name} {_line(each)}" for name, each in value.items() if each not in (None, "", 0, False, [], {}))


@commands.command("compare")
def compare_databases(
    old: Annotated[Path, typer.Argument(help="The older version.")],
    new: Annotated[Path, typer.Argument(help="The newer version.")],
    json: JsonOption = False,
) -> None:
    """Tell what changed between two versions, and what each change means for what is archived."""
    from ..mdb import compare, load_database

    found = compare(load_database(old), load_database(new))
    if json:
        changes = [
            {
                "effect": c.effect.name.lower(), "kind": c.kind, "name": c.name, "aspect": c.aspect, "before": c.before,
                "after": c.after, "containers": list(c.tables),
            }
            for c in found.changes
        ]  # fmt: skip
        print_json({"same": found.same, "changes": changes, "rebuild": list(found.rebuild)})
        return
    last = None
    for change in found.changes:
        if change.effect is not last:
            console().print(f"\n{change.effect.meaning}:", style="bold", soft_wrap=True)
            last = change.effect
        line = replace(change, tables=()).line + (f" [{joined(change.tables, 3)}]" if change.tables else "")
        console().print(f"  {line}", soft_wrap=True, markup=False)
    if found.same:
        say("no definition differs")
    elif found.rebuild:
        say(f"to be rebuilt: {joined(found.rebuild)} (`aelita archive rebuild --mdb {new}`)")


def missions() -> None:
    """List the missions that come with Aelita, and their channels."""
    from ..services import find_mission, mission_names

    rows = []
    for name in mission_names():
        mission = find_mission(name)
        rows.append((name, f"{mission.title} (channels: {joined(list(mission.channels))})"))
    print_pairs("missions", rows)


def config(context: typer.Context, json: JsonOption = False) -> None:
    """Show the settings in force, and where each came from."""
    found = settings(context).settings
    if json:
        print_json({one.key: {"value": one.value, "origin": one.origin} for one in found})
    else:
        print_pairs("settings", ((one.key, f"{one.value or '–'}  ({one.origin})") for one in found))
