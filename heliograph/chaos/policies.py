"""Rows E: what must never be sent, what must never be exceeded, whatever happens."""

import threading
import time
from collections import deque
from collections.abc import Sequence
from random import Random

from heliograph.chaos.carrier import all_of
from heliograph.chaos.processes import widest_gap_s
from heliograph.chaos.rows import Check, Played, Row, Scale
from heliograph.chaos.settings import CONNECTOR
from heliograph.chaos.stage import After, Stage
from pipeline import topics
from pipeline.kafka.clients import make_consumer

HOUR_S = 3600
NOTICED_S = 1.5  # a router looks at its routes every second
NEWER = "chaos-2"
VALIDITY_S = 3
TAKEOVER_MAX_S = 6 + 2  # the session time-out of the embedded broker, and two
RATE_PER_S = 100
ALLOWANCE = 0.01  # of scheduling noise, as verify judges it
STEPS = (1, 2, 4, 3, 1)


def misdated(stage: Stage, scale: Scale, dice: Random) -> Played:
    """The clock jumps an hour ahead, two back, and is right again."""
    load = stage.load(f"e1-{dice.random()}", scale.messages, scale.rate_per_s)
    for seconds in (HOUR_S, -HOUR_S, 0):
        time.sleep(scale.messages / scale.rate_per_s / 4)
        stage.put_wrong(seconds)
    load.join()
    stage.settle()
    return Played("an hour ahead, an hour behind", checks=(all_of("delivered", scale.messages),))


