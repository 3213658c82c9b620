"""The binds of connectors as their binders have told them last, and the wish that they rest.

The wish is a row of `sms.control.stop`, named after the connector, until it is deleted; so it holds
for binders that begin later too.
"""

import time
from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple, TypeVar

from heliograph.telling import tell
from pipeline import topics
from pipeline.capacity import STALE_MS
from pipeline.codec import Codec
from pipeline.config import Config
from pipeline.errors import HeliographError, UnreadableError
from pipeline.ids import ConnectorId
from pipeline.kafka.clients import now_ms
from pipeline.kafka.reader import read_to_end
from pipeline.process import make_codec
from pipeline.records import ConnectorState, Record, Stop
from pipeline.stops import DRAIN, Stops

BOUND, DRAINED, RELEASED = "bound", "drained", "released"
SILENT, UNTOLD = "silent", "untold"
LOOK_EVERY_S = 0.5
R = TypeVar("R", bound=Record)


class Bind(NamedTuple):
    """One bind: of which connector, its lease, and how it is; `told` is None of one never told."""

    connector: ConnectorId
    lease: int
    is_receiver: bool
    state: str
    told: ConnectorState | None


class Look(NamedTuple):
    """How all were at a moment."""

    at_ms: int
    binds: Sequence[Bind]
    drained: Collection[ConnectorId]  # those that are to rest


def known(config: Config, connector: str | None) -> list[ConnectorId]:
    """The connector that is named, or all. Raises HeliographError for one there is not."""
    if connector is not None and connector not in config.connectors:
        names = ", ".join(config.connectors) or "none"
        raise HeliographError(f"there is no connector {connector!r}; there are {names}")
    names_of = config.connectors if connector is None else [connector]
    return [ConnectorId(name) for name in names_of]


def row_of(connector: ConnectorId) -> str:
    """The key of the wish that a connector rests."""
    return f"binds {connector}"


def write(config: Config, connector: ConnectorId, *, drain: bool) -> None:
    """Have a connector rest, or no more. Raises HeliographError when Kafka does not confirm."""
    row = Stop(action=DRAIN, connector=connector, at_ms=now_ms()) if drain else None
    tell(config, topics.CONTROL_STOP, [(row_of(connector), row)])


def look(config: Config, connectors: Collection[ConnectorId]) -> Look:
    """How the binds of these are. Raises BrokerError."""
    codec = make_codec(config)
    read = read_to_end(config.kafka, [topics.CONNECTOR_STATE, topics.CONTROL_STOP])
    states: dict[tuple[ConnectorId, int, bool], ConnectorState] = {}
    stops = {name: Stops(name) for name in connectors}
    for message in read:
        octets = message.value()
        if message.topic() == topics.CONTROL_STOP:
            row = record_of(codec, octets, Stop)
            for own in stops.values():
                own.put((message.key() or b"").decode(), row)
        elif (state := record_of(codec, octets, ConnectorState)) is not None:
            states[state.connector, state.partition, state.is_receiver] = state
    at_ms = now_ms()
    return Look(
        at_ms,
        [bind for name in connectors for bind in binds_of(config, name, states, at_ms)],
        [name for name, own in stops.items() if own.drains],
    )


def binds_of(
    config: Config,
    name: ConnectorId,
    states: dict[tuple[ConnectorId, int, bool], ConnectorState],
    at_ms: int,
) -> Iterable[Bind]:
    """The binds a connector should have; `states` is what was told of any, at `at_ms`."""
    account = config.connectors[name]
    receivers = account.receiver.binds if account.receiver is not None else 0
    for is_receiver, count in ((False, account.binds), (True, receivers)):
        for lease in range(count):
            told_last = states.get((name, lease, is_receiver))
            yield Bind(name, lease, is_receiver, _state(told_last, at_ms), told_last)


def is_well(found: Look) -> bool:
    """Whether each is bound, or rests because that is wanted."""
    return all(
        bind.state == (DRAINED if bind.connector in found.drained else BOUND)
        for bind in found.binds
    )


def await_all(
    config: Config, connector: ConnectorId, wait_s: float, *, drain: bool
) -> tuple[Look, bool]:
    """Look until all binds of a connector are drained, or bound; the last look, and whether."""
    deadline = time.monotonic() + wait_s
    wanted = DRAINED if drain else BOUND
    while True:
        found = look(config, [connector])
        if all(bind.state == wanted for bind in found.binds):
            return found, True
        if time.monotonic() >= deadline:
            return found, False
        time.sleep(LOOK_EVERY_S)


def lines(found: Look) -> list[str]:
    """A line for each bind, those of one connector together."""
    told_lines = [f"{'connector':<16} {'bind':<11} {'state':<9} told"]
    for bind in found.binds:
        kind = f"receiver {bind.lease}" if bind.is_receiver else f"{bind.lease}"
        rests = " (to rest)" if bind.connector in found.drained and bind.state != DRAINED else ""
        told_lines.append(
            f"{bind.connector:<16} {kind:<11} {bind.state:<9} {_words(bind, found.at_ms)}{rests}"
        )
    return told_lines


def told(found: Look) -> dict[str, object]:
    """The same for scripts."""
    return {
        "at_ms": found.at_ms,
        "drained": list(found.drained),
        "binds": [
            {
                "connector": bind.connector,
                "lease": bind.lease,
                "is_receiver": bind.is_receiver,
                "state": bind.state,
                "told": bind.told,
            }
            for bind in found.binds
        ],
    }


def record_of(codec: Codec, octets: bytes | None, kind: type[R]) -> R | None:
    """What was deleted or can't be read is none."""
    if octets is None:
        return None
    try:
        return codec.decode(octets, kind)
    except UnreadableError:
        return None


def _state(told_last: ConnectorState | None, at_ms: int) -> str:
    """A binder that has not spoken for long may have ended without saying so."""
    if told_last is None:
        return UNTOLD
    is_fresh = told_last.at_ms >= at_ms - STALE_MS or told_last.state == RELEASED
    return told_last.state if is_fresh else SILENT


def _words(bind: Bind, at_ms: int) -> str:
    if bind.told is None:
        return "by nobody: no binder serves it, or none has begun"
    own = bind.told
    age_s = max(0, at_ms - own.at_ms) / 1000
    rate = f", {own.rate_per_s:g} of {own.contract_per_s:g} a second" if own.rate_per_s else ""
    reason = f", {own.reason}" if own.reason else ""
    return f"{age_s:.0f} s ago by {own.replica}{rate}{reason}"
