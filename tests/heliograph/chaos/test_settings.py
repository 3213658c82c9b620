"""What rows write into the configuration of a pipeline is one, and is taken back."""

from pathlib import Path

import pytest

from heliograph.chaos import receipts
from heliograph.chaos.settings import ACCOUNT, CONNECTOR, Settings
from pipeline.config import load, section
from services.correlator.config import CorrelatorConfig

PROFILES = [profile for profile, _ in receipts.WAYS.values() if profile]


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("CHAOS_PASSWORD", "a")
    return Settings(tmp_path / "heliograph.yaml")


@pytest.mark.parametrize("profile", [{}, receipts.ANY, *PROFILES])
def test_a_profile_is_written_and_forgotten(settings: Settings, profile: dict[str, object]) -> None:
    before = load(settings.path).profile(CONNECTOR)
    settings.write_as(profile)
    found = load(settings.path).profile(CONNECTOR)
    assert (found == before) is (not profile)
    assert found.ledger_tlv == before.ledger_tlv
    settings.write_as({})
    assert load(settings.path).profile(CONNECTOR) == before


def test_what_a_row_wants_of_the_correlator_can_be_set(settings: Settings) -> None:
    settings.correlate({"park_s": 5, "grace_s": 1})
    settings.leave_free(1)
    config = load(settings.path)
    assert section(config, "correlator", CorrelatorConfig).park_s == 5
    assert config.state_room_mib == 1


def test_the_first_account_stays_the_first(settings: Settings) -> None:
    """It gets what a row says from a handset without naming one."""
    accounts = load(settings.path).services["sandbox"][CONNECTOR]["accounts"]
    assert next(iter(accounts)) == ACCOUNT
