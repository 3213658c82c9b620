"""What is heard is seen in a snapshot."""

import json

import msgspec
import pytest

from pipeline.capacity import Capacity
from pipeline.config import Config
from pipeline.connectors import ConnectorConfig, ReceiverConfig
from pipeline.records import Record, VoteTally
from services.telemetry.figures import Around, Figures
from services.telemetry.heard import FORGOTTEN, Heard, Moved
from services.telemetry.reasons import in_words
from services.telemetry.snapshot import Group, Snapshot
from services.telemetry.view import Count, Unsent
from tests.builders import REQUESTED_MS, dlr, mt_event
from tests.services.telemetry.test_connectors import said
from tests.services.telemetry.test_totals import MO

NOW_MS = REQUESTED_MS + 10_000
CONFIG = Config(
    dev=True,
    connectors={
        "fast": ConnectorConfig(
            hosts=("h",), system_id="s", password="p", rate_per_s=50, binds=2, bulk_queue_s=60
        )
    },
)
NOTHING = Around((), {}, 0, ())


@pytest.fixture
def figures() -> Figures:
    return Figures(CONFIG, Capacity(CONFIG, lambda: NOW_MS))


def heard(*records: Record) -> list[Heard]:
    return [Heard("t", 0, n, NOW_MS, record) for n, record in enumerate(records)]


def moved(before: str | None, after: str, *, test: bool = False) -> Moved:
    return Moved(before, after, "fast", "otp", "SE", "normal", test, REQUESTED_MS, REQUESTED_MS)


def look(figures: Figures, around: Around = NOTHING) -> Snapshot:
    return figures.look(NOW_MS + 1000, around, 1.23)


def test_a_snapshot_of_nothing_is_whole(figures: Figures) -> None:
    seen = look(figures)
    assert msgspec.json.decode(msgspec.json.encode(seen), type=Snapshot) == seen
    (card,) = seen.connectors
    assert (card.name, card.state, card.binds_wanted, card.contract_per_s) == (
        "fast",
        "silent",
        2,
        50.0,
    )
    assert card.queued is card.delivery_rate is card.orphan_share is card.answer_p50_ms is None
    assert (seen.funnel.requested, seen.build.uptime_s) == (0, 1.2)


def test_a_message_is_seen_from_its_request_to_its_end(figures: Figures) -> None:
    accepted = mt_event(
        event="segment_accepted",
        state="accepted",
        connector="fast",
        submitted_ms=REQUESTED_MS + 100,
        at_ms=REQUESTED_MS + 120,
    )
    arrived = mt_event(
        event="receipt",
        state="delivered",
        terminal=True,
        connector="fast",
        submitted_ms=REQUESTED_MS + 100,
        at_ms=REQUESTED_MS + 5100,
    )
    lost = mt_event(
        "m2", event="receipt", state="undeliverable", terminal=True, connector="fast", reason="dead"
    )
    figures.heard(
        heard(accepted, arrived, lost, dlr(), dlr(), dlr(), dlr(message_id=None)),
        [moved(None, "routed"), moved("routed", "accepted"), moved("accepted", "delivered")],
        NOW_MS,
    )
    seen = look(figures)
    assert (seen.funnel.requested, seen.funnel.delivered, seen.funnel.open) == (1, 1, 0)
    assert figures.outcomes == {("delivered", "normal"): 1}
    for rate in (seen.rates.requested_per_s, seen.rates.delivered_per_s):
        assert (rate[-1], sum(rate)) == (1.0, 1.0)
    (card,) = seen.connectors
    assert card.submitted_per_s == pytest.approx(1 / 5)
    assert card.answer_p50_ms == pytest.approx(20, rel=0.1)
    assert card.delivery_p99_ms == pytest.approx(5000, rel=0.1)
    assert (card.delivery_rate, card.orphan_share) == (0.5, 0.25)
    (failure,) = seen.failures
    assert (failure.message_id, failure.connector) == ("m2", "fast")
    assert failure.words == "the carrier says dead"


def test_a_failure_is_told_in_the_words_of_whoever_says_it(figures: Figures) -> None:
    ends = [
        mt_event(f"m{n}", event=event, state="undeliverable", terminal=True, reason="rejected")
        for n, event in enumerate(("receipt", "segment_unknown"))
    ]
    figures.heard(heard(*ends), [], NOW_MS)
    of_us, of_carrier = (failure.words for failure in look(figures).failures)
    assert of_carrier == "the carrier or the network refused it"
    assert of_us == in_words("rejected") != of_carrier


def test_numbers_are_masked_and_no_text_is_there(figures: Figures) -> None:
    figures.heard(heard(MO), [], NOW_MS)
    octets = msgspec.json.encode(look(figures)).decode()
    assert (MO.sender in octets, "aGk=" in octets) == (False, False)
    (mo,) = json.loads(octets)["mo"]
    assert (mo["sender"], mo["receiver"]) == ("46…321", "12345")


def test_what_tests_do_is_in_their_funnel_only(figures: Figures) -> None:
    end = mt_event(event="rejected", state="rejected", terminal=True, test=True)
    figures.heard(heard(end, dlr(test=True)), [moved(None, "rejected", test=True)], NOW_MS)
    seen = look(figures)
    assert (seen.tests.funnel.failed, seen.funnel.requested) == (1, 0)
    assert (seen.failures, sum(seen.rates.requested_per_s), figures.outcomes) == ((), 0, {})


