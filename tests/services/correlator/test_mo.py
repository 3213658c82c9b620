"""Inbound messages: whole, in any order of their parts, and never mixed."""

from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.effects import PublishLater
from pipeline.records import Encrypted, SmscDeliver, Tlv, Wake
from smpp import gsm7
from tests.services.correlator.builders import (
    FAST,
    HANDSET,
    NOW_MS,
    PACKED,
    PLAIN,
    SLOW,
    TWIN,
    Handset,
    deliver,
    mos,
    part,
    part_16,
    part_sar,
)

EMOJI = "a😀b".encode("utf-16-be")


@pytest.mark.parametrize(
    ("octets", "data_coding", "text"),
    [
        (b"hello", 0, "hello"),
        (b"\x1be 5", 0, "€ 5"),
        (b"\x00\x02", 0, "@$"),
        (EMOJI, 8, "a😀b"),
        (b"caf\xe9", 3, "café"),
        (b"plain", 1, "plain"),
        (b"\xe9", 1, None),
        (b"\x01\x02", 4, None),
        (b"\x01\x02", 2, None),
        (EMOJI[:-1], 8, None),
        (b"", 0, ""),
    ],
)
def test_a_text_is_decoded_and_its_octets_are_kept(
    octets: bytes, data_coding: int, text: str | None
) -> None:
    (mo,) = mos(Handset().tell(deliver(short_message=octets, data_coding=data_coding)))
    assert (mo.text, mo.data, mo.data_coding) == (text, octets, data_coding)
    assert (mo.parts, mo.parts_total, mo.complete) == (1, 1, True)
    assert (mo.sender, mo.receiver, mo.connector) == (HANDSET, "12345", FAST)


@pytest.mark.parametrize(
    ("fact", "text"),
    [
        (part(1, 1, b"one"), "one"),
        (deliver(esm_class=0x40, short_message=b"\x06\x05\x04\x0b\x84\x23\xf0hi"), "hi"),
        (part(3, 2, b"impossible"), "impossible"),
        (deliver(command="data_sm", tlvs=(Tlv(tag=0x0424, value=b"paid"),)), "paid"),
        (deliver(esm_class=0x40, short_message=b"hi"), "hi"),
    ],
)
def test_a_message_without_other_parts_is_whole_at_once(fact: SmscDeliver, text: str) -> None:
    (mo,) = mos(Handset().tell(fact))
    assert (mo.text, mo.complete) == (text, True)


def test_an_encrypted_body_is_passed_on() -> None:
    body = Encrypted(key_id="k", nonce=b"n", ciphertext=b"c")
    (mo,) = mos(Handset().tell(deliver(short_message=body)))
    assert (mo.text, mo.data) == (body, b"")


@pytest.mark.parametrize("make", [part, part_16, part_sar])
def test_parts_become_one_message(make: Callable[..., SmscDeliver]) -> None:
    handset = Handset()
    (timer,) = handset.tell(make(2, 3, b"two "))
    assert isinstance(timer, PublishLater)
    assert timer.due_ms == NOW_MS + 600_000
    assert handset.tell(make(3, 3, b"three")) == []
    (mo,) = mos(handset.tell(make(1, 3, b"vote "), after_ms=40))
    assert (mo.text, mo.parts, mo.parts_total, mo.complete) == ("vote two three", 3, 3, True)
    assert (mo.keyword, mo.received_ms, mo.published_ms) == ("VOTE", NOW_MS, NOW_MS + 40)
    assert handset.ring("mo_partial") == []


def test_a_surrogate_pair_may_be_cut_between_parts() -> None:
    first, second = (
        part(number, 2, octets, data_coding=8)
        for number, octets in ((1, EMOJI[:4]), (2, EMOJI[4:]))
    )
    (mo,) = mos(Handset().tell(second, first))
    assert (mo.text, mo.data) == ("a😀b", EMOJI)


def test_parts_may_come_by_all_connectors_of_a_carrier() -> None:
    parts = [part(2, 2, b"b", connector=TWIN), part(1, 2, b"a", connector=SLOW)]
    (mo,) = mos(Handset().tell(*parts))
    assert (mo.text, mo.connector) == ("ab", SLOW)


@pytest.mark.parametrize(
    "other",
    [
        part(2, 2, b"b", connector=SLOW),
        part(2, 2, b"b", destination_addr="54321"),
        part(2, 2, b"b", reference=8),
        part(2, 3, b"b"),
    ],
)
def test_parts_of_different_messages_are_not_mixed(other: SmscDeliver) -> None:
    assert mos(Handset().tell(part(1, 2, b"a"), other)) == []


def test_what_is_there_when_the_time_is_over_is_published_as_partial() -> None:
    handset = Handset()
    handset.tell(part(1, 3, b"stop "), part(3, 3, b"now"))
    (mo,) = mos(handset.ring("mo_partial"))
    assert (mo.text, mo.parts, mo.parts_total, mo.complete) == ("stop now", 2, 3, False)
    assert mo.keyword == "STOP"


def test_without_its_first_part_a_message_has_no_keyword() -> None:
    handset = Handset()
    handset.tell(part(2, 2, b"vote"))
    (mo,) = mos(handset.ring("mo_partial"))
    assert (mo.text, mo.keyword) == ("vote", None)


def test_a_part_that_comes_again_is_known_for_a_while() -> None:
    handset = Handset()
    handset.tell(part(1, 2, b"a"), part(2, 2, b"b"))
    assert handset.tell(part(1, 2, b"a"), part(2, 2, b"b"), after_ms=599_999) == []
    assert len(handset.tell(part(1, 2, b"a"), after_ms=1)) == 1


