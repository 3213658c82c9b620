"""`heliograph routes`: whether a file is whole, what is another in it, where a message would go."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from heliograph import routing
from heliograph.cli import APP
from heliograph.routing import explanation
from pipeline.config import load
from pipeline.errors import BrokerError, ConfigError
from pipeline.ids import ConnectorId, Msisdn
from pipeline.records import ConnectorQuality
from services.router.quality import Quality
from services.router.routes import Query

ROUTES = """
version: "7"
rules:
  - {name: codes, prefix: "46", match: {class: otp}, connectors: [fast], set: {validity_s: 300}}
  - name: sweden
    prefix: ["46", "4673"]
    strategy: cheapest
    connectors: [{name: fast, price: "0.0125"}, {name: slow, price: "0.01", weight: 2}]
    retry_on: [ESME_RSUBMITFAIL, undeliverable]
  - name: norway
    prefix: "47"
    connectors: [fast]
    set: {sender: [ACME, "+46700000001", "+4790000001"], sender_by: nearest, profile: default}
  - {name: premium, prefix: "46900", reject: premium_number}
"""
CONFIG = """
dev: true
connectors:
  fast: {hosts: 127.0.0.1, system_id: me, password: secret, rate_per_s: 1}
  slow: {hosts: 127.0.0.1, system_id: me, password: secret, rate_per_s: 1}
tenants: {default: {senders: [ACME], country: SE}}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "heliograph.yaml").write_text(CONFIG, encoding="utf-8")
    (tmp_path / "routes.yaml").write_text(ROUTES, encoding="utf-8")
    return tmp_path


def told(folder: Path, *arguments: str) -> list[str]:
    where = ["--config", str(folder / "heliograph.yaml")]
    found = CliRunner().invoke(APP, ["routes", *arguments, *where])
    if found.exception is not None:
        raise found.exception
    return found.output.splitlines()


def test_a_whole_file_is_told_of_in_a_line(folder: Path) -> None:
    assert told(folder, "check") == ["version 7: 4 rules, 5 prefixes, no fault"]


def test_a_broken_one_with_every_fault(folder: Path) -> None:
    other = folder / "other.yaml"
    other.write_text(
        ROUTES.replace("[fast], set: {v", "[fats], set: {v").replace("46900", "+46900"), "utf-8"
    )
    with pytest.raises(ConfigError) as caught:
        told(folder, "check", "--file", str(other))
    assert [fault.removeprefix(str(other)) for fault in caught.value.faults] == [
        ":4:67: rule 'codes': there is no connector 'fats'",
        ":14:29: rule 'premium': prefix '+46900' must be digits in international form, without + "
        "or leading 0",
    ]


@pytest.mark.parametrize(
    ("arguments", "lines"),
    [
        (
            ("+46701234567", "--class", "otp"),
            [
                "  codes (prefix 46): decides",
                "  1. fast (priority, weight 1)",
                "  validity at most, s: 300",
            ],
        ),
        (
            ("0701234567",),
            [
                "  codes (prefix 46): no: class is not as asked",
                "  sweden (prefix 46): decides",
                "  1. slow (cheapest, weight 2, 0.01 a segment)",
                "  2. fast (cheapest, weight 1, 0.0125 a segment)",
                "  after ESME_RSUBMITFAIL, undeliverable: the next one",
            ],
        ),
        (
            ("+4791234567", "--sender", "ACME"),
            [
                "  norway (prefix 47): decides",
                "  1. fast (priority, weight 1)",
                "  sender becomes +4790000001",
                "  profile default",
            ],
        ),
        (
            ("+46900123456",),
            ["  premium (prefix 46900): decides", "  rejected: premium_number"],
        ),
        (("+4512345678",), ["  no rule matches: rejected, no_route"]),
    ],
)
def test_a_message_is_followed_to_its_rule(
    folder: Path, arguments: tuple[str, ...], lines: list[str]
) -> None:
    first, where, *rest = told(folder, "explain", *arguments)
    assert first.startswith("version 7, recipient 4")
    country = {"+45": "DK", "+47": "NO"}.get(arguments[0][:3], "SE")
    assert where == f"  country {country}, network unknown"
    assert rest == lines


def test_the_example_tells_where_its_messages_go() -> None:
    found = CliRunner().invoke(APP, ["routes", "explain", "+46701234567", "--class", "otp"])
    assert found.output.splitlines()[2:] == [
        "  sweden (prefix 46): decides",
        "  1. slow (priority, weight 1, 0.031 EUR a segment)",
        "  2. fast (priority, weight 1, 0.035 EUR a segment)",
    ]


NIGHT = """
quiet_hours: {SE: {from: "21:00", to: "8:00", zone: Europe/Stockholm}}
"""
DLT = """
version: "8"
rules:
  - {name: india, prefix: "91", connectors: [fast], requires: [dlt_entity_id, dlt_template_id]}
  - {name: sweden, prefix: "46", connectors: [fast]}
"""


