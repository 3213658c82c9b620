"""Failures after which a rule sends a message once more, and how; pure.

Each is named as the events name it, so that what happened is looked up in what was written.
"""

from dataclasses import dataclass

from smpp.values import CommandStatus

RECEIPTS = ("undeliverable", "expired", "rejected")
"""What a receipt may say that is safe: the SMSC has given up. Not deleted: somebody wanted that."""
TIMEOUT = "timeout"
"""No receipt in time; the message may still be delivered, so this may double it."""
NUMBER_MAX = 0xFFFF_FFFF


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """What a rule says of failures: which ones are `on` the list, and what then.

    Without `after_s` the next way of the pool is taken; with it the whole pool again, so much
    later, at most `times` times. `receipt_within_s` belongs to TIMEOUT.
    """

    on: tuple[str, ...] = ()
    receipt_within_s: int | None = None
    after_s: int | None = None
    times: int = 0


NEVER = Retry()


def failure_of(text: str) -> str | None:
    """A failure as events name it, from its name or from a number; None when it is none."""
    if text in RECEIPTS or text == TIMEOUT:
        return text
    if text in CommandStatus.__members__:
        status = CommandStatus[text]
    else:
        try:
            number = int(text, 0)
        except ValueError:
            return None
        if not 0 <= number <= NUMBER_MAX:
            return None
        status = CommandStatus(number)
    return None if status == CommandStatus.ESME_ROK else status.name
