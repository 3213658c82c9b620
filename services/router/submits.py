"""An encoded message as submit records of one connector."""

from typing import NamedTuple

from pipeline import topics
from pipeline.config import Config, ProfileConfig
from pipeline.ids import ConnectorId
from pipeline.records import MtHead, MtSubmit, Tlv
from services.router.encoding import Encoded
from services.router.policy import Case

TON_INTERNATIONAL = 1
NPI_ISDN = 1
FIRST_HOP = 0

ON_AMBIGUOUS_BY_CLASS = {
    "otp": "resend",
    "transactional": "resend",
    "promotional": "give_up",
    "billed": "give_up",
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


def target_of(config: Config, connector: ConnectorId) -> Target:
    """A connector from the configuration."""
    generation = config.connectors[connector].generation
    return Target(
        connector=connector,
        profile=config.profile(connector),
        topic=topics.submit(connector, generation, priority=False),
        priority_topic=topics.submit(connector, generation, priority=True),
        by_sender=config.connectors[connector].key == "sender",
    )


def submits(head: MtHead, case: Case, target: Target, encoded: Encoded) -> list[MtSubmit]:
    """One record a segment, in order; `head` is the one that goes into all facts."""
    request = case.record.request
    assert head.recipient is not None  # intake passes on nothing else
    assert case.sender is not None  # or it had been refused
    on_ambiguous = request.on_ambiguous or ON_AMBIGUOUS_BY_CLASS[head.class_]
    receipts = request.receipts or target.profile.receipts
    segments = len(encoded.short_messages)
    return [
        MtSubmit(
            message_id=head.message_id,
            segment=segment,
            segments=segments,
            hop=FIRST_HOP,
            tenant=head.tenant,
            class_=head.class_,
            campaign=head.campaign,
            recipient=head.recipient,
            on_ambiguous=on_ambiguous,
            requested_ms=head.requested_ms,
            deadline_ms=case.deadline_ms,
            source_addr_ton=case.sender.ton,
            source_addr_npi=case.sender.npi,
            source_addr=case.sender.addr,
            dest_addr_ton=TON_INTERNATIONAL,
            dest_addr_npi=NPI_ISDN,
            destination_addr=head.recipient,
            esm_class=encoded.esm_class,
            priority_flag=int(head.lane == "priority"),
            registered_delivery=int(wants_receipt(receipts, segment, segments)),
            data_coding=encoded.data_coding,
            short_message=short_message,
            tlvs=_ledger(target.profile.ledger_tlv, head.message_id, segment),
            test=head.test,
        )
        for segment, short_message in enumerate(encoded.short_messages, 1)
    ]


def wants_receipt(receipts: str, segment: int, segments: int) -> bool:
    """Whether `segment` (1..segments) asks for a receipt; `receipts`: all, first, last or none."""
    return (
        receipts == "all"
        or (receipts == "first" and segment == 1)
        or (receipts == "last" and segment == segments)
    )


def _ledger(tag: int | None, message_id: str, segment: int) -> tuple[Tlv, ...]:
    return () if tag is None else (Tlv(tag=tag, value=f"{message_id}|{segment}".encode()),)
