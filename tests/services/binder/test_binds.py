"""Binds against a sandbox on loopback: held, lost, refused, rotated, and receivers beside them."""

import asyncio
import datetime
from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import trustme

from pipeline.connectors import ConnectorConfig
from services.binder.accounts import ways
from services.binder.binds import Binds, Slot
from services.binder.config import BinderConfig
from services.binder.engine import Wire
from services.sandbox.smsc import Sandbox
from smpp.client import Esme
from smpp.pdu import DeliverSm, Pdu
from smpp.values import CommandStatus
from tests.services.sandbox.loopback import DEADLINE_S, PASSWORD, sandbox, submit_sm

CONFIG = BinderConfig(reconnect_min_s=0.01, reconnect_max_s=0.02, drain_timeout_s=5)


class OpenWire:
    """What a test needs of a wire."""

    def __init__(self, esme: Esme) -> None:
        self.esme = esme

    @property
    def room(self) -> int:
        return self.esme.room


class Bench:
    """The binds of one account and what they told."""

    def __init__(self, port: int, **account: Any) -> None:
        self.port = port
        self.wires: dict[int, Any] = {}
        self.told: list[tuple[Slot, str]] = []
        self.attempts: Counter[str] = Counter()
        self.came: list[tuple[int, DeliverSm]] = []
        self.failures: list[Exception] = []
        self._news = asyncio.Event()
        first = self.account(**account)
        self.binds = Binds(
            first,
            ways(first),
            CONFIG,
            self.wires,
            self._wire,
            on_request=self._take,
            on_change=self._note,
            on_attempt=self._count,
            on_room=self._news.set,
            fail=self.failures.append,
        )

    def account(self, **changed: Any) -> ConnectorConfig:
        needed = {"hosts": f"127.0.0.1:{self.port}", "system_id": "one", "password": PASSWORD}
        limits = {"rate_per_s": 1000, "binds": 4, "window": 10}
        return ConnectorConfig(**(needed | limits | changed))

    async def reload(self, **changed: Any) -> None:
        account = self.account(**changed)
        await self.binds.reload(account, ways(account))

    async def until(self, is_so: Callable[[], bool]) -> None:
        async with asyncio.timeout(DEADLINE_S):
            while not is_so():
                self._news.clear()
                await self._news.wait()

    def _wire(self, esme: Esme) -> Wire:
        return OpenWire(esme)  # type: ignore[return-value]  # nobody writes segments here

    def _take(self, lease: int, esme: Esme, pdu: Pdu) -> None:
        assert isinstance(pdu, DeliverSm)
        self.came.append((lease, pdu))
        esme.respond(pdu)
        self._news.set()

    def _note(self, slot: Slot, state: str, _: str | None) -> None:
        self.told.append((slot, state))
        self._news.set()

    def _count(self, result: str) -> None:
        self.attempts[result] += 1
        self._news.set()


@asynccontextmanager
async def bench(own: Sandbox, *leases: int, **account: Any) -> AsyncIterator[Bench]:
    found = Bench(own.port, **account)
    for lease in leases:
        found.binds.hold(lease)
    try:
        yield found
    finally:
        async with asyncio.timeout(DEADLINE_S):
            await found.binds.release_all()
    assert found.failures == []
    assert found.binds.states == {}


def bound(own: Sandbox) -> int:
    return int(own.statistics()["binds"])


async def test_receipts_come_on_receivers_and_nothing_is_written_there() -> None:
    accounts = {"one": {"password": PASSWORD, "deliver_to": "two"}, "two": PASSWORD}
    receiver = {"binds": 1, "system_id": "two", "password": PASSWORD}
    async with (
        sandbox("receipts: {delay_ms: {min: 0, max: 0}}", accounts=accounts) as own,
        bench(own, 0, 1, bind_type="transmitter", receiver=receiver) as binds,
    ):
        await binds.until(lambda: len(binds.wires) == 2 and binds.binds.receiver_count == 1)
        assert set(binds.binds.states) == {Slot(0, False), Slot(1, False), Slot(0, True)}
        answer = await binds.wires[1].esme.request(submit_sm())
        assert answer.command_status == CommandStatus.ESME_ROK
        await binds.until(lambda: bool(binds.came))
        assert [lease for lease, _ in binds.came] == [0]
        for lease in (0, 1):  # whatever the submit side does
            binds.wires[lease].esme.abort()
        await binds.until(lambda: not binds.wires)
        assert binds.binds.receiver_count == 1
        await binds.until(lambda: len(binds.wires) == 2)
        assert binds.attempts == {"bound": 5}


