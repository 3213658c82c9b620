"""Who goes first when not all may, and what another thread says meanwhile."""

import threading
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any, cast

import pytest
from opentelemetry.sdk.trace.sampling import ALWAYS_ON

from pipeline.capacity import Capacity
from pipeline.codec import Codec
from pipeline.config import Config, TenantConfig
from pipeline.effects import Headers
from pipeline.kafka.clients import now_ms
from pipeline.process import Process
from pipeline.records import MtAdmitted
from pipeline.tracing import Tracer
from services.intake import shell
from services.intake.config import IntakeConfig
from services.intake.core import Intake, Source
from services.intake.queues import Queues
from services.intake.shell import Shell
from tests.traced import CAME, PASSED, Traced

CONFIG = Config(dev=True)
GRANT = 40
WORDS = 200


class Reader:
    """A lane that is never empty, if it is the normal one."""

    is_assigned = True

    def __init__(self, lane: str, _ground: object, queues: Queues[Any], _poison: object) -> None:
        self._flow = queues.flow(lane, "default")
        self._is_busy = lane == "normal"

    def read(self, _patience_s: float) -> None:
        if self._is_busy and len(self._flow.waiting) < GRANT:
            self._flow.waiting.extend(range(10 * GRANT))

    def subscribe(self) -> None:
        """There is no group."""

    balance = close = waiting_count = poisoned_count = subscribe


class Back:
    """Bulk that comes back, as much as may; what was asked of it and of the lanes."""

    def __init__(self, _ground: object, _stops: object, _capacity: object) -> None:
        self.wants = 0
        self.gone = 0
        self.configured: list[Config] = []

    def take(self, most: int) -> list[int]:
        assert most >= 0
        count = min(most, self.wants)
        self.gone += count
        return [0] * count

    def configure(self, config: Config) -> None:
        self.configured.append(config)

    def close(self) -> None:
        """Nothing is open."""


class Stopping:
    """Lets the loop turn two times for each word of another thread, which may be in a hurry."""

    def __init__(self, own: Shell, words: int, grant: int) -> None:
        self._own, self._turns, self._grant = own, 2 * words, grant

    def is_set(self) -> bool:
        self._turns -= 1
        if self._turns % 2:
            self._own.give_credit(10_000)  # overtaken by the next word, and so never in force
            self._own.give_credit(self._grant)
        return self._turns < 0


@pytest.fixture
def own(monkeypatch: pytest.MonkeyPatch) -> Shell:
    monkeypatch.setattr(shell, "LaneReader", Reader)
    monkeypatch.setattr(shell, "Waiting", Back)
    monkeypatch.setattr(shell, "make_producer", lambda _: None)
    own = Shell(ground(None), IntakeConfig(), cast(Capacity, None))
    monkeypatch.setattr(own, "_pass_on", lambda _: None)
    return own


def ground(tracer: Tracer | None) -> Process:
    count = SimpleNamespace(value=0)
    metrics = SimpleNamespace(
        counter=lambda *_, **__: count,
        gauge=lambda *_, **__: None,
        consumed=lambda *_: count,
        histogram=lambda *_, **__: count,
        sent=lambda _: count,
    )
    own = SimpleNamespace(config=CONFIG, codec=Codec(), metrics=metrics, tracer=tracer)
    return cast(Process, own)


def run(own: Shell, monkeypatch: pytest.MonkeyPatch, grant: int = GRANT) -> int:
    """How many of the normal lane have gone after so many words."""
    gone: list[int] = []
    monkeypatch.setattr(own, "_admit", gone.extend)
    own.run(cast(threading.Event, Stopping(own, WORDS, grant)))
    return len(gone)


@pytest.mark.parametrize(
    ("wants", "least", "most"), [(0, 0, 0), (1, 0.01, 0.03), (9999, 0.18, 0.2)]
)
def test_what_comes_back_has_the_part_of_a_bulk_lane_and_only_what_it_wants(
    own: Shell, monkeypatch: pytest.MonkeyPatch, wants: int, least: float, most: float
) -> None:
    cast(Back, own.waiting).wants = wants
    count, total = run(own, monkeypatch), GRANT * WORDS
    back = cast(Back, own.waiting).gone
    assert least <= back / total <= most
    assert 0.99 * total <= count + back <= total


def test_without_credit_nothing_goes(own: Shell, monkeypatch: pytest.MonkeyPatch) -> None:
    cast(Back, own.waiting).wants = 10_000
    assert run(own, monkeypatch, grant=0) == 0
    assert cast(Back, own.waiting).gone == 0


