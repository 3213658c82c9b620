"""A PDU for people: every field with the meaning of its value, and what is broken where.

    submit_sm 2
      command_length   46
      ...
      source_addr_ton  5 ALPHANUMERIC
      source_addr      "us"
      data_coding      0x00 SMSC_DEFAULT: GSM 7-bit
      ...
      text             "hi"

What came off the wire is escaped, so it moves no cursor. A password is shown as *** unless asked
for, and so is the body of a bind that cannot be read. Records and TLVs speak for themselves: a new
one needs no line here.
"""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, fields, is_dataclass
from enum import Enum

from smpp import receipt, statuses, text, tlv
from smpp.errors import PduError, SegmentError, TextError
from smpp.inspection import meanings
from smpp.pdu import DataSm, DeliverSm, Pdu, ShortMessage
from smpp.segments import concatenation
from smpp.text import Alphabet
from smpp.udh import AnyElement, read_header, shifts
from smpp.values import HEADER_OCTETS, RESPONSE_BIT, CommandId, CommandStatus, EsmClass
from smpp.wire import HEADER, READERS, decode

OCTETS_SHOWN_MAX = 256  # of one value: a message_payload may have 64 Ki
SUMMARY_CHARACTERS_MAX = 60  # of a text
HIDDEN = "***"
NO_BODY = ("command_status", "sequence_number", "tlvs", "unread")
COMMANDS = {command.value: command.name.lower() for command in CommandId}
WITH_PASSWORD = {
    CommandId.BIND_TRANSMITTER,
    CommandId.BIND_RECEIVER,
    CommandId.BIND_TRANSCEIVER,
    CommandId.OUTBIND,
}

Row = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Explanation:
    """One PDU: which it is, rows of name and value, and a sentence for all that is broken."""

    title: str
    rows: tuple[Row, ...]
    faults: tuple[str, ...] = ()

    def __str__(self) -> str:
        width = max((len(name) for name, _ in self.rows), default=0)
        rows = [f"  {name:<{width}}  {value}" for name, value in self.rows]
        return "\n".join([self.title, *rows, *(f"  broken: {fault}" for fault in self.faults)])


def explain(
    octets: bytes, *, shows_secrets: bool = False, default: Alphabet = Alphabet.GSM7
) -> Explanation:
    """One PDU, whole or not; `default` is what the SMSC means by data_coding 0."""
    try:
        pdu = decode(octets)
    except PduError as error:
        return _unreadable(octets, error, shows_secrets)
    faults: list[str] = []
    rows = [*_header(octets), *_fields(pdu, shows_secrets), *_tlvs(pdu)]
    rows += _message(pdu, default, faults)
    if isinstance(pdu, DeliverSm | DataSm) and receipt.is_receipt(pdu):
        rows += _receipt(pdu)
    if pdu.unread:
        rows.append(("unread", _hex(pdu.unread)))
        faults.append(f"tlvs: the last {len(pdu.unread)} octets are no whole TLV")
    return Explanation(_title(octets), tuple(rows), tuple(faults))


def summarize(octets: bytes, *, default: Alphabet = Alphabet.GSM7) -> str:
    """One PDU in one line: which it is, who says what to whom, what is broken; no password."""
    explanation = explain(octets, default=default)
    told = dict(explanation.rows)
    route = [told[name] for name in ("source_addr", "destination_addr") if name in told]
    facts = [explanation.title, *([" > ".join(route)] if route else [])]
    facts += [f"{name} {told[name]}" for name in ("system_id", "message_id") if name in told]
    facts += [f"part {told['part']}"] if "part" in told else []
    if "receipt state" in told or "receipt message_id" in told:
        facts.append(
            f"receipt {told.get('receipt message_id', '')} {told.get('receipt state', '')}"
        )
    elif "text" in told:
        facts.append(_shortened(told["text"]))
    return ", ".join([*facts, *(f"broken: {fault}" for fault in explanation.faults)])


def printable(characters: str) -> str:
    """The text with all that is no plain character escaped, and the backslash with it."""
    if characters.isprintable() and "\\" not in characters:
        return characters
    return "".join(
        character
        if character.isprintable() and character != "\\"
        else character.encode("unicode_escape").decode("ascii")
        for character in characters
    )


def _title(octets: bytes) -> str:
    _, command_id, status, number = HEADER.unpack_from(octets)
    told = f" {CommandStatus(status).name}" if status or command_id & RESPONSE_BIT else ""
    return f"{COMMANDS.get(command_id, f'0x{command_id:08X}')} {number}{told}"


def _header(octets: bytes) -> Iterator[Row]:
    length, command_id, status, number = HEADER.unpack_from(octets)
    yield "command_length", str(length)
    yield "command_id", f"0x{command_id:08X} {COMMANDS.get(command_id, '(no name)')}"
    told = f"0x{status:08X} {CommandStatus(status).name}: {statuses.meaning(status)}"
    yield "command_status", told
    yield "sequence_number", str(number)


