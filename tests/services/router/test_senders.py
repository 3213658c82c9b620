"""Senders: their type of number, and whose they are."""

import pytest

from services.router.senders import Address, Senders, address, fault_of


@pytest.mark.parametrize(
    ("sender", "expected"),
    [
        ("ACME", Address(5, 0, "ACME")),
        ("4ever", Address(5, 0, "4ever")),
        ("+", Address(5, 0, "+")),
        ("٤٦٧", Address(5, 0, "٤٦٧")),
        ("123", Address(3, 0, "123")),
        ("72000", Address(3, 0, "72000")),
        ("12345678", Address(3, 0, "12345678")),
        ("123456789", Address(1, 1, "123456789")),
        ("46701234567", Address(1, 1, "46701234567")),
        ("+46701234567", Address(1, 1, "46701234567")),
        ("+12345678", Address(1, 1, "12345678")),
    ],
)
def test_the_form_of_a_sender_tells_its_type_of_number(sender: str, expected: Address) -> None:
    assert address(sender) == expected


@pytest.mark.parametrize(
    ("allowed", "wanted", "expected"),
    [
        ([], None, None),
        ([], "ACME", None),
        (["ACME", "72000"], None, Address(5, 0, "ACME")),
        (["ACME", "72000"], "72000", Address(3, 0, "72000")),
        (["ACME"], "acme", None),
        (["ACME"], "", None),
        (["46701234567"], "+46701234567", Address(1, 1, "46701234567")),
        (["+46701234567"], "46701234567", Address(1, 1, "46701234567")),
        (["72000"], "+72000", None),
    ],
)
def test_a_tenant_sends_from_its_own_senders_only(
    allowed: list[str], wanted: str | None, expected: Address | None
) -> None:
    assert Senders(allowed).find(wanted) == expected


@pytest.mark.parametrize("sender", ["ACME", "A", "4 ever!", "123", "+46701234567", "1" * 15])
def test_what_fits_source_addr_is_a_sender(sender: str) -> None:
    assert fault_of(sender) is None


@pytest.mark.parametrize(
    "sender", ["", "12", "1" * 16, "TWELVE CHARS", "Å", "A\n", "+1" + "2" * 15]
)
def test_what_does_not_fit_is_a_fault_of_the_configuration(sender: str) -> None:
    fault = fault_of(sender)
    assert fault is not None
    assert repr(sender) in fault
