"""What was told last is what is read; what is told no more has no value."""

import math

from pipeline.metrics import Metrics
from services.telemetry.gauges import Gauges

LAG = "sms.telemetry.lag"


def test_a_value_stays_until_it_is_told_no_more() -> None:
    metrics = Metrics("telemetry", "telemetry-gauges")
    gauges = Gauges(metrics)

    def read(group: str) -> float:
        return metrics._gauges[LAG][(("group", group),)]()

    gauges.put(LAG, 3, group="router")
    gauges.put(LAG, None, group="intake")
    gauges.turn()
    assert read("router") == 3
    assert math.isnan(read("intake"))
    gauges.put(LAG, 4, group="intake")
    gauges.turn()
    metrics.close()
    assert math.isnan(read("router"))
    assert read("intake") == 4
