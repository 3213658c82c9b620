"""Addresses: each kind of sender and recipient as the rules of a carrier write it."""

from typing import Any

import pytest

from pipeline.ids import Msisdn
from pipeline.profiles import Addresses
from services.router.addresses import Address, destination, source
from services.router.senders import read

PLUS = {"international": {"ton": 1, "npi": 1, "prefix": "+"}}
ZEROS = {"international": {"ton": 0, "npi": 1, "prefix": "00"}}
SWEDISH = {"national": {"calling_code": "46", "ton": 2, "npi": 1, "prefix": "0"}}
UNKNOWN = {"short_code": {"ton": 0, "npi": 1}, "alphanumeric": {"ton": 5, "npi": 1}}


@pytest.mark.parametrize(
    ("rules", "sender", "expected"),
    [
        ({}, "ACME", Address(5, 0, "ACME")),
        ({}, "72000", Address(3, 0, "72000")),
        ({}, "+46701234567", Address(1, 1, "46701234567")),
        (PLUS, "46701234567", Address(1, 1, "+46701234567")),
        (PLUS, "72000", Address(3, 0, "72000")),
        (ZEROS, "46701234567", Address(0, 1, "0046701234567")),
        (SWEDISH, "46701234567", Address(2, 1, "0701234567")),
        (SWEDISH, "4791234567", Address(1, 1, "4791234567")),
        (UNKNOWN, "72000", Address(0, 1, "72000")),
        (UNKNOWN, "ACME", Address(5, 1, "ACME")),
    ],
)
def test_a_sender_is_written_by_its_kind(
    rules: dict[str, Any], sender: str, expected: Address
) -> None:
    assert source(read(sender), Addresses.model_validate(rules)) == expected


@pytest.mark.parametrize(
    ("rules", "expected"),
    [
        ({}, Address(1, 1, "46701234567")),
        (PLUS, Address(1, 1, "+46701234567")),
        (ZEROS, Address(0, 1, "0046701234567")),
        (SWEDISH, Address(2, 1, "0701234567")),
    ],
)
def test_a_recipient_is_a_number_of_its_country_or_of_the_world(
    rules: dict[str, Any], expected: Address
) -> None:
    assert destination(Msisdn("46701234567"), Addresses.model_validate(rules)) == expected
