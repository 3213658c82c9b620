"""Rows A: processes are killed, stopped, frozen, exchanged, in the middle of their work."""

import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from itertools import pairwise
from random import Random

from heliograph.chaos.carrier import all_of
from heliograph.chaos.relay import API_KEYS, Relay
from heliograph.chaos.rows import Check, Played, Row, Scale
from heliograph.chaos.stage import After, Stage, binder_name
from heliograph.launcher import START_TIMEOUT_S
from pipeline import topics
from pipeline.errors import UnreadableError
from pipeline.kafka.clients import now_ms
from pipeline.kafka.reader import read_to_end
from pipeline.process import make_codec
from pipeline.records import MtAdmitted

STOP_MAX_S = 10
BETWEEN_S = (0.4, 1.5)  # from all being up to the next fault
SESSION_TIMEOUT_S = 6  # of the embedded broker
FREEZE_BEYOND_S = 2.5
AWAKE_S = 3.0  # of load after that
SETTLED_MS = 500  # what was on its way has been read
STORM_EVERY_S = {"short": 2.5, "long": 5.0}
CALM_SHARE = 0.6
DUE_S = (1.5, 6.0)  # from the request to its send_at
LATE_S = 7.0  # longer than a request may take: it is made again, and the first comes later


def victims(stage: Stage, scale: Scale, dice: Random) -> Iterator[str]:
    """As many replicas as the scale has faults, at random moments under load, all up again."""
    stage.under_way()
    for _ in range(scale.times):
        time.sleep(dice.uniform(*BETWEEN_S))
        yield binder_name(dice.randrange(stage.replicas))
        stage.binders(stage.replicas)


def killed(stage: Stage, scale: Scale, dice: Random) -> Played:
    """SIGKILL in mid-window; half of the messages must not be sent twice."""
    quarter = scale.rate_per_s / 4
    again = stage.flow(f"a1r{dice.random()}", quarter, on_ambiguous="resend")
    once = stage.flow("a1g", quarter, on_ambiguous="give_up")
    with again, once:
        for name in victims(stage, scale, dice):
            stage.kill(name)
    bound = scale.times * stage.unconfirmed_max

    def given_up(after: After) -> Check:
        doubled = after.doubled("a1g-")
        return Check(f"give_up duplicated {doubled}", doubled == 0)

    def unknown(after: After) -> Check:
        count = after.outcomes["unknown"]
        return Check(f"unknown {count} of at most {bound}", count <= bound)

    return Played(f"{scale.times} kills", bound, (given_up, unknown))


def stopped(stage: Stage, scale: Scale, dice: Random) -> Played:
    """SIGTERM: the window is finished, the rest left to others."""
    ends = []
    with stage.flow(f"a2-{dice.random()}", scale.rate_per_s / 2):
        for name in victims(stage, scale, dice):
            ends.append(stage.stop(name))
            stage.restart(name)
    slowest = max(took_s for _, took_s in ends)
    codes = sorted({code for code, _ in ends}, key=str)
    seen = (
        Check(f"{len(ends)} stops, exit codes {codes}", codes == [0]),
        Check(f"the slowest {slowest:.1f} s", slowest <= STOP_MAX_S, is_of_time=True),
    )
    return Played(checks=(nothing_unknown,), seen=seen)


def nothing_unknown(after: After) -> Check:
    """No outcome is in doubt."""
    return Check(f"unknown {after.outcomes['unknown']}", not after.outcomes["unknown"])


def frozen(stage: Stage, scale: Scale, dice: Random) -> Played:
    """SIGSTOP until others have taken over; it wakes, believing that all is as it was."""
    frozen_s = SESSION_TIMEOUT_S + FREEZE_BEYOND_S
    count = max(scale.messages, int(scale.rate_per_s * (frozen_s + AWAKE_S)))
    load = stage.load(f"a3-{dice.random()}", count, scale.rate_per_s)
    stage.under_way()
    zombie = stage.child(binder_name(dice.randrange(stage.replicas)))
    zombie.signal(signal.SIGSTOP)
    asleep_ms = time.time() * 1000
    time.sleep(frozen_s)
    awake_ms = time.time() * 1000
    zombie.signal(signal.SIGCONT)
    load.join()

    def silent(after: After) -> Check:
        """What it had bound carried nothing while it slept, and carries nothing ever after."""
        carried: dict[object, list[float]] = {}
        for entry in after.segments:
            carried.setdefault(entry["bind"], []).append(entry["read_ms"])
        late = {
            bind: sum(moment > awake_ms for moment in moments)
            for bind, moments in carried.items()
            if moments[0] < asleep_ms
            and not any(asleep_ms + SETTLED_MS < moment <= awake_ms for moment in moments)
        }
        figure = f"{sum(late.values())} written to its {len(late)} old binds when it woke"
        return Check(figure, bool(late) and not any(late.values()))

    return Played(f"frozen {frozen_s} s", stage.unconfirmed_max, (silent,))


