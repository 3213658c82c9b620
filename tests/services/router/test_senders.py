"""Senders: their kind, and whose they are."""

import pytest

from services.router.senders import Sender, Senders, fault_of, read


@pytest.mark.parametrize(
    ("sender", "expected"),
    [
        ("ACME", Sender("alphanumeric", "ACME")),
        ("4ever", Sender("alphanumeric", "4ever")),
        ("+", Sender("alphanumeric", "+")),
        ("٤٦٧", Sender("alphanumeric", "٤٦٧")),
        ("123", Sender("short_code", "123")),
        ("72000", Sender("short_code", "72000")),
        ("12345678", Sender("short_code", "12345678")),
        ("123456789", Sender("international", "123456789")),
        ("46701234567", Sender("international", "46701234567")),
        ("+46701234567", Sender("international", "46701234567")),
        ("+12345678", Sender("international", "12345678")),
    ],
)
def test_the_form_of_a_sender_tells_its_kind(sender: str, expected: Sender) -> None:
    assert read(sender) == expected


@pytest.mark.parametrize(
    ("allowed", "wanted", "expected"),
    [
        ([], None, None),
        ([], "ACME", None),
        (["ACME", "72000"], None, Sender("alphanumeric", "ACME")),
        (["ACME", "72000"], "72000", Sender("short_code", "72000")),
        (["ACME"], "acme", None),
        (["ACME"], "", None),
        (["46701234567"], "+46701234567", Sender("international", "46701234567")),
        (["+46701234567"], "46701234567", Sender("international", "46701234567")),
        (["72000"], "+72000", None),
    ],
)
def test_a_tenant_sends_from_its_own_senders_only(
    allowed: list[str], wanted: str | None, expected: Sender | None
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


@pytest.mark.parametrize(
    ("allowed", "addr", "kind"),
    [
        (("+12345678",), "12345678", "international"),
        (("12345678", "+12345678"), "12345678", "short_code"),  # which of them, a fact can't say
        (("ACME",), "12345678", "short_code"),
        (("ACME",), "ACME", "alphanumeric"),
    ],
)
def test_an_address_in_a_fact_is_the_sender_that_is_allowed(
    allowed: tuple[str, ...], addr: str, kind: str
) -> None:
    assert Senders(allowed).named(addr) == Sender(kind, addr)  # type: ignore[arg-type]
