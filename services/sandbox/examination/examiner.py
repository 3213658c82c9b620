"""An SMSC that examines an ESME: lets it bind, exercises it, watches every PDU of both ends.

    ESME <── octets ──> ExaminedSession ──> its Watcher ──> the Tally ──> the report
                              │
                    Examiner: answers, steps, the end

It is no `Sandbox`: the ordinary one pays nothing for being watched. Of a scenario it takes ids,
answers, receipts and outcomes; limits and faults belong to the sandbox.
"""

import asyncio
import contextlib
import hmac
import itertools
from collections.abc import Callable, Mapping
from random import Random

from pipeline.errors import HeliographError
from services.sandbox.examination.bind_pace import BindPace
from services.sandbox.examination.conformance import Tally
from services.sandbox.examination.exercise import (
    ANSWERED_LATE,
    LATE_S,
    REFUSED,
    STEPS,
    THROTTLED_AFTER_S,
    Seen,
    Step,
)
from services.sandbox.examination.parts import Parts
from services.sandbox.examination.watcher import Terms, Watcher
from services.sandbox.mind import Mind
from services.sandbox.scenario import Scenario
from services.sandbox.timers import Timers, now_ns
from smpp.errors import FramingError, SmppError
from smpp.framing import Framer
from smpp.pdu import Bind, CancelSm, DataSm, DeliverSm, Pdu, QuerySm, ReplaceSm, SubmitSm
from smpp.server import Smsc, SmscConfig, SmscSession
from smpp.session import SessionConfig
from smpp.state import Closed, Why
from smpp.timers import TimerConfig
from smpp.values import BindType, CommandStatus

# An examiner has no store: these are refused by their own status.
REFUSALS: dict[type[Pdu], CommandStatus] = {
    QuerySm: CommandStatus.ESME_RQUERYFAIL,
    CancelSm: CommandStatus.ESME_RCANCELFAIL,
    ReplaceSm: CommandStatus.ESME_RREPLACEFAIL,
}
NS_PER_S = 1_000_000_000
LOOK_EVERY_S = 0.2
STEP_ANSWER_S = 10.0
GONE_S = 1.0  # without a session, after the ESME has unbound
REBIND_S = 15.0
NEVER_S = float("inf")


def now_s() -> float:
    """Seconds since 1970."""
    return now_ns() / NS_PER_S


class ExaminedSession(SmscSession):
    """Shows its watcher every PDU that comes and goes."""

    def __init__(self, smsc: Smsc) -> None:
        super().__init__(smsc)
        assert isinstance(smsc, ExaminingSmsc)
        self.watcher = smsc.new_watcher()
        self._came, self._went = Framer(), Framer()

    def data_received(self, octets: bytes) -> None:
        now = now_s()
        try:
            for whole in self._came.feed(octets):
                self.watcher.came(whole, now)
        except FramingError as error:
            self.watcher.came_broken(f"{error}, in {octets[:16].hex()}", now)
        super().data_received(octets)

    def _write(self) -> None:
        for whole in self._went.feed(b"".join(self.session.outgoing)):
            self.watcher.went(whole, now_s())
        super()._write()

    def take_end(self, closed: Closed) -> None:
        self.watcher.end(now_s(), by_esme=closed.why is Why.CONNECTION_LOST)
        super().take_end(closed)


class ExaminingSmsc(Smsc):
    """A listener whose sessions are watched."""

    session_type = ExaminedSession
    new_watcher: Callable[[], Watcher]


