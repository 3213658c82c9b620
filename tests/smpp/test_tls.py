"""Real handshakes on loopback: what is refused is refused before any PDU."""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import trustme

from smpp import tls
from smpp.client import Esme, EsmeConfig
from smpp.errors import ConnectError, TlsError
from smpp.pdu import SubmitSm, SubmitSmResp
from smpp.server import Smsc, SmscConfig
from smpp.values import CommandStatus
from tests.smpp.loopback import DEADLINE_S

NAME = "smsc.example"
END = datetime(2036, 7, 8, 9, 10, 11, tzinfo=UTC)


@dataclass
class Files:
    """An authority and what it signed, as PEM files."""

    ca: Path
    server: Path
    other_name: Path
    expired: Path
    client: Path
    other_ca: Path


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    folder = tmp_path_factory.mktemp("certificates")
    authority, other = trustme.CA(), trustme.CA()
    yesterday = datetime.now(UTC) - timedelta(days=1)
    leaves = {
        "server": authority.issue_cert(NAME, not_after=END),
        "other_name": authority.issue_cert("elsewhere.example"),
        "expired": authority.issue_cert(
            NAME, not_before=yesterday - timedelta(days=1), not_after=yesterday
        ),
        "client": authority.issue_cert("esme.example"),
    }
    made = {}
    for name, leaf in leaves.items():
        made[name] = folder / f"{name}.pem"
        leaf.private_key_and_cert_chain_pem.write_to_path(str(made[name]))
    for name, ca in (("ca", authority), ("other_ca", other)):
        made[name] = folder / f"{name}.pem"
        ca.cert_pem.write_to_path(str(made[name]))
    return Files(**made)


@asynccontextmanager
async def listening(context: ssl.SSLContext | None) -> AsyncIterator[Smsc]:
    smsc = Smsc(
        SmscConfig(ssl=context),
        on_bind=lambda session, bind: CommandStatus.ESME_ROK,
        on_request=lambda session, pdu: session.respond(pdu, message_id="1"),
    )
    async with smsc:
        yield smsc


async def connect(smsc: Smsc, context: ssl.SSLContext, name: str = NAME) -> Esme:
    config = EsmeConfig(
        host="127.0.0.1",
        port=smsc.port,
        system_id="us",
        password="",
        ssl=context,
        server_hostname=name,
    )
    return await asyncio.wait_for(Esme.connect(config), DEADLINE_S)


async def test_a_message_travels_over_tls_with_both_certificates(files: Files) -> None:
    context = tls.server_context(files.server, client_ca_file=files.ca)
    async with listening(context) as smsc:
        esme = await connect(smsc, tls.client_context(files.ca, files.client))
        assert await esme.submit(SubmitSm()) == SubmitSmResp(sequence_number=2, message_id="1")
        assert esme.certificate_expires_s == END.timestamp()
        await esme.close()


async def test_without_tls_no_certificate_ends() -> None:
    async with listening(None) as smsc:
        config = EsmeConfig(host="127.0.0.1", port=smsc.port, system_id="us", password="")
        async with Esme.bound(config) as esme:
            assert esme.certificate_expires_s is None


async def test_the_name_that_is_checked_is_also_sent(files: Files) -> None:
    names: list[str | None] = []
    context = tls.server_context(files.server)
    context.sni_callback = lambda link, name, context: names.append(name)
    async with listening(context) as smsc:
        await (await connect(smsc, tls.client_context(files.ca))).close()
    assert names == [NAME]


@pytest.mark.parametrize(
    ("certificate", "authority", "name"),
    [
        ("other_name", "ca", NAME),
        ("expired", "ca", NAME),
        ("server", "other_ca", NAME),
        ("server", None, NAME),  # the system's authorities have not signed it
        ("server", "ca", "elsewhere.example"),
    ],
)
async def test_a_server_that_is_not_who_it_should_be_is_refused(
    files: Files, certificate: str, authority: str | None, name: str
) -> None:
    ca_file = getattr(files, authority) if authority else None
    async with listening(tls.server_context(getattr(files, certificate))) as smsc:
        with pytest.raises(ConnectError):
            await connect(smsc, tls.client_context(ca_file), name)
        assert smsc.sessions == set()


@pytest.mark.parametrize("certificate", [None, "other"])
async def test_an_esme_without_a_certificate_we_signed_never_binds(
    files: Files, certificate: str | None, tmp_path: Path
) -> None:
    stranger = tmp_path / "stranger.pem"
    trustme.CA().issue_cert("esme.example").private_key_and_cert_chain_pem.write_to_path(
        str(stranger)
    )
    context = tls.server_context(files.server, client_ca_file=files.ca)
    async with listening(context) as smsc:
        # TLS 1.3 refuses the client after its own handshake is over: the bind is never answered.
        with pytest.raises(Exception, match=r"certificate|lost|not answered|closed"):
            await connect(smsc, tls.client_context(files.ca, stranger if certificate else None))


@pytest.mark.filterwarnings("ignore:ssl.TLSVersion")
async def test_a_server_of_tls_1_1_is_refused(files: Files) -> None:
    context = tls.server_context(files.server)
    context.minimum_version = ssl.TLSVersion.TLSv1
    context.maximum_version = ssl.TLSVersion.TLSv1_1
    context.set_ciphers("ALL:@SECLEVEL=0")
    async with listening(context) as smsc:
        with pytest.raises(ConnectError):
            await connect(smsc, tls.client_context(files.ca))


async def test_a_plain_esme_and_a_tls_port_part_at_once(files: Files) -> None:
    async with listening(tls.server_context(files.server)) as smsc:
        config = EsmeConfig(host="127.0.0.1", port=smsc.port, system_id="us", password="")
        with pytest.raises(Exception, match=r"lost|not answered|reset"):
            await asyncio.wait_for(Esme.connect(config), DEADLINE_S)


@pytest.mark.parametrize("file", ["missing.pem", "garbage.pem"])
def test_a_file_that_cannot_be_used_is_named(tmp_path: Path, file: str) -> None:
    (tmp_path / "garbage.pem").write_text("no certificate")
    for make in (tls.client_context, tls.server_context):
        with pytest.raises(TlsError, match=file):
            make(tmp_path / file)


def test_an_encrypted_key_needs_its_password_and_never_asks_for_it(
    files: Files, tmp_path: Path
) -> None:
    from cryptography.hazmat.primitives import serialization

    key = serialization.load_pem_private_key(files.server.read_bytes(), None)
    locked = tmp_path / "locked.pem"
    locked.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.BestAvailableEncryption(b"opensesame"),
        )
    )
    with pytest.raises(TlsError, match=r"locked\.pem"):
        tls.server_context(files.server, locked)
    assert tls.server_context(files.server, locked, "opensesame")
