"""What the routes would do, told without sending anything."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from heliograph.conditions import conditions
from heliograph.publishing import in_force
from pipeline import topics
from pipeline.config import Config
from pipeline.errors import BrokerError, HeliographError
from pipeline.kafka.reader import read_to_end
from pipeline.process import make_codec
from pipeline.records import ConnectorQuality
from services.intake.numbers import BadNumber, msisdn
from services.router.atlas import known, networks_of
from services.router.differences import differences
from services.router.networks import Networks, Whereabouts
from services.router.quality import Quality
from services.router.retries import Retry
from services.router.routes import Query, Routes, Rule, Step
from services.router.routes_file import load_routes
from services.router.sender_pools import SENDER_BY
from services.router.senders import read
from services.router.strategies import Grade, ordered, ungraded


@dataclass(frozen=True, slots=True)
class Summary:
    """Routes that are whole, in figures."""

    version: str
    rules: int
    prefixes: int

    def __str__(self) -> str:
        return f"version {self.version}: {self.rules} rules, {self.prefixes} prefixes, no fault"


def summary(config: Config, file: Path | None) -> Summary:
    """What there is of routes. Raises ConfigError with every fault."""
    routes = routes_in(config, file)
    prefixes = sum(len(rule.prefixes) for rule in routes.rules)
    return Summary(routes.version, len(routes.rules), prefixes)


def changes(config: Config, file: Path | None, new: Path) -> list[str]:
    """What is another in `new`; a line a rule. Raises ConfigError with every fault."""
    return differences(routes_in(config, file), routes_in(config, new))


def explanation(config: Config, file: Path | None, query: Query, message_id: str) -> Iterator[str]:
    """The rules that a message meets, the one that decides last, and what that does with it.

    Raises ConfigError, and HeliographError for what can't be the recipient or the tenant.
    """
    tenant = config.tenants.get(query.tenant)
    if tenant is None:
        raise HeliographError(f"there is no tenant {query.tenant!r}; {', '.join(config.tenants)}")
    recipient = msisdn(query.recipient, tenant.country)
    if isinstance(recipient, BadNumber):
        raise HeliographError(f"{query.recipient!r} is no recipient: {recipient.detail}")
    sender = query.sender or next(iter(tenant.senders), None)
    sender = None if sender is None else read(sender).addr
    routes, results = routes_in(config, file), list[str]()
    networks = networks_of(config, results.append)
    where = Whereabouts(recipient, networks.network_of)
    query = query._replace(recipient=recipient, sender=sender, where=where)
    yield f"version {routes.version}, recipient {recipient}, sender {query.sender or 'none'}"
    yield f"  country {where.country or 'unknown'}, {_network(networks, where.network, results)}"
    steps = routes.steps(query)
    yield from map(_step, steps)
    if not steps or steps[-1].miss is not None:
        yield "  no rule matches: rejected, no_route"
    else:
        rule = steps[-1].rule
        yield from _done(config, routes, rule, query, message_id)
        if rule.reject is None:
            yield from conditions(config, rule, query)


def _network(networks: Networks, code: str | None, results: Sequence[str]) -> str:
    name = networks.name_of(code) if code is not None else ""
    told = f"network {code or 'unknown'}" + (f" ({name})" if name else "")
    return f"{told}, looked up: {results[-1]}" if results else told


def _step(step: Step) -> str:
    about = f"prefix {step.prefix}" if step.prefix else "any prefix"
    verdict = "decides" if step.miss is None else f"no: {step.miss} is not as asked"
    return f"  {step.rule.name} ({about}): {verdict}"


def _done(
    config: Config, routes: Routes, rule: Rule, query: Query, message_id: str
) -> Iterator[str]:
    if rule.reject is not None:
        yield f"  rejected: {rule.reject}"
        return
    if rule.needs_network and query.where.network is None:
        yield "  rejected: unknown_network"
        return
    quality = None
    try:
        quality = _quality_of(config) if rule.strategy == "quality" else None
    except BrokerError as error:
        yield f"  how connectors do is not known: {error}"
    grade_of = ungraded if quality is None else quality.grade_of
    for number, way in enumerate(ordered(rule, message_id, query.recipient, grade_of), 1):
        price = way.price_to(query.recipient)
        told = f"{rule.strategy}, weight {way.weight}"
        if price is not None:
            told += f", {price} {routes.currency or ''}".rstrip() + " a segment"
        if quality is not None:
            told += f", {_grade(quality.grade_of(way.connector, query.recipient))}"
        yield f"  {number}. {way.connector} ({told})"
    yield from _after_failure(rule.retry)
    changed = rule.changes
    if changed.senders is not None:
        sender = SENDER_BY[changed.sender_by](changed.senders, query.recipient)
        yield f"  sender becomes {sender}"
    for name, value in (
        ("profile", changed.profile),
        ("class", changed.class_),
        ("validity at most, s:", changed.validity_s),
        ("on_ambiguous", changed.on_ambiguous),
    ):
        if value is not None:
            yield f"  {name} {value}"


def _quality_of(config: Config) -> Quality:
    """What the routers know now of how connectors do. Raises BrokerError."""
    quality, codec = Quality(), make_codec(config)
    for message in read_to_end(config.kafka, [topics.QUALITY]):
        quality.put("", codec.decode(message.value(), ConnectorQuality))
    return quality


def _grade(grade: Grade | None) -> str:
    if grade is None:
        return "nothing known of lately"
    delivered = f"{grade.delivered:,} of {grade.ended:,} delivered"
    return f"{delivered}, half of them within {grade.median_ms / 1000:.1f} s"


def _after_failure(retry: Retry) -> Iterator[str]:
    if not retry.on:
        return
    again = "the next one"
    if retry.after_s is not None:
        again = f"all again after {retry.after_s} s, {retry.times} times at most"
    within = f" of {retry.receipt_within_s} s" if retry.receipt_within_s is not None else ""
    yield f"  after {', '.join(retry.on)}{within}: {again}"


def routes_in(config: Config, file: Path | None) -> Routes:
    """The routes in a file, or those that are configured or published. Raises ConfigError."""
    path = file or config.routes
    if not isinstance(path, Path):
        return in_force(config)
    return load_routes(path, known(config))
