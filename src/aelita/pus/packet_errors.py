"""Why an on-board process refuses a telecommand, in the terms of ECSS-E-70-41A: each error names its reason."""

from ..errors import DataError

ACCEPTANCE_CODES = {  # codes of the failure reports of acceptance, ECSS-E-70-41A; missions may have others
    "illegal APID": 0,
    "invalid length": 1,
    "incorrect checksum": 2,
    "illegal type": 3,
    "illegal subtype": 4,
    "illegal data": 5,
    "illegal header": 6,  # no code of the standard: not a telecommand, or of another PUS version
}


class PacketError(DataError):
    """A packet or its data cannot be accepted; `reason` is a key of ACCEPTANCE_CODES."""

    def __init__(self, reason: str, what: str, *, where: str = "", remedy: str = "") -> None:
        self.reason = reason
        super().__init__(what, where=where, remedy=remedy)

    @property
    def code(self) -> int:
        """The failure code of the reason."""
        return ACCEPTANCE_CODES[self.reason]
