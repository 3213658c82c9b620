"""Splitting against the package smsutil, and laws for every text, alphabet and way to split."""

from random import Random

import pytest
import smsutil
from hypothesis import example, given
from hypothesis import strategies as st

from smpp import graphemes, gsm7, segments, text, tlv, udh
from smpp.coding import Alphabet
from smpp.errors import SegmentError
from smpp.pdu import DataSm, DeliverSm, SubmitSm
from smpp.segments import Segment, SplitBy
from smpp.text import EncodedText
from smpp.udh import AnyElement, Concatenation, Element, NationalShift, Ports
from smpp.values import EsmClass
from tests.smpp.test_gsm7 import CHARACTERS

FAMILY = "👨\u200d👩\u200d👧\u200d👦"
CLUSTERS = ["a", "я", "😀", FAMILY, "e\u0301", "👍🏽", "❤\ufe0f", "🇸🇪", "क्षि", "\r\n"]
NUMBERED = [SplitBy.UDH_8, SplitBy.UDH_16, SplitBy.SAR]
LETTERS = {
    Alphabet.GSM7: CHARACTERS,
    Alphabet.ASCII: "ab\r\n",
    Alphabet.LATIN1: "aé\r\n",
    Alphabet.JIS: "aｶ漢字",
    Alphabet.CYRILLIC: "aж",
    Alphabet.HEBREW: "aש",
    Alphabet.UCS2: "aя😀\u0301\u200d",
    Alphabet.ISO_2022_JP: "a漢字",
    Alphabet.EXTENDED_KANJI: "aｶ漢丂",
    Alphabet.KS_C_5601: "a한똠",
    Alphabet.UTF8: "aя漢😀",
}

contents = st.one_of(
    *[
        st.text(st.sampled_from(letters), min_size=60, max_size=500).map(
            lambda plain, alphabet=alphabet: text.encode(plain, alphabet)
        )
        for alphabet, letters in LETTERS.items()
    ],
    st.text(st.sampled_from("a€{"), min_size=150, max_size=500).map(text.encode),
    st.lists(st.sampled_from(CLUSTERS), max_size=200).map("".join).map(text.encode),
    st.text(st.sampled_from("aşğ€ı"), max_size=500).map(
        lambda plain: text.encode(plain, languages=(1,))
    ),
    st.text(st.sampled_from("नमस्ते ण"), max_size=500).map(
        lambda plain: text.encode(plain, languages=(6,))
    ),
    st.binary(max_size=500).map(lambda octets: EncodedText(octets, Alphabet.OCTETS)),
)
any_octets = st.builds(EncodedText, st.binary(max_size=700), st.sampled_from(Alphabet))
headers = st.sampled_from(
    [(), (Ports(2948, 9200),), (Ports(240, 241, is_wide=False), Element(0x70, bytes(20)))]
)


def delivered(parts: list[Segment]) -> list[DeliverSm]:
    return [
        DeliverSm(short_message=part.short_message, esm_class=part.esm_class, tlvs=part.tlvs)
        for part in parts
    ]


def joined(pdus: list[DeliverSm]) -> bytes:
    """As a receiver does it."""
    parts = [
        (segments.concatenation(pdu) or Concatenation(0, 1, 1), udh.user_data(pdu)[1])
        for pdu in pdus
    ]
    return segments.join(parts)


def air_octets(part: Segment, alphabet: Alphabet, by: SplitBy) -> int:
    """What a part takes on the air, with the header that the SMSC makes of SAR."""
    header = len(part.header)
    if by is SplitBy.SAR and part.tlvs:
        header = (header or 1) + 5
    if alphabet is Alphabet.GSM7:
        return header + len(gsm7.pack(part.body, -header * 8 % 7))
    return header + len(part.body)


def plain_of(octets: bytes, content: EncodedText) -> str:
    if content.alphabet is Alphabet.GSM7:
        return gsm7.decode(octets, content.locking_shift, content.single_shift)
    return octets.decode(content.alphabet.value)


