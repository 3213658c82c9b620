"""Compares what the sandboxes' ledgers hold with what was published: the judgement, pure.

One row an invariant, in the order in which they are told. Each looks at the same evidence and says
with what figures it holds, or which cases break it, by message_id.
"""

import math
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain
from typing import NamedTuple

from heliograph.tallies import Evidence, Receipt, Segment
from smpp.values import MessageState

EXAMPLES_MAX = 3
RATE_ALLOWANCE = 0.01  # of scheduling noise: what was paced evenly may be read in bursts


@dataclass(frozen=True, slots=True)
class Bounds:
    """What a run is allowed."""

    duplicates_max: int = 0
    clock_slack_ms: float = 0


class Found(NamedTuple):
    """What one row found: figures, the cases that are wrong, and why it could not judge all."""

    figures: str
    wrong: Iterable[str] = ()
    unjudged: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """One invariant: whether it holds (None: not judged), with what figures, and examples."""

    invariant: str
    holds: bool | None
    sentence: str
    examples: tuple[str, ...] = ()

    def __str__(self) -> str:
        verdict = {True: "ok", False: "FAIL", None: "not judged"}[self.holds]
        examples = f"; {'; '.join(self.examples)}" if self.examples else ""
        return f"{self.invariant:<7} {verdict:<11} {self.sentence}{examples}"


@dataclass(frozen=True, slots=True)
class Verdict:
    """What came out: the findings, and figures for a report."""

    findings: tuple[Finding, ...]
    requested: int
    duplicate_requests: int
    outcomes: Mapping[str, int]
    segments: int
    lost: int
    duplicated: int
    receipts_joined: int
    receipts_orphaned: int
    mo_received: int

    @property
    def faults(self) -> tuple[str, ...]:
        """The findings that do not hold, a line each."""
        return tuple(str(finding) for finding in self.findings if finding.holds is False)

    @property
    def is_good(self) -> bool:
        """Nothing that could be judged is wrong."""
        return not self.faults


def judge(evidence: Evidence, bounds: Bounds = Bounds()) -> Verdict:
    """The verdict on a run that is at rest, which may have done what `bounds` allow."""
    lost = chain(_without_outcome(evidence), _never_taken(evidence), _never_told(evidence))
    return Verdict(
        findings=tuple(_finding(*row, evidence, bounds) for row in ROWS),
        requested=sum(message.requests for message in evidence.messages.values()),
        duplicate_requests=sum(message.repeats for message in evidence.messages.values()),
        outcomes=dict(evidence.outcomes),
        segments=sum(segment.taken for segment in evidence.segments.values()),
        lost=sum(1 for _ in lost),
        duplicated=_duplicated(evidence),
        receipts_joined=evidence.receipts_joined,
        receipts_orphaned=evidence.receipts_orphaned,
        mo_received=evidence.mo_received,
    )


def _finding(name: str, promise: str, row: "Look", evidence: Evidence, bounds: Bounds) -> Finding:
    found = row(evidence, bounds)
    count, examples = 0, []
    for case in found.wrong:
        count += 1
        if count <= EXAMPLES_MAX:
            examples.append(case)
    parts = [found.figures, f"{count} wrong" if count else "", found.unjudged]
    sentence = f"{promise}: {', '.join(part for part in parts if part)}"
    holds = False if count else None if found.unjudged else True
    return Finding(name, holds, sentence, tuple(examples))


# --- the ledgers themselves -------------------------------------------------------------------


def _complete(evidence: Evidence, _: Bounds) -> Found:
    return Found("" if evidence.incomplete else "nothing was left out", evidence.incomplete)


# --- messages and segments --------------------------------------------------------------------


def _one_outcome(evidence: Evidence, _: Bounds) -> Found:
    asked = sum(1 for message in evidence.messages.values() if message.requests)
    repeats = sum(message.repeats for message in evidence.messages.values())
    wrong = chain(_without_outcome(evidence), _several_outcomes(evidence), _unanswered(evidence))
    return Found(f"{asked:,} messages, {repeats:,} repeats refused", wrong)


def _without_outcome(evidence: Evidence) -> Iterator[str]:
    for message_id, message in evidence.messages.items():
        if message.requests and not message.outcomes:
            yield f"{message_id} has no outcome"


def _several_outcomes(evidence: Evidence) -> Iterator[str]:
    for message_id, message in evidence.messages.items():
        if message.outcomes > 1:
            yield f"{message_id} has {message.outcomes} outcomes"


