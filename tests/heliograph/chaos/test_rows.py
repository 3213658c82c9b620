"""What is told of a row."""

from random import Random
from typing import cast

from heliograph.chaos.rows import SHORT, Played, Row, Scale, told
from heliograph.chaos.stage import Stage
from pipeline.errors import BrokerError


def unanswered(stage: Stage, scale: Scale, dice: Random) -> Played:
    raise BrokerError("offsets of group router can't be read")


def test_what_cannot_be_judged_is_a_fault_and_the_table_goes_on() -> None:
    row = Row("X1", "nobody answers", "lost 0", unanswered)
    one = told(row, cast("Stage", None), SHORT, seed=1)
    assert not one.is_sound
    assert str(one).splitlines() == [
        "X1       FAIL nobody answers: not judged | wanted: lost 0",
        "    offsets of group router can't be read",
    ]
