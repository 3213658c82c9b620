"""The PDUs in captured frames, beside a live bind or from a file, without I/O.

    sniffer = Sniffer()
    for frame in capture.feed(octets):
        for sighting in sniffer.take(frame): ...

Each direction of a connection is cut on its own. Where its cutting cannot go on, after a hole, in
the middle of a PDU at the start, or at a command_length that cannot be, it is taken up again at the
next octets that look like a header, and the sighting says how many were passed over. A stream in
which nothing looks like a header is no SMPP and is never heard of.
"""

import re
from collections.abc import Iterator
from typing import NamedTuple

from smpp.inspection.packets import Flow, segment_of
from smpp.inspection.pcap import Frame
from smpp.inspection.streams import FLOWS_MAX, Piece, Streams
from smpp.values import HEADER_OCTETS, PDU_OCTETS_MAX, RESPONSE_BIT, CommandId
from smpp.wire import HEADER

# A length up to 64 Ki and a command_id: cheap to search for, the rest is checked where it matches.
LOOKS_LIKE_HEADER = re.compile(rb"\0[\0\1]..[\0\x80]\0[\0\1].", re.DOTALL)
COMMANDS = frozenset(CommandId)


class Sighting(NamedTuple):
    """One PDU on its way. Before it, `lost_octets` were not captured, `skipped_octets` no PDU."""

    time_s: float
    flow: Flow
    octets: bytes
    lost_octets: int
    skipped_octets: int


class Cutter:
    """The PDUs of one direction; at most one of them waits for its rest."""

    def __init__(self) -> None:
        self.lost_octets = 0  # since the last PDU
        self.skipped_octets = 0
        self._partial = b""
        self._is_lost = True

    def feed(self, piece: Piece) -> Iterator[bytes]:
        """The PDUs that the piece completes."""
        if piece.lost_octets:
            self.lost_octets += piece.lost_octets
            self.skipped_octets += len(self._partial)
            self._partial, self._is_lost = b"", True
        octets = self._partial + piece.octets
        at = 0
        while True:
            if self._is_lost:
                at = self._search(octets, at)
            if at + HEADER_OCTETS > len(octets):
                break
            length, *_ = HEADER.unpack_from(octets, at)
            if not HEADER_OCTETS <= length <= PDU_OCTETS_MAX:
                self._is_lost = True
                continue
            if at + length > len(octets):
                break
            yield octets[at : at + length]
            self.lost_octets = self.skipped_octets = 0
            at += length
        self._partial = octets[at:]

    def _search(self, octets: bytes, at: int) -> int:
        """The offset of the next header, or of what may yet become one."""
        begun = at
        while found := LOOKS_LIKE_HEADER.search(octets, at):
            at = found.start()
            if at + HEADER_OCTETS > len(octets) or _is_header(octets, at):
                break
            at += 1
        else:
            at = max(at, len(octets) - HEADER_OCTETS + 1)
        self._is_lost = at + HEADER_OCTETS > len(octets)
        self.skipped_octets += at - begun
        return at


class Sniffer:
    """All connections of one capture, or those with `port` at one end."""

    def __init__(self, port: int | None = None) -> None:
        self._port = port
        self._streams = Streams()
        self._cutters: dict[Flow, Cutter] = {}

    def take(self, frame: Frame) -> Iterator[Sighting]:
        """The PDUs that this frame completes."""
        segment = segment_of(frame.link_type, frame.octets)
        if segment is None:
            return
        ports = (segment.flow.source.port, segment.flow.destination.port)
        if self._port is None or self._port in ports:
            yield from self._cut(self._streams.take(segment), frame.time_s)

    def rest(self, time_s: float) -> Iterator[Sighting]:
        """At the end of the capture: what waited for octets that never came."""
        yield from self._cut(self._streams.rest(), time_s)

    def _cut(self, pieces: Iterator[Piece], time_s: float) -> Iterator[Sighting]:
        for piece in pieces:
            cutter = self._cutters.pop(piece.flow, None)
            if cutter is None or piece.is_new:
                cutter = Cutter()
            self._cutters[piece.flow] = cutter  # last, so the first one is silent longest
            if len(self._cutters) > FLOWS_MAX:
                del self._cutters[next(iter(self._cutters))]
            for octets in cutter.feed(piece):
                missed = cutter.lost_octets, cutter.skipped_octets
                yield Sighting(time_s, piece.flow, octets, *missed)


def _is_header(octets: bytes, at: int) -> bool:
    length, command_id, status, _ = HEADER.unpack_from(octets, at)
    is_whole = HEADER_OCTETS <= length <= PDU_OCTETS_MAX
    return is_whole and command_id in COMMANDS and (not status or bool(command_id & RESPONSE_BIT))
