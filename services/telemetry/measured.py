"""The figures as metrics: what is seen of a snapshot, and what is counted besides."""

from collections import Counter
from collections.abc import Mapping, Sequence

from pipeline.metrics import Metrics
from pipeline.topics import MT_REQUEST_BY_LANE
from services.telemetry.funnel import ENDS
from services.telemetry.gauges import Gauges
from services.telemetry.groups import Asked
from services.telemetry.latencies import SUBMIT_TO_RECEIPT, percentiles
from services.telemetry.slo import RESULTS
from services.telemetry.snapshot import Snapshot
from services.telemetry.view import Unsent

PERCENTS = (50, 95, 99)
NOWHERE = "none"  # the connector of what has none yet
Times = Mapping[tuple[str, str, str], Mapping[int, int]]  # step, connector, class: by bucket


class Measured:
    """Keeps the metrics of telemetry. What is counted begins at 0, so that the first is seen."""

    def __init__(self, metrics: Metrics) -> None:
        self._metrics = metrics
        self._gauges = Gauges(metrics)
        for lane in MT_REQUEST_BY_LANE:
            for state in ENDS:
                metrics.counter("sms.telemetry.outcomes", state=state, lane=lane)
            for result in RESULTS:
                metrics.counter("sms.telemetry.slo", lane=lane, result=result)

    def put(
        self,
        seen: Snapshot,
        times: Times,
        outcomes: Mapping[tuple[str, str], int],
        judged: Mapping[tuple[str, str], int],
        asked: Asked,
        unsent: Sequence[Unsent],
    ) -> None:
        """Once a second."""
        gauges, counter = self._gauges, self._metrics.counter
        for stage in seen.funnel.__struct_fields__:
            gauges.put("sms.telemetry.funnel", getattr(seen.funnel, stage), stage=stage)
        for one in seen.connectors:
            name = one.name
            gauges.put("sms.telemetry.throughput", one.submitted_per_s, connector=name)
            gauges.put("sms.telemetry.delivery_rate", one.delivery_rate, connector=name)
            gauges.put("sms.telemetry.orphan_share", one.orphan_share, connector=name)
        shares = dict.fromkeys((one.name for one in seen.connectors), 0.0)
        for row in unsent:
            if not row.test:
                name = row.connector or NOWHERE
                shares[name] = max(row.share, shares.get(name, 0.0))
        for name, share in shares.items():
            gauges.put("sms.telemetry.unsent.share", share, connector=name)
        for group in seen.groups:
            gauges.put("sms.telemetry.lag", group.lag, group=group.name)
            gauges.put("sms.telemetry.age", group.age_s or 0.0, group=group.name)
        for topic, count in asked.letters.items():
            gauges.put("sms.telemetry.letters", count, topic=topic)
        gauges.put("sms.telemetry.behind", asked.behind)
        self._put_times(times)
        gauges.turn()
        for group_name, done in asked.done.items():
            counter("sms.telemetry.done", group=group_name).value = done
        for (state, lane), count in outcomes.items():
            counter("sms.telemetry.outcomes", state=state, lane=lane).value = count
        for (lane, result), count in judged.items():
            counter("sms.telemetry.slo", lane=lane, result=result).value = count

    def _put_times(self, times: Times) -> None:
        delays: dict[str, Counter[int]] = {}
        for (step, connector, class_), counts in times.items():
            for percent, ms in zip(PERCENTS, percentiles(counts, PERCENTS), strict=True):
                labels = {"step": step, "connector": connector, "class": class_}
                quantile = f"p{percent}"
                self._gauges.put("sms.telemetry.latency", ms / 1000, **labels, quantile=quantile)
            if step == SUBMIT_TO_RECEIPT:
                delays.setdefault(connector, Counter()).update(counts)
        for connector, counts in delays.items():
            for percent, ms in zip(PERCENTS, percentiles(counts, PERCENTS), strict=True):
                self._gauges.put(
                    "sms.telemetry.receipt_delay",
                    ms / 1000,
                    connector=connector,
                    quantile=f"p{percent}",
                )
