"""What is on show is there as metrics, and what is counted begins at 0."""

from collections import Counter
from pathlib import Path

import msgspec
import pytest
from prometheus_client import generate_latest

from pipeline.instruments import METRICS
from pipeline.metrics import Metrics
from services.telemetry.groups import Asked
from services.telemetry.latencies import bucket_of
from services.telemetry.measured import Measured
from services.telemetry.snapshot import Snapshot
from services.telemetry.view import Unsent

EXAMPLE = msgspec.json.decode(Path(__file__).with_name("snapshot.json").read_bytes(), type=Snapshot)
TIMES = {
    ("submit_to_receipt", "slow", "otp"): Counter({bucket_of(2000): 1}),
    ("submit_to_receipt", "slow", "promotional"): Counter({bucket_of(9000): 3}),
}


def shown(name: str, **labels: str) -> float:
    """The value of the one line of that name with these labels."""
    lines = [
        line
        for line in generate_latest().decode().splitlines()
        if line.startswith((name + "{", name + " "))
        and all(f'{key}="{value}"' in line for key, value in labels.items())
    ]
    (line,) = lines
    return float(line.split()[-1])


def test_figures_are_metrics() -> None:
    metrics = Metrics("telemetry", "telemetry-measured")
    try:
        measured = Measured(metrics)
        slo = "sms_telemetry_slo_total"
        assert shown(slo, lane="bulk", result="late") == 0
        assert shown("sms_telemetry_outcomes_total", lane="normal", state="expired") == 0
        unsent = [
            Unsent("slow", "bulk", False, 1, 1, 0.2),
            Unsent("slow", "normal", False, 1, 1, 0.4),
            Unsent("slow", "normal", True, 1, 1, 0.9),
            Unsent(None, "normal", False, 1, 1, 0.7),
            Unsent(None, "bulk", False, 1, 1, 0.1),
        ]
        asked = Asked(EXAMPLE.groups, {"router": 77}, {"sms.mo.dlq": 2, "sms.dlr.dlq": 0}, 5)
        measured.put(
            EXAMPLE, TIMES, {("expired", "normal"): 4}, {("bulk", "late"): 6}, asked, unsent
        )
        assert shown(slo, lane="bulk", result="late") == 6
        assert shown("sms_telemetry_outcomes_total", lane="normal", state="expired") == 4
        assert shown("sms_telemetry_funnel", stage="open") == EXAMPLE.funnel.open
        assert shown("sms_telemetry_throughput_per_second", connector="slow") == 298.4
        assert shown("sms_telemetry_delivery_rate", connector="slow") == 0.961
        assert shown("sms_telemetry_unsent_share", connector="slow") == 0.4
        assert shown("sms_telemetry_unsent_share", connector="fast") == 0
        assert shown("sms_telemetry_unsent_share", connector="none") == 0.7
        assert shown("sms_telemetry_lag", group="binder-slow") == 1840
        assert shown("sms_telemetry_age_seconds", group="binder-slow") == 6.2
        assert shown("sms_telemetry_age_seconds", group="router") == 0
        assert shown("sms_telemetry_done_total", group="router") == 77
        assert shown("sms_telemetry_letters", topic="sms.mo.dlq") == 2
        assert shown("sms_telemetry_letters", topic="sms.dlr.dlq") == 0
        assert shown("sms_telemetry_behind") == 5
        step = {"step": "submit_to_receipt", "connector": "slow", "quantile": "p50"}
        latency = shown("sms_telemetry_latency_seconds", **step, **{"class": "otp"})
        assert latency == pytest.approx(2, rel=0.08)
        delay = shown("sms_telemetry_receipt_delay_seconds", connector="slow", quantile="p50")
        assert delay == pytest.approx(9, rel=0.08)
    finally:
        metrics.close()


def test_every_metric_of_telemetry_has_a_meaning() -> None:
    own = [name for name in METRICS if name.startswith("sms.telemetry.")]
    assert len(own) == 15
    assert all(METRICS[name][1].endswith(".") for name in own)
