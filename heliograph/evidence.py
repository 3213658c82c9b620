"""Gathers what `verify` judges: the topics to their ends, and the sandboxes' ledgers over HTTP."""

import json
import urllib.request
from collections.abc import Iterable, Iterator
from typing import Any

from heliograph.verify import Evidence
from pipeline import topics
from pipeline.codec import Codec
from pipeline.config import Config
from pipeline.ids import ConnectorId
from pipeline.kafka.reader import read_to_end
from pipeline.records import Dlr, Mo, MtEvent, MtSubmitted

HTTP_TIMEOUT_S = 30


def gather(config: Config, codec: Codec, ledgers: Iterable[str], evidence: Evidence) -> None:
    """Fill `evidence` (which holds the requests) from the topics and the ledgers' base URLs."""
    outputs = [
        topics.submitted(ConnectorId(name), connector.generation)
        for name, connector in config.connectors.items()
    ]
    reads = [topics.MT_EVENT, topics.DLR, topics.DLR_ORPHAN, topics.MO, *outputs]
    for message in read_to_end(config.kafka, reads):
        record = codec.decode(message.value(), MtEvent, Dlr, Mo, MtSubmitted)
        match record:
            case MtEvent():
                evidence.events[record.event_id] = record
            case Dlr():
                evidence.receipts.append(record)
            case Mo():
                evidence.mo[record.mo_id] = record
            case MtSubmitted():
                evidence.submitted.append(record)
    for url in ledgers:
        for entry in json_lines(f"{url}/ledger/segments"):
            if entry["command_status"] == 0:
                evidence.ledger[entry["message_id"], entry["segment"]] += 1


def json_lines(url: str) -> Iterator[dict[str, Any]]:
    """The objects of a JSON-lines resource on loopback."""
    with urllib.request.urlopen(url, timeout=HTTP_TIMEOUT_S) as response:  # noqa: S310
        for line in response:
            yield json.loads(line)


def get_json(url: str) -> dict[str, Any]:
    """One JSON object from loopback."""
    with urllib.request.urlopen(url, timeout=HTTP_TIMEOUT_S) as response:  # noqa: S310
        found: dict[str, Any] = json.load(response)
    return found


def post_json(url: str, body: object) -> None:
    """Post one JSON object to loopback."""
    request = urllib.request.Request(  # noqa: S310
        url, json.dumps(body).encode(), {"Content-Type": "application/json"}
    )
    with urllib.request.urlopen(request, timeout=HTTP_TIMEOUT_S):  # noqa: S310
        pass
