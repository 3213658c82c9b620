"""An MO as it was ordered, as deliver_sm."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.sandbox.mo import MoOrder, MoRefusedError, numbering, parts_of
from smpp import segments, text, udh
from smpp.errors import SegmentError
from smpp.pdu import DataSm, DeliverSm
from smpp.values import DataCoding, EsmClass


def order(**fields: Any) -> MoOrder:
    return MoOrder.model_validate({"from": "+46731234567", "to": "12345"} | fields)


@pytest.mark.parametrize(
    ("fields", "data_coding", "parts"),
    [
        ({"text": "VOTE A"}, DataCoding.SMSC_DEFAULT, 1),
        ({"text": ""}, DataCoding.SMSC_DEFAULT, 1),
        ({"text": "x" * 160}, DataCoding.SMSC_DEFAULT, 1),
        ({"text": "x" * 161}, DataCoding.SMSC_DEFAULT, 2),
        ({"text": "🎂"}, DataCoding.UCS2, 1),
        ({"text": "🎂" * 36}, DataCoding.UCS2, 2),
        ({"data_hex": "00ff"}, DataCoding.OCTETS, 1),
        ({"data_hex": "00" * 141}, DataCoding.OCTETS, 2),
    ],
)
def test_a_content_finds_its_coding_and_its_parts(
    fields: dict[str, str], data_coding: DataCoding, parts: int
) -> None:
    found = parts_of(order(**fields), 1)
    assert {part.data_coding for part in found} == {data_coding}
    assert len(found) == parts
    assert {part.esm_class for part in found} == {EsmClass.UDHI if parts > 1 else 0}


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({}, "write either text or data_hex"),
        ({"text": "a", "data_hex": "00"}, "write either text or data_hex"),
        ({"data_hex": "0g"}, "non-hexadecimal"),
        ({"text": "a", "from": ""}, "from"),
        ({"text": "a", "to": "1" * 21}, "to"),
        ({"text": "a", "txt": "b"}, "txt"),
    ],
)
def test_a_misshapen_order_is_refused(fields: dict[str, str], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        order(**fields)


@pytest.mark.parametrize("content", ["x" * 153 * 256, "\ud800"])
def test_what_no_sms_can_carry_is_refused(content: str) -> None:
    with pytest.raises(MoRefusedError):
        parts_of(order(text=content), 1)


@pytest.mark.parametrize(
    ("address", "expected"),
    [("12345", (3, 0)), ("+12345", (1, 1)), ("46731234567", (1, 1)), ("ACME", (5, 0))],
)
def test_an_address_is_numbered_by_its_form(address: str, expected: tuple[int, int]) -> None:
    assert numbering(address) == expected


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=1000), st.integers(0, 999))
def test_parts_in_any_order_make_the_text_again(content: str, number: int) -> None:
    parts = parts_of(order(text=content), number)
    bodies = []
    for part in reversed(parts):
        body = udh.user_data(part)[1]
        bodies.append((segments.concatenation(part) or udh.Concatenation(0, 1, 1), body))
    assert text.decode(segments.join(bodies), parts[0].data_coding) == content


LONG = "A long answer of a patient customer, which takes more than one part. " * 3


@pytest.mark.parametrize("form", ["udh", "udh_16", "sar", "payload", "data_sm"])
def test_parts_are_held_together_in_every_way(form: str) -> None:
    found = parts_of(order(text=LONG, form=form), 300)
    is_one = form in ("payload", "data_sm")
    assert len(found) == (1 if is_one else 2)
    assert {type(pdu) for pdu in found} == {DataSm if form == "data_sm" else DeliverSm}
    if is_one:
        assert text.decode(udh.user_data(found[0])[1], 0) == LONG
        return
    numbered = [(segments.concatenation(pdu), udh.user_data(pdu)[1]) for pdu in found]
    assert [part and part.reference for part, _ in numbered] == [
        300 % 256 if form == "udh" else 300
    ] * 2
    assert text.decode(segments.join((part, body) for part, body in numbered if part), 0) == LONG


@pytest.mark.parametrize(
    ("fields", "data_coding", "octets"),
    [
        ({"encoding": "latin1"}, 3, "Grüße".encode("latin-1")),
        ({"encoding": "ucs2"}, 8, "Grüße".encode("utf-16-be")),
        ({"encoding": "ucs2_bom"}, 8, b"\xfe\xff" + "Grüße".encode("utf-16-be")),
        ({"encoding": "utf8"}, 0, "Grüße".encode()),
        ({"encoding": "gsm7_packed"}, 0, bytes.fromhex("47b9df5306")),
        ({"data_coding": 0xF1}, 0xF1, b"Gr\x7e\x1ee"),
        ({"encoding": "ucs2", "data_coding": 0}, 0, "Grüße".encode("utf-16-be")),
    ],
)
def test_an_odd_encoding_is_written_as_ordered(
    fields: dict[str, Any], data_coding: int, octets: bytes
) -> None:
    (pdu,) = parts_of(order(text="Grüße", **fields), 1)
    assert isinstance(pdu, DeliverSm)
    assert (pdu.data_coding, pdu.short_message) == (data_coding, octets)


def test_a_header_can_be_garbage() -> None:
    (pdu,) = parts_of(order(data_hex="ff0102", esm_class=0x40), 1)
    with pytest.raises(SegmentError):
        udh.user_data(pdu)


def test_a_text_that_an_encoding_cannot_say_is_refused() -> None:
    with pytest.raises(MoRefusedError):
        parts_of(order(text="мир", encoding="latin1"), 1)
