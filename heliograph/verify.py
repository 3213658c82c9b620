"""Compares what the sandboxes accepted with what was published: the judgement, pure.

A segment is known by our message_id and segment number, which the sandbox reads from a vendor TLV:
so neither side's word is taken for the other's.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from pipeline.ids import MessageId
from pipeline.records import Dlr, Mo, MtEvent, MtSubmitted

Segment = tuple[str, int]  # message_id, segment
REPEATS = frozenset({"duplicate", "payload_mismatch"})


@dataclass(slots=True)
class Evidence:
    """What was published, and what the carriers' ledgers hold."""

    requests: Counter[MessageId] = field(default_factory=Counter)  # by message_id
    events: dict[str, MtEvent] = field(default_factory=dict)  # by event_id: a repeat is one event
    submitted: list[MtSubmitted] = field(default_factory=list)
    receipts: list[Dlr] = field(default_factory=list)
    mo: dict[str, Mo] = field(default_factory=dict)  # by mo_id
    ledger: Counter[Segment] = field(default_factory=Counter)  # accepted writes per segment


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came out; `faults` has one sentence each, at most a few examples."""

    requested: int
    duplicate_requests: int
    outcomes: Mapping[str, int]
    segments: int
    lost: int
    duplicated: int
    receipts_joined: int
    receipts_orphaned: int
    mo_received: int
    faults: tuple[str, ...]

    @property
    def is_good(self) -> bool:
        """Every request has its one outcome, nothing is lost, nothing doubled beyond the bound."""
        return not self.faults


def judge(evidence: Evidence, duplicates_max: int = 0) -> Verdict:
    """The verdict on a finished run, which may have doubled `duplicates_max` segments."""
    terminal = Counter(e.message_id for e in evidence.events.values() if e.terminal)
    repeats = Counter(e.message_id for e in evidence.events.values() if e.event in REPEATS)
    accepted = {(s.message_id, s.segment) for s in evidence.submitted if s.outcome == "accepted"}
    told = accepted | {
        (s.message_id, s.segment) for s in evidence.submitted if s.outcome == "unknown"
    }
    without_outcome = {m for m in evidence.requests if not terminal[m]}
    not_in_ledger = accepted - evidence.ledger.keys()
    not_told = evidence.ledger.keys() - told
    twice = {segment: n - 1 for segment, n in evidence.ledger.items() if n > 1}
    many = {m for m, n in terminal.items() if n > 1}
    unanswered = {
        m for m, n in evidence.requests.items() if terminal[m] and terminal[m] + repeats[m] != n
    }
    doubled = sum(twice.values())
    faults = [
        _fault("requests have no outcome", without_outcome),
        _fault("segments were published as accepted, but no carrier has them", not_in_ledger),
        _fault("segments were accepted by a carrier, but nothing says so", not_told),
        _fault("segments were accepted more than once", twice if doubled > duplicates_max else ()),
        _fault("messages have several outcomes", many),
        _fault("messages have not one event for each of their requests", unanswered - many),
    ]
    return Verdict(
        requested=evidence.requests.total(),
        duplicate_requests=repeats.total(),
        outcomes=dict(Counter(e.state for e in evidence.events.values() if e.terminal)),
        segments=evidence.ledger.total(),
        lost=len(without_outcome) + len(not_in_ledger) + len(not_told),
        duplicated=doubled,
        receipts_joined=sum(dlr.message_id is not None for dlr in evidence.receipts),
        receipts_orphaned=sum(dlr.message_id is None for dlr in evidence.receipts),
        mo_received=len(evidence.mo),
        faults=tuple(fault for fault in faults if fault),
    )


def _fault(sentence: str, found: Iterable[object]) -> str:
    cases = list(found)
    examples = ", ".join(str(case) for case in cases[:3])
    return f"{len(cases)} {sentence}, for example {examples}" if cases else ""
