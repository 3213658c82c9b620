"""Headers: octets and elements as rows read both ways, laws, and headers that lie."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smpp import tlv, udh
from smpp.errors import SegmentError
from smpp.pdu import DataSm, DeliverSm, ShortMessage, SubmitSm
from smpp.udh import (
    AnyElement,
    Concatenation,
    Element,
    NationalShift,
    Ports,
    SpecialIndication,
)

octet = st.integers(0, 0xFF)
octets_2 = st.integers(0, 0xFFFF)
elements = st.one_of(
    st.builds(Concatenation, octet, octet, octet),
    st.builds(Concatenation, octets_2, octet, octet, st.just(True)),
    st.builds(Ports, octet, octet, st.just(False)),
    st.builds(Ports, octets_2, octets_2),
    st.builds(SpecialIndication, st.integers(0, 0x7F), st.booleans(), octet),
    st.builds(NationalShift, octet, st.booleans()),
    st.builds(Element, st.integers(0x26, 0xFF), st.binary(max_size=9)),
)
raw_elements = st.builds(Element, octet, st.binary(max_size=9))


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("00", ()),
        ("05 0003ab0201", (Concatenation(0xAB, 2, 1),)),
        ("06 080401ab0201", (Concatenation(0x1AB, 2, 1, is_wide=True),)),
        ("04 0402f0f1", (Ports(0xF0, 0xF1, is_wide=False),)),
        ("06 05040b8423f0", (Ports(2948, 9200),)),  # WAP push
        ("04 01020003", (SpecialIndication(0, store=False, count=3),)),
        ("04 01028200", (SpecialIndication(2, store=True, count=0),)),
        ("08 01020003 01028105", (SpecialIndication(0, False, 3), SpecialIndication(1, True, 5))),
        ("03 240101", (NationalShift(1),)),
        ("03 25010d", (NationalShift(13, is_locking=True),)),
        (
            "0b 0003070201 240101 250103",
            (Concatenation(7, 2, 1), NationalShift(1), NationalShift(3, is_locking=True)),
        ),
        ("02 7000", (Element(0x70, b""),)),
        ("04 00020702", (Element(0x00, b"\7\2"),)),  # an octet short: kept, and nothing more
        ("07 00050000070201", (Element(0x00, b"\0\0\7\2\1"),)),
    ],
)
def test_a_header_reads_as_its_elements_and_is_written_so(
    header: str, expected: tuple[AnyElement, ...]
) -> None:
    octets = bytes.fromhex(header)
    assert udh.read_header(octets + b"body") == (expected, b"body")
    assert udh.write_header(expected) == octets


@given(st.lists(elements, max_size=20))
def test_what_is_written_is_read(written: list[AnyElement]) -> None:
    assert udh.read_header(udh.write_header(written) + b"body") == (tuple(written), b"body")


@given(st.lists(raw_elements, max_size=20))
def test_any_elements_come_back_and_unknown_ones_are_kept(written: list[Element]) -> None:
    read, body = udh.read_header(udh.write_header(written) + b"body")
    assert body == b"body"
    assert [(e.identifier, e.octets) for e in read] == [(e.identifier, e.octets) for e in written]
    assert all(isinstance(e, Element) for e in read if e.identifier > udh.LOCKING_SHIFT)


@given(st.binary(max_size=300))
def test_any_octets_are_a_header_or_a_segment_error(octets: bytes) -> None:
    try:
        read, body = udh.read_header(octets)
    except SegmentError:
        return
    assert udh.write_header(read) + body == octets


@pytest.mark.parametrize(
    ("octets", "why"),
    [
        (b"", "longer than the message"),  # UDHI with sm_length 0, as Osmocom once aborted on
        (b"\x05", "longer than the message"),
        (b"\x05\0\3\1", "longer than the message"),
        (b"\xff" + bytes(254), "longer than the message"),
        (b"\3\0\3\1", "longer than the user data header"),
        (b"\1\0", "longer than the user data header"),  # an identifier and nothing more
        (b"\2\0\1x", "longer than the user data header"),
        (b"\6\0\3\7\2\1\x24", "longer than the user data header"),
    ],
)
def test_a_header_that_lies_is_refused(octets: bytes, why: str) -> None:
    with pytest.raises(SegmentError, match=why):
        udh.read_header(octets)
    with pytest.raises(SegmentError, match=why):
        udh.user_data(DeliverSm(short_message=octets, esm_class=0x40))


@pytest.mark.parametrize(
    "wrong",
    [
        [Concatenation(256, 2, 1)],
        [Concatenation(0x10000, 2, 1, is_wide=True)],
        [Concatenation(-1, 2, 1)],
        [Concatenation(0, 256, 1)],
        [Ports(65536, 0)],
        [Ports(256, 0, is_wide=False)],
        [SpecialIndication(128, store=False, count=0)],
        [SpecialIndication(0, store=False, count=256)],
        [NationalShift(256)],
        [Element(256, b"")],
        [Element(0x70, bytes(256))],
        [Element(0x70, bytes(254))],  # 256 octets with its head
    ],
)
def test_what_no_header_can_hold_is_refused(wrong: list[AnyElement]) -> None:
    with pytest.raises(SegmentError, match="no user data header"):
        udh.write_header(wrong)


PART = b"\5\0\3\7\2\1x"


@pytest.mark.parametrize(
    ("pdu", "expected"),
    [
        (DeliverSm(short_message=PART, esm_class=0x40), ((Concatenation(7, 2, 1),), b"x")),
        (DeliverSm(short_message=PART), ((), PART)),  # no UDHI: it is text
        (DeliverSm(short_message=b"\0x", esm_class=0x40), ((), b"x")),
        (SubmitSm(), ((), b"")),
        (
            SubmitSm(esm_class=0x43, tlvs=(tlv.MESSAGE_PAYLOAD.make(PART),)),
            ((Concatenation(7, 2, 1),), b"x"),
        ),
        (
            DataSm(esm_class=0x40, tlvs=(tlv.MESSAGE_PAYLOAD.make(PART),)),
            ((Concatenation(7, 2, 1),), b"x"),
        ),
        (DataSm(), ((), b"")),
    ],
)
def test_esm_class_alone_says_whether_there_is_a_header(
    pdu: ShortMessage | DataSm, expected: tuple[tuple[AnyElement, ...], bytes]
) -> None:
    assert udh.user_data(pdu) == expected


@pytest.mark.parametrize(
    ("read", "locking_and_single"),
    [
        ((), (0, 0)),
        ((NationalShift(1),), (0, 1)),
        ((NationalShift(3, is_locking=True), Concatenation(7, 2, 1), NationalShift(1)), (3, 1)),
        ((NationalShift(1), NationalShift(2)), (0, 2)),  # the last one holds
    ],
)
def test_the_shifts_of_a_header(
    read: tuple[AnyElement, ...], locking_and_single: tuple[int, int]
) -> None:
    assert udh.shifts(read) == locking_and_single
