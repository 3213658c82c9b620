"""The guard of every transactional producer of ours.

librdkafka can't tell whether a commit that took as long as a request may take was retried, and its
late twin could land in the next transaction (KAFKA-17754, measured: delivery.md, section 0). So a
process ends itself after such a commit; a fresh producer under the same transactional.id fences the
twin off, and the supervisor restarts us within a second.

Nor does librdkafka keep to the time-out it is given: when the broker restarts at the wrong moment,
`send_offsets_to_transaction` waits for ever, while the broker has long since aborted (measured: two
of three restarts under load; librdkafka issues 5456, 5511). Nothing in Python can interrupt that,
so a timer ends the process.
"""

import faulthandler
import time
from collections.abc import Callable
from typing import TypeVar

from pipeline.errors import HeliographError

R = TypeVar("R")
GRACE_S = 1  # an end that comes by itself says more than one by the timer


class SlowTransactionError(HeliographError):
    """A transaction ended too slowly to be trusted; the process must be restarted."""


def watched(end: Callable[..., R], limit_s: float) -> Callable[..., R]:
    """`end` (a commit, an abort, the sending of offsets), which raises if it takes `limit_s`.

    That is `pipeline.kafka.clients.request_timeout_s`: what took less was asked for only once. If
    it has not come back soon afterwards, the process ends with all stacks on standard error. One at
    a time in a process.
    """

    def timed(*args: object, **kwargs: object) -> R:
        faulthandler.dump_traceback_later(limit_s + GRACE_S, exit=True)
        started = time.monotonic()
        try:
            result = end(*args, **kwargs)
        finally:
            faulthandler.cancel_dump_traceback_later()
        took_s = time.monotonic() - started
        if took_s >= limit_s:
            raise SlowTransactionError(f"a transaction took {took_s:.1f} s to end; restarting")
        return result

    return timed
