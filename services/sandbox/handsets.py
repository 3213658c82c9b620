"""The handsets behind the carrier: what arrived on each, put together and readable.

Kept for so many numbers, the newest messages of each; what has not all its parts after ten minutes
is shown as far as it came.
"""

from collections import deque
from collections.abc import Iterable
from typing import Any, NamedTuple

from smpp import coding, segments, text, tlv
from smpp.assembly import Assembled, Assembly
from smpp.errors import SmppError
from smpp.pdu import SubmitSm
from smpp.udh import AnyElement, Ports, shifts, user_data

MESSAGES_KEPT = 50  # of one number
PARTS_TIMEOUT_S = 600.0


class Arrival(NamedTuple):
    """One whole message on a handset. `text` is None where it is none."""

    at_ms: float
    account: str
    sender: str
    text: str | None
    data_hex: str
    data_coding: int
    message_class: str | None
    port: int | None
    parts: int
    missing_parts: tuple[int, ...] = ()


class Whole(NamedTuple):
    """What the parts of one message must agree on."""

    number: str
    account: str
    sender: str
    data_coding: int
    shifts: tuple[int, int]
    """Languages of its locking and single shift."""
    port: int | None
    parts: int


class Handsets:
    """All of them; times in seconds since 1970."""

    def __init__(self, numbers_max: int) -> None:
        self._numbers_max = numbers_max
        self._arrived: dict[str, deque[Arrival]] = {}
        self._assembly = Assembly(PARTS_TIMEOUT_S)

    def receive(self, account: str, submit: SubmitSm, now_s: float) -> list[Arrival]:
        """A segment reaches its handset; what it makes whole, and what has become too old."""
        ended = self._assembly.expire(now_s)
        elements: tuple[AnyElement, ...] = ()
        try:
            elements, body = user_data(submit)
            part = segments.concatenation(submit)
        except SmppError:  # a header that can't be read is shown as text
            body, part = submit.short_message, None
        whole = Whole(
            number=submit.destination_addr,
            account=account,
            sender=submit.source_addr,
            data_coding=submit.data_coding,
            shifts=shifts(elements),
            port=_port(submit, elements),
            parts=1 if part is None else part.total,
        )
        if part is None:
            ended.append(Assembled(whole, body))
        else:
            ended += self._assembly.add(whole, part, body, now_s)
        return [self._keep(each, now_s) for each in ended]

    def arrived(self, number: str) -> list[dict[str, Any]]:
        """What a number got, the newest last."""
        return [arrival._asdict() for arrival in self._arrived.get(number, ())]

    def newest(self, number: str) -> Arrival | None:
        """The last one."""
        arrived = self._arrived.get(number)
        return arrived[-1] if arrived else None

    def numbers(self) -> list[str]:
        """Those that got something, the latest last."""
        return list(self._arrived)

    def _keep(self, found: Assembled, now_s: float) -> Arrival:
        whole = found.key
        assert isinstance(whole, Whole)
        arrival = Arrival(
            at_ms=round(now_s * 1000, 3),
            account=whole.account,
            sender=whole.sender,
            text=_text(found.octets, whole),
            data_hex=found.octets.hex(),
            data_coding=whole.data_coding,
            message_class=_class(whole.data_coding),
            port=whole.port,
            parts=whole.parts,
            missing_parts=found.missing,
        )
        kept = self._arrived.pop(whole.number, None) or deque(maxlen=MESSAGES_KEPT)
        kept.append(arrival)
        self._arrived[whole.number] = kept
        if len(self._arrived) > self._numbers_max:
            del self._arrived[next(iter(self._arrived))]
        return arrival


def _text(octets: bytes, whole: Whole) -> str | None:
    locking, single = whole.shifts
    try:
        return text.decode(octets, whole.data_coding, locking_shift=locking, single_shift=single)
    except SmppError:
        return None


def _class(data_coding: int) -> str | None:
    found = coding.read(data_coding).message_class
    return None if found is None else found.name


def _port(submit: SubmitSm, elements: Iterable[AnyElement]) -> int | None:
    """Of the application it is for: SMPP 3.4 section 5.3.2.21, or 3GPP 23.040 9.2.3.24.3 and .4."""
    of_header = [element.destination for element in elements if isinstance(element, Ports)]
    octets = submit.tlv(tlv.DESTINATION_PORT)
    return of_header[0] if of_header else octets
