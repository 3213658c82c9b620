"""Joins Kafka and SMPP for one connector: takes segments, writes them, says what became of them.

Everything here runs on one event loop. Five things make a segment move, and each ends in `_pump`:
records arrive, an answer makes room in a window, a bind comes up, Kafka confirms an outcome, or
pacing lets the next one go. A segment is in one place at a time: ready, put off, written, or on its
way to Kafka as an outcome. Its offset counts as done only when the outcome is confirmed on both
topics it goes to; a rebalance or stop waits for what is written and leaves the rest to the next
owner.
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping, Sequence

import structlog
from confluent_kafka import Message, Producer

from pipeline import topics
from pipeline.errors import UnreadableError
from pipeline.ids import ConnectorId
from pipeline.kafka.clients import now_ms
from pipeline.kafka.membership import Commit, Membership, Start
from pipeline.metrics import MetricName
from pipeline.process import Process
from pipeline.records import ConnectorState, MtSubmit
from services.binder import core, outputs
from services.binder.binds import Binds
from services.binder.config import BinderConfig
from services.binder.core import Disposition, Outcome, Position, Segment
from services.binder.lanes import Lanes
from services.binder.leases import Key, Lease, Leases
from services.binder.outbox import Outbox
from services.binder.pacing import Pacer
from smpp.client import Esme
from smpp.pdu import DataSm, DeliverSm, Pdu
from smpp.values import CommandStatus

LOG = structlog.get_logger()
REVOKE_MARGIN_S = 10  # beyond draining: closing binds, confirming what they gave up
CONFIRM_TIMEOUT_S = 3


class Connector:
    """One connector in this process; a `pipeline.kafka.membership.Listener`."""

    def __init__(
        self,
        name: ConnectorId,
        process: Process,
        config: BinderConfig,
        producer: Producer,
        fail: Callable[[Exception], None],
    ) -> None:
        """`fail` ends the process: something happened that only a restart mends."""
        self._name = name
        self._config = config
        self._process = process
        self._fail = fail
        self._account = process.config.connectors[name]
        generation = self._account.generation
        self._lanes = {
            topics.submit(name, generation, priority=lane): lane for lane in (True, False)
        }
        self._output = topics.submitted(name, generation)
        self._leases = Leases(self._lanes)
        self._outbox = Outbox(name, process, producer, fail)
        self._pacer = Pacer(self._account.rate_per_s, process.config.profile(name).rate_headroom)
        self._binds = Binds(
            self._account,
            config,
            on_request=self._take_request,
            on_change=self._tell_state,
            on_room=self._pump,
            fail=fail,
        )
        self._membership = Membership(
            process.config.kafka,
            f"binder-{name}",
            list(self._lanes),
            self,
            revoke_timeout_s=config.drain_timeout_s + REVOKE_MARGIN_S,
        )
        self._waiting = Lanes()
        self._unconfirmed = 0
        self._unconfirmed_max = 0  # the duplicate bound of a crash of this process
        self._delivers_unconfirmed = 0
        self._is_paused = False
        self._is_pump_asked = False
        self._alarm: asyncio.TimerHandle | None = None
        self._closing: set[asyncio.Task[None]] = set()
        self._declare_metrics()

    # --- life ---------------------------------------------------------------------------------

    def start(self) -> None:
        """Join the group; binds come up with the partitions."""
        self._membership.ended.add_done_callback(lambda _: self._note_end())
        self._membership.start()

    async def stop(self) -> None:
        """Give everything back: no duplicate, nothing unknown, unless an SMSC stays silent."""
        await self._membership.stop()
        for lease in list(self._binds.states):
            await self._binds.release(lease)

    def commit(self) -> None:
        """Commit what has become done since the last time."""
        if commits := self._leases.commits():
            self._membership.commit(commits)

    def tell_states(self) -> None:
        """Say how each bind lease is, so that a router knows we are not dead."""
        for lease, (state, reason) in self._binds.states.items():
            self._tell_state(lease, state, reason)

    @property
    def is_ready(self) -> bool:
        """Whether a partition is ours and a bind is up."""
        return bool(len(self._leases) and self._binds.up)

    def _note_end(self) -> None:
        error = self._membership.ended.exception()
        if isinstance(error, Exception):
            self._fail(error)

    # --- what the group tells -----------------------------------------------------------------

    def prepare(self, starts: Sequence[Start]) -> Mapping[tuple[str, int], object]:
        """Read the own output of these partitions; on the consumer's thread."""
        process = self._process
        return outputs.read(starts, self._lanes, self._output, process.config.kafka, process.codec)

    def assigned(self, starts: Sequence[Start], prepared: Mapping[tuple[str, int], object]) -> None:
        """These partitions are ours: hold their binds, own their share of the rate."""
        self._leases.open(starts, prepared)
        for start in starts:
            self._binds.hold(start.partition)
        self._is_paused = False  # a pause does not survive a reassignment
        self._own_share()

    async def revoked(self, partitions: Sequence[tuple[str, int]]) -> Sequence[Commit]:
        """Write nothing more of these, wait for what is written, unbind, say how far we are."""
        closing = self._leases.closing(partitions)
        self._leave_unwritten(closing)
        is_clean = await _all_idle(closing.values(), self._config.drain_timeout_s)
        await self._release(self._leases.binds_of(closing))
        if not is_clean:  # releasing ended what was unanswered: see that through
            await _all_idle(closing.values(), CONFIRM_TIMEOUT_S)
        commits = [self._leases.commit_of(key, lease) for key, lease in closing.items()]
        self._leases.close(closing)
        self._own_share()
        LOG.info("revoked", connector=self._name, partitions=len(closing), clean=is_clean)
        return commits

    def lost(self, partitions: Sequence[tuple[str, int]]) -> None:
        """Somebody else owns these already: forget them at once."""
        closing = self._leases.closing(partitions)
        self._leave_unwritten(closing)
        gone = self._leases.binds_of(closing)
        self._leases.close(closing)
        self._own_share()
        task = asyncio.create_task(self._release(gone))
        self._closing.add(task)
        task.add_done_callback(self._closing.discard)

    def received(self, messages: Sequence[Message]) -> None:
        """Take records of partitions that are ours."""
        for message in messages:
            lane, partition = self._leases.key(message.topic() or "", message.partition() or 0)
            position = Position(lane, partition, message.offset() or 0)
            lease = self._leases.get(position)
            if lease is not None and not lease.is_closing:
                lease.take(position.offset)
                self._take(lease, position, message)
        self._pump()

    async def _release(self, binds: set[int]) -> None:
        for bind in binds:
            await self._binds.release(bind)

    def _own_share(self) -> None:
        owned = len(self._leases.partitions)
        self._pacer.own(owned / self._account.binds, time.monotonic())
        windows = owned * self._account.window
        self._unconfirmed_max = int(windows * self._config.unconfirmed_per_window)
        self._pump()

    def _leave_unwritten(self, closing: Mapping[Key, Lease]) -> None:
        """Leave what was not written to the next owner."""
        self._waiting.leave(lambda segment: self._is_left(segment, closing))

    def _is_left(self, segment: Segment, closing: Mapping[Key, Lease]) -> bool:
        lease = closing.get(segment.position[:2])
        if lease is not None:
            lease.drop(segment.position.offset)
        return lease is not None

    # --- from Kafka to the wire ---------------------------------------------------------------

    def _take(self, lease: Lease, position: Position, message: Message) -> None:
        known = lease.known.get(position.offset)
        if known is not None:
            place = known.output_offset
            self._outbox.repeat(known.record, lambda: lease.finish(position.offset, place))
            return
        try:
            submit = self._process.codec.decode(message.value(), MtSubmit)
        except UnreadableError as error:
            self._outbox.bury(message, error, lambda: lease.finish(position.offset, None))
            return
        headers = message.headers()
        assert not isinstance(headers, dict)  # a list when it comes from Kafka
        self._waiting.add(Segment(submit, position, lease, headers))

    def _pump(self) -> None:
        """Write what may be written now, and see to it that we are called when more may be."""
        self._is_pump_asked = False
        now = time.monotonic()
        self._waiting.ripen(now)
        while (head := self._waiting.head) is not None:
            if head.submit.deadline_ms <= now_ms():
                self._conclude(self._waiting.take(), core.EXPIRED)
                continue
            bind, esme = self._roomiest()
            if (
                esme is None
                or self._unconfirmed >= self._unconfirmed_max
                or not self._pacer.take(now)
            ):
                break
            self._write(self._waiting.take(), bind, esme)
        self._press_back()
        self._set_alarm(now)

    def _write(self, segment: Segment, bind: int, esme: Esme) -> None:
        moment = now_ms()
        segment.attempt += 1
        segment.bind = bind
        segment.written_ms = moment
        segment.is_unconfirmed = True
        self._unconfirmed += 1
        self._submitted.value += 1
        esme.send(core.submit_sm(segment.submit, moment), self._take_answer, segment)

    def _roomiest(self) -> tuple[int, Esme | None]:
        best, esme, room = -1, None, 0
        for bind, candidate in self._binds.up.items():
            if candidate.room > room:
                best, esme, room = bind, candidate, candidate.room
        return best, esme

    def _press_back(self) -> None:
        queued = len(self._waiting)
        if not self._is_paused and queued >= self._config.queue_segments_max:
            self._is_paused = True
            self._membership.pause(self._leases.everywhere)
        elif self._is_paused and queued <= self._config.queue_segments_max // 2:
            self._is_paused = False
            self._membership.resume(self._leases.everywhere)

    def _set_alarm(self, now: float) -> None:
        """One timer for what comes first: pacing, or a segment that was put off."""
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        due = self._waiting.next_due
        waits = [] if due is None else [due - now]
        if self._waiting.head is not None and self._roomiest()[1] is not None:
            waits.append(self._pacer.wait_s(now))
        wait = min(waits, default=float("inf"))
        if wait != float("inf"):
            self._alarm = asyncio.get_running_loop().call_later(max(wait, 0.001), self._pump)

    # --- from the wire to Kafka ---------------------------------------------------------------

    def _take_answer(self, context: object, answer: Pdu | None) -> None:
        assert isinstance(context, Segment)
        if answer is None:
            outcome = core.unanswered(context.submit)
            if outcome is None:
                self._again(context, 0)
            else:
                self._conclude(context, outcome)
            return
        match core.disposition(answer.command_status):
            case Disposition.RETRY_SLOWER:
                self._pacer.hold(core.HOLD_AFTER_THROTTLE_S, time.monotonic())
                self._again(context, 0)
            case Disposition.RETRY_LATER:
                self._again(context, core.RETRY_LATER_S)
            case _:
                smsc_message_id = getattr(answer, "message_id", "")
                self._conclude(context, core.answered(answer.command_status, smsc_message_id))

    def _again(self, segment: Segment, wait_s: float) -> None:
        """Write the segment again, after `wait_s`; by the next owner if we are leaving."""
        self._settle(segment)
        if segment.lease.is_closing:
            segment.lease.drop(segment.position.offset)
        elif wait_s:
            self._waiting.put_off(segment, time.monotonic() + wait_s)
        else:
            self._waiting.again(segment)

    def _conclude(self, segment: Segment, outcome: Outcome) -> None:
        record = core.submitted(segment, outcome, self._name, self._process.replica, now_ms())

        def done(output_offset: int) -> None:
            self._settle(segment)
            segment.lease.finish(segment.position.offset, output_offset)
            self._ask_pump()

        self._outbox.outcome(record, segment.headers, done)

    def _ask_pump(self) -> None:
        """Pump once, however many outcomes this round confirms."""
        if not self._is_pump_asked:
            self._is_pump_asked = True
            asyncio.get_running_loop().call_soon(self._pump)

    def _settle(self, segment: Segment) -> None:
        """What was written is unconfirmed no more."""
        self._unconfirmed -= segment.is_unconfirmed
        segment.is_unconfirmed = False

    def _take_request(self, bind: int, esme: Esme, pdu: Pdu) -> None:
        """A deliver_sm or data_sm is answered when Kafka has it; it is the SMSC's until then."""
        if not isinstance(pdu, DeliverSm | DataSm):
            esme.respond(pdu, CommandStatus.ESME_RINVCMDID)
            return
        if self._delivers_unconfirmed >= self._config.delivers_unconfirmed_max:
            esme.respond(pdu, CommandStatus.ESME_RX_T_APPN)
            return
        self._delivers_unconfirmed += 1

        def answer(is_kept: bool) -> None:
            self._delivers_unconfirmed -= 1
            status = CommandStatus.ESME_ROK if is_kept else CommandStatus.ESME_RX_T_APPN
            esme.respond(pdu, status)

        record = core.delivered(pdu, self._name, self._process.replica, bind, now_ms())
        self._outbox.deliver(record, answer)

    def _tell_state(self, lease: int, state: str, reason: str | None) -> None:
        record = ConnectorState(
            connector=self._name,
            partition=lease,
            replica=self._process.replica,
            state=state,
            reason=reason,
            window_requests_max=self._account.window,
            rate_per_s=self._account.rate_per_s / self._account.binds,
            at_ms=now_ms(),
        )
        self._outbox.state(record)

    def _declare_metrics(self) -> None:
        metrics, name = self._process.metrics, self._name
        self._submitted = metrics.counter("sms.binder.submitted", connector=name)
        gauges: dict[MetricName, Callable[[], float]] = {
            "sms.binder.unconfirmed": lambda: self._unconfirmed,
            "sms.binder.unconfirmed.max": lambda: self._unconfirmed_max,
            "sms.binder.binds": lambda: len(self._binds.up),
            "sms.binder.queue": lambda: len(self._waiting),
            "sms.binder.rate": lambda: self._pacer.rate_per_s,
        }
        for gauge, value in gauges.items():
            metrics.gauge(gauge, value, connector=name)


async def _all_idle(leases: Iterable[Lease], timeout_s: float) -> bool:
    """Whether all of `leases` have become idle within `timeout_s`."""
    try:
        async with asyncio.timeout(timeout_s):
            for lease in leases:
                await lease.idle.wait()
    except TimeoutError:
        return False
    return True
