"""What changes while the router runs: routes, connectors, and both at once."""

import os
from pathlib import Path

import pytest
from structlog.testing import capture_logs

from pipeline.config import Config, ProfileConfig, TenantConfig
from pipeline.errors import ConfigError
from pipeline.ids import ConnectorId
from pipeline.records import MtRouted
from pipeline.stops import Stops
from services.router.__main__ import _read_anew
from services.router.atlas import known
from services.router.core import Router
from services.router.differences import differences
from services.router.routes import Routes
from services.router.sources import FileSource
from services.router.standing import Standing
from services.router.watch import Watch
from tests.entries import MemoryEntries
from tests.services.router.broken import BROKEN
from tests.services.router.builders import (
    FAST,
    NOW_MS,
    SLOW,
    admitted,
    connector,
    request,
    rule,
)

ONE = 'version: "1"\nrules: [{name: rest, prefix: "", connectors: [fast]}]'
TWO = 'version: "2"\nrules: [{name: rest, prefix: "", connectors: [slow]}]'
NEW = 'version: "3"\nrules: [{name: rest, prefix: "", connectors: [new, fast]}]'


def config(*names: str) -> Config:
    connectors = {ConnectorId(name): connector() for name in names}
    profiles = {"plain": ProfileConfig()}
    tenants = {"default": TenantConfig(senders=["ACME"])}
    return Config(dev=True, connectors=connectors, profiles=profiles, tenants=tenants)


