"""Every PDU as the fields of its body in wire order, SMPP 3.4 section 4; broadcasts are 5.0's.

A new PDU is one row here and one record in `pdu`. TLVs may follow any body and are not listed.
Where 5.0 allows more than 3.4 (255 octets of short_message, 255 destinations) its limit holds.
"""

from dataclasses import dataclass

from smpp.fields import CString, Field, Int, Item, List, Octets, Status
from smpp.pdu import DistributionList, SmeAddress, UnsuccessSme
from smpp.values import CommandId, CommandStatus


@dataclass(frozen=True, slots=True)
class Layout:
    """The body of one PDU. `omitted_on_error`: its section says that a refusal carries no body."""

    section: str  # of 3.4, unless it says 5.0
    fields: tuple[Field, ...] = ()
    omitted_on_error: bool = False


SYSTEM_ID = CString("system_id", 16, CommandStatus.ESME_RINVSYSID)
PASSWORD = CString("password", 9, CommandStatus.ESME_RINVPASWD)
MESSAGE_ID = CString("message_id", 65, CommandStatus.ESME_RINVMSGID)
SERVICE_TYPE = CString("service_type", 6, CommandStatus.ESME_RINVSERTYP)
SCHEDULE = CString("schedule_delivery_time", 17, CommandStatus.ESME_RINVSCHED)
VALIDITY = CString("validity_period", 17, CommandStatus.ESME_RINVEXPIRY)
SHORT_MESSAGE = (
    Int("sm_length", counts="short_message"),
    Octets("short_message", length_from="sm_length"),
)
SUBMISSION = (  # what submit_multi has after its destinations, as submit_sm after its only one
    Int("esm_class"),
    Int("protocol_id"),
    Int("priority_flag"),
    SCHEDULE,
    VALIDITY,
    Int("registered_delivery"),
    Int("replace_if_present_flag"),
    Int("data_coding"),
    Int("sm_default_msg_id"),
    *SHORT_MESSAGE,
)


def source(octets_max: int) -> tuple[Int | CString, ...]:
    """The address of the sender."""
    return (
        Int("source_addr_ton"),
        Int("source_addr_npi"),
        CString("source_addr", octets_max, CommandStatus.ESME_RINVSRCADR),
    )


def destination(octets_max: int) -> tuple[Int | CString, ...]:
    """The address of the receiver."""
    return (
        Int("dest_addr_ton"),
        Int("dest_addr_npi"),
        CString("destination_addr", octets_max, CommandStatus.ESME_RINVDSTADR),
    )


BIND = (
    SYSTEM_ID,
    PASSWORD,
    CString("system_type", 13, CommandStatus.ESME_RINVSYSTYP),
    Int("interface_version"),
    Int("addr_ton"),
    Int("addr_npi"),
    CString("address_range", 41),
)

MESSAGE = (SERVICE_TYPE, *source(21), *destination(21), *SUBMISSION)

DEST_ADDRESSES = (
    Int("number_of_dests", counts="dest_address"),
    List(
        "dest_address",
        length_from="number_of_dests",
        kinds=(  # flags: section 5.2.25
            Item(SmeAddress, destination(21), flag=1),
            Item(DistributionList, (CString("dl_name", 21),), flag=2),
        ),
    ),
)

UNSUCCESS_SMES = (
    Int("no_unsuccess", counts="unsuccess_sme"),
    List(
        "unsuccess_sme",
        length_from="no_unsuccess",
        kinds=(Item(UnsuccessSme, (*destination(21), Status("error_status_code"))),),
    ),
)

