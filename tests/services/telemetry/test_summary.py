"""How far behind the groups are is asked again and again, also when no broker answers at first."""

import threading
from collections.abc import Mapping

import pytest
from confluent_kafka import KafkaError, KafkaException
from structlog.testing import capture_logs

from pipeline.codec import Codec
from pipeline.config import Config, KafkaConfig
from pipeline.errors import BrokerError
from pipeline.kafka.lag import Progress
from pipeline.metrics import Metrics
from pipeline.process import Process
from services.telemetry import summary
from services.telemetry.config import TelemetryConfig

AWAY = KafkaException(KafkaError(KafkaError._TRANSPORT))


class Stopping(threading.Event):
    """Is set after so many looks at it."""

    def __init__(self, looks: int) -> None:
        super().__init__()
        self.looks = looks

    def wait(self, timeout: float | None = None) -> bool:
        self.looks -= 1
        return self.looks < 0


def test_a_broker_that_is_slow_at_the_start_is_asked_again(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made, asked = [], []

    class Lag:
        def __init__(self, kafka: KafkaConfig, group_of: Mapping[str, str]) -> None:
            made.append(kafka)
            if len(made) == 1:
                raise BrokerError("no broker answers")

        def ask(self) -> dict[str, Progress]:
            asked.append(len(made))
            if len(asked) == 1:
                raise AWAY
            return {"sms.router.in": Progress(9, 7)}

    monkeypatch.setattr(summary, "Lag", Lag)
    ground = Process(Config(), "telemetry-0", Metrics("telemetry", "telemetry-0"), Codec())
    board = summary.Board(ground, TelemetryConfig())
    with capture_logs() as log:
        board.measure_lag(Stopping(3))
    ground.metrics.close()
    assert board.lag["router"] == 7
    assert (len(made), asked) == (2, [2, 2])
    assert [line["event"] for line in log] == ["the backlogs on show are old"] * 2
