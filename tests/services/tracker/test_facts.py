"""Records read as facts: what a way costs, and until when it is one."""

import pytest

from tests.services.tracker.builders import ASKED_MS, DAY_MS, Told, receipt, routed, submitted


@pytest.mark.parametrize(
    ("price", "segments", "cost"),
    [
        ("0.0125", 1, "0.0125"),
        ("0.0125", 3, "0.0375"),
        ("0.1", 3, "0.3"),
        ("0.0100", 2, "0.0200"),
        ("0", 9, "0"),
        ("0.000000000001", 2, "0.000000000002"),
        ("999999999999.999999999999", 255, "254999999999999.999999999745"),
        (None, 2, None),
    ],
)
def test_the_event_of_a_way_says_what_the_message_costs_exactly(
    price: str | None, segments: int, cost: str | None
) -> None:
    (event,) = Told(routed(segments, price=price, currency=price and "EUR")).events
    assert (event.price, event.cost, event.currency) == (price, cost, price and "EUR")


def test_other_events_say_no_price_so_that_costs_can_be_summed() -> None:
    told = Told(routed(price="0.01"), submitted(), receipt())
    assert [event.cost for event in told.events] == ["0.01", None, None]


def test_another_way_is_another_price() -> None:
    told = Told(routed(price="0.01"), submitted(outcome="returned"), routed(hop=1, price="0.02"))
    costs = [(event.hop, event.cost) for event in told.events if event.event == "routed"]
    assert costs == [(0, "0.01"), (1, "0.02")]


def test_the_event_of_a_way_alone_says_until_when_it_is_worth_sending() -> None:
    told = Told(routed(), submitted(), receipt())
    assert [event.deadline_ms for event in told.events] == [ASKED_MS + DAY_MS, None, None]
