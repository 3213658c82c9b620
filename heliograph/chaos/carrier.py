"""Rows C: the carrier is silent, cuts, talks nonsense, refuses, is away.

How it misbehaves is a scenario of the sandbox; what it did is counted there, so that the bound on
duplicates is that of what really happened: each time at most one bind's window is in doubt.
"""

import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from random import Random

from heliograph.chaos.rows import Check, Play, Played, Row, Scale
from heliograph.chaos.settings import CONNECTOR
from heliograph.chaos.stage import After, Stage, binder_name

SILENT_S = {"short": 12, "long": 60}
RSS_GROWTH_MAX_MIB = 16
RETRY_LATER_SHARE = 0.02
TAKES_PER_S = 150
LEARNT_MS = 1500  # after the first refusal
ENDING_MS = 500
GOODPUT_SHARE = 0.9
TRIES_MAX = 3  # of a refused password, in ten minutes, of a process
GHOSTS_S = 12  # longer than the session time-out, after which somebody takes over
GHOST_TRIES_MAX = 3  # of a bind: 5 s at least between two, and doubling
HARMLESS = {"dribble", "unknown_command", "enquire_flood", "repeated_response"}  # lose no answer


def misbehaving(*faults: str) -> Play:
    """Under load, with these faults."""

    def play(stage: Stage, scale: Scale, dice: Random) -> Played:
        before, resident = stage.stats()["misbehaved"], resident_mib(stage)
        with stage.carrier_does(f"faults=[{', '.join(faults)}]"):
            rebound(stage)  # `after` counts from the bind on
            stage.load(f"c-{dice.random()}", scale.messages, scale.rate_per_s).join()
        counts = Counter(stage.stats()["misbehaved"]) - Counter(before)
        growth = resident_mib(stage) - resident
        seen = (
            Check(", ".join(f"{name} {n} times" for name, n in counts.items()), bool(counts)),
            Check(f"memory grew by {growth} MiB", growth <= RSS_GROWTH_MAX_MIB),
        )
        losing = sum(n for name, n in counts.items() if name not in HARMLESS)
        return Played(duplicates_max=window(stage) * losing, seen=seen)

    return play


def rebound(stage: Stage) -> None:
    """All binds are closed, and new ones are there."""
    stage.post("/drop")
    stage.wait(lambda: stage.stats()["binds"] == stage.config.connectors[CONNECTOR].binds)