@given(
    contents,
    st.sampled_from(SplitBy),
    headers,
    st.integers(0, 0xFFFF),
    st.randoms(use_true_random=False),
)
def test_parts_in_any_order_and_doubled_join_to_the_text(
    content: EncodedText,
    by: SplitBy,
    elements: tuple[AnyElement, ...],
    reference: int,
    dice: Random,
) -> None:
    parts = segments.split(content, reference, by=by, elements=elements)
    pdus = delivered(parts) * 2
    dice.shuffle(pdus)
    assert joined(pdus) == content.octets
    assert b"".join(part.body for part in parts) == content.octets
    for pdu in pdus:  # UDHI is set iff there is a header, and what it says arrives
        found, _ = udh.user_data(pdu)
        assert bool(pdu.esm_class & EsmClass.UDHI) == bool(found)
        assert udh.shifts(found) == (content.locking_shift, content.single_shift)
        assert set(elements) <= set(found)


@given(contents, st.sampled_from(NUMBERED), headers)
def test_no_part_is_over_the_air_interface(
    content: EncodedText, by: SplitBy, elements: tuple[AnyElement, ...]
) -> None:
    parts = segments.split(content, 7, by=by, elements=elements)
    assert all(air_octets(part, content.alphabet, by) <= 140 for part in parts)
    assert len(parts) == 1 or all(part.body for part in parts)


@given(contents, st.sampled_from(NUMBERED), headers)
def test_every_part_is_text_of_its_own(
    content: EncodedText, by: SplitBy, elements: tuple[AnyElement, ...]
) -> None:
    if content.alphabet is Alphabet.OCTETS:
        return
    texts = []
    before = b""
    for part in segments.split(content, 7, by=by, elements=elements):
        is_stateful = content.alphabet is Alphabet.ISO_2022_JP and b"\x1b" in before
        designation = before[before.rfind(b"\x1b") :][:3] if is_stateful else b""
        before += part.body
        assert content.alphabet is not Alphabet.GSM7 or not part.body.endswith(b"\x1b")
        texts.append(plain_of(designation + part.body, content))
    assert "".join(texts) == plain_of(content.octets, content)


@given(st.lists(st.sampled_from(CLUSTERS), min_size=2, max_size=300), st.sampled_from(NUMBERED))
def test_no_cluster_is_cut(clusters: list[str], by: SplitBy) -> None:
    content = text.encode("".join(clusters), Alphabet.UCS2)
    texts = [part.body.decode("utf-16-be") for part in segments.split(content, 7, by=by)]
    rest = list(clusters)
    for plain in texts:
        taken = ""
        while len(taken) < len(plain):
            taken += rest.pop(0)
        assert taken == plain


@example(EncodedText(b"\xff" * 200, Alphabet.GSM7), SplitBy.UDH_8, ())
@example(EncodedText(b"\x1b" * 400, Alphabet.GSM7), SplitBy.UDH_8, ())
@example(EncodedText(b"\xd8\x00" * 99 + b"\xd8", Alphabet.UCS2), SplitBy.UDH_8, ())
@given(any_octets, st.sampled_from(SplitBy), headers)
def test_octets_that_are_no_text_are_split_too(
    content: EncodedText, by: SplitBy, elements: tuple[AnyElement, ...]
) -> None:
    parts = segments.split(content, 7, by=by, elements=elements)
    assert joined(delivered(parts)) == content.octets


@given(st.text(st.sampled_from("a€{яж"), max_size=500))
def test_the_parts_are_those_of_another_library(plain: str) -> None:
    encoded = text.encode(plain, None if gsm7_has(plain) else Alphabet.UCS2)
    parts = segments.split(encoded, 7)
    oracle = [part.content for part in smsutil.split(plain).parts]
    assert [text.decode(part.body, encoded.data_coding) for part in parts] == oracle


def gsm7_has(plain: str) -> bool:
    return smsutil.is_valid_gsm(plain)


