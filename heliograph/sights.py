"""What `top` and `lag` look at: a snapshot of telemetry, and how far groups are behind."""

import time
from collections.abc import Iterable, Iterator, Sequence

import msgspec
from rich.console import Console
from rich.console import Group as Lines
from rich.live import Live
from rich.text import Text

from heliograph.binds import record_of
from heliograph.topping import BAD, screen, span
from pipeline import topics
from pipeline.asking import answer_of
from pipeline.capacity import Capacity
from pipeline.config import Config
from pipeline.errors import HeliographError
from pipeline.kafka.clients import now_ms
from pipeline.kafka.reader import read_to_end
from pipeline.process import make_codec
from pipeline.records import ConnectorState, Stop
from pipeline.stops import Stops
from services.telemetry.groups import Asked, Groups
from services.telemetry.snapshot import Group, Snapshot

TIMEOUT_S = 5


class Sights:
    """One telemetry, at `url`."""

    def __init__(self, url: str) -> None:
        self._url = url.rstrip("/")
        if not self._url.startswith(("http://", "https://")):
            raise HeliographError(f"--url {url}: write http://HOST:PORT")

    def look(self) -> Snapshot:
        """The newest snapshot; raises HeliographError."""
        try:
            found = answer_of(f"{self._url}/v1/snapshot", TIMEOUT_S)
        except (OSError, ValueError) as error:
            raise HeliographError(
                f"telemetry does not answer at {self._url} ({error}); start it, or give --url"
            ) from error
        if found == b"null":
            raise HeliographError("telemetry has just started; ask again in a second")
        try:
            return msgspec.json.decode(found, type=Snapshot)
        except msgspec.DecodeError as error:
            raise HeliographError(
                f"what answers at {self._url} is no telemetry of this version: {error}"
            ) from error


def watch(sights: Sights, every_s: float) -> None:
    """Show it until Ctrl-C, which is the way to end it; raises HeliographError at the first look.

    A later one that fails leaves what was seen before, and says why.
    """
    console = Console()
    seen, why = sights.look(), ""
    try:
        with Live(console=console, screen=True, auto_refresh=False) as live:
            while True:
                shown = screen(seen, console.width)
                live.update(Lines(Text(why, BAD), shown) if why else shown, refresh=True)
                time.sleep(every_s)
                try:
                    seen, why = sights.look(), ""
                except HeliographError as error:
                    why = str(error)
    except KeyboardInterrupt:
        return


def standing(config: Config, pause_s: float) -> Sequence[Group]:
    """Every group, its rate measured over `pause_s`; raises HeliographError."""
    return asked_twice(config, pause_s)[1].groups


def asked_twice(config: Config, pause_s: float) -> tuple[Asked, Asked]:
    """What Kafka says of every group, and `pause_s` later; raises HeliographError."""
    capacity, stops, codec = Capacity(config, now_ms), Stops(), make_codec(config)
    for message in read_to_end(config.kafka, [topics.CONNECTOR_STATE, topics.CONTROL_STOP]):
        octets = message.value()
        if message.topic() == topics.CONTROL_STOP:
            stops.put((message.key() or b"").decode(), record_of(codec, octets, Stop))
        elif (state := record_of(codec, octets, ConnectorState)) is not None:
            capacity.hear(state)
    groups = Groups(config, capacity, stops)
    try:
        first = groups.patiently_ask()
        time.sleep(pause_s)
        return first, groups.patiently_ask()
    finally:
        groups.close()


def lag_table(groups: Iterable[Group]) -> Iterator[str]:
    """A line a group, with a heading."""
    rows = [
        (
            one.name,
            f"{one.lag:,}",
            "-" if one.age_s is None else span(one.age_s),
            f"{one.done_per_s:,.0f}",
        )
        for one in groups
    ]
    width = max((len(name) for name, *_ in rows), default=0)
    yield f"{'group':{width}}  {'lag':>10}  {'age':>12}  {'done/s':>8}"
    for name, lag, age, done in rows:
        yield f"{name:{width}}  {lag:>10}  {age:>12}  {done:>8}"
