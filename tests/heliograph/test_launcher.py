from pathlib import Path

from heliograph.launcher import launcher

CONFIG = """
dev: true
services:
  sandbox:
    mine: {port: 2775, http_port: 8775, scenario: fast, accounts: {us: {password: canary}}}
"""


def test_a_process_says_where_it_stands(tmp_path: Path) -> None:
    config = tmp_path / "heliograph.yaml"
    config.write_text(CONFIG, encoding="utf-8")
    with launcher(tmp_path) as own:
        child = own.start("carrier", "sandbox", "mine", "--config", str(config), "--free-ports")
        own.wait_up()
        told = child.where_it_stands()
        assert "most recent call first" in told
        assert "services/sandbox" in told
        assert child.is_running
