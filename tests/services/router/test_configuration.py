"""What a router can't work with is told before it starts, all of it."""

from typing import Any

import pytest

from pipeline.config import Config
from services.router.configuration import KEPT, changes_refused, faults_in

NIGHT = {"from": "21:00", "to": "8:00", "zone": "Europe/London"}
ALWAYS = {"from": "00:00", "to": "24:00", "zone": "Europe/London"}


@pytest.mark.parametrize(
    ("written", "faults"),
    [
        ({}, []),
        (
            {
                "tenants": {"a": {"senders": ["ACME"], "countries": ["GB", "NO"]}},
                "quiet_hours": {"GB": NIGHT},
            },
            [],
        ),
        (
            {
                "tenants": {"a": {"senders": ["TOO LONG A NAME"], "countries": ["UK", "NO"]}},
                "quiet_hours": {"UK": NIGHT, "NO": ALWAYS},
            },
            [
                "tenants.a.senders: 'TOO LONG A NAME' is no sender",
                "tenants.a.countries: there is no country 'UK'; write its ISO 3166 code",
                "quiet_hours: there is no country 'UK'; write its ISO 3166 code",
                "quiet_hours.NO: they never end; leave some hours of the week to send in",
            ],
        ),
    ],
)
def test_every_fault_is_a_sentence(written: dict[str, Any], faults: list[str]) -> None:
    found = faults_in(Config(**written))
    assert len(found) == len(faults)
    for told, words in zip(found, faults, strict=True):
        assert told.startswith(words)


PORTABILITY = {"url": "https://numbers.example/{number}"}
BEFORE = Config(dev=True, networks="networks.csv", services={"router": {}, "binder": {}})


@pytest.mark.parametrize(
    ("changed", "names"),
    [
        ({}, []),
        ({"tenants": {"a": {}}, "connectors": {}, "rate_groups": {}, "quiet_hours": {}}, []),
        ({"services": {"binder": {"drain_timeout_s": 9}}}, []),
        ({"networks": None}, ["networks"]),
        ({"networks": "others.csv", "ported": "ported.csv"}, ["networks", "ported"]),
        ({"routes": "topic"}, ["routes"]),
        ({"state_dir": "elsewhere", "http": {"port": 8080}}, ["http", "state_dir"]),
        ({"kafka": {"librdkafka": {"security.protocol": "ssl"}}}, ["kafka"]),
        ({"services": {"router": {"portability": PORTABILITY}}}, ["services.router.portability"]),
    ],
)
def test_what_only_a_start_takes_is_refused_by_name(
    changed: dict[str, Any], names: list[str]
) -> None:
    written = {"networks": "networks.csv", "services": {}, **changed}
    found = changes_refused(BEFORE, Config(dev=True, **written))
    assert found == [f"{name}: changed; restart the router" for name in names]


def test_every_setting_is_taken_over_or_refused() -> None:
    taken = {"connectors", "profiles", "tenants", "rate_groups", "quiet_hours"}
    elsewhere = {"dev", "services", "numbers"}  # secrets, and settings of other services
    assert set(Config.model_fields) == {*KEPT, *taken, *elsewhere}