def _unreadable(octets: bytes, error: PduError, shows_secrets: bool) -> Explanation:
    if len(octets) < HEADER_OCTETS:
        return Explanation("no PDU", (("octets", _hex(octets)),), (str(error),))
    length, command_id, *_ = HEADER.unpack_from(octets)
    is_hidden = command_id in WITH_PASSWORD and not shows_secrets
    body = HIDDEN if is_hidden else _hex(octets[HEADER_OCTETS:])
    fault = str(error)
    if length != len(octets):
        fault = f"command_length: {length} announced, {len(octets)} octets are here"
    elif command_id not in COMMANDS:
        fault = f"command_id: nothing has the number 0x{command_id:08X}"
    rows = [*_header(octets), *_before(octets, shows_secrets), ("body", body)]
    return Explanation(_title(octets), tuple(rows), (f"{fault} ({error.nack.name})",))


def _before(octets: bytes, shows_secrets: bool) -> list[Row]:
    """The fields before the one that cannot be read: a reader sets them in wire order."""
    _, command_id, _, number = HEADER.unpack_from(octets)
    if command_id not in READERS:
        return []
    record, read = READERS[command_id]
    pdu = object.__new__(record)
    with suppress(ValueError, LookupError):
        read(pdu, octets, len(octets), CommandStatus.ESME_ROK, number)
    return list(_fields(pdu, shows_secrets))


def _fields(pdu: Pdu, shows_secrets: bool) -> Iterator[Row]:
    for field in fields(pdu):
        if field.name not in NO_BODY and hasattr(pdu, field.name):
            value = getattr(pdu, field.name)
            is_hidden = field.name == "password" and not shows_secrets
            yield field.name, HIDDEN if is_hidden else _value(field.name, value)


def _tlvs(pdu: Pdu) -> Iterator[Row]:
    for tag, octets in pdu.tlvs:
        kind = tlv.BY_TAG.get(tag)
        if kind is None:
            yield f"tlv 0x{tag:04X}", f"no name, {_hex(octets)}"
        elif kind.kind is int and len(octets) > tlv.INTEGER_OCTETS_MAX:
            yield f"tlv {kind.name}", f"no integer, {_hex(octets)}"
        else:
            yield f"tlv {kind.name}", _value(kind.name, kind.of(((tag, octets),)))


def _message(pdu: Pdu, default: Alphabet, faults: list[str]) -> Iterator[Row]:
    """User data header and text, wherever they stand."""
    octets = getattr(pdu, "short_message", b"") or pdu.tlv(tlv.MESSAGE_PAYLOAD) or b""
    elements: tuple[AnyElement, ...] = ()
    try:
        if getattr(pdu, "esm_class", 0) & EsmClass.UDHI:
            elements, octets = read_header(octets)
    except SegmentError as error:
        faults.append(f"short_message: {error}")
        return
    for element in elements:
        means = meanings.element_meaning(element) or _hex(element.octets)
        yield f"udh {meanings.element_name(element.identifier)}", means
    part = concatenation(pdu) if isinstance(pdu, ShortMessage | DataSm) else None
    if part is not None:
        yield "part", f"{part.number} of {part.total}"
    data_coding = getattr(pdu, "data_coding", 0)
    if octets and text.alphabet_of(data_coding, default) is not Alphabet.OCTETS:
        try:
            locking, single = shifts(elements)
            decoded = text.decode(
                octets, data_coding, default, locking_shift=locking, single_shift=single
            )
            yield "text", _quoted(decoded)
        except TextError as error:
            faults.append(f"short_message: {error}")


def _receipt(pdu: DeliverSm | DataSm) -> Iterator[Row]:
    found = receipt.read(pdu)
    for field in fields(found):
        value = getattr(found, field.name)
        if value is not None:
            yield f"receipt {field.name}", _value(field.name, value)


def _value(name: str, value: object) -> str:
    """A value in words, by its type; an integer by the name of its field."""
    if isinstance(value, bytes):
        network_error = meanings.network_error(value) if name == "network_error_code" else None
        return network_error or _hex(value)
    if isinstance(value, str):
        return _quoted(value)
    if isinstance(value, Enum):
        return value.name
    if isinstance(value, int):
        return meanings.of(name, value)
    if isinstance(value, tuple):
        return "; ".join(_value(name, each) for each in value) or "none"
    if is_dataclass(value):
        parts = ((field.name, getattr(value, field.name)) for field in fields(value))
        return ", ".join(f"{name} {_value(name, part)}" for name, part in parts)
    return "empty" if value is None else printable(str(value))


def _quoted(characters: str) -> str:
    inside = printable(characters).replace('"', '\\"')
    return f'"{inside}"'


def _hex(octets: bytes) -> str:
    count = f"{len(octets)} octet{'' if len(octets) == 1 else 's'}"
    rest = " ..." if len(octets) > OCTETS_SHOWN_MAX else ""
    return f"{count}: {octets[:OCTETS_SHOWN_MAX].hex()}{rest}" if octets else count


def _shortened(quoted: str) -> str:
    is_long = len(quoted) > SUMMARY_CHARACTERS_MAX
    return f'{quoted[:SUMMARY_CHARACTERS_MAX]}..."' if is_long else quoted
