from itertools import islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smpp.inspection import streams
from smpp.inspection.packets import SYN, Endpoint, Flow, Segment
from smpp.inspection.streams import Piece, Streams
from tests.smpp.inspection.captures import DOWN, ESME, SMSC, UP, opening, segment

TEXT = bytes(range(256)) * 4


def taken(*segments: Segment) -> list[Piece]:
    all_of_them = Streams()
    pieces = [piece for each in segments for piece in all_of_them.take(each)]
    return pieces + list(all_of_them.rest())


def joined(*segments: Segment) -> tuple[bytes, int]:
    pieces = taken(*segments)
    octets = b"".join(piece.octets for piece in pieces)
    return octets, sum(piece.lost_octets for piece in pieces)


@given(
    st.integers(0, (1 << 32) - 1),
    st.lists(st.tuples(st.integers(0, 1000), st.integers(1, 60)), max_size=30),
    st.randoms(use_true_random=False),
)
def test_any_order_repetition_and_overlap_gives_the_stream(
    first: int, extra: list[tuple[int, int]], dice: object
) -> None:
    spans = [*((at, 50) for at in range(0, len(TEXT), 50)), *extra]
    dice.shuffle(spans)  # type: ignore[attr-defined]
    sent = [segment(UP, first + at, TEXT[at : at + size]) for at, size in spans]
    assert joined(opening(UP, first), *sent) == (TEXT, 0)


def test_both_directions_are_streams_of_their_own() -> None:
    pieces = taken(segment(UP, 1, b"up"), segment(DOWN, 1, b"down", acknowledged=3))
    assert pieces == [Piece(UP, b"up"), Piece(DOWN, b"down")]


def test_only_the_first_piece_after_a_syn_is_new() -> None:
    pieces = taken(
        opening(UP, 1), segment(UP, 1, b"a"), segment(UP, 2, b"b"),
        opening(UP, 5000), segment(UP, 5000, b"c"),
    )  # fmt: skip
    assert [(piece.octets, piece.is_new) for piece in pieces] == [
        (b"a", True), (b"b", False), (b"c", True),
    ]  # fmt: skip


def test_a_keepalive_says_nothing() -> None:
    assert joined(segment(UP, 1, b"ab"), segment(UP, 2, b"\0"), segment(UP, 3, b"c"))[0] == b"abc"


def test_a_hole_is_waited_for_until_the_other_end_acknowledges_what_is_behind_it() -> None:
    all_of_them = Streams()
    told = [
        list(all_of_them.take(each))
        for each in (
            segment(UP, 1, b"ab"),
            segment(UP, 6, b"fg"),
            segment(DOWN, 1, acknowledged=3),
            segment(DOWN, 1, acknowledged=8),
            segment(UP, 8, b"h"),
        )
    ]
    assert told == [
        [Piece(UP, b"ab")], [], [], [Piece(UP, b"fg", lost_octets=3)], [Piece(UP, b"h")],
    ]  # fmt: skip


def test_holes_are_told_one_by_one_at_the_end() -> None:
    pieces = taken(segment(UP, 1, b"a"), segment(UP, 4, b"d"), segment(UP, 9, b"i"))
    assert [(piece.octets, piece.lost_octets) for piece in pieces] == [
        (b"a", 0), (b"d", 2), (b"i", 4),
    ]  # fmt: skip


@pytest.mark.parametrize("limit", ["WAITING_OCTETS_MAX", "WAITING_SEGMENTS_MAX"])
def test_a_hole_is_given_up_when_too_much_waits_behind_it(
    limit: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, limit, 3)
    all_of_them = Streams()
    sent = [segment(UP, 1, b"a"), *(segment(UP, at, b"x") for at in range(10, 14))]
    pieces = [piece for each in sent for piece in all_of_them.take(each)]
    assert pieces == [Piece(UP, b"a"), Piece(UP, b"xxxx", lost_octets=8)]


def test_the_direction_silent_longest_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(streams, "FLOWS_MAX", 2)
    flows = [Flow(Endpoint(ESME.host, port), SMSC) for port in (1, 2, 3)]
    first, second, third = flows
    sent = [segment(flow, 1, b"a") for flow in (first, second, first, third)]
    behind_a_hole = [segment(first, 5, b"e"), segment(second, 5, b"e")]
    assert [piece.lost_octets for piece in taken(*sent, *behind_a_hole)] == [0, 0, 0, 0, 3]


def test_a_segment_without_octets_says_nothing() -> None:
    assert taken(segment(UP, 1, flags=SYN), segment(UP, 2), segment(DOWN, 1)) == []


def test_the_farthest_segment_there_can_be_is_told_at_the_end() -> None:
    streams = Streams()
    for at in (1, 1 + (1 << 31) - 1):
        list(streams.take(segment(UP, at, b"x")))
    assert [piece.octets for piece in islice(streams.rest(), 3)] == [b"x"]
