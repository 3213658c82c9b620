"""What of a connector can be read at any time, as Prometheus reads it."""

from types import SimpleNamespace
from typing import Any

from prometheus_client import generate_latest

from pipeline.ids import ConnectorId
from pipeline.metrics import Metrics
from services.binder import gauges

NAME = "gauged"


class Lanes(list[int]):
    """What waits."""

    paused_count = 3


def engine(**changed: Any) -> Any:
    usual: dict[str, Any] = {
        "unconfirmed": 6,
        "unconfirmed_max": 40,
        "wires": {0: None},
        "lanes": Lanes(range(7)),
        "pacer": SimpleNamespace(rate_per_s=12.5, owned_per_s=50.0),
        "circuit": SimpleNamespace(stopped_by=None),
        "maintenance": None,
    }
    return SimpleNamespace(**usual | changed)


def binds(**changed: Any) -> Any:
    usual = {
        "receiver_count": 1,
        "wanted_count": 4,
        "denied_count": 2,
        "certificate_expires_s": 1_900_000_000.0,
    }
    return SimpleNamespace(**usual | changed)


def served(*those: tuple[Any, Any]) -> dict[str, float]:
    """By name and further labels, once each of `those` has been declared."""
    metrics = Metrics("binder", "gauged")
    for own in those:
        gauges.declare(metrics, ConnectorId(NAME), *own)
    lines = generate_latest().decode().splitlines()
    metrics.close()
    label = f'connector="{NAME}"'
    own_lines = [line.split() for line in lines if label in line]
    return {name.replace(label, "").replace("{}", ""): float(value) for name, value in own_lines}


def test_all_of_a_connector_is_served_and_attempts_of_every_kind_begin_at_0() -> None:
    assert served((engine(), binds())) == {
        "sms_binder_unconfirmed": 6,
        "sms_binder_unconfirmed_max": 40,
        "sms_binder_binds": 1,
        "sms_binder_receivers": 1,
        "sms_binder_binds_wanted": 4,
        "sms_binder_binds_denied": 2,
        "sms_binder_certificate_expires_seconds": 1_900_000_000,
        "sms_binder_queue": 7,
        "sms_binder_paused": 3,
        "sms_binder_rate_per_second": 12.5,
        "sms_binder_contract_per_second": 50,
        "sms_binder_stopped": 0,
        "sms_binder_maintenance": 0,
        'sms_binder_bind_attempts_total{,result="bound"}': 0,
        'sms_binder_bind_attempts_total{,result="failed"}': 0,
        'sms_binder_bind_attempts_total{,result="ESME_RINVPASWD"}': 0,
        'sms_binder_bind_attempts_total{,result="ESME_RINVSYSID"}': 0,
    }


def test_who_is_declared_last_is_shown_and_without_tls_no_end_is() -> None:
    stopped = engine(circuit=SimpleNamespace(stopped_by=0x45), maintenance=object())
    found = served((engine(), binds()), (stopped, binds(certificate_expires_s=None)))
    assert found["sms_binder_stopped"] == 1
    assert found["sms_binder_maintenance"] == 1
    assert "sms_binder_certificate_expires_seconds" not in found
