"""Of a rule's senders the one for a recipient: sticky, or the nearest."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.ids import Msisdn
from services.router.routes import UNCHANGED, Changes
from services.router.sender_pools import SENDER_BY, nearest, sender_of
from services.router.senders import read
from tests.services.router.builders import request

POOL = ("ACME", "72000", "+46700000001", "+4790000001", "+12125550001", "+13105550001")


@pytest.mark.parametrize(
    ("pool", "recipient", "expected"),
    [
        (POOL, "46701234567", {"+46700000001"}),
        (POOL, "4791234567", {"+4790000001"}),
        (POOL, "12125559999", {"+12125550001"}),  # the area code
        (POOL, "13105559999", {"+13105550001"}),
        (POOL, "12015559999", {"+12125550001"}),  # 12 is more than 1
        (POOL, "15145559999", {"ACME", "72000"}),  # Canada is another country of +1
        (POOL, "358401234567", {"ACME", "72000"}),  # no number of another country
        (("+46700000001", "+4790000001"), "358401234567", {"+46700000001", "+4790000001"}),
        (("+46700000001", "+46700000002"), "46701234567", {"+46700000001", "+46700000002"}),
        (("46700000001", "4790000001"), "46701234567", {"46700000001"}),  # without + as well
        (("ACME",), "46701234567", {"ACME"}),
    ],
)
def test_the_nearest_is_of_the_recipients_country(
    pool: tuple[str, ...], recipient: str, expected: set[str]
) -> None:
    assert nearest(pool, Msisdn(recipient)) in expected


def test_of_equals_every_one_has_its_share_and_a_recipient_keeps_its_own() -> None:
    pool = ("+46700000001", "+46700000002", "+4790000001")
    recipients = [Msisdn(f"4673{number:07}") for number in range(2000)]
    found = Counter(nearest(pool, recipient) for recipient in recipients)
    assert set(found) == {"+46700000001", "+46700000002"}
    assert min(found.values()) > 900


@given(st.permutations(POOL), st.sampled_from(["46701234567", "12015559999", "358401234567"]))
def test_the_order_of_the_pool_decides_nothing(pool: list[str], recipient: str) -> None:
    for choose in SENDER_BY.values():
        assert choose(pool, Msisdn(recipient)) == choose(POOL, Msisdn(recipient))


@pytest.mark.parametrize(
    ("changes", "asked", "allowed", "expected"),
    [
        (UNCHANGED, None, "ACME", "ACME"),
        (UNCHANGED, None, None, None),
        (Changes(senders=("72000",)), None, None, "72000"),
        (Changes(senders=("72000",)), None, "ACME", "72000"),
        (Changes(senders=("72000",)), "ACME", "ACME", "72000"),
        (Changes(senders=("72000",)), "EVIL", None, None),  # a stranger stays one
        (Changes(senders=POOL, sender_by="nearest"), None, "ACME", "46700000001"),
    ],
)
def test_a_rule_lets_nobody_send_who_may_not(
    changes: Changes, asked: str | None, allowed: str | None, expected: str | None
) -> None:
    sender = None if allowed is None else read(allowed)
    found = sender_of(changes, sender, request(from_=asked), Msisdn("46701234567"))
    assert (found and found.addr) == expected
