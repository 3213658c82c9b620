"""Octets in any chunks become whole PDUs, SMPP 3.4 section 3.2.

A command_length that cannot be is refused as soon as its four octets are here, so nothing is ever
buffered for it: at most one PDU under the limit waits for its rest.
"""

from collections.abc import Iterator
from struct import Struct

from smpp.errors import FramingError
from smpp.values import HEADER_OCTETS, PDU_OCTETS_MAX

LENGTH = Struct(">I")
LENGTH_OCTETS = 4


class Framer:
    """Cuts one direction of one connection."""

    __slots__ = ("_partial", "_pdu_octets_max", "_wanted")

    def __init__(self, pdu_octets_max: int = PDU_OCTETS_MAX) -> None:
        self._pdu_octets_max = pdu_octets_max
        self._partial = bytearray()
        self._wanted = LENGTH_OCTETS  # octets the partial needs before it is worth a look

    @property
    def is_partial(self) -> bool:
        """Whether a PDU has begun and not ended."""
        return bool(self._partial)

    def feed(self, octets: bytes) -> Iterator[bytes]:
        """The PDUs that `octets` complete; FramingError after those before the broken one."""
        if self._partial:
            self._partial += octets
            if len(self._partial) < self._wanted:
                return
            octets = bytes(self._partial)
            self._partial.clear()
        at, size = 0, len(octets)
        length_of, octets_max = LENGTH.unpack_from, self._pdu_octets_max
        self._wanted = LENGTH_OCTETS
        while at + LENGTH_OCTETS <= size:
            (length,) = length_of(octets, at)
            end = at + length
            if not HEADER_OCTETS <= length <= octets_max:
                raise FramingError(length)
            if end > size:
                self._wanted = length
                break
            yield octets[at:end]
            at = end
        self._partial += octets[at:]
