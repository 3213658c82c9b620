"""Which data_coding a text needs, and text to octets and back. SMPP 3.4 section 5.2.19.

Strict both ways: a character that the alphabet lacks, and octets that are no text, raise; nothing
ever turns into "?". What data_coding 0 means is the SMSC's affair, so the reader is told.
"""

from dataclasses import dataclass
from enum import Enum

from smpp import gsm7
from smpp.errors import UndecodableError, UnencodableError
from smpp.values import DataCoding


class Alphabet(Enum):
    """How octets stand for text. A unit is what may be cut apart: septet, octet, or two octets."""

    GSM7 = "GSM 7-bit"
    ASCII = "ascii"
    LATIN1 = "latin-1"
    UCS2 = "utf-16-be"
    OCTETS = "octets"  # no text at all


ALPHABETS: dict[int, Alphabet] = {
    DataCoding.ASCII: Alphabet.ASCII,
    DataCoding.LATIN1: Alphabet.LATIN1,
    DataCoding.UCS2: Alphabet.UCS2,
}
DATA_CODINGS = {
    Alphabet.GSM7: DataCoding.SMSC_DEFAULT,
    Alphabet.OCTETS: DataCoding.OCTETS,
    **{alphabet: DataCoding(data_coding) for data_coding, alphabet in ALPHABETS.items()},
}


@dataclass(frozen=True, slots=True)
class EncodedText:
    """A whole message as octets, not yet cut: GSM 7-bit is unpacked, a septet an octet."""

    octets: bytes
    alphabet: Alphabet

    @property
    def data_coding(self) -> DataCoding:
        """The data_coding that says so."""
        return DATA_CODINGS[self.alphabet]


def alphabet_of(data_coding: int, default: Alphabet = Alphabet.GSM7) -> Alphabet:
    """The alphabet of a data_coding; `default` is what the SMSC means by 0.

    The upper half, with message class and waiting indication, is 3GPP TS 23.038 section 4.
    """
    if data_coding == DataCoding.SMSC_DEFAULT:
        return default
    if data_coding >= 0xF0:
        return Alphabet.OCTETS if data_coding & 0x04 else Alphabet.GSM7
    if data_coding >= 0xC0:
        return Alphabet.UCS2 if data_coding >= 0xE0 else Alphabet.GSM7
    if 0x10 <= data_coding < 0x40:
        return (Alphabet.GSM7, Alphabet.OCTETS, Alphabet.UCS2, Alphabet.OCTETS)[
            data_coding >> 2 & 0x03
        ]
    return ALPHABETS.get(data_coding, Alphabet.OCTETS)


def encode(text: str, alphabet: Alphabet | None = None) -> EncodedText:
    """The text in `alphabet`, or in GSM 7-bit where that has every character and else in UCS-2."""
    if alphabet is None:
        try:
            return EncodedText(gsm7.encode(text), Alphabet.GSM7)
        except UnencodableError:
            alphabet = Alphabet.UCS2
    return EncodedText(_octets(text, alphabet), alphabet)


def decode(octets: bytes, data_coding: int, default: Alphabet = Alphabet.GSM7) -> str:
    """The text of a whole message; UndecodableError when it is none."""
    alphabet = alphabet_of(data_coding, default)
    if alphabet is Alphabet.GSM7:
        return gsm7.decode(octets)
    if alphabet is Alphabet.OCTETS:
        raise UndecodableError(f"data_coding 0x{data_coding:02X} is no text")
    try:
        return octets.decode(alphabet.value)
    except UnicodeDecodeError as error:
        raise UndecodableError(f"no {alphabet.value}: {error.reason}") from None


def _octets(text: str, alphabet: Alphabet) -> bytes:
    if alphabet is Alphabet.GSM7:
        return gsm7.encode(text)
    if alphabet is Alphabet.OCTETS:
        raise UnencodableError(text[:1], alphabet.value)
    try:
        return text.encode(alphabet.value)
    except UnicodeEncodeError as error:
        raise UnencodableError(text[error.start], alphabet.value) from None
