"""Windows of how connectors do: what is counted, when they are published, and only once."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.effects import Publish
from pipeline.ids import ConnectorId, MessageId
from pipeline.records import ConnectorQuality, MtEvent, Wake
from services.tracker.config import TrackerConfig
from services.tracker.core import MtFact, Tracker
from services.tracker.quality import MeasuringTracker, Windows
from services.tracker.states import RECEIPT_STATES
from tests.entries import MemoryEntries
from tests.services.tracker.builders import (
    ASKED_MS,
    FAST,
    MESSAGE,
    SLOW,
    head,
    receipt,
    routed,
    submitted,
    timeout,
)

OTHER = ConnectorId("other")
WINDOW_MS = 60_000
BEGIN_MS = ASKED_MS - ASKED_MS % WINDOW_MS


class Measured:
    """A tracker that counts, with the state of each message, and the windows it published."""

    def __init__(self) -> None:
        self.states: dict[str, MemoryEntries] = {}
        self.windows: list[ConnectorQuality] = []
        self.keys: list[str] = []
        self.others = 0
        own = Tracker(TrackerConfig())
        self.tracker = MeasuringTracker(own, Windows("tracker-0", WINDOW_MS))

    def tell(self, *facts: MtFact, now_ms: int = BEGIN_MS, of: str = MESSAGE) -> None:
        state = self.states.setdefault(of, MemoryEntries())
        state.now_ms = now_ms
        for fact in facts:
            for effect in self.tracker.decide(state, fact, now_ms):
                if isinstance(effect.record, ConnectorQuality):
                    assert isinstance(effect, Publish)
                    assert effect.topic == "sms.quality"
                    self.keys.append(effect.key)
                    self.windows.append(effect.record)
                else:
                    self.others += 1

    def close(self) -> list[tuple[int, int, int]]:
        """What was counted, once the window is over."""
        self.tell(routed(head=head(message_id="other")), now_ms=BEGIN_MS + WINDOW_MS, of="other")
        totals = [row for row in self.windows if row.tenant is None]
        return [(row.submitted, row.delivered, row.failed) for row in totals]


def test_a_window_says_how_a_connector_did_to_a_country() -> None:
    own = Measured()
    own.tell(routed(), submitted(), receipt())
    assert own.windows == []
    own.close()
    assert own.keys == ["fast/SE/tracker-0", "fast/SE/default/tracker-0"]
    assert own.windows == [
        ConnectorQuality(
            connector=FAST,
            country="SE",
            replica="tracker-0",
            begin_ms=BEGIN_MS,
            end_ms=BEGIN_MS + WINDOW_MS,
            submitted=1,
            delivered=1,
            failed=0,
            latency_median_ms=1970,
            latency_p90_ms=1970,
            tenant=tenant,
        )
        for tenant in (None, "default")
    ]


def test_silence_says_nothing_of_how_long_a_delivery_took() -> None:
    own = Measured()
    own.tell(routed(silence="delivered"), submitted(), timeout())
    own.close()
    assert [row.latency_median_ms for row in own.windows] == [None, None]


def test_each_tenant_is_counted_apart_and_all_together_in_a_row_of_no_tenant() -> None:
    windows = Windows("t", WINDOW_MS)
    for tenant, state in (("a", "DELIVERED"), ("b", "EXPIRED"), ("b", "DELIVERED")):
        windows.note(event(tenant=tenant, receipt_state=state, at_ms=1000 + 100 * (tenant == "b")))
    found = {row.tenant: row for row in rows(windows, WINDOW_MS)}
    counted = {tenant: (row.delivered, row.failed) for tenant, row in found.items()}
    assert counted == {None: (2, 1), "a": (1, 0), "b": (1, 1)}
    medians = {tenant: row.latency_median_ms for tenant, row in found.items()}
    assert medians == {None: 1000, "a": 1000, "b": 1100}


@pytest.mark.parametrize(
    ("facts", "counted"),
    [
        ([routed()], []),
        ([routed(), submitted()], [(1, 0, 0)]),
        ([routed(), submitted(), receipt("ENROUTE")], [(1, 0, 0)]),
        ([routed(), submitted(), receipt("ENROUTE"), receipt()], [(1, 1, 0)]),
        ([routed(), submitted(), receipt(), receipt(), submitted()], [(1, 1, 0)]),
        ([routed(), submitted(), receipt("UNDELIVERABLE")], [(1, 0, 1)]),
        ([routed(), submitted(), receipt("EXPIRED"), receipt()], [(1, 0, 1)]),
        ([routed(), submitted(), timeout()], [(1, 0, 1)]),
        ([routed(silence="delivered"), submitted(), timeout()], [(1, 1, 0)]),
        ([routed(silence="submitted"), submitted(), timeout()], [(1, 0, 0)]),
        ([routed(), submitted(outcome="rejected", command_status=11)], [(1, 0, 1)]),
        ([routed(), submitted(outcome="rejected", reason="opted_out")], []),
        ([routed(), submitted(outcome="expired")], []),
        ([routed(), submitted(outcome="cancelled")], []),
        ([routed(), submitted(outcome="returned")], []),
        ([routed(), submitted(outcome="unknown")], []),
        ([routed(head=head(test=True)), submitted(test=True), receipt(test=True)], []),
        ([routed(2), submitted(1, 2), submitted(2, 2), receipt("DELIVERED", 2, 2)], [(2, 1, 0)]),
    ],
)
def test_what_is_counted(facts: list[Any], counted: list[tuple[int, int, int]]) -> None:
    own = Measured()
    own.tell(*facts)
    assert own.close() == counted


LATE = Wake(key=MESSAGE, kind="receipt_late", what="1|0", set_ms=ASKED_MS)
TIMED: dict[str, Any] = {"retry_on": ("timeout",), "receipt_within_s": 60}
OVER_SLOW: dict[str, Any] = {"hop": 1, "connector": SLOW}


@pytest.mark.parametrize(
    ("facts", "delivered"),
    [
        ([submitted(), receipt(connector=OTHER)], {FAST: 1}),
        ([routed(), receipt(connector=OTHER)], {FAST: 1}),  # it overtook its answer
        ([routed(), submitted(), LATE, receipt(connector=OTHER)], {FAST: 1}),
        (
            [routed(**TIMED), submitted(), LATE, routed(**OVER_SLOW), receipt(connector=OTHER)],
            {FAST: 1},
        ),
        (
            [
                routed(**TIMED),
                submitted(),
                LATE,
                routed(**OVER_SLOW),
                submitted(**OVER_SLOW),
                receipt(hop=1, connector=OTHER),
            ],
            {SLOW: 1, FAST: 0},
        ),
        ([receipt(connector=OTHER)], {OTHER: 1}),  # nobody knows better
    ],
)
def test_a_receipt_counts_for_the_connector_its_segment_was_submitted_over(
    facts: list[Any], delivered: dict[str, int]
) -> None:
    own = Measured()
    own.tell(*facts)
    own.close()
    totals = [row for row in own.windows if row.tenant is None]
    assert {row.connector: row.delivered for row in totals} == delivered


def test_every_state_of_a_receipt_that_ends_a_segment_is_counted() -> None:
    for state, told in RECEIPT_STATES.items():
        own = Measured()
        own.tell(routed(), submitted(), receipt(state))
        ((_, delivered, failed),) = own.close()
        assert delivered + failed == (told is not None), state


def test_what_the_tracker_decides_is_the_same() -> None:
    facts = [routed(), submitted(), receipt()]
    own, plain, state = Measured(), Tracker(TrackerConfig()), MemoryEntries()
    state.now_ms = BEGIN_MS
    own.tell(*facts)
    assert own.others == sum(len(plain.decide(state, fact, BEGIN_MS)) for fact in facts)


def event(**changed: Any) -> MtEvent:
    return MtEvent(
        **{
            "event_id": "e",
            "message_id": MESSAGE,
            "event": "receipt",
            "state": "delivered",
            "terminal": True,
            "receipt_state": "DELIVERED",
            "connector": FAST,
            "tenant": "default",
            "lane": "normal",
            "class_": "otp",
            "recipient": "46701234567",
            "requested_ms": 0,
            "at_ms": 1000,
            "submitted_ms": 0,
            **changed,
        }
    )


def rows(windows: Windows, now_ms: int) -> list[ConnectorQuality]:
    found = []
    for effect in windows.closed(now_ms):
        assert isinstance(effect.record, ConnectorQuality)
        found.append(effect.record)
    return found


def test_connectors_and_countries_are_counted_apart_and_those_of_no_country_not() -> None:
    windows = Windows("t", WINDOW_MS)
    for recipient in ("46701234567", "4791234567", "9991234567", None):
        for connector in (FAST, SLOW, None):
            windows.note(event(recipient=recipient, connector=connector))
    found = [row for row in rows(windows, WINDOW_MS) if row.tenant is None]
    assert sorted((row.connector, row.country, row.delivered) for row in found) == [
        ("fast", "NO", 1),
        ("fast", "SE", 1),
        ("slow", "NO", 1),
        ("slow", "SE", 1),
    ]


def test_nine_in_ten_are_at_least_that_fast() -> None:
    windows = Windows("t", WINDOW_MS)
    for number in range(100, 0, -1):
        windows.note(event(at_ms=number * 10))
    row, _ = rows(windows, WINDOW_MS)
    assert (row.latency_median_ms, row.latency_p90_ms) == (500, 900)


def test_a_window_without_a_delivery_has_no_latency() -> None:
    windows = Windows("t", WINDOW_MS)
    windows.note(event(receipt_state="EXPIRED"))
    row, _ = rows(windows, WINDOW_MS)
    assert (row.latency_median_ms, row.latency_p90_ms) == (None, None)


@given(st.lists(st.tuples(st.integers(0, 200_000), st.sampled_from(["DELIVERED", "EXPIRED"]))))
def test_each_end_is_in_one_window_and_in_the_one_of_its_time(
    ends: list[tuple[int, str]],
) -> None:
    windows, found, now_ms = Windows("t", WINDOW_MS), [], ASKED_MS
    for passed_ms, state in ends:
        now_ms += passed_ms
        found += rows(windows, now_ms)
        windows.note(event(receipt_state=state, message_id=MessageId(str(now_ms))))
    found += rows(windows, now_ms + WINDOW_MS)
    assert len({(row.begin_ms, row.tenant) for row in found}) == len(found)
    found = [row for row in found if row.tenant is None]
    assert sum(row.delivered + row.failed for row in found) == len(ends)
    assert len({row.begin_ms for row in found}) == len(found)
    assert all(row.begin_ms % WINDOW_MS == 0 for row in found)
    at_ms = ASKED_MS
    for passed_ms, _ in ends:
        at_ms += passed_ms
        assert any(row.begin_ms <= at_ms < row.end_ms for row in found)