def cut_from_kafka(stage: Stage, scale: Scale, dice: Random) -> Played:
    """The answers have come and Kafka, frozen, has not taken them: killed just then."""
    with stage.flow(f"a4-{dice.random()}", scale.rate_per_s / 2):
        for name in victims(stage, scale, dice):
            stage.kafka.signal(signal.SIGSTOP)
            time.sleep(0.5)  # what was taken is written and answered, and none of it confirmed
            stage.kill(name)
            stage.kafka.signal(signal.SIGCONT)
    return Played(f"{scale.times} kills", scale.times * stage.unconfirmed_max)


def exchanged(stage: Stage, scale: Scale, dice: Random) -> Played:
    """A third replica comes and goes all the time."""
    count, calm, swaps = 3 * scale.messages, stage.replicas, 0
    end_ms = (time.time() + count / scale.rate_per_s) * 1000
    load = stage.load(f"a5-{dice.random()}", count, scale.rate_per_s)
    while load.is_alive():
        stage.binders(calm + 1 if swaps % 2 == 0 else calm)
        swaps += 1
        time.sleep(STORM_EVERY_S[scale.name])
    stage.binders(calm)

    def carried(after: After) -> Check:
        share = sum(entry["read_ms"] <= end_ms for entry in after.segments) / count
        figure = f"{share:.0%} of the load was carried as it came"
        return Check(figure, share >= CALM_SHARE, is_of_time=True)

    return Played(f"{swaps} rebalances", checks=(nothing_unknown, carried))


def takeovers(stage: Stage, service: str, scale: Scale, dice: Random) -> Iterator[None]:
    """SIGKILL of one of two replicas, again and again: the other takes over, and gives back.

    Each time before, the caller may do what is to be on its way.
    """
    pair = (f"{service}-0", f"{service}-1")
    stage.begin(service, pair[1])
    for _ in range(scale.times):
        yield
        time.sleep(dice.uniform(*BETWEEN_S))
        victim = dice.choice(pair)
        stage.kill(victim)
        stage.child(victim).wait_ready(time.monotonic() + START_TIMEOUT_S)
    stage.stop(pair[1])


def router_killed(stage: Stage, scale: Scale, dice: Random) -> Played:
    """In mid-transaction, under load."""
    with stage.flow(f"a6-{dice.random()}", scale.rate_per_s / 2):
        stage.under_way()
        for _ in takeovers(stage, "router", scale, dice):
            pass
    return Played(f"{scale.times} kills, each a rebalance of two routers")


def intake_killed(stage: Stage, scale: Scale, dice: Random) -> Played:
    """Between what it has handed on and its commit, under load: what comes twice goes once."""
    name = f"a8-{dice.random()}"
    before = stage.events.counts["duplicate"]
    with stage.flow(name, scale.rate_per_s):
        stage.under_way()
        for _ in takeovers(stage, "intake", scale, dice):
            pass
    stage.settle()
    told = stage.events.counts["duplicate"] - before
    figure = f"{handed_on_again(stage, name)} handed on again, {told} of them told as duplicates"
    kills = f"{scale.times} kills, each a rebalance of two intakes"
    return Played(kills, seen=(Check(figure, not told),))


def handed_on_again(stage: Stage, prefix: str) -> int:
    """How many requests whose id begins so the router was given once more."""
    given: Counter[str] = Counter()
    codec = make_codec(stage.config)
    for message in read_to_end(stage.config.kafka, [topics.ROUTER_IN]):
        with suppress(UnreadableError):  # it is no request
            given[codec.decode(message.value(), MtAdmitted).head.message_id] += 1
    return sum(count - 1 for name, count in given.items() if name.startswith(prefix))


