"""An encoded message as submit records of one connector."""

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import NamedTuple

from pipeline import topics
from pipeline.config import Config, ProfileConfig
from pipeline.ids import ConnectorId, MessageId
from pipeline.profiles import USER_MESSAGE_REFERENCE, VendorTlv
from pipeline.records import MtHead, MtRequest, MtSubmit, Tlv
from pipeline.references import reference_of
from services.router.addresses import destination, source
from services.router.encoding import Encoded
from services.router.policy import Case, Refusal
from services.router.retries import NEVER, Retry
from smpp.values import RegisteredDelivery

FIRST_HOP = 0
BY_RULE = ("segmentation", "octets_per_segment", "languages", "receipts", "silence", "tlvs")
"""What of a profile a rule may set. The rest is the SMSC's own: what it means by data_coding 0, how
it wants addresses, and all that binder and correlator go by."""

ON_AMBIGUOUS_BY_CLASS = {
    "otp": "resend",
    "transactional": "resend",
    "promotional": "give_up",
    "billed": "give_up",
}


NOTHING, RECEIPT, ON_FAILURE = (
    RegisteredDelivery.NONE,
    RegisteredDelivery.RECEIPT,
    RegisteredDelivery.RECEIPT_ON_FAILURE,
)
ASKED: Mapping[str, Callable[[int, int], RegisteredDelivery]] = {
    "all": lambda _segment, _segments: RECEIPT,
    "any": lambda _segment, _segments: RECEIPT,
    "first": lambda segment, _segments: RECEIPT if segment == 1 else NOTHING,
    "last": lambda segment, segments: RECEIPT if segment == segments else NOTHING,
    "failures": lambda _segment, _segments: ON_FAILURE,
    "none": lambda _segment, _segments: NOTHING,
}


class Target(NamedTuple):
    """What the router must know of one connector."""

    connector: ConnectorId
    profile: ProfileConfig
    topic: str
    priority_topic: str
    by_sender: bool = False

    def key_of(self, segment: MtSubmit) -> str:
        """Key of its record: what decides the partition."""
        return segment.source_addr if self.by_sender else segment.recipient


class Leg(NamedTuple):
    """One way that a message takes, the hop-th; back after so long without a bind.

    `retry` says which failures lead to another: none where there is no way behind it.
    """

    target: Target
    hop: int = FIRST_HOP
    return_after_s: int | None = None
    price: Decimal | None = None
    """Of a segment, where the routes say."""
    retry: Retry = NEVER
    must_wait: bool = False
    """It has no room yet."""


def target_of(config: Config, connector: ConnectorId, by_rule: str | None = None) -> Target:
    """A connector from the configuration; a rule may name another profile for what is its own."""
    generation, profile = config.connectors[connector].generation, config.profile(connector)
    if by_rule is not None:
        other = config.profile_called(by_rule)
        profile = profile.model_copy(update={name: getattr(other, name) for name in BY_RULE})
    return Target(
        connector=connector,
        profile=profile,
        topic=topics.submit(connector, generation, priority=False),
        priority_topic=topics.submit(connector, generation, priority=True),
        by_sender=config.connectors[connector].key == "sender",
    )


def vendor_tlvs(request: MtRequest, wanted: tuple[VendorTlv, ...]) -> tuple[Tlv, ...] | Refusal:
    """The TLVs that a carrier wants in each submit_sm, or why they can't be written."""
    found = []
    for own in wanted:
        if own.hex is not None:
            found.append(Tlv(tag=own.tag, value=bytes.fromhex(own.hex)))
            continue
        text = own.text if own.item is None else request.carrier_data.get(own.item)
        if text is not None:
            found.append(Tlv(tag=own.tag, value=text.encode() + b"\0" * own.is_terminated))
        elif own.is_required:
            detail = f"The carrier needs {own.item!r}; write it into `carrier_data`."
            return Refusal("carrier_data_missing", detail)
    return tuple(found)


def submits(
    head: MtHead, case: Case, leg: Leg, encoded: Encoded, tlvs: tuple[Tlv, ...] = ()
) -> list[MtSubmit]:
    """One record a segment, in order, each with `tlvs`; `head` is the one of all facts."""
    target = leg.target
    request, profile = case.record.request, target.profile
    assert head.recipient is not None  # intake passes on nothing else
    assert case.sender is not None  # or it had been refused
    assert case.rule is not None  # likewise
    on_ambiguous = (
        case.rule.changes.on_ambiguous or request.on_ambiguous or ON_AMBIGUOUS_BY_CLASS[head.class_]
    )
    receipts = receipts_of(request, profile)
    segments = len(encoded.parts)
    sender = source(case.sender, profile.addresses)
    recipient = destination(head.recipient, profile.addresses)
    return [
        MtSubmit(
            message_id=head.message_id,
            segment=segment,
            segments=segments,
            hop=leg.hop,
            tenant=head.tenant,
            class_=head.class_,
            campaign=head.campaign,
            recipient=head.recipient,
            on_ambiguous=on_ambiguous,
            requested_ms=head.requested_ms,
            deadline_ms=case.deadline_ms,
            return_after_s=leg.return_after_s,
            write_until_ms=case.write_until_ms,
            source_addr_ton=sender.ton,
            source_addr_npi=sender.npi,
            source_addr=sender.addr,
            dest_addr_ton=recipient.ton,
            dest_addr_npi=recipient.npi,
            destination_addr=recipient.addr,
            esm_class=encoded.esm_class,
            priority_flag=int(head.lane == "priority"),
            registered_delivery=registered_delivery(receipts, segment, segments),
            data_coding=encoded.data_coding,
            short_message=part.short_message,
            tlvs=part.tlvs + tlvs + _own(profile, head.message_id, segment),
            test=head.test,
        )
        for segment, part in enumerate(encoded.parts, 1)
    ]


def receipts_of(request: MtRequest, profile: ProfileConfig) -> str:
    """Which segments of a request ask for a receipt: a key of ASKED."""
    return request.receipts or profile.receipts


def registered_delivery(receipts: str, segment: int, segments: int) -> int:
    """What `segment` (1..segments) asks for; `receipts` is a key of ASKED."""
    return int(ASKED[receipts](segment, segments))


def _own(profile: ProfileConfig, message_id: MessageId, segment: int) -> tuple[Tlv, ...]:
    """By what we know the segment again: in a receipt, and in a sandbox's ledger."""
    found: tuple[Tlv, ...] = ()
    if profile.user_message_reference:
        reference = reference_of(message_id, segment).to_bytes(2, "big")
        found += (Tlv(tag=USER_MESSAGE_REFERENCE, value=reference),)
    if profile.ledger_tlv is not None:
        found += (Tlv(tag=profile.ledger_tlv, value=f"{message_id}|{segment}".encode()),)
    return found