async def test_the_next_host_is_asked_when_one_is_lost_and_tls_goes_by_its_own_name(
    tmp_path: Path,
) -> None:
    authority, ca, own_file = trustme.CA(), tmp_path / "ca.pem", tmp_path / "smsc.pem"
    authority.cert_pem.write_to_path(str(ca))
    end = datetime.datetime(2035, 1, 2, tzinfo=datetime.UTC)
    leaf = authority.issue_cert("smsc.example", not_after=end)
    leaf.private_key_and_cert_chain_pem.write_to_path(str(own_file))
    listen = [{"tls": {"certificate": str(own_file)}}]
    tls = {"ca_file": ca, "server_name": "smsc.example"}
    async with sandbox(listen=listen) as one, sandbox(listen=listen) as two:
        hosts = (f"127.0.0.1:{one.port}", f"127.0.0.1:{two.port}")
        async with bench(one, 0, 1, hosts=hosts, tls=tls, local_address="127.0.0.1") as binds:
            await binds.until(lambda: len(binds.wires) == 2)
            assert (bound(one), bound(two)) == (2, 0)
            assert binds.binds.certificate_expires_s == end.timestamp()
            one.drop()
            await binds.until(lambda: binds.attempts["bound"] == 4)
            assert (bound(one), bound(two)) == (0, 2)
        assert binds.binds.certificate_expires_s is None


async def test_our_certificate_counts_if_it_ends_first_and_from_when_it_is_taken(
    tmp_path: Path,
) -> None:
    authority = trustme.CA()
    ends = [datetime.datetime(year, 1, 2, tzinfo=datetime.UTC) for year in (2031, 2032)]
    for file, end in zip(("old.pem", "new.pem"), ends, strict=True):
        leaf = authority.issue_cert("esme.example", not_after=end)
        leaf.private_key_and_cert_chain_pem.write_to_path(str(tmp_path / file))

    def tls(file: str) -> dict[str, Path]:
        return {"certificate_file": tmp_path / file}

    async with sandbox() as own, bench(own, 0, tls=tls("old.pem")) as binds:
        assert binds.binds.certificate_expires_s == ends[0].timestamp()  # bound or not
        await binds.reload(tls=tls("new.pem"))
        assert binds.binds.certificate_expires_s == ends[1].timestamp()


async def test_a_refused_bind_takes_nothing_from_the_others_and_is_tried_again() -> None:
    async with (
        sandbox("limits: {binds: 2}") as own,
        bench(own, 0, 1, 2) as binds,
    ):
        await binds.until(lambda: binds.attempts["ESME_RALYBND"] >= 2)
        assert len(binds.wires) == 2
        assert (binds.binds.wanted_count, binds.binds.denied_count) == (3, 0)
        await binds.binds.release(next(iter(binds.wires)))
        await binds.until(lambda: len(binds.wires) == 2)


async def test_a_ghost_is_waited_out() -> None:
    async with (
        sandbox("limits: {binds: 1, ghosts_s: 1.5}") as own,
        bench(own, 0) as binds,
    ):
        await binds.until(lambda: bool(binds.wires))
        own.drop()
        await binds.until(lambda: binds.attempts["bound"] == 2)
        assert binds.attempts["ESME_RALYBND"] >= 1


async def test_a_wrong_password_is_tried_three_times_by_all_binds_and_a_new_one_anew() -> None:
    async with sandbox() as own, bench(own, 0, 1, 2, 3, password="wrong") as binds:
        await binds.until(lambda: binds.attempts["ESME_RINVPASWD"] == 3)
        for _ in range(100):
            await asyncio.sleep(0)
        assert binds.attempts == {"ESME_RINVPASWD": 3}
        assert not binds.binds.are_ready
        assert (binds.binds.wanted_count, binds.binds.denied_count) == (4, 3)
        await binds.reload()
        await binds.until(lambda: len(binds.wires) == 4)
        assert (binds.binds.wanted_count, binds.binds.denied_count) == (4, 0)
        assert binds.attempts == {"ESME_RINVPASWD": 3, "bound": 4}


