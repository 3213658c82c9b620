"""What tenant, country and rule ask of a message besides a way, told for `routes explain`."""

from collections.abc import Iterator
from datetime import UTC, datetime

from pipeline.config import Config
from pipeline.consents import PROMOTIONAL
from pipeline.countries import country_of
from services.router.quiet_hours import QuietHours
from services.router.routes import Query, Rule


def conditions(config: Config, rule: Rule, query: Query) -> Iterator[str]:
    """A line for each, as the router would see it at `query.now_ms`."""
    tenant, country = config.tenants[query.tenant], country_of(query.recipient)
    class_ = rule.changes.class_ or query.class_
    if tenant.countries and country not in tenant.countries:
        allowed = ", ".join(tenant.countries)
        yield f"  rejected: country_not_allowed, {country or 'no country'} is none of {allowed}"
    if tenant.requires_consent and class_ == PROMOTIONAL:
        yield "  rejected as no_consent without an opt-in; see heliograph optout check"
    quiet = QuietHours(config.quiet_hours).at(query.now_ms, class_, query.recipient)
    if quiet.until_ms is not None:
        yield f"  waits for the end of quiet hours in {country}, {_time(quiet.until_ms)}"
    if quiet.from_ms is not None:
        yield f"  is written until quiet hours begin in {country}, {_time(quiet.from_ms)}"
    for item in rule.requires:
        yield f"  rejected as carrier_data_missing without {item} in carrier_data"


def _time(at_ms: int) -> str:
    return f"{datetime.fromtimestamp(at_ms // 1000, UTC):%Y-%m-%d %H:%M} UTC"
