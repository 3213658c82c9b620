"""How a broker is found: the environment, Maven, Docker, or one clear sentence."""

import os
import shutil
import socket
import subprocess
import sys
import time

import pytest
from confluent_kafka.admin import AdminClient

from pipeline import broker as module
from pipeline.broker import broker, free_port, is_free
from pipeline.errors import BrokerError


def answers(bootstrap: str) -> bool:
    return len(AdminClient({"bootstrap.servers": bootstrap}).list_topics(timeout=10).brokers) == 1


def test_a_cluster_that_is_named_is_taken(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KAFKA_BOOTSTRAP_SERVERS", "kafka.example:9092")
    with broker() as bootstrap:
        assert bootstrap == "kafka.example:9092"


def test_without_any_way_to_a_broker_one_sentence_says_what_to_do(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("KAFKA_BOOTSTRAP_SERVERS", raising=False)
    monkeypatch.setenv("PATH", "")
    with pytest.raises(BrokerError, match="install Java 17") as error, broker():
        pass
    assert "\n" not in str(error.value)


def test_an_embedded_broker_listens_where_it_is_told_and_is_gone_afterwards(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("KAFKA_BOOTSTRAP_SERVERS", raising=False)
    port = free_port()
    with broker(port=port) as bootstrap:
        assert bootstrap == f"127.0.0.1:{port}"
        assert answers(bootstrap)
        assert not is_free(port)
    assert is_free(port)


def test_an_embedded_broker_that_cannot_listen_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KAFKA_BOOTSTRAP_SERVERS", raising=False)
    monkeypatch.setattr(module, "is_free", lambda _: True)  # as if the port had been free just now
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(BrokerError, match=f"did not start on port {port}"), broker(port=port):
            pass


def test_a_broker_does_not_outlive_a_process_that_is_killed() -> None:
    script = (
        "import sys\nfrom pipeline.broker import broker\n"
        "with broker() as b:\n print(b, flush=True)\n sys.stdin.read()\n"
    )
    environ = {n: v for n, v in os.environ.items() if n != "KAFKA_BOOTSTRAP_SERVERS"}
    process = subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environ
    )
    assert process.stdout is not None
    port = int(process.stdout.readline().decode().rsplit(":", 1)[1])
    process.kill()
    process.wait()
    deadline = time.monotonic() + 10
    while not is_free(port):
        assert time.monotonic() < deadline, "the broker still listens"


def test_a_docker_engine_serves_as_well(monkeypatch: pytest.MonkeyPatch) -> None:
    if not module._docker_answers():
        pytest.skip("no Docker engine answers on this machine, so testcontainers can't be tried")
    monkeypatch.delenv("KAFKA_BOOTSTRAP_SERVERS", raising=False)
    which = shutil.which
    monkeypatch.setattr(shutil, "which", lambda name: None if name == "java" else which(name))
    with broker() as bootstrap:
        assert answers(bootstrap)
