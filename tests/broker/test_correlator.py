"""A correlator on the real broker: what it tells of receipts, what is imported, state that goes."""

import itertools
import re
import signal
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import pytest
from confluent_kafka import Message
from rocksdict import AccessType, Options, Rdict
from typer.testing import CliRunner

from heliograph.cli import APP
from heliograph.launcher import Child, launcher
from pipeline import topics
from pipeline.codec import Codec
from pipeline.config import KafkaConfig
from pipeline.ids import ConnectorId, Msisdn
from pipeline.kafka.clients import make_producer, now_ms, produce
from pipeline.kafka.reader import read_to_end
from pipeline.records import Dlr, Mo, MtStatus, Record, Wake
from tests.services.correlator.builders import accepted, part, receipt

DEADLINE_S = 90
DAY_MS = 86_400_000
HOUR_MS = 3_600_000
CODEC = Codec()
CONFIG = """
dev: true
kafka: {bootstrap_servers: '%s'}
state_dir: %s/state
profiles:
  wrong: {id_in_response: decimal, id_in_receipt: decimal}
connectors:
  wrong: {profile: wrong, hosts: 127.0.0.1, system_id: me, password: secret, rate_per_s: 1}
  lost: {hosts: 127.0.0.1, system_id: me, password: secret, rate_per_s: 1}
  fast: {hosts: 127.0.0.1, system_id: me, password: secret, rate_per_s: 1}
tenants: {default: {senders: [ACME]}}
services: {correlator: {receipts_window_s: 10, park_s: 1, partial_s: 1}}
"""
SERVICES = ("correlator", "tracker", "scheduler")
PAIRS = 480  # of a wrong profile: in each partition as many as it takes to be sure
ORPHANS = 120
CHANGELOG = "changelog__correlator--sms.correlator.in--default"

READ_ONLY = AccessType.read_only()

T = TypeVar("T")


class Pipeline:
    """The services that receipts meet, and what a user asks them."""

    def __init__(self, kafka: KafkaConfig, folder: Path, children: dict[str, Child]) -> None:
        self.kafka = kafka
        self.folder = folder
        self.children = children

    def write(self, *records: tuple[str, Record]) -> None:
        producer = make_producer(self.kafka)
        for key, record in records:
            octets = CODEC.encode(record, topics.CORRELATOR_IN)
            produce(producer, topics.CORRELATOR_IN, key, octets)
        assert producer.flush(DEADLINE_S) == 0

    def until(self, found: Callable[[], T]) -> T:
        """What is found at last; meanwhile a record now and then, which lets windows end."""
        deadline_s = time.monotonic() + DEADLINE_S
        while not (last := found()):
            assert time.monotonic() < deadline_s, self.children["correlator"].where_it_stands()
            self.write(*[(f"nudge-{n}", wake()) for n in range(24)])
            time.sleep(0.5)
        return last

    def command(self, *arguments: str) -> str:
        told = CliRunner().invoke(APP, [*arguments, "--config", str(self.folder / "h.yaml")])
        assert told.exit_code == 0, told.output
        return told.output

    def read(self, topic: str, kind: type[T]) -> list[T]:
        messages = read_to_end(self.kafka, [topic])
        return [CODEC.decode(message.value(), kind) for message in messages]  # type: ignore[type-var]

    def log(self) -> list[str]:
        return (self.folder / "correlator.log").read_text(encoding="utf-8").splitlines()

    def metrics(self) -> str:
        with urllib.request.urlopen(f"{self.children['correlator'].facts['http']}/metrics") as page:
            return str(page.read().decode())


@pytest.fixture(scope="module")
def pipeline(
    own_kafka: KafkaConfig, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Pipeline]:
    folder = tmp_path_factory.mktemp("correlator")
    path = folder / "h.yaml"
    path.write_text(CONFIG % (own_kafka.bootstrap_servers, folder), encoding="utf-8")
    with launcher(folder) as own:
        children = {
            name: own.start(name, name, "--config", str(path), "--replica", f"{name}-0")
            for name in SERVICES
        }
        own.wait_up()
        yield Pipeline(own_kafka, folder, children)


def wake() -> Wake:
    return Wake(key="nudge", kind="nobody's", what="", set_ms=0)


def handset(number: int) -> Msisdn:
    return Msisdn(f"4670{number:07}")


def answered(smsc_message_id: str, number: int, connector: str) -> tuple[str, Record]:
    moment = now_ms()
    times = {f"{name}_ms": moment for name in ("requested", "submitted", "answered")}
    fact = accepted(
        smsc_message_id,
        f"m{number}",
        connector=ConnectorId(connector),
        recipient=handset(number),
        deadline_ms=moment + DAY_MS,
        **times,
    )
    return fact.recipient, fact


def received(smsc_message_id: str, number: int, connector: str) -> tuple[str, Record]:
    fact = receipt(
        smsc_message_id,
        connector=ConnectorId(connector),
        handset=handset(number),
        source_addr=handset(number),
        received_ms=now_ms(),
    )
    return fact.handset, fact


def row_of(table: str, connector: str) -> str:
    return next((line for line in table.splitlines() if line.startswith(connector)), "")


