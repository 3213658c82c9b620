"""How much may be sent: a row for each limit, by the router as a whole."""

from typing import Any

import pytest

from pipeline.config import Config, TenantConfig
from pipeline.effects import Effect, Publish, PublishLater
from pipeline.records import MtAdmitted, MtRejected, MtReroute, MtRouted, MtSubmit, TenantUsage
from pipeline.stops import Stops
from services.router.core import Router
from services.router.limits import ROWS
from services.router.routes import Routes
from services.router.strategies import Grade
from services.router.usage import Usage
from tests.entries import MemoryEntries
from tests.services.router.builders import (
    DAY_S,
    FAST,
    NOW_MS,
    SLOW,
    admitted,
    connector,
    request,
    rule,
)


def limited(**limits: Any) -> TenantConfig:
    return TenantConfig.model_validate({"senders": ["ACME"], **limits})


class World:
    """A router of several partitions that hear one another at once; numbers its messages."""

    def __init__(self, **limits: Any) -> None:
        config = Config(
            dev=True,
            connectors={FAST: connector(), SLOW: connector()},
            tenants={"default": limited(**limits)},
        )
        routes = Routes(
            "v1",
            (rule("shut", "999", reject="shut"), rule("all", "", FAST, SLOW, return_after_s=5)),
        )
        self.usage = Usage()
        self.grades: dict[str, Grade] = {}
        self.router = Router(
            config,
            routes,
            lambda _: True,
            Stops(),
            usage=self.usage,
            grade_to=lambda recipient: self.grades.get(recipient[:2]),
        )
        self.shared = [MemoryEntries() for _ in range(3)]
        self.keys: dict[str, MemoryEntries] = {}
        self.now_ms = NOW_MS
        self.count = 0

    def state(self, recipient: str) -> MemoryEntries:
        state = self.keys.setdefault(recipient, MemoryEntries())
        state.now_ms, state.partition = self.now_ms, int(recipient) % len(self.shared)
        state.shared = self.shared[state.partition]
        state.shared.now_ms = self.now_ms
        return state

    def tell(self, record: Any, recipient: str) -> list[Effect]:
        effects = self.router.decide(self.state(recipient), record, self.now_ms)
        for effect in effects:
            if isinstance(effect.record, TenantUsage):
                self.usage.hear("", effect.record)
        return effects

    def ask(self, recipient: str = "46701234567", **asked: Any) -> MtRejected | MtRouted:
        """What becomes of a new message."""
        self.count += 1
        self.now_ms += 1100  # so that all is said by the time of the next one
        record = self.record(recipient, message_id=f"m{self.count}", **asked)
        return fact(self.tell(record, recipient))

    def record(self, recipient: str, **asked: Any) -> MtAdmitted:
        return admitted(
            request(**asked),
            recipient=recipient,
            source=f"sms.mt.request/0/{self.count}",
            requested_ms=self.now_ms,
        )


def fact(effects: list[Effect]) -> MtRejected | MtRouted:
    (found,) = (e.record for e in effects if isinstance(e.record, MtRejected | MtRouted))
    return found


def outcomes(facts: list[MtRejected | MtRouted]) -> list[str]:
    return [f.reason if isinstance(f, MtRejected) else "routed" for f in facts]


ALIKE = [f"4670123{last:04}" for last in range(8)]

REFUSED: list[tuple[str, dict[str, Any], list[dict[str, Any]]]] = [
    (
        "recipient_limit",
        {"recipient_limits": [{"class": "otp", "messages": 2, "per_s": 600}]},
        [{"class_": "otp"}, {"class_": "otp"}],
    ),
    ("quota_exceeded", {"segments_per_day": 3}, [{"text": "x" * 161}, {}]),
    ("quota_exceeded", {"segments_per_month": 2}, [{}, {"recipient": "47701234567"}]),
    (
        "pumping",
        {"pumping": {"messages": 3}},
        [{"recipient": recipient, "class_": "otp"} for recipient in ALIKE[:3]],
    ),
]


