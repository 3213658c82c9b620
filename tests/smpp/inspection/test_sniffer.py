import pytest
from hypothesis import given
from hypothesis import strategies as st

from smpp import tlv
from smpp.inspection import sniffer
from smpp.inspection.packets import RAW, Segment
from smpp.inspection.pcap import Frame
from smpp.inspection.sniffer import LOOKS_LIKE_HEADER, Sighting, Sniffer
from smpp.pdu import DeliverSm, EnquireLink, GenericNack, Pdu, SubmitSm, SubmitSmResp, Unbind
from smpp.values import PDU_OCTETS_MAX, CommandId
from smpp.wire import HEADER, encode
from tests.smpp.inspection.captures import DOWN, ESME, UP, ip, opening, segment

PDUS: list[Pdu] = [
    SubmitSm(sequence_number=1, short_message=b"hello"),
    EnquireLink(sequence_number=2),
    DeliverSm(sequence_number=3, tlvs=(tlv.MESSAGE_PAYLOAD.make(bytes(2000)),)),
    SubmitSmResp(sequence_number=4, message_id="a1"),
]
OCTETS = [encode(pdu) for pdu in PDUS]
STREAM = b"".join(OCTETS)


def seen(*segments: Segment, port: int | None = None) -> list[Sighting]:
    eyes = Sniffer(port)
    frames = [Frame(float(number), RAW, ip(each)) for number, each in enumerate(segments)]
    return [
        *(sighting for frame in frames for sighting in eyes.take(frame)),
        *eyes.rest(float(len(frames))),
    ]


def octets_seen(*segments: Segment) -> list[bytes]:
    return [sighting.octets for sighting in seen(*segments)]


@given(st.integers(1, 700))
def test_pdus_are_cut_from_segments_of_any_size(size: int) -> None:
    sent = [segment(UP, 1 + at, STREAM[at : at + size]) for at in range(0, len(STREAM), size)]
    sightings = seen(opening(UP, 1), *sent)
    assert [sighting.octets for sighting in sightings] == OCTETS
    assert {sighting[3:] for sighting in sightings} == {(0, 0)}


def test_a_sighting_says_when_the_pdu_was_whole_and_which_way_it_went() -> None:
    up, down = OCTETS[0], OCTETS[3]
    sightings = seen(segment(UP, 1, up[:9]), segment(UP, 10, up[9:]), segment(DOWN, 1, down))
    assert sightings == [Sighting(1.0, UP, up, 0, 0), Sighting(2.0, DOWN, down, 0, 0)]


def test_a_capture_that_begins_inside_a_pdu_is_taken_up_at_the_next_one() -> None:
    sightings = seen(segment(UP, 1, STREAM[7:]))
    assert [sighting.octets for sighting in sightings] == OCTETS[1:]
    assert sightings[0].skipped_octets == len(OCTETS[0]) - 7


def test_after_a_hole_the_next_header_is_looked_for() -> None:
    first, second, third, fourth = OCTETS
    cut = len(first) + 4
    lost = 30
    sightings = seen(
        segment(UP, 1, STREAM[:cut]),
        segment(UP, 1 + cut + lost, STREAM[cut + lost :]),
    )
    assert [sighting.octets for sighting in sightings] == [first, fourth]
    passed_over = len(second) + len(third) - lost
    assert sightings[1][3:] == (lost, passed_over)


def test_a_length_that_cannot_be_is_passed_over() -> None:
    broken = HEADER.pack(PDU_OCTETS_MAX + 1, CommandId.SUBMIT_SM, 0, 1)
    sightings = seen(segment(UP, 1, OCTETS[0] + broken + OCTETS[1]))
    assert [sighting[2:] for sighting in sightings] == [(OCTETS[0], 0, 0), (OCTETS[1], 0, 16)]


def test_an_unknown_command_between_known_ones_is_seen_but_begins_nothing() -> None:
    unknown = HEADER.pack(16, 0x7777, 0, 5)
    assert octets_seen(segment(UP, 1, OCTETS[1] + unknown)) == [OCTETS[1], unknown]
    assert octets_seen(segment(UP, 1, unknown + OCTETS[1])) == [OCTETS[1]]


def test_a_new_connection_on_the_same_ports_begins_anew() -> None:
    whole = OCTETS[1]
    sent = (opening(UP, 1), segment(UP, 1, whole[:5]), opening(UP, 999), segment(UP, 999, whole))
    assert octets_seen(*sent) == [whole]


def test_what_is_no_smpp_is_never_heard_of() -> None:
    http, zeros = segment(UP, 1, b"GET / HTTP/1.1\r\n\r\n" * 500), segment(DOWN, 1, bytes(5000))
    assert octets_seen(http, zeros) == []
    assert list(Sniffer().take(Frame(0.0, RAW, b"no segment"))) == []


@pytest.mark.parametrize(("port", "count"), [(None, 1), (2775, 1), (ESME.port, 1), (2776, 0)])
def test_a_port_is_at_either_end(port: int | None, count: int) -> None:
    assert len(seen(segment(UP, 1, OCTETS[0]), port=port)) == count


def test_what_waits_behind_a_hole_is_seen_at_the_end() -> None:
    sightings = seen(segment(UP, 1, OCTETS[1]), segment(UP, 100, OCTETS[1]))
    assert sightings[1] == Sighting(2.0, UP, OCTETS[1], 83, 0)


def test_only_so_many_directions_are_remembered(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sniffer, "FLOWS_MAX", 1)
    half = OCTETS[1]
    sent = (segment(UP, 1, half[:5]), segment(DOWN, 1, half), segment(UP, 6, half[5:]))
    assert octets_seen(*sent) == [half]


@pytest.mark.parametrize("command", CommandId)
def test_every_header_looks_like_one(command: CommandId) -> None:
    for length in (16, 255, 4096, PDU_OCTETS_MAX):
        assert LOOKS_LIKE_HEADER.match(HEADER.pack(length, command, 0, 1))


@given(st.lists(st.binary(max_size=60), max_size=6))
def test_any_octets_are_pdus_or_passed_over(pieces: list[bytes]) -> None:
    stream = b"".join([*pieces, encode(Unbind()), *pieces, encode(GenericNack())])
    sightings = seen(segment(UP, 1, stream))
    told = sum(len(sighting.octets) + sighting.skipped_octets for sighting in sightings)
    assert told <= len(stream)
    assert all(sighting.octets in stream for sighting in sightings)
