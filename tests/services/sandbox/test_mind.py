"""What the SMSC decides: by rows of the scenario, and the same again for the same seed."""

import itertools
from dataclasses import replace
from random import Random

import pytest

from services.sandbox import scenario
from services.sandbox.mind import Answer, Decision, Mind
from smpp import receipt, tlv
from smpp.pdu import DataSm, SubmitSm
from smpp.values import CommandStatus, EsmClass, MessageState

NOW_NS = 1_767_225_600_000_000_000  # 2026-01-01 00:00 UTC
MS_NS = 1_000_000
FIRST_NUMBER = 255


def mind(text: str, seed: int = 1) -> Mind:
    return Mind(scenario.parse(text, "mine"), Random(seed), itertools.count(FIRST_NUMBER), NOW_NS)


def submit(destination: str = "46701234567", registered_delivery: int = 1) -> SubmitSm:
    return SubmitSm(
        source_addr_ton=5,
        source_addr="ACME",
        dest_addr_ton=1,
        dest_addr_npi=1,
        destination_addr=destination,
        registered_delivery=registered_delivery,
        short_message=b"hello",
    )


def decide(text: str) -> Decision:
    return mind(text).decide(submit(), NOW_NS)


def test_the_default_accepts_at_once_and_reports_delivery_at_once() -> None:
    decision = decide("")
    assert decision.command_status is CommandStatus.ESME_ROK
    assert decision.due_ns == NOW_NS
    assert decision.smsc_message_id == "255"
    (found,) = decision.receipts
    assert (found.due_ns, found.is_early) == (NOW_NS, False)
    assert found.state is MessageState.DELIVERED


@pytest.mark.parametrize(
    ("in_response", "in_receipt", "expected"),
    [
        ("decimal", "decimal", ("255", "255")),
        ("hexadecimal", "decimal", ("FF", "255")),
        ("decimal", "hexadecimal", ("255", "FF")),
        ("hexadecimal", "hexadecimal", ("FF", "FF")),
    ],
)
def test_an_id_has_one_notation_in_the_response_and_one_in_the_receipt(
    in_response: str, in_receipt: str, expected: tuple[str, str]
) -> None:
    decision = decide(f"message_ids: {{in_response: {in_response}, in_receipt: {in_receipt}}}")
    (found,) = decision.receipts
    assert (decision.smsc_message_id, found.smsc_message_id) == expected
    assert found.pdu.tlv(tlv.RECEIPTED_MESSAGE_ID) == expected[1]
    assert f"id:{expected[1]} ".encode() in found.pdu.short_message


def test_a_uuid_is_the_same_in_both() -> None:
    decision = decide("message_ids: {in_response: uuid, in_receipt: uuid}")
    assert len(decision.smsc_message_id) == 36
    assert decision.receipts[0].smsc_message_id == decision.smsc_message_id


def test_numbers_go_on_and_refused_messages_get_none() -> None:
    own = mind("responses: {statuses: [{status: ESME_RMSGQFUL, share: 0.5}]}")
    decisions = [own.decide(submit(), NOW_NS) for _ in range(1000)]
    accepted = [d for d in decisions if d.command_status is CommandStatus.ESME_ROK]
    refused = [d for d in decisions if d.command_status is CommandStatus.ESME_RMSGQFUL]
    assert len(accepted) + len(refused) == 1000
    assert 450 <= len(refused) <= 550
    assert [d.smsc_message_id for d in accepted] == [
        str(FIRST_NUMBER + n) for n in range(len(accepted))
    ]
    assert all(d.smsc_message_id == "" and d.receipts == () for d in refused)


@pytest.mark.parametrize(
    ("destination", "expected"),
    [
        ("46701234599", MessageState.UNDELIVERABLE),
        ("46711234599", MessageState.EXPIRED),
        ("4671123", MessageState.EXPIRED),
        ("47123455", MessageState.REJECTED),
        ("47123450", MessageState.DELIVERED),
        ("46701234567", MessageState.DELIVERED),
    ],
)
def test_the_first_row_that_fits_the_number_decides(
    destination: str, expected: MessageState
) -> None:
    own = mind(
        """
        outcomes:
          - {prefix: "4671", state: EXPIRED}
          - {suffix: "99", state: UNDELIVERABLE}
          - {prefix: "47", suffix: "55", state: REJECTED}
        """
    )
    (found,) = own.decide(submit(destination), NOW_NS).receipts
    assert found.state is expected
    assert found.pdu.tlv(tlv.MESSAGE_STATE) == expected


