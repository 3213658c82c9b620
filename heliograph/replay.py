"""Requests that came lately, as the router has them: what `sms.router.in` holds of them, or what
intake would make of a request topic. All else is passed over, and counted.
"""

from collections import Counter
from collections.abc import Iterator
from typing import get_args

from pipeline import topics
from pipeline.config import Config
from pipeline.effects import Headers
from pipeline.errors import HeliographError, MisshapenError, UnreadableError
from pipeline.kafka.clients import headers_of
from pipeline.kafka.reader import read_to_end
from pipeline.process import make_codec
from pipeline.records import MtAdmitted, MtRejected, MtRequest, Record
from services.intake.core import Intake, ShapeFault, Source
from services.router.core import RouterRecord

UNREADABLE = "unreadable"
COMES_BACK = "that come back"
REFUSED = "refused by intake"
NO_TENANT = "of tenants that are not configured"


class Replay:
    """The requests of one topic, each once, in the order of its partitions."""

    def __init__(self, config: Config, topic: str) -> None:
        """Raises HeliographError for a topic that holds no requests."""
        known = [topics.ROUTER_IN, *topics.requests(config.tenants)]
        if topic not in known:
            raise HeliographError(
                f"--from-topic {topic}: holds no requests; take one of {', '.join(known)}"
            )
        self.passed_over: Counter[str] = Counter()
        """What was no request to be routed, by what it was; whole once all is read."""
        self._config = config
        self._topic = topic
        self._codec = make_codec(config)
        self._intake = Intake(config)

    def __iter__(self) -> Iterator[MtAdmitted]:
        """Read the topic up to its end; raises BrokerError."""
        for message in read_to_end(self._config.kafka, [self._topic]):
            place = (self._topic, message.partition() or 0, message.offset() or 0)
            source = Source(*place, message.timestamp()[1])
            try:
                record = self._read(message.value(), headers_of(message), source)
            except UnreadableError:
                self.passed_over[UNREADABLE] += 1
                continue
            why = self._why_not(record)
            if why is None:
                assert isinstance(record, MtAdmitted)
                yield record
            else:
                self.passed_over[why] += 1

    def _read(self, octets: bytes | None, headers: Headers | None, source: Source) -> Record:
        """A record of the router's, or what intake would make of a request when it came."""
        if source.topic == topics.ROUTER_IN:
            record: Record = self._codec.decode(octets, *get_args(RouterRecord))
            return record
        try:
            request: MtRequest | ShapeFault = self._codec.decode_request(octets, headers)
        except MisshapenError as error:
            request = ShapeFault(error.message_id, error.detail)
        return self._intake.decide(request, source, source.appended_ms).record

    def _why_not(self, record: Record) -> str | None:
        """Why a record is no request to be routed, or None."""
        if isinstance(record, MtRejected):
            return REFUSED
        if not isinstance(record, MtAdmitted):
            return type(record).__name__
        if record.due:
            return COMES_BACK
        return None if record.head.tenant in self._config.tenants else NO_TENANT
