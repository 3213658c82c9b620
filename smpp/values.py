"""The enumerations of SMPP 3.4 and 5.0, by the specification's own names.

Absent are the three operations that 3.4 removed from 3.3: param_retrieve, query_last_msgs and
query_msg_details. Records hold plain integers where a peer may send anything (TON, data_coding,
...): these classes name the known ones and compare equal to them. Only `command_status` is always a
`CommandStatus`.
"""

from enum import Enum, IntEnum, IntFlag

RESPONSE_BIT = 0x8000_0000  # set in the command_id of every response, SMPP 3.4 section 5.1.2.1
SEQUENCE_NUMBER_MAX = 0x7FFF_FFFF  # SMPP 3.4 section 5.1.4; after it comes 1
PDU_OCTETS_MAX = 65_536  # our limit, the specification has none
HEADER_OCTETS = 16


class CommandId(IntEnum):
    """SMPP 3.4 section 5.1.2.1; broadcasts are 5.0's, section 4.7.5."""

    GENERIC_NACK = 0x8000_0000
    BIND_RECEIVER = 0x0000_0001
    BIND_RECEIVER_RESP = 0x8000_0001
    BIND_TRANSMITTER = 0x0000_0002
    BIND_TRANSMITTER_RESP = 0x8000_0002
    QUERY_SM = 0x0000_0003
    QUERY_SM_RESP = 0x8000_0003
    SUBMIT_SM = 0x0000_0004
    SUBMIT_SM_RESP = 0x8000_0004
    DELIVER_SM = 0x0000_0005
    DELIVER_SM_RESP = 0x8000_0005
    UNBIND = 0x0000_0006
    UNBIND_RESP = 0x8000_0006
    REPLACE_SM = 0x0000_0007
    REPLACE_SM_RESP = 0x8000_0007
    CANCEL_SM = 0x0000_0008
    CANCEL_SM_RESP = 0x8000_0008
    BIND_TRANSCEIVER = 0x0000_0009
    BIND_TRANSCEIVER_RESP = 0x8000_0009
    OUTBIND = 0x0000_000B
    ENQUIRE_LINK = 0x0000_0015
    ENQUIRE_LINK_RESP = 0x8000_0015
    SUBMIT_MULTI = 0x0000_0021
    SUBMIT_MULTI_RESP = 0x8000_0021
    ALERT_NOTIFICATION = 0x0000_0102
    DATA_SM = 0x0000_0103
    DATA_SM_RESP = 0x8000_0103
    BROADCAST_SM = 0x0000_0111
    BROADCAST_SM_RESP = 0x8000_0111
    QUERY_BROADCAST_SM = 0x0000_0112
    QUERY_BROADCAST_SM_RESP = 0x8000_0112
    CANCEL_BROADCAST_SM = 0x0000_0113
    CANCEL_BROADCAST_SM_RESP = 0x8000_0113


class CommandStatus(IntEnum):
    """SMPP 3.4 section 5.1.3, and from 0x0100 on SMPP 5.0 section 4.7.6; `statuses` explains them.

    Any other number is usable too and is named by its digits.
    """

    ESME_ROK = 0x0000
    ESME_RINVMSGLEN = 0x0001
    ESME_RINVCMDLEN = 0x0002
    ESME_RINVCMDID = 0x0003
    ESME_RINVBNDSTS = 0x0004
    ESME_RALYBND = 0x0005
    ESME_RINVPRTFLG = 0x0006
    ESME_RINVREGDLVFLG = 0x0007
    ESME_RSYSERR = 0x0008
    ESME_RINVSRCADR = 0x000A
    ESME_RINVDSTADR = 0x000B
    ESME_RINVMSGID = 0x000C
    ESME_RBINDFAIL = 0x000D
    ESME_RINVPASWD = 0x000E
    ESME_RINVSYSID = 0x000F
    ESME_RCANCELFAIL = 0x0011
    ESME_RREPLACEFAIL = 0x0013
    ESME_RMSGQFUL = 0x0014
    ESME_RINVSERTYP = 0x0015
    ESME_RINVNUMDESTS = 0x0033
    ESME_RINVDLNAME = 0x0034
    ESME_RINVDESTFLAG = 0x0040
    ESME_RINVSUBREP = 0x0042
    ESME_RINVESMCLASS = 0x0043
    ESME_RCNTSUBDL = 0x0044
    ESME_RSUBMITFAIL = 0x0045
    ESME_RINVSRCTON = 0x0048
    ESME_RINVSRCNPI = 0x0049
    ESME_RINVDSTTON = 0x0050
    ESME_RINVDSTNPI = 0x0051
    ESME_RINVSYSTYP = 0x0053
    ESME_RINVREPFLAG = 0x0054
    ESME_RINVNUMMSGS = 0x0055
    ESME_RTHROTTLED = 0x0058
    ESME_RINVSCHED = 0x0061
    ESME_RINVEXPIRY = 0x0062
    ESME_RINVDFTMSGID = 0x0063
    ESME_RX_T_APPN = 0x0064
    ESME_RX_P_APPN = 0x0065
    ESME_RX_R_APPN = 0x0066
    ESME_RQUERYFAIL = 0x0067
    ESME_RINVOPTPARSTREAM = 0x00C0
    ESME_ROPTPARNOTALLWD = 0x00C1
    ESME_RINVPARLEN = 0x00C2
    ESME_RMISSINGOPTPARAM = 0x00C3
    ESME_RINVOPTPARAMVAL = 0x00C4
    ESME_RDELIVERYFAILURE = 0x00FE
    ESME_RUNKNOWNERR = 0x00FF
    ESME_RSERTYPUNAUTH = 0x0100
    ESME_RPROHIBITED = 0x0101
    ESME_RSERTYPUNAVAIL = 0x0102
    ESME_RSERTYPDENIED = 0x0103
    ESME_RINVDCS = 0x0104
    ESME_RINVSRCADDRSUBUNIT = 0x0105
    ESME_RINVDSTADDRSUBUNIT = 0x0106
    ESME_RINVBCASTFREQINT = 0x0107
    ESME_RINVBCASTALIAS_NAME = 0x0108
    ESME_RINVBCASTAREAFMT = 0x0109
    ESME_RINVNUMBCAST_AREAS = 0x010A
    ESME_RINVBCASTCNTTYPE = 0x010B
    ESME_RINVBCASTMSGCLASS = 0x010C
    ESME_RBCASTFAIL = 0x010D
    ESME_RBCASTQUERYFAIL = 0x010E
    ESME_RBCASTCANCELFAIL = 0x010F
    ESME_RINVBCAST_REP = 0x0110
    ESME_RINVBCASTSRVGRP = 0x0111
    ESME_RINVBCASTCHANIND = 0x0112

    ESME_RINVTLVSTREAM = 0x00C0  # what 5.0 calls these five
    ESME_RTLVNOTALLWD = 0x00C1
    ESME_RINVTLVLEN = 0x00C2
    ESME_RMISSINGTLV = 0x00C3
    ESME_RINVTLVVAL = 0x00C4

    @classmethod
    def _missing_(cls, value: object) -> "CommandStatus | None":
        if not isinstance(value, int) or not 0 <= value <= 0xFFFF_FFFF:
            return None
        status = int.__new__(cls, value)
        status._name_ = f"0x{value:08X}"
        status._value_ = value
        return status


