import pytest

from smpp import tlv, version
from smpp.errors import LocalProtocolError
from smpp.pdu import BindTransceiverResp, SubmitSm


@pytest.mark.parametrize(
    ("asked", "stated", "agreed"),
    [
        (0x34, None, 0x34),  # many SMSCs of 3.4 say nothing
        (0x34, 0x34, 0x34),
        (0x34, 0x50, 0x34),
        (0x50, 0x34, 0x34),
        (0x34, 0x33, 0x33),
        (0x33, None, 0x33),
    ],
)
def test_both_speak_the_lower_version(asked: int, stated: int | None, agreed: int) -> None:
    tlvs = () if stated is None else (tlv.SC_INTERFACE_VERSION.make(stated),)
    assert version.agreed(asked, BindTransceiverResp(tlvs=tlvs)) == agreed


def test_tlvs_are_withheld_from_a_copy() -> None:
    pdu = SubmitSm(
        short_message=b"hi", tlvs=(tlv.USER_MESSAGE_REFERENCE.make(7), (0x1400, b"vendor"))
    )
    assert version.without_tlvs(pdu) == SubmitSm(short_message=b"hi")
    assert len(pdu.tlvs) == 2


@pytest.mark.parametrize(
    "content", [tlv.MESSAGE_PAYLOAD.make(b"long text"), tlv.SAR_TOTAL_SEGMENTS.make(2)]
)
def test_what_is_the_content_itself_is_refused(content: tlv.RawTlv) -> None:
    with pytest.raises(LocalProtocolError, match=r"to a peer of SMPP 3\.3"):
        version.without_tlvs(SubmitSm(tlvs=(content,)))
