from pathlib import Path

from heliograph.launcher import launcher


def test_a_process_says_where_it_stands(tmp_path: Path) -> None:
    with launcher(tmp_path) as own:
        child = own.start("carrier", "sandbox", "fast", "--free-ports")
        own.wait_up()
        told = child.where_it_stands()
        assert "most recent call first" in told
        assert "services/sandbox" in told
        assert child.is_running
