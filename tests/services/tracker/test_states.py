"""The tables of states: what a message is when its segments are so, and what may follow what."""

from itertools import product

import pytest

from services.tracker.states import (
    BY_OUTCOME,
    BY_RECEIPT,
    FAILED,
    RECEIPT_STATES,
    TERMINAL,
    aggregate,
    moved,
)
from smpp.values import MessageState

SEGMENT_STATES = ("routed", "accepted", *sorted(TERMINAL))


@pytest.mark.parametrize(
    ("segments", "message"),
    [
        ("routed", "routed"),
        ("routed routed", "routed"),
        ("accepted routed", "sending"),
        ("routed submitted", "sending"),
        ("routed delivered accepted", "sending"),
        ("routed unknown", "sending"),
        ("accepted", "accepted"),
        ("accepted submitted", "accepted"),
        ("accepted delivered", "partial"),
        ("delivered accepted delivered", "partial"),
        ("accepted delivered unknown", "partial"),
        ("accepted delivered undeliverable", "undeliverable"),
        ("accepted unknown", "accepted"),
        ("submitted", "submitted"),
        ("submitted submitted", "submitted"),
        ("delivered", "delivered"),
        ("delivered delivered", "delivered"),
        ("submitted delivered", "delivered"),
        ("unknown", "unknown"),
        ("delivered unknown", "unknown"),
        ("submitted unknown", "unknown"),
        ("undeliverable", "undeliverable"),
        ("delivered undeliverable", "undeliverable"),
        ("routed expired", "expired"),
        ("accepted rejected", "rejected"),
        ("cancelled routed", "cancelled"),
        ("unknown expired", "expired"),
        ("delivered expired undeliverable", "expired"),
    ],
)
def test_a_message_is_what_its_segments_make_it(segments: str, message: str) -> None:
    assert aggregate(segments.split()) == message


@pytest.mark.parametrize("segments", list(product(SEGMENT_STATES, repeat=3)))
def test_a_message_has_ended_when_all_have_or_one_has_failed(segments: tuple[str, ...]) -> None:
    ended = all(s in TERMINAL for s in segments) or any(s in FAILED for s in segments)
    assert (aggregate(segments) in TERMINAL) == ended


@pytest.mark.parametrize("table", [BY_OUTCOME, BY_RECEIPT], ids=["outcome", "receipt"])
@pytest.mark.parametrize(("before", "told"), list(product(SEGMENT_STATES, repeat=2)))
def test_an_end_is_an_end_but_for_the_unknown(
    table: dict[str, frozenset[str]], before: str, told: str
) -> None:
    after = moved(before, told, table)
    assert after in (before, told)
    if before in TERMINAL - {"unknown"}:
        assert after == before
    if before in TERMINAL:
        assert after in TERMINAL


def test_a_refusal_of_another_attempt_undoes_no_acceptance() -> None:
    assert moved("accepted", "rejected", BY_OUTCOME) == "accepted"


@pytest.mark.parametrize(
    ("receipt", "segment"),
    [
        ("SCHEDULED", None),
        ("ENROUTE", None),
        ("ACCEPTED", None),
        ("DELIVERED", "delivered"),
        ("EXPIRED", "expired"),
        ("DELETED", "undeliverable"),
        ("UNDELIVERABLE", "undeliverable"),
        ("REJECTED", "undeliverable"),
        ("UNKNOWN", "unknown"),
    ],
)
def test_a_message_state_of_smpp_means(receipt: str, segment: str | None) -> None:
    assert receipt in MessageState.__members__
    assert RECEIPT_STATES[receipt] == segment
