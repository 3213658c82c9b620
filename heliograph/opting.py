"""Opt-outs that an operator brings in: told to the router, who keeps them by recipient."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from heliograph import telling
from pipeline import topics
from pipeline.config import Config
from pipeline.errors import HeliographError
from pipeline.kafka.clients import now_ms
from pipeline.records import OptOut
from services.intake.numbers import BadNumber, msisdn
from services.router.senders import read

SOURCE = "operator"


def numbers_in(path: Path) -> Iterator[str]:
    """The numbers in a file, one a line; raises HeliographError when it can't be read."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise HeliographError(f"{path}: can't be read: {error}") from error
    for line in lines:
        if number := line.partition("#")[0].strip():
            yield number


def tell(
    config: Config, action: str, numbers: Iterable[str], tenant: str | None, sender: str | None
) -> int:
    """Say out or in of each number; how many there were, once Kafka has all.

    All or none: raises HeliographError for what is no number before anything is written.
    """
    if tenant is not None and tenant not in config.tenants:
        raise HeliographError(f"there is no tenant {tenant!r}; {', '.join(config.tenants)}")
    country = None if tenant is None else config.tenants[tenant].country
    rows = [_row(action, number, tenant, sender, country) for number in numbers]
    telling.tell(config, topics.ROUTER_IN, ((row.recipient, row) for row in rows))
    return len(rows)


def _row(
    action: str, number: str, tenant: str | None, sender: str | None, country: str | None
) -> OptOut:
    recipient = msisdn(number, country)
    if isinstance(recipient, BadNumber):
        raise HeliographError(f"{number!r} is no recipient: {recipient.detail}")
    return OptOut(
        recipient=recipient,
        action=action,
        tenant=tenant,
        sender=None if sender is None else read(sender).addr,
        source=SOURCE,
        at_ms=now_ms(),
    )
