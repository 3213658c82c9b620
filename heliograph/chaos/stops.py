"""The stop button in a pipeline that runs: by tenant, by campaign, by connector; what it names is
paused, goes on and is cancelled, and all else is carried as if nothing had happened."""

import signal
import time
from collections.abc import Callable, Mapping
from random import Random
from typing import Any, NamedTuple

from heliograph.chaos.rows import Check, Played, Row, Scale
from heliograph.chaos.scenes import FEED_PER_S, OBEYED_WITHIN_MS
from heliograph.chaos.stage import After, Stage
from pipeline import topics
from pipeline.ids import ConnectorId
from pipeline.kafka.clients import now_ms
from pipeline.records import Stop

ASIDE = "aside"  # a tenant, a campaign and a connector
ASIDE_BINDS, ASIDE_PER_S = 2, 50
WAITING = {"short": 600, "long": 10_000}  # of what is stopped, and as many others
TRICKLE_PER_S = 20  # of either, all the while: it meets the stop at intake and at the router
BEGUN = 60  # segments at the carrier before the first stop
PAUSE_S = 5.0
STILL_MS = 1000  # at the end of the pause nothing of it moves, however busy the machine is
GOES_ON_S = 2.5
NAME = "chaos stops"
ROUTES = """
version: aside
rules:
  - {name: aside, prefix: "", match: {campaign: by-connector}, connectors: [aside]}
  - {name: all, prefix: "", connectors: [chaos]}
"""


class Kind(NamedTuple):
    """What a stop names, and what of a request makes it so."""

    stop: Mapping[str, Any]
    request: Mapping[str, str]


KINDS = {
    "tenant": Kind({"tenant": ASIDE}, {"tenant": ASIDE}),
    "campaign": Kind({"campaign": ASIDE}, {"campaign": ASIDE}),
    "connector": Kind({"connector": ConnectorId(ASIDE)}, {"campaign": "by-connector"}),
}


class Round(NamedTuple):
    """What was stopped, and when Kafka had each order: ms since 1970."""

    kind: str
    stopped: str  # how its ids begin
    others: str
    paused_ms: float
    resumed_ms: float
    cancelled_ms: float


def stopped(stage: Stage, scale: Scale, dice: Random) -> Played:
    """All three, one after the other."""
    join(stage)
    checks: list[Callable[[After], Check]] = []
    rounds = [play(stage, kind, WAITING[scale.name], dice) for kind in KINDS]
    for one in rounds:
        checks += [obeyed(one), stood_still(one), unharmed(ids(stage, one.others))]
    left = {one.kind: ids(stage, one.stopped) for one in rounds}
    return Played(checks=(*checks, ended(left)))


def join(stage: Stage) -> None:
    """A tenant and a connector of their own, while all runs."""
    stage.settings.add(ASIDE, ASIDE, binds=ASIDE_BINDS, rate_per_s=ASIDE_PER_S)
    stage.settings.routes.write_text(ROUTES, encoding="utf-8")
    stage.change()
    stage.child("correlator-0").signal(signal.SIGHUP)
    stage.stop("intake-0")
    stage.restart("intake-0")
    binds = sum(connector.binds for connector in stage.config.connectors.values())
    stage.wait(lambda: int(stage.stats()["binds"]) == binds)


def play(stage: Stage, kind: str, count: int, dice: Random) -> Round:
    """Pause, let go on and cancel what is of this kind, while more of it comes, and of others."""
    stop, request = KINDS[kind]
    names = f"{kind}-stopped-{dice.random()}", f"{kind}-others-{dice.random()}"
    before = stage.taken()
    with (
        stage.flow(f"{names[0]}-flow", TRICKLE_PER_S, **request),
        stage.flow(f"{names[1]}-flow", TRICKLE_PER_S),
    ):
        loads = [
            stage.load(names[0], count, FEED_PER_S, **request),
            stage.load(names[1], count, FEED_PER_S),
        ]
        for load in loads:
            load.join()
        stage.wait(lambda: stage.taken() - before >= BEGUN)
        paused_ms = order(stage, "pause", stop)
        time.sleep(PAUSE_S)
        resumed_ms = order(stage, None, stop)
        time.sleep(GOES_ON_S)
        cancelled_ms = order(stage, "cancel", stop)
        time.sleep(GOES_ON_S)
    stage.settle()
    order(stage, None, stop)
    return Round(kind, *names, paused_ms, resumed_ms, cancelled_ms)


def order(stage: Stage, action: str | None, what: Mapping[str, Any]) -> float:
    """Stop it so, or no more; when Kafka had the order."""
    row = None if action is None else Stop(action=action, at_ms=now_ms(), **what)
    return stage.writer.tell(topics.CONTROL_STOP, NAME, row)


def ids(stage: Stage, prefix: str) -> set[str]:
    """Of what was asked for, all that begins so."""
    return {name for name in stage.sent if name.startswith(prefix)}


def read_ms(after: After, prefix: str) -> list[float]:
    """When the carrier read each segment of messages whose id begins so, in order."""
    return [e["read_ms"] for e in after.segments if str(e["message_id"]).startswith(prefix)]


# --- what may be held against it ----------------------------------------------------------------


def obeyed(one: Round) -> Callable[[After], Check]:
    """How long after each order the carrier saw that it was in force."""

    def check(after: After) -> Check:
        moments = read_ms(after, one.stopped)
        resumed = [at for at in moments if at > one.resumed_ms]
        took = {
            "paused": max((at for at in moments if at <= one.resumed_ms), default=0)
            - one.paused_ms,
            "went on": min(resumed, default=float("inf")) - one.resumed_ms,
            "cancelled": max(resumed, default=0) - one.cancelled_ms,
        }
        figure = ", ".join(f"{what} after {max(0, ms):.0f} ms" for what, ms in took.items())
        return Check(
            f"{one.kind} {figure}", max(took.values()) <= OBEYED_WITHIN_MS, is_of_time=True
        )

    return check


def stood_still(one: Round) -> Callable[[After], Check]:
    """Nothing that is paused is carried, and what is not goes on."""

    def check(after: After) -> Check:
        still_ms = one.resumed_ms - STILL_MS
        moved = sum(still_ms < at <= one.resumed_ms for at in read_ms(after, one.stopped))
        others = sum(one.paused_ms < at <= one.resumed_ms for at in read_ms(after, one.others))
        figure = f"{moved} in the last second of the pause, {others} others in all of it"
        return Check(figure, not moved and others > 0)

    return check


def unharmed(others: set[str]) -> Callable[[After], Check]:
    """What was not named was carried, all of it."""

    def check(after: After) -> Check:
        carried = {entry["message_id"] for entry in after.segments}
        left = len(others - carried)
        return Check(f"{left} of {len(others)} others left out", not left)

    return check


def ended(stopped: Mapping[str, set[str]]) -> Callable[[After], Check]:
    """What was named and not carried was cancelled, and nothing else; some of each kind."""

    def check(after: After) -> Check:
        carried = {entry["message_id"] for entry in after.segments}
        left = {kind: len(names - carried) for kind, names in stopped.items()}
        figure = ", ".join(f"{count} by {kind}" for kind, count in left.items())
        cancelled = after.outcomes["cancelled"]
        holds = all(left.values()) and cancelled == sum(left.values())
        whole = after.outcomes["delivered"] + cancelled == after.outcomes.total()
        return Check(f"{cancelled} cancelled: {figure}", holds and whole)

    return check


ROWS = (
    Row(
        "stops",
        "a tenant, a campaign, a connector stopped",
        "in force within 2 s, each cancelled, no other touched",
        stopped,
        {"rate_per_s": 100},
    ),
)
