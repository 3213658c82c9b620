"""Segments that may be at the SMSC or not, as an operator judges them: listed, sent again, ended.

The rows are those of `sms.mt.unresolved`. What a receipt has resolved meanwhile, by what
`sms.mt.status` says, is in doubt no more and neither sent again nor ended.

What is sent again and the end of its row are one transaction: a binder that ends it at once, in
doubt once more, writes the same row anew, and that must come after.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from msgspec.structs import replace

from pipeline import topics
from pipeline.codec import Codec
from pipeline.config import Config
from pipeline.errors import HeliographError, UnreadableError
from pipeline.ids import ConnectorId
from pipeline.kafka.bundle import write_bundle
from pipeline.kafka.clients import now_ms
from pipeline.kafka.reader import read_to_end
from pipeline.masking import number
from pipeline.process import make_codec
from pipeline.records import MtStatus, MtSubmit, MtSubmitted, Record
from pipeline.unresolved import key_of
from services.router.quiet_hours import QuietHours
from services.router.submits import Target, target_of
from services.router.usage import moment
from services.tracker.states import UNKNOWN

REASON = "operator"
NO_BIND = NO_OFFSET = -1  # it speaks for no bind and for no record of a submit topic
LIST = "`heliograph unresolved list` says what is"


Row = tuple[str, str, Record | None]
"""Topic, key and record; None to delete."""


class Doubt(NamedTuple):
    """A row, and the state of its segment by the life story; None where that says nothing."""

    submit: MtSubmit
    state: str | None

    @property
    def is_open(self) -> bool:
        """Whether nobody knows yet what became of it."""
        return self.state in (None, UNKNOWN)


def doubts(config: Config) -> list[Doubt]:
    """Every row there is, the oldest first. Raises BrokerError."""
    codec = make_codec(config)
    rows = {m.key(): m.value() for m in read_to_end(config.kafka, [topics.MT_UNRESOLVED])}
    submits = [submit for octets in rows.values() if (submit := _submit(octets, codec))]
    if not submits:
        return []
    wanted = {submit.message_id.encode() for submit in submits}
    told = {
        m.key(): m.value()
        for m in read_to_end(config.kafka, [topics.MT_STATUS])
        if m.key() in wanted
    }
    stories = [codec.decode(octets, MtStatus) for octets in told.values() if octets]
    return judged(submits, stories)


def judged(submits: Iterable[MtSubmit], stories: Iterable[MtStatus]) -> list[Doubt]:
    """These segments with their states, the oldest request first."""
    states = {
        (story.head.message_id, segment.segment): segment.state
        for story in stories
        for segment in story.segments
    }
    found = [Doubt(each, states.get((each.message_id, each.segment))) for each in submits]
    return sorted(found, key=lambda doubt: (doubt.submit.requested_ms, key_of(doubt.submit)))


def lines(found: Sequence[Doubt], this_ms: int) -> Iterator[str]:
    """A line for each that is open, its number masked, and how many are not."""
    still_open = [doubt.submit for doubt in found if doubt.is_open]
    for submit in still_open:
        over = ", over" if submit.deadline_ms <= this_ms else ""
        yield (
            f"{submit.message_id} segment {submit.segment}/{submit.segments} to "
            f"{number(submit.recipient)} by {submit.connector}, requested "
            f"{moment(submit.requested_ms)}, valid until {moment(submit.deadline_ms)}{over}"
        )
    if not still_open:
        yield "nothing is unresolved"
    if settled := len(found) - len(still_open):
        yield f"{settled} resolved meanwhile by what their SMSCs reported"


def documents(found: Iterable[Doubt]) -> list[dict[str, Any]]:
    """The same for scripts, those that are resolved too."""
    return [
        {
            "message_id": submit.message_id,
            "segment": submit.segment,
            "segments": submit.segments,
            "recipient": number(submit.recipient),
            "connector": submit.connector,
            "requested_ms": submit.requested_ms,
            "deadline_ms": submit.deadline_ms,
            "state": state or UNKNOWN,
            "open": is_open,
        }
        for submit, state, is_open in ((one.submit, one.state, one.is_open) for one in found)
    ]


def resend(config: Config, message_ids: Sequence[str]) -> int:
    """Have what is open of these messages written once more; how many segments that are.

    All or none: raises HeliographError for a message of which nothing is open, whose time is over,
    whose connector is gone or which quiet hours forbid, before anything is written.
    """
    found = _open(doubts(config), message_ids)
    _write(config, [*orders(config, found, now_ms()), *_ends(found)])
    return len(found)


def orders(config: Config, found: Sequence[Doubt], this_ms: int) -> list[Row]:
    """What to write so that these are sent once more; raises HeliographError where one can't be."""
    quiet_hours, rows = QuietHours(config.quiet_hours), list[Row]()
    for doubt in found:
        topic, key = _place(config, doubt.submit, this_ms)
        until_ms = _write_until_ms(quiet_hours, doubt.submit, this_ms)
        rows.append((topic, key, anew(doubt.submit, until_ms)))
    return rows


