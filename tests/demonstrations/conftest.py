"""Tells what was demonstrated, one line a row, when TELL is set (`make scenarios`)."""

import os

import pytest

LINES = pytest.StashKey[list[tuple[str, str, str]]]()


@pytest.fixture
def told(request: pytest.FixtureRequest) -> list[tuple[str, str, str]]:
    """Takes (what was scripted, what was sent, what the ESME saw)."""
    return request.config.stash.setdefault(LINES, [])


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    rows = terminalreporter.config.stash.get(LINES, [])
    if not os.environ.get("TELL") or not rows:
        return
    heads = ("carrier", "sent", "the ESME saw")
    widths = [max(len(row[n]) for row in [heads, *rows]) for n in range(2)]
    for row in [heads, *rows]:
        scripted, sent, saw = row
        terminalreporter.write_line(f"{scripted:{widths[0]}}  {sent:{widths[1]}}  {saw}")
