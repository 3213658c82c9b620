"""What a carrier does its own way: one profile, of which several connectors may be.

A profile stands in heliograph.yaml, or comes with the package: `carriers/*.yaml`, reviewed, each
fact with its source. Both have the same fields. Addresses, validity, TLVs and segmentation are
fields of submit_sm: SMPP 3.4 section 4.4.1; command_status: section 5.1.3.
"""

from collections.abc import Mapping
from datetime import date, time
from functools import cache
from importlib.resources import files
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo

import yaml
from pydantic import BeforeValidator, Field, ValidationError, model_validator

from pipeline.errors import ConfigError
from pipeline.sections import Section, sentences

SUFFIX = ".yaml"

Language = Literal[
    "turkish",
    "spanish",
    "portuguese",
    "bengali",
    "gujarati",
    "hindi",
    "kannada",
    "malayalam",
    "oriya",
    "punjabi",
    "tamil",
    "telugu",
    "urdu",
]
DefaultAlphabet = Literal["gsm7", "gsm7_packed", "latin1", "ascii", "utf8"]
Notation = Literal["any", "opaque", "decimal", "hexadecimal"]
Day = Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"]
Disposition = Literal[
    "accepted", "retry_slower", "retry_later", "reject", "rebind", "stop_connector"
]
Ton = Annotated[int, Field(ge=0, le=7)]
Npi = Annotated[int, Field(ge=0, le=18)]
NO_ANSWER = "no_answer"
PACKED = "_packed"  # what the name of an alphabet ends in whose septets are packed


def _clock(written: Any) -> Any:
    """YAML 1.1 reads 22:00 without quotes as a number to the base 60, which is minutes."""
    is_minutes = isinstance(written, int) and 0 <= written < 24 * 60
    return time(*divmod(written, 60)) if is_minutes else written


Clock = Annotated[time, BeforeValidator(_clock)]


class AddressForm(Section):
    """How one kind of address is written."""

    ton: Ton
    npi: Npi
    prefix: Literal["", "+", "0", "00"] = ""
    """Before the digits."""


class NationalForm(AddressForm):
    """Numbers of one country without its calling code, both ways."""

    calling_code: Annotated[str, Field(pattern=r"^[1-9][0-9]{0,2}$")]


class Addresses(Section):
    """TON, NPI and prefix by kind of address."""

    international: AddressForm = AddressForm(ton=1, npi=1)
    national: NationalForm | None = None
    """For numbers of one country; unset, those are international as well."""
    short_code: AddressForm = AddressForm(ton=3, npi=0)
    alphanumeric: AddressForm = AddressForm(ton=5, npi=0)

    @model_validator(mode="after")
    def _what_comes_back_can_be_told_apart(self) -> Self:
        if self.national is not None and self.national.ton == self.international.ton:
            raise ValueError(
                "national has the ton of international, and a receipt would not tell which it is;"
                " give them different ones, or leave national out"
            )
        return self


class Validity(Section):
    """How a submit_sm says how long the SMSC may try."""

    form: Literal["relative", "absolute", "none", "qos_time_to_live"] = "relative"
    """validity_period in either form or left empty, or the TLV with whole seconds."""
    max_s: Annotated[int, Field(ge=1, le=30 * 86_400)] | None = None
    """The longest that the carrier takes; what may be tried for longer says this."""


class VendorTlv(Section):
    """A TLV in every submit_sm: from one of item, text and hex."""

    tag: Annotated[int, Field(ge=0x0001, le=0xFFFF)]
    item: Annotated[str, Field(min_length=1, max_length=64)] | None = None
    """What the request has under this name in its carrier_data."""
    text: Annotated[str, Field(min_length=1, max_length=255)] | None = None
    hex: Annotated[str, Field(pattern=r"^([0-9a-fA-F]{2}){1,255}$")] | None = None
    is_required: bool = False
    """A request without the item is refused; otherwise it goes without the TLV."""
    is_terminated: bool = False
    """A C-octet string: a NUL follows the text."""

    @model_validator(mode="after")
    def _has_one_value(self) -> Self:
        if (self.item, self.text, self.hex).count(None) != 2:
            raise ValueError("write one of item, text and hex")
        return self


