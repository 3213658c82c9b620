"""Profiles: each that comes along is what its sources say, and what can't be meant is refused."""

from datetime import time
from pathlib import Path
from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from pipeline.config import Config, load
from pipeline.connectors import ConnectorConfig
from pipeline.effects import Publish
from pipeline.errors import ConfigError
from pipeline.ids import ConnectorId
from pipeline.profiles import AddressForm, Maintenance, ProfileConfig, find, shipped
from pipeline.records import Mo
from pipeline.sections import sentences
from services.binder.core import delivered
from services.binder.statuses import deliver_refusal, dispositions
from services.correlator.config import CorrelatorConfig
from services.correlator.core import Correlator
from services.correlator.ids import comparable, forms
from services.sandbox.mo import MoOrder
from smpp import receipt
from tests.entries import MemoryEntries
from tests.services.sandbox.loopback import bound, sandbox

ROOT = Path(__file__).parents[2]
CARRIERS = ROOT / "pipeline/carriers"
MINE = "hosts: h, system_id: s, password: p, rate_per_s: 1"
UNKNOWN = AddressForm(ton=0, npi=0)
EXPECTED: dict[str, dict[str, Any]] = {
    "cdma": {"segmentation": "sar"},
    "india-dlt": {
        "tlvs": [(0x1400, "dlt_entity_id", True), (0x1401, "dlt_template_id", True)],
    },
    "openmarket": {"segmentation": "udh8"},
    "sinch": {"short_code": AddressForm(ton=0, npi=1)},
    "smsportal": {
        "international": UNKNOWN,
        "short_code": UNKNOWN,
        "alphanumeric": UNKNOWN,
        "tlvs": [(0x1400, "customer_reference", False), (0x1401, "cost_center", False)],
    },
    "twilio": {"max_s": 36_000},
    "vibes": {
        "default_alphabet": "ascii",
        "form": "none",
        "international": UNKNOWN,
        "short_code": UNKNOWN,
    },
    "vonage": {
        "default_alphabet": "latin1",
        "id_in_response": "hexadecimal",
        "id_in_receipt": "decimal",
    },
}


def flat(profile: ProfileConfig) -> dict[str, Any]:
    """What is set in a profile, its sections laid open."""
    return {
        **{name: getattr(profile, name) for name in ProfileConfig.model_fields},
        **{name: getattr(profile.addresses, name) for name in type(profile.addresses).model_fields},
        **{name: getattr(profile.validity, name) for name in type(profile.validity).model_fields},
        "tlvs": [(tlv.tag, tlv.item, tlv.is_required) for tlv in profile.tlvs],
    }


def faults(**fields: Any) -> str:
    with pytest.raises(ValidationError) as error:
        ProfileConfig.model_validate(fields)
    return "\n".join(sentences(error.value))


def test_every_profile_that_comes_along_is_in_the_table() -> None:
    assert set(shipped()) == set(EXPECTED)
    assert {path.stem for path in CARRIERS.iterdir()} == set(EXPECTED)


@pytest.mark.parametrize("name", EXPECTED)
def test_a_profile_says_what_its_sources_say_and_is_usual_otherwise(name: str) -> None:
    assert flat(find(name)) == flat(ProfileConfig()) | EXPECTED[name] | {
        whole: getattr(find(name), whole) for whole in ("addresses", "validity")
    }
    connector = ConnectorId("here")
    assert dispositions(connector, find(name)) == {}
    assert deliver_refusal(connector, find(name)) == 0x64


@pytest.mark.parametrize("path", sorted(CARRIERS.iterdir()), ids=lambda path: path.stem)
def test_every_fact_has_its_source(path: Path) -> None:
    blocks = path.read_text(encoding="utf-8").split("\n\n")
    for block in blocks:
        facts = [line for line in block.splitlines() if not line.startswith("#")]
        assert not facts or "# https://" in block, facts


def test_a_connector_takes_its_own_profile_before_one_that_comes_along(tmp_path: Path) -> None:
    path = tmp_path / "heliograph.yaml"
    path.write_text(
        "dev: true\n"
        "profiles: {sinch: {receipts: last}}\n"
        "connectors:\n"
        f"  a: {{{MINE}, profile: sinch}}\n"
        f"  b: {{{MINE}, profile: vonage}}\n"
        f"  c: {{{MINE}}}\n",
        encoding="utf-8",
    )
    config = load(path)
    assert config.profile(ConnectorId("a")) == ProfileConfig(receipts="last")
    assert config.profile(ConnectorId("b")) == find("vonage")
    assert config.profile(ConnectorId("c")) == ProfileConfig()


