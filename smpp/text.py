"""Which alphabet a text needs, and text to octets and back.

Strict both ways: a character that the alphabet lacks, and octets that are no text, raise; nothing
ever turns into "?". What data_coding 0 means is the SMSC's affair, so `default` tells it. The
tables of other languages are GSM 7-bit too: which ones, a user data header says (`segments`), so
writer and reader pass their language identifiers on.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache, partial

from smpp import coding, gsm7
from smpp.coding import Alphabet as Alphabet
from smpp.coding import Coding
from smpp.errors import EncodeError, UndecodableError, UnencodableError
from smpp.national import LOCKING, SINGLE
from smpp.transliteration import transliterated
from smpp.values import DataCoding

ALPHABETS = tuple(
    Alphabet.OCTETS if found.is_compressed else found.alphabet
    for found in map(coding.read, range(256))
)
ONE_WAY = {  # what Python's codecs write as something that they read as something else
    Alphabet.JIS: "¥‾",
    Alphabet.EXTENDED_KANJI: "¥‾",
    Alphabet.ISO_2022_JP: "\x1b",
}
AIR_BITS = 140 * 8
SHIFT_OCTETS = 3  # of an element in a user data header
CONCATENATION_OCTETS = 5

Form = tuple[Alphabet, int, int]  # with locking and single shift


@dataclass(frozen=True, slots=True)
class EncodedText:
    """A whole message as octets, not yet cut: GSM 7-bit is unpacked, a septet an octet.

    The shifts are language identifiers, 0 for the default tables; `default` is what the SMSC means
    by data_coding 0.
    """

    octets: bytes
    alphabet: Alphabet
    locking_shift: int = 0
    single_shift: int = 0
    default: Alphabet = Alphabet.GSM7

    @property
    def data_coding(self) -> int:
        """The data_coding that says so; EncodeError where the SMSC has none for this alphabet."""
        if self.alphabet is self.default:
            return DataCoding.SMSC_DEFAULT
        data_coding = Coding(self.alphabet).data_coding
        if data_coding == DataCoding.SMSC_DEFAULT:
            why = f"0 means {self.default.value}, and none is {self.alphabet.value}"
            raise EncodeError("EncodedText", "data_coding", why)
        return data_coding


def alphabet_of(data_coding: int, default: Alphabet = Alphabet.GSM7) -> Alphabet:
    """The alphabet of a data_coding; what is compressed is octets, for nobody decompresses it."""
    return ALPHABETS[data_coding] if data_coding else default


def encode(
    text: str,
    alphabet: Alphabet | None = None,
    *,
    languages: tuple[int, ...] = (),
    default: Alphabet = Alphabet.GSM7,
    transliterates: bool = False,
) -> EncodedText:
    """The text in `alphabet`, or without one in what takes the fewest short messages.

    That is one of `default`, GSM 7-bit with tables of `languages` (identifiers), and UCS-2; of two
    that take as many the earlier. With `transliterates`, look-alikes are tried before UCS-2, or
    before a character is refused: UnencodableError names it.
    """
    found = []
    forms = _forms(alphabet or default, languages)
    for encoded in _encodings(text, forms, default):
        if _part_count(encoded) == 1:
            return encoded
        found.append(encoded)
    if not found and transliterates:
        found += _encodings(text, forms, default, transliterates=True)
    elif alphabet is None:
        found += _encodings(text, [(Alphabet.UCS2, 0, 0)], default)
    if found:
        return min(found, key=_part_count)
    last = (alphabet or Alphabet.UCS2, 0, 0)
    return EncodedText(_octets(text, *last), *last, default)


def decode(
    octets: bytes,
    data_coding: int,
    default: Alphabet = Alphabet.GSM7,
    *,
    locking_shift: int = 0,
    single_shift: int = 0,
) -> str:
    """The text of a whole message, the shifts being of its header; UndecodableError if none."""
    alphabet = alphabet_of(data_coding, default)
    if alphabet is Alphabet.GSM7:
        return gsm7.decode(octets, locking_shift, single_shift)
    if alphabet is Alphabet.OCTETS:
        raise UndecodableError(f"data_coding 0x{data_coding:02X} is no text")
    try:
        return octets.decode(alphabet.value)
    except UnicodeDecodeError as error:
        raise UndecodableError(f"no {alphabet.value}: {error.reason}") from None


@cache
def _forms(alphabet: Alphabet, languages: tuple[int, ...]) -> tuple[Form, ...]:
    """The alphabet; GSM 7-bit also with one table of each language, and with both."""
    forms: list[Form] = [(alphabet, 0, 0)]
    for language in languages if alphabet is Alphabet.GSM7 else ():
        locking, single = (language if language in tables else 0 for tables in (LOCKING, SINGLE))
        forms += (alphabet, 0, single), (alphabet, locking, 0), (alphabet, locking, single)
    return tuple(dict.fromkeys(forms))


def _encodings(
    text: str, forms: Iterable[Form], default: Alphabet, *, transliterates: bool = False
) -> Iterator[EncodedText]:
    """The text in all forms that have its characters, or their look-alikes."""
    for form in forms:
        wanted = transliterated(text, partial(_fits, form)) if transliterates else text
        try:
            octets = _octets(wanted, *form)
        except UnencodableError:
            continue
        yield EncodedText(octets, *form, default)


def _fits(form: Form, text: str) -> bool:
    try:
        _octets(text, *form)
    except UnencodableError:
        return False
    return True


def _octets(text: str, alphabet: Alphabet, locking_shift: int, single_shift: int) -> bytes:
    if alphabet is Alphabet.GSM7:
        return gsm7.encode(text, locking_shift, single_shift)
    if alphabet is Alphabet.OCTETS:
        raise UnencodableError(text[:1], alphabet.value)
    for character in ONE_WAY.get(alphabet, ""):
        if character in text:
            raise UnencodableError(character, alphabet.value)
    try:
        return text.encode(alphabet.value)
    except UnicodeEncodeError as error:
        raise UnencodableError(text[error.start], alphabet.value) from None


def _part_count(encoded: EncodedText) -> int:
    """Short messages it takes with an 8-bit reference; one more where a surrogate pair meets an
    end, which no choice depends on: a text of such is in no smaller alphabet."""
    octets, is_gsm7 = encoded.octets, encoded.alphabet is Alphabet.GSM7
    shifts = SHIFT_OCTETS * (bool(encoded.locking_shift) + bool(encoded.single_shift))
    unit_bits = 7 if is_gsm7 else 8
    if len(octets) <= (AIR_BITS - 8 * (bool(shifts) + shifts)) // unit_bits:
        return 1
    room = (AIR_BITS - 8 * (1 + CONCATENATION_OCTETS + shifts)) // unit_bits
    count = at = 0
    while at < len(octets):
        at += room
        at -= is_gsm7 and octets[at - 1 : at] == b"\x1b"
        count += 1
    return count
