"""Gathers what `verify` judges: the groups' backlogs, the sandboxes' ledgers, the topics, the logs.

In this order, of a run that is at rest: what a ledger holds has then come to the topics.
"""

import time
import urllib.request
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from heliograph.canaries import Canaries
from heliograph.ledgers import HTTP_TIMEOUT_S, Ledger, contracts, ledgers
from heliograph.tallies import Evidence
from pipeline import topics
from pipeline.codec import Codec
from pipeline.config import Config
from pipeline.errors import HeliographError, MisshapenError, UnreadableError
from pipeline.ids import ConnectorId
from pipeline.kafka.backlog import backlog
from pipeline.kafka.clients import headers_of, now_ms
from pipeline.kafka.reader import read_to_end
from pipeline.readers import reads
from pipeline.records import (
    Dlr,
    Mo,
    MtAdmitted,
    MtEvent,
    MtRejected,
    MtRequest,
    MtSubmitted,
    SmscDeliver,
)
from services.correlator.joining import is_of_id
from services.correlator.receipts import pdu_of
from services.intake.core import Intake, ShapeFault, Source
from services.sandbox.config import sandbox_config
from services.scheduler.core import ripe_ms
from smpp import receipt

SETTLE_S = 15.0
LOOK_EVERY_S = 0.5


@dataclass(frozen=True, slots=True)
class Places:
    """Where to look: ledgers as written on a command line, a folder of logs, URLs of metrics."""

    ledgers: Sequence[str]
    logs: Path | None = None
    metrics: Sequence[str] = ()


def gather(
    config: Config,
    codec: Codec,
    places: Places,
    *,
    on_event: Callable[[MtEvent], None] = lambda _: None,
    settle_s: float = SETTLE_S,
) -> Evidence:
    """All the evidence there is; waits up to `settle_s` until nothing is left to read.

    `on_event` sees every event. Raises HeliographError for a ledger or metrics that can't be read
    and BrokerError without a broker.
    """
    found = ledgers(places.ledgers, config)
    ledger_of = {connector: ledger.name for ledger in found for connector in ledger.connectors}
    evidence = Evidence(ledger_of, contracts(found, config))
    evidence.lag = _lag(config, settle_s)
    for ledger in found:
        _note_ledger(ledger, evidence)
    canaries = None if places.logs is None else Canaries(_secrets(config))
    _note_requests(config, codec, evidence, canaries)
    _note_outputs(config, codec, evidence, on_event)
    _note_deliveries(config, codec, evidence, canaries)
    if canaries is not None and places.logs is not None:
        evidence.leaks = canaries.search(_lines(places.logs, places.metrics))
    return evidence


def _note_ledger(ledger: Ledger, evidence: Evidence) -> None:
    for entry in ledger.entries():
        try:
            evidence.note_entry(ledger.name, entry)
        except KeyError as error:
            raise HeliographError(
                f"the ledger {ledger.place} has an entry without {error}; is it one?"
            ) from error


# --- groups -----------------------------------------------------------------------------------


def _lag(config: Config, settle_s: float) -> dict[str, int]:
    """Records that wait for each group; the last look after `settle_s`, or when none wait."""
    deadline = time.monotonic() + settle_s
    groups = {**reads(config), "telemetry": []}  # what it has committed of
    while True:
        lag = {group: _backlog(config, group, read) for group, read in groups.items()}
        if not any(lag.values()) or time.monotonic() > deadline:
            return lag
        time.sleep(LOOK_EVERY_S)


def _backlog(config: Config, group: str, read: Sequence[str]) -> int:
    """Timers that are not ripe wait by right."""
    now = now_ms()
    return backlog(
        config.kafka,
        group,
        read,
        counts=lambda message: (
            message.topic() not in topics.TIMER_WAIT_S
            or ripe_ms(message.timestamp()[1], topics.TIMER_WAIT_S[message.topic() or ""]) <= now
        ),
    )


# --- topics -----------------------------------------------------------------------------------


