"""Rows B: the broker restarts, freezes, is away; what it holds can't be read."""

import json
import random
import signal
import time
from random import Random

from heliograph.chaos.carrier import all_of
from heliograph.chaos.rows import Check, Played, Row, Scale
from heliograph.chaos.stage import After, Stage
from pipeline import topics
from pipeline.kafka.clients import make_producer, produce
from pipeline.kafka.reader import read_to_end

BACK_WITHIN_S = 15
AWAY_S = {"short": 6, "long": 300}
FREEZE_S = (0.5, 2.6)
GARBAGE = (b"\0\0", b"\xc3\1 not avro at all", b"garbage", b"{broken json", b"\xff" * 40)
HOURS_MS = 3_600_000
MO_COUNT = 100


def restarted(stage: Stage, scale: Scale, dice: Random) -> Played:
    """Stopped and started on its data, under load."""
    times = max(1, scale.times // 6)
    took = []
    with stage.flow(f"b1-{dice.random()}", scale.rate_per_s / 2):
        for _ in range(times):
            stage.under_way()
            time.sleep(1)
            stage.kafka.stop()
            stage.kafka.start()
            begin, before = time.monotonic(), stage.taken()
            stage.wait(lambda before=before: stage.taken() > before)  # type: ignore[misc]
            took.append(time.monotonic() - begin)
    figure = f"{times} restarts, going on {max(took):.1f} s after it was back"
    return Played(seen=(Check(figure, max(took) <= BACK_WITHIN_S, is_of_time=True),))


def stuttering(stage: Stage, scale: Scale, dice: Random) -> Played:
    """Frozen for moments, again and again."""
    load = stage.load(f"b2-{dice.random()}", scale.messages, scale.rate_per_s)
    freezes = 0
    while load.is_alive():
        stage.kafka.signal(signal.SIGSTOP)
        time.sleep(dice.uniform(*FREEZE_S))
        stage.kafka.signal(signal.SIGCONT)
        freezes += 1
        time.sleep(dice.uniform(*FREEZE_S))
    return Played(f"{freezes} freezes")


def away(stage: Stage, scale: Scale, dice: Random) -> Played:
    """Away while the carrier goes on to bring MO: none is acknowledged that is not kept."""
    load = stage.load(f"b3-{dice.random()}", scale.messages // 3, scale.rate_per_s)
    load.join()
    stage.kafka.stop()
    for number in range(MO_COUNT):
        stage.post("/mo", {"from": f"4673{number:07}", "to": "12345", "text": "HELP"})
        time.sleep(AWAY_S[scale.name] / MO_COUNT)
    acked = stage.account()["deliver_sm"].get("answered", 0)
    stage.kafka.start()

    def kept(after: After) -> Check:
        came = after.verdict.mo_received
        return Check(f"{came} of {MO_COUNT} MO came", came >= MO_COUNT)

    def all_there() -> bool:
        account = stage.account()
        return not account["deliver_sm"]["waiting"]

    stage.wait(all_there)
    stage.wait(lambda: mo_count(stage) >= MO_COUNT)
    return Played(f"away {AWAY_S[scale.name]} s, {acked} acknowledged before", checks=(kept,))


def mo_count(stage: Stage) -> int:
    """MO that stand in their topic."""
    return sum(1 for _ in read_to_end(stage.config.kafka, [topics.MO]))


def garbage(stage: Stage, scale: Scale, dice: Random) -> Played:
    """A hundredth of the requests can't be read."""
    count = scale.messages // 100
    load = stage.load(f"b4-{dice.random()}", scale.messages, scale.rate_per_s)
    before = dead(stage)
    producer = make_producer(stage.config.kafka)
    for _ in range(count):
        produce(producer, topics.MT_REQUEST, None, dice.choice(GARBAGE))
    producer.flush(30)
    load.join()
    stage.wait(lambda: dead(stage) - before >= count)
    found = dead(stage) - before
    return Played(seen=(Check(f"{found} dead letters of {count}", found == count),))


def dead(stage: Stage) -> int:
    """Dead letters of the requests."""
    return sum(1 for _ in read_to_end(stage.config.kafka, [topics.dlq_of(topics.MT_REQUEST)]))


def evolved(stage: Stage, scale: Scale, dice: Random) -> Played:
    """Writers of other versions: one that leaves out what came later, one whose field nobody knows,
    one whose schema nobody knows."""
    count, before = scale.messages // 30, dead(stage)
    producer = make_producer(stage.config.kafka)
    for number in range(count):
        name = f"b5-{dice.random()}"
        request = {"message_id": name, "to": f"+4671{number:07}", "from": "ACME", "text": "hi"}
        stage.sent.update({name, f"{name}-new"})
        newer = request | {"message_id": f"{name}-new", "of_the_future": 1}
        for octets in (json.dumps(request), json.dumps(newer)):
            produce(producer, topics.MT_REQUEST, None, octets.encode())
        unknown = b"\xc3\1" + random.Random(number).randbytes(60)
        produce(producer, topics.MT_REQUEST, None, unknown)
    producer.flush(30)
    stage.wait(lambda: dead(stage) - before >= count)
    found = dead(stage) - before
    checks = (all_of("delivered", count), all_of("rejected", count))
    return Played(checks=checks, seen=(Check(f"{found} dead letters of {count}", found == count),))


def other_clocks(stage: Stage, scale: Scale, dice: Random) -> Played:
    """Producers whose clocks are hours off; the topics keep the broker's time."""
    count = scale.messages // 10
    producer, now = make_producer(stage.config.kafka), int(time.time() * 1000)
    for number in range(count):
        name = f"b6-{dice.random()}"
        stage.sent.add(name)
        request = {"message_id": name, "to": f"+4671{number:07}", "from": "ACME", "text": "hi"}
        moment = now + dice.choice((-30, -2, 2)) * HOURS_MS
        octets = json.dumps(request).encode()
        producer.produce(topics.MT_REQUEST, octets, timestamp=moment)
    producer.flush(30)
    return Played(checks=(all_of("delivered", count),))


ROWS = (
    Row("B1", "the broker restarts", "lost 0, duplicated 0, on within 15 s", restarted),
    Row("B2", "the broker freezes for moments", "lost 0, duplicated 0", stuttering),
    Row("B3", "the broker is away, MO come", "none acknowledged is lost", away),
    Row("B4", "garbage among the requests", "each a dead letter, none else lost", garbage),
    Row("B5", "requests of other versions", "read, refused with a word, or buried", evolved),
    Row(
        "B6", "producers' clocks are hours off", "lost 0, duplicated 0, all delivered", other_clocks
    ),
)