async def test_a_changed_account_rotates_one_bind_at_a_time_and_what_is_under_way_is_answered() -> (
    None
):
    text = "responses: {latency_ms: {min: 50, max: 50}}"
    async with sandbox(text) as own, bench(own, 0, 1, 2) as binds:
        await binds.until(lambda: len(binds.wires) == 3)
        least = 3

        def look() -> bool:
            nonlocal least
            least = min(least, len(binds.wires))
            return binds.attempts["bound"] == 6

        answers = [wire.esme.request(submit_sm(n)) for n, wire in binds.wires.items()]
        await binds.reload(system_id="two")
        await binds.until(look)
        assert {answer.command_status for answer in await asyncio.gather(*answers)} == {0}
        assert least == 2
        assert {w.esme.session.bind_type is not None for w in binds.wires.values()} == {True}
        assert bound(own) == 3


async def test_a_new_password_that_is_wrong_costs_one_bind_and_not_all() -> None:
    async with sandbox() as own, bench(own, 0, 1, 2) as binds:
        await binds.until(lambda: len(binds.wires) == 3)
        await binds.reload(password="wrong")
        await binds.until(lambda: binds.attempts["ESME_RINVPASWD"] == 3)
        assert len(binds.wires) == 2
        await binds.reload()
        await binds.until(lambda: len(binds.wires) == 3)


async def test_another_window_is_in_force_at_once_and_costs_no_bind() -> None:
    async with sandbox() as own, bench(own, 0) as binds:
        await binds.until(lambda: bool(binds.wires))
        await binds.reload(window=3)
        assert binds.wires[0].room == 3
        own.drop()
        await binds.until(lambda: binds.attempts["bound"] == 2)
        assert binds.wires[0].room == 3


async def test_receivers_come_and_go_with_the_configuration() -> None:
    async with sandbox() as own, bench(own, 0, 1, bind_type="transmitter") as binds:
        await binds.until(lambda: len(binds.wires) == 2)
        await binds.reload(bind_type="transmitter", receiver={"binds": 2})
        await binds.until(lambda: binds.binds.receiver_count == 2)
        await binds.reload(bind_type="transmitter")
        assert binds.binds.receiver_count == 0
        assert (Slot(1, True), "released") in binds.told
        assert len(binds.wires) == 2


async def test_a_drained_bind_has_all_its_answers_before_it_goes() -> None:
    text = "responses: {latency_ms: {min: 50, max: 50}}"
    async with sandbox(text) as own, bench(own, 0, 1) as binds:
        await binds.until(lambda: len(binds.wires) == 2)
        answers = [binds.wires[0].esme.request(submit_sm(n)) for n in range(5)]
        in_flight = [binds.binds.in_flight_count(Slot(lease, False)) for lease in (0, 1, 7)]
        assert in_flight == [5, 0, 0]
        async with asyncio.timeout(DEADLINE_S):
            draining = asyncio.create_task(binds.binds.drain({0}))
            await asyncio.sleep(0)
            assert set(binds.wires) == {1}
            await draining
        assert all(answer.done() for answer in answers)
        assert {answer.result().command_status for answer in answers} == {0}
        await binds.binds.release(0)
        assert bound(own) == 1


