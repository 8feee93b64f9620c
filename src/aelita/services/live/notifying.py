"""Telling people of alarms: mail by SMTP and webhooks by HTTP, with time-outs and a few repetitions.

Both run in a thread of their own. Every message has an identity that stays the same when it is sent again after a restart: a
receiver can recognise a repetition.
"""

import asyncio
import hashlib
import hmac
import http.client
import json
import smtplib
import socket
import ssl
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import formatdate
from pathlib import Path
from typing import Any, Protocol

from ...alarms import SEVERITIES, Notify
from ...errors import AelitaError, DefinitionError, UsageError
from ...tables import Table
from ...time import utc_from_tai_ns

_MOST_LISTED = 50
_SECURITIES = ("starttls", "tls", "none")


class NotifyError(AelitaError):
    """Somebody could not be told."""


class _TryAgainError(Exception):
    """It did not work, but may work in a while."""


class Sender(Protocol):
    """A way to tell somebody."""

    async def send(self, address: str, notes: Sequence[Notify]) -> None:
        """Tell of some alarms at once. Raises NotifyError when it failed for good."""
        ...


@dataclass(frozen=True, slots=True)
class Effort:
    """How long one try may take (s), how often it is tried, and the pause (s) before the second, doubled before each further."""

    timeout_s: float = 10.0
    tries: int = 3
    pause_s: float = 1.0

    async def make(self, send: Callable[[], None], where: str) -> None:
        """Call a blocking function in a thread until it works. Raises NotifyError."""
        reason = ""
        for number in range(self.tries):
            if number:
                await asyncio.sleep(self.pause_s * 2 ** (number - 1))
            try:
                async with asyncio.timeout(3 * self.timeout_s):
                    return await asyncio.to_thread(send)
            except TimeoutError:
                reason = f"no end in {3 * self.timeout_s:g} s"
            except _TryAgainError as error:
                reason = str(error)
        raise NotifyError(f"{reason} ({self.tries} tries)", where=where)


EFFORT = Effort()


@dataclass(frozen=True, slots=True)
class MailSender:
    """Mail by SMTP. `security`: starttls, tls or none; the server's certificate is checked against `ca_file` or the machine's."""

    host: str
    port: int
    sender: str
    security: str = "starttls"
    user: str = ""
    password: str = field(default="", repr=False)
    ca_file: str = ""
    effort: Effort = Effort()

    async def send(self, address: str, notes: Sequence[Notify]) -> None:
        """Send one mail that lists all these alarms. Raises NotifyError."""
        message = mail(self.sender, address, notes)
        await self.effort.make(lambda: self._send(message), f"mail to {address} by {self.host}")

    def _send(self, message: EmailMessage) -> None:
        try:
            with self._connected() as server:
                if self.user:
                    server.login(self.user, self.password)
                server.send_message(message)
        except smtplib.SMTPRecipientsRefused as error:
            code, words = next(iter(error.recipients.values()))
            self._judge(code, words, error)
        except smtplib.SMTPResponseException as error:
            self._judge(error.smtp_code, error.smtp_error, error)
        except ssl.SSLCertVerificationError as error:
            raise NotifyError(f"the certificate is not trusted: {error.verify_message}", where=self.host) from error
        except smtplib.SMTPNotSupportedError as error:
            raise NotifyError(str(error), where=self.host, remedy="Check `security` and the credentials") from error
        except (OSError, smtplib.SMTPException) as error:
            raise _TryAgainError(f"{type(error).__name__} {error}") from error

    def _connected(self) -> smtplib.SMTP:
        us, timeout_s = socket.gethostname(), self.effort.timeout_s  # its full name would be asked of a DNS that may not answer
        if self.security == "tls":
            return smtplib.SMTP_SSL(self.host, self.port, us, timeout=timeout_s, context=self._trusted())
        server = smtplib.SMTP(self.host, self.port, us, timeout=timeout_s)
        if self.security == "starttls":
            try:
                server.starttls(context=self._trusted())
            except BaseException:
                server.close()
                raise
        return server

    def _trusted(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.ca_file or None)

    def _judge(self, code: int, words: bytes | str, cause: Exception) -> None:
        text = f"{code} {words.decode(errors='replace') if isinstance(words, bytes) else words}"
        if 400 <= code < 500:  # RFC 5321: transient
            raise _TryAgainError(text) from cause
        raise NotifyError(text, where=f"mail by {self.host}") from cause


