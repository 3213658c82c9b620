"""WAP push: a link to show (Service Indication, WAP-167) or to open (Service Loading, WAP-168).

Both are WBXML in a connectionless WSP push. Handsets of today show an indication at best, and load
nothing unasked. What stands in an indication's `info` is for its sender's programs and is left out.
"""

from dataclasses import dataclass
from datetime import UTC, datetime
from enum import Enum
from typing import TypeVar

from smpp.applications import wbxml, wsp
from smpp.applications.content import Content
from smpp.applications.wbxml import Tag, Vocabulary
from smpp.errors import ContentError
from smpp.udh import Ports

E = TypeVar("E", bound=Enum)

SIC, SLC = "application/vnd.wap.sic", "application/vnd.wap.slc"
PORTS = Ports(wsp.PORT, wsp.SOURCE_PORT)
DATE_OCTETS_MAX = 7

DOMAINS = {0x85: ".com/", 0x86: ".edu/", 0x87: ".net/", 0x88: ".org/"}
SI = Vocabulary(
    public_id=0x05,
    tags={0x05: "si", 0x06: "indication", 0x07: "info", 0x08: "item"},
    starts={
        0x05: ("action", "signal-none"),
        0x06: ("action", "signal-low"),
        0x07: ("action", "signal-medium"),
        0x08: ("action", "signal-high"),
        0x09: ("action", "delete"),
        0x0A: ("created", ""),
        0x0B: ("href", ""),
        0x0C: ("href", "http://"),
        0x0D: ("href", "http://www."),
        0x0E: ("href", "https://"),
        0x0F: ("href", "https://www."),
        0x10: ("si-expires", ""),
        0x11: ("si-id", ""),
        0x12: ("class", ""),
    },
    values=DOMAINS,
)
SL = Vocabulary(
    public_id=0x06,
    tags={0x05: "sl"},
    starts={
        0x05: ("action", "execute-low"),
        0x06: ("action", "execute-high"),
        0x07: ("action", "cache"),
        0x08: ("href", ""),
        0x09: ("href", "http://"),
        0x0A: ("href", "http://www."),
        0x0B: ("href", "https://"),
        0x0C: ("href", "https://www."),
    },
    values=DOMAINS,
)


class Signal(Enum):
    """How an indication makes itself known; DELETE takes back the one of its id."""

    NONE = "signal-none"
    LOW = "signal-low"
    MEDIUM = "signal-medium"
    HIGH = "signal-high"
    DELETE = "delete"


class Load(Enum):
    """What to do with what stands at the link."""

    EXECUTE_LOW = "execute-low"  # without disturbing
    EXECUTE_HIGH = "execute-high"
    CACHE = "cache"


@dataclass(frozen=True, slots=True)
class ServiceIndication:
    """A text and its link. Dates are aware, and to the second; `si_id` replaces one of the same."""

    text: str
    href: str = ""
    action: Signal = Signal.MEDIUM
    si_id: str = ""
    created: datetime | None = None
    si_expires: datetime | None = None


@dataclass(frozen=True, slots=True)
class ServiceLoading:
    """A link to open."""

    href: str
    action: Load = Load.EXECUTE_LOW


def content(push: ServiceIndication | ServiceLoading, transaction_id: int = 0) -> Content:
    """A push as a message; ContentError says what of it cannot be written."""
    if isinstance(push, ServiceIndication):
        body, content_type = wbxml.write(_indication(push), SI), SIC
    else:
        body, content_type = wbxml.write(_loading(push), SL), SLC
    pdu = wsp.write(wsp.Push(content_type, body, transaction_id=transaction_id))
    return Content(pdu, (PORTS,))


def read(octets: bytes) -> ServiceIndication | ServiceLoading:
    """The push in a message body; ContentError when there is none."""
    root = wbxml.read(wsp.read(octets).body, SI, SL)
    if root.name == "sl":
        found = _texts(root)
        return ServiceLoading(found.get("href", ""), _action(Load, found, Load.EXECUTE_LOW))
    tags = [tag for tag in root.children if isinstance(tag, Tag) and tag.name == "indication"]
    if root.name != "si" or not tags:
        raise ContentError("a Service Indication without an indication")
    found = _texts(tags[0])
    dates = {name: value for name, value in tags[0].attributes if isinstance(value, bytes)}
    return ServiceIndication(
        "".join(child for child in tags[0].children if isinstance(child, str)),
        found.get("href", ""),
        _action(Signal, found, Signal.MEDIUM),
        found.get("si-id", ""),
        _date(dates.get("created")),
        _date(dates.get("si-expires")),
    )


def _indication(push: ServiceIndication) -> Tag:
    if push.action is Signal.DELETE and not push.si_id:
        raise ContentError("an indication to delete without its id; give si_id")
    attributes: dict[str, str | bytes | None] = {
        "href": push.href or None,
        "si-id": push.si_id or None,
        "created": _octets(push.created),
        "si-expires": _octets(push.si_expires),
        "action": None if push.action is Signal.MEDIUM else push.action.value,
    }
    given = tuple((name, value) for name, value in attributes.items() if value is not None)
    return Tag("si", children=(Tag("indication", given, (push.text,) if push.text else ()),))


def _loading(push: ServiceLoading) -> Tag:
    if not push.href:
        raise ContentError("nothing to load; give href")
    action = () if push.action is Load.EXECUTE_LOW else (("action", push.action.value),)
    return Tag("sl", (("href", push.href), *action))


def _octets(date: datetime | None) -> bytes | None:
    """Two digits an octet, year first, without the zeros at the end: WAP-167 section 8.2.2."""
    if date is None:
        return None
    if date.tzinfo is None:
        raise ContentError(f"{date} has no time zone; give it one")
    try:
        moment = date.astimezone(UTC)
    except OverflowError:
        raise ContentError(f"{date} is beyond the calendar in UTC") from None
    return bytes.fromhex(f"{moment.year:04}{moment:%m%d%H%M%S}").rstrip(b"\0")


def _date(octets: bytes | None) -> datetime | None:
    if octets is None:
        return None
    try:
        digits = octets.ljust(DATE_OCTETS_MAX, b"\0").hex()
        return datetime.strptime(digits, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        raise ContentError(f"{octets.hex()} is no date") from None


def _texts(tag: Tag) -> dict[str, str]:
    return {name: value for name, value in tag.attributes if isinstance(value, str)}


def _action(kind: type[E], found: dict[str, str], default: E) -> E:
    try:
        return kind(found["action"]) if "action" in found else default
    except ValueError:
        raise ContentError(f"no action {found['action']!a}") from None
