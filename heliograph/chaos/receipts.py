"""Rows D1 to D5: receipts that come early, never, twice, in disorder, in any writing, under ids
that were used before.

All are judged by `heliograph verify`: each receipt of the carrier's ledger is joined once, to its
own segment, which has one final receipt and is told as its receipts say.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial
from random import Random
from signal import SIGTERM
from time import monotonic

from heliograph.chaos.carrier import all_of
from heliograph.chaos.findings import receipts, rest, told, true_ends
from heliograph.chaos.rows import Check, Played, Row, Scale
from heliograph.chaos.stage import After, Stage, binder_name
from heliograph.launcher import START_TIMEOUT_S
from pipeline import topics
from pipeline.records import Dlr, MtEvent
from services.sandbox.dialects import DIALECTS

GRACE_S = 1
ANY = {"id_in_response": "any", "id_in_receipt": "any", "receipts_by_text": True}
STAGE: Mapping[str, object] = {
    "profile": ANY,
    "correlator": {"park_s": 5, "grace_s": GRACE_S, "partial_s": 4},
}
EARLY_MS = 500
VALIDITY_S = 15
SILENT_SHARE = 0.05
FORMS = (
    ("receipts.text=false",),
    ("receipts.form=data_sm",),
    ("receipts.is_unmarked=true", "receipts.tlv=false"),
    *(("receipts.tlv=false", f"receipts.dialect={name}") for name in DIALECTS),
)
WRITINGS = (
    ("message_ids.in_response=hexadecimal",),
    ("message_ids.in_receipt=hexadecimal",),
    ("message_ids.in_response=hexadecimal_lower", "message_ids.in_receipt=hexadecimal"),
    ("message_ids.digits=20", "message_ids.receipt_digits=0"),
    ("message_ids.receipt_digits=24",),
    ("message_ids.in_response=uuid", "message_ids.in_receipt=uuid"),
    ("message_ids.receipt_prefix=SMSC-",),
)
NATIONAL = {"ton": 2, "npi": 1, "prefix": "0", "calling_code": "46", "in_receipts": True}
WAYS: Mapping[str, tuple[Mapping[str, object], str]] = {  # the profile, what the carrier does
    "swapped": ({"receipt_handset": "destination"}, "receipts.addresses=swapped"),
    "national": ({"addresses": {"national": NATIONAL}}, "receipts.addresses=national"),
    "missing": ({"correlate_by": "id"}, "receipts.addresses=missing"),
    "ids other than declared": ({}, "message_ids.in_response=hexadecimal"),
}
LIVES = (  # of an SMSC that counts from 1 each time: the sender, how it ends, after at least what
    ("ACME", "DELIVERED", 3000),
    ("12345", "UNDELIVERABLE", 500),
    ("ACME", "EXPIRED", 500),
)
OF_A_LIFE = 64
HANDSETS = 8


def early(stage: Stage, scale: Scale, dice: Random) -> Played:
    """Every receipt is on the wire before the answer to its submit_sm."""
    name, count = f"d1-{dice.random()}", scale.messages // 2
    latency = f"responses.latency_ms={{min: 0, max: {EARLY_MS}}}"
    with stage.carrier_does("receipts.early_share=1", latency):
        stage.load(name, count, scale.rate_per_s / 3).join()
        stage.settle()

    def came(_: After) -> Check:
        found = sum(row["is_early"] for row in receipts(stage, name))
        return Check(f"{found} of {count} receipts before their answers", found == count)

    def joined(_: After) -> Check:
        waits_ms = [dlr.joined_ms - dlr.received_ms for dlr in told(stage, topics.DLR, Dlr, name)]
        figure = f"{len(waits_ms)} joined, the last after {max(waits_ms, default=0)} ms"
        return Check(figure, len(waits_ms) == count)

    return Played(checks=(came, joined, all_of("delivered", count)))


def silent(stage: Stage, scale: Scale, dice: Random) -> Played:
    """Of some messages no receipt ever comes."""
    name, count = f"d2-{dice.random()}", scale.messages
    with stage.carrier_does(f"receipts.never_share={SILENT_SHARE}"):
        stage.load(name, count, scale.rate_per_s, validity_s=VALIDITY_S).join()
        stage.settle()

    def timed_out(after: After) -> Check:
        taken = {own: s for own, s in after.evidence.segments.items() if s.taken}
        mute = {own for own, s in taken.items() if own.startswith(name) and not s.reported}
        waits_ms = {}
        for event in told(stage, topics.MT_EVENT, MtEvent, name):
            if event.event == "dlr_timeout":
                own_id = f"{event.message_id}|{event.segment}"
                waits_ms[own_id] = event.at_ms - (taken[own_id].deadline_ms or 0)
        soonest, last = min(waits_ms.values(), default=0), max(waits_ms.values(), default=0)
        figure = f"dlr_timeout {soonest} to {last} ms after the validity of {len(mute)} silent ones"
        return Check(figure, bool(mute) and waits_ms.keys() == mute and soonest >= GRACE_S * 1000)

    def unknown(after: After) -> Check:
        found, mute = after.outcomes["unknown"], count - after.outcomes["delivered"]
        is_all = found == mute  # or some have waited for longer than they were worth
        return Check(f"{found} of {mute} not delivered are unknown", is_all, is_of_time=True)

    return Played(checks=(timed_out, unknown))


def disordered(stage: Stage, scale: Scale, dice: Random) -> Played:
    """Receipts come twice, with ENROUTE before and behind them."""
    name, count = f"d3-{dice.random()}", scale.messages
    settings = (
        "receipts.delay_ms={min: 0, max: 300}",
        "receipts.twice_share=0.5",
        "receipts.intermediate_share=0.5",
        "receipts.disorder_share=0.5",
        "outcomes=[{state: UNDELIVERABLE, suffix: '7'}, {state: EXPIRED, suffix: '8'}]",
    )
    with stage.carrier_does(*settings):
        stage.load(name, count, scale.rate_per_s).join()
        stage.settle()
    rest(stage)

    def many(_: After) -> Check:
        dlrs = list(told(stage, topics.DLR, Dlr, name))
        finals = Counter(dlr.message_id for dlr in dlrs if dlr.final and not dlr.repeat)
        figure = f"{len(dlrs)} receipts, {sum(finals.values())} final ones of {count} messages"
        is_one_each = len(finals) == count and set(finals.values()) == {1}
        return Check(figure, is_one_each and len(dlrs) > 2 * count)

    return Played(checks=(many, true_ends(stage, name)))


def spoken(stage: Stage, scale: Scale, dice: Random) -> Played:
    """Every dialect and form, and ids written otherwise in the receipt, unknown to the profile."""
    prefix, each = f"d4-{dice.random()}", scale.messages // 20
    for number, form in enumerate(FORMS):
        with stage.carrier_does(*form, *WRITINGS[number % len(WRITINGS)]):
            stage.load(f"{prefix}-{number}", each, scale.rate_per_s).join()
            stage.wait(partial(_has_taken, stage, each * (number + 1)))
    stage.settle()
    return Played(
        f"{len(FORMS)} forms, {len(WRITINGS)} writings",
        checks=(all_joined(stage, prefix, each * len(FORMS)), true_ends(stage, prefix)),
    )


def _has_taken(stage: Stage, count: int) -> bool:
    return stage.taken() >= count


def readdressed(stage: Stage, scale: Scale, dice: Random) -> Played:
    """Receipts with the addresses swapped, the number as it is dialled, and none at all; and ids of
    which the profile says what is not so."""
    prefix, each = f"d4b-{dice.random()}", scale.messages // 6
    try:
        for number, (profile, does) in enumerate(WAYS.values()):
            _begin_anew(stage, profile)
            with stage.carrier_does(does):
                stage.load(f"{prefix}-{number}", each, scale.rate_per_s).join()
                stage.settle()
    finally:
        _begin_anew(stage, ANY)
    count = each * len(WAYS)
    checks = (all_joined(stage, prefix, count), true_ends(stage, prefix))
    return Played(", ".join(WAYS), checks=checks)


def all_joined(stage: Stage, prefix: str, count: int) -> Callable[[After], Check]:
    """So many receipts have found their segments, in which ways."""

    def check(_: After) -> Check:
        ways = Counter(dlr.joined_by for dlr in told(stage, topics.DLR, Dlr, prefix))
        named = ", ".join(f"{found} by {way}" for way, found in ways.most_common())
        return Check(f"{named} of {count} receipts", ways.total() == count)

    return check


def _begin_anew(stage: Stage, profile: Mapping[str, object]) -> None:
    """Write the profile, and stop and start at once all who read it."""
    stage.settings.write_as(profile)
    names = ["router-0", "correlator-0", *map(binder_name, range(stage.replicas))]
    children = [stage.child(name) for name in names]
    for child in children:
        child.is_wanted = False
        child.signal(SIGTERM)
    for child in children:
        child.wait(START_TIMEOUT_S)
        child.start()
        child.is_wanted = True
    deadline = monotonic() + START_TIMEOUT_S
    for child in children:
        child.wait_up(deadline)
        child.wait_ready(deadline)


def reused(stage: Stage, scale: Scale, dice: Random) -> Played:
    """The SMSC counts its ids from 1 again, and again, to the same handsets; receipts of its first
    life come in its second."""
    prefix, asked = f"d5-{dice.random()}", 0
    for turn in range(scale.times):
        for life, (sender, state, delay_ms) in enumerate(LIVES):
            settings = (
                "message_ids.is_reused=true",
                f"outcomes=[{{state: {state}}}]",
                f"receipts.delay_ms={{min: {delay_ms}, max: {delay_ms + 400}}}",
            )
            with stage.carrier_does(*settings):
                for number in range(OF_A_LIFE):
                    to = f"+4676{turn:03}{number % HANDSETS:04}"
                    stage.ask(f"{prefix}-{turn}-{life}-{number}", to=to, from_=sender)
                stage.writer.flush()
                asked += OF_A_LIFE
                stage.wait(partial(_has_taken, stage, asked))
            if life:
                stage.settle()

    def again(after: After) -> Check:
        pairs = Counter((row["destination_addr"], row["smsc_message_id"]) for row in after.segments)
        count = sum(given - 1 for given in pairs.values())
        figure = f"{count} of {asked} ids given to the same handset before"
        return Check(figure, count > 0)

    return Played(checks=(again, true_ends(stage, prefix)))


JOINED = "each receipt joined once"
ROWS = (
    Row("D1", "receipts before their answers", f"{JOINED}, all delivered", early, STAGE),
    Row("D2", "receipts that never come", "dlr_timeout after validity and grace", silent, STAGE),
    Row("D3", "receipts twice and in disorder", "one final state, monotone", disordered, STAGE),
    Row("D4", "ids and dialects of all kinds", JOINED, spoken, STAGE),
    Row("D4b", "addresses by profile, and a wrong one", JOINED, readdressed, STAGE),
    Row("D5", "ids given again after restarts", f"{JOINED}, to its own", reused, STAGE),
)
