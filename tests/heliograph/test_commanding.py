"""What an operator reads of a command's result."""

from heliograph.commanding import lines
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
