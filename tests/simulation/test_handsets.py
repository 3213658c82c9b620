"""Some hundred seeds of receipts and crashes, and services broken on purpose: each is found.

`python -m tests.simulation handsets` plays ten thousand.
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest
from msgspec.structs import replace as changed

from pipeline import topics
from pipeline.effects import Effect, KeyEntries, Publish, PublishLater
from pipeline.records import Dlr, Record, Wake
from services.correlator import matching, parking
from services.correlator.carriers import Carriers
from services.correlator.core import Correlator
from services.correlator.joining import Joining
from services.correlator.matching import by_id, by_reference
from services.correlator.parking import Parked
from services.correlator.segments import Segments
from services.tracker import states
from tests.entries import MemoryEntries
from tests.simulation.handsets import World

SEEDS = 600
CHUNK = 100
MUTANT_SEEDS = 200

Patch = pytest.MonkeyPatch
Change = Callable[[Effect, int], Effect | None]


@pytest.mark.parametrize("first", range(0, SEEDS, CHUNK))
def test_whatever_happens_to_receipts_each_message_has_its_true_end(first: int) -> None:
    found = {seed: World(seed).play() for seed in range(first, first + CHUNK)}
    assert {seed: faults for seed, faults in found.items() if faults} == {}


def test_the_same_holds_where_there_is_room_for_two_receipts_only(monkeypatch: Patch) -> None:
    """The others wait under their ids."""
    monkeypatch.setattr(parking, "PARKED_RECEIPTS_MAX", 2)
    assert {seed: faults for seed in range(CHUNK) if (faults := World(seed).play())} == {}


def test_a_seed_is_always_the_same_run() -> None:
    def told(seed: int) -> dict[str, list[Any]]:
        world = World(seed)
        world.play()
        return world.outputs

    assert told(7) == told(7)


def test_what_may_happen_does_happen() -> None:
    """Or the rules would hold for nothing."""
    worlds = [World(seed) for seed in range(40)]
    for world in worlds:
        world.play()
    dlrs = [r.record for w in worlds for r in w.outputs[topics.DLR] if isinstance(r.record, Dlr)]
    statuses = [r.record for w in worlds for r in w.outputs[topics.MT_STATUS]]
    assert any(dlr.repeat for dlr in dlrs)
    assert {dlr.joined_by for dlr in dlrs} == {"id", "reference"}
    assert any(not dlr.final for dlr in dlrs)
    assert any(world.outputs[topics.DLR_ORPHAN] for world in worlds)
    assert any(world.crashed for world in worlds)
    ends = {status.state for status in statuses if status.terminal}  # type: ignore[attr-defined]
    assert ends == {"delivered", "undeliverable", "expired", "rejected", "unknown"}


def _changed(monkeypatch: Patch, change: Change) -> None:
    """A correlator whose effects are changed, or dropped."""
    decide = Correlator.decide

    def decided(self: Correlator, state: KeyEntries, record: Any, now_ms: int) -> list[Effect]:
        effects = decide(self, state, record, now_ms)
        return [new for effect in effects if (new := change(effect, now_ms)) is not None]

    monkeypatch.setattr(Correlator, "decide", decided)


def _forgets_finals(monkeypatch: Patch) -> None:
    def forgotten(effect: Effect, now_ms: int) -> Effect:
        if not isinstance(effect.record, Dlr):
            return effect
        return replace(effect, record=changed(effect.record, repeat=False))

    _changed(monkeypatch, forgotten)


def _drops_the_parked(monkeypatch: Patch) -> None:
    put = MemoryEntries.put

    def kept(self: MemoryEntries, name: str, entry: Any, ttl_s: int) -> None:
        if not name.startswith("parked"):
            put(self, name, entry, ttl_s)

    monkeypatch.setattr(MemoryEntries, "put", kept)


def _takes_every_id_for_text(monkeypatch: Patch) -> None:
    of = Carriers.of

    def told(self: Carriers, connector: Any) -> Any:
        return of(self, connector)._replace(response="opaque", receipt="opaque")

    monkeypatch.setattr(Carriers, "of", told)


def _knows_no_domains(monkeypatch: Patch) -> None:
    of = Carriers.of
    monkeypatch.setattr(Carriers, "of", lambda self, name: of(self, name)._replace(domain="all"))


def _wakes_too_early(monkeypatch: Patch) -> None:
    def sooner(effect: Effect, now_ms: int) -> Effect:
        if isinstance(effect, Publish):
            return effect
        due_ms = now_ms + (effect.due_ms - now_ms) // 2
        return PublishLater(due_ms, effect.topic, effect.key, effect.record)

    _changed(monkeypatch, sooner)


def _tells_the_tracker_nothing_of_receipts(monkeypatch: Patch) -> None:
    def without(effect: Effect, now_ms: int) -> Effect | None:
        is_told = effect.topic == topics.TRACKER_IN and isinstance(effect.record, Dlr)
        return None if is_told else effect

    _changed(monkeypatch, without)


def _takes_the_last_receipt_for_the_final_one(monkeypatch: Patch) -> None:
    after = frozenset({states.DELIVERED, states.UNDELIVERABLE, states.EXPIRED})
    for state in after:
        monkeypatch.setitem(states.BY_RECEIPT, state, after - {state})


def _tells_every_silence(monkeypatch: Patch) -> None:
    def timed_out(self: Joining, state: KeyEntries, wake: Wake, now_ms: int) -> list[Effect]:
        message_id, what = wake.what.split("|", 1)
        told = Wake(key=message_id, kind=wake.kind, what=what, set_ms=wake.set_ms)
        return [Publish(topics.TRACKER_IN, message_id, told)]

    monkeypatch.setattr(Joining, "timed_out", timed_out)


def _takes_a_reference_for_an_id(monkeypatch: Patch) -> None:
    monkeypatch.setattr(matching, "SURE", (("id", by_id), ("reference", by_reference)))


def _forgets_older_segments(monkeypatch: Patch) -> None:
    monkeypatch.setattr(Segments, "_spill", lambda *_: None)


def _has_room_for_sixteen_only(monkeypatch: Patch) -> None:
    monkeypatch.setattr(Parked, "_spill", lambda *_: None)


def _remembers_beside_its_state(monkeypatch: Patch) -> None:
    """What a crash undoes is no reason not to do it again."""
    decide, known = Correlator.decide, []

    def decided(self: Correlator, state: KeyEntries, record: Record, now_ms: int) -> Sequence[Any]:
        if any(record is other for other in known):
            return []
        known.append(record)
        return decide(self, state, record, now_ms)  # type: ignore[arg-type]

    monkeypatch.setattr(Correlator, "decide", decided)


MUTANTS = [
    _forgets_finals,
    _drops_the_parked,
    _takes_every_id_for_text,
    _knows_no_domains,
    _wakes_too_early,
    _tells_the_tracker_nothing_of_receipts,
    _takes_the_last_receipt_for_the_final_one,
    _tells_every_silence,
    _takes_a_reference_for_an_id,
    _forgets_older_segments,
    _has_room_for_sixteen_only,
    _remembers_beside_its_state,
]


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.__name__.strip("_"))
def test_a_service_that_is_broken_is_found(
    mutant: Callable[[Patch], None], monkeypatch: Patch
) -> None:
    mutant(monkeypatch)
    assert any(World(seed).play() for seed in range(MUTANT_SEEDS))
