"""PDUs made anew from records, and masked ones."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from heliograph.exchanges import Exchange
from heliograph.pdus import address, deliver_sm, mask, submit_sm, submit_sm_resp
from pipeline.records import Encrypted, SmscDeliver, Tlv
from smpp import tlv
from smpp.inspection.explanation import explain
from smpp.pdu import DataSm, DeliverSm, SubmitSm
from smpp.values import EsmClass
from smpp.wire import decode, encode
from tests.builders import REQUESTED_MS, mt_submit, mt_submitted, smsc_deliver

HANDSET, TEXT = "46701234567", b"secret words"
RECEIPT = (
    b"id:0123456789 sub:001 dlvrd:001 submit date:2609211413 done date:2609211414 stat:DELIVRD "
    b"err:000 text:secret words 46701234567"
)


def reported(**changes: Any) -> SmscDeliver:
    own = {"esm_class": EsmClass.DELIVERY_RECEIPT, "short_message": RECEIPT}
    return smsc_deliver(**{**own, **changes})


def test_a_submit_is_made_anew_with_the_time_it_had_left_when_it_was_written() -> None:
    submit = mt_submit(short_message=TEXT, tlvs=(Tlv(tag=0x1501, value=b"m1|1"),))
    pdu = submit_sm(submit, REQUESTED_MS + 3_600_000)
    assert pdu is not None
    read = decode(encode(pdu))
    assert isinstance(read, SubmitSm)
    assert read.short_message == TEXT
    assert read.destination_addr == HANDSET
    assert read.validity_period == "000000230000000R"
    assert read.tlvs == ((0x1501, b"m1|1"),)
    assert read.sequence_number == 0


def test_an_answer_is_made_anew_and_none_is_made_up() -> None:
    answer = submit_sm_resp(mt_submitted(command_status=0x0B, smsc_message_id=None))
    assert answer is not None
    assert encode(answer).hex() == "00000010800000040000000b00000000"
    assert submit_sm_resp(mt_submitted(outcome="unknown", command_status=None)) is None


@pytest.mark.parametrize(("command", "kind"), [("deliver_sm", DeliverSm), ("data_sm", DataSm)])
def test_a_receipt_is_made_anew(command: str, kind: type) -> None:
    payload = (Tlv(tag=tlv.MESSAGE_PAYLOAD.tag, value=RECEIPT),)
    is_data = command == "data_sm"
    record = reported(
        command=command,
        short_message=b"" if is_data else RECEIPT,
        tlvs=payload if is_data else (),
    )
    pdu = deliver_sm(record)
    assert pdu is not None
    assert type(decode(encode(pdu))) is kind
    assert RECEIPT in encode(pdu)


def test_what_is_encrypted_can_not_be_made() -> None:
    sealed = Encrypted(key_id="k", nonce=b"n", ciphertext=b"c")
    assert submit_sm(mt_submit(short_message=sealed), REQUESTED_MS) is None
    assert deliver_sm(reported(short_message=sealed)) is None


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        (HANDSET, "46******567"),
        ("0046701234567", "46********567"),
        ("+46701234567", "+46******567"),
        ("46701234567/TYPE=PLMN", "46******567/TYPE=PLMN"),
        ("46 70 123 45 67", "** ** *** ** **"),
        ("ACME", "ACME"),
        ("12345", "12345"),
        ("", ""),
    ],
)
def test_an_address_keeps_its_length(written: str, shown: str) -> None:
    assert address(written) == shown
    assert len(shown) == len(written)


def test_a_receipt_keeps_what_it_says_of_its_own_and_nothing_else() -> None:
    pdu = deliver_sm(reported())
    assert pdu is not None
    mask(pdu)
    octets = encode(pdu)
    assert b"id:0123456789 sub:001 dlvrd:001 submit date:2609211413" in octets
    assert b"stat:DELIVRD err:000 ***********" in octets
    assert b"secret" not in octets
    assert HANDSET.encode() not in octets


@pytest.mark.parametrize("key", [b"text:", b"Text:", b"text :"])
def test_what_a_receipt_quotes_is_hidden_though_it_looks_like_its_own(key: bytes) -> None:
    quoted = b"stat:DELIVRD err:000 %bLogin id:839201 stat:secret" % key
    pdu = deliver_sm(reported(short_message=b"id:1 " + quoted))
    assert pdu is not None
    mask(pdu)
    octets = encode(pdu)
    assert b"id:1 stat:DELIVRD err:000 ****" in octets
    assert (b"839201" in octets, b"secret" in octets) == (False, False)


HEADER = bytes((5, 0, 3, 7, 2, 1))


@pytest.mark.parametrize(
    ("changes", "left"),
    [
        ({"short_message": TEXT}, b"************"),
        ({"short_message": HEADER + TEXT, "esm_class": EsmClass.UDHI}, HEADER + b"************"),
        (
            {"short_message": "hemlig".encode("utf-16-be"), "data_coding": 8},
            b"\0*" * 6,
        ),
        ({"short_message": b"\xff" + TEXT, "esm_class": EsmClass.UDHI}, b"*" * 13),
    ],
)
def test_of_a_text_its_length_and_its_header_are_left(changes: dict[str, Any], left: bytes) -> None:
    pdu = submit_sm(mt_submit(**changes), REQUESTED_MS)
    assert pdu is not None
    mask(pdu)
    assert pdu.short_message == left


@given(
    st.binary(max_size=80),
    st.lists(st.tuples(st.integers(0, 0xFFFF), st.binary(max_size=20)), max_size=4),
    st.sampled_from([0, 4, 0x40, 0x44]),
    st.sampled_from([0, 4, 8]),
)
def test_a_masked_pdu_is_as_long_as_it_was_and_shows_no_unknown_value(
    text: bytes, tlvs: list[tuple[int, bytes]], esm_class: int, data_coding: int
) -> None:
    values = [value for tag, value in tlvs if tag >= 0x1400 and len(value.strip(b"*")) > 3]
    pdu = DeliverSm(
        source_addr=HANDSET,
        destination_addr="46737654321",
        esm_class=esm_class,
        data_coding=data_coding,
        short_message=text,
        tlvs=tuple(tlvs),
    )
    whole = encode(pdu)
    mask(pdu)
    octets = encode(pdu)
    assert len(octets) == len(whole)
    assert b"6701234567" not in octets
    assert b"6737654321" not in octets
    if not text:
        assert not any(value in octets for value in values)
    names = [name for name, _ in explain(octets).rows]
    assert "source_addr" in names


def test_a_ledger_tlv_tells_our_own_id_and_stays_where_it_is_named() -> None:
    submit = mt_submit(tlvs=(Tlv(tag=0x1501, value=b"m1|1"), Tlv(tag=0x1502, value=b"1234")))
    pdu = submit_sm(submit, REQUESTED_MS)
    assert pdu is not None
    mask(pdu, (0x1501,))
    assert pdu.tlvs == ((0x1501, b"m1|1"), (0x1502, b"****"))


def test_an_exchange_is_told_in_hex_and_in_words() -> None:
    pdu = submit_sm(mt_submit(), REQUESTED_MS)
    assert pdu is not None
    mask(pdu)
    one = Exchange(REQUESTED_MS, "slow", "segment 1/1 to", "submit_sm", encode(pdu), True)
    lines = list(one.lines())
    assert lines[0] == "2026-09-21T14:13:20.000+00:00  segment 1/1 to slow, masked"
    assert lines[1].startswith("  0000  00 00 00")
    assert any("destination_addr" in line and "46******567" in line for line in lines)
    document = one.document()
    assert bytes.fromhex(document["hex"]) == one.octets
    assert document["fields"]["destination_addr"] == '"46******567"'
    absent = Exchange(REQUESTED_MS, "slow", "segment 1/1 from", "submit_sm_resp", None, True, "no")
    assert list(absent.lines())[1] == "  submit_sm_resp: no"
