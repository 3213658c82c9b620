import asyncio

import pytest

from smpp import tlv
from smpp.errors import BindRefusedError
from smpp.pdu import (
    Bind,
    BindTransceiver,
    BindTransceiverResp,
    DataSm,
    DeliverSm,
    EnquireLink,
    EnquireLinkResp,
    GenericNack,
    SubmitSm,
    SubmitSmResp,
    Unbind,
    UnbindResp,
)
from smpp.server import Smsc, SmscConfig, SmscSession
from smpp.session import SessionConfig
from smpp.state import Why
from smpp.timers import TimerConfig
from smpp.values import BindType, CommandStatus
from smpp.wire import HEADER, encode
from tests.smpp.loopback import DEADLINE_S, PASSWORD, Inbox, connect, world

BIND = BindTransceiver(sequence_number=1, system_id="us", password=PASSWORD)


async def test_a_session_knows_who_bound_as_what_from_where() -> None:
    async with world() as there:
        esme = await there.bind(bind_type=BindType.RECEIVER)
        session = there.session
        assert (session.system_id, session.bind_type) == ("us", BindType.RECEIVER)
        assert session.peer.startswith("127.0.0.1:")
        assert esme.peer == f"127.0.0.1:{there.smsc.port}"


@pytest.mark.parametrize(
    ("interface_version", "tlvs"),
    [(0x33, ()), (0x34, (tlv.SC_INTERFACE_VERSION.make(0x34),))],
)
async def test_only_an_esme_that_knows_tlvs_gets_one(
    interface_version: int, tlvs: tuple[tlv.RawTlv, ...]
) -> None:
    async with world(SmscConfig(system_id="them")) as there:
        peer = await there.raw()
        bind = encode(BIND)
        await peer.write(bind.replace(b"\x34", bytes([interface_version])))
        expected = BindTransceiverResp(sequence_number=1, system_id="them", tlvs=tlvs)
        assert await peer.pdu() == expected


async def test_a_bad_password_is_answered_and_hung_up_on() -> None:
    async with world() as there:
        peer = await there.raw()
        await peer.write(BindTransceiver(sequence_number=1, password="wrong"))
        refusal = CommandStatus.ESME_RINVPASWD
        assert await peer.pdu() == BindTransceiverResp(sequence_number=1, command_status=refusal)
        assert await peer.is_hung_up()
        assert there.at_smsc.ends.empty()  # it never was a bind


async def test_hostile_octets_end_their_own_link_only() -> None:
    async with world() as there:
        esme = await there.bind()
        for octets in (bytes(4), b"\x00\x00\x00\x0f", b"\x7f\xff\xff\xff", b"\xff" * 64, b"GET / "):
            peer = await there.raw()
            await peer.write(octets)
            assert await peer.pdu() == GenericNack(command_status=CommandStatus.ESME_RINVCMDLEN)
            assert await peer.is_hung_up()
        answer = esme.request(SubmitSm())
        there.session.respond(await there.at_smsc.request(), message_id="1")
        assert (await answer).command_status is CommandStatus.ESME_ROK


async def test_before_the_bind_nothing_but_a_bind_is_taken() -> None:
    async with world() as there:
        peer = await there.raw()
        await peer.write(SubmitSm(sequence_number=1), EnquireLink(sequence_number=2))
        refusal = CommandStatus.ESME_RINVBNDSTS
        assert await peer.pdu() == SubmitSmResp(sequence_number=1, command_status=refusal)
        assert await peer.pdu() == EnquireLinkResp(sequence_number=2)
        assert there.at_smsc.requests.empty()


async def test_an_unknown_command_and_a_second_bind_leave_the_session_alive() -> None:
    async with world() as there:
        peer = await there.raw()
        await peer.write(BIND)
        await peer.pdu()
        await peer.write(HEADER.pack(16, 0x0BAD, 0, 7), BIND, EnquireLink(sequence_number=8))
        nack = CommandStatus.ESME_RINVCMDID
        assert await peer.pdu() == GenericNack(sequence_number=7, command_status=nack)
        again = await peer.pdu()
        assert again.command_status is CommandStatus.ESME_RALYBND
        assert await peer.pdu() == EnquireLinkResp(sequence_number=8)


@pytest.mark.parametrize(
    ("timers", "octets"),
    [
        (TimerConfig(session_init_s=0.02), b""),
        (TimerConfig(pdu_read_s=0.02), encode(BIND)[:20]),
    ],
)
async def test_who_stays_silent_is_hung_up_on(timers: TimerConfig, octets: bytes) -> None:
    async with world(SmscConfig(session=SessionConfig(timers=timers))) as there:
        peer = await there.raw()
        await peer.write(octets)
        assert await peer.is_hung_up()


async def test_an_inactive_bind_is_ended() -> None:
    timers = TimerConfig(inactivity_s=0.02)
    async with world(SmscConfig(session=SessionConfig(timers=timers))) as there:
        await there.bind()
        assert (await there.at_smsc.end()).why is Why.INACTIVE


async def test_one_session_too_many_is_turned_away() -> None:
    async with world(SmscConfig(sessions_max=1)) as there:
        await there.bind()
        peer = await there.raw()
        assert await peer.is_hung_up()
        assert len(there.smsc.sessions) == 1


async def test_stopping_unbinds_every_session() -> None:
    async with world() as there:
        peer = await there.raw()
        await peer.write(BIND)
        await peer.pdu()
        stopping = asyncio.create_task(there.smsc.stop())
        unbind = await peer.pdu()
        assert isinstance(unbind, Unbind)
        await peer.write(UnbindResp(sequence_number=unbind.sequence_number))
        await asyncio.wait_for(stopping, DEADLINE_S)
        assert (await there.at_smsc.end()).why is Why.WE_UNBOUND
        await there.smsc.stop()


async def test_a_batch_is_told_after_its_requests() -> None:
    async with world() as there:
        peer = await there.raw()
        await peer.write(BIND)
        await peer.pdu()
        before = there.batches
        await peer.write(*[SubmitSm(sequence_number=number) for number in range(1, 101)])
        for _ in range(100):
            await there.at_smsc.request()
        assert 0 < there.batches - before <= 100


async def test_who_may_bind_can_be_asked_elsewhere_first() -> None:
    asked: asyncio.Queue[tuple[SmscSession, Bind]] = asyncio.Queue()
    smsc = Smsc(
        on_bind=lambda session, bind: asked.put_nowait((session, bind)),
        on_request=lambda session, pdu: None,
    )
    async with smsc:
        for status in (CommandStatus.ESME_RINVPASWD, CommandStatus.ESME_ROK):
            binding = asyncio.create_task(connect(smsc.port, Inbox()))
            session, bind = await asyncio.wait_for(asked.get(), DEADLINE_S)
            assert session.system_id == "us"
            session.answer_bind(bind, status)
            if status:
                with pytest.raises(BindRefusedError):
                    await asyncio.wait_for(binding, DEADLINE_S)
            else:
                await (await asyncio.wait_for(binding, DEADLINE_S)).close()


async def test_a_message_is_delivered_by_deliver_sm_or_data_sm() -> None:
    async with world() as there:
        esme = await there.bind()
        delivered = asyncio.create_task(there.session.deliver(DeliverSm(short_message=b"mo")))
        esme.respond(await there.at_esme.request(), CommandStatus.ESME_RX_P_APPN)
        assert (await delivered).command_status == CommandStatus.ESME_RX_P_APPN
        sent = asyncio.create_task(there.session.data(DataSm()))
        esme.respond(await there.at_esme.request())
        assert not (await sent).command_status
