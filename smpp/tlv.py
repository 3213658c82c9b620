"""TLVs of SMPP 3.4 section 5.3.2 and 5.0 section 4.8.4: tag, name and type.

A record keeps its TLVs as (tag, octets) in wire order: unknown, vendor and repeated ones stay as
they came. A row of this table reads and makes one kind:

    tlv.RECEIPTED_MESSAGE_ID.of(pdu.tlvs)        -> "a1b2" or None
    tlv.USER_MESSAGE_REFERENCE.make(7)           -> (0x0204, b"\\0\\7")
    tlv.CALLBACK_NUM.all_of(pdu.tlvs)            -> every one, for some may be repeated

Reading is liberal, for SMSCs send integers of any width and strings without their NUL.
"""

from dataclasses import dataclass
from struct import Struct
from typing import Generic, TypeVar

from smpp.errors import EncodeError

T = TypeVar("T", int, str, bytes)
RawTlv = tuple[int, bytes]
HEAD = Struct(">HH")
VALUE_OCTETS_MAX = 0xFFFF
INTEGER_OCTETS_MAX = 8


@dataclass(frozen=True, slots=True)
class Tlv(Generic[T]):
    """One kind of TLV. `octets_max` counts the NUL of a C-octet string."""

    tag: int
    name: str
    kind: type[T]
    octets_min: int
    octets_max: int

    def of(self, tlvs: tuple[RawTlv, ...]) -> T | None:
        """The first value of this tag; None when there is none, or one that is no integer."""
        for tag, octets in tlvs:
            if tag == self.tag:
                return self._read(octets)
        return None

    def all_of(self, tlvs: tuple[RawTlv, ...]) -> list[T]:
        """The values of this tag in wire order, empty integers left out."""
        values = [self._read(octets) for tag, octets in tlvs if tag == self.tag]
        return [value for value in values if value is not None]

    def make(self, value: T) -> RawTlv:
        """The TLV to put into a record."""
        octets = self._write(value)
        if not self.octets_min <= len(octets) <= self.octets_max:
            limits = f"{self.octets_min} to {self.octets_max}"
            raise EncodeError("tlv", self.name, f"{len(octets)} octets, {limits} allowed")
        return self.tag, octets

    def _read(self, octets: bytes) -> T | None:
        if issubclass(self.kind, bytes):
            return self.kind(octets)
        if issubclass(self.kind, str):
            return self.kind(octets.split(b"\0", 1)[0], "latin-1")
        is_integer = 0 < len(octets) <= INTEGER_OCTETS_MAX  # what is longer is not meant as one
        return self.kind.from_bytes(octets, "big") if is_integer else None

    def _write(self, value: T) -> bytes:
        if isinstance(value, bytes):
            return value
        if isinstance(value, str) and "\0" in value:
            raise EncodeError("tlv", self.name, "a NUL in the text")
        try:
            if isinstance(value, str):
                return value.encode("latin-1") + b"\0"
            width = max(self.octets_min, -(-value.bit_length() // 8))
            return value.to_bytes(width, "big")
        except (UnicodeEncodeError, OverflowError) as error:
            raise EncodeError("tlv", self.name, str(error)) from None


def read_tlvs(octets: bytes, at: int) -> tuple[tuple[RawTlv, ...], bytes]:
    """The TLVs from offset `at` on, and what is left when the last one is broken."""
    tlvs = []
    size = len(octets)
    while at + 4 <= size:
        tag, length = HEAD.unpack_from(octets, at)
        end = at + 4 + length
        if end > size:
            break
        tlvs.append((tag, octets[at + 4 : end]))
        at = end
    return tuple(tlvs), octets[at:]


def write_tlvs(tlvs: tuple[RawTlv, ...]) -> bytes:
    """The TLVs as they stand on the wire; struct.error when a tag or a value is too large."""
    return b"".join([HEAD.pack(tag, len(value)) + value for tag, value in tlvs])


def _int(tag: int, name: str, octets: int = 1) -> Tlv[int]:
    return Tlv(tag, name, int, octets, octets)


def _text(tag: int, name: str, octets_max: int, octets_min: int = 1) -> Tlv[str]:
    return Tlv(tag, name, str, octets_min, octets_max)


def _octets(tag: int, name: str, octets_min: int, octets_max: int) -> Tlv[bytes]:
    return Tlv(tag, name, bytes, octets_min, octets_max)


DEST_ADDR_SUBUNIT = _int(0x0005, "dest_addr_subunit")
DEST_NETWORK_TYPE = _int(0x0006, "dest_network_type")
DEST_BEARER_TYPE = _int(0x0007, "dest_bearer_type")
DEST_TELEMATICS_ID = _int(0x0008, "dest_telematics_id", 2)
SOURCE_ADDR_SUBUNIT = _int(0x000D, "source_addr_subunit")
SOURCE_NETWORK_TYPE = _int(0x000E, "source_network_type")
SOURCE_BEARER_TYPE = _int(0x000F, "source_bearer_type")
SOURCE_TELEMATICS_ID = _int(0x0010, "source_telematics_id")
QOS_TIME_TO_LIVE = _int(0x0017, "qos_time_to_live", 4)
PAYLOAD_TYPE = _int(0x0019, "payload_type")
ADDITIONAL_STATUS_INFO_TEXT = _text(0x001D, "additional_status_info_text", 256)
RECEIPTED_MESSAGE_ID = _text(0x001E, "receipted_message_id", 65)
MS_MSG_WAIT_FACILITIES = _int(0x0030, "ms_msg_wait_facilities")
PRIVACY_INDICATOR = _int(0x0201, "privacy_indicator")
SOURCE_SUBADDRESS = _octets(0x0202, "source_subaddress", 2, 23)
DEST_SUBADDRESS = _octets(0x0203, "dest_subaddress", 2, 23)
USER_MESSAGE_REFERENCE = _int(0x0204, "user_message_reference", 2)
USER_RESPONSE_CODE = _int(0x0205, "user_response_code")
SOURCE_PORT = _int(0x020A, "source_port", 2)
DESTINATION_PORT = _int(0x020B, "destination_port", 2)  # dest_port in 5.0
SAR_MSG_REF_NUM = _int(0x020C, "sar_msg_ref_num", 2)
LANGUAGE_INDICATOR = _int(0x020D, "language_indicator")
SAR_TOTAL_SEGMENTS = _int(0x020E, "sar_total_segments")
SAR_SEGMENT_SEQNUM = _int(0x020F, "sar_segment_seqnum")
SC_INTERFACE_VERSION = _int(0x0210, "sc_interface_version")
CALLBACK_NUM_PRES_IND = _int(0x0302, "callback_num_pres_ind")
CALLBACK_NUM_ATAG = _octets(0x0303, "callback_num_atag", 0, 65)
NUMBER_OF_MESSAGES = _int(0x0304, "number_of_messages")
CALLBACK_NUM = _octets(0x0381, "callback_num", 4, 19)
DPF_RESULT = _int(0x0420, "dpf_result")
SET_DPF = _int(0x0421, "set_dpf")
MS_AVAILABILITY_STATUS = _int(0x0422, "ms_availability_status")
NETWORK_ERROR_CODE = _octets(0x0423, "network_error_code", 3, 3)
MESSAGE_PAYLOAD = _octets(0x0424, "message_payload", 0, VALUE_OCTETS_MAX)
DELIVERY_FAILURE_REASON = _int(0x0425, "delivery_failure_reason")
MORE_MESSAGES_TO_SEND = _int(0x0426, "more_messages_to_send")
MESSAGE_STATE = _int(0x0427, "message_state")
CONGESTION_STATE = _int(0x0428, "congestion_state")  # 0 idle to 100 congested
USSD_SERVICE_OP = _int(0x0501, "ussd_service_op")
BROADCAST_CHANNEL_INDICATOR = _int(0x0600, "broadcast_channel_indicator")
BROADCAST_CONTENT_TYPE = _octets(0x0601, "broadcast_content_type", 3, 3)
BROADCAST_CONTENT_TYPE_INFO = _octets(0x0602, "broadcast_content_type_info", 1, 255)
BROADCAST_MESSAGE_CLASS = _int(0x0603, "broadcast_message_class")
BROADCAST_REP_NUM = _int(0x0604, "broadcast_rep_num", 2)
BROADCAST_FREQUENCY_INTERVAL = _octets(0x0605, "broadcast_frequency_interval", 3, 3)
# In broadcast_sm_resp the same tag is the specification's failed_broadcast_area_identifier.
BROADCAST_AREA_IDENTIFIER = _octets(0x0606, "broadcast_area_identifier", 1, 101)
BROADCAST_ERROR_STATUS = _int(0x0607, "broadcast_error_status", 4)
BROADCAST_AREA_SUCCESS = _int(0x0608, "broadcast_area_success")
# The specification says 16 octets, and a C-octet string whose text alone has 16.
BROADCAST_END_TIME = _text(0x0609, "broadcast_end_time", 17, 17)
BROADCAST_SERVICE_GROUP = _octets(0x060A, "broadcast_service_group", 1, 255)
BILLING_IDENTIFICATION = _octets(0x060B, "billing_identification", 1, 1024)
SOURCE_NETWORK_ID = _text(0x060D, "source_network_id", 65, 7)
DEST_NETWORK_ID = _text(0x060E, "dest_network_id", 65, 7)
SOURCE_NODE_ID = _octets(0x060F, "source_node_id", 6, 6)
DEST_NODE_ID = _octets(0x0610, "dest_node_id", 6, 6)
DEST_ADDR_NP_RESOLUTION = _int(0x0611, "dest_addr_np_resolution")
DEST_ADDR_NP_INFORMATION = _octets(0x0612, "dest_addr_np_information", 10, 10)
DEST_ADDR_NP_COUNTRY = Tlv(0x0613, "dest_addr_np_country", int, 1, 5)
DISPLAY_TIME = _int(0x1201, "display_time")
SMS_SIGNAL = _int(0x1203, "sms_signal", 2)
MS_VALIDITY = _octets(0x1204, "ms_validity", 1, 4)  # one octet in 3.4
ALERT_ON_MESSAGE_DELIVERY = _octets(0x130C, "alert_on_message_delivery", 0, 1)  # none in 3.4
ITS_REPLY_TYPE = _int(0x1380, "its_reply_type")
ITS_SESSION_INFO = _octets(0x1383, "its_session_info", 2, 2)

BY_TAG: dict[int, Tlv[int] | Tlv[str] | Tlv[bytes]] = {
    row.tag: row for row in list(globals().values()) if isinstance(row, Tlv)
}
BY_NAME = {row.name: row for row in BY_TAG.values()}
