"""Intake: what becomes of a request, by where it stood and what it says."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.config import Config, TenantConfig
from pipeline.effects import Publish
from pipeline.ids import MessageId
from pipeline.records import MtAdmitted, MtHead, MtRejected, MtRequest
from services.intake.core import Intake, ShapeFault, Source, origin

NOW_MS = 1_750_000_000_000
INTAKE = Intake(Config(tenants={"default": TenantConfig(), "acme": TenantConfig(country="SE")}))
SOURCE = Source("sms.mt.request", 3, 42, NOW_MS - 5)


def request(**changed: Any) -> MtRequest:
    return MtRequest(**{"message_id": "m1", "to": "+46701234567", "text": "hello", **changed})


def rejected(effect: Publish) -> MtRejected:
    assert effect.topic == "sms.tracker.in"
    assert isinstance(effect.record, MtRejected)
    assert effect.key == effect.record.head.message_id
    assert effect.record.stage == "intake"
    assert effect.record.rejected_ms == NOW_MS
    return effect.record


def admitted(effect: Publish) -> MtAdmitted:
    assert effect.topic == "sms.router.in"
    assert isinstance(effect.record, MtAdmitted)
    assert effect.key == effect.record.head.recipient
    return effect.record


def test_a_whole_request_goes_to_the_router_under_its_recipient() -> None:
    asked = request(class_="otp", campaign="c", caller_data="mine", from_="ACME")
    assert INTAKE.decide(asked, SOURCE, NOW_MS) == Publish(
        "sms.router.in",
        "46701234567",
        MtAdmitted(
            head=MtHead(
                message_id=MessageId("m1"),
                recipient="46701234567",
                tenant="default",
                lane="normal",
                class_="otp",
                campaign="c",
                caller_data="mine",
                requested_ms=NOW_MS - 5,
            ),
            request=asked,
            source="sms.mt.request/3/42",
            admitted_ms=NOW_MS,
        ),
    )


@pytest.mark.parametrize(
    ("topic", "tenant", "lane"),
    [
        ("sms.mt.request", "default", "normal"),
        ("sms.mt.request.priority", "default", "priority"),
        ("sms.mt.request.bulk", "default", "bulk"),
        ("sms.mt.request.tenant.acme", "acme", "normal"),
        ("sms.mt.request.tenant.acme.priority", "acme", "priority"),
        ("sms.mt.request.tenant.acme.bulk", "acme", "bulk"),
        ("sms.mt.request.tenant.bulk", "bulk", "normal"),
    ],
)
def test_the_topic_decides_tenant_and_lane(topic: str, tenant: str, lane: str) -> None:
    assert origin(topic) == (tenant, lane)
    head = admitted(INTAKE.decide(request(), Source(topic, 0, 0, 0), NOW_MS)).head
    assert (head.tenant, head.lane) == (tenant, lane)


@pytest.mark.parametrize(
    "topic", ["sms.mt.requests", "sms.mt.request.normal", "sms.mt.request.tenant.a.b", "sms.mo"]
)
def test_a_topic_of_another_kind_is_our_own_bug(topic: str) -> None:
    with pytest.raises(AssertionError):
        origin(topic)


def test_a_national_number_is_read_in_the_tenants_country() -> None:
    national = request(to="0701234567")
    of_acme = Source("sms.mt.request.tenant.acme", 0, 0, 0)
    assert INTAKE.decide(national, of_acme, NOW_MS).key == "46701234567"
    assert rejected(INTAKE.decide(national, SOURCE, NOW_MS)).reason == "bad_number"


def test_a_request_without_an_id_gets_one_from_its_place() -> None:
    first = admitted(INTAKE.decide(request(message_id=None), SOURCE, NOW_MS))
    again = admitted(INTAKE.decide(request(message_id=None), SOURCE, NOW_MS + 9))
    other = admitted(
        INTAKE.decide(request(message_id=None), Source("sms.mt.request", 3, 43, 0), NOW_MS)
    )
    assert first.head.message_id == first.request.message_id == again.head.message_id
    assert first.head.message_id == "1befe2d5-4a4d-55fe-aca8-cfc0956487d5"  # for ever
    assert other.head.message_id != first.head.message_id


@pytest.mark.parametrize(
    "message_id", ["", "x" * 65, "a|b", "a\n", "\x7f", "räka", "\x00"], ids=repr
)
def test_a_bad_id_is_refused_under_one_from_its_place(message_id: str) -> None:
    record = rejected(INTAKE.decide(request(message_id=message_id), SOURCE, NOW_MS))
    assert record.reason == "bad_message_id"
    assert len(record.head.message_id) == 36
    assert record.head.recipient == "46701234567"


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126), min_size=1, max_size=64))
def test_an_id_of_printable_ascii_is_kept_unless_it_has_a_bar(message_id: str) -> None:
    effect = INTAKE.decide(request(message_id=message_id), SOURCE, NOW_MS)
    assert isinstance(effect.record, MtAdmitted | MtRejected)
    assert (effect.record.head.message_id == message_id) == ("|" not in message_id)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        ({"to": "nobody"}, "bad_number"),
        ({"text": None}, "no_content"),
        ({"to": "nobody", "text": None}, "bad_number"),
        ({"message_id": "|", "to": "nobody"}, "bad_message_id"),
    ],
)
def test_the_first_fault_is_the_reason(changed: dict[str, Any], reason: str) -> None:
    assert rejected(INTAKE.decide(request(**changed), SOURCE, NOW_MS)).reason == reason


def test_a_rejection_says_who_and_what_but_no_more_than_an_event_can_hold() -> None:
    asked = request(class_="x" * 99, campaign="x" * 99, caller_data="x" * 9999)
    head = rejected(INTAKE.decide(asked, SOURCE, NOW_MS)).head
    assert head.requested_ms == NOW_MS - 5
    assert [len(text or "") for text in (head.class_, head.campaign, head.caller_data)] == [
        64,
        64,
        1024,
    ]


@pytest.mark.parametrize("message_id", ["m1", None, "a|b"])
def test_json_that_is_no_request_is_refused_under_its_own_id_if_that_is_good(
    message_id: str | None,
) -> None:
    fault = ShapeFault(message_id, "Expected `str`, got `int` - at `$.to`")
    record = rejected(INTAKE.decide(fault, SOURCE, NOW_MS))
    assert record.reason == "bad_shape"
    assert "$.to" in record.detail
    assert (record.head.message_id == "m1") == (message_id == "m1")
    assert record.head.recipient is None


def test_what_a_test_tenant_asks_for_is_a_test_for_ever() -> None:
    connectors = {"box": {"hosts": "h", "system_id": "s", "password": "p", "rate_per_s": 1}}
    connectors["box"]["sandbox"] = True
    tenants = {"default": TenantConfig(), "trying": TenantConfig(test=True)}
    own = Intake(Config(dev=True, connectors=connectors, tenants=tenants))  # type: ignore[arg-type]
    source = Source("sms.mt.request.tenant.trying.bulk", 0, 1, NOW_MS)
    assert admitted(own.decide(request(), source, NOW_MS)).head.test
    assert rejected(own.decide(request(to="nobody"), source, NOW_MS)).head.test
    assert rejected(own.decide(ShapeFault(None, "x"), source, NOW_MS)).head.test
    assert not admitted(own.decide(request(), SOURCE, NOW_MS)).head.test