def test_a_profile_that_nobody_knows_is_a_fault_that_says_which_there_are() -> None:
    account = {"hosts": "h", "system_id": "s", "password": "p", "rate_per_s": 1, "profile": "odd"}
    with pytest.raises(ValidationError, match=r"no profile 'odd'; .* default, india-dlt"):
        Config(dev=True, connectors={"a": ConnectorConfig(**account)})
    with pytest.raises(ConfigError, match="no profile 'odd' comes along"):
        find("odd")


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"segmentaton": "sar"}, "segmentaton: there is no such setting"),
        ({"segmentation": "udh32"}, "segmentation: Input should be 'udh8', 'udh16', 'sar' or"),
        ({"octets_per_segment": 141}, "octets_per_segment: Input should be less than or equal to"),
        (
            {"addresses": {"national": {"calling_code": "46", "ton": 1, "npi": 1}}},
            "addresses: national has the ton of international",
        ),
        ({"tlvs": [{"tag": 0x1400}]}, "tlvs.0: write one of item, text and hex"),
        ({"tlvs": [{"tag": 0x1400, "item": "a", "text": "b"}]}, "write one of item, text and hex"),
        (
            {"tlvs": [{"tag": 0x1400, "item": "a"}], "ledger_tlv": 0x1400},
            "tlvs, ledger_tlv and user_message_reference: 0x1400 comes twice; keep one",
        ),
        (
            {"tlvs": [{"tag": 0x0204, "item": "a"}], "user_message_reference": True},
            "0x0204 comes twice; keep one",
        ),
        ({"correlate_by": "id", "id_in_response": "decimal"}, "say how it is written, in"),
        ({"zone": "Mars/Olympus"}, "zone: "),
        ({"statuses": {"ESME_RTHROTTLED": "pray"}}, "statuses.ESME_RTHROTTLED: Input should be"),
        (
            {"maintenance": [{"start": "1:00", "end": "2:00", "zone": "Mars/Olympus"}]},
            "maintenance.0.zone: ",
        ),
        (
            {"maintenance": [{"start": "25:00", "end": "2:00", "zone": "UTC"}]},
            "maintenance.0.start",
        ),
    ],
)
def test_what_cannot_be_meant_is_one_sentence(fields: dict[str, Any], words: str) -> None:
    assert words in faults(**fields)


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("22:00", time(22)),
        ('"22:00"', time(22)),
        ("02:00", time(2)),
        ("9:30", time(9, 30)),
        ("23:59", time(23, 59)),
    ],
)
def test_a_clock_may_be_written_without_quotes(written: str, expected: time) -> None:
    raw = yaml.safe_load(f"{{start: {written}, end: 03:00, zone: UTC}}")
    assert Maintenance.model_validate(raw).start == expected


def test_data_coding_0_is_the_same_both_ways_unless_the_profile_says_otherwise() -> None:
    assert ProfileConfig(default_alphabet="latin1").alphabet_mo == "latin1"
    both = ProfileConfig(default_alphabet="latin1", default_alphabet_mo="gsm7_packed")
    assert (both.default_alphabet, both.alphabet_mo) == ("latin1", "gsm7_packed")


async def test_the_ids_of_vonage_are_joined_as_the_sandbox_writes_them() -> None:
    ids = "message_ids: {in_response: hexadecimal, in_receipt: decimal}"
    in_response, in_receipt = comparable(
        find("vonage").id_in_response, find("vonage").id_in_receipt
    )
    async with sandbox(ids) as own, bound(own) as handset:
        answer: Any = await handset.submit(1)
        [came] = await handset.receive(1)
    told = receipt.read(came).message_id
    assert told != answer.message_id
    assert set(forms(answer.message_id, in_response)) & set(forms(told, in_receipt))


@pytest.mark.parametrize(
    ("alphabet", "encoding"),
    [("gsm7", "gsm7"), ("gsm7_packed", "gsm7_packed"), ("utf8", "utf8")],
)
async def test_what_the_sandbox_means_by_data_coding_0_is_read_by_a_profile_that_says_so(
    alphabet: str, encoding: str
) -> None:
    account = ConnectorConfig(hosts="h", system_id="s", password="p", rate_per_s=1, profile="own")
    own_profile = ProfileConfig.model_validate({"default_alphabet_mo": alphabet})
    config = Config(dev=True, profiles={"own": own_profile}, connectors={"a": account})
    order = {"from": "46701234567", "to": "12345", "text": "é@ £5", "encoding": encoding}
    async with sandbox() as own, bound(own) as handset:
        own.subscribers.send(MoOrder.model_validate(order))
        [came] = await handset.receive(1)
    assert came.data_coding == 0
    record = delivered(came, ConnectorId("a"), "binder-0", 0, 0)
    [effect] = Correlator(config, CorrelatorConfig(), lambda: 0.0).decide(
        MemoryEntries(), record, 0
    )
    assert isinstance(effect, Publish)
    assert isinstance(effect.record, Mo)
    assert effect.record.text == "é@ £5"


PAGE = (ROOT / "pipeline/PROFILES.md").read_text(encoding="utf-8")


def test_every_field_and_every_profile_has_its_row_on_the_page() -> None:
    rows = [line.split("|")[1].strip(" `") for line in PAGE.splitlines() if line.startswith("| `")]
    assert rows == [*ProfileConfig.model_fields, *shipped()]


def test_the_example_on_the_page_can_be_read() -> None:
    example = PAGE.partition("```yaml\n")[2].partition("connectors:")[0]
    mine = ProfileConfig(**yaml.safe_load(example)["profiles"]["mine"])
    assert dispositions(ConnectorId("one"), mine).keys() == {0x45, 0x400}
    assert mine.maintenance[0].start == time(2)
