"""A running sandbox is shown and changed from the command line's side."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from heliograph.carriers import change, scenario_of
from pipeline.errors import ConfigError, HeliographError
from services.sandbox import scenario
from services.sandbox.http import serving
from tests.services.sandbox.loopback import sandbox


@pytest.fixture
async def url() -> AsyncIterator[str]:
    async with sandbox() as own, serving(own, "127.0.0.1", 0) as port:
        yield f"http://127.0.0.1:{port}"


async def test_it_behaves_like_a_scenario_with_settings_on_top(url: str) -> None:
    settings = ["limits.rate_per_s=7", "receipts.delay_ms={min: 1, max: 2}"]
    await asyncio.to_thread(change, url, "slow", settings)
    found = await asyncio.to_thread(scenario_of, url)
    assert found["limits"]["rate_per_s"] == 7
    assert found["receipts"]["delay_ms"]["max"] == 2
    assert found["limits"]["window"] == scenario.find("slow").limits.window
    await asyncio.to_thread(change, url, None, ["limits.rate_per_s=8"])
    found = await asyncio.to_thread(scenario_of, url)
    assert (found["limits"]["rate_per_s"], found["limits"]["window"]) == (8, 20)


@pytest.mark.parametrize(
    ("name", "settings", "words"),
    [
        ("nowhere", [], "scenario nowhere"),
        ("fast", ["limits.rate=7"], "limits.rate: there is no such setting"),
        ("fast", ["limits"], "--set limits: write KEY=VALUE"),
        ("fast", ["limit.rate_per_s=7"], "--set limit.rate_per_s=7: write KEY=VALUE"),
        ("fast", ["limits.rate_per_s=["], "--set limits.rate_per_s=[: [ is not YAML"),
        ("fast", ["receipts.account=three"], "receipts.account: there is no 'three'"),
    ],
)
async def test_what_is_wrong_is_one_clear_sentence(
    url: str, name: str, settings: list[str], words: str
) -> None:
    before = await asyncio.to_thread(scenario_of, url)
    with pytest.raises(ConfigError) as error:
        await asyncio.to_thread(change, url, name, settings)
    assert any(words in fault for fault in error.value.faults)
    assert await asyncio.to_thread(scenario_of, url) == before


@pytest.mark.parametrize("nobody", ["http://127.0.0.1:1", "127.0.0.1:1", "nonsense"])
def test_nobody_there_is_said(nobody: str) -> None:
    with pytest.raises(HeliographError, match=f"no sandbox answers at {nobody}"):
        scenario_of(nobody)


async def test_another_server_is_no_sandbox(url: str) -> None:
    with pytest.raises(HeliographError, match=r"no sandbox answers at .*404"):
        await asyncio.to_thread(scenario_of, f"{url}/elsewhere")
