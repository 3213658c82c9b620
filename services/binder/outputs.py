"""The own output of a partition: what its last owner had published beyond what it had committed.

Read before a partition counts as ours, from where the last commit's metadata says. A segment whose
outcome stands there is never written to the wire again; only the correlator's copy is, and the row
for a person to judge, for the last owner may have died before them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from confluent_kafka import Message

from pipeline.codec import Codec
from pipeline.config import KafkaConfig
from pipeline.kafka.membership import Start
from pipeline.kafka.reader import read_to_end
from pipeline.records import MtSubmitted
from services.binder.core import INTENT
from services.binder.offsets import output_position


@dataclass(frozen=True, slots=True)
class Known:
    """What the own output says of a segment, and at which offset."""

    record: MtSubmitted
    output_offset: int

    @property
    def is_outcome(self) -> bool:
        """Not only an intent: then it was perhaps written."""
        return self.record.outcome != INTENT.name


@dataclass(frozen=True, slots=True)
class Output:
    """The own output of one partition: its end, and outcomes beyond the committed offset."""

    end: int
    outcomes: Mapping[int, Known]


def read(
    starts: Sequence[Start], lanes: Mapping[str, bool], topic: str, kafka: KafkaConfig, codec: Codec
) -> dict[tuple[str, int], object]:
    """An `Output` for each of `starts`; blocks, on any thread.

    `lanes` says of each submit topic whether it is the priority one, `topic` is the own output.
    """
    begins: dict[tuple[str, int], int] = {}
    for start in starts:
        key = (topic, start.partition)
        position = output_position(start.metadata) or 0
        begins[key] = min(position, begins.get(key, position))
    tails: dict[int, list[Message]] = {partition: [] for _, partition in begins}
    for message in read_to_end(kafka, [topic], starts=begins):
        tails[message.partition() or 0].append(message)
    return {
        (start.topic, start.partition): _output(
            start, lanes[start.topic], begins[topic, start.partition], tails[start.partition], codec
        )
        for start in starts
    }


def _output(
    start: Start, is_priority: bool, begin: int, tail: Sequence[Message], codec: Codec
) -> Output:
    lane = "priority" if is_priority else "normal"
    end, outcomes = begin, {}
    for message in tail:
        place = message.offset() or 0
        record = codec.decode(message.value(), MtSubmitted)
        if record.submit_lane == lane and record.submit_offset >= (start.offset or 0):
            outcomes[record.submit_offset] = Known(record, place)
        end = place + 1
    return Output(end, outcomes)
