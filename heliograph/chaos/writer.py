"""What others write to the pipeline: requests, and rows of the control topics."""

from typing import Any

from pipeline import topics
from pipeline.config import Config
from pipeline.errors import HeliographError
from pipeline.ids import MessageId
from pipeline.kafka.clients import make_producer, produce
from pipeline.process import make_codec
from pipeline.records import MtRequest, Record

FLUSH_TIMEOUT_S = 60
TEXT = "Your parcel is on its way."


class RefusedError(HeliographError):
    """Kafka has not taken what a row needs it to have."""


class Writer:
    """One producer for all of it."""

    def __init__(self, config: Config) -> None:
        self._refusal: object = None
        self._codec = make_codec(config)
        self._producer = make_producer(config.kafka)

    def ask(
        self,
        name: str,
        *,
        tenant: str = topics.DEFAULT_TENANT,
        lane: str = "normal",
        **request: Any,
    ) -> None:
        """Ask for one message; what one recipient is sent stays in order."""
        fields = {"text": TEXT, "from_": "ACME"} | request
        record = MtRequest(message_id=MessageId(name), **fields)
        self._write(topics.request(tenant, lane), fields["to"], record)

    def tell(self, topic: str, key: str, row: Record | None) -> float:
        """Write or delete a row; when Kafka had it (LogAppendTime), ms since 1970."""
        octets = None if row is None else self._codec.encode(row, topic)
        had_ms: list[int] = []

        def note(error: object, message: Any) -> None:
            self._note(error, message)
            had_ms.append(message.timestamp()[1])

        produce(self._producer, topic, key, octets, on_delivery=note)
        self.flush()
        return had_ms[0]

    def flush(self) -> None:
        """Wait until Kafka has all; raises RefusedError."""
        unsent = self._producer.flush(FLUSH_TIMEOUT_S)
        if unsent or self._refusal:
            raise RefusedError(f"{unsent} records unsent, refused: {self._refusal!s}")

    def _write(self, topic: str, key: str, record: Record) -> None:
        octets = self._codec.encode(record, topic)
        produce(self._producer, topic, key, octets, on_delivery=self._note)
        self._producer.poll(0)

    def _note(self, error: object, _: object) -> None:
        self._refusal = self._refusal or error