@pytest.mark.parametrize(
    ("registered_delivery", "destination", "receipts"),
    [
        (0x00, "1", 0),
        (0x01, "1", 1),
        (0x02, "1", 0),
        (0x03, "1", 1),
        (0x00, "99", 0),
        (0x01, "99", 1),
        (0x02, "99", 1),
        (0x03, "99", 0),
        (0x11, "1", 1),
        (0x10, "1", 0),
    ],
)
def test_a_receipt_goes_to_those_who_ask_for_it(
    registered_delivery: int, destination: str, receipts: int
) -> None:
    own = mind('outcomes: [{suffix: "99", state: UNDELIVERABLE}]')
    decision = own.decide(submit(destination, registered_delivery), NOW_NS)
    assert len(decision.receipts) == receipts


def test_a_receipt_goes_back_to_the_sender() -> None:
    pdu = decide("").receipts[0].pdu
    assert (pdu.source_addr_ton, pdu.source_addr_npi) == (1, 1)
    assert pdu.source_addr == "46701234567"
    assert (pdu.dest_addr_ton, pdu.destination_addr) == (5, "ACME")
    assert pdu.esm_class == EsmClass.DELIVERY_RECEIPT


@pytest.mark.parametrize(
    ("forms", "source", "destination"),
    [
        ("{addresses: swapped}", (5, "ACME"), (1, "46701234567")),
        ("{addresses: national}", (1, "0701234567"), (5, "ACME")),
        ("{addresses: national, calling_code: '47'}", (1, "46701234567"), (5, "ACME")),
        ("{addresses: missing}", (0, ""), (5, "ACME")),
        ("{addresses: swapped, form: data_sm}", (5, "ACME"), (1, "46701234567")),
    ],
)
def test_a_receipt_may_be_addressed_in_odd_ways(
    forms: str, source: tuple[int, str], destination: tuple[int, str]
) -> None:
    pdu = decide(f"receipts: {forms}").receipts[0].pdu
    assert (pdu.source_addr_ton, pdu.source_addr) == source
    assert (pdu.dest_addr_ton, pdu.destination_addr) == destination


@pytest.mark.parametrize(("text", "expected"), [("{reference: true}", 7), ("{}", None)])
def test_a_reference_may_come_back(text: str, expected: int | None) -> None:
    own = replace(submit(), tlvs=(tlv.USER_MESSAGE_REFERENCE.make(7),))
    (found,) = mind(f"receipts: {text}").decide(own, NOW_NS).receipts
    assert found.pdu.tlv(tlv.USER_MESSAGE_REFERENCE) == expected


def test_a_prefix_stands_before_the_id_in_the_receipt_alone() -> None:
    decision = decide("message_ids: {receipt_prefix: SE1-}")
    (found,) = decision.receipts
    assert (decision.smsc_message_id, found.smsc_message_id) == ("255", "SE1-255")
    assert found.pdu.tlv(tlv.RECEIPTED_MESSAGE_ID) == "SE1-255"
    assert b"id:SE1-255 " in found.pdu.short_message


@pytest.mark.parametrize(
    ("forms", "has_text", "has_tlvs"),
    [("{}", True, True), ("{tlv: false}", True, False), ("{text: false}", False, True)],
)
def test_a_receipt_speaks_by_text_by_tlv_or_both(
    forms: str, has_text: bool, has_tlvs: bool
) -> None:
    pdu = decide(f"receipts: {forms}").receipts[0].pdu
    assert (b"stat:DELIVRD" in pdu.short_message) == has_text
    assert bool(pdu.tlvs) == has_tlvs


