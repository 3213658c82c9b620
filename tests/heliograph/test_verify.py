"""The judge finds what is lost, doubled, late, too fast or mis-joined, and nothing else."""

from collections.abc import Callable

import pytest

from heliograph.tallies import Leaks
from heliograph.verify import ROWS, Bounds, Verdict, judge
from pipeline.ids import ConnectorId, MessageId
from pipeline.records import Mo
from tests.builders import REQUESTED_MS, mt_event
from tests.heliograph.runs import RATE_PER_S, Run, bind, change, good

NO_LEAK = Leaks(canaries=10, places=2, found=0, examples=())


def verdict_on(run: Run, bounds: Bounds | None = None) -> Verdict:
    evidence = run.evidence()
    evidence.leaks = NO_LEAK
    return judge(evidence, bounds or Bounds())


def test_a_good_run_holds_every_invariant() -> None:
    verdict = verdict_on(good())
    assert verdict.is_good, verdict.faults
    assert [finding.invariant for finding in verdict.findings] == [row[0] for row in ROWS]
    assert all(finding.holds for finding in verdict.findings)
    assert (verdict.requested, verdict.duplicate_requests, verdict.segments) == (5, 1, 3)
    assert verdict.outcomes == {"delivered": 3, "rejected": 1}
    assert (verdict.lost, verdict.duplicated) == (0, 0)
    assert (verdict.receipts_joined, verdict.mo_received) == (3, 1)


def test_one_lost_one_doubled_and_one_mis_joined_are_all_found_by_name() -> None:
    run = good()
    run.events = [event for event in run.events if event.message_id != "m1"]  # lost on the way
    run.ledger.remove(run.row("segments", 0))
    run.ledger.append(run.row("segments", 0))  # m2, which is now the first
    run.receipts[2] = change(run.receipts[2], message_id=MessageId("m2"))  # of m3
    verdict = verdict_on(run)
    found = {f.invariant: f.examples for f in verdict.findings if f.holds is False}
    assert found == {
        "L1": ("m1 has no outcome",),
        "L2": ("m1|1 is in no ledger",),
        "L4": ("m2|1 was taken 2 times",),
        "L7": ("m3|1: its receipt 903 was mis-joined to m2|1", "m2|1 has 2 final receipts"),
    }
    assert (verdict.lost, verdict.duplicated) == (2, 1)


def lose_an_outcome(run: Run) -> None:
    run.events.pop()


def end_twice(run: Run) -> None:
    run.events.append(mt_event("bad", event="receipt", state="delivered", terminal=True))


def forget_a_repeat(run: Run) -> None:
    run.requests.append("m2")


def lose_a_segment(run: Run) -> None:
    run.ledger.remove(run.row("segments", 1))


def tell_nothing(run: Run) -> None:
    del run.submitted[1]


def take_late(run: Run) -> None:
    run.row("segments", 1)["read_ms"] = run.submitted[1].deadline_ms + 5


def send_too_fast(run: Run) -> None:
    refused = {**run.row("segments", 0), "command_status": 0x58, "read_ms": REQUESTED_MS + 40}
    run.ledger += [refused] * (RATE_PER_S - 2)


def bind_too_often(run: Run) -> None:
    run.ledger += [bind(3), bind(4)]


def lose_an_acked_receipt(run: Run) -> None:
    del run.raw[1]


def orphan_a_receipt(run: Run) -> None:
    run.receipts[1] = change(run.receipts[1], message_id=None, segment=None)


def park_a_receipt(run: Run) -> None:
    del run.receipts[1]


def tell_a_receipt_twice(run: Run) -> None:
    run.receipts.append(change(run.receipts[1], repeat=True))


def end_a_segment_twice(run: Run) -> None:
    run.raw.append(run.raw[1])
    run.receipts.append(run.receipts[1])


def tell_another_state(run: Run) -> None:
    run.receipts[1] = change(run.receipts[1], state="EXPIRED")


def join_both_to_the_first(run: Run) -> None:
    give_an_id_again(run)
    run.receipts[1] = change(run.receipts[1], message_id=MessageId("m1"), repeat=True)


def join_crosswise(run: Run) -> None:
    give_an_id_again(run)
    run.row("receipts", 1)["state"] = "EXPIRED"
    run.receipts[0] = change(run.receipts[0], state="EXPIRED")


def lose_a_part_of_an_mo(run: Run) -> None:
    run.raw.pop()


def publish_a_partial_mo(run: Run) -> None:
    run.mo[0] = change(run.mo[0], complete=False, parts=1)


