"""What a request says, as the user data of its segments.

Text goes in what the carrier means by data_coding 0, mostly GSM 7-bit with the national tables that
its profile allows, where that has every character, else as UCS-2. Binary content keeps the
header it was given, or gets one with its ports; `contents` makes octets and a header of all the
rest. Where a message must be cut, the profile says what ties its parts together: mostly a
concatenation element before the others of a header.
"""

from collections.abc import Callable
from functools import cache
from typing import NamedTuple

from pipeline.config import ProfileConfig
from pipeline.profiles import PACKED
from pipeline.records import Binary, MtRequest, Tlv
from services.router.contents import content_of
from services.router.policy import Refusal
from smpp import text
from smpp.errors import ContentError, SegmentError
from smpp.national import Language
from smpp.segments import PARTS_MAX, Segment, SplitBy, packed, room, split
from smpp.text import Alphabet, EncodedText
from smpp.udh import (
    CONCATENATION_8,
    CONCATENATION_16,
    AnyElement,
    Concatenation,
    Ports,
    read_header,
)
from smpp.values import EsmClass

# Plain integers, as records hold them.
WITH_HEADER = int(EsmClass.UDHI)

# data_coding plain, and with message class 0 (TS 23.038 section 4).
DEFAULT = (0x00, 0x10)
OCTETS = (0x04, 0x14)
UCS2 = (0x08, 0x18)

TOO_LONG = Refusal(
    "too_long",
    f"The content takes more than {PARTS_MAX} segments; shorten it or send several messages.",
)
UDH_UNSPLITTABLE = Refusal(
    "udh_unsplittable",
    "`binary.data` needs several segments, and `binary.udh` has no room for a concatenation "
    "element or one already; shorten the data or the header.",
)


class Part(NamedTuple):
    """What one submit_sm of a message carries."""

    short_message: bytes
    tlvs: tuple[Tlv, ...] = ()


class Encoded(NamedTuple):
    """The segments of one message, in order, each with its header."""

    data_coding: int
    esm_class: int
    parts: tuple[Part, ...]


class Cut(NamedTuple):
    """How a carrier wants long messages cut."""

    by: SplitBy
    octets_max: int
    is_packed: bool

    @property
    def reference_bits(self) -> int:
        """Width of the number that ties parts together."""
        return 8 if self.by is SplitBy.UDH_8 else 16


SPLIT_BY = {
    "udh8": SplitBy.UDH_8,
    "udh16": SplitBy.UDH_16,
    "sar": SplitBy.SAR,
    "message_payload": SplitBy.PAYLOAD,
}


def cut_of(profile: ProfileConfig) -> Cut:
    """How the carrier of a profile wants long messages cut."""
    is_packed = profile.default_alphabet.endswith(PACKED)
    return Cut(SPLIT_BY[profile.segmentation], profile.octets_per_segment, is_packed)


def encode(
    request: MtRequest, profile: ProfileConfig, next_reference: Callable[[], int]
) -> Encoded | Refusal:
    """The segments of `request` for a carrier, or why there are none.

    `next_reference` is called only for several segments; its number fits the `reference_bits` of
    `cut_of(profile)`.
    """
    cut = cut_of(profile)
    if request.text is None:
        return _without_text(request, cut, next_reference)
    assert isinstance(request.text, str)  # policy has refused envelopes
    # A message class says GSM 7-bit, whatever 0 means.
    default = Alphabet.GSM7 if request.flash else _default(profile)
    encoded = text.encode(
        request.text,
        default=default,
        languages=_languages(profile.languages),
        transliterates=request.transliterate,
    )
    data_coding = (DEFAULT if encoded.alphabet is default else UCS2)[request.flash]
    return _segments(encoded, data_coding, (), cut, next_reference)


def _default(profile: ProfileConfig) -> Alphabet:
    return Alphabet[profile.default_alphabet.removesuffix(PACKED).upper()]


@cache
def _languages(names: tuple[str, ...]) -> tuple[int, ...]:
    return tuple(Language[name.upper()] for name in names)


def _without_text(
    request: MtRequest, cut: Cut, next_reference: Callable[[], int]
) -> Encoded | Refusal:
    if request.binary is not None:
        return _binary(request.binary, OCTETS[request.flash], cut, next_reference)
    try:
        content = content_of(request)
    except ContentError as error:
        return Refusal("bad_content", f"The content cannot be written, correct it: {error}.")
    return _segments(
        content.encoded, int(content.data_coding), content.elements, cut, next_reference
    )


def _binary(
    binary: Binary, data_coding: int, cut: Cut, next_reference: Callable[[], int]
) -> Encoded | Refusal:
    elements: tuple[AnyElement, ...] | None = ()
    if binary.destination_port is not None:
        elements = (Ports(binary.destination_port, binary.source_port or 0),)
    elif binary.udh is not None:
        if len(binary.udh) + len(binary.data) <= cut.octets_max:  # whatever it says
            return Encoded(data_coding, WITH_HEADER, (Part(binary.udh + binary.data),))
        elements = _elements(binary.udh, cut)
    if elements is None:
        return UDH_UNSPLITTABLE
    encoded = EncodedText(binary.data, Alphabet.OCTETS)
    return _segments(encoded, data_coding, elements, cut, next_reference)


def _elements(header: bytes, cut: Cut) -> tuple[AnyElement, ...] | None:
    """The elements of a header that leaves room for a concatenation element and data, else None."""
    try:
        elements, _ = read_header(header)
        numbering = Concatenation(0, 1, 1, cut.by is SplitBy.UDH_16)
        left = room(Alphabet.OCTETS, (numbering, *elements), cut.octets_max)
    except SegmentError:
        return None
    taken = {element.identifier for element in elements} & {CONCATENATION_8, CONCATENATION_16}
    return None if taken or not left else elements


def _segments(
    encoded: EncodedText,
    data_coding: int,
    elements: tuple[AnyElement, ...],
    cut: Cut,
    next_reference: Callable[[], int],
) -> Encoded | Refusal:
    is_single = len(encoded.octets) <= room(encoded.alphabet, elements, cut.octets_max)
    reference = 0 if is_single else next_reference()
    # short_message holds what is single, whatever would hold more.
    by = SplitBy.UDH_16 if is_single else cut.by
    try:
        segments = split(encoded, reference, by=by, elements=elements, octets_max=cut.octets_max)
    except SegmentError:
        return TOO_LONG
    if cut.is_packed and encoded.alphabet is Alphabet.GSM7:
        segments = [packed(segment) for segment in segments]
    return Encoded(data_coding, int(segments[0].esm_class), tuple(map(_part, segments)))


def _part(segment: Segment) -> Part:
    tlvs = tuple(Tlv(tag=tag, value=value) for tag, value in segment.tlvs)
    return Part(segment.short_message, tlvs)
