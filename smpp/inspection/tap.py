"""The frames of this machine as they pass, on Linux: packet(7), for which CAP_NET_RAW is needed.

The socket is a cooked one, so every frame begins with IP. On loopback each frame passes twice, and
TCP's own order drops the second. Deliberately absent: a filter in the kernel, so a busy machine is
better recorded by a tool made for it, and the file read.
"""

import socket
import time
from collections.abc import Iterator

from smpp.errors import LinkError
from smpp.inspection.packets import RAW
from smpp.inspection.pcap import Frame

FRAME_OCTETS_MAX = 1 << 18
RECEIVE_BUFFER_OCTETS = 1 << 24
ALL_PROTOCOLS = 0x0003  # ETH_P_ALL


def open_tap(interface: str | None) -> socket.socket:
    """A tap of one interface, or of all; LinkError says why there is none."""
    if not hasattr(socket, "AF_PACKET"):
        raise LinkError("only Linux is listened to live: read a capture file instead")
    order = socket.htons(ALL_PROTOCOLS)
    try:
        tap = socket.socket(socket.AF_PACKET, socket.SOCK_DGRAM, order)
    except PermissionError:
        raise LinkError("listening needs the privilege CAP_NET_RAW, which root has") from None
    tap.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, RECEIVE_BUFFER_OCTETS)
    try:
        if interface is not None:
            tap.bind((interface, ALL_PROTOCOLS))
    except OSError:
        tap.close()
        raise LinkError(f"there is no interface {interface!a}") from None
    return tap


def frames(tap: socket.socket) -> Iterator[Frame]:
    """What passes, for ever."""
    while True:
        yield Frame(time.time(), RAW, tap.recv(FRAME_OCTETS_MAX))
