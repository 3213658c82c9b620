"""What a tenant uses, counted by all routers together (ADR 0009); pure.

State is by recipient, and a tenant's recipients are spread over all partitions. So each partition
counts for itself, in state of its own beside that of its keys, and says its count to the others at
most about once a second: `said` by a message that comes later than that, or by a timer when none
does. The whole is what it has counted itself, exactly, and what it has heard from the others.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from functools import lru_cache
from typing import NamedTuple

import msgspec

from pipeline import topics
from pipeline.effects import Effect, Entries, KeyEntries, Publish, PublishLater
from pipeline.records import TenantUsage, Wake

SAY_EVERY_MS = 1000
LIFE_AFTER_S = 86_400  # of an entry whose period is over; the router may be behind
PREFIXES_MAX = 100_000  # of a tenant, heard from the others; more are counted by partition only
WAKE_KIND = "usage"
DAY_MS = 86_400_000


class Period(NamedTuple):
    """A stretch of time that is counted in; `per` says how long, `name` which one."""

    per: str
    name: str
    end_ms: int


class Meter(NamedTuple):
    """Something of a tenant that is counted: segments, or messages to numbers that begin alike."""

    tenant: str
    period: Period
    prefix: str | None = None
    is_test: bool = False
    """The tenant only tries, as it is configured now."""

    @property
    def what(self) -> str:
        """What the count is called in the state of a partition, whichever period it is."""
        return f"{self.tenant}|{self.period.per}|{self.prefix or ''}"


class Count(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """What a partition has counted in a period, and what of it the others know since when."""

    period: str
    end_ms: int
    count: int = 0
    said: int = 0
    said_ms: int = 0
    is_waking: bool = False
    is_test: bool = False


class Heard(NamedTuple):
    """What all partitions have said of a tenant's newest period, by prefix and partition."""

    period: str
    counts: dict[str | None, Mapping[int, int]]


class Usage:
    """The counts of all tenants. `hear` may be called on another thread."""

    def __init__(self) -> None:
        self._heard: dict[tuple[str, str], Heard] = {}

    def hear(self, _key: str, row: TenantUsage | None) -> None:
        """What some partition says. Nothing that is being read is changed."""
        if row is None:
            return
        of = row.tenant, row.per
        heard = self._heard.get(of)
        if heard is None or heard.period < row.period:
            heard = self._heard[of] = Heard(row.period, {})
        before = heard.counts.get(row.prefix)
        if heard.period == row.period and (before or len(heard.counts) < PREFIXES_MAX):
            heard.counts[row.prefix] = {**(before or {}), row.partition: row.count}

    def total(self, state: KeyEntries, meter: Meter) -> int:
        """How much there is of it in all, as far as the others have said theirs."""
        own = _current(state.shared.get(_name(meter.what), Count), meter.period).count
        heard = self._heard.get((meter.tenant, meter.period.per))
        if heard is None or heard.period != meter.period.name:
            return own
        others = heard.counts.get(meter.prefix, {})
        return own + sum(count for at, count in others.items() if at != state.partition)

    def add(
        self, state: KeyEntries, meter: Meter, more: int, recipient: str, now_ms: int
    ) -> list[Effect]:
        """There is more of it; what has to be said of that now, or by a timer."""
        shared, effects = state.shared, list[Effect]()
        before = shared.get(_name(meter.what), Count)
        count = _current(before, meter.period)
        if before is not None and before.period != count.period and before.count != before.said:
            effects.append(_said(state.partition, meter.what, before, now_ms))
        count = msgspec.structs.replace(count, count=count.count + more, is_test=meter.is_test)
        if now_ms >= count.said_ms + SAY_EVERY_MS:
            effects.append(_said(state.partition, meter.what, count, now_ms))
            count = msgspec.structs.replace(count, said=count.count, said_ms=now_ms)
        elif not count.is_waking:
            wake = Wake(key=recipient, kind=WAKE_KIND, what=meter.what, set_ms=now_ms)
            due_ms = count.said_ms + SAY_EVERY_MS
            effects.append(PublishLater(due_ms, topics.ROUTER_IN, recipient, wake))
            count = msgspec.structs.replace(count, is_waking=True)
        _keep(shared, meter.what, count, now_ms)
        return effects

    def wake(self, state: KeyEntries, wake: Wake, now_ms: int) -> list[Effect]:
        """A second after: say what no message has said since."""
        shared = state.shared
        count = shared.get(_name(wake.what), Count)
        if count is None:
            return []
        told = msgspec.structs.replace(count, is_waking=False)
        effects: list[Effect] = []
        if count.count != count.said:
            effects.append(_said(state.partition, wake.what, count, now_ms))
            told = msgspec.structs.replace(told, said=count.count, said_ms=now_ms)
        _keep(shared, wake.what, told, now_ms)
        return effects


def day(now_ms: int) -> Period:
    """The day of UTC that now is in."""
    return _day(now_ms // DAY_MS)


def month(now_ms: int) -> Period:
    """The month of UTC that now is in."""
    return _month(now_ms // DAY_MS)


def window(now_ms: int, per_s: int) -> Period:
    """The one that now is in of the windows that follow one another since 1970 UTC."""
    return _window(now_ms // (per_s * 1000), per_s)


def moment(at_ms: int) -> str:
    """As people and machines read it: 2026-11-30T12:00:00Z."""
    return f"{datetime.fromtimestamp(at_ms // 1000, UTC):%Y-%m-%dT%H:%M:%SZ}"


def _name(what: str) -> str:
    return f"use|{what}"


def _said(partition: int, what: str, count: Count, now_ms: int) -> Publish:
    tenant, per, prefix = what.split("|")
    # Months are kept to be billed; of all else the newest is enough.
    kept = prefix or (count.period if per == "month" else per)
    row = TenantUsage(
        tenant=tenant,
        per=per,
        period=count.period,
        prefix=prefix or None,
        partition=partition,
        count=count.count,
        at_ms=now_ms,
        test=count.is_test,
    )
    topic = topics.TENANT_VELOCITY if prefix else topics.TENANT_USAGE
    return Publish(topic, f"{tenant}/{kept}/{partition}", row)


def _keep(shared: Entries, what: str, count: Count, now_ms: int) -> None:
    shared.put(_name(what), count, max(0, count.end_ms - now_ms) // 1000 + LIFE_AFTER_S)


def _current(found: Count | None, period: Period) -> Count:
    """The count of a period; of a later one if the clock has gone back."""
    if found is None:
        return Count(period.name, period.end_ms)
    if found.period < period.name:
        return Count(period.name, period.end_ms, said_ms=found.said_ms, is_waking=found.is_waking)
    return found


@lru_cache(maxsize=4)  # there is one now, and one more about midnight
def _day(number: int) -> Period:
    return Period("day", moment(number * DAY_MS)[:10], (number + 1) * DAY_MS)


@lru_cache(maxsize=4)
def _month(day_number: int) -> Period:
    now = datetime.fromtimestamp(day_number * DAY_MS // 1000, UTC)
    year, number = divmod(now.year * 12 + now.month, 12)
    end = datetime(year, number + 1, 1, tzinfo=UTC)
    return Period("month", f"{now:%Y-%m}", int(end.timestamp()) * 1000)


@lru_cache(maxsize=256)  # one for each length there is
def _window(number: int, per_s: int) -> Period:
    begin_ms = number * per_s * 1000
    return Period(f"{per_s}s", moment(begin_ms), begin_ms + per_s * 1000)
