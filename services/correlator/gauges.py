"""What a correlator shows of its receipts: metrics, and a warning when too many are lost.

Receipts become orphans long after they came, in another window: so what is judged are those whose
waiting is over, and of each connector so many windows together as it takes, an hour at most.
"""

from collections import Counter
from dataclasses import dataclass, field

import structlog

from pipeline.metrics import Metrics
from pipeline.records import ConnectorReceipts
from services.correlator.counting import DECIDED_MIN, is_too_much

LOG = structlog.get_logger()
JUDGED_WITHIN_MS = 3_600_000
WARNINGS = {
    "orphans": "receipts find no segment; compare the profile with heliograph receipts",
    "mismatches": "receipts write ids otherwise than the profile says; see heliograph receipts",
}


@dataclass(slots=True)
class Judged:
    """The windows of a connector that are judged together next, and what the last ones came to."""

    begin_ms: int
    sums: Counter[str] = field(default_factory=Counter)
    orphan_share: float = 0
    has_mismatches: bool = False


class Gauges:
    """What each connector comes to."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._of: dict[str, Judged] = {}

    def hear(self, row: ConnectorReceipts) -> None:
        """A window is over."""
        name = row.connector
        judged = self._of.get(name)
        if judged is None:
            judged = self._of[name] = Judged(row.begin_ms)
            self._show(name, judged)
        results = {f"joined_{way}": count for way, count in row.joined.items()}
        results |= {"parked": row.parked, "orphan": row.orphans, "repaired": row.repaired}
        results |= {"repeat": row.repeats, "collision": row.collisions, "foreign": row.foreign}
        for result, count in results.items():
            counter = self._metrics.counter(
                "sms.correlator.receipts", connector=name, result=result
            )
            counter.value += count
        joined = sum(row.joined.values())
        judged.sums["decided"] += joined + row.orphans
        judged.sums["orphans"] += row.orphans
        judged.sums["mismatches"] += row.mismatches
        if judged.sums["decided"] >= DECIDED_MIN or (
            row.end_ms - judged.begin_ms >= JUDGED_WITHIN_MS
        ):
            _judge(name, judged)
            judged.begin_ms, judged.sums = row.end_ms, Counter()

    def _show(self, name: str, judged: Judged) -> None:
        self._metrics.gauge(
            "sms.correlator.orphan_share", lambda: judged.orphan_share, connector=name
        )
        self._metrics.gauge(
            "sms.correlator.mismatch", lambda: float(judged.has_mismatches), connector=name
        )


def _judge(name: str, judged: Judged) -> None:
    sums, decided = judged.sums, judged.sums["decided"]
    judged.orphan_share = sums["orphans"] / max(1, decided)
    judged.has_mismatches = sums["mismatches"] > 0
    for what, words in WARNINGS.items():
        if is_too_much(sums[what], decided):
            LOG.warning(words, connector=name, **{what: sums[what]}, receipts=decided)
