"""Answers by status and by time."""

import time
from types import SimpleNamespace
from typing import Any

from pipeline.ids import ConnectorId
from pipeline.metrics import Metrics
from services.binder.answers import OTHER, STATUSES_MAX, Answers
from services.binder.core import Segment

TOLD: list[tuple[object, object]] = []


def answers() -> Answers:
    TOLD.clear()
    return Answers(
        ConnectorId("answers"),
        Metrics("binder", "answers"),
        lambda *told: TOLD.append(told),
    )


def pdu(status: int) -> Any:
    return SimpleNamespace(command_status=status)


def test_every_answer_is_counted_by_its_name_and_goes_on() -> None:
    own = answers()
    sent: list[Any] = [pdu(0), pdu(0x58), pdu(0), None, pdu(0x999)]
    for answer in sent:
        own.take("segment", answer)
    assert own.statuses == {"ESME_ROK": 2, "ESME_RTHROTTLED": 1, "none": 1, "0x00000999": 1}
    assert TOLD == [("segment", answer) for answer in sent]


def test_an_smsc_that_makes_up_statuses_fills_nothing() -> None:
    own = answers()
    for status in range(0x1000, 0x1000 + 3 * STATUSES_MAX):
        own.take("segment", pdu(status))
    own.take("segment", pdu(0))
    assert len(own.statuses) == STATUSES_MAX + 1
    assert own.statuses[OTHER] == 3 * STATUSES_MAX - (STATUSES_MAX - 1)
    assert own.statuses["ESME_ROK"] == 1


def test_the_time_from_writing_to_the_answer_is_kept_and_silence_has_none() -> None:
    own = answers()
    segment = Segment(None, None, None, None, written_ms=int(time.time() * 1000) - 3000)  # type: ignore[arg-type]
    own.take(segment, pdu(0))
    own.take(segment, None)
    assert sum(own._times.counts) == 1
    assert 2.9 < own._times.total < 20
