"""What a message has cost: of the newest way, and of all that it was sent by."""

from typing import Any

import pytest

from services.tracker.core import MtFact
from services.tracker.costs import Cost, total
from tests.services.tracker.builders import SLOW, Told, receipt, routed, submitted

CENT: dict[str, Any] = {"price": "0.01", "currency": "EUR"}
ON: dict[str, Any] = {**CENT, "retry_on": ("undeliverable", "ESME_RSUBMITFAIL")}
SECOND: dict[str, Any] = {"hop": 1, "connector": SLOW}
BEHIND = routed(price="0.025", currency="EUR", **SECOND)


def refused(segment: int, segments: int, **more: Any) -> MtFact:
    more = {"reason": "ESME_RSUBMITFAIL", **more}
    return submitted(segment, segments, outcome="rejected", **more)


@pytest.mark.parametrize(
    ("facts", "cost", "spent"),
    [
        ([routed(3, **CENT)], "0.03", "0.00"),
        ([routed()], None, None),
        ([routed(), submitted()], None, None),
        ([submitted(), routed(2, **CENT)], "0.02", "0.01"),
        ([routed(3, **CENT), submitted(1, 3), submitted(2, 3)], "0.03", "0.02"),
        ([routed(2, **CENT), submitted(1, 2), refused(2, 2)], "0.02", "0.01"),
        ([routed(**CENT), submitted(outcome="unknown")], "0.01", "0.01"),  # perhaps
        ([routed(**CENT), submitted(outcome="expired")], "0.01", "0.00"),
        ([routed(**CENT), receipt()], "0.01", "0.01"),  # it overtook its answer
        ([routed(**CENT), submitted(), submitted()], "0.01", "0.01"),
        ([routed(**CENT), submitted(outcome="returned"), BEHIND], "0.025", "0.000"),
        ([routed(**ON), submitted(), receipt("UNDELIVERABLE"), BEHIND], "0.025", "0.010"),
        (
            [routed(**ON), submitted(), receipt("UNDELIVERABLE"), BEHIND, submitted(**SECOND)],
            "0.025",
            "0.035",
        ),
        (
            [routed(2, **ON), refused(1, 2), refused(2, 2), BEHIND, submitted(**SECOND)],
            "0.025",
            "0.025",
        ),
    ],
)
def test_a_status_says_what_its_way_costs_and_what_all_have(
    facts: list[MtFact], cost: str | None, spent: str | None
) -> None:
    status = Told(*facts).status
    assert (status.cost, status.spent) == (cost, spent)
    assert (status.price is None, status.currency is None) == (cost is None, cost is None)


def test_the_price_is_that_of_the_newest_way_whichever_is_read_last() -> None:
    told = Told(routed(**CENT), submitted(outcome="returned"), BEHIND, routed(**CENT))
    assert (told.status.price, told.status.cost) == ("0.025", "0.025")


@pytest.mark.parametrize(
    ("costs", "expected"),
    [
        ([], None),
        ([None], None),
        ([Cost("0.10", "EUR")], "0.10"),
        ([Cost("0.1", "EUR"), Cost("0.2", "EUR")], "0.3"),
        ([Cost("0.1", "EUR"), None], None),
        ([Cost("0.1", "EUR"), Cost("0.1", "USD")], None),
        ([Cost("0.1"), Cost("0.1")], "0.2"),
    ],
)
def test_what_is_not_known_or_of_another_currency_adds_up_to_nothing(
    costs: list[Cost | None], expected: str | None
) -> None:
    assert total(costs) == expected
