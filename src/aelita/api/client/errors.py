"""What can go wrong between a client and a centre: each error tells what, where and what to do, as the centre said it."""

from ...errors import AelitaError


class InterfaceError(AelitaError):
    """The centre did not do what was asked; `status` is that of HTTP, 0 when there was no answer."""

    def __init__(
        self, what: str, *, where: str = "", remedy: str = "", status: int = 0, retry_after_s: float | None = None
    ) -> None:
        super().__init__(what, where=where, remedy=remedy)
        self.status, self.retry_after_s = status, retry_after_s


class UnreachableError(InterfaceError):
    """There was no answer, or it broke off."""


class AnswerError(InterfaceError):
    """The answer is none of this interface."""


class RequestError(InterfaceError):
    """What was asked for makes no sense to the centre: 400, 409, 413, 422 and other statuses of that kind."""


class LoginError(InterfaceError):
    """Nobody is logged in, or the user, password or token is wrong: 401."""


class ForbiddenError(InterfaceError):
    """This user, or this token, may not do that: 403."""


class NotFoundError(InterfaceError):
    """There is none such: 404."""


class BusyError(InterfaceError):
    """The centre cannot do it now: 429 and 503; `retry_after_s` is how long it asks to wait, None when it does not say."""


class FaultError(InterfaceError):
    """The centre failed: other statuses from 500 on."""


KINDS: dict[int, type[InterfaceError]] = {
    401: LoginError, 403: ForbiddenError, 404: NotFoundError, 429: BusyError, 503: BusyError,
}  # fmt: skip


def kind_of(status: int) -> type[InterfaceError]:
    """Return the class of errors with a status."""
    return KINDS.get(status) or (FaultError if status >= 500 else RequestError if status >= 400 else AnswerError)