@pytest.mark.parametrize(("reason", "limits", "before"), REFUSED)
def test_as_much_as_a_limit_allows_is_routed_and_the_next_is_refused(
    reason: str, limits: dict[str, Any], before: list[dict[str, Any]]
) -> None:
    world = World(**limits)
    assert outcomes([world.ask(**asked) for asked in before]) == ["routed"] * len(before)
    refused = world.ask(class_="otp")
    assert isinstance(refused, MtRejected)
    assert (refused.reason, refused.stage) == (reason, "router")
    assert refused.detail.endswith("Z.")


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        (
            {"recipient_limits": [{"messages": 1, "per_s": 60}]},
            "has had 1 messages within 60 s; send it under another message_id after "
            "2025-06-15T15:07:42Z.",
        ),
        (
            {"segments_per_day": 1},
            "The tenant's 1 segments of the day 2025-06-15 leave no room for it; raise "
            "`segments_per_day`, or send it under another message_id after 2025-06-16T00:00:00Z.",
        ),
        ({"segments_per_month": 1}, "the month 2025-06 leave no room"),
        ({"segments_per_month": 1}, "send it under another message_id after 2025-07-01T00:00:00Z."),
        (
            {"pumping": {"messages": 1, "classes": ["transactional"]}},
            "1 messages have gone since 2025-06-15T15:00:00Z to numbers that begin as this one",
        ),
    ],
)
def test_a_refusal_says_which_limit_and_when_it_is_over(limits: dict[str, Any], words: str) -> None:
    world = World(**limits)
    world.ask()
    refused = world.ask()
    assert isinstance(refused, MtRejected)
    assert words in (refused.detail or "")


def test_it_may_be_sent_when_the_refusal_has_said() -> None:
    world = World(recipient_limits=[{"messages": 1, "per_s": 60}])
    assert outcomes([world.ask(), world.ask()]) == ["routed", "recipient_limit"]
    world.now_ms = NOW_MS + 1100 + 60_000 - 1100
    assert outcomes([world.ask()]) == ["routed"]


def test_a_quota_begins_anew_with_the_day_and_the_month_goes_on() -> None:
    world = World(segments_per_day=1, segments_per_month=2)
    assert outcomes([world.ask(), world.ask()]) == ["routed", "quota_exceeded"]
    world.now_ms += DAY_S * 1000
    assert outcomes([world.ask()]) == ["routed"]
    world.now_ms += DAY_S * 1000
    refused = world.ask()
    assert isinstance(refused, MtRejected)
    assert "month" in (refused.detail or "")


def test_a_message_whose_segments_do_not_all_fit_is_refused_and_a_shorter_one_goes() -> None:
    world = World(segments_per_day=2)
    facts = [world.ask(), world.ask(text="x" * 161), world.ask(), world.ask()]
    assert outcomes(facts) == ["routed", "quota_exceeded", "routed", "quota_exceeded"]


def test_partitions_keep_a_quota_together() -> None:
    world = World(segments_per_day=5)
    facts = [world.ask(f"4670000000{number}") for number in range(9)]
    assert outcomes(facts) == ["routed"] * 5 + ["quota_exceeded"] * 4


def test_numbers_of_a_block_are_guarded_together_by_class_and_window() -> None:
    world = World(pumping={"messages": 2, "per_s": 60, "allow": ["4688"]})
    world.now_ms = NOW_MS // 60_000 * 60_000
    asked: list[tuple[str, str]] = [
        (ALIKE[0], "otp"),
        (ALIKE[1], "otp"),
        (ALIKE[2], "otp"),  # one too many
        (ALIKE[3], "transactional"),  # not guarded
        ("46709990000", "otp"),  # another block
        *[(f"4688000000{number}", "otp") for number in range(3)],  # allowed
    ]
    facts = [world.ask(recipient, class_=class_) for recipient, class_ in asked]
    assert outcomes(facts) == ["routed", "routed", "pumping", *["routed"] * 5]
    world.now_ms += 60_000
    assert outcomes([world.ask(ALIKE[4], class_="otp")]) == ["routed"]


