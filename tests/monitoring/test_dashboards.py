"""The dashboards: made of their source, asking for what is served."""

import importlib.util
import json
import re
from pathlib import Path
from types import ModuleType

from tests.monitoring.rendered import names_rendered
from tests.monitoring.test_rules import OWN, RULES

GRAFANA = Path(__file__).parents[2] / "infra/grafana"
RECORDED = re.compile(r"heliograph:[a-z0-9_:]+")


def maker() -> ModuleType:
    spec = importlib.util.spec_from_file_location("make", GRAFANA / "make.py")
    assert spec
    assert spec.loader
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def expressions() -> list[str]:
    boards = [json.loads(path.read_text(encoding="utf-8")) for path in GRAFANA.glob("*.json")]
    return [
        target["expr"]
        for board in boards
        for panel in board["panels"]
        for target in panel.get("targets", ())
    ]


def test_the_files_are_what_the_source_says() -> None:
    there = {path.name: path.read_text(encoding="utf-8") for path in GRAFANA.glob("*.json")}
    assert there == maker().dashboards(), "run infra/grafana/make.py"


def test_every_metric_a_panel_asks_for_is_served_or_recorded() -> None:
    asked = expressions()
    assert {name for expr in asked for name in OWN.findall(expr)} - names_rendered() == set()
    recorded = {rule["record"] for rule in RULES if "record" in rule}
    assert {name for expr in asked for name in RECORDED.findall(expr)} - recorded == set()


def test_panels_of_a_board_lie_beside_each_other_and_have_ids_of_their_own() -> None:
    for path in GRAFANA.glob("*.json"):
        panels = json.loads(path.read_text(encoding="utf-8"))["panels"]
        assert len({panel["id"] for panel in panels}) == len(panels)
        places = [(panel["gridPos"]["x"], panel["gridPos"]["y"]) for panel in panels]
        assert len(set(places)) == len(places)
        assert all(panel["gridPos"]["x"] + panel["gridPos"]["w"] <= 24 for panel in panels)