@pytest.mark.parametrize(
    ("alphabet", "unit", "single", "rooms"),
    [
        (Alphabet.GSM7, 1, 160, (153, 152, 153)),
        (Alphabet.UCS2, 2, 70, (67, 66, 67)),
        (Alphabet.OCTETS, 1, 140, (134, 133, 134)),
        (Alphabet.LATIN1, 1, 140, (134, 133, 134)),
        (Alphabet.CYRILLIC, 1, 140, (134, 133, 134)),
    ],
)
def test_the_sizes_of_single_and_concatenated_messages(
    alphabet: Alphabet, unit: int, single: int, rooms: tuple[int, ...]
) -> None:
    whole = EncodedText(b"a" * single * unit, alphabet)
    longer = EncodedText(whole.octets + b"a" * unit, alphabet)
    for by, room in zip(NUMBERED, rooms, strict=True):
        [only] = segments.split(whole, 7, by=by)
        assert (only.header, only.tlvs, only.esm_class) == (b"", (), EsmClass.DEFAULT)
        first, _ = segments.split(longer, 7, by=by)
        assert len(first.body) == room * unit


@pytest.mark.parametrize(
    ("elements", "alphabet", "single", "in_several"),
    [
        ((Ports(2948, 9200),), Alphabet.GSM7, 152, 146),
        ((Ports(2948, 9200),), Alphabet.OCTETS, 133, 128),
        ((Ports(2948, 9200),), Alphabet.UCS2, 132, 128),
        ((Ports(240, 241, is_wide=False),), Alphabet.GSM7, 154, 148),
        ((NationalShift(1),), Alphabet.GSM7, 155, 149),
        ((NationalShift(1), NationalShift(1, is_locking=True)), Alphabet.GSM7, 152, 146),
    ],
)
def test_other_elements_take_their_room_from_every_part(
    elements: tuple[AnyElement, ...], alphabet: Alphabet, single: int, in_several: int
) -> None:
    [only] = segments.split(EncodedText(b"a" * single, alphabet), 7, elements=elements)
    assert udh.read_header(only.short_message) == (elements, only.body)
    first, second = segments.split(EncodedText(b"a" * (single + 2), alphabet), 7, elements=elements)
    assert len(first.body) == in_several
    assert udh.read_header(second.header) == ((Concatenation(7, 2, 2), *elements), b"")


@pytest.mark.parametrize("by", SplitBy)
def test_a_text_of_other_tables_names_them_in_every_part(by: SplitBy) -> None:
    for count in (1, 400):
        content = EncodedText(b"a" * count, Alphabet.GSM7, locking_shift=3, single_shift=1)
        for pdu in delivered(segments.split(content, 7, by=by)):
            assert udh.shifts(udh.user_data(pdu)[0]) == (3, 1)


