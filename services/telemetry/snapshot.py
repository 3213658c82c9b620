"""All that is to be seen at a glance, at one moment: what `/v1/live` tells page and `top` of.

Numbers of people are masked in it and it holds no text, so anybody may see it. What is not known
is null, which is another thing than 0.
"""

import msgspec

from pipeline.capacity import is_throttled

POINTS = 60  # of each rate: one a second, the newest last
ROWS_MAX = 50  # of what comes one by one, the newest first


class Shown(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What all parts of a snapshot share: immutable, built by keyword, read strictly."""


class Funnel(Shown, frozen=True, kw_only=True):
    """Messages by how far they have come; `open` are those that have not ended."""

    requested: int
    routed: int
    submitted: int
    delivered: int
    failed: int
    unknown: int
    expired: int
    open: int


class Rates(Shown, frozen=True, kw_only=True):
    """POINTS of each."""

    requested_per_s: tuple[float, ...]
    submitted_per_s: tuple[float, ...]
    delivered_per_s: tuple[float, ...]
    mo_per_s: tuple[float, ...]


class Connector(Shown, frozen=True, kw_only=True):
    """One connector, over all its binds and binders."""

    name: str
    state: str
    stop: str | None  # why it is stopped, paused or drained
    binds: int
    binds_wanted: int
    receivers: int
    receivers_wanted: int
    in_flight: int
    window: int
    rate_per_s: float
    contract_per_s: float
    submitted_per_s: float
    queued: int | None
    queue_limit: int | None
    waiting: int  # bulk that waits until it has room
    age_s: float | None  # of what is due and not sent for longest
    statuses: dict[str, int]  # answers by status, as SMPP names it
    answer_p50_ms: int | None
    answer_p99_ms: int | None
    delivery_p50_ms: int | None
    delivery_p99_ms: int | None
    delivery_rate: float | None
    orphan_share: float | None

    @property
    def all_binds(self) -> tuple[int, int]:
        """Of either kind: those that are up, those that should be."""
        return self.binds + self.receivers, self.binds_wanted + self.receivers_wanted

    @property
    def is_throttled(self) -> bool:
        """Whether the SMSC takes much less than it should; of one that is idle the rate, which goes
        up by answers only, says nothing."""
        return bool(self.queued or self.in_flight) and is_throttled(
            self.rate_per_s, self.contract_per_s
        )


class Group(Shown, frozen=True, kw_only=True):
    """One consumer group: what it has to read, without what it holds already."""

    name: str
    lag: int
    age_s: float | None  # of what it has to read next
    done_per_s: float


class Latency(Shown, frozen=True, kw_only=True):
    """How long a step took for one kind of message, lately."""

    step: str
    connector: str
    class_: str = msgspec.field(name="class")
    country: str
    p50_ms: int
    p95_ms: int
    p99_ms: int
    count: int


class Failure(Shown, frozen=True, kw_only=True):
    """A message that has failed, and why, in words."""

    at_ms: int
    message_id: str
    connector: str | None
    words: str


class Inbound(Shown, frozen=True, kw_only=True):
    """A message somebody has sent to us; its text is not shown."""

    at_ms: int
    mo_id: str
    connector: str
    sender: str
    receiver: str
    keyword: str | None
    vote: str | None
    complete: bool


class Vote(Shown, frozen=True, kw_only=True):
    """How a vote stands."""

    name: str
    counts: dict[str, int]


class Letters(Shown, frozen=True, kw_only=True):
    """Dead letters nobody has dealt with."""

    topic: str
    open: int


class Alert(Shown, frozen=True, kw_only=True):
    """What somebody should look at now."""

    name: str
    about: str | None  # a connector, a group, a topic
    words: str
    since_ms: int


class OfTests(Shown, frozen=True, kw_only=True):
    """What test tenants do, which is nowhere else."""

    funnel: Funnel


class Build(Shown, frozen=True, kw_only=True):
    """The process that tells."""

    uptime_s: float
    behind: int  # records it has still to read


class Snapshot(Shown, frozen=True, kw_only=True):
    """All of it."""

    at_ms: int
    funnel: Funnel
    rates: Rates
    connectors: tuple[Connector, ...]
    groups: tuple[Group, ...]
    latency: tuple[Latency, ...]
    failures: tuple[Failure, ...]
    mo: tuple[Inbound, ...]
    votes: tuple[Vote, ...]
    letters: tuple[Letters, ...]
    alerts: tuple[Alert, ...]
    tests: OfTests
    build: Build
