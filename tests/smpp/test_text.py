from contextlib import suppress

import pytest
import smsutil
from hypothesis import given
from hypothesis import strategies as st

from smpp import national, text
from smpp.errors import EncodeError, TextError, UndecodableError, UnencodableError
from smpp.text import Alphabet
from smpp.values import DataCoding

TURKISH, SPANISH, PORTUGUESE, HINDI = 1, 2, 3, 6
GSM7, ASCII, LATIN1, UCS2, UTF8 = (
    Alphabet.GSM7,
    Alphabet.ASCII,
    Alphabet.LATIN1,
    Alphabet.UCS2,
    Alphabet.UTF8,
)
TEXT_ALPHABETS = [alphabet for alphabet in Alphabet if alphabet is not Alphabet.OCTETS]
EVERY_CHARACTER = [chr(code) for code in range(0x10000) if not 0xD800 <= code < 0xE000]

whole_text = st.text(st.characters(exclude_categories=["Cs"]))
languages = st.lists(st.sampled_from(range(15)), max_size=3).map(tuple)


@pytest.mark.parametrize(
    ("plain", "data_coding", "octets"),
    [
        ("hi @", DataCoding.SMSC_DEFAULT, b"hi \0"),
        ("€", DataCoding.SMSC_DEFAULT, b"\x1be"),
        ("é@{", DataCoding.SMSC_DEFAULT, b"\x05\0\x1b("),
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


@pytest.mark.parametrize(
    ("plain", "default", "data_coding", "octets"),
    [
        ("é€@{", LATIN1, DataCoding.UCS2, "é€@{".encode("utf-16-be")),
        ("é@{", LATIN1, DataCoding.SMSC_DEFAULT, b"\xe9@{"),
        ("é", ASCII, DataCoding.UCS2, b"\0\xe9"),
        ("@", ASCII, DataCoding.SMSC_DEFAULT, b"@"),
        ("é€", UTF8, DataCoding.SMSC_DEFAULT, "é€".encode()),
        ("क" * 70, UTF8, DataCoding.UCS2, b"\x09\x15" * 70),  # three octets each in UTF-8
        ("a", UCS2, DataCoding.SMSC_DEFAULT, b"\0a"),
        ("a", Alphabet.OCTETS, DataCoding.UCS2, b"\0a"),
    ],
)
def test_the_smsc_decides_what_its_default_alphabet_is(
    plain: str, default: Alphabet, data_coding: DataCoding, octets: bytes
) -> None:
    encoded = text.encode(plain, default=default)
    assert (encoded.data_coding, encoded.octets) == (data_coding, octets)
    assert text.decode(octets, data_coding, default) == plain


def test_gsm_7_bit_has_no_data_coding_where_0_is_another_alphabet() -> None:
    with pytest.raises(EncodeError):
        _ = text.encode("a", GSM7, default=LATIN1).data_coding


@pytest.mark.parametrize(
    ("plain", "allowed", "shifts", "octet_count"),
    [
        ("Ağ", (), None, 4),
        ("Ag", (TURKISH,), (0, 0), 2),  # no table is needed
        ("Ağ", (TURKISH,), (0, TURKISH), 3),  # the single shift leaves more as it is
        ("ğ" * 78, (TURKISH,), (TURKISH, 0), 78),  # twice as long, it would take two parts
        ("ğ" * 100 + "ç", (SPANISH, TURKISH), (TURKISH, 0), 101),
        ("à á ã", (SPANISH, PORTUGUESE), (0, PORTUGUESE), 7),
        ("áéíóú" * 31, (SPANISH,), (0, SPANISH), 279),  # two parts, in UCS-2 three
        ("á" * 75, (PORTUGUESE,), (0, PORTUGUESE), 150),
        ("नमस्ते", (HINDI,), (HINDI, 0), 6),
        ("नमस्ते {१}", (HINDI,), (HINDI, HINDI), 13),
        ("नमस्ते é", (HINDI,), None, 16),
        ("नमस्ते", (99,), None, 12),
    ],
)
def test_tables_of_other_languages_are_used_where_the_caller_allows_them(
    plain: str, allowed: tuple[int, ...], shifts: tuple[int, int] | None, octet_count: int
) -> None:
    encoded = text.encode(plain, languages=allowed)
    locking_shift, single_shift = shifts or (0, 0)
    assert (encoded.locking_shift, encoded.single_shift) == (locking_shift, single_shift)
    assert encoded.alphabet is (UCS2 if shifts is None else GSM7)
    assert len(encoded.octets) == octet_count
    decoded = text.decode(
        encoded.octets,
        encoded.data_coding,
        locking_shift=locking_shift,
        single_shift=single_shift,
    )
    assert decoded == plain


@given(whole_text, languages, st.sampled_from(TEXT_ALPHABETS))
def test_every_text_comes_back(plain: str, allowed: tuple[int, ...], default: Alphabet) -> None:
    encoded = text.encode(plain, languages=allowed, default=default)
    decoded = text.decode(
        encoded.octets,
        encoded.data_coding,
        default,
        locking_shift=encoded.locking_shift,
        single_shift=encoded.single_shift,
    )
    assert decoded == plain


@given(st.text(st.sampled_from("ağáनم€é{"), max_size=400), languages)
def test_more_languages_never_take_more_parts(plain: str, allowed: tuple[int, ...]) -> None:
    counts = [text._part_count(text.encode(plain, languages=few)) for few in ((), allowed)]
    assert counts[1] <= counts[0]


@pytest.mark.parametrize("unit", ["a", "€", "a€", "ж"])
@pytest.mark.parametrize(
    "count", [1, 66, 67, 70, 71, 76, 77, 80, 81, 102, 103, 134, 135, 160, 161, 500]
)
def test_parts_are_counted_as_another_library_counts_them(unit: str, count: int) -> None:
    oracle = smsutil.split(unit * count)
    assert text._part_count(text.encode(unit * count)) == len(oracle.parts)


@pytest.mark.parametrize("alphabet", TEXT_ALPHABETS)
def test_every_character_comes_back_from_every_alphabet_that_takes_it(alphabet: Alphabet) -> None:
    taken = 0
    for character in EVERY_CHARACTER:
        with suppress(UnencodableError):
            encoded = text.encode(character, alphabet)
            assert text.decode(encoded.octets, 0, alphabet) == character
            taken += 1
    assert taken >= 128


@given(whole_text, st.sampled_from(TEXT_ALPHABETS))
def test_a_text_comes_back_from_an_alphabet_or_is_refused(plain: str, alphabet: Alphabet) -> None:
    with suppress(UnencodableError):
        encoded = text.encode(plain, alphabet, default=alphabet)
        assert encoded.data_coding == 0
        assert text.decode(encoded.octets, 0, alphabet) == plain


@pytest.mark.parametrize(
    ("plain", "data_coding", "octets"),
    [
        ("~", 0x01, "7e"),
        ("é", 0x03, "e9"),
        ("日本 a", 0x05, "93fa967b2061"),
        ("Привет", 0x06, "bfe0d8d2d5e2"),
        ("שלום", 0x07, "f9ece5ed"),
        ("漢😀", 0x08, "6f22d83dde00"),
        ("日本 a", 0x0A, "1b2442467c4b5c1b28422061"),
        ("日本 a", 0x0D, "c6fccbdc2061"),
        ("丂", 0x0D, "8fb0a1"),  # JIS X 0212
        ("한국", 0x0E, "c7d1b1b9"),
        ("똠", 0x0E, "8c63"),  # not among the 2350 syllables of KS C 5601
    ],
)
def test_alphabets_that_data_coding_names(plain: str, data_coding: int, octets: str) -> None:
    encoded = text.encode(plain, text.alphabet_of(data_coding))
    assert (encoded.octets.hex(), encoded.data_coding) == (octets, data_coding)
    assert text.decode(encoded.octets, data_coding) == plain


@pytest.mark.parametrize(
    ("plain", "alphabet"),
    [
        ("ç", GSM7),
        ("é", ASCII),
        ("€", LATIN1),
        ("¥", Alphabet.JIS),  # which would come back as a backslash
        ("‾", Alphabet.EXTENDED_KANJI),
        ("\x1b", Alphabet.ISO_2022_JP),
        ("é", Alphabet.HEBREW),
        ("\ud83d", UCS2),  # half a surrogate pair
        ("\ud83d", UTF8),
        ("x", Alphabet.OCTETS),
    ],
)
def test_what_an_alphabet_lacks_is_refused_by_name(plain: str, alphabet: Alphabet) -> None:
    with pytest.raises(UnencodableError) as caught:
        text.encode(plain, alphabet)
    assert caught.value.character == plain


def test_what_no_alphabet_has_is_refused_by_name() -> None:
    with pytest.raises(UnencodableError) as caught:
        text.encode("a\ud83d", languages=(TURKISH,), transliterates=True)
    assert caught.value.character == "\ud83d"


@pytest.mark.parametrize(
    ("plain", "allowed", "alphabet", "read"),
    [
        ("“naïve”", (), None, '"naive"'),
        ("naïve ğ", (TURKISH,), None, "naive g"),  # no table has both, so the default one
        ("नमस्ते “१”", (HINDI,), None, 'नमस्ते "१"'),
        ("Ağ", (TURKISH,), None, "Ağ"),
        ("Ağ", (), None, "Ag"),
        ("naïve 😀", (), None, "naïve 😀"),  # UCS-2 after all
        ("“Привет”", (), Alphabet.CYRILLIC, '"Привет"'),
        ("œuvre", (), LATIN1, "oeuvre"),
    ],
)
def test_look_alikes_are_written_where_the_text_would_not_fit(
    plain: str, allowed: tuple[int, ...], alphabet: Alphabet | None, read: str
) -> None:
    encoded = text.encode(plain, alphabet, languages=allowed, transliterates=True)
    decoded = text.decode(
        encoded.octets,
        encoded.data_coding,
        locking_shift=encoded.locking_shift,
        single_shift=encoded.single_shift,
    )
    assert decoded == read


def test_without_look_alikes_the_character_is_named() -> None:
    with pytest.raises(UnencodableError) as caught:
        text.encode("漢", LATIN1, transliterates=True)
    assert caught.value.character == "漢"


@pytest.mark.parametrize(
    ("octets", "data_coding", "plain"),
    [
        (b"abc", DataCoding.ASCII, "abc"),
        (b"\xe9", DataCoding.LATIN1, "é"),
        (b"\0", 0x10, "@"),  # flash, 7-bit
        (b"\0a", 0x18, "a"),  # flash, UCS-2
        (b"\0a", 0x48, "a"),  # to be deleted
        (b"\0", 0xF0, "@"),
        (b"\0", 0xC8, "@"),  # voicemail waits
        (b"\0a", 0xE0, "a"),
        (b"\0", 0x0C, "@"),  # reserved, so GSM 7-bit
        (b"\0", 0xB7, "@"),
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
        (b"\x93", DataCoding.JIS),
        (b"\x1b$B\x80", DataCoding.ISO_2022_JP),
        (b"abc", DataCoding.OCTETS),
        (b"abc", DataCoding.OCTETS_TDMA),
        (b"abc", DataCoding.PICTOGRAM),
        (b"abc", 0xF5),
        (b"abc", 0x14),
        (b"abc", 0x20),  # compressed
    ],
)
def test_octets_that_are_no_text_say_so(octets: bytes, data_coding: int) -> None:
    with pytest.raises(UndecodableError):
        text.decode(octets, data_coding)


def test_octets_go_as_the_data_coding_that_gsm_networks_have_for_them() -> None:
    assert text.EncodedText(b"\0", Alphabet.OCTETS).data_coding == 0x04


@pytest.mark.parametrize("count", [1, 69, 70, 71, 134, 135, 2000])
def test_ucs2_has_two_octets_for_each_unit(count: int) -> None:
    assert len(text.encode("ж" * count).octets) == 2 * count


@given(st.binary(), st.integers(0, 255), st.sampled_from(Alphabet), st.integers(0, 255))
def test_any_octets_are_text_or_a_text_error(
    octets: bytes, data_coding: int, default: Alphabet, shift: int
) -> None:
    with suppress(TextError):
        decoded = text.decode(octets, data_coding, default, locking_shift=shift, single_shift=shift)
        assert isinstance(decoded, str)


def test_every_language_may_be_allowed_at_once() -> None:
    encoded = text.encode("ಕನ್ನಡ", languages=tuple(national.SINGLE))
    assert (encoded.locking_shift, encoded.octets) == (7, bytes((0x15, 0x2F, 0x5F, 0x2F, 0x24)))
