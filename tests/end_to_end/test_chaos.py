"""The fault table in its short form: a real pipeline, broken row by row, judged by the carrier.

How long things took is for `make chaos`, on a machine that is quiet.
"""

import shutil
from collections.abc import Iterator

import pytest

from heliograph.chaos.rows import Told
from heliograph.chaos.table import ROWS, played

SEED = 1


@pytest.fixture(scope="module")
def told() -> Iterator[Iterator[Told]]:
    """What came of each row, in the table's order: rows that are alike share a pipeline."""
    if not shutil.which("java") or not shutil.which("mvn"):
        pytest.skip("the broker is broken too, so it must be ours: install Java 17+ and Maven")
    playing = played(ROWS, SEED, is_long=False)
    yield playing
    playing.close()


@pytest.mark.parametrize("name", [row.name for row in ROWS])
def test_nothing_is_lost_doubled_or_wrong(told: Iterator[Told], name: str) -> None:
    one = next(told)
    assert one.row.name == name
    assert one.is_sound, f"{one}\nagain: heliograph chaos --scenario {name} --seed {SEED}"
