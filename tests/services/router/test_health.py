"""Which connectors are up, by the newest word of their binds."""

from pipeline import topics
from pipeline.capacity import STALE_MS
from pipeline.codec import Codec
from pipeline.config import KafkaConfig
from pipeline.ids import ConnectorId
from pipeline.records import ConnectorState
from services.router.health import ConnectorHealth

FAST = ConnectorId("fast")
CODEC = Codec()
NOW_MS = 1_790_000_000_000


def said(partition: int, state: str, at_ms: int = NOW_MS, *, is_receiver: bool = False) -> bytes:
    record = ConnectorState(
        connector=FAST,
        partition=partition,
        replica="binder-0",
        state=state,
        window_requests_max=10,
        rate_per_s=100.0,
        at_ms=at_ms,
        is_receiver=is_receiver,
    )
    return CODEC.encode(record, topics.CONNECTOR_STATE)


def health(*words: bytes | None, now_ms: int = NOW_MS) -> ConnectorHealth:
    found = ConnectorHealth(KafkaConfig(), CODEC, clock=lambda: now_ms)
    for word in words:
        found.hear("fast/0", word)
    return found


def test_one_bound_bind_is_enough() -> None:
    assert health(said(0, "refused"), said(1, "bound")).is_up(FAST)


def test_a_receiver_says_nothing_of_what_can_be_submitted() -> None:
    assert not health(said(0, "bound", is_receiver=True)).is_up(FAST)
    assert health(said(0, "bound"), said(0, "refused", is_receiver=True)).is_up(FAST)


def test_a_connector_nobody_spoke_of_is_down() -> None:
    assert not health().is_up(FAST)


def test_what_is_not_bound_any_more_is_down() -> None:
    for state in ("unbound", "refused", "released", "stopped"):
        assert not health(said(0, "bound"), said(0, state)).is_up(FAST)


def test_who_has_not_spoken_for_long_is_down() -> None:
    assert health(said(0, "bound"), now_ms=NOW_MS + STALE_MS).is_up(FAST)
    assert not health(said(0, "bound"), now_ms=NOW_MS + STALE_MS + 1).is_up(FAST)


def test_whoever_wants_to_know_hears_every_word() -> None:
    heard: list[ConnectorState] = []
    own = ConnectorHealth(KafkaConfig(), CODEC, lambda: NOW_MS, heard.append)
    for word in (said(0, "bound"), said(0, "bound", is_receiver=True), b"garbage"):
        own.hear("fast/0", word)
    assert [state.is_receiver for state in heard] == [False, True]


def test_what_cannot_be_read_changes_nothing() -> None:
    assert health(said(0, "bound"), b"garbage", None).is_up(FAST)
