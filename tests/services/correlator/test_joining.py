"""Early, late, doubtful and many: each receipt ends at its own segment, once."""

import itertools
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from pipeline.config import Config, ProfileConfig
from pipeline.effects import AS_IT_CAME, Effect, Publish, PublishLater, Trace
from pipeline.ids import ConnectorId, MessageId
from pipeline.records import Dlr, MtSubmitted, SmscDeliver, Tlv, Wake
from pipeline.references import reference_of
from services.binder.core import delivered
from services.binder.handsets import Writing
from services.correlator.core import Correlator, HandsetFact
from services.correlator.segments import ROWS_MAX
from services.sandbox.mind import Mind
from services.sandbox.scenario import parse
from smpp.pdu import SubmitSm
from tests.services.correlator.builders import (
    CONFIG,
    DAY_MS,
    FAR,
    HANDSET,
    NOW_MS,
    OWN,
    SLOW,
    TWIN,
    Handset,
    accepted,
    connector,
    dlrs,
    published,
    receipt,
)


def doubtful(message: str = "m1", **changed: Any) -> MtSubmitted:
    return accepted("", message, **{"outcome": "unknown", "sender": "12345", **changed})


def echoed(
    smsc_message_id: str, message: str, stat: str = "DELIVRD", **changed: Any
) -> SmscDeliver:
    value = reference_of(MessageId(message), 1).to_bytes(2, "big")
    tlvs = (Tlv(tag=0x0204, value=value),)
    return receipt(smsc_message_id, stat, **{"tlvs": tlvs, "connector": "echo", **changed})


def orphans(effects: list[Effect]) -> list[Dlr]:
    return dlrs(effects, "sms.dlr.orphan")


def test_an_orphan_whose_segment_comes_is_told_again_as_repaired() -> None:
    handset = Handset()
    handset.tell(receipt())
    assert len(orphans(handset.ring("receipt_parked"))) == 1
    effects = handset.tell(accepted(), after_ms=3_600_000)
    (dlr,) = dlrs(effects)
    assert (dlr.message_id, dlr.repaired, dlr.joined_by) == ("m1", True, "id")
    assert dlrs(effects, "sms.tracker.in") == [dlr]
    assert handset.tell(accepted()) == []
    assert dlrs(handset.tell(accepted("other", "m2"))) == []


def test_an_orphan_is_told_once_as_an_orphan() -> None:
    handset = Handset()
    handset.tell(receipt("1"), receipt("2"))
    first = orphans(handset.ring("receipt_parked"))
    assert [dlr.smsc_message_id for dlr in first] == ["1", "2"]
    handset.tell(receipt("3"))
    assert [dlr.smsc_message_id for dlr in orphans(handset.ring("receipt_parked"))] == ["3"]


def test_an_orphan_from_before_is_not_that_of_a_segment_with_its_id() -> None:
    handset = Handset()
    handset.tell(receipt("77"))
    handset.ring("receipt_parked")
    day_ms = NOW_MS + DAY_MS
    fact = accepted("77", "new", submitted_ms=day_ms, answered_ms=day_ms + 50)
    assert dlrs(handset.tell(fact, after_ms=DAY_MS)) == []
    (dlr,) = dlrs(handset.tell(receipt("77", received_ms=day_ms + 90)))
    assert (dlr.message_id, dlr.repeat, dlr.repaired) == ("new", False, False)


def test_a_late_receipt_of_an_id_that_is_used_again_is_that_of_the_older() -> None:
    handset = Handset()
    handset.tell(accepted("77", "old", submitted_ms=NOW_MS - DAY_MS, answered_ms=NOW_MS - DAY_MS))
    handset.tell(accepted("77", "new", submitted_ms=NOW_MS, answered_ms=NOW_MS + 1))
    text = b"id:77 submit date:2609201413 done date:2609211413 stat:DELIVRD"
    (dlr,) = dlrs(handset.tell(receipt(short_message=text)))
    assert dlr.message_id == "old"


def test_a_segment_whose_answer_was_lost_is_found_when_the_waiting_ends() -> None:
    handset = Handset()
    handset.tell(doubtful())
    assert dlrs(handset.tell(receipt("4711", "ENROUTE"), receipt("4711"))) == []
    found = dlrs(handset.ring("receipt_parked"))
    assert [(dlr.message_id, dlr.state, dlr.joined_by) for dlr in found] == [
        ("m1", "ENROUTE", "addresses"),
        ("m1", "DELIVERED", "id"),
    ]
    (again,) = dlrs(handset.tell(receipt("4711")))
    assert (again.repeat, again.joined_by) == (True, "id")


