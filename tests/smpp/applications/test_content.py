from smpp import text
from smpp.applications.content import Content
from smpp.segments import split
from smpp.udh import Ports


def test_content_without_more_ado_is_octets() -> None:
    encoded = Content(b"x").encoded
    assert (encoded.octets, encoded.alphabet, encoded.data_coding) == (
        b"x",
        text.Alphabet.OCTETS,
        4,
    )


def test_content_can_be_cut_with_its_header_in_every_part() -> None:
    content = Content(b"x" * 200, (Ports(2948, 9200),))
    parts = split(content.encoded, 7, elements=content.elements)
    assert [part.header.hex() for part in parts] == [
        "0b000307020105040b8423f0",
        "0b000307020205040b8423f0",
    ]