def misrouted(stage: Stage, scale: Scale, dice: Random) -> Played:
    """The routes are broken in several ways, and then others, that are whole."""
    good, path = stage.settings.routes.read_text(encoding="utf-8"), stage.settings.routes
    count = scale.messages
    load = stage.load(f"e5-{dice.random()}", count, scale.rate_per_s)
    stage.under_way()
    for broken in ("", "rules: [", good.replace("connectors", "conectors")):
        path.write_text(broken, encoding="utf-8")
        time.sleep(NOTICED_S)
    newer = good.replace("version: chaos", f"version: {NEWER}")
    stage.wait(lambda: not load.is_alive() or stage.taken() > count * 2 // 3)
    path.write_text(newer, encoding="utf-8")
    time.sleep(NOTICED_S)
    stage.load(f"e5n-{dice.random()}", count // 10, scale.rate_per_s).join()
    load.join()
    stage.settle()
    switched = stage.events.versions[NEWER]
    path.write_text(good, encoding="utf-8")
    seen = Check(f"{switched} went by the new ones", switched >= count // 10)
    return Played(
        "3 broken files", checks=(all_of("delivered", count + count // 10),), seen=(seen,)
    )


def too_late(stage: Stage, scale: Scale, dice: Random) -> Played:
    """The carrier is away for longer than the messages are worth sending."""
    count = scale.messages // 3
    away_s = count / scale.rate_per_s + VALIDITY_S + 2
    with stage.carrier_does(f"maintenance=[{{from_s: 0, for_s: {away_s}}}]"):
        stage.wait(lambda: not stage.stats()["binds"], 10)
        load = stage.load(f"e2-{dice.random()}", count, scale.rate_per_s, validity_s=VALIDITY_S)
        load.join()
        stage.settle()
    return Played(checks=(all_of("expired", count), nothing_sent))


def nothing_sent(after: After) -> Check:
    """No segment came to the carrier."""
    return Check(f"{len(after.segments)} sent", not after.segments)


def old(stage: Stage, scale: Scale, dice: Random) -> Played:
    """Messages that lay in the log until they were worth nothing."""
    count, replicas = scale.messages // 3, stage.replicas
    stage.binders(0)
    load = stage.load(f"e3-{dice.random()}", count, scale.rate_per_s, validity_s=VALIDITY_S)
    load.join()
    time.sleep(VALIDITY_S + 1)
    stage.binders(replicas)
    return Played(checks=(all_of("expired", count), nothing_sent))


def scaled(stage: Stage, scale: Scale, dice: Random) -> Played:
    """More is asked for than the contract allows, while replicas come and go."""
    count = scale.messages * 3
    load = stage.load(f"e6-{dice.random()}", count, 10 * RATE_PER_S)
    load.join()
    for replicas in STEPS:
        stage.binders(replicas)
        time.sleep(count / RATE_PER_S / (2 * len(STEPS)))
    stage.settle()
    stage.binders(2)

    def kept(after: After) -> Check:
        counts = sliding_seconds([entry["read_ms"] for entry in after.segments])
        over = sum(1 for n in counts if n > RATE_PER_S * (1 + ALLOWANCE))
        figure = f"sliding seconds by share of the contract: {histogram(counts, RATE_PER_S)}"
        return Check(figure, not over, is_of_time=True)

    def paced(after: After) -> Check:
        fullest = max(sliding_seconds(after.written_ms))
        return Check(f"{fullest} of {RATE_PER_S} written in the fullest", fullest <= RATE_PER_S)

    return Played(f"{STEPS} replicas in turn", checks=(paced, kept))


def sliding_seconds(moments_ms: Sequence[float]) -> list[int]:
    """For each segment: how many came in the second that ends with it."""
    second: deque[float] = deque()
    counts = []
    for moment in sorted(moments_ms):
        second.append(moment)
        while second[0] <= moment - 1000:
            second.popleft()
        counts.append(len(second))
    return counts


def histogram(counts: Sequence[int], contract: float) -> str:
    """How many of `counts` are in each tenth of the contract, and over it."""
    tenths = [0] * 11
    for count in counts:
        tenths[min(10, int(count / contract * 10 - 1e-9))] += 1
    named = [f"{10 * n}-{10 * n + 10} %: {tenths[n]}" for n in range(10) if tenths[n]]
    return ", ".join([*named, f"over: {tenths[10]}"])


def crowded(stage: Stage, scale: Scale, dice: Random) -> Played:
    """More replicas than binds: the rest stand by, and one of them takes over."""
    stage.binders(4)
    load = stage.load(f"e7-{dice.random()}", scale.messages, scale.rate_per_s)
    stage.under_way()
    stage.kill(dice.choice(stage.ready()))
    load.join()
    stage.binders(2)

    def gap(after: After) -> Check:
        widest_s = widest_gap_s(after.outcomes_by_partition)
        figure = f"taken over within {widest_s:.1f} s"
        return Check(figure, widest_s <= TAKEOVER_MAX_S, is_of_time=True)

    most = stage.account()["binds_peak"]
    allowed = stage.config.connectors[CONNECTOR].binds
    seen = Check(f"{most} of {allowed} binds at most", most <= allowed)
    return Played("4 replicas", stage.unconfirmed_max, (gap,), (seen,))


def slow_reader(stage: Stage, scale: Scale, dice: Random) -> Played:
    """Somebody reads the events one a second."""
    stopping = threading.Event()

    def read() -> None:
        consumer = make_consumer(stage.config.kafka, "slow")
        consumer.subscribe([topics.MT_EVENT])
        while not stopping.wait(1):
            consumer.poll(0)
        consumer.close()

    reader = threading.Thread(target=read, daemon=True)
    reader.start()
    begin = time.monotonic()
    stage.load(f"e8-{dice.random()}", scale.messages, scale.rate_per_s).join()
    stage.settle()
    took_s = time.monotonic() - begin
    stopping.set()
    reader.join(10)
    expected_s = scale.messages / scale.rate_per_s
    figure = f"{took_s - expected_s:.1f} s behind"
    return Played(seen=(Check(figure, took_s < 2 * expected_s, is_of_time=True),))


ROWS = (
    Row(
        "E1",
        "the clock jumps by an hour",
        "lost 0, duplicated 0, all delivered, no burst",
        misdated,
        {"is_clocked": True},
    ),
    Row("E2", "away longer than the validity", "0 sent late, all expired", too_late),
    Row("E3", "old in the log", "0 sent, all expired", old),
    Row("E5", "the routes broken, then others", "nothing stops, all switch", misrouted),
    Row("E8", "a slow reader of the events", "no effect", slow_reader),
    Row(
        "E6",
        "the rate over 1 to 4 replicas",
        "no sliding second over the contract",
        scaled,
        {"rate_per_s": RATE_PER_S},
    ),
    Row(
        "E7",
        "more replicas than binds",
        "never more binds, taken over within 8 s",
        crowded,
        {"binds": 2},
    ),
)
