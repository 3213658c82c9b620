"""The catalog of topics, and the timer topic for a wait."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import topics
from pipeline.ids import ConnectorId
from pipeline.topics import Lanes
from services.intake.checks import VALIDITY_S_MAX
from services.telemetry import shell as telemetry

ALPHA = ConnectorId("alpha")
CATALOG = {t.name: t for t in topics.catalog({ALPHA: Lanes(binds=4, generation=2)})}


@pytest.mark.parametrize(
    ("wait_s", "name"),
    [
        (0, "sms.timer.0.25s"),
        (0.4, "sms.timer.0.25s"),
        (0.5, "sms.timer.0.5s"),
        (0.99, "sms.timer.0.5s"),
        (1, "sms.timer.1s"),
        (1.99, "sms.timer.1s"),
        (2, "sms.timer.2s"),
        (3.9, "sms.timer.2s"),
        (600, "sms.timer.512s"),
        (2**21, "sms.timer.2097152s"),
        (10**9, "sms.timer.2097152s"),
    ],
)
def test_a_wait_goes_to_the_longest_timer_that_is_not_too_long(wait_s: float, name: str) -> None:
    assert topics.timer(wait_s) == name


@given(st.floats(min_value=0.25, max_value=1e8))
def test_a_timer_never_waits_longer_than_asked(wait_s: float) -> None:
    seconds = float(topics.timer(wait_s).removeprefix("sms.timer.")[:-1])
    assert seconds <= wait_s
    assert topics.timer(wait_s) in CATALOG


def test_submit_and_submitted_have_one_partition_a_bind() -> None:
    for name in (
        topics.submit(ALPHA, 2, priority=False),
        topics.submit(ALPHA, 2, priority=True),
        topics.submitted(ALPHA, 2),
    ):
        assert CATALOG[name].partitions == 4


def test_bulk_waits_in_a_topic_of_each_connector_longer_than_any_validity() -> None:
    name = topics.wait(ALPHA)
    assert (name, CATALOG[name].partitions) == ("sms.mt.wait.alpha", 12)
    assert (CATALOG[name].retention_h or 0) >= VALIDITY_S_MAX // 3600 + 24
    there = [name, topics.dlq_of(name), "sms.mt.wait.gone", topics.ROUTER_IN]
    assert topics.waits(there) == {name: ALPHA, "sms.mt.wait.gone": "gone"}


def test_each_connector_has_a_topic_for_commands_and_each_keyword_one_for_its_messages() -> None:
    there = {
        topic.name: topic
        for topic in topics.catalog({ALPHA: Lanes(binds=1, generation=1)}, [], ["VOTE"])
    }
    assert there[topics.command(ALPHA)].partitions == 4
    assert topics.mo("VOTE") == "sms.mo.vote"
    assert (there["sms.mo.vote"].records, there["sms.mo.vote"].public) == (("Mo",), True)
    assert [name for name in CATALOG if name.startswith("sms.mo.")] == []


def test_what_no_connector_may_be_called_is_what_other_topics_are_called() -> None:
    commands = {topic.name for topic in topics.catalog({}) if topic.name.startswith("sms.command.")}
    assert commands == {topics.command(ConnectorId(name)) for name in topics.NO_CONNECTOR}


def test_a_topic_is_public_whichever_connector_or_tenant_it_is_of() -> None:
    assert {name for name, topic in CATALOG.items() if topic.public} == {
        name for name in CATALOG if topics.is_public(name)
    }
    assert topics.is_public(topics.submitted(ConnectorId("new"), 7))  # configured by nobody yet
    assert topics.is_public(topics.request("new", "bulk"))
    for name in ("sms.mt.submit.new.g7", "sms.mt.submitted.new.g7.dlq", "sms.mt.request.dlq", "x"):
        assert not topics.is_public(name)


def test_every_topic_a_service_reads_has_somewhere_to_put_what_it_cannot_read() -> None:
    services = {"intake", "router", "binder", "correlator", "tracker", "scheduler"}
    own_output = {topics.submitted(ALPHA, 2)}  # read by its only writer
    for topic in CATALOG.values():
        tables = "compact" in topic.cleanup or "control" in topic.name or not topic.records
        if services & set(topic.readers) and not tables and topic.name not in own_output:
            assert topic.dlq == topics.dlq_of(topic.name), topic.name
            assert topic.dlq in CATALOG


def test_telemetry_is_named_by_the_topics_it_reads() -> None:
    named = {topic.name for topic in CATALOG.values() if "telemetry" in topic.readers}
    letters = {topic.dlq for topic in CATALOG.values() if topic.dlq}
    assert named - letters == set(telemetry.READS) | {
        topics.CONNECTOR_STATE,
        topics.VOTE_TALLY,
        topics.RECEIPT_QUALITY,
        topics.CONTROL_STOP,
    }
    assert letters < named


def test_dead_letters_can_be_written_again_by_operators() -> None:
    mendable = [topic for topic in CATALOG.values() if topic.dlq]
    assert [topic.name for topic in mendable if "operators" not in topic.writers] == []


def test_state_is_kept_in_as_many_partitions_as_its_topic_has() -> None:
    for name in (topics.ROUTER_IN, topics.CORRELATOR_IN, topics.TRACKER_IN):
        (reader,) = CATALOG[name].readers
        changelog = CATALOG[f"changelog__{reader}--{name}--default"]
        assert (changelog.partitions, changelog.cleanup) == (CATALOG[name].partitions, "compact")


def test_timers_are_kept_at_least_twice_as_long_as_they_wait() -> None:
    for seconds in topics.TIMER_SECONDS:
        retention_h = CATALOG[f"sms.timer.{seconds}s"].retention_h
        assert retention_h is not None
        assert retention_h * 3600 >= 2 * seconds - 3600


def test_names_use_dots_and_hyphens_only() -> None:
    for name in CATALOG:
        if not name.startswith("changelog__"):  # Quix Streams dictates that one
            assert "_" not in name


def test_a_tenant_has_request_topics_of_its_own_and_the_default_one_the_bare_ones() -> None:
    assert topics.requests(["default", "acme"]) == [
        "sms.mt.request.priority",
        "sms.mt.request",
        "sms.mt.request.bulk",
        "sms.mt.request.tenant.acme.priority",
        "sms.mt.request.tenant.acme",
        "sms.mt.request.tenant.acme.bulk",
    ]
    there = {topic.name for topic in topics.catalog({}, ["default", "acme"])}
    assert there >= set(topics.requests(["default", "acme"]))
    assert "sms.mt.request.tenant.acme.bulk.dlq" in there
    assert not any(".tenant.default" in name for name in there)
