"""A real Prometheus with our configuration and rules, over processes of ours that run."""

import json
import os
import signal
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import pytest

from heliograph.launcher import Child, launcher
from heliograph.local import write_targets
from pipeline import topics
from pipeline.broker import broker, free_port
from pipeline.codec import Codec
from pipeline.config import KafkaConfig, load
from pipeline.errors import BrokerError
from pipeline.kafka.admin import create_topics
from pipeline.kafka.clients import make_producer, now_ms, produce
from pipeline.process import catalog
from tests.builders import mt_event
from tests.monitoring.conftest import TIMEOUT_S, program
from tests.monitoring.rendered import names_rendered
from tests.monitoring.test_rules import PROMETHEUS, RULES

pytestmark = [pytest.mark.monitoring, pytest.mark.timeout(TIMEOUT_S)]

DEADLINE_S = 60
CONFIG = """
kafka: {bootstrap_servers: '%s'}
state_dir: '%s/state'
routes: '%s'
connectors:
  slow: {hosts: 127.0.0.1, system_id: heliograph, password: '${SLOW_PASSWORD}', rate_per_s: 10}
"""
ROUTES = "{version: one, rules: [{name: all, prefix: '', connectors: [slow]}]}"
LATE, GOOD = 20, 60  # messages; ten late ones are an outage
REFUSED = 'sms_router_reloads_total{what="routes",result="refused"}'
R = TypeVar("R")


class Prometheus:
    """One that serves on loopback."""

    def __init__(self, port: int) -> None:
        self._url = f"http://127.0.0.1:{port}"

    def ask(self, what: str, **parameters: str) -> Any:
        """What it says at an address of its API; None while it says nothing."""
        query = urllib.parse.urlencode(parameters)
        try:
            with urllib.request.urlopen(f"{self._url}/api/v1/{what}?{query}", timeout=5) as answer:
                return json.load(answer)["data"]
        except OSError:
            return None

    def value(self, expression: str) -> float | None:
        """Of the one series that it comes to; None while there is none."""
        found = self.ask("query", query=expression)
        values = [float(one["value"][1]) for one in found["result"]] if found else []
        assert len(values) <= 1, found
        return values[0] if values else None

    def rules(self) -> list[dict[str, Any]]:
        """Every rule, as it was last evaluated."""
        found = self.ask("rules")
        return [rule for group in found["groups"] for rule in group["rules"]] if found else []

    def alerts(self) -> dict[str, dict[str, str]]:
        """The labels of those that are pending or firing, by name."""
        found = self.ask("alerts")
        return {one["labels"]["alertname"]: one["labels"] for one in found["alerts"]}


