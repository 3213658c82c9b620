"""Whose messages are guarded against pumping, and whether too few of those like it arrive; pure.

Who is paid for traffic to numbers has no handsets behind them, or none that wait for a code. A
country where next to nothing arrives is left alone until more does, or nothing was heard of it for
a while: then some go again, and show how it is now.
"""

from pipeline.limits import PumpingConfig
from pipeline.records import MtHead
from services.router.policy import Refusal
from services.router.strategies import GradeTo

REASON = "pumping"


def is_guarded(guard: PumpingConfig, head: MtHead) -> bool:
    """Whether the guard looks at it at all."""
    assert head.recipient is not None  # intake passes on nothing else
    return head.class_ in guard.classes and not head.recipient.startswith(tuple(guard.allow))


def unconverted(guard: PumpingConfig | None, head: MtHead, grade_to: GradeTo) -> Refusal | None:
    """Why it may not go to its country; None while nothing, or too little, is known of that."""
    if guard is None or guard.conversion_below is None or not is_guarded(guard, head):
        return None
    assert head.recipient is not None  # intake passes on nothing else
    grade = grade_to(head.recipient)
    if grade is None or grade.ended < guard.at_least:
        return None
    if grade.delivered >= guard.conversion_below * grade.ended:
        return None
    detail = (
        f"Of the last {grade.ended} segments to the recipient's country {grade.delivered} were "
        f"delivered; if it is wanted, write its prefix into `pumping.allow`, or send it under "
        "another message_id when more arrive."
    )
    return Refusal(REASON, detail)
