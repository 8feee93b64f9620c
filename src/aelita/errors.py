"""One exception tree: each error says what was wrong, where, and what to do about it."""


class AelitaError(Exception):
    """Base of every error that Aelita raises on purpose.

    `what` is the fault in words with the offending values, `where` the file, key, line or octet offset, and `remedy` what
    the reader can do. The message joins the three.
    """

    def __init__(self, what: str, *, where: str = "", remedy: str = "") -> None:
        self.what, self.where, self.remedy = what, where, remedy
        super().__init__(what)

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        advice = f". {self.remedy}" if self.remedy else ""
        return f"{place}{self.what}{advice}"


class DataError(AelitaError):
    """Octets received from outside break the rules of their format."""


class DefinitionError(AelitaError):
    """A file that describes a mission (channel, database, kernel, configuration) is wrong."""


class UnsupportedError(DefinitionError):
    """A definition is legal but asks for something Aelita does not do."""


class TimeError(AelitaError):
    """A time cannot be expressed or converted as asked."""


class ArchiveError(AelitaError):
    """The archive refuses or cannot complete an operation."""


class UsageError(AelitaError):
    """The caller's arguments or configuration do not fit together."""
