"""What a person does about segments in doubt: which are shown, what is written about them."""

from datetime import UTC, datetime
from typing import Any

import pytest
from msgspec.structs import replace

from heliograph.unresolved import Doubt, anew, failed, judged, lines, orders
from pipeline.config import Config
from pipeline.errors import HeliographError
from pipeline.ids import ConnectorId, MessageId, Msisdn
from pipeline.records import MtHead, MtStatus, MtSubmit, SegmentStatus
from pipeline.unresolved import key_of
from tests.builders import REQUESTED_MS, mt_submit
from tests.services.router.builders import connector
from tests.services.tracker.builders import MESSAGE, Told, routed, submitted

FAST = ConnectorId("fast")
DAY_MS = 86_400_000


def asked(message_id: str = "m1", **changes: object) -> MtSubmit:
    """A row of `sms.mt.unresolved`."""
    fields = {"on_ambiguous": "ask", "connector": FAST, "attempts": 1, **changes}
    return mt_submit(message_id, **fields)


def story(message_id: str, *states: str) -> MtStatus:
    head = MtHead(
        message_id=MessageId(message_id),
        recipient=Msisdn("46701234567"),
        tenant="default",
        lane="normal",
        class_="transactional",
        requested_ms=REQUESTED_MS,
    )
    segments = tuple(
        SegmentStatus(segment=number, state=state, connector=FAST, attempts=1)
        for number, state in enumerate(states, 1)
    )
    return MtStatus(head=head, state=states[0], terminal=True, segments=segments, updated_ms=0)


def test_only_what_nobody_knows_yet_is_in_doubt() -> None:
    rows = [
        asked("late", requested_ms=REQUESTED_MS + 1),
        asked("told", segments=2, segment=2),
        asked("told", segments=2),
        asked("silent"),
    ]
    found = judged(rows, [story("told", "unknown", "delivered"), story("late", "unknown")])
    assert [(d.submit.message_id, d.submit.segment, d.state, d.is_open) for d in found] == [
        ("silent", 1, None, True),
        ("told", 1, "unknown", True),
        ("told", 2, "delivered", False),
        ("late", 1, "unknown", True),
    ]


def test_a_line_says_what_to_judge_and_whether_its_time_is_over() -> None:
    rows = [asked("m1"), asked("m2", deadline_ms=REQUESTED_MS), asked("m3")]
    found = judged(rows, [story("m3", "undeliverable")])
    assert list(lines(found, REQUESTED_MS)) == [
        "m1 segment 1/1 to 46…567 by fast, requested 2026-09-21T14:13:20Z, "
        "valid until 2026-09-22T14:13:20Z",
        "m2 segment 1/1 to 46…567 by fast, requested 2026-09-21T14:13:20Z, "
        "valid until 2026-09-21T14:13:20Z, over",
        "1 resolved meanwhile by what their SMSCs reported",
    ]
    assert list(lines([], REQUESTED_MS)) == ["nothing is unresolved"]


def test_each_segment_of_each_way_has_a_row_of_its_own() -> None:
    rows = [asked(), asked(segment=2), asked(hop=1), asked("m1/1"), asked("m1/1", segment=2)]
    assert len({key_of(row) for row in rows}) == len(rows)
    assert key_of(asked(attempts=7)) == key_of(asked())


def test_what_is_sent_again_is_the_same_segment_and_known_as_doubtful() -> None:
    again = anew(asked())
    assert again == replace(asked(), connector=None, doubtful=True)
    assert anew(asked(attempts=0)).attempts == 1  # its place among its siblings is past


@pytest.mark.parametrize("is_several", [False, True])
def test_what_is_taken_for_not_sent_ends_the_message(is_several: bool) -> None:
    segments = 2 if is_several else 1
    doubt = submitted(segments=segments, outcome="unknown", reason="link_lost")
    told = Told(routed(segments=segments), doubt)
    assert told.status.state == ("sending" if is_several else "unknown")
    row = asked(MESSAGE, segments=segments, requested_ms=doubt.requested_ms)
    assert told.tell(failed(row, doubt.answered_ms + DAY_MS)) == ["segment_rejected"]
    assert (told.status.state, told.status.terminal) == ("rejected", True)
    assert told.status.reason == "operator"


QUIET = {"SE": [{"from": "21:00", "to": "08:00", "zone": "UTC"}]}
CONFIG = Config(dev=True, connectors={FAST: connector()}, quiet_hours=QUIET)


def at(day: int, hour: int, minute: int = 0) -> int:
    return int(datetime(2026, 9, day, hour, minute, tzinfo=UTC).timestamp() * 1000)


def doubtful(**changes: Any) -> list[Doubt]:
    fields = {"requested_ms": at(21, 20), "deadline_ms": at(23, 20), "write_until_ms": at(21, 21)}
    return [Doubt(asked(**{"class_": "promotional", **fields, **changes}), "unknown")]


@pytest.mark.parametrize(
    ("changes", "now_ms", "until_ms"),
    [
        ({}, at(21, 20, 59), at(21, 21)),
        ({}, at(22, 9), at(22, 21)),  # those it was to be written before are over
        ({"deadline_ms": at(22, 20)}, at(22, 9), None),
        ({"class_": "otp", "write_until_ms": None}, at(21, 22), None),
    ],
)
def test_what_is_sent_again_is_written_before_the_next_quiet_hours(
    changes: dict[str, Any], now_ms: int, until_ms: int | None
) -> None:
    ((topic, key, order),) = orders(CONFIG, doubtful(**changes), now_ms)
    assert (topic, key) == ("sms.mt.submit.fast.g1", "46701234567")
    assert isinstance(order, MtSubmit)
    assert (order.write_until_ms, order.doubtful) == (until_ms, True)


def test_in_quiet_hours_nothing_is_sent_again_that_they_forbid() -> None:
    with pytest.raises(HeliographError, match="forbid m1 until 2026-09-22T08:00:00Z"):
        orders(CONFIG, doubtful(), at(21, 22))
