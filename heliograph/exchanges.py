"""What one SMS and its carriers said to one another, found in the topics.

The tracker's topic has, under the message_id, what became of each segment, where its submit record
stands, and its receipts; from there the other records are found without a search through a topic.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from heliograph import pdus
from heliograph.tracing import ids_of, number_in
from pipeline import topics
from pipeline.codec import Codec
from pipeline.config import Config
from pipeline.errors import HeliographError, UnreadableError
from pipeline.ids import ConnectorId
from pipeline.kafka.lag import Place
from pipeline.kafka.partitions import starts_of
from pipeline.kafka.reader import offsets_at, read_to_end
from pipeline.process import make_codec
from pipeline.profiles import ProfileConfig
from pipeline.records import Dlr, MtSubmit, MtSubmitted, SmscDeliver
from services.binder import validity
from services.correlator.receipts import pdu_of
from smpp import receipt
from smpp.inspection.explanation import explain
from smpp.pdu import Pdu
from smpp.wire import encode

BEFORE_MS, AFTER_MS = 5_000, 60_000  # of a receipt: when Kafka had it
GAP_MAX = 1000  # records between two that are still read at once
OCTETS_A_LINE = 16
GONE = "the topics no longer have its record"
SECRET = "its text is encrypted"  # noqa: S105 - a sentence
Answer = tuple[int, str, str, str, Pdu | str]


@dataclass(frozen=True, slots=True)
class Exchange:
    """One PDU; without octets `note` says why."""

    at_ms: int
    connector: str
    what: str  # "to" or "from", and which segment
    command: str
    octets: bytes | None
    is_masked: bool
    note: str | None = None

    def lines(self) -> Iterator[str]:
        """For people: when and where, the octets, what they mean."""
        at = datetime.fromtimestamp(self.at_ms / 1000, UTC).isoformat(timespec="milliseconds")
        yield f"{at}  {self.what} {self.connector}{', masked' * self.is_masked}"
        if self.note is not None:
            yield f"  {self.command}: {self.note}"
        if self.octets is not None:
            octets = self.octets
            for begin in range(0, len(octets), OCTETS_A_LINE):
                yield f"  {begin:04x}  {octets[begin : begin + OCTETS_A_LINE].hex(' ')}"
            yield from (f"  {line}" for line in str(explain(octets)).splitlines())
        yield ""

    def document(self) -> dict[str, Any]:
        """For scripts."""
        told = None if self.octets is None else explain(self.octets)
        return {
            "at_ms": self.at_ms,
            "connector": self.connector,
            "what": self.what,
            "command": self.command,
            "masked": self.is_masked,
            "hex": None if self.octets is None else self.octets.hex(),
            "fields": {} if told is None else dict(told.rows),
            "note": self.note,
        }


def exchanges(config: Config, wanted: str, *, is_masked: bool) -> list[Exchange]:
    """The PDUs of one message, or of the newest to a number, in their order; HeliographError."""
    codec = make_codec(config)
    submitted, receipts = facts_of(config, codec, wanted)
    number = number_in(wanted)
    if not submitted and number is not None:
        newest = ids_of(config, number)[:1]
        submitted, receipts = facts_of(config, codec, newest[0]) if newest else ([], [])
    if not submitted:
        raise HeliographError(
            f"nothing of {wanted!r} has been written to a carrier, or it is longer ago than the "
            "topics keep (7 days); `heliograph trace` says what became of it"
        )
    found = [*_written(config, codec, submitted), *_came(config, codec, receipts)]
    return [
        _exchange(config, one, is_masked=is_masked) for one in sorted(found, key=lambda a: a[0])
    ]


def facts_of(config: Config, codec: Codec, message_id: str) -> tuple[list[MtSubmitted], list[Dlr]]:
    """Of each segment what became of it, where it was written, and its receipts; each once."""
    submitted: dict[tuple[object, ...], MtSubmitted] = {}
    receipts: dict[tuple[object, ...], Dlr] = {}
    starts = starts_of(config.kafka, topics.TRACKER_IN, message_id)
    for message in read_to_end(config.kafka, [topics.TRACKER_IN], starts=starts):
        if message.key() != message_id.encode():
            continue
        try:
            record = codec.decode(message.value(), MtSubmitted, Dlr)
        except UnreadableError:  # another fact
            continue
        if isinstance(record, Dlr):
            receipts[record.connector, record.smsc_message_id, record.received_ms] = record
        elif isinstance(record, MtSubmitted) and _has_a_record(record):
            submitted[record.segment, record.hop, record.attempt, record.submit_offset] = record
    return list(submitted.values()), list(receipts.values())


def _has_a_record(fact: MtSubmitted) -> bool:
    """Whether it was written, and from a record of ours: not before a cutover."""
    return fact.submitted_ms is not None and fact.submit_offset >= 0


def _exchange(config: Config, one: Answer, *, is_masked: bool) -> Exchange:
    at_ms, connector, what, command, pdu = one
    if isinstance(pdu, str):
        return Exchange(at_ms, connector, what, command, None, is_masked, pdu)
    if is_masked:
        profile = _profile(config, connector)
        own = None if profile is None else profile.ledger_tlv
        pdus.mask(pdu, () if own is None else (own,))
    return Exchange(at_ms, connector, what, command, encode(pdu), is_masked)


# --- to the carrier ---------------------------------------------------------------------------


def _written(config: Config, codec: Codec, facts: Sequence[MtSubmitted]) -> Iterator[Answer]:
    submits = _submits(config, codec, facts)
    for fact in facts:
        assert fact.submitted_ms is not None  # facts_of
        name = f"segment {fact.segment}/{fact.segments} to"
        submit = submits.get((fact.segment, fact.hop, fact.submit_offset))
        profile = _profile(config, fact.connector)
        form = validity.relative if profile is None else validity.form(profile.validity)
        pdu = None if submit is None else pdus.submit_sm(submit, fact.submitted_ms, form)
        told: Pdu | str = pdu or (GONE if submit is None else SECRET)
        yield fact.submitted_ms, fact.connector, name, "submit_sm", told
        answer = pdus.submit_sm_resp(fact)
        told = answer or f"no answer: {fact.reason or fact.outcome}"
        at = f"segment {fact.segment}/{fact.segments} from"
        yield fact.answered_ms, fact.connector, at, "submit_sm_resp", told


def _submits(
    config: Config, codec: Codec, facts: Iterable[MtSubmitted]
) -> dict[tuple[int, int, int], MtSubmit]:
    """The records that were written, by segment, way and offset."""
    found: dict[tuple[int, int, int], MtSubmit] = {}
    offsets: dict[tuple[str, bool, int], list[int]] = defaultdict(list)
    ids = {fact.message_id for fact in facts}
    for fact in facts:
        lane = fact.connector, fact.submit_lane == "priority", fact.submit_partition
        offsets[lane].append(fact.submit_offset)
    for (connector, is_urgent, partition), own in offsets.items():
        if connector not in config.connectors:
            continue
        for generation in reversed(config.connectors[connector].generations):
            topic = topics.submit(ConnectorId(connector), generation, priority=is_urgent)
            for begin, end in _runs(sorted(set(own))):
                where: Place = (topic, partition)
                read = read_to_end(
                    config.kafka, [topic], starts={where: begin}, ends={where: end + 1}
                )
                for message in read:
                    submit = _submit(codec, message.value())
                    if submit is not None and submit.message_id in ids:
                        key = submit.segment, submit.hop, message.offset() or 0
                        found.setdefault(key, submit)
    return found


def _runs(offsets: Sequence[int]) -> Iterator[tuple[int, int]]:
    """First and last of those that stand near one another."""
    begin = end = offsets[0]
    for offset in offsets[1:]:
        if offset - end > GAP_MAX:
            yield begin, end
            begin = offset
        end = offset
    yield begin, end


def _submit(codec: Codec, octets: bytes | None) -> MtSubmit | None:
    try:
        return codec.decode(octets, MtSubmit)
    except UnreadableError:
        return None


# --- from the carrier -------------------------------------------------------------------------


def _came(config: Config, codec: Codec, receipts: Iterable[Dlr]) -> Iterator[Answer]:
    for one in receipts:
        deliver = _deliver(config, codec, one)
        pdu = None if deliver is None else pdus.deliver_sm(deliver)
        told: Pdu | str = pdu or (GONE if deliver is None else SECRET)
        command = "deliver_sm" if deliver is None else deliver.command
        yield (
            one.received_ms,
            one.connector,
            f"segment {one.segment}/{one.segments} from",
            command,
            told,
        )


def _deliver(config: Config, codec: Codec, one: Dlr) -> SmscDeliver | None:
    """The receipt as it came: near its time, first where its handset is."""
    kafka, topic = config.kafka, topics.CORRELATOR_IN
    after = offsets_at(kafka, topic, one.received_ms - BEFORE_MS)
    until = offsets_at(kafka, topic, one.received_ms + AFTER_MS)
    near = starts_of(kafka, topic, one.recipient).keys()
    for places in (near, after.keys() - near):
        starts = {place: after[place] for place in places}
        for message in read_to_end(kafka, [topic], starts=starts, ends=until):
            try:
                deliver = codec.decode(message.value(), SmscDeliver)
            except UnreadableError:  # another record
                continue
            if _is_that_of(deliver, one):
                return deliver
    return None


def _is_that_of(deliver: SmscDeliver, one: Dlr) -> bool:
    if (deliver.connector, deliver.received_ms) != (one.connector, one.received_ms):
        return False
    said = receipt.read(pdu_of(deliver)).message_id
    return deliver.handset == one.recipient or said == one.smsc_message_id


def _profile(config: Config, connector: str) -> ProfileConfig | None:
    """None of a connector that is configured no more."""
    name = ConnectorId(connector)
    return config.profile(name) if name in config.connectors else None
