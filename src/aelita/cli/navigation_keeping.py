"""What a command of `aelita nav` worked out, kept as a product at an agency of this machine."""

import getpass
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated, Any

import typer

from .options import settings
from .output import say

if TYPE_CHECKING:
    from ..services import live, products

PublishOption = Annotated[
    str,
    typer.Option("--publish", help="Keep the result as a product of this agency of this machine, for its partners too."),
]
CraftOption = Annotated[str, typer.Option("--for", help="The spacecraft that the product is of; default: the mission's first.")]


def here(context: typer.Context, agency: str) -> "tuple[live.Installation, str]":
    """Return the installation of this machine and one of its agencies. Raises UsageError for one that it has not."""
    from ..services import live

    found = live.read_installation(settings(context).data / "complex")
    return found, found.agency(agency).key if agency else found.agencies[0].key


def keep(
    at: "live.Installation", agency: str, draft: "products.Draft", files: dict[str, bytes], shown: Any
) -> "products.Product":
    """Keep a product at an agency: its services send it to the partners who are given such products.

    Who did it stands in the agency's audit trail, as when a product is published over the interface.
    """
    from ..api import UserDesk
    from ..services import live, products

    user = getpass.getuser()
    desk = UserDesk(at, agency, user)  # first: what cannot be noted is not done
    made = products.ProductStore(at.home(agency)).publish(
        draft, files, shown, names=products.read_names(at.mission), agency=agency, made_by=user,
        made_at=live.MissionClock.read(at.folder).now(),
    )  # fmt: skip
    desk.note("product.published", id=made.id, kind=made.kind, files=len(made.files), octets=made.octets)
    return made


def publish_result(
    context: typer.Context, agency: str, craft: str, *, kind: str, title: str, span: tuple[int, int], type: str,
    shown: Callable[[], Any], files: Callable[[], dict[str, bytes]] = dict, draw: Callable[[Path], object] | None = None,
) -> None:  # fmt: skip
    """Keep what a command worked out, with its picture, if it was told to: nothing is done for no agency.

    `span` are the instants (TAI nanoseconds) from when to when it holds, `type` the letters of the convention. Files, what is
    shown and the picture are made only when they are kept.
    """
    if not agency:
        return
    from ..services import products

    at, key = here(context, agency)
    spacecraft = at.mission.craft(craft.casefold()) if craft else at.mission.spacecraft[0]
    contents = files()
    if draw is not None:
        with TemporaryDirectory() as folder:
            draw(path := Path(folder) / "picture.png")
            contents["png"] = path.read_bytes()
    made = keep(at, key, products.Draft(kind, spacecraft.key, title, *span, type), contents, shown())
    say(f"published as {made.id}: {len(made.files)} files, {made.octets:,} octets")
