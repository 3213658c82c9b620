"""Opt-outs and opt-ins that an operator brings in: told to the router, who keeps them."""

from collections.abc import Iterable
from typing import NamedTuple

from heliograph import telling
from pipeline import topics
from pipeline.config import Config
from pipeline.errors import HeliographError
from pipeline.ids import Msisdn
from pipeline.kafka.clients import now_ms
from pipeline.records import OptOut
from services.intake.numbers import BadNumber, msisdn
from services.router.senders import read

SOURCE = "operator"


class Wish(NamedTuple):
    """What a recipient wants: out or in, of which tenant and sender, None for any."""

    action: str
    number: str
    tenant: str | None = None
    sender: str | None = None
    place: str = ""
    """Where it stands, before a sentence about it."""


def tell(config: Config, wishes: Iterable[Wish]) -> int:
    """Say each of them; how many there were, once Kafka has all.

    Raises HeliographError: for what is no number or tenant before anything is written; if it is
    Kafka that refuses, some may be said, and to say all again does no harm.
    """
    rows = [_row(config, wish) for wish in wishes]
    telling.tell(config, topics.ROUTER_IN, ((row.recipient, row) for row in rows))
    return len(rows)


def recipient_of(config: Config, number: str, tenant: str | None, place: str = "") -> Msisdn:
    """A number as the router knows it; raises HeliographError for what is none, and no tenant."""
    if tenant is not None and tenant not in config.tenants:
        known = ", ".join(config.tenants)
        raise HeliographError(f"{place}there is no tenant {tenant!r}; {known}")
    recipient = msisdn(number, None if tenant is None else config.tenants[tenant].country)
    if isinstance(recipient, BadNumber):
        raise HeliographError(f"{place}{number!r} is no recipient: {recipient.detail}")
    return recipient


def _row(config: Config, wish: Wish) -> OptOut:
    return OptOut(
        recipient=recipient_of(config, wish.number, wish.tenant, wish.place),
        action=wish.action,
        tenant=wish.tenant,
        sender=None if wish.sender is None else read(wish.sender).addr,
        source=SOURCE,
        at_ms=now_ms(),
    )
