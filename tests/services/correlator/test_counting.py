"""What becomes of receipts is counted by connector and told window by window."""

from typing import Any

from pipeline.config import Config, ProfileConfig
from pipeline.effects import Effect, Publish
from pipeline.records import ConnectorReceipts
from services.correlator.core import Correlator, HandsetFact
from services.correlator.counting import CountingCorrelator, Windows
from services.correlator.learning import PAIRS_MIN
from tests.services.correlator.builders import (
    CONFIG,
    DAY_MS,
    FAR,
    FAST,
    NOW_MS,
    OWN,
    Handset,
    accepted,
    connector,
    dlrs,
    receipt,
)

WINDOW_MS = 60_000
CUTOVER = Config(
    dev=True,
    profiles={"new": ProfileConfig(cutover_until="2026-09-22", zone="Europe/Stockholm")},
    connectors={"fast": connector("new")},
)


class Counted(Handset):
    """A handset whose receipts are counted."""

    def __init__(self, config: Config = CONFIG) -> None:
        super().__init__(config)
        self.rows: list[ConnectorReceipts] = []
        windows = Windows("correlator-0", WINDOW_MS)
        own = Correlator(config, OWN, lambda: 0.0, windows)
        self.correlator = CountingCorrelator(own, windows, self.rows.append)

    def close(self) -> list[Effect]:
        return self.tell(accepted("end", "end", submitted_ms=1), after_ms=WINDOW_MS)


def counts(row: ConnectorReceipts) -> dict[str, Any]:
    names = ("receipts", "parked", "orphans", "repaired", "foreign", "repeats", "collisions")
    found = {name: getattr(row, name) for name in (*names, "mismatches")}
    return {name: count for name, count in found.items() if count}


def test_a_window_says_what_became_of_the_receipts_of_each_connector() -> None:
    handset = Counted()
    handset.tell(accepted("1"), receipt("1"), receipt("1"), receipt("2"))
    handset.tell(accepted("77"), accepted("77", "m2"), receipt("77"))
    handset.tell(accepted("10", connector=FAR), receipt("16", connector=FAR))
    told = handset.close()
    published = [e for e in told if isinstance(e, Publish) and e.topic == "sms.receipt.quality"]
    assert [e.record for e in published] == handset.rows
    assert [e.key for e in published] == ["fast/correlator-0", "far/correlator-0"]
    fast, far = handset.rows
    assert counts(fast) == {"receipts": 4, "parked": 1, "repeats": 1, "collisions": 1}
    assert fast.joined == {"id": 3}
    assert (fast.end_ms - fast.begin_ms, fast.id_in_response) == (WINDOW_MS, "any")
    assert (far.joined, far.id_in_response, far.id_in_receipt) == (
        {"id": 1},
        "hexadecimal",
        "decimal",
    )
    handset.close()
    assert len(handset.rows) == 2


def test_orphans_and_repairs_are_told_in_the_window_in_which_they_happen() -> None:
    handset = Counted()
    handset.tell(receipt("1"))
    handset.close()
    handset.ring("receipt_parked")
    handset.close()
    handset.tell(accepted("1"))
    handset.close()
    assert [counts(row) for row in handset.rows] == [
        {"receipts": 1, "parked": 1},
        {"orphans": 1},
        {"repaired": 1},
    ]


def test_a_wrong_profile_is_a_mismatch_and_what_is_learnt_is_joined_at_once() -> None:
    handset = Counted()
    for number in range(1000, 1000 + PAIRS_MIN):
        handset.tell(accepted(str(number), f"m{number}", connector=FAR))
        handset.tell(receipt(str(number), connector=FAR))
        handset.ring("receipt_parked")
    handset.close()
    assert sum(row.mismatches for row in handset.rows) == PAIRS_MIN
    handset.tell(accepted("2000", "late", connector=FAR))
    (dlr,) = dlrs(handset.tell(receipt("2000", connector=FAR)))
    assert (dlr.message_id, dlr.joined_by) == ("late", "notation")
    handset.close()
    assert handset.rows[-1].learnt == "same"


def test_what_is_learnt_is_tried_first_where_the_profile_says_nothing() -> None:
    handset = Counted()
    for number in range(0x1000, 0x1000 + PAIRS_MIN):
        handset.tell(accepted(f"{number:X}", f"m{number}"), receipt(str(number)))
    handset.tell(accepted("10", "ten"), accepted("16", "sixteen"))
    (dlr,) = dlrs(handset.tell(receipt("16")))
    assert dlr.message_id == "ten"
    handset.close()
    assert [row.learnt for row in handset.rows] == ["hexadecimal_to_decimal"]
    assert handset.rows[0].mismatches == 0


def test_orphans_before_a_cutover_are_foreign() -> None:
    handset = Counted(CUTOVER)
    begin_ms = 1_790_028_000_000  # 2026-09-22 in Stockholm
    handset.tell(receipt("1", received_ms=begin_ms - 1), receipt("2", received_ms=begin_ms))
    orphans = dlrs(handset.ring("receipt_parked"), "sms.dlr.orphan")
    assert [dlr.foreign for dlr in orphans] == [True, False]
    handset.close()
    assert counts(handset.rows[-1]) == {"orphans": 1, "foreign": 1}


def test_during_a_cutover_no_receipt_is_guessed_by_its_addresses() -> None:
    facts: list[HandsetFact] = [accepted("", outcome="unknown", sender="12345"), receipt("1")]
    at, later = Counted(CUTOVER), Counted()
    at.tell(*facts)
    later.tell(*facts)
    assert dlrs(at.ring("receipt_parked")) == []
    assert [dlr.joined_by for dlr in dlrs(later.ring("receipt_parked"))] == ["addresses"]


def test_a_quiet_connector_says_nothing() -> None:
    handset = Counted()
    handset.tell(accepted("1", connector=FAST))
    handset.tell(accepted("2"), after_ms=DAY_MS)
    assert handset.rows == []
    assert handset.state.now_ms == NOW_MS + DAY_MS
