"""`aelita audit`: journals of commanding verified offline."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ..errors import UsageError
from .options import JsonOption, MissionOption, settings
from .output import print_json, print_pairs, say

if TYPE_CHECKING:
    from ..agencies import Authority
    from ..commanding import Audit, Report

CHUNK = 1 << 20
commands = typer.Typer(no_args_is_help=True, help="Verify the journals of commanding, offline and from either agency's copy.")
JournalArgument = Annotated[Path, typer.Argument(help="The journal of an agency, its own or another's copy of it.")]
CopyOption = Annotated[
    Path | None, typer.Option("--copy-of-other", help="The journal of the other agency, or the copy of it that is here.")
]
KeysOption = Annotated[
    Path | None,
    typer.Option("--keys", help="A folder with each agency's public key as <agency>.pem, got by a way you trust."),
]


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    app.add_typer(commands, name="audit")


@commands.callback()
def audit() -> None:
    """Verify the journals of commanding."""


@commands.command("verify")
def verify(
    context: typer.Context,
    journal: JournalArgument,
    copy_of_other: CopyOption = None,
    keys: KeysOption = None,
    mission: MissionOption = "",
    json: JsonOption = False,
) -> None:
    """Prove that nothing in a journal was changed or taken out, and that nothing was released or sent without its approvals.

    With the other agency's journal the two are held against each other, and the end is proved up to the last entry that was
    countersigned. Exit code 0 when no fault was found, 1 with faults, 2 when it could not be done.
    """
    from ..commanding import conclude

    rules, known = _rules(settings(context, mission=mission)["mission"]), _keys(keys)
    ours = _fed(journal, rules, known)
    theirs = _fed(copy_of_other, rules, known) if copy_of_other is not None else None
    if theirs is not None and theirs.agency == ours.agency:
        raise UsageError(
            f"both are journals of {ours.agency!r}", remedy="Give the journal of the other agency as --copy-of-other"
        )
    reports = [(journal, conclude(ours, theirs))]
    if copy_of_other is not None and theirs is not None:
        reports.append((copy_of_other, conclude(theirs, ours)))
    if json:
        print_json([{"file": str(path)} | _plain(one) for path, one in reports])
    else:
        for path, one in reports:
            _print(path, one)
    if not all(one.clean for _, one in reports):
        raise typer.Exit(1)


def _rules(mission: str | None) -> "Authority | None":
    from ..services import find_mission

    return find_mission(mission).organisation.authority if mission else None


def _keys(folder: Path | None) -> Any:
    if folder is None:
        return None
    from ..services import live

    found = live.read_public_keys(folder)
    if not found:
        raise UsageError("there is no <agency>.pem in it", where=str(folder), remedy="Put the public key of each agency there")
    return found


def _fed(path: Path, rules: "Authority | None", keys: Any) -> "Audit":
    """Return the audit of a file, fed to its end. Raises UsageError for a file that cannot be read or is empty."""
    from ..commanding import Audit

    made = Audit("", rules=rules, keys=keys)
    try:
        with path.open("rb") as file:
            first = True
            while octets := file.read(CHUNK):
                made.feed(octets)
                first = False
    except OSError as error:
        raise UsageError(f"cannot be read: {error.strerror or error}", where=str(path)) from error
    if first:
        raise UsageError("the journal is empty", where=str(path))
    return made


def _plain(report: "Report") -> dict[str, Any]:
    return {
        "agency": report.agency, "entries": report.entries, "octets": report.octets, "head": report.head, "clean": report.clean,
        "kinds": dict(report.counts), "signatures": report.signatures, "releases": report.releases,
        "countersigned": dict(report.proved), "unchecked": list(report.unchecked),
        "findings": [{"grade": one.grade, "where": one.where, "what": one.what} for one in report.findings],
    }  # fmt: skip


def _print(path: Path, report: "Report") -> None:
    """Print what one journal holds, what was found, and what could not be checked."""
    proved = ", ".join(f"entry {n:,} by {agency}" for agency, n in report.proved.items()) or "by nobody"
    pairs = (
        ("agency", report.agency or "none"), ("entries", f"{report.entries:,}"), ("head", report.head or "none"),
        ("signatures verified", f"{report.signatures:,}"), ("releases", f"{report.releases:,}"), ("countersigned up to", proved),
        ("verdict", "no fault found" if report.clean else "FAULTS FOUND"),
    )  # fmt: skip
    print_pairs(str(path), pairs)
    for one in report.findings:
        print(f"{one.grade}: {one.where}: {one.what}")
    for what in report.unchecked:
        say(f"not checked: {what}")