def leave_work(run: Run) -> None:
    run.lag["router"] = 3


def fill_the_ledger(run: Run) -> None:
    run.ledger[-1]["faults"] = ["ledger full: 5 segments not recorded"]


@pytest.mark.parametrize(
    ("harm", "invariant", "words"),
    [
        (lose_an_outcome, "L1", "bad has no outcome"),
        (end_twice, "L1", "bad has 2 outcomes"),
        (forget_a_repeat, "L1", "m2 was asked for 2 times and answered 1"),
        (lose_a_segment, "L2", "m2|1 is in no ledger"),
        (tell_nothing, "L3", "m2|1 was taken, and nothing says so"),
        (take_late, "L5", "m2|1 came 5 ms late"),
        (send_too_fast, "L6", "11 segments in one second, 10 allowed"),
        (bind_too_often, "L6", "3 binds at a time, 2 allowed"),
        (lose_an_acked_receipt, "L7", "m2|1: its receipt 902 was acked, and is not in the raw"),
        (orphan_a_receipt, "L7", "m2|1: its receipt 902 was not joined"),
        (park_a_receipt, "L7", "m2|1: its receipt 902 was not joined"),
        (tell_a_receipt_twice, "L7", "m2|1: its receipt 902 came 1 times and was told 2 times"),
        (end_a_segment_twice, "L7", "m2|1 has 2 final receipts"),
        (tell_another_state, "L7", "m2|1 was told as EXPIRED, and no receipt of it says so"),
        (join_both_to_the_first, "L7", "m2|1: its receipt 901 was not joined"),
        (join_crosswise, "L7", "m1|1 was told as EXPIRED, and no receipt of it says so"),
        (lose_a_part_of_an_mo, "L7", "2 parts to 12345 were acked, 1 in the raw topic"),
        (publish_a_partial_mo, "L7", "MO 1 on fast: 2 parts were acked, and no whole MO"),
        (leave_work, "L9", "router has 3 to read"),
        (fill_the_ledger, "ledgers", "fast: ledger full: 5 segments not recorded"),
    ],
)
def test_each_harm_is_found_by_its_invariant(
    harm: Callable[[Run], None], invariant: str, words: str
) -> None:
    run = good()
    harm(run)
    verdict = verdict_on(run)
    assert not verdict.is_good
    (finding,) = [finding for finding in verdict.findings if finding.holds is False]
    assert finding.invariant == invariant
    assert words in str(finding)


def take_with_slack(run: Run) -> Bounds:
    take_late(run)
    return Bounds(clock_slack_ms=5)


def double_within_the_bound(run: Run) -> Bounds:
    run.ledger += [run.row("segments", 0)] * 2
    return Bounds(duplicates_max=2)


def publish_again(run: Run) -> Bounds:
    run.events *= 2
    run.mo *= 2
    return Bounds()


def get_no_answer(run: Run) -> Bounds:
    """An answer is lost and the segment sent again: the first id is known to nobody here."""
    run.ledger.append(run.row("segments", 1))
    run.ledger.append({**run.row("receipts", 1), "smsc_message_id": "999"})
    run.raw.append((run.raw[1][0], "999"))
    run.receipts.append(
        change(run.receipts[1], smsc_message_id="999", message_id=None, segment=None)
    )
    return Bounds(duplicates_max=1)


def repair_an_orphan(run: Run) -> Bounds:
    joined = run.receipts[1]
    orphan = change(joined, message_id=None, segment=None)
    run.receipts[1:2] = [orphan, change(joined, repaired=True)]
    return Bounds()


def give_an_id_again(run: Run) -> Bounds:
    """To another message, after a restart."""
    run.row("receipts", 1)["smsc_message_id"] = "901"
    run.raw[1] = (run.raw[1][0], "901")
    run.receipts[1] = change(run.receipts[1], smsc_message_id="901")
    return Bounds()


def swap_addresses(run: Run) -> Bounds:
    row = run.row("receipts", 1)
    row["source_addr"], row["destination_addr"] = row["destination_addr"], row["source_addr"]
    return Bounds()


def leave_addresses_out(run: Run) -> Bounds:
    """What the binder makes of nothing is no number."""
    run.row("receipts", 1)["source_addr"] = ""
    deliver, smsc_message_id = run.raw[1]
    run.raw[1] = (change(deliver, handset="none-1", source_addr=""), smsc_message_id)
    return Bounds()


def give_up(run: Run) -> Bounds:
    run.submitted[0] = change(run.submitted[0], outcome="unknown")
    return Bounds()