def test_the_last_configuration_is_in_force_from_the_next_round_on(
    own: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    slow = {"default": TenantConfig(segments_per_s=1), "new": TenantConfig()}
    first, last = CONFIG, CONFIG.model_copy(update={"tenants": slow})
    own.configure(first)
    own.configure(last)
    assert own.config is last
    assert run(own, monkeypatch) <= 2
    assert cast(Back, own.waiting).configured == [last]


class Read:
    """A record as Kafka shows it."""

    def __init__(self, octets: bytes, headers: Headers | None, at_ms: int = 0) -> None:
        self._octets, self._headers, self._at_ms = octets, headers, at_ms

    def topic(self) -> str:
        return "sms.mt.request"

    def partition(self) -> int:
        return 3

    def offset(self) -> int:
        return 41

    def timestamp(self) -> tuple[int, int]:
        return 2, self._at_ms

    def key(self) -> bytes:
        return b"k"

    def value(self) -> bytes:
        return self._octets

    def headers(self) -> Headers | None:
        return self._headers


REQUEST = b'{"message_id": "m1", "to": "+46701234567", "from": "ACME", "text": "hello"}'
OWN: Headers = [("content-type", b"application/json"), ("ce_id", b"7")]


def passed(
    monkeypatch: pytest.MonkeyPatch, traced: Traced | None, act: Callable[[Any], object]
) -> Headers | None:
    """The headers of the one record that intake has written."""
    monkeypatch.setattr(shell, "LaneReader", Reader)
    monkeypatch.setattr(shell, "Waiting", Kept)
    monkeypatch.setattr(shell, "make_producer", lambda _: None)
    own = Shell(ground(traced and traced.tracer), IntakeConfig(), cast(Capacity, None))
    found: list[Headers | None] = []
    monkeypatch.setattr(own, "_write", lambda *what: found.append(what[-1]))
    monkeypatch.setattr(own, "_confirm", lambda: None)
    act(own)
    (headers,) = found
    return headers


class Kept(Back):
    """What has waited is not committed."""

    def commit(self, _held: object) -> None:
        """Nothing is."""


def test_a_sampled_request_is_a_span_and_only_that_goes_on(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    traced, message = Traced(), Read(REQUEST, [*OWN, *CAME])
    headers = passed(monkeypatch, traced, lambda own: own._decide(message, set()))
    assert headers == traced.headers()
    (span,) = traced.spans
    said = dict(span.attributes or {})
    assert (span.name, said["messaging.message.id"]) == ("process sms.mt.request", "m1")
    assert not any("4670" in str(value) or "hello" in str(value) for value in said.values())


@pytest.mark.parametrize("traced", [None, Traced()])
@pytest.mark.parametrize(("came", "goes"), [(OWN, []), ([*OWN, *PASSED], PASSED), (None, None)])
def test_of_one_that_is_not_sampled_its_trace_goes_on(
    monkeypatch: pytest.MonkeyPatch, traced: Traced | None, came: Headers, goes: Headers | None
) -> None:
    message = Read(REQUEST, came)
    assert passed(monkeypatch, traced, lambda own: own._decide(message, set())) == goes
    assert traced is None or traced.spans == ()


def test_a_request_without_a_trace_begins_one_where_a_sampler_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    traced, message = Traced(ALWAYS_ON), Read(REQUEST, OWN)
    headers = passed(monkeypatch, traced, lambda own: own._decide(message, set()))
    assert headers == traced.headers()
    assert traced.spans[0].parent is None


def test_what_can_not_be_read_is_a_span_that_says_why_and_keeps_its_headers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    traced, message = Traced(), Read(b"{", [*OWN, *CAME])
    headers = passed(monkeypatch, traced, lambda own: own._decide(message, set()))
    assert headers is not None
    assert headers[:3] == [*OWN, *CAME]
    assert dict(traced.spans[0].attributes or {})["error.type"] == "not_json"


@pytest.mark.parametrize(("waited_ms", "name"), [(0, "traceparent"), (3_700_000, "sms-link")])
def test_of_what_has_waited_long_for_room_a_link_goes_on(
    monkeypatch: pytest.MonkeyPatch, waited_ms: int, name: str
) -> None:
    message = Read(b"", CAME, now_ms() - waited_ms)
    record = admitted()
    headers = passed(monkeypatch, Traced(), lambda own: own._pass_on([(message, record)]))
    assert [found for found, _ in headers or []] == [name]


def admitted() -> MtAdmitted:
    """A request whose shape is right."""
    codec = Codec()
    effect = Intake(CONFIG).decide(
        codec.decode_request(REQUEST, None), Source("sms.mt.request", 3, 41, 0), now_ms()
    )
    assert isinstance(effect.record, MtAdmitted)
    return effect.record
