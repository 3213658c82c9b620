"""Whose receipt is this? Segments and their receipts in the state of a handset; pure.

Theory. The state holds one entry per segment the SMSC accepted, under carrier domain and
smsc_message_id. Receipts overtake their submit_sm_resp, for they travel on another bind: so neither
side may assume it is first. A receipt that finds no segment is parked under its id, and a segment
that is accepted looks for parked receipts. Either side keeps its id in one canonical form, and
looks it up in every form the other may have written (`ids.py`).

    id|<domain>|<id>                    the segment that owns an id: the newest, for ids are reused
    final|<message_id>|<segment>|<hop>  its final receipt was published: more of them are repeats
    parked|<domain>|<id>                receipts without a segment
"""

import msgspec
from msgspec.structs import replace

from pipeline import topics
from pipeline.effects import Effect, Entries, Publish, PublishLater
from pipeline.ids import MessageId
from pipeline.records import Dlr, MtSubmitted, Wake
from services.correlator.carriers import Carriers
from services.correlator.config import CorrelatorConfig
from services.correlator.ids import forms

RECEIPT_TIMEOUT = "receipt_timeout"
RECEIPT_PARKED = "receipt_parked"
PARKED_RECEIPTS_MAX = 16  # under one id; what comes beyond is an orphan at once


class Accepted(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A segment that an SMSC accepted."""

    message_id: MessageId
    segment: int
    segments: int
    hop: int
    tenant: str
    submitted_ms: int | None
    answered_ms: int

    @property
    def final_name(self) -> str:
        """Name of the entry that says its final receipt was published."""
        return f"final|{self.message_id}|{self.segment}|{self.hop}"


class Final(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The final state of a segment, as its first final receipt said it."""

    state: str


class Parked(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """Receipts without a segment; `joined_ms` of each is when it was parked."""

    receipts: tuple[Dlr, ...]


class Joining:
    """Decides about one outcome, receipt or timer of a handset at a time."""

    def __init__(self, own: CorrelatorConfig, carriers: Carriers) -> None:
        self._own = own
        self._carriers = carriers

    def submitted(self, state: Entries, record: MtSubmitted, now_ms: int) -> list[Effect]:
        """What to do about the outcome of a segment."""
        if record.outcome == "intent":
            return []
        forward = Publish(topics.TRACKER_IN, record.message_id, record)
        if record.outcome != "accepted" or not record.smsc_message_id:
            return [forward]
        carrier = self._carriers.of(record.connector)
        ids = forms(record.smsc_message_id, carrier.response)
        name = f"id|{carrier.domain}|{ids[0]}"
        owner, mine = state.get(name, Accepted), _accepted(record)
        if owner == mine:
            return []
        parked: tuple[Dlr, ...] = ()
        if owner is None or owner.answered_ms <= mine.answered_ms:
            state.put(name, mine, self._own.life_s)
            parked = _unparked(state, carrier.domain, ids)
        effects: list[Effect] = [forward]
        for dlr in parked:
            effects += self._joined(state, mine, dlr, now_ms)
        if record.receipt_expected and not any(dlr.final for dlr in parked):
            effects.append(self._timer(record, mine, now_ms))
        return effects

    def received(self, state: Entries, dlr: Dlr, now_ms: int) -> list[Effect]:
        """What to do about a receipt, which has no partner yet."""
        if not dlr.smsc_message_id:
            return [Publish(topics.DLR_ORPHAN, dlr.recipient, dlr)]
        carrier = self._carriers.of(dlr.connector)
        ids = forms(dlr.smsc_message_id, carrier.receipt)
        for form in ids:
            owner = state.get(f"id|{carrier.domain}|{form}", Accepted)
            if owner is not None:
                return self._joined(state, owner, dlr, now_ms)
        return self._park(state, f"{carrier.domain}|{ids[0]}", dlr, now_ms)

    def parked_too_long(self, state: Entries, wake: Wake, now_ms: int) -> list[Effect]:
        """Orphans what was parked when this timer was set, or before; the rest has its own."""
        name = f"parked|{wake.what}"
        parked = state.get(name, Parked)
        if parked is None:
            return []
        young = tuple(dlr for dlr in parked.receipts if dlr.joined_ms > wake.set_ms)
        if young:
            state.put(name, Parked(young), self._own.life_s)
        else:
            state.drop(name)
        return [
            Publish(topics.DLR_ORPHAN, dlr.recipient, replace(dlr, joined_ms=now_ms))
            for dlr in parked.receipts
            if dlr.joined_ms <= wake.set_ms
        ]

    def timed_out(self, state: Entries, wake: Wake, now_ms: int) -> list[Effect]:
        """Tells the tracker of a segment whose final receipt has not come in time."""
        if state.get(f"final|{wake.what}", Final) is not None:
            return []
        message_id, segment, hop = wake.what.rsplit("|", 2)
        what = f"{segment}|{hop}"
        told = Wake(key=message_id, kind=RECEIPT_TIMEOUT, what=what, set_ms=wake.set_ms)
        return [Publish(topics.TRACKER_IN, message_id, told)]

    def _joined(self, state: Entries, owner: Accepted, dlr: Dlr, now_ms: int) -> list[Effect]:
        is_repeat = state.get(owner.final_name, Final) is not None
        if dlr.final and not is_repeat:
            state.put(owner.final_name, Final(dlr.state), self._own.life_s)
        dlr = replace(
            dlr,
            message_id=owner.message_id,
            segment=owner.segment,
            segments=owner.segments,
            hop=owner.hop,
            tenant=owner.tenant,
            repeat=is_repeat,
            submitted_ms=owner.submitted_ms,
            joined_ms=now_ms,
        )
        return [
            Publish(topics.DLR, owner.message_id, dlr),
            Publish(topics.TRACKER_IN, owner.message_id, dlr),
        ]

    def _park(self, state: Entries, what: str, dlr: Dlr, now_ms: int) -> list[Effect]:
        name = f"parked|{what}"
        parked = state.get(name, Parked) or Parked(())
        if len(parked.receipts) >= PARKED_RECEIPTS_MAX:
            return [Publish(topics.DLR_ORPHAN, dlr.recipient, dlr)]
        # As long as a segment: a timer may come late, and what is parked must not be lost by it.
        state.put(name, Parked((*parked.receipts, dlr)), self._own.life_s)
        wake = Wake(key=dlr.recipient, kind=RECEIPT_PARKED, what=what, set_ms=now_ms)
        due_ms = now_ms + self._own.park_s * 1000
        return [PublishLater(due_ms, topics.CORRELATOR_IN, dlr.recipient, wake)]

    def _timer(self, record: MtSubmitted, mine: Accepted, now_ms: int) -> PublishLater:
        what = mine.final_name.removeprefix("final|")
        wake = Wake(key=record.recipient, kind=RECEIPT_TIMEOUT, what=what, set_ms=now_ms)
        due_ms = record.deadline_ms + self._own.grace_s * 1000
        return PublishLater(due_ms, topics.CORRELATOR_IN, record.recipient, wake)


def _accepted(record: MtSubmitted) -> Accepted:
    return Accepted(
        record.message_id,
        record.segment,
        record.segments,
        record.hop,
        record.tenant,
        record.submitted_ms,
        record.answered_ms,
    )


def _unparked(state: Entries, domain: str, ids: tuple[str, ...]) -> tuple[Dlr, ...]:
    """The receipts parked under the first of `ids` that has any; they are parked no longer."""
    for form in ids:
        name = f"parked|{domain}|{form}"
        parked = state.get(name, Parked)
        if parked is not None:
            state.drop(name)
            return parked.receipts
    return ()
