"""What an operator reads of a command's result."""

from collections.abc import Callable, Iterator, Mapping
from types import SimpleNamespace
from typing import Any

import pytest

from heliograph import commanding
from heliograph.commanding import lines, result_of
from pipeline.codec import Codec
from pipeline.config import Config
from pipeline.ids import ConnectorId, MessageId
from pipeline.records import CommandResult, SegmentResult


def test_a_result_is_told_for_the_message_and_each_segment() -> None:
    fast = ConnectorId("fast")
    result = CommandResult(
        command_id="c1",
        message_id=MessageId("m1"),
        action="query",
        outcome="no_answer",
        reason="no_bind",
        detail="A sentence.",
        state="accepted",
        segments=(
            SegmentResult(
                segment=1,
                connector=fast,
                outcome="done",
                message_state="UNDELIVERABLE",
                final_date="250101000000000+",
                error_code=7,
            ),
            SegmentResult(segment=2, connector=fast, outcome="done", message_state="ENROUTE"),
            SegmentResult(segment=3, connector=fast, outcome="no_answer", reason="no_bind"),
        ),
        answered_ms=0,
    )
    assert list(lines(result)) == [
        "query m1: no_answer, no_bind, the message is accepted",
        "  A sentence.",
        "  segment 1 by fast: done, its SMSC says UNDELIVERABLE, 250101000000000+, error 7",
        "  segment 2 by fast: done, its SMSC says ENROUTE",
        "  segment 3 by fast: no_answer, no_bind",
    ]


def test_of_what_nobody_knows_there_is_no_state() -> None:
    result = CommandResult(
        command_id="c1",
        message_id=MessageId("m1"),
        action="cancel",
        outcome="refused",
        reason="unknown_message",
        answered_ms=0,
    )
    assert list(lines(result)) == ["cancel m1: refused, unknown_message"]


def test_results_of_long_ago_are_not_read(monkeypatch: pytest.MonkeyPatch) -> None:
    topic = "sms.command.result"
    result = CommandResult(
        command_id="c1",
        message_id=MessageId("m1"),
        action="query",
        outcome="done",
        answered_ms=1_000_000,
    )

    def follow(
        _: object,
        wanted: list[str],
        is_over: Callable[[], bool],
        starts: Mapping[tuple[str, int], int],
    ) -> Iterator[list[Any]]:
        assert (wanted, starts) == ([topic], {(topic, 0): 7})
        assert not is_over()
        yield []
        yield [SimpleNamespace(value=lambda: Codec().encode(result, topic))]

    def offsets_at(_: object, asked: str, at_ms: int) -> dict[tuple[str, int], int]:
        assert (asked, at_ms) == (topic, 940_000)
        return {(topic, 0): 7}

    monkeypatch.setattr(commanding, "now_ms", lambda: 1_000_000)
    monkeypatch.setattr(commanding, "offsets_at", offsets_at)
    monkeypatch.setattr(commanding, "follow", follow)
    assert result_of(Config(dev=True), "c1", 5) == result
