"""Prices as they are written, and what a routed message says of them."""

from decimal import Decimal

import pytest

from pipeline.ids import ConnectorId
from pipeline.records import MtRouted
from services.router.prefixes import by_prefix
from services.router.prices import price, written
from services.router.routes import Routes, Rule, Way
from tests.entries import MemoryEntries
from tests.services.router.builders import FAST, NOW_MS, SLOW, admitted, router


@pytest.mark.parametrize("text", ["", "cheap", "-1", "NaN", "1e5", "1e-7", "1,5", ".5", "٣"])
def test_what_is_no_price_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="must be a decimal number"):
        price(text)


def test_a_price_is_written_without_an_exponent() -> None:
    assert written(price("0.000000000001")) == "0.000000000001"
    assert written(price("0.0100")) == "0.0100"


PRICED = Routes(
    "v1",
    (
        Rule(
            name="all",
            pool=(
                Way(FAST, price=Decimal("0.0200")),
                Way(SLOW, prices=by_prefix({46: Decimal("0.01")})),
            ),
            strategy="cheapest",
        ),
    ),
    "EUR",
)


@pytest.mark.parametrize(
    ("recipient", "up", "expected"),
    [
        ("46701234567", {FAST, SLOW}, (SLOW, "0.01", "EUR")),
        ("46701234567", {FAST}, (FAST, "0.0200", "EUR")),
        ("4791234567", {FAST, SLOW}, (FAST, "0.0200", "EUR")),
        ("4791234567", {SLOW}, (SLOW, None, None)),
    ],
)
def test_a_routed_message_says_what_its_way_costs(
    recipient: str, up: set[ConnectorId], expected: tuple[ConnectorId, str | None, str | None]
) -> None:
    own = router(up, PRICED)
    *_, fact = own.decide(MemoryEntries(), admitted(recipient=recipient), NOW_MS)
    assert isinstance(fact.record, MtRouted)
    assert (fact.record.connector, fact.record.price, fact.record.currency) == expected
