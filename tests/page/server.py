"""Telemetry's page, fed by rows: snapshots, stories and letters as a test gives them.

All that is served is the real thing, behind telemetry's guard, but for the board, whose snapshots
are put by hand; dead letters lie in a list instead of Kafka.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Mount, Route

from pipeline.burials import Again, Letter, document
from pipeline.codec import Codec
from pipeline.config import Config, HttpConfig, TenantConfig
from pipeline.http import HttpServer
from pipeline.kafka.letters import Dealings, Dealt, decision
from pipeline.metrics import Metrics
from pipeline.process import Process
from pipeline.records import MtEvent
from services.telemetry import letters, page, panel, search
from services.telemetry.access import Access, Guard
from services.telemetry.config import TelemetryConfig
from services.telemetry.feed import Feed
from services.telemetry.parts import Desk
from services.telemetry.snapshot import Snapshot
from services.telemetry.view import Found, Head, lived
from tests.services.telemetry.nothing import Nothing
from tests.services.telemetry.test_snapshot import EXAMPLE

TOKEN = "a long secret"
SNAPSHOT = msgspec.json.decode(EXAMPLE.read_bytes(), type=Snapshot)
HTTP = HttpConfig(host="127.0.0.1", port=0)


class Stories(Nothing):
    """A view that knows the messages of some events, in their order."""

    def __init__(self, events: Iterable[MtEvent] = ()) -> None:
        self.events = list(events)

    def find_id(self, message_id: str) -> Found | None:
        """One message."""
        own = [event for event in self.events if event.message_id == message_id]
        return Found(lived(own).head, own) if own else None

    def find_number(self, number: str, limit: int) -> Sequence[Head]:
        """All to a number."""
        ids = dict.fromkeys(e.message_id for e in self.events if e.recipient == number)
        return [found.head for each in ids if (found := self.find_id(each))][:limit]


@dataclass
class Served:
    """What runs, and the way to feed it."""

    url: str
    feed: Feed
    view: Stories
    letters: list[Letter] = field(default_factory=list)
    dealt: list[tuple[int, str | None]] = field(default_factory=list)  # offset, where it went
    stop: Callable[[], None] = lambda: None

    @property
    def unlocked(self) -> str:
        """The address that `heliograph up` prints."""
        return f"{self.url}/#token={TOKEN}"

    def documents(
        self, config: Config, codec: Codec, topic: str, count: int, *, is_masked: bool
    ) -> list[dict[str, Any]]:
        """As pipeline.kafka.letters tells them."""
        own = [one for one in self.letters if one.topic == topic][:count]
        stays = [getattr(decision(config, codec)(one), "why", None) for one in own]
        return [
            document(one, codec, is_masked=is_masked) | {"may_go": why is None, "why_not": why}
            for one, why in zip(own, stays, strict=True)
        ]

    def deal(self, _: object, topic: str, decide: Any, *, expected: int, **__: object) -> Dealings:
        """As pipeline.kafka.letters deals with one."""
        first = self.letters[0] if self.letters else None
        if first is None or (first.topic, first.offset) != (topic, expected):
            return Dealings()
        decided = decide(first)
        self.letters.remove(first)
        self.dealt.append((expected, decided.topic if isinstance(decided, Again) else None))
        return Dealings().plus([Dealt(first, decided, True)])

    def put(self, snapshot: Snapshot = SNAPSHOT, **changes: Any) -> Snapshot:
        """Show a snapshot to all who watch."""
        shown = replace(snapshot, **changes)
        self.feed.put(msgspec.json.encode(shown))
        return shown


@contextmanager
def serving(handsets: dict[str, str] | None = None) -> Iterator[Served]:
    """Serve the page with nothing in it."""
    own = TelemetryConfig(token=TOKEN, handsets=handsets or {})  # type: ignore[arg-type]
    tenants = {"default": TenantConfig(), "test": TenantConfig(test=True)}
    config = Config().model_copy(update={"tenants": tenants})
    with (
        closing(Metrics("telemetry", "telemetry-page")) as metrics,
        pytest.MonkeyPatch.context() as patch,
    ):
        view = Stories()
        desk = Desk(Process(config, "telemetry-0", metrics, Codec()), own, Access(own), view)
        served = Served("", Feed(), view)
        patch.setattr(letters, "documents", served.documents)
        patch.setattr(letters, "deal", served.deal)

        async def live(_: Request) -> Response:
            return served.feed.stream()

        parts = [one.part(desk) for one in (search, letters, panel, page)]
        routes = [Route("/v1/live", live), *(route for part in parts for route in part.routes)]
        guarded = [Mount("", routes=routes, middleware=[Middleware(Guard, host=HTTP.host)])]
        server = HttpServer(HTTP, is_live=lambda: True, is_ready=lambda: True, routes=guarded)
        served.url = server.start()

        def stop() -> None:
            served.feed.is_over = True
            server.stop()

        served.stop = stop
        try:
            yield served
        finally:
            stop()
