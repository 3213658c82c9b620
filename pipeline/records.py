"""One frozen record a schema of `schemas/`: the facts and orders that services exchange.

Field names, types and defaults are those of the .avsc files, which also say what each field means;
`tests/schemas` compares the two field by field. A name Python reserves carries an underscore
(`class_`, `from_`); on the wire it has none. Times are milliseconds since 1970 UTC.
"""

import msgspec

from pipeline.ids import ConnectorId, MessageId, Msisdn, SmscMessageId


class Record(msgspec.Struct, frozen=True, gc=False):
    """What all records share: immutable, built by keyword."""


class Encrypted(Record, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A body only the holder of the key can read: AES-256-GCM, AAD = message_id|field|key_id."""

    key_id: str
    nonce: bytes
    ciphertext: bytes


class Tlv(Record, frozen=True, kw_only=True):
    """An optional parameter (SMPP 3.4 section 5.3)."""

    tag: int
    value: bytes


class Binary(Record, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """8-bit content."""

    data: bytes
    udh: bytes | None = None
    destination_port: int | None = None
    source_port: int | None = None


class WapPush(Record, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A link to show (Service Indication) or to open (Service Loading)."""

    kind: str = "si"
    url: str | None = None
    text: str | None = None
    action: str | None = None
    si_id: str | None = None
    created_ms: int | None = None
    expires_ms: int | None = None


class MmsNotification(Record, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where a multimedia message lies that the handset is to fetch."""

    content_location: str
    transaction_id: str
    from_: str | None = msgspec.field(name="from", default=None)
    size_octets: int
    expires_s: int
    message_class: str = "personal"


class Vcard(Record, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A business card or a calendar entry, as its text."""

    kind: str = "vcard"
    text: str


class MessageWaiting(Record, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An icon for what waits elsewhere, to show or to take away."""

    kind: str = "voicemail"
    is_active: bool = True
    count: int | None = None
    text: str | None = None
    is_stored: bool = False


class MtHead(Record, frozen=True, kw_only=True):
    """What every fact about one message repeats, so that no reader needs another topic."""

    message_id: MessageId
    recipient: Msisdn | None = None
    sender: str | None = None
    tenant: str
    lane: str
    class_: str = msgspec.field(name="class")
    campaign: str | None = None
    caller_data: str | None = None
    requested_ms: int
    test: bool = False


class MtRequest(Record, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to send to one recipient.

    Exactly one content is given: text, binary, wap_push, mms_notification, vcard, or
    message_waiting. Anyone may write it, as JSON or as Avro.
    """

    message_id: MessageId | None = None
    to: str
    from_: str | None = msgspec.field(name="from", default=None)
    text: str | Encrypted | None = None
    binary: Binary | None = None
    wap_push: WapPush | None = None
    mms_notification: MmsNotification | None = None
    vcard: Vcard | None = None
    message_waiting: MessageWaiting | None = None
    flash: bool = False
    class_: str = msgspec.field(name="class", default="transactional")
    campaign: str | None = None
    validity_s: int | None = None
    send_at_ms: int | None = None
    receipts: str | None = None
    on_ambiguous: str | None = None
    transliterate: bool = False
    caller_data: str | None = None
    carrier_data: dict[str, str] = {}


class MtAdmitted(Record, frozen=True, kw_only=True):
    """A request whose shape is right, keyed by recipient for the router."""

    head: MtHead
    request: MtRequest
    source: str
    admitted_ms: int
    due: bool = False


class MtReroute(Record, frozen=True, kw_only=True):
    """A message is to take another way: its last one has not begun it, or failed as its rule lists.

    Written by the tracker only.
    """

    head: MtHead
    hop: int
    reason: str | None = None
    asked_ms: int
    failed: bool = False
    replaced_by: str | None = None


class MtRouted(Record, frozen=True, kw_only=True):
    """The router found a way and wrote the segments in the same transaction."""

    head: MtHead
    connector: ConnectorId
    segments: int
    data_coding: int
    receipts_expected: int
    hop: int
    rule: str
    routes_version: str
    deadline_ms: int
    routed_ms: int
    price: str | None = None
    currency: str | None = None
    retry_on: tuple[str, ...] = ()
    retry_after_s: int | None = None
    receipt_within_s: int | None = None
    receipts: str = "all"
    silence: str = "unknown"


class MtRejected(Record, frozen=True, kw_only=True):
    """Refused before any segment was written.

    duplicate and payload_mismatch speak of the repeat, never of the original.
    """

    head: MtHead
    reason: str
    detail: str
    stage: str
    source: str
    rejected_ms: int
    rule: str | None = None
    routes_version: str | None = None


class MtScheduled(Record, frozen=True, kw_only=True):
    """Waits in the scheduler until send_at_ms."""

    head: MtHead
    send_at_ms: int
    scheduled_ms: int
    rule: str | None = None
    routes_version: str | None = None


class MtWaiting(Record, frozen=True, kw_only=True):
    """Bulk: no way has room, so it waits until this connector has, and is then decided anew."""

    head: MtHead
    connector: ConnectorId
    deadline_ms: int
    waiting_ms: int
    rule: str | None = None
    routes_version: str | None = None


class MtSubmit(Record, frozen=True, kw_only=True):
    """One submit_sm, encoded by the router with the connector's profile.

    Fields keep the names of SMPP 3.4 section 4.4.1.
    """

    message_id: MessageId
    segment: int
    segments: int
    hop: int
    tenant: str
    class_: str = msgspec.field(name="class")
    campaign: str | None = None
    recipient: Msisdn
    on_ambiguous: str
    requested_ms: int
    deadline_ms: int
    service_type: str = ""
    source_addr_ton: int
    source_addr_npi: int
    source_addr: str
    dest_addr_ton: int
    dest_addr_npi: int
    destination_addr: str
    esm_class: int
    protocol_id: int = 0
    priority_flag: int = 0
    registered_delivery: int
    data_coding: int
    short_message: bytes | Encrypted
    tlvs: tuple[Tlv, ...] = ()
    return_after_s: int | None = None
    write_until_ms: int | None = None
    attempts: int = 0
    test: bool = False
    connector: ConnectorId | None = None
    doubtful: bool = False


class MtSubmitted(Record, frozen=True, kw_only=True):
    """What became of one segment at a connector; on the partition number of its submit record."""

    message_id: MessageId
    segment: int
    segments: int
    hop: int
    connector: ConnectorId
    recipient: Msisdn
    sender: str
    tenant: str
    class_: str = msgspec.field(name="class")
    campaign: str | None = None
    outcome: str
    reason: str | None = None
    command_status: int | None = None
    smsc_message_id: SmscMessageId | None = None
    retry_at_ms: int | None = None
    receipt_expected: bool
    replica: str
    bind: int
    attempt: int
    submit_lane: str
    submit_partition: int
    submit_offset: int
    requested_ms: int
    submitted_ms: int | None = None
    answered_ms: int
    deadline_ms: int
    test: bool = False


class SmscDeliver(Record, frozen=True, kw_only=True):
    """One deliver_sm or data_sm as it came, before anyone decides whether it is a receipt or an MO.

    Fields keep the names of SMPP 3.4 section 4.6.1.
    """

    connector: ConnectorId
    replica: str
    bind: int
    received_ms: int
    handset: Msisdn
    command: str
    service_type: str = ""
    source_addr_ton: int
    source_addr_npi: int
    source_addr: str
    dest_addr_ton: int
    dest_addr_npi: int
    destination_addr: str
    esm_class: int
    protocol_id: int = 0
    data_coding: int
    short_message: bytes | Encrypted
    tlvs: tuple[Tlv, ...] = ()


class Dlr(Record, frozen=True, kw_only=True):
    """A delivery receipt, joined to its segment; on sms.dlr.orphan one that found no partner."""

    message_id: MessageId | None = None
    segment: int | None = None
    segments: int | None = None
    hop: int | None = None
    connector: ConnectorId
    smsc_message_id: SmscMessageId
    tenant: str | None = None
    recipient: Msisdn
    state: str
    final: bool
    repeat: bool
    error_code: str | None = None
    done_date: str | None = None
    submitted_ms: int | None = None
    received_ms: int
    joined_ms: int
    test: bool = False
    joined_by: str = "id"
    repaired: bool = False
    foreign: bool = False
    sender: str | None = None


class Mo(Record, frozen=True, kw_only=True):
    """One whole inbound message, or what came of it when parts are missing."""

    mo_id: str
    connector: ConnectorId
    sender: str
    receiver: str
    text: str | Encrypted | None = None
    data: bytes
    data_coding: int
    parts: int
    parts_total: int
    complete: bool
    keyword: str | None = None
    in_reply_to: str | None = None
    received_ms: int
    published_ms: int
    test: bool = False
    rest: str | None = None
    words: tuple[str, ...] = ()
    vote: str | None = None
    option: str | None = None
    vote_result: str | None = None


class SegmentStatus(Record, frozen=True, kw_only=True):
    """One segment."""

    segment: int
    state: str
    connector: ConnectorId
    smsc_message_id: SmscMessageId | None = None
    attempts: int
    reason: str | None = None
    submitted_ms: int | None = None
    final_ms: int | None = None
    accepted_ms: int | None = None
    receipt_ms: int | None = None


class MtStatus(Record, frozen=True, kw_only=True):
    """Where one message is now: the whole of it, so that the newest record of a key is enough."""

    head: MtHead
    state: str
    terminal: bool
    reason: str | None = None
    detail: str | None = None
    path: tuple[str, ...] = ()
    rule: str | None = None
    segments: tuple[SegmentStatus, ...] = ()
    routed_ms: int | None = None
    submitted_ms: int | None = None
    final_ms: int | None = None
    updated_ms: int
    deliveries: int = 0
    price: str | None = None
    cost: str | None = None
    spent: str | None = None
    currency: str | None = None
    scheduled_ms: int | None = None
    routes_version: str | None = None


class MtEvent(Record, frozen=True, kw_only=True):
    """One change in the life of one message; flat, append only, for analytics.

    Exactly one per message is terminal.
    """

    event_id: str
    message_id: MessageId
    event: str
    state: str
    terminal: bool
    reason: str | None = None
    segment: int | None = None
    segments: int | None = None
    connector: ConnectorId | None = None
    smsc_message_id: SmscMessageId | None = None
    command_status: int | None = None
    receipt_state: str | None = None
    tenant: str
    lane: str
    class_: str = msgspec.field(name="class")
    campaign: str | None = None
    recipient: Msisdn | None = None
    country: str | None = None
    sender: str | None = None
    caller_data: str | None = None
    requested_ms: int
    at_ms: int
    submitted_ms: int | None = None
    rule: str | None = None
    routes_version: str | None = None
    hop: int | None = None
    test: bool = False
    price: str | None = None
    cost: str | None = None
    currency: str | None = None
    deadline_ms: int | None = None


class ConnectorQuality(Record, frozen=True, kw_only=True):
    """How the segments of a connector to one country ended within a stretch of time, as far as one
    tracker has heard of it; the newest per key counts."""

    connector: ConnectorId
    country: str
    replica: str
    begin_ms: int
    end_ms: int
    submitted: int
    delivered: int
    failed: int
    latency_median_ms: int | None = None
    latency_p90_ms: int | None = None
    tenant: str | None = None


class ConnectorReceipts(Record, frozen=True, kw_only=True):
    """How the receipts of a connector found their segments within a stretch of time, as far as one
    correlator has read them; the same window again is the same row."""

    connector: ConnectorId
    replica: str
    begin_ms: int
    end_ms: int
    receipts: int
    joined: dict[str, int] = {}
    parked: int = 0
    orphans: int = 0
    repaired: int = 0
    foreign: int = 0
    repeats: int = 0
    collisions: int = 0
    mismatches: int = 0
    id_in_response: str = "any"
    id_in_receipt: str = "any"
    learnt: str | None = None


class VoteTally(Record, frozen=True, kw_only=True):
    """How a vote stands, as one partition of sms.correlator.in has counted it; the newest counts.

    The whole is the sum over the partitions.
    """

    vote: str
    partition: int
    counts: dict[str, int] = {}
    repeated: int = 0
    early: int = 0
    late: int = 0
    no_option: int = 0
    at_ms: int
    test: bool = False


class Command(Record, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to be done about a message that was asked for. Anyone may write it."""

    command_id: str | None = None
    message_id: MessageId
    action: str
    text: str | None = None
    tenant: str | None = None


class MtCommand(Record, frozen=True, kw_only=True):
    """A command and what the tracker knows of its message, for the router.

    Written by the tracker only.
    """

    head: MtHead
    command_id: str
    action: str
    text: str | None = None
    hop: int
    segments: tuple[SegmentStatus, ...] = ()
    asked_ms: int
    deadline_ms: int
    data_coding: int | None = None
    receipts: str = "all"


class SmscCommand(Record, frozen=True, kw_only=True):
    """One query_sm, cancel_sm or replace_sm, as its connector takes it.

    Fields keep the names of SMPP 3.4 sections 4.8, 4.9 and 4.10.
    """

    command_id: str
    message_id: MessageId
    segment: int
    hop: int
    action: str
    smsc_message_id: SmscMessageId
    service_type: str = ""
    source_addr_ton: int
    source_addr_npi: int
    source_addr: str
    dest_addr_ton: int
    dest_addr_npi: int
    destination_addr: str
    registered_delivery: int = 0
    short_message: bytes | Encrypted | None = None
    asked_ms: int
    deadline_ms: int
    test: bool = False


class SmscCommanded(Record, frozen=True, kw_only=True):
    """What became of a command about one segment, or about a message that has none yet."""

    command_id: str
    message_id: MessageId
    segment: int | None = None
    hop: int | None = None
    connector: ConnectorId | None = None
    action: str
    outcome: str
    reason: str | None = None
    detail: str | None = None
    command_status: int | None = None
    message_state: str | None = None
    final_date: str | None = None
    error_code: int | None = None
    replica: str
    answered_ms: int
    test: bool = False


class SegmentResult(Record, frozen=True, kw_only=True):
    """What became of a command at one segment."""

    segment: int
    connector: ConnectorId | None = None
    outcome: str
    reason: str | None = None
    command_status: int | None = None
    message_state: str | None = None
    final_date: str | None = None
    error_code: int | None = None


class CommandResult(Record, frozen=True, kw_only=True):
    """What became of a command; the same command_id has the same result."""

    command_id: str
    message_id: MessageId
    tenant: str | None = None
    action: str
    outcome: str
    reason: str | None = None
    detail: str | None = None
    state: str | None = None
    segments: tuple[SegmentResult, ...] = ()
    answered_ms: int
    test: bool = False


class ConnectorState(Record, frozen=True, kw_only=True):
    """How one bind lease is doing; the newest per key counts."""

    connector: ConnectorId
    partition: int
    replica: str
    state: str
    reason: str | None = None
    window_requests_max: int
    rate_per_s: float
    contract_per_s: float = 0.0
    at_ms: int
    is_receiver: bool = False
    ahead: int = 0
    ahead_priority: int = 0
    in_flight: int = 0
    statuses: dict[str, int] = {}
    certificate_expires_ms: int | None = None


class Stop(Record, frozen=True, kw_only=True):
    """What an operator has stopped; the newest per key counts, a deleted one is over."""

    action: str
    tenant: str | None = None
    campaign: str | None = None
    connector: ConnectorId | None = None
    at_ms: int


class Cancel(Record, frozen=True, kw_only=True):
    """One message is cancelled; what of it is not yet written never is."""

    message_id: MessageId
    command_id: str
    at_ms: int


class RoutesVersion(Record, frozen=True, kw_only=True):
    """One version of the routes, whole: no router needs a file of its own."""

    version: str
    text: str
    files: dict[str, str] = {}
    changes: tuple[str, ...] = ()
    by: str
    at_ms: int


class OptOut(Record, frozen=True, kw_only=True):
    """A recipient wants no more of something, or wants it again."""

    recipient: Msisdn
    action: str
    tenant: str | None = None
    sender: str | None = None
    source: str
    at_ms: int


class TenantUsage(Record, frozen=True, kw_only=True):
    """How much a tenant has used in a period, by what one partition has counted; the newest counts.

    The whole is the sum over the partitions.
    """

    tenant: str
    per: str
    period: str
    prefix: str | None = None
    partition: int
    count: int
    at_ms: int
    test: bool = False


class Timer(Record, frozen=True, kw_only=True):
    """A record that waits; at due_ms the scheduler writes value to topic under key."""

    due_ms: int
    topic: str
    key: str
    value: bytes


class Wake(Record, frozen=True, kw_only=True):
    """What a stateful service asked the scheduler to be told later."""

    key: str
    kind: str
    what: str
    set_ms: int
