"""The first start of a centre: a one-time link by which the first administrator makes an account."""

import logging
import os
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

from .accounts import Accounts

log = logging.getLogger(__name__)


def offer_first_link(accounts: Accounts, path: Path, address: str) -> str | None:
    """Return the link of a first start, None once there is an account; it is kept at `path` until it is used.

    A link that still holds is offered again after a restart. It waits for the disk.
    """
    if not accounts.nobody_yet():
        path.unlink(missing_ok=True)
        return None
    link = _kept(accounts, path, address) or f"{address}/first?code={accounts.first_link()}"
    _write(path, link)
    log.warning("nobody has an account here: the first administrator makes one at %s", link)
    return link


def _kept(accounts: Accounts, path: Path, address: str) -> str | None:
    """Return the kept link, at the address of now, if it can still be used."""
    try:
        codes = parse_qs(urlsplit(path.read_text("utf-8").strip()).query).get("code", [""])
    except (OSError, UnicodeDecodeError, ValueError):
        return None
    return f"{address}/first?code={codes[0]}" if accounts.link_holds(codes[0]) else None


def _write(path: Path, link: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.unlink(missing_ok=True)
    file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(file, "w", encoding="utf-8") as out:
        out.write(link + "\n")
