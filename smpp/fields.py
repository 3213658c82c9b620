"""How one field of a PDU is read and written, with its limits: SMPP 3.4 section 3.1.

A field does not touch octets itself: it gives the Python source that does, and `wire` joins the
sources of a layout into one straight-line function. What is not raw octets travels as text, one
Latin-1 character an octet: an f-string then builds a whole body, and one `decode` opens it.

The sources may use: `p` the record, `octets` the PDU, `text` the same as Latin-1, `size` its
length, `at` an offset, `CHARACTER`, and for a list the writers and readers of its items. A request
that does not fit its layout raises ValueError or LookupError, and the first field not set yet is to
blame. A response is read as far as it goes (`is_strict` false): nobody can be told, and an answer
must not be lost for a missing octet.
"""

from collections.abc import Iterable
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
        value = f"p.{self.name}"  # mostly empty, and that is quickly seen
        return f"{value} != '' and (len({value}) >= {self.octets_max} or '\\0' in {value})"

    def read_source(self, offset: int, is_strict: bool) -> tuple[list[str], int]:
        """Lines that read the field at `at + offset`, and the offset of what follows."""
        start, limit = _at(offset), _at(offset + self.octets_max)
        lines = [f"end = text.index('\\0', {start}, {limit}) if octets[{start}] else {start}"]
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
    octets_max: int = 255  # 254 in 3.4, whose peers send 255 all the same
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


@dataclass(frozen=True, slots=True)
class Status:
    """Four octets as a CommandStatus, in the items of a response."""

    name: str

    def write_source(self) -> str:
        """The field as a piece of an f-string."""
        return f"{{pack_status(p.{self.name}).decode('latin-1')}}"

    def guard_source(self) -> str:
        """A condition that holds when the value cannot be written and nothing else notices."""
        return ""

    def read_source(self, offset: int, is_strict: bool) -> tuple[list[str], int]:
        """Lines that read the field at `at + offset`, and the offset of what follows."""
        assert not is_strict, "no request carries a status"
        number = f"int.from_bytes(octets[{_at(offset)}:{_at(offset + 4)}], 'big')"
        return [f"p.{self.name} = CommandStatus({number})"], offset + 4

    def fault(self, value: object) -> str | None:
        """Why `value` cannot be written, if it cannot."""
        if isinstance(value, int) and 0 <= value <= 0xFFFF_FFFF:
            return None
        return f"{value!r} is not an integer of four octets"


@dataclass(frozen=True, slots=True)
class Item:
    """One kind of item: its record, its fields, and the octet before it that tells kinds apart."""

    record: type
    fields: tuple[Int | CString | Status, ...]
    flag: int | None = None


@dataclass(frozen=True, slots=True)
class List:
    """Items of some `kinds`, as many as the field `length_from` says."""

    name: str
    length_from: str
    kinds: tuple[Item, ...]
    items_max: int = 255
    nack: CommandStatus = CommandStatus.ESME_RINVNUMDESTS

    def write_source(self) -> str:
        """The field as a piece of an f-string."""
        return f"{{''.join([write_{self.name}[type(item)](item) for item in p.{self.name}])}}"

    def guard_source(self) -> str:
        """A condition that holds when the value cannot be written and nothing else notices."""
        return ""

    def read_source(self, offset: int, is_strict: bool) -> tuple[list[str], int]:
        """Lines that read the field at `at + offset`, and the offset of what follows."""
        is_flagged = self.kinds[0].flag is not None
        flag, start = ("octets[at]", "at + 1") if is_flagged else ("None", "at")
        goes_on = "" if is_strict else " and at < size"
        return [
            f"at += {offset}",
            "items = []",
            f"while len(items) < {self.length_from}{goes_on}:",
            f"    record, read = read_{self.name}[{flag}]",
            "    item = new(record)",
            f"    at = read(item, octets, text, size, {start})",
            "    items.append(item)",
            f"p.{self.name} = tuple(items)",
        ], 0

    def fault(self, value: object) -> str | None:
        """Why `value` cannot be written, if it cannot."""
        if not isinstance(value, tuple | list) or len(value) > self.items_max:
            return f"not a tuple, or more than {self.items_max} items"
        return next(filter(None, map(self._item_fault, value)), None)

    def _item_fault(self, item: object) -> str | None:
        fields = next((kind.fields for kind in self.kinds if kind.record is type(item)), None)
        if fields is None:
            return f"{item!r} is no item of this list"
        faults = ((field.name, field.fault(getattr(item, field.name))) for field in fields)
        return next((f"{name}: {why}" for name, why in faults if why), None)


