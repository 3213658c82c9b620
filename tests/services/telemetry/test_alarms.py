"""What somebody should look at, row by row."""

from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from services.telemetry.alarms import BEHIND_MAX, Alarms
from services.telemetry.snapshot import Connector, Letters, Snapshot
from services.telemetry.view import Unsent

EXAMPLE = msgspec.json.decode(Path(__file__).with_name("snapshot.json").read_bytes(), type=Snapshot)
SLOW = EXAMPLE.connectors[0]
NOW_MS = EXAMPLE.at_ms


def unsent(share: float, connector: str | None = "slow", *, test: bool = False) -> Unsent:
    return Unsent(connector, "normal", test, 3, NOW_MS - 1000, share)


@pytest.mark.parametrize(
    ("connector", "letters", "waiting", "behind", "expected"),
    [
        ({}, [], [], 0, None),
        (
            {"state": "stopped", "stop": "ESME_RINVSYSID"},
            [],
            [],
            0,
            ("ConnectorStopped", "slow", "slow refuses everything: ESME_RINVSYSID."),
        ),
        (
            {"binds": 3},
            [],
            [],
            0,
            ("BindDown", "slow", "slow has 3 of 4 binds and is bound."),
        ),
        (
            {"receivers_wanted": 2},
            [],
            [],
            0,
            ("BindDown", "slow", "slow has 4 of 6 binds and is bound."),
        ),
        ({"receivers_wanted": 2, "receivers": 2}, [], [], 0, None),
        ({"binds": 0, "state": "drained"}, [], [], 0, None),
        (
            {"rate_per_s": 199.0},
            [],
            [],
            0,
            ("Throttled", "slow", "slow takes 199 of 400 segments a second."),
        ),
        ({"rate_per_s": 199.0, "queued": 0, "in_flight": 0}, [], [], 0, None),
        ({"rate_per_s": 200.0}, [], [], 0, None),
        ({"rate_per_s": 0.0}, [], [], 0, None),
        (
            {"orphan_share": 0.02},
            [],
            [],
            0,
            ("Orphans", "slow", "slow sends receipts that fit no message: 2.0% of them."),
        ),
        ({"orphan_share": 0.01}, [], [], 0, None),
        (
            {},
            [Letters(topic="sms.mo.dlq", open=1200)],
            [],
            0,
            ("DeadLetters", "sms.mo.dlq", "Nobody has dealt with 1,200 in sms.mo.dlq."),
        ),
        (
            {},
            [],
            [unsent(0.2), unsent(0.4)],
            0,
            ("OldestUnsent", "slow", "The oldest unsent for slow has 40% of its time."),
        ),
        (
            {},
            [],
            [unsent(0.5, None)],
            0,
            ("OldestUnsent", None, "The oldest unsent has 50% of its time."),
        ),
        ({}, [], [unsent(0.3), unsent(0.9, test=True)], 0, None),
        (
            {},
            [],
            [],
            BEHIND_MAX + 1,
            ("TelemetryBehind", None, "What is seen here is old: 10,001 records to read."),
        ),
    ],
)
def test_each_condition_says_what_it_is_about(
    connector: dict[str, Any],
    letters: list[Letters],
    waiting: list[Unsent],
    behind: int,
    expected: tuple[str, str | None, str] | None,
) -> None:
    card: Connector = replace(SLOW, **connector)
    told = Alarms().told([card], letters, waiting, behind, NOW_MS)
    assert [(one.name, one.about, one.words) for one in told] == ([expected] if expected else [])


def test_since_when_is_kept_until_it_is_over() -> None:
    alarms, down = Alarms(), replace(SLOW, binds=0)
    for at_ms, card, since in ((1, SLOW, []), (2, down, [2]), (3, down, [2]), (4, SLOW, [])):
        assert [one.since_ms for one in alarms.told([card], [], [], 0, at_ms)] == since
    assert [one.since_ms for one in alarms.told([down], [], [], 0, 5)] == [5]
