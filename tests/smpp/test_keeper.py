import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from random import Random

from smpp.backoff import BackoffConfig
from smpp.client import Esme, EsmeConfig
from smpp.credentials import Credentials
from smpp.keeper import Keeper, KeeperState
from smpp.pdu import BindTransceiver, BindTransceiverResp, DeliverSm, SubmitSm
from smpp.server import Smsc
from smpp.values import CommandStatus
from tests.smpp.loopback import DEADLINE_S, PASSWORD, Inbox, raw_server, world

AT_ONCE = BackoffConfig(min_s=0.001, max_s=0.01, attempt_interval_s=0.0)
S = KeeperState


class Diary:
    """What a keeper told, to be awaited."""

    def __init__(self) -> None:
        self.steps: list[tuple[KeeperState, str]] = []
        self.bound: asyncio.Queue[Esme] = asyncio.Queue()
        self.failures: list[Exception] = []
        self._changed = asyncio.Event()

    def note(self, state: KeeperState, why: str) -> None:
        self.steps.append((state, why))
        self._changed.set()

    async def until(self, holds: Callable[["Diary"], bool]) -> None:
        async with asyncio.timeout(DEADLINE_S):
            while not holds(self):
                self._changed.clear()
                await self._changed.wait()

    @property
    def states(self) -> list[KeeperState]:
        return [state for state, _ in self.steps]


@asynccontextmanager
async def kept(
    *ports: int, diary: Diary, password: str = PASSWORD, credentials: Credentials | None = None
) -> AsyncIterator[Keeper]:
    inbox = Inbox()
    keeper = Keeper(
        [
            EsmeConfig(host="127.0.0.1", port=port, system_id="us", password=password)
            for port in ports
        ],
        on_request=lambda esme, pdu: inbox.requests.put_nowait(pdu),
        on_bound=diary.bound.put_nowait,
        on_change=diary.note,
        fail=diary.failures.append,
        credentials=credentials,
        backoff=AT_ONCE,
        random=Random(1),
    )
    keeper.start()
    keeper.start()  # one is enough
    try:
        yield keeper
    finally:
        await asyncio.wait_for(keeper.stop(), DEADLINE_S)


async def test_a_lost_bind_is_made_again_with_one_socket_at_a_time() -> None:
    diary = Diary()
    async with world() as there, kept(there.smsc.port, diary=diary) as keeper:
        for _ in range(50):
            esme = await asyncio.wait_for(diary.bound.get(), DEADLINE_S)
            assert keeper.esme is esme
            assert len([link for link in there.smsc.sessions if link.bind_type]) == 1
            there.session.abort()
            await diary.until(lambda diary: diary.states[-1] is S.WAITING)
            assert keeper.esme is None
            await diary.until(lambda diary: diary.states[-1] is S.BOUND)
    assert diary.states == [S.CONNECTING, S.BOUND, S.WAITING] * 50 + [
        S.CONNECTING,
        S.BOUND,
        S.STOPPED,
    ]
    assert diary.failures == []


async def test_the_peer_that_unbinds_is_bound_to_again() -> None:
    diary = Diary()
    async with world() as there, kept(there.smsc.port, diary=diary):
        await diary.bound.get()
        await there.session.close()
        await asyncio.wait_for(diary.bound.get(), DEADLINE_S)
    assert [why for state, why in diary.steps if state is S.WAITING] == ["the peer unbound"]


async def test_a_refused_password_is_tried_three_times_and_then_left_alone() -> None:
    diary = Diary()
    async with world() as there, kept(there.smsc.port, diary=diary, password="wrong") as keeper:
        await diary.until(lambda diary: diary.states.count(S.REFUSED) == 3)
        for _ in range(100):
            await asyncio.sleep(0)  # as often as it likes: it is resting
        assert diary.states == [S.CONNECTING, S.REFUSED] * 3
        assert keeper.state is S.REFUSED
        assert diary.steps[-1][1] == "bind refused: ESME_RINVPASWD"