def test_every_time_lies_in_its_span() -> None:
    own = mind(
        """
        responses: {latency_ms: {min: 20, max: 60}}
        receipts: {delay_ms: {min: 100, max: 300}, twice_share: 1}
        """
    )
    for _ in range(200):
        decision = own.decide(submit(), NOW_NS)
        assert 20 * MS_NS <= decision.due_ns - NOW_NS <= 60 * MS_NS
        first, again = decision.receipts
        assert 100 * MS_NS <= first.due_ns - decision.due_ns <= 300 * MS_NS
        assert 100 * MS_NS <= again.due_ns - first.due_ns <= 300 * MS_NS
        assert first.pdu == again.pdu
        assert first.pdu is not again.pdu


def test_an_early_receipt_is_due_before_the_answer_and_its_copy_after_it() -> None:
    first, again = (
        decision := decide(
            "{responses: {latency_ms: {min: 5, max: 5}}, "
            "receipts: {early_share: 1, twice_share: 1}}"
        )
    ).receipts
    assert first.is_early
    assert first.due_ns < decision.due_ns <= again.due_ns
    assert not again.is_early


@pytest.mark.parametrize(
    ("share", "receipts"), [("never_share", range(1)), ("twice_share", range(2, 3))]
)
def test_a_share_of_one_is_always(share: str, receipts: range) -> None:
    own = mind(f"receipts: {{{share}: 1}}")
    assert all(len(own.decide(submit(), NOW_NS).receipts) in receipts for _ in range(100))


def test_shares_are_kept() -> None:
    own = mind("receipts: {early_share: 0.1, twice_share: 0.2, never_share: 0.3}")
    plans = [own.decide(submit(), NOW_NS).receipts for _ in range(10_000)]
    sent = [plan for plan in plans if plan]
    assert 0.28 <= 1 - len(sent) / len(plans) <= 0.32
    assert 0.08 <= sum(plan[0].is_early for plan in sent) / len(sent) <= 0.12
    assert 0.18 <= sum(len(plan) == 2 for plan in sent) / len(sent) <= 0.22


@pytest.mark.parametrize("name", scenario.names())
def test_the_same_seed_decides_the_same(name: str) -> None:
    def decisions(seed: int) -> list[Decision]:
        own = Mind(scenario.find(name), Random(seed), itertools.count(1), NOW_NS)
        return [own.decide(submit(f"4670{n:07}"), NOW_NS + n) for n in range(300)]

    assert decisions(7) == decisions(7)
    assert decisions(7) != decisions(8)


# --- what else a carrier does -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("ids", "expected"),
    [
        ("{digits: 10}", ("0000000255", "0000000255")),
        ("{digits: 10, receipt_digits: 0}", ("0000000255", "255")),
        (
            "{in_response: hexadecimal_lower, digits: 8, in_receipt: hexadecimal}",
            ("000000ff", "000000FF"),
        ),
        ("{in_receipt: hexadecimal, receipt_digits: 6}", ("255", "0000FF")),
    ],
)
def test_an_id_is_padded_and_written_otherwise_in_the_receipt(
    ids: str, expected: tuple[str, str]
) -> None:
    decision = decide(f"message_ids: {ids}")
    assert (decision.smsc_message_id, decision.receipts[0].smsc_message_id) == expected


def test_a_number_is_refused_so_often_and_then_taken() -> None:
    own = mind('responses: {statuses: [{status: ESME_RTHROTTLED, suffix: "1", times: 2}]}')
    statuses = [own.decide(submit("461"), NOW_NS).command_status.name for _ in range(4)]
    assert statuses == ["ESME_RTHROTTLED", "ESME_RTHROTTLED", "ESME_ROK", "ESME_ROK"]
    assert own.decide(submit("471"), NOW_NS).command_status is CommandStatus.ESME_RTHROTTLED
    assert own.decide(submit("462"), NOW_NS).command_status is CommandStatus.ESME_ROK


def test_credit_ends_at_a_time() -> None:
    own = mind("responses: {statuses: [{status: ESME_RSUBMITFAIL, from_s: 10}]}")
    at_s = [own.decide(submit(), NOW_NS + s * 1000 * MS_NS).command_status for s in (9, 10, 99)]
    assert [status.name for status in at_s] == ["ESME_ROK", "ESME_RSUBMITFAIL", "ESME_RSUBMITFAIL"]


