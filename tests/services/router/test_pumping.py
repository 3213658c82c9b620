"""Too few arrive in a country: whom that stops, and when."""

from typing import Any

import pytest

from pipeline.limits import PumpingConfig
from services.router.pumping import unconverted
from services.router.strategies import Grade
from tests.services.router.builders import admitted, request

SWEDE, NORWEGIAN = "46701234567", "4791234567"
GUARD = PumpingConfig(messages=50, conversion_below=0.2, at_least=100, allow=["4791"])


@pytest.mark.parametrize(
    ("grade", "is_refused"),
    [
        (None, False),
        (Grade(99, 0, 0), False),
        (Grade(100, 0, 0), True),
        (Grade(100, 19, 1000), True),
        (Grade(100, 20, 1000), False),
        (Grade(10_000, 1999, 1000), True),
        (Grade(10_000, 9000, 1000), False),
    ],
)
def test_less_than_the_share_of_enough_refuses(grade: Grade | None, is_refused: bool) -> None:
    head = admitted(request(class_="otp")).head
    found = unconverted(GUARD, head, lambda _: grade)
    assert (found is not None) is is_refused
    if found is not None and grade is not None:
        assert found.reason == "pumping"
        told = f"Of the last {grade.ended} segments to the recipient's country {grade.delivered} "
        assert found.detail.startswith(told)


@pytest.mark.parametrize(
    ("guard", "asked", "recipient", "is_refused"),
    [
        (GUARD, {"class_": "otp"}, SWEDE, True),
        (GUARD, {"class_": "transactional"}, SWEDE, False),
        (GUARD, {"class_": "otp"}, NORWEGIAN, False),
        (GUARD.model_copy(update={"classes": ["billed"]}), {"class_": "billed"}, SWEDE, True),
        (PumpingConfig(messages=50), {"class_": "otp"}, SWEDE, False),
        (None, {"class_": "otp"}, SWEDE, False),
    ],
)
def test_only_what_is_guarded_is_refused(
    guard: PumpingConfig | None, asked: dict[str, Any], recipient: str, is_refused: bool
) -> None:
    head = admitted(request(**asked), recipient=recipient).head
    found = unconverted(guard, head, lambda _: Grade(1000, 1, 0))
    assert (found is not None) is is_refused


def test_it_asks_for_the_recipient_and_never_where_it_has_nothing_to_do_with_it() -> None:
    asked: list[str] = []
    for class_ in ("promotional", "otp"):
        unconverted(GUARD, admitted(request(class_=class_)).head, asked.append)
    assert asked == [SWEDE]
