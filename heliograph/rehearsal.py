"""New routes tried on real traffic: what came lately, routed again and not sent.

What is compared is the first way of the pool that decides, as if every connector were up, at the
moment the request came; prices are those of each file. Nothing is looked up elsewhere: a network is
that of the tables, and how connectors do is not known.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

from heliograph.replay import Replay
from heliograph.routing import routes_in
from pipeline import topics
from pipeline.config import Config
from pipeline.ids import ConnectorId, Msisdn
from pipeline.profiles import ProfileConfig
from pipeline.records import MtAdmitted
from services.router.atlas import networks_of
from services.router.core import query_of
from services.router.encoding import encode
from services.router.networks import Whereabouts
from services.router.policy import Case, Refusal, first_refusal, tenant_of
from services.router.routes import UNCHANGED, Routes
from services.router.sender_pools import sender_of
from services.router.strategies import ordered
from services.router.submits import target_of


class Verdict(NamedTuple):
    """Where a message goes: a connector, or why to none; `price` of all of it, where it has one."""

    where: str
    price: Decimal | None = None


class Move(NamedTuple):
    """How many messages go where, by the old routes and by the new ones."""

    before: str
    after: str
    messages: int


@dataclass(frozen=True, slots=True)
class Comparison:
    """What becomes of what came: `moves` are the messages that go another way, the most first."""

    messages: int
    moves: list[Move]
    cost_before: Decimal
    cost_after: Decimal
    unpriced: int
    passed_over: dict[str, int]

    def lines(self) -> Iterator[str]:
        """For people."""
        moved = sum(move.messages for move in self.moves)
        yield f"{self.messages:,} messages, {moved:,} of them go another way"
        for move in self.moves:
            yield f"  {move.before} -> {move.after}: {move.messages:,}"
        costs = f"{self.cost_before} -> {self.cost_after}"
        yield f"cost {costs}, {self.unpriced:,} without a price"
        if self.passed_over:
            parts = (f"{count:,} {what}" for what, count in self.passed_over.items())
            total = sum(self.passed_over.values())
            yield f"{total:,} records passed over: {', '.join(parts)}"

    def document(self) -> dict[str, Any]:
        """For scripts."""
        return asdict(self) | {"moves": [move._asdict() for move in self.moves]}


def rehearse(
    config: Config, file: Path | None, new: Path, topic: str = topics.ROUTER_IN
) -> Comparison:
    """How much moves and what it costs. Raises HeliographError."""
    return _compared(config, routes_in(config, file), routes_in(config, new), Replay(config, topic))


def _compared(config: Config, old: Routes, new: Routes, records: Replay) -> Comparison:
    moves: Counter[tuple[str, str]] = Counter()
    costs, unpriced = [Decimal(0), Decimal(0)], 0
    stage = Stage(config)
    for record in records:
        verdicts = stage.verdict(old, record), stage.verdict(new, record)
        moves[verdicts[0].where, verdicts[1].where] += 1
        unpriced += any(verdict.price is None for verdict in verdicts)
        for number, verdict in enumerate(verdicts):
            costs[number] += verdict.price or 0
    moved = [Move(*pair, count) for pair, count in moves.most_common() if pair[0] != pair[1]]
    passed_over = dict(sorted(records.passed_over.items()))
    return Comparison(moves.total(), moved, costs[0], costs[1], unpriced, passed_over)


class Stage:
    """What a router of this configuration knows without asking anybody."""

    def __init__(self, config: Config) -> None:
        """Raises ConfigError."""
        self._networks = networks_of(config, None)
        self._tenants = {name: tenant_of(tenant) for name, tenant in config.tenants.items()}

        @cache
        def profile_of(connector: ConnectorId, by_rule: str | None) -> ProfileConfig:
            return target_of(config, connector, by_rule).profile

        self._profile_of = profile_of

    def verdict(self, routes: Routes, record: MtAdmitted) -> Verdict:
        """Where a message of a known tenant goes by these routes."""
        tenant, now_ms = self._tenants[record.head.tenant], record.admitted_ms
        recipient = record.head.recipient or Msisdn("")
        sender = tenant.senders.find(record.request.from_)
        where = Whereabouts(recipient, self._networks.network_of)
        rule = routes.find(query_of(record, sender, now_ms, where))
        changes = UNCHANGED if rule is None else rule.changes
        sender = sender_of(changes, sender, record.request, recipient)
        refusal = first_refusal(Case(record, now_ms, tenant, sender, now_ms, rule, where))
        if refusal is not None:
            return Verdict(refusal.reason, Decimal(0))
        assert rule is not None  # first_refusal has looked
        way = ordered(rule, record.head.message_id, recipient)[0]
        profile = self._profile_of(way.connector, changes.profile)
        encoded = encode(record.request, profile, lambda: 0)
        if isinstance(encoded, Refusal):
            return Verdict(encoded.reason, Decimal(0))
        price = way.price_to(recipient)
        return Verdict(way.connector, None if price is None else price * len(encoded.parts))
