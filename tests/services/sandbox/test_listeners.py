"""Several places to listen: failover by hand, TLS beside plain, certificates that expire."""

import asyncio
import contextlib
import datetime
import socket
import ssl
import urllib.request
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import pytest
import trustme

from pipeline.errors import ConfigError, HeliographError
from services.sandbox import scenario
from services.sandbox.config import SandboxConfig
from services.sandbox.http import serving
from services.sandbox.smsc import Sandbox
from smpp import tls
from smpp.client import Esme, EsmeConfig
from smpp.errors import BindRefusedError, ConnectError
from smpp.state import Why
from smpp.values import CommandStatus
from tests.services.sandbox.loopback import DEADLINE_S, PASSWORD, sandbox

TWO = {"listen": [{"host": "127.0.0.1"}, {"host": "127.0.0.2"}]}


async def bind(own: Sandbox, number: int, host: str = "127.0.0.1", **config: Any) -> Esme:
    port = own.listeners.ports[number]
    who = {"host": host, "port": port, "system_id": "one", "password": PASSWORD} | config
    return await Esme.connect(EsmeConfig(**who), on_request=lambda esme, pdu: esme.respond(pdu))


def written(folder: Path, ca: trustme.CA, **fields: Any) -> dict[str, Any]:
    """A TLS listener whose certificate is signed by `ca`."""
    own = ca.issue_cert("localhost", **fields)
    own.private_key_and_cert_chain_pem.write_to_path(folder / "own.pem")
    ca.cert_pem.write_to_path(folder / "ca.pem")
    return {"host": "127.0.0.1", "tls": {"certificate": str(folder / "own.pem")}}


def posted(url: str) -> tuple[int, str]:
    try:
        with urllib.request.urlopen(url, b"", timeout=DEADLINE_S) as answer:
            return answer.status, answer.read().decode()
    except HTTPError as error:
        return error.code, error.read().decode()


async def test_one_host_is_taken_down_and_the_other_goes_on() -> None:
    async with sandbox(**TWO) as own:
        first, second = await bind(own, 0), await bind(own, 1, "127.0.0.2")
        await own.listeners.down(0)
        assert (await first.ended()).why is Why.CONNECTION_LOST
        with pytest.raises(ConnectError):
            await bind(own, 0)
        assert second.bind_type is not None
        figures = own.statistics()["listeners"]
        assert [(each["up"], each["sessions"]) for each in figures] == [(False, 0), (True, 1)]
        await own.listeners.up(0)
        again = await bind(own, 0)
        await again.close()
        await second.close()


async def test_two_who_take_it_up_at_once_both_have_it() -> None:
    async with sandbox() as own:
        await own.listeners.down(0)
        await asyncio.gather(own.listeners.up(0), own.listeners.up(0))
        esme = await bind(own, 0)
        await esme.close()


async def test_a_port_that_somebody_took_meanwhile_is_told() -> None:
    async with sandbox() as own, serving(own, "127.0.0.1", 0) as port:
        await own.listeners.down(0)
        with socket.create_server(("127.0.0.1", own.port)):
            url = f"http://127.0.0.1:{port}/listeners/0/up"
            found = await asyncio.to_thread(posted, url)
        assert found[0] == 422
        assert "cannot listen on" in found[1]


async def test_plain_and_tls_stand_side_by_side(tmp_path: Path) -> None:
    listen = [{"host": "127.0.0.1"}, written(tmp_path, trustme.CA())]
    async with sandbox(listen=listen) as own:
        plain = await bind(own, 0)
        secret = await bind(
            own, 1, ssl=tls.client_context(tmp_path / "ca.pem"), server_hostname="localhost"
        )
        assert own.statistics()["binds"] == 2
        await plain.close()
        await secret.close()


async def test_an_old_version_of_tls_is_refused_where_the_listener_says_so(tmp_path: Path) -> None:
    place = written(tmp_path, trustme.CA())
    place["tls"]["min_version"] = "1.3"
    trust = tls.client_context(tmp_path / "ca.pem")
    async with sandbox(listen=[place]) as own:
        new = await bind(own, 0, ssl=trust, server_hostname="localhost")
        await new.close()
        trust.maximum_version = ssl.TLSVersion.TLSv1_2
        with pytest.raises(ConnectError):
            await bind(own, 0, ssl=trust, server_hostname="localhost")


