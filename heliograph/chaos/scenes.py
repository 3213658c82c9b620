"""What an operator fears, played: a code behind a campaign, a sick handset, a campaign to stop."""

import time
from random import Random

from heliograph.chaos.carrier import all_of
from heliograph.chaos.rows import Check, Played, Row, Scale
from heliograph.chaos.stage import CONNECTOR, After, Stage
from pipeline import topics
from pipeline.kafka.clients import make_producer, now_ms, produce
from pipeline.process import make_codec
from pipeline.records import Stop

FEED_PER_S = 2000
BULK = {"short": 1500, "long": 100_000}
CODES = 20
CODE_WAIT_MAX_MS = 1000
OTHERS = {"short": 500, "long": 10_000}
SICK_NUMBER = "+46799999999"
CAMPAIGN = {"short": 1200, "long": 50_000}
OBEYED_WITHIN_MS = 2000
LONG_TEXT = "The annual meeting is moved to the large hall on the second floor. " * 4


def hurried(stage: Stage, scale: Scale, dice: Random) -> Played:
    """One-time passwords while a campaign waits in the same connector."""
    count, rate_per_s = BULK[scale.name], stage.config.connectors[CONNECTOR].rate_per_s
    bulk = stage.load(f"otpb{dice.random()}", count, FEED_PER_S, class_="promotional")
    bulk.join()
    stage.wait(lambda: stage.taken() > rate_per_s / 2)
    asked_ms: dict[str, float] = {}
    for number in range(CODES):
        name = f"otpc-{dice.random()}"
        asked_ms[f"{name}-0"] = time.time() * 1000
        stage.load(name, 1, 1000, lane="priority", class_="otp", to=f"+4671{number:07}").join()
        time.sleep(0.1)
    at = stage.taken()

    def quick(after: After) -> Check:
        waits = sorted(
            entry["read_ms"] - asked_ms[entry["message_id"]]
            for entry in after.segments
            if entry["message_id"] in asked_ms
        )
        share_ms = 1000 / (0.9 * rate_per_s)  # of the rate, for each code before it
        figure = f"{len(waits)} codes on the wire, the slowest after {waits[-1]:.0f} ms"
        is_quick = len(waits) == CODES and waits[-1] <= CODE_WAIT_MAX_MS + share_ms
        return Check(f"{figure}, {count - at:,} segments still behind them", is_quick)

    return Played(checks=(quick, all_of("delivered", count + CODES)))


def sick(stage: Stage, scale: Scale, dice: Random) -> Played:
    """One handset's queue is full; everybody else gets theirs as if it were not there."""
    count, rate_per_s = OTHERS[scale.name], stage.config.connectors[CONNECTOR].rate_per_s
    suffix = SICK_NUMBER[-8:]
    with stage.carrier_does(f"responses.statuses=[{{status: ESME_RMSGQFUL, suffix: '{suffix}'}}]"):
        ill = stage.load(f"hsick{dice.random()}", 20, FEED_PER_S, to=SICK_NUMBER)
        ill.join()
        begin_ms = time.time() * 1000
        stage.load(f"hok{dice.random()}", count, FEED_PER_S).join()
        stage.wait(lambda: stage.taken() >= count + 1)
    stage.settle()

    def others(after: After) -> Check:
        last_ms = max(e["read_ms"] for e in after.segments if e["message_id"].startswith("hok"))
        took_s, ideal_s = (last_ms - begin_ms) / 1000, count / (0.95 * rate_per_s)
        figure = f"{count:,} others took {took_s:.1f} s, {ideal_s:.1f} s by the rate alone"
        return Check(figure, took_s <= ideal_s + 3)

    def patient(after: After) -> Check:
        tries = sum(1 for e in after.segments if e["command_status"])
        return Check(f"{tries} tries at the sick one while it was", tries <= count / rate_per_s + 5)

    return Played(checks=(others, patient, all_of("delivered", count + 20)))


def cancelled(stage: Stage, scale: Scale, dice: Random) -> Played:
    """A campaign is cancelled in mid-flight, some of it in several segments."""
    count = CAMPAIGN[scale.name]
    campaign = f"c{dice.randrange(10**6)}"
    prefixes = (f"can1{campaign}", f"can3{campaign}")
    loads = [
        stage.load(prefixes[0], count // 2, FEED_PER_S, campaign=campaign),
        stage.load(prefixes[1], count // 2, FEED_PER_S, campaign=campaign, text=LONG_TEXT),
    ]
    for load in loads:
        load.join()
    stage.wait(lambda: stage.taken() > count // 10)
    stop = Stop(action="cancel", campaign=campaign, at_ms=now_ms())
    ordered_ms = tell(stage, f"chaos {campaign}", stop)
    stage.settle()
    tell(stage, f"chaos {campaign}", None)

    def obeyed(after: After) -> Check:
        begun = {e["message_id"] for e in after.segments if e["read_ms"] <= ordered_ms}
        late = [
            e["read_ms"] - ordered_ms
            for e in after.segments
            if e["read_ms"] > ordered_ms and e["message_id"] not in begun
        ]
        slowest = max(late, default=0.0)
        return Check(f"obeyed after {slowest:.0f} ms", slowest <= OBEYED_WITHIN_MS)

    def whole(after: After) -> Check:
        parts: dict[str, int] = {}
        for entry in after.segments:
            if entry["message_id"].startswith(prefixes[1]) and entry["command_status"] == 0:
                parts[entry["message_id"]] = parts.get(entry["message_id"], 0) + 1
        torn = sum(1 for n in parts.values() if n != max(parts.values(), default=0))
        return Check(f"{len(parts)} long ones begun, {torn} torn", not torn)

    def many(after: After) -> Check:
        count = after.outcomes["cancelled"]
        return Check(f"{count:,} cancelled", count > 0)

    return Played(checks=(obeyed, whole, many))


def tell(stage: Stage, name: str, stop: Stop | None) -> float:
    """Write or delete a row of `sms.control.stop`; when Kafka had it, ms."""
    octets = None if stop is None else make_codec(stage.config).encode(stop, topics.CONTROL_STOP)
    producer = make_producer(stage.config.kafka)
    produce(producer, topics.CONTROL_STOP, name, octets)
    producer.flush(30)
    return time.time() * 1000


ROWS = (
    Row("otp", "a code behind a campaign", "on the wire within 1 s and its share", hurried),
    Row("handset", "one sick handset", "the others as if it were not there", sick),
    Row("cancel", "a campaign cancelled in mid-flight", "within 2 s, none torn", cancelled),
)
