"""What a doctor makes of what it sees: each look by a row that is well and rows that are not."""

import pytest

from heliograph.diagnosis import (
    DAY_S,
    FAIL,
    OK,
    WARN,
    Finding,
    Resource,
    Written,
    lines,
    of_broker,
    of_certificate,
    of_clocks,
    of_operations,
    of_progress,
    of_room,
    of_topics,
    several,
)
from pipeline.topics import Difference

NOW_MS = 1_000_000


def verdicts(found: list[Finding]) -> list[str]:
    return [finding.verdict for finding in found]


@pytest.mark.parametrize(("took_s", "verdict"), [(0.02, OK), (1.0, OK), (5.1, WARN)])
def test_a_broker_that_is_slow_is_no_well_one(took_s: float, verdict: str) -> None:
    found = of_broker("kafka:9092", took_s, 9)
    assert (found.verdict, bool(found.do)) == (verdict, verdict != OK)


@pytest.mark.parametrize(
    ("setting", "verdict", "do"),
    [
        ("topic", FAIL, "heliograph topics apply"),
        ("partitions", FAIL, "`binds` and `generation`"),
        ("cleanup.policy", FAIL, "--entity-name t --add-config cleanup.policy=b"),
        ("message.timestamp.type", FAIL, "message.timestamp.type=b"),
        ("retention.ms", WARN, "retention.ms=b"),
        ("replicas", WARN, "kafka.replication_factor"),
    ],
)
def test_what_of_a_topic_is_another_is_wrong_by_what_it_is(
    setting: str, verdict: str, do: str
) -> None:
    (found,) = of_topics(9, [Difference("t", setting, "a", "b")])
    assert (found.verdict, "t" in found.says) == (verdict, True)
    assert do in found.do


def test_topics_that_are_alike_are_told_together_and_good_ones_in_a_line() -> None:
    missing = [Difference(f"t{number}", "topic", "missing", "there") for number in range(8)]
    (found,) = of_topics(9, missing)
    assert found.says == "not there: t0, t1, t2, t3, t4 and 3 more"
    assert verdicts(list(of_topics(9, []))) == [OK]
    assert several(["a", "b"]) == "a, b"


def test_a_right_that_lacks_is_told_with_what_needs_it() -> None:
    topics = [Resource("topic", name) for name in ("in", "out", "both")]
    read, write, both, group = *topics, Resource("group", "router")
    rights = ({"READ"}, {"WRITE"}, {"READ", "WRITE"}, {"READ"})
    needed = dict(zip((read, write, both, group), rights, strict=True))
    all_of_it = {one: {"READ", "WRITE", "DESCRIBE"} for one in needed}
    assert verdicts(list(of_operations(needed, all_of_it, "router"))) == [OK]
    (found,) = of_operations(needed, {**all_of_it, both: {"READ"}}, "router")
    assert found.verdict == FAIL
    assert found.says == "this client has no WRITE on topic both, which router needs"
    assert "--operation Write --topic both" in found.do
    nothing: dict[Resource, set[str]] = {one: set() for one in needed}
    unseen = list(of_operations(needed, {**nothing, read: {"READ"}}, "router"))
    assert [finding.says.split(", which")[0] for finding in unseen] == [
        "this client has no WRITE on topic out, both",
        "this client has no READ on topic both",
        "this client has no READ on group router",
    ]
    assert "--operation Read --group router" in unseen[2].do
    assert verdicts(list(of_operations(needed, {}, "router"))) == [OK]  # none of them is there


@pytest.mark.parametrize(
    ("at_ms", "appended_ms", "verdict", "words"),
    [
        (NOW_MS - 2000, NOW_MS - 1990, OK, "within 1 s"),
        (NOW_MS - 12_000, NOW_MS - 11_990, OK, "within 1 s"),
        (NOW_MS - 13_000, NOW_MS - 12_990, WARN, "for 13 s"),
        (NOW_MS + 2000, NOW_MS + 2000, WARN, "broker's clock is 2.0 s ahead of this machine's"),
        (NOW_MS + 11_000, NOW_MS + 11_000, FAIL, "broker's clock is 11.0 s ahead"),
        (NOW_MS + 1500, NOW_MS - 500, WARN, "clock of b is 2.0 s ahead of the broker's"),
        (NOW_MS - 5500, NOW_MS - 500, WARN, "clock of b is 5.0 s behind the broker's"),
        (NOW_MS - 60_500, NOW_MS - 500, FAIL, "clock of b is 60.0 s behind"),
    ],
)
def test_clocks_are_compared_by_what_a_binder_told(
    at_ms: int, appended_ms: int, verdict: str, words: str
) -> None:
    (found,) = of_clocks(Written("b", at_ms, appended_ms), NOW_MS)
    assert found.verdict == verdict
    assert words in found.says


def test_without_a_binder_there_is_no_clock_to_go_by() -> None:
    assert verdicts(list(of_clocks(None, NOW_MS))) == [WARN]


@pytest.mark.parametrize(
    ("left_s", "verdict"),
    [
        (15 * DAY_S, OK),
        (14 * DAY_S, OK),
        (13.9 * DAY_S, WARN),
        (3 * DAY_S, WARN),
        (2.9 * DAY_S, FAIL),
        (-1, FAIL),
    ],
)
@pytest.mark.parametrize(("whose", "who"), [("its", "carrier"), ("our", "binders")])
def test_a_certificate_is_asked_for_in_time(
    whose: str, who: str, left_s: float, verdict: str
) -> None:
    found = of_certificate("slow", whose, left_s)
    assert found.verdict == verdict
    assert (who in found.do) is (verdict != OK)


@pytest.mark.parametrize(
    ("free", "floor", "verdict"),
    [(512, 256, OK), (511, 256, WARN), (256, 256, WARN), (255, 256, FAIL), (0, 0, OK)],
)
def test_room_is_what_a_stateful_service_needs_to_begin(
    free: int, floor: int, verdict: str
) -> None:
    assert of_room("state", free, floor).verdict == verdict


@pytest.mark.parametrize(
    ("before", "after", "verdict"),
    [
        ((5, 0), (5, 0), OK),
        ((5, 3), (8, 0), OK),
        ((5, 3), (6, 9), OK),
        ((5, 0), (5, 3), OK),  # it has only just come
        ((5, 3), (5, 3), FAIL),
        ((5, 3), (5, 9), FAIL),
    ],
)
def test_a_group_that_has_something_to_do_and_does_nothing_stands_still(
    before: tuple[int, int], after: tuple[int, int], verdict: str
) -> None:
    others = {"other": (1, 0)}
    (found,) = of_progress({"g": before, **others}, {"g": after, **others}, 3)
    assert found.verdict == verdict
    assert ("g is" in found.says) is (verdict == FAIL)


def test_each_finding_is_a_line_with_what_to_do_below_it_and_all_are_counted() -> None:
    found = [Finding("a", OK, "is well"), Finding("b", FAIL, "is ill", "cure it")]
    assert lines(found) == [
        "ok   a: is well",
        "fail b: is ill",
        "     cure it",
        "1 ok, 0 warn, 1 fail",
    ]
