"""What stands in the topics and in the carrier's ledger of the messages of one row."""

import time
from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from heliograph.chaos.rows import Check
from heliograph.chaos.settings import CONNECTOR
from heliograph.chaos.stage import After, Stage
from heliograph.ledgers import Ledger
from pipeline import topics
from pipeline.kafka.reader import read_to_end
from pipeline.process import make_codec
from pipeline.records import Dlr, Mo, MtEvent, MtStatus
from services.correlator.receipts import NOT_FINAL
from smpp.values import MessageState

STILL_S = 1.5  # longer than a receipt of a row takes to come

R = TypeVar("R", Dlr, Mo, MtEvent, MtStatus)


def told(stage: Stage, topic: str, kind: type[R], prefix: str) -> Iterator[R]:
    """The records of a topic whose key begins so, in the order of each key."""
    codec = make_codec(stage.config)
    for message in read_to_end(stage.config.kafka, [topic]):
        if (message.key() or b"").startswith(prefix.encode()):
            yield codec.decode(message.value(), kind)


def receipts(stage: Stage, prefix: str) -> list[dict[str, Any]]:
    """What the ledger has of receipts of messages whose id begins so: each attempt."""
    entries = Ledger(CONNECTOR, stage.carrier, (CONNECTOR,)).entries()
    return [
        entry
        for entry in entries
        if entry["journal"] == "receipts" and str(entry["message_id"]).startswith(prefix)
    ]


def rest(stage: Stage) -> None:
    """Wait until the carrier brings no receipt any more."""
    known = -1
    while known < (known := int(stage.stats()["ledger"]["entries"]["receipts"])):
        time.sleep(STILL_S)


def true_ends(stage: Stage, prefix: str) -> Callable[[After], Check]:
    """Each message with receipts has ended as the first final one of them said, and stays so."""

    def check(_: After) -> Check:
        said: dict[str, str] = {}
        for row in receipts(stage, prefix):
            if MessageState[row["state"]] not in NOT_FINAL:
                said.setdefault(row["message_id"], row["state"].lower())
        ends: dict[str, str] = {
            status.head.message_id: status.state
            for status in told(stage, topics.MT_STATUS, MtStatus, prefix)
        }
        wrong = sum(ends.get(name) != state for name, state in said.items())
        figure = f"{wrong} of {len(said):,} ended otherwise than their receipts say"
        return Check(figure, bool(said) and not wrong)

    return check