def mail(sender: str, address: str, notes: Sequence[Notify]) -> EmailMessage:
    """Return the mail that tells of alarms, the gravest first."""
    ordered = sorted(notes, key=lambda note: -note.call.severity)
    first = ordered[0].call
    more = f" and {len(ordered) - 1} more" if len(ordered) > 1 else ""
    message = EmailMessage()
    message["From"], message["To"], message["Date"] = sender, address, formatdate()
    message["Subject"] = _line(f"[{SEVERITIES[first.severity]}] {first.title}: {first.alarm}{more}")[:200]
    message["Message-ID"] = f"<{_identity(ordered)}@{sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: no answers by machines
    parts = ["\n".join(_described(note)) for note in ordered[:_MOST_LISTED]]
    if len(ordered) > _MOST_LISTED:
        parts.append(f"And {len(ordered) - _MOST_LISTED} more.")
    message.set_content("\n\n".join(parts) + "\n\nAcknowledge to end the escalation.\n")
    return message


def _described(note: Notify) -> list[str]:
    call = note.call
    lines = [
        f"{SEVERITIES[call.severity].upper()}: {_line(call.title)}",
        f"Alarm        {_line(call.alarm)} of {call.owner}",
        f"Value        {_line(call.value)}",
        f"Since        {utc_from_tai_ns(call.announced_at, 0)} UTC",
        f"Role         {_line(call.role)}",
        f"Consequence  {_line(call.consequence)}",
        f"Advice       {_line(call.advice)}",
    ]
    return [line for line in lines if len(line) > 13]


def _line(text: str) -> str:
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


def _identity(notes: Sequence[Notify]) -> str:
    return hashlib.sha256("\n".join(sorted(note.id for note in notes)).encode("utf-8", "backslashreplace")).hexdigest()[:32]


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any, **__: Any) -> None:
        """Refuse: what was signed for one address is not given to another."""


@dataclass(frozen=True, slots=True)
class WebhookSender:
    """A POST of JSON to an address, signed with a shared secret.

    `X-Aelita-Signature: sha256=<hex>` is HMAC-SHA-256 over the value of `X-Aelita-Timestamp` (Unix seconds), a full stop and the
    body; `Idempotency-Key` stays the same when it is sent again.
    """

    secret: bytes = field(default=b"", repr=False)
    now_unix_s: Callable[[], float] = time.time
    effort: Effort = Effort()

    async def send(self, address: str, notes: Sequence[Notify]) -> None:
        """Send one message that lists all these alarms. Raises NotifyError."""
        if not address.startswith(("http://", "https://")):
            raise NotifyError("not an http or https address", where=address)
        body = json.dumps({"alarms": [_plain(note) for note in notes]}, allow_nan=False).encode()
        stamp = str(int(self.now_unix_s()))
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "Aelita",
            "Idempotency-Key": _identity(notes),
            "X-Aelita-Timestamp": stamp,
        }
        if self.secret:
            headers["X-Aelita-Signature"] = f"sha256={signature(self.secret, stamp, body)}"
        request = urllib.request.Request(address, body, headers, method="POST")
        await self.effort.make(lambda: self._send(request), f"webhook {address}")

    def _send(self, request: urllib.request.Request) -> None:
        opener = urllib.request.build_opener(_NoRedirect())
        try:
            with opener.open(request, timeout=self.effort.timeout_s) as answer:
                answer.read(1024)
        except urllib.error.HTTPError as error:
            error.close()
            if error.code >= 500 or error.code in (408, 425, 429):
                raise _TryAgainError(f"HTTP {error.code} {error.reason}") from error
            raise NotifyError(f"HTTP {error.code} {error.reason}", where=request.full_url) from error
        except (OSError, http.client.HTTPException) as error:
            raise _TryAgainError(f"{type(error).__name__} {error}") from error


