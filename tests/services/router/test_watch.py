"""Routes that change while the router runs, and what is said of it."""

import os
from pathlib import Path

import pytest

from pipeline.errors import ConfigError
from pipeline.ids import ConnectorId
from services.router.differences import differences
from services.router.routes import Routes
from services.router.watch import RoutesWatch
from tests.services.router.builders import FAST, SLOW, rule

ONE = 'version: "1"\nrules: [{name: rest, prefix: "", connectors: [fast]}]'
TWO = 'version: "2"\nrules: [{name: rest, prefix: "", connectors: [slow]}]'


class Watched:
    """A file that is watched, looked at by hand."""

    def __init__(self, folder: Path) -> None:
        self.path = folder / "routes.yaml"
        self.path.write_text(ONE, encoding="utf-8")
        self.taken: list[str] = []
        self.refused = 0
        known = {ConnectorId("fast"), ConnectorId("slow")}
        self.watch = RoutesWatch(self.path, known, self._take, self._refuse)

    def write(self, text: str) -> None:
        """As an editor does: another file in its place."""
        new = self.path.with_suffix(".new")
        new.write_text(text, encoding="utf-8")
        os.replace(new, self.path)
        self.watch.look()

    def _take(self, routes: Routes) -> None:
        self.taken.append(routes.version)

    def _refuse(self) -> None:
        self.refused += 1


def test_another_file_is_in_force_and_a_broken_one_is_not(tmp_path: Path) -> None:
    own = Watched(tmp_path)
    own.watch.look()
    assert (own.taken, own.watch.routes.version) == ([], "1")
    own.write(TWO)
    assert (own.taken, own.watch.routes.version) == (["2"], "2")
    for broken in ("", "rules: [", ONE.replace("fast", "fats"), "version: 3"):
        own.write(broken)
    assert (own.taken, own.refused, own.watch.routes.version) == (["2"], 4, "2")
    own.write(ONE)
    assert (own.taken, own.refused, own.watch.routes.version) == (["2", "1"], 4, "1")


def test_a_file_that_is_gone_for_a_moment_changes_nothing(tmp_path: Path) -> None:
    own = Watched(tmp_path)
    own.path.unlink()
    own.watch.look()
    assert (own.taken, own.refused, own.watch.routes.version) == ([], 1, "1")
    own.write(TWO)
    assert own.taken == ["2"]


PRICED = """
version: "1"
rules: [{name: rest, prefix: "", connectors: [{name: fast, prices: prices.csv}]}]
"""


def test_a_price_list_that_changes_is_read_again_with_the_routes(tmp_path: Path) -> None:
    (tmp_path / "prices.csv").write_text("46,0.01", encoding="utf-8")
    own = Watched(tmp_path)
    own.write(PRICED)
    own.watch.look()
    assert own.taken == ["1"]
    for text, taken, price in (("46,0.0200", 2, "0.0200"), ("46,dear", 2, "0.0200")):
        (tmp_path / "prices.csv").write_text(text, encoding="utf-8")
        own.watch.look()
        own.watch.look()
        assert len(own.taken) == taken
        assert str(own.watch.routes.rules[0].pool[0].price_to("46")) == price
    assert own.refused == 1
    own.write(ONE)
    (tmp_path / "prices.csv").write_text("46,0.03", encoding="utf-8")
    own.watch.look()
    assert len(own.taken) == 3


def test_the_first_one_must_be_whole(tmp_path: Path) -> None:
    path = tmp_path / "routes.yaml"
    path.write_text("version: 1", encoding="utf-8")
    with pytest.raises(ConfigError):
        RoutesWatch(path, set(), lambda _: None, lambda: None)


def test_differences_are_told_rule_by_rule() -> None:
    old = Routes("1", (rule("a", "1", FAST), rule("b", "2", FAST), rule("c", "3", FAST)))
    new = Routes(
        "2", (rule("c", "3", FAST), rule("b", "2", FAST, SLOW, strategy="sticky"), rule("d", "4"))
    )
    assert differences(old, new) == ["- a", "~ b: pool, strategy", "+ d", "> c"]
    assert differences(old, old) == []
