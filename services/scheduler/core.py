"""Where a record that waits goes next, pure.

Theory. Topic `sms.timer.<n>s` holds a record for n seconds. All its records wait equally long, so
the first of a partition is always the first to be ripe: nothing is sorted, and nothing is held in
memory. A wait is made of powers of two, longest first: what is left after one is less than it, so
the exponents fall at every hop. A rest under a quarter of a second waits in the shortest topic, for
a record is never early.

    due in 11.4 s:  8s -> 2s -> 1s -> 0.25s -> 0.25s (of which 0.15 s are wanted) -> target

So a due time less than 2^22 seconds ahead takes at most 25 hops, and is missed by less than a
quarter of a second plus the time it takes to move a record. A timer is never cancelled: its target
ignores what has become pointless.
"""

from pipeline import topics
from pipeline.records import Timer


def ripe_ms(appended_ms: int, wait_s: float) -> int:
    """From when on a record appended at `appended_ms` may leave the topic of `wait_s` seconds."""
    return appended_ms + int(wait_s * 1000)


def target(timer: Timer, now_ms: int) -> str:
    """The topic a ripe timer goes to: its own target when it is due, else one to wait in."""
    left_ms = timer.due_ms - now_ms
    return timer.topic if left_ms <= 0 else topics.timer(left_ms / 1000)