Field = Int | CString | Octets | List


def is_count(field: Field) -> bool:
    """Whether the field only counts another one, and is no attribute of the record."""
    return isinstance(field, Int) and field.counts != ""


def writer_source(command_id: int, fields: tuple[Field, ...], omitted_on_error: bool) -> str:
    """`function(p)`: the octets of record `p`, or the EncodeError that `misfit(p)` finds."""
    pieces = [field.write_source() for field in fields if not isinstance(field, Octets)]
    octets = [f" + p.{field.name}" for field in fields if isinstance(field, Octets)]
    names = [f"p.{field.name}" for field in fields if not is_count(field)]
    lines = _guard_lines(fields)
    lines.append(f"body = f\"{''.join(pieces)}\".encode('latin-1'){''.join(octets)}")
    lines.append("if p.tlvs or p.unread: body += write_tlvs(p.tlvs) + p.unread")
    if omitted_on_error:
        lines.append(f"elif p.command_status and not ({' or '.join(names)}): body = b''")
    head = f"16 + len(body), {command_id:#x}, p.command_status, p.sequence_number"
    lines.append(f"return pack({head}) + body")
    tried = ["try:", *[f"    {line}" for line in lines]]
    return _function("p", [*tried, "except MISFITS: raise misfit(p) from None"])


def reader_source(fields: tuple[Field, ...], is_strict: bool) -> str:
    """`function(p, octets, size, status, number)`: sets record `p` from a whole PDU."""
    lines = ["p.command_status = status", "p.sequence_number = number", "at = 16"]
    if any(isinstance(field, CString) for field in fields):
        lines.append("text = octets.decode('latin-1')")
    offset = 0
    for field in fields:
        reading, offset = field.read_source(offset, is_strict)
        lines += reading
    lines += [
        f"if {_at(offset)} < size: p.tlvs, p.unread = read_tlvs(octets, {_at(offset)})",
        "else: p.tlvs, p.unread = (), b''",
    ]
    return _function("p, octets, size, status, number", lines)


def item_writer_source(kind: Item) -> str:
    """`function(p)`: item `p` as text."""
    flag = "" if kind.flag is None else f"\\x{kind.flag:02x}"
    pieces = [field.write_source() for field in kind.fields]
    return _function("p", [*_guard_lines(kind.fields), f'return f"{flag}{"".join(pieces)}"'])


def item_reader_source(kind: Item, is_strict: bool) -> str:
    """`function(p, octets, text, size, at)`: sets the fields of item `p`, returns what follows."""
    lines: list[str] = []
    offset = 0
    for field in kind.fields:
        reading, offset = field.read_source(offset, is_strict)
        lines += reading
    return _function("p, octets, text, size, at", [*lines, f"return {_at(offset)}"])


def _guard_lines(fields: Iterable[Field | Status]) -> list[str]:
    guards = [guard for guard in (field.guard_source() for field in fields) if guard]
    return [f"if {' or '.join(guards)}: raise ValueError"] if guards else []


def _at(offset: int) -> str:
    return f"at + {offset}" if offset else "at"


def _function(parameters: str, lines: list[str]) -> str:
    return f"def function({parameters}):\n" + "".join(f"    {line}\n" for line in lines)
