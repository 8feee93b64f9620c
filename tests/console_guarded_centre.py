"""The real console of a real centre, its guard and its streams; only the values are made up, and their names hold a script.

`python console_guarded_centre.py FOLDER` serves it, with `tls` behind FOLDER under the certificate that lies there. The port is
told by `complex/ports.json`. Users are `boss`, an administrator, and `vera`, a flight director.
"""

import asyncio
import contextlib
import signal
import sys
from dataclasses import replace
from pathlib import Path

from starlette.types import ASGIApp

from aelita.api import door
from aelita.api.centre import Centre
from aelita.api.passwords import Passwords
from aelita.console.application import console_app
from aelita.services.live.installation import Installation
from door_material import CHEAP, PASSWORD
from live_centre import AtWork, at_work, installation

BAD = "<img src=x onerror=window.hurt=1>"
NAMES = [f"/TGO/{BAD}_{number}" for number in range(3)] + [f"/TGO/T{number:03d}" for number in range(97)]
USERS = {"boss": ["administrator", "flight-director"], "vera": ["flight-director"]}
PERIOD_S = 0.2


def main(folder: Path, *, tls: bool) -> None:
    """Serve until the process is ended."""
    door.Passwords = lambda: Passwords(CHEAP)  # type: ignore[assignment,misc]
    made = installation(folder)
    if tls:
        certified = replace(made.agencies[0], certificate=folder / "certificate.pem", certificate_key=folder / "key.pem")
        made = replace(made, agencies=(certified,))
    with contextlib.suppress(asyncio.CancelledError):
        asyncio.run(serve(folder, made))


async def serve(folder: Path, made: Installation) -> None:
    """Serve the console, and publish values, until SIGTERM: the server of streams ends with it."""
    work = asyncio.current_task()
    assert work is not None
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, work.cancel)
    async with at_work(folder, with_users, made) as at:
        await values(at)


def with_users(centre: Centre) -> ASGIApp:
    """Return the console of a centre that knows its users."""
    app = console_app(centre)
    accounts = app.door.accounts  # type: ignore[attr-defined]
    for name, roles in USERS.items():
        if accounts.user(name) is None:
            accounts.add(name, roles, f"{name} {BAD}")
            accounts.set_password(name, CHEAP.hash(PASSWORD))
    return app


async def values(at: AtWork) -> None:
    """Publish a row of values again and again."""
    number = 0
    while True:
        number += 1
        received = at.centre.clock.now()
        row = {name: float(number + place) for place, name in enumerate(NAMES)}
        await at.values("TEST", [row | {"received": received, "generated": received}])
        await asyncio.sleep(PERIOD_S)


if __name__ == "__main__":
    main(Path(sys.argv[1]), tls="tls" in sys.argv[2:])
