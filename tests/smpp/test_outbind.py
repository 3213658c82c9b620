import asyncio

import pytest

from smpp.client import Esme, EsmeConfig
from smpp.errors import ConnectError
from smpp.outbind import OutbindListener
from smpp.pdu import Bind, BindReceiver, DeliverSm, DeliverSmResp, Pdu
from smpp.server import Smsc, SmscSession
from smpp.state import Closed, Why
from smpp.values import BindType, CommandStatus
from tests.smpp.loopback import DEADLINE_S

ACCOUNT = EsmeConfig(
    host="", port=0, system_id="us", password="secret", bind_type=BindType.RECEIVER
)


def listener(bound: "asyncio.Queue[Esme]", ends: list[Closed] | None = None) -> OutbindListener:
    return OutbindListener(
        ACCOUNT,
        accepts=lambda outbind: outbind.password == "theirs",
        on_bound=bound.put_nowait,
        on_request=lambda esme, pdu: esme.respond(pdu),
        on_closed=lambda esme, closed: ends.append(closed) if ends is not None else None,
    )


def smsc(binds: list[Bind], status: CommandStatus = CommandStatus.ESME_ROK) -> Smsc:
    def on_bind(session: SmscSession, bind: Bind) -> CommandStatus:
        binds.append(bind)
        return status

    def on_request(session: SmscSession, pdu: Pdu) -> None:
        raise AssertionError(pdu)

    return Smsc(on_bind=on_bind, on_request=on_request)


async def test_an_smsc_with_a_message_is_bound_to_and_delivers_it() -> None:
    bound: asyncio.Queue[Esme] = asyncio.Queue()
    binds: list[Bind] = []
    async with listener(bound) as ours, smsc(binds) as theirs:
        session = await theirs.outbind("127.0.0.1", ours.port, "smsc", "theirs")
        esme = await asyncio.wait_for(bound.get(), DEADLINE_S)
        assert esme.bind_type is session.bind_type is BindType.RECEIVER
        [bind] = binds
        assert isinstance(bind, BindReceiver)
        assert (bind.system_id, bind.password) == ("us", "secret")
        answer = await asyncio.wait_for(session.deliver(DeliverSm(short_message=b"mo")), DEADLINE_S)
        assert answer == DeliverSmResp(sequence_number=2)


async def test_a_stranger_is_not_bound_to() -> None:
    bound: asyncio.Queue[Esme] = asyncio.Queue()
    binds: list[Bind] = []
    async with listener(bound) as ours, smsc(binds) as theirs:
        session = await theirs.outbind("127.0.0.1", ours.port, "smsc", "guessed")
        await asyncio.wait_for(session.ended(), DEADLINE_S)
    assert bound.empty()
    assert binds == []


async def test_a_refused_bind_ends_the_link_and_nobody_is_told_of_a_bind() -> None:
    bound: asyncio.Queue[Esme] = asyncio.Queue()
    ends: list[Closed] = []
    async with (
        listener(bound, ends) as ours,
        smsc([], CommandStatus.ESME_RINVPASWD) as theirs,
    ):
        session = await theirs.outbind("127.0.0.1", ours.port, "smsc", "theirs")
        closed = await asyncio.wait_for(session.ended(), DEADLINE_S)
        assert closed.why is Why.BIND_REFUSED
    assert (bound.empty(), ends) == (True, [])


async def test_nobody_listening_is_an_error_at_once() -> None:
    async with listener(asyncio.Queue()) as ours:
        port = ours.port
    async with smsc([]) as theirs:
        with pytest.raises(ConnectError):
            await theirs.outbind("127.0.0.1", port, "smsc", "theirs")


async def test_links_have_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("smpp.outbind.LINKS_MAX", 1)
    bound: asyncio.Queue[Esme] = asyncio.Queue()
    async with listener(bound) as ours, smsc([]) as theirs:
        await theirs.outbind("127.0.0.1", ours.port, "smsc", "theirs")
        await asyncio.wait_for(bound.get(), DEADLINE_S)
        second = await theirs.outbind("127.0.0.1", ours.port, "smsc", "theirs")
        closed = await asyncio.wait_for(second.ended(), DEADLINE_S)
        assert closed.why is Why.CONNECTION_LOST
