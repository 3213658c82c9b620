"""Dealing with dead letters, without the Kafka around it."""

from collections.abc import Iterator
from typing import Any

import pytest

from pipeline.burials import Again, Letter, Stays
from pipeline.codec import Codec
from pipeline.config import Config, KafkaConfig
from pipeline.kafka import letters as module
from pipeline.kafka.letters import BATCH, OCTETS_MAX, deal, documents

TOPIC = "sms.mt.request.dlq"
LETTERS = 2 * BATCH + 50


class Nothing:
    """A client that does nothing."""

    def close(self) -> None:
        pass


@pytest.fixture(autouse=True)
def lying(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Gives what is written, how many at once."""
    written: list[int] = []

    def letters(*_: Any, **__: Any) -> Iterator[Letter]:
        for offset in range(LETTERS):
            yield Letter(TOPIC, offset, 0, b"k", b"x" * (OCTETS_MAX + 1), [])

    monkeypatch.setattr(module, "letters", letters)
    monkeypatch.setattr(module, "make_consumer", lambda *_: Nothing())
    monkeypatch.setattr(module, "make_transactional_producer", lambda *_: Nothing())
    monkeypatch.setattr(module, "_write", lambda *parts: written.append(len(parts[-1])))
    return written


def test_all_are_counted_and_only_the_last_is_kept(lying: list[int]) -> None:
    done = deal(KafkaConfig(), TOPIC, lambda _: Again("t", None, b"", []), 1_000_000)
    assert (done.replayed, done.skipped) == (LETTERS, 0)
    assert done.last is not None
    assert (done.last.letter.offset, done.last.is_over) == (LETTERS - 1, True)
    assert lying == [BATCH, BATCH, 50]


@pytest.mark.parametrize(
    ("skips", "replayed", "skipped", "last"), [(False, 120, 0, 120), (True, 120, 130, LETTERS - 1)]
)
def test_one_that_stays_ends_it_unless_it_is_skipped(
    skips: bool, replayed: int, skipped: int, last: int
) -> None:
    def decide(letter: Letter) -> Again | Stays:
        return Stays("a reason") if letter.offset >= 120 else Again("t", None, b"", [])

    done = deal(KafkaConfig(), TOPIC, decide, 1_000_000, skips=skips)
    assert (done.replayed, done.skipped) == (replayed, skipped)
    assert done.last is not None
    assert (done.last.letter.offset, done.last.is_over) == (last, skips)


def test_nothing_is_done_where_another_is_the_oldest(lying: list[int]) -> None:
    done = deal(KafkaConfig(), TOPIC, lambda _: Stays("skipped"), 1, skips=True, expected=7)
    assert (done, lying) == ((0, 0, None), [])


def test_of_several_each_is_cut_and_one_alone_is_whole() -> None:
    several = documents(Config(), Codec(), TOPIC, 3, is_masked=False)
    assert [(one["is_cut"], len(one["hex"])) for one in several] == [(True, 2 * OCTETS_MAX)] * 3
    [alone] = documents(Config(), Codec(), TOPIC, 1, offset=7, is_masked=False)
    assert (alone["is_cut"], len(alone["hex"])) == (False, 2 * (OCTETS_MAX + 1))