@contextmanager
def prometheus(folder: Path) -> Iterator[Prometheus]:
    """Ours, but for its pace: it asks every second, beside the targets.json of `folder`."""
    text = (PROMETHEUS / "prometheus.yml").read_text(encoding="utf-8")
    (folder / "prometheus.yml").write_text(text.replace(" 15s", " 1s"), encoding="utf-8")
    rules = (PROMETHEUS / "rules.yml").read_text(encoding="utf-8")
    (folder / "rules.yml").write_text(rules, encoding="utf-8")
    port = free_port()
    command = [
        program("prometheus"),
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
    ]
    with (folder / "prometheus.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        yield Prometheus(port)
    finally:
        process.terminate()
        process.wait(DEADLINE_S)


def until(answer: Callable[[], R | None]) -> R:
    """What it says as soon as it says something; fails when it never does."""
    deadline = time.monotonic() + DEADLINE_S
    while True:
        if found := answer():
            return found
        assert time.monotonic() < deadline, answer
        time.sleep(0.3)


@pytest.fixture
def kafka() -> Iterator[KafkaConfig]:
    try:
        with broker() as address:
            yield KafkaConfig(bootstrap_servers=address)
    except BrokerError as error:
        if os.environ.get("CI"):
            raise
        pytest.skip(f"no Kafka: {error}")


def tell_of_messages(kafka: KafkaConfig) -> None:
    """Some that reach an SMSC, and some that no router has decided on for 22 s."""
    codec, producer, now = Codec(), make_producer(kafka), now_ms()
    for number in range(LATE + GOOD):
        times = {"requested_ms": now - 22_000, "at_ms": now - 21_000, "deadline_ms": now + 30_000}
        routed = mt_event(f"m{number}", connector=None, **times)
        accepted = mt_event(
            f"m{number}",
            event="segment_accepted",
            state="accepted",
            submitted_ms=now - 20_000,
            **times | {"at_ms": now - 20_000},
        )
        for event in (routed, accepted) if number >= LATE else (routed,):
            octets = codec.encode(event, topics.MT_EVENT)
            produce(producer, topics.MT_EVENT, event.message_id, octets)
    assert producer.flush(DEADLINE_S) == 0


def of_ours(seen: Prometheus) -> set[str]:
    """The names of our metrics that it has."""
    names: list[str] = seen.ask("label/__name__/values")
    return {name for name in names if name.startswith(("sms_", "messaging_"))}


def are_up(seen: Prometheus, children: dict[str, Child]) -> bool:
    """Whether every process of ours is scraped, and no other one."""
    found = seen.ask("query", query="up")
    return bool(found) and {
        (one["metric"]["job"], one["metric"]["replica"], one["metric"]["service"], one["value"][1])
        for one in found["result"]
    } == {("heliograph", name, name.split("-", maxsplit=1)[0], "1") for name in children}


def test_prometheus_scrapes_us_and_its_alerts_tell_what_is_late_and_who_is_gone(
    kafka: KafkaConfig, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SLOW_PASSWORD", "canary")
    path = tmp_path / "heliograph.yaml"
    routes = tmp_path / "routes.yaml"
    path.write_text(CONFIG % (kafka.bootstrap_servers, tmp_path, routes), encoding="utf-8")
    routes.write_text(ROUTES, encoding="utf-8")
    create_topics(kafka, catalog(load(path)))
    with launcher(tmp_path / "log") as own:
        for name in ("intake", "router", "telemetry"):
            own.start(f"{name}-0", name, "--config", str(path), "--replica", f"{name}-0")
        own.wait_up()
        write_targets(tmp_path / "targets.json", own.children)
        with prometheus(tmp_path) as seen:
            until(lambda: are_up(seen, own.children))
            assert "sms_telemetry_lag" in of_ours(seen)
            assert of_ours(seen) <= names_rendered()
            until(lambda: {rule["health"] for rule in seen.rules()} == {"ok"})
            assert len(seen.rules()) == len(RULES)
            until(lambda: not seen.alerts())  # of a pipeline that is well
            until(lambda: seen.value('sms_telemetry_slo_total{lane="normal",result="late"}') == 0)
            until(lambda: seen.value(REFUSED) == 0)

            tell_of_messages(kafka)
            ratio = until(lambda: seen.value('heliograph:slo_late:ratio_rate5m{lane="normal"} > 0'))
            assert ratio == pytest.approx(LATE / (LATE + GOOD), abs=0.05)
            until(lambda: seen.alerts().keys() >= {"SloBurnFast", "OldestUnsent"})
            assert seen.alerts()["SloBurnFast"]["lane"] == "normal"
            assert seen.alerts()["OldestUnsent"]["connector"] == "none"

            routes.write_text(ROUTES.replace("slow", "nowhere"), encoding="utf-8")
            until(lambda: "RoutesRejected" in seen.alerts())
            assert seen.alerts()["RoutesRejected"]["what"] == "routes"

            gone = own.children["intake-0"]
            gone.is_wanted = False
            gone.signal(signal.SIGKILL)
            until(lambda: "ProcessDown" in seen.alerts())
            assert seen.alerts()["ProcessDown"]["replica"] == "intake-0"