def test_of_what_comes_one_by_one_the_newest_are_kept_the_newest_first(figures: Figures) -> None:
    ends = [mt_event(f"m{n}", state="expired", terminal=True) for n in range(70)]
    figures.heard(heard(*ends), [], NOW_MS)
    ids = [failure.message_id for failure in look(figures).failures]
    assert ids == [f"m{n}" for n in range(69, 19, -1)]


def test_it_goes_on_from_what_the_view_counts() -> None:
    counts = [Count("accepted", "fast", "otp", "SE", "normal", False, 5)]
    figures = Figures(CONFIG, Capacity(CONFIG, lambda: NOW_MS), counts)
    figures.heard([], [moved("accepted", "delivered")], NOW_MS)
    funnel = look(figures).funnel
    assert (funnel.requested, funnel.open, funnel.delivered) == (5, 4, 1)


def test_what_is_heard_of_a_forgotten_message_is_not_requested_again(figures: Figures) -> None:
    figures.heard([], [moved(None, "accepted"), moved("accepted", FORGOTTEN)], NOW_MS)
    figures.heard([], [moved(FORGOTTEN, "delivered"), moved("delivered", FORGOTTEN)], NOW_MS)
    seen = look(figures)
    assert (seen.funnel.requested, seen.funnel.open, seen.funnel.delivered) == (0, 0, 0)
    assert sum(seen.rates.requested_per_s) == sum(seen.rates.delivered_per_s) == 1.0
    assert figures.outcomes == {("delivered", "normal"): 1}


def test_how_far_is_read_is_known_by_the_partition_that_is_furthest_behind(
    figures: Figures,
) -> None:
    def read(topic: str, partition: int, at_ms: int) -> None:
        figures.heard([Heard(topic, partition, 0, at_ms, mt_event())], [], NOW_MS)

    assert figures.read_to_ms(set(), NOW_MS) == NOW_MS
    assert figures.read_to_ms({1, 2}, NOW_MS) is None
    read("sms.mo", 2, NOW_MS)
    read("sms.mt.event", 1, NOW_MS - 5)
    assert figures.read_to_ms({1, 2}, NOW_MS) is None
    read("sms.mt.event", 2, NOW_MS - 700)
    assert figures.read_to_ms({1, 2}, NOW_MS) == NOW_MS - 700
    assert figures.read_to_ms({1}, NOW_MS) == NOW_MS - 5
    assert figures.read_to_ms({1}, NOW_MS - 50) == NOW_MS - 50


def test_receivers_that_a_connector_should_have_are_told() -> None:
    own = CONFIG.connectors["fast"].model_copy(update={"receiver": ReceiverConfig(binds=2)})
    config = CONFIG.model_copy(update={"connectors": {"fast": own}})
    figures = Figures(config, Capacity(config, lambda: NOW_MS))
    for lease in (0, 1):
        figures.connectors.hear(said(lease, at_ms=NOW_MS))
    (card,) = look(figures).connectors
    assert (card.receivers, card.receivers_wanted, card.all_binds) == (0, 2, (2, 4))
    assert [alert.name for alert in look(figures).alerts] == ["BindDown"]


def test_votes_are_summed_over_partitions_without_those_of_tests(figures: Figures) -> None:
    def tally(partition: int, *, test: bool = False, **counts: int) -> VoteTally:
        return VoteTally(vote="v", partition=partition, counts=counts, at_ms=1, test=test)

    figures.put_tally("v/0", tally(0, A=1))
    figures.put_tally("v/0", tally(0, A=3, B=1))
    figures.put_tally("v/1", tally(1, A=2))
    figures.put_tally("v/2", tally(2, A=9, test=True))
    figures.put_tally("v/3", tally(3, C=1))
    figures.put_tally("v/3", None)
    (vote,) = look(figures).votes
    assert (vote.name, vote.counts) == ("v", {"A": 5, "B": 1})


def test_what_is_asked_elsewhere_is_passed_on(figures: Figures) -> None:
    group = Group(name="router", lag=3, age_s=None, done_per_s=1.0)
    waits = Unsent("fast", "normal", False, 1, NOW_MS - 4000, 0.1)
    figures.connectors.hear(said(0, at_ms=NOW_MS))
    seen = look(figures, Around((group,), {"a.dlq": 2, "b.dlq": 0}, 7, (waits,)))
    assert seen.groups == (group,)
    assert [(one.topic, one.open) for one in seen.letters] == [("a.dlq", 2)]
    assert (seen.build.behind, seen.connectors[0].age_s) == (7, 5.0)
    assert {alert.name for alert in seen.alerts} == {"BindDown", "DeadLetters"}


def test_a_carrier_is_to_blame_while_it_is_not_bound(figures: Figures) -> None:
    assert figures.is_hindered("fast", NOW_MS)
    figures.connectors.hear(said(0, at_ms=NOW_MS))
    assert not figures.is_hindered("fast", NOW_MS)
    assert not figures.is_hindered("gone", NOW_MS)
    assert not figures.is_hindered(None, NOW_MS)


def test_after_five_minutes_shares_are_not_known(figures: Figures) -> None:
    figures.heard(heard(dlr(), dlr(message_id=None)), [], NOW_MS)
    assert look(figures).connectors[0].orphan_share == 0.5
    figures.roll(NOW_MS + 400_000)
    assert look(figures).connectors[0].orphan_share is None
