"""Joins Kafka and SMPP for one connector: the ports of `engine`, and what a rebalance asks of it.

Everything here runs on one event loop. A segment's offset counts as done only when its outcome is
confirmed on every topic it goes to; a rebalance or stop waits for what is written and leaves the
rest to the next owner. A process that was stopped or starved writes nothing until the group has
confirmed that what it holds is still its own.
"""

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping, Sequence

import structlog
from confluent_kafka import Message, Producer

from pipeline import topics
from pipeline.connectors import ConnectorConfig
from pipeline.errors import UnreadableError
from pipeline.ids import ConnectorId
from pipeline.kafka.clients import headers_of, now_ms
from pipeline.kafka.membership import Commit, Membership, Start
from pipeline.process import Process
from pipeline.records import MtSubmit, Stop
from pipeline.stops import Cancels, Stops
from pipeline.tables import followed, on_loop
from pipeline.traceparent import trace_of
from services.binder import core, gauges, outputs, validity
from services.binder.accounts import ways
from services.binder.answers import Answers
from services.binder.binds import Binds
from services.binder.calendar import Calendar
from services.binder.circuit import Circuit
from services.binder.config import BinderConfig
from services.binder.core import Position, Segment
from services.binder.deliveries import Deliveries
from services.binder.engine import FAR_AWAY, Engine, Moment
from services.binder.lanes import Lanes
from services.binder.leases import Key, Lease, Leases
from services.binder.opt_outs import OptOuts
from services.binder.outbox import Outbox
from services.binder.pressure import Pressure
from services.binder.rates import Contract, Rates, contract_of
from services.binder.states import States
from services.binder.statuses import dispositions
from services.binder.turns import turns_of
from services.binder.wire import Wire
from smpp.pdu import Pdu

LOG = structlog.get_logger()
REVOKE_MARGIN_S = 10  # beyond draining: closing binds, confirming what they gave up
CONFIRM_TIMEOUT_S = 3
ALARM_MIN_S = 0.001
PUMP_AFTER_S = 0.001  # a few segments at a time cost twice as much each


def moment() -> Moment:
    """Now."""
    return Moment(time.monotonic(), now_ms())