def test_every_length_of_cyrillic_has_even_parts() -> None:
    for length in range(1, 2001):
        parts = segments.split(EncodedText("ж".encode("utf-16-be") * length, Alphabet.UCS2), 7)
        assert all(len(part.body) % 2 == 0 and len(part.short_message) <= 140 for part in parts)
        assert len(parts) == (1 if length <= 70 else -(-length // 67))
        assert sum(len(part.body) for part in parts) == 2 * length


@pytest.mark.parametrize(
    ("plain", "alphabet", "sizes"),
    [
        ("a" * 152 + "€" + "a" * 10, Alphabet.GSM7, [152, 12]),
        ("€" * 81, Alphabet.GSM7, [152, 10]),
        ("a" * 152 + "\r\n" + "a" * 10, Alphabet.GSM7, [152, 12]),
        ("я" * 66 + "😀" + "я" * 5, Alphabet.UCS2, [132, 14]),
        ("я" * 60 + FAMILY + "я" * 5, Alphabet.UCS2, [120, 32]),
        ("я" * 66 + "e\u0301" + "я" * 5, Alphabet.UCS2, [132, 14]),
        ("я" * 65 + "🇸🇪" + "я" * 5, Alphabet.UCS2, [130, 18]),
        ("я" * 63 + "🇸🇪" + "🇳🇴" + "я" * 5, Alphabet.UCS2, [134, 18]),
        ("я" + "\u0301" * 99, Alphabet.UCS2, [134, 66]),  # no part holds it
        ("я" * 9 + "\u0301" * 66 + "я", Alphabet.UCS2, [16, 134, 2]),
        ("я" * 9 + "\u0301" * 99, Alphabet.UCS2, [16, 134, 66]),
        ("a" + "漢" * 70, Alphabet.JIS, [133, 8]),
        ("a" + "한" * 70, Alphabet.KS_C_5601, [133, 8]),
        ("a" * 132 + "丂" * 3, Alphabet.EXTENDED_KANJI, [132, 9]),
        ("a" * 132 + "漢" * 10, Alphabet.ISO_2022_JP, [132, 26]),
        ("漢" * 70, Alphabet.ISO_2022_JP, [133, 13]),
        ("漢" * 140, Alphabet.ISO_2022_JP, [133, 134, 19]),
        ("я" * 66 + "a" * 3 + "😀" * 3, Alphabet.UTF8, [134, 13]),
    ],
)
def test_what_belongs_together_goes_whole_to_the_next_part(
    plain: str, alphabet: Alphabet, sizes: list[int]
) -> None:
    parts = segments.split(text.encode(plain, alphabet), 7)
    assert [len(part.body) for part in parts] == sizes


def test_marks_of_other_tables_stay_with_their_letters() -> None:
    content = text.encode("न" * 145 + "नि" * 5, languages=(6,))
    assert content.locking_shift == 6
    for part in segments.split(content, 7):
        assert graphemes.last("न" + gsm7.decode(part.body, 6)[:1]) == 1


@pytest.mark.parametrize("by", NUMBERED)
def test_255_parts_are_made_and_256_refused(by: SplitBy) -> None:
    room = 152 if by is SplitBy.UDH_16 else 153
    assert len(segments.split(text.encode("a" * room * 255), 7, by=by)) == 255
    with pytest.raises(SegmentError, match="over 255 parts"):
        segments.split(text.encode("a" * (room * 255 + 1)), 7, by=by)


@pytest.mark.parametrize("by", SplitBy)
def test_an_empty_text_is_one_segment(by: SplitBy) -> None:
    [only] = segments.split(text.encode(""), 7, by=by)
    assert (only.header, only.body, only.short_message) == (b"", b"", b"")
    assert only.esm_class == EsmClass.DEFAULT


def test_the_numbering_on_the_wire() -> None:
    long = text.encode("a" * 161)
    narrow = segments.split(long, 0x501AB)
    assert [part.header.hex() for part in narrow] == ["050003ab0201", "050003ab0202"]
    wide = segments.split(long, 0x501AB, by=SplitBy.UDH_16)
    assert [part.header.hex() for part in wide] == ["06080401ab0201", "06080401ab0202"]
    sar = segments.split(long, 0x501AB, by=SplitBy.SAR)
    assert [part.header for part in sar] == [b"", b""]
    assert [part.short_message for part in sar] == [b"a" * 153, b"a" * 8]
    assert sar[1].tlvs == (
        tlv.SAR_MSG_REF_NUM.make(0x01AB),
        tlv.SAR_TOTAL_SEGMENTS.make(2),
        tlv.SAR_SEGMENT_SEQNUM.make(2),
    )


def test_a_payload_holds_header_and_text() -> None:
    long = text.encode("a" * 400)
    [plain] = segments.split(long, 7, by=SplitBy.PAYLOAD)
    assert plain.tlvs == (tlv.MESSAGE_PAYLOAD.make(b"a" * 400),)
    assert (plain.short_message, plain.esm_class) == (b"", EsmClass.DEFAULT)
    [headed] = segments.split(long, 7, by=SplitBy.PAYLOAD, elements=(Ports(2948, 9200),))
    assert headed.tlvs == (tlv.MESSAGE_PAYLOAD.make(headed.header + b"a" * 400),)
    assert (headed.short_message, headed.esm_class) == (b"", EsmClass.UDHI)


@pytest.mark.parametrize(
    ("content", "by", "elements", "why"),
    [
        (b"a" * 2, SplitBy.UDH_8, (Concatenation(7, 2, 1),), "numbers parts already"),
        (b"", SplitBy.UDH_8, (Element(0x70, bytes(138)),), "takes 1 octets too many"),
        (b"a" * 4, SplitBy.UDH_8, (Element(0x70, bytes(136)),), "takes 4 octets too many"),
        (b"a" * 9, SplitBy.SAR, (Element(0x70, bytes(132)),), "leaves no room for a character"),
        (b"\x1be" * 9, SplitBy.UDH_8, (Element(0x70, bytes(131)),), "leaves no room for a char"),
        (b"a", SplitBy.UDH_8, (Element(0x70, bytes(256)),), "no user data header"),
        (b"a" * 65536, SplitBy.PAYLOAD, (), "more than message_payload can hold"),
        (b"a" * 65530, SplitBy.PAYLOAD, (Ports(1, 1),), "more than message_payload can hold"),
    ],
)
def test_what_cannot_be_split_is_refused(
    content: bytes, by: SplitBy, elements: tuple[AnyElement, ...], why: str
) -> None:
    with pytest.raises(SegmentError, match=why):
        segments.split(EncodedText(content, Alphabet.GSM7), 7, by=by, elements=elements)


def sar(reference: int, total: int, number: int) -> tuple[tlv.RawTlv, ...]:
    return (
        tlv.SAR_MSG_REF_NUM.make(reference),
        tlv.SAR_TOTAL_SEGMENTS.make(total),
        tlv.SAR_SEGMENT_SEQNUM.make(number),
    )


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
            DeliverSm(short_message=b"\x0a\0\3\7\2\1\0\3\7\2\3x", esm_class=0x40),
            Concatenation(7, 2, 1),  # but for an impossible one
        ),
        (SubmitSm(tlvs=sar(300, 2, 1)), Concatenation(300, 2, 1, is_wide=True)),
        (SubmitSm(tlvs=sar(300, 2, 3)), None),
        (SubmitSm(tlvs=sar(300, 2, 1)[:1]), None),
        (
            DataSm(esm_class=0x40, tlvs=(tlv.MESSAGE_PAYLOAD.make(b"\5\0\3\7\2\1x"),)),
            Concatenation(7, 2, 1),
        ),
        (
            SubmitSm(short_message=b"\5\0\3\7\2\1x", esm_class=0x40, tlvs=sar(300, 3, 3)),
            Concatenation(7, 2, 1),  # the header is what a handset sees
        ),
    ],
)
def test_which_part_a_message_is(
    pdu: DeliverSm | SubmitSm | DataSm, expected: Concatenation | None
) -> None:
    assert segments.concatenation(pdu) == expected


