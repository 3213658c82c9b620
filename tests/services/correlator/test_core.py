"""The correlator: every receipt finds its segment, in whatever order the two are read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.effects import Publish, PublishLater
from pipeline.ids import ConnectorId
from pipeline.records import Dlr, MtSubmitted, Tlv, Wake
from services.correlator.core import HandsetFact
from services.correlator.joining import MOMENT_S
from services.correlator.parking import OF_AN_ID_MAX, PARKED_RECEIPTS_MAX
from tests.services.correlator.builders import (
    DAY_MS,
    FAR,
    FAST,
    HANDSET,
    NOW_MS,
    OWN,
    PLAIN,
    SLOW,
    TWIN,
    Handset,
    accepted,
    deliver,
    dlrs,
    mos,
    published,
    receipt,
)

HOUR_MS = 3_600_000


@pytest.mark.parametrize("outcome", ["accepted", "rejected", "expired", "cancelled", "returned"])
def test_what_became_of_a_segment_goes_on_to_the_tracker(outcome: str) -> None:
    fact = accepted(outcome=outcome, receipt_expected=False)
    assert Handset().tell(fact) == [Publish("sms.tracker.in", "m1", fact)]


def test_an_intent_is_nobody_s_business() -> None:
    assert Handset().tell(accepted(outcome="intent", smsc_message_id=None)) == []


def test_a_segment_waits_for_its_receipt_until_its_validity_and_grace_are_over() -> None:
    _, timer = Handset().tell(accepted(segment=2, segments=3, hop=1))
    wake = Wake(key=HANDSET, kind="receipt_timeout", what="m1|2|1", set_ms=NOW_MS)
    due_ms = NOW_MS + DAY_MS + 3_600_000
    assert timer == PublishLater(due_ms, "sms.correlator.in", HANDSET, wake)


def test_a_repeated_acceptance_changes_nothing() -> None:
    handset = Handset()
    handset.tell(accepted())
    assert handset.tell(accepted()) == []


def test_a_receipt_is_joined_to_its_segment() -> None:
    handset = Handset()
    handset.tell(accepted(segment=2, segments=3, hop=1))
    effects = handset.tell(receipt("439041101"), after_ms=30)
    dlr = Dlr(
        message_id="m1",
        segment=2,
        segments=3,
        hop=1,
        connector=FAST,
        smsc_message_id="439041101",
        tenant="default",
        recipient=HANDSET,
        state="DELIVERED",
        final=True,
        repeat=False,
        error_code="000",
        done_date="2609220001",
        submitted_ms=NOW_MS - 50,
        received_ms=NOW_MS,
        joined_ms=NOW_MS + 30,
        sender="ACME",
    )
    told = ("sms.dlr", "sms.tracker.in")  # of no trace, for its segment is of none
    assert effects == [Publish(topic, "m1", dlr, None) for topic in told]


def test_a_receipt_may_overtake_its_answer() -> None:
    handset = Handset()
    assert dlrs(handset.tell(receipt())) == []
    forward, joined, told = handset.tell(accepted(), after_ms=500)
    assert isinstance(forward, Publish)
    assert isinstance(forward.record, MtSubmitted)
    assert isinstance(joined, Publish)
    assert isinstance(joined.record, Dlr)
    assert (joined.topic, joined.record.message_id) == ("sms.dlr", "m1")
    assert (joined.record.received_ms, joined.record.joined_ms) == (NOW_MS, NOW_MS + 500)
    assert told == Publish("sms.tracker.in", "m1", joined.record, None)
    assert handset.ring("receipt_parked") == []


def test_a_receipt_is_joined_though_the_clock_was_put_back_an_hour_before_it() -> None:
    handset = Handset()
    handset.tell(accepted())
    (joined,) = dlrs(handset.tell(receipt(received_ms=NOW_MS - HOUR_MS)))
    assert (joined.message_id, joined.joined_by) == ("m1", "id")


def test_a_receipt_from_before_waits_for_a_moment_for_a_segment_that_seems_to_be_newer() -> None:
    handset = Handset()
    handset.tell(receipt(received_ms=NOW_MS - HOUR_MS))
    (joined,) = dlrs(handset.tell(accepted(), after_ms=MOMENT_S * 1000))
    assert (joined.message_id, joined.joined_by) == ("m1", "id")


def test_after_that_it_is_not_joined_to_what_was_written_later() -> None:
    handset = Handset()
    handset.tell(receipt(received_ms=NOW_MS - HOUR_MS))
    assert dlrs(handset.tell(accepted(), after_ms=MOMENT_S * 1000 + 1)) == []


def test_a_parked_receipt_that_is_not_final_leaves_the_timer_on() -> None:
    handset = Handset()
    handset.tell(receipt(stat="ENROUTE"))
    assert isinstance(handset.tell(accepted())[-1], PublishLater)


def test_a_receipt_that_finds_nothing_is_an_orphan_when_its_time_is_over() -> None:
    handset = Handset()
    (timer,) = handset.tell(receipt("0077", "UNDELIV"))
    wake = Wake(key=HANDSET, kind="receipt_parked", what="", set_ms=NOW_MS)
    assert timer == PublishLater(NOW_MS + 600_000, "sms.correlator.in", HANDSET, wake)
    (orphan,) = handset.tell(wake, after_ms=600_000)
    assert orphan == Publish(
        "sms.dlr.orphan",
        HANDSET,
        Dlr(
            connector=FAST,
            smsc_message_id="0077",
            recipient=HANDSET,
            state="UNDELIVERABLE",
            final=True,
            repeat=False,
            error_code="000",
            done_date="2609220001",
            received_ms=NOW_MS,
            joined_ms=NOW_MS + 600_000,
        ),
    )
    assert handset.tell(wake) == []


def test_each_parked_receipt_has_its_own_time() -> None:
    handset = Handset()
    (first,) = handset.tell(receipt(stat="ENROUTE"))
    (second,) = handset.tell(receipt(), after_ms=1000)
    assert isinstance(first.record, Wake)
    assert isinstance(second.record, Wake)
    assert [d.state for d in dlrs(handset.tell(first.record), "sms.dlr.orphan")] == ["ENROUTE"]
    assert [d.state for d in dlrs(handset.tell(second.record), "sms.dlr.orphan")] == ["DELIVERED"]


def test_of_one_id_no_more_are_parked_than_at_hand_and_in_its_own_entry() -> None:
    handset = Handset()
    for _ in range(PARKED_RECEIPTS_MAX + OF_AN_ID_MAX):
        assert dlrs(handset.tell(receipt()), "sms.dlr.orphan") == []
    assert len(dlrs(handset.tell(receipt()), "sms.dlr.orphan")) == 1
    assert len(dlrs(handset.tell(accepted()))) == PARKED_RECEIPTS_MAX + OF_AN_ID_MAX


def test_a_receipt_without_an_id_is_an_orphan_at_once() -> None:
    (orphan,) = Handset().tell(deliver(esm_class=4, short_message=b"stat:DELIVRD"))
    assert isinstance(orphan.record, Dlr)
    assert (orphan.topic, orphan.record.smsc_message_id) == ("sms.dlr.orphan", "")


@pytest.mark.parametrize(
    ("stat", "state", "final"),
    [
        ("DELIVRD", "DELIVERED", True),
        ("EXPIRED", "EXPIRED", True),
        ("DELETED", "DELETED", True),
        ("UNDELIV", "UNDELIVERABLE", True),
        ("UNKNOWN", "UNKNOWN", True),
        ("REJECTD", "REJECTED", True),
        ("nonsense", "UNKNOWN", True),
        ("ENROUTE", "ENROUTE", False),
        ("ACCEPTD", "ACCEPTED", False),
    ],
)
def test_a_receipt_says_a_state_that_is_final_or_not(stat: str, state: str, final: bool) -> None:
    handset = Handset()
    handset.tell(accepted())
    first, again = (dlrs(handset.tell(receipt(stat=stat)))[0] for _ in range(2))
    assert (first.state, first.final, first.repeat) == (state, final, False)
    assert again.repeat == final


def test_after_a_final_receipt_every_other_is_a_repeat() -> None:
    handset = Handset()
    handset.tell(accepted())
    stats = ["ENROUTE", "DELIVRD", "DELIVRD", "ENROUTE", "UNDELIV"]
    found = [dlrs(handset.tell(receipt(stat=stat)))[0].repeat for stat in stats]
    assert found == [False, False, True, True, True]


TLVS = (Tlv(tag=0x001E, value=b"1A2B3C4D\0"), Tlv(tag=0x0427, value=b"\x05"))


@pytest.mark.parametrize(
    "fact",
    [
        deliver(tlvs=TLVS),
        deliver(tlvs=TLVS, esm_class=4),
        deliver(tlvs=TLVS, command="data_sm", esm_class=4),
        receipt("ffff", tlvs=TLVS),
        receipt(short_message=b"id:1a2b3c4d stat:UNDELIV"),
        receipt(short_message="id:1a2b3c4d stat:UNDELIV".encode("utf-16-be"), data_coding=8),
        receipt(
            short_message=b"",
            tlvs=(Tlv(tag=0x0424, value=b"id:1a2b3c4d stat:UNDELIV"),),
            command="data_sm",
        ),
        receipt(short_message=b"\xffid:", esm_class=0x44, tlvs=TLVS),
    ],
)
def test_esm_class_and_tlvs_make_a_receipt_whatever_its_text(fact: HandsetFact) -> None:
    handset = Handset()
    handset.tell(accepted())
    effects = handset.tell(fact)
    assert [dlr.state for dlr in dlrs(effects)] == ["UNDELIVERABLE"]
    assert mos(effects) == []


def test_a_state_nobody_knows_is_unknown() -> None:
    handset = Handset()
    handset.tell(accepted())
    unknown = Tlv(tag=0x0427, value=b"\x63")
    (dlr,) = dlrs(handset.tell(receipt(stat="NOVEL", tlvs=(unknown,))))
    assert (dlr.state, dlr.final) == ("UNKNOWN", True)


@pytest.mark.parametrize(
    ("tlvs", "error"),
    [((), None), ((Tlv(tag=0x0423, value=b"\x03\x00\x1f"),), "03001f")],
)
def test_a_network_error_code_stands_in_for_err(tlvs: tuple[Tlv, ...], error: str | None) -> None:
    handset = Handset()
    handset.tell(accepted())
    fact = receipt(short_message=b"id:1a2b3c4d stat:UNDELIV", tlvs=tlvs)
    assert dlrs(handset.tell(fact))[0].error_code == error


@pytest.mark.parametrize(
    ("submitter", "receiver", "is_joined"),
    [
        (FAST, FAST, True),
        (SLOW, TWIN, True),
        (FAST, SLOW, False),
        (FAST, FAR, False),
        ("gone", "gone", True),
    ],
)
def test_ids_are_the_carrier_s(submitter: str, receiver: str, is_joined: bool) -> None:
    handset = Handset()
    handset.tell(accepted("77", connector=submitter))
    found = dlrs(handset.tell(receipt("77", connector=receiver)))
    assert [dlr.connector for dlr in found] == ([receiver] if is_joined else [])


@pytest.mark.parametrize("is_early", [True, False])
@pytest.mark.parametrize(
    ("connector", "response", "answer", "is_joined"),
    [
        (FAST, "1A2B3C4D", "439041101", True),
        (FAST, "439041101", "1a2b3c4d", True),
        (FAST, "0000000010", "16", True),
        (FAST, "0e999f21-5a7b", "E999F21-5A7B", True),
        (FAR, "10", "16", True),
        (FAR, "10", "10", False),
        (FAR, "1A2B3C4D", "0439041101", True),
        (FAST, "17", "18", False),
    ],
)
def test_an_id_is_found_in_the_other_notation(
    connector: str, response: str, answer: str, is_joined: bool, is_early: bool
) -> None:
    handset = Handset()
    facts = [accepted(response, connector=connector), receipt(answer, connector=connector)]
    effects = handset.tell(*(reversed(facts) if is_early else facts))
    assert len(dlrs(effects)) == is_joined


def test_an_exact_match_goes_before_a_converted_one() -> None:
    handset = Handset()
    handset.tell(accepted("10", "ten"), accepted("16", "sixteen"))
    found = [dlrs(handset.tell(receipt(text)))[0].message_id for text in ("16", "10", "0016")]
    assert found == ["sixteen", "ten", "sixteen"]


def test_the_newest_segment_owns_an_id_that_is_used_again() -> None:
    handset = Handset()
    old = accepted("77", "old", answered_ms=NOW_MS - 5000)
    handset.tell(old)
    handset.tell(receipt("77"))
    handset.tell(accepted("77", "new", answered_ms=NOW_MS))
    assert handset.tell(old) == []
    (dlr,) = dlrs(handset.tell(receipt("77")))
    assert (dlr.message_id, dlr.repeat) == ("new", False)


def test_no_receipt_in_time_is_told_to_the_tracker() -> None:
    handset = Handset()
    handset.tell(accepted("1", segment=1, segments=2), accepted("2", segment=2, segments=2))
    handset.tell(receipt("1"))
    (told,) = handset.ring("receipt_timeout")
    wake = Wake(key="m1", kind="receipt_timeout", what="2|0", set_ms=NOW_MS)
    assert told == Publish("sms.tracker.in", "m1", wake)


def test_an_intermediate_receipt_does_not_stop_the_time() -> None:
    handset = Handset()
    handset.tell(accepted())
    handset.tell(receipt(stat="ENROUTE"))
    assert len(handset.ring("receipt_timeout")) == 1


def test_a_segment_sent_twice_is_final_once() -> None:
    handset = Handset()
    handset.tell(accepted("1"), accepted("2", attempt=2))
    found = dlrs(handset.tell(receipt("1"), receipt("2")))
    assert [(dlr.smsc_message_id, dlr.repeat) for dlr in found] == [("1", False), ("2", True)]
    assert handset.ring("receipt_timeout") == []


def test_a_timer_of_a_kind_nobody_knows_is_ignored() -> None:
    assert Handset().tell(Wake(key=HANDSET, kind="other", what="x", set_ms=NOW_MS)) == []


def test_a_receipt_is_joined_as_long_as_its_segment_lives() -> None:
    handset = Handset()
    handset.tell(accepted())
    life_ms = OWN.life_s * 1000
    assert len(dlrs(handset.tell(receipt(stat="ENROUTE"), after_ms=life_ms - 1))) == 1
    assert dlrs(handset.tell(receipt(), after_ms=1)) == []


@given(st.data(), st.integers(1, 4))
def test_every_receipt_is_joined_once_whatever_the_order(data: st.DataObject, count: int) -> None:
    messages = [f"m{i}" for i in range(count)]
    facts: list[HandsetFact] = []
    for i, message in enumerate(messages):
        facts += [accepted(f"{0xA0 + i:X}", message), receipt(str(0xA0 + i))]
        facts += data.draw(st.lists(st.just(receipt(str(0xA0 + i), "ENROUTE")), max_size=2))
    handset = Handset()
    effects = handset.tell(*data.draw(st.permutations(facts)))
    effects += handset.ring("receipt_parked") + handset.ring("receipt_timeout")
    joined = dlrs(effects)
    assert len(joined) == sum(not isinstance(fact, MtSubmitted) for fact in facts)
    firsts = [dlr.message_id for dlr in joined if dlr.final and not dlr.repeat]
    assert sorted(firsts, key=str) == messages
    assert published(effects, "sms.dlr.orphan") == []
    assert not any(isinstance(e.record, Wake) for e in published(effects, "sms.tracker.in"))


@pytest.mark.parametrize(("connector", "receipts"), [(PLAIN, 1), (FAST, 0)])
def test_a_profile_may_let_the_text_make_a_receipt(connector: ConnectorId, receipts: int) -> None:
    octets = b"id:1 sub:001 dlvrd:001 done date:2401311201 stat:DELIVRD err:000 text:"
    effects = Handset().tell(deliver(connector=connector, short_message=octets))
    assert len(mos(effects)) == 1 - receipts


def test_a_notification_on_the_way_is_never_final() -> None:
    octets = b"id:1 stat:DELIVRD"
    (dlr,) = dlrs(
        Handset().tell(accepted(smsc_message_id="1"), deliver(esm_class=0x20, short_message=octets))
    )
    assert (dlr.state, dlr.final) == ("DELIVERED", False)
