"""Carriers whose ways are known are learned: the draft says what the scenario says."""

from typing import Any

import pytest
import yaml

from heliograph.draft import draft
from heliograph.probe import Plan, Probe, segments_of
from pipeline.config import Config
from pipeline.connectors import ConnectorConfig
from services.sandbox import scenario
from services.sandbox.mo import MoOrder
from smpp.errors import BindRefusedError
from tests.services.sandbox.loopback import PASSWORD, lines, sandbox

TO, PER_MINUTE = "+46701234567", 6000.0
BUILT_IN = {  # a scenario, and what a profile of it has to say
    "fast": {"id_in_response": "decimal", "id_in_receipt": "decimal"},
    "slow": {"id_in_response": "hexadecimal", "id_in_receipt": "decimal"},
    "hostile": {"id_in_response": "hexadecimal", "id_in_receipt": "decimal"},
}
WRITTEN: list[tuple[str, dict[str, Any], list[str]]] = [
    ("message_ids: {in_response: uuid, in_receipt: uuid}", {"id_in_response": "opaque"}, []),
    (
        "message_ids: {in_response: hexadecimal_lower, in_receipt: hexadecimal}",
        {"id_in_response": "hexadecimal", "id_in_receipt": "hexadecimal"},
        [],
    ),
    (
        "message_ids: {in_response: decimal, in_receipt: hexadecimal}",
        {"id_in_response": "decimal", "id_in_receipt": "hexadecimal"},
        [],
    ),
    ("receipts: {tlv: false, is_unmarked: true}", {"receipts_by_text": True}, []),
    ("receipts: {text: false}", {"receipts_by_text": False}, ["0 with text, "]),
    ("receipts: {form: data_sm}", {}, [" by data_sm"]),
    ("receipts: {segments: first}", {"receipts": "first"}, []),
    ("receipts: {segments: last}", {"receipts": "last"}, []),
    (
        "responses: {statuses: [{status: ESME_RTHROTTLED, times: 1}]}",
        {},
        ["1 segments were throttled at 6000 a minute"],
    ),
    (
        "responses: {statuses: [{status: ESME_RINVDCS}]}",
        {"id_in_response": "any", "receipts": "all", "segmentation": "udh16"},
        ["a guess: no receipt came", "text in UCS-2: refused, ESME_RINVDCS"],
    ),
    (
        "responses: {statuses: [{status: ESME_RPROHIBITED}]}",
        {},
        ["by 1 segments"],
    ),
]


def connector(port: int, **fields: Any) -> ConnectorConfig:
    given = {"hosts": (f"127.0.0.1:{port}",), "system_id": "one", "rate_per_s": 10}
    return ConnectorConfig(**(given | {"password": PASSWORD} | fields))


async def learned(own: Any, to: str | None = TO, **fields: Any) -> tuple[dict[str, Any], str]:
    """The profile that the pipeline reads out of the draft, and the draft."""
    account = connector(own.port, **fields)
    probe = Probe(account, Plan(to, "ACME", PER_MINUTE, wait_s=2))
    text = draft("mine", account, await probe.run(), PER_MINUTE)
    raw = yaml.safe_load(text)
    raw["connectors"]["mine"]["password"] = PASSWORD
    config = Config(dev=True, **raw)
    return config.profiles["mine-learned"].model_dump(), text


@pytest.mark.parametrize(("name", "wanted"), BUILT_IN.items())
async def test_a_built_in_carrier_is_learned(name: str, wanted: dict[str, Any]) -> None:
    async with sandbox() as own:
        own.change(scenario.find(name))
        profile, text = await learned(own)
    assert profile.items() >= wanted.items(), text
    assert PASSWORD not in text
    assert 'password: "${MINE_PASSWORD}"' in text


@pytest.mark.parametrize(("written", "wanted", "told"), WRITTEN)
async def test_a_way_of_a_carrier_is_learned(
    written: str, wanted: dict[str, Any], told: list[str]
) -> None:
    async with sandbox(written) as own:
        profile, text = await learned(own)
    assert profile.items() >= wanted.items(), text
    for words in told:
        assert words in text


async def test_without_a_number_nothing_is_sent() -> None:
    async with sandbox() as own:
        profile, text = await learned(own, to=None)
        assert lines(own.ledger.segments) == []
    assert "enquire_link: answered" in text
    assert profile["id_in_response"] == "any"


async def test_a_transmitter_gets_its_receipts_on_a_receiver() -> None:
    async with sandbox() as own:
        profile, text = await learned(own, bind_type="transmitter")
    assert profile["id_in_receipt"] == "decimal", text


async def test_an_at_sign_in_an_mo_tells_the_alphabet() -> None:
    async with sandbox() as own:
        own.subscribers.send(MoOrder.model_validate({"from": TO, "to": "12345", "text": "@"}))
        _, text = await learned(own)
    assert "learned: the @ of an MO came as 0x00" in text


async def test_what_is_of_others_is_left_to_them() -> None:
    async with sandbox("retries: {attempts_max: 1}") as own:
        own.subscribers.send(MoOrder.model_validate({"from": "46709", "to": "12345", "text": "hi"}))
        await learned(own)
        assert [line["command_status"] for line in lines(own.ledger.mo)] == [0x64]


async def test_who_is_not_let_in_is_told_so() -> None:
    async with sandbox() as own:
        with pytest.raises(BindRefusedError, match="ESME_RINVPASWD"):
            await learned(own, password="wrong")


def test_what_is_announced_is_what_is_sent() -> None:
    assert segments_of(Plan(TO, "ACME", 6)) == 10
    assert segments_of(Plan(None, "ACME", 6)) == 0