@pytest.mark.parametrize(
    ("plan", "states"),
    [
        ("intermediate_share: 1", ["ENROUTE", "DELIVERED"]),
        ("disorder_share: 1", ["DELIVERED", "ENROUTE"]),
        ("twice_share: 1", ["DELIVERED", "DELIVERED"]),
        ("never_share: 1", []),
    ],
)
@pytest.mark.parametrize("is_wished", [False, True])
def test_receipts_come_in_odd_numbers_and_orders(
    plan: str, states: list[str], is_wished: bool
) -> None:
    wish = plan.removesuffix("_share: 1")
    text = f"{{outcomes: [{{receipt: {wish}}}], " if is_wished else f"{{receipts: {{{plan}}}, "
    found = decide(text + "responses: {latency_ms: {min: 4, max: 4}}}").receipts
    assert [each.state.name for each in found] == states
    assert [each.due_ns for each in found] == sorted(each.due_ns for each in found)


def test_an_intermediate_notification_says_that_it_is_one() -> None:
    first, last = decide("receipts: {intermediate_share: 1}").receipts
    assert first.pdu.esm_class == EsmClass.INTERMEDIATE_NOTIFICATION
    assert last.pdu.esm_class == EsmClass.DELIVERY_RECEIPT


def test_a_late_receipt_has_a_time_of_its_own() -> None:
    (found,) = decide("receipts: {late_share: 1, late_ms: {min: 30000, max: 30000}}").receipts
    assert found.due_ns - NOW_NS == 30_000 * MS_NS


@pytest.mark.parametrize(
    ("which", "expected"), [("all", [1, 1, 1]), ("first", [1, 0, 0]), ("last", [0, 0, 1])]
)
def test_a_long_message_is_reported_by_all_the_first_or_the_last_segment(
    which: str, expected: list[int]
) -> None:
    own = mind(f"receipts: {{segments: {which}}}")
    counts = []
    for number in (1, 2, 3):
        part = replace(
            submit(), esm_class=0x40, short_message=bytes((5, 0, 3, 7, 3, number)) + b"x"
        )
        counts.append(len(own.decide(part, NOW_NS).receipts))
    assert counts == expected
    assert len(own.decide(submit(), NOW_NS).receipts) == 1


def test_segments_are_told_apart_by_their_tlvs_too() -> None:
    own = mind("receipts: {segments: last}")
    counts = []
    for number in (1, 2):
        numbering = (
            tlv.SAR_MSG_REF_NUM.make(7),
            tlv.SAR_TOTAL_SEGMENTS.make(2),
            tlv.SAR_SEGMENT_SEQNUM.make(number),
        )
        counts.append(len(own.decide(replace(submit(), tlvs=numbering), NOW_NS).receipts))
    assert counts == [0, 1]


def test_a_receipt_can_be_a_data_sm_without_a_mark() -> None:
    (found,) = decide("receipts: {form: data_sm, is_unmarked: true, dialect: upper}").receipts
    assert isinstance(found.pdu, DataSm)
    assert found.pdu.esm_class == 0
    assert (found.pdu.tlv(tlv.MESSAGE_PAYLOAD) or b"").startswith(b"ID:255 SUB:001")
    assert receipt.read(found.pdu).state is MessageState.DELIVERED


def test_a_subscriber_answers_the_whole_of_a_message() -> None:
    own = mind("outcomes: [{reply: {text: STOP, after_ms: 5}}]")
    first, last = (
        replace(submit(), esm_class=0x40, short_message=bytes((5, 0, 3, 7, 2, number)))
        for number in (1, 2)
    )
    assert own.decide(first, NOW_NS).answer is None
    assert own.decide(last, NOW_NS).answer == Answer(NOW_NS + 5 * MS_NS, "STOP")
    assert own.decide(submit(), NOW_NS).answer is not None


def test_what_the_scenario_does_not_speak_of_throws_no_dice() -> None:
    dice = Random(1)
    before = dice.getstate()
    Mind(scenario.parse("", "mine"), dice, itertools.count(1), NOW_NS).decide(submit(), NOW_NS)
    assert dice.getstate() == before
