"""Commands about single messages: what comes on `sms.command`, and where it goes.

The tracker knows the message and answers; here a command is only read, named and passed on to it.
One without a command_id is named by its place, so that its repeat after a crash is known as one.
What can't be read, or is too long to be kept, goes to the dead letters.
"""

from collections.abc import Callable

from msgspec.structs import replace

from pipeline import topics
from pipeline.dead_letters import error_headers, note_burial
from pipeline.errors import UnreadableError
from pipeline.kafka.clients import headers_of, origin_of
from pipeline.kafka.member import Member, place
from pipeline.process import Process
from pipeline.records import Command
from pipeline.traceparent import passing
from services.intake.checks import TEXT_CHARACTERS_MAX
from services.intake.core import Source
from services.intake.lanes import GROUP

ID_CHARACTERS_MAX = 64


def named(command: Command, source: Source) -> Command:
    """The command as it is passed on; raises UnreadableError for one that is too long to keep."""
    for field, most in (
        ("command_id", ID_CHARACTERS_MAX),
        ("message_id", ID_CHARACTERS_MAX),
        ("text", TEXT_CHARACTERS_MAX),
    ):
        if len(getattr(command, field) or "") > most:
            raise UnreadableError("misshapen", f"`{field}` has more than {most} characters")
    if command.command_id:
        return command
    return replace(command, command_id=source.id)


class CommandReader:
    """Reads commands and passes them on, a batch at a time."""

    def __init__(
        self, ground: Process, write: Callable[..., object], confirm: Callable[[], None]
    ) -> None:
        """`write(topic, key, octets, headers)` hands a record to Kafka, `confirm()` returns
        when it has all of them."""
        self._ground = ground
        self._write = write
        self._confirm = confirm
        self._member = Member(
            ground.config.kafka, GROUP, dict[str, int], lambda _: None, lambda _: None
        )
        self.close = self._member.close

    def subscribe(self) -> None:
        """Join the group."""
        self._member.subscribe([topics.COMMAND])

    def pass_on(self) -> None:
        """Deal with what has come; nobody is waited for."""
        messages = self._member.read(0)
        for message in messages:
            partition = place(message)
            source = Source(*partition, message.offset() or 0, message.timestamp()[1])
            self._ground.metrics.consumed(topics.COMMAND, GROUP).value += 1
            try:
                command = named(self._ground.codec.decode_command(message.value()), source)
            except UnreadableError as error:
                came_from = origin_of(message)
                dead = error_headers(came_from, GROUP, error)
                where = topics.dlq_of(topics.COMMAND)
                self._write(where, message.key(), message.value(), dead)
                note_burial(self._ground.metrics, came_from, GROUP, error)
                continue
            octets = self._ground.codec.encode(command, topics.TRACKER_IN)
            headers = passing(headers_of(message))
            self._write(topics.TRACKER_IN, command.message_id, octets, headers)
        if messages:
            self._confirm()
            self._member.commit(messages)
