"""Data rights: who sees a product at once, and when everybody does."""

from dataclasses import dataclass

import numpy as np

from ..time import DAY, NO_TIME, tai_ns_from_utc, utc_parts
from .model import ASSUMED, Basis

WITHHELD = -1


@dataclass(frozen=True, slots=True)
class Exemption:
    """A collection, or one part (channel) of it, with a release of its own: months, or WITHHELD from the public."""

    collection: str
    part: str
    public_after_months: int
    basis: Basis = ASSUMED


@dataclass(frozen=True, slots=True)
class Access:
    """Who may have a product now, and when it becomes public (TAI nanoseconds; NO_TIME: never, or not known)."""

    agencies: tuple[str, ...]
    public: bool
    public_at: int


@dataclass(frozen=True, slots=True)
class DataRights:
    """Equal access for the agencies named at once, everybody after months of the calendar, and exceptions."""

    agencies: tuple[str, ...] = ()
    public_after_months: int = WITHHELD
    exceptions: tuple[Exemption, ...] = ()
    basis: Basis = ASSUMED

    def months(self, collection: str, part: str = "") -> int:
        """Return the months after which a product is public, or WITHHELD; a rule for the part goes before the collection's."""
        rules = {(one.collection, one.part): one.public_after_months for one in self.exceptions}
        return rules.get((collection, part), rules.get((collection, ""), self.public_after_months))

    def released(self, collection: str, observed_at: int, now: int, part: str = "") -> Access:
        """Return who may have a product that was observed at one instant, at another (TAI nanoseconds).

        A product that mixes parts goes by the strictest of them: ask for each part and take the latest `public_at`.
        """
        months = self.months(collection, part)
        if months == WITHHELD or observed_at == NO_TIME:
            return Access(self.agencies, public=False, public_at=NO_TIME)
        public_at = months_later(observed_at, months)
        return Access(self.agencies, public=now != NO_TIME and now >= public_at, public_at=public_at)


def months_later(at: int, months: int) -> int:
    """Return the instant (TAI nanoseconds) with the same UTC time of day on the same day that many calendar months later.

    A month without that day gives its last day. A leap second counts as the midnight behind it, so that nothing comes early.
    """
    day, ns = utc_parts(at)
    date = np.datetime64(day, "D")
    month = date.astype("datetime64[M]")
    first, following = month + months, month + months + 1
    wanted = first.astype("datetime64[D]") + (date - month.astype("datetime64[D]"))
    last = following.astype("datetime64[D]") - np.timedelta64(1, "D")
    return tai_ns_from_utc(str(min(wanted, last))) + min(ns, DAY)
