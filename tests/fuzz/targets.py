"""What is fuzzed: one function a target, which takes any octets and asserts what must hold.

An exception that leaves a target is a finding. What a target may choose beside its octets (chunk
sizes, a data_coding, a state) it takes from the octets themselves, so a file is a whole case.
"""

from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime
from math import inf

from smpp import gsm7, receipt, segments, text, times, tlv, udh, wire
from smpp.applications import mms, push, vcard
from smpp.assembly import Assembly
from smpp.errors import (
    CaptureError,
    ContentError,
    EncodeError,
    FramingError,
    PduError,
    SegmentError,
    TextError,
    TimeError,
)
from smpp.framing import Framer
from smpp.inspection.explanation import explain, summarize
from smpp.inspection.packets import LINKS
from smpp.inspection.pcap import Capture, Frame
from smpp.inspection.sniffer import Sighting, Sniffer
from smpp.pdu import (
    BindReceiver,
    BindTransceiver,
    BindTransmitter,
    DataSm,
    DeliverSm,
    Pdu,
    SubmitSm,
)
from smpp.session import Session, SessionConfig
from smpp.state import Closed, Role
from smpp.udh import Concatenation
from smpp.values import HEADER_OCTETS, RESPONSE_BIT, EsmClass
from smpp.window import Exchange

NOW = datetime(2024, 1, 31, 12, 0, tzinfo=UTC)
PDU_OCTETS_MAX = 1024  # small, so that a fuzzer meets the limit


def pdu(octets: bytes) -> None:
    """A PDU or a PduError; what was read writes itself back."""
    for whole in (octets, _sized(octets)):
        try:
            read = wire.decode(whole)
        except PduError:
            continue
        try:
            written = wire.encode(read)
        except EncodeError:
            if read.command_id & RESPONSE_BIT:  # read more liberally than it is written
                continue
            raise
        assert wire.decode(written) == read
        for row in tlv.BY_TAG.values():
            read.tlv(row)


def framer(octets: bytes) -> None:
    """Any chunks give the PDUs and the error that one chunk gives."""
    size, stream = 1 + (octets[0] if octets else 0), octets[1:]
    chunks = [stream[at : at + size] for at in range(0, len(stream), size)]
    assert _cut(chunks) == _cut([stream])


def session(octets: bytes) -> None:
    """Octets, time and answers in any order: events, and octets a peer can read; nothing else."""
    chosen, owed, now, at = _started(octets[0] if octets else 0), list[Pdu](), 0.0, 1
    while at < len(octets):
        move, size = octets[at] >> 6, octets[at] & 0x3F
        chunk = octets[at + 1 : at + 1 + size]
        at += 1 + size
        now += 1 + size if move == 1 else 1
        if move == 1:
            events = chosen.tick(now)
        else:
            events = chosen.receive(_sized(chunk) if move == 2 else chunk, now)
        assert all(isinstance(event, Pdu | Exchange | Closed) for event in events)
        owed += [event for event in events if isinstance(event, Pdu)]
        if move == 3:
            for request in owed:
                chosen.respond(request, now, request.sequence_number & 0x0D)
            owed.clear()
        for written in Framer().feed(chosen.take_outgoing()):
            wire.decode(written)


def header(octets: bytes) -> None:
    """A user data header is refused, or writes itself back."""
    try:
        elements, body = udh.read_header(octets)
    except SegmentError:
        return
    assert udh.write_header(elements) + body == octets


def concatenation(octets: bytes) -> None:
    """Wherever the numbering stands, it is possible or none."""
    half = len(octets) // 2
    tlvs, unread = tlv.read_tlvs(octets, half)
    for message in (
        SubmitSm(esm_class=EsmClass.UDHI, short_message=octets[:half], tlvs=tlvs, unread=unread),
        DataSm(esm_class=EsmClass.UDHI, tlvs=(tlv.MESSAGE_PAYLOAD.make(octets[:0xFFFF]), *tlvs)),
        DeliverSm(tlvs=tlvs),
    ):
        try:
            part = segments.concatenation(message)
        except SegmentError:
            continue
        assert part is None or 0 < part.number <= part.total


def assembly(octets: bytes) -> None:
    """Parts in any order: what is told came, no message is told twice, and memory is bounded."""
    held, told = Assembly(10.0, messages_max=4, octets_max=64), 0
    for at in range(0, len(octets) - 3, 4):
        key, total, number, size = octets[at : at + 4]
        body = octets[at : at + size % 16]
        part = Concatenation(key >> 4, total % 5, number % 6, is_wide=bool(key & 1))
        ended = held.expire(float(at))
        with suppress(SegmentError):
            ended += held.add(key & 2, part, body, float(at))
        told += len(ended)
        assert all(len(message.octets) <= 64 + 16 for message in ended)
    told += len(held.expire(inf))
    assert told <= len(octets) // 4
    assert held.deadline == inf


def receipts(octets: bytes) -> None:
    """Any text is read as far as it is a receipt."""
    receipt.read_fields(octets.decode("latin-1"))
    tlvs, unread = tlv.read_tlvs(octets, 2)
    esm_class, data_coding = octets[:2] if len(octets) > 1 else (4, 0)
    message = DeliverSm(esm_class=esm_class, data_coding=data_coding, short_message=octets[2:])
    receipt.is_receipt(message)
    receipt.write(receipt.read(message))
    receipt.read(DataSm(esm_class=esm_class, data_coding=data_coding, tlvs=tlvs, unread=unread))


