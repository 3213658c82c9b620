"""Receipts wait as long as a segment lives; what has no room at hand is found by its id."""

from random import Random
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from pipeline.effects import PublishLater
from pipeline.records import Tlv, Wake
from services.correlator.carriers import Carriers
from services.correlator.ids import Notation, forms
from services.correlator.matching import sure
from services.correlator.parking import (
    AT_HAND,
    OF_AN_ID_MAX,
    PARKED_RECEIPTS_MAX,
    Parked,
    Placed,
    place_of,
    places_for,
)
from services.correlator.receipts import Receipt, pdu_of, read
from services.correlator.segments import Segments
from tests.entries import MemoryEntries
from tests.services.correlator.builders import (
    CONFIG,
    FAR,
    FAST,
    HANDSET,
    NOW_MS,
    OWN,
    Handset,
    accepted,
    dlrs,
    receipt,
)
from tests.services.correlator.test_segments import row

CARRIERS = Carriers(CONFIG)
REFERENCE = Tlv(tag=0x0204, value=b"\x12\x34")
LIFE_S = 60


def said(smsc_message_id: str, connector: str = FAST, *tlvs: Tlv) -> Receipt:
    fact = receipt(smsc_message_id, connector=connector, tlvs=tlvs)
    return read(fact, pdu_of(fact), NOW_MS, CARRIERS.of(fact.connector))


def opened(state: MemoryEntries, after_ms: int = 0) -> Parked:
    state.now_ms = NOW_MS + after_ms
    return Parked(state, CARRIERS, state.now_ms)


def ids(placed: list[Placed]) -> list[str]:
    return [one.receipt.dlr.smsc_message_id for _, one in placed]


def filled() -> MemoryEntries:
    state = MemoryEntries()
    for number in range(100, 100 + PARKED_RECEIPTS_MAX):
        assert opened(state).add(said(str(number)), LIFE_S, 0.0) == AT_HAND
    return state


def tell_orphans(state: MemoryEntries, *chosen: str, places: tuple[str, ...] = ()) -> None:
    """Those with these ids have been published."""
    parked = opened(state)
    found = parked.found(places)
    is_chosen = [name in chosen for name in ids(found)]
    pairs = zip(found, is_chosen, strict=True)
    parked.keep([(where, replace(one, is_told=one.is_told or own)) for (where, one), own in pairs])


def test_a_receipt_waits_for_its_life_and_no_longer() -> None:
    state = MemoryEntries()
    assert opened(state).add(said("1"), LIFE_S, 0.0) == AT_HAND
    assert opened(state, 30_000).add(said("2"), LIFE_S, 0.0) == AT_HAND
    assert ids(opened(state, 59_999).found()) == ["1", "2"]
    assert ids(opened(state, 60_000).found()) == ["2"]
    assert ids(opened(state, 90_000).found()) == []


def test_what_has_no_room_at_hand_is_found_at_its_place_as_long() -> None:
    state = filled()
    assert opened(state, 1000).add(said("0A1B"), LIFE_S, 0.0) == "fast|a1b"
    assert "a1b" not in "".join(ids(opened(state, 1000).found()))
    found = opened(state, 60_999).found(["fast|a1b", "fast|other"])
    assert [(where, one.is_told) for where, one in found] == [("fast|a1b", False)]
    assert opened(state, 61_000).found(["fast|a1b"]) == []


def test_those_of_one_id_come_the_oldest_first_wherever_they_wait() -> None:
    state = filled()
    opened(state, 1).add(said("77"), LIFE_S, 0.0)
    parked = opened(state, 2)
    parked.keep(parked.found()[1:])
    assert opened(state, 3).add(said("77", FAST, REFERENCE), LIFE_S, 0.0) == AT_HAND
    found = opened(state, 4).found(["fast|77"])
    assert [where for where, _ in found] == [AT_HAND] * 15 + ["fast|77", AT_HAND]