def scheduler_killed(stage: Stage, scale: Scale, dice: Random) -> Played:
    """In mid-transaction, while messages wait for their time: each comes once, and never early."""
    due_ms: dict[str, int] = {}
    for _ in takeovers(stage, "scheduler", scale, dice):
        for _ in range(scale.messages // scale.times):
            name = f"a9-{dice.random()}"
            due_ms[name] = now_ms() + int(dice.uniform(*DUE_S) * 1000)
            stage.ask(name, send_at_ms=due_ms[name])
    stage.settle()

    def in_time(after: After) -> Check:
        waits = [e["read_ms"] - due_ms[e["message_id"]] for e in after.segments]
        early = sum(wait_ms < 0 for wait_ms in waits)
        return Check(f"{early} early, the latest by {max(waits) / 1000:.1f} s", not early)

    checks = (all_of("delivered", len(due_ms)), in_time)
    return Played(f"{scale.times} kills, each a rebalance of two schedulers", checks=checks)


def late(stage: Stage, scale: Scale, dice: Random) -> Played:
    """The end of a transaction is brought late, into the next one (KAFKA-17754)."""
    assert stage.relay is not None
    relay, end_txn = stage.relay, API_KEYS["EndTxn"]
    with stage.flow(f"a7-{dice.random()}", scale.rate_per_s / 2):
        for number in range(scale.times):
            relay.hold(end_txn, LATE_S)
            stage.wait(partial(_has_held, relay, end_txn, number + 1))
            time.sleep(LATE_S + dice.uniform(*BETWEEN_S))
    held = relay.held[end_txn]
    return Played(seen=(Check(f"{held} requests brought {LATE_S} s late", held >= scale.times),))


def _has_held(relay: Relay, api_key: int, times: int) -> bool:
    return relay.held[api_key] >= times


def rolled(stage: Stage, scale: Scale, dice: Random) -> Played:
    """A rolling restart of three replicas; how long each partition's bind carried nothing."""
    stage.binders(3)
    with stage.flow(f"roll-{dice.random()}", scale.rate_per_s / 2):
        stage.under_way()
        for number in range(3):
            stage.stop(binder_name(number))
            stage.restart(binder_name(number))
            stage.child(binder_name(number)).wait_ready(time.monotonic() + START_TIMEOUT_S)
            time.sleep(dice.uniform(*BETWEEN_S))

    def gap(after: After) -> Check:
        widest_s = widest_gap_s(after.outcomes_by_partition)
        figure = f"the widest gap of a partition {widest_s:.1f} s"
        return Check(figure, widest_s <= GAP_MAX_S, is_of_time=True)

    return Played("3 replicas", checks=(nothing_unknown, gap))


GAP_MAX_S = 3.0


def widest_gap_s(moments: dict[int, list[float]]) -> float:
    """The longest time without an outcome, over all partitions; milliseconds in, in order."""
    gaps = [
        (later - earlier) / 1000 for times in moments.values() for earlier, later in pairwise(times)
    ]
    return max(gaps, default=0.0)


ROWS = (
    Row("A1", "kill -9 a binder in mid-window", "lost 0, duplicated at most the bound", killed),
    Row("A2", "SIGTERM under load", "duplicated 0, unknown 0, exit 0 within 10 s", stopped),
    Row("A3", "a frozen process wakes", "lost 0, duplicated at most its bound", frozen),
    Row("A4", "killed between answer and event", "lost 0, at most the bound", cut_from_kafka),
    Row("A5", "replicas come and go", "lost 0, duplicated 0, 60 % of calm", exchanged),
    Row("A6", "kill -9 a router in a transaction", "lost 0, duplicated 0", router_killed),
    Row("A7", "a transaction's end comes late", "lost 0, duplicated 0", late, {"is_relayed": True}),
    Row("A8", "kill -9 an intake under load", "lost 0, duplicated 0", intake_killed),
    Row("A9", "kill -9 a scheduler under load", "lost 0, duplicated 0, early 0", scheduler_killed),
    Row("rolling", "three replicas, one after the other", "0 and 0, gaps within 3 s", rolled),
)
