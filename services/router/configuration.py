"""What of the configuration a router can't work with, told before it takes it; pure."""

from collections.abc import Iterator

from pipeline.config import Config
from pipeline.countries import is_country
from pipeline.reloads import changes_kept
from services.router.quiet_hours import is_endless
from services.router.senders import fault_of

KEPT = (  # as long as it runs
    "kafka",
    "http",
    "state_dir",
    "state_room_mib",
    "routes",
    "networks",
    "ported",
)


def faults_in(config: Config) -> list[str]:
    """A sentence for each fault."""
    return [*_of_tenants(config), *_of_quiet_hours(config)]


def changes_refused(before: Config, after: Config) -> list[str]:
    """A sentence for each setting that is another, and that a router takes at its start only."""
    return changes_kept(before, after, "router", KEPT)


def _of_tenants(config: Config) -> Iterator[str]:
    for name, tenant in config.tenants.items():
        for fault in map(fault_of, tenant.senders):
            if fault is not None:
                yield f"tenants.{name}.senders: {fault}"
        for country in tenant.countries:
            yield from _unknown(f"tenants.{name}.countries", country)


def _of_quiet_hours(config: Config) -> Iterator[str]:
    for country, written in config.quiet_hours.items():
        yield from _unknown("quiet_hours", country)
        if is_endless(written):
            yield f"quiet_hours.{country}: they never end; leave some hours of the week to send in"


def _unknown(place: str, country: str) -> Iterator[str]:
    if not is_country(country):
        yield f"{place}: there is no country {country!r}; write its ISO 3166 code, such as GB"
