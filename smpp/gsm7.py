"""GSM 7-bit: 3GPP TS 23.038 sections 6.1 and 6.2.1, with the tables of `national`.

A septet is one octet here ("unpacked", as SMPP carries it) until `pack` squeezes eight into seven.
Most texts are Latin-1 with nothing from the extension table, so the fast path is one `encode` and
one `translate`; a text with anything else is looked up character by character.

`locking_shift` and `single_shift` are language identifiers, as elements of a user data header name
them. 0 is the default alphabet, and what has no table counts as 0, as section 6.2.1.2.5 wants.
"""

import re
from codecs import charmap_decode, charmap_encode
from functools import cache

from smpp import national
from smpp.errors import UndecodableError, UnencodableError
from smpp.national import ABSENT, LOCKING, SINGLE

ALPHABET = national.DEFAULT
EXTENSION = national.EXTENSION
ESCAPE = national.ESCAPE
CARRIAGE_RETURN = 0x0D
ESCAPED = re.compile(rb"\x1b(.?)", re.DOTALL)
NOT_HERE = 0xFF  # no septet: the fast path does not know this character


@cache
def _septets(locking_shift: int, single_shift: int) -> dict[int, bytes]:
    """The septets of each character: one rather than two, and the first of several."""
    locking = enumerate(LOCKING.get(locking_shift, ALPHABET))
    single = SINGLE.get(single_shift, EXTENSION).items()
    septets = {ord(char): bytes((ESCAPE, septet)) for septet, char in sorted(single, reverse=True)}
    septets |= {ord(char): bytes((septet,)) for septet, char in locking if septet != ESCAPE}
    septets.pop(ord(ABSENT), None)
    return septets


FAST = bytes(
    ord(septets) if len(septets) == 1 else NOT_HERE
    for septets in (_septets(0, 0).get(code, b"") for code in range(256))
)


def encode(text: str, locking_shift: int = 0, single_shift: int = 0) -> bytes:
    """One septet an octet; UnencodableError names the first character the tables lack."""
    if not locking_shift and not single_shift:
        try:
            septets = text.encode("latin-1").translate(FAST)
        except UnicodeEncodeError:
            septets = b"\xff"
        if NOT_HERE not in septets:
            return septets
    try:
        return charmap_encode(text, "strict", _septets(locking_shift, single_shift))[0]
    except UnicodeEncodeError as error:
        raise UnencodableError(text[error.start], "GSM 7-bit") from None


def decode(septets: bytes, locking_shift: int = 0, single_shift: int = 0) -> str:
    """The text of one septet an octet; UndecodableError where the table has no character.

    As section 6.2.1.1 wants, an escape before what the single shift table lacks is ignored, and two
    escapes are one space, as is one at the end.
    """
    table = LOCKING.get(locking_shift, ALPHABET)
    extension = SINGLE.get(single_shift, EXTENSION)
    plain, *rest = ESCAPED.split(septets)
    texts = [_plain(plain, table)]
    for escaped, plain in zip(rest[::2], rest[1::2], strict=True):
        character = extension.get(escaped[0]) if escaped.strip(b"\x1b") else " "
        if character is None:
            texts.append(_plain(escaped + plain, table))
        else:
            texts += character, _plain(plain, table)
    return "".join(texts)


def _plain(septets: bytes, table: str) -> str:
    try:
        return charmap_decode(septets, "strict", table)[0]
    except UnicodeDecodeError as error:
        raise UndecodableError(f"GSM 7-bit has no septet 0x{septets[error.start]:02X}") from None


def pack(septets: bytes, fill_bits: int = 0) -> bytes:
    """Eight septets in seven octets, section 6.1.2.1; `fill_bits` align them after a header.

    Where seven spare bits would read as one more "@", a carriage return fills them, as section
    6.1.2.3.1 has it: who counts octets, as SMPP does, can't tell them from a septet.
    """
    spare = -(len(septets) * 7 + fill_bits) % 8
    if spare == 7 and septets:
        septets += bytes([CARRIAGE_RETURN])
    octets = bytearray()
    bits, count = 0, fill_bits
    for septet in septets:
        bits |= septet << count
        count += 7
        while count >= 8:
            octets.append(bits & 0xFF)
            bits >>= 8
            count -= 8
    if count:
        octets.append(bits)
    return bytes(octets)


def unpack(octets: bytes, count: int, fill_bits: int = 0) -> bytes:
    """The first `count` septets of packed octets; UndecodableError when there are fewer."""
    if len(octets) * 8 < count * 7 + fill_bits:
        raise UndecodableError(f"{len(octets)} octets hold no {count} septets")
    septets = bytearray()
    bits, held = 0, -fill_bits
    for octet in octets:
        bits |= octet << held if held >= 0 else octet >> -held  # the fill bits fall off
        held += 8
        while held >= 7 and len(septets) < count:
            septets.append(bits & 0x7F)
            bits >>= 7
            held -= 7
    return bytes(septets)
