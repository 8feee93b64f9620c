"""Telling people: calendar, escalation, real mail and webhooks on this machine, signatures, and the alarm server as a whole."""

import asyncio
import datetime
import hashlib
import hmac
import json
import socket
import ssl
import threading
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from aelita.alarms import (
    Acknowledge,
    AlarmBook,
    AlarmEngine,
    Call,
    Escalation,
    LimitChanged,
    Notified,
    Notify,
    Refused,
    Shelve,
    State,
    decode,
    read_alarms,
    read_escalation,
)
from aelita.alarms.oncall import local_time
from aelita.errors import AelitaError, DataError, DefinitionError, UsageError
from aelita.services.live.alarm_journal import StreamStore
from aelita.services.live.alarm_server import AlarmServer, Surroundings
from aelita.services.live.notifying import Effort, MailSender, NotifyError, Sender, WebhookSender, mail, read_senders
from aelita.services.live.signing import Signer, keep_signer, read_public_keys, verify
from aelita.services.live.streams import WrongSequenceError
from aelita.time import SECOND, tai_ns_from_utc
from live_servers import client, one_server

MINUTE = 60 * SECOND
START = tai_ns_from_utc("2026-11-25T12:00:00")  # a Wednesday
QUICK = Effort(timeout_s=10.0, tries=3, pause_s=0.01)

CALENDAR = """
[[people]]
name = "anna"
mail = "anna@example.org"
webhook = "http://127.0.0.1:1/anna"
[[people]]
name = "boris"
mail = "boris@example.org"
[[people]]
name = "chief"
mail = "chief@example.org"

[[shifts]]
role = "controller"
days = ["mon", "tue", "wed", "thu", "fri"]
start = "08:00"
stop = "20:00"
zone = "Europe/Berlin"
people = ["anna"]
[[shifts]]
role = "controller"
days = ["mon", "tue", "wed", "thu", "fri"]
start = "20:00"
stop = "08:00"
zone = "Europe/Berlin"
people = ["boris"]

[[exceptions]]
role = "controller"
dates = ["2026-11-26"]
people = ["chief"]
"""
CHAINS = """
[[chains]]
key = "flight"
least = "warning"
repeat_minutes = 60
[[chains.steps]]
role = "controller"
by = "mail"
[[chains.steps]]
role = "controller"
by = "webhook"
after_minutes = 5
[[chains.steps]]
person = "chief"
by = "mail"
after_minutes = 15
"""


def call(**changes: object) -> Call:
    base = Call("esa", "limit:TGO:/x", 1, START, 4, "controller", "", "Heater too hot", "71.5", "It breaks", "Switch it off")
    return replace(base, **changes)  # type: ignore[arg-type]


def note(address: str = "anna@example.org", **changes: object) -> Notify:
    return Notify(call(**changes), 0, 0, "mail", address, "anna")


# -- calendar ------------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("utc", "who"),
    [
        ("2026-11-25T06:59:59", ["boris"]),  # 07:59:59 in Berlin, of the shift that began on Tuesday
        ("2026-11-25T07:00:00", ["anna"]),
        ("2026-11-25T18:59:59", ["anna"]),
        ("2026-11-25T19:00:00", ["boris"]),
        ("2026-11-26T06:00:00", ["boris"]),  # still Wednesday's
        ("2026-11-26T07:00:00", ["chief"]),  # the exception
        ("2026-11-27T06:00:00", ["chief"]),  # its night shift ends on Friday morning
        ("2026-11-27T07:00:00", ["anna"]),
        ("2026-11-28T06:00:00", ["boris"]),  # Friday's night
        ("2026-11-28T12:00:00", []),  # Saturday
        ("2026-06-24T05:59:59", ["boris"]),  # summer time: 07:59:59
        ("2026-06-24T06:00:00", ["anna"]),
        ("2026-03-29T00:30:00", []),  # Sunday, the night in which the clocks go forward
    ],
)
def test_who_is_on_call(utc: str, who: list[str]) -> None:
    calendar = read_escalation(CALENDAR).calendar
    assert [one.name for one in calendar.on_call("controller", tai_ns_from_utc(utc))] == who
    assert calendar.on_call("thermal", tai_ns_from_utc(utc)) == ()


def test_a_leap_second_has_a_local_time() -> None:
    zone = read_escalation(CALENDAR).calendar.shifts[0].hours.zone
    assert local_time(tai_ns_from_utc("2016-12-31T23:59:60"), zone).strftime("%H:%M:%S") == "00:59:59"


