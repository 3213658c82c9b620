"""The data coding scheme: rows of TS 23.038 section 4, and laws over all 256 octets."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smpp.coding import Alphabet, Coding, Indication, MessageClass, Waiting, read
from smpp.errors import EncodeError

GSM7, OCTETS, UCS2 = Alphabet.GSM7, Alphabet.OCTETS, Alphabet.UCS2
FLASH, HANDSET, SIM, TERMINAL = MessageClass


def waits(alphabet: Alphabet, what: Waiting, *, is_active: bool, is_stored: bool) -> Coding:
    return Coding(alphabet, indication=Indication(what, is_active, is_stored))


ROWS = [
    (0x00, Coding(GSM7)),
    (0x01, Coding(Alphabet.ASCII)),
    (0x03, Coding(Alphabet.LATIN1)),
    (0x04, Coding(OCTETS)),
    (0x05, Coding(Alphabet.JIS)),
    (0x06, Coding(Alphabet.CYRILLIC)),
    (0x07, Coding(Alphabet.HEBREW)),
    (0x08, Coding(UCS2)),
    (0x0A, Coding(Alphabet.ISO_2022_JP)),
    (0x0D, Coding(Alphabet.EXTENDED_KANJI)),
    (0x0E, Coding(Alphabet.KS_C_5601)),
    (0x10, Coding(GSM7, FLASH)),
    (0x11, Coding(GSM7, HANDSET)),
    (0x14, Coding(OCTETS, FLASH)),
    (0x16, Coding(OCTETS, SIM)),
    (0x18, Coding(UCS2, FLASH)),
    (0x1B, Coding(UCS2, TERMINAL)),
    (0x20, Coding(GSM7, is_compressed=True)),
    (0x28, Coding(UCS2, is_compressed=True)),
    (0x38, Coding(UCS2, FLASH, is_compressed=True)),
    (0x40, Coding(GSM7, is_deleted=True)),
    (0x48, Coding(UCS2, is_deleted=True)),
    (0x51, Coding(GSM7, HANDSET, is_deleted=True)),
    (0x7A, Coding(UCS2, SIM, is_compressed=True, is_deleted=True)),
    (0xC0, waits(GSM7, Waiting.VOICEMAIL, is_active=False, is_stored=False)),
    (0xC8, waits(GSM7, Waiting.VOICEMAIL, is_active=True, is_stored=False)),
    (0xC9, waits(GSM7, Waiting.FAX, is_active=True, is_stored=False)),
    (0xD2, waits(GSM7, Waiting.EMAIL, is_active=False, is_stored=True)),
    (0xDB, waits(GSM7, Waiting.OTHER, is_active=True, is_stored=True)),
    (0xE0, waits(UCS2, Waiting.VOICEMAIL, is_active=False, is_stored=True)),
    (0xEA, waits(UCS2, Waiting.EMAIL, is_active=True, is_stored=True)),
]


@pytest.mark.parametrize(("octet", "coding"), ROWS, ids=lambda value: str(value)[:20])
def test_an_octet_says_what_the_specification_says(octet: int, coding: Coding) -> None:
    assert read(octet) == coding
    assert coding.data_coding == octet


@pytest.mark.parametrize(
    ("octet", "same"),
    [
        (0x02, 0x04),  # of TDMA
        (0x09, 0x04),  # pictograms
        (0xF0, 0x10),
        (0xF5, 0x15),
        (0xFB, 0x13),  # bit 3 is reserved
        (0xCC, 0xC8),  # bit 2 is reserved
        (0x23, 0x20),  # without a class, bits 1 and 0 are reserved
        *[(reserved, 0x00) for reserved in (0x0B, 0x0C, 0x0F, 0x1C, 0x3F, 0x4C, 0x7F, 0x80, 0xBF)],
    ],
)
def test_some_octets_say_the_same_as_others(octet: int, same: int) -> None:
    assert read(octet) == read(same)
    assert read(octet).data_coding == same


@given(st.integers(0, 255))
def test_every_octet_is_read_and_its_meaning_written(octet: int) -> None:
    coding = read(octet)
    assert read(coding.data_coding) == coding
    assert 0 <= coding.data_coding <= 255


@pytest.mark.parametrize(
    "coding",
    [
        Coding(Alphabet.UTF8),
        Coding(Alphabet.LATIN1, FLASH),
        Coding(Alphabet.ASCII, is_compressed=True),
        Coding(Alphabet.UTF8, is_deleted=True),
        waits(UCS2, Waiting.FAX, is_active=True, is_stored=False),
        waits(OCTETS, Waiting.FAX, is_active=True, is_stored=True),
        Coding(GSM7, FLASH, indication=Indication(Waiting.FAX)),
        Coding(GSM7, is_compressed=True, indication=Indication(Waiting.FAX)),
    ],
    ids=str,
)
def test_what_no_octet_says_is_refused(coding: Coding) -> None:
    with pytest.raises(EncodeError) as caught:
        _ = coding.data_coding
    assert caught.value.field == "data_coding"
