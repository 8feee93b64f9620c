"""What the alarm server of an agency reads from the agency's folder: keys, people to tell, users; and booked contacts.

alarms/signing.key, alarms/<agency>.pem   its own key, made at the first start
alarms/keys/<other agency>.pem            public keys of the others
alarms/escalation.toml                    whom to tell when
alarms/senders.toml                       how: mail, webhook
alarms/contacts.toml                      booked contacts, beside the recordings that are played
users.toml                                who may what
"""

import os
from collections.abc import Callable, Iterator
from pathlib import Path

from ...agencies import Organisation
from ...alarms import AlarmBook, Contact, Escalation, read_alarms, read_escalation
from ...errors import DefinitionError
from ...stations import Booking
from ...tables import Table
from .bookings import read_bookings
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
    path = installation.mission.alarms
    return read_alarms(_text(path), str(path)) if path is not None else AlarmBook()


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


def contacts_of(installation: Installation, agency: str, geometry: Geometry, now: int) -> tuple[Contact, ...]:
    """Return the contacts in which an agency expects to hear a spacecraft, as the stations here are booked at a time (TAI ns).

    A booking until further notice expects nothing but the recordings that are played. An agency without stations expects what
    the others hear. Raises AelitaError.
    """
    found: list[Contact] = []
    for station in (key for one in installation.agencies for key in one.stations):
        for booking in read_bookings(installation, installation.mission.organisation.stations[station], now).bookings:
            if agency not in booking.agencies and installation.agency(agency).stations:
                continue
            if not booking.is_standing:
                found.append(Contact(booking.spacecraft, station, booking.start, booking.stop))
                continue
            for start, stop in _played(installation, booking, geometry):
                if max(start, booking.start) < stop:
                    found.append(Contact(booking.spacecraft, station, max(start, booking.start), stop))
    return tuple(found)


def _played(installation: Installation, booking: Booking, geometry: Geometry) -> Iterator[tuple[int, int]]:
    """Yield when the recordings of a spacecraft begin and end at a station (TAI ns); one that is simulated sends always."""
    if booking.spacecraft in installation.simulated:
        yield booking.start, booking.stop
    for one in installation.plays:
        if one.spacecraft == booking.spacecraft:
            ends = one.emitted + lasts(one.recording, installation.mission.channel(one.channel), one.loops)
            start, stop = (arrival(geometry.light_time, booking.station, one.spacecraft, at) for at in (one.emitted, ends))
            yield start, stop


def _text(path: Path) -> str:
    try:
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DefinitionError(f"cannot be read: {error}", where=str(path)) from error