def test_quiet_hours_hold_back_what_is_not_grave() -> None:
    text = '[[quiet]]\nstart = "22:00"\nstop = "06:30"\nzone = "Europe/Berlin"\nbelow = "critical"\n'
    calendar = read_escalation(text).calendar
    night, morning = tai_ns_from_utc("2026-11-25T21:30:00"), tai_ns_from_utc("2026-11-26T05:30:00")
    assert calendar.quiet_until(3, night) == morning
    assert calendar.quiet_until(4, night) == night
    assert calendar.quiet_until(3, morning) == morning
    # the night in which the clocks go back is an hour longer
    assert calendar.quiet_until(3, tai_ns_from_utc("2026-10-24T20:00:00")) == tai_ns_from_utc("2026-10-25T05:30:00")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('[[people]]\nname = "a"\nmail = "nobody"', "'nobody' is no mail address"),
        ('[[people]]\nname = "a"\nmail = "a@b\\nBcc: c@d"', "is no mail address"),
        ('[[people]]\nname = "a"\nwebhook = "file:///etc/passwd"', "is no http or https address"),
        ('[[people]]\nname = "a"\n[[people]]\nname = "a"', "'a' is there twice"),
        (CALENDAR.replace('"Europe/Berlin"', '"Mars/Jezero"', 1), r"shifts\[0\]: zone: 'Mars/Jezero' is no time zone"),
        (CALENDAR.replace('"08:00"', '"8 am"', 1), r"start: '8 am' is no time of day"),
        (CALENDAR.replace('"mon"', '"lundi"', 1), "are not days"),
        (CALENDAR.replace('["anna"]', '["zoe"]', 1), "'zoe' is not among the people"),
        (CALENDAR.replace("2026-11-26", "26.11.2026"), r"dates: Invalid isoformat string"),
        (CALENDAR + CHAINS.replace('"chief"', '"zoe"'), "'zoe' is not among the people"),
        (CALENDAR + CHAINS.replace('"chief"', '"boris"').replace('"mail"', '"webhook"'), "'boris' has no address for webhook"),
        (CALENDAR + CHAINS.replace("after_minutes = 15", "after_minutes = 1"), "must follow each other in time"),
        (CALENDAR + CHAINS.replace('role = "controller"', 'role = "pilot"', 1), "no shift is for the role 'pilot'"),
        ('[[chains]]\nkey = "x"', "a chain needs steps"),
        ("colour = 1", "unknown key 'colour'"),
    ],
)
def test_mistakes_in_the_calendar_are_named(text: str, words: str) -> None:
    with pytest.raises(DefinitionError, match=words):
        read_escalation(text)


# -- escalation ----------------------------------------------------------------------------------------------------------------


class Book:
    """Plays the server's part: what was told, by outcome."""

    def __init__(self, escalation: Escalation) -> None:
        self.escalation = escalation
        self.told: dict[Any, Any] = {}

    def due(self, minutes: float, *calls: Call) -> list[Notify]:
        return self.escalation.due(START + round(minutes * MINUTE), calls or [call()], self.told)[0]

    def deadline(self, minutes: float) -> float | None:
        at = self.escalation.due(START + round(minutes * MINUTE), [call()], self.told)[1]
        return None if at is None else (at - START) / MINUTE

    def record(self, notes: Sequence[Notify], minutes: float, sent: bool = True) -> None:
        for one in notes:
            place = (one.call.owner, one.call.alarm)
            body = Notified(*place, one.call.announcement, one.step, one.round, one.channel, one.address, sent)
            announcement, known = self.told.get(place, (one.call.announcement, {}))
            known = known if announcement == one.call.announcement else {}
            known[one.round, one.step, one.address] = (START + round(minutes * MINUTE), body)
            self.told[place] = (one.call.announcement, known)


def test_the_chain_is_climbed_until_somebody_acknowledges() -> None:
    book = Book(read_escalation(CALENDAR + CHAINS))
    first = book.due(0)
    assert [(one.person, one.channel, one.address) for one in first] == [("anna", "mail", "anna@example.org")]
    book.record(first, 0)
    assert (book.due(1), book.deadline(1)) == ([], 5)
    second = book.due(5)
    assert [(one.person, one.channel) for one in second] == [("anna", "webhook")]
    book.record(second, 5)
    assert book.due(14.9) == []
    third = book.due(15)
    assert [(one.person, one.channel) for one in third] == [("chief", "mail")]
    book.record(third, 15)
    assert (book.due(74), book.deadline(74)) == ([], 75)
    again = book.due(75)
    assert [(one.person, one.round) for one in again] == [("anna", 1)]
    assert again[0].id != first[0].id
    book.record(again, 75)
    assert book.deadline(75) == 80
    assert book.escalation.due(START + 500 * MINUTE, [], book.told) == ([], None)  # acknowledged


def test_a_failure_leads_to_the_next_step_at_once() -> None:
    book = Book(read_escalation(CALENDAR + CHAINS))
    book.record(book.due(0), 0, sent=False)
    second = book.due(0.1)
    assert [one.channel for one in second] == ["webhook"]
    book.record(second, 0.1, sent=False)
    assert [one.person for one in book.due(0.2)] == ["chief"]