def test_a_wrong_profile_is_shown_and_alarms_and_so_do_receipts_of_nobody(
    pipeline: Pipeline,
) -> None:
    written: list[tuple[str, Record]] = []
    for number in range(PAIRS):
        smsc_message_id = 0x1A2B_3C4D + number
        written.append(answered(f"{smsc_message_id:X}", number, "wrong"))
        written.append(received(f"{smsc_message_id}", number, "wrong"))
    written += [received(f"x{number}", 1000 + number, "lost") for number in range(ORPHANS)]
    pipeline.write(*written)

    def shown() -> str:
        table = pipeline.command("receipts")
        wrong, lost = row_of(table, "wrong"), row_of(table, "lost")
        is_whole = wrong.split()[1:4] == [str(PAIRS), str(PAIRS), "0"]
        return table if is_whole and lost.split()[1:4] == [str(ORPHANS), "0", str(ORPHANS)] else ""

    table = pipeline.until(shown)
    assert "hexadecimal to decimal" in row_of(table, "wrong")
    advice = "write id_in_response: hexadecimal, id_in_receipt: decimal into its profile"
    assert row_of(table, "wrong").endswith(advice)
    assert "100.0% find no segment" in row_of(table, "lost")
    found = pipeline.read(topics.DLR, Dlr)
    assert {dlr.message_id for dlr in found} == {f"m{number}" for number in range(PAIRS)}
    assert {dlr.joined_by for dlr in found} == {"notation"}
    warnings = [line for line in pipeline.log() if "receipts" in line and "warning" in line]
    assert any("find no segment" in line and "lost" in line for line in warnings)
    assert any("written otherwise" in line or "write ids otherwise" in line for line in warnings)
    metrics = pipeline.metrics()
    for name, connector in (("orphan_share", "lost"), ("mismatch", "wrong")):
        line = rf'^sms_correlator_{name}(_ratio)?{{[^}}]*connector="{connector}"[^}}]*}} 1\.0$'
        assert re.search(line, metrics, re.MULTILINE), metrics


def test_what_another_gateway_has_sent_is_brought_in_and_ends(pipeline: Pipeline) -> None:
    now = datetime.fromtimestamp(now_ms() / 1000, UTC)
    sent, over, ends = ((now + timedelta(hours=hours)).isoformat() for hours in (-5, -2, 20))
    lines = [
        "connector,smsc_message_id,recipient,sender,message_id,submitted,segment,segments,deadline",
        f"fast,77a1,+{handset(2001)},ACME,old-1,{sent},1,2,{ends}",
        f"fast,77a2,+{handset(2001)},ACME,old-1,{sent},2,2,{ends}",
        f"fast,77b1,+{handset(2002)},ACME,old-2,{sent},1,1,{over}",
    ]
    path = pipeline.folder / "segments.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    assert pipeline.command("segments", "import", str(path)) == "3 segments told\n"
    pipeline.write(received("77A1", 2001, "fast"), received("77A2", 2001, "fast"))
    statuses: dict[str, MtStatus] = {}

    def ended() -> bool:
        for status in pipeline.read(topics.MT_STATUS, MtStatus):
            statuses[status.head.message_id] = status
        return all(name in statuses and statuses[name].terminal for name in ("old-1", "old-2"))

    pipeline.until(ended)
    of = {(d.message_id, d.segment): d for d in pipeline.read(topics.DLR, Dlr) if d.message_id}
    assert [of["old-1", number].smsc_message_id for number in (1, 2)] == ["77A1", "77A2"]
    delivered, silent = statuses["old-1"], statuses["old-2"]
    assert (delivered.state, len(delivered.segments), delivered.path) == ("delivered", 2, ("fast",))
    assert (silent.state, silent.reason) == ("unknown", "dlr_timeout")


def stored(pipeline: Pipeline, name: bytes) -> set[bytes]:
    """The keys of the stores on disk with that in them, once the correlator has ended."""
    found: set[bytes] = set()
    for current in (pipeline.folder / "state" / "correlator-0").rglob("CURRENT"):
        store = Rdict(str(current.parent), Options(raw_mode=True), access_type=READ_ONLY)
        keys: set[bytes] = set(store.keys())
        store.close()
        found |= {key for key in keys if name in key}
    return found


def changes(pipeline: Pipeline, name: bytes) -> list[Message]:
    return [m for m in read_to_end(pipeline.kafka, [CHANGELOG]) if name in (m.key() or b"")]


@contextmanager
def ended(child: Child) -> Iterator[None]:
    """Its stores may be opened."""
    child.is_wanted = False
    child.signal(signal.SIGTERM)
    assert child.wait(DEADLINE_S) is not None
    yield
    child.start()
    child.is_wanted = True


def test_what_has_lived_is_gone_from_the_store_and_its_changelog(pipeline: Pipeline) -> None:
    """Parts of an inbound message are known for `partial_s` after it was told."""
    person = handset(3001)
    facts = [
        part(number, 2, b"hello", handset=person, source_addr=person, received_ms=now_ms())
        for number in (1, 2)
    ]
    pipeline.write(*[(person, fact) for fact in facts])
    pipeline.until(lambda: [mo for mo in pipeline.read(topics.MO, Mo) if mo.sender == person])
    kept = b"mo|fast|12345"
    assert changes(pipeline, kept)[0].value() is not None
    alive = f"{person}|".encode()
    numbers = itertools.count()

    def is_gone() -> bool:
        """A store is swept when it is written to."""
        pipeline.write(answered(f"99{next(numbers):04x}", 3001, "fast"))
        return changes(pipeline, kept)[-1].value() is None

    pipeline.until(is_gone)
    with ended(pipeline.children["correlator"]):
        assert stored(pipeline, kept) == set()
        assert stored(pipeline, alive) == {alive + b'"segments"'}
