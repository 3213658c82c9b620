"""Events of made-up messages, as the tracker's core tells them, by a seed."""

import random
from collections.abc import Iterator

from pipeline.effects import Publish
from pipeline.ids import ConnectorId, MessageId, Msisdn, SmscMessageId
from pipeline.records import Dlr, MtEvent, MtHead, MtRouted, MtSubmitted
from services.tracker.config import TrackerConfig
from services.tracker.core import MtFact, Tracker
from tests.builders import dlr, mt_submitted
from tests.entries import MemoryEntries

BEGIN_MS = 1_793_000_000_000  # in the week in which clocks go back in Europe
DAY_MS = 86_400_000
RECIPIENTS = ("46701234567", "4915112345678", "447700900123", "12025550123", "88213123456")
PRICES: dict[str, tuple[str | None, str | None]] = {
    "slow": ("0.0125", "EUR"),
    "fast": ("0.03", "USD"),
    "plain": (None, None),
}
STATES = ("DELIVERED",) * 6 + ("UNDELIVERABLE", "EXPIRED", "UNKNOWN", "ENROUTE", "")


def lives(count: int, seed: int, days: float = 6) -> list[MtEvent]:
    """What `sms.mt.event` has of so many messages, asked for within `days`."""
    dice = random.Random(seed)
    tracker, found = Tracker(TrackerConfig()), list[MtEvent]()
    for number in range(count):
        state = MemoryEntries()
        for fact in _facts(f"m{number}", BEGIN_MS + round(dice.random() * days * DAY_MS), dice):
            effects = tracker.decide(state, fact, BEGIN_MS)
            events = (own.record for own in effects if isinstance(own, Publish))
            found += [record for record in events if isinstance(record, MtEvent)]
    return found


def _facts(message_id: str, asked_ms: int, dice: random.Random) -> Iterator[MtFact]:
    names = [ConnectorId(name) for name in dice.sample(sorted(PRICES), 2)]
    head = MtHead(
        message_id=MessageId(message_id),
        recipient=Msisdn(dice.choice(RECIPIENTS)),
        tenant="default",
        lane="normal",
        class_="transactional",
        requested_ms=asked_ms,
        test=dice.random() < 0.1,
    )
    segments = dice.choice((1, 1, 1, 2, 5))
    hops = 2 if dice.random() < 0.2 else 1
    for hop, name in enumerate(names[:hops]):
        yield _routed(head, name, hop, segments)
        for number in range(1, segments + 1):
            yield from _segment(head, (name, hop, number, segments), dice)


def _routed(head: MtHead, name: ConnectorId, hop: int, segments: int) -> MtRouted:
    price, currency = PRICES[name]
    return MtRouted(
        head=head,
        connector=name,
        segments=segments,
        data_coding=0,
        receipts_expected=segments,
        hop=hop,
        rule="rest",
        routes_version="1",
        deadline_ms=head.requested_ms + 7 * DAY_MS,
        routed_ms=head.requested_ms + 20,
        price=price,
        currency=currency,
    )


def _segment(
    head: MtHead, where: tuple[ConnectorId, int, int, int], dice: random.Random
) -> Iterator[MtSubmitted | Dlr]:
    name, hop, number, segments = where
    own = {
        "message_id": head.message_id,
        "recipient": head.recipient,
        "connector": name,
        "hop": hop,
        "segment": number,
        "segments": segments,
        "test": head.test,
    }
    written_ms = head.requested_ms + dice.randrange(30, 200_000)
    outcome = dice.choice(("accepted",) * 8 + ("unknown", "rejected", "returned"))
    is_crash = outcome == "unknown" and dice.random() < 0.5
    for attempt in range(1, 3 if dice.random() < 0.05 else 2):
        yield mt_submitted(
            **own,
            outcome=outcome,
            attempt=attempt,
            smsc_message_id=SmscMessageId(f"{dice.randrange(1 << 40):x}"),
            requested_ms=head.requested_ms,
            submitted_ms=None if is_crash else written_ms + attempt,
            answered_ms=written_ms + attempt + (60_000 if is_crash else 5),
        )
    for state in dice.sample(STATES, 2) if outcome in ("accepted", "unknown") else ():
        if state:
            received_ms = written_ms + dice.randrange(500, 90_000)
            yield dlr(
                **own,
                state=state,
                final=state != "ENROUTE",
                submitted_ms=None if is_crash else written_ms,
                received_ms=received_ms,
                joined_ms=received_ms,
            )
