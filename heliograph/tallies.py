"""What a run is judged by: ids and counters, folded record by record; pure.

A segment is known by our own id, message_id|segment, which the sandbox reads from a vendor TLV: so
neither side's word is taken for the other's. A receipt is known by the SMSC's message id, for of
the handset carriers write what they like; where ids are used again, one has several owners. Ledgers
and topics may be noted in any order. Nothing is kept of a record but what a count needs: about
0.7 kB a message of one segment with one receipt.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from pipeline.records import Dlr, Mo, MtEvent, MtSubmitted, SmscDeliver
from services.binder.handsets import handset
from services.sandbox.limits import SlidingPeak
from smpp.values import MessageState

REPEATS = frozenset({"duplicate", "payload_mismatch"})
NS_PER_US, US_PER_MS = 1000, 1000

Row = Mapping[str, Any]  # an entry of a ledger, as JSON
Account = tuple[str, str]  # a ledger's name and the system_id


class Message(msgspec.Struct, gc=False):
    """One message_id: how often it was asked for, and what was answered."""

    requests: int = 0
    repeats: int = 0
    outcomes: int = 0


class Segment(msgspec.Struct, gc=False):
    """One segment: `taken` by carriers and `reported` on, by their ledgers; the rest as it was
    published."""

    own_id: str
    taken: int = 0
    accepted: int = 0
    is_unknown: bool = False
    hops: int = 0  # a bit for each way it may have been taken on
    reported: int = 0  # a bit for each state that its receipts said
    told: int = 0  # a bit for each state that it is said to have had
    finals: int = 0  # receipts that were told as the final one
    read_ms: float = 0  # when it was last taken
    deadline_ms: int | None = None


class Receipt(msgspec.Struct, gc=False):
    """The receipts of one id: whose they are and how many were acked, by the ledger; how many stand
    in the raw topic, how many were published, whose, and as orphans that have stayed such."""

    owners: tuple[Segment, ...] = ()
    acked: int = 0
    raw: int = 0
    told: int = 0
    joined: tuple[Segment, ...] = ()
    orphans: int = 0


class Inbound(msgspec.Struct, gc=False):
    """One MO of a ledger; `acked` has a bit for each part."""

    kind: tuple[str, str, str, int]  # ledger, sender, receiver, parts
    acked: int = 0


@dataclass(slots=True)
class Contract:
    """What an account at a carrier may do."""

    rate_per_s: float = 0
    binds: int = 0


@dataclass(frozen=True, slots=True)
class Leaks:
    """What was looked for in logs and metrics, where, and what was found."""

    canaries: int
    places: int
    found: int
    examples: tuple[str, ...]


class Evidence:
    """All that was published, and all that the carriers' ledgers hold.

    `ledger_of` names the ledger of a connector; what other connectors did can't be judged.
    """

    def __init__(
        self, ledger_of: Mapping[str, str], contracts: Mapping[Account, Contract] | None = None
    ) -> None:
        self.contracts = dict(contracts or {})
        self.incomplete: list[str] = []  # why the ledgers are no evidence
        self.messages: defaultdict[str, Message] = defaultdict(Message)
        self.outcomes: Counter[str] = Counter()
        self.segments: dict[str, Segment] = {}
        self.unseen: Counter[str] = Counter()  # segments by connector without a ledger
        self.receipts: defaultdict[str, Receipt] = defaultdict(Receipt)
        self.receipts_joined = 0
        self.receipts_orphaned = 0
        self.inbound: dict[tuple[str, int, int], Inbound] = {}  # by ledger, life and number
        self.mo: Counter[tuple[str, str, str, int]] = Counter()  # whole ones, by kind
        self.mo_received = 0
        self.parts_acked: Counter[tuple[str, str, str]] = Counter()
        self.parts_raw: Counter[tuple[str, str, str]] = Counter()
        self.rates: defaultdict[Account, SlidingPeak] = defaultdict(SlidingPeak)
        self.binds: defaultdict[Account, set[int]] = defaultdict(set)
        self.binds_peak: Counter[Account] = Counter()
        self.lag: dict[str, int] | None = None
        self.leaks: Leaks | None = None
        self._ledger_of = ledger_of
        self._lives: Counter[str] = Counter()  # a sandbox that starts again numbers from 1 again
        self._told: set[int] = set()  # hashes of ids: what is published again is told once
        self._journals: dict[str, Callable[[str, Row], None]] = {
            "segments": self._note_segment,
            "receipts": self._note_receipt,
            "mo": self._note_part,
            "binds": self._note_bind,
            "statistics": self._note_statistics,
        }

    # --- what was published -------------------------------------------------------------------

    def note_request(self, message_id: str) -> None:
        """A message was asked for."""
        self.messages[message_id].requests += 1

    def note_event(self, event: MtEvent) -> None:
        """An event of a message; only its end and the refusal of a repeat count."""
        is_repeat = event.event in REPEATS
        if not (event.terminal or is_repeat) or self._was_told(event.event_id):
            return
        message = self.messages[event.message_id]
        message.repeats += is_repeat
        message.outcomes += event.terminal
        if event.terminal:
            self.outcomes[event.state] += 1

    def note_submitted(self, submitted: MtSubmitted) -> None:
        """What a binder said became of a segment."""
        if submitted.connector not in self._ledger_of:
            self.unseen[submitted.connector] += 1
            return
        segment = self._segment(f"{submitted.message_id}|{submitted.segment}")
        segment.accepted += submitted.outcome == "accepted"
        segment.is_unknown |= submitted.outcome == "unknown"
        if submitted.outcome in ("accepted", "unknown"):
            segment.hops |= 1 << submitted.hop
        segment.deadline_ms = submitted.deadline_ms

    def note_deliver(self, deliver: SmscDeliver, smsc_message_id: str | None) -> None:
        """What a binder took from a carrier; `smsc_message_id` None when it is no receipt."""
        ledger = self._ledger_of.get(deliver.connector)
        if ledger is None:
            return
        if smsc_message_id is None:
            self.parts_raw[ledger, deliver.source_addr, deliver.destination_addr] += 1
        else:
            self.receipts[_receipt_id(ledger, smsc_message_id)].raw += 1

    def note_dlr(self, dlr: Dlr) -> None:
        """A receipt as it was published, joined or an orphan; one that is repaired is none."""
        is_orphan = dlr.message_id is None
        self.receipts_orphaned += is_orphan - dlr.repaired
        self.receipts_joined += not is_orphan
        ledger = self._ledger_of.get(dlr.connector)
        if ledger is None:
            return
        receipt = self.receipts[_receipt_id(ledger, dlr.smsc_message_id)]
        receipt.orphans += is_orphan - dlr.repaired
        receipt.told += 1 - dlr.repaired
        if not is_orphan:
            segment = self._segment(f"{dlr.message_id}|{dlr.segment}")
            segment.told |= _bit(dlr.state)
            segment.finals += dlr.final and not dlr.repeat
            receipt.joined = _with(receipt.joined, segment)

    def note_mo(self, mo: Mo) -> None:
        """An inbound message as it was published."""
        if self._was_told(mo.mo_id):
            return
        self.mo_received += 1
        ledger = self._ledger_of.get(mo.connector)
        if ledger is not None and mo.complete:
            self.mo[ledger, mo.sender, mo.receiver, mo.parts_total] += 1

    def _was_told(self, event_id: str) -> bool:
        told = hash(event_id)
        if told in self._told:
            return True
        self._told.add(told)
        return False

    # --- what the ledgers hold ----------------------------------------------------------------

    def note_entry(self, ledger: str, row: Row) -> None:
        """An entry of the ledger so named; statistics end it. Raises KeyError when it is none."""
        self._journals[row["journal"]](ledger, row)

    def _note_segment(self, ledger: str, row: Row) -> None:
        self.rates[ledger, row["account"]].note(round(row["read_ms"] * US_PER_MS) * NS_PER_US)
        if row["command_status"] == 0 and row["message_id"] is not None:
            segment = self._segment(f"{row['message_id']}|{row['segment']}")
            segment.taken += 1
            segment.read_ms = max(segment.read_ms, row["read_ms"])

    def _note_receipt(self, ledger: str, row: Row) -> None:
        receipt = self.receipts[_receipt_id(ledger, row["smsc_message_id"])]
        if row["message_id"] is not None:
            segment = self._segment(f"{row['message_id']}|{row['segment']}")
            segment.reported |= _bit(row["state"])
            receipt.owners = _with(receipt.owners, segment)
        receipt.acked += _is_acked(row)

    def _note_part(self, ledger: str, row: Row) -> None:
        sender, receiver = row["source_addr"], row["destination_addr"]
        kind = (ledger, handset(sender), receiver, row["parts"])
        place = (ledger, self._lives[ledger], row["mo"])
        inbound = self.inbound.setdefault(place, Inbound(kind))
        if _is_acked(row):
            inbound.acked |= 1 << (row["part"] - 1)
            self.parts_acked[ledger, sender, receiver] += 1

    def _note_bind(self, ledger: str, row: Row) -> None:
        account = (ledger, row["account"])
        binds = self.binds[account]
        if row["closed_ms"] is None:
            binds.add(row["bind"])
            self.binds_peak[account] = max(self.binds_peak[account], len(binds))
        else:
            binds.discard(row["bind"])

    def _note_statistics(self, ledger: str, row: Row) -> None:
        faults: Sequence[str] = row["faults"]
        self.incomplete += [f"{ledger}: {fault}" for fault in faults]
        self._lives[ledger] += 1

    def _segment(self, own_id: str) -> Segment:
        segment = self.segments.get(own_id)
        if segment is None:
            segment = self.segments[own_id] = Segment(own_id)
        return segment


def _receipt_id(ledger: str, smsc_message_id: str) -> str:
    return f"{ledger}|{smsc_message_id}"


def _with(segments: tuple[Segment, ...], segment: Segment) -> tuple[Segment, ...]:
    is_known = any(one is segment for one in segments)
    return segments if is_known else (*segments, segment)


def _bit(state: str) -> int:
    """Of a state, by its name."""
    return 1 << MessageState[state]


def _is_acked(row: Row) -> bool:
    return row["end"] in ("answered", "late") and row["command_status"] == 0
