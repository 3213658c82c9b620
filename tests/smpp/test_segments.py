"""Splitting against the package smsutil, and laws for every text."""

from random import Random

import pytest
import smsutil
from hypothesis import given
from hypothesis import strategies as st

from smpp import segments, text, tlv
from smpp.errors import SegmentError
from smpp.pdu import DataSm, DeliverSm, SubmitSm
from smpp.segments import Concatenation, Element
from smpp.text import Alphabet, EncodedText
from smpp.values import EsmClass
from tests.smpp.test_gsm7 import CHARACTERS

long_texts = st.one_of(
    st.text(st.sampled_from(CHARACTERS), min_size=150, max_size=500),
    st.text(st.sampled_from("a€{"), min_size=150, max_size=500),
    st.text(st.sampled_from("aя😀"), min_size=60, max_size=300),
)


def delivered(parts: list[segments.Segment]) -> list[DeliverSm]:
    return [DeliverSm(short_message=part.short_message, esm_class=part.esm_class) for part in parts]


def joined(pdus: list[DeliverSm]) -> bytes:
    parts = []
    for pdu in pdus:
        part = segments.concatenation(pdu)
        assert part is not None
        parts.append((part, segments.user_data(pdu)[1]))
    return segments.join(parts)


@given(long_texts, st.booleans(), st.randoms(use_true_random=False))
def test_parts_in_any_order_and_doubled_join_to_the_text(
    plain: str, is_wide: bool, dice: Random
) -> None:
    encoded = text.encode(plain)
    parts = segments.split(encoded, 0x1234, is_wide=is_wide)
    if len(parts) > 1:
        pdus = delivered(parts) * 2
        dice.shuffle(pdus)
        assert text.decode(joined(pdus), encoded.data_coding) == plain
    assert b"".join(part.body for part in parts) == encoded.octets


@given(long_texts, st.booleans())
def test_no_part_is_too_long_or_cuts_a_character(plain: str, is_wide: bool) -> None:
    encoded = text.encode(plain)
    for part in segments.split(encoded, 7, is_wide=is_wide):
        assert text.decode(part.body, encoded.data_coding) in plain
        if encoded.alphabet is Alphabet.GSM7:
            assert len(part.body) * 7 + len(part.header) * 8 <= 140 * 8
        else:
            assert len(part.short_message) <= 140
            assert len(part.body) % 2 == 0


@given(st.text(st.sampled_from("a€{яж"), max_size=500))
def test_the_parts_are_those_of_another_library(plain: str) -> None:
    encoded = text.encode(plain)
    parts = segments.split(encoded, 7)
    oracle = [part.content for part in smsutil.split(plain).parts]
    assert [text.decode(part.body, encoded.data_coding) for part in parts] == oracle


@pytest.mark.parametrize(
    ("alphabet", "unit", "single", "narrow", "wide"),
    [
        (Alphabet.GSM7, 1, 160, 153, 152),
        (Alphabet.UCS2, 2, 70, 67, 66),
        (Alphabet.OCTETS, 1, 140, 134, 133),
    ],
)
def test_the_sizes_of_single_and_concatenated_messages(
    alphabet: Alphabet, unit: int, single: int, narrow: int, wide: int
) -> None:
    whole = EncodedText(b"a" * single * unit, alphabet)
    [only] = segments.split(whole, 7)
    assert (only.header, only.esm_class) == (b"", EsmClass.DEFAULT)
    longer = EncodedText(whole.octets + b"a" * unit, alphabet)
    for is_wide, room in ((False, narrow), (True, wide)):
        first, _ = segments.split(longer, 7, is_wide=is_wide)
        assert len(first.body) == room * unit
        assert first.esm_class == EsmClass.UDHI


def test_every_length_of_cyrillic_has_even_parts() -> None:
    for length in range(1, 2000, 7):
        parts = segments.split(text.encode("ж" * length), 7)
        assert all(len(part.body) % 2 == 0 and len(part.body) <= 140 for part in parts)


def test_an_escape_and_a_surrogate_pair_go_whole_to_the_next_part() -> None:
    euro = segments.split(text.encode("a" * 152 + "€" + "a" * 10), 7)
    assert [len(part.body) for part in euro] == [152, 12]
    smile = segments.split(text.encode("я" * 66 + "😀" + "я" * 5), 7)
    assert [len(part.body) for part in smile] == [132, 14]


