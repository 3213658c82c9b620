"""The router: once per message_id, by the best way there is, or refused with a reason."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.config import Config, ProfileConfig, TenantConfig
from pipeline.effects import Effect, Publish, PublishLater
from pipeline.errors import ConfigError
from pipeline.ids import ConnectorId
from pipeline.profiles import Addresses, AddressForm, VendorTlv
from pipeline.records import (
    Binary,
    Encrypted,
    MtAdmitted,
    MtRejected,
    MtRequest,
    MtRouted,
    MtScheduled,
    MtSubmit,
    Stop,
)
from pipeline.stops import Stops
from services.router.core import Router
from services.router.repeats import digest_of
from services.router.routes import Changes, Match, Routes
from tests.entries import MemoryEntries
from tests.services.router.builders import (
    CONFIG,
    DAY_S,
    FAST,
    NOW_MS,
    ROUTES,
    SHORT,
    SLOW,
    admitted,
    connector,
    request,
    router,
    rule,
)

HOUR_MS = 3_600_000


def at(now_ms: int, state: MemoryEntries | None = None) -> MemoryEntries:
    state = state or MemoryEntries()
    state.now_ms = now_ms
    return state


def facts(effects: list[Effect]) -> list[str]:
    return [type(effect.record).__name__ for effect in effects]


def reason(effects: list[Effect]) -> str:
    (effect,) = effects
    assert isinstance(effect, Publish)
    assert isinstance(effect.record, MtRejected)
    assert (effect.topic, effect.key) == ("sms.tracker.in", effect.record.head.message_id)
    assert effect.record.stage == "router"
    return effect.record.reason


def routed(rules: Routes, asked: MtRequest) -> tuple[MtSubmit, MtRouted]:
    first, fact = router(routes=rules).decide(at(NOW_MS), admitted(asked), NOW_MS)
    assert isinstance(first, Publish)
    assert isinstance(fact, Publish)
    assert isinstance(first.record, MtSubmit)
    assert isinstance(fact.record, MtRouted)
    return first.record, fact.record


def test_a_rule_makes_another_message_of_it() -> None:
    changes = Changes(senders=("72001",), class_="billed", validity_s=30, on_ambiguous="ask")
    rules = Routes("v9", (rule("all", "", FAST, changes=changes),))
    submit, fact = routed(rules, request(from_="ACME", validity_s=600, on_ambiguous="resend"))
    assert (submit.source_addr, submit.class_, submit.on_ambiguous) == ("72001", "billed", "ask")
    assert submit.deadline_ms == fact.deadline_ms == NOW_MS - 10 + 30_000
    assert (fact.head.sender, fact.head.class_, fact.routes_version) == ("72001", "billed", "v9")


def test_a_rule_names_a_profile_for_what_is_not_the_smscs_own() -> None:
    profiles = {
        "own": ProfileConfig(default_alphabet="latin1", ledger_tlv=0x1400, receipts="last"),
        "other": ProfileConfig(
            segmentation="sar",
            octets_per_segment=70,
            receipts="none",
            silence="submitted",
            tlvs=(VendorTlv(tag=0x1403, text="A"),),
            addresses=Addresses(international=AddressForm(ton=0, npi=0)),
        ),
    }
    connectors = {FAST: connector(profile="own"), SLOW: connector(profile="own")}
    config = CONFIG.model_copy(update={"profiles": profiles, "connectors": connectors})
    changed = rule("sweden", "46", FAST, changes=Changes(profile="other"))
    own = Router(config, Routes("1", (changed, rule("rest", "", FAST))), lambda _: True, Stops())
    asked = request(text="@" + "x" * 99)
    *segments, fact = own.decide(at(NOW_MS), admitted(asked), NOW_MS)
    submits = [effect.record for effect in segments]
    assert isinstance(fact.record, MtRouted)
    assert (fact.record.receipts, fact.record.silence, fact.record.segments) == (
        *("none", "submitted", 2),
    )
    for submit in submits:
        assert isinstance(submit, MtSubmit)
        assert submit.registered_delivery == 0
        assert (submit.dest_addr_ton, submit.dest_addr_npi) == (1, 1)  # as the connector's has it
        assert [tlv.tag for tlv in submit.tlvs] == [0x020C, 0x020E, 0x020F, 0x1403, 0x1400]
    assert isinstance(submits[0], MtSubmit)
    assert bytes(submits[0].short_message)[:1] == b"@"  # type: ignore[arg-type] # latin1
    elsewhere = admitted(asked, recipient="4790000000", source="sms.mt.request/0/2")
    segment, fact = own.decide(at(NOW_MS), elsewhere, NOW_MS)
    assert isinstance(segment.record, MtSubmit)
    assert isinstance(fact.record, MtRouted)
    assert (fact.record.receipts, fact.record.segments) == ("last", 1)
    assert [tlv.tag for tlv in segment.record.tlvs] == [0x1400]


def test_a_rule_sends_from_the_number_nearest_to_the_recipient() -> None:
    senders = ("ACME", "+46700000001", "+4790000001")
    changes = Changes(senders=senders, sender_by="nearest")
    rules = Routes("v9", (rule("all", "", FAST, changes=changes),))
    for recipient, sender in (
        ("46701234567", "46700000001"),
        ("4791234567", "4790000001"),
        ("358401234567", "ACME"),
    ):
        record = admitted(request(), recipient=recipient)
        first, _ = router(routes=rules).decide(at(NOW_MS), record, NOW_MS)
        assert isinstance(first.record, MtSubmit)
        assert first.record.source_addr == sender


def test_a_rule_never_makes_a_validity_longer_nor_lets_a_stranger_send() -> None:
    changes = Changes(senders=("72001",), validity_s=600)
    rules = Routes("v9", (rule("all", "", FAST, changes=changes),))
    assert routed(rules, request(validity_s=30))[0].deadline_ms == NOW_MS - 10 + 30_000
    record = admitted(request(from_="EVIL"))
    told = router(routes=rules).decide(at(NOW_MS), record, NOW_MS)
    assert reason(told) == "sender_not_allowed"


@pytest.mark.parametrize(
    ("match", "asked"),
    [
        (Match(tenants=frozenset({"default"})), {}),
        (Match(classes=frozenset({"otp"})), {"class_": "otp"}),
        (Match(senders=("ACME",)), {}),
        (Match(campaigns=("spring*",)), {"campaign": "spring-1"}),
        (Match(text="^hello$"), {}),
        (Match(lanes=frozenset({"normal"})), {}),
    ],
)
def test_rules_ask_for_what_a_message_is(match: Match, asked: dict[str, Any]) -> None:
    miss = Match(tenants=frozenset({"nobody"}))
    for only, name in ((match, "it"), (miss, "rest")):
        rules = Routes("1", (rule("it", "46", SLOW, match=only), rule("rest", "", FAST)))
        assert routed(rules, request(**asked))[1].rule == name


def test_other_routes_are_in_force_from_the_next_message_on() -> None:
    own, state = router(), at(NOW_MS)
    assert facts(own.decide(state, admitted(), NOW_MS))[-1] == "MtRouted"
    own.routes = Routes("v2", (rule("shut", "", reject="closed"),))
    again = admitted(request(message_id="m2"), source="sms.mt.request/0/2")
    assert reason(own.decide(state, again, NOW_MS)) == "closed"


def test_what_an_operator_has_cancelled_is_not_routed() -> None:
    stops, record = Stops(), admitted(request(campaign="spring"))
    stops.put("s", Stop(action="cancel", campaign="spring", at_ms=NOW_MS))
    own = router(stops=stops)
    assert reason(own.decide(at(NOW_MS), record, NOW_MS)) == "cancelled"
    stops.put("s", None)
    assert facts(own.decide(at(NOW_MS), record, NOW_MS))[-1] == "MtRouted"


def test_a_message_becomes_its_segments_and_one_fact() -> None:
    asked = request(text="x" * 161, campaign="c", caller_data="mine")
    first, second, fact = router().decide(at(NOW_MS), admitted(asked), NOW_MS)
    for number, effect in enumerate((first, second), 1):
        assert isinstance(effect, Publish)
        assert isinstance(effect.record, MtSubmit)
        assert (effect.topic, effect.key) == ("sms.mt.submit.fast.g2", "46701234567")
        assert (effect.record.segment, effect.record.segments) == (number, 2)
    head = msgspec.structs.replace(admitted(asked).head, sender="ACME")
    assert fact == Publish(
        "sms.tracker.in",
        "m1",
        MtRouted(
            head=head,
            connector=FAST,
            segments=2,
            data_coding=0,
            receipts_expected=2,
            hop=0,
            rule="sweden",
            routes_version="v1",
            deadline_ms=NOW_MS - 10 + DAY_S * 1000,
            routed_ms=NOW_MS,
        ),
    )


@pytest.mark.parametrize(
    ("profile", "asked", "told"),
    [
        ({}, None, ("all", "unknown", 1)),
        ({"receipts": "failures", "silence": "delivered"}, None, ("failures", "delivered", 1)),
        ({"receipts": "failures", "silence": "submitted"}, "none", ("none", "submitted", 0)),
        ({"receipts": "none"}, "any", ("any", "unknown", 1)),
    ],
)
def test_the_tracker_is_told_which_receipts_were_asked_for_and_what_silence_means(
    profile: dict[str, Any], asked: str | None, told: tuple[str, str, int]
) -> None:
    connectors = {**CONFIG.connectors, FAST: connector(profile="mine")}
    config = CONFIG.model_copy(
        update={
            "profiles": {**CONFIG.profiles, "mine": ProfileConfig(**profile)},
            "connectors": connectors,
        }
    )
    record = admitted(request(receipts=asked))
    own = Router(config, ROUTES, lambda _: True, Stops())
    *_, fact = own.decide(at(NOW_MS), record, NOW_MS)
    routed = fact.record
    assert isinstance(routed, MtRouted)
    assert (routed.receipts, routed.silence, routed.receipts_expected) == told


def test_the_priority_lane_has_a_topic_of_its_own() -> None:
    effect, _ = router().decide(at(NOW_MS), admitted(lane="priority"), NOW_MS)
    assert isinstance(effect, Publish)
    assert effect.topic == "sms.mt.submit.fast.g2.priority"


@pytest.mark.parametrize(
    ("up", "expected"),
    [
        ([FAST, SLOW], FAST),
        ([FAST], FAST),
        ([SLOW], SLOW),
        ([], FAST),
        ([SHORT], FAST),
    ],
)
def test_the_first_connector_that_is_up_is_taken_else_the_first(
    up: list[ConnectorId], expected: ConnectorId
) -> None:
    *_, fact = router(up).decide(at(NOW_MS), admitted(), NOW_MS)
    assert isinstance(fact.record, MtRouted)
    assert fact.record.connector == expected


SECRET = Encrypted(key_id="k", nonce=b"n", ciphertext=b"c")


@pytest.mark.parametrize(
    ("expected", "asked", "changed"),
    [
        ("unknown_tenant", {}, {"tenant": "nobody"}),
        ("no_sender", {}, {"tenant": "mute"}),
        ("sender_not_allowed", {"from_": "ACME"}, {"tenant": "mute"}),
        ("sender_not_allowed", {"from_": "EVIL"}, {}),
        ("encrypted_body_unsupported", {"text": SECRET}, {}),
        ("expired", {"validity_s": 5}, {"requested_ms": NOW_MS - 5001}),
        ("expired", {}, {"tenant": "brief", "requested_ms": NOW_MS - 60_001}),
        ("no_route", {}, {"recipient": "15551234567"}),
        ("premium_number", {}, {"recipient": "46901234567"}),
        ("too_long", {"text": "ж" * 17_000}, {}),
        ("too_long", {"binary": Binary(data=b"x" * 35_700)}, {}),
    ],
)
def test_what_may_not_be_sent_is_an_event_and_nothing_else(
    expected: str, asked: dict[str, Any], changed: dict[str, Any]
) -> None:
    state, record = at(NOW_MS), admitted(request(**asked), **changed)
    assert reason(router().decide(state, record, NOW_MS)) == expected
    assert router().decide(state, record, NOW_MS) == []


@pytest.mark.parametrize(
    ("wanted", "sender"), [(None, "ACME"), ("ACME", "ACME"), ("72000", "72000")]
)
def test_the_facts_say_who_sent_it(wanted: str | None, sender: str) -> None:
    submit, fact = router().decide(at(NOW_MS), admitted(request(from_=wanted)), NOW_MS)
    assert isinstance(submit.record, MtSubmit)
    assert submit.record.source_addr == sender
    assert isinstance(fact.record, MtRouted)
    assert fact.record.head.sender == sender


@pytest.mark.parametrize(
    ("asked", "requested_ms", "deadline_ms"),
    [
        ({}, NOW_MS - 9, NOW_MS - 9 + DAY_S * 1000),
        ({"validity_s": 60}, NOW_MS - 9, NOW_MS - 9 + 60_000),
        ({"validity_s": 60, "send_at_ms": NOW_MS}, NOW_MS - 9, NOW_MS + 60_000),
        ({"validity_s": 60, "send_at_ms": 0}, NOW_MS - 9, NOW_MS - 9 + 60_000),
    ],
)
def test_validity_runs_from_the_request_or_a_later_send_at(
    asked: dict[str, Any], requested_ms: int, deadline_ms: int
) -> None:
    record = admitted(request(**asked), requested_ms=requested_ms)
    submit, fact = router().decide(at(NOW_MS), record, NOW_MS)
    assert isinstance(submit.record, MtSubmit)
    assert isinstance(fact.record, MtRouted)
    assert submit.record.deadline_ms == fact.record.deadline_ms == deadline_ms


class TestRepeats:
    """The same record again, and the same id again, are two things."""

    @given(
        st.sampled_from(["46701234567", "4790000000", "358401234567", "46901234567", "15551234"]),
        st.text(min_size=1, max_size=400),
        st.sampled_from([None, "ACME", "EVIL"]),
        st.sampled_from([None, NOW_MS - 1, NOW_MS + HOUR_MS]),
    )
    def test_the_same_record_again_is_nothing_at_all(
        self, recipient: str, text: str, sender: str | None, send_at_ms: int | None
    ) -> None:
        state = at(NOW_MS)
        asked = request(text=text, from_=sender, send_at_ms=send_at_ms)
        record = admitted(asked, recipient=recipient)
        assert router().decide(state, record, NOW_MS) != []
        before = dict(state.octets)
        assert router().decide(state, record, NOW_MS + 1) == []
        assert state.octets == before

    @pytest.mark.parametrize(
        ("changed", "expected"),
        [
            ({}, "duplicate"),
            ({"to": "0046701234567"}, "duplicate"),
            ({"text": "other"}, "payload_mismatch"),
            ({"from_": "72000"}, "payload_mismatch"),
            ({"flash": True}, "payload_mismatch"),
            ({"class_": "otp"}, "payload_mismatch"),
            ({"text": None, "binary": Binary(data=b"hello")}, "payload_mismatch"),
            ({"send_at_ms": NOW_MS + HOUR_MS}, "payload_mismatch"),
            ({"caller_data": "x"}, "payload_mismatch"),
            ({"carrier_data": {"a": "1"}}, "payload_mismatch"),
        ],
    )
    def test_the_same_id_from_elsewhere_is_one_event(
        self, changed: dict[str, Any], expected: str
    ) -> None:
        state = at(NOW_MS)
        router().decide(state, admitted(source="a/0/1"), NOW_MS)
        again = admitted(request(**changed), source="a/0/2")
        assert reason(router().decide(state, again, NOW_MS)) == expected
        assert router().decide(state, again, NOW_MS) == []
        assert (
            reason(router().decide(state, msgspec.structs.replace(again, source="a/0/3"), NOW_MS))
            == expected
        )

    def test_a_repeat_does_not_make_the_original_live_longer(self) -> None:
        state = at(NOW_MS)
        router().decide(state, admitted(source="a/0/1"), NOW_MS)
        later_ms = NOW_MS + DAY_S * 1000 - 1
        repeat = admitted(source="a/0/2", requested_ms=later_ms)
        assert reason(router().decide(at(later_ms, state), repeat, later_ms)) == "duplicate"
        after_ms = NOW_MS + DAY_S * 1000
        anew = admitted(source="a/0/3", requested_ms=after_ms)
        assert facts(router().decide(at(after_ms, state), anew, after_ms)) == [
            "MtSubmit",
            "MtRouted",
        ]

    def test_other_ids_of_the_same_recipient_are_other_messages(self) -> None:
        state = at(NOW_MS)
        for number in range(3):
            record = admitted(request(message_id=f"m{number}"), source=f"a/0/{number}")
            assert facts(router().decide(state, record, NOW_MS)) == ["MtSubmit", "MtRouted"]


class TestSendAt:
    """A message with a send_at in the future waits in the scheduler and comes back once."""

    SEND_AT_MS = NOW_MS + 48 * HOUR_MS
    RECORD = admitted(request(send_at_ms=SEND_AT_MS, validity_s=60))
    DUE = msgspec.structs.replace(RECORD, due=True)

    def scheduled(self) -> MemoryEntries:
        state = at(NOW_MS)
        router().decide(state, self.RECORD, NOW_MS)
        return at(self.SEND_AT_MS, state)

    def test_it_is_handed_to_the_scheduler_and_told_of(self) -> None:
        later, fact = router().decide(at(NOW_MS), self.RECORD, NOW_MS)
        assert later == PublishLater(self.SEND_AT_MS, "sms.router.in", "46701234567", self.DUE)
        head = msgspec.structs.replace(self.RECORD.head, sender="ACME")
        assert fact == Publish(
            "sms.tracker.in",
            "m1",
            MtScheduled(
                head=head,
                send_at_ms=self.SEND_AT_MS,
                scheduled_ms=NOW_MS,
                rule="sweden",
                routes_version="v1",
            ),
        )

    def test_it_is_routed_when_it_comes_back_and_never_twice(self) -> None:
        state = self.scheduled()
        now_ms = self.SEND_AT_MS + 3
        submit, fact = router().decide(state, self.DUE, now_ms)
        assert isinstance(submit.record, MtSubmit)
        assert isinstance(fact.record, MtRouted)
        assert fact.record.deadline_ms == self.SEND_AT_MS + 60_000
        assert router().decide(state, self.DUE, now_ms) == []
        assert router().decide(state, self.RECORD, now_ms) == []

    def test_it_is_routed_even_if_our_clock_is_behind_the_schedulers(self) -> None:
        effects = router().decide(self.scheduled(), self.DUE, self.SEND_AT_MS - 50)
        assert facts(effects) == ["MtSubmit", "MtRouted"]

    def test_it_is_routed_even_if_its_entry_is_gone(self) -> None:
        state, now_ms = at(self.SEND_AT_MS), self.SEND_AT_MS
        assert facts(router().decide(state, self.DUE, now_ms)) == ["MtSubmit", "MtRouted"]
        assert router().decide(state, self.DUE, now_ms) == []

    def test_its_id_is_known_until_a_day_after_it_was_due(self) -> None:
        state = self.scheduled()
        repeat = msgspec.structs.replace(self.RECORD, source="elsewhere/0/0")
        for now_ms in (self.SEND_AT_MS, self.SEND_AT_MS + DAY_S * 1000):
            again = msgspec.structs.replace(repeat, source=f"elsewhere/0/{now_ms}")
            effects = router().decide(at(now_ms, state), again, now_ms)
            assert reason(effects) == "duplicate"

    def test_policy_is_asked_again_when_it_comes_back(self) -> None:
        state = self.scheduled()
        closed = Routes("v2", (rule("shut", "", reject="closed"),))
        assert reason(router(routes=closed).decide(state, self.DUE, self.SEND_AT_MS)) == "closed"
        assert router().decide(state, self.DUE, self.SEND_AT_MS) == []

    @pytest.mark.parametrize("about", [{"campaign": "spring"}, {"tenant": "default"}, {}])
    @pytest.mark.parametrize("is_resumed", [False, True])
    def test_what_is_cancelled_meanwhile_ends_so_when_it_is_due(
        self, about: dict[str, str], *, is_resumed: bool
    ) -> None:
        stops, state = Stops(), at(NOW_MS)
        own = router(stops=stops)
        asked = request(campaign="spring", send_at_ms=self.SEND_AT_MS)
        later, fact = own.decide(state, admitted(asked), NOW_MS)
        assert isinstance(later, PublishLater)
        assert isinstance(fact.record, MtScheduled)
        stops.put("row", Stop(action="cancel", **about, at_ms=NOW_MS + 1))
        if is_resumed:
            stops.put("row", None)
        assert isinstance(later.record, MtAdmitted)
        effects = own.decide(at(self.SEND_AT_MS, state), later.record, self.SEND_AT_MS)
        if is_resumed:
            assert facts(effects) == ["MtSubmit", "MtRouted"]
        else:
            assert reason(effects) == "cancelled"
        assert own.decide(state, later.record, self.SEND_AT_MS) == []

    def test_what_can_be_refused_already_is_not_scheduled(self) -> None:
        record = admitted(request(send_at_ms=self.SEND_AT_MS), recipient="15551234567")
        assert reason(router().decide(at(NOW_MS), record, NOW_MS)) == "no_route"

    def test_a_send_at_that_has_come_is_no_reason_to_wait(self) -> None:
        record = admitted(request(send_at_ms=NOW_MS))
        assert facts(router().decide(at(NOW_MS), record, NOW_MS)) == ["MtSubmit", "MtRouted"]


class TestReferences:
    """What ties segments together: from the id, or counted."""

    def headers(self, recipient: str, message_id: str, state: MemoryEntries) -> list[bytes]:
        asked = request(message_id=message_id, text="x" * 200)
        record = admitted(asked, recipient=recipient, source=message_id)
        effects = router().decide(state, record, NOW_MS)
        submits = [effect.record for effect in effects if isinstance(effect.record, MtSubmit)]
        return [bytes(submit.short_message)[:7] for submit in submits]  # type: ignore[arg-type]

    def test_sixteen_bits_come_from_the_message_id(self) -> None:
        first = self.headers("46701234567", "m1", at(NOW_MS))
        assert first == self.headers("46701234567", "m1", at(NOW_MS))
        assert first != self.headers("46701234567", "m2", at(NOW_MS))
        assert [header[:3].hex() for header in first] == ["060804", "060804"]
        assert [header[5:].hex() for header in first] == ["0201", "0202"]
        assert first[0][3:5] == first[1][3:5]

    def test_eight_bits_are_counted_by_recipient_and_come_round(self) -> None:
        state = at(NOW_MS)
        found = [self.headers("358401234567", f"m{number}", state)[0] for number in range(258)]
        assert [header[:3].hex() for header in found[:1]] == ["050003"]
        assert [header[3] for header in found] == [*range(256), 0, 1]

    def test_a_message_of_one_segment_takes_none(self) -> None:
        state = at(NOW_MS)
        router().decide(state, admitted(recipient="358401234567"), NOW_MS)
        assert "reference" not in state.octets


def test_a_digest_tells_contents_apart_and_nothing_else() -> None:
    assert digest_of(request()) == digest_of(request(message_id="m2", to="0046701234567"))
    assert digest_of(request()) != digest_of(request(text="hello "))
    assert len(digest_of(request())) == 16


def test_a_tenant_with_senders_no_one_can_write_is_a_fault_of_the_configuration() -> None:
    tenants = {"default": TenantConfig(senders=["ACME", "WAY TOO LONG"]), "b": TenantConfig()}
    with pytest.raises(ConfigError, match=r"tenants\.default\.senders: 'WAY TOO LONG'"):
        Router(Config(tenants=tenants), ROUTES, lambda _: True, Stops())


# --- test tenants -----------------------------------------------------------------------------

BOX, OTHER_BOX = ConnectorId("box"), ConnectorId("other-box")
WITH_BOXES = Config(
    dev=True,
    connectors={
        FAST: connector(),
        BOX: connector(sandbox=True),
        OTHER_BOX: connector(sandbox=True),
    },
    tenants={
        "default": TenantConfig(senders=["ACME"]),
        "trying": TenantConfig(senders=["ACME"], test=True),
    },
)
POOLS = Routes(
    "v1",
    (
        rule("mixed", "46", FAST, OTHER_BOX),
        rule("carriers", "47", FAST),
        rule("boxes", "48", BOX),
        rule("premium", "49", reject="premium_number"),
    ),
)


@pytest.mark.parametrize(
    ("tenant", "recipient", "up", "expected"),
    [
        ("default", "46701234567", (FAST, BOX, OTHER_BOX), "fast"),
        ("default", "46701234567", (BOX, OTHER_BOX), "fast"),
        ("default", "48701234567", (FAST, BOX, OTHER_BOX), "no_route"),
        ("trying", "46701234567", (FAST, BOX, OTHER_BOX), "other-box"),
        ("trying", "46701234567", (FAST, BOX), "box"),
        ("trying", "46701234567", (), "other-box"),
        ("trying", "47701234567", (FAST, BOX, OTHER_BOX), "box"),
        ("trying", "49701234567", (FAST, BOX, OTHER_BOX), "premium_number"),
    ],
)
def test_tests_go_to_sandboxes_and_nothing_else_does(
    tenant: str, recipient: str, up: tuple[ConnectorId, ...], expected: str
) -> None:
    own = Router(WITH_BOXES, POOLS, lambda name: name in up, Stops())
    record = admitted(tenant=tenant, recipient=recipient)
    record = msgspec.structs.replace(
        record, head=msgspec.structs.replace(record.head, test=tenant == "trying")
    )
    *segments, fact = own.decide(at(NOW_MS), record, NOW_MS)
    assert isinstance(fact, Publish)
    if isinstance(fact.record, MtRejected):
        assert fact.record.reason == expected
        return
    assert isinstance(fact.record, MtRouted)
    assert fact.record.connector == expected
    (segment,) = segments
    assert isinstance(segment, Publish)
    assert isinstance(segment.record, MtSubmit)
    assert segment.record.test is (tenant == "trying")