def test_a_reference_used_again_begins_another_message() -> None:
    handset = Handset()
    handset.tell(part(1, 2, b"a"), part(2, 2, b"b"))
    (mo,) = mos(handset.tell(part(2, 2, b"d"), part(1, 2, b"c"), after_ms=1))
    assert (mo.text, mo.complete) == ("cd", True)


def test_a_contradicting_part_ends_the_message_before() -> None:
    handset = Handset()
    handset.tell(part(1, 2, b"a"))
    (partial,) = mos(handset.tell(part(1, 2, b"c"), after_ms=1))
    assert (partial.text, partial.complete) == ("a", False)
    (whole,) = mos(handset.tell(part(2, 2, b"d")))
    assert (whole.text, whole.complete) == ("cd", True)
    assert handset.ring("mo_partial") == []


def test_a_timer_of_a_message_before_does_not_end_the_next() -> None:
    handset = Handset()
    (timer,) = handset.tell(part(1, 2, b"a"))
    handset.tell(part(1, 2, b"c"), after_ms=1)
    assert isinstance(timer.record, Wake)
    assert handset.tell(timer.record) == []


def test_parts_do_not_die_before_a_timer_that_is_late() -> None:
    handset = Handset()
    (timer,) = handset.tell(part(1, 2, b"a"))
    assert isinstance(timer.record, Wake)
    assert len(mos(handset.tell(timer.record, after_ms=71 * 3_600_000))) == 1


def test_the_same_words_at_another_time_are_another_message() -> None:
    facts = [deliver(short_message=b"YES", received_ms=NOW_MS + i) for i in (0, 0, 1)]
    first, repeated, other = mos(Handset().tell(*facts))
    assert first.mo_id == repeated.mo_id != other.mo_id


@given(st.data(), st.lists(st.binary(min_size=1, max_size=6), min_size=2, max_size=6))
def test_parts_in_any_order_and_repeated_make_one_whole_message(
    data: st.DataObject, bodies: list[bytes]
) -> None:
    total = len(bodies)
    parts = [part(i, total, octets, data_coding=4) for i, octets in enumerate(bodies, 1)]
    repeats = data.draw(st.lists(st.sampled_from(parts), max_size=6))
    handset = Handset()
    (mo,) = mos(handset.tell(*data.draw(st.permutations(parts + repeats))))
    assert (mo.data, mo.parts, mo.complete) == (b"".join(bodies), total, True)
    assert mo.mo_id == mos(Handset().tell(*parts))[0].mo_id
    assert mos(handset.ring("mo_partial")) == []


def test_a_text_in_the_tables_of_its_header() -> None:
    header = bytes((3, 0x24, 1, 1))  # single shift, Turkish
    (mo,) = mos(Handset().tell(deliver(esm_class=0x40, short_message=header + b"\x1bs")))
    assert mo.text == "ş"


def test_parts_keep_the_tables_of_their_header() -> None:
    sender = Handset()
    told = []
    for number in (1, 2):
        header = bytes((8, 0x00, 3, 7, 2, number, 0x24, 1, 1))
        told += mos(sender.tell(deliver(esm_class=0x40, short_message=header + b"\x1bs")))
    assert [mo.text for mo in told] == ["şş"]


def test_the_profile_says_what_data_coding_0_means() -> None:
    octets = b"caf\xe9"
    (mo,) = mos(Handset().tell(deliver(connector=PLAIN, short_message=octets)))
    assert mo.text == "café"


@pytest.mark.parametrize(
    ("data_coding", "octets", "text"),
    [
        (0, bytes.fromhex("e8329bfd4697d9ec37"), "hellohello"),
        (0, gsm7.pack(b"hello!!"), "hello!!"),  # seven bits are left, and a carriage return in them
        (8, "é".encode("utf-16-be"), "é"),
        (4, bytes.fromhex("e8329b"), None),
    ],
)
def test_gsm_7_bit_that_comes_packed_is_unpacked(
    data_coding: int, octets: bytes, text: str | None
) -> None:
    fact = deliver(connector=PACKED, short_message=octets, data_coding=data_coding)
    (mo,) = mos(Handset().tell(fact))
    assert mo.text == text


def test_packed_parts_are_aligned_behind_their_header() -> None:
    sender = Handset()
    told = []
    for number, text in ((1, "one "), (2, "two")):
        header = bytes((5, 0x00, 3, 7, 2, number))
        octets = header + gsm7.pack(text.encode(), fill_bits=1)
        told += mos(sender.tell(deliver(connector=PACKED, esm_class=0x40, short_message=octets)))
    assert [mo.text for mo in told] == ["one two"]


def test_each_part_is_read_by_its_own_header() -> None:
    sender = Handset()
    plain = bytes((5, 0x00, 3, 7, 2, 1)) + b"\x1be"
    turkish = bytes((8, 0x00, 3, 7, 2, 2, 0x24, 1, 1)) + b"\x1bs"
    told = [mos(sender.tell(deliver(esm_class=0x40, short_message=o))) for o in (turkish, plain)]
    assert [mo.text for found in told for mo in found] == ["€ş"]


def test_references_of_either_width_are_never_mixed() -> None:
    sender = Handset()
    assert mos(sender.tell(part(1, 2, b"a"), part_16(2, 2, b"b"))) == []