@pytest.mark.parametrize(
    ("to", "class_", "hour", "lines"),
    [
        ("46701234567", "otp", 23, []),
        (
            "46701234567",
            "promotional",
            12,
            [
                "  rejected as no_consent without an opt-in; see heliograph optout check",
                "  is written until quiet hours begin in SE, 2026-12-01 20:00 UTC",
            ],
        ),
        (
            "46701234567",
            "promotional",
            23,
            [
                "  rejected as no_consent without an opt-in; see heliograph optout check",
                "  waits for the end of quiet hours in SE, 2026-12-02 07:00 UTC",
            ],
        ),
        (
            "919812345678",
            "transactional",
            12,
            [
                "  rejected: country_not_allowed, IN is none of SE, NO",
                "  rejected as carrier_data_missing without dlt_entity_id in carrier_data",
                "  rejected as carrier_data_missing without dlt_template_id in carrier_data",
            ],
        ),
    ],
)
def test_what_tenant_country_and_rule_ask_for_is_told(
    folder: Path, to: str, class_: str, hour: int, lines: list[str]
) -> None:
    tenant = "senders: [ACME], countries: [SE, NO], requires_consent: true"
    (folder / "heliograph.yaml").write_text(
        CONFIG.replace("senders: [ACME], country: SE", tenant) + NIGHT, encoding="utf-8"
    )
    (folder / "routes.yaml").write_text(DLT, encoding="utf-8")
    now_ms = int(datetime(2026, 12, 1, hour, tzinfo=UTC).timestamp() * 1000)
    query = Query(Msisdn(to), now_ms, "default", class_=class_)
    loaded = load(folder / "heliograph.yaml", with_secrets=False)
    told = list(explanation(loaded, None, query, "m"))
    assert told[told.index("  1. fast (priority, weight 1)") + 1 :] == lines


NETWORKS = "prefix,network,name\n4670,24001,Telia\n4673,24002\n"
PLACES = """
version: "8"
currency: EUR
rules:
  - name: telia
    prefix: ""
    match: {country: SE, network: 24001}
    connectors: [{name: slow, price: "0.02", prices: slow.csv}]
  - {name: known, prefix: "46", needs_network: true, connectors: [{name: slow, price: "0.02"}]}
  - {name: rest, prefix: "", strategy: quality, connectors: [fast, slow]}
"""


@pytest.fixture
def places(folder: Path) -> Path:
    """Routes that go by country and network, and what says which those are."""
    for name, text in (
        ("heliograph.yaml", CONFIG + "networks: networks.csv\nported: ported.csv\n"),
        ("routes.yaml", PLACES.replace('"46"', '"4676"')),
        ("networks.csv", NETWORKS),
        ("ported.csv", "46731234567,240-01\n"),
        ("slow.csv", "467012,0.015\n"),
    ):
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("recipient", "lines"),
    [
        (
            "+46701234567",
            [
                "  country SE, network 24001 (Telia)",
                "  telia (any prefix): decides",
                "  1. slow (priority, weight 1, 0.015 EUR a segment)",
            ],
        ),
        (
            "+46731234567",
            [
                "  country SE, network 24001 (Telia)",
                "  telia (any prefix): decides",
                "  1. slow (priority, weight 1, 0.02 EUR a segment)",
            ],
        ),
        (
            "+46761234567",
            [
                "  country SE, network unknown",
                "  known (prefix 4676): decides",
                "  rejected: unknown_network",
            ],
        ),
    ],
)
def test_country_network_and_price_are_told(places: Path, recipient: str, lines: list[str]) -> None:
    assert told(places, "explain", recipient)[1:] == lines


def test_for_quality_it_is_told_what_is_known(
    places: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    quality = Quality(clock=lambda: 2000)
    row = ConnectorQuality(
        connector=ConnectorId("slow"),
        country="NO",
        replica="tracker-0",
        begin_ms=1000,
        end_ms=2000,
        submitted=1210,
        delivered=1164,
        failed=36,
        latency_median_ms=1840,
    )
    quality.put("", row)
    monkeypatch.setattr(routing, "_quality_of", lambda _: quality)
    assert told(places, "explain", "+4791234567", "--message-id", "m1")[-2:] == [
        "  1. slow (quality, weight 1, 1,164 of 1,200 delivered, half of them within 1.8 s)",
        "  2. fast (quality, weight 1, nothing known of lately)",
    ]


def test_without_a_broker_it_is_told_that_nothing_is_known(
    places: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_broker(_: object) -> Quality:
        raise BrokerError("no broker answers")

    monkeypatch.setattr(routing, "_quality_of", no_broker)
    told_of = told(places, "explain", "+4791234567")
    assert "  how connectors do is not known: no broker answers" in told_of
    assert sorted(line[5:] for line in told_of[-2:]) == [
        "fast (quality, weight 1)",
        "slow (quality, weight 1)",
    ]


def test_a_rule_that_asks_for_a_network_nobody_knows_is_a_fault(places: Path) -> None:
    (places / "heliograph.yaml").write_text(CONFIG, encoding="utf-8")
    with pytest.raises(ConfigError, match=r":7:35: rule 'telia': match: asks for the"):
        told(places, "check")


def test_what_is_another_in_a_new_file_is_told_rule_by_rule(folder: Path) -> None:
    other = folder / "other.yaml"
    other.write_text(ROUTES.replace("cheapest", "weighted"), encoding="utf-8")
    assert told(folder, "diff", str(other)) == ["~ sweden: strategy"]
    assert told(folder, "diff", str(folder / "routes.yaml")) == ["the same rules"]
