"""Submit records: what each field of a submit_sm says, and why."""

from typing import Any, get_args, get_type_hints

import pytest

from pipeline.config import Config, ProfileConfig
from pipeline.profiles import VendorTlv, find, shipped
from pipeline.records import MtRequest, MtSubmit, Tlv
from pipeline.references import reference_of
from services.binder.core import submit_sm
from services.binder.validity import form
from services.intake.checks import RECEIPTS
from services.router.encoding import Encoded, Part, encode
from services.router.policy import Case, Refusal, tenant_of
from services.router.senders import Sender
from services.router.submits import (
    ASKED,
    Leg,
    registered_delivery,
    submits,
    target_of,
    vendor_tlvs,
)
from smpp.pdu import SubmitSm
from smpp.wire import decode
from smpp.wire import encode as wire
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

ENCODED = Encoded(8, 0x40, (Part(b"one"), Part(b"two"), Part(b"three")))
SENDER = Sender("alphanumeric", "ACME")


def written(
    asked: MtRequest | None = None,
    profile: ProfileConfig | None = None,
    **changed: Any,
) -> list[MtSubmit]:
    record = admitted(asked, **changed)
    tenant = tenant_of(CONFIG.tenants["default"])
    case = Case(record, NOW_MS, tenant, SENDER, NOW_MS + 60_000, ROUTES.rules[0])
    target = target_of(CONFIG, FAST)._replace(profile=profile or ProfileConfig())
    return submits(record.head, case, Leg(target), ENCODED)


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


@pytest.mark.parametrize(
    ("rules", "source", "destination"),
    [
        ({}, (5, 0, "ACME"), (1, 1, "46701234567")),
        (
            {"international": {"ton": 1, "npi": 1, "prefix": "+"}},
            (5, 0, "ACME"),
            (1, 1, "+46701234567"),
        ),
        (
            {"national": {"calling_code": "46", "ton": 2, "npi": 1, "prefix": "0"}},
            (5, 0, "ACME"),
            (2, 1, "0701234567"),
        ),
        (
            {"national": {"calling_code": "47", "ton": 2, "npi": 1, "prefix": "0"}},
            (5, 0, "ACME"),
            (1, 1, "46701234567"),
        ),
        ({"alphanumeric": {"ton": 0, "npi": 1}}, (0, 1, "ACME"), (1, 1, "46701234567")),
    ],
)
def test_addresses_are_written_by_the_rules_of_the_profile(
    rules: dict[str, Any], source: tuple[int, int, str], destination: tuple[int, int, str]
) -> None:
    first = written(profile=ProfileConfig.model_validate({"addresses": rules}))[0]
    assert (first.source_addr_ton, first.source_addr_npi, first.source_addr) == source
    assert (first.dest_addr_ton, first.dest_addr_npi, first.destination_addr) == destination


@pytest.mark.parametrize(
    ("wanted", "data", "expected"),
    [
        ([], {"a": "1"}, ()),
        ([{"tag": 0x1400, "item": "a"}], {"a": "1"}, (Tlv(tag=0x1400, value=b"1"),)),
        ([{"tag": 0x1400, "item": "a"}], {}, ()),
        (
            [{"tag": 0x1400, "item": "a", "is_terminated": True, "is_required": True}],
            {"a": "1"},
            (Tlv(tag=0x1400, value=b"1\0"),),
        ),
        ([{"tag": 0x1400, "text": "ж"}], {}, (Tlv(tag=0x1400, value="ж".encode()),)),
        ([{"tag": 0x1400, "hex": "00ff"}], {}, (Tlv(tag=0x1400, value=b"\0\xff"),)),
    ],
)
def test_a_carrier_gets_the_tlvs_it_wants(
    wanted: list[dict[str, Any]], data: dict[str, str], expected: tuple[Tlv, ...]
) -> None:
    profile = ProfileConfig.model_validate({"tlvs": wanted})
    assert vendor_tlvs(request(carrier_data=data), profile.tlvs) == expected


def test_without_an_item_that_the_carrier_needs_a_message_is_refused() -> None:
    own = VendorTlv(tag=0x1400, item="entity", is_required=True)
    refusal = vendor_tlvs(request(), (own,))
    assert isinstance(refusal, Refusal)
    assert refusal.reason == "carrier_data_missing"
    assert "'entity'" in refusal.detail


