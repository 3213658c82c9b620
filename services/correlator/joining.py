"""Segments and their receipts meet here, in the state of a handset; pure.

Theory. Receipts overtake their submit_sm_resp, for they travel on another bind: so neither side may
assume it is first. A receipt that finds no segment waits (`parking.py`), and a segment that comes
(`segments.py`) looks for waiting receipts. `matching.py` says whose a receipt is: for sure at once,
or as a guess when it has waited in vain. A receipt without a segment is an orphan then, and stays
known as one: if its segment comes yet, it is published again, repaired.

Some carriers' receipts don't tell the handset. What speaks of their segments is written to our own
topic once more, under the SMSC's message id as key, and meets there: the copies are joined, the
originals told to others.

    id|<domain>|<id>    key of a copy
"""

from collections.abc import Callable, Iterable

from msgspec.structs import replace

from pipeline import topics
from pipeline.effects import Effect, Entries, KeyEntries, Publish, PublishLater, Trace
from pipeline.ids import SmscMessageId
from pipeline.records import MtSubmitted, Wake
from pipeline.traceparent import LINK_AFTER_MS
from services.correlator.carriers import Carrier, Carriers
from services.correlator.config import CorrelatorConfig
from services.correlator.counting import MISMATCHES, Windows
from services.correlator.ids import Notation, forms
from services.correlator.learning import Learning
from services.correlator.matching import Match, guessed, sure
from services.correlator.parking import Parked, places_for
from services.correlator.receipts import Receipt
from services.correlator.segments import Row, Segments

RECEIPT_TIMEOUT = "receipt_timeout"
RECEIPT_PARKED = "receipt_parked"
BY_ID = "id|"
LATE_MS = 3_600_000  # by how much a timer may be
MOMENT_S = 10  # by how much a receipt may overtake its answer, and dates say nothing
MAY_BE_THERE = ("accepted", "unknown")  # outcomes of a segment whose receipt may come


def key_of(domain: str, smsc_message_id: str, notation: Notation) -> str:
    """Key of what is known by its id alone."""
    return f"{BY_ID}{domain}|{forms(smsc_message_id, notation)[0]}"


def is_of_id(key: str) -> bool:
    """Whether a key is that of an id, and not of a handset."""
    return key.startswith(BY_ID)


