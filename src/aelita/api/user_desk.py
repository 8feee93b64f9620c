"""Accounts of a centre from the machine on which it runs, whether its interface runs or not: how a lost administrator returns."""

from ..services import live
from . import audit
from .account_rules import read_rules
from .accounts import Accounts
from .centre import RECORDS
from .identity import Identity
from .records import open_records


class UserDesk:
    """The accounts of an agency's centre; what is done is noted in the name of a user of the machine."""

    def __init__(self, installation: live.Installation, agency: str, operator: str) -> None:
        installation.agency(agency)
        self.installation, self.agency, self.operator = installation, agency, operator
        organisation = installation.mission.organisation
        self.accounts = Accounts(
            open_records(installation.home(agency) / RECORDS), agency, organisation, installation.mission.name
        )
        self.accounts.rules = read_rules(installation.home(agency), self.accounts.roles)

    def link(self, name: str) -> str:
        """Return a new one-time link of a user. Raises UsageError."""
        code = self.accounts.link(name)
        self.note("link.made", name=name)
        return f"{self.installation.web_address(self.agency)}/first?code={code}"

    def note(self, action: str, **details: audit.Detail) -> None:
        """Write into the audit trail."""
        who = Identity(f"{self.operator} (command line)", self.agency, how="machine")
        audit.write(self.accounts.records, who, action, details, agency=self.agency)