def refuse_a_receipt(run: Run) -> Bounds:
    """Not acked: it is the carrier's still."""
    run.row("receipts", 1).update(command_status=0x14)
    del run.receipts[1], run.raw[1]
    return Bounds()


def ask_for_a_part_that_never_came(run: Run) -> Bounds:
    run.ledger.remove(run.row("mo", 0))
    run.mo.clear()
    return Bounds()


def pace_to_the_last(run: Run) -> Bounds:
    refused = {**run.row("segments", 0), "command_status": 0x58, "read_ms": REQUESTED_MS + 40}
    run.ledger += [refused] * (RATE_PER_S - 3)
    return Bounds()


@pytest.mark.parametrize(
    "allow",
    [
        take_with_slack,
        double_within_the_bound,
        publish_again,
        get_no_answer,
        repair_an_orphan,
        give_an_id_again,
        swap_addresses,
        leave_addresses_out,
        give_up,
        refuse_a_receipt,
        ask_for_a_part_that_never_came,
        pace_to_the_last,
    ],
)
def test_what_may_happen_is_no_fault(allow: Callable[[Run], Bounds]) -> None:
    run = good()
    bounds = allow(run)
    verdict = verdict_on(run, bounds)
    assert verdict.is_good, verdict.faults


@pytest.mark.parametrize(("copies", "orphans", "is_good"), [(1, 0, True), (2, 1, False)])
def test_an_orphan_is_one_until_it_is_repaired(copies: int, orphans: int, is_good: bool) -> None:
    run = good()
    repair_an_orphan(run)
    run.receipts += [run.receipts[1]] * (copies - 1)
    verdict = verdict_on(run)
    assert (verdict.receipts_orphaned, verdict.is_good) == (orphans, is_good)


def test_duplicates_above_their_bound_are_a_fault() -> None:
    run = good()
    double_within_the_bound(run)
    assert not verdict_on(run, Bounds(duplicates_max=1)).is_good


def test_what_could_not_be_judged_is_said_aloud_and_is_no_fault() -> None:
    run = good()
    run.submitted.append(change(run.submitted[0], connector=ConnectorId("other")))
    evidence = run.evidence()
    evidence.lag = None
    evidence.contracts.clear()
    verdict = judge(evidence)
    unjudged = {f.invariant: str(f) for f in verdict.findings if f.holds is None}
    assert unjudged.keys() == {"L2", "L6", "L8", "L9"}
    assert all("not judged" in line for line in unjudged.values())
    assert "connectors without a ledger: other (1)" in unjudged["L2"]
    assert "no --logs" in unjudged["L8"]
    assert verdict.is_good


def test_an_mo_lost_by_the_second_life_of_a_sandbox_is_not_taken_for_the_firsts() -> None:
    run = good()
    run.ledger += [row for row in run.ledger if row["journal"] in ("mo", "statistics")]
    run.raw *= 2
    finding = verdict_on(run).findings[7]
    assert finding.examples == ("MO 1 on fast: 2 parts were acked, and no whole MO came of it",)


def test_a_leak_is_a_fault() -> None:
    evidence = good().evidence()
    evidence.leaks = Leaks(10, 2, 1, ("router-0.log line 7 shows a number",))
    (fault,) = judge(evidence).faults
    assert fault.startswith("L8      FAIL")
    assert "router-0.log line 7 shows a number" in fault


def test_at_most_three_examples_are_told_of_many() -> None:
    run = good()
    run.requests += [f"x{number}" for number in range(50)]
    finding = verdict_on(run).findings[1]
    assert finding.examples == tuple(f"x{number} has no outcome" for number in range(3))
    assert "50 wrong" in finding.sentence


def test_a_record_of_the_ledger_that_has_no_own_id_counts_for_its_rate_only() -> None:
    run = good()
    run.ledger.append({**run.row("segments", 0), "message_id": None, "segment": None})
    assert verdict_on(run).segments == 3


def test_an_mo_is_counted_once_however_often_it_is_published() -> None:
    run = good()
    again: Mo = change(run.mo[0], published_ms=REQUESTED_MS + 1)
    run.mo.append(again)
    assert verdict_on(run).mo_received == 1


def test_a_segment_that_took_another_way_is_no_duplicate_and_one_more_is() -> None:
    run = good()
    row = run.row("segments", 0)
    run.submitted.append(change(run.submitted[0], hop=1, smsc_message_id="911"))
    run.ledger.append({**row, "smsc_message_id": "911"})
    assert verdict_on(run).duplicated == 0
    run.ledger.append(row)
    assert verdict_on(run).duplicated == 1
    assert not verdict_on(run).is_good
