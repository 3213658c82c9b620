"""Control topics as their services see them: rows by key, decoded."""

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
    process: Process, topic: str, kind: type[R], put: Callable[[str, R | None], object]
) -> ControlTable:
    """A table, not yet started, whose rows come to `put` on the table's thread; None is no more.

    What can't be read is said in the log and changes nothing.
    """

    def hear(name: str, octets: bytes | None) -> None:
        try:
            row = process.codec.decode(octets, kind) if octets else None
        except UnreadableError as error:
            LOG.warning("a row that can't be read", topic=topic, reason=error.reason)
            return
        put(name, row)

    return ControlTable(process.config.kafka, topic, hear)


def on_loop(put: Callable[[str, R | None], None]) -> Callable[[str, R | None], None]:
    """`put`, but called on the event loop that runs now, in order."""
    loop = asyncio.get_running_loop()

    def pass_on(name: str, row: R | None) -> None:
        loop.call_soon_threadsafe(put, name, row)

    return pass_on
