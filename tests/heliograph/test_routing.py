"""`heliograph routes`: whether a file is whole, what is another in it, where a message would go."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from typer.testing import CliRunner

from heliograph.cli import APP
from heliograph.routing import explanation
from pipeline.config import load
from pipeline.errors import ConfigError
from pipeline.ids import Msisdn
from services.router.routes import Query

ROUTES = """
version: "7"
rules:
  - {name: codes, prefix: "46", match: {class: otp}, connectors: [fast], set: {validity_s: 300}}
  - name: sweden
    prefix: ["46", "4673"]
    strategy: cheapest
    connectors: [{name: fast, price: "0.0125"}, {name: slow, price: "0.01", weight: 2}]
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
    assert told(folder, "check") == ["version 7: 3 rules, 4 prefixes, no fault"]


def test_a_broken_one_with_every_fault(folder: Path) -> None:
    other = folder / "other.yaml"
    other.write_text(ROUTES.replace("[fast]", "[fats]").replace("46900", "+46900"), "utf-8")
    with pytest.raises(ConfigError) as caught:
        told(folder, "check", "--file", str(other))
    assert [fault.removeprefix(str(other)) for fault in caught.value.faults] == [
        ":4:67: rule 'codes': there is no connector 'fats'",
        ":9:29: rule 'premium': prefix '+46900' must be digits in international form, without + "
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
    first, *rest = told(folder, "explain", *arguments)
    assert first.startswith("version 7, recipient 4")
    assert rest == lines


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


def test_what_is_another_in_a_new_file_is_told_rule_by_rule(folder: Path) -> None:
    other = folder / "other.yaml"
    other.write_text(ROUTES.replace("cheapest", "weighted"), encoding="utf-8")
    assert told(folder, "diff", str(other)) == ["~ sweden: strategy"]
    assert told(folder, "diff", str(folder / "routes.yaml")) == ["the same rules"]