def fail(config: Config, message_ids: Sequence[str]) -> int:
    """End what is open of these messages as rejected; how many segments that are.

    All or none, as `resend`. A receipt that still comes changes nothing any more.
    """
    found = _open(doubts(config), message_ids)
    this_ms = now_ms()
    facts: list[Row] = [
        (topics.TRACKER_IN, doubt.submit.message_id, failed(doubt.submit, this_ms))
        for doubt in found
    ]
    _write(config, [*facts, *_ends(found)])
    return len(found)


def anew(submit: MtSubmit, write_until_ms: int | None = None) -> MtSubmit:
    """The order to write it once more: never said to be unwritten, for it may have been before.

    `write_until_ms` is when the next quiet hours begin, since 1970 UTC; None: it may be later.
    """
    return replace(
        submit,
        connector=None,
        doubtful=True,
        attempts=max(1, submit.attempts),
        write_until_ms=write_until_ms,
    )


def failed(submit: MtSubmit, this_ms: int) -> MtSubmitted:
    """The fact that an operator takes it for not sent."""
    assert submit.connector is not None  # `_open` has looked
    return MtSubmitted(
        message_id=submit.message_id,
        segment=submit.segment,
        segments=submit.segments,
        hop=submit.hop,
        connector=submit.connector,
        recipient=submit.recipient,
        sender=submit.source_addr,
        tenant=submit.tenant,
        class_=submit.class_,
        campaign=submit.campaign,
        outcome="rejected",
        reason=REASON,
        receipt_expected=bool(submit.registered_delivery & 0x03),
        replica=REASON,
        bind=NO_BIND,
        attempt=submit.attempts,
        submit_lane=_lane(submit),
        submit_partition=0,
        submit_offset=NO_OFFSET,
        requested_ms=submit.requested_ms,
        answered_ms=this_ms,
        deadline_ms=submit.deadline_ms,
        test=submit.test,
    )


def _open(found: Sequence[Doubt], message_ids: Sequence[str]) -> list[Doubt]:
    """What is open of these messages; raises HeliographError for one of which nothing is."""
    chosen: list[Doubt] = []
    for message_id in dict.fromkeys(message_ids):
        own = [doubt for doubt in found if doubt.submit.message_id == message_id]
        still_open = [d for d in own if d.is_open and d.submit.connector is not None]
        if not own:
            raise HeliographError(f"nothing of {message_id} is unresolved; {LIST}")
        if not still_open:
            states = ", ".join(sorted({doubt.state or UNKNOWN for doubt in own}))
            raise HeliographError(f"{message_id} is {states} meanwhile: there is nothing to judge")
        chosen += still_open
    return chosen


def _place(config: Config, submit: MtSubmit, this_ms: int) -> tuple[str, str]:
    """Topic and key of what is to be written again; raises HeliographError where that can't be."""
    if submit.deadline_ms <= this_ms:
        raise HeliographError(
            f"{submit.message_id} was valid until {moment(submit.deadline_ms)}, so it is not sent "
            f"again; `heliograph unresolved fail {submit.message_id}` ends it"
        )
    name = submit.connector
    if name is None or name not in config.connectors:
        raise HeliographError(
            f"{submit.message_id} went by {name}, which is configured no more; "
            f"`heliograph unresolved fail {submit.message_id}` ends it"
        )
    target: Target = target_of(config, ConnectorId(name))
    is_urgent = _lane(submit) == "priority"
    return target.priority_topic if is_urgent else target.topic, target.key_of(submit)


def _write_until_ms(quiet_hours: QuietHours, submit: MtSubmit, this_ms: int) -> int | None:
    """When the quiet hours begin that it must be written before: those it had may be over."""
    quiet = quiet_hours.at(this_ms, submit.class_, submit.recipient)
    if quiet.until_ms is not None:
        raise HeliographError(
            f"quiet hours forbid {submit.message_id} until {moment(quiet.until_ms)}; send it again "
            f"then, or end it with `heliograph unresolved fail {submit.message_id}`"
        )
    is_before = quiet.from_ms is not None and quiet.from_ms < submit.deadline_ms
    return quiet.from_ms if is_before else None


def _lane(submit: MtSubmit) -> str:
    return "priority" if submit.priority_flag else "normal"


def _ends(found: Iterable[Doubt]) -> list[Row]:
    return [(topics.MT_UNRESOLVED, key_of(doubt.submit), None) for doubt in found]


def _write(config: Config, rows: Iterable[Row]) -> None:
    codec = make_codec(config)
    write_bundle(
        config.kafka,
        (
            (topic, key, None if row is None else codec.encode(row, topic))
            for topic, key, row in rows
        ),
    )


def _submit(octets: bytes | None, codec: Codec) -> MtSubmit | None:
    """The segment of a row; None of one that was deleted, or that is none."""
    try:
        return codec.decode(octets, MtSubmit) if octets else None
    except UnreadableError:
        return None
