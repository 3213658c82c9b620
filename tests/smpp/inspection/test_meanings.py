import pytest

from smpp.inspection import meanings
from smpp.udh import (
    AnyElement,
    Concatenation,
    Element,
    NationalShift,
    Ports,
    SpecialIndication,
)


@pytest.mark.parametrize(
    ("name", "value", "told"),
    [
        ("source_addr_ton", 5, "5 ALPHANUMERIC"),
        ("dest_addr_npi", 1, "1 ISDN"),
        ("dest_addr_npi", 77, "77 (no name)"),
        ("message_state", 2, "2 DELIVERED"),
        ("esm_class", 0x00, "0x00 DEFAULT"),
        ("esm_class", 0x43, "0x43 STORE_AND_FORWARD, UDHI"),
        ("esm_class", 0x04, "0x04 DELIVERY_RECEIPT"),
        ("esm_class", 0x18, "0x18 CONVERSATION_ABORT"),
        ("esm_class", 0xE1, "0xE1 DATAGRAM, INTERMEDIATE_NOTIFICATION, UDHI, REPLY_PATH"),
        ("esm_class", 0x0C, "0x0C 0x0C (reserved)"),
        ("registered_delivery", 0x00, "0x00 NONE"),
        ("registered_delivery", 0x11, "0x11 RECEIPT, INTERMEDIATE_NOTIFICATION"),
        ("registered_delivery", 0x24, "0x24 DELIVERY_ACKNOWLEDGEMENT, 0x20 (reserved)"),
        ("data_coding", 0x00, "0x00 SMSC_DEFAULT: GSM 7-bit"),
        ("data_coding", 0x08, "0x08 UCS2: utf-16-be"),
        ("data_coding", 0x18, "0x18 utf-16-be, class 0 FLASH"),
        ("data_coding", 0x31, "0x31 GSM 7-bit, compressed, class 1 HANDSET"),
        ("data_coding", 0x44, "0x44 octets, to be deleted once read"),
        ("data_coding", 0xC8, "0xC8 GSM 7-bit, VOICEMAIL waits, the text is discarded"),
        ("data_coding", 0xE1, "0xE1 utf-16-be, FAX waits no more, the text is kept"),
        ("data_coding", 0xF6, "0xF6 octets, class 2 SIM"),
        ("sc_interface_version", 0x34, "0x34 SMPP 3.4"),
        ("source_network_type", 1, "1 GSM"),
        ("ussd_service_op", 17, "17 PSSR response"),
        ("delivery_failure_reason", 9, "9 (no name)"),
        ("priority_flag", 3, "3"),
    ],
)
def test_a_number_is_told_in_words(name: str, value: int, told: str) -> None:
    assert meanings.of(name, value) == told


@pytest.mark.parametrize("name", meanings.MEANINGS)
def test_any_octet_has_a_meaning_or_none(name: str) -> None:
    assert all(meanings.of(name, value) for value in range(256))


@pytest.mark.parametrize(
    ("element", "name", "told"),
    [
        (Concatenation(0x4A, 3, 2), "concatenation", "part 2 of 3, reference 0x4A"),
        (
            Concatenation(0x1234, 3, 2, is_wide=True),
            "concatenation",
            "part 2 of 3, reference 0x1234",
        ),
        (Ports(240, 241, is_wide=False), "ports", "from 241 to 240"),
        (Ports(2948, 9200), "ports", "from 9200 to 2948"),
        (NationalShift(1), "national language single shift", "Turkish"),
        (NationalShift(99, is_locking=True), "national language locking shift", "language 99"),
        (
            SpecialIndication(0, store=True, count=2),
            "special message indication",
            "2 voice waiting, the text is kept",
        ),
        (
            SpecialIndication(0x60, store=False, count=0),
            "special message indication",
            "0 kind 0x60 waiting, the text is discarded",
        ),
        (Element(0x00, b"\1"), "concatenation", None),
        (Element(0x70, b""), "SIM toolkit security", None),
        (Element(0x6F, b""), "reserved", None),
    ],
)
def test_a_header_element_is_told_in_words(
    element: AnyElement, name: str, told: str | None
) -> None:
    assert meanings.element_name(element.identifier) == name
    assert meanings.element_meaning(element) == told


@pytest.mark.parametrize(
    ("octets", "told"),
    [
        (b"\3\0\x22", "GSM error 34"),
        (b"\x09\1\0", "network 9 error 256"),
        (b"\3", None),
    ],
)
def test_a_network_error_names_its_network(octets: bytes, told: str | None) -> None:
    assert meanings.network_error(octets) == told
