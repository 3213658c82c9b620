"""The TCP segment in a captured frame: RFC 791 or RFC 8200, and RFC 9293.

Link types are those of tcpdump.org/linktypes.html that carry IP: a row says where the EtherType
stands, if there is one, and where its payload begins. VLAN tags are passed over, any number of
them. Lengths are the packet's own, so padding is no payload and a frame cut by the capture is only
shorter. Deliberately absent: checksums, which offloading leaves wrong, and fragments, which TCP
avoids: one looks like a segment that the capture missed.
"""

from ipaddress import ip_address
from struct import Struct
from typing import NamedTuple

ETHERNET, LOOPBACK, OPENBSD_LOOPBACK, RAW = 1, 0, 108, 101
LINUX_COOKED, LINUX_COOKED_2 = 113, 276
LINKS: dict[int, tuple[int | None, int]] = {  # offset of the EtherType, octets of the header
    LOOPBACK: (None, 4),
    ETHERNET: (12, 14),
    12: (None, 0),  # raw IP by the number of some systems
    14: (None, 0),
    RAW: (None, 0),
    OPENBSD_LOOPBACK: (None, 4),
    LINUX_COOKED: (14, 16),
    228: (None, 0),  # IPv4
    229: (None, 0),  # IPv6
    LINUX_COOKED_2: (0, 20),
}
IPV4, IPV6 = 0x0800, 0x86DD
VLAN_TAGS = (0x8100, 0x88A8, 0x9100)
TCP = 6
IPV6_AUTHENTICATION = 51
IPV6_EXTENSIONS = (0, 43, 60, IPV6_AUTHENTICATION)  # before TCP: hop by hop, routing, options
SYN, ACK = 0x02, 0x10

SHORT = Struct(">H")
TCP_HEADER = Struct(">HHIIBB")


class Endpoint(NamedTuple):
    """One end of a connection; `host` as its octets stand on the wire."""

    host: bytes
    port: int

    def __str__(self) -> str:
        address = ip_address(self.host)
        return f"[{address}]:{self.port}" if address.version == 6 else f"{address}:{self.port}"


class Flow(NamedTuple):
    """One direction of a connection."""

    source: Endpoint
    destination: Endpoint

    @property
    def back(self) -> "Flow":
        """The other direction."""
        return Flow(self.destination, self.source)

    def __str__(self) -> str:
        return f"{self.source} > {self.destination}"


class Segment(NamedTuple):
    """One TCP segment; `acknowledged` is None without its flag."""

    flow: Flow
    sequence: int
    acknowledged: int | None
    flags: int
    payload: bytes


def segment_of(link_type: int, frame: bytes) -> Segment | None:
    """The TCP segment in a frame, None when there is none, or only a part of its header."""
    link = LINKS.get(link_type)
    if link is None:
        return None
    ethertype_at, at = link
    if ethertype_at is not None:
        ethertype = _short(frame, ethertype_at)
        while ethertype in VLAN_TAGS:
            ethertype, at = _short(frame, at + 2), at + 4
        if ethertype not in (IPV4, IPV6):
            return None
    packet = frame[at:]
    version = packet[0] >> 4 if packet else 0
    return _ipv4(packet) if version == 4 else _ipv6(packet) if version == 6 else None


def _short(octets: bytes, at: int) -> int:
    return int.from_bytes(octets[at : at + 2], "big")


def _ipv4(packet: bytes) -> Segment | None:
    header_octets = (packet[0] & 0x0F) * 4
    is_fragment = _short(packet, 6) & 0x3FFF
    if len(packet) < 20 or packet[9] != TCP or is_fragment or header_octets < 20:
        return None
    end = _short(packet, 2) or len(packet)  # 0 where the network card cuts segments
    return _tcp(packet[12:16], packet[16:20], packet[header_octets:end])


def _ipv6(packet: bytes) -> Segment | None:
    if len(packet) < 40:
        return None
    length, kind, at = _short(packet, 4), packet[6], 40
    end = at + length if length else len(packet)
    while kind in IPV6_EXTENSIONS and at + 2 <= len(packet):
        unit = 4 if kind == IPV6_AUTHENTICATION else 8
        kind, at = packet[at], at + 8 + packet[at + 1] * unit
    return _tcp(packet[8:24], packet[24:40], packet[at:end]) if kind == TCP else None


def _tcp(source: bytes, destination: bytes, octets: bytes) -> Segment | None:
    if len(octets) < 20:
        return None
    source_port, port, sequence, acknowledged, offset, flags = TCP_HEADER.unpack_from(octets)
    flow = Flow(Endpoint(source, source_port), Endpoint(destination, port))
    payload_at = max(20, (offset >> 4) * 4)
    return Segment(
        flow, sequence, acknowledged if flags & ACK else None, flags, octets[payload_at:]
    )