def _note_requests(
    config: Config, codec: Codec, evidence: Evidence, canaries: Canaries | None
) -> None:
    """Every request that can be read, under the name that intake gives it."""
    intake = Intake(config)
    for message in read_to_end(config.kafka, topics.requests(config.tenants)):
        request: MtRequest | ShapeFault
        try:
            request = codec.decode_request(message.value(), headers_of(message))
        except MisshapenError as error:
            request = ShapeFault(error.message_id, error.detail)
        except UnreadableError:
            continue  # a dead letter
        place = (message.topic() or "", message.partition() or 0, message.offset() or 0)
        source = Source(*place, appended_ms=message.timestamp()[1])
        admitted = intake.decide(request, source, source.appended_ms).record
        assert isinstance(admitted, MtAdmitted | MtRejected)
        evidence.note_request(admitted.head.message_id)
        if canaries is not None and isinstance(request, MtRequest):
            canaries.note_request(request)


def _note_outputs(
    config: Config, codec: Codec, evidence: Evidence, on_event: Callable[[MtEvent], None]
) -> None:
    submitted = [
        topics.submitted(ConnectorId(name), generation)
        for name, connector in config.connectors.items()
        for generation in connector.generations
    ]
    reads = [topics.MT_EVENT, topics.DLR, topics.DLR_ORPHAN, topics.MO, *submitted]
    for message in read_to_end(config.kafka, reads):
        record = codec.decode(message.value(), MtEvent, Dlr, Mo, MtSubmitted)
        match record:
            case MtEvent():
                evidence.note_event(record)
                on_event(record)
            case Dlr():
                evidence.note_dlr(record)
            case Mo():
                evidence.note_mo(record)
            case MtSubmitted():
                evidence.note_submitted(record)


def _note_deliveries(
    config: Config, codec: Codec, evidence: Evidence, canaries: Canaries | None
) -> None:
    """The raw topic; what else stands there is somebody else's, or there once more."""
    connectors = map(ConnectorId, config.connectors)
    unmarked = {name for name in connectors if config.profile(name).receipts_by_text}
    for message in read_to_end(config.kafka, [topics.CORRELATOR_IN]):
        if is_of_id((message.key() or b"").decode(errors="replace")):
            continue
        try:
            deliver = codec.decode(message.value(), SmscDeliver)
        except UnreadableError:
            continue
        pdu = pdu_of(deliver)
        is_receipt = receipt.is_receipt(pdu, by_text=deliver.connector in unmarked)
        evidence.note_deliver(deliver, receipt.read(pdu).message_id or "" if is_receipt else None)
        if canaries is not None:
            canaries.note_number(deliver.handset)


# --- logs, metrics, secrets -------------------------------------------------------------------


def _lines(logs: Path, metrics: Iterable[str]) -> Iterator[tuple[str, Iterable[str]]]:
    for path in sorted(path for path in logs.rglob("*") if path.is_file()):
        with path.open(encoding="utf-8", errors="replace") as lines:
            yield str(path.relative_to(logs)), lines
    for url in metrics:
        yield url, metrics_at(url)


def metrics_at(url: str) -> list[str]:
    """The lines there; raises HeliographError."""
    try:
        with urllib.request.urlopen(url, timeout=HTTP_TIMEOUT_S) as response:  # noqa: S310
            return [line.decode("utf-8", "replace") for line in response]
    except (OSError, ValueError) as error:
        raise HeliographError(f"the metrics {url} can't be read: {error}") from error


def _secrets(config: Config) -> Iterator[str]:
    """Every secret of the configuration, those inside librdkafka's settings included."""
    for connector in config.connectors.values():
        yield from (secret.get_secret_value() for secret in connector.secrets().values())
    for name in config.services.get("sandbox", {}):
        for account in sandbox_config(config, name).accounts.values():
            yield account.password.get_secret_value()
    for key, value in config.kafka.librdkafka.items():
        if key.endswith(("password", "secret")):
            yield str(value)
