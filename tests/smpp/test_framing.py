from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smpp.errors import FramingError
from smpp.framing import Framer
from smpp.pdu import EnquireLink, SubmitSm
from smpp.wire import encode

ENQUIRE = encode(EnquireLink(sequence_number=1))
SUBMIT = encode(SubmitSm(sequence_number=2, destination_addr="491", short_message=b"hello"))


def fed(framer: Framer, *chunks: bytes) -> list[bytes]:
    return [pdu for chunk in chunks for pdu in framer.feed(chunk)]


@given(
    st.lists(st.sampled_from([ENQUIRE, SUBMIT]), max_size=5),
    st.lists(st.integers(0, 300), max_size=8),
)
def test_any_chunks_give_the_same_pdus(pdus: list[bytes], cuts: list[int]) -> None:
    stream = b"".join(pdus)
    edges = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    framer = Framer()
    chunks = [stream[start:end] for start, end in pairwise(edges)]
    assert fed(framer, *chunks) == pdus
    assert not framer.is_partial


def test_octet_by_octet_gives_the_same_pdus() -> None:
    stream = ENQUIRE + SUBMIT + ENQUIRE
    octets = [bytes([octet]) for octet in stream]
    assert fed(Framer(), *octets) == [ENQUIRE, SUBMIT, ENQUIRE]


def test_half_a_pdu_is_waited_for() -> None:
    framer = Framer()
    assert fed(framer, SUBMIT[:20]) == []
    assert framer.is_partial
    assert fed(framer, SUBMIT[20:]) == [SUBMIT]


@pytest.mark.parametrize("length", [0, 15, 65_537, 0x7FFF_FFFF, 0xFFFF_FFFF])
def test_an_impossible_command_length_is_refused_after_the_pdus_before_it(length: int) -> None:
    framer = Framer()
    pdus: list[bytes] = []
    with pytest.raises(FramingError) as caught:
        pdus.extend(framer.feed(ENQUIRE + length.to_bytes(4, "big")))
    assert caught.value.command_length == length
    assert not framer.is_partial  # and nothing is kept for it


@pytest.mark.parametrize("size", [16, 65_536])
def test_the_limits_themselves_are_allowed(size: int) -> None:
    octets = size.to_bytes(4, "big") + bytes(size - 4)
    assert fed(Framer(), octets[:9], octets[9:]) == [octets]


def test_the_limit_is_the_callers() -> None:
    with pytest.raises(FramingError):
        fed(Framer(pdu_octets_max=20), SUBMIT)
