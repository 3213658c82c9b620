"""Routes by topic on the real broker: published whole, followed by a router that runs, undone."""

import asyncio
import signal
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from heliograph.cli import APP
from heliograph.telling import tell
from pipeline import topics
from pipeline.broker import free_port
from pipeline.codec import Codec
from pipeline.config import KafkaConfig, load
from pipeline.ids import ConnectorId
from pipeline.kafka.admin import create_topics
from pipeline.kafka.clients import make_producer, now_ms, produce
from pipeline.kafka.reader import read_to_end
from pipeline.process import catalog
from pipeline.records import MtSubmit, RoutesVersion
from tests.broker.conftest import started
from tests.services.router.builders import admitted, request

DEADLINE_S = 40
CONFIG = """
dev: true
kafka: {{bootstrap_servers: '{address}'}}
http: {{port: {port}}}
state_dir: '{folder}/state'
routes: topic
connectors:
  fast: {{hosts: 127.0.0.1, system_id: me, password: secret, rate_per_s: 1}}
tenants: {{default: {{senders: [ACME]}}}}
"""
MORE = "  new: {hosts: 127.0.0.1, system_id: me, password: secret, rate_per_s: 1}\ntenants"
ROUTES = """\
version: "{version}"
rules:
  - {{name: mobiles, prefixes_file: mobiles.txt, connectors: [{connector}]}}
  - {{name: rest, prefix: "", reject: elsewhere}}
"""
PREFIXES = 100_000


class Operator:
    """Somebody with a configuration, a routes file, and the command."""

    def __init__(self, kafka: KafkaConfig, folder: Path) -> None:
        self.path = folder / "heliograph.yaml"
        self.port = free_port()
        address = kafka.bootstrap_servers
        text = CONFIG.format(address=address, port=self.port, folder=folder)
        self.path.write_text(text, encoding="utf-8")
        self.file = folder / "routes.yaml"
        prefixes = "\n".join(f"4670{number:05}" for number in range(PREFIXES))
        (folder / "mobiles.txt").write_text(prefixes, encoding="utf-8")
        self.create()

    def create(self) -> None:
        config = load(self.path)
        create_topics(config.kafka, catalog(config))

    def add_connector(self) -> None:
        text = self.path.read_text(encoding="utf-8").replace("tenants", MORE)
        self.path.write_text(text, encoding="utf-8")

    def write(self, version: str, connector: str) -> str:
        self.file.write_text(ROUTES.format(version=version, connector=connector), encoding="utf-8")
        return str(self.file)

    def routes(self, *arguments: str) -> list[str]:
        found = CliRunner().invoke(APP, ["routes", *arguments, "--config", str(self.path)])
        told = [line for line in found.output.splitlines() if "stamina.retry" not in line]
        return told or str(found.exception).splitlines()

    def ask(self, name: str) -> None:
        """A request that intake has let in."""
        config = load(self.path)
        producer = make_producer(config.kafka)
        record = admitted(request(message_id=name), requested_ms=now_ms())
        octets = Codec().encode(record, topics.ROUTER_IN)
        produce(producer, topics.ROUTER_IN, "46701234567", octets)
        assert producer.flush(DEADLINE_S) == 0

    def sent(self, connector: str) -> list[str]:
        """Ids of the messages in the connector's submit topic."""
        topic = topics.submit(ConnectorId(connector), 1, priority=False)
        found = read_to_end(load(self.path).kafka, [topic])
        return [Codec().decode(message.value(), MtSubmit).message_id for message in found]

    def get(self, path: str) -> tuple[int, str]:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=5) as got:
                return got.status, got.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, ""

    def counted(self, what: str, result: str) -> bool:
        """Whether the router has counted such a reload."""
        lines = self.get("/metrics")[1].splitlines()
        wanted = ("router_reloads", f'what="{what}"', f'result="{result}"')
        own = [line for line in lines if all(word in line for word in wanted)]
        return any(float(line.split()[-1]) > 0 for line in own)


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(DEADLINE_S):
        while not holds():
            await asyncio.sleep(0.1)


@pytest.fixture
def operator(own_kafka: KafkaConfig, tmp_path: Path) -> Operator:
    return Operator(own_kafka, tmp_path)


async def test_a_router_follows_what_is_published_and_a_connector_joins_while_it_runs(
    operator: Operator,
) -> None:
    own = operator
    assert own.routes("history") == ["no routes are published yet; heliograph routes publish FILE"]
    command = ("router", "--replica", "router-0", "--config", str(own.path))
    async with started(*command) as process:
        await asyncio.sleep(1)
        assert (own.get("/livez")[0], own.get("/readyz")[0]) == (200, 503)
        told = own.routes("publish", own.write("1", "fast"), "--by", "anna")
        assert told == ["version 1 is in force", "+ mobiles", "+ rest"]
        await until(lambda: own.get("/readyz")[0] == 200)
        own.ask("a")
        await until(lambda: own.sent("fast") == ["a"])

        broken = RoutesVersion(version="2", text="rules: [", by="eve", at_ms=0)
        tell(load(own.path), topics.CONTROL_ROUTES, [("2", broken)])
        await until(lambda: own.counted("routes", "refused"))
        own.ask("b")
        await until(lambda: own.sent("fast") == ["a", "b"])

        own.add_connector()
        process.send_signal(signal.SIGHUP)  # its topics are not there yet
        await until(lambda: own.counted("configuration", "refused"))
        own.create()
        assert own.routes("publish", own.write("3", "new"), "--by", "bo")[1:] == ["~ mobiles: pool"]
        process.send_signal(signal.SIGHUP)
        await until(lambda: own.counted("routes", "taken"))
        own.ask("c")
        await until(lambda: own.sent("new") == ["c"])

        assert own.routes("publish", "--again", "1", "--by", "anna")[0] == "version 1 is in force"
        await until(lambda: _sent_by(own, "d"))
    assert own.sent("fast")[:2] == ["a", "b"]


def _sent_by(own: Operator, name: str) -> bool:
    own.ask(f"{name}{len(own.sent('fast')) + len(own.sent('new'))}")
    return any(sent.startswith(name) for sent in own.sent("fast"))


def test_what_was_published_is_told_and_what_is_broken_is_not_published(
    operator: Operator,
) -> None:
    own = operator
    versions = [line.split(",")[0] for line in own.routes("history") if line[0] != " "]
    assert versions == ["2", "3", "1"]
    assert own.routes("history")[-2].startswith("1, 20")
    assert own.routes("history")[-2].endswith(" UTC, by anna, in force")
    assert own.routes("show") == ROUTES.format(version="1", connector="fast").splitlines()
    assert own.routes("publish") == ["say what: a routes FILE, or --again VERSION"]
    assert own.routes("publish", "--again", "3")[0].endswith("there is no connector 'new'")
    assert own.routes("publish", "--again", "9") == [
        "no version '9' is published; there are: 2, 3, 1"
    ]
    own.write("1", "fast")
    own.file.write_text(own.file.read_text("utf-8").replace("elsewhere", "there"), "utf-8")
    assert own.routes("publish", str(own.file))[0].endswith("write another version")
    assert own.routes("check")[0] == f"version 1: 2 rules, {PREFIXES + 1} prefixes, no fault"
    assert own.routes("diff", own.write("4", "fast")) == ["the same rules"]
