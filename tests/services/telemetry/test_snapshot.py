"""The example of a snapshot, which page and `top` are tried with, is one."""

import json
from pathlib import Path

import msgspec

from services.telemetry.snapshot import POINTS, ROWS_MAX, Snapshot

EXAMPLE = Path(__file__).with_name("snapshot.json")


def test_the_example_has_every_field_and_no_other() -> None:
    octets = EXAMPLE.read_bytes()
    read = msgspec.json.decode(octets, type=Snapshot)
    assert json.loads(msgspec.json.encode(read)) == json.loads(octets)


def test_the_example_keeps_to_the_limits() -> None:
    read = msgspec.json.decode(EXAMPLE.read_bytes(), type=Snapshot)
    for name in read.rates.__struct_fields__:
        assert len(getattr(read.rates, name)) == POINTS
    assert 0 < len(read.failures) <= ROWS_MAX
    assert 0 < len(read.mo) <= ROWS_MAX
    assert len(EXAMPLE.read_bytes()) < 40_000
