"""What a data_coding says: SMPP 3.4 section 5.2.19 over 3GPP TS 23.038 section 4.

Up to 0x0E SMPP names alphabets of its own. Above, the octet is the data coding scheme of GSM: bits
7-4 tell the group, and with it where alphabet, message class, and waiting indication are.

    00xx 01xx  general; 01xx is also to be deleted once read
    1100       a message waits; the text may be discarded
    1101 1110  a message waits; the text is kept, in GSM 7-bit and in UCS-2
    1111       an alphabet and a message class
    1000-1011  reserved

All that is reserved is read as the GSM 7-bit default alphabet, as section 4 wants. Texts are not
decompressed (TS 23.042).
"""

from dataclasses import dataclass
from enum import Enum, IntEnum

from smpp.errors import EncodeError
from smpp.values import DataCoding


class Alphabet(Enum):
    """How octets stand for text; the value is Python's codec, if it has one.

    JIS X 0208 and its extension are read as handsets send them, in Shift JIS and in EUC, for only
    so can they stand beside ASCII. KS C 5601 is its superset of all Hangul, since Python's EUC-KR
    does not read all it writes. Latin-1 is no Windows-1252: its octets 0x80 to 0x9F are controls.
    """

    GSM7 = "GSM 7-bit"
    ASCII = "ascii"
    LATIN1 = "latin-1"
    JIS = "shift_jis"
    CYRILLIC = "iso8859-5"
    HEBREW = "iso8859-8"
    UCS2 = "utf-16-be"  # with surrogates, as every handset of today takes it
    ISO_2022_JP = "iso2022_jp"
    EXTENDED_KANJI = "euc_jp"
    KS_C_5601 = "cp949"
    UTF8 = "utf-8"  # no data_coding says so, but what some SMSCs mean by 0
    OCTETS = "octets"  # no text at all


class MessageClass(IntEnum):
    """Where a handset puts a message."""

    FLASH = 0  # on the screen, and nowhere else
    HANDSET = 1
    SIM = 2
    TERMINAL = 3  # the equipment behind the handset


class Waiting(IntEnum):
    """What waits for the subscriber elsewhere."""

    VOICEMAIL = 0
    FAX = 1
    EMAIL = 2
    OTHER = 3


@dataclass(frozen=True, slots=True)
class Indication:
    """An icon to show, or to take away; `is_stored` keeps the text with it."""

    waiting: Waiting
    is_active: bool = True
    is_stored: bool = True


SMPP: dict[int, Alphabet] = {
    DataCoding.SMSC_DEFAULT: Alphabet.GSM7,
    DataCoding.ASCII: Alphabet.ASCII,
    DataCoding.OCTETS_TDMA: Alphabet.OCTETS,
    DataCoding.LATIN1: Alphabet.LATIN1,
    DataCoding.OCTETS: Alphabet.OCTETS,
    DataCoding.JIS: Alphabet.JIS,
    DataCoding.CYRILLIC: Alphabet.CYRILLIC,
    DataCoding.HEBREW: Alphabet.HEBREW,
    DataCoding.UCS2: Alphabet.UCS2,
    DataCoding.PICTOGRAM: Alphabet.OCTETS,  # in a code that nobody tells
    DataCoding.ISO_2022_JP: Alphabet.ISO_2022_JP,
    DataCoding.EXTENDED_KANJI: Alphabet.EXTENDED_KANJI,
    DataCoding.KS_C_5601: Alphabet.KS_C_5601,
}
DATA_CODINGS = {alphabet: data_coding for data_coding, alphabet in SMPP.items()} | {
    Alphabet.OCTETS: DataCoding.OCTETS  # GSM networks take OCTETS_TDMA for GSM 7-bit text
}
GSM = (Alphabet.GSM7, Alphabet.OCTETS, Alphabet.UCS2)  # bits 3 and 2; 3 is reserved
GENERAL, DISCARD, STORE, STORE_UCS2, CLASS = 0x10, 0xC0, 0xD0, 0xE0, 0xF0
COMPRESSED, DELETED, WITH_CLASS, ACTIVE = 0x20, 0x40, 0x10, 0x08


@dataclass(frozen=True, slots=True)
class Coding:
    """One data_coding; `is_deleted` asks the handset to delete the message once it is read."""

    alphabet: Alphabet
    message_class: MessageClass | None = None
    is_compressed: bool = False
    is_deleted: bool = False
    indication: Indication | None = None

    @property
    def data_coding(self) -> int:
        """The octet that says so; EncodeError where none does."""
        if self.indication is not None:
            return self._waiting(self.indication)
        if self.message_class is None and not self.is_compressed and not self.is_deleted:
            if self.alphabet not in DATA_CODINGS:
                raise _unsayable(f"none is {self.alphabet.value}")
            return DATA_CODINGS[self.alphabet]
        if self.alphabet not in GSM:
            raise _unsayable(f"{self.alphabet.value} goes without class, compression, and deletion")
        message_class = 0 if self.message_class is None else WITH_CLASS | self.message_class
        flags = self.is_deleted * DELETED | self.is_compressed * COMPRESSED
        return flags | message_class | GSM.index(self.alphabet) << 2

    def _waiting(self, indication: Indication) -> int:
        groups = {
            (Alphabet.GSM7, False): DISCARD,
            (Alphabet.GSM7, True): STORE,
            (Alphabet.UCS2, True): STORE_UCS2,
        }
        group = groups.get((self.alphabet, indication.is_stored))
        if group is None or self != Coding(self.alphabet, indication=indication):
            raise _unsayable("an indication goes with GSM 7-bit or stored UCS-2, and nothing else")
        return group | indication.is_active * ACTIVE | indication.waiting


def read(data_coding: int) -> Coding:
    """What an octet says; 0x00 as GSM means it, though it is the SMSC's affair."""
    if data_coding < GENERAL:
        return Coding(SMPP.get(data_coding, Alphabet.GSM7))
    if data_coding >= CLASS:
        alphabet = GSM[data_coding >> 2 & 0x01]
        return Coding(alphabet, MessageClass(data_coding & 0x03))
    if data_coding >= DISCARD:
        alphabet = Alphabet.UCS2 if data_coding >= STORE_UCS2 else Alphabet.GSM7
        is_active, is_stored = bool(data_coding & ACTIVE), data_coding >= STORE
        indication = Indication(Waiting(data_coding & 0x03), is_active, is_stored)
        return Coding(alphabet, indication=indication)
    number = data_coding >> 2 & 0x03
    if data_coding >= 0x80 or number == len(GSM):
        return Coding(Alphabet.GSM7)
    return Coding(
        GSM[number],
        MessageClass(data_coding & 0x03) if data_coding & WITH_CLASS else None,
        bool(data_coding & COMPRESSED),
        bool(data_coding & DELETED),
    )


def _unsayable(why: str) -> EncodeError:
    return EncodeError("Coding", "data_coding", why)
