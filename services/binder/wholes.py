"""Messages in several segments, of which some are still to come: they end as a whole; pure.

One that was written in part is finished, come what may; one that ended in part without a write ends
so in all its parts.
"""

from dataclasses import dataclass

from pipeline.records import MtSubmit
from services.binder.core import Outcome

WHOLES_MAX = 10_000


@dataclass(slots=True)
class Whole:
    """One message."""

    to_come: int  # neither written nor ended
    is_begun: bool  # written in part
    fate: Outcome | None = None  # ended in part without a write


class Wholes:
    """The messages of one connector in one process. One that is not known was written once."""

    def __init__(self) -> None:
        self._wholes: dict[str, Whole] = {}

    def get(self, submit: MtSubmit) -> Whole | None:
        """The message of a segment; None when it was written once, all of it."""
        return self._wholes.get(submit.message_id)

    def take(self, submit: MtSubmit) -> None:
        """A segment of several came from Kafka; one that was postponed was written once."""
        if submit.message_id in self._wholes or submit.attempts:
            return
        # the first that comes is not the first there is: the last owner has written those
        to_come = submit.segments - submit.segment + 1
        self._wholes[submit.message_id] = Whole(to_come, is_begun=submit.segment > 1)
        if len(self._wholes) > WHOLES_MAX:  # some come to an end elsewhere, after a rebalance
            del self._wholes[next(iter(self._wholes))]

    def left(self, submit: MtSubmit, fate: Outcome | None) -> None:
        """For the first time a segment of several was written, or ended (`fate`) without that."""
        whole = self._wholes.get(submit.message_id)
        if whole is None:
            return
        whole.is_begun = whole.is_begun or fate is None
        whole.fate = whole.fate or fate
        whole.to_come -= 1
        if not whole.to_come:
            del self._wholes[submit.message_id]
