"""The configuration is checked whole: every fault at once, each with its place, secrets hidden."""

from pathlib import Path

import pytest

from pipeline.config import Config, Section, load, section
from pipeline.errors import ConfigError

ROOT = Path(__file__).parents[2]
CONNECTOR = "hosts: h, system_id: s, rate_per_s: 1"


def write(folder: Path, text: str) -> Path:
    path = folder / "heliograph.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def faults(folder: Path, text: str) -> str:
    with pytest.raises(ConfigError) as error:
        load(write(folder, text))
    return "\n".join(error.value.faults)


def test_the_example_loads(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SLOW_PASSWORD", "a")
    monkeypatch.setenv("FAST_PASSWORD", "b")
    monkeypatch.setenv("TEST_PASSWORD", "c")
    config = load(ROOT / "examples/heliograph.yaml")
    assert set(config.connectors) == {"slow", "fast", "test"}
    assert config.routes == ROOT / "examples/routes.yaml"


@pytest.mark.parametrize(
    ("written", "found"),
    [("topic", "topic"), ("./topic", "topic"), ("new/routes.yaml", "new/routes.yaml")],
)
def test_routes_are_a_file_beside_it_or_the_topic(tmp_path: Path, written: str, found: str) -> None:
    config = load(write(tmp_path, f"routes: {written}"))
    assert config.routes == ("topic" if written == "topic" else tmp_path / found)


def test_every_fault_is_reported_at_once_with_its_place(tmp_path: Path) -> None:
    text = faults(
        tmp_path,
        f"""
        kafka: {{bootstrap_server: x}}
        connectors:
          alpha: {{{CONNECTOR}, password: "${{NOT_SET_ANYWHERE}}", windw: 3}}
          BETA: {{hosts: h, system_id: s, password: file:/nowhere/at/all, rate_per_s: -1}}
        """,
    )
    for words in (
        "kafka.bootstrap_server: there is no such setting",
        "connectors.alpha.windw: there is no such setting",
        "connectors.alpha.password: environment variable NOT_SET_ANYWHERE is not set",
        "connectors.BETA.password: cannot read /nowhere/at/all",
        "connectors.BETA.rate_per_s: Input should be greater than 0",
        "connectors.BETA",
    ):
        assert words in text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("kafka: [", "is not YAML"),
        ("- a list", "must be a mapping"),
        (f"connectors: {{a: {{{CONNECTOR}, password: plain}}}}", "a secret may not stand in the"),
        (
            f"dev: true\nconnectors: {{a: {{{CONNECTOR}, password: p, profile: odd}}}}",
            "no profile 'odd'",
        ),
    ],
)
def test_a_fault_is_one_clear_sentence(tmp_path: Path, text: str, words: str) -> None:
    assert words in faults(tmp_path, text)


def test_a_file_of_another_encoding_is_one_clear_sentence(tmp_path: Path) -> None:
    path = tmp_path / "heliograph.yaml"
    path.write_bytes("# für alle\ndev: true".encode("latin-1"))
    with pytest.raises(ConfigError) as caught:
        load(path)
    assert caught.value.faults == (f"{path}: is not UTF-8; save it as such",)


@pytest.mark.parametrize(
    ("written", "addresses"),
    [
        ("a.example", [("a.example", 2775)]),
        ("a.example:3550", [("a.example", 3550)]),
        ("'[2001:db8::1]:3550'", [("2001:db8::1", 3550)]),
        ("[one, 'two:1']", [("one", 2775), ("two", 1)]),
    ],
)
def test_a_host_has_a_port_or_that_of_smpp(
    tmp_path: Path, written: str, addresses: list[tuple[str, int]]
) -> None:
    own = f"hosts: {written}, system_id: s, rate_per_s: 1, password: p"
    config = load(write(tmp_path, f"dev: true\nconnectors: {{a: {{{own}}}}}"))
    assert list(config.connectors["a"].addresses) == addresses


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("hosts: 'a:0'", "'a:0' is no host, host:port or [IPv6 address]:port"),
        ("hosts: 'a b'", "is no host"),
        ("hosts: []", "at least 1 item"),
        ("hosts: a, tls: {ca_file: /nowhere/ca.pem}", "tls.ca_file: cannot read /nowhere/ca.pem"),
        ("hosts: a, tls: {key_file: /dev/null}", "key_file: of no use without certificate_file"),
        ("hosts: a, receiver: {password: more-than-8}", "ASCII of at most 8 characters"),
        ("hosts: a, binds: 2, receiver: {binds: 3}", "connectors.a.receiver.binds: more than"),
        (
            "hosts: a, receiver: {password: p}",
            "connectors.a.receiver.password: a secret may not stand in the file",
        ),
        (
            "hosts: a, tls: {certificate_file: /dev/null, key_password: p}",
            "connectors.a.tls.key_password: a secret may not stand in the file",
        ),
    ],
)
def test_where_to_connect_is_checked(tmp_path: Path, written: str, words: str) -> None:
    (tmp_path / "password").write_text("p", encoding="utf-8")
    own = f"{written}, system_id: s, rate_per_s: 1, password: 'file:{tmp_path}/password'"
    assert words in faults(tmp_path, f"connectors: {{a: {{{own}}}}}")


