"""WBXML 1.2, binary XML for narrow bearers: WAP-192.

A `Vocabulary` names the tokens of a document type: of tags, of attributes with the start of their
value, and of frequent parts of values. `write` takes the longest token that fits and writes the
rest as inline UTF-8, without a string table. `read` takes versions 1.1 to 1.3, the string table,
entities, and literal names too; octets after the document are left alone.

Absent, because the document types over SMS have no use for them: code pages but the first,
processing instructions, and extension tokens.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TypeVar

from smpp.applications.cursor import Cursor, number
from smpp.errors import ContentError

T = TypeVar("T")

VERSIONS = (0x01, 0x02, 0x03)  # 1.1 to 1.3; 1.0 has no charset
VERSION = 0x02
CHARSETS = {0x03: "ascii", 0x04: "latin-1", 0x6A: "utf-8"}  # IANA's MIBenum
UTF_8 = 0x6A
OCTETS_MAX = 255 * 140  # more is no message
TEXT_OCTETS_MAX = 0x10000  # a string table can be quoted again and again
DEPTH_MAX = 16

# Global tokens, section 7.1; a LITERAL may carry the two flags of a tag.
SWITCH_PAGE, END, ENTITY, STR_I, LITERAL = range(5)
PI = 0x43
STR_T = 0x83
OPAQUE = 0xC3
ABSENT = {SWITCH_PAGE, PI, 0x40, 0x41, 0x42, 0x80, 0x81, 0x82, 0xC0, 0xC1, 0xC2}
HAS_ATTRIBUTES, HAS_CONTENT = 0x80, 0x40
TAG = 0x3F
FIRST_VALUE = 0x80  # tokens of attributes below, of parts of values from here on


@dataclass(frozen=True, slots=True)
class Vocabulary:
    """The tokens of one document type."""

    public_id: int
    tags: Mapping[int, str]
    starts: Mapping[int, tuple[str, str]]  # an attribute, and how its value begins
    values: Mapping[int, str]


@dataclass(frozen=True, slots=True)
class Tag:
    """An element; values and content of `bytes` are opaque."""

    name: str
    attributes: tuple[tuple[str, str | bytes], ...] = ()
    children: tuple["Tag | str | bytes", ...] = ()


def write(root: Tag, vocabulary: Vocabulary) -> bytes:
    """The document; ContentError for what `vocabulary` or a string lacks."""
    head = bytes((VERSION,)) + number(vocabulary.public_id) + number(UTF_8) + number(0)
    return head + _written(root, vocabulary)


def read(octets: bytes, *vocabularies: Vocabulary) -> Tag:
    """The root of a document of one of these types; ContentError for everything else."""
    if len(octets) > OCTETS_MAX:
        raise ContentError(f"a document of {len(octets)} octets, at most {OCTETS_MAX} are read")
    cursor = Cursor(octets)
    version = cursor.octet()
    if version not in VERSIONS:
        raise ContentError(f"WBXML version 0x{version:02X} is not read")
    public_id = cursor.number()
    found = next((known for known in vocabularies if known.public_id == public_id), None)
    if found is None:
        raise ContentError(f"a document of unknown type 0x{public_id:02X}")
    charset = cursor.number()
    if charset not in CHARSETS:
        raise ContentError(f"charset {charset} is not read")
    table = cursor.take(cursor.number())
    return _Document(cursor, found, CHARSETS[charset], table).root()


def _written(tag: Tag, vocabulary: Vocabulary) -> bytes:
    token = _token(vocabulary.tags, tag.name, f"no <{tag.name}> in this document type")
    flags = HAS_ATTRIBUTES * bool(tag.attributes) | HAS_CONTENT * bool(tag.children)
    parts = [bytes((token | flags,))]
    if tag.attributes:
        parts += [_attribute(name, value, vocabulary) for name, value in tag.attributes]
        parts.append(bytes((END,)))
    if tag.children:
        for child in tag.children:
            parts.append(_written(child, vocabulary) if isinstance(child, Tag) else _leaf(child))
        parts.append(bytes((END,)))
    return b"".join(parts)


def _attribute(name: str, value: str | bytes, vocabulary: Vocabulary) -> bytes:
    text = value if isinstance(value, str) else ""
    starts = {
        token: start
        for token, (known, start) in vocabulary.starts.items()
        if known == name and text.startswith(start)
    }
    if not starts:
        raise ContentError(f"no {name}={value!a} in this document type")
    token = max(starts, key=lambda token: len(starts[token]))
    rest = text[len(starts[token]) :]
    known = sorted(vocabulary.values.values(), key=len, reverse=True)
    pieces = re.split(f"({'|'.join(map(re.escape, known))})", rest) if known else [rest]
    written = [
        bytes((_token(vocabulary.values, piece, ""),)) if piece in known else _leaf(piece)
        for piece in pieces
        if piece
    ]
    return bytes((token,)) + (b"".join(written) if isinstance(value, str) else _leaf(value))


def _leaf(value: str | bytes) -> bytes:
    if isinstance(value, bytes):
        return bytes((OPAQUE,)) + number(len(value)) + value
    if "\0" in value:
        raise ContentError("a string with a NUL in it; leave that out")
    try:
        return bytes((STR_I,)) + value.encode() + b"\0"
    except UnicodeEncodeError:
        raise ContentError("a string with half a surrogate pair; leave that out") from None


def _token(tokens: Mapping[int, T], wanted: T, why: str) -> int:
    for token, meaning in tokens.items():
        if meaning == wanted:
            return token
    raise ContentError(why)


@dataclass(slots=True)
class _Document:
    """What is being read, and how much text it may still unfold."""

    cursor: Cursor
    vocabulary: Vocabulary
    charset: str
    table: bytes
    text_octets: int = TEXT_OCTETS_MAX

    def root(self) -> Tag:
        return self._tag(self.cursor.octet(), DEPTH_MAX)

    def _tag(self, token: int, depth: int) -> Tag:
        if not depth:
            raise ContentError(f"elements deeper than {DEPTH_MAX}")
        if token in ABSENT:
            raise _unread(token)
        if token & TAG == LITERAL:
            name = self._quoted()
        else:
            name = _meaning(self.vocabulary.tags, token & TAG)
        attributes = tuple(self._attributes()) if token & HAS_ATTRIBUTES else ()
        children = tuple(self._children(depth - 1)) if token & HAS_CONTENT else ()
        return Tag(name, attributes, children)

    def _children(self, depth: int) -> Iterator[Tag | str | bytes]:
        while (token := self.cursor.octet()) != END:
            leaf = self._leaf(token)
            yield self._tag(token, depth) if leaf is None else leaf

    def _attributes(self) -> Iterator[tuple[str, str | bytes]]:
        while (token := self.cursor.octet()) != END:
            if token in ABSENT:
                raise _unread(token)
            name, start = (
                (self._quoted(), "")
                if token == LITERAL
                else _meaning(self.vocabulary.starts, token)
            )
            pieces = [start] if start else []
            yield name, _joined([*pieces, *self._pieces()])

    def _pieces(self) -> Iterator[str | bytes]:
        while (token := self.cursor.peek()) >= FIRST_VALUE or token in (ENTITY, STR_I):
            self.cursor.octet()
            leaf = self._leaf(token)
            yield _meaning(self.vocabulary.values, token) if leaf is None else leaf

    def _leaf(self, token: int) -> str | bytes | None:
        """The text or the opaque octets that `token` starts, if any."""
        if token == STR_I:
            return self._text(self.cursor.string())
        if token == STR_T:
            return self._quoted()
        if token == OPAQUE:
            return self.cursor.take(self.cursor.number())
        if token == ENTITY:
            return self._entity(self.cursor.number())
        return None

    def _entity(self, number: int) -> str:
        if number > 0x10FFFF or 0xD800 <= number < 0xE000:
            raise ContentError(f"an entity 0x{number:X} that is no character")
        return chr(number)

    def _quoted(self) -> str:
        at = self.cursor.number()
        end = self.table.find(b"\0", at)
        if end < 0:
            raise ContentError(f"no string at {at} of the string table")
        return self._text(self.table[at:end])

    def _text(self, octets: bytes) -> str:
        self.text_octets -= len(octets)
        if self.text_octets < 0:
            raise ContentError(f"more than {TEXT_OCTETS_MAX} octets of text")
        try:
            return octets.decode(self.charset)
        except UnicodeDecodeError as error:
            raise ContentError(f"a string is no {self.charset}: {error.reason}") from None


def _joined(pieces: list[str | bytes]) -> str | bytes:
    if len(pieces) == 1:
        return pieces[0]
    texts = [piece for piece in pieces if isinstance(piece, str)]
    if len(texts) < len(pieces):
        raise ContentError("opaque octets amid the text of an attribute")
    return "".join(texts)


def _meaning(tokens: Mapping[int, T], token: int) -> T:
    if token not in tokens:
        raise _unread(token)
    return tokens[token]


def _unread(token: int) -> ContentError:
    return ContentError(f"token 0x{token:02X} is not read here")
