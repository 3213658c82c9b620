"""The guard of every transactional producer of ours.

librdkafka can't tell whether a commit that took as long as a request may take was retried, and its
late twin could land in the next transaction (KAFKA-17754, measured: delivery.md, section 0). So a
process ends itself after such a commit; a fresh producer under the same transactional.id fences the
twin off, and the supervisor restarts us within a second.
"""

import time
from collections.abc import Callable
from typing import TypeVar

from pipeline.errors import HeliographError
from pipeline.kafka.clients import SOCKET_TIMEOUT_MS

R = TypeVar("R")


class SlowTransactionError(HeliographError):
    """A transaction ended too slowly to be trusted; the process must be restarted."""


def watched(end: Callable[..., R], limit_s: float = SOCKET_TIMEOUT_MS / 1000) -> Callable[..., R]:
    """`end` (a commit or abort), which raises when it takes `limit_s` or longer."""

    def timed(*args: object, **kwargs: object) -> R:
        started = time.monotonic()
        result = end(*args, **kwargs)
        took_s = time.monotonic() - started
        if took_s >= limit_s:
            raise SlowTransactionError(f"a transaction took {took_s:.1f} s to end; restarting")
        return result

    return timed