def test_nobody_on_call_counts_as_failure() -> None:
    book = Book(read_escalation(CALENDAR + CHAINS))
    saturday = call(announced_at=tai_ns_from_utc("2026-11-28T12:00:00"))
    notes, _ = book.escalation.due(saturday.announced_at, [saturday], {})
    assert [(one.address, one.words) for one in notes] == [("", "nobody is on call for controller")]
    boris = call(announced_at=tai_ns_from_utc("2026-11-25T20:00:00"))
    told = {
        ("esa", boris.alarm): (1, {(0, 0, "x"): (boris.announced_at, Notified("esa", boris.alarm, 1, 0, 0, "mail", "x", True))})
    }
    notes, _ = book.escalation.due(boris.announced_at + 5 * MINUTE, [boris], told)
    assert [(one.address, one.words) for one in notes] == [("", "boris: no address for webhook")]


def test_steps_keep_their_distance_after_a_long_stop() -> None:
    book = Book(read_escalation(CALENDAR + CHAINS))
    book.record(book.due(100), 100)
    assert book.due(101) == []
    assert book.deadline(101) == 105


def test_quiet_hours_move_a_step_to_their_end() -> None:
    quiet = '[[quiet]]\nstart = "22:00"\nstop = "06:30"\nzone = "Europe/Berlin"\nbelow = "critical"\n'
    escalation = read_escalation(quiet + CALENDAR + CHAINS)
    night, morning = tai_ns_from_utc("2026-11-25T22:00:00"), tai_ns_from_utc("2026-11-26T05:30:00")
    mild, grave = call(severity=3, announced_at=night), call(severity=4, announced_at=night, alarm="grave")
    notes, at = escalation.due(night, [mild, grave], {})
    assert ([one.call.alarm for one in notes], at) == (["grave"], morning)
    notes, _ = escalation.due(morning, [mild], {})
    assert [one.person for one in notes] == ["boris"]


def test_a_new_announcement_begins_anew_and_mild_alarms_call_nobody() -> None:
    book = Book(read_escalation(CALENDAR + CHAINS))
    book.record(book.due(0), 0)
    worse = call(announcement=2, announced_at=START + MINUTE, severity=5)
    assert [(one.step, one.call.severity) for one in book.due(1, worse)] == [(0, 5)]
    assert book.due(0, call(severity=1, alarm="mild")) == []


# -- mail ----------------------------------------------------------------------------------------------------------------------


@dataclass
class Smtp:
    """A small SMTP server: what it got, and how it answers MAIL commands at first."""

    context: ssl.SSLContext | None = None
    refusals: list[bytes] = field(default_factory=list)
    login: bytes = b""
    mails: list[bytes] = field(default_factory=list)
    port: int = 0
    encrypted: bool = False

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 test ESMTP\r\n")
        self.encrypted = False
        try:
            while line := await reader.readline():
                word = line[:4].upper()
                if word == b"STAR" and self.context:
                    writer.write(b"220 go ahead\r\n")
                    await writer.drain()
                    await writer.start_tls(self.context)
                    self.encrypted = True
                elif word == b"QUIT":
                    writer.write(b"221 bye\r\n")
                    break
                elif word == b"DATA":
                    writer.write(b"354 go\r\n")
                    self.mails.append((await reader.readuntil(b"\r\n.\r\n"))[:-5])
                    writer.write(b"250 taken\r\n")
                else:
                    writer.write(self.answer(word, line))
            await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass
        finally:
            writer.close()

    def answer(self, word: bytes, line: bytes) -> bytes:
        if word == b"EHLO":
            extra = b"250-STARTTLS\r\n" if self.context and not self.encrypted else b"250-AUTH PLAIN\r\n"
            return b"250-test\r\n" + extra + b"250 8BITMIME\r\n"
        if word == b"AUTH":
            self.login = line.split()[-1]
            return b"235 welcome\r\n"
        if word == b"MAIL" and self.refusals:
            return self.refusals.pop(0)
        return b"250 fine\r\n"


@asynccontextmanager
async def smtp(**settings: Any) -> AsyncIterator[Smtp]:
    one = Smtp(**settings)
    server = await asyncio.start_server(one.serve, "127.0.0.1", 0)
    one.port = server.sockets[0].getsockname()[1]
    try:
        yield one
    finally:
        server.close()


def certificate(folder: Path) -> tuple[Path, ssl.SSLContext]:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "localhost")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName("localhost")]), False)
        .add_extension(x509.BasicConstraints(True, None), True)
        .sign(key, hashes.SHA256())
    )
    path = folder / "ca.pem"
    path.write_bytes(made.public_bytes(Encoding.PEM))
    both = folder / "server.pem"
    both.write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + path.read_bytes())
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(both)
    return path, context