def _unanswered(evidence: Evidence) -> Iterator[str]:
    for message_id, message in evidence.messages.items():
        answers = message.outcomes + message.repeats
        if message.requests and message.outcomes == 1 and answers != message.requests:
            yield f"{message_id} was asked for {message.requests} times and answered {answers}"


def _accepted_is_taken(evidence: Evidence, _: Bounds) -> Found:
    accepted = sum(1 for segment in evidence.segments.values() if segment.accepted)
    unseen = ", ".join(f"{name} ({count:,})" for name, count in evidence.unseen.items())
    unjudged = f"connectors without a ledger: {unseen}" if unseen else ""
    return Found(f"{accepted:,} segments", _never_taken(evidence), unjudged)


def _never_taken(evidence: Evidence) -> Iterator[str]:
    for segment in evidence.segments.values():
        if segment.accepted and not segment.taken:
            yield f"{segment.own_id} is in no ledger"


def _taken_is_told(evidence: Evidence, _: Bounds) -> Found:
    taken = sum(1 for segment in evidence.segments.values() if segment.taken)
    return Found(f"{taken:,} segments", _never_told(evidence))


def _never_told(evidence: Evidence) -> Iterator[str]:
    for segment in evidence.segments.values():
        if segment.taken and not (segment.accepted or segment.is_unknown):
            yield f"{segment.own_id} was taken, and nothing says so"


def _duplicates(evidence: Evidence, bounds: Bounds) -> Found:
    doubled = _duplicated(evidence)
    wrong = (
        f"{segment.own_id} was taken {segment.taken} times"
        for segment in evidence.segments.values()
        if _again(segment)
    )
    figures = f"{doubled:,} duplicates, at most {bounds.duplicates_max:,} allowed"
    return Found(figures, wrong if doubled > bounds.duplicates_max else ())


def _duplicated(evidence: Evidence) -> int:
    return sum(map(_again, evidence.segments.values()))


def _again(segment: Segment) -> int:
    """How often a segment was taken more than once on each of its ways."""
    return max(0, segment.taken - max(1, segment.hops.bit_count()))


def _in_time(evidence: Evidence, bounds: Bounds) -> Found:
    slack_ms = bounds.clock_slack_ms
    dated = [s for s in evidence.segments.values() if s.taken and s.deadline_ms is not None]
    late = ((s, s.read_ms - (s.deadline_ms or 0)) for s in dated)
    wrong = (f"{s.own_id} came {ms:.0f} ms late" for s, ms in late if ms > slack_ms)
    return Found(f"{len(dated):,} segments, clock slack {slack_ms:g} ms", wrong)


# --- contracts --------------------------------------------------------------------------------


def _within_contract(evidence: Evidence, _: Bounds) -> Found:
    if not evidence.contracts:
        return Found("", unjudged="no connector belongs to an account of these ledgers")
    figures, wrong = [], []
    for account, contract in sorted(evidence.contracts.items()):
        name = "/".join(account)
        rate, binds = evidence.rates[account].peak, evidence.binds_peak[account]
        rate_max = int(math.ceil(contract.rate_per_s) * (1 + RATE_ALLOWANCE))
        figures.append(
            f"{name} {rate:,} of {contract.rate_per_s:,g} in the fullest second, "
            f"{binds} of {contract.binds} binds"
        )
        if rate > rate_max:
            wrong.append(f"{name}: {rate:,} segments in one second, {rate_max:,} allowed")
        if binds > contract.binds:
            wrong.append(f"{name}: {binds} binds at a time, {contract.binds} allowed")
    return Found(", ".join(figures), wrong)


# --- what came from the carriers --------------------------------------------------------------


def _nothing_acked_is_lost(evidence: Evidence, _: Bounds) -> Found:
    receipts = sum(receipt.acked for receipt in evidence.receipts.values())
    alone = (own for receipt in evidence.receipts.values() for own in _not_joined(receipt))
    hopeless = sum(map(_is_hopeless, alone))
    figures = f"{receipts:,} receipts, {evidence.parts_acked.total():,} parts of MO"
    if hopeless:
        figures += f", {hopeless:,} not joined, of segments whose answer never came"
    wrong = (_lost_receipts(evidence), _told_otherwise(evidence), _lost_mo(evidence))
    return Found(figures, chain.from_iterable(wrong))


