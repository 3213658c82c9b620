"""How much is queued for each connector, and how long its rate takes for that; pure.

Three things are put together. Every half second Kafka says how far the binder's group is behind on
the submit topics, and intake on what waits for room. The binder says (sms.connector.state) the rate
in force, and how many of those records keep nobody waiting: done out of order, or paused. And
whoever writes to the submit topics counts what it has written since the question before, so that no
burst hides between two answers, or in a transaction that is open: rather twice than not at all.

Nothing known is nothing queued. A connector whose binders are silent has the rate of its contract.
"""

from collections.abc import Callable, Collection, Mapping
from typing import NamedTuple

from pipeline import topics
from pipeline.config import Config
from pipeline.connectors import ConnectorConfig
from pipeline.ids import ConnectorId
from pipeline.records import ConnectorState

WAIT_GROUP = "intake"
STALE_MS = 12_000  # binders speak every 3 s: four times unheard is dead
THROTTLED_BELOW = 0.5  # of the contract
THROTTLED_QUEUE_S = 1.0  # what a throttled one must keep, or it would never hear that it is over


class Written(NamedTuple):
    """Segments that this process has written for a connector, ever: to both lanes, to one."""

    all: int = 0
    urgent: int = 0


class Filled(NamedTuple):
    """Segments that are queued for a connector, and how many may be."""

    queued: int
    limit: float


class Terms(NamedTuple):
    """One connector as it is configured."""

    contract_per_s: float  # segments
    limit_s: float
    lanes: Mapping[str, bool]  # its submit topics, and whether each is the priority lane's


class Known(NamedTuple):
    """One connector as of the last answer."""

    queued: int  # segments, in both lanes
    urgent: int  # those of the priority lane
    rate_per_s: float
    is_throttled: bool
    written: Written  # of our own, what is surely in `queued`
    waiting: int  # messages that intake holds back