def test_until_the_waiting_ends_the_answer_of_another_segment_may_come() -> None:
    handset = Handset()
    handset.tell(doubtful(), receipt("4711"))
    (dlr,) = dlrs(handset.tell(accepted("4711", "m2"), after_ms=60_000))
    assert dlr.message_id == "m2"
    assert dlrs(handset.ring("receipt_parked")) == orphans(handset.ring("receipt_parked")) == []


@pytest.mark.parametrize("is_early", [True, False])
def test_a_reference_that_is_echoed_names_the_segment_at_once(is_early: bool) -> None:
    echo, lost = echoed("4711", "m1"), doubtful(connector="echo")
    handset = Handset()
    (dlr,) = dlrs(handset.tell(*([echo, lost] if is_early else [lost, echo])))
    assert (dlr.message_id, dlr.joined_by, dlr.final) == ("m1", "reference", True)


@pytest.mark.parametrize(("message", "hop"), [("m3", 1), ("m1080", 0)])
def test_a_reference_of_what_has_another_id_waits_for_the_answer_with_its_own(
    message: str, hop: int
) -> None:
    """It is that of each way of a segment, and of one other segment in 65,536."""
    assert reference_of(MessageId("m3"), 1) == reference_of(MessageId(message), 1)
    handset = Handset()
    handset.tell(accepted("aaa111", "m3", connector="echo"), echoed("aaa111", "m3", "UNDELIV"))
    assert dlrs(handset.tell(echoed("bbb222", message))) == []
    (dlr,) = dlrs(handset.tell(accepted("bbb222", message, connector="echo", hop=hop)))
    assert (dlr.message_id, dlr.hop, dlr.state) == (message, hop, "DELIVERED")
    assert (dlr.repeat, dlr.joined_by) == (False, "id")
    assert dlrs(handset.ring("receipt_parked")) == []


def test_a_reference_is_what_is_left_where_ids_have_nothing_to_do_with_one_another() -> None:
    handset = Handset()
    handset.tell(accepted("aaa111", connector="echo"), echoed("zz9", "m1"))
    (dlr,) = dlrs(handset.ring("receipt_parked"))
    assert (dlr.message_id, dlr.joined_by) == ("m1", "reference")


def test_an_id_that_only_a_receipt_has_told_is_read_as_receipts_write_it() -> None:
    handset = Handset()
    handset.tell(doubtful(connector=FAR), receipt("439041101", "ENROUTE", connector=FAR))
    (guess,) = dlrs(handset.ring("receipt_parked"))
    (dlr,) = dlrs(handset.tell(receipt("0439041101", connector=FAR)))
    assert [each.joined_by for each in (guess, dlr)] == ["addresses", "id"]
    assert handset.state.shared.octets == {}  # nothing is learnt of two receipts
    late = accepted("1A2B3C4D", connector=FAR, answered_ms=NOW_MS - 20)
    assert [e.topic for e in handset.tell(late)] == ["sms.tracker.in"]
    (again,) = dlrs(handset.tell(receipt("439041101", connector=FAR)))
    assert (again.joined_by, again.repeat) == ("id", True)


def test_a_segment_that_is_accepted_without_an_id_has_its_time_and_may_be_guessed() -> None:
    nameless = accepted("", sender="12345")
    for name, told, way in (
        ("echo", echoed("4711", "m1"), "reference"),
        ("fast", receipt("4711"), "addresses"),
        ("bare", None, None),
    ):
        handset = Handset()
        effects = handset.tell(replace(nameless, connector=ConnectorId(name)))
        assert [e.topic for e in effects] == ["sms.tracker.in", "sms.correlator.in"]
        if told is None:
            assert len(handset.ring("receipt_timeout")) == 1
            continue
        found = dlrs(handset.tell(told)) or dlrs(handset.ring("receipt_parked"))
        assert [dlr.joined_by for dlr in found] == [way]
        assert handset.ring("receipt_timeout") == []
    assert len(Handset().tell(replace(nameless, receipt_expected=False))) == 1


