"""What an operator fears, played: a code behind a campaign, a sick handset, a campaign to stop,
a recipient who says no in between, another number of binds."""

import time
from itertools import pairwise
from math import log2
from random import Random

from heliograph.chaos.carrier import all_of
from heliograph.chaos.processes import nothing_unknown
from heliograph.chaos.rows import Check, Played, Row, Scale
from heliograph.chaos.settings import CONNECTOR
from heliograph.chaos.stage import After, Stage
from pipeline import topics
from pipeline.ids import Msisdn
from pipeline.kafka.clients import now_ms
from pipeline.records import OptOut, Stop

FEED_PER_S = 2000
CAMPAIGN_AHEAD = {"short": 1500, "long": 100_000}
BULK_AHEAD = {"short": 3000, "long": 300_000}
BULK_AT_BINDERS_S = 100  # of their rate: a little less than intake lets pass
CODES = 20
CODE_WAIT_MAX_MS = {"normal": 1000, "bulk": 2000}
OTHERS = {"short": 500, "long": 10_000}
SICK = 20  # messages for it
SICK_NUMBER = "+46799999999"
CAMPAIGN = {"short": 1200, "long": 50_000}
OBEYED_WITHIN_MS = 2000
RECIPIENTS = 20
LONG_TEXT = "The annual meeting is moved to the large hall on the second floor. " * 4


def hurried(stage: Stage, scale: Scale, dice: Random) -> Played:
    """One-time passwords while a campaign waits in the same connector."""
    return _codes_behind(stage, dice, CAMPAIGN_AHEAD[scale.name], "normal")


def hurried_past_bulk(stage: Stage, scale: Scale, dice: Random) -> Played:
    """One-time passwords while bulk waits in the same connector, and most of it at intake."""
    return _codes_behind(stage, dice, BULK_AHEAD[scale.name], "bulk")


def _codes_behind(stage: Stage, dice: Random, count: int, lane: str) -> Played:
    rate_per_s = stage.config.connectors[CONNECTOR].rate_per_s
    campaign, routed = f"c{dice.randrange(10**6)}", stage.events.counts["routed"]
    ahead = {"lane": lane, "class_": "promotional", "campaign": campaign}
    stage.load(f"otpb{dice.random()}", count, FEED_PER_S, **ahead).join()
    queued = count if lane == "normal" else min(count, int(BULK_AT_BINDERS_S * rate_per_s))
    stage.wait(lambda: stage.events.counts["routed"] - routed >= queued, count / FEED_PER_S + 90)
    asked_ms: dict[str, float] = {}
    for number in range(CODES):
        name = f"otpc-{dice.random()}"
        asked_ms[f"{name}-0"] = time.time() * 1000
        stage.load(name, 1, 1000, lane="priority", class_="otp", to=f"+4671{number:07}").join()
        time.sleep(0.1)
    stage.wait(lambda: set(asked_ms) <= stage.events.concluded)
    behind = count - stage.taken()
    end(stage, campaign)

    def quick(after: After) -> Check:
        waits = sorted(
            entry["read_ms"] - asked_ms[entry["message_id"]]
            for entry in after.segments
            if entry["message_id"] in asked_ms
        )
        share_ms = 1000 / (0.9 * rate_per_s)  # of the rate, for each code before it
        figure = f"the slowest after {waits[-1]:.0f} ms, {behind:,} segments still behind them"
        return Check(figure, waits[-1] <= CODE_WAIT_MAX_MS[lane] + share_ms, is_of_time=True)

    def all_came(after: After) -> Check:
        came = {entry["message_id"] for entry in after.segments} & set(asked_ms)
        return Check(f"{len(came)} codes on the wire", len(came) == CODES)

    return Played(checks=(all_came, quick))


def sick(stage: Stage, scale: Scale, dice: Random) -> Played:
    """One handset's queue is full; everybody else gets theirs as if it were not there."""
    count, rate_per_s = OTHERS[scale.name], stage.config.connectors[CONNECTOR].rate_per_s
    suffix = SICK_NUMBER[-8:]
    with stage.carrier_does(f"responses.statuses=[{{status: ESME_RMSGQFUL, suffix: '{suffix}'}}]"):
        ill = stage.load(f"hsick{dice.random()}", SICK, FEED_PER_S, to=SICK_NUMBER)
        ill.join()
        begin_ms = time.time() * 1000
        stage.load(f"hok{dice.random()}", count, FEED_PER_S).join()
        stage.wait(lambda: stage.taken() >= count + 1)
    stage.settle()

    def others(after: After) -> Check:
        last_ms = max(e["read_ms"] for e in after.segments if e["message_id"].startswith("hok"))
        took_s, ideal_s = (last_ms - begin_ms) / 1000, count / (0.95 * rate_per_s)
        figure = f"{count:,} others took {took_s:.1f} s, {ideal_s:.1f} s by the rate alone"
        return Check(figure, took_s <= ideal_s + 3, is_of_time=True)

    def patient(after: After) -> Check:
        tries = sum(1 for e in after.segments if e["command_status"])
        most = SICK + log2(count / rate_per_s + 2)  # one of each at first, then one, twice as late
        return Check(f"{tries} tries at the sick one while it was", tries <= most)

    return Played(checks=(others, patient, all_of("delivered", count + SICK)))


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
    ordered_ms = end(stage, campaign)

    def obeyed(after: After) -> Check:
        begun = {e["message_id"] for e in after.segments if e["read_ms"] <= ordered_ms}
        late = [
            e["read_ms"] - ordered_ms
            for e in after.segments
            if e["read_ms"] > ordered_ms and e["message_id"] not in begun
        ]
        slowest = max(late, default=0.0)
        figure = f"obeyed after {slowest:.0f} ms"
        return Check(figure, slowest <= OBEYED_WITHIN_MS, is_of_time=True)

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


