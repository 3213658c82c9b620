"""Notifications of multimedia messages: OMA-TS-MMS_ENC sections 6.2 and 7.

A handset that is told where a message lies fetches it over HTTP. The notification is a list of
fields, each an octet for its name and a WSP value; it comes in a connectionless push. Fields that
nothing here asks for (subject, priority, reply charging) are skipped when read, never written.
"""

import re
from dataclasses import dataclass

from smpp.applications import wsp
from smpp.applications.content import Content
from smpp.applications.cursor import Cursor
from smpp.applications.wbxml import CHARSETS
from smpp.applications.wsp import Value
from smpp.errors import ContentError
from smpp.udh import Ports

CONTENT_TYPE = "application/vnd.wap.mms-message"
APPLICATION = "x-wap-application:mms.ua"
PORTS = Ports(wsp.PORT, wsp.SOURCE_PORT)

# Field names, section 7.3.
LOCATION, EXPIRY, FROM = 0x03, 0x08, 0x09
MESSAGE_CLASS, MESSAGE_TYPE, VERSION, SIZE, TRANSACTION_ID = 0x0A, 0x0C, 0x0D, 0x0E, 0x18

NOTIFICATION = 0x02
CLASSES = ("personal", "advertisement", "informational", "auto")
ADDRESS_PRESENT = 0x80  # else the MMSC was to insert it
ABSOLUTE, RELATIVE = 0x80, 0x81
UTF_8 = 0x6A


@dataclass(frozen=True, slots=True, kw_only=True)
class Notification:
    """m-notification-ind: a message of `size_octets` lies at `content_location`.

    It lies there for `expiry_s` from now, or with `is_absolute` until then, since 1970 UTC.
    `sender` is an address: an e-mail's, or a number with /TYPE=PLMN; "" is nobody who wants to be
    known. `message_class` is one of CLASSES or a name of one's own.
    """

    transaction_id: str
    content_location: str
    sender: str = ""
    size_octets: int = 0
    expiry_s: int = 0
    is_absolute: bool = False
    message_class: str = CLASSES[0]
    version: str = "1.0"


def content(notification: Notification, transaction_id: int = 0) -> Content:
    """A notification as a message; `transaction_id` is that of WSP.

    ContentError says what of it cannot be written: all but `sender` is ASCII.
    """
    push = wsp.Push(CONTENT_TYPE, write(notification), APPLICATION, transaction_id)
    return Content(wsp.write(push), (PORTS,))


def read(octets: bytes) -> Notification:
    """The notification in a message body; ContentError when there is none."""
    push = wsp.read(octets)
    if push.content_type != CONTENT_TYPE:
        raise ContentError(f"{push.content_type} is no multimedia message")
    fields = _fields(push.body)
    if fields.get(MESSAGE_TYPE) != NOTIFICATION:
        raise ContentError("a multimedia PDU that is no notification")
    expiry, is_absolute = _expiry(fields.get(EXPIRY))
    return Notification(
        transaction_id=_text(fields, TRANSACTION_ID, "transaction id"),
        content_location=_text(fields, LOCATION, "content location"),
        sender=_sender(fields.get(FROM)),
        size_octets=wsp.integer(fields.get(SIZE, 0)),
        expiry_s=expiry,
        is_absolute=is_absolute,
        message_class=_class(fields.get(MESSAGE_CLASS, 0)),
        version=_version(fields.get(VERSION, 0x10)),
    )


def write(notification: Notification) -> bytes:
    """The notification without the push around it; its first three fields have a fixed order."""
    token = bytes((ABSOLUTE if notification.is_absolute else RELATIVE,))
    fields = [
        (MESSAGE_TYPE, wsp.short(NOTIFICATION)),
        (TRANSACTION_ID, wsp.string(notification.transaction_id)),
        (VERSION, wsp.short(_version_octet(notification.version))),
        (FROM, _address(notification.sender)),
        (MESSAGE_CLASS, _class_octets(notification.message_class)),
        (SIZE, wsp.long(notification.size_octets)),
        (EXPIRY, wsp.counted(token + wsp.long(notification.expiry_s))),
        (LOCATION, wsp.string(notification.content_location)),
    ]
    return b"".join(wsp.short(name) + octets for name, octets in fields if octets)


def _fields(octets: bytes) -> dict[int, Value]:
    """The fields by name, the last one of each."""
    cursor = Cursor(octets)
    fields: dict[int, Value] = {}
    while not cursor.is_at_end:
        name = wsp.value(cursor)
        found = wsp.value(cursor)
        if isinstance(name, int):  # others are of somebody's own
            fields[name] = found
    return fields


def _text(fields: dict[int, Value], name: int, what: str) -> str:
    found = fields.get(name)
    if not isinstance(found, str):
        raise ContentError(f"a notification without {what}")
    return found


def _expiry(found: Value | None) -> tuple[int, bool]:
    if found is None:
        return 0, False
    if not isinstance(found, bytes) or found[:1] not in (bytes((ABSOLUTE,)), bytes((RELATIVE,))):
        raise ContentError("an expiry neither absolute nor relative")
    return wsp.integer(wsp.value(Cursor(found[1:]))), found[0] == ABSOLUTE


def _sender(found: Value | None) -> str:
    if found is None or not isinstance(found, bytes) or found[:1] != bytes((ADDRESS_PRESENT,)):
        return ""
    address = wsp.value(Cursor(found[1:]))
    return address if isinstance(address, str) else _of_charset(address)


def _of_charset(found: Value) -> str:
    """Text after its charset, section 7.2.9."""
    cursor = Cursor(found if isinstance(found, bytes) else b"")
    charset = CHARSETS.get(wsp.integer(wsp.value(cursor)))
    if charset is None:
        raise ContentError("a sender in a charset that is not read")
    try:
        return wsp.text(cursor).encode("latin-1").decode(charset)
    except UnicodeDecodeError:
        raise ContentError(f"a sender that is no {charset}") from None


def _address(sender: str) -> bytes:
    if not sender:
        return b""
    if sender.isascii():
        return wsp.counted(bytes((ADDRESS_PRESENT,)) + wsp.string(sender))
    if not sender.isprintable():
        raise ContentError(f"{sender!a} is no visible text")
    quote = b"" if sender[0].isascii() else bytes((wsp.QUOTE,))
    text = wsp.short(UTF_8) + quote + sender.encode() + b"\0"
    return wsp.counted(bytes((ADDRESS_PRESENT,)) + wsp.counted(text))


def _class(found: Value) -> str:
    if isinstance(found, str):
        return found
    number = wsp.integer(found)
    return CLASSES[number] if number < len(CLASSES) else f"0x{number:02X}"


def _class_octets(name: str) -> bytes:
    return wsp.short(CLASSES.index(name)) if name in CLASSES else wsp.string(name)


def _version(found: Value) -> str:
    number = wsp.integer(found)
    return f"{number >> 4}.{number & 0x0F}"


def _version_octet(version: str) -> int:
    if not re.fullmatch(r"[1-7]\.[0-9]", version):
        raise ContentError(f"{version!a} is no version; give one like 1.0")
    return int(version[0]) << 4 | int(version[2])
