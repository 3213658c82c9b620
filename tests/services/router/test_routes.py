"""Which rule decides: the longest prefix of those that match, then the order they stand in."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.ids import Msisdn
from services.router.networks import Whereabouts
from services.router.routes import Hours, Match, Query, Routes, Rule
from tests.services.router.builders import FAST, rule

PREFIXES = st.lists(st.text("12", max_size=5), unique=True)
RECIPIENTS = st.text("12", min_size=1, max_size=7)
STOCKHOLM = ZoneInfo("Europe/Stockholm")


def at(day: int, hour: int, minute: int = 0) -> int:
    """A moment of the week that begins with Monday, 1 June 2026, in Stockholm; ms since 1970."""
    moment = datetime(2026, 6, 1 + day, hour, minute, tzinfo=STOCKHOLM)
    return int(moment.timestamp() * 1000)


def found(routes: Routes, query: Query) -> str | None:
    rule = routes.find(query)
    return None if rule is None else rule.name


def test_without_a_rule_for_the_rest_some_recipients_have_none() -> None:
    routes = Routes("1", (rule("sweden", "46", FAST),))
    assert routes.find(Query(Msisdn("4712345678"))) is None
    assert Routes("1", ()).find(Query(Msisdn("4712345678"))) is None


@given(PREFIXES, RECIPIENTS)
def test_the_look_up_equals_trying_every_rule(prefixes: list[str], recipient: str) -> None:
    rules = tuple(rule(prefix, prefix) for prefix in prefixes)
    fitting = [rule for rule in rules if recipient.startswith(rule.prefixes)]
    best = max(fitting, key=lambda rule: len(rule.prefixes[0]), default=None)
    assert Routes("1", rules).find(Query(Msisdn(recipient))) == best


QUERY = Query(
    Msisdn("46701234567"),
    now_ms=at(0, 12),
    tenant="bank",
    sender="BANK24",
    class_="otp",
    lane="priority",
    campaign="spring-1",
    text="Your code is 1234",
    where=Whereabouts(Msisdn("46701234567"), lambda _: "24001"),
)


@pytest.mark.parametrize(
    ("match", "miss"),
    [
        (Match(), None),
        (Match(tenants=frozenset({"bank", "shop"})), None),
        (Match(tenants=frozenset({"shop"})), "tenant"),
        (Match(classes=frozenset({"otp"})), None),
        (Match(classes=frozenset({"promotional"})), "class"),
        (Match(lanes=frozenset({"priority"})), None),
        (Match(lanes=frozenset({"bulk"})), "lane"),
        (Match(senders=("SHOP", "BANK*")), None),
        (Match(senders=("BANK",)), "sender"),
        (Match(senders=("bank*",)), "sender"),
        (Match(campaigns=("spring-?",)), None),
        (Match(campaigns=("autumn*",)), "campaign"),
        (Match(text=r"\bcode\b"), None),
        (Match(text=r"^code"), "text"),
        (Match(hours=Hours(begin=11 * 60, zone=STOCKHOLM)), None),
        (Match(hours=Hours(begin=13 * 60, zone=STOCKHOLM)), "hours"),
        (Match(tenants=frozenset({"bank"}), classes=frozenset({"billed"})), "class"),
        (Match(countries=frozenset({"NO", "SE"})), None),
        (Match(countries=frozenset({"NO"})), "country"),
        (Match(networks=frozenset({"24001", "24002"})), None),
        (Match(networks=frozenset({"24002"})), "network"),
    ],
)
def test_a_match_asks_for_all_that_it_names(match: Match, miss: str | None) -> None:
    assert match.first_miss(QUERY) == miss


def test_what_a_message_has_not_is_no_match() -> None:
    bare = Query(Msisdn("46701234567"))
    for match in (
        Match(senders=("*",)),
        Match(campaigns=("*",)),
        Match(text="x"),
        Match(countries=frozenset({"SE"})),
        Match(networks=frozenset({"24001"})),
    ):
        assert match.first_miss(bare) is not None


def test_a_network_is_looked_up_only_where_a_rule_asks_for_it_and_once() -> None:
    asked: list[Msisdn] = []

    def network_of(recipient: Msisdn) -> str:
        asked.append(recipient)
        return "24001"

    telia, tele2 = Match(networks=frozenset({"24001"})), Match(networks=frozenset({"24007"}))
    nobody = Match(networks=frozenset({"24001"}), tenants=frozenset({"nobody"}))
    routes = Routes(
        "1",
        (
            rule("norway", "47", FAST, match=nobody),
            rule("rest of norway", "47", FAST),
            rule("tele2", "46", FAST, match=tele2),
            rule("telia", "46", FAST, match=telia),
        ),
    )
    for recipient, name, times in (("4712345678", "rest of norway", 0), ("46701", "telia", 1)):
        where = Whereabouts(Msisdn(recipient), network_of)
        assert found(routes, QUERY._replace(recipient=Msisdn(recipient), where=where)) == name
        assert len(asked) == times


@pytest.mark.parametrize(
    ("day", "hour", "minute", "holds"),
    [
        (0, 8, 0, True),
        (0, 7, 59, False),
        (0, 19, 59, True),
        (0, 20, 0, False),
        (4, 12, 0, True),
        (5, 12, 0, False),
    ],
)
def test_hours_of_some_days(day: int, hour: int, minute: int, holds: bool) -> None:
    hours = Hours(begin=480, end=1200, days=frozenset(range(5)), zone=STOCKHOLM)
    assert hours.holds(at(day, hour, minute)) is holds


@pytest.mark.parametrize(
    ("day", "hour", "holds"),
    [(4, 23, True), (5, 5, True), (5, 6, False), (5, 23, False), (4, 5, False), (4, 12, False)],
)
def test_a_night_belongs_to_the_day_it_begins(day: int, hour: int, holds: bool) -> None:
    """Fridays from 22 to 6."""
    hours = Hours(begin=1320, end=360, days=frozenset({4}), zone=STOCKHOLM)
    assert hours.holds(at(day, hour)) is holds


def test_a_longer_prefix_goes_before_an_earlier_rule_and_only_where_it_matches() -> None:
    codes = Match(classes=frozenset({"otp"}))
    routes = Routes(
        "1",
        (
            rule("sweden", "46", FAST),
            rule("codes", "46", FAST, match=codes),
            rule("mobiles", "467", FAST, match=codes),
            rule("rest", "", FAST),
        ),
    )
    assert found(routes, QUERY) == "mobiles"
    assert found(routes, QUERY._replace(class_="billed")) == "sweden"
    assert found(routes, QUERY._replace(recipient=Msisdn("4680"))) == "sweden"
    assert found(routes, QUERY._replace(recipient=Msisdn("1"))) == "rest"
    assert [(step.rule.name, step.prefix, step.miss) for step in routes.steps(QUERY)] == [
        ("mobiles", "467", None)
    ]
    steps = routes.steps(QUERY._replace(class_="billed"))
    assert [(step.rule.name, step.miss) for step in steps] == [
        ("mobiles", "class"),
        ("sweden", None),
    ]


@given(
    st.lists(st.tuples(st.text("12", max_size=3), st.sampled_from(["", "otp", "billed"]))),
    RECIPIENTS,
    st.sampled_from(["otp", "billed"]),
)
def test_what_decides_is_the_last_step_and_no_earlier_one_matched(
    asked: list[tuple[str, str]], recipient: str, class_: str
) -> None:
    rules: list[Rule] = []
    for number, (prefix, only) in enumerate(asked):
        match = Match(classes=frozenset({only})) if only else Match()
        rules.append(rule(str(number), prefix, FAST, match=match))
    routes, query = Routes("1", tuple(rules)), Query(Msisdn(recipient), class_=class_)
    steps, decided = routes.steps(query), routes.find(query)
    assert [step.rule for step in steps if step.miss is None] == ([decided] if decided else [])
    lengths = [len(step.prefix) for step in steps]
    assert lengths == sorted(lengths, reverse=True)
