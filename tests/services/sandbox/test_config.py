"""The settings of a sandbox: checked whole, secrets not in the file."""

from typing import Any

import pytest

from pipeline.config import Config
from pipeline.errors import ConfigError
from services.sandbox.config import sandbox_config

GOOD = {"port": 0, "http_port": 0, "accounts": {"us": "${SANDBOX_PASSWORD}"}}


def config(section: dict[str, Any], *, dev: bool = False) -> Config:
    return Config(dev=dev, services={"sandbox": {"slow": section}})


def elsewhere(url: str) -> dict[str, Any]:
    to = {"url": url, "account": "us"}
    return GOOD | {"accounts": {"us": {"password": "${SANDBOX_PASSWORD}", "deliver_to": to}}}


@pytest.fixture(autouse=True)
def _password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SANDBOX_PASSWORD", "secret")


def test_a_section_is_read_and_its_password_hidden() -> None:
    found = sandbox_config(config(GOOD), "slow")
    assert found.accounts["us"].password.get_secret_value() == "secret"
    assert "secret" not in repr(found)
    assert found.ledger_max == 1_000_000


@pytest.mark.parametrize(
    ("section", "words"),
    [
        (GOOD | {"prt": 1}, "services.sandbox.slow.prt: there is no such setting"),
        (GOOD | {"port": 70_000}, "services.sandbox.slow.port"),
        (GOOD | {"accounts": {}}, "services.sandbox.slow.accounts"),
        (GOOD | {"accounts": {"us": "written-out"}}, "accounts.us: a secret may not stand in"),
        (GOOD | {"accounts": {"us": {}}}, "accounts.us.password: Field required"),
        (
            GOOD | {"accounts": {"us": {"password": "${SANDBOX_PASSWORD}", "deliver_to": "them"}}},
            "accounts.us.deliver_to: there is no account 'them'",
        ),
        (
            GOOD | {"accounts": {"us": {"password": "${SANDBOX_PASSWORD}", "allow": ["here"]}}},
            "accounts.us.allow.0",
        ),
        (elsewhere("https://there"), "URL scheme should be 'http'"),
        (elsewhere("http://there:99999"), "invalid port number"),
        (GOOD | {"accounts": {"us": "${NOT_SET_ANYWHERE}"}}, "NOT_SET_ANYWHERE is not set"),
    ],
)
def test_a_fault_is_one_clear_sentence(section: dict[str, Any], words: str) -> None:
    with pytest.raises(ConfigError, match="sandbox") as error:
        sandbox_config(config(section), "slow")
    assert words in str(error.value)


def test_on_ones_own_machine_a_password_may_stand_in_the_file() -> None:
    section = GOOD | {"accounts": {"us": "written-out"}}
    assert sandbox_config(config(section, dev=True), "slow").accounts["us"].password.literal


def test_an_unknown_sandbox_names_those_there_are() -> None:
    with pytest.raises(ConfigError, match=r"services.sandbox.quick: there is none; there are slow"):
        sandbox_config(config(GOOD), "quick")