class Ton(IntEnum):
    """Type of number, SMPP 3.4 section 5.2.5."""

    UNKNOWN = 0
    INTERNATIONAL = 1
    NATIONAL = 2
    NETWORK_SPECIFIC = 3
    SUBSCRIBER_NUMBER = 4
    ALPHANUMERIC = 5
    ABBREVIATED = 6


class Npi(IntEnum):
    """Numbering plan indicator, SMPP 3.4 section 5.2.6."""

    UNKNOWN = 0
    ISDN = 1
    DATA = 3
    TELEX = 4
    LAND_MOBILE = 6
    NATIONAL = 8
    PRIVATE = 9
    ERMES = 10
    INTERNET = 14
    WAP_CLIENT = 18


class DataCoding(IntEnum):
    """SMPP 3.4 section 5.2.19. What `SMSC_DEFAULT` means is the SMSC's affair: mostly GSM 7-bit."""

    SMSC_DEFAULT = 0x00
    ASCII = 0x01
    OCTETS_TDMA = 0x02
    LATIN1 = 0x03
    OCTETS = 0x04
    JIS = 0x05
    CYRILLIC = 0x06
    HEBREW = 0x07
    UCS2 = 0x08
    PICTOGRAM = 0x09
    ISO_2022_JP = 0x0A
    EXTENDED_KANJI = 0x0D
    KS_C_5601 = 0x0E


class EsmClass(IntFlag):
    """SMPP 3.4 section 5.2.12: mode in bits 1-0, type in bits 5-2, features in bits 7-6."""

    DEFAULT = 0x00
    DATAGRAM = 0x01
    FORWARD = 0x02
    STORE_AND_FORWARD = 0x03
    DELIVERY_RECEIPT = 0x04
    DELIVERY_ACKNOWLEDGEMENT = 0x08
    USER_ACKNOWLEDGEMENT = 0x10
    CONVERSATION_ABORT = 0x18
    INTERMEDIATE_NOTIFICATION = 0x20
    UDHI = 0x40
    REPLY_PATH = 0x80


ESM_CLASS_MODE = 0x03
ESM_CLASS_TYPE = 0x3C


class RegisteredDelivery(IntFlag):
    """SMPP 3.4 section 5.2.17."""

    NONE = 0x00
    RECEIPT = 0x01
    RECEIPT_ON_FAILURE = 0x02
    RECEIPT_ON_SUCCESS = 0x03  # 5.0 section 4.7.21; reserved in 3.4
    DELIVERY_ACKNOWLEDGEMENT = 0x04
    USER_ACKNOWLEDGEMENT = 0x08
    INTERMEDIATE_NOTIFICATION = 0x10


class MessageState(IntEnum):
    """SMPP 3.4 section 5.2.28; SCHEDULED and SKIPPED are 5.0's."""

    SCHEDULED = 0
    ENROUTE = 1
    DELIVERED = 2
    EXPIRED = 3
    DELETED = 4
    UNDELIVERABLE = 5
    ACCEPTED = 6
    UNKNOWN = 7
    REJECTED = 8
    SKIPPED = 9


class BindType(Enum):
    """What a bound ESME may do."""

    TRANSMITTER = "transmitter"
    RECEIVER = "receiver"
    TRANSCEIVER = "transceiver"
