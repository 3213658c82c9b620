"""What waits for a connector goes on as there is room, and never more."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.capacity import Filled
from pipeline.ids import MessageId, Msisdn
from pipeline.records import MtAdmitted, MtHead, MtRequest
from services.intake import sizes
from services.intake.release import (
    DECIDED_S,
    FILL_TO,
    IN_FLIGHT_S,
    ROOM_EVERY_S,
    STRAYS,
    Goal,
    Release,
    goal,
    is_over,
)

NOW_MS = 1_790_000_000_000


def release(share: float = 1.0) -> Release:
    own = Release()
    own.share = share
    return own


def missing(filled: Filled | None) -> float:
    return goal(filled, 0.0, is_configured=True).segments


@pytest.mark.parametrize(
    ("filled", "share", "room"),
    [
        (None, 1.0, 0),
        (Filled(0, 1000), 1.0, 500),
        (Filled(499, 1000), 1.0, 1),
        (Filled(500, 1000), 1.0, 0),
        (Filled(100, 1000), 0.25, 100),
        (Filled(100, 1000), 0.0, 0),
    ],
)
def test_it_is_filled_up_to_half(filled: Filled | None, share: float, room: float) -> None:
    assert release(share).room(missing(filled), 0.0) == room


@pytest.mark.parametrize(
    ("filled", "detour_per_s", "is_configured", "expected"),
    [
        (None, 0, True, Goal(0)),
        (None, 0, False, Goal(STRAYS)),
        (Filled(0, 1000), 0, False, Goal(STRAYS)),
        (Filled(700, 1000), 0, True, Goal(-200)),
        (Filled(700, 1000), 20, True, Goal(20 * IN_FLIGHT_S, DECIDED_S)),
        (Filled(500, 1000), 20, True, Goal(20 * IN_FLIGHT_S, DECIDED_S)),
        (Filled(499, 1000), 20, True, Goal(1)),
    ],
)
def test_what_may_go_follows_from_what_is_known(
    filled: Filled | None, detour_per_s: float, is_configured: bool, expected: Goal
) -> None:
    assert goal(filled, detour_per_s, is_configured=is_configured) == expected


def test_what_has_gone_counts_until_it_must_be_queued() -> None:
    own = release()
    assert own.room(500, 10.0) == 500
    own.went(300, 10.0)
    assert own.room(500, 10.0 + ROOM_EVERY_S / 2) == 200
    own.went(150, 12.0)
    assert own.room(500, 12.0) == 50
    assert own.room(200, 10.0 + IN_FLIGHT_S) == 50
    assert own.room(50, 12.0 + IN_FLIGHT_S) == 50


@given(
    delays=st.lists(st.integers(0, int(IN_FLIGHT_S) - 1), min_size=40, max_size=40),
    sent=st.lists(st.integers(0, 30), min_size=40, max_size=40),
    sizes=st.lists(st.integers(1, 10), min_size=1, max_size=9),
    shares=st.sampled_from([(1.0,), (0.5, 0.5), (0.25, 0.75)]),
)
def test_never_more_is_queued_than_the_limit_and_a_message_of_each_process(
    delays: list[int], sent: list[int], sizes: list[int], shares: tuple[float, ...]
) -> None:
    """Every second each process lets go what it may; it is queued some seconds later. One alone
    keeps to half; of several, one may have gone ahead when the others take their shares."""
    own = [release(share) for share in shares]
    queued, limit, arriving = 0, 200, [0] * 60
    for second, (delay, done) in enumerate(zip(delays, sent, strict=True)):
        queued = max(0, queued + arriving[second] - done)
        for process in own:
            room = process.room(missing(Filled(queued, limit)), second)
            for size in sizes * 100:
                if room <= 0:
                    break
                room -= size
                process.went(size, second)
                arriving[second + delay + 1] += size
        in_flight = sum(arriving[second + 1 :])
        most = limit * FILL_TO if len(own) == 1 else limit
        assert queued + in_flight <= most + max(sizes) * len(own) + done


@pytest.mark.parametrize(
    ("text", "segments"),
    [
        ("x" * 160, 1),
        ("x" * 161, 2),
        ("x" * 306, 2),
        ("x" * 307, 3),
        ("ж" * 70, 1),
        ("ж" * 71, 2),
        ("ж" * 135, 3),
        (None, 1),
    ],
)
def test_segments_are_guessed_by_the_text(text: str | None, segments: int) -> None:
    assert sizes.segments(MtRequest(to="1", text=text)) == segments


@pytest.mark.parametrize(
    ("tenant", "asked", "after_s"),
    [
        ("default", {}, 100),
        ("default", {"validity_s": 30}, 30),
        ("default", {"send_at_ms": NOW_MS + 50_000}, 150),
        ("nobody", {}, 0),
    ],
)
def test_it_is_over_when_no_route_could_make_it_last(
    tenant: str, asked: dict[str, Any], after_s: int
) -> None:
    head = MtHead(
        message_id=MessageId("m1"),
        recipient=Msisdn("46701234567"),
        tenant=tenant,
        lane="bulk",
        class_="promotional",
        requested_ms=NOW_MS,
    )
    request = MtRequest(to="+46701234567", text="x", **asked)
    record = MtAdmitted(head=head, request=request, source="t/0/1", admitted_ms=NOW_MS)
    assert not is_over(record, {"default": 100}, NOW_MS + after_s * 1000)
    assert is_over(record, {"default": 100}, NOW_MS + after_s * 1000 + 1)
