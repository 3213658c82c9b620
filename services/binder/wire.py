"""A bind that is up, as the engine sees it."""

from collections.abc import Callable

from pipeline.metrics import Counter
from services.binder import core
from services.binder.core import Segment
from services.binder.validity import Form, relative
from smpp.client import Esme
from smpp.pdu import Pdu


class Wire:
    """Writes segments to one bind; `take_answer(segment, response or None)` hears of each once."""

    def __init__(
        self,
        esme: Esme,
        take_answer: Callable[[object, Pdu | None], None],
        submitted: Counter,
        validity: Form = relative,
    ) -> None:
        self._esme = esme
        self._take_answer = take_answer
        self._submitted = submitted
        self._validity = validity

    @property
    def room(self) -> int:
        """Segments that may be written now."""
        return self._esme.room

    def write(self, segment: Segment, now_ms: int) -> None:
        """Write it."""
        self._submitted.value += 1
        pdu = core.submit_sm(segment.submit, now_ms, self._validity)
        self._esme.send(pdu, self._take_answer, segment)

    def retire(self, why: str) -> None:
        """Hang up once all that was written is answered; each answer may make room elsewhere."""
        pump = self._esme.on_room

        def look() -> None:
            if not self._esme.session.window.in_flight:
                self._esme.abort(detail=why)
            if pump is not None:
                pump()

        self._esme.on_room = look

    def hang_up(self, why: str) -> None:
        """End the connection."""
        self._esme.abort(detail=why)
