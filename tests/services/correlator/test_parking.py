"""Receipts wait as long as a segment lives; of too many, orphans go first."""

from services.correlator.carriers import Carriers
from services.correlator.parking import PARKED_RECEIPTS_MAX, Parked
from services.correlator.receipts import Receipt, pdu_of, read
from tests.entries import MemoryEntries
from tests.services.correlator.builders import CONFIG, FAST, NOW_MS, receipt

CARRIER = Carriers(CONFIG).of(FAST)


def said(smsc_message_id: str) -> Receipt:
    fact = receipt(smsc_message_id)
    return read(fact, pdu_of(fact), NOW_MS, CARRIER)


def ids(parked: Parked) -> list[str]:
    return [one.receipt.dlr.smsc_message_id for one in parked.waiting]


def test_a_receipt_waits_for_its_life_and_no_longer() -> None:
    state = MemoryEntries()
    state.now_ms = NOW_MS
    assert Parked(state, NOW_MS).add(said("1"), 60)
    assert Parked(state, NOW_MS + 30_000).add(said("2"), 60)
    assert ids(Parked(state, NOW_MS + 59_999)) == ["1", "2"]
    assert ids(Parked(state, NOW_MS + 60_000)) == ["2"]


def test_an_orphan_makes_room_for_a_receipt_that_waits() -> None:
    state = MemoryEntries()
    state.now_ms = NOW_MS
    for number in range(PARKED_RECEIPTS_MAX):
        assert Parked(state, NOW_MS).add(said(str(number)), 60)
    parked = Parked(state, NOW_MS)
    assert not parked.add(said("more"), 60)
    told = [
        type(one)(one.receipt, one.parked_ms, one.until_ms, True) for one in parked.waiting[3:5]
    ]
    parked.keep([*parked.waiting[:3], *told, *parked.waiting[5:]])
    assert Parked(state, NOW_MS).add(said("more"), 60)
    found = ids(Parked(state, NOW_MS))
    assert (len(found), "3" in found, "4" in found, found[-1]) == (16, False, True, "more")


def test_nothing_is_kept_of_what_waits_no_longer() -> None:
    state = MemoryEntries()
    state.now_ms = NOW_MS
    parked = Parked(state, NOW_MS)
    parked.add(said("1"), 60)
    parked.keep([])
    assert state.octets == {}
