"""What routers know of how connectors do."""

from typing import Any

from pipeline import topics
from pipeline.codec import Codec
from pipeline.ids import ConnectorId
from pipeline.records import ConnectorQuality, MtRouted
from pipeline.stops import Stops
from services.router.core import Router
from services.router.quality import STALE_MS, Quality
from services.router.routes import Routes
from services.router.strategies import Grade
from tests.entries import MemoryEntries
from tests.services.router.builders import CONFIG, FAST, NOW_MS, SLOW, admitted, rule

SWEDE, NORWEGIAN, NOBODY = "46701234567", "4791234567", "9991234567"


def window(**changed: Any) -> ConnectorQuality:
    return ConnectorQuality(
        **{
            "connector": FAST,
            "country": "SE",
            "replica": "tracker-0",
            "begin_ms": NOW_MS - 60_000,
            "end_ms": NOW_MS,
            "submitted": 100,
            "delivered": 90,
            "failed": 5,
            "latency_median_ms": 1000,
            **changed,
        }
    )


def heard(*windows: ConnectorQuality, now_ms: int = NOW_MS) -> Quality:
    quality = Quality(clock=lambda: now_ms)
    for row in windows:
        quality.put(f"{row.connector}/{row.country}/{row.replica}", row)
    return quality


def test_what_the_trackers_say_of_a_country_adds_up() -> None:
    other = window(replica="tracker-1", delivered=30, failed=0, latency_median_ms=5000)
    quality = heard(window(), other)
    assert quality.grade_of(FAST, SWEDE) == Grade(125, 120, 2000)
    assert quality.grade_of(FAST, NORWEGIAN) is None
    assert quality.grade_of(SLOW, SWEDE) is None
    assert quality.grade_of(FAST, NOBODY) is None


def test_what_is_said_of_all_connectors_to_a_country_adds_up() -> None:
    slow = window(connector=SLOW, delivered=0, failed=50)
    other = window(replica="tracker-1", delivered=30, failed=0, latency_median_ms=5000)
    old = window(connector=ConnectorId("old"), end_ms=NOW_MS - STALE_MS - 1)
    quality = heard(window(), slow, other, old, window(country="NO"))
    assert quality.grade_to(SWEDE) == Grade(175, 120, 2000)
    assert quality.grade_to(NORWEGIAN) == Grade(95, 90, 1000)
    assert quality.grade_to(NOBODY) is None
    assert heard().grade_to(SWEDE) is None


def test_what_is_said_of_one_tenant_is_in_that_of_all() -> None:
    quality = heard(window(), window(tenant="a", delivered=0, failed=50), window(tenant="b"))
    assert quality.grade_of(FAST, SWEDE) == Grade(95, 90, 1000)
    assert heard(window(tenant="a")).grade_to(SWEDE) is None


def test_a_window_without_a_time_does_not_make_a_connector_faster() -> None:
    quality = heard(window(), window(replica="tracker-1", latency_median_ms=None))
    assert quality.grade_of(FAST, SWEDE) == Grade(190, 180, 1000)


def test_the_newest_window_of_a_tracker_counts() -> None:
    quality = heard(window(), window(end_ms=NOW_MS + 60_000, delivered=0, failed=7))
    assert quality.grade_of(FAST, SWEDE) == Grade(7, 0, 0)


def test_a_window_of_long_ago_is_forgotten() -> None:
    for late_ms, known in ((STALE_MS, True), (STALE_MS + 1, False)):
        quality = heard(window(), now_ms=NOW_MS + late_ms)
        assert (quality.grade_of(FAST, SWEDE) is not None) is known
    quality = heard(window(), window(replica="tracker-1", end_ms=NOW_MS - STALE_MS - 1))
    assert quality.grade_of(FAST, SWEDE) == Grade(95, 90, 1000)


def test_a_window_in_which_nothing_ended_says_nothing() -> None:
    assert heard(window(delivered=0, failed=0)).grade_of(FAST, SWEDE) is None


def test_a_deleted_row_changes_nothing() -> None:
    quality = heard(window())
    quality.put("fast/SE/tracker-0", None)
    assert quality.grade_of(FAST, SWEDE) == Grade(95, 90, 1000)


def test_a_router_takes_the_best_of_the_last_windows() -> None:
    quality, octets = Quality(clock=lambda: NOW_MS), Codec()
    routes = Routes("v1", (rule("all", "", FAST, SLOW, strategy="quality", explore_share=0.0),))
    own = Router(CONFIG, routes, lambda _: True, Stops(), grade_of=quality.grade_of)

    def taken() -> ConnectorId:
        *_, fact = own.decide(MemoryEntries(), admitted(), NOW_MS)
        assert isinstance(fact.record, MtRouted)
        return fact.record.connector

    for rows, best in (
        ([window(delivered=10, failed=90), window(connector=SLOW)], SLOW),
        ([window(end_ms=NOW_MS + 60_000, delivered=100, failed=0)], FAST),
    ):
        for row in rows:
            written = octets.encode(row, topics.QUALITY)
            quality.put("", octets.decode(written, ConnectorQuality))
        assert taken() == best
