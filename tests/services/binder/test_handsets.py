"""What an SMSC delivers is keyed by the handset, however the carrier writes it."""

from typing import Any

import pytest

from pipeline.profiles import Addresses, NationalForm, ProfileConfig
from services.binder.handsets import Writing, handset
from smpp.pdu import DataSm, DeliverSm

DELIVERED = b"id:1 stat:DELIVRD"


@pytest.mark.parametrize(
    ("written", "key"),
    [
        ("46701234567", "46701234567"),
        ("+46701234567", "46701234567"),
        ("0046701", "46701"),
        ("BANK", "BANK"),
    ],
)
def test_a_handset_is_its_digits(written: str, key: str) -> None:
    assert handset(written) == key


def national(prefix: str = "0", *, in_receipts: bool = False) -> Addresses:
    form = NationalForm.model_validate(
        {"calling_code": "46", "ton": 2, "npi": 1, "prefix": prefix, "in_receipts": in_receipts}
    )
    return Addresses(national=form)


@pytest.mark.parametrize(
    ("profile", "ton", "written", "of_receipt", "of_mo"),
    [
        ({}, 1, "46701234567", "46701234567", "46701234567"),
        ({"addresses": national()}, 2, "0701234567", "46701234567", "46701234567"),
        ({"addresses": national()}, 1, "4791234567", "4791234567", "4791234567"),
        ({"addresses": national()}, 0, "0701234567", "0701234567", "0701234567"),
        ({"addresses": national(in_receipts=True)}, 1, "0701234567", "46701234567", "0701234567"),
        ({"addresses": national(in_receipts=True)}, 0, "46701234567", *("46701234567",) * 2),
        ({"addresses": national(in_receipts=True)}, 0, "+46701234567", *("46701234567",) * 2),
        ({"addresses": national(in_receipts=True)}, 0, "004791234567", *("4791234567",) * 2),
        ({"addresses": national(in_receipts=True)}, 2, "+46701234567", *("46701234567",) * 2),
        ({"addresses": national()}, 2, "004412345678", *("4412345678",) * 2),
        ({"addresses": national("", in_receipts=True)}, 0, "701234567", "46701234567", "701234567"),
        ({"addresses": national("", in_receipts=True)}, 1, "+4791234567", *("4791234567",) * 2),
        ({"addresses": national("+", in_receipts=True)}, 1, "+701", "46701", "701"),
    ],
)
def test_a_national_number_gets_its_calling_code(
    profile: dict[str, Any], ton: int, written: str, of_receipt: str, of_mo: str
) -> None:
    writing = Writing.of(ProfileConfig(**profile))
    for kind in (DeliverSm, DataSm):
        came = kind(source_addr_ton=ton, source_addr=written, destination_addr="12345")
        assert writing.handset_of(came) == of_mo
        came.esm_class = 4
        assert writing.handset_of(came) == of_receipt


@pytest.mark.parametrize(
    ("fields", "key"),
    [
        ({"esm_class": 4}, "46701234567"),
        ({"tlvs": ((0x001E, b"1\0"),)}, "46701234567"),
        ({"short_message": b"id:1 sub:001 stat:DELIVRD"}, "46701234567"),
        ({"short_message": b"hello"}, "12345"),
    ],
)
def test_the_addresses_of_a_receipt_may_be_swapped(fields: dict[str, Any], key: str) -> None:
    writing = Writing.of(ProfileConfig(receipt_handset="destination", receipts_by_text=True))
    came = DeliverSm(source_addr="12345", destination_addr="+46701234567", **fields)
    assert writing.handset_of(came) == key


def test_swapped_and_national_go_together() -> None:
    profile = ProfileConfig(
        receipt_handset="destination", addresses=national("0", in_receipts=True)
    )
    came = DeliverSm(source_addr="12345", destination_addr="0701234567", esm_class=4)
    assert Writing.of(profile).handset_of(came) == "46701234567"


def test_receipts_without_an_address_are_shared_by_what_they_say() -> None:
    receipts = [
        DeliverSm(esm_class=4, short_message=DELIVERED),
        DeliverSm(esm_class=4, short_message=b"id:2 stat:DELIVRD"),
        DataSm(esm_class=4, tlvs=((0x0424, DELIVERED),)),
        DataSm(esm_class=4, tlvs=((0x0424, DELIVERED),)),
    ]
    one, other, third, same = (Writing().handset_of(pdu) for pdu in receipts)
    assert one != other
    assert one == third == same
    assert one.startswith("none-")
    assert Writing().handset_of(DeliverSm(short_message=b"hello")) == ""