def septets(octets: bytes) -> None:
    """GSM 7-bit of any language: a text writes itself back; packing loses nothing."""
    locking, single = (octets[0] >> 4, octets[0] & 0x0F) if octets else (0, 0)
    try:
        decoded = gsm7.decode(octets[1:], locking, single)
    except TextError:
        return
    assert gsm7.decode(gsm7.encode(decoded, locking, single), locking, single) == decoded
    fill_bits = single % 7
    packed = gsm7.pack(octets[1:], fill_bits)
    assert gsm7.unpack(packed, len(octets) - 1, fill_bits) == octets[1:]


def texts(octets: bytes) -> None:
    """Any octets under any data_coding are a text or not; a text is split and joined again."""
    try:
        decoded = text.decode(octets[1:], octets[0] if octets else 0)
    except TextError:
        return
    encoded = text.encode(decoded)
    try:
        parts = segments.split(encoded, 1)
    except SegmentError:
        return
    assert b"".join(part.body for part in parts) == encoded.octets
    assert all(len(part.body) <= segments.room(encoded.alphabet) for part in parts)


def pushes(octets: bytes) -> None:
    """A service indication or loading, or a ContentError; what can be written reads back equal."""
    with suppress(ContentError):
        found = push.read(octets)
        with suppress(ContentError):
            again = push.content(found).octets
            assert push.read(again) == found


def notifications(octets: bytes) -> None:
    """A notification of a multimedia message, or a ContentError, as above."""
    with suppress(ContentError):
        found = mms.read(octets)
        with suppress(ContentError):
            again = mms.content(found).octets
            assert mms.read(again) == found


def cards(octets: bytes) -> None:
    """A card or a ContentError; read, written, read: from then on it stays the same."""
    with suppress(ContentError):
        once = _again(vcard.read(octets))
        assert _again(once) == once


def moments(octets: bytes) -> None:
    """Any text is a moment that writes itself back, or a TimeError."""
    try:
        moment = times.read(octets.decode("latin-1"), NOW)
        written = times.absolute(moment)
    except TimeError:
        return
    assert times.read(written, NOW) == moment


def explanations(octets: bytes) -> None:
    """Any octets are explained, and none of them reaches the terminal unescaped."""
    for whole in (octets, _sized(octets)):
        told = f"{explain(whole, shows_secrets=True)}\n{summarize(whole)}"
        assert all(character.isprintable() or character == "\n" for character in told)


def captures(octets: bytes) -> None:
    """Any octets are frames or a CaptureError, the same in any chunks; any frames have PDUs."""
    size, file = 1 + (octets[0] if octets else 0), octets[1:]
    frames, why = _frames([file])
    assert _frames([file[at : at + size] for at in range(0, len(file), size)]) == (frames, why)
    sniffer = Sniffer()
    for frame in frames:
        _whole(sniffer.take(frame))
    _whole(sniffer.rest(0.0))


def packets(octets: bytes) -> None:
    """Any packets, each with its length before it, are TCP segments or not."""
    sniffer, at = Sniffer(), 0
    while at + 2 <= len(octets):
        link_type, size = tuple(LINKS)[octets[at] % len(LINKS)], octets[at + 1]
        _whole(sniffer.take(Frame(0.0, link_type, octets[at + 2 : at + 2 + size])))
        at += 2 + size
    _whole(sniffer.rest(0.0))


TARGETS: dict[str, Callable[[bytes], None]] = {
    target.__name__: target
    for target in (
        pdu,
        framer,
        session,
        header,
        concatenation,
        assembly,
        receipts,
        septets,
        texts,
        pushes,
        notifications,
        cards,
        moments,
        explanations,
        captures,
        packets,
    )
}


def _sized(octets: bytes) -> bytes:
    """With the command_length that fits: the reader looks further."""
    octets = octets.ljust(HEADER_OCTETS, b"\0")
    return len(octets).to_bytes(4, "big") + octets[4:]


def _cut(chunks: list[bytes]) -> tuple[list[bytes], int | None]:
    cutter, whole = Framer(PDU_OCTETS_MAX), list[bytes]()
    try:
        for chunk in chunks:
            for octets in cutter.feed(chunk):
                whole.append(octets)  # one by one: what came before an error counts
    except FramingError as error:
        return whole, error.command_length
    return whole, None


def _frames(chunks: list[bytes]) -> tuple[list[Frame], str]:
    capture, frames = Capture(), list[Frame]()
    try:
        for chunk in chunks:
            for frame in capture.feed(chunk):
                frames.append(frame)
    except CaptureError as error:
        return frames, str(error)
    return frames, ""


def _whole(sightings: Iterator[Sighting]) -> None:
    for sighting in sightings:
        assert int.from_bytes(sighting.octets[:4], "big") == len(sighting.octets)


def _again(card: vcard.Card) -> vcard.Card:
    return vcard.read(vcard.content(vcard.write(card)).octets)


def _started(choice: int) -> Session:
    """A session of either role in one of its states, with a request in flight where it can."""
    config = SessionConfig(pdu_octets_max=PDU_OCTETS_MAX, owed_requests_max=4)
    esme, smsc = Session(Role.ESME, config, 0.0), Session(Role.SMSC, config, 0.0)
    bind = (BindTransmitter, BindReceiver, BindTransceiver, None)[choice >> 1 & 3]
    if bind is not None:
        esme.send(bind(), 0.0)
        [request] = smsc.receive(esme.take_outgoing(), 0.0)
        if isinstance(request, Pdu) and not choice & 0x08:
            smsc.respond(request, 0.0)
            esme.receive(smsc.take_outgoing(), 0.0)
    chosen = smsc if choice & 0x01 else esme
    if choice & 0x10:
        chosen.unbind(0.0)
    elif chosen.is_bound:
        chosen.send(DataSm(), 0.0)
    chosen.take_outgoing()
    return chosen