def resident_mib(stage: Stage) -> int:
    """Of the largest binder."""
    found = []
    for number in range(stage.replicas):
        text = Path(f"/proc/{stage.child(binder_name(number)).pid}/status").read_text("utf-8")
        found += [int(line.split()[1]) // 1024 for line in text.splitlines() if "VmRSS" in line]
    return max(found)


def window(stage: Stage) -> int:
    """Of one bind."""
    return stage.config.connectors[CONNECTOR].window


def never_bound(stage: Stage, scale: Scale, dice: Random) -> Played:
    """It takes connections and answers no bind."""
    load = stage.load(f"c1-{dice.random()}", scale.messages, scale.rate_per_s)
    binds = stage.config.connectors[CONNECTOR].binds
    silent_s = SILENT_S[scale.name]
    with stage.carrier_does("faults=[{fault: never_answer_bind, share: 1.0}]"):
        stage.post("/drop")
        time.sleep(silent_s)
        tries = stage.stats()["misbehaved"]["never_answer_bind"]
    load.join()
    figure = f"{tries} attempts of {binds} binds in {silent_s} s"
    return Played("", binds * window(stage), seen=(Check(figure, 0 < tries <= binds * silent_s),))


def stalled(stage: Stage, scale: Scale, dice: Random) -> Played:
    """It takes submit_sm and answers none for a while."""
    account = stage.config.connectors[CONNECTOR]
    load = stage.load(f"c2-{dice.random()}", scale.messages, scale.rate_per_s)
    stage.under_way()
    with stage.carrier_does("faults=[{fault: never_answer_submit, share: 1.0}]"):
        time.sleep(account.response_timeout_s / 2)
    load.join()
    return Played("all windows in doubt", account.binds * account.window)


def cut(stage: Stage, scale: Scale, dice: Random) -> Played:
    """Every connection is cut with full windows, again and again."""
    half = scale.rate_per_s / 2
    loads = [
        stage.load(f"c3r{dice.random()}", scale.messages // 2, half, on_ambiguous="resend"),
        stage.load("c3g", scale.messages // 2, half, on_ambiguous="give_up"),
    ]
    every_s = scale.messages / scale.rate_per_s / (scale.times + 1)
    for _ in range(scale.times):
        time.sleep(every_s)
        stage.post("/drop")
    for load in loads:
        load.join()
    account = stage.config.connectors[CONNECTOR]

    def given_up(after: After) -> Check:
        doubled = after.doubled("c3g-")
        return Check(f"give_up duplicated {doubled}", doubled == 0)

    bound = scale.times * account.binds * account.window
    return Played(f"{scale.times} cuts", bound, (given_up,))


def throttled(stage: Stage, scale: Scale, dice: Random) -> Played:
    """It refuses three in ten as too fast, and some because a handset's queue is full."""
    refuses = [
        "{status: ESME_RTHROTTLED, share: 0.3}",
        f"{{status: ESME_RMSGQFUL, share: {RETRY_LATER_SHARE}}}",
    ]
    with stage.carrier_does(f"responses.statuses=[{', '.join(refuses)}]"):
        stage.load(f"c8-{dice.random()}", scale.messages // 2, scale.rate_per_s / 3).join()
        stage.settle()
    return Played(checks=(all_of("delivered", scale.messages // 2),))


def slower(stage: Stage, scale: Scale, dice: Random) -> Played:
    """It takes far less than its contract says: the rate is found by its refusals."""
    count = 2 * scale.messages
    limit = f"limits={{binds: 4, rate_per_s: {TAKES_PER_S}}}"
    with stage.carrier_does(limit):
        stage.load(f"c8b-{dice.random()}", count, scale.rate_per_s * 2).join()
        stage.settle()

    def near(after: After) -> Check:
        moments = sorted(e["read_ms"] for e in after.segments if e["command_status"] == 0)
        begin = next(e["read_ms"] for e in after.segments if e["command_status"]) + LEARNT_MS
        end = moments[-1] - ENDING_MS
        goodput = sum(begin <= m < end for m in moments) * 1000 / (end - begin)
        figure = f"{goodput:.0f} a second of {TAKES_PER_S} that it takes"
        return Check(figure, goodput >= GOODPUT_SHARE * TAKES_PER_S, is_of_time=True)

    return Played(checks=(all_of("delivered", count), near))


def all_of(outcome: str, count: int) -> Callable[[After], Check]:
    """So many messages ended so."""

    def check(after: After) -> Check:
        found = after.outcomes[outcome]
        return Check(f"{found} of {count} {outcome}", found == count)

    return check


def refused(stage: Stage, scale: Scale, dice: Random) -> Played:
    """One number in ten is refused for good, another for a while."""
    refuses = [
        "{status: ESME_RINVDSTADR, suffix: '7'}",
        "{status: ESME_RSYSERR, suffix: '8', times: 2}",
    ]
    count = scale.messages // 10 * 10
    with stage.carrier_does(f"responses.statuses=[{', '.join(refuses)}]"):
        stage.load(f"c9-{dice.random()}", count, scale.rate_per_s).join()
        stage.settle()

    def tried_once(after: After) -> Check:
        tries = sum(1 for e in after.segments if e["destination_addr"].endswith("7"))
        return Check(f"{tries} tries of {count // 10} refused for good", tries == count // 10)

    return Played(checks=(all_of("rejected", count // 10), tried_once))


def haunted(stage: Stage, scale: Scale, dice: Random) -> Played:
    """After a crash its old sessions still count, and binds are refused for a while."""
    load = stage.load(f"c10-{dice.random()}", scale.messages, scale.rate_per_s)
    with stage.carrier_does(f"limits={{binds: 4, ghosts_s: {GHOSTS_S}}}"):
        before = stage.refused_binds().total()
        stage.under_way()
        stage.kill(binder_name(0))
        stage.binders(stage.replicas)
        load.join()
        stage.settle()
        tries = stage.refused_binds().total() - before
    most = GHOST_TRIES_MAX * stage.config.connectors[CONNECTOR].binds
    figure = f"{tries} attempts refused until the ghosts were gone"
    return Played("", stage.unconfirmed_max, seen=(Check(figure, 0 < tries <= most),))


def misspelt(stage: Stage, scale: Scale, dice: Random) -> Played:
    """A wrong password is rotated in under load, and the right one after a while."""
    right = stage.settings.of("password")
    wrong = stage.folder / "password"
    wrong.write_text("foreign", encoding="utf-8")
    before = stage.refused_binds()
    load = stage.load(f"c10b-{dice.random()}", scale.messages, scale.rate_per_s)
    stage.under_way()
    stage.change(password=f"file:{wrong}")
    time.sleep(3)
    tries = (stage.refused_binds() - before)["ESME_RINVPASWD"]
    left = stage.stats()["binds"]
    stage.change(password=right)
    load.join()
    binds = stage.config.connectors[CONNECTOR].binds
    whole = stage.wait(lambda: stage.stats()["binds"] == binds)
    most = TRIES_MAX * stage.replicas
    seen = (
        Check(f"{tries} attempts of {stage.replicas} replicas", 0 < tries <= most),
        Check(f"{left} of {binds} binds carried on", left >= binds - stage.replicas),
        Check(f"all bound again: {whole}", whole),
    )
    return Played(seen=seen)


def maintained(stage: Stage, scale: Scale, dice: Random) -> Played:
    """It drops all binds and refuses new ones for a while."""
    away_s = 5 if scale.name == "short" else 600
    with stage.carrier_does(f"maintenance=[{{from_s: 1, for_s: {away_s}}}]"):
        stage.load(f"c11-{dice.random()}", scale.messages, scale.rate_per_s).join()
        stage.settle()
    account = stage.config.connectors[CONNECTOR]
    return Played(f"away {away_s} s", account.binds * account.window)


def _row(name: str, what: str, wanted: str, *faults: str) -> Row:
    return Row(name, what, wanted, misbehaving(*faults))


BOUND = "lost 0, duplicated at most a window each time"
NONE = "lost 0, duplicated 0"
ROWS = (
    Row("C1", "no bind is answered", "at most an attempt a second and bind", never_bound),
    Row("C2", "submit_sm are taken and not answered", BOUND, stalled),
    Row("C3", "connections cut with full windows", BOUND + "; give_up 0", cut),
    _row("C4", "half a PDU and then silence", BOUND, "{fault: half_pdu, after: 60}"),
    _row("C4b", "octet by octet", NONE, "{fault: dribble, share: 0.1}"),
    _row("C5", "command_length from 0 to 4 GiB", BOUND, "{fault: command_length, after: 40}"),
    _row(
        "C6",
        "unknown commands, floods of enquire_link",
        NONE,
        "{fault: unknown_command, share: 0.1}",
        "{fault: enquire_flood, every_s: 1, count: 500}",
    ),
    _row(
        "C7",
        "wrong numbers, answers twice and after the time-out",
        BOUND,
        "{fault: wrong_sequence, share: 0.005}",
        "{fault: late_response, share: 0.005, after_ms: 9000}",
        "{fault: repeated_response, share: 0.1}",
    ),
    Row("C8", "three in ten throttled", NONE + ", all delivered", throttled),
    Row("C8b", "less taken than the contract says", NONE + ", 90 % of it in use", slower),
    Row("C9", "refused for good, refused for now", NONE + ", one try where for good", refused),
    Row("C10", "ghosts hold the binds after a crash", "few attempts, at most the bound", haunted),
    Row(
        "C10b",
        "a wrong password is rotated in",
        "at most 3 attempts a replica, the other binds carry on",
        misspelt,
        {"binds": 4},
    ),
    Row("C11", "maintenance", BOUND, maintained),
)
