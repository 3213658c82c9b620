"""Rows of those who keep state, correlator and tracker: killed while others join and leave, and
without room on the disk."""

import time
from random import Random

from heliograph.chaos.carrier import all_of
from heliograph.chaos.findings import rest, told, true_ends
from heliograph.chaos.receipts import STAGE
from heliograph.chaos.rows import Check, Played, Row, Scale
from heliograph.chaos.stage import Stage
from heliograph.launcher import START_TIMEOUT_S
from pipeline import topics
from pipeline.records import Dlr
from pipeline.room import MIB, free_octets

KEEPERS = ("correlator", "tracker")
BETWEEN_S = (0.5, 2.0)
LOAD = {"short": (2000, 60), "long": (100_000, 200)}  # segments, and how many a second
RECEIPTS = (
    "receipts.delay_ms={min: 0, max: 1000}",
    "receipts.early_share=0.1",
    "receipts.twice_share=0.1",
    "receipts.intermediate_share=0.1",
)
USUAL_MIB = 256


def full(stage: Stage, scale: Scale, dice: Random) -> Played:
    """The correlator's disk is full, or rather: more must be free than is. It is killed, as a write
    that fails ends it, and finds no room."""
    name, count, keeper = f"d7-{dice.random()}", scale.messages // 2, "correlator-0"
    load = stage.load(name, count, scale.rate_per_s / 3)
    stage.wait(lambda: _told(stage, name) > 0)
    stage.settings.leave_free(free_octets(stage.config.state_dir) // MIB)  # twice that is needed
    child = stage.child(keeper)
    stage.kill(keeper)
    child.wait_up(time.monotonic() + START_TIMEOUT_S)
    before, restarts = _told(stage, name), child.restarts
    load.join()
    rest(stage)
    waits = child.is_running and child.restarts == restarts and not child.is_ready()
    meanwhile = _told(stage, name) - before
    stage.settings.leave_free(USUAL_MIB)
    code, _ = stage.stop(keeper)
    stage.restart(keeper)
    seen = (
        Check(f"alive and not ready: {waits}", waits),
        Check(f"{meanwhile} receipts told of {count - before} that came meanwhile", not meanwhile),
        Check(f"then ended with exit code {code}", code == 0),
    )
    checks = (all_of("delivered", count), true_ends(stage, name))
    return Played("simulated: state_room_mib above what is free", checks=checks, seen=seen)


def _told(stage: Stage, prefix: str) -> int:
    return sum(1 for _ in told(stage, topics.DLR, Dlr, prefix))


def stormed(stage: Stage, scale: Scale, dice: Random) -> Played:
    """SIGKILL of one of two replicas of each, again and again, the second of which leaves and
    joins."""
    name, (count, rate_per_s) = f"kills-{dice.random()}", LOAD[scale.name]
    _join(stage)
    with stage.carrier_does(*RECEIPTS):
        load, late = stage.load(name, count, rate_per_s), 0
        stage.under_way()
        for _ in range(scale.times):
            time.sleep(dice.uniform(*BETWEEN_S))
            late += not load.is_alive()
            for service in KEEPERS:
                stage.kill(f"{service}-{dice.randrange(2)}")
            time.sleep(dice.uniform(*BETWEEN_S))
            _leave(stage)
            _join(stage)
        load.join()
        stage.settle()
    rest(stage)
    _leave(stage)
    kills = scale.times * len(KEEPERS)
    return Played(
        f"{kills} kills, {kills} times a replica left and joined",
        checks=(all_of("delivered", count), true_ends(stage, name)),
        seen=(Check(f"{late} of {scale.times} times without load", not late, is_of_time=True),),
    )


def _join(stage: Stage) -> None:
    """A second replica of each, which takes its part of the partitions."""
    for service in KEEPERS:
        name = f"{service}-1"
        if name in stage.launcher.children:
            stage.restart(name)
        else:
            stage.begin(service, name)
    for service in KEEPERS:
        stage.child(f"{service}-1").wait_ready(time.monotonic() + START_TIMEOUT_S)


def _leave(stage: Stage) -> None:
    for service in KEEPERS:
        stage.stop(f"{service}-1")


ROWS = (
    Row("D7", "the state's disk is full", "nothing told meanwhile, lost 0 afterwards", full, STAGE),
    Row(
        "kills",
        "kill -9 correlator and tracker, rebalances",
        "each receipt joined once, one final state each",
        stormed,
        STAGE,
    ),
)
