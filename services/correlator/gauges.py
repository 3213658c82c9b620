"""What a correlator shows of its receipts: metrics, and a warning when too many are lost."""

import structlog

from pipeline.metrics import Metrics
from pipeline.records import ConnectorReceipts

LOG = structlog.get_logger()
RECEIPTS_MIN = 100  # in a window; of fewer a share says nothing
ORPHAN_SHARE_MAX = 0.01


class Gauges:
    """The last window of each connector."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._last: dict[str, ConnectorReceipts] = {}

    def hear(self, row: ConnectorReceipts) -> None:
        """A window is over."""
        name = row.connector
        if name not in self._last:
            self._metrics.gauge(
                "sms.correlator.orphan_share",
                lambda: orphan_share(self._last[name]),
                connector=name,
            )
            self._metrics.gauge(
                "sms.correlator.mismatch",
                lambda: float(self._last[name].mismatches > 0),
                connector=name,
            )
        self._last[name] = row
        results = {f"joined_{way}": count for way, count in row.joined.items()}
        results |= {"parked": row.parked, "orphan": row.orphans, "repaired": row.repaired}
        results |= {"repeat": row.repeats, "collision": row.collisions, "foreign": row.foreign}
        for result, count in results.items():
            counter = self._metrics.counter(
                "sms.correlator.receipts", connector=name, result=result
            )
            counter.value += count
        if is_alarming(row):
            LOG.warning(
                "receipts find no segment; compare the profile with heliograph receipts",
                connector=name,
                orphans=row.orphans,
                receipts=row.receipts,
            )


def orphan_share(row: ConnectorReceipts) -> float:
    """Orphans by receipts of a window; more than 1 when those of an earlier one end in it."""
    return row.orphans / max(1, row.receipts)


def is_alarming(row: ConnectorReceipts) -> bool:
    """Whether so many are orphans that somebody must look."""
    return row.receipts >= RECEIPTS_MIN and orphan_share(row) > ORPHAN_SHARE_MAX
