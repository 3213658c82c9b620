"""Where telemetry serves, and what would let everybody in."""

import pytest

from pipeline.config import Config, HttpConfig
from pipeline.errors import ConfigError
from services.telemetry.config import TelemetryConfig, serving

HTTP = HttpConfig(port=9000)


@pytest.mark.parametrize(
    ("own", "http", "where"),
    [
        ({}, HTTP, ("127.0.0.1", 9000)),
        ({"port": 8770}, HTTP, ("127.0.0.1", 8770)),
        ({"port": 0}, HTTP, ("127.0.0.1", 0)),
        ({"host": "localhost"}, HTTP, ("localhost", 9000)),
        ({"host": "::1"}, HttpConfig(host="0.0.0.0"), ("::1", 0)),  # noqa: S104
        ({"token": "${TOKEN}"}, HttpConfig(host="0.0.0.0"), ("0.0.0.0", 0)),  # noqa: S104
        ({"token": "${TOKEN}", "host": "telemetry"}, HTTP, ("telemetry", 9000)),
    ],
)
def test_it_serves_where_it_says_or_else_as_every_process(
    monkeypatch: pytest.MonkeyPatch,
    own: dict[str, object],
    http: HttpConfig,
    where: tuple[str, int],
) -> None:
    monkeypatch.setenv("TOKEN", "canary")
    found = serving(Config(http=http), TelemetryConfig(**own))  # type: ignore[arg-type]
    assert (found.host, found.port) == where


@pytest.mark.parametrize(
    ("own", "http", "words"),
    [
        ({"host": "0.0.0.0"}, HTTP, "none is set, and 0.0.0.0 can be reached"),  # noqa: S104
        ({"host": "telemetry"}, HTTP, "none is set, and telemetry can be reached"),
        ({}, HttpConfig(host="192.0.2.1"), "none is set, and 192.0.2.1 can be reached"),
        ({"token": "canary"}, HTTP, "a secret may not stand in the file"),
        ({"token": "${TOKEN}"}, HTTP, "token: is empty"),
    ],
)
def test_what_would_let_everybody_in_is_refused(
    monkeypatch: pytest.MonkeyPatch, own: dict[str, object], http: HttpConfig, words: str
) -> None:
    monkeypatch.setenv("TOKEN", "")
    with pytest.raises(ConfigError, match=words) as told:
        serving(Config(http=http), TelemetryConfig(**own))  # type: ignore[arg-type]
    assert "canary" not in str(told.value)


def test_a_token_may_stand_in_the_file_of_ones_own_machine() -> None:
    assert serving(Config(dev=True), TelemetryConfig(token="canary")).host == "127.0.0.1"  # type: ignore[arg-type]
