"""Who does the work of a service: one process holds its lease, others of the same service stand by and take over.

The holder renews its lease every second, naming the message that it renewed with last, so that two can never hold it. One that
stands by takes it when it was not renewed for three seconds. A process that comes back under the same name goes on at once.
"""

import asyncio
import json
import logging
import os
import socket
import time

from .streams import Message, StreamError, Streams, WrongSequenceError

RENEW_S, EXPIRES_S, LOOK_S = 1.0, 3.0, 0.25
STREAM = "LINKS"
PROGRAM = "AELITA_PROGRAM"  # set by the supervisor: the name of this process for as long as it is kept running

log = logging.getLogger(__name__)


class LeaseLostError(StreamError):
    """Another process holds the lease: this one must stop at once."""


def own_name() -> str:
    """Return the name under which this process holds leases."""
    return f"{socket.gethostname()}/{os.environ.get(PROGRAM, os.getpid())}"


class Lease:
    """The lease of one service of an agency."""

    def __init__(self, streams: Streams, agency: str, service: str, holder: str) -> None:
        self.streams, self.holder = streams, holder
        self.subject = f"{agency}.links.lease.{service}"
        self.other = ""
        self._last = 0

    async def is_free(self) -> bool:
        """Say whether nobody else has the lease, as far as its newest message tells."""
        last = await self._newest()
        return last is None or _holder_of(last.data) in ("", self.holder)

    async def acquire(self) -> None:
        """Wait until the lease is ours."""
        seen, since = -1, time.monotonic()
        while True:
            last = await self._newest()
            holder = _holder_of(last.data) if last is not None else ""
            sequence = last.sequence if last is not None else 0
            if sequence != seen:
                seen, since = sequence, time.monotonic()
            if holder in ("", self.holder) or time.monotonic() - since >= EXPIRES_S:
                try:
                    await self._renew(sequence)
                    self.other = ""
                    return
                except WrongSequenceError:
                    continue
            if holder != self.other:
                self.other = holder
                log.info("standing by", extra={"subject": self.subject, "holder": holder})
            await asyncio.sleep(LOOK_S)

    async def keep(self) -> None:
        """Renew the lease for ever. Raises LeaseLostError when another has it."""
        while True:
            await asyncio.sleep(RENEW_S)
            try:
                await self._renew(self._last)
            except WrongSequenceError as error:
                last = await self._newest()
                if last is not None and _holder_of(last.data) != self.holder:
                    raise LeaseLostError(f"{self.subject} is held by {_holder_of(last.data)}") from error
                self._last = last.sequence if last is not None else 0  # the server lost the newest ones, or an answer got lost
            except StreamError as error:
                log.warning("a lease was not renewed", extra={"subject": self.subject, "why": str(error)})

    async def release(self) -> None:
        """Let another have it at once."""
        try:
            await self.streams.publish(self.subject, _told(""), expected_last_on_subject=self._last, timeout_s=RENEW_S)
        except StreamError as error:
            log.info("a lease was not given back", extra={"subject": self.subject, "why": str(error)})

    async def _newest(self) -> Message | None:
        while True:
            try:
                return await self.streams.last(self.subject, STREAM)
            except StreamError as error:
                log.info("a lease cannot be looked up", extra={"subject": self.subject, "why": str(error)})
                await asyncio.sleep(LOOK_S)

    async def _renew(self, expected: int) -> None:
        identity = f"{self.holder}-{expected}-{time.monotonic_ns()}"
        self._last = await self.streams.publish(
            self.subject, _told(self.holder), msg_id=identity, expected_last_on_subject=expected, timeout_s=EXPIRES_S
        )


def _told(holder: str) -> bytes:
    return json.dumps({"holder": holder}).encode()


def _holder_of(octets: bytes) -> str:
    try:
        return str(json.loads(octets)["holder"])
    except (ValueError, KeyError, TypeError):
        return ""