def test_255_parts_are_made_and_256_refused() -> None:
    assert len(segments.split(text.encode("a" * 153 * 255), 7)) == 255
    with pytest.raises(SegmentError, match="256 parts"):
        segments.split(text.encode("a" * (153 * 255 + 1)), 7)


def test_the_header_on_the_wire() -> None:
    narrow = segments.split(text.encode("a" * 161), 0x1AB)
    wide = segments.split(text.encode("a" * 161), 0x1AB, is_wide=True)
    assert [part.header.hex() for part in narrow] == ["050003ab0201", "050003ab0202"]
    assert wide[0].header.hex() == "06080401ab0201"


@given(st.lists(st.builds(Element, st.integers(0, 255), st.binary(max_size=9)), max_size=5))
def test_any_elements_come_back_and_unknown_ones_are_kept(elements: list[Element]) -> None:
    octets = segments.write_header(elements) + b"body"
    assert segments.read_header(octets) == (tuple(elements), b"body")


@given(st.binary(max_size=40))
def test_any_header_is_elements_or_a_segment_error(octets: bytes) -> None:
    try:
        elements, body = segments.read_header(octets)
    except SegmentError:
        return
    assert segments.write_header(elements) + body == octets


@pytest.mark.parametrize("octets", [b"", b"\x05", b"\x05\0\3\1", b"\3\0\3\1", b"\1\0", b"\2\0\1x"])
def test_a_header_that_lies_is_refused(octets: bytes) -> None:
    with pytest.raises(SegmentError):
        segments.concatenation(DeliverSm(short_message=octets, esm_class=EsmClass.UDHI))


@pytest.mark.parametrize(
    ("pdu", "expected"),
    [
        (DeliverSm(short_message=b"\5\0\3\7\2\1x", esm_class=0x40), Concatenation(7, 2, 1)),
        (DeliverSm(short_message=b"\5\0\3\7\2\1x"), None),  # no UDHI: it is text
        (
            DeliverSm(short_message=b"\6\x08\4\1\7\2\1x", esm_class=0x40),
            Concatenation(0x107, 2, 1, is_wide=True),
        ),
        (DeliverSm(short_message=b"\5\0\3\7\2\0x", esm_class=0x40), None),  # part 0 of 2
        (DeliverSm(short_message=b"\5\0\3\7\2\3x", esm_class=0x40), None),  # part 3 of 2
        (DeliverSm(short_message=b"\4\0\2\7\2x", esm_class=0x40), None),  # an octet short
        (
            DeliverSm(short_message=b"\x0a\0\3\7\2\1\0\3\7\2\2x", esm_class=0x40),
            Concatenation(7, 2, 2),  # the last one holds
        ),
        (
            SubmitSm(
                tlvs=(
                    tlv.SAR_MSG_REF_NUM.make(300),
                    tlv.SAR_TOTAL_SEGMENTS.make(2),
                    tlv.SAR_SEGMENT_SEQNUM.make(1),
                )
            ),
            Concatenation(300, 2, 1, is_wide=True),
        ),
        (SubmitSm(tlvs=(tlv.SAR_MSG_REF_NUM.make(300),)), None),
        (
            DataSm(esm_class=0x40, tlvs=(tlv.MESSAGE_PAYLOAD.make(b"\5\0\3\7\2\1x"),)),
            Concatenation(7, 2, 1),
        ),
    ],
)
def test_which_part_a_message_is(
    pdu: DeliverSm | SubmitSm | DataSm, expected: Concatenation | None
) -> None:
    assert segments.concatenation(pdu) == expected


@pytest.mark.parametrize(
    ("parts", "why"),
    [
        ([], "0 messages"),
        ([(Concatenation(7, 2, 1), b"a")], r"parts \[2\] of 2 are missing"),
        ([(Concatenation(7, 2, 1), b"a"), (Concatenation(8, 2, 2), b"b")], "2 messages"),
    ],
)
def test_parts_that_make_no_message(parts: list[tuple[Concatenation, bytes]], why: str) -> None:
    with pytest.raises(SegmentError, match=why):
        segments.join(parts)
