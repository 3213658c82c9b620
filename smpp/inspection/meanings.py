"""What a number in a PDU means, in words: SMPP 3.4 chapter 5 and SMPP 5.0 section 4.8.4.

The elements of a user data header are those of 3GPP TS 23.040 section 9.2.3.24.

    of("esm_class", 0x43)      -> "0x43 STORE_AND_FORWARD, UDHI"
    of("source_addr_ton", 5)   -> "5 ALPHANUMERIC"

A field or TLV is found by the end of its name, so source_addr_ton and dest_addr_ton are one row.
What has no row, or no name in it, is told as a number: a peer may send anything.
"""

from collections.abc import Callable
from enum import IntEnum, IntFlag

from smpp import coding
from smpp.national import Language
from smpp.udh import AnyElement, Concatenation, NationalShift, Ports, SpecialIndication
from smpp.values import (
    ESM_CLASS_MODE,
    ESM_CLASS_TYPE,
    DataCoding,
    EsmClass,
    MessageState,
    Npi,
    RegisteredDelivery,
    Ton,
)

Meaning = Callable[[int], str]


def of(name: str, value: int) -> str:
    """The value of the field or TLV of this name, with what it means."""
    for ending, means in MEANINGS.items():
        if name.endswith(ending):
            return means(value)
    return str(value)


def element_meaning(element: AnyElement) -> str | None:
    """What the octets of a header element say, None when nothing is known of them."""
    match element:
        case Concatenation(reference, total, number, is_wide):
            return f"part {number} of {total}, reference 0x{reference:0{4 if is_wide else 2}X}"
        case Ports(destination, source):
            return f"from {source} to {destination}"
        case NationalShift(language):
            return LANGUAGES.get(language, f"language {language}")
        case SpecialIndication(kind, store, count):
            what = WAITING.get(kind, f"kind 0x{kind:02X}")
            return f"{count} {what} waiting, the text is {'kept' if store else 'discarded'}"
    return None


def element_name(identifier: int) -> str:
    """The name of a header element."""
    for first, last, name in ELEMENT_RANGES:
        if first <= identifier <= last:
            return name
    return ELEMENTS.get(identifier, "reserved")


def network_error(octets: bytes) -> str | None:
    """The TLV network_error_code, None when it has not its three octets."""
    if len(octets) != 3:
        return None
    network, error = octets[0], octets[1] << 8 | octets[2]
    return f"{NETWORKS.get(network, f'network {network}')} error {error}"


def _named(kind: type[IntEnum]) -> Meaning:
    names = {member.value: member.name for member in kind}

    def means(value: int) -> str:
        return f"{value} {names[value]}" if value in names else f"{value} (no name)"

    return means


def _worded(*words: str, **more: str) -> Meaning:
    table = dict(enumerate(words)) | {int(key.strip("_")): word for key, word in more.items()}

    def means(value: int) -> str:
        return f"{value} {table[value]}" if value in table else f"{value} (no name)"

    return means


def _flags(kind: type[IntFlag], *masks: int) -> Meaning:
    """Bits that mean something together are a mask."""
    names = {member.value: name for name, member in kind.__members__.items()}

    def means(value: int) -> str:
        parts = [part for part in (value & mask for mask in masks) if part]
        told = [names.get(part, f"0x{part:02X} (reserved)") for part in parts] or [names[0]]
        return f"0x{value:02X} {', '.join(told)}"

    return means


def _data_coding(value: int) -> str:
    said = coding.read(value)
    names = {member.value: f" {member.name}:" for member in DataCoding}
    told = [said.alphabet.value]
    told += ["compressed"] if said.is_compressed else []
    told += ["to be deleted once read"] if said.is_deleted else []
    if said.message_class is not None:
        told.append(f"class {said.message_class.value} {said.message_class.name}")
    if said.indication is not None:
        waits = "waits" if said.indication.is_active else "waits no more"
        kept = "kept" if said.indication.is_stored else "discarded"
        told += [f"{said.indication.waiting.name} {waits}", f"the text is {kept}"]
    return f"0x{value:02X}{names.get(value, '')} {', '.join(told)}"


