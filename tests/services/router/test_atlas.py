"""The networks of a configuration, put together."""

import time
from pathlib import Path

import pytest

from pipeline.config import Config
from pipeline.errors import ConfigError
from pipeline.ids import Msisdn
from services.router.atlas import knows_networks, networks_of, read_networks

LOOK_UP = {"router": {"portability": {"url": "http://127.0.0.1:1/{number}", "wait_ms": 0}}}
NUMBER = Msisdn("46701234567")


def test_who_is_configured_is_asked_in_order(tmp_path: Path) -> None:
    networks, ported = tmp_path / "networks.csv", tmp_path / "ported.csv"
    networks.write_text("46,24001", encoding="utf-8")
    ported.write_text(f"{NUMBER},24002", encoding="utf-8")
    results: list[str] = []
    for config, code in (
        (Config(), None),
        (Config(networks=networks), "24001"),
        (Config(networks=networks, ported=ported), "24002"),
        (Config(ported=ported, services=LOOK_UP), "24002"),
        (Config(networks=networks, services=LOOK_UP), "24001"),
    ):
        assert networks_of(config, results.append).network_of(NUMBER) == code
        assert knows_networks(config) is (config != Config())
    assert results in (["late"], ["failed"])


def test_without_somebody_to_count_nothing_is_looked_up(tmp_path: Path) -> None:
    assert networks_of(Config(services=LOOK_UP), None).ports == []


def test_a_secret_may_not_stand_in_the_file_but_on_ones_own_machine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("NUMBERS_KEY", "k")
    own = {"url": "http://127.0.0.1:1/{number}", "headers": {"A": "${NUMBERS_KEY}", "B": "written"}}
    services = {"router": {"portability": own}}
    assert knows_networks(Config(dev=True, services=services))
    with pytest.raises(ConfigError) as caught:
        knows_networks(Config(services=services))
    (fault,) = caught.value.faults
    assert fault.startswith("services.router.portability.headers.B: a secret may not stand")


def test_a_fault_in_a_table_is_one_of_the_configuration(tmp_path: Path) -> None:
    path = tmp_path / "networks.csv"
    path.write_text("46,Telia", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"networks\.csv:1: network 'Telia'"):
        networks_of(Config(networks=path), None)


def test_a_fault_of_the_table_has_its_line(tmp_path: Path) -> None:
    path = tmp_path / "networks.csv"
    path.write_text("4670,24001\n4673,Telia\n4672\n", encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        read_networks(path)
    assert [fault.removeprefix(f"{path}:") for fault in caught.value.faults] == [
        "2: network 'Telia' must be MCC and MNC, such as 24001 or 240-01",
        "3: must be digits,network or digits,network,name",
    ]


def test_a_hundred_thousand_prefixes_are_read_in_no_time(tmp_path: Path) -> None:
    path = tmp_path / "networks.csv"
    rows = (f"{46_700_000 + number},240{number % 30:02},net" for number in range(100_000))
    path.write_text("\n".join(rows), encoding="utf-8")
    begin_s = time.process_time()
    table = read_networks(path)
    assert time.process_time() - begin_s < 5
    found = table.longest("46700009123")
    assert found is not None
    assert found.code == "24009"