async def test_binds_that_share_a_password_share_its_tries() -> None:
    diary, credentials = Diary(), Credentials()
    async with world() as there, AsyncExitStack() as stack:
        for _ in range(5):
            keeper = kept(there.smsc.port, diary=diary, password="wrong", credentials=credentials)
            await stack.enter_async_context(keeper)
        await diary.until(lambda diary: diary.states.count(S.REFUSED) == 3)
        for _ in range(100):
            await asyncio.sleep(0)
        assert diary.states.count(S.CONNECTING) == diary.states.count(S.REFUSED) == 3


async def test_a_host_that_fails_is_followed_by_the_next_one() -> None:
    diary = Diary()
    async with world() as dead:
        nobody = dead.smsc.port
    async with world() as one, world() as two:
        ports = (nobody, one.smsc.port, two.smsc.port)
        async with kept(*ports, diary=diary):
            esme = await asyncio.wait_for(diary.bound.get(), DEADLINE_S)
            assert esme.peer.endswith(f":{one.smsc.port}")
            one.session.abort()
            esme = await asyncio.wait_for(diary.bound.get(), DEADLINE_S)
            assert esme.peer.endswith(f":{two.smsc.port}")


async def test_a_refused_password_is_no_reason_to_try_another_host() -> None:
    diary = Diary()
    async with world() as one, world() as two:
        asked: list[object] = []
        two.smsc.on_bind = lambda session, bind: asked.append(bind) or CommandStatus.ESME_ROK
        ports = (one.smsc.port, two.smsc.port)
        async with kept(*ports, diary=diary, password="wrong"):
            await diary.until(lambda diary: diary.states.count(S.REFUSED) == 3)
    assert asked == []


async def test_nobody_listening_is_waited_for() -> None:
    diary = Diary()
    async with world() as there:
        port = there.smsc.port
    async with kept(port, diary=diary):
        await diary.until(lambda diary: diary.states.count(S.WAITING) == 3)
        smsc = Smsc(
            on_bind=lambda session, bind: CommandStatus.ESME_ROK, on_request=lambda *_: None
        )
        smsc.config = type(smsc.config)(port=port)
        async with smsc:
            await asyncio.wait_for(diary.bound.get(), DEADLINE_S)


async def test_stopping_tells_every_request_in_flight_and_closes_the_socket() -> None:
    diary = Diary()
    async with world() as there:
        async with kept(there.smsc.port, diary=diary):
            esme = await asyncio.wait_for(diary.bound.get(), DEADLINE_S)
            told: list[object] = []
            esme.send(SubmitSm(), lambda context, response: told.append(response), "m1")
            request = await there.at_smsc.request()
            there.session.respond(request, message_id="1")
        assert len(told) == 1
        assert there.smsc.sessions == set()


async def test_stopping_while_it_connects_leaves_no_socket() -> None:
    diary = Diary()
    async with raw_server() as (port, peers), kept(port, diary=diary) as keeper:
        peer = await asyncio.wait_for(peers.get(), DEADLINE_S)
        assert isinstance(await peer.pdu(), BindTransceiver)
        await asyncio.wait_for(keeper.stop(), DEADLINE_S)
        assert await peer.is_hung_up()
    assert diary.states == [S.CONNECTING, S.STOPPED]


async def test_a_bug_is_told_and_ends_the_keeping() -> None:
    diary = Diary()

    def break_(_: Esme) -> None:
        raise RuntimeError("bug")

    async with raw_server() as (port, peers):
        keeper = Keeper(
            [EsmeConfig(host="127.0.0.1", port=port, system_id="us", password=PASSWORD)],
            on_request=lambda esme, pdu: None,
            on_bound=break_,
            on_change=diary.note,
            fail=diary.failures.append,
        )
        keeper.start()
        peer = await asyncio.wait_for(peers.get(), DEADLINE_S)
        bind = await peer.pdu()
        await peer.write(BindTransceiverResp(sequence_number=bind.sequence_number))
        async with asyncio.timeout(DEADLINE_S):
            while not diary.failures:
                await asyncio.sleep(0)
        await peer.write(DeliverSm(sequence_number=1))
        stopping = asyncio.create_task(keeper.stop())
        peer.cut()
        await asyncio.wait_for(stopping, DEADLINE_S)
    assert [str(failure) for failure in diary.failures] == ["bug"]
