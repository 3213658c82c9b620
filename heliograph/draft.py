"""What was learned of a carrier, and the draft of its profile in YAML; pure.

Every value says behind it how it was learned, or that it is a guess: a draft is to be read.
"""

import json
from dataclasses import dataclass, field
from typing import Any

from heliograph.notations import match, notations
from pipeline.connectors import ConnectorConfig
from smpp import receipt
from smpp.inspection.explanation import printable
from smpp.pdu import DataSm, DeliverSm
from smpp.receipt import is_receipt
from smpp.udh import user_data
from smpp.values import ESM_CLASS_TYPE

TEXT_CHARACTERS_MAX = 200
GSM7_AT, LATIN1_AT = 0x00, 0x40  # how an @ is written

PARTS_BY = {  # probes, the best first
    "parts by UDH, 16 bits": "udh16",
    "parts by UDH, 8 bits": "udh8",
    "parts by sar TLVs": "sar",
    "message_payload": "message_payload",
}

Row = tuple[str, Any, str]  # a key, its value, how it was learned


@dataclass(slots=True)
class Sent:
    """One segment that was sent: for which probe, the how manieth of how many, and its answer."""

    probe: str
    number: int
    total: int
    status: str = "no answer"
    message_id: str = ""

    @property
    def is_taken(self) -> bool:
        """Whether the carrier accepted it."""
        return bool(self.message_id)


@dataclass(slots=True)
class Learned:
    """All that was seen."""

    sent: list[Sent] = field(default_factory=list)
    received: list[DeliverSm | DataSm] = field(default_factory=list)
    interface_version: int = 0
    enquire_link: str = "not asked"
    query_sm: str = "not asked"
    throttled: int = 0
    lost: int = 0

    @property
    def receipts(self) -> list[DeliverSm | DataSm]:
        """What came and reports on a message."""
        return [pdu for pdu in self.received if is_receipt(pdu, by_text=True)]

    @property
    def messages(self) -> list[DeliverSm | DataSm]:
        """What came and does not."""
        return [pdu for pdu in self.received if not is_receipt(pdu, by_text=True)]

    def matched(self) -> list[tuple[Sent, str]]:
        """Every segment with the id that a receipt has for it."""
        ids = [receipt.read(pdu).message_id for pdu in self.receipts]
        return [
            (sent, told)
            for told in ids
            for sent in self.sent
            if told and sent.is_taken and match(sent.message_id, told)
        ]

    def is_settled(self) -> bool:
        """Whether nothing more is to come."""
        with_receipt = {id(sent) for sent, _ in self.matched()}
        return all(id(sent) in with_receipt for sent in self.sent if sent.is_taken)


def draft(name: str, connector: ConnectorConfig, learned: Learned, per_minute: float) -> str:
    """The YAML of a profile and of its connector; no secret is in it."""
    profile = f"{name}-learned"
    return "\n".join(
        [
            f"# Draft for connector {name}, by {len(learned.sent)} segments. Check every guess.",
            *[f"# {line}" for line in _facts(learned)],
            "profiles:",
            f"  {profile}:",
            *_rows(_profile(learned)),
            "connectors:",
            f"  {name}:",
            *_rows(_connector(name, profile, connector, learned, per_minute)),
        ]
    )


def _rows(rows: list[Row]) -> list[str]:
    return [f"    {key}: {json.dumps(value)}  # {how}" for key, value, how in rows]


def _profile(learned: Learned) -> list[Row]:
    matched = learned.matched()
    in_response, in_receipt = notations([(sent.message_id, told) for sent, told in matched])
    how = f"learned from {len(matched)} receipts" if matched else "a guess: no receipt came"
    return [
        ("id_in_response", in_response, how),
        ("id_in_receipt", in_receipt, how),
        ("receipts", *_which_segments(learned)),
        ("receipts_by_text", *_by_text(learned)),
        ("segmentation", *_segmentation(learned)),
        ("default_alphabet", *_alphabet(learned)),
    ]


def _which_segments(learned: Learned) -> tuple[str, str]:
    parts = [sent for sent in learned.sent if sent.is_taken and sent.total > 1]
    if not learned.matched():
        return "all", "a guess: no receipt came"
    got = {sent.number for sent, _ in learned.matched() if sent.total > 1}
    for wanted, which in (({1}, "first"), ({2}, "last")):
        if got == wanted:
            return which, f"learned: of two parts only the {which} had one"
    how = "learned: all parts had one" if got == {1, 2} else "a guess: no part had one"
    return "all", how if parts else "a guess: no message of several parts was taken"


