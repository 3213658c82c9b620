"""Business cards and calendar entries: vCard 2.1, vCard 3.0 (RFC 2426), vCalendar 1.0.

They go as text to a port. Whole texts are taken as they are, but for their line ends, and for the
charset that version 2.1 wants to be told wherever it is not ASCII. A `Card` is the little that
every handset shows; `read` finds it in either version. Photographs, addresses, and all the rest of
a card are a matter of its text.
"""

import re
from binascii import a2b_qp
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum

from smpp.applications.content import Content
from smpp.errors import ContentError
from smpp.udh import Ports

LINE_END = "\r\n"
LINES = re.compile(r"\r\n|\r|\n")  # and nothing else that Python takes for a line's end
FOLD_2_1 = re.compile(r"(?:\r\n|\r|\n)(?=[ \t])")  # the blank was there before
FOLD_3_0 = re.compile(r"(?:\r\n|\r|\n)[ \t]")
OCTETS_MAX = 255 * 140
ESCAPED = re.compile(r"\\(.)", re.DOTALL)
QUOTED = {"QUOTED-PRINTABLE", "ENCODING=QUOTED-PRINTABLE"}
SEPARATOR = re.compile(r"(?<!\\);")
CHARSETS = {"UTF-8", "US-ASCII", "ISO-8859-1", "WINDOWS-1252", "SHIFT_JIS", "GB2312", "BIG5"}
VERSION_2_1 = "VERSION:2.1"


class Kind(Enum):
    """What a text is; the value is the name between BEGIN and END."""

    CARD = "VCARD"
    CALENDAR = "VCALENDAR"


PORTS = {Kind.CARD: 9204, Kind.CALENDAR: 9205}  # registered with IANA
LEGACY_PORTS = {Kind.CARD: 226, Kind.CALENDAR: 228}  # of the first phones, Smart Messaging 1.0


@dataclass(frozen=True, slots=True)
class Card:
    """Whom to call."""

    name: str
    numbers: tuple[str, ...] = ()
    emails: tuple[str, ...] = ()


def content(text: str, kind: Kind = Kind.CARD, port: int | None = None) -> Content:
    """A text as a message to `port`, without it to that of its kind; ContentError if it is none."""
    is_2_1 = kind is Kind.CARD and VERSION_2_1 in text.upper()
    is_to_declare = is_2_1 and not text.isascii()
    lines = LINES.split((FOLD_2_1.sub("", text) if is_to_declare else text).strip())
    ends = [line.strip().upper() for line in (lines[:1] + lines[-1:])]
    if ends != [f"BEGIN:{kind.value}", f"END:{kind.value}"]:
        raise ContentError(f"no text from BEGIN:{kind.value} to END:{kind.value}")
    if is_to_declare:
        lines = [_declared(line) for line in lines]
    try:
        octets = "".join(line + LINE_END for line in lines).encode()
    except UnicodeEncodeError:
        raise ContentError("a text with half a surrogate pair; leave that out") from None
    ports = Ports(PORTS[kind] if port is None else port, 0)
    return Content(octets, (ports,))


def write(card: Card) -> str:
    """A vCard 2.1; ContentError for a line end in it."""
    lines = [("N", card.name), *(("TEL", number) for number in card.numbers)]
    lines += (("EMAIL", email) for email in card.emails)
    if any(LINES.search(value) for _, value in lines):
        raise ContentError("a line end within a name, a number, or an address; leave that out")
    fields = [f"{name}:{_escaped(value)}" for name, value in lines]
    return LINE_END.join(["BEGIN:VCARD", "VERSION:2.1", *fields, "END:VCARD", ""])


def read(octets: bytes) -> Card:
    """The card in a message body, UTF-8 or else what its lines say; ContentError for no card."""
    if len(octets) > OCTETS_MAX:
        raise ContentError(f"a card of {len(octets)} octets, at most {OCTETS_MAX} are read")
    fold = FOLD_2_1 if VERSION_2_1.encode() in octets.upper() else FOLD_3_0
    lines = list(_lines(fold.sub("", octets.decode("latin-1"))))
    if (lines[0][0], lines[0][1].upper()) != ("BEGIN", Kind.CARD.value):
        raise ContentError("no text from BEGIN:VCARD on")
    found: dict[str, list[str]] = {}
    for name, value in lines:
        found.setdefault(name, []).append(value)
    full = [_unescaped(name) for name in found.get("FN", [])]
    names = full or [_spoken(name) for name in found.get("N", [])]
    numbers, emails = (tuple(map(_unescaped, found.get(name, ()))) for name in ("TEL", "EMAIL"))
    return Card(names[0] if names else "", numbers, emails)


def _declared(line: str) -> str:
    """The line with its charset: between the name and the colon, where parameters are."""
    name, colon, value = line.partition(":")
    if line.isascii() or not colon or "CHARSET=" in name.upper():
        return line
    return f"{name};CHARSET=UTF-8:{value}"


def _lines(unfolded: str) -> Iterator[tuple[str, str]]:
    """Name and value of every line; the octets of the value come one a character."""
    lines = iter(LINES.split(unfolded))
    for line in lines:
        head, _, value = line.partition(":")
        name, *parameters = head.upper().split(";")
        is_quoted = QUOTED & set(parameters)
        while is_quoted and value.endswith("="):
            value = value[:-1] + next(lines, "")
        octets = value.encode("latin-1")
        octets = a2b_qp(octets) if is_quoted else octets
        yield name.rpartition(".")[2].strip(), _decoded(octets, parameters)  # without its group


def _decoded(octets: bytes, parameters: list[str]) -> str:
    named = [part.removeprefix("CHARSET=") for part in parameters if part.startswith("CHARSET=")]
    charset = named[0] if named else "UTF-8"
    if charset not in CHARSETS:
        raise ContentError(f"a line of the card in charset {charset!a}, which is not read")
    try:
        return octets.decode(charset)
    except UnicodeDecodeError:
        raise ContentError(f"a line of the card is no {charset}") from None


def _spoken(name: str) -> str:
    """Family name; given name; and so on, in the order they are said."""
    family, *given = [_unescaped(part).strip() for part in SEPARATOR.split(name)]
    return " ".join(part for part in (*given[:1], family) if part)


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace(";", "\\;")


def _unescaped(value: str) -> str:
    return ESCAPED.sub(lambda found: "\n" if found[1] in "nN" else found[1], value)
