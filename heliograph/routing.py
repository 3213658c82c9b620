"""What the routes would do, told without sending anything."""

from collections.abc import Iterator
from pathlib import Path

from heliograph.conditions import conditions
from pipeline.config import Config
from pipeline.errors import HeliographError
from pipeline.ids import ConnectorId
from services.intake.numbers import BadNumber, msisdn
from services.router.differences import differences
from services.router.routes import Query, Routes, Rule, Step
from services.router.routes_file import load_routes
from services.router.senders import read
from services.router.strategies import chosen, ordered


def summary(config: Config, file: Path | None) -> str:
    """One line about routes that are whole. Raises ConfigError with every fault."""
    routes = routes_in(config, file)
    prefixes = sum(len(rule.prefixes) for rule in routes.rules)
    return f"version {routes.version}: {len(routes.rules)} rules, {prefixes} prefixes, no fault"


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
    query = query._replace(recipient=recipient, sender=sender)
    routes = routes_in(config, file)
    yield f"version {routes.version}, recipient {recipient}, sender {query.sender or 'none'}"
    steps = routes.steps(query)
    yield from map(_step, steps)
    if not steps or steps[-1].miss is not None:
        yield "  no rule matches: rejected, no_route"
    else:
        rule = steps[-1].rule
        yield from _done(rule, query, message_id)
        if rule.reject is None:
            yield from conditions(config, rule, query)


def _step(step: Step) -> str:
    about = f"prefix {step.prefix}" if step.prefix else "any prefix"
    verdict = "decides" if step.miss is None else f"no: {step.miss} is not as asked"
    return f"  {step.rule.name} ({about}): {verdict}"


def _done(rule: Rule, query: Query, message_id: str) -> Iterator[str]:
    if rule.reject is not None:
        yield f"  rejected: {rule.reject}"
        return
    for number, way in enumerate(ordered(rule, message_id, query.recipient), 1):
        price = "" if way.price is None else f", {way.price} a segment"
        yield f"  {number}. {way.connector} ({rule.strategy}, weight {way.weight}{price})"
    changed = rule.changes
    if changed.senders is not None:
        yield f"  sender becomes {chosen(changed.senders, query.recipient)}"
    for name, value in (
        ("class", changed.class_),
        ("validity at most, s:", changed.validity_s),
        ("on_ambiguous", changed.on_ambiguous),
    ):
        if value is not None:
            yield f"  {name} {value}"


def routes_in(config: Config, file: Path | None) -> Routes:
    """The routes in a file, or those that are configured. Raises ConfigError."""
    return load_routes(file or config.routes, {ConnectorId(name) for name in config.connectors})