def unwanted(stage: Stage, scale: Scale, dice: Random) -> Played:
    """Every other recipient opts out while the message waits in the submit topic."""
    count, replicas, routed = scale.messages // 3, stage.replicas, stage.events.counts["routed"]
    stage.binders(0)
    numbers = [f"4672{number:07}" for number in range(count)]
    promotional, code = f"e4p{dice.random()}", f"e4c{dice.random()}"
    for number in numbers:
        stage.ask(f"{promotional}-{number}", to=f"+{number}", class_="promotional")
        stage.ask(f"{code}-{number}", to=f"+{number}", class_="otp")
    stage.wait(lambda: stage.events.counts["routed"] - routed >= 2 * count)
    for number in numbers[::2]:
        row = OptOut(
            recipient=Msisdn(number),
            action="out",
            sender="ACME",
            source="chaos",
            at_ms=now_ms(),
        )
        stage.writer.tell(topics.CONTROL_OPTOUT, number, row)
    stage.binders(replicas)
    stage.settle()
    for number in numbers[::2]:
        stage.writer.tell(topics.CONTROL_OPTOUT, number, None)

    def obeyed(after: After) -> Check:
        written = {e["message_id"] for e in after.segments}
        wrong = sum(f"{promotional}-{number}" in written for number in numbers[::2])
        return Check(f"{wrong} written to who had opted out", not wrong)

    out = len(numbers[::2])
    checks = (obeyed, all_of("rejected", out), all_of("delivered", 2 * count - out))
    return Played(checks=checks)


def rebound(stage: Stage, scale: Scale, dice: Random) -> Played:
    """From 4 binds to 2 and to 5, while messages go to a few recipients in order."""
    each, rate_per_s = scale.messages // RECIPIENTS, scale.rate_per_s / RECIPIENTS
    prefixes = [f"binds{n}{dice.random()}" for n in range(RECIPIENTS)]
    loads = [
        stage.load(prefix, each, rate_per_s, to=f"+4673{number:07}")
        for number, prefix in enumerate(prefixes)
    ]
    took = []
    for generation, binds in ((2, 2), (3, 5)):
        time.sleep(scale.messages / scale.rate_per_s / 4)
        begin = time.monotonic()
        stage.change(generation=generation, binds=binds)
        stage.wait(lambda binds=binds: stage.stats()["binds"] == binds)  # type: ignore[misc]
        took.append(time.monotonic() - begin)
    for load in loads:
        load.join()

    def ordered(after: After) -> Check:
        came: dict[str, list[int]] = {}
        for entry in after.segments:
            prefix, _, number = entry["message_id"].rpartition("-")
            came.setdefault(prefix, []).append(int(number))
        wrong = sum(later < earlier for row in came.values() for earlier, later in pairwise(row))
        return Check(f"{wrong} out of order in {len(came)} recipients", not wrong)

    bound = stage.stats()["binds"]
    figure = f"4 to 2 in {took[0]:.1f} s, to 5 in {took[1]:.1f} s, router restarted twice"
    return Played(figure, 0, (nothing_unknown, ordered), (Check(f"{bound} binds", bound == 5),))


def end(stage: Stage, campaign: str) -> float:
    """Cancel a campaign and see all of it concluded; when Kafka had the order, ms."""
    stop = Stop(action="cancel", campaign=campaign, at_ms=now_ms())
    ordered_ms = stage.writer.tell(topics.CONTROL_STOP, f"chaos {campaign}", stop)
    stage.settle()
    stage.writer.tell(topics.CONTROL_STOP, f"chaos {campaign}", None)
    return ordered_ms


ROWS = (
    Row(
        "otp",
        "a code behind a campaign",
        "on the wire within 1 s and its share",
        hurried,
        {"rate_per_s": 100},
    ),
    Row(
        "bulk",
        "a code behind bulk requests",
        "on the wire within 2 s and its share",
        hurried_past_bulk,
        {"rate_per_s": 100},
    ),
    Row("handset", "one sick handset", "the others as if it were not there", sick),
    Row("cancel", "a campaign cancelled in mid-flight", "within 2 s, none torn", cancelled),
    Row("E4", "opt-outs after the routing", "none written, codes all delivered", unwanted),
    Row(
        "binds",
        "binds changed 4 to 2 to 5",
        "lost 0, duplicated 0, order kept",
        rebound,
        {"strict_order": True, "allowed_binds": 5},
    ),
)