class Capacity:
    """All connectors. `hear`, `ask` and its answer may come on other threads than the rest."""

    def __init__(self, config: Config, clock: Callable[[], int]) -> None:
        """`clock` gives milliseconds since 1970 UTC."""
        self._terms: Mapping[ConnectorId, Terms] = {}  # whole and never changed: others read it
        self._said: dict[ConnectorId, dict[int, ConnectorState]] = {}
        self._bound_ms: dict[ConnectorId, int] = {}  # when a lease was last said to be bound
        self._written: dict[ConnectorId, Written] = {}
        self._written_before: Mapping[ConnectorId, Written] = {}  # when Kafka was asked last
        self._known: Mapping[ConnectorId, Known] = {}
        self._clock = clock
        self.configure(config)

    def configure(self, config: Config) -> None:
        """Go by these connectors from now on. Those that are gone stay known: a message that the
        router before has begun may be on its way to one.
        """
        connectors = {ConnectorId(name): own for name, own in config.connectors.items()}
        for name in connectors:
            self._said.setdefault(name, {})
            self._written.setdefault(name, Written())
        self._terms = {
            **self._terms,
            **{
                name: Terms(_contract(config, own), own.bulk_queue_s, _submit_topics(name, own))
                for name, own in connectors.items()
            },
        }

    def group_of(self, there: Collection[str]) -> dict[str, str]:
        """The topics of all connectors, as far as they are `there`, and who reads each."""
        groups = dict.fromkeys(topics.waits(there), WAIT_GROUP)
        for name, terms in self._terms.items():
            groups |= {topic: f"binder-{name}" for topic in terms.lanes if topic in there}
        return groups

    def hear(self, state: ConnectorState) -> None:
        """What a binder says of one lease; receivers have no part in it."""
        if not state.is_receiver and state.connector in self._said:
            self._said[state.connector][state.partition] = state
            if state.state == "bound":
                before_ms = self._bound_ms.get(state.connector, 0)
                self._bound_ms[state.connector] = max(before_ms, state.at_ms)

    def ask(self) -> Callable[[Mapping[str, int]], None]:
        """Kafka is asked now; what is returned takes how far the readers are behind, by topic."""
        written, self._written_before = self._written_before, dict(self._written)

        def answered(behind: Mapping[str, int]) -> None:
            self._known = {
                name: self._look(name, terms, behind, written.get(name, Written()))
                for name, terms in self._terms.items()
                if any(topic in behind for topic in terms.lanes)
            }

        return answered

    def wrote(self, connector: ConnectorId, segments: int, *, is_urgent: bool) -> None:
        """So many more segments are on their way to its submit topics."""
        before = self._written[connector]
        self._written[connector] = Written(
            before.all + segments, before.urgent + segments * is_urgent
        )

    def wait_s(self, connector: ConnectorId, *, is_urgent: bool) -> float:
        """Seconds until what is written now is sent; what is urgent waits for its own lane only."""
        known = self._known.get(connector)
        if known is None:
            return 0.0
        own = self._written[connector]
        if is_urgent:
            return (known.urgent + own.urgent - known.written.urgent) / known.rate_per_s
        return (known.queued + own.all - known.written.all) / known.rate_per_s

    def is_throttled(self, connector: ConnectorId) -> bool:
        """Whether the SMSC takes much less than it should, and has some to go on with."""
        known = self._known.get(connector)
        if known is None or not known.is_throttled:
            return False
        return self.wait_s(connector, is_urgent=False) > THROTTLED_QUEUE_S

    def is_full(self, connector: ConnectorId) -> bool:
        """Whether no more bulk should be queued for it."""
        return self.wait_s(connector, is_urgent=False) > self._terms[connector].limit_s

    def waiting(self, connector: ConnectorId) -> int:
        """Messages that wait for it elsewhere."""
        known = self._known.get(connector)
        return 0 if known is None else known.waiting

    def filled(self, connector: ConnectorId) -> Filled | None:
        """How full it is; None when nobody knows."""
        known = self._known.get(connector)
        if known is None:
            return None
        return Filled(known.queued, known.rate_per_s * self._terms[connector].limit_s)

    def is_down(self, connector: ConnectorId) -> bool:
        """Whether none of its leases has been bound for so long that every router knows it too."""
        return self._bound_ms.get(connector, 0) < self._clock() - STALE_MS

    def detour_per_s(self, connector: ConnectorId) -> float:
        """Segments a second that may look for another way: its own rate while it is down and any
        other connector could take some, or else none, for a router would only put them back.
        """
        known = self._known.get(connector)
        if known is None or not self.is_down(connector):
            return 0.0
        others = self._terms.keys() - {connector}
        has_other = any(not self.is_down(other) and not self.is_full(other) for other in others)
        return known.rate_per_s if has_other else 0.0

    def contract_per_s(self, connector: ConnectorId) -> float:
        """Segments a second that it may take."""
        return self._terms[connector].contract_per_s

    def is_configured(self, connector: ConnectorId) -> bool:
        """Whether there is such a connector."""
        return connector in self._terms

    def _look(
        self, name: ConnectorId, terms: Terms, behind: Mapping[str, int], written: Written
    ) -> Known:
        oldest = self._clock() - STALE_MS
        said = [state for state in list(self._said[name].values()) if state.at_ms >= oldest]
        rate_per_s = sum(state.rate_per_s for state in said)
        contract_per_s = sum(state.contract_per_s for state in said)
        count = {True: 0, False: 0}
        for topic, is_urgent in terms.lanes.items():
            count[is_urgent] += behind.get(topic, 0)
        urgent = max(0, count[True] - sum(state.ahead_priority for state in said))
        return Known(
            queued=urgent + max(0, count[False] - sum(state.ahead for state in said)),
            urgent=urgent,
            rate_per_s=rate_per_s or terms.contract_per_s,
            is_throttled=is_throttled(rate_per_s, contract_per_s),
            written=written,
            waiting=behind.get(topics.wait(name), 0),
        )


def is_throttled(rate_per_s: float, contract_per_s: float) -> bool:
    """Whether an SMSC takes much less than it should; of one that takes nothing nobody knows."""
    return 0 < rate_per_s < THROTTLED_BELOW * contract_per_s


def _submit_topics(name: ConnectorId, own: ConnectorConfig) -> dict[str, bool]:
    """Every one there may be, and whether it is the priority lane's."""
    return {
        topics.submit(name, generation, priority=is_urgent): is_urgent
        for generation in own.generations
        for is_urgent in (True, False)
    }


def _contract(config: Config, own: ConnectorConfig) -> float:
    """Segments per second of a connector by contract: of a group's rate its own part."""
    if own.rate_group is None:
        return own.rate_per_s
    binds = sum(c.binds for c in config.connectors.values() if c.rate_group == own.rate_group)
    return config.rate_groups[own.rate_group].rate_per_s * own.binds / binds
