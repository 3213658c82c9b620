"""What an inbound message says of the messages to come: STOP, START; pure.

It must say nothing else ("stop by at nine" is no opt-out), and speaks of the number it was sent to.
"""

from pipeline.ids import Msisdn
from pipeline.records import Mo, OptOut
from services.correlator.config import CorrelatorConfig

PUNCTUATION = " \t\r\n.!\"'"


def opt_out_of(mo: Mo, own: CorrelatorConfig) -> OptOut | None:
    """The opt-out, or the way back in, that `mo` is; None when it is neither."""
    word = mo.text.strip(PUNCTUATION).upper() if isinstance(mo.text, str) else ""
    action = "out" if word in own.opt_out_words else "in" if word in own.opt_in_words else None
    if action is None:
        return None
    sender = mo.receiver.removeprefix("+")
    return OptOut(
        recipient=Msisdn(mo.sender.removeprefix("+")),
        action=action,
        sender=sender,
        source=f"mo/{mo.mo_id}",
        at_ms=mo.received_ms,
    )
