"""Some hundred seeds of the simulation, and code that is broken on purpose: each break is found.

`make simulation` plays ten thousand.
"""

from collections.abc import Callable
from typing import Any

import pytest

from pipeline.stops import Stops
from services.binder import core
from services.binder.budgets import Budget
from services.binder.engine import Engine
from services.binder.lanes import Lanes
from services.binder.offsets import OffsetTracker
from services.binder.opt_outs import OptOuts
from services.binder.pacing import Pacer
from tests.simulation.process import Process
from tests.simulation.world import World

SEEDS = 300
CHUNK = 50
MUTANT_SEEDS = 400


@pytest.mark.parametrize("first", range(0, SEEDS, CHUNK))
def test_whatever_happens_nothing_is_lost_and_duplicates_are_bounded(first: int) -> None:
    found = {seed: World(seed).play() for seed in range(first, first + CHUNK)}
    assert {seed: faults for seed, faults in found.items() if faults} == {}


def test_a_seed_is_always_the_same_run() -> None:
    def ledger(seed: int) -> list[Any]:
        world = World(seed)
        world.play()
        return world.carrier.ledger

    assert ledger(7) == ledger(7)


def _commits_over_holes(monkeypatch: pytest.MonkeyPatch) -> None:
    def finish(self: OffsetTracker, offset: int, output_offset: int | None) -> None:
        self.base = max(self.base, offset + 1)
        self._done.add(offset)

    monkeypatch.setattr(OffsetTracker, "finish", finish)


def _forgets_its_own_output(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(OffsetTracker, "metadata", lambda self, *_: '{"output": 1000000}')


def _writes_while_fenced(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Engine, "beat", lambda self, now: None)


def _writes_before_the_intent_is_safe(monkeypatch: pytest.MonkeyPatch) -> None:
    take = Process._take

    def taken(self: Process, lease: Any, position: Any, submit: Any) -> None:
        take(self, lease, position, submit)
        for segment in self.engine.lanes:
            segment.needs_intent = False

    monkeypatch.setattr(Process, "_take", taken)


def _sends_after_the_deadline(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Engine, "_fate", lambda self, segment, now: None)


def _writes_whatever_has_become_of_the_process(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Engine, "beat", lambda self, now: None)


def _paces_too_fast(monkeypatch: pytest.MonkeyPatch) -> None:
    own = Pacer.own
    monkeypatch.setattr(Pacer, "own", lambda self, share, now, *_: own(self, 1.0, now))


def _calls_what_may_be_sent_expired(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(core, "UNWRITTEN", set())


def _knows_no_opt_outs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(OptOuts, "forbids", lambda self, submit: False)


def _knows_no_cancels(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Stops, "cancels", lambda self, what: None)


def _writes_at_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Stops, "drains", False)


def _rests_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    put = Stops.put
    monkeypatch.setattr(Stops, "put", lambda self, name, row: row and put(self, name, row))


def _begins_without_reading_who_rests(monkeypatch: pytest.MonkeyPatch) -> None:
    obey = Process.obey

    def obeyed(self: Process, name: str, row: Any) -> None:
        if self in self._broker.members:
            obey(self, name, row)

    monkeypatch.setattr(Process, "obey", obeyed)


def _lets_all_follow_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Lanes, "is_behind", lambda self, segment, key: False)


def _counts_no_sender(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Budget, "wait_s", lambda self, segment, now: 0.0)


def _forgets_what_it_postponed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Process, "postpone", Process.conclude)


def _tells_of_what_it_postpones_too_early(monkeypatch: pytest.MonkeyPatch) -> None:
    postpone, conclude = Process.postpone, Process.conclude

    def postponed(self: Process, segment: Any, outcome: Any, now_ms: int, done: Any) -> None:
        conclude(self, segment, outcome, now_ms, done)
        self._later(0.1, lambda: postpone(self, segment, outcome, now_ms, lambda _: None))

    monkeypatch.setattr(Process, "postpone", postponed)


def _holds_a_recipient_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Lanes, "ended", lambda self, key: None)


MUTANTS = [
    _commits_over_holes,
    _forgets_its_own_output,
    _writes_while_fenced,
    _writes_before_the_intent_is_safe,
    _sends_after_the_deadline,
    _writes_whatever_has_become_of_the_process,
    _paces_too_fast,
    _calls_what_may_be_sent_expired,
    _holds_a_recipient_for_ever,
    _knows_no_opt_outs,
    _knows_no_cancels,
    _writes_at_rest,
    _rests_for_ever,
    _begins_without_reading_who_rests,
    _lets_all_follow_at_once,
    _counts_no_sender,
    _forgets_what_it_postponed,
    _tells_of_what_it_postpones_too_early,
]


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.__name__.strip("_"))
def test_code_that_is_broken_is_found(
    mutant: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    mutant(monkeypatch)
    for seed in range(MUTANT_SEEDS):
        try:
            if World(seed).play():
                return
        except AssertionError:  # the broken code itself noticed
            return
    pytest.fail(f"{MUTANT_SEEDS} seeds, and nobody noticed")