def _version(value: int) -> str:
    return f"0x{value:02X} SMPP {value >> 4}.{value & 0x0F}"


NETWORK_TYPE = _worded(
    "unknown", "GSM", "ANSI-136", "IS-95", "PDC", "PHS", "iDEN", "AMPS", "paging network"
)
BEARER_TYPE = _worded(
    "unknown",
    "SMS",
    "circuit switched data",
    "packet data",
    "USSD",
    "CDPD",
    "DataTAC",
    "FLEX/ReFLEX",
    "cell broadcast",
)
MEANINGS: dict[str, Meaning] = {
    "_ton": _named(Ton),
    "_npi": _named(Npi),
    "message_state": _named(MessageState),
    "esm_class": _flags(EsmClass, ESM_CLASS_MODE, ESM_CLASS_TYPE, 0x40, 0x80),
    "registered_delivery": _flags(RegisteredDelivery, 0x03, 0x0C, 0x10, 0xE0),
    "data_coding": _data_coding,
    "interface_version": _version,
    "addr_subunit": _worded(
        "unknown", "MS display", "mobile equipment", "smart card 1", "external unit 1"
    ),
    "network_type": NETWORK_TYPE,
    "bearer_type": BEARER_TYPE,
    "payload_type": _worded("default", "WCMP"),
    "privacy_indicator": _worded("not restricted", "restricted", "confidential", "secret"),
    "language_indicator": _worded(
        "unspecified", "English", "French", "Spanish", "German", "Portuguese"
    ),
    "delivery_failure_reason": _worded(
        "destination unavailable",
        "destination address invalid",
        "permanent network error",
        "temporary network error",
    ),
    "ms_availability_status": _worded("available", "denied", "unavailable"),
    "dpf_result": _worded("not set", "set"),
    "set_dpf": _worded("not requested", "requested"),
    "more_messages_to_send": _worded("no more", "more"),
    "replace_if_present_flag": _worded("keep both", "replace"),
    "ussd_service_op": _worded(
        "PSSD indication",
        "PSSR indication",
        "USSR request",
        "USSN request",
        _16="PSSD response",
        _17="PSSR response",
        _18="USSR confirm",
        _19="USSN confirm",
    ),
}
NETWORKS = {  # SMPP 5.0 section 4.8.4.42
    1: "ANSI-136 access denied",
    2: "IS-95 access denied",
    3: "GSM",
    4: "ANSI-136 cause",
    5: "IS-95 cause",
    6: "ANSI-41",
    7: "SMPP",
    8: "message centre",
}
WAITING = {0: "voice", 1: "fax", 2: "e-mail", 3: "other", 7: "video"}
LANGUAGES = {language.value: language.name.capitalize() for language in Language}
ELEMENTS = {
    0x00: "concatenation",
    0x01: "special message indication",
    0x04: "ports",
    0x05: "ports",
    0x06: "SMSC control parameters",
    0x07: "source indicator",
    0x08: "concatenation",
    0x09: "WCMP",
    0x0A: "text formatting",
    0x0B: "predefined sound",
    0x0C: "sound",
    0x0D: "predefined animation",
    0x0E: "large animation",
    0x0F: "small animation",
    0x10: "large picture",
    0x11: "small picture",
    0x12: "variable picture",
    0x13: "user prompt",
    0x14: "extended object",
    0x15: "reused extended object",
    0x16: "compression control",
    0x17: "object distribution",
    0x18: "standard WVG object",
    0x19: "character size WVG object",
    0x1A: "extended object data request",
    0x20: "RFC 822 e-mail header",
    0x21: "hyperlink format",
    0x22: "reply address",
    0x23: "enhanced voice mail",
    0x24: "national language single shift",
    0x25: "national language locking shift",
}
ELEMENT_RANGES = (
    (0x70, 0x7F, "SIM toolkit security"),
    (0x80, 0x9F, "SME to SME"),
    (0xC0, 0xDF, "SC specific"),
)
