"""Query, cancel and replace of one message, asked on `sms.command` as by any other system.

What is waited for is the record of `sms.command.result` that has the same command_id.
"""

import time
from collections.abc import Iterator
from contextlib import suppress
from uuid import uuid4

from heliograph.telling import tell
from pipeline import topics
from pipeline.config import Config
from pipeline.errors import UnreadableError
from pipeline.kafka.clients import now_ms
from pipeline.kafka.reader import follow, offsets_at
from pipeline.process import make_codec
from pipeline.records import Command, CommandResult, SegmentResult

BACK_MS = 60_000  # results are looked for from a minute ago, whatever a broker's clock says


def ask(config: Config, command: Command) -> str:
    """Write a command; its id, once Kafka has it. Raises HeliographError."""
    name = command.command_id or f"{uuid4()}"
    named = Command(
        command_id=name,
        message_id=command.message_id,
        action=command.action,
        text=command.text,
        tenant=command.tenant,
    )
    tell(config, topics.COMMAND, [(command.message_id, named)])
    return name


def result_of(config: Config, command_id: str, wait_s: float) -> CommandResult | None:
    """What became of a command just asked, once it is known; None when that takes longer."""
    until, codec = time.monotonic() + wait_s, make_codec(config)
    kafka, topic = config.kafka, topics.COMMAND_RESULT
    starts = offsets_at(kafka, topic, now_ms() - BACK_MS)  # not all the results of a day
    for batch in follow(kafka, [topic], lambda: time.monotonic() >= until, starts):
        for message in batch:
            with suppress(UnreadableError):
                result = codec.decode(message.value(), CommandResult)
                if result.command_id == command_id:
                    return result
    return None


def lines(result: CommandResult) -> Iterator[str]:
    """What to tell of it: a line for the message, one for each segment."""
    state = "" if result.state is None else f", the message is {result.state}"
    yield f"{result.action} {result.message_id}: {_told(result.outcome, result.reason)}{state}"
    if result.detail is not None:
        yield f"  {result.detail}"
    for segment in result.segments:
        yield f"  segment {segment.segment} by {segment.connector}: {_of(segment)}"


def _of(segment: SegmentResult) -> str:
    told = _told(segment.outcome, segment.reason)
    if segment.message_state is None:
        return told
    error = f", error {segment.error_code}" if segment.error_code else ""
    date = f", {segment.final_date}" if segment.final_date else ""
    return f"{told}, its SMSC says {segment.message_state}{date}{error}"


def _told(outcome: str, reason: str | None) -> str:
    return outcome if reason is None else f"{outcome}, {reason}"
