"""What is said of a navigation message that breaks its standard."""

from ..errors import DataError


class NdmError(DataError):
    """A navigation message breaks the rules of its standard.

    `keyword` is the keyword (or block) at fault and `line` the line of the file, counted from 1; each is empty when unknown.
    """

    def __init__(self, what: str, *, where: str = "", remedy: str = "", keyword: str = "", line: int = 0) -> None:
        self.keyword, self.line = keyword, line
        super().__init__(
            what, where=f"{where}, line {line}" if where and line else where or (f"line {line}" if line else ""), remedy=remedy
        )


def shown(text: str) -> str:
    """Return a text in quotes as an error has it, a long one cut."""
    return repr(text if len(text) <= 80 else f"{text[:77]}...")