def test_a_mail_arrives() -> None:
    async def story() -> bytes:
        async with smtp() as server:
            sender = MailSender("127.0.0.1", server.port, "aelita@example.org", "none", effort=QUICK)
            await sender.send("anna@example.org", [note(), note(alarm="limit:TGO:/y", severity=5, title="Battery\r\nBcc: x@y")])
            return server.mails[0]

    got = message_from_bytes(asyncio.run(story()))
    assert got["To"] == "anna@example.org"
    assert got["Bcc"] is None
    assert got["Subject"] == "[severe] Battery Bcc: x@y: limit:TGO:/y and 1 more"
    text = got.get_payload(decode=True).decode()  # type: ignore[union-attr]
    assert "CRITICAL: Heater too hot" in text
    assert "Since        2026-11-25T12:00:00 UTC" in text
    assert "Advice       Switch it off" in text
    assert mail("a@b.c", "x@y.z", [note()])["Message-ID"] == mail("a@b.c", "x@y.z", [note()])["Message-ID"]


def test_a_mail_with_encryption_and_login(tmp_path: Path) -> None:
    ca_file, context = certificate(tmp_path)

    async def story() -> Smtp:
        async with smtp(context=context) as server:
            sender = MailSender("localhost", server.port, "a@example.org", "starttls", "me", "secret", str(ca_file), QUICK)
            await sender.send("anna@example.org", [note()])
            stranger = replace(sender, ca_file="")
            with pytest.raises(NotifyError, match="certificate is not trusted"):
                await stranger.send("anna@example.org", [note()])
            return server

    server = asyncio.run(story())
    assert server.login == b"AG1lAHNlY3JldA=="  # RFC 4616: \0me\0secret
    assert "secret" not in repr(MailSender("h", 1, "s", user="me", password="secret"))


def test_transient_refusals_are_tried_again_and_lasting_ones_are_not() -> None:
    async def story() -> tuple[int, int]:
        async with smtp(refusals=[b"451 greylisted\r\n", b"421 busy\r\n"]) as server:
            sender = MailSender("127.0.0.1", server.port, "a@example.org", "none", effort=QUICK)
            await sender.send("anna@example.org", [note()])
            server.refusals += [b"550 no such person\r\n", b"550 never asked\r\n"]
            with pytest.raises(NotifyError, match="550 no such person"):
                await sender.send("anna@example.org", [note()])
            return len(server.mails), len(server.refusals)

    assert asyncio.run(story()) == (1, 1)


