"""Which connectors are up, from `sms.connector.state`."""

from collections.abc import Callable

from pipeline import topics
from pipeline.capacity import STALE_MS
from pipeline.codec import Codec
from pipeline.config import KafkaConfig
from pipeline.errors import UnreadableError
from pipeline.ids import ConnectorId
from pipeline.kafka.clients import now_ms
from pipeline.kafka.table import ControlTable
from pipeline.records import ConnectorState


class ConnectorHealth:
    """The newest word of every bind lease, followed on a thread of its own."""

    def __init__(
        self,
        kafka: KafkaConfig,
        codec: Codec,
        clock: Callable[[], int] = now_ms,
        on_state: Callable[[ConnectorState], object] = lambda _: None,
    ) -> None:
        """`on_state` is told every word that can be read, on the thread of the table."""
        self._codec = codec
        self._on_state = on_state
        self._clock = clock
        self._bound_ms: dict[ConnectorId, dict[int, int]] = {}
        self._table = ControlTable(kafka, topics.CONNECTOR_STATE, self.hear)

    def start(self) -> None:
        """Read what is there, then follow."""
        self._table.start()

    def is_running(self) -> bool:
        """Whether it still follows: it ends by a bug only."""
        return self._table.is_running()

    def is_up(self, connector: ConnectorId) -> bool:
        """Whether any of the connector's binds was bound within STALE_MS."""
        oldest = self._clock() - STALE_MS
        return any(at_ms >= oldest for at_ms in list(self._bound_ms.get(connector, {}).values()))

    def hear(self, _key: str, octets: bytes | None) -> None:
        """Take one record of the topic; receivers and what can't be read change nothing."""
        try:
            state = self._codec.decode(octets, ConnectorState)
        except UnreadableError:
            return
        self._on_state(state)
        if state.is_receiver:
            return
        bound = self._bound_ms.setdefault(state.connector, {})
        if state.state == "bound":
            bound[state.partition] = state.at_ms
        else:
            bound.pop(state.partition, None)
