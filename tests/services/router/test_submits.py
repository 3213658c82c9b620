"""Submit records: what each field of a submit_sm says, and why."""

from typing import Any

import pytest

from pipeline.config import Config, ProfileConfig
from pipeline.records import MtRequest, MtSubmit, Tlv
from services.router.encoding import Encoded
from services.router.policy import Case, tenant_of
from services.router.senders import Address
from services.router.submits import submits, target_of, wants_receipt
from tests.services.router.builders import (
    CONFIG,
    FAST,
    NOW_MS,
    ROUTES,
    SLOW,
    admitted,
    connector,
    request,
)

ENCODED = Encoded(data_coding=8, esm_class=0x40, short_messages=(b"one", b"two", b"three"))


def written(
    asked: MtRequest | None = None,
    profile: ProfileConfig | None = None,
    **changed: Any,
) -> list[MtSubmit]:
    record = admitted(asked, **changed)
    tenant = tenant_of(CONFIG.tenants["default"])
    case = Case(record, NOW_MS, tenant, Address(5, 0, "ACME"), NOW_MS + 60_000, ROUTES.rules[0])
    target = target_of(CONFIG, FAST)._replace(profile=profile or ProfileConfig())
    return submits(record.head, case, target, ENCODED)


def test_a_record_says_all_that_the_binder_needs() -> None:
    asked = request(campaign="c", class_="otp")
    assert written(asked, ProfileConfig(ledger_tlv=0x1400))[1] == MtSubmit(
        message_id="m1",
        segment=2,
        segments=3,
        hop=0,
        tenant="default",
        class_="otp",
        campaign="c",
        recipient="46701234567",
        on_ambiguous="resend",
        requested_ms=NOW_MS - 10,
        deadline_ms=NOW_MS + 60_000,
        source_addr_ton=5,
        source_addr_npi=0,
        source_addr="ACME",
        dest_addr_ton=1,
        dest_addr_npi=1,
        destination_addr="46701234567",
        esm_class=0x40,
        registered_delivery=1,
        data_coding=8,
        short_message=b"two",
        tlvs=(Tlv(tag=0x1400, value=b"m1|2"),),
    )


@pytest.mark.parametrize(("key", "expected"), [("recipient", "46701234567"), ("sender", "ACME")])
def test_a_record_is_keyed_by_what_the_connector_says(key: str, expected: str) -> None:
    config = Config(dev=True, connectors={FAST: connector(key=key)})
    assert {target_of(config, FAST).key_of(segment) for segment in written()} == {expected}


def test_only_a_profile_with_a_ledger_has_its_tlv() -> None:
    assert {segment.tlvs for segment in written()} == {()}


@pytest.mark.parametrize(("lane", "flag"), [("priority", 1), ("normal", 0), ("bulk", 0)])
def test_the_priority_lane_is_flagged(lane: str, flag: int) -> None:
    assert {segment.priority_flag for segment in written(lane=lane)} == {flag}


@pytest.mark.parametrize(
    ("class_", "asked", "expected"),
    [
        ("otp", None, "resend"),
        ("transactional", None, "resend"),
        ("promotional", None, "give_up"),
        ("billed", None, "give_up"),
        ("billed", "resend", "resend"),
        ("otp", "ask", "ask"),
    ],
)
def test_the_class_says_what_is_done_about_a_lost_answer_unless_the_request_does(
    class_: str, asked: str | None, expected: str
) -> None:
    segments = written(request(class_=class_, on_ambiguous=asked))
    assert {segment.on_ambiguous for segment in segments} == {expected}


@pytest.mark.parametrize(
    ("receipts", "expected"),
    [("all", [1, 1, 1]), ("first", [1, 0, 0]), ("last", [0, 0, 1]), ("none", [0, 0, 0])],
)
def test_receipts_are_asked_for_by_request_or_profile(receipts: Any, expected: list[int]) -> None:
    by_profile = written(profile=ProfileConfig(receipts=receipts))
    by_request = written(request(receipts=receipts), ProfileConfig(receipts="first"))
    for segments in (by_profile, by_request):
        assert [segment.registered_delivery for segment in segments] == expected


@pytest.mark.parametrize(
    ("receipts", "expected"), [("all", True), ("first", True), ("last", True), ("none", False)]
)
def test_the_only_segment_is_first_and_last(receipts: str, expected: bool) -> None:
    assert wants_receipt(receipts, 1, 1) is expected


@pytest.mark.parametrize(
    ("connector", "topic"), [(FAST, "sms.mt.submit.fast.g2"), (SLOW, "sms.mt.submit.slow.g1")]
)
def test_a_target_knows_its_topics_and_profile(connector: Any, topic: str) -> None:
    target = target_of(CONFIG, connector)
    assert (target.topic, target.priority_topic) == (topic, f"{topic}.priority")
    assert target.profile.receipts == ("last" if connector == SLOW else "all")
