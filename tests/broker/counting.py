"""A service for tests: numbers the records of each key and partition. Run as a process of its own.

python -m tests.broker.counting BOOTSTRAP STATE_DIR [COMMIT_WITHIN_S]
"""

import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

from pipeline import stream, topics
from pipeline.config import Config, KafkaConfig
from pipeline.effects import Effect, Entries, KeyEntries, Publish
from pipeline.process import process
from pipeline.records import Wake


class Count(msgspec.Struct):
    """How many records of a key, or of a partition, have come."""

    value: int


class Counting:
    """Answers each record with its number of its key, and with that of its partition."""

    def decide(self, state: KeyEntries, record: Wake, now_ms: int) -> Sequence[Effect]:
        said = [
            Wake(key=name, kind=record.what, what=str(_next(entries)), set_ms=now_ms)
            for name, entries in ((state.key, state), (f"p{state.partition}", state.shared))
        ]
        return [Publish(topics.MT_EVENT, record.key, answer) for answer in said]


def _next(state: Entries) -> int:
    count = state.get("count", Count)
    number = count.value + 1 if count else 1
    state.put("count", Count(number), ttl_s=3600)
    return number


def main(bootstrap: str, state_dir: str, commit_within_s: str = "") -> None:
    """Count what comes to the tracker's topic."""
    if commit_within_s:
        stream.COMMIT_WITHIN = int(float(commit_within_s) / stream.COMMIT_AFTER_S)
    config = Config(kafka=KafkaConfig(bootstrap_servers=bootstrap), state_dir=Path(state_dir))
    with process("tracker", config, "counting-0") as ground:
        stream.run(
            Counting(),
            service="tracker",
            topic_in=topics.TRACKER_IN,
            kinds=(Wake,),
            ground=ground,
        )


if __name__ == "__main__":
    main(*sys.argv[1:])
