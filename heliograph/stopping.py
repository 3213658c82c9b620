"""The stop button: rows of `sms.control.stop`, written, deleted and listed.

A row is named after what it is about, so that the options that stopped something let it go on.
"""

from dataclasses import dataclass
from datetime import UTC, datetime

from heliograph.telling import tell
from pipeline import topics
from pipeline.codec import Codec
from pipeline.config import Config
from pipeline.errors import HeliographError, UnreadableError
from pipeline.kafka.reader import read_to_end
from pipeline.process import make_codec
from pipeline.records import Stop

RESUME = "resume"


@dataclass(frozen=True, slots=True)
class InForce:
    """A row there is, under its name; of one that can't be read, why."""

    name: str
    stop: Stop | None
    fault: str | None = None

    def __str__(self) -> str:
        if self.stop is None:
            return f"?      {self.name}: {self.fault}"
        own = name_of(self.stop)
        about = self.name if self.name == own else f"{self.name} ({own})"
        since = datetime.fromtimestamp(self.stop.at_ms / 1000, UTC)
        return f"{self.stop.action:<6} {about}, since {since:%Y-%m-%d %H:%M:%S} UTC"


def name_of(stop: Stop) -> str:
    """What a row is about, as its key."""
    parts = {"tenant": stop.tenant, "campaign": stop.campaign, "connector": stop.connector}
    named = [f"{kind} {name}" for kind, name in parts.items() if name is not None]
    return ", ".join(named) or "everything"


def write(config: Config, stop: Stop) -> str:
    """Pause or cancel, or let go on what was; the row's name, once Kafka has it.

    Raises HeliographError for names that are not configured and when Kafka does not confirm.
    """
    for kind, name, known in (
        ("tenant", stop.tenant, config.tenants),
        ("connector", stop.connector, config.connectors),
    ):
        if name is not None and name not in known:
            raise HeliographError(f"there is no {kind} {name!r}; there are {', '.join(known)}")
    row = None if stop.action == RESUME else stop
    tell(config, topics.CONTROL_STOP, [(name_of(stop), row)])
    return name_of(stop)


def in_force(config: Config) -> list[InForce]:
    """Every row there is, by name."""
    rows = {m.key() or b"": m.value() for m in read_to_end(config.kafka, [topics.CONTROL_STOP])}
    codec = make_codec(config)
    return [_row(key.decode(), octets, codec) for key, octets in sorted(rows.items()) if octets]


def _row(name: str, octets: bytes, codec: Codec) -> InForce:
    try:
        return InForce(name, codec.decode(octets, Stop))
    except UnreadableError as error:
        return InForce(name, None, str(error))