LAYOUTS: dict[CommandId, Layout] = {
    CommandId.BIND_TRANSMITTER: Layout("4.1.1", BIND),
    CommandId.BIND_TRANSMITTER_RESP: Layout("4.1.2", (SYSTEM_ID,), omitted_on_error=True),
    CommandId.BIND_RECEIVER: Layout("4.1.3", BIND),
    CommandId.BIND_RECEIVER_RESP: Layout("4.1.4", (SYSTEM_ID,), omitted_on_error=True),
    CommandId.BIND_TRANSCEIVER: Layout("4.1.5", BIND),
    CommandId.BIND_TRANSCEIVER_RESP: Layout("4.1.6", (SYSTEM_ID,), omitted_on_error=True),
    CommandId.OUTBIND: Layout("4.1.7.1", (SYSTEM_ID, PASSWORD)),
    CommandId.UNBIND: Layout("4.2.1"),
    CommandId.UNBIND_RESP: Layout("4.2.2"),
    CommandId.GENERIC_NACK: Layout("4.3.1"),
    CommandId.SUBMIT_SM: Layout("4.4.1", MESSAGE),
    CommandId.SUBMIT_SM_RESP: Layout("4.4.2", (MESSAGE_ID,), omitted_on_error=True),
    CommandId.SUBMIT_MULTI: Layout(
        "4.5.1", (SERVICE_TYPE, *source(21), *DEST_ADDRESSES, *SUBMISSION)
    ),
    CommandId.SUBMIT_MULTI_RESP: Layout("4.5.2", (MESSAGE_ID, *UNSUCCESS_SMES)),
    CommandId.DELIVER_SM: Layout("4.6.1", MESSAGE),
    CommandId.DELIVER_SM_RESP: Layout("4.6.2", (MESSAGE_ID,)),
    CommandId.DATA_SM: Layout(
        "4.7.1",
        (
            SERVICE_TYPE,
            *source(65),
            *destination(65),
            Int("esm_class"),
            Int("registered_delivery"),
            Int("data_coding"),
        ),
    ),
    CommandId.DATA_SM_RESP: Layout("4.7.2", (MESSAGE_ID,)),
    CommandId.QUERY_SM: Layout("4.8.1", (MESSAGE_ID, *source(21))),
    CommandId.QUERY_SM_RESP: Layout(
        "4.8.2",
        (MESSAGE_ID, CString("final_date", 17), Int("message_state"), Int("error_code")),
    ),
    CommandId.CANCEL_SM: Layout("4.9.1", (SERVICE_TYPE, MESSAGE_ID, *source(21), *destination(21))),
    CommandId.CANCEL_SM_RESP: Layout("4.9.2"),
    CommandId.REPLACE_SM: Layout(
        "4.10.1",
        (
            MESSAGE_ID,
            *source(21),
            SCHEDULE,
            VALIDITY,
            Int("registered_delivery"),
            Int("sm_default_msg_id"),
            *SHORT_MESSAGE,
        ),
    ),
    CommandId.REPLACE_SM_RESP: Layout("4.10.2"),
    CommandId.ENQUIRE_LINK: Layout("4.11.1"),
    CommandId.ENQUIRE_LINK_RESP: Layout("4.11.2"),
    CommandId.ALERT_NOTIFICATION: Layout(
        "4.12.1",
        (
            *source(65),
            Int("esme_addr_ton"),
            Int("esme_addr_npi"),
            CString("esme_addr", 65),
        ),
    ),
    CommandId.BROADCAST_SM: Layout(
        "5.0 4.4.1.1",
        (
            SERVICE_TYPE,
            *source(21),
            MESSAGE_ID,
            Int("priority_flag"),
            SCHEDULE,
            VALIDITY,
            Int("replace_if_present_flag"),
            Int("data_coding"),
            Int("sm_default_msg_id"),
        ),
    ),
    CommandId.BROADCAST_SM_RESP: Layout("5.0 4.4.1.2", (MESSAGE_ID,)),
    CommandId.QUERY_BROADCAST_SM: Layout("5.0 4.6.1.1", (MESSAGE_ID, *source(21))),
    CommandId.QUERY_BROADCAST_SM_RESP: Layout("5.0 4.6.1.3", (MESSAGE_ID,)),
    CommandId.CANCEL_BROADCAST_SM: Layout("5.0 4.6.2.1", (SERVICE_TYPE, MESSAGE_ID, *source(21))),
    CommandId.CANCEL_BROADCAST_SM_RESP: Layout("5.0 4.6.2.3"),
}
