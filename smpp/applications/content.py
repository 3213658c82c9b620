"""What every application over SMS comes down to: octets, a header, and a data_coding.

Nothing is cut here: `segments.split(content.encoded, reference, elements=content.elements)` makes
short messages of it.
"""

from dataclasses import dataclass

from smpp.text import EncodedText, alphabet_of
from smpp.udh import AnyElement
from smpp.values import DataCoding


@dataclass(frozen=True, slots=True)
class Content:
    """The body of a message, the elements of its user data header, and how to read the body."""

    octets: bytes
    elements: tuple[AnyElement, ...] = ()
    data_coding: int = int(DataCoding.OCTETS)

    @property
    def encoded(self) -> EncodedText:
        """The body as `segments.split` takes it."""
        return EncodedText(self.octets, alphabet_of(self.data_coding))
