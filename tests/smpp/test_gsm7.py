"""The alphabet against the package gsm0338, packing against the examples of 3GPP TS 23.038."""

import gsm0338
import pytest
from hypothesis import given
from hypothesis import strategies as st

from smpp import gsm7
from smpp.errors import TextError, UndecodableError, UnencodableError

CHARACTERS = "".join(gsm7.ALPHABET).replace("\x1b", "") + "".join(gsm7.EXTENSION.values())
texts = st.text(st.sampled_from(CHARACTERS))


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


@pytest.mark.parametrize(
    ("septets", "text"),
    [
        (b"\x1ba", "a"),  # not in the extension table: the escape is ignored
        (b"a\x1b", "a "),
        (b"\x1b\x1be", " €"),
        (b"\x1be\x1be", "€€"),
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
