"""Message waiting: an icon for voicemail, fax, e-mail, or others that wait elsewhere.

3GPP TS 23.038 section 4 has it in data_coding, TS 23.040 section 9.2.3.24.2 in the header, with a
count. data_coding says it wherever it can, for handsets know that best; the header says the count,
and what no data_coding can: a text in UCS-2 that is not to be stored. Where both are there, the
header holds.
"""

from smpp import coding, text
from smpp.applications.content import Content
from smpp.coding import Alphabet, Coding, Indication, Waiting
from smpp.errors import ContentError
from smpp.udh import AnyElement, SpecialIndication

COUNT_MAX = 255  # and whatever is more
KIND = 0x7F & ~0x60  # without the subscriber profile


def content(
    indication: Indication,
    count: int | None = None,
    message: str = "",
    *,
    transliterates: bool = False,
) -> Content:
    """An indication as a message, with `message` to read; `transliterates` as in `text.encode`.

    ContentError when `count` is negative, or says otherwise than `indication.is_active`.
    """
    if count is not None and (count < 0 or bool(count) != indication.is_active):
        raise ContentError(f"{count} waiting does not go with is_active={indication.is_active}")
    encoded = text.encode(message, transliterates=transliterates)
    is_sayable = encoded.alphabet is Alphabet.GSM7 or indication.is_stored
    said = indication if is_sayable else None
    elements: tuple[AnyElement, ...] = ()
    if count is not None or said is None:
        waiting = min(int(indication.is_active) if count is None else count, COUNT_MAX)
        elements = (SpecialIndication(indication.waiting, indication.is_stored, waiting),)
    data_coding = Coding(encoded.alphabet, indication=said).data_coding
    return Content(encoded.octets, elements, data_coding)


def read(
    data_coding: int, elements: tuple[AnyElement, ...] = ()
) -> tuple[tuple[Indication, int | None], ...]:
    """What waits, each with its count if the header tells it; kinds without a name are left out."""
    found = [
        (Indication(Waiting(kind), bool(element.count), element.store), element.count)
        for element in elements
        if isinstance(element, SpecialIndication)
        and (kind := element.kind & KIND) in Waiting._value2member_map_
    ]
    indication = coding.read(data_coding).indication
    return tuple(found) or (() if indication is None else ((indication, None),))
