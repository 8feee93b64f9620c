"""Users who log in through an organisation: their accounts follow what it says of them."""

from sqlalchemy import select

from ..errors import UsageError
from .account_tables import User
from .accounts import NAME, Accounts, folded, now
from .oidc import Person


def user_of(accounts: Accounts, person: Person) -> str:
    """Return the name of the account of a person, made at the first login; its roles are those that the provider tells now.

    A name that another account has is never taken over. Raises UsageError for it, and for an account that is not active.
    """
    name = _named(person.name)
    with accounts.records.session() as session:
        user = session.scalar(select(User).where(User.subject == person.subject))
        if user is None:
            if session.get(User, name) is not None:
                raise UsageError(f"the name {name!r} belongs to another account", remedy="An administrator can remove that one")
            user = User(name=name, active=True, created=now(), subject=person.subject)
            session.add(user)
        if not user.active:
            raise UsageError(f"the account {user.name!r} is not active", remedy="Ask an administrator")
        user.roles, user.title = accounts.checked_roles(person.roles), person.title
    accounts.changed()
    return user.name


def _named(name: str) -> str:
    """Return a name as accounts have them, made of what the provider calls a user."""
    plain = "".join(letter if NAME.fullmatch(f"a{letter}") else "-" for letter in folded(name))[:64].lstrip("._@+-")
    if not plain:
        raise UsageError(f"{name!r} cannot be the name of a user", remedy="Set another `user_claim`")
    return plain
