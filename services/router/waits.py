"""Bulk that waits for room: what is written then, and how long it is known; pure.

The record goes as it came to the topic of the connector it would have taken. Intake gives it back
with `due`, and it is decided anew: by the rules, stops and opt-outs of then. Intake may do so more
than once, and a long time later, so the entry outlives every repeat: it lives as long as a record
may wait, whatever validity the rules of now give it, for those of then may give it more.
"""

from collections.abc import Callable

from pipeline import topics
from pipeline.capacity import Capacity
from pipeline.effects import Effect, Publish
from pipeline.ids import ConnectorId
from pipeline.records import MtAdmitted, MtHead, MtWaiting
from services.router.policy import Case
from services.router.repeats import WAITING
from services.router.trips import FIRST_TRIP, Trip

LANE = "bulk"
WAIT_LIFE_S = 8 * 86_400  # retention of sms.mt.wait.*: a day longer than any validity


def room(capacity: Capacity, case: Case, trip: Trip) -> Callable[[ConnectorId], bool]:
    """Whether a connector has room for it. What is not bulk, or has begun its trip, needs none.

    What has not waited yet goes behind all that waits already, or that would never have its turn.
    """
    if case.record.head.lane != LANE or trip is not FIRST_TRIP:
        return lambda _: True
    return lambda name: (
        not capacity.is_full(name) and (case.has_waited or not capacity.waiting(name))
    )


def effects(head: MtHead, case: Case, connector: ConnectorId) -> list[Effect]:
    """The record where it waits, and the fact."""
    assert head.recipient is not None  # intake passes on nothing else
    assert case.rule is not None  # or it had been refused
    fact = MtWaiting(
        head=head,
        connector=connector,
        deadline_ms=case.deadline_ms,
        waiting_ms=case.now_ms,
        rule=case.rule.name,
        routes_version=case.routes_version,
    )
    return [
        Publish(topics.wait(connector), head.recipient, case.record),
        Publish(topics.TRACKER_IN, head.message_id, fact),
    ]


def life_s(record: MtAdmitted, stage: str, life_s: int) -> int:
    """How long the entry lives that would live for `life_s`: longer if it waits, or may have."""
    may_have = record.due and record.head.lane == LANE
    return max(life_s, WAIT_LIFE_S) if stage == WAITING or may_have else life_s