@pytest.mark.parametrize("fact", [doubtful(receipt_expected=False), doubtful(outcome="expired")])
def test_of_what_asks_for_no_receipt_or_was_not_sent_none_is_guessed(fact: MtSubmitted) -> None:
    handset = Handset()
    handset.tell(fact, receipt("4711"))
    assert len(orphans(handset.ring("receipt_parked"))) == 1


def test_a_doubt_goes_on_to_the_tracker_once_and_sets_no_time() -> None:
    handset = Handset()
    (forward,) = handset.tell(doubtful())
    assert forward.topic == "sms.tracker.in"
    assert handset.tell(doubtful()) == []


def test_a_receipt_in_a_writing_that_the_profile_excludes_is_joined_after_its_time() -> None:
    handset = Handset()
    handset.tell(accepted("10", connector=FAR))
    assert dlrs(handset.tell(receipt("10", connector=FAR))) == []
    (dlr,) = dlrs(handset.ring("receipt_parked"))
    assert (dlr.joined_by, dlr.repaired) == ("notation", False)
    assert handset.ring("receipt_timeout") == []


def test_the_receipt_of_a_long_validity_is_joined_until_its_time_is_over() -> None:
    handset = Handset()
    handset.tell(accepted(deadline_ms=NOW_MS + 20 * DAY_MS))
    (dlr,) = dlrs(handset.tell(receipt(), after_ms=20 * DAY_MS))
    assert dlr.message_id == "m1"


def test_the_end_of_a_segment_is_known_when_its_timer_comes_late() -> None:
    handset = Handset()
    handset.tell(accepted(deadline_ms=NOW_MS + 7 * DAY_MS), receipt())
    (timer,) = [timer for timer in handset.timers if isinstance(timer.record, Wake)]
    assert timer.due_ms == NOW_MS + 7 * DAY_MS + OWN.grace_s * 1000
    assert isinstance(timer.record, Wake)
    late_ms = timer.due_ms + 1_800_000 - NOW_MS
    assert handset.tell(timer.record, after_ms=late_ms) == []


class ById:
    """The correlator of a carrier whose receipts tell no handset: a state for each key."""

    def __init__(self, config: Config = CONFIG) -> None:
        self._config = config
        self.handsets: dict[str, Handset] = {}
        self.effects: list[Effect] = []

    def tell(self, key: str, fact: HandsetFact) -> None:
        if key not in self.handsets:
            self.handsets[key] = Handset(self._config, key)
        for effect in self.handsets[key].tell(fact):
            self.effects.append(effect)
            if isinstance(effect, Publish) and effect.topic == "sms.correlator.in":
                assert isinstance(effect.record, MtSubmitted | SmscDeliver)
                self.tell(effect.key, effect.record)


def test_what_waits_at_its_handset_is_found_there_though_its_carrier_goes_by_id() -> None:
    """It was sent before the profile said so, or its answer was lost."""
    usual = {"id_in_response": "decimal", "id_in_receipt": "decimal"}
    before, after = (
        Config(
            dev=True,
            profiles={"p": ProfileConfig.model_validate({**usual, **more})},
            connectors={"fast": connector("p")},
        )
        for more in ({}, {"correlate_by": "id", "user_message_reference": True})
    )
    world = ById(before)
    world.tell(HANDSET, accepted("77", "m1"))
    world.handsets[HANDSET].correlator = Correlator(after, OWN, lambda: 0.0)
    world.tell(HANDSET, accepted("78", "m2"))
    world.tell(HANDSET, doubtful("m3"))
    world.tell(HANDSET, receipt("77"))
    world.tell(HANDSET, echoed("79", "m3", connector="fast"))
    assert set(world.handsets) == {HANDSET, "id|fast|78"}
    world.handsets["id|fast|78"].correlator = Correlator(after, OWN, lambda: 0.0)
    world.tell(HANDSET, receipt("78"))
    told = [(dlr.message_id, dlr.joined_by, dlr.repeat) for dlr in dlrs(world.effects)]
    assert told == [("m1", "id", False), ("m3", "reference", False), ("m2", "id", False)]


