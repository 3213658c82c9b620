"""A batch is as long as from its first record to its commit."""

import pytest

from pipeline import batches
from pipeline.batches import Batch
from pipeline.metrics import Metrics


class Bench:
    """A batch whose clock is set, and what was noted."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now_s = 1000.0
        monkeypatch.setattr(batches.time, "monotonic", lambda: self.now_s)
        metrics = Metrics("intake", "intake-batches")
        self.batch = Batch(metrics, "intake")
        self.noted = self.batch._histogram


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Bench:
    return Bench(monkeypatch)


def test_it_lasts_from_its_first_record_to_its_commit(bench: Bench) -> None:
    commit = bench.batch.ended_by(lambda: "done")
    bench.batch.begin()
    bench.now_s += 0.02
    bench.batch.begin()
    bench.now_s += 0.01
    assert commit() == "done"
    assert (bench.noted.total, sum(bench.noted.counts)) == (pytest.approx(0.03), 1)
    assert bench.noted.counts[3] == 1  # of those at most 50 ms


def test_a_commit_of_nothing_is_no_batch(bench: Bench) -> None:
    bench.batch.end()
    bench.batch.begin()
    bench.batch.end()
    bench.batch.end()
    assert sum(bench.noted.counts) == 1


def test_a_commit_that_fails_leaves_it_open(bench: Bench) -> None:
    def failing() -> None:
        raise OSError

    bench.batch.begin()
    with pytest.raises(OSError):
        bench.batch.ended_by(failing)()
    assert sum(bench.noted.counts) == 0
    bench.now_s += 1
    bench.batch.end()
    assert bench.noted.total == 1
