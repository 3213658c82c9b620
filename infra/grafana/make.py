"""Makes the dashboards of dashboards.yaml as the JSON that Grafana imports, one file each."""

import json
import sys
from pathlib import Path
from typing import Any

import yaml

HERE = Path(__file__).parent
SOURCE = HERE / "dashboards.yaml"
WIDTH, HEIGHT = 24, 8
DATA = {"type": "prometheus", "uid": "${data}"}


def dashboards() -> dict[str, str]:
    """What each file says, by its name."""
    source = yaml.safe_load(SOURCE.read_text(encoding="utf-8"))
    return {
        f"{uid}.json": json.dumps(_dashboard(uid, said), indent=1) + "\n"
        for uid, said in source.items()
    }


def _dashboard(uid: str, said: dict[str, Any]) -> dict[str, Any]:
    panels: list[dict[str, Any]] = []
    top = 0
    for row in said["rows"]:
        place = {"x": 0, "y": top, "w": WIDTH, "h": 1}
        panels.append({"type": "row", "title": row["title"], "gridPos": place, "collapsed": False})
        width = WIDTH // len(row["panels"])
        for column, panel in enumerate(row["panels"]):
            place = {"x": column * width, "y": top + 1, "w": width, "h": HEIGHT}
            panels.append(_panel(panel, place))
        top += 1 + HEIGHT
    for number, one in enumerate(panels, 1):
        one["id"] = number
    return {
        "uid": uid,
        "title": said["title"],
        "tags": ["heliograph"],
        "schemaVersion": 38,
        "refresh": "15s",
        "time": {"from": "now-1h", "to": "now"},
        "timezone": "utc",
        "templating": {"list": [{"name": "data", "type": "datasource", "query": "prometheus"}]},
        "panels": panels,
    }


def _panel(said: dict[str, Any], place: dict[str, int]) -> dict[str, Any]:
    targets = [
        {"refId": chr(ord("A") + number), "expr": expr, "legendFormat": legend, "datasource": DATA}
        for number, (legend, expr) in enumerate(said["expr"].items())
    ]
    return {
        "type": "timeseries",
        "title": said["title"],
        "datasource": DATA,
        "gridPos": place,
        "fieldConfig": {"defaults": {"unit": said["unit"], "min": 0}, "overrides": []},
        "options": {"legend": {"displayMode": "list", "placement": "bottom"}},
        "targets": targets,
    }


def main() -> None:
    """Write them."""
    for name, text in dashboards().items():
        (HERE / name).write_text(text, encoding="utf-8")
        sys.stdout.write(f"{name}\n")


if __name__ == "__main__":
    main()