def signature(secret: bytes, stamp: str, body: bytes) -> str:
    """Return the signature of a webhook's body at a time (Unix seconds, as sent), hex."""
    return hmac.new(secret, f"{stamp}.".encode() + body, hashlib.sha256).hexdigest()


def _plain(note: Notify) -> dict[str, object]:
    call = note.call
    return {
        "id": note.id,
        "owner": call.owner,
        "alarm": call.alarm,
        "severity": SEVERITIES[call.severity],
        "title": call.title,
        "value": call.value,
        "since": utc_from_tai_ns(call.announced_at, 3) + "Z",
        "role": call.role,
        "consequence": call.consequence,
        "advice": call.advice,
        "step": note.step,
        "round": note.round,
        "person": note.person,
    }


def read_senders(path: Path) -> dict[str, Sender]:
    """Return the senders that a TOML file describes, by channel: tables `mail` and `webhook`, each may be absent.

    Credentials stand in files of their own, named beside it, which nobody else may read. Raises DefinitionError, UsageError.
    """
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DefinitionError(f"cannot be read: {error}", where=str(path)) from error
    table = Table.parse(text, str(path))
    found: dict[str, Sender] = {}
    given = set(table.values)
    mail_table, webhook_table = table.table("mail"), table.table("webhook")
    table.finish()
    if "mail" in given:
        found["mail"] = _mail_sender(mail_table, path.parent)
    if "webhook" in given:
        found["webhook"] = _webhook_sender(webhook_table, path.parent)
    return found


def _mail_sender(table: Table, folder: Path) -> MailSender:
    security = table.choice("security", _SECURITIES, "starttls")
    port = table.number("port", {"starttls": 587, "tls": 465, "none": 25}[security], 1, 65535)
    named, ca_file = table.text("credentials", ""), table.text("ca_file", "")
    secrets = _credentials(folder / named) if named else {"user": "", "password": ""}
    sender = MailSender(
        host=table.text("host"),
        port=port,
        sender=table.text("sender"),
        security=security,
        user=secrets["user"],
        password=secrets["password"],
        ca_file=str(folder / ca_file) if ca_file else "",
        effort=_effort(table),
    )
    table.finish()
    if sender.user and security == "none":
        raise DefinitionError("a password is not sent without encryption", where=table.path("security"))
    return sender


def _webhook_sender(table: Table, folder: Path) -> WebhookSender:
    named = table.text("secret", "")
    secret = _secret_text(folder / named).strip().encode() if named else b""
    sender = WebhookSender(secret, effort=_effort(table))
    table.finish()
    return sender


def _effort(table: Table) -> Effort:
    timeout_s, tries = table.real("timeout_s", 10.0), table.number("tries", 3, 1, 10)
    if not 0.1 <= timeout_s <= 300:
        raise DefinitionError(f"{timeout_s:g} is not from 0.1 to 300 seconds", where=table.path("timeout_s"))
    return Effort(timeout_s, tries)


def _credentials(path: Path) -> Mapping[str, str]:
    table = Table.parse(_secret_text(path), str(path))
    found = {"user": table.text("user"), "password": table.text("password")}
    table.finish()
    return found


def _secret_text(path: Path) -> str:
    try:
        if path.stat().st_mode & 0o077:
            raise UsageError("others may read this secret", where=str(path), remedy="chmod 600")
        return path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DefinitionError(f"cannot be read: {error}", where=str(path)) from error