class Connector:
    """One connector in this process; a `pipeline.kafka.membership.Listener`."""

    def __init__(
        self,
        name: ConnectorId,
        account: ConnectorConfig,
        process: Process,
        config: BinderConfig,
        producer: Producer,
        rates: Rates,
        opt_outs: OptOuts,
        cancels: Cancels,
        fail: Callable[[Exception], None],
    ) -> None:
        """`account` may be of a former generation: its number and partitions are what counts.

        `fail` ends the process: something happened that only a restart mends.
        """
        self.name = self._name = name
        self._config = config
        self._process = process
        self._rates = rates
        self._fail = fail
        self._account = account
        generation = account.generation
        self._lanes = {
            topics.submit(name, generation, priority=lane): lane for lane in (True, False)
        }
        self._output = topics.submitted(name, generation)
        self._leases = Leases(self._lanes)
        self._outbox = Outbox(name, process, producer, generation, fail)
        submitted = process.metrics.counter("sms.binder.submitted", connector=name)
        answers = Answers(name, process.metrics, self._take_answer)
        form = validity.form(process.config.profile(name).validity)
        self._stops = Stops(name, cancels)
        self._stop_table = followed(process, topics.CONTROL_STOP, Stop, on_loop(self._obey_stop))
        self._engine = self._make_engine(opt_outs)
        self._binds = Binds(
            account,
            ways(account),
            config,
            self._engine.wires,
            lambda esme: Wire(esme, answers.take, submitted, form),
            on_request=Deliveries(name, process, config, self._outbox).take,
            on_change=lambda *told: self._states.tell(*told),
            on_attempt=self._count_attempt,
            on_room=self._ask_pump,
            fail=fail,
        )
        self.esme = self._binds.esme
        tells_of = self._binds, answers, self._engine, self._leases, self._outbox
        self._states = States(name, process, *tells_of, account.window)
        self._membership = Membership(
            process.config.kafka,
            f"binder-{name}",
            list(self._lanes),
            self,
            urgent=[topic for topic, is_priority in self._lanes.items() if is_priority],
            revoke_timeout_s=config.drain_timeout_s + REVOKE_MARGIN_S,
        )
        limits = config.queue_segments_max, config.paused_segments_max
        self._pressure = Pressure(self._engine.lanes, self._membership, *limits)
        self._is_pump_asked = False
        self._alarm: asyncio.TimerHandle | None = None
        self._alarm_at = FAR_AWAY
        self._asked_at = -FAR_AWAY
        self._turn: Moment | None = None
        self._loop = asyncio.get_running_loop()
        self._closing: set[asyncio.Task[None]] = set()
        gauges.declare(process.metrics, name, self._engine, self._binds)

    def _make_engine(self, opt_outs: OptOuts) -> Engine:
        config, profile = self._config, self._process.config.profile(self._name)
        lanes = Lanes(config.normal_share)
        engine = Engine(
            self._outbox,
            self._rates.of(self._contract),
            lanes,
            Circuit(),
            self._stops,
            opt_outs,
            dispositions(self._name, profile),
            self._ask_pump,
            config.fence_after_s,
            time.monotonic(),
            turns_of(self._account, lanes, profile.rate_headroom),
            Calendar(profile.maintenance),
        )
        engine.retry_in_place_s = config.retry_in_place_s
        engine.postpone_s = config.postpone_s
        return engine

    # --- life ---------------------------------------------------------------------------------

    async def start(self) -> None:
        """Join the group; binds come up with the partitions."""
        await asyncio.to_thread(self._stop_table.start)
        self._membership.ended.add_done_callback(lambda _: self._note_end())
        self._membership.start()

    async def stop(self) -> None:
        """Give everything back: no duplicate, nothing unknown, unless an SMSC stays silent."""
        await self._membership.stop()
        await self._binds.release_all()
        await asyncio.to_thread(self._stop_table.stop)

    async def reload(self, account: ConnectorConfig) -> None:
        """Keep to `account` from now on: rate and window at once, binds as they can be spared."""
        before, self._account = self._contract, account
        self._states.window = account.window
        if self._contract != before:
            self._engine.pacer = self._rates.of(self._contract)  # never over either rate
        await self._binds.reload(account, ways(account))
        self._own_share()

    @property
    def account(self) -> ConnectorConfig:
        """What it keeps to."""
        return self._account

    def beat(self, now: float) -> None:
        """The loop turns."""
        self._engine.beat(now)
        if self._engine.is_fenced and now - self._asked_at > CONFIRM_TIMEOUT_S:
            LOG.warning("stood still: the group is asked what is ours", connector=self._name)
            self._asked_at = now
            self._membership.confirm(self._leases.all_commits(), self._unfence)

    def sweep(self) -> None:
        """Once a second: end what waits in vain, tell of what has changed."""
        self._engine.sweep(moment())
        self._states.tell_change()

    def commit(self) -> None:
        """Commit what has become done since the last time."""
        if commits := self._leases.commits():
            self._membership.commit(commits)

    def tell_states(self) -> None:
        """Say how each bind lease is, so that a router knows we are not dead."""
        self._states.tell_all()

    @property
    def is_ready(self) -> bool:
        """Whether a partition is ours and a bind is up, or is to be down."""
        return self._binds.are_ready

    @property
    def is_serving(self) -> bool:
        """Whether a partition is ours and a bind is up."""
        return bool(len(self._leases) and self._engine.wires)

    @property
    def _contract(self) -> Contract:
        return contract_of(self._process.config, self._name, self._account)

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
        self._asked_at = -FAR_AWAY  # a fenced process asks again at once
        self._own_share()

    async def revoked(self, partitions: Sequence[tuple[str, int]]) -> Sequence[Commit]:
        """Write nothing more of these, wait for what is written, unbind, say how far we are."""
        closing = self._leases.closing(partitions)
        self._leave_unwritten(closing)
        gone = self._leases.binds_of(closing)
        is_clean, _ = await asyncio.gather(
            _all_idle(closing.values(), self._config.drain_timeout_s), self._binds.drain(gone)
        )
        await self._release(gone)
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

    def uncommitted(self, partitions: Sequence[tuple[str, int]]) -> None:
        """Commit these again with the next."""
        self._leases.uncommitted(partitions)

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
        owned = self._leases.partitions
        share = len(owned) / self._account.binds
        self._engine.pacer.own(share, time.monotonic(), owned)
        windows = len(owned) * self._account.window
        self._engine.unconfirmed_max = int(windows * self._config.unconfirmed_per_window)
        self._pump()

    def _unfence(self) -> None:
        LOG.info("the group has confirmed what is ours", connector=self._name)
        self._engine.is_fenced = False
        self._pump()

    def _leave_unwritten(self, closing: Mapping[Key, Lease]) -> None:
        """Leave what was not written to the next owner."""
        self._engine.leave(lambda segment: segment.position[:2] in closing)

    # --- what the operator tells --------------------------------------------------------------

    def _obey_stop(self, name: str, stop: Stop | None) -> None:
        self._stops.put(name, stop)
        self._binds.rest(wanted=self._stops.drains)
        self._engine.lanes.let_go()
        self._engine.sweep(moment())
        self._pump()

    # --- from Kafka to the wire ---------------------------------------------------------------

    def _take(self, lease: Lease, position: Position, message: Message) -> None:
        known = lease.known.get(position.offset)
        if known is not None and known.is_outcome:
            place = known.output_offset
            self._outbox.repeat(known.record, message, lambda: lease.finish(position.offset, place))
            return
        try:
            submit = self._process.codec.decode(message.value(), MtSubmit)
        except UnreadableError as error:
            self._outbox.bury(message, error, lambda: lease.finish(position.offset, None))
            return
        headers = headers_of(message)
        segment = Segment(submit, position, lease, headers, attempt=submit.attempts)
        if self._process.tracer and (trace := trace_of(headers)):
            segment.trace, segment.taken_ns = trace, time.time_ns()
        if known is None:
            segment.needs_intent = submit.on_ambiguous != "resend"
            segment.is_doubtful = submit.doubtful or position.offset < lease.doubtful_before
            self._engine.take(segment)
        else:  # somebody was about to write it, and nobody can say whether it was written
            self._engine.conclude(segment, core.CRASHED, moment())

    def _pump(self) -> None:
        """Write what may be written now, and see to it that we are called when more may be."""
        self._is_pump_asked = False
        now = moment()
        self._engine.pump(now)
        self._pressure.press()
        self._set_alarm(now.s)

    def _ask_pump(self) -> None:
        """Pump once, however many answers and outcomes this millisecond brings."""
        if not self._is_pump_asked:
            self._is_pump_asked = True
            self._loop.call_later(PUMP_AFTER_S, self._pump)

    def _set_alarm(self, now: float) -> None:
        """One timer for what comes first: pacing, a delay, or a probe."""
        wait_s = self._engine.wait_s(now)
        at = FAR_AWAY if wait_s == FAR_AWAY else now + max(wait_s, ALARM_MIN_S)
        if at >= self._alarm_at > now:
            return  # it rings soon enough, and then it is set anew
        if self._alarm is not None:
            self._alarm.cancel()
            self._alarm = None
        self._alarm_at = at
        if at != FAR_AWAY:
            self._alarm = self._loop.call_later(at - now, self._ring)

    def _ring(self) -> None:
        self._alarm_at = FAR_AWAY
        self._pump()

    # --- from the wire to Kafka ---------------------------------------------------------------

    def _take_answer(self, context: object, answer: Pdu | None) -> None:
        assert isinstance(context, Segment)
        now = self._turn or self._look()
        if answer is None:
            self._engine.unanswered(context, now)
        else:
            message_id = getattr(answer, "message_id", "")
            self._engine.answered(context, answer.command_status, message_id, now)

    def _look(self) -> Moment:
        """Now, for all answers of this turn of the loop."""
        self._turn = moment()
        self._loop.call_soon(self._forget)
        return self._turn

    def _forget(self) -> None:
        self._turn = None

    def _count_attempt(self, result: str) -> None:
        counter = self._process.metrics.counter
        counter("sms.binder.bind.attempts", connector=self._name, result=result).value += 1


async def _all_idle(leases: Iterable[Lease], timeout_s: float) -> bool:
    """Whether all of `leases` have become idle within `timeout_s`."""
    try:
        async with asyncio.timeout(timeout_s):
            for lease in leases:
                await lease.idle.wait()
    except TimeoutError:
        return False
    return True
