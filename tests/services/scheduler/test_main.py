"""What has waited for more than an hour goes on with a link to its trace."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from pipeline.codec import Codec
from pipeline.config import Config
from pipeline.effects import Headers
from pipeline.metrics import Metrics
from pipeline.process import Process
from pipeline.records import Timer
from services.scheduler import __main__ as scheduler
from tests.traced import CAME, PASSED, SAMPLED, Traced

CODEC = Codec()
LINKED: Headers = [("sms-link", SAMPLED)]


class Read:
    """A timer as Kafka shows it."""

    def __init__(self, topic: str, headers: Headers | None) -> None:
        self._topic, self._headers = topic, headers

    def topic(self) -> str:
        return self._topic

    def value(self) -> bytes:
        return CODEC.encode(Timer(due_ms=0, topic="sms.router.in", key="k", value=b"v"), "")

    def headers(self) -> Headers | None:
        return self._headers


@pytest.mark.parametrize(
    ("wait_s", "came", "traced", "goes"),
    [
        (1, CAME, Traced(), CAME),
        (2048, CAME, Traced(), CAME),
        (4096, CAME, Traced(), LINKED),
        (4096, CAME, None, CAME),
        (4096, PASSED, Traced(), PASSED),
        (8192, LINKED, Traced(), LINKED),
        (8192, None, Traced(), None),
    ],
)
def test_the_longest_wait_decides(
    monkeypatch: pytest.MonkeyPatch,
    wait_s: int,
    came: Headers | None,
    traced: Traced | None,
    goes: Headers | None,
) -> None:
    for name in ("make_member", "watched"):
        monkeypatch.setattr(scheduler, name, lambda *_: None)
    client = SimpleNamespace(send_offsets_to_transaction=None, commit_transaction=None)
    monkeypatch.setattr(scheduler, "begin_anew", lambda *_: client)
    ground = SimpleNamespace(
        config=Config(),
        replica="scheduler-0",
        codec=CODEC,
        metrics=Metrics("scheduler", "scheduler-0"),
        tracer=traced and traced.tracer,
    )
    own = scheduler.Shell(cast(Process, ground))
    found: list[tuple[Any, ...]] = []
    monkeypatch.setattr(own, "_write", lambda *what: found.append(what))
    own._forward(cast(Any, Read(f"sms.timer.{wait_s}s", came)))
    assert found == [("sms.router.in", "k", b"v", goes)]
