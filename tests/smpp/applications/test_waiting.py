from itertools import product

import pytest

from smpp import text
from smpp.applications import waiting
from smpp.coding import Indication, Waiting
from smpp.errors import ContentError
from smpp.udh import SpecialIndication, read_header, write_header

VOICEMAIL = Indication(Waiting.VOICEMAIL, is_stored=False)
CLEARED = Indication(Waiting.VOICEMAIL, is_active=False, is_stored=False)


@pytest.mark.parametrize(
    ("indication", "count", "message", "data_coding", "header"),
    [
        # mobiletidings.com (2009): set and shown, then taken away
        (VOICEMAIL, None, "1 new voicemail", 0xC8, "00"),
        (CLEARED, None, "No new voicemail", 0xC0, "00"),
        (Indication(Waiting.FAX), None, "", 0xD9, "00"),
        (Indication(Waiting.EMAIL), None, "ж", 0xEA, "00"),
        (Indication(Waiting.OTHER, is_active=False), None, "", 0xD3, "00"),
        # Andrews & Arnold: 0401028001 is one voicemail and a text to keep
        (Indication(Waiting.VOICEMAIL), 1, "You have voicemail", 0xD8, "0401028001"),
        (VOICEMAIL, 20, "", 0xC8, "0401020014"),
        (VOICEMAIL, 255, "", 0xC8, "04010200ff"),
        (VOICEMAIL, 256, "", 0xC8, "04010200ff"),
        (CLEARED, 0, "", 0xC0, "0401020000"),
        # No data_coding has UCS-2 that is not to be stored.
        (VOICEMAIL, None, "ж", 0x08, "0401020001"),
        (CLEARED, None, "ж", 0x08, "0401020000"),
    ],
)
def test_an_indication(
    indication: Indication, count: int | None, message: str, data_coding: int, header: str
) -> None:
    content = waiting.content(indication, count, message)
    assert content.data_coding == data_coding
    assert write_header(content.elements).hex() == header
    assert text.decode(content.octets, content.data_coding) == message


def test_a_text_may_be_transliterated() -> None:
    assert waiting.content(VOICEMAIL, None, "naïve", transliterates=True).octets == b"naive"


@pytest.mark.parametrize(
    ("indication", "count"), [(VOICEMAIL, 0), (VOICEMAIL, -1), (CLEARED, 1), (CLEARED, -1)]
)
def test_a_count_and_an_icon_do_not_contradict(indication: Indication, count: int) -> None:
    with pytest.raises(ContentError, match=f"{count} waiting does not go with"):
        waiting.content(indication, count)


@pytest.mark.parametrize(
    ("data_coding", "header", "found"),
    [
        (0x00, "00", ()),
        (0xC8, "00", ((VOICEMAIL, None),)),
        (0xEA, "00", ((Indication(Waiting.EMAIL), None),)),
        (0xC8, "0401028100", ((Indication(Waiting.FAX, is_active=False), 0),)),  # the header holds
        # Andrews & Arnold: 20 voicemails, and 5 videos, for which there is no name here
        (0x00, "080102001401020705", ((VOICEMAIL, 20),)),
        (0x00, "0401022002", ((VOICEMAIL, 2),)),  # of the second subscriber profile
        (0x00, "050003010101", ()),
    ],
)
def test_what_waits_is_read(
    data_coding: int, header: str, found: tuple[tuple[Indication, int | None], ...]
) -> None:
    elements, _ = read_header(bytes.fromhex(header))
    assert waiting.read(data_coding, elements) == found


@pytest.mark.parametrize("message", ["", "hello", "ж"])
@pytest.mark.parametrize("has_count", [False, True])
def test_what_is_written_is_read(message: str, has_count: bool) -> None:
    for kind, is_active, is_stored in product(Waiting, (False, True), (False, True)):
        indication = Indication(kind, is_active, is_stored)
        content = waiting.content(indication, int(is_active) if has_count else None, message)
        found = waiting.read(content.data_coding, content.elements)
        assert [known for known, _ in found] == [indication]
        assert all(isinstance(element, SpecialIndication) for element in content.elements)
