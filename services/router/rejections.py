"""The fact that a message is refused."""

from pipeline.records import MtHead, MtRejected
from services.router.policy import Refusal


def rejection(head: MtHead, refusal: Refusal, source: str, now_ms: int) -> MtRejected:
    """The fact that a message is refused."""
    return MtRejected(
        head=head,
        reason=refusal.reason,
        detail=refusal.detail,
        stage="router",
        source=source,
        rejected_ms=now_ms,
    )
