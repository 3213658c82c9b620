"""New routes tried on real traffic: what came lately, routed again and not sent.

What is compared is the first way of the pool that decides, as if every connector were up, at the
moment the request came; prices are those of each file. Nothing is looked up elsewhere: a network is
that of the tables, and how connectors do is not known.
"""

from collections import Counter
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

from heliograph.routing import routes_in
from pipeline import topics
from pipeline.config import Config
from pipeline.ids import Msisdn
from pipeline.kafka.reader import read_to_end
from pipeline.process import make_codec
from pipeline.records import MtAdmitted, MtReroute, OptOut, Wake
from services.router.atlas import networks_of
from services.router.core import query_of
from services.router.encoding import encode
from services.router.networks import Networks, Whereabouts
from services.router.policy import Refusal, lacking
from services.router.routes import Routes
from services.router.senders import Senders
from services.router.strategies import ordered


class Verdict(NamedTuple):
    """Where a message goes: a connector, or why to none; `price` of all of it, where it has one."""

    where: str
    price: Decimal | None = None


def rehearse(config: Config, file: Path | None, new: Path) -> Iterator[str]:
    """How much moves and what it costs, in lines. Raises ConfigError and BrokerError."""
    moves: Counter[tuple[str, str]] = Counter()
    costs, unpriced = [Decimal(0), Decimal(0)], 0
    for before, after in _verdicts(config, routes_in(config, file), routes_in(config, new)):
        moves[before.where, after.where] += 1
        unpriced += before.price is None or after.price is None
        for number, verdict in enumerate((before, after)):
            costs[number] += verdict.price or 0
    moved = {pair: count for pair, count in moves.items() if pair[0] != pair[1]}
    yield f"{moves.total():,} messages, {sum(moved.values()):,} of them go another way"
    for (old_where, new_where), count in sorted(moved.items(), key=lambda item: -item[1]):
        yield f"  {old_where} -> {new_where}: {count:,}"
    yield f"cost {costs[0]} -> {costs[1]}, {unpriced:,} without a price"


def _verdicts(config: Config, old: Routes, new: Routes) -> Iterator[tuple[Verdict, Verdict]]:
    codec, networks = make_codec(config), networks_of(config, None)
    senders = {name: Senders(tenant.senders) for name, tenant in config.tenants.items()}
    for message in read_to_end(config.kafka, [topics.ROUTER_IN]):
        record = codec.decode(message.value(), MtAdmitted, MtReroute, OptOut, Wake)
        if not isinstance(record, MtAdmitted) or record.due or record.head.tenant not in senders:
            continue
        own = senders[record.head.tenant]
        old_way, new_way = (_verdict(config, networks, r, own, record) for r in (old, new))
        yield old_way, new_way


def _verdict(
    config: Config, networks: Networks, routes: Routes, senders: Senders, record: MtAdmitted
) -> Verdict:
    sender = senders.find(record.request.from_)
    recipient = record.head.recipient or Msisdn("")
    where = Whereabouts(recipient, networks.network_of)
    rule = routes.find(query_of(record, sender, record.admitted_ms, where))
    if rule is None:
        return Verdict("no_route", Decimal(0))
    if rule.reject is not None:
        return Verdict(rule.reject, Decimal(0))
    if rule.needs_network and where.network is None:
        return Verdict("unknown_network", Decimal(0))
    if (missing := lacking(rule, record.request)) is not None:
        return Verdict(missing.reason, Decimal(0))
    way = ordered(rule, record.head.message_id, recipient)[0]
    encoded = encode(record.request, config.profile(way.connector), lambda: 0)
    if isinstance(encoded, Refusal):
        return Verdict(encoded.reason, Decimal(0))
    price = way.price_to(recipient)
    return Verdict(way.connector, None if price is None else price * len(encoded.parts))
