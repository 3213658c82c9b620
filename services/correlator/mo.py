"""Inbound messages: put together from their parts, and decoded; pure.

Theory. Parts come in any order, over any bind, and twice. Those of one message share carrier
domain, sender (the key of the state), receiver, reference and total; they wait in one entry until
all are there, or until a timer ends the waiting and what is there is published as partial. The
entry stays a while longer, so that a part that comes again is known. A part that contradicts one
that is held belongs to another message with the same reference: nothing is ever mixed.

    mo|<domain>|<receiver>|<reference>|<total>  the parts of one message

Octets are decoded when they are together: a surrogate pair may be cut between parts. What a whole
message means is no matter of this module (`meaning.py`).
"""

from collections.abc import Callable, Collection
from hashlib import blake2b
from itertools import groupby
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from pipeline import topics
from pipeline.effects import Effect, KeyEntries, PublishLater
from pipeline.ids import ConnectorId, Msisdn
from pipeline.records import Encrypted, Mo, SmscDeliver, Wake
from services.correlator.meaning import Meaning
from smpp import text, tlv
from smpp.errors import SegmentError, TextError
from smpp.pdu import DeliverSm
from smpp.segments import concatenation, unpacked
from smpp.text import Alphabet
from smpp.udh import Concatenation, shifts, user_data

MO_PARTIAL = "mo_partial"
PARTS_LIFE_S = 72 * 3600  # as long as text may be kept at all, should the timer come late
MO_ID_OCTETS = 8


