"""What a lease says of itself, and when there is news."""

from types import SimpleNamespace
from typing import Any

from pipeline.ids import ConnectorId
from pipeline.records import ConnectorState
from services.binder.binds import Slot
from services.binder.states import AHEAD_MIN, States


class World:
    """Two leases of a connector, and what was told of them."""

    def __init__(self) -> None:
        self.told: list[ConnectorState] = []
        self.done = {(0, False): 0, (0, True): 0, (1, False): 0, (1, True): 0}
        pacer = SimpleNamespace(rate_per_s=100.0, owned_per_s=100.0)
        self.lanes = SimpleNamespace(paused_count=0)
        circuit = SimpleNamespace(stopped_by=None)
        engine = SimpleNamespace(pacer=pacer, lanes=self.lanes, circuit=circuit)
        slots = dict.fromkeys((Slot(0, False), Slot(1, False), Slot(0, True)), ("bound", None))
        leases = SimpleNamespace(
            partitions={0, 1},
            done_ahead=lambda partition, *, priority: self.done[partition, priority],
        )
        outbox = SimpleNamespace(state=self.told.append)
        binds = SimpleNamespace(
            states=slots,
            certificate_expires_s=1_900_000_000.5,
            in_flight_count=lambda slot: 3 + slot.lease,
        )
        answers = SimpleNamespace(statuses={"ESME_ROK": 7, "ESME_RTHROTTLED": 2})
        process = SimpleNamespace(replica="binder-0")
        others: Any = (process, binds, answers, engine, leases, outbox)
        self.states = States(ConnectorId("fast"), *others, 10)
        self.states.tell_all()

    def news(self) -> list[tuple[int, int]]:
        """What the submitting leases say is ahead of both lanes, if anything is said."""
        self.told.clear()
        self.states.tell_change()
        return [(s.ahead, s.ahead_priority) for s in self.told if not s.is_receiver]


def test_what_is_ahead_is_told_with_the_rest_and_is_no_news_while_it_grows() -> None:
    world = World()
    world.done[0, False], world.done[1, True], world.lanes.paused_count = 5000, 7, 40
    assert world.news() == []
    world.states.tell_all()
    told = [(s.ahead, s.ahead_priority) for s in world.told if not s.is_receiver]
    assert told[-2:] == [(5020, 0), (20, 7)]
    assert world.told[-1].is_receiver
    assert world.told[-1].ahead == 0


def test_that_much_less_is_ahead_is_told_at_once() -> None:
    world = World()
    world.done[0, False] = 10 * AHEAD_MIN
    world.states.tell_all()
    world.done[0, False] = 9 * AHEAD_MIN
    assert world.news() == []
    world.done[0, False] = 0
    assert world.news() == [(0, 0), (0, 0)]
    assert world.news() == []


def test_a_submitting_lease_tells_of_requests_answers_and_certificates() -> None:
    world = World()
    submitting = [state for state in world.told if not state.is_receiver]
    assert [state.in_flight for state in submitting] == [3, 4]
    assert {state.certificate_expires_ms for state in submitting} == {1_900_000_000_500}
    assert all(state.statuses == {"ESME_ROK": 7, "ESME_RTHROTTLED": 2} for state in submitting)
    receiver = next(state for state in world.told if state.is_receiver)
    assert (receiver.in_flight, receiver.statuses) == (0, {})
