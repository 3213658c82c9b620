"""A made-up run, as the ledger and the topics tell it: good, until somebody harms it."""

from dataclasses import dataclass, field
from typing import Any

import msgspec

from heliograph.tallies import Contract, Evidence
from pipeline.ids import ConnectorId, Msisdn
from pipeline.records import Dlr, Mo, MtEvent, MtSubmitted, SmscDeliver, Tlv
from smpp import tlv
from smpp.values import EsmClass
from tests.builders import REQUESTED_MS, dlr, mt_event, mt_submitted

ACCOUNT = ("fast", "heliograph")
RATE_PER_S = 10
BINDS = 2


@dataclass
class Run:
    """What was written down about a run, each side for itself."""

    ledger: list[dict[str, Any]] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)
    events: list[MtEvent] = field(default_factory=list)
    submitted: list[MtSubmitted] = field(default_factory=list)
    raw: list[tuple[SmscDeliver, str | None]] = field(default_factory=list)
    receipts: list[Dlr] = field(default_factory=list)
    mo: list[Mo] = field(default_factory=list)
    lag: dict[str, int] = field(default_factory=lambda: {"router": 0})

    def evidence(self) -> Evidence:
        """All of it, noted."""
        found = Evidence({"fast": "fast"}, {ACCOUNT: Contract(RATE_PER_S, BINDS)})
        for row in self.ledger:
            found.note_entry("fast", row)
        for message_id in self.requests:
            found.note_request(message_id)
        for event in self.events:
            found.note_event(event)
        for submitted in self.submitted:
            found.note_submitted(submitted)
        for deliver, smsc_message_id in self.raw:
            found.note_deliver(deliver, smsc_message_id)
        for receipt in self.receipts:
            found.note_dlr(receipt)
        for mo in self.mo:
            found.note_mo(mo)
        found.lag = self.lag
        return found

    def row(self, journal: str, number: int) -> dict[str, Any]:
        """The entry of a journal by its place, from 0."""
        return [row for row in self.ledger if row["journal"] == journal][number]


def good() -> Run:
    """Three delivered messages, one asked for twice, one refused; an MO of two parts."""
    run = Run()
    opened = bind(1)
    run.ledger += [opened, bind(2), {**opened, "closed_ms": REQUESTED_MS + 9000, "why": "unbound"}]
    for number in (1, 2, 3):
        _delivered(run, number)
    run.requests += ["m1", "bad"]
    run.events += [
        mt_event("m1", event="duplicate"),
        mt_event("bad", event="rejected", state="rejected", terminal=True),
    ]
    for part in (1, 2):
        run.ledger.append(
            {
                **_delivery("mo", sender="+46731234567", recipient="12345"),
                "mo": 1,
                "part": part,
                "parts": 2,
            }
        )
        run.raw.append((smsc_deliver("+46731234567", "12345"), None))
    run.mo.append(whole_mo("mo-1", parts=2))
    run.ledger.append({"journal": "statistics", "faults": []})
    return run


def _delivered(run: Run, number: int) -> None:
    message_id, to, smsc_id = f"m{number}", f"4670123456{number}", f"90{number}"
    run.requests.append(message_id)
    run.events += [
        mt_event(message_id),
        mt_event(message_id, event="receipt", state="delivered", terminal=True),
    ]
    run.submitted.append(mt_submitted(message_id, recipient=Msisdn(to)))
    run.ledger.append(
        {
            "journal": "segments",
            "message_id": message_id,
            "segment": 1,
            "smsc_message_id": smsc_id,
            "account": "heliograph",
            "bind": 1,
            "read_ms": REQUESTED_MS + 30.5 + number,
            "command_status": 0,
        }
    )
    run.ledger.append(
        {
            **_delivery("receipts", sender=to, recipient="ACME"),
            "message_id": message_id,
            "segment": 1,
            "smsc_message_id": smsc_id,
            "state": "DELIVERED",
        }
    )
    run.raw.append((smsc_deliver(to, "ACME", smsc_id), smsc_id))
    run.receipts.append(dlr(message_id, smsc_message_id=smsc_id, recipient=Msisdn(to)))


def _delivery(journal: str, *, sender: str, recipient: str) -> dict[str, Any]:
    return {
        "journal": journal,
        "source_addr": sender,
        "destination_addr": recipient,
        "end": "answered",
        "command_status": 0,
    }


def bind(number: int) -> dict[str, Any]:
    """A bind that opens."""
    return {
        "journal": "binds",
        "account": "heliograph",
        "bind": number,
        "opened_ms": REQUESTED_MS,
        "closed_ms": None,
        "why": None,
    }


def smsc_deliver(
    source_addr: str, destination_addr: str, receipt_id: str | None = None
) -> SmscDeliver:
    """A deliver_sm in the raw topic, a receipt if it has the id of one."""
    number, octets = tlv.RECEIPTED_MESSAGE_ID.make(receipt_id or "")
    return SmscDeliver(
        connector=ConnectorId("fast"),
        replica="binder-fast-0",
        bind=0,
        received_ms=REQUESTED_MS + 2000,
        handset=Msisdn(source_addr.removeprefix("+")),
        command="deliver_sm",
        source_addr_ton=1,
        source_addr_npi=1,
        source_addr=source_addr,
        dest_addr_ton=5,
        dest_addr_npi=0,
        destination_addr=destination_addr,
        esm_class=EsmClass.DELIVERY_RECEIPT if receipt_id else 0,
        data_coding=0,
        short_message=b"",
        tlvs=(Tlv(tag=number, value=octets),) if receipt_id else (),
    )


def whole_mo(mo_id: str, *, parts: int, complete: bool = True) -> Mo:
    """An inbound message as it was published."""
    return Mo(
        mo_id=mo_id,
        connector=ConnectorId("fast"),
        sender="46731234567",
        receiver="12345",
        data=b"",
        data_coding=0,
        parts=parts,
        parts_total=parts,
        complete=complete,
        received_ms=REQUESTED_MS,
        published_ms=REQUESTED_MS,
    )


def change(record: Any, **fields: Any) -> Any:
    """The record with other fields."""
    return msgspec.structs.replace(record, **fields)