class Part(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """One part of an inbound message."""

    number: int
    connector: ConnectorId
    data_coding: int
    octets: bytes
    received_ms: int
    locking_shift: int = 0  # language identifiers of its header
    single_shift: int = 0

    @property
    def shift(self) -> tuple[int, int]:
        """Both of them."""
        return self.locking_shift, self.single_shift


class Parts(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """The parts of one message so far, by number; `is_told` once they were published."""

    receiver: str
    total: int
    started_ms: int
    parts: tuple[Part, ...]
    is_told: bool = False


class Default(NamedTuple):
    """What an SMSC means by data_coding 0, and whether its GSM 7-bit comes packed."""

    alphabet: Alphabet
    is_packed: bool = False


class Inbound:
    """Decides about one MO at a time; `default` is that of the SMSC of a connector. What comes over
    one of `sandboxes` is a test; what is whole, or never will be, is told as `meaning` says."""

    def __init__(
        self,
        partial_s: int,
        meaning: Meaning,
        default: Callable[[ConnectorId], Default],
        sandboxes: Collection[ConnectorId] = (),
    ) -> None:
        self._partial_s = partial_s
        self._meaning = meaning
        self._default = default
        self._sandboxes = sandboxes

    def take(
        self, state: KeyEntries, deliver: SmscDeliver, pdu: DeliverSm, domain: str, now_ms: int
    ) -> list[Effect]:
        """What to do about a deliver_sm that is no receipt."""
        place, shift, octets = _content(pdu, is_packed=self._default(deliver.connector).is_packed)
        if place is None or place.total == 1:
            return self._single(state, deliver, octets, shift, domain, now_ms)
        what = f"{domain}|{deliver.destination_addr}|{place.reference}|{place.total}"
        what += "|w" * place.is_wide
        part = Part(
            place.number,
            deliver.connector,
            deliver.data_coding,
            octets,
            deliver.received_ms,
            *shift,
        )
        held = state.get(_name(what), Parts)
        same = [] if held is None else [p for p in held.parts if p.number == part.number]
        if same and same[0].octets == octets:
            return []
        fresh = Parts(deliver.destination_addr, place.total, now_ms, (part,))
        if held is None or held.is_told:
            return self._begin(state, deliver.handset, what, fresh)
        if same:  # another message with the same reference
            given_up = self._tell(state, deliver.handset, what, held, now_ms)
            return given_up + self._begin(state, deliver.handset, what, fresh)
        return self._add(state, deliver.handset, what, held, part, now_ms)

    def wake(self, state: KeyEntries, wake: Wake, now_ms: int) -> list[Effect]:
        """What to do when the waiting for parts is over."""
        held = state.get(_name(wake.what), Parts)
        if held is None or held.is_told or held.started_ms != wake.set_ms:
            return []
        state.put(_name(wake.what), replace(held, is_told=True), self._partial_s)
        return self._tell(state, Msisdn(wake.key), wake.what, held, now_ms)

    def _begin(self, state: KeyEntries, sender: Msisdn, what: str, fresh: Parts) -> list[Effect]:
        state.put(_name(what), fresh, PARTS_LIFE_S)
        wake = Wake(key=sender, kind=MO_PARTIAL, what=what, set_ms=fresh.started_ms)
        due_ms = fresh.started_ms + self._partial_s * 1000
        return [PublishLater(due_ms, topics.CORRELATOR_IN, sender, wake)]

    def _add(
        self, state: KeyEntries, sender: Msisdn, what: str, held: Parts, part: Part, now_ms: int
    ) -> list[Effect]:
        parts = tuple(sorted((*held.parts, part), key=lambda p: p.number))
        is_whole = len(parts) == held.total
        held = replace(held, parts=parts, is_told=is_whole)
        state.put(_name(what), held, self._partial_s if is_whole else PARTS_LIFE_S)
        return self._tell(state, sender, what, held, now_ms) if is_whole else []

    def _tell(
        self, state: KeyEntries, sender: Msisdn, what: str, held: Parts, now_ms: int
    ) -> list[Effect]:
        parts, first = held.parts, held.parts[0]
        mo = Mo(
            mo_id=_mo_id(sender, what, *(f"{p.number}:{p.octets.hex()}" for p in parts)),
            connector=first.connector,
            sender=sender,
            receiver=held.receiver,
            text=self._text(parts),
            data=b"".join(part.octets for part in parts),
            data_coding=first.data_coding,
            parts=len(parts),
            parts_total=held.total,
            complete=len(parts) == held.total,
            received_ms=max(part.received_ms for part in parts),
            published_ms=now_ms,
            test=first.connector in self._sandboxes,
        )
        return self._meaning.finished(state, mo, now_ms, has_begin=first.number == 1)

    def _single(
        self,
        state: KeyEntries,
        deliver: SmscDeliver,
        octets: bytes,
        shift: tuple[int, int],
        domain: str,
        now_ms: int,
    ) -> list[Effect]:
        """The time goes into the id, for people do say the same thing twice."""
        receiver, body = deliver.destination_addr, deliver.short_message
        is_readable = not isinstance(body, Encrypted)
        default = self._default(deliver.connector).alphabet
        decoded = _decoded(octets, deliver.data_coding, default, *shift) if is_readable else None
        unique = f"{deliver.received_ms}|{deliver.data_coding}|{octets.hex()}"
        mo = Mo(
            mo_id=_mo_id(deliver.handset, domain, receiver, unique),
            connector=deliver.connector,
            sender=deliver.handset,
            receiver=receiver,
            text=body if isinstance(body, Encrypted) else decoded,
            data=octets,
            data_coding=deliver.data_coding,
            parts=1,
            parts_total=1,
            complete=True,
            received_ms=deliver.received_ms,
            published_ms=now_ms,
            test=deliver.connector in self._sandboxes,
        )
        return self._meaning.finished(state, mo, now_ms)

    def _text(self, parts: tuple[Part, ...]) -> str | None:
        """Each part by its own header; those that agree together, for a pair may be cut in two."""
        texts = []
        for key, run in groupby(parts, key=lambda part: (part.data_coding, *part.shift)):
            data_coding, *shift = key
            octets = b"".join(part.octets for part in run)
            default = self._default(parts[0].connector).alphabet
            texts.append(_decoded(octets, data_coding, default, *shift))
        return None if None in texts else "".join(text for text in texts if text)


def _name(what: str) -> str:
    return f"mo|{what}"


def _content(
    pdu: DeliverSm, *, is_packed: bool
) -> tuple[Concatenation | None, tuple[int, int], bytes]:
    """Which part it is, its locking and single shift, and its user data, a septet an octet; a
    header that lies is taken for user data."""
    whole = pdu.short_message or pdu.tlv(tlv.MESSAGE_PAYLOAD) or b""
    try:
        elements, octets = user_data(pdu)
        if is_packed and text.alphabet_of(pdu.data_coding) is Alphabet.GSM7:
            octets = unpacked(len(whole) - len(octets), octets)
        return concatenation(pdu), shifts(elements), octets
    except SegmentError:
        return None, (0, 0), whole


def _decoded(
    octets: bytes, data_coding: int, default: Alphabet, locking: int, single: int
) -> str | None:
    try:
        return text.decode(octets, data_coding, default, locking_shift=locking, single_shift=single)
    except TextError:
        return None


def _mo_id(*unique: str) -> str:
    return blake2b("|".join(unique).encode(), digest_size=MO_ID_OCTETS).hexdigest()
