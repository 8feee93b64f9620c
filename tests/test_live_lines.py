"""The lines between agencies: links over TLS, who is refused by them, and a line that falls silent without a word."""

import asyncio
import datetime
import ipaddress
from dataclasses import dataclass
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from aelita.services.live import server_configuration, stream_setup
from aelita.services.live.nats_server import NatsServer
from aelita.services.live.server_configuration import Tls
from aelita.services.live.stream_plan import Give
from live_servers import agencies, client, make_all, one_server, until
from test_live_mirrors import holds

LINKED = "JetStream using domains"  # said once both have agreed; "connection created" comes before the handshake
GIVE = Give("esa", "roscosmos", ("esa.frames.>",))


@dataclass
class Authority:
    """One that signs certificates for 127.0.0.1."""

    folder: Path
    name: str

    def __post_init__(self) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        made = self._certificate(self.name, self._key.public_key(), authority=True)
        self.path = self.folder / f"{self.name}.pem"
        self.path.write_bytes(made.public_bytes(serialization.Encoding.PEM))

    def tls_of(self, agency: str, trusted: "Authority | None" = None) -> Tls:
        """Return an agency's files, signed by this authority; it trusts this one or another."""
        key = ec.generate_private_key(ec.SECP256R1())
        certificate, private = self.folder / f"{agency}.pem", self.folder / f"{agency}.key"
        made = self._certificate(agency, key.public_key(), authority=False)
        certificate.write_bytes(made.public_bytes(serialization.Encoding.PEM))
        private.write_bytes(
            key.private_bytes(
                serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
            )
        )  # fmt: skip
        return Tls(certificate, private, (trusted or self).path)

    def _certificate(self, subject: str, key: ec.EllipticCurvePublicKey, authority: bool) -> x509.Certificate:
        now = datetime.datetime.now(datetime.UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, subject)]))
            .issuer_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, self.name)]))
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - datetime.timedelta(days=1))
            .not_valid_after(now + datetime.timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
            .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), critical=False)
            .sign(self._key, hashes.SHA256())
        )


def said(server: NatsServer, *words: str) -> bool:
    log = (server.directory / "server.log").read_text()
    return all(word in log for word in words)


def test_links_over_tls(tmp_path: Path) -> None:
    """One that has a certificate is linked; one whose certificate another signed is not, nor one that speaks without TLS."""
    good, other = Authority(tmp_path, "good"), Authority(tmp_path, "other")
    tls = {"esa": good.tls_of("esa"), "roscosmos": good.tls_of("roscosmos"), "jaxa": other.tls_of("jaxa", trusted=good)}
    agreement = [Give("esa", receiver, ("esa.frames.>",)) for receiver in ("roscosmos", "jaxa", "nasa")]

    async def run() -> None:
        async with agencies(tmp_path, agreement, ["esa", "roscosmos", "jaxa", "nasa"], tls=tls) as (servers, _):
            async with await client(servers["esa"]) as esa, await client(servers["roscosmos"]) as roscosmos:
                await esa.publish("esa.frames.tgo.mlg", b"over TLS")
                await until("the mirror", holds(roscosmos, "FROM_ESA_FRAMES", 1))

            async def refused() -> bool:
                return said(servers["jaxa"], "closed: Read Error") and said(servers["nasa"], "closed: TLS Handshake Failure")

            await until("both are refused", refused)
            assert said(servers["roscosmos"], LINKED)
            for name in ("jaxa", "nasa"):
                assert not said(servers[name], LINKED)
                async with await client(servers[name]) as streams:
                    assert (await streams.info("FROM_ESA_FRAMES")).messages == 0

    asyncio.run(run())


def test_a_giver_with_a_certificate_of_a_stranger_is_refused(tmp_path: Path) -> None:
    good, other = Authority(tmp_path, "good"), Authority(tmp_path, "other")
    tls = {"esa": other.tls_of("esa", trusted=good), "roscosmos": good.tls_of("roscosmos")}

    async def run() -> None:
        async with agencies(tmp_path, [GIVE], ["esa", "roscosmos"], tls=tls) as (servers, _):

            async def refused() -> bool:
                return said(servers["roscosmos"], "unknown authority")

            await until("the refusal", refused)
            assert not said(servers["roscosmos"], LINKED)

    asyncio.run(run())


def test_a_line_that_falls_silent(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Packets vanish and no connection ends: both sides notice by their pings; the mirror goes on by itself afterwards."""
    monkeypatch.setattr(server_configuration, "PING_S", 1)

    async def run() -> None:
        async with agencies(tmp_path, [GIVE], ["esa", "roscosmos"]) as (servers, lines):
            esa, roscosmos = await client(servers["esa"]), await client(servers["roscosmos"])
            async with esa, roscosmos:
                await esa.publish("esa.frames.tgo.mlg", b"before")
                await until("what was before", holds(roscosmos, "FROM_ESA_FRAMES", 1))
                [line] = lines.values()
                line.silence()
                await esa.publish("esa.frames.tgo.mlg", b"into the void")

                async def noticed() -> bool:
                    return all(said(server, "Leafnode connection closed: Stale Connection") for server in servers.values())

                await until("both notice", noticed)
                assert (await roscosmos.info("FROM_ESA_FRAMES")).messages == 1
                await line.restore()
                await esa.publish("esa.frames.tgo.mlg", b"after")
                await until("what was sent meanwhile", holds(roscosmos, "FROM_ESA_FRAMES", 3))
                state = await roscosmos.info("FROM_ESA_FRAMES")
                assert (state.messages, state.missing) == (3, 0)

    asyncio.run(run())


def test_a_new_mirror_waits_for_its_giver(tmp_path: Path) -> None:
    """A mirror made while its giver is away would ask again only after forty seconds, and then ever later."""

    async def run() -> None:
        async with agencies(tmp_path, [GIVE], ["esa", "roscosmos"]) as (servers, lines):
            esa, admin = await client(servers["esa"]), await client(servers["roscosmos"], "admin")
            async with esa, admin:
                [line] = lines.values()
                await line.cut()
                await admin.jetstream.delete_stream("FROM_ESA_FRAMES")
                making = asyncio.create_task(make_all(servers["roscosmos"]))
                await asyncio.sleep(1.0)
                assert not making.done()
                await line.restore()
                await making
                await esa.publish("esa.frames.tgo.mlg", b"given")
                async with asyncio.timeout(20):
                    await until("the mirror", holds(admin, "FROM_ESA_FRAMES", 1))

    asyncio.run(run())


def test_a_mirror_whose_giver_stays_away_is_made_all_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stream_setup, "GIVER_WAIT_S", 0.5)

    async def run() -> None:
        async with one_server(tmp_path, [GIVE], "roscosmos") as server, await client(server) as streams:
            state = await streams.info("FROM_ESA_FRAMES")
            assert (state.messages, state.heard_s) == (0, None)

    asyncio.run(run())