def _lost_receipts(evidence: Evidence) -> Iterator[str]:
    for name, receipt in evidence.receipts.items():
        its = f"its receipt {name.partition('|')[2]}"
        own_id = receipt.owners[0].own_id if receipt.owners else "an unknown segment"
        if receipt.raw < receipt.acked:
            yield f"{own_id}: {its} was acked, and is not in the raw topic"
        elif receipt.told > receipt.raw:
            yield f"{own_id}: {its} came {receipt.raw} times and was told {receipt.told} times"
        else:
            lost = (own for own in _not_joined(receipt) if not _is_hopeless(own))
            yield from (f"{own.own_id}: {its} was not joined" for own in lost)
        for other in _strangers(receipt):
            yield f"{own_id}: {its} was mis-joined to {other.own_id}"


def _strangers(receipt: Receipt) -> list[Segment]:
    """Segments that a receipt was joined to, and that are not its own."""
    return [one for one in receipt.joined if receipt.owners and one not in receipt.owners]


def _not_joined(receipt: Receipt) -> Sequence[Segment]:
    """Segments that a receipt taken from the carrier should have found, and has not."""
    if receipt.acked and not _strangers(receipt):
        alone = [own for own in receipt.owners if own not in receipt.joined]
        if alone:
            return alone
    return receipt.owners if receipt.orphans else ()


def _is_hopeless(segment: Segment) -> bool:
    """Whether an answer of the carrier was lost, and with it the id: such a receipt may find its
    segment by what else it says, and need not."""
    return segment.taken > segment.accepted


def _told_otherwise(evidence: Evidence) -> Iterator[str]:
    """Segments of which something was told that no receipt of theirs says, or two ends of a way."""
    for segment in evidence.segments.values():
        if segment.reported and segment.told & ~segment.reported:
            names = [s.name for s in MessageState if segment.told & ~segment.reported & 1 << s]
            yield f"{segment.own_id} was told as {', '.join(names)}, and no receipt of it says so"
        if segment.finals > max(1, segment.hops.bit_count()):
            yield f"{segment.own_id} has {segment.finals} final receipts"


def _lost_mo(evidence: Evidence) -> Iterator[str]:
    for (ledger, sender, receiver), acked in evidence.parts_acked.items():
        if (raw := evidence.parts_raw[ledger, sender, receiver]) < acked:
            yield f"MO on {ledger}: {acked} parts to {receiver} were acked, {raw} in the raw topic"
    whole: Counter[tuple[str, str, str, int]] = Counter()
    for (ledger, _, number), inbound in evidence.inbound.items():
        parts = inbound.kind[3]
        whole[inbound.kind] += inbound.acked == (1 << parts) - 1
        if whole[inbound.kind] > evidence.mo[inbound.kind]:
            yield f"MO {number} on {ledger}: {parts} parts were acked, and no whole MO came of it"


# --- the rest ---------------------------------------------------------------------------------


def _no_leaks(evidence: Evidence, _: Bounds) -> Found:
    leaks = evidence.leaks
    if leaks is None:
        return Found("", unjudged="no --logs")
    figures = f"{leaks.canaries:,} looked for in {leaks.places:,} places, {leaks.found:,} found"
    return Found(figures, leaks.examples)


def _no_lag(evidence: Evidence, _: Bounds) -> Found:
    lag = evidence.lag
    if lag is None:
        return Found("", unjudged="no groups were asked")
    behind = (f"{group} has {count:,} to read" for group, count in lag.items() if count)
    return Found(f"{len(lag)} groups", behind)


Look = Callable[[Evidence, Bounds], Found]
ROWS: tuple[tuple[str, str, Look], ...] = (
    ("ledgers", "the ledgers are complete, or all below is no evidence", _complete),
    ("L1", "every message has exactly one outcome", _one_outcome),
    ("L2", "what was published as accepted is in a ledger", _accepted_is_taken),
    ("L3", "what is in a ledger was published as accepted or unknown", _taken_is_told),
    ("L4", "no segment was taken twice on its way", _duplicates),
    ("L5", "no segment was taken after its deadline", _in_time),
    ("L6", "rates and binds were kept", _within_contract),
    ("L7", "what was acked is kept, and joined once to its own message", _nothing_acked_is_lost),
    ("L8", "no number, text or secret in logs and metrics", _no_leaks),
    ("L9", "nothing waits to be read", _no_lag),
)