@pytest.mark.parametrize("name", ["dlq", "result"])
def test_a_connector_is_not_called_what_a_topic_is(tmp_path: Path, name: str) -> None:
    told = faults(tmp_path, f"dev: true\nconnectors: {{{name}: {{{CONNECTOR}, password: p}}}}")
    assert f"connectors.{name}: a topic has this name already; take another" in told


def test_who_only_speaks_to_kafka_needs_no_certificates(tmp_path: Path) -> None:
    own = f"{CONNECTOR}, password: p, tls: {{ca_file: /nowhere/ca.pem}}"
    path = write(tmp_path, f"dev: true\nconnectors: {{a: {{{own}}}}}")
    assert load(path, with_secrets=False).connectors["a"].tls is not None


def test_the_environment_names_a_host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HELIOGRAPH__CONNECTORS__A__HOSTS", '["127.0.0.1:4711"]')
    config = load(write(tmp_path, f"dev: true\nconnectors: {{a: {{{CONNECTOR}, password: p}}}}"))
    assert config.connectors["a"].addresses == (("127.0.0.1", 4711),)


def test_a_variable_that_is_no_json_is_a_fault(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HELIOGRAPH__CONNECTORS__A__HOSTS", "127.0.0.1:4711")
    assert "written as JSON" in faults(tmp_path, "dev: true")


def test_norway_is_a_country_and_a_time_is_one_without_quotes_too(tmp_path: Path) -> None:
    night = "{from: 21:30, to: 08:00, zone: Europe/Oslo}"
    text = f"tenants: {{a: {{countries: [SE, NO]}}}}\nquiet_hours: {{NO: {night}}}"
    config = load(write(tmp_path, text))
    assert config.tenants["a"].countries == ["SE", "NO"]
    assert config.quiet_hours["NO"][0].minutes == (21 * 60 + 30, 8 * 60)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"nowhere.yaml: cannot be read"):
        load(tmp_path / "nowhere.yaml")


def test_the_environment_wins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HELIOGRAPH__CONNECTORS__A__WINDOW", "77")
    monkeypatch.setenv("HELIOGRAPH__SERVICES__BINDER__CONNECTORS", '["a"]')
    config = load(write(tmp_path, f"dev: true\nconnectors: {{a: {{{CONNECTOR}, password: p}}}}"))
    assert config.connectors["a"].window == 77
    assert config.services["binder"]["connectors"] == ["a"]


def test_a_misspelt_variable_is_a_fault(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HELIOGRAPH__KAFFKA__BOOTSTRAP_SERVERS", "x")
    assert "HELIOGRAPH__KAFFKA__BOOTSTRAP_SERVERS: there is no" in faults(tmp_path, "dev: true")


def test_secrets_come_from_files_and_never_show(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("c4nary-s\n", encoding="utf-8")
    secret = f"file:{tmp_path / 'password'}"
    config = load(write(tmp_path, f"connectors: {{a: {{{CONNECTOR}, password: '{secret}'}}}}"))
    assert config.connectors["a"].password.get_secret_value() == "c4nary-s"
    assert "canary" not in repr(config)
    assert "canary" not in str(config.model_dump(mode="json"))


def test_who_only_speaks_to_kafka_needs_no_secret_of_a_connector(tmp_path: Path) -> None:
    path = write(tmp_path, f"connectors: {{a: {{{CONNECTOR}, password: '${{NOT_SET}}'}}}}")
    assert load(path, with_secrets=False).connectors["a"].hosts == ("h",)
    with pytest.raises(ConfigError, match="NOT_SET is not set"):
        load(path)


class Own(Section):
    limit: int = 3


def test_a_service_checks_its_own_section() -> None:
    assert section(Config(services={"own": {"limit": 4}}), "own", Own).limit == 4
    assert section(Config(), "own", Own).limit == 3
    with pytest.raises(ConfigError, match=r"services.own.limt: there is no such setting"):
        section(Config(services={"own": {"limt": 4}}), "own", Own)


def test_a_test_tenant_needs_a_sandbox(tmp_path: Path) -> None:
    text = "tenants: {trying: {test: true}}"
    assert "tenants.trying.test: needs a connector with sandbox" in faults(tmp_path, text)
