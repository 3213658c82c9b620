"""What a pipeline says while it runs: the events of its messages, the outcomes of one connector."""

import threading
from collections import Counter
from typing import NamedTuple

from heliograph.launcher import START_TIMEOUT_S
from pipeline import topics
from pipeline.config import Config
from pipeline.ids import ConnectorId
from pipeline.kafka.reader import follow
from pipeline.process import make_codec
from pipeline.records import MtEvent, MtSubmitted


class Written(NamedTuple):
    """An outcome as it stands in Kafka."""

    message_id: str
    outcome: str
    partition: int
    at_ms: int
    submitted_ms: int | None


class Events:
    """Follows `sms.mt.event` and a connector's outcomes, on a thread of its own."""

    def __init__(self, config: Config, connector: ConnectorId) -> None:
        self.concluded: set[str] = set()
        self.counts: Counter[str] = Counter()  # events, by name
        self.versions: Counter[str] = Counter()  # of the routes that messages went by
        self.written: list[Written] = []
        self._codec = make_codec(config)
        self._kafka = config.kafka
        self._reads = [topics.MT_EVENT, topics.submitted(connector, 1)]
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._follow, name="events", daemon=True)

    def start(self) -> None:
        """From now on."""
        self._thread.start()

    def stop(self) -> None:
        """And no more."""
        self._stopping.set()
        self._thread.join(START_TIMEOUT_S)

    def _follow(self) -> None:
        for messages in follow(self._kafka, self._reads, self._stopping.is_set):
            for message in messages:
                record = self._codec.decode(message.value(), MtEvent, MtSubmitted)
                if isinstance(record, MtSubmitted):
                    moment, partition = message.timestamp()[1], message.partition() or 0
                    told = record.message_id, record.outcome, partition, moment
                    self.written.append(Written(*told, record.submitted_ms))
                elif isinstance(record, MtEvent):
                    self.counts[record.event] += 1
                    if record.event == "routed" and record.routes_version is not None:
                        self.versions[record.routes_version] += 1
                    if record.terminal:
                        self.concluded.add(record.message_id)