@pytest.mark.parametrize("is_early", [True, False])
def test_by_its_id_alone_a_receipt_finds_the_segment_of_any_handset(is_early: bool) -> None:
    answer = accepted("1A2B3C4D", connector="bare")
    told = receipt("439041101", connector="bare", handset="none-1", source_addr="")
    facts: list[tuple[str, HandsetFact]] = [(HANDSET, answer), ("none-1", told)]
    world = ById()
    for fact in reversed(facts) if is_early else facts:
        world.tell(*fact)
    world.tell(HANDSET, answer)
    (dlr,) = dlrs(world.effects)
    assert (dlr.message_id, dlr.recipient, dlr.joined_by) == ("m1", HANDSET, "id")
    assert set(world.handsets) == {HANDSET, "none-1", "id|bare|439041101"}
    told_on = [e.record for e in published(world.effects, "sms.tracker.in")]
    assert sum(isinstance(record, MtSubmitted) for record in told_on) == 1
    world.tell("none-1", told)
    assert dlrs(world.effects)[-1].repeat


def test_the_timers_of_an_id_come_back_to_it() -> None:
    world = ById()
    world.tell(HANDSET, accepted("1A2B3C4D", connector="bare"))
    world.tell("none-1", receipt("999", connector="bare", handset="none-1"))
    timers = [e for e in world.effects if isinstance(e, PublishLater)]
    assert [timer.key for timer in timers] == ["id|bare|439041101", "id|bare|999"]
    segment, parked = (timer.record for timer in timers)
    assert isinstance(segment, Wake)
    assert isinstance(parked, Wake)
    assert (segment.key, parked.key) == (timers[0].key, timers[1].key)
    at_segment, at_parked = (world.handsets[timer.key] for timer in timers)
    (told,) = at_segment.tell(segment)
    assert isinstance(told, Publish)
    assert (told.topic, told.key) == ("sms.tracker.in", "m1")
    assert len(orphans(at_parked.tell(parked, after_ms=600_000))) == 1


def test_a_swapped_receipt_came_to_its_source() -> None:
    handset = Handset()
    handset.tell(accepted("77", "other", sender="ACME", connector="swapped", answered_ms=NOW_MS))
    handset.tell(accepted("77", sender="12345", connector="swapped"))
    fact = receipt("77", connector="swapped", source_addr="12345", destination_addr=HANDSET)
    (dlr,) = dlrs(handset.tell(fact))
    assert dlr.message_id == "m1"


NATIONAL = {"national": {"calling_code": "46", "ton": 2, "npi": 1, "prefix": "0"}}
DIALLED = {"national": {**NATIONAL["national"], "in_receipts": True}}
HEX = {"id_in_response": "hexadecimal", "id_in_receipt": "decimal"}


@pytest.mark.parametrize(
    ("scenario", "profile", "way"),
    [
        ("{}", {}, "id"),
        ("message_ids: {in_response: hexadecimal, digits: 8, receipt_digits: 10}", {}, "id"),
        ("message_ids: {in_response: hexadecimal}", HEX, "id"),
        ("message_ids: {in_response: uuid, in_receipt: uuid}", {}, "id"),
        ("message_ids: {receipt_prefix: SE1-}", {}, "affix"),
        ("message_ids: {in_response: hexadecimal}", {"id_in_response": "opaque"}, "notation"),
        ("receipts: {addresses: swapped}", {"receipt_handset": "destination"}, "id"),
        ("receipts: {addresses: swapped, form: data_sm}", {"receipt_handset": "destination"}, "id"),
        ("receipts: {addresses: swapped}", {}, None),
        ("receipts: {addresses: national}", {"addresses": DIALLED}, "id"),
        ("receipts: {addresses: national}", {"addresses": NATIONAL}, None),
        (
            "{receipts: {addresses: missing}, message_ids: {in_response: hexadecimal}}",
            {"correlate_by": "id", **HEX},
            "id",
        ),
        ("receipts: {addresses: missing, text: false}", {}, None),
        ("receipts: {is_unmarked: true, tlv: false}", {"receipts_by_text": True}, "id"),
    ],
)
def test_the_receipt_of_an_odd_carrier_finds_its_segment_with_the_right_profile(
    scenario: str, profile: dict[str, Any], way: str | None
) -> None:
    """From the sandbox's receipt through the binder's record, each at its own key."""
    submit = SubmitSm(
        source_addr="12345",
        dest_addr_ton=1,
        destination_addr=HANDSET,
        registered_delivery=1,
        short_message=b"hello",
    )
    numbers = itertools.count(1_526_758_174)
    mind = Mind(parse(scenario, "odd"), Random(1), numbers, NOW_MS * 1_000_000)
    decision = mind.decide(submit, NOW_MS * 1_000_000)
    own = ProfileConfig.model_validate(profile)
    odd = ConnectorId("odd")
    config = Config(dev=True, profiles={"odd": own}, connectors={"odd": connector("odd")})
    pdu = decision.receipts[0].pdu
    fact = delivered(pdu, odd, "binder-0", 0, NOW_MS, Writing.of(own))
    world = ById(config)
    world.tell(HANDSET, accepted(decision.smsc_message_id, connector=odd, sender="12345"))
    world.tell(fact.handset, fact)
    for handset in list(world.handsets.values()):
        world.effects += handset.ring("receipt_parked")
    assert [dlr.joined_by for dlr in dlrs(world.effects)] == ([way] if way else [])
    assert len(orphans(world.effects)) == (way is None)
    assert all(dlr.recipient == HANDSET for dlr in dlrs(world.effects))