def test_an_orphan_makes_room_and_is_still_found() -> None:
    state = filled()
    tell_orphans(state, "100", "101")
    assert opened(state, 5).add(said("more"), LIFE_S, 0.0) == AT_HAND
    found = opened(state, 6).found(["fast|100"])
    where = {one.receipt.dlr.smsc_message_id: (place, one.is_told) for place, one in found}
    assert where["100"] == ("fast|100", True)
    assert [where[name] for name in ("101", "102", "more")] == [
        (AT_HAND, True),
        (AT_HAND, False),
        (AT_HAND, False),
    ]


def test_of_one_id_no_more_wait_than_an_entry_may_hold_and_orphans_go_first() -> None:
    state = filled()
    places = [
        opened(state, at_ms).add(said("77"), LIFE_S, 0.0) for at_ms in range(OF_AN_ID_MAX + 1)
    ]
    assert places == ["fast|77"] * OF_AN_ID_MAX + [None]
    tell_orphans(state, "77", places=("fast|77",))
    assert opened(state, 100).add(said("77"), LIFE_S, 0.0) == "fast|77"
    found = opened(state, 101).found(["fast|77"])[PARKED_RECEIPTS_MAX:]
    assert [one.parked_ms - NOW_MS for _, one in found] == [*range(1, OF_AN_ID_MAX), 100]


def test_nothing_is_kept_of_what_waits_no_longer() -> None:
    state = MemoryEntries()
    opened(state).add(said("1"), LIFE_S, 0.0)
    parked = opened(state)
    parked.found()
    parked.keep([])
    assert state.octets == {}
    state = filled()
    opened(state).add(said("77"), LIFE_S, 0.0)
    parked = opened(state)
    parked.found(["fast|77"])
    parked.keep([])
    assert set(state.octets) == {"parked"}
    assert opened(state, 60_000).found(["fast|77"]) == []


def test_what_has_not_changed_is_not_written() -> None:
    state = filled()
    opened(state).add(said("77"), LIFE_S, 0.0)
    before = {name: (octets, NOW_MS + 77) for name, (octets, _) in state.octets.items()}
    state.octets = dict(before)
    parked = opened(state)
    parked.keep(parked.found(["fast|77"]))
    assert state.octets == before


@pytest.mark.parametrize(
    ("smsc_message_id", "connector", "tlvs", "place"),
    [
        ("0A1B", "fast", (), "fast|a1b"),
        ("0439041101", "far", (), "far|439041101"),
        ("77", "twin", (REFERENCE,), "carrier|77"),
        ("", "echo", (REFERENCE,), "echo|#4660"),
    ],
)
def test_a_place_is_that_of_the_carrier_s_id_or_of_our_reference(
    smsc_message_id: str, connector: str, tlvs: tuple[Tlv, ...], place: str
) -> None:
    fact = said(smsc_message_id, connector, *tlvs)
    assert place_of(fact, CARRIERS.of(fact.dlr.connector)) == place


IDS = st.one_of(
    st.integers(0, 2**66).map(str),
    st.integers(0, 2**66).map("{:x}".format),
    st.integers(0, 300).map("{:06X}".format),
    st.integers(0, 300).map("{:03d}".format),
    st.text("0123456789abcdefxyz-", min_size=1, max_size=6),
)


@given(IDS, IDS, st.sampled_from(get_args(Notation)), st.data())
def test_whatever_an_id_joins_its_segment_looks_for_it_there(
    one: str, other: str, notation: Notation, data: st.DataObject
) -> None:
    """A segment is kept under the first form of its id and a receipt asks for all forms of its own;
    where the receipt is kept, it is the other way round."""
    written = data.draw(st.sampled_from([other, *forms(one, notation)]))
    receipt_finds = forms(one, notation)[0] in forms(written, notation)
    segment_finds = forms(written, notation)[0] in forms(one, notation)
    assert receipt_finds == segment_finds


