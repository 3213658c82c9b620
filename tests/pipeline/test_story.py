"""The story of one message in the order it happened."""

from pipeline.story import STEPS, tell
from tests.builders import REQUESTED_MS, mt_event


def test_a_story_runs_from_the_request_to_the_outcome() -> None:
    told = tell(
        [
            mt_event(connector="slow", segments=1, rule="sweden", at_ms=REQUESTED_MS + 20),
            mt_event(
                event="segment_accepted",
                segment=1,
                segments=1,
                connector="slow",
                smsc_message_id="1a",
                submitted_ms=REQUESTED_MS + 31,
                at_ms=REQUESTED_MS + 60,
            ),
            mt_event(
                event="receipt",
                segment=1,
                segments=1,
                receipt_state="DELIVERED",
                state="delivered",
                terminal=True,
                at_ms=REQUESTED_MS + 900,
            ),
        ]
    )
    assert [(step.after_ms, step.text) for step in told] == [
        (0, "requested by default, lane normal"),
        (20, "routed to slow in 1 segment(s) by rule sweden"),
        (31, "segment 1/1 submitted to slow"),
        (60, "segment 1/1 accepted by slow as 1a"),
        (900, "segment 1/1 receipt: DELIVERED - delivered"),
    ]
    assert str(told[0]).startswith("2026-09-21T14:13:20.000+00:00")


def test_a_message_nobody_knows_has_no_story() -> None:
    assert tell([]) == []


def test_every_kind_of_event_can_be_told() -> None:
    for kind in STEPS:
        assert "{" not in tell([mt_event(event=kind)])[-1].text


def test_every_way_is_told_and_why_it_was_left() -> None:
    slow, fast = {"connector": "slow", "hop": 0}, {"connector": "fast", "hop": 1}
    one = {"segment": 1, "segments": 1}
    told = tell(
        [
            mt_event(**slow, segments=1, rule="sweden"),
            mt_event(event="segment_rejected", **slow, **one, reason="ESME_RSUBMITFAIL"),
            mt_event(event="way_left", **slow, reason="ESME_RSUBMITFAIL"),
            mt_event(**fast, segments=1, rule="sweden"),
            mt_event(event="receipt_late", **fast, **one, submitted_ms=REQUESTED_MS + 5),
        ]
    )
    assert [step.text for step in told[1:]] == [
        "routed to slow in 1 segment(s) by rule sweden",
        "segment 1/1 refused by slow: ESME_RSUBMITFAIL",
        "left slow, way 0: ESME_RSUBMITFAIL",
        "routed to fast in 1 segment(s) by rule sweden",
        "segment 1/1 waits too long for a receipt by fast",
    ]
