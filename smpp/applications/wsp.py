"""Connectionless push of the Wireless Session Protocol (WSP): WAP-230 sections 8.2.4.1 and 8.4.

    transaction id | 06 | length of what follows up to the body | content type | headers | body

Octets of a value tell their form by the first: from 0x80 on a small number, from 0x20 on text up
to a NUL, below a count of octets. So a header that nobody knows can be skipped, and `value` is
what MMS builds its fields of, too. Written are a content type and the application that is to have
the body; headers by other code pages than the first are not read.
"""

from dataclasses import dataclass

from smpp.applications.cursor import Cursor, number
from smpp.errors import ContentError

PORT = 2948  # of the handset, registered with IANA
SOURCE_PORT = 9200

PUSH = 0x06
SHORT = 0x80  # the flag of a number within one octet
LENGTH_QUOTE = 0x1F  # the count follows as a number of variable length
TEXT = 0x20
QUOTE = 0x7F  # before text that would else begin like a small number
X_WAP_APPLICATION_ID = 0x2F
LONG_OCTETS_MAX = 8  # the specification has 30, and no use for them

# WINA's assigned numbers; table 40.
CONTENT_TYPES = {
    0x2D: "text/vnd.wap.si",
    0x2E: "application/vnd.wap.sic",
    0x2F: "text/vnd.wap.sl",
    0x30: "application/vnd.wap.slc",
    0x32: "application/vnd.wap.coc",
    0x36: "application/vnd.wap.connectivity-wbxml",
    0x3E: "application/vnd.wap.mms-message",
}
APPLICATIONS = {
    0x00: "x-wap-application:*",
    0x01: "x-wap-application:push.sia",
    0x02: "x-wap-application:wml.ua",
    0x03: "x-wap-application:wta.ua",
    0x04: "x-wap-application:mms.ua",
    0x05: "x-wap-application:push.syncml",
    0x06: "x-wap-application:loc.ua",
    0x07: "x-wap-application:syncml.dm",
    0x08: "x-wap-application:drm.ua",
    0x09: "x-wap-application:emn.ua",
    0x0A: "x-wap-application:wv.ua",
}

Value = int | str | bytes  # a small number, text, or counted octets


@dataclass(frozen=True, slots=True)
class Push:
    """A body for an application of the handset; without `application` for its browser.

    A number that is none of the assigned ones stands as 0x and hexadecimal digits. No answer comes,
    so `transaction_id` means nothing but to whoever traces it.
    """

    content_type: str
    body: bytes
    application: str = ""
    transaction_id: int = 0


def write(push: Push) -> bytes:
    """The Push PDU; ContentError for a transaction id over 255 or a name that is no ASCII text."""
    if not 0 <= push.transaction_id <= 0xFF:
        raise ContentError(f"transaction id {push.transaction_id} is not within 0..255")
    headers = _assigned(CONTENT_TYPES, push.content_type)
    if push.application:
        headers += short(X_WAP_APPLICATION_ID) + _assigned(APPLICATIONS, push.application)
    return bytes((push.transaction_id, PUSH)) + number(len(headers)) + headers + push.body


def read(octets: bytes) -> Push:
    """What is pushed; ContentError when `octets` are no Push PDU."""
    cursor = Cursor(octets)
    transaction_id, kind = cursor.octet(), cursor.octet()
    if kind != PUSH:
        raise ContentError(f"PDU type 0x{kind:02X} is no Push")
    headers = Cursor(cursor.take(cursor.number()))
    content_type = _content_type(value(headers))
    return Push(content_type, cursor.rest(), _application(headers), transaction_id)


def value(cursor: Cursor) -> Value:
    """The next value, of whatever form; text as Latin-1, which loses nothing."""
    first = cursor.peek()
    if first >= SHORT:
        return cursor.octet() & ~SHORT
    if first >= TEXT:
        return text(cursor)
    cursor.octet()
    return cursor.take(cursor.number() if first == LENGTH_QUOTE else first)


def text(cursor: Cursor) -> str:
    """The text up to the next NUL, without its quote."""
    return cursor.string().removeprefix(bytes((QUOTE,))).decode("latin-1")


def integer(found: Value) -> int:
    """The number that a value is, in one octet or in several."""
    if isinstance(found, int):
        return found
    if isinstance(found, str) or not 0 < len(found) <= LONG_OCTETS_MAX:
        raise ContentError(f"{found!a} is no number")
    return int.from_bytes(found, "big")


def short(found: int) -> bytes:
    """A number below 128 in one octet."""
    return bytes((SHORT | found,))


def long(found: int) -> bytes:
    """A number in as few octets as hold it, after their count."""
    if not 0 <= found < 1 << 8 * LONG_OCTETS_MAX:
        raise ContentError(f"{found} is not within {LONG_OCTETS_MAX} octets")
    return counted(found.to_bytes(max(1, (found.bit_length() + 7) // 8), "big"))


def counted(octets: bytes) -> bytes:
    """The octets after their count."""
    is_short = len(octets) < LENGTH_QUOTE
    count = b"" if is_short else bytes((LENGTH_QUOTE,))
    return count + number(len(octets)) + octets


def string(written: str) -> bytes:
    """ASCII text with its NUL; ContentError for anything but visible characters and spaces."""
    if not (written and written.isascii() and written.isprintable()):
        raise ContentError(f"{written!a} is no visible ASCII text")
    return written.encode() + b"\0"


def _assigned(names: dict[int, str], name: str) -> bytes:
    codes = [code for code, known in names.items() if known == name]
    return short(codes[0]) if codes else string(name)


def _content_type(found: Value) -> str:
    """The media type; its parameters are left out."""
    if isinstance(found, bytes):
        found = value(Cursor(found))
    if isinstance(found, str):
        return found
    code = integer(found)
    return CONTENT_TYPES.get(code, f"0x{code:02X}")


def _application(headers: Cursor) -> str:
    while not headers.is_at_end:
        first = headers.peek()
        if first < TEXT or first == QUOTE:
            break  # another code page
        name = value(headers)
        found = value(headers)
        if name == X_WAP_APPLICATION_ID:
            if isinstance(found, str):
                return found
            code = integer(found)
            return APPLICATIONS.get(code, f"0x{code:02X}")
    return ""
