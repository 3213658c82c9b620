"""How connectors do, on the real broker: counted by a tracker, told by `routes explain`."""

import time
from pathlib import Path

from typer.testing import CliRunner

from heliograph.cli import APP
from pipeline import topics
from pipeline.codec import Codec
from pipeline.config import Config, KafkaConfig
from pipeline.ids import ConnectorId, MessageId
from pipeline.kafka.clients import make_producer, produce
from pipeline.kafka.reader import read_to_end
from pipeline.metrics import Metrics
from pipeline.process import Process
from pipeline.records import ConnectorQuality, Record
from pipeline.tables import followed
from services.router.quality import Quality
from services.router.strategies import Grade
from tests.broker.conftest import started
from tests.services.tracker.builders import head, receipt, routed, submitted

DEADLINE_S = 60
WINDOW_S = 5
CODEC = Codec()
FAST = ConnectorId("fast")
SWEDE = "46701234567"
CONFIG = """
dev: true
kafka: {bootstrap_servers: '%s'}
state_dir: %s
connectors:
  fast: {hosts: 127.0.0.1, system_id: me, password: secret, rate_per_s: 1}
  slow: {hosts: 127.0.0.1, system_id: me, password: secret, rate_per_s: 1}
tenants: {default: {senders: [ACME]}}
services: {tracker: {quality_window_s: %s}}
"""
ROUTES = """
version: "1"
rules: [{name: all, prefix: "", strategy: quality, connectors: [slow, fast]}]
"""


def write(kafka: KafkaConfig, topic: str, *records: tuple[str, Record]) -> None:
    producer = make_producer(kafka)
    for key, record in records:
        produce(producer, topic, key, CODEC.encode(record, topic))
    assert producer.flush(DEADLINE_S) == 0


def windows(kafka: KafkaConfig) -> list[ConnectorQuality]:
    found = read_to_end(kafka, [topics.QUALITY])
    rows = [CODEC.decode(message.value(), ConnectorQuality) for message in found]
    return [row for row in rows if row.tenant is None]  # of all tenants together


async def test_what_a_tracker_has_counted_decides_in_a_router(
    own_kafka: KafkaConfig, tmp_path: Path
) -> None:
    path = tmp_path / "heliograph.yaml"
    text = CONFIG % (own_kafka.bootstrap_servers, tmp_path / "state", WINDOW_S)
    path.write_text(text, encoding="utf-8")
    (tmp_path / "routes.yaml").write_text(ROUTES, encoding="utf-8")
    facts: list[tuple[str, Record]] = []
    for number in range(20):
        name = MessageId(f"m{number}")
        state = "DELIVERED" if number else "UNDELIVERABLE"
        facts += [
            (name, routed(head=head(message_id=name))),
            (name, submitted(message_id=name)),
            (name, receipt(state, message_id=name)),
        ]
    write(own_kafka, topics.TRACKER_IN, *facts)
    deadline_s = time.monotonic() + DEADLINE_S
    async with started("tracker", "--config", str(path), "--replica", "tracker-0"):
        while sum(row.delivered + row.failed for row in windows(own_kafka)) < 20:
            assert time.monotonic() < deadline_s
            time.sleep(1)
            late = MessageId(f"late{time.monotonic()}")  # the first fact after its end closes it
            write(own_kafka, topics.TRACKER_IN, (late, routed(head=head(message_id=late))))
    rows = windows(own_kafka)
    assert sum(row.submitted for row in rows) == 20
    assert (sum(row.delivered for row in rows), sum(row.failed for row in rows)) == (19, 1)
    assert {(row.connector, row.country, row.replica) for row in rows} == {
        ("fast", "SE", "tracker-0")
    }
    last = rows[-1]
    quality = Quality()
    ground = Process(Config(kafka=own_kafka), "router-0", Metrics("router", "router-0"), CODEC)
    table = followed(ground, topics.QUALITY, ConnectorQuality, quality.put)
    table.start()
    table.stop()
    grade = quality.grade_of(FAST, SWEDE)
    assert grade == Grade(last.delivered + last.failed, last.delivered, 1970)
    found = CliRunner().invoke(APP, ["routes", "explain", SWEDE, "--config", str(path)])
    told = f"{grade.delivered} of {grade.ended} delivered, half of them within 2.0 s"
    assert f"fast (quality, weight 1, {told})" in found.output
    assert "slow (quality, weight 1, nothing known of lately)" in found.output
