"""What the public topics add up to."""

from pipeline.records import Mo
from services.telemetry.totals import Totals
from tests.builders import dlr, mt_event

MO = Mo(
    mo_id="1",
    connector="fast",  # type: ignore[arg-type]
    sender="46737654321",
    receiver="12345",
    data=b"hi",
    data_coding=0,
    parts=1,
    parts_total=1,
    complete=True,
    received_ms=1,
    published_ms=2,
)


def test_events_outcomes_receipts_and_mo_are_counted() -> None:
    totals = Totals()
    delivered = mt_event(event="receipt", state="delivered", terminal=True)
    for record in (mt_event(), delivered, dlr(), dlr(), dlr(message_id=None), MO):
        totals.note(record)
    shown = totals.as_dict()
    assert shown["events"] == {"routed": 1, "receipt": 1}
    assert shown["outcomes"] == {"delivered": 1}
    assert (shown["receipts_joined"], shown["receipts_orphaned"], shown["mo"]) == (2, 1, 1)


def test_tests_are_counted_apart() -> None:
    totals = Totals()
    totals.note(mt_event())
    totals.note(mt_event("m2", test=True))
    totals.note(dlr(test=True))
    shown = totals.as_dict()
    assert (shown["events"], shown["receipts_joined"]) == ({"routed": 1}, 0)
    tests = shown["tests"]
    assert isinstance(tests, dict)
    assert (tests["events"], tests["receipts_joined"]) == ({"routed": 1}, 1)
    assert "tests" not in tests
