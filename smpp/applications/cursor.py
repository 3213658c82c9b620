"""Reading octets one after another, as WBXML and WSP both ask for, and the number both write.

A number of variable length (uintvar in WAP-230 section 8.1.2, mb_u_int32 in WAP-192 section 5.1)
has seven bits an octet, and the high bit says that another octet follows.
"""

from smpp.errors import ContentError

NUMBER_MAX = 0xFFFF_FFFF


class Cursor:
    """A place in `octets`; whatever would lead beyond their end raises ContentError."""

    __slots__ = ("_octets", "at")

    def __init__(self, octets: bytes) -> None:
        self._octets = octets
        self.at = 0

    @property
    def is_at_end(self) -> bool:
        """Whether nothing is left."""
        return self.at >= len(self._octets)

    def peek(self) -> int:
        """The next octet, which stays."""
        if self.is_at_end:
            raise ContentError(f"the content ends after {self.at} octets")
        return self._octets[self.at]

    def octet(self) -> int:
        """The next octet."""
        found = self.peek()
        self.at += 1
        return found

    def take(self, count: int) -> bytes:
        """The next `count` octets."""
        found = self._octets[self.at : self.at + count]
        if len(found) < count:
            raise ContentError(f"the content ends {count - len(found)} octets too early")
        self.at += count
        return found

    def string(self) -> bytes:
        """The octets before the next NUL, which is skipped."""
        end = self._octets.find(b"\0", self.at)
        if end < 0:
            raise ContentError(f"the string at octet {self.at} does not end")
        found = self._octets[self.at : end]
        self.at = end + 1
        return found

    def number(self) -> int:
        """A number of variable length, at most 32 bits."""
        found = 0
        while True:
            octet = self.octet()
            found = found << 7 | octet & 0x7F
            if found > NUMBER_MAX:
                raise ContentError(f"the number before octet {self.at} is over 32 bits")
            if octet < 0x80:
                return found

    def rest(self) -> bytes:
        """All that is left."""
        return self.take(len(self._octets) - self.at)


def number(value: int) -> bytes:
    """A number of variable length; ContentError when it is over 32 bits."""
    if not 0 <= value <= NUMBER_MAX:
        raise ContentError(f"{value} is not within 0..{NUMBER_MAX}")
    septets = [value & 0x7F]
    while value := value >> 7:
        septets.append(value & 0x7F | 0x80)
    return bytes(reversed(septets))