def test_a_header_that_lies_numbers_nothing() -> None:
    with pytest.raises(SegmentError):
        segments.concatenation(DeliverSm(short_message=b"", esm_class=EsmClass.UDHI))


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


@pytest.mark.parametrize("total", [256, 0xFFFF_FFFF, 1 << 63])
def test_a_numbering_beyond_what_can_be_numbered_is_none(total: int) -> None:
    octets = total.to_bytes(8, "big")
    tlvs = (
        tlv.SAR_MSG_REF_NUM.make(1),
        (tlv.SAR_TOTAL_SEGMENTS.tag, octets),
        tlv.SAR_SEGMENT_SEQNUM.make(1),
    )
    assert segments.concatenation(SubmitSm(tlvs=tlvs)) is None


@given(
    contents.filter(lambda content: content.alphabet is Alphabet.GSM7),
    st.sampled_from(SplitBy),
    headers,
    st.integers(100, 140),
)
def test_packed_parts_fit_the_air_and_come_back(
    content: EncodedText, by: SplitBy, elements: tuple[AnyElement, ...], octets_max: int
) -> None:
    parts = segments.split(content, 7, by=by, elements=elements, octets_max=octets_max)
    for part in parts:
        packed = segments.packed(part)
        assert by is SplitBy.PAYLOAD or len(packed.header + packed.body) <= octets_max
        if by is SplitBy.PAYLOAD:
            assert packed.tlvs == (tlv.MESSAGE_PAYLOAD.make(packed.header + packed.body),)
        found = segments.unpacked(len(part.header), packed.body)
        assert found == part.body or found == part.body.removesuffix(b"\r")


@pytest.mark.parametrize(
    ("octets_max", "alphabet", "expected"),
    [
        (140, Alphabet.GSM7, 160),
        (70, Alphabet.GSM7, 80),
        (69, Alphabet.UCS2, 68),
        (100, Alphabet.LATIN1, 100),
    ],
)
def test_an_smsc_may_take_less_than_the_air(
    octets_max: int, alphabet: Alphabet, expected: int
) -> None:
    assert segments.room(alphabet, (), octets_max) == expected
