"""A reply names the last message that its receiver sent to this handset."""

import pytest

from tests.services.correlator.builders import (
    DAY_MS,
    HANDSET,
    NOW_MS,
    Handset,
    accepted,
    deliver,
    mos,
)


def replied_to(handset: Handset, receiver: str = "12345", after_ms: int = 0) -> str | None:
    fact = deliver(short_message=b"yes", destination_addr=receiver)
    (mo,) = mos(handset.tell(fact, after_ms=after_ms))
    return mo.in_reply_to


@pytest.mark.parametrize(
    ("sender", "receiver", "is_reply"),
    [
        ("12345", "12345", True),
        ("12345", "+12345", True),
        ("012345", "12345", True),
        ("12345", "54321", False),
        ("12345", "112345", False),
        ("46765000000", "+46765000000", True),
        ("+46765000000", "46765000000", True),
        ("0046765000000", "46765000000", True),
        ("0765000000", "46765000000", True),
        ("765000000", "+46765000000", True),
        ("46765000000", "46765000001", False),
        ("ACME", "ACME", False),
        ("ACME", "12345", False),
        ("", "", False),
    ],
)
def test_it_is_one_from_the_number_that_is_written_to(
    sender: str, receiver: str, is_reply: bool
) -> None:
    handset = Handset()
    handset.tell(accepted(sender=sender))
    assert replied_to(handset, receiver) == ("m1" if is_reply else None)


def test_it_is_the_last_one_in_whatever_order_their_answers_are_read() -> None:
    handset = Handset()
    times = {"m2": NOW_MS + 20, "m3": NOW_MS + 30, "m1": NOW_MS + 10}
    for message, at_ms in times.items():
        handset.tell(accepted(message, message, sender="12345", answered_ms=at_ms))
    handset.tell(accepted("x", "other", sender="54321", answered_ms=NOW_MS + 99))
    assert replied_to(handset) == "m3"


def test_a_message_with_many_segments_is_written_once() -> None:
    handset = Handset()
    for segment in (1, 2, 3):
        handset.tell(accepted(str(segment), segment=segment, segments=3, sender="12345"))
        written = handset.state.octets["sent|12345"]
        handset.state.now_ms += 1000
    assert written[1] == NOW_MS + 7 * DAY_MS
    assert replied_to(handset) == "m1"


@pytest.mark.parametrize("outcome", ["refused", "unknown", "intent", "expired"])
def test_what_no_smsc_has_taken_is_replied_to_by_nobody(outcome: str) -> None:
    handset = Handset()
    handset.tell(accepted(sender="12345", outcome=outcome))
    assert replied_to(handset) is None


def test_it_is_known_for_as_long_as_receipts_are() -> None:
    handset = Handset()
    handset.tell(accepted(sender="12345"))
    assert replied_to(handset, after_ms=7 * DAY_MS - 1) == "m1"
    assert replied_to(handset, after_ms=1) is None


def test_only_the_handset_s_own_state_knows_of_it() -> None:
    handset = Handset()
    handset.state.key = "id|fast|1a2b3c4d"  # a copy of the fact, kept under its id
    handset.tell(accepted(sender="12345"))
    handset.state.key = HANDSET
    assert replied_to(handset) is None
