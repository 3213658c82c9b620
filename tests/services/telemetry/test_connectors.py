"""How a connector is, from what its binds say."""

from typing import Any

import pytest

from pipeline.capacity import STALE_MS
from pipeline.ids import ConnectorId
from pipeline.records import ConnectorState, Stop
from services.telemetry.connectors import Connectors, Standing

FAST = ConnectorId("fast")
NOW_MS = 1_790_000_000_000


def said(partition: int, state: str = "bound", **changes: Any) -> ConnectorState:
    fields: dict[str, Any] = {
        "connector": FAST,
        "partition": partition,
        "replica": "binder-0",
        "state": state,
        "window_requests_max": 10,
        "rate_per_s": 100.0,
        "contract_per_s": 100.0,
        "in_flight": 3,
        "at_ms": NOW_MS,
    }
    return ConnectorState(**{**fields, **changes})


def standing(*words: ConnectorState) -> Standing:
    connectors = Connectors()
    for word in words:
        connectors.hear(word)
    return connectors.standing(FAST, NOW_MS)


def test_binds_windows_and_rates_are_summed() -> None:
    found = standing(said(0), said(1, replica="binder-1"), said(0, is_receiver=True, rate_per_s=0))
    assert found[:8] == ("bound", None, 2, 1, 6, 20, 200.0, 200.0)
    assert not found.is_hindered


@pytest.mark.parametrize(
    ("words", "state", "stop", "binds"),
    [
        ([], "silent", None, 0),
        ([said(0, at_ms=NOW_MS - STALE_MS - 1)], "silent", None, 0),
        ([said(0, at_ms=NOW_MS - STALE_MS)], "bound", None, 1),
        ([said(0), said(1, "unbound", reason="refused")], "bound", None, 1),
        ([said(0, "refused", reason="ESME_RINVPASWD")], "refused", None, 0),
        ([said(0), said(1, "stopped", reason="ESME_RINVSYSID")], "stopped", "ESME_RINVSYSID", 2),
        ([said(0, "drained", reason="upkeep")], "drained", "upkeep", 0),
        ([said(0), said(0, "released")], "released", None, 0),
        ([said(0, is_receiver=True)], "silent", None, 0),
    ],
)
def test_the_worst_that_stops_all_is_told_and_silence_is_death(
    words: list[ConnectorState], state: str, stop: str | None, binds: int
) -> None:
    found = standing(*words)
    assert (found.state, found.stop, found.binds) == (state, stop, binds)
    assert found.is_hindered == (state != "bound")


def test_a_throttled_one_is_hindered_by_its_carrier() -> None:
    assert standing(said(0, rate_per_s=40.0)).is_hindered
    assert not standing(said(0, rate_per_s=60.0)).is_hindered


def test_a_process_counts_answers_for_all_its_leases_at_once() -> None:
    found = standing(
        said(0, statuses={"ESME_ROK": 10}),
        said(1, statuses={"ESME_ROK": 12, "ESME_RTHROTTLED": 1}),
        said(2, replica="binder-1", statuses={"ESME_ROK": 5}),
        said(3, replica="binder-2", statuses={"ESME_ROK": 99}, at_ms=NOW_MS - STALE_MS - 1),
    )
    assert found.statuses == {"ESME_ROK": 17, "ESME_RTHROTTLED": 1}


def test_the_certificate_that_ends_first_is_told() -> None:
    found = standing(said(0), said(1, certificate_expires_ms=9), said(2, certificate_expires_ms=7))
    assert found.certificate_expires_ms == 7
    assert standing(said(0)).certificate_expires_ms is None


@pytest.mark.parametrize(
    ("row", "stop"),
    [
        (Stop(action="pause", connector=FAST, at_ms=1), "paused by an operator"),
        (Stop(action="cancel", at_ms=1), "cancelled by an operator"),
        (Stop(action="drain", connector=FAST, at_ms=1), "drained by an operator"),
        (Stop(action="new", at_ms=1), "new by an operator"),  # of a newer version
        (Stop(action="pause", connector=ConnectorId("slow"), at_ms=1), None),
        (Stop(action="pause", tenant="one", at_ms=1), None),
        (Stop(action="pause", campaign="c", connector=FAST, at_ms=1), None),
    ],
)
def test_what_an_operator_stopped_is_told_as_far_as_it_is_the_whole(
    row: Stop, stop: str | None
) -> None:
    connectors = Connectors()
    connectors.hear(said(0))
    connectors.put_stop("row", row)
    assert connectors.standing(FAST, NOW_MS).stop == stop
    connectors.put_stop("row", None)
    assert connectors.standing(FAST, NOW_MS).stop is None
