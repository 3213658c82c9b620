"""How one field of a PDU is read and written, with its limits: SMPP 3.4 section 3.1.

A field does not touch octets itself: it gives the Python source that does, and `pdu` joins the
sources of a layout into one straight-line function. What is not raw octets travels as text, one
Latin-1 character an octet: an f-string then builds a whole body, and one `decode` opens it.

The sources may use: `p` the record, `octets` the PDU, `text` the same as Latin-1, `size` its
length, `at` an offset, and `CHARACTER`. A request that does not fit its layout raises ValueError or
IndexError, and the first field not set yet is to blame. A response is read as far as it goes
(`is_strict` false): nobody can be told, and an answer must not be lost for a missing octet.
"""

from dataclasses import dataclass

from smpp.values import CommandStatus

CHARACTER = {octet: chr(octet) for octet in range(256)}  # its KeyError is the range check


@dataclass(frozen=True, slots=True)
class Int:
    """One octet as a number; with `counts`, the length of that field and no attribute itself."""

    name: str
    counts: str = ""
    nack: CommandStatus = CommandStatus.ESME_RINVCMDLEN

    def write_source(self) -> str:
        """The field as a piece of an f-string."""
        return (
            f"{{CHARACTER[len(p.{self.counts})]}}"
            if self.counts
            else f"{{CHARACTER[p.{self.name}]}}"
        )

    def guard_source(self) -> str:
        """A condition that holds when the value cannot be written and nothing else notices."""
        return ""

    def read_source(self, offset: int, is_strict: bool) -> tuple[list[str], int]:
        """Lines that read the field at `at + offset`, and the offset of what follows."""
        target = self.name if self.counts else f"p.{self.name}"
        otherwise = "" if is_strict else f" if {_at(offset)} < size else 0"
        return [f"{target} = octets[{_at(offset)}]{otherwise}"], offset + 1

    def fault(self, value: object) -> str | None:
        """Why `value` cannot be written, if it cannot."""
        if self.counts or (isinstance(value, int) and 0 <= value < 256):
            return None
        return f"{value!r} is not an integer of one octet"


@dataclass(frozen=True, slots=True)
class CString:
    """Characters closed by NUL; `octets_max` counts the NUL, as the specification does."""

    name: str
    octets_max: int
    nack: CommandStatus = CommandStatus.ESME_RINVCMDLEN

    def write_source(self) -> str:
        """The field as a piece of an f-string."""
        return f"{{p.{self.name}}}\\0"

    def guard_source(self) -> str:
        """A condition that holds when the value cannot be written and nothing else notices."""
        return f"len(p.{self.name}) >= {self.octets_max} or '\\0' in p.{self.name}"

    def read_source(self, offset: int, is_strict: bool) -> tuple[list[str], int]:
        """Lines that read the field at `at + offset`, and the offset of what follows."""
        start, limit = _at(offset), _at(offset + self.octets_max)
        lines = [f"end = text.index('\\0', {start}, {limit})"]
        if not is_strict:
            lines = [f"end = text.find('\\0', {start})", "if end < 0: end = size"]
        return [*lines, f"p.{self.name} = text[{start}:end]", "at = end + 1"], 0

    def fault(self, value: object) -> str | None:
        """Why `value` cannot be written, if it cannot."""
        if not isinstance(value, str):
            return f"{value!r} is not a text"
        if len(value) >= self.octets_max:
            return f"{len(value)} characters, at most {self.octets_max - 1} fit"
        if any(not 0 < ord(character) < 256 for character in value):
            return "a character that is NUL or beyond Latin-1"
        return None


@dataclass(frozen=True, slots=True)
class Octets:
    """Raw octets, as many as the field `length_from` says; the last field of its layout."""

    name: str
    length_from: str
    octets_max: int = 254
    nack: CommandStatus = CommandStatus.ESME_RINVMSGLEN

    def guard_source(self) -> str:
        """A condition that holds when the value cannot be written and nothing else notices."""
        return f"len(p.{self.name}) > {self.octets_max}"

    def read_source(self, offset: int, is_strict: bool) -> tuple[list[str], int]:
        """Lines that read the field at `at + offset`, and the offset of what follows."""
        assert is_strict, "no response carries counted octets"
        return [
            f"at += {offset}",
            f"if at + {self.length_from} > size: raise IndexError",
            f"p.{self.name} = octets[at:at + {self.length_from}]",
            f"at += {self.length_from}",
        ], 0

    def fault(self, value: object) -> str | None:
        """Why `value` cannot be written, if it cannot."""
        if isinstance(value, bytes) and len(value) <= self.octets_max:
            return None
        return f"not bytes, or more than {self.octets_max} octets"


Field = Int | CString | Octets


def is_count(field: Field) -> bool:
    """Whether the field only counts another one, and is no attribute of the record."""
    return isinstance(field, Int) and field.counts != ""


def writer_source(command_id: int, fields: tuple[Field, ...], omitted_on_error: bool) -> str:
    """`function(p)`: the octets of record `p`."""
    guards = [guard for guard in (field.guard_source() for field in fields) if guard]
    pieces = [field.write_source() for field in fields if not isinstance(field, Octets)]
    octets = [f" + p.{field.name}" for field in fields if isinstance(field, Octets)]
    names = [f"p.{field.name}" for field in fields if not is_count(field)]
    lines = [f"if {' or '.join(guards)}: raise ValueError"] if guards else []
    lines.append(f"body = f\"{''.join(pieces)}\".encode('latin-1'){''.join(octets)}")
    lines.append("if p.tlvs or p.unread: body += write_tlvs(p.tlvs) + p.unread")
    if omitted_on_error:
        lines.append(f"elif p.command_status and not ({' or '.join(names)}): body = b''")
    head = f"16 + len(body), {command_id:#x}, p.command_status, p.sequence_number"
    return _function("p", [*lines, f"return pack({head}) + body"])


def reader_source(fields: tuple[Field, ...], is_strict: bool) -> str:
    """`function(p, octets, size)`: sets the fields of record `p` from a whole PDU."""
    lines = ["at = 16"]
    if any(isinstance(field, CString) for field in fields):
        lines.insert(0, "text = octets.decode('latin-1')")
    offset = 0
    for field in fields:
        reading, offset = field.read_source(offset, is_strict)
        lines += reading
    lines += [
        f"if {_at(offset)} < size: p.tlvs, p.unread = read_tlvs(octets, {_at(offset)})",
        "else: p.tlvs, p.unread = (), b''",
    ]
    return _function("p, octets, size", lines)


def _at(offset: int) -> str:
    return f"at + {offset}" if offset else "at"


def _function(parameters: str, lines: list[str]) -> str:
    return f"def function({parameters}):\n" + "".join(f"    {line}\n" for line in lines)
