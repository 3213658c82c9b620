"""Parts of long messages as an ESME numbers them, over all of its sessions; pure.

Parts may come in any order, on any bind, and again after a refusal. So what is held against an ESME
is only what cannot be meant: another total, a number beyond it, and other octets under a number
that was accepted a moment ago.
"""

from collections.abc import Iterator

from smpp import tlv
from smpp.errors import SegmentError
from smpp.pdu import DataSm, SubmitSm
from smpp.udh import Concatenation, user_data

MESSAGES_KEPT = 10_000
AGAIN_S = 60.0  # a reference is free for the same handset after so long

Key = tuple[str, str, int, bool]


class Parts:
    """The long messages of the last minute."""

    def __init__(self) -> None:
        self._totals: dict[Key, tuple[int, float]] = {}
        self._taken: dict[Key, dict[int, bytes]] = {}

    def verdicts(self, found: SubmitSm | DataSm, now: float) -> Iterator[tuple[str, bool]]:
        """The rules that this part, if it is one, had occasion to break; `now` in seconds."""
        part = _part(found)
        if part is None:
            return
        yield "part_number", 1 <= part.number <= part.total
        key = _key(found, part)
        total, since = self._totals.get(key, (part.total, now))
        if now - since > AGAIN_S:
            self._forget(key)
            total, since = part.total, now
        yield "part_totals", part.total == total
        taken = self._taken.get(key, {}).get(part.number)
        yield "part_reference", taken is None or taken == _body(found)
        self._totals[key] = total, since
        if len(self._totals) > MESSAGES_KEPT:
            self._forget(next(iter(self._totals)))

    def taken(self, found: SubmitSm | DataSm) -> None:
        """The SMSC accepted it."""
        part = _part(found)
        if part is None:
            return
        key = _key(found, part)
        if key in self._totals:
            self._taken.setdefault(key, {})[part.number] = _body(found)

    def _forget(self, key: Key) -> None:
        del self._totals[key]
        self._taken.pop(key, None)


def _part(found: SubmitSm | DataSm) -> Concatenation | None:
    """As it is written, possible or not."""
    try:
        elements, _ = user_data(found)
    except SegmentError:
        return None
    parts = [element for element in elements if isinstance(element, Concatenation)]
    if parts:
        return parts[-1]
    reference, total, number = (
        found.tlv(kind)
        for kind in (tlv.SAR_MSG_REF_NUM, tlv.SAR_TOTAL_SEGMENTS, tlv.SAR_SEGMENT_SEQNUM)
    )
    if reference is None or total is None or number is None:
        return None
    return Concatenation(reference, total, number, is_wide=True)


def _key(found: SubmitSm | DataSm, part: Concatenation) -> Key:
    return found.source_addr, found.destination_addr, part.reference, part.is_wide


def _body(found: SubmitSm | DataSm) -> bytes:
    return getattr(found, "short_message", b"") or found.tlv(tlv.MESSAGE_PAYLOAD) or b""