@pytest.mark.parametrize("connector", ["fast", "far", "echo"])
@pytest.mark.parametrize(("response", "in_receipt"), [("1A2B3C4D", "0439041101"), ("10", "16")])
def test_a_segment_looks_where_its_receipt_waits(
    connector: str, response: str, in_receipt: str
) -> None:
    state = MemoryEntries()
    state.now_ms = NOW_MS
    fact = said(in_receipt, connector)
    carrier = CARRIERS.of(fact.dlr.connector)
    mine = row(response, domain=connector, connector=connector)
    segments = Segments(state, CARRIERS, NOW_MS)
    segments.add(mine)
    assert sure(segments, carrier, fact) is not None
    assert place_of(fact, carrier) in places_for(mine, carrier)


class Counted(MemoryEntries):
    """Counts what is asked of it, and how much is written."""

    gets = 0
    written = 0

    def get(self, name: str, kind: Any) -> Any:
        self.gets += 1
        return super().get(name, kind)

    def put(self, name: str, entry: Any, ttl_s: int) -> None:
        super().put(name, entry, ttl_s)
        self.written += len(self.octets[name][0])


EARLY = 1000


def id_of(number: int) -> str:
    return f"a{number:06x}"


def crowded(connector: str = FAST) -> Handset:
    """A number under test whose receipts have all come before their answers."""
    handset, state = Handset(), Counted()
    state.key, state.now_ms = HANDSET, NOW_MS
    handset.state = state
    for number in range(EARLY):
        state.gets = state.written = 0
        effects = handset.tell(receipt(id_of(number), connector=connector), after_ms=1)
        (timer,) = effects
        assert isinstance(timer, PublishLater)
        assert timer.due_ms == state.now_ms + OWN.park_s * 1000
        assert (state.gets <= 8, state.written <= 8000) == (True, True)
    return handset


@pytest.mark.parametrize("connector", [FAST, "plain", "twin"])
def test_of_thousands_of_early_receipts_each_is_joined_when_its_segment_comes(
    connector: str,
) -> None:
    handset = crowded(connector)
    assert isinstance(handset.state, Counted)
    for number in Random(1).sample(range(EARLY), EARLY):
        handset.state.gets = 0
        fact = accepted(id_of(number).upper(), f"m{number}", connector=connector)
        (dlr,) = dlrs(handset.tell(fact))
        assert (dlr.message_id, dlr.smsc_message_id) == (f"m{number}", id_of(number))
        assert (dlr.repaired, dlr.repeat, dlr.joined_by) == (False, False, "id")
        assert handset.state.gets <= 60
    assert handset.ring("receipt_parked") == handset.ring("receipt_timeout") == []
    assert not any(name.startswith("waiting|") for name in handset.state.octets)


def test_of_thousands_of_early_receipts_each_orphan_is_told_in_time_and_once_and_repaired() -> None:
    handset = crowded()
    for number in range(EARLY):
        wake = handset.timers.pop(0).record
        assert isinstance(wake, Wake)
        handset.state.now_ms = wake.set_ms + OWN.park_s * 1000
        (orphan,) = dlrs(handset.tell(wake), "sms.dlr.orphan")
        assert orphan.smsc_message_id == id_of(number)
    for number in range(EARLY):
        (dlr,) = dlrs(handset.tell(accepted(id_of(number), f"m{number}"), after_ms=1))
        assert (dlr.message_id, dlr.repaired) == (f"m{number}", True)


def test_what_had_no_room_at_hand_is_guessed_when_its_time_is_over() -> None:
    handset = Handset()
    handset.tell(*[receipt(f"{number}") for number in range(1000, 1016)])
    handset.tell(receipt("10", connector=FAR))
    assert dlrs(handset.tell(accepted("10", connector=FAR))) == []
    (dlr,) = dlrs(handset.ring("receipt_parked"))
    assert (dlr.message_id, dlr.joined_by) == ("m1", "notation")
