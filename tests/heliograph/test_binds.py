"""How binds are told: what is fresh, what is silent, what rests as it should."""

from typing import Any

import pytest

from heliograph.binds import Bind, Look, binds_of, is_well, known, lines
from pipeline.capacity import STALE_MS
from pipeline.config import Config
from pipeline.errors import HeliographError
from pipeline.ids import ConnectorId
from pipeline.records import ConnectorState

NOW_MS = 1_000_000
SLOW = ConnectorId("slow")
CONFIG = Config(
    dev=True,
    connectors={
        "slow": {
            "hosts": "h",
            "system_id": "s",
            "password": "p",
            "rate_per_s": 1,
            "binds": 2,
            "receiver": {"binds": 1},
        }
    },
)


def state(name: str = "bound", age_ms: int = 0, **changed: Any) -> ConnectorState:
    fields = {"connector": SLOW, "partition": 0, "replica": "binder-0", "state": name}
    limits = {"window_requests_max": 10, "rate_per_s": 100.0, "at_ms": NOW_MS - age_ms}
    return ConnectorState(**(fields | limits | changed))


def binds(**told: ConnectorState) -> list[Bind]:
    """Those of the connector; `told` of lease `a` (0), `b` (1), and of receiver `r` (0)."""
    keys = {"a": (SLOW, 0, False), "b": (SLOW, 1, False), "r": (SLOW, 0, True)}
    states = {keys[name]: own for name, own in told.items()}
    return list(binds_of(CONFIG, SLOW, states, NOW_MS))


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (state(), "bound"),
        (state(age_ms=STALE_MS), "bound"),
        (state(age_ms=STALE_MS + 1), "silent"),
        (state("drained"), "drained"),
        (state("drained", age_ms=STALE_MS + 1), "silent"),
        (state("released", age_ms=STALE_MS + 1), "released"),
    ],
)
def test_a_bind_is_as_it_was_told_unless_that_is_long_ago(
    told: ConnectorState, expected: str
) -> None:
    found = binds(a=told)
    assert [bind.state for bind in found] == [expected, "untold", "untold"]
    assert [(bind.lease, bind.is_receiver) for bind in found] == [(0, False), (1, False), (0, True)]


@pytest.mark.parametrize(
    ("names", "drained", "well"),
    [
        (("bound", "bound", "bound"), False, True),
        (("bound", "refused", "bound"), False, False),
        (("bound", "stopped", "bound"), False, False),
        (("drained", "drained", "drained"), True, True),
        (("drained", "bound", "drained"), True, False),
        (("drained", "drained", "drained"), False, False),
    ],
)
def test_all_are_well_that_are_as_somebody_wants_them(
    names: tuple[str, str, str], drained: bool, well: bool
) -> None:
    a, b, r = (state(name) for name in names)
    found = Look(NOW_MS, binds(a=a, b=b, r=r), [SLOW] if drained else [])
    assert is_well(found) is well


def test_each_has_a_line_that_says_since_when_and_why() -> None:
    refused = state("refused", 5000, reason="bind refused: ESME_RINVPASWD")
    told = lines(Look(NOW_MS, binds(a=state(), b=refused), [SLOW]))
    assert len(told) == 4
    assert "(to rest)" in told[1]
    assert "5 s ago by binder-0" in told[2]
    assert "ESME_RINVPASWD" in told[2]
    assert "by nobody" in told[3]


def test_a_connector_there_is_not_is_told_with_those_there_are() -> None:
    assert known(CONFIG, None) == ["slow"]
    with pytest.raises(HeliographError, match="no connector 'x'; there are slow"):
        known(CONFIG, "x")
