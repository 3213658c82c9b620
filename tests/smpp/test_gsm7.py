"""The alphabet against the packages gsm0338 and smsutil, packing against the examples of 3GPP
TS 23.038; the tables of other languages have a test of their own."""

from contextlib import suppress

import gsm0338
import pytest
import smsutil
from hypothesis import given
from hypothesis import strategies as st

from smpp import gsm7, national
from smpp.errors import TextError, UndecodableError, UnencodableError

CHARACTERS = "".join(gsm7.ALPHABET).replace("\x1b", "") + "".join(gsm7.EXTENSION.values())
texts = st.text(st.sampled_from(CHARACTERS))
SHIFTS = [(locking, single) for locking in national.LOCKING for single in national.SINGLE]


def characters_of(locking_shift: int, single_shift: int) -> str:
    """All that the tables hold."""
    table = national.LOCKING[locking_shift].replace(national.ABSENT, "").replace("\x1b", "")
    return table + "".join(national.SINGLE[single_shift].values())


@pytest.mark.parametrize("character", CHARACTERS, ids=lambda character: f"U+{ord(character):04X}")
def test_every_character_is_coded_as_another_library_codes_it(character: str) -> None:
    oracle, _ = gsm0338.Codec().encode(character)
    assert gsm7.encode(character) == oracle
    assert gsm7.decode(oracle) == character


def test_the_alphabet_has_128_septets_and_ten_extensions() -> None:
    assert len(gsm7.ALPHABET) == 128
    assert len(set(CHARACTERS)) == 127 + 10


@given(texts)
def test_decode_gives_back_what_encode_took(text: str) -> None:
    assert gsm7.decode(gsm7.encode(text)) == text


@given(texts)
def test_another_library_agrees_on_every_text(text: str) -> None:
    assert gsm7.encode(text) == smsutil.encode(text)


@pytest.mark.parametrize(("locking_shift", "single_shift"), SHIFTS)
def test_decode_gives_back_every_character_of_every_pair_of_tables(
    locking_shift: int, single_shift: int
) -> None:
    characters = characters_of(locking_shift, single_shift)
    septets = gsm7.encode(characters, locking_shift, single_shift)
    assert gsm7.decode(septets, locking_shift, single_shift) == characters


@given(st.data(), st.sampled_from(SHIFTS))
def test_decode_gives_back_what_encode_took_with_any_tables(
    data: st.DataObject, shifts: tuple[int, int]
) -> None:
    text = data.draw(st.text(st.sampled_from(characters_of(*shifts))))
    assert gsm7.decode(gsm7.encode(text, *shifts), *shifts) == text


@pytest.mark.parametrize(
    ("text", "shifts", "septets"),
    [
        ("Ş", (1, 0), b"\x1c"),
        ("Ş", (0, 1), b"\x1bS"),
        ("Ş", (1, 1), b"\x1c"),  # one septet rather than two
        ("€", (1, 1), b"\x04"),
        ("á", (0, 2), b"\x1ba"),
        ("ã", (3, 0), b"\x7b"),
        ("नमस्ते", (6, 0), bytes((0x2F, 0x42, 0x4C, 0x5F, 0x27, 0x59))),
        ("१€", (6, 6), b"\x1b\x1d\x1be"),
        ("¡*", (4, 4), b"\x1b\x13\x1b\x0b"),  # each twice in the table: the first
        ("اردو", (13, 0), bytes((0x00, 0x25, 0x1A, 0x53))),
        ("é", (99, 99), b"\x05"),  # a language without tables
    ],
)
def test_tables_of_other_languages(text: str, shifts: tuple[int, int], septets: bytes) -> None:
    assert gsm7.encode(text, *shifts) == septets
    assert gsm7.decode(septets, *shifts) == text


@pytest.mark.parametrize(
    ("stranger", "shifts"), [("é", (6, 6)), ("€", (12, 12)), ("\ufffe", (11, 11)), ("\x1b", (1, 1))]
)
def test_what_the_tables_lack_is_named(stranger: str, shifts: tuple[int, int]) -> None:
    with pytest.raises(UnencodableError) as caught:
        gsm7.encode(f"a{stranger}", *shifts)
    assert caught.value.character == stranger


@pytest.mark.parametrize("septets", [b"\x00", b"a\x1b\x41\x00"])
def test_an_empty_cell_is_no_character(septets: bytes) -> None:
    with pytest.raises(UndecodableError, match="0x00"):
        gsm7.decode(septets, 11, 11)


@given(st.text())
def test_a_text_is_encoded_whole_or_its_first_stranger_is_named(text: str) -> None:
    strangers = [character for character in text if character not in CHARACTERS]
    if strangers:
        with pytest.raises(UnencodableError) as caught:
            gsm7.encode(text)
        assert caught.value.character == strangers[0]
    else:
        assert gsm7.decode(gsm7.encode(text)) == text


@pytest.mark.parametrize("stranger", ["ç", "`", "\u00a0", "\x1b", "\x00", "\u20ad", "😀", "ﬀ"])
def test_nothing_turns_silently_into_something_else(stranger: str) -> None:
    with pytest.raises(UnencodableError):
        gsm7.encode(f"hi {stranger}")


@given(st.binary())
def test_any_octets_are_text_or_a_text_error(octets: bytes) -> None:
    try:
        assert "\x1b" not in gsm7.decode(octets)
    except TextError:
        assert max(octets) > 0x7F


@given(st.binary(), st.integers(0, 255), st.integers(0, 255))
def test_any_octets_and_any_languages_are_text_or_a_text_error(
    octets: bytes, locking_shift: int, single_shift: int
) -> None:
    with suppress(TextError):
        assert set(gsm7.decode(octets, locking_shift, single_shift)).isdisjoint("\x1b\ufffe")


@pytest.mark.parametrize(
    ("septets", "text"),
    [
        (b"\x1ba", "a"),  # not in the extension table: the escape is ignored
        (b"a\x1b", "a "),
        (b"\x1b\x1be", " e"),  # reserved for a second extension table: a space
        (b"\x1b\x1b\x1be", " €"),
        (b"\x1be\x1be", "€€"),
        (b"\x1b\r", "\r"),
        (b"\x1b\x1b", " "),
        (b"\x1b\n", "\f"),
    ],
)
def test_odd_escapes_read_as_the_specification_wants(septets: bytes, text: str) -> None:
    assert gsm7.decode(septets) == text


@pytest.mark.parametrize(
    ("text", "packed"),
    [
        ("", ""),
        ("1", "31"),
        ("hellohello", "e8329bfd4697d9ec37"),
        ("1234567", "31d98c56b3dd1a"),  # seven spare bits: carriage return, not "@"
        ("12345678", "31d98c56b3dd70"),
    ],
)
def test_packing(text: str, packed: str) -> None:
    assert gsm7.pack(gsm7.encode(text)).hex() == packed
    assert gsm7.unpack(bytes.fromhex(packed), len(text)) == gsm7.encode(text)


@given(st.lists(st.integers(0, 127)).map(bytes), st.integers(0, 6))
def test_unpack_gives_back_what_pack_took_behind_any_fill_bits(septets: bytes, fill: int) -> None:
    packed = gsm7.pack(septets, fill)
    assert gsm7.unpack(packed, len(septets), fill) == septets
    assert len(packed) == -(-(len(septets) * 7 + fill) // 8)


def test_too_few_octets_hold_no_such_text() -> None:
    with pytest.raises(UndecodableError):
        gsm7.unpack(b"\x31", 2)
