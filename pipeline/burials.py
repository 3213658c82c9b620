"""Dead letters, and whether they may go again, as what; pure but for the codec it is given.

What a reader could not read lies in `<topic>.dlq` as it came, with headers that say why. It may be
readable now: the schema has come, or the program that knows it. Then it goes again to where it was.

- A request keeps the id that intake would have given it, so that it is known if it goes twice, and
  gets what is left of its validity: its time runs since Kafka first had it.
- Everything else goes as it is. Who reads it compares its deadline and ends it if that is over, so
  that the message has its outcome.
"""

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec
from msgspec.structs import replace

from pipeline import masking, records, topics
from pipeline.effects import Headers
from pipeline.errors import MisshapenError, UnreadableError
from pipeline.ids import MessageId, id_at
from pipeline.records import Command, MtRequest, Record, Timer

if TYPE_CHECKING:
    from pipeline.codec import Codec

OPEN_MS_MAX = 7 * 86_400_000
"""What has lain for longer is over: the longest validity, and as long as an offset is kept."""
PREFIX = "error."  # of the headers that `dead_letters` writes
OF_FORM = ("content-type", "ce_")  # headers about the form a request came in
MS_PER_S = 1000


class Letter(NamedTuple):
    """A dead letter as it lies in its topic."""

    topic: str
    offset: int
    at_ms: int
    key: bytes | None
    octets: bytes | None
    headers: Headers


class Death(NamedTuple):
    """What its headers say: where and since when it stood, why nobody could read it."""

    topic: str
    partition: int
    offset: int
    at_ms: int
    group: str
    reason: str
    message: str


class Again(NamedTuple):
    """What is to be written, and where."""

    topic: str
    key: bytes | None
    octets: bytes | None
    headers: Headers


class Stays(NamedTuple):
    """Why it can't go again: a part of a sentence."""

    why: str


def dead_topics(catalog: Iterable[topics.Topic]) -> list[str]:
    """Those of them that hold dead letters, by name."""
    return sorted(topic.name for topic in catalog if topic.name.endswith(topics.DEAD))


def death_of(letter: Letter) -> Death:
    """What is said of it; what is missing is taken from the letter itself."""
    said = {name: _text(value) for name, value in letter.headers if name.startswith(PREFIX)}
    return Death(
        said.get("error.topic") or letter.topic.removesuffix(topics.DEAD),
        _number(said.get("error.partition"), -1),
        _number(said.get("error.offset"), -1),
        _number(said.get("error.record_timestamp"), letter.at_ms),
        said.get("error.group", ""),
        said.get("error.class", ""),
        said.get("error.message", ""),
    )


def again(
    letter: Letter, codec: "Codec", validity_s: Callable[[str], int | None], now_ms: int
) -> Again | Stays:
    """What it goes as, at `now_ms` since 1970 UTC; `validity_s` is that of a tenant, None of none.

    It goes to its own topic only: one that says it came from elsewhere stays.
    """
    death = death_of(letter)
    if topics.dlq_of(death.topic) != letter.topic:
        return Stays(f"it says it was in {death.topic}, whose dead letters are not here")
    own = [(n, v) for n, v in letter.headers if not n.startswith(PREFIX)]
    try:
        record = read(codec, death.topic, letter.octets, own)
    except MisshapenError:
        return Stays("it is JSON, but does not fit the schema of a request")
    except UnreadableError as error:
        return Stays(f"it still can't be read ({error.reason})")
    octets = letter.octets
    if isinstance(record, MtRequest):
        tenant = topics.tenant_of(death.topic)
        default_s = None if tenant is None else validity_s(tenant)
        if default_s is None:
            return Stays("its tenant is configured no more")
        request = _in_time(record, death, default_s, now_ms)
        if request is None:
            return Stays("its validity is over")
        octets = codec.encode(request, death.topic)
        own = [(n, v) for n, v in own if not n.lower().startswith(OF_FORM)]
    elif isinstance(record, Command) and not record.command_id:
        named = replace(record, command_id=_id(death))
        octets = codec.encode(named, death.topic)
    topic = topics.timer(0) if isinstance(record, Timer) else death.topic  # it has waited there
    return Again(topic, letter.key, octets, own)


def read(
    codec: "Codec",
    topic: str,
    octets: bytes | None,
    headers: Headers | None,
    kinds: Iterable[type[Record]] | None = None,
) -> Record:
    """What stands in a topic, by whichever form; raises UnreadableError, MisshapenError.

    What is none of `kinds` can't be read; without them, what has no place there.
    """
    if topics.tenant_of(topic) is not None:
        return codec.decode_request(octets, headers)
    if topic == topics.COMMAND:
        return codec.decode_command(octets)
    if kinds is None:
        kinds = [getattr(records, name) for name in topics.records_of(topic)]
    return codec.decode(octets, *kinds)


def document(
    letter: Letter, codec: "Codec", octets_max: int | None = None, *, is_masked: bool
) -> dict[str, Any]:
    """All there is to show of it; octets that nobody can read are counted, or in hex.

    So are those of one that is longer than `octets_max`, up to there.
    """
    death = death_of(letter)
    key = (letter.key or b"")[:octets_max].decode(errors="replace")
    octets = letter.octets or b""
    shown_octets = octets[:octets_max]
    shown: dict[str, Any] = {
        "topic": letter.topic,
        "offset": letter.offset,
        "at_ms": letter.at_ms,
        "key": masking.sentence(key) if is_masked else key,
        "was": death._asdict() | {"message": masking.sentence(death.message)},
        "octets": len(octets),
        "is_cut": len(shown_octets) < len(octets),
    }
    try:
        record = read(codec, death.topic, letter.octets, letter.headers)
    except (MisshapenError, UnreadableError):
        record = None
    if record is None or shown["is_cut"]:
        return shown if is_masked else shown | {"hex": shown_octets.hex()}
    fields = msgspec.to_builtins(record)
    value = masking.masked(fields) if is_masked else fields
    return shown | {"record": type(record).__name__, "value": value}


def _in_time(request: MtRequest, death: Death, default_s: int, now_ms: int) -> MtRequest | None:
    """The request as it would have been named, with the time it has left; None without any."""
    whole_s = default_s if request.validity_s is None else request.validity_s
    begins_ms = max(request.send_at_ms or 0, death.at_ms)
    left_s = (begins_ms + whole_s * MS_PER_S - max(begins_ms, now_ms)) // MS_PER_S
    if left_s < 1:
        return None
    return replace(
        request, message_id=request.message_id or MessageId(_id(death)), validity_s=left_s
    )


def _id(death: Death) -> str:
    return id_at(death.topic, death.partition, death.offset)


def _text(value: str | bytes | None) -> str:
    return value.decode(errors="replace") if isinstance(value, bytes) else value or ""


def _number(text: str | None, default: int) -> int:
    return int(text) if text is not None and text.isascii() and text.isdecimal() else default