class Examiner:
    """One run; make it inside the event loop. Without `accounts` anybody may bind."""

    def __init__(
        self,
        host: str,
        port: int,
        accounts: Mapping[str, str],
        scenario: Scenario,
        terms: Terms | None = None,
    ) -> None:
        self.tally = Tally()
        self.pace = BindPace(self.tally)
        self.has_been_bound = False
        self._accounts = accounts
        self._terms = terms or Terms(window=scenario.limits.window or Terms().window)
        self._mind = Mind(scenario, Random(1), itertools.count(now_ns() // 1000), now_ns())
        self._timers = Timers()
        self._todo = list(STEPS)
        self._seen = Seen()
        self._submits = 0
        self._first_submit_at: float | None = None
        self._has_throttled = self._is_left = False
        self._bound = asyncio.Event()
        self._tasks: set[asyncio.Task[None]] = set()
        timers = TimerConfig(enquire_link_interval_s=NEVER_S)  # it is for the ESME to ask
        self._smsc = ExaminingSmsc(
            SmscConfig(
                host=host,
                port=port,
                system_id="examiner",
                session=SessionConfig(response_timeout_s=4 * STEP_ANSWER_S, timers=timers),
            ),
            on_bind=self._on_bind,
            on_request=self._on_request,
            on_closed=self._on_closed,
        )
        parts = Parts()
        self._smsc.new_watcher = lambda: Watcher(self.tally, self._terms, parts)

    @property
    def port(self) -> int:
        """Where it listens."""
        return self._smsc.port

    @property
    def skipped(self) -> list[str]:
        """The steps that were not done, and why."""
        why = "no bind may receive, or it ended first" if self.has_been_bound else "nobody bound"
        left = [f"{step.name}: {why}" for step in self._todo]
        if not self.tally.counts["binds_again"].judged:
            left.append("unbind by the SMSC: it comes at the end of --for-s, to who is still bound")
        return left

    async def start(self) -> None:
        """Listen; raises HeliographError when that cannot be."""
        try:
            await self._smsc.start()
        except OSError as error:
            config = self._smsc.config
            raise HeliographError(
                f"cannot listen on {config.host}:{config.port}: {error}"
            ) from error

    async def run(self, stopping: asyncio.Event, for_s: float | None) -> None:
        """Examine until told to stop, until the ESME has unbound, or for `for_s` seconds and then
        until it has bound again."""
        ends_at = NEVER_S if for_s is None else now_s() + for_s
        while not stopping.is_set() and not self._is_left and now_s() < ends_at:
            await self._look(stopping)
        if now_s() >= ends_at and self._smsc.sessions:
            await self._unbind_all()

    async def stop(self) -> None:
        """Forget what is due and close what is open."""
        self._timers.clear()
        for task in self._tasks:
            task.cancel()
        await self._smsc.stop()

    async def _look(self, stopping: asyncio.Event) -> None:
        """What time alone brings."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LOOK_EVERY_S):
                await stopping.wait()
        for session in self._smsc.sessions:
            assert isinstance(session, ExaminedSession)
            session.watcher.pass_time(now_s())

    async def _unbind_all(self) -> None:
        self._bound.clear()
        bound = [session for session in self._smsc.sessions if session.bind_type is not None]
        if not bound:
            return
        await asyncio.gather(*[session.close() for session in bound])
        try:
            async with asyncio.timeout(REBIND_S):
                await self._bound.wait()
        except TimeoutError:
            self.tally.judge("binds_again", False, now_s(), f"no bind in {REBIND_S:g} s")
        else:
            self.tally.judge("binds_again", True, now_s(), "")

    # --- sessions -----------------------------------------------------------------------------

    def _on_bind(self, session: SmscSession, bind: Bind) -> CommandStatus | None:
        status = self._admission(bind)
        self.pace.bind(bind.system_id, status, now_s())
        if status is CommandStatus.ESME_ROK:
            self.has_been_bound, self._is_left = True, False
            self._bound.set()
            asyncio.get_running_loop().call_soon(self._begin, session)  # when it is answered
        return status

    def _admission(self, bind: Bind) -> CommandStatus:
        if not self._accounts:
            return CommandStatus.ESME_ROK
        password = self._accounts.get(bind.system_id)
        if password is None:
            return CommandStatus.ESME_RINVSYSID
        is_right = hmac.compare_digest(password.encode(), bind.password.encode())
        return CommandStatus.ESME_ROK if is_right else CommandStatus.ESME_RINVPASWD

    def _begin(self, session: SmscSession) -> None:
        task = asyncio.get_running_loop().create_task(self._exercise(session))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _on_closed(self, session: SmscSession, closed: Closed) -> None:
        if closed.why is Why.PEER_UNBOUND:
            self._timers.at(now_ns() + int(GONE_S * NS_PER_S), self._leave, None)

    def _leave(self, _: object) -> None:
        self._is_left = not self._smsc.sessions

    # --- steps --------------------------------------------------------------------------------

    async def _exercise(self, session: SmscSession) -> None:
        """All steps that are left and that this bind may take, one after the other."""
        may_receive = session.bind_type is not BindType.TRANSMITTER
        while session.bind_type is not None:
            fit = [step for step in self._todo if may_receive or not step.needs_receiver]
            if not fit:
                return
            self._todo.remove(fit[0])
            await self._do(session, fit[0])

    async def _do(self, session: SmscSession, step: Step) -> None:
        made = step.made(self._seen, now_ns())
        if isinstance(made, bytes):
            session.write_raw(made)
            return
        with contextlib.suppress(SmppError, TimeoutError):
            async with asyncio.timeout(STEP_ANSWER_S):
                answers = [session.request(pdu) for pdu in made]
                await asyncio.gather(*answers, return_exceptions=True)

    # --- requests -----------------------------------------------------------------------------

    def _on_request(self, session: SmscSession, request: Pdu) -> None:
        if isinstance(request, SubmitSm):
            self._take(session, request)
        elif isinstance(request, DataSm):
            session.respond(request, message_id=str(now_ns() // 1000))
        else:
            session.respond(request, REFUSALS.get(type(request), CommandStatus.ESME_RINVCMDID))

    def _take(self, session: SmscSession, submit: SubmitSm) -> None:
        self._submits += 1
        status = self._refusal()
        if status is not None:
            session.respond(submit, status)
            return
        read_ns = now_ns()
        decision = self._mind.decide(submit, read_ns)
        if not decision.command_status:
            self._seen = Seen(submit, decision.smsc_message_id)
        late_ns = int(LATE_S * NS_PER_S) if self._submits == ANSWERED_LATE else 0
        status, message_id = decision.command_status, decision.smsc_message_id

        def respond(_: object) -> None:
            fields = {} if status else {"message_id": message_id}
            session.respond(submit, status, **fields)

        self._timers.at(decision.due_ns + late_ns, respond, None)
        for receipt in decision.receipts:
            self._timers.at(receipt.due_ns + late_ns, self._deliver, (session, receipt.pdu))

    def _refusal(self) -> CommandStatus | None:
        now = now_s()
        if self._first_submit_at is None:
            self._first_submit_at = now
        if not self._has_throttled and now - self._first_submit_at >= THROTTLED_AFTER_S:
            self._has_throttled = True
            return CommandStatus.ESME_RTHROTTLED
        return REFUSED.get(self._submits)

    def _deliver(self, due: tuple[SmscSession, DeliverSm | DataSm]) -> None:
        session, pdu = due
        if session.room and session.bind_type is not BindType.TRANSMITTER:
            session.send(pdu, lambda context, response: None, None)
