"""One lane: what has come in it goes into the queues, each tenant's into its own."""

from collections.abc import Mapping, Sequence

from confluent_kafka import Message

from pipeline import topics
from pipeline.kafka.member import Member, place
from pipeline.process import Process
from services.intake.poison import Partition, Poison
from services.intake.queues import Queues

GROUP = "intake"


class LaneReader:
    """Reads one lane into the queues while they have room."""

    def __init__(self, lane: str, ground: Process, queues: Queues[Message], poison: Poison) -> None:
        self._lane = lane
        self._queues = queues
        self._poison = poison
        self._names = {topics.request(flow.tenant, lane): flow for flow in queues.flows(lane)}
        self._member = Member(
            ground.config.kafka, GROUP, self._held, self._on_assigned, self._on_gone
        )
        self.poisoned_count = self._member.stopped_count
        self.balance = self._member.balance
        self.close = self._member.close
        self.is_assigned = False

    def waiting_count(self) -> int:
        """Records read that wait for their turn."""
        return sum(self._held().values())

    def subscribe(self) -> None:
        """Join the group."""
        self._member.subscribe(self._names)

    def read(self, patience_s: float) -> None:
        """Take what has come into the queues, as far as there is room for it."""
        for message in self._member.read(patience_s):
            self._names[message.topic() or ""].waiting.append(message)

    def poison(self, partition: Partition) -> None:
        """Read no more of a partition."""
        self._member.stop(partition)
        self._forget({partition})

    def commit(self, messages: Sequence[Message]) -> None:
        """All of these are dealt with."""
        self._member.commit(messages)

    def _held(self) -> Mapping[str, int]:
        return {topic: len(flow.waiting) for topic, flow in self._names.items()}

    def _on_assigned(self, _: set[Partition]) -> None:
        self.is_assigned = True
        self._share()

    def _on_gone(self, gone: set[Partition]) -> None:
        self._forget(gone)
        self._share()

    def _forget(self, gone: set[Partition]) -> None:
        self._queues.forget(lambda message: place(message) in gone)
        for partition in gone:
            self._poison.forget(partition)

    def _share(self) -> None:
        """Own as much of each tenant's rate as of its partitions, and of the lane's as of all; all
        lanes are dealt out alike."""
        shares = self._member.shares()
        for topic, share in shares.items():
            self._queues.own(self._names[topic].tenant, share)
        self._queues.own_lane(self._lane, sum(shares.values()) / len(self._names))