def _by_text(learned: Learned) -> tuple[bool, str]:
    if not learned.receipts:
        return False, "a guess: no receipt came"
    unmarked = [pdu for pdu in learned.receipts if not is_receipt(pdu)]
    return bool(unmarked), f"learned: {len(unmarked)} of {len(learned.receipts)} only by their text"


def _segmentation(learned: Learned) -> tuple[str, str]:
    for probe, name in PARTS_BY.items():
        parts = [sent for sent in learned.sent if sent.probe == probe]
        if parts and all(sent.is_taken for sent in parts):
            return name, "learned: the parts were taken; look whether the handset joined them"
    return "udh16", "a guess: no parts were taken"


def _alphabet(learned: Learned) -> tuple[str, str]:
    for pdu in learned.messages:
        _, octets = user_data(pdu)
        if pdu.data_coding == 0 and GSM7_AT in octets:
            return "gsm7", "learned: the @ of an MO came as 0x00"
        if pdu.data_coding == 0 and LATIN1_AT in octets:
            return "latin1", "learned: the @ of an MO came as 0x40; ascii has it there too"
    return "gsm7", "a guess: no MO with an @ came"


def _connector(
    name: str, profile: str, own: ConnectorConfig, learned: Learned, per_minute: float
) -> list[Row]:
    variable = name.upper().replace("-", "_")
    rate = f"yours; {learned.throttled} segments were throttled at {per_minute:g} a minute"
    alive = f"yours; enquire_link was {learned.enquire_link}"
    return [
        ("profile", profile, "the one above"),
        ("hosts", list(own.hosts), "yours; the first was asked"),
        ("system_id", own.system_id, "yours"),
        ("password", f"${{{variable}_PASSWORD}}", "yours; set the variable"),
        ("system_type", own.system_type, "yours"),
        ("bind_type", own.bind_type, "yours; the bind was accepted"),
        ("binds", own.binds, "yours; not measured"),
        ("window", own.window, "yours; not measured, one segment was under way at a time"),
        ("rate_per_s", own.rate_per_s, rate),
        ("enquire_link_s", own.enquire_link_s, alive),
        ("response_timeout_s", own.response_timeout_s, "yours"),
    ]


def _facts(learned: Learned) -> list[str]:
    """What no setting says."""
    facts = [f"interface_version agreed on: 0x{learned.interface_version:02x}"]
    facts += [f"{probe}: {answers}" for probe, answers in _answers(learned).items()]
    facts += [f"query_sm: {learned.query_sm}", f"enquire_link: {learned.enquire_link}"]
    if learned.lost:
        facts.append(f"the connection was lost {learned.lost} times")
    if learned.receipts:
        facts += _receipt_facts(learned.receipts)
    return facts


def _answers(learned: Learned) -> dict[str, str]:
    answers: dict[str, str] = {}
    for sent in learned.sent:
        before = answers.get(sent.probe)
        answers[sent.probe] = f"{before}, {sent.status}" if before else sent.status
    return answers


def _receipt_facts(receipts: list[DeliverSm | DataSm]) -> list[str]:
    total = len(receipts)
    texts = [octets for _, octets in map(user_data, receipts) if octets]
    by_tlv = sum(1 for pdu in receipts if is_receipt(_without_mark(pdu)))
    marked = sum(1 for pdu in receipts if pdu.esm_class & ESM_CLASS_TYPE)
    by_data = sum(1 for pdu in receipts if isinstance(pdu, DataSm))
    facts = [
        f"receipts: {total}; {len(texts)} with text, {by_tlv} with TLVs, {marked} marked by"
        f" esm_class, {by_data} by data_sm"
    ]
    if texts:
        dialect = printable(texts[0].decode("latin-1"))[:TEXT_CHARACTERS_MAX]
        facts.append(f"the text of a receipt: {dialect}")
    return facts


def _without_mark(pdu: DeliverSm | DataSm) -> DeliverSm:
    return DeliverSm(tlvs=pdu.tlvs)
