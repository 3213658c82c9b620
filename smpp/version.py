"""What both ends of a session speak: `interface_version` of the bind and `sc_interface_version` of
its answer, SMPP 3.4 sections 5.2.4 and 5.3.2.25.

SMPP 3.3 has no TLVs, and a peer that speaks it may take them for a broken PDU: so they are withheld
from it, and a PDU that says nothing without them is refused. An SMSC of 3.4 should state its
version and many do not, so one that says nothing is taken to speak what it was asked for.
"""

from dataclasses import replace

from smpp import tlv
from smpp.errors import LocalProtocolError
from smpp.pdu import Pdu

VERSION_3_4 = 0x34
CONTENT = {
    row.tag: row.name
    for row in (
        tlv.MESSAGE_PAYLOAD,
        tlv.SAR_MSG_REF_NUM,
        tlv.SAR_TOTAL_SEGMENTS,
        tlv.SAR_SEGMENT_SEQNUM,
    )
}


def agreed(asked: int, response: Pdu) -> int:
    """The version after a bind that asked for one was answered: the lower of both."""
    stated = response.tlv(tlv.SC_INTERFACE_VERSION)
    return asked if stated is None else min(asked, stated)


def without_tlvs(pdu: Pdu) -> Pdu:
    """The record for a peer of 3.3; LocalProtocolError when a TLV of it is the content itself."""
    for tag, _ in pdu.tlvs:
        if tag in CONTENT:
            command = pdu.command_id.name.lower()
            raise LocalProtocolError(f"{command}: no {CONTENT[tag]} to a peer of SMPP 3.3")
    return replace(pdu, tlvs=())