class Joining:
    """Decides about one outcome, receipt or timer of a handset at a time."""

    def __init__(
        self,
        own: CorrelatorConfig,
        carriers: Carriers,
        windows: Windows,
        ticks: Callable[[], float],
    ) -> None:
        self._own = own
        self._carriers = carriers
        self._windows = windows
        self._ticks = ticks

    def submitted(self, state: KeyEntries, record: MtSubmitted, now_ms: int) -> list[Effect]:
        """What to do about the outcome of a segment."""
        if record.outcome == "intent":
            return []
        is_copy = is_of_id(state.key)
        effects: list[Effect] = []
        if not is_copy:
            effects.append(Publish(topics.TRACKER_IN, record.message_id, record))
        is_accepted = record.outcome == "accepted"
        is_doubtful = record.outcome == "unknown" or not record.smsc_message_id
        if record.outcome not in MAY_BE_THERE or (is_doubtful and not record.receipt_expected):
            return effects
        segments = Segments(state, self._carriers, now_ms)
        mine = self._row(record, now_ms, state.trace, is_copy=is_copy)
        if not segments.add(mine):
            return []
        carrier = self._carriers.of(record.connector)
        if mine.is_copied:
            key = key_of(carrier.domain, mine.smsc_message_id, carrier.response)
            effects.append(Publish(topics.CORRELATOR_IN, key, record))
        else:
            effects += self._settle(state, segments, places_for(mine, carrier), now_ms)
            if is_accepted and record.receipt_expected and not segments.is_final(mine.what):
                effects.append(self._timer(state.key, record, mine, now_ms))
        segments.keep()
        return effects

    def is_known(self, state: KeyEntries, receipt: Receipt, now_ms: int) -> bool:
        """Whether the segment of a receipt waits for it here, and not under its id."""
        segments = Segments(state, self._carriers, now_ms)
        match = sure(segments, self._carrier(receipt, Learning(state.shared)), receipt)
        return match is not None and not match.row.is_copied

    def received(self, state: KeyEntries, receipt: Receipt, now_ms: int) -> list[Effect]:
        """What to do about a receipt, which has no partner yet."""
        segments = Segments(state, self._carriers, now_ms)
        learning = Learning(state.shared)
        results = self._windows.of(receipt.dlr.connector).results
        results["receipts"] += 1
        match = sure(segments, self._carrier(receipt, learning), receipt)
        if match is not None:
            effects = self._joined(segments, learning, match, receipt, now_ms)
            segments.keep()
            return effects
        can_wait = receipt.dlr.smsc_message_id or receipt.reference is not None
        parked = Parked(state, self._carriers, now_ms)
        place = parked.add(receipt, self._own.life_s, self._ticks()) if can_wait else None
        if place is None:
            return [self._orphan(receipt, now_ms)]
        results["parked"] += 1
        wake = Wake(key=state.key, kind=RECEIPT_PARKED, what=place, set_ms=now_ms)
        due_ms = now_ms + self._own.park_s * 1000
        return [PublishLater(due_ms, topics.CORRELATOR_IN, state.key, wake)]

    def parked_too_long(self, state: KeyEntries, wake: Wake, now_ms: int) -> list[Effect]:
        """Ends the waiting of what was parked when this timer was set, or before."""
        segments = Segments(state, self._carriers, now_ms)
        places = [wake.what] if wake.what else []
        effects = self._settle(state, segments, places, now_ms, wake.set_ms)
        segments.keep()
        return effects

    def timed_out(self, state: Entries, wake: Wake, now_ms: int) -> list[Effect]:
        """Tells the tracker of a segment whose final receipt has not come in time."""
        if Segments(state, self._carriers, now_ms).is_final(wake.what):
            return []
        message_id, segment, hop = wake.what.rsplit("|", 2)
        what = f"{segment}|{hop}"
        told = Wake(key=message_id, kind=RECEIPT_TIMEOUT, what=what, set_ms=wake.set_ms)
        return [Publish(topics.TRACKER_IN, message_id, told)]

    def _settle(
        self,
        state: KeyEntries,
        segments: Segments,
        places: Iterable[str],
        now_ms: int,
        due_ms: int = -1,
    ) -> list[Effect]:
        """Join what waits at hand or at `places` and has found its segment; what came by `due_ms`
        waits no longer.

        The oldest first: what one is guessed to be may tell whose the next is.
        """
        parked = Parked(state, self._carriers, now_ms)
        found = parked.found(places)
        if not found:
            return []
        learning = Learning(state.shared)
        effects: list[Effect] = []
        left = []
        for place, one in found:
            is_fresh = 0 <= self._ticks() - one.parked_s <= MOMENT_S
            receipt = replace(one.receipt, is_fresh=is_fresh)
            carrier = self._carrier(receipt, learning)
            is_due = one.parked_ms <= due_ms and not one.is_told
            match = sure(segments, carrier, receipt)
            if match is None and is_due:
                match = guessed(segments, carrier, receipt)
            if match is not None:
                is_repaired = one.is_told
                effects += self._joined(
                    segments, learning, match, receipt, now_ms, is_repaired=is_repaired
                )
                continue
            if is_due:
                effects.append(self._orphan(one.receipt, now_ms))
            left.append((place, replace(one, is_told=one.is_told or is_due)))
        parked.keep(left)
        return effects

    def _carrier(self, receipt: Receipt, learning: Learning) -> Carrier:
        """How the ids of a receipt are written, as is declared and as is learnt."""
        carrier = self._carriers.of(receipt.dlr.connector)
        return carrier._replace(learnt=learning.form(carrier.domain))

    def _joined(
        self,
        segments: Segments,
        learning: Learning,
        match: Match,
        receipt: Receipt,
        now_ms: int,
        *,
        is_repaired: bool = False,
    ) -> list[Effect]:
        row = match.row
        is_repeat = segments.is_final(row.what)
        counts = self._windows.of(receipt.dlr.connector)
        counts.joined[match.way] += 1
        counts.results["repaired"] += is_repaired
        counts.results["repeats"] += is_repeat
        counts.results["collisions"] += match.others > 0
        counts.results["mismatches"] += match.way in MISMATCHES
        if row.has_no_id and receipt.dlr.smsc_message_id:
            segments.resolve(row, receipt.dlr.smsc_message_id)
        elif not is_repeat and not row.is_doubtful and match.way != "reference":
            ids = row.smsc_message_id, receipt.dlr.smsc_message_id
            counts.learnt = learning.note(row.domain, *ids) or counts.learnt
        if receipt.dlr.final and not is_repeat:
            segments.end(row)
        dlr = replace(
            receipt.dlr,
            message_id=row.message_id,
            segment=row.segment,
            segments=row.segments,
            hop=row.hop,
            tenant=row.tenant,
            sender=row.sender,
            recipient=row.recipient or receipt.dlr.recipient,
            repeat=is_repeat,
            submitted_ms=row.submitted_ms,
            joined_ms=now_ms,
            joined_by=match.way,
            repaired=is_repaired,
        )
        trace = _trace(row, now_ms)
        return [
            Publish(topics.DLR, row.message_id, dlr, trace),
            Publish(topics.TRACKER_IN, row.message_id, dlr, trace),
        ]

    def _orphan(self, receipt: Receipt, now_ms: int) -> Publish:
        connector = receipt.dlr.connector
        is_foreign = receipt.dlr.received_ms < self._carriers.of(connector).cutover_ms
        self._windows.of(connector).results["foreign" if is_foreign else "orphans"] += 1
        dlr = replace(receipt.dlr, joined_ms=now_ms, foreign=is_foreign)
        return Publish(topics.DLR_ORPHAN, dlr.recipient, dlr)

    def _row(self, record: MtSubmitted, now_ms: int, trace: str | None, *, is_copy: bool) -> Row:
        """Its receipt may come until the message's time is over, and for a usual life at least; its
        timer, which asks for it then, may be late."""
        life_ms = now_ms + self._own.life_s * 1000
        timer_ms = record.deadline_ms + self._own.grace_s * 1000
        until_ms = max(life_ms, timer_ms + LATE_MS)
        is_accepted = record.outcome == "accepted"
        smsc_message_id = SmscMessageId(record.smsc_message_id or "" if is_accepted else "")
        carrier = self._carriers.of(record.connector)
        return Row(
            domain=carrier.domain,
            smsc_message_id=smsc_message_id,
            message_id=record.message_id,
            segment=record.segment,
            segments=record.segments,
            hop=record.hop,
            tenant=record.tenant,
            sender=record.sender,
            connector=record.connector,
            submitted_ms=record.submitted_ms,
            answered_ms=record.answered_ms,
            until_ms=until_ms,
            recipient=record.recipient if is_copy else None,
            is_copied=carrier.is_by_id and bool(smsc_message_id) and not is_copy,
            trace=trace,
        )

    def _timer(self, key: str, record: MtSubmitted, mine: Row, now_ms: int) -> PublishLater:
        wake = Wake(key=key, kind=RECEIPT_TIMEOUT, what=mine.what, set_ms=now_ms)
        due_ms = record.deadline_ms + self._own.grace_s * 1000
        return PublishLater(due_ms, topics.CORRELATOR_IN, key, wake)


def _trace(row: Row, now_ms: int) -> Trace | None:
    """What a receipt follows from: its segment's trace, or a link where hours lie between."""
    if row.trace is None:
        return None
    return Trace(row.trace, now_ms - (row.submitted_ms or row.answered_ms) > LINK_AFTER_MS)
