import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smpp.inspection.packets import LINKS, Flow, segment_of
from tests.smpp.inspection.captures import DOWN, ESME_6, SMSC_6, UP, ip, segment

UP_6 = Flow(ESME_6, SMSC_6)
FOUR, SIX = b"\x08\0", b"\x86\xdd"
HEADS = {  # of a frame that carries IPv4, by link type
    0: b"\2\0\0\0",
    1: bytes(12) + FOUR,
    12: b"",
    14: b"",
    101: b"",
    108: b"\0\0\0\2",
    113: bytes(14) + FOUR,
    228: b"",
    229: b"",
    276: FOUR + bytes(18),
}
SENT = segment(UP, 7, b"octets", acknowledged=9)


def test_every_link_type_of_the_table_is_tested() -> None:
    assert HEADS.keys() == LINKS.keys()


@pytest.mark.parametrize("link_type", HEADS)
def test_a_segment_is_found_behind_any_link_header(link_type: int) -> None:
    assert segment_of(link_type, HEADS[link_type] + ip(SENT)) == SENT


@pytest.mark.parametrize("link_type", [1, 113, 276])
def test_ipv6_has_an_ethertype_of_its_own(link_type: int) -> None:
    sent = segment(UP_6, 7, b"octets")
    assert segment_of(link_type, HEADS[link_type].replace(FOUR, SIX) + ip(sent)) == sent


@pytest.mark.parametrize("tags", [b"\x81\0\0\7", b"\x88\xa8\0\7\x81\0\0\7"])
def test_vlan_tags_are_passed_over(tags: bytes) -> None:
    assert segment_of(1, bytes(12) + tags + FOUR + ip(SENT)) == SENT


def test_padding_is_no_payload_and_a_cut_frame_is_only_shorter() -> None:
    empty = segment(UP, 7, acknowledged=9)
    assert segment_of(101, ip(empty, padding=bytes(6))) == empty
    assert segment_of(101, ip(SENT)[:-2]) == segment(UP, 7, b"octe", acknowledged=9)


def test_a_packet_without_length_goes_to_the_end() -> None:
    packet = bytearray(ip(SENT))
    packet[2:4] = b"\0\0"
    assert segment_of(101, bytes(packet)) == SENT
    packet = bytearray(ip(segment(UP_6, 7, b"octets")))
    packet[4:6] = b"\0\0"
    assert segment_of(101, bytes(packet)) == segment(UP_6, 7, b"octets")


def test_extension_headers_of_ipv6_are_passed_over() -> None:
    sent = segment(UP_6, 7, b"octets")
    extensions = bytes((51, 0)) + bytes(6) + bytes((6, 4)) + bytes(22)
    assert segment_of(101, ip(sent, extensions=extensions, kind=0)) == sent


@pytest.mark.parametrize(
    ("link_type", "frame"),
    [
        (9999, ip(SENT)),
        (1, b""),
        (1, bytes(12) + b"\x08\6" + ip(SENT)),  # ARP
        (101, b""),
        (101, b"\x10" + bytes(60)),  # neither version
        (101, ip(SENT)[:19]),
        (101, ip(SENT)[:39]),
        (101, ip(SENT, kind=17)),  # UDP
        (101, b"\x41" + ip(SENT)[1:]),  # a header of 4 octets
        (101, ip(SENT)[:6] + b"\x20\0" + ip(SENT)[8:]),  # a fragment
        (101, ip(segment(UP_6, 7))[:39]),
        (101, ip(segment(UP_6, 7), kind=44)),  # a fragment
        (101, ip(segment(UP_6, 7), kind=0)[:41]),
    ],
)
def test_what_is_no_tcp_is_none(link_type: int, frame: bytes) -> None:
    assert segment_of(link_type, frame) is None


@given(st.sampled_from(sorted(LINKS)), st.binary(max_size=120))
def test_any_frame_is_a_segment_or_none(link_type: int, frame: bytes) -> None:
    segment_of(link_type, frame)
    segment_of(link_type, struct.pack(">B", 0x45) + frame)
    segment_of(link_type, struct.pack(">B", 0x60) + frame)


def test_ends_are_named_as_people_write_them() -> None:
    assert str(UP) == "10.0.0.1:40000 > 10.0.0.2:2775"
    assert str(UP_6) == "[fe80::1]:40000 > [fe80::2]:2775"
    assert UP.back == DOWN
