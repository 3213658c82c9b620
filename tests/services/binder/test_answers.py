"""Answers by status and by time."""

from types import SimpleNamespace
from typing import Any

import pytest

from pipeline.ids import ConnectorId
from pipeline.metrics import Metrics
from services.binder.answers import OTHER, STATUSES_MAX, Answers
from services.binder.core import Segment

Told = list[tuple[object, object]]


def answers() -> tuple[Answers, Told]:
    """Those of a connector, and what was told on."""
    told: Told = []
    metrics = Metrics("binder", "answers")
    return Answers(ConnectorId("answers"), metrics, lambda *one: told.append(one)), told


def pdu(status: int) -> Any:
    return SimpleNamespace(command_status=status)


def test_every_answer_is_counted_by_its_name_and_goes_on() -> None:
    own, told = answers()
    sent: list[Any] = [pdu(0), pdu(0x58), pdu(0), None, pdu(0x999)]
    for answer in sent:
        own.take("segment", answer)
    assert own.statuses == {"ESME_ROK": 2, "ESME_RTHROTTLED": 1, "none": 1, "0x00000999": 1}
    assert told == [("segment", answer) for answer in sent]


def test_an_smsc_that_makes_up_statuses_fills_nothing() -> None:
    own, _ = answers()
    for status in range(0x1000, 0x1000 + 3 * STATUSES_MAX):
        own.take("segment", pdu(status))
    own.take("segment", pdu(0))
    own.take("segment", None)
    assert len(own.statuses) == STATUSES_MAX + 1
    assert own.statuses[OTHER] == 3 * STATUSES_MAX - (STATUSES_MAX - 2)
    assert own.statuses["ESME_ROK"] == own.statuses["none"] == 1


def test_the_time_from_writing_to_the_answer_is_kept_and_silence_has_none(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    own, _ = answers()
    segment = Segment(None, None, None, None, written_ms=1_000_000)  # type: ignore[arg-type]
    monkeypatch.setattr("services.binder.answers.time", SimpleNamespace(time=lambda: 1003.0))
    own.take(segment, pdu(0))
    own.take(segment, None)
    assert (sum(own.times.counts), own.times.total) == (1, 3.0)
