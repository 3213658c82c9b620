"""How votes stand, as the command says it."""

import pytest

from heliograph.voting import documents, standings, told
from pipeline.errors import HeliographError
from pipeline.records import VoteTally
from tests.services.correlator.builders import CONFIG, NOW_MS, NUMBER

CONTEST, _ENCORE = NUMBER.votes


def tally(vote: str = "contest", partition: int = 0, **changed: object) -> VoteTally:
    return VoteTally(**{"vote": vote, "partition": partition, "at_ms": NOW_MS, **changed})  # type: ignore[arg-type]


def lines(*rows: VoteTally, name: str | None = "contest", now_ms: int = NOW_MS) -> list[str]:
    return list(told(CONFIG, standings(CONFIG, rows, name), now_ms))


def test_a_vote_is_the_sum_of_its_partitions() -> None:
    assert lines(
        tally(counts={"A": 1, "B": 2000}, late=1),
        tally(partition=5, counts={"B": 1, "A": 998}, repeated=2, no_option=1),
        tally("encore", counts={"A": 5}),
    ) == [
        "contest: open until 2026-09-22T12:00:00+00:00",
        "  B      2,001   66.7 %",
        "  A        999   33.3 %",
        "  3,000 counted; not counted: 2 repeated, 0 early, 1 late, 1 without an option",
    ]


@pytest.mark.parametrize(
    ("now_ms", "when"),
    [
        (CONTEST.opens_ms - 1, "opens at 2026-09-21T12:00:00+00:00"),
        (CONTEST.opens_ms, "open until 2026-09-22T12:00:00+00:00"),
        (CONTEST.closes_ms, "closed at 2026-09-22T12:00:00+00:00"),
    ],
)
def test_a_vote_without_votes_says_when_it_is(now_ms: int, when: str) -> None:
    first, *counts, last = lines(now_ms=now_ms)
    assert first == f"contest: {when}"
    assert [line.split() for line in counts] == [["A", "0", "0.0", "%"], ["B", "0", "0.0", "%"]]
    assert last.startswith("  0 counted")


def test_sandboxes_and_votes_of_old_are_told_apart() -> None:
    rows = [tally(counts={"A": 1}, test=True), tally("last-year", counts={"Z": 3})]
    heads = [line for line in lines(*rows, name=None) if not line.startswith(" ")]
    assert heads == [
        "contest: open until 2026-09-22T12:00:00+00:00",
        "contest, over sandboxes: open until 2026-09-22T12:00:00+00:00",
        "encore: opens at 2026-09-23T12:00:00+00:00",
        "last-year: configured no more",
    ]
    assert lines(*rows)[-2:][0].split() == ["B", "0", "0.0", "%"]


def test_scripts_are_told_the_same() -> None:
    rows = [tally(counts={"B": 2}, late=1), tally("last-year", counts={"Z": 3}, test=True)]
    contest, _, last_year = documents(CONFIG, standings(CONFIG, rows))
    assert contest == {
        "vote": "contest",
        "test": False,
        "opens_ms": CONTEST.opens_ms,
        "closes_ms": CONTEST.closes_ms,
        "counts": {"A": 0, "B": 2},
        "not_counted": {"repeated": 0, "early": 0, "late": 1, "no_option": 0},
    }
    assert last_year["opens_ms"] is None
    assert (last_year["vote"], last_year["test"], last_year["counts"]) == (
        "last-year",
        True,
        {"Z": 3},
    )


def test_a_vote_that_is_none_is_told() -> None:
    with pytest.raises(HeliographError, match="no vote 'context'; there are: contest, encore"):
        lines(name="context")
