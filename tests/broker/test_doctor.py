"""What a doctor sees of a real broker: topics that are others, rights that lack."""

from collections.abc import Iterator
from pathlib import Path

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

from heliograph.diagnosis import FAIL, OK, Finding
from heliograph.doctor import SERVICES, examine
from pipeline import broker as brokers
from pipeline import topics
from pipeline.config import KafkaConfig
from pipeline.kafka.admin import create_topics, differences, operations, unwanted_topics
from pipeline.kafka.clients import client_settings
from pipeline.topics import Difference

AUTHORIZED = """\
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
allow.everyone.if.no.acl.found=true
"""
CATALOG = topics.catalog({})
OTHER = topics.MT_EVENT


@pytest.fixture(scope="module")
def guarded() -> Iterator[KafkaConfig]:
    """A broker that knows ACLs: one keeps us from reading ROUTER_IN."""
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
            denied = AclBinding(
                ResourceType.TOPIC,
                topics.ROUTER_IN,
                ResourcePatternType.LITERAL,
                "User:ANONYMOUS",
                "*",
                AclOperation.READ,
                AclPermissionType.DENY,
            )
            for done in admin.create_acls([denied]).values():
                done.result(30)
            yield kafka


def test_each_setting_that_is_another_is_a_difference(guarded: KafkaConfig) -> None:
    assert differences(guarded, CATALOG) == [
        Difference(OTHER, "partitions", "3", "12"),
        Difference(OTHER, "retention.ms", "1000", str(720 * 3_600_000)),
    ]
    assert unwanted_topics(guarded, CATALOG) == ["sms.left.over"]


def test_what_this_client_may_do_is_asked_of_the_broker(guarded: KafkaConfig) -> None:
    found = operations(guarded, [topics.ROUTER_IN, topics.MO, "sms.none"])
    assert found["sms.none"] == frozenset()
    assert {"READ", "WRITE"} <= found[topics.MO]
    assert "READ" not in found[topics.ROUTER_IN]


def test_the_doctor_says_what_is_wrong_there(guarded: KafkaConfig, tmp_path: Path) -> None:
    path = tmp_path / "heliograph.yaml"
    path.write_text(f"kafka: {{bootstrap_servers: '{guarded.bootstrap_servers}'}}\n")
    found = examine(path, SERVICES, looks_apart_s=0)

    def of(check: str) -> list[Finding]:
        return [finding for finding in found if finding.check == check]

    assert [finding.verdict for finding in of("broker")] == [OK]
    assert [finding.verdict for finding in of("topics")].count(FAIL) == 1
    (right,) = of("acls")
    assert right.says.startswith("this client has no READ on sms.router.in")
    (own,) = [f for f in examine(path, ["tracker"], looks_apart_s=0) if f.check == "acls"]
    assert own.verdict == OK
