"""What a router can't work with is told before it starts, all of it."""

from typing import Any

import pytest

from pipeline.config import Config
from services.router.configuration import faults_in

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