class Maintenance(Section):
    """A window in which nothing is written to the carrier.

    It begins at `start` on every day of `days` (any, when none is named) from `first` to `last`,
    and ends at the next `end`: a window from 22:00 to 02:00 belongs to the day it begins on, one
    from 00:00 to 00:00 is the whole day. Times are those of clocks in `zone`.
    """

    days: tuple[Day, ...] = ()
    first: date | None = None
    last: date | None = None
    start: Clock
    end: Clock
    zone: ZoneInfo
    action: Literal["hold", "return"] = "hold"
    """hold: segments wait; return: they end as returned, for another way to be taken."""


class ProfileConfig(Section):
    """What a carrier does its own way."""

    carrier_domain: str | None = None
    """Receipts may come on any connector of the same domain; the connector's own name if unset."""
    zone: ZoneInfo = ZoneInfo("UTC")
    """Whose days the carrier bills by, such as Europe/Stockholm."""
    receipts: Literal["all", "first", "last", "none"] = "all"
    """Which segments ask for a receipt, unless the request says so."""
    segmentation: Literal["udh8", "udh16", "sar", "message_payload"] = "udh16"
    """What ties the parts of a long message together: a header with a reference of 8 or 16 bits,
    sar_* TLVs, or nothing, all of it being in one message_payload."""
    octets_per_segment: Annotated[int, Field(ge=32, le=140)] = 140
    """Of user data with its header; GSM 7-bit counts seven octets for eight characters."""
    default_alphabet: DefaultAlphabet = "gsm7"
    """What the SMSC means by data_coding 0; gsm7_packed has eight characters in seven octets."""
    default_alphabet_mo: DefaultAlphabet | None = None
    """The same in deliver_sm, where it differs."""
    languages: tuple[Language, ...] = ()
    """National tables of GSM 7-bit that may be used where they make a message shorter."""
    addresses: Addresses = Addresses()
    validity: Validity = Validity()
    tlvs: tuple[VendorTlv, ...] = ()
    statuses: Mapping[str | int, Disposition] = {}
    """What a command_status asks of us, by name or number, where the usual table is wrong."""
    deliver_refusal: str = "ESME_RX_T_APPN"
    """command_status for a deliver_sm that cannot be kept now; no_answer lets it time out."""
    maintenance: tuple[Maintenance, ...] = ()
    """Where two windows meet, the first holds."""
    id_in_response: Notation = "any"
    """Notation of the SMSC's message ids; any tries every notation, opaque compares as text."""
    id_in_receipt: Notation = "any"
    """The same in receipts."""
    receipts_by_text: bool = False
    """For SMSCs that leave esm_class 0: what reads like a receipt is one, and no message."""
    ledger_tlv: Annotated[int, Field(ge=0x1400, le=0x3FFF)] | None = None
    """Vendor TLV that carries message_id and segment: for sandboxes that keep a ledger."""
    rate_headroom: Annotated[float, Field(ge=0, lt=1)] = 0.05
    """Share of the contract rate left unused, so that no second is ever over it."""

    @property
    def alphabet_mo(self) -> DefaultAlphabet:
        """What data_coding 0 means in deliver_sm."""
        return self.default_alphabet_mo or self.default_alphabet

    @model_validator(mode="after")
    def _a_tag_comes_once(self) -> Self:
        tags = [tlv.tag for tlv in self.tlvs]
        tags += [] if self.ledger_tlv is None else [self.ledger_tlv]
        if twice := sorted({f"0x{tag:04X}" for tag in tags if tags.count(tag) > 1}):
            raise ValueError(f"tlvs and ledger_tlv: {', '.join(twice)} comes twice; keep one")
        return self


@cache
def shipped() -> tuple[str, ...]:
    """The names of the profiles that come with the package."""
    found = (entry.name for entry in files("pipeline").joinpath("carriers").iterdir())
    return tuple(sorted(name.removesuffix(SUFFIX) for name in found if name.endswith(SUFFIX)))


@cache
def find(name: str) -> ProfileConfig:
    """A profile that comes with the package; raises ConfigError when there is none or it is bad."""
    if name not in shipped():
        raise ConfigError([f"no profile {name!r} comes along; there are: {', '.join(shipped())}"])
    text = files("pipeline").joinpath("carriers", name + SUFFIX).read_text(encoding="utf-8")
    try:
        return ProfileConfig(**yaml.safe_load(text))
    except ValidationError as error:
        raise ConfigError([f"carriers/{name}{SUFFIX}: {x}" for x in sentences(error)]) from error
