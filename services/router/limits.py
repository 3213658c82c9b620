"""How much may be sent: by recipient, by numbers that begin alike, by tenant; a table, pure.

A row says what it counts of a message and how much of that there may be; all rows are asked before
any counts, so that what is refused counts nothing. The guard against pumping also asks what arrives
where. They are asked last of all, when nothing else
stands against the message and its segments are known. A tenant without limits has no state here.
"""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from pipeline.config import TenantConfig
from pipeline.effects import Effect, KeyEntries
from pipeline.limits import PumpingConfig
from pipeline.records import MtHead, Wake
from services.router.frequency import Frequency
from services.router.policy import Refusal
from services.router.pumping import REASON, is_guarded, unconverted
from services.router.strategies import GradeTo, ungraded_to
from services.router.usage import Meter, Usage, day, moment, month, window


class Charge(NamedTuple):
    """What a message adds to a meter, and how much there may be of it in all."""

    meter: Meter
    more: int
    most: int


class Row(NamedTuple):
    """A limit that all partitions keep together, of tenants that have the setting.

    `charge` takes the setting, the head, its segments and now, and gives None where it counts
    nothing.
    """

    setting: str
    reason: str
    charge: Callable[[Any, MtHead, int, int], Charge | None]
    detail: str


def _of_prefix(guard: PumpingConfig, head: MtHead, _segments: int, now_ms: int) -> Charge | None:
    if not is_guarded(guard, head):
        return None
    assert head.recipient is not None  # intake passes on nothing else
    prefix = head.recipient[: -guard.last_digits]
    return Charge(Meter(head.tenant, window(now_ms, guard.per_s), prefix), 1, guard.messages)


ROWS = (
    Row(
        "pumping",
        REASON,
        _of_prefix,
        "{most} messages have gone since {period} to numbers that begin as this one does; if they "
        "are wanted, write the prefix into `pumping.allow`, or send it under another message_id "
        "after {again}.",
    ),
    Row(
        "segments_per_day",
        "quota_exceeded",
        lambda most, head, count, now_ms: Charge(Meter(head.tenant, day(now_ms)), count, most),
        "The tenant's {most} segments of the day {period} leave no room for it; raise "
        "`segments_per_day`, or send it under another message_id after {again}.",
    ),
    Row(
        "segments_per_month",
        "quota_exceeded",
        lambda most, head, count, now_ms: Charge(Meter(head.tenant, month(now_ms)), count, most),
        "The tenant's {most} segments of the month {period} leave no room for it; raise "
        "`segments_per_month`, or send it under another message_id after {again}.",
    ),
)


class _Limited(NamedTuple):
    is_test: bool
    frequency: Frequency
    pumping: PumpingConfig | None
    rows: tuple[tuple[Row, Any], ...]
    """With their settings."""


class Limits:
    """The limits of all tenants."""

    def __init__(
        self, tenants: Mapping[str, TenantConfig], usage: Usage, grade_to: GradeTo = ungraded_to
    ) -> None:
        """`usage` knows what the other partitions have counted, `grade_to` what arrives where."""
        self._usage = usage
        self._grade_to = grade_to
        self._limited = {
            name: limited
            for name, tenant in tenants.items()
            if (limited := _limited(name, tenant)) is not None
        }

    def count(
        self, state: KeyEntries, head: MtHead, segments: int, now_ms: int
    ) -> list[Effect] | Refusal:
        """Count a message that goes now, and what follows from that; or why it may not go."""
        own = self._limited.get(head.tenant)
        if own is None:
            return []
        assert head.recipient is not None  # intake passes on nothing else
        full = own.frequency.full(state, head.class_, now_ms)
        if full is not None:
            limit, again_ms = full
            of = f" of class {limit.class_}" if limit.class_ else ""
            detail = (
                f"The recipient has had {limit.messages} messages{of} within {limit.per_s} s; "
                f"send it under another message_id after {moment(again_ms + 999)}."
            )
            return Refusal("recipient_limit", detail)
        refusal = unconverted(own.pumping, head, self._grade_to)
        if refusal is not None:
            return refusal
        charges = [
            (row, charge)
            for row, setting in own.rows
            if (charge := row.charge(setting, head, segments, now_ms)) is not None
        ]
        for row, (meter, more, most) in charges:
            if self._usage.total(state, meter) + more > most:
                again = moment(meter.period.end_ms)
                detail = row.detail.format(most=most, period=meter.period.name, again=again)
                return Refusal(row.reason, detail)
        own.frequency.note(state, head.class_, now_ms)
        effects: list[Effect] = []
        for _, charge in charges:
            meter = charge.meter._replace(is_test=own.is_test)
            effects += self._usage.add(state, meter, charge.more, head.recipient, now_ms)
        return effects

    def wake(self, state: KeyEntries, record: Wake, now_ms: int) -> list[Effect]:
        """A timer that `count` has set is due."""
        return self._usage.wake(state, record, now_ms)


def _limited(name: str, tenant: TenantConfig) -> _Limited | None:
    rows = tuple((row, getattr(tenant, row.setting)) for row in ROWS)
    rows = tuple((row, setting) for row, setting in rows if setting is not None)
    if not rows and not tenant.recipient_limits:
        return None
    return _Limited(tenant.test, Frequency(name, tenant.recipient_limits), tenant.pumping, rows)
