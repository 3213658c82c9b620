"""What an answer means, what a segment becomes on the wire, what is said of it."""

import pytest

from pipeline.profiles import Validity
from pipeline.records import Tlv
from services.binder.core import (
    Disposition,
    Outcome,
    Position,
    Segment,
    answered,
    delivered,
    disposition,
    submit_sm,
    submitted,
    unanswered,
)
from services.binder.leases import Lease
from services.binder.offsets import OffsetTracker
from services.binder.validity import form
from smpp.pdu import DataSm, DeliverSm
from smpp.values import CommandStatus
from smpp.wire import decode, encode
from tests.builders import REQUESTED_MS, mt_submit


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (CommandStatus.ESME_ROK, Disposition.ACCEPTED),
        (CommandStatus.ESME_RTHROTTLED, Disposition.RETRY_SLOWER),
        (CommandStatus.ESME_RMSGQFUL, Disposition.RETRY_LATER),
        (CommandStatus.ESME_RSYSERR, Disposition.RETRY_LATER),
        (CommandStatus.ESME_RINVDSTADR, Disposition.REJECT),
        (0x0000_0400, Disposition.REJECT),
    ],
)
def test_what_a_status_asks_of_us(status: int, expected: Disposition) -> None:
    assert disposition(status) is expected


def test_an_answer_is_an_outcome_with_the_specifications_name() -> None:
    assert answered(0, "1a2b") == Outcome("accepted", None, 0, "1a2b")
    assert answered(11, "") == Outcome("rejected", "ESME_RINVDSTADR", 11)
    assert answered(0x400, "").reason == "0x00000400"


@pytest.mark.parametrize(
    ("policy", "outcome"),
    [("resend", None), ("give_up", "unknown"), ("ask", "unknown")],
)
def test_what_becomes_of_a_submit_nobody_answered(policy: str, outcome: str | None) -> None:
    found = unanswered(mt_submit(on_ambiguous=policy))
    assert (found and found.name) == outcome


@pytest.mark.parametrize(
    ("left_ms", "written"),
    [(-5000, "000000000001000R"), (59_999, "000000000059000R"), (90_061_000, "000001010101000R")],
)
def test_a_validity_is_what_is_left_until_the_deadline(left_ms: int, written: str) -> None:
    pdu = submit_sm(mt_submit(deadline_ms=REQUESTED_MS + left_ms), REQUESTED_MS)
    assert pdu.validity_period == written


def test_a_validity_is_written_in_the_form_it_is_given() -> None:
    pdu = submit_sm(mt_submit(), REQUESTED_MS, form(Validity(form="qos_time_to_live", max_s=60)))
    assert (pdu.validity_period, pdu.tlvs) == ("", ((0x0017, b"\0\0\0\x3c"),))


def test_a_segment_goes_to_the_wire_as_the_router_wrote_it() -> None:
    submit = mt_submit(
        data_coding=8,
        esm_class=0x40,
        short_message="\x05\x00å".encode("utf-16-be"),
        tlvs=(Tlv(tag=0x1501, value=b"m1|1"),),
        deadline_ms=REQUESTED_MS + 90_000,
    )
    pdu = decode(encode(submit_sm(submit, REQUESTED_MS)))
    assert (pdu.source_addr, pdu.destination_addr) == ("ACME", "46701234567")
    assert pdu.short_message == submit.short_message
    assert (pdu.data_coding, pdu.esm_class, pdu.registered_delivery) == (8, 0x40, 1)
    assert pdu.validity_period == "000000000130000R"
    assert pdu.tlvs == ((0x1501, b"m1|1"),)


def test_what_is_published_says_where_the_segment_stood_and_how_often_it_was_written() -> None:
    segment = Segment(mt_submit(), Position(True, 3, 42), Lease(OffsetTracker(0, 0, {}), {}), None)
    segment.attempt, segment.bind, segment.written_ms = 2, 1, REQUESTED_MS + 5
    record = submitted(segment, answered(0, "1a"), "fast", "binder-0", REQUESTED_MS + 9)
    assert (record.submit_lane, record.submit_partition, record.submit_offset) == (
        "priority",
        3,
        42,
    )
    assert (record.attempt, record.bind, record.replica) == (2, 1, "binder-0")
    assert (record.submitted_ms, record.answered_ms) == (REQUESTED_MS + 5, REQUESTED_MS + 9)
    assert (record.outcome, record.smsc_message_id, record.receipt_expected) == (
        "accepted",
        "1a",
        True,
    )


@pytest.mark.parametrize("pdu", [DeliverSm, DataSm])
def test_what_the_smsc_delivers_is_keyed_by_the_handset(pdu: type[DeliverSm | DataSm]) -> None:
    came = pdu(source_addr="+46737654321", destination_addr="12345", tlvs=((0x0424, b"hi"),))
    record = delivered(came, "fast", "binder-0", 2, REQUESTED_MS)
    assert record.handset == "46737654321"
    assert record.source_addr == "+46737654321"
    assert record.command == ("deliver_sm" if pdu is DeliverSm else "data_sm")
    assert record.tlvs == (Tlv(tag=0x0424, value=b"hi"),)