@pytest.mark.parametrize("wanted", ["us", "us.test", "required"])
async def test_a_client_must_show_the_certificate_of_its_account(
    tmp_path: Path, wanted: str
) -> None:
    ca = trustme.CA()
    place = written(tmp_path, ca)
    place["tls"]["client_ca"] = str(tmp_path / "ca.pem")
    for name in ("us", "them"):
        client = ca.issue_cert(f"{name}.test", common_name=name)
        client.private_key_and_cert_chain_pem.write_to_path(tmp_path / f"{name}.pem")
    accounts = {"one": {"password": PASSWORD, "client_certificate": wanted}}
    async with sandbox(listen=[place], accounts=accounts) as own:

        def shown(name: str) -> dict[str, Any]:
            context = tls.client_context(tmp_path / "ca.pem", tmp_path / f"{name}.pem")
            return {"ssl": context, "server_hostname": "localhost"}

        esme = await bind(own, 0, **shown("us"))
        await esme.close()
        if wanted == "required":
            other = await bind(own, 0, **shown("them"))
            await other.close()
            return
        with pytest.raises(BindRefusedError) as error:
            await bind(own, 0, **shown("them"))
        assert error.value.status is CommandStatus.ESME_RBINDFAIL


async def test_a_certificate_expires_while_running_and_is_renewed(tmp_path: Path) -> None:
    ca = trustme.CA()
    now = datetime.datetime.now(datetime.UTC)
    async with sandbox(listen=[written(tmp_path, ca)]) as own:
        trust: dict[str, Any] = {
            "ssl": tls.client_context(tmp_path / "ca.pem"),
            "server_hostname": "localhost",
        }
        living = await bind(own, 0, **trust)
        written(tmp_path, ca, not_after=now - datetime.timedelta(days=1))
        assert own.listeners.reload_certificates() == 1
        with pytest.raises(ConnectError, match="certificate has expired"):
            await bind(own, 0, **trust)
        assert living.bind_type is not None
        written(tmp_path, ca)
        own.listeners.reload_certificates()
        renewed = await bind(own, 0, **trust)
        await renewed.close()
        await living.close()


async def test_a_pair_that_does_not_fit_is_told_and_the_old_one_stays(tmp_path: Path) -> None:
    ca = trustme.CA()
    async with (
        sandbox(listen=[written(tmp_path, ca)]) as own,
        serving(own, "127.0.0.1", 0) as port,
    ):
        pem = tmp_path / "own.pem"
        key, other = ca.issue_cert("localhost"), ca.issue_cert("localhost")
        pem.write_bytes(key.private_key_pem.bytes() + other.cert_chain_pems[0].bytes())
        url = f"http://127.0.0.1:{port}/certificate"
        status, words = await asyncio.to_thread(posted, url)
        assert (status, "listen.0.tls" in words) == (422, True)
        trust = tls.client_context(tmp_path / "ca.pem")
        esme = await bind(own, 0, ssl=trust, server_hostname="localhost")
        await esme.close()
        written(tmp_path, ca)
        assert await asyncio.to_thread(posted, url) == (200, '{"reloaded":1}')


async def test_a_certificate_that_cannot_be_read_is_told(tmp_path: Path) -> None:
    place = {"tls": {"certificate": str(tmp_path / "none.pem")}}
    with pytest.raises(ConfigError, match=r"listen.0.tls: .*none.pem"):
        async with sandbox(listen=[place]):
            pass


async def test_a_handshake_that_ends_when_the_listener_is_down_leads_nowhere(
    tmp_path: Path,
) -> None:
    async with sandbox(listen=[written(tmp_path, trustme.CA())]) as own, asyncio.timeout(10):
        reader, writer = await asyncio.open_connection("127.0.0.1", own.port)
        come, gone = ssl.MemoryBIO(), ssl.MemoryBIO()
        trust = tls.client_context(tmp_path / "ca.pem")
        client = trust.wrap_bio(come, gone, server_hostname="localhost")
        with pytest.raises(ssl.SSLWantReadError):
            client.do_handshake()
        writer.write(gone.read())
        come.write(await reader.read(1 << 16))  # it was taken, and answered
        await own.listeners.down(0)
        client.do_handshake()
        writer.write(gone.read())
        with contextlib.suppress(ConnectionResetError):
            await reader.read()
        writer.close()
        assert own.listeners.statistics()[0]["sessions"] == 0


async def test_ipv6_has_its_listener_and_its_addresses() -> None:
    account = {"password": PASSWORD, "allow": ["::1"]}
    listen = [{"host": "127.0.0.1"}, {"host": "::1"}]
    async with sandbox(listen=listen, accounts={"one": account}) as own:
        esme = await bind(own, 1, "::1")
        await esme.close()
        with pytest.raises(BindRefusedError):
            await bind(own, 0)


async def test_when_one_place_is_taken_nothing_listens() -> None:
    async with sandbox() as other:
        listen = [{"host": "127.0.0.1"}, {"host": "127.0.0.1", "port": other.port}]
        config = SandboxConfig.model_validate({"listen": listen, "accounts": {"one": PASSWORD}})
        own = Sandbox(config, scenario.parse("", "mine"))
        with pytest.raises(HeliographError, match=f"cannot listen on 127.0.0.1:{other.port}"):
            await own.start()
        assert [place["up"] for place in own.listeners.statistics()] == [False, False]
        with pytest.raises(ConnectError):
            await bind(own, 0)