def test_tlvs_of_segmentation_come_first_and_the_ledger_last() -> None:
    part = Part(b"", (Tlv(tag=0x0424, value=b"text"),))
    case = Case(
        admitted(), NOW_MS, tenant_of(CONFIG.tenants["default"]), SENDER, NOW_MS, ROUTES.rules[0]
    )
    profile = ProfileConfig(ledger_tlv=0x1501, user_message_reference=True)
    target = target_of(CONFIG, FAST)._replace(profile=profile)
    own = (Tlv(tag=0x1400, value=b"own"),)
    [record] = submits(case.record.head, case, Leg(target), Encoded(0, 0, (part,)), own)
    assert [tlv.tag for tlv in record.tlvs] == [0x0424, 0x1400, 0x0204, 0x1501]
    reference = reference_of(record.message_id, record.segment)
    assert int.from_bytes(record.tlvs[2].value, "big") == reference


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
    [
        ("all", [1, 1, 1]),
        ("first", [1, 0, 0]),
        ("last", [0, 0, 1]),
        ("any", [1, 1, 1]),
        ("failures", [2, 2, 2]),
        ("none", [0, 0, 0]),
    ],
)
def test_receipts_are_asked_for_by_request_or_profile(receipts: Any, expected: list[int]) -> None:
    by_profile = written(profile=ProfileConfig(receipts=receipts))
    by_request = written(request(receipts=receipts), ProfileConfig(receipts="first"))
    for segments in (by_profile, by_request):
        assert [segment.registered_delivery for segment in segments] == expected


@pytest.mark.parametrize(
    ("receipts", "expected"), [("all", 1), ("first", 1), ("last", 1), ("any", 1), ("none", 0)]
)
def test_the_only_segment_is_first_and_last(receipts: str, expected: int) -> None:
    assert registered_delivery(receipts, 1, 1) == expected


def test_whatever_a_request_or_a_profile_may_say_is_known_here() -> None:
    by_profile = get_args(get_type_hints(ProfileConfig)["receipts"])
    assert set(ASKED) == RECEIPTS - {None} == set(by_profile)


@pytest.mark.parametrize(
    ("connector", "topic"), [(FAST, "sms.mt.submit.fast.g2"), (SLOW, "sms.mt.submit.slow.g1")]
)
def test_a_target_knows_its_topics_and_profile(connector: Any, topic: str) -> None:
    target = target_of(CONFIG, connector)
    assert (target.topic, target.priority_topic) == (topic, f"{topic}.priority")
    assert target.profile.receipts == ("last" if connector == SLOW else "all")


CARRIER_DATA = {"dlt_entity_id": "1101234567890123456", "dlt_template_id": "1107123456789012345"}
RELATIVE, TEN_HOURS = "000001000000000R", "000000100000000R"
SHIPPED: dict[str, dict[str | int, Any]] = {
    "cdma": {"short_message": b"x" * 153, 0x020E: b"\2"},
    "india-dlt": {0x1400: b"1101234567890123456", 0x1401: b"1107123456789012345"},
    "openmarket": {"short_message": b"\5\0\3\7\2\1" + b"x" * 153, "esm_class": 0x40},
    "sinch": {"source_addr_ton": 0, "source_addr_npi": 1, "source_addr": "72000"},
    "smsportal": {"source_addr_ton": 0, "dest_addr_ton": 0, "dest_addr_npi": 0},
    "twilio": {"validity_period": TEN_HOURS, "dest_addr_ton": 1},
    "vibes": {"validity_period": "", "source_addr_ton": 0, "dest_addr_npi": 0},
    "vonage": {"validity_period": RELATIVE, "dest_addr_ton": 1, "data_coding": 0},
}


@pytest.mark.parametrize("name", shipped())
def test_a_profile_that_comes_along_makes_the_submit_sm_its_carrier_wants(name: str) -> None:
    profile = find(name)
    asked = request(text="x" * 200, from_="72000", carrier_data=CARRIER_DATA)
    record = admitted(asked)
    tenant = tenant_of(CONFIG.tenants["default"])
    sender = tenant.senders.find("72000")
    case = Case(record, NOW_MS, tenant, sender, NOW_MS + 86_400_000, ROUTES.rules[0])
    encoded, tlvs = encode(asked, profile, lambda: 7), vendor_tlvs(asked, profile.tlvs)
    assert isinstance(encoded, Encoded)
    assert not isinstance(tlvs, Refusal)
    target = target_of(CONFIG, FAST)._replace(profile=profile)
    first, _ = submits(record.head, case, Leg(target), encoded, tlvs)
    pdu = decode(wire(submit_sm(first, NOW_MS, form(profile.validity))))
    assert isinstance(pdu, SubmitSm)
    for field, expected in SHIPPED[name].items():
        found = dict(pdu.tlvs)[field] if isinstance(field, int) else getattr(pdu, field)
        assert found == expected, field


@pytest.mark.parametrize(
    ("name", "data_coding", "octets"),
    [
        ("vonage", 0, b"caf\xe9 @"),
        ("vibes", 8, "café @".encode("utf-16-be")),
        ("sinch", 0, b"caf\x05 \0"),
    ],
)
def test_a_profile_that_comes_along_knows_the_default_alphabet(
    name: str, data_coding: int, octets: bytes
) -> None:
    found = encode(request(text="café @"), find(name), lambda: 1)
    assert isinstance(found, Encoded)
    assert (found.data_coding, found.parts) == (data_coding, (Part(octets),))
