"""The funnel adds up, whatever messages do."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.telemetry.funnel import ENDS, STAGES, UNSENT, Stage, States
from services.telemetry.heard import Moved
from services.telemetry.snapshot import Funnel
from services.telemetry.view import Count
from services.tracker.states import TERMINAL

STATES = st.sampled_from([*STAGES, "a state of a newer version"])


def moved(before: str | None, after: str, *, test: bool = False, lane: str = "normal") -> Moved:
    return Moved(before, after, "fast", "otp", "SE", lane, test, 1, 1)


def test_what_ends_a_message_is_what_the_tracker_says() -> None:
    assert set(ENDS) == TERMINAL
    assert {state for state in STAGES if state not in TERMINAL} > UNSENT - {None}


@given(st.lists(st.lists(STATES, min_size=1, max_size=6), max_size=20), st.integers(0, 20))
def test_each_message_is_counted_once_also_when_we_begin_in_the_middle(
    lives: list[list[str]], begun: int
) -> None:
    """`begun` lives are over before the start, and come as counts of the view."""
    counts = Counter(life[-1] for life in lives[:begun])
    states = States(Count(s, None, "otp", None, "normal", False, n) for s, n in counts.items())
    for life in lives[begun:]:
        for before, after in zip([None, *life], life, strict=False):
            states.move(moved(before, after))
    found = states.funnel()
    only_submitted = sum(life[-1] == "submitted" for life in lives)
    ended = found.delivered + found.failed + found.unknown + found.expired + only_submitted
    assert found.requested == len(lives) == ended + found.open
    assert found.requested >= found.routed >= found.submitted >= found.delivered
    assert all(getattr(found, name) >= 0 for name in found.__struct_fields__)


@pytest.mark.parametrize(
    ("life", "stages"),
    [
        (["scheduled"], {"open"}),
        (["waiting"], {"open"}),
        (["routed"], {"open", "routed"}),
        (["routed", "sending"], {"open", "routed"}),
        (["routed", "accepted"], {"open", "routed", "submitted"}),
        (["routed", "accepted", "delivered"], {"routed", "submitted", "delivered"}),
        (["routed", "accepted", "undeliverable"], {"routed", "submitted", "failed"}),
        (["routed", "unknown", "delivered"], {"routed", "submitted", "delivered"}),
        (["routed", "submitted"], {"routed", "submitted"}),
        (["routed", "expired"], {"expired"}),
        (["rejected"], {"failed"}),
        (["scheduled", "cancelled"], {"failed"}),
    ],
)
def test_a_message_stands_where_its_state_says(life: list[str], stages: set[str]) -> None:
    states = States()
    for before, after in zip([None, *life], life, strict=False):
        states.move(moved(before, after))
    found = states.funnel()
    at = {name for name in found.__struct_fields__ if getattr(found, name)}
    assert at == stages | {"requested"}


def test_tests_have_a_funnel_of_their_own() -> None:
    states = States([Count("delivered", None, "otp", None, "normal", True, 3)])
    states.move(moved(None, "routed"))
    states.move(moved(None, "routed", test=True))
    assert (states.funnel().requested, states.funnel().open) == (1, 1)
    tests = states.funnel(test=True)
    assert (tests.requested, tests.delivered, tests.open) == (4, 3, 1)
    assert isinstance(tests, Funnel)
    assert Stage.OPEN not in STAGES["delivered"]
