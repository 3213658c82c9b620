"""What a command_status says and what it asks of the sender: SMPP 5.0 section 4.7.6.

The meanings are the specification's in one line. The dispositions are ours: another try is worth it
only where the SMSC itself calls the trouble passing, so a status that blames the message, and any
that nobody has heard of, is a refusal. What a vendor's own numbers ask for only its manual says.
"""

from enum import Enum
from typing import NamedTuple

from smpp.values import CommandStatus

VENDOR_STATUSES = range(0x0400, 0x0500)


class Disposition(Enum):
    """What a command_status asks of us."""

    ACCEPTED = "accepted"
    RETRY_SLOWER = "retry slower"  # the account is too fast: this request first, then slower
    RETRY_LATER = "retry later"  # this request alone has to wait
    REJECT = "reject"
    REBIND = "rebind"  # no request of this bind will pass; of a new one, or of another, it may
    STOP_CONNECTOR = "stop connector"  # no request will pass until someone mends it


class Explanation(NamedTuple):
    """One row of the table."""

    meaning: str
    disposition: Disposition = Disposition.REJECT


S = CommandStatus
RETRY_LATER, STOP_CONNECTOR = Disposition.RETRY_LATER, Disposition.STOP_CONNECTOR
REBIND = Disposition.REBIND
EXPLANATIONS: dict[int, Explanation] = {
    S.ESME_ROK: Explanation("no error", Disposition.ACCEPTED),
    S.ESME_RINVMSGLEN: Explanation("the message has a length that is not allowed"),
    S.ESME_RINVCMDLEN: Explanation("the PDU is too short or too long for its command"),
    S.ESME_RINVCMDID: Explanation("the command is unknown or not supported"),
    S.ESME_RINVBNDSTS: Explanation("the command is not allowed in this bind", REBIND),
    S.ESME_RALYBND: Explanation("the ESME is bound already", RETRY_LATER),
    S.ESME_RINVPRTFLG: Explanation("priority_flag has a value that is not allowed"),
    S.ESME_RINVREGDLVFLG: Explanation("registered_delivery has a value that is not allowed"),
    S.ESME_RSYSERR: Explanation("the SMSC or a part of it is not available", RETRY_LATER),
    S.ESME_RINVSRCADR: Explanation("the source address is invalid"),
    S.ESME_RINVDSTADR: Explanation("the destination address is invalid"),
    S.ESME_RINVMSGID: Explanation("the message_id is invalid"),
    S.ESME_RBINDFAIL: Explanation("the bind failed", REBIND),
    S.ESME_RINVPASWD: Explanation("the password is invalid", REBIND),
    S.ESME_RINVSYSID: Explanation("the system_id is invalid", REBIND),
    S.ESME_RCANCELFAIL: Explanation("cancel_sm failed"),
    S.ESME_RREPLACEFAIL: Explanation("replace_sm failed"),
    S.ESME_RMSGQFUL: Explanation("a message queue of the SMSC is full", RETRY_LATER),
    S.ESME_RINVSERTYP: Explanation("the service_type is invalid"),
    S.ESME_RINVNUMDESTS: Explanation("the number of destinations is invalid"),
    S.ESME_RINVDLNAME: Explanation("the distribution list does not exist"),
    S.ESME_RINVDESTFLAG: Explanation("dest_flag has a value that is not allowed"),
    S.ESME_RINVSUBREP: Explanation("the message cannot be submitted to replace another"),
    S.ESME_RINVESMCLASS: Explanation("esm_class has a value that is not allowed"),
    S.ESME_RCNTSUBDL: Explanation("distribution lists are not supported or denied"),
    S.ESME_RSUBMITFAIL: Explanation("the submission failed"),
    S.ESME_RINVSRCTON: Explanation("the TON of the source address is invalid"),
    S.ESME_RINVSRCNPI: Explanation("the NPI of the source address is invalid"),
    S.ESME_RINVDSTTON: Explanation("the TON of the destination address is invalid"),
    S.ESME_RINVDSTNPI: Explanation("the NPI of the destination address is invalid"),
    S.ESME_RINVSYSTYP: Explanation("the system_type is invalid", STOP_CONNECTOR),
    S.ESME_RINVREPFLAG: Explanation("replace_if_present_flag has a value that is not allowed"),
    S.ESME_RINVNUMMSGS: Explanation("the number of messages is invalid"),
    S.ESME_RTHROTTLED: Explanation("the ESME sends too fast", Disposition.RETRY_SLOWER),
    S.ESME_RINVSCHED: Explanation("the scheduled delivery time is invalid"),
    S.ESME_RINVEXPIRY: Explanation("the validity period is invalid"),
    S.ESME_RINVDFTMSGID: Explanation("the predefined message does not exist"),
    S.ESME_RX_T_APPN: Explanation("the receiver has a temporary problem", RETRY_LATER),
    S.ESME_RX_P_APPN: Explanation("the receiver has a permanent problem with this address"),
    S.ESME_RX_R_APPN: Explanation("the receiver rejects this message"),
    S.ESME_RQUERYFAIL: Explanation("query_sm failed"),
    S.ESME_RINVOPTPARSTREAM: Explanation("the TLVs cannot be read"),
    S.ESME_ROPTPARNOTALLWD: Explanation("a TLV is not allowed here"),
    S.ESME_RINVPARLEN: Explanation("a TLV has a length that is not allowed"),
    S.ESME_RMISSINGOPTPARAM: Explanation("a TLV that this command needs is missing"),
    S.ESME_RINVOPTPARAMVAL: Explanation("a TLV has a value that is not allowed"),
    S.ESME_RDELIVERYFAILURE: Explanation("the delivery in transaction mode failed"),
    S.ESME_RUNKNOWNERR: Explanation("an unexpected error occurred"),
    S.ESME_RSERTYPUNAUTH: Explanation("the ESME may not use this service_type"),
    S.ESME_RPROHIBITED: Explanation("the ESME may not use this command", STOP_CONNECTOR),
    S.ESME_RSERTYPUNAVAIL: Explanation("the service_type is not available now", RETRY_LATER),
    S.ESME_RSERTYPDENIED: Explanation("the service_type does not allow this content"),
    S.ESME_RINVDCS: Explanation("the data_coding is invalid or not supported"),
    S.ESME_RINVSRCADDRSUBUNIT: Explanation("source_addr_subunit is invalid"),
    S.ESME_RINVDSTADDRSUBUNIT: Explanation("dest_addr_subunit is invalid"),
    S.ESME_RINVBCASTFREQINT: Explanation("broadcast_frequency_interval is invalid"),
    S.ESME_RINVBCASTALIAS_NAME: Explanation("the name of a broadcast area is invalid"),
    S.ESME_RINVBCASTAREAFMT: Explanation("the format of a broadcast area is invalid"),
    S.ESME_RINVNUMBCAST_AREAS: Explanation("the number of broadcast areas is invalid"),
    S.ESME_RINVBCASTCNTTYPE: Explanation("broadcast_content_type is invalid"),
    S.ESME_RINVBCASTMSGCLASS: Explanation("broadcast_message_class is invalid"),
    S.ESME_RBCASTFAIL: Explanation("broadcast_sm failed"),
    S.ESME_RBCASTQUERYFAIL: Explanation("query_broadcast_sm failed"),
    S.ESME_RBCASTCANCELFAIL: Explanation("cancel_broadcast_sm failed"),
    S.ESME_RINVBCAST_REP: Explanation("broadcast_rep_num is invalid"),
    S.ESME_RINVBCASTSRVGRP: Explanation("broadcast_service_group is invalid"),
    S.ESME_RINVBCASTCHANIND: Explanation("broadcast_channel_indicator is invalid"),
}
VENDOR = Explanation("an error of this SMSC's vendor")
RESERVED = Explanation("an error that no specification names")


def meaning(status: int) -> str:
    """What `status` says, in a few words without a full stop."""
    return _explanation(status).meaning


def disposition(status: int) -> Disposition:
    """What `status` asks of us; a "no" nobody has heard of is still a "no"."""
    return _explanation(status).disposition


def _explanation(status: int) -> Explanation:
    return EXPLANATIONS.get(status) or (VENDOR if status in VENDOR_STATUSES else RESERVED)
