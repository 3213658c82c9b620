import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smpp.errors import CaptureError, SmppError
from smpp.inspection.pcap import BLOCK_OCTETS_MAX, Capture, Frame
from tests.smpp.inspection.captures import block, interface, option, packet, pcap, section

FRAMES = [Frame(1_700_000_000.25, 1, b"first frame"), Frame(1_700_000_001.5, 1, b"")]


def read(octets: bytes, chunk_octets: int = 1 << 20) -> list[Frame]:
    capture = Capture()
    return [
        frame
        for at in range(0, len(octets), chunk_octets)
        for frame in capture.feed(octets[at : at + chunk_octets])
    ]


def ng(order: str) -> bytes:
    return (
        section(order)
        + block(order, 4, b"names")
        + interface(order, 1)
        + packet(order, 0, 1_700_000_000_250_000, b"first frame")
        + packet(order, 0, 1_700_000_001_500_000, b"")
    )


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("chunk_octets", [1, 5, 1 << 20])
def test_both_formats_in_either_byte_order_and_any_chunks(order: str, chunk_octets: int) -> None:
    for octets in (pcap(FRAMES, order), pcap(FRAMES, order, is_nano=True), ng(order)):
        assert read(octets, chunk_octets) == FRAMES


def test_the_length_of_a_check_sequence_is_no_link_type() -> None:
    assert read(pcap(FRAMES, fcs=0x4400_0000)) == FRAMES


@pytest.mark.parametrize(
    ("resolution", "ticks"),
    [
        (b"\6", 2_500_000),
        (b"\x09", 2_500_000_000),
        (b"\0", 2.5),
        (b"\x81", 5),
        (b"\x0a", 25 * 10**9),
    ],
)
def test_an_interface_states_its_ticks(resolution: bytes, ticks: float) -> None:
    options = option("<", 2, b"lo") + option("<", 9, resolution) + option("<", 0, b"")
    octets = section("<") + interface("<", 101, options) + packet("<", 0, int(ticks), b"x")
    [frame] = read(octets)
    assert frame == Frame(2.0 if resolution == b"\0" else 2.5, 101, b"x")


def test_sections_of_either_byte_order_and_interfaces_of_any_link_type_share_a_file() -> None:
    octets = section("<") + interface("<", 1) + interface("<", 113) + packet("<", 1, 0, b"a")
    octets += section(">") + interface(">", 276) + packet(">", 0, 0, b"b")
    assert read(octets) == [Frame(0.0, 113, b"a"), Frame(0.0, 276, b"b")]


def test_the_older_packet_blocks_are_read_too() -> None:
    old = block("<", 2, struct.pack("<HHIIII", 0, 0, 0, 500_000, 3, 3) + b"old")
    simple = block("<", 3, struct.pack("<I", 6) + b"simple")
    octets = section("<") + interface("<", 1) + old + simple
    assert read(octets) == [Frame(0.5, 1, b"old"), Frame(0.0, 1, b"simple")]


@pytest.mark.parametrize(
    ("octets", "why"),
    [
        (b"this is a text and nothing else", "no pcap or pcapng"),
        (b"th", "no pcap or pcapng"),
        (struct.pack("<III", 0x0A0D0D0A, 28, 7) + bytes(16), "no pcap or pcapng"),
        (pcap(FRAMES)[:24] + struct.pack("<IIII", 0, 0, BLOCK_OCTETS_MAX, 0), "a block of"),
        (section("<") + struct.pack("<III", 6, 13, 0), "a block of 13"),
        (section("<") + struct.pack("<III", 6, 8, 0), "a block of 8"),
        (section("<") + block("<", 0x0A0D0D0A, bytes(16)), "without byte order"),
        (section("<") + packet("<", 0, 0, b"x"), "no interface 0"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(octets: bytes, why: str) -> None:
    with pytest.raises(CaptureError, match=why):
        read(octets)


def test_the_frames_before_a_broken_block_are_told() -> None:
    frames = Capture().feed(ng("<") + struct.pack("<III", 6, 13, 0))
    assert [next(frames), next(frames)] == FRAMES


def test_a_file_cut_short_gives_its_whole_frames() -> None:
    assert read(pcap(FRAMES)[:-1]) == FRAMES[:1]


@given(
    st.sampled_from([b"", pcap(FRAMES), ng("<"), ng(">"), section("<")]),
    st.binary(max_size=80),
    st.integers(1, 60),
)
def test_any_octets_are_frames_or_a_capture_error(
    begin: bytes, rest: bytes, chunk_octets: int
) -> None:
    found = []
    for size in (chunk_octets, 1 << 20):
        try:
            found.append(read(begin + rest, size))
        except SmppError as error:
            found.append([Frame(0, 0, str(error).encode())])
    assert found[0] == found[1]
