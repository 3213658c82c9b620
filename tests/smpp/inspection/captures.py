"""Capture files by hand: frames of any link type, and files of either format and byte order."""

import struct
from ipaddress import ip_address

from smpp.inspection.packets import ACK, SYN, Endpoint, Flow, Segment
from smpp.inspection.pcap import Frame

ESME = Endpoint(ip_address("10.0.0.1").packed, 40000)
SMSC = Endpoint(ip_address("10.0.0.2").packed, 2775)
ESME_6 = Endpoint(ip_address("fe80::1").packed, 40000)
SMSC_6 = Endpoint(ip_address("fe80::2").packed, 2775)
UP, DOWN = Flow(ESME, SMSC), Flow(SMSC, ESME)


def segment(
    flow: Flow, sequence: int, payload: bytes = b"", acknowledged: int | None = None, flags: int = 0
) -> Segment:
    """A segment as a capture has it."""
    flags |= ACK if acknowledged is not None else 0
    return Segment(flow, sequence % (1 << 32), acknowledged, flags, payload)


def tcp(it: Segment) -> bytes:
    """Its octets, with one option."""
    ports = it.flow.source.port, it.flow.destination.port
    numbers = it.sequence, it.acknowledged or 0
    return (
        struct.pack(">HHIIBBHHH", *ports, *numbers, 0x60, it.flags, 0, 0, 0) + bytes(4) + it.payload
    )


def ip(it: Segment, padding: bytes = b"", extensions: bytes = b"", kind: int = 6) -> bytes:
    """An IP packet around it; `kind` is the protocol after the extensions' own."""
    source, destination = it.flow.source.host, it.flow.destination.host
    body = extensions + tcp(it)
    if len(source) == 4:
        head = struct.pack(">BBHIBBH", 0x45, 0, 20 + len(body), 0, 64, kind, 0)
    else:
        head = struct.pack(">IHBB", 0x6000_0000, len(body), kind, 64)
    return head + source + destination + body + padding


def pcap(frames: list[Frame], order: str = "<", *, is_nano: bool = False, fcs: int = 0) -> bytes:
    """A savefile; all frames have the first one's link type."""
    ticks = 10**9 if is_nano else 10**6
    magic = 0xA1B23C4D if is_nano else 0xA1B2C3D4
    link_type = frames[0].link_type | fcs
    octets = struct.pack(f"{order}IHHIIII", magic, 2, 4, 0, 0, 65535, link_type)
    for time_s, _, frame in frames:
        length = len(frame)
        part = round(time_s % 1 * ticks)
        octets += struct.pack(f"{order}IIII", int(time_s), part, length, length) + frame
    return octets


def block(order: str, kind: int, body: bytes) -> bytes:
    """A pcapng block."""
    body += bytes(-len(body) % 4)
    length = struct.pack(f"{order}I", 12 + len(body))
    return struct.pack(f"{order}I", kind) + length + body + length


def section(order: str) -> bytes:
    """A section header."""
    return block(order, 0x0A0D0D0A, struct.pack(f"{order}IHHq", 0x1A2B3C4D, 1, 0, -1))


def interface(order: str, link_type: int, options: bytes = b"") -> bytes:
    """An interface description."""
    return block(order, 1, struct.pack(f"{order}HHI", link_type, 0, 0) + options)


def option(order: str, code: int, value: bytes) -> bytes:
    """An option of an interface."""
    return struct.pack(f"{order}HH", code, len(value)) + value + bytes(-len(value) % 4)


def packet(order: str, number: int, ticks: int, frame: bytes) -> bytes:
    """An enhanced packet."""
    head = struct.pack(
        f"{order}IIIII", number, ticks >> 32, ticks & 0xFFFF_FFFF, len(frame), len(frame)
    )
    return block(order, 6, head + frame)


def opening(flow: Flow, sequence: int) -> Segment:
    """The SYN before `sequence`."""
    return segment(flow, sequence - 1, flags=SYN)