@given(st.data(), st.integers(1, ROWS_MAX + 8))
def test_in_any_order_and_repeated_each_receipt_is_joined_once_and_none_wrong(
    data: st.DataObject, count: int
) -> None:
    facts: list[HandsetFact] = []
    asked = 0
    for i in range(count):
        submitter, receiver = data.draw(st.sampled_from([(SLOW, TWIN), (FAR, FAR), (SLOW, SLOW)]))
        answer = accepted(f"{0xA000 + i:X}", f"m{i}", connector=submitter, answered_ms=NOW_MS + i)
        told = data.draw(st.lists(st.sampled_from(["ENROUTE", "DELIVRD"]), min_size=1, max_size=3))
        asked += len(told)
        facts += [answer] * data.draw(st.integers(1, 2))
        facts += [receipt(str(0xA000 + i), stat, connector=receiver) for stat in told]
    handset = Handset()
    effects: list[Effect] = []
    for fact in data.draw(st.permutations(facts)):
        effects += handset.tell(fact)
    joined = dlrs(effects)
    assert (len(joined), orphans(effects)) == (asked, [])
    assert all(dlr.message_id == f"m{int(dlr.smsc_message_id) - 0xA000}" for dlr in joined)
    finals = [dlr.message_id for dlr in joined if dlr.final and not dlr.repeat]
    assert len(finals) == len(set(finals))
    told_on = [e.record for e in published(effects, "sms.tracker.in")]
    assert sum(isinstance(record, MtSubmitted) for record in told_on) == count


@pytest.mark.parametrize(
    ("after_ms", "trace"),
    [
        (0, Trace("00-m1")),
        (3_500_000, Trace("00-m1")),
        (3_700_000, Trace("00-m1", is_past=True)),
        (23 * 3_600_000, Trace("00-m1", is_past=True)),
    ],
)
def test_a_receipt_is_of_its_segments_trace_or_hours_later_a_link_to_it(
    after_ms: int, trace: Trace
) -> None:
    handset = Handset()
    handset.state.trace = "00-m1"
    (first,) = published(handset.tell(accepted()), "sms.tracker.in")
    assert first.trace is AS_IT_CAME
    handset.state.trace = None
    effects = handset.tell(receipt(), after_ms=after_ms)
    assert [e.trace for e in effects if isinstance(e, Publish)] == [trace, trace]


@given(st.data(), st.integers(1, ROWS_MAX + 8))
def test_in_any_order_a_receipt_is_of_its_own_segments_trace(
    data: st.DataObject, count: int
) -> None:
    traces = [data.draw(st.sampled_from([None, f"00-m{i}"])) for i in range(count)]
    answers = [accepted(f"{i:X}", f"m{i}", answered_ms=NOW_MS + i) for i in range(count)]
    facts: list[tuple[HandsetFact, str | None]] = list(zip(answers, traces, strict=True))
    facts += [(receipt(f"{i:X}"), None) for i in range(count)]
    handset = Handset()
    joined: list[Publish] = []
    for fact, trace in data.draw(st.permutations(facts)):
        handset.state.trace = trace
        joined += published(handset.tell(fact), "sms.dlr")
    assert len(joined) == count
    for effect in joined:
        own = traces[int(effect.key.removeprefix("m"))]
        assert effect.trace == (own and Trace(own))
