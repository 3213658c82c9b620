"""A batch is as long as from its first record to its commit."""

import pytest

from pipeline import batches
from pipeline.batches import BOUNDS_S, Batch
from pipeline.metrics import Histogram, Metrics

LABELS = {"messaging.system": "kafka", "messaging.consumer.group.name": "intake"}


class Bench:
    """A batch whose clock is set, and what was noted."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now_s = 1000.0
        monkeypatch.setattr(batches.time, "monotonic", lambda: self.now_s)
        metrics = Metrics("intake", "intake-batches")
        self.batch = Batch(metrics, "intake")
        self.commit = self.batch.ended_by(self._commit)
        process, commit = ({**LABELS, "messaging.operation.name": o} for o in ("process", "commit"))
        self.whole = metrics.histogram("messaging.process.duration", BOUNDS_S, **process)
        self.commits = metrics.histogram("messaging.client.operation.duration", BOUNDS_S, **commit)
        metrics.close()

    def _commit(self, took_s: float = 0.0, error: str = "") -> str:
        self.now_s += took_s
        if error:
            raise OSError(error)
        return "done"


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Bench:
    return Bench(monkeypatch)


def noted(histogram: Histogram) -> tuple[int, float]:
    return sum(histogram.counts), pytest.approx(histogram.total)


def test_it_lasts_from_its_first_record_to_its_commit(bench: Bench) -> None:
    bench.batch.begin()
    bench.now_s += 0.02
    bench.batch.begin()
    assert bench.commit(0.01) == "done"
    assert noted(bench.whole) == (1, 0.03)
    assert noted(bench.commits) == (1, 0.01)
    assert bench.whole.counts[BOUNDS_S.index(0.05)] == 1


def test_each_has_its_own_beginning(bench: Bench) -> None:
    for _ in range(2):
        bench.batch.begin()
        bench.commit(1)
        bench.now_s += 60
    assert noted(bench.whole) == noted(bench.commits) == (2, 2.0)


def test_a_commit_of_nothing_is_no_batch(bench: Bench) -> None:
    bench.commit()
    assert noted(bench.whole) == (0, 0.0)
    assert noted(bench.commits) == (1, 0.0)


def test_a_commit_that_fails_leaves_it_open(bench: Bench) -> None:
    bench.batch.begin()
    with pytest.raises(OSError, match="no broker"):
        bench.commit(1, "no broker")
    assert noted(bench.whole) == noted(bench.commits) == (0, 0.0)
    bench.commit(1)
    assert noted(bench.whole) == (1, 2.0)
