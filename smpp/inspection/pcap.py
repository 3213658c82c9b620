"""Capture files in any chunks become frames: pcap (libpcap's savefile, draft-ietf-opsawg-pcap) and
pcapng (draft-ietf-opsawg-pcapng).

Either byte order, times to the microsecond or as an interface states them, interfaces of different
link types in one file. Nothing is buffered but the block that is not whole yet, and a block that
cannot be is refused as soon as its length is here. Deliberately absent: name resolution, statistics
and decryption secrets, which are skipped, and the modified pcap of old kernels, which is refused.
"""

from collections.abc import Iterator
from struct import Struct
from typing import NamedTuple

from smpp.errors import CaptureError

BLOCK_OCTETS_MAX = 1 << 20  # tools write frames of at most 256 Ki
SECTION_HEADER = 0x0A0D_0D0A  # the same in either byte order
INTERFACE, OLD_PACKET, SIMPLE_PACKET, PACKET = 1, 2, 3, 6
YEAR_10000_S = 253_402_300_800  # no calendar goes further
TIME_RESOLUTION = 9  # an option of an interface
ORDERS = {b"\x1a\x2b\x3c\x4d": ">", b"\x4d\x3c\x2b\x1a": "<"}
MAGICS = {  # byte order and ticks a second
    b"\xa1\xb2\xc3\xd4": (">", 10**6),
    b"\xd4\xc3\xb2\xa1": ("<", 10**6),
    b"\xa1\xb2\x3c\x4d": (">", 10**9),
    b"\x4d\x3c\xb2\xa1": ("<", 10**9),
}
LINK_TYPE_MASK = 0xFFFF  # above it pcap keeps the length of the frame check sequence


class Frame(NamedTuple):
    """One captured frame; `octets` may be fewer than were on the wire."""

    time_s: float  # since 1970, UTC
    link_type: int
    octets: bytes


class Interface(NamedTuple):
    """Where frames of a pcapng file were captured."""

    link_type: int
    ticks_a_second: int


class Capture:
    """Reads one capture file; frames come out as soon as they are whole."""

    def __init__(self) -> None:
        self._partial = bytearray()
        self._wanted = 0  # octets the partial needs before it is worth a look
        self._order = ""
        self._interfaces: list[Interface] = []
        self._is_next_generation = False

    def feed(self, octets: bytes) -> Iterator[Frame]:
        """The frames that `octets` complete; CaptureError after those before the broken one."""
        self._partial += octets
        if len(self._partial) < self._wanted:
            return
        octets = bytes(self._partial)
        at, end = 0 if self._order else self._begin(octets), 0
        read = self._block if self._is_next_generation else self._record
        while self._order and (end := self._end(octets, at)) <= len(octets):
            frame = read(octets[at:end])
            at = end
            if frame is not None:
                yield frame
        self._partial = bytearray(octets[at:])
        self._wanted = end - at

    def _begin(self, octets: bytes) -> int:
        """The offset of the first block, once the file has said what it is."""
        magic = octets[:4]
        if magic in MAGICS and len(octets) >= 24:
            self._order, ticks = MAGICS[magic]
            (link_type,) = Struct(f"{self._order}20xI").unpack_from(octets)
            self._interfaces = [Interface(link_type & LINK_TYPE_MASK, ticks)]
            return 24
        if magic == SECTION_HEADER.to_bytes(4, "big"):
            self._is_next_generation = True
            self._order = ORDERS.get(octets[8:12], "")
        known = (*MAGICS, SECTION_HEADER.to_bytes(4, "big"))
        is_short = any(name.startswith(magic) for name in known) and len(octets) < 24
        if not self._order and not is_short:
            raise CaptureError("this is no pcap or pcapng file")
        return 0

    def _end(self, octets: bytes, at: int) -> int:
        """Where the record or block at `at` ends, beyond the octets when that is not known yet."""
        if not self._is_next_generation:
            if at + 16 > len(octets):
                return len(octets) + 1
            (length,) = Struct(f"{self._order}8xI").unpack_from(octets, at)
            length += 16
        else:
            if at + 12 > len(octets):
                return len(octets) + 1
            self._order = self._order_of(octets, at)
            (length,) = Struct(f"{self._order}4xI").unpack_from(octets, at)
        if not 12 <= length <= BLOCK_OCTETS_MAX or (self._is_next_generation and length % 4):
            raise CaptureError(f"the capture file is broken: a block of {length} octets")
        return at + int(length)

    def _order_of(self, octets: bytes, at: int) -> str:
        """A section has its own byte order."""
        if octets[at : at + 4] != SECTION_HEADER.to_bytes(4, "big"):
            return self._order
        order = ORDERS.get(octets[at + 8 : at + 12])
        if order is None:
            raise CaptureError("the capture file is broken: a section without byte order")
        return order

    def _record(self, record: bytes) -> Frame:
        seconds, ticks, _, _ = Struct(f"{self._order}IIII").unpack_from(record)
        link_type, ticks_a_second = self._interfaces[0]
        return Frame(seconds + ticks / ticks_a_second, link_type, record[16:])

    def _block(self, block: bytes) -> Frame | None:
        (kind,) = Struct(f"{self._order}I").unpack_from(block)
        body = block[8:-4]
        if kind == SECTION_HEADER:
            self._interfaces = []
        elif kind == INTERFACE and len(body) >= 8:
            (link_type,) = Struct(f"{self._order}H").unpack_from(body)
            self._interfaces.append(Interface(link_type, self._ticks(body[8:])))
        elif kind in (PACKET, OLD_PACKET) and len(body) >= 20:
            number = Struct(f"{self._order}{'I' if kind == PACKET else 'H'}")
            (interface,) = number.unpack_from(body)
            high, low, captured = Struct(f"{self._order}4xIII").unpack_from(body)
            return self._frame(interface, high << 32 | low, body[20 : 20 + captured])
        elif kind == SIMPLE_PACKET and len(body) >= 4:
            (length,) = Struct(f"{self._order}I").unpack_from(body)
            return self._frame(0, 0, body[4 : 4 + length])
        return None

    def _frame(self, interface: int, ticks: int, octets: bytes) -> Frame:
        if interface >= len(self._interfaces):
            raise CaptureError(f"the capture file is broken: no interface {interface}")
        link_type, ticks_a_second = self._interfaces[interface]
        time_s = ticks / ticks_a_second
        if time_s >= YEAR_10000_S:
            raise CaptureError(f"the capture file is broken: {time_s:.0f} s since 1970")
        return Frame(time_s, link_type, octets)

    def _ticks(self, options: bytes) -> int:
        """if_tsresol: a power of ten, or of two when its high bit is set."""
        at = 0
        while at + 4 <= len(options):
            code, length = Struct(f"{self._order}HH").unpack_from(options, at)
            value = options[at + 4 : at + 4 + length]
            if code == TIME_RESOLUTION and value:
                return int((2 if value[0] & 0x80 else 10) ** (value[0] & 0x7F))
            at += 4 + length + -length % 4
        return 10**6
