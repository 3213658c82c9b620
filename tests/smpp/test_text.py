from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smpp import text
from smpp.errors import TextError, UndecodableError, UnencodableError
from smpp.text import Alphabet
from smpp.values import DataCoding

whole_text = st.text(st.characters(exclude_categories=["Cs"]))


@pytest.mark.parametrize(
    ("plain", "data_coding", "octets"),
    [
        ("hi @", DataCoding.SMSC_DEFAULT, b"hi \0"),
        ("€", DataCoding.SMSC_DEFAULT, b"\x1be"),
        ("{}[]~\\^|", DataCoding.SMSC_DEFAULT, b"\x1b(\x1b)\x1b<\x1b>\x1b=\x1b/\x1b\x14\x1b@"),
        ("ça", DataCoding.UCS2, b"\0\xe7\0a"),  # GSM has the capital only
        ("Привет", DataCoding.UCS2, "Привет".encode("utf-16-be")),
        ("😀", DataCoding.UCS2, b"\xd8\x3d\xde\x00"),
        ("", DataCoding.SMSC_DEFAULT, b""),
    ],
)
def test_the_automatic_choice(plain: str, data_coding: DataCoding, octets: bytes) -> None:
    encoded = text.encode(plain)
    assert (encoded.data_coding, encoded.octets) == (data_coding, octets)
    assert text.decode(octets, data_coding) == plain


@given(whole_text)
def test_every_text_comes_back(plain: str) -> None:
    encoded = text.encode(plain)
    assert text.decode(encoded.octets, encoded.data_coding) == plain


@pytest.mark.parametrize(
    ("plain", "alphabet"),
    [
        ("ç", Alphabet.GSM7),
        ("é", Alphabet.ASCII),
        ("€", Alphabet.LATIN1),
        ("\ud83d", Alphabet.UCS2),  # half a surrogate pair
        ("x", Alphabet.OCTETS),
    ],
)
def test_what_an_alphabet_lacks_is_refused_by_name(plain: str, alphabet: Alphabet) -> None:
    with pytest.raises(UnencodableError) as caught:
        text.encode(plain, alphabet)
    assert caught.value.character == plain


@pytest.mark.parametrize(
    ("octets", "data_coding", "plain"),
    [
        (b"abc", DataCoding.ASCII, "abc"),
        (b"\xe9", DataCoding.LATIN1, "é"),
        (b"\0", 0x10, "@"),  # flash, 7-bit
        (b"\0a", 0x18, "a"),  # flash, UCS-2
        (b"\0", 0xF0, "@"),
        (b"\0", 0xC8, "@"),  # voicemail waits
        (b"\0a", 0xE0, "a"),
    ],
)
def test_data_codings_are_read(octets: bytes, data_coding: int, plain: str) -> None:
    assert text.decode(octets, data_coding) == plain


@pytest.mark.parametrize(
    ("octets", "data_coding"),
    [
        (b"\0a\0", DataCoding.UCS2),  # an odd octet
        (b"\xd8\x3d", DataCoding.UCS2),
        (b"\xe9", DataCoding.ASCII),
        (b"\xe9", DataCoding.SMSC_DEFAULT),
        (b"abc", DataCoding.OCTETS),
        (b"abc", 0xF5),
        (b"abc", 0x14),
    ],
)
def test_octets_that_are_no_text_say_so(octets: bytes, data_coding: int) -> None:
    with pytest.raises(UndecodableError):
        text.decode(octets, data_coding)


def test_the_smsc_decides_what_its_default_alphabet_is() -> None:
    assert text.decode(b"@\xe9", 0, Alphabet.LATIN1) == "@é"


@given(st.binary(), st.integers(0, 255))
def test_any_octets_are_text_or_a_text_error(octets: bytes, data_coding: int) -> None:
    with suppress(TextError):
        assert isinstance(text.decode(octets, data_coding), str)
