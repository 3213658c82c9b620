"""A receipt finds its segment by its id in any writing, and is guessed where there is no choice."""

from typing import Any

import pytest
from msgspec.structs import replace

from pipeline.config import Config, ProfileConfig
from pipeline.ids import ConnectorId, MessageId
from pipeline.records import Dlr, Tlv
from pipeline.references import reference_of
from services.correlator.carriers import Carriers
from services.correlator.matching import CLOCKS_MS, DOUBT_MS, Match, guessed, sure
from services.correlator.receipts import pdu_of, read
from services.correlator.segments import Row, Segments
from tests.entries import MemoryEntries
from tests.services.correlator.builders import FAST, NOW_MS, connector, receipt, row
from tests.services.correlator.corpus import ANY, DECIMAL, WRITTEN, Written
from tests.smpp.receipts import MET

MINUTE_MS = 60_000
ECHO = ProfileConfig(user_message_reference=True)


def match(
    profile: ProfileConfig, rows: tuple[Row, ...], guess: bool = False, **deliver: Any
) -> Match | None:
    """What a receipt with the fields `deliver` is found to be of, `rows` being known."""
    config = Config(dev=True, profiles={"p": profile}, connectors={"fast": connector("p")})
    carriers = Carriers(config)
    segments = Segments(MemoryEntries(), carriers, NOW_MS)
    for one in rows:
        assert segments.add(one)
        if one.is_final:
            segments.end(one)
    fact = receipt(**deliver)
    carrier = carriers.of(ConnectorId("fast"))
    said = read(fact, pdu_of(fact), NOW_MS, carrier)
    if guess:  # which is made of what has waited
        return guessed(segments, carrier, replace(said, is_fresh=False))
    return sure(segments, carrier, said)


@pytest.mark.parametrize("written", WRITTEN, ids=lambda written: written.where)
def test_each_writing_of_an_id_is_known_in_each_form_of_a_receipt(written: Written) -> None:
    others = (row("77001", "other"), row("ABCDEF01", "another"))
    rows = (*others, row(written.response))
    texts = [met.text.replace(met.message_id, written.receipt) for met in MET if met.message_id]
    assert len(texts) > 40
    for text in texts:
        octets = text.encode("latin-1", "replace")
        found = match(written.profile, rows, short_message=octets)
        guess = match(written.profile, rows, True, short_message=octets)
        if written.way == "id":
            assert found == Match(rows[2], "id"), text
        else:
            assert found is None, text
            assert guess == (Match(rows[2], written.way) if written.way else None), text


@pytest.mark.parametrize(
    ("rows", "is_found"),
    [
        ((row("x4390411012"), row("y4390411012", "m2")), False),
        ((row("x4390411012"), row("z", "m2")), True),
        ((row("x4390411012", domain="far"),), False),
        ((row("x4390411012", submitted_ms=NOW_MS + 2 * CLOCKS_MS),), False),
    ],
)
def test_a_guess_is_made_where_there_is_no_choice(rows: tuple[Row, ...], is_found: bool) -> None:
    found = match(ANY, rows, True, smsc_message_id="4390411012")
    assert (found is not None) == is_found


@pytest.mark.parametrize(
    ("changed", "is_found"),
    [
        ({}, True),
        ({"sender": "+12345"}, True),
        ({"sender": "ACME"}, False),
        ({"smsc_message_id": "99"}, False),
        ({"is_final": True}, False),
        ({"submitted_ms": NOW_MS - DOUBT_MS}, True),
        ({"submitted_ms": NOW_MS - DOUBT_MS - 1}, False),
        ({"submitted_ms": NOW_MS + CLOCKS_MS + 1}, False),
        ({"submitted_ms": None}, True),
    ],
)
def test_a_segment_in_doubt_is_found_by_its_addresses(
    changed: dict[str, Any], is_found: bool
) -> None:
    rows = (Row(**{**{f: getattr(row(""), f) for f in Row.__struct_fields__}, **changed}),)
    found = match(ANY, rows, True, smsc_message_id="4711")
    assert found == (Match(rows[0], "addresses") if is_found else None)
    assert match(ANY, rows, smsc_message_id="4711") is None


def test_of_two_segments_in_doubt_none_is_taken() -> None:
    assert match(ANY, (row(""), row("", "m2")), True, smsc_message_id="4711") is None


@pytest.mark.parametrize(
    ("profile", "number", "way"),
    [
        (ECHO, reference_of(MessageId("m1"), 1), "reference"),
        (ECHO, reference_of(MessageId("m1"), 2), None),
        (ANY, reference_of(MessageId("m1"), 1), None),
    ],
)
def test_our_reference_names_a_segment_whose_answer_was_lost(
    profile: ProfileConfig, number: int, way: str | None
) -> None:
    tlvs = (Tlv(tag=0x0204, value=number.to_bytes(2, "big")),)
    rows = (row(""), row("", "m2"))
    found = match(profile, rows, smsc_message_id="4711", tlvs=tlvs)
    assert (found.way if found else None) == way
    assert found is None or found.row.message_id == "m1"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"sender": "12345", "answered_ms": 1}, {"sender": "54321"}),
        (
            {"submitted_ms": NOW_MS - 10 * MINUTE_MS, "answered_ms": 1},
            {"submitted_ms": NOW_MS - 8 * MINUTE_MS},
        ),
        ({"answered_ms": 1}, {"is_final": True}),
        ({"answered_ms": NOW_MS - 5}, {"answered_ms": NOW_MS - 6}),
        ({"submitted_ms": NOW_MS - 1}, {"submitted_ms": NOW_MS + CLOCKS_MS + 1}),
    ],
)
def test_of_two_segments_with_one_id_it_is_the_likelier(
    one: dict[str, Any], other: dict[str, Any]
) -> None:
    fields = {f: getattr(row("77"), f) for f in Row.__struct_fields__}
    mine = Row(**{**fields, **one})
    rows = (Row(**{**fields, "message_id": "m2", **other}), mine)
    date = "2609211403"  # ten minutes before NOW_MS
    text = f"id:77 sub:001 dlvrd:001 submit date:{date} done date:{date} stat:DELIVRD err:000 text:"
    found = match(ANY, rows, short_message=text.encode())
    assert found is not None
    assert found.row.message_id == "m1"
    assert found.others == (other.get("submitted_ms", 0) <= NOW_MS)


def test_dates_are_those_of_the_carrier_s_clocks() -> None:
    mine = row("77", submitted_ms=NOW_MS - 10 * MINUTE_MS, answered_ms=1)
    rows = (mine, row("77", "m2", submitted_ms=NOW_MS - 8 * MINUTE_MS))
    text = b"id:77 submit date:2609211603 stat:DELIVRD"
    found = match(ProfileConfig(zone="Europe/Stockholm"), rows, short_message=text)
    assert found is not None
    assert found.row == mine
    other = match(DECIMAL, rows, short_message=text)
    assert other is not None
    assert other.row.message_id == "m2"


def test_a_receipt_without_an_id_is_never_guessed() -> None:
    assert match(ANY, (row(""),), True, short_message=b"stat:DELIVRD") is None


def test_a_receipt_is_read_with_what_it_says_of_its_segment() -> None:
    tlvs = (Tlv(tag=0x0204, value=b"\x12\x34"),)
    fact = receipt("1", tlvs=tlvs)
    said = read(fact, pdu_of(fact), NOW_MS, Carriers(Config(dev=True)).of(FAST))
    assert isinstance(said.dlr, Dlr)
    assert (said.to, said.reference) == ("12345", 0x1234)
    assert said.submitted_ms == 1_790_035_200_000
