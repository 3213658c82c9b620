"""Control topics as the event loop sees them: rows decoded, in order, on the loop's thread."""

import asyncio
from collections.abc import Callable
from typing import TypeVar

import structlog

from pipeline.errors import UnreadableError
from pipeline.kafka.table import ControlTable
from pipeline.process import Process
from pipeline.records import Record

LOG = structlog.get_logger()
R = TypeVar("R", bound=Record)


def followed(
    process: Process, topic: str, kind: type[R], put: Callable[[str, R | None], None]
) -> ControlTable:
    """A table, not yet started, whose rows come to `put` on the loop that runs now.

    What can't be read is said in the log and changes nothing.
    """
    loop = asyncio.get_running_loop()

    def hear(name: str, octets: bytes | None) -> None:
        try:
            row = process.codec.decode(octets, kind) if octets else None
        except UnreadableError as error:
            LOG.warning("a row that can't be read", topic=topic, reason=error.reason)
            return
        loop.call_soon_threadsafe(put, name, row)

    return ControlTable(process.config.kafka, topic, hear)
