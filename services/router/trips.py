"""Messages that may take another way: what is kept of them until then, in the router's state.

The tracker asks for another way when all segments of a message have come back unwritten, or have
failed as the rule lists. Which ways it has tried stands here, and the request itself, for every
connector has it encoded its own way. What quiet hours overtook has not tried the connector that it
waited for.
"""

import msgspec
from msgspec.structs import replace

from pipeline.effects import Entries
from pipeline.ids import ConnectorId, MessageId
from pipeline.records import MtAdmitted, MtHead
from services.router.policy import Case, Refusal
from services.router.retries import NEVER, Retry
from services.router.routes import Rule
from services.router.submits import Leg

HOPS_MAX = 8  # connectors that one message may try, the same one again included
QUIET_HOURS = "quiet_hours"  # why the binder gave it back
NO_SOURCE = "sms.router.in"

NO_CONNECTOR = Refusal(
    "no_route",
    "The rule of the recipient has sandboxes only, which carry tests; add a carrier to its pool.",
)
NO_WAY_LEFT = Refusal(
    "no_way_left",
    "Every connector of its rule was tried; mend them, or add one to the pool.",
)
NO_RETRY = Refusal(
    "no_way_left",
    "Its rule has no other try for it now; if there is to be one, write retry_on into the rule.",
)
EXPIRED = Refusal(
    "expired",
    "Its validity was over before another way was found; send it anew or give it more time.",
)


class Trip(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Where a message has been; `hop` counts from 0, -1 is nowhere yet.

    `tried` are the connectors not to take again, `retries` how often all were to be taken again,
    so many of them `forgotten` for that; without a `record` it is on its last leg.
    """

    hop: int = -1
    tried: tuple[ConnectorId, ...] = ()
    record: MtAdmitted | None = None
    write_until_ms: int = 0
    retries: int = 0
    forgotten: int = 0

    @property
    def ways(self) -> int:
        """How many it has taken, those not counted that quiet hours overtook."""
        return self.forgotten + len(self.tried)


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
    """Remember a message that may come back; on its last leg only that it is there."""
    until_ms = case.write_until_ms
    may_return = leg.return_after_s is not None or leg.retry.on or until_ms is not None
    if not may_return and before is FIRST_TRIP:
        return
    after = replace(
        before,
        hop=leg.hop,
        tried=(*before.tried, leg.target.connector),
        record=case.record if may_return else None,
        write_until_ms=until_ms or 0,
    )
    put(state, case, after)


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
    before = replace(trip, tried=trip.tried[:-1], write_until_ms=0)
    return before, max(now_ms, trip.write_until_ms)


def after_failure(rule: Rule, head: MtHead, trip: Trip) -> Trip | None:
    """The trip as it goes on after a failure; None where the rule in force has no more tries."""
    retry = _retry(rule, head)
    if retry.after_s is None:
        return trip if retry.on else None
    if trip.retries >= retry.times:
        return None
    return replace(trip, tried=(), retries=trip.retries + 1, forgotten=trip.ways)


def retry_behind(rule: Rule, head: MtHead, trip: Trip, ways: int) -> Retry:
    """The failures that are not the end of the next leg of `trip`, with so many `ways` untried."""
    retry = _retry(rule, head)
    is_possible = ways > 0 if retry.after_s is None else trip.retries < retry.times
    return retry if is_possible and trip.ways + 1 < HOPS_MAX else NEVER


def _retry(rule: Rule, head: MtHead) -> Retry:
    """What the rule says; of what is billed only where its match, or what it sets, says billed."""
    is_written = "billed" in (rule.match.classes or ()) or rule.changes.class_ == "billed"
    return rule.retry if head.class_ != "billed" or is_written else NEVER
