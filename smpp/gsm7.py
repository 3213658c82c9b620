"""The GSM 7-bit default alphabet and its extension table, 3GPP TS 23.038 sections 6.1 and 6.2.1.

A septet is one octet here ("unpacked", as SMPP carries it) until `pack` squeezes eight into seven.
Most texts are Latin-1 with nothing from the extension table, so the fast path is one `encode` and
one `translate`; a text with anything else is looked up character by character.
"""

from smpp.errors import UndecodableError, UnencodableError

ESCAPE = 0x1B
CARRIAGE_RETURN = 0x0D
ALPHABET = (
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞ\x1bÆæßÉ"
    " !\"#¤%&'()*+,-./0123456789:;<=>?"
    "¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§"
    "¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
EXTENSION = {
    0x0A: "\f",
    0x14: "^",
    0x28: "{",
    0x29: "}",
    0x2F: "\\",
    0x3C: "[",
    0x3D: "~",
    0x3E: "]",
    0x40: "|",
    0x65: "€",
}
NOT_HERE = 0xFF  # no septet: the fast path does not know this character


class _Septets(dict[int, str]):
    """A table for `str.translate` that refuses what it lacks."""

    def __missing__(self, code: int) -> str:
        raise UnencodableError(chr(code), "GSM 7-bit")


SEPTETS = _Septets(
    {ord(character): chr(septet) for septet, character in enumerate(ALPHABET) if septet != ESCAPE}
    | {ord(character): f"\x1b{chr(septet)}" for septet, character in EXTENSION.items()}
)
FAST = bytes(
    ord(SEPTETS[code]) if code in SEPTETS and len(SEPTETS[code]) == 1 else NOT_HERE
    for code in range(256)
)


def encode(text: str) -> bytes:
    """One septet an octet; UnencodableError names the first character the alphabet lacks."""
    try:
        septets = text.encode("latin-1").translate(FAST)
    except UnicodeEncodeError:
        return text.translate(SEPTETS).encode("latin-1")
    return text.translate(SEPTETS).encode("latin-1") if NOT_HERE in septets else septets


def decode(septets: bytes) -> str:
    """The text of one septet an octet.

    As section 6.2.1 wants, an escape before what is not in the extension table is ignored, and one
    at the end or before another escape is a space.
    """
    if not septets.isascii():
        raise UndecodableError("an octet over 0x7F is no GSM 7-bit septet")
    first, *escaped = septets.split(b"\x1b")
    texts = [_plain(first)]
    for run in escaped:
        character = EXTENSION.get(run[0]) if run else " "
        texts.append(_plain(run) if character is None else character + _plain(run[1:]))
    return "".join(texts)


def pack(septets: bytes, fill_bits: int = 0) -> bytes:
    """Eight septets in seven octets, section 6.1.2.1; `fill_bits` align them after a header.

    Where seven spare bits would read as one more "@", a carriage return fills them.
    """
    spare = -(len(septets) * 7 + fill_bits) % 8
    if spare == 7:
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


def _plain(septets: bytes) -> str:
    return "".join([ALPHABET[septet] for septet in septets])
