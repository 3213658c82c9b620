"""The stop button on the real broker: what is written is listed, and gone when it may go on."""

from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from heliograph.cli import APP
from pipeline.config import KafkaConfig

Order = Callable[..., str]
CONFIG = """
dev: true
kafka: {bootstrap_servers: '%s'}
connectors: {carrier: {hosts: 127.0.0.1, system_id: me, password: secret, rate_per_s: 1}}
"""


@pytest.fixture
def order(own_kafka: KafkaConfig, tmp_path: Path) -> Order:
    """What a `heliograph stop` command prints."""
    path = tmp_path / "heliograph.yaml"
    path.write_text(CONFIG % own_kafka.bootstrap_servers, encoding="utf-8")

    def run(*arguments: str) -> str:
        found = CliRunner().invoke(APP, ["stop", *arguments, "--config", str(path)])
        told = [line for line in found.output.splitlines() if "stamina.retry" not in line]
        return "\n".join(told) or str(found.exception)

    return run


def test_what_is_stopped_is_listed_until_it_may_go_on(order: Order) -> None:
    assert order("list") == "nothing is stopped"
    spring = ("--campaign", "spring", "--connector", "carrier")
    assert order("pause", *spring) == "pause: campaign spring, connector carrier"
    assert order("cancel", "--tenant", "default") == "cancel: tenant default"
    first, second = order("list").splitlines()
    assert first.startswith("pause  campaign spring, connector carrier, since 20")
    assert second.startswith("cancel tenant default, since 20")
    assert order("cancel", *spring) == "cancel: campaign spring, connector carrier"
    assert order("resume", "--tenant", "default") == "resume: tenant default"
    assert order("list").startswith("cancel campaign spring, connector carrier, since 20")
    order("resume", *spring)
    assert order("list") == "nothing is stopped"


def test_what_is_meant_must_be_said_and_exist(order: Order) -> None:
    assert order("pause").startswith("say what: --tenant")
    assert order("pause", "--everything", "--tenant", "default").startswith("say what: --tenant")
    assert order("pause", "--tenant", "defalt") == (
        "there is no tenant 'defalt'; there are default"
    )
    assert order("pause", "--connector", "x") == "there is no connector 'x'; there are carrier"
