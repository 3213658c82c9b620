"""Messages that may take another way: what is kept of them until then, in the router's state.

The tracker asks for another way when all segments of a message have come back unwritten. Which ways
it has tried stands here, and the request itself, for every connector has it encoded its own way.
"""

import msgspec

from pipeline.effects import Entries
from pipeline.ids import ConnectorId, MessageId
from pipeline.records import MtAdmitted
from services.router.policy import Case
from services.router.submits import Leg

HOPS_MAX = 8  # ways that one message may take
NO_SOURCE = "sms.router.in"


class Trip(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Where a message has been; `hop` counts from 0, -1 is nowhere yet."""

    hop: int = -1
    tried: tuple[ConnectorId, ...] = ()
    record: MtAdmitted | None = None


FIRST_TRIP = Trip()


def name_of(message_id: MessageId) -> str:
    """The entry of a message."""
    return f"trip|{message_id}"


def keep(state: Entries, case: Case, leg: Leg, before: Trip) -> None:
    """Remember a message that may come back; forget it where it may not."""
    name = name_of(case.record.head.message_id)
    if leg.return_after_s is not None:
        tried = (*before.tried, leg.target.connector)
        life_s = max(1, (case.deadline_ms - case.now_ms) // 1000 + 1)
        state.put(name, Trip(leg.hop, tried, case.record), life_s)
    elif before.tried:
        state.drop(name)