def test_a_server_that_is_silent_or_absent_is_given_up() -> None:
    async def mute(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await asyncio.sleep(30)
        writer.close()

    async def story() -> None:
        server = await asyncio.start_server(mute, "127.0.0.1", 0)
        port = server.sockets[0].getsockname()[1]
        hasty = Effort(timeout_s=0.1, tries=2, pause_s=0.01)
        with pytest.raises(NotifyError, match=r"\(2 tries\)"):
            await MailSender("127.0.0.1", port, "a@example.org", "none", effort=hasty).send("x@y.z", [note()])
        server.close()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        with pytest.raises(NotifyError, match="ConnectionRefusedError"):
            await MailSender("127.0.0.1", port, "a@example.org", "none", effort=Effort(20.0, 2, 0.01)).send("x@y.z", [note()])

    asyncio.run(story())


# -- webhooks ------------------------------------------------------------------------------------------------------------------


@contextmanager
def web(*codes: int) -> Iterator[tuple[str, list[tuple[dict[str, str], bytes]]]]:
    """A web server that answers with these codes in turn, then with 204."""
    got: list[tuple[dict[str, str], bytes]] = []
    left = list(codes)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            got.append((dict(self.headers), self.rfile.read(int(self.headers["Content-Length"]))))
            self.send_response(left.pop(0) if left else 204)
            self.send_header("Location", "/elsewhere")
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/hook", got
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_a_webhook_is_signed_and_tried_again() -> None:
    sender = WebhookSender(b"shared", lambda: 1764072000.9, QUICK)
    with web(503, 429) as (url, got):
        asyncio.run(sender.send(url, [note()]))
    assert len(got) == 3
    headers, body = got[-1]
    wanted = hmac.new(b"shared", b"1764072000." + body, hashlib.sha256).hexdigest()
    assert headers["X-Aelita-Signature"] == f"sha256={wanted}"
    assert len({one["Idempotency-Key"] for one, _ in got}) == 1
    (alarm,) = json.loads(body)["alarms"]
    assert (alarm["alarm"], alarm["severity"], alarm["since"]) == ("limit:TGO:/x", "critical", "2026-11-25T12:00:00.000Z")


@pytest.mark.parametrize(
    ("codes", "words", "times"), [((404,), "HTTP 404", 1), ((302,), "HTTP 302", 1), ((500,) * 3, "3 tries", 3)]
)
def test_a_webhook_that_fails(codes: tuple[int, ...], words: str, times: int) -> None:
    with web(*codes) as (url, got), pytest.raises(NotifyError, match=words):
        asyncio.run(WebhookSender(b"", effort=QUICK).send(url, [note()]))
    assert len(got) == times


def test_a_webhook_goes_to_the_web_alone() -> None:
    with pytest.raises(NotifyError, match="not an http or https address"):
        asyncio.run(WebhookSender().send("file:///etc/hostname", [note()]))


def test_senders_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "notifying.toml"
    path.write_text('[mail]\nhost = "h"\nsender = "a@b.c"\ncredentials = "mail.toml"\n[webhook]\nsecret = "hook"\n')
    for name, text in [("mail.toml", 'user = "me"\npassword = "pw"\n'), ("hook", "shared\n")]:
        (tmp_path / name).write_text(text)
        (tmp_path / name).chmod(0o600)
    found = read_senders(path)
    mailing, hook = found["mail"], found["webhook"]
    assert isinstance(mailing, MailSender)
    assert isinstance(hook, WebhookSender)
    assert (mailing.port, mailing.password, hook.secret) == (587, "pw", b"shared")
    (tmp_path / "mail.toml").chmod(0o644)
    with pytest.raises(UsageError, match="others may read"):
        read_senders(path)
    (tmp_path / "mail.toml").chmod(0o600)
    path.write_text(path.read_text() + "[sms]\n")
    with pytest.raises(DefinitionError, match="unknown key 'sms'"):
        read_senders(path)
    path.write_text('[mail]\nhost = "h"\nsender = "a@b.c"\ncredentials = "mail.toml"\nsecurity = "none"\n')
    with pytest.raises(DefinitionError, match="not sent without encryption"):
        read_senders(path)


# -- signatures ----------------------------------------------------------------------------------------------------------------


def signer(folder: Path, agency: str = "esa") -> Signer:
    return keep_signer(agency, folder / agency / "signing.key")


def test_keys_are_made_once_and_kept_private(tmp_path: Path) -> None:
    one = signer(tmp_path)
    path = tmp_path / "esa" / "signing.key"
    assert path.stat().st_mode & 0o777 == 0o600
    assert signer(tmp_path).public_pem == one.public_pem == (tmp_path / "esa" / "esa.pem").read_bytes()
    path.chmod(0o644)
    with pytest.raises(UsageError, match="others may read this private key"):
        signer(tmp_path)
    path.chmod(0o600)
    path.write_text("garbage")
    with pytest.raises(UsageError, match="not a private key"):
        signer(tmp_path)


def test_public_keys_are_files_and_can_be_changed(tmp_path: Path) -> None:
    old, new = signer(tmp_path / "a"), signer(tmp_path / "b")
    (tmp_path / "esa.pem").write_bytes(old.public_pem + new.public_pem)
    keys = read_public_keys(tmp_path)
    for each in (old, new):
        assert verify(each.sign("esa.alarms.shared", b"x\ny"), keys).payload == b"x\ny"
    (tmp_path / "esa.pem").write_bytes(b"nothing")
    with pytest.raises(UsageError, match="there must be Ed25519 public keys"):
        read_public_keys(tmp_path)
    assert read_public_keys(tmp_path / "absent") == {}


def test_no_octet_of_a_signed_message_can_be_altered(tmp_path: Path) -> None:
    one = signer(tmp_path)
    keys = {"esa": (one.key.public_key(),), "ros": (one.key.public_key(),)}
    octets = one.sign("esa.alarms.shared", b"temperature 71.5")
    signed = verify(octets, keys)
    assert (signed.agency, signed.subject, signed.payload) == ("esa", "esa.alarms.shared", b"temperature 71.5")
    for place in range(len(octets)):
        for change in range(1, 32):
            altered = bytearray(octets)
            altered[place] ^= change
            with pytest.raises(DataError):
                verify(bytes(altered), keys)


def test_another_agency_cannot_sign_for_us(tmp_path: Path) -> None:
    esa, ros = signer(tmp_path), signer(tmp_path, "ros")
    keys = {"esa": (esa.key.public_key(),), "ros": (ros.key.public_key(),)}
    forged = Signer("esa", ros.key).sign("esa.alarms.shared", b"all is well")
    with pytest.raises(DataError, match="forged or altered"):
        verify(forged, keys)
    with pytest.raises(DataError, match="no key of 'esa' is known"):
        verify(forged, {"ros": keys["ros"]})
    with pytest.raises(DataError, match="not a signed message"):
        verify(b"hello", keys)


# -- the server ----------------------------------------------------------------------------------------------------------------


class FakeStore:
    """A stream in memory, as strict as NATS: ids known again, expected sequences checked, faults on demand."""

    def __init__(self) -> None:
        self.messages: list[tuple[str, bytes]] = []
        self.ids: dict[str, int] = {}
        self.last: dict[str, int] = {}
        self.faults: list[AelitaError] = []

    async def publish(
        self, subject: str, payload: bytes, *, msg_id: str | None = None, expected_last_on_subject: int | None = None
    ) -> int:
        await asyncio.sleep(0)
        if self.faults:
            raise self.faults.pop(0)
        if msg_id in self.ids:
            return self.ids[msg_id]
        last = self.last.get(subject, 0)
        if expected_last_on_subject is not None and expected_last_on_subject != last:
            raise UsageError(f"expected {expected_last_on_subject}, the last is {last}")
        self.messages.append((subject, payload))
        self.last[subject] = len(self.messages)
        if msg_id is not None:
            self.ids[msg_id] = len(self.messages)
        return len(self.messages)

    async def history(self, subject: str) -> AsyncIterator[tuple[int, bytes]]:
        for number, (name, payload) in enumerate(list(self.messages), 1):
            if name == subject:
                yield number, payload

    def on(self, subject: str) -> list[bytes]:
        return [payload for name, payload in self.messages if name == subject]


class FakeSender:
    def __init__(self, fails: bool = False) -> None:
        self.sent: list[tuple[str, list[str]]] = []
        self.fails = fails

    async def send(self, address: str, notes: Sequence[Notify]) -> None:
        self.sent.append((address, [one.call.alarm for one in notes]))
        if self.fails:
            raise NotifyError("the channel is broken")


class Clock:
    def __init__(self) -> None:
        self.time = START

    def now(self) -> int:
        return self.time


@dataclass
class Centre:
    folder: Path
    agency: str = "esa"
    store: FakeStore = field(default_factory=FakeStore)
    clock: Clock = field(default_factory=Clock)
    senders: dict[str, Sender] = field(default_factory=dict)
    keys: dict[str, Any] = field(default_factory=dict)
    text: str = ""
    must_see: Callable[[str, int], bool] = lambda _spacecraft, _severity: False
    calendar: str = CALENDAR

    async def server(self) -> AlarmServer:
        around = Surroundings(
            self.store,
            signer(self.folder, self.agency),
            self.keys,
            lambda _user, _permission: True,
            self.clock.now,
            lambda at: (at - self.clock.time) / SECOND,
            read_escalation(self.calendar + CHAINS),
            self.senders,
            self.must_see,
        )
        made = AlarmServer(AlarmEngine(self.agency, read_alarms(self.text) if self.text else AlarmBook()), around)
        await made.start()
        return made


OURS, THEIRS = "esa.alarms.TGO.limit", "ros.alarms.TGO.limit"
SHARED = "[[alarms]]\nkey = 'heat'\nsource = 'limit'\nshared = true\nrole = 'controller'\ntext = 't'\nconsequence = 'c'\nadvice = 'a'\n"
HEAT = "heat:TGO:/x"


def run(story: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(asyncio.wait_for(story(), 60))


async def told(server: AlarmServer) -> None:
    """Let one step and what it began come to an end."""
    await server.step()
    while server._sending:
        await asyncio.sleep(0.001)


def test_a_restart_rebuilds_the_state_and_repeats_no_notification(tmp_path: Path) -> None:
    async def story() -> None:
        mailing = FakeSender()
        centre = Centre(tmp_path, senders={"mail": mailing}, text=SHARED)
        first = await centre.server()
        await first.observe([LimitChanged("TGO", "/x", START, 4, "71.5")])
        await told(first)
        assert mailing.sent == [("anna@example.org", [HEAT])]
        second = await centre.server()
        assert second.engine.state.situations == first.engine.state.situations
        centre.clock.time += MINUTE
        await told(second)
        assert len(mailing.sent) == 1
        await second.command(Acknowledge("c1", "anna", HEAT))
        assert await second.command(Acknowledge("c1", "anna", HEAT)) == []
        centre.clock.time += 60 * MINUTE
        await told(second)
        assert len(mailing.sent) == 1
        third = await centre.server()
        assert third.engine.state.situation(HEAT).state is State.ACKNOWLEDGED

    run(story)


def test_a_broken_channel_leads_to_the_next_at_once(tmp_path: Path) -> None:
    async def story() -> None:
        mailing, hook = FakeSender(fails=True), FakeSender()
        centre = Centre(tmp_path, senders={"mail": mailing, "webhook": hook}, text=SHARED)
        server = await centre.server()
        await server.observe([LimitChanged("TGO", "/x", START, 4)])
        await told(server)
        await told(server)
        assert (len(mailing.sent), len(hook.sent)) == (1, 1)
        records = [decode(octets) for octets in centre.store.on(server.journal)]
        outcomes = [(one.body.channel, one.body.sent, one.body.words) for one in records if isinstance(one.body, Notified)]
        assert outcomes == [("mail", False, "the channel is broken"), ("webhook", True, "")]
        assert (server.notified, server.failed) == (1, 1)

    run(story)


def test_all_people_of_a_step_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    class Uneven(FakeSender):
        async def send(self, address: str, notes: Sequence[Notify]) -> None:
            if address.startswith("anna"):
                await super().send(address, notes)
                raise NotifyError("no such mailbox")
            await asyncio.sleep(0.01)  # still on its way when the other has failed
            await super().send(address, notes)

    async def story() -> None:
        mailing, hook = Uneven(), FakeSender()
        calendar = CALENDAR.replace('people = ["anna"]', 'people = ["anna", "boris"]')
        server = await Centre(tmp_path, senders={"mail": mailing, "webhook": hook}, text=SHARED, calendar=calendar).server()
        await server.observe([LimitChanged("TGO", "/x", START, 4)])
        task = asyncio.create_task(server.run())
        while len(mailing.sent) < 2:
            await asyncio.sleep(0.001)
        await server.observe([LimitChanged("TGO", "/y", START, 4)])
        await told(server)
        assert sorted(address for address, _ in mailing.sent) == ["anna@example.org", "boris@example.org"]
        monkeypatch.setattr("aelita.services.live.alarm_server.SPACING_S", 0.0)
        await told(server)
        assert [alarms for _, alarms in mailing.sent[2:]] == [["heat:TGO:/y"]] * 2
        assert hook.sent == []  # one of them heard
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    run(story)


def test_many_alarms_at_once_are_told_in_few_mails(tmp_path: Path) -> None:
    async def story() -> None:
        mailing = FakeSender()
        server = await Centre(tmp_path, senders={"mail": mailing}, text=SHARED).server()
        await server.observe([LimitChanged("TGO", f"/p{number}", START, 4) for number in range(500)])
        await told(server)
        await server.observe([LimitChanged("TGO", "/one-more", START, 4)])
        await told(server)
        assert [len(alarms) for _, alarms in mailing.sent] == [500]

    run(story)


def test_what_cannot_be_kept_waits_and_goes_first(tmp_path: Path) -> None:
    async def story() -> None:
        centre = Centre(tmp_path, text=SHARED)
        server = await centre.server()
        centre.store.faults = [AelitaError("no answer")]
        with pytest.raises(AelitaError, match="no answer"):
            await server.observe([LimitChanged("TGO", "/x", START, 4)])
        await server.command(Shelve("s", "anna", HEAT, START + MINUTE, "test"))
        again = await centre.server()
        assert again.engine.state.situations == server.engine.state.situations
        assert len(centre.store.on(OURS)) == 2

    run(story)


def test_people_are_told_though_the_store_is_full(tmp_path: Path) -> None:
    async def story() -> None:
        mailing = FakeSender()
        centre = Centre(tmp_path, senders={"mail": mailing}, text=SHARED)
        server = await centre.server()
        centre.store.faults = [AelitaError("the stream is full")] * 20
        with pytest.raises(AelitaError, match="full"):
            await server.observe([LimitChanged("TGO", "/x", START, 4)])
        await told(server)
        assert len(mailing.sent) == 1
        centre.store.faults = []
        await told(server)
        assert (await centre.server()).engine.state.told == server.engine.state.told

    run(story)


def test_a_damaged_line_of_the_journal_is_left_out_and_audited(tmp_path: Path) -> None:
    async def story() -> None:
        centre = Centre(tmp_path, text=SHARED)
        server = await centre.server()
        await server.observe([LimitChanged("TGO", "/x", START, 4)])
        await centre.store.publish(server.journal, b"garbage")
        later = await centre.server()
        assert later.engine.state.situations == server.engine.state.situations
        last = decode(centre.store.on(server.journal)[-1]).body
        assert isinstance(last, Refused) and last.reason.startswith("1 lines of the journal cannot be read")

    run(story)


def test_a_second_server_is_refused(tmp_path: Path) -> None:
    async def story() -> None:
        centre = Centre(tmp_path)
        first, second = await centre.server(), await centre.server()
        await first.observe([LimitChanged("TGO", "/x", START, 4)])
        with pytest.raises(AelitaError, match="expected 0, the last is 1"):
            await second.observe([LimitChanged("TGO", "/y", START, 4)])

    run(story)


def test_two_agencies_share_alarms_by_signed_messages(tmp_path: Path) -> None:
    async def story() -> None:
        keys = {agency: (signer(tmp_path, agency).key.public_key(),) for agency in ("esa", "ros")}
        hook = FakeSender()
        ours = Centre(tmp_path, "esa", keys=keys, text=SHARED)
        theirs = Centre(tmp_path, "ros", keys=keys, senders={"mail": hook})
        esa, ros = await ours.server(), await theirs.server()
        await esa.observe([LimitChanged("TGO", "/x", START, 4), LimitChanged("TGO", "/private", START, 0)])
        for message in ours.store.on(OURS):
            assert await ros.foreign(OURS, message)
        (view,) = ros.engine.state.merged.all("ros")
        assert (view.owner, view.alarm, view.state) == ("esa", HEAT, State.UNACKNOWLEDGED)
        await told(ros)
        assert hook.sent == [("anna@example.org", [HEAT])]  # their own chain
        await ros.command(Acknowledge("c", "ivan", HEAT, owner="esa"))
        for message in theirs.store.on("ros.alarms.TGO.stance"):
            assert await esa.foreign("ros.alarms.TGO.stance", message)
        assert esa.engine.state.situation(HEAT).state is State.UNACKNOWLEDGED
        assert esa.engine.state.merged.acknowledged("esa", HEAT, "ros") == 1
        theirs.clock.time += 90 * MINUTE
        await told(ros)
        assert len(hook.sent) == 1

    run(story)


def test_the_agreement_says_what_others_must_see(tmp_path: Path) -> None:
    async def story() -> None:
        centre = Centre(tmp_path, must_see=lambda spacecraft, severity: spacecraft == "TGO" and severity >= 4)
        server = await centre.server()
        await server.observe([LimitChanged("TGO", "/x", START, 2), LimitChanged("HERA", "/x", START, 5)])
        assert not centre.store.on(OURS)
        await server.observe([LimitChanged("TGO", "/x", START, 4)])
        centre.clock.time += 20 * MINUTE
        await server.observe([LimitChanged("TGO", "/x", centre.clock.time, 2)])
        await server.observe([LimitChanged("TGO", "/x", centre.clock.time, 0)])
        heard = [
            decode(verify(octets, {"esa": (signer(tmp_path).key.public_key(),)}).payload) for octets in centre.store.on(OURS)
        ]
        assert [one.body.event.value for one in heard] == ["worsen", "ease", "clear"]  # type: ignore[union-attr]
        assert [subject for subject, _ in centre.store.messages if "HERA" in subject] == []

    run(story)


def test_forged_altered_and_misplaced_messages_are_refused_and_audited(tmp_path: Path) -> None:
    async def story() -> None:
        esa, ros = signer(tmp_path, "esa"), signer(tmp_path, "ros")
        centre = Centre(tmp_path, "esa", keys={"esa": (esa.key.public_key(),), "ros": (ros.key.public_key(),)})
        other = Centre(tmp_path, "ros", text=SHARED)
        teller = await other.server()
        await teller.observe([LimitChanged("TGO", "/x", START, 4)])
        subject = THEIRS
        (good,) = other.store.on(subject)
        payload = verify(good, centre.keys).payload
        bad = [
            (subject, good[:-2] + b"!}"),
            (subject, Signer("ros", esa.key).sign(subject, payload)),
            (OURS, good),
            (subject, ros.sign("ros.audit.alarms", payload)),
            (subject, ros.sign(subject, payload.replace(b'"agency":"ros"', b'"agency":"nasa"'))),
            (subject, ros.sign(subject, b"{}")),
            (subject, esa.sign(subject, payload)),
            (subject, b""),
        ]
        server = await centre.server()
        for number, (where, octets) in enumerate(bad):
            centre.clock.time += MINUTE
            assert not await server.foreign(where, octets), number
        assert server.engine.state.merged.all("esa") == []
        kept = [decode(octets) for octets in centre.store.on(server.journal)]
        assert [type(one.body) for one in kept] == [Refused] * len(bad)
        assert kept[0].body.digest == hashlib.sha256(bad[0][1]).hexdigest()  # type: ignore[union-attr]
        assert await server.foreign(subject, good)

    run(story)


def test_the_server_runs_by_itself(tmp_path: Path) -> None:
    async def story() -> None:
        mailing = FakeSender()
        centre = Centre(tmp_path, senders={"mail": mailing}, text=SHARED)
        server = await centre.server()
        task = asyncio.create_task(server.run())
        await server.observe([LimitChanged("TGO", "/x", START, 4)])
        while not mailing.sent:
            await asyncio.sleep(0.001)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    run(story)


def test_the_journal_on_a_real_server(tmp_path: Path) -> None:
    async def story() -> None:
        async with one_server(tmp_path / "nats") as server, await client(server) as streams:
            centre = Centre(tmp_path, senders={"mail": FakeSender()}, text=SHARED, store=StreamStore(streams, "esa.audit.alarms"))  # type: ignore[arg-type]
            first = await centre.server()
            await first.observe([LimitChanged("TGO", f"/p{number}", START, 4) for number in range(20)])
            await first.command(Acknowledge("c", "anna", "heat:TGO:/p3", "seen"))
            await told(first)
            second = await centre.server()
            assert second.engine.state.situations == first.engine.state.situations
            assert second.engine.state.told == first.engine.state.told
            await second.command(Acknowledge("d", "anna", "heat:TGO:/p4"))
            with pytest.raises(WrongSequenceError):
                await first.command(Acknowledge("e", "anna", "heat:TGO:/p5"))
            assert (await streams.info("ALARMS")).messages == 22  # said once, at the second start too

    run(story)
