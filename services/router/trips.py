"""Messages that may take another way: what is kept of them until then, in the router's state.

The tracker asks for another way when all segments of a message have come back unwritten. Which ways
it has tried stands here, and the request itself, for every connector has it encoded its own way.
What quiet hours overtook has not tried the connector that it waited for.
"""

import msgspec

from pipeline.effects import Entries
from pipeline.ids import ConnectorId, MessageId
from pipeline.records import MtAdmitted
from services.router.policy import Case
from services.router.submits import Leg

HOPS_MAX = 8  # connectors that one message may try
QUIET_HOURS = "quiet_hours"  # why the binder gave it back
NO_SOURCE = "sms.router.in"


class Trip(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Where a message has been; `hop` counts from 0, -1 is nowhere yet."""

    hop: int = -1
    tried: tuple[ConnectorId, ...] = ()
    record: MtAdmitted | None = None
    write_until_ms: int = 0


FIRST_TRIP = Trip()


def name_of(message_id: MessageId) -> str:
    """The entry of a message."""
    return f"trip|{message_id}"


def so_far(state: Entries, record: MtAdmitted) -> Trip:
    """Where a request has been that comes, or comes back from the scheduler."""
    trip = state.get(name_of(record.head.message_id), Trip) if record.due else None
    if trip is None or trip.record is None or trip.record.source != record.source:
        return FIRST_TRIP  # an earlier message of that id may have left one
    return trip


def keep(state: Entries, case: Case, leg: Leg, before: Trip) -> None:
    """Remember a message that may come back; forget it where it may not."""
    until_ms = case.write_until_ms
    if leg.return_after_s is not None or until_ms is not None:
        tried = (*before.tried, leg.target.connector)
        put(state, case, Trip(leg.hop, tried, case.record, until_ms or 0))
    elif before.record is not None:
        state.drop(name_of(case.record.head.message_id))


def put(state: Entries, case: Case, trip: Trip) -> None:
    """Remember it for as long as it may be sent."""
    life_s = max(1, (case.deadline_ms - case.now_ms) // 1000 + 1)
    state.put(name_of(case.record.head.message_id), trip, life_s)


def back(trip: Trip, reason: str | None, now_ms: int) -> tuple[Trip, int]:
    """What has been tried once it came back for this reason, and when it could go on, ms.

    The quiet hours that the binder saw begin have begun, whatever the clock here says.
    """
    if reason != QUIET_HOURS or not trip.write_until_ms:
        return trip, now_ms
    before = msgspec.structs.replace(trip, tried=trip.tried[:-1], write_until_ms=0)
    return before, max(now_ms, trip.write_until_ms)