class Watched:
    """A router whose file and configuration are looked at by hand."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "routes.yaml"
        self.path.write_text(ONE, encoding="utf-8")
        self.config: Config | ConfigError = config("fast", "slow")
        self.told: list[tuple[str, str]] = []
        source = FileSource(self.path)
        first = self._read()
        self.standing = Standing(self._make, first, source.first(known(first)))
        self.watch = Watch(self.standing, source, self._read, lambda *t: self.told.append(t))

    @property
    def version(self) -> str:
        return self.standing.routes.version

    def write(self, text: str) -> None:
        """As an editor does: another file in its place."""
        new = self.path.with_suffix(".new")
        new.write_text(text, encoding="utf-8")
        os.replace(new, self.path)
        self.watch.look()

    def reconfigure(self, read: Config | ConfigError) -> None:
        self.config = read
        self.watch.ask()
        self.watch.look()

    def _read(self) -> Config:
        if isinstance(self.config, ConfigError):
            raise self.config
        return self.config

    def _make(self, config: Config, routes: Routes) -> Router:
        return Router(config, routes, lambda _: True, Stops())


def test_another_file_is_in_force_and_a_broken_one_is_not(tmp_path: Path) -> None:
    own = Watched(tmp_path)
    own.watch.look()
    assert (own.told, own.version) == ([], "1")
    own.write(TWO)
    assert (own.told, own.version) == ([("routes", "taken")], "2")
    for broken in ("", "rules: [", ONE.replace("fast", "fats"), "version: 3"):
        own.write(broken)
    assert (own.told[1:], own.version) == ([("routes", "refused")] * 4, "2")
    own.write(ONE)
    assert (own.told[5:], own.version) == ([("routes", "taken")], "1")


def test_under_all_that_can_be_wrong_messages_go_on_by_the_last_good_one(tmp_path: Path) -> None:
    own = Watched(tmp_path)
    assert len(BROKEN) >= 100
    for number, row in enumerate(BROKEN):
        with capture_logs() as log:
            own.write(row.text)
        assert f"{own.path}:{row.fault}" in log[0]["faults"]
        record = admitted(request(message_id=f"m{number}"))
        *_, fact = own.standing.decide(MemoryEntries(), record, NOW_MS)
        assert isinstance(fact.record, MtRouted)
        assert (fact.record.routes_version, fact.record.connector) == ("1", FAST)
    assert own.told == [("routes", "refused")] * len(BROKEN)


def test_a_file_that_is_gone_for_a_moment_changes_nothing(tmp_path: Path) -> None:
    own = Watched(tmp_path)
    own.path.unlink()
    own.watch.look()
    assert (own.told, own.version) == ([("routes", "refused")], "1")
    own.write(TWO)
    assert (own.told[1:], own.version) == ([("routes", "taken")], "2")


PRICED = """
version: "1"
rules: [{name: rest, prefix: "", connectors: [{name: fast, prices: prices.csv}]}]
"""


def test_a_price_list_that_changes_is_read_again_with_the_routes(tmp_path: Path) -> None:
    (tmp_path / "prices.csv").write_text("46,0.01", encoding="utf-8")
    own = Watched(tmp_path)
    own.write(PRICED)
    own.watch.look()
    assert own.told == [("routes", "taken")]
    for text, result in (("46,0.0200", "taken"), ("46,dear", "refused")):
        (tmp_path / "prices.csv").write_text(text, encoding="utf-8")
        own.watch.look()
        own.watch.look()
        assert own.told[-1] == ("routes", result)
        assert str(own.standing.routes.rules[0].pool[0].price_to("46")) == "0.0200"
    assert len(own.told) == 3
    own.write(ONE)
    (tmp_path / "prices.csv").write_text("46,0.03", encoding="utf-8")
    own.watch.look()
    assert own.told[3:] == [("routes", "taken")]


def test_routes_that_name_a_new_connector_wait_for_its_configuration(tmp_path: Path) -> None:
    own = Watched(tmp_path)
    own.write(NEW)
    own.watch.look()
    assert (own.told, own.version) == ([("routes", "refused")], "1")
    own.reconfigure(config("fast", "slow", "new"))
    assert own.told[1:] == [("configuration", "taken"), ("routes", "taken")]
    assert own.version == "3"
    own.watch.look()
    assert len(own.told) == 3


def test_a_configuration_that_is_asked_for_first_lets_the_routes_come(tmp_path: Path) -> None:
    own = Watched(tmp_path)
    own.reconfigure(config("fast", "slow", "new"))
    assert (own.told, own.version) == ([("configuration", "taken")], "1")
    own.write(NEW)
    assert (own.told[1:], own.version) == ([("routes", "taken")], "3")


BAD_SENDER = config("fast").model_copy(
    update={"tenants": {"shop": TenantConfig(senders=["far too long for any sender"])}}
)


@pytest.mark.parametrize(
    ("read", "sentence"),
    [
        (ConfigError(["heliograph.yaml: is not YAML"]), "heliograph.yaml: is not YAML"),
        (config("slow"), "connectors: rule 'rest' of routes 1 names 'fast', which is not there"),
        (BAD_SENDER, "tenants.shop.senders: "),
    ],
    ids=["broken", "less", "unfit"],
)
def test_a_configuration_that_is_wrong_or_does_not_fit_the_routes_changes_nothing(
    tmp_path: Path, read: Config | ConfigError, sentence: str
) -> None:
    own = Watched(tmp_path)
    before = own.standing.config
    with capture_logs() as log:
        own.reconfigure(read)
    assert own.told == [("configuration", "refused")]
    assert own.standing.config is before
    assert log[0]["faults"][0].startswith(sentence)


def test_differences_are_told_rule_by_rule() -> None:
    old = Routes("1", (rule("a", "1", FAST), rule("b", "2", FAST), rule("c", "3", FAST)))
    new = Routes(
        "2", (rule("c", "3", FAST), rule("b", "2", FAST, SLOW, strategy="sticky"), rule("d", "4"))
    )
    assert differences(old, new) == ["- a", "~ b: pool, strategy", "+ d", "> c"]
    assert differences(old, old) == []


def test_a_configuration_that_only_a_start_takes_is_refused_before_kafka_is_asked() -> None:
    before = config("fast")
    other = before.model_copy(update={"networks": Path("networks.csv")})
    with pytest.raises(ConfigError, match="networks: changed; restart the router"):
        _read_anew(lambda: other, before)