async def test_at_rest_all_is_answered_and_unbound_and_the_leases_are_held() -> None:
    text = "responses: {latency_ms: {min: 50, max: 50}}"
    receiver = {"binds": 1, "system_id": "one", "password": PASSWORD}
    async with (
        sandbox(text) as own,
        bench(own, 0, 1, bind_type="transmitter", receiver=receiver) as binds,
    ):
        await binds.until(lambda: len(binds.wires) == 2 and binds.binds.receiver_count == 1)
        answers = [binds.wires[0].esme.request(submit_sm(n)) for n in range(5)]
        binds.binds.rest(wanted=True)
        assert binds.wires == {}  # at once
        assert binds.binds.are_ready  # all that is wanted of it, it does
        slots = {Slot(0, False), Slot(1, False), Slot(0, True)}
        await binds.until(lambda: binds.binds.states == dict.fromkeys(slots, ("drained", None)))
        assert all(answer.done() for answer in answers)
        assert {answer.result().command_status for answer in answers} == {0}
        assert bound(own) == 0
        binds.binds.hold(2)  # of a process that has ended, and was at rest too
        assert binds.binds.states[Slot(2, False)] == ("drained", None)
        assert binds.attempts == {"bound": 3}
        assert binds.binds.wanted_count == 0
        binds.binds.rest(wanted=False)
        await binds.until(lambda: len(binds.wires) == 3 and binds.binds.receiver_count == 1)
        assert binds.binds.wanted_count == 4
        assert {state for state, _ in binds.binds.states.values()} == {"bound"}


async def test_what_is_given_up_at_rest_or_on_the_way_there_is_told_once() -> None:
    text = "responses: {latency_ms: {min: 50, max: 50}}"
    async with sandbox(text) as own, bench(own, 0, 1) as binds:
        await binds.until(lambda: len(binds.wires) == 2)
        answer = binds.wires[0].esme.request(submit_sm())
        binds.binds.rest(wanted=True)
        await asyncio.sleep(0)
        await binds.binds.drain({0})
        await binds.binds.release(0)
        assert answer.done()
        await binds.until(lambda: binds.binds.states == {Slot(1, False): ("drained", None)})
        await binds.binds.release(1)
        assert binds.binds.states == {}
        assert Counter(binds.told)[Slot(0, False), "released"] == 1
        assert Counter(binds.told)[Slot(1, False), "released"] == 1
        assert bound(own) == 0


async def test_the_last_wish_counts() -> None:
    text = "responses: {latency_ms: {min: 50, max: 50}}"
    async with sandbox(text) as own, bench(own, 0, 1) as binds:
        await binds.until(lambda: len(binds.wires) == 2)
        binds.wires[0].esme.request(submit_sm())
        for wanted in (True, False):
            binds.binds.rest(wanted=wanted)
            await asyncio.sleep(0)
        await binds.until(lambda: len(binds.wires) == 2)
        binds.binds.rest(wanted=True)
        await binds.until(lambda: bound(own) == 0)
        binds.binds.rest(wanted=False)
        binds.binds.rest(wanted=True)
        await binds.until(lambda: {s for s, _ in binds.binds.states.values()} == {"drained"})
        assert bound(own) == 0


async def test_a_wish_that_is_taken_back_at_once_leaves_no_bind_that_nobody_writes_to() -> None:
    async with sandbox() as own, bench(own, 0, 1) as binds:
        await binds.until(lambda: len(binds.wires) == 2)
        binds.binds.rest(wanted=True)
        binds.binds.rest(wanted=False)
        await binds.until(lambda: len(binds.wires) == 2)
        assert {state for state, _ in binds.binds.states.values()} == {"bound"}


async def test_what_is_released_before_it_could_rest_is_left_alone() -> None:
    async with sandbox() as own, bench(own, 0, 1) as binds:
        await binds.until(lambda: len(binds.wires) == 2)
        releasing = asyncio.create_task(binds.binds.release(0))
        binds.binds.rest(wanted=True)  # chosen after the task above has begun, and before it ends
        await releasing
        await binds.until(lambda: binds.binds.states == {Slot(1, False): ("drained", None)})


async def test_what_changes_at_rest_is_in_force_when_it_is_over() -> None:
    async with sandbox() as own, bench(own, 0, 1, password="wrong") as binds:
        binds.binds.rest(wanted=True)
        await binds.until(lambda: {s for s, _ in binds.binds.states.values()} == {"drained"})
        tried = binds.attempts.copy()
        await binds.reload(window=3, receiver={"binds": 1})
        assert set(binds.binds.states) == {Slot(0, False), Slot(1, False), Slot(0, True)}
        assert (bound(own), binds.attempts) == (0, tried)
        binds.binds.rest(wanted=False)
        await binds.until(lambda: len(binds.wires) == 2 and binds.binds.receiver_count == 1)
        assert {wire.room for wire in binds.wires.values()} == {3}
