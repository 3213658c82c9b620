"""Dead letters over HTTP: shown, to whom has the token whole; gone again or skipped, with it only.

They are dealt with in order, as by `heliograph dlq`: an order names the letter it is about, and
does nothing where that is no longer the oldest that is open. So two who press at once do it once.
"""

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial

from confluent_kafka import KafkaException
from pydantic import Field
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from pipeline.burials import Again, Stays, dead_topics
from pipeline.config import Section
from pipeline.errors import BrokerError
from pipeline.kafka.letters import Decide, deal, decision, documents
from pipeline.process import catalog
from services.telemetry.orders import RefusedError, order_in, route
from services.telemetry.parts import Desk, Part

SHOWN_MAX = 50  # the oldest of a topic
TURN_S = 30.0  # that an order waits for those before it
LOOK_S = 2.0  # that who only looks does: threads that wait are soon all there are


class Order(Section):
    """Which letter: its topic, and where it lies there."""

    topic: str
    offset: int = Field(ge=0)


def part(desk: Desk) -> Part:
    """What it adds to telemetry."""
    letters = Letters(desk)
    add = partial(route, desk.access)
    return Part(
        [
            Route("/v1/letters", letters.show),
            add("/v1/letters/replay", letters.replay),
            add("/v1/letters/skip", letters.skip),
        ]
    )


class Letters:
    """What each route does."""

    def __init__(self, desk: Desk) -> None:
        self._config = desk.ground.config
        self._codec = desk.ground.codec
        self._access = desk.access
        self._topics = dead_topics(catalog(self._config))
        self._turn = threading.Lock()

    def show(self, request: Request) -> JSONResponse:
        """The oldest of a topic, each with whether it may go again; masked without the token."""
        topic = request.query_params.get("topic", "")
        is_masked = not self._access.is_granted(request)
        try:
            self._known(topic)
            with self._in_turn(LOOK_S):
                found = documents(self._config, self._codec, topic, SHOWN_MAX, is_masked=is_masked)
        except RefusedError as error:
            return JSONResponse({"error": str(error)}, error.status)
        return JSONResponse({"topic": topic, "letters": found})

    def replay(self, _: Request, body: bytes) -> Mapping[str, str]:
        """Have a letter go again to where it was, if it is its turn and it may."""
        order = order_in(Order, body)
        decided = self._deal(order, decision(self._config, self._codec))
        if isinstance(decided, Stays):
            raise RefusedError(409, f"it stays, for {decided.why}; skip it, or mend that")
        return {"words": f"It is on its way again, to {decided.topic}."}

    def skip(self, _: Request, body: bytes) -> Mapping[str, str]:
        """Take a letter for dealt with, if it is its turn."""
        self._deal(order_in(Order, body), lambda _: Stays("skipped"), skips=True)
        return {"words": "It is skipped; the topic keeps it for 14 days."}

    def _deal(self, order: Order, decide: Decide, *, skips: bool = False) -> Again | Stays:
        self._known(order.topic)
        with self._in_turn(TURN_S):
            dealt = deal(
                self._config.kafka,
                order.topic,
                decide,
                count=1,
                skips=skips,
                expected=order.offset,
            )
        if dealt.last is None:
            raise RefusedError(
                409, "it is not the oldest that is open; they are dealt with in order, look again"
            )
        return dealt.last.decided

    @contextmanager
    def _in_turn(self, patience_s: float) -> Iterator[None]:
        """One asks Kafka at a time; what goes wrong in one sentence, which names no machine."""
        if not self._turn.acquire(timeout=patience_s):
            raise RefusedError(503, "others look at letters, or deal with them; ask again")
        try:
            yield
        except (BrokerError, KafkaException) as error:
            raise RefusedError(
                503, "Kafka has not answered; look what is open, ask again"
            ) from error
        finally:
            self._turn.release()

    def _known(self, topic: str) -> None:
        if topic not in self._topics:
            raise RefusedError(404, f"`topic` is none of {', '.join(self._topics)}")
