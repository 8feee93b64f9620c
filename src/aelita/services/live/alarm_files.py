"""What the alarm server of an agency reads from the agency's folder: keys, people to tell, users, booked contacts.

alarms/signing.key, alarms/<agency>.pem   its own key, made at the first start
alarms/keys/<other agency>.pem            public keys of the others
alarms/escalation.toml                    whom to tell when
alarms/senders.toml                       how: mail, webhook
alarms/contacts.toml                      booked contacts, beside the recordings that are played
users.toml                                who may what
"""

import os
from collections.abc import Callable
from pathlib import Path

from ...agencies import Organisation
from ...alarms import AlarmBook, Contact, Escalation, read_alarms, read_escalation
from ...errors import AelitaError, DefinitionError
from ...tables import Table
from ...time import tai_ns_from_utc
from .geometry import Geometry
from .installation import Installation
from .notifying import Sender, read_senders
from .signing import Signer, keep_signer
from .space import arrival, lasts

ALARMS, KEYS = "alarms", "keys"
USERS = "users.toml"


def alarm_folder(installation: Installation, agency: str) -> Path:
    """Return the folder of an agency's alarm server."""
    return installation.home(agency) / ALARMS


def keys_folder(installation: Installation, agency: str) -> Path:
    """Return the folder of the public keys that an agency trusts."""
    return alarm_folder(installation, agency) / KEYS


def own_signer(installation: Installation, agency: str) -> Signer:
    """Return the agency's signer, its key made when absent, and give the public half to the other agencies that run here.

    A key that another agency was given by hand is left alone. Raises UsageError.
    """
    signer = keep_signer(agency, alarm_folder(installation, agency) / "signing.key")
    keys_folder(installation, agency).mkdir(parents=True, exist_ok=True)
    for other in installation.agencies:
        given = keys_folder(installation, other.key) / f"{agency}.pem"
        if other.key != agency and not given.exists():
            given.parent.mkdir(parents=True, exist_ok=True)
            waiting = given.with_name(f"{given.name}.{os.getpid()}")
            waiting.write_bytes(signer.public_pem)
            waiting.replace(given)
    return signer


def exchange_keys(installation: Installation) -> None:
    """Make the keys of all agencies that run here, and give each the public keys of the others. Raises UsageError."""
    for agency in installation.agencies:
        own_signer(installation, agency.key)


def alarm_book(installation: Installation) -> AlarmBook:
    """Return the alarms of the mission. Raises DefinitionError."""
    path = installation.mission.folder / "alarms.toml"
    return read_alarms(_text(path), str(path)) if path.is_file() else AlarmBook()


def escalation_of(installation: Installation, agency: str) -> Escalation:
    """Return whom an agency tells, nobody without a file. Raises DefinitionError."""
    path = alarm_folder(installation, agency) / "escalation.toml"
    return read_escalation(_text(path), str(path)) if path.is_file() else Escalation()


def senders_of(installation: Installation, agency: str) -> dict[str, Sender]:
    """Return how an agency tells people, by channel. Raises DefinitionError, UsageError."""
    path = alarm_folder(installation, agency) / "senders.toml"
    return read_senders(path) if path.is_file() else {}


def users_of(installation: Installation, agency: str) -> dict[str, tuple[str, ...]] | None:
    """Return the roles of each user of an agency, None without `users.toml`. Raises DefinitionError."""
    path = installation.home(agency) / USERS
    if not path.is_file():
        return None
    table = Table.parse(_text(path), str(path))
    found: dict[str, tuple[str, ...]] = {}
    for one in table.tables("users"):
        name, roles = one.text("name"), tuple(one.texts("roles"))
        one.finish()
        if name in found:
            raise DefinitionError(f"user {name!r} is there twice", where=one.path("name"))
        for role in roles:
            _check_role(installation.mission.organisation, agency, role, one.path("roles"))
        found[name] = roles
    table.finish()
    return found


def _check_role(organisation: Organisation, agency: str, role: str, where: str) -> None:
    """Refuse roles that people of this agency's centres do not hold."""
    centres = {key for key, centre in organisation.centres.items() if centre.agency == agency}
    own = [key for key, one in organisation.roles.items() if centres & set(one.centres)]
    if role not in own:
        raise DefinitionError(f"{agency} has no role {role!r}", where=where, remedy=f"Its roles: {', '.join(own)}")


def permission_of(installation: Installation, agency: str) -> Callable[[str, str], bool]:
    """Return what says whether a user has a permission; the file is read anew each time.

    Without `users.toml` whoever can read the agency's keys on this machine, as who installed it, may everything.
    """
    organisation = installation.mission.organisation

    def may(user: str, permission: str) -> bool:
        users = users_of(installation, agency)
        return users is None or any(organisation.may(role, permission) for role in users.get(user, ()))

    return may


def contacts_of(installation: Installation, agency: str, geometry: Geometry) -> tuple[Contact, ...]:
    """Return the contacts that an agency expects: while recordings are played to its stations, and those in `contacts.toml`.

    An agency without stations here expects what those of the others hear. Raises AelitaError.
    """
    own = installation.agency(agency).stations
    stations = own or tuple(key for one in installation.agencies for key in one.stations)
    found = [
        Contact(one.spacecraft, station, *(arrival(geometry.light_time, station, one.spacecraft, at) for at in edges))
        for one in installation.plays
        for edges in ((one.emitted, one.emitted + lasts(one.recording, installation.mission.channel(one.channel), one.loops)),)
        for station in stations
    ]
    path = alarm_folder(installation, agency) / "contacts.toml"
    return (*found, *(_booked(path, installation) if path.is_file() else ()))


def _booked(path: Path, installation: Installation) -> list[Contact]:
    table, found = Table.parse(_text(path), str(path)), []
    for one in table.tables("contacts"):
        spacecraft = one.choice("spacecraft", installation.spacecraft)
        station = one.choice("station", list(installation.mission.organisation.stations))
        start, stop = (_utc(one, key) for key in ("start", "stop"))
        one.finish()
        if start >= stop:
            raise DefinitionError("the contact ends before it begins", where=one.path("stop"))
        found.append(Contact(spacecraft, station, start, stop))
    table.finish()
    return found


def _utc(table: Table, key: str) -> int:
    try:
        return tai_ns_from_utc(table.text(key))
    except AelitaError as error:
        raise DefinitionError(error.what, where=table.path(key), remedy="Write UTC as 2023-05-24T18:54:49") from error


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DefinitionError(f"cannot be read: {error}", where=str(path)) from error
