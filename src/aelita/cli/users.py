"""`aelita user`: accounts of an agency's centre, from the machine on which it runs."""

import getpass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import UsageError
from .options import JsonOption, settings
from .output import print_json, print_table, say

if TYPE_CHECKING:
    from ..api import UserDesk

commands = typer.Typer(no_args_is_help=True, help="See and change who may log in to a centre's console.")
AgencyOption = Annotated[str, typer.Option(help="The agency; needed when several run here.")]
NameArgument = Annotated[str, typer.Argument(help="The user's name.")]
RoleOption = Annotated[list[str] | None, typer.Option(help="A role of the mission; may be repeated.")]


def register(app: typer.Typer) -> None:
    """Add the commands to the application."""
    app.add_typer(commands, name="user")


@commands.command("list")
def list_users(context: typer.Context, agency: AgencyOption = "", json: JsonOption = False) -> None:
    """List users with their roles."""
    import polars as pl

    rows = [
        {"user": one.name, "roles": " ".join(one.roles), "active": one.active, "password": bool(one.password), "title": one.title}
        for one in _desk(context, agency).accounts.users()
    ]
    if json:
        print_json(rows)
    elif rows:
        print_table(pl.DataFrame(rows), title="Users", limit=1000)
    else:
        say("Nobody has an account yet. The link of the first start makes one; `aelita user add` does too.")


@commands.command("add")
def add_user(
    context: typer.Context,
    name: NameArgument,
    role: RoleOption = None,
    title: Annotated[str, typer.Option(help="The user's name for people.")] = "",
    agency: AgencyOption = "",
) -> None:
    """Make a user, and print the one-time link by which the user sets a password."""
    desk = _desk(context, agency)
    user = desk.accounts.add(name, role or [], title)
    desk.note("user.added", name=user.name, roles=" ".join(user.roles))
    print(desk.link(user.name))


@commands.command("link")
def link_user(context: typer.Context, name: NameArgument, agency: AgencyOption = "") -> None:
    """Print a one-time link by which a user sets a new password: for one who has lost it, the administrator too."""
    print(_desk(context, agency).link(name))


@commands.command("remove")
def remove_user(context: typer.Context, name: NameArgument, agency: AgencyOption = "") -> None:
    """Remove a user with all sessions and tokens. It holds at once. What the user did stays in the audit trail."""
    desk = _desk(context, agency)
    desk.accounts.remove(name)
    desk.note("user.removed", name=name)
    say(f"{name} is removed.")


def _desk(context: typer.Context, agency: str) -> "UserDesk":
    from ..api import UserDesk
    from ..services import live

    folder: Path = settings(context).data / "complex"
    installation = live.read_installation(folder)
    here = [one.key for one in installation.agencies]
    if not agency and len(here) > 1:
        raise UsageError(f"several agencies run here: {', '.join(here)}", remedy="Give --agency")
    return UserDesk(installation, agency or here[0], getpass.getuser())