def test_what_is_refused_counts_nothing_for_any_limit() -> None:
    world = World(
        segments_per_day=3,
        recipient_limits=[{"messages": 1, "per_s": 600}],
        pumping={"messages": 9},
    )
    world.ask()
    assert outcomes([world.ask() for _ in range(5)]) == ["recipient_limit"] * 5
    assert outcomes([world.ask("999701234567")]) == ["shut"]
    facts = [world.ask(recipient) for recipient in ALIKE[:3]]
    assert outcomes(facts) == ["routed", "routed", "quota_exceeded"]
    assert outcomes([world.ask("47701111111")]) == ["quota_exceeded"]


def test_a_repeat_counts_nothing_whether_the_pipelines_or_the_requesters() -> None:
    world = World(segments_per_day=2, recipient_limits=[{"messages": 2, "per_s": 600}])
    recipient = "46701234567"
    record = world.record(recipient)
    world.tell(record, recipient)
    assert world.tell(record, recipient) == []
    world.count += 1
    assert outcomes([fact(world.tell(world.record(recipient), recipient))]) == ["duplicate"]
    assert outcomes([world.ask(), world.ask()]) == ["routed", "recipient_limit"]


def test_a_message_that_waits_counts_when_it_goes() -> None:
    world = World(segments_per_day=1)
    recipient = "46701234567"
    record = world.record(recipient, message_id="later", send_at_ms=world.now_ms + 5000)
    later = [e for e in world.tell(record, recipient) if isinstance(e, PublishLater)]
    assert outcomes([world.ask()]) == ["routed"]
    world.now_ms += 5000
    assert outcomes([fact(world.tell(later[0].record, recipient))]) == ["quota_exceeded"]


def test_another_way_of_a_message_counts_nothing() -> None:
    world = World(segments_per_day=2, recipient_limits=[{"messages": 2, "per_s": 600}])
    first = world.ask()
    again = MtReroute(head=first.head, hop=1, asked_ms=world.now_ms)
    assert isinstance(fact(world.tell(again, "46701234567")), MtRouted)
    assert outcomes([world.ask(), world.ask()]) == ["routed", "recipient_limit"]


def test_a_tenant_without_limits_has_no_state_and_says_nothing() -> None:
    world = World()
    effects = world.tell(world.record("46701234567"), "46701234567")
    assert {type(effect.record) for effect in effects} == {MtSubmit, MtRouted}
    assert {name.split("|")[0] for name in world.keys["46701234567"].octets} == {"seen", "trip"}
    assert [shared.octets for shared in world.shared] == [{}, {}, {}]


def test_every_row_of_the_table_is_a_setting_and_refuses_some_row_here() -> None:
    assert {row.setting for row in ROWS} <= TenantConfig.model_fields.keys()
    settings = {setting for _, limits, _ in REFUSED for setting in limits}
    assert {row.setting for row in ROWS} | {"recipient_limits"} == settings


def test_what_two_messages_within_a_second_used_is_said_by_a_timer() -> None:
    world = World(segments_per_day=9)
    recipient = "46701234567"
    for _ in range(2):
        world.count += 1
        effects = world.tell(world.record(recipient, message_id=f"m{world.count}"), recipient)
    (later,) = (e for e in effects if isinstance(e, PublishLater))
    assert (later.topic, later.key) == ("sms.router.in", recipient)
    world.now_ms += 1000
    (said,) = world.tell(later.record, recipient)
    assert isinstance(said, Publish)
    assert isinstance(said.record, TenantUsage)
    assert (said.topic, said.record.count) == ("sms.tenant.usage", 2)


def test_where_too_few_arrive_no_more_is_sent_or_counted_until_more_do() -> None:
    own = World(pumping={"messages": 1, "conversion_below": 0.2}, segments_per_day=100)
    own.grades["46"] = Grade(1000, 10, 1000)
    refused = own.ask("46701234567", class_="otp")
    assert isinstance(refused, MtRejected)
    assert (refused.reason, refused.stage) == ("pumping", "router")
    assert refused.detail.startswith("Of the last 1000 segments to the recipient's country 10 were")
    assert outcomes([own.ask("4791234567", class_="otp"), own.ask("46701234567")]) == ["routed"] * 2
    del own.grades["46"]
    assert outcomes([own.ask("46701234567", class_="otp")]) == ["routed"]  # the one that may go
