"""What a doctor sees of a real broker: topics that are others, rights that lack."""

import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka.admin import (  # type: ignore[attr-defined]
    AclBinding,
    AclOperation,
    AclPermissionType,
    AdminClient,
    NewTopic,
    ResourcePatternType,
    ResourceType,
)
from typer.testing import CliRunner

from heliograph.cli import APP
from heliograph.diagnosis import FAIL, OK, WARN, Finding
from heliograph.doctor import SERVICES, examine
from pipeline import broker as brokers
from pipeline import topics
from pipeline.codec import Codec
from pipeline.config import KafkaConfig
from pipeline.ids import ConnectorId
from pipeline.kafka.admin import (
    create_topics,
    differences,
    group_operations,
    operations,
    unwanted_topics,
)
from pipeline.kafka.clients import client_settings, make_producer, now_ms, produce
from pipeline.records import ConnectorState
from pipeline.topics import Difference

AUTHORIZED = """\
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
allow.everyone.if.no.acl.found=true
"""
CATALOG = topics.catalog({})
DEADLINE_S = 30
OTHER = topics.MT_EVENT


def guards(kind: ResourceType, name: str) -> list[AclBinding]:
    """Everything may be done to it, but nobody may read it."""
    who = ResourcePatternType.LITERAL, "User:ANONYMOUS", "*"
    return [
        AclBinding(kind, name, *who, AclOperation.ALL, AclPermissionType.ALLOW),
        AclBinding(kind, name, *who, AclOperation.READ, AclPermissionType.DENY),
    ]


@pytest.fixture(scope="module")
def guarded() -> Iterator[KafkaConfig]:
    """A broker that knows ACLs: two keep us from reading ROUTER_IN, and from being a router."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(brokers, "SETTINGS", brokers.SETTINGS + AUTHORIZED)
        with brokers.embedded(brokers.free_port()) as own:
            kafka = KafkaConfig(bootstrap_servers=own.address)
            admin = AdminClient(client_settings(kafka))
            short = NewTopic(OTHER, 3, 1, config={"retention.ms": "1000"})
            for name in (short, NewTopic("sms.left.over", 1, 1)):
                for made in admin.create_topics([name]).values():
                    made.result(30)
            create_topics(kafka, CATALOG)
            own = guards(ResourceType.TOPIC, topics.ROUTER_IN)
            for done in admin.create_acls(own + guards(ResourceType.GROUP, "router")).values():
                done.result(30)
            deadline = time.monotonic() + DEADLINE_S
            while "READ" in operations(kafka, [topics.ROUTER_IN])[topics.ROUTER_IN]:
                assert time.monotonic() < deadline, "the broker has not heard of its ACLs"
            yield kafka


def test_each_setting_that_is_another_is_a_difference(guarded: KafkaConfig) -> None:
    assert differences(guarded, CATALOG) == [
        Difference(OTHER, "partitions", "3", "12"),
        Difference(OTHER, "retention.ms", "1000", str(720 * 3_600_000)),
    ]
    assert unwanted_topics(guarded, CATALOG) == ["sms.left.over"]


def test_what_this_client_may_do_is_asked_of_the_broker(guarded: KafkaConfig) -> None:
    found = operations(guarded, [topics.ROUTER_IN, topics.MO, "sms.none"])
    assert "sms.none" not in found
    assert {"READ", "WRITE"} <= found[topics.MO]
    assert "READ" not in found[topics.ROUTER_IN]


def test_what_this_client_may_be_is_asked_too_of_groups_that_are_not_there(
    guarded: KafkaConfig,
) -> None:
    found = group_operations(guarded, ["router", "tracker"])
    assert "READ" in found["tracker"]
    assert "READ" not in found["router"]


@pytest.fixture
def path(guarded: KafkaConfig, tmp_path: Path) -> Path:
    """A configuration with a connector whose topics are not there."""
    found = tmp_path / "heliograph.yaml"
    account = "hosts: 127.0.0.1:1, system_id: s, password: p, rate_per_s: 1, binds: 2"
    where = f"{{bootstrap_servers: '{guarded.bootstrap_servers}'}}"
    found.write_text(f"dev: true\nkafka: {where}\nconnectors: {{slow: {{{account}}}}}\n")
    return found


def of(found: list[Finding], check: str) -> list[Finding]:
    return [finding for finding in found if finding.check == check]


def test_the_doctor_says_what_is_wrong_there(path: Path) -> None:
    found = examine(path, SERVICES, looks_apart_s=0)
    assert [finding.verdict for finding in of(found, "broker")] == [OK]
    missing, short, kept = of(found, "topics")
    assert (missing.verdict, "sms.mt.submit.slow.g1" in missing.says) == (FAIL, True)
    assert (short.verdict, "partitions is 3" in short.says) == (FAIL, True)
    assert (kept.verdict, "retention.ms is 1000" in kept.says) == (WARN, True)
    topic, group = of(found, "acls")
    assert topic.says.startswith("this client has no READ on topic sms.router.in")
    assert group.says.startswith("this client has no READ on group router")
    (binds,) = of(found, "binds slow")
    assert (binds.verdict, binds.says) == (FAIL, "2 of 2 are not bound (untold)")
    assert [finding.verdict for finding in of(found, "clocks")] == [WARN]


def test_the_rights_of_one_service_are_its_own(path: Path) -> None:
    (own,) = of(examine(path, ["tracker"], looks_apart_s=0), "acls")
    assert own.verdict == OK


def test_a_clock_that_is_wrong_and_a_group_that_stands_still_are_told(
    guarded: KafkaConfig, path: Path
) -> None:
    state = ConnectorState(
        connector=ConnectorId("slow"),
        partition=0,
        replica="binder-0",
        state="bound",
        window_requests_max=1,
        rate_per_s=1.0,
        at_ms=now_ms() - 60_000,
    )
    producer, codec = make_producer(guarded), Codec()
    octets = codec.encode(state, topics.CONNECTOR_STATE)
    produce(producer, topics.CONNECTOR_STATE, "slow/0", octets)
    for _ in range(3):  # nobody runs who reads it; of one alone it could be a marker
        produce(producer, topics.TRACKER_IN, "m", b"no record")
    assert producer.flush(30) == 0
    found = examine(path, SERVICES, looks_apart_s=0)
    (clock,) = of(found, "clocks")
    assert (clock.verdict, "clock of binder-0 is 6" in clock.says) == (FAIL, True), clock.says
    (stuck,) = of(found, "progress")
    assert (stuck.verdict, "tracker is 3 records behind" in stuck.says) == (FAIL, True)


def test_scripts_have_the_same_by_the_commands(path: Path) -> None:
    def ended(*words: str) -> tuple[int, Any]:
        found = CliRunner().invoke(APP, [*words, "--config", str(path), "--json"])
        return found.exit_code, json.loads(found.stdout)

    status, found = ended("topics", "diff")
    assert (status, found["others"]) == (1, ["sms.left.over"])
    short = {"topic": OTHER, "setting": "partitions", "found": "3", "wanted": "12"}
    assert short in found["differences"]
    status, found = ended("doctor", "--apart", "0")
    assert status == 1
    assert {"check", "verdict", "says", "do"} == found[0].keys()
    assert ended("schemas", "check")[0] == 0


def test_a_service_there_is_not_is_told_with_those_there_are(path: Path) -> None:
    found = CliRunner().invoke(APP, ["doctor", "--as", "rooter", "--config", str(path)])
    assert "no service 'rooter'; intake, router" in str(found.exception)
