"""A snapshot as a terminal shows it."""

from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace
from rich.console import Console

from heliograph.topping import screen, span, spark
from services.telemetry.snapshot import Snapshot

EXAMPLE = Path(__file__).parents[1] / "services" / "telemetry" / "snapshot.json"


@pytest.fixture
def seen() -> Snapshot:
    return msgspec.json.decode(EXAMPLE.read_bytes(), type=Snapshot)


def shown(seen: Snapshot, width: int) -> list[str]:
    console = Console(width=width, record=True, color_system=None)
    with console.capture() as captured:
        console.print(screen(seen, width))
    return [line.rstrip() for line in captured.get().splitlines()]


@pytest.mark.parametrize(("width", "columns"), [(80, 9), (89, 10), (129, 13), (140, 14)])
def test_what_counts_is_seen_at_any_width(seen: Snapshot, width: int, columns: int) -> None:
    lines = shown(seen, width)
    assert max(map(len, lines)) <= width
    text = "\n".join(lines)
    for words in (
        "2026-09-21 14:13:20 UTC, telemetry up 1 d 0 h",
        "! ConnectorStopped for 44 s: fast refuses everything: ESME_RINVSYSID.",
        "301,204    300,911  287,760    270,113    9,120   203      88       21,680",
        "binder-slow  1,840   6 s     298",
        "vote song-contest: A 812, B 790",
        "dead letters in sms.mt.request.dlq: 3",
        "14:13:16 order-4711  The carrier says that the number does not exist.",
    ):
        assert words in text, words
    (slow,) = [line.split() for line in lines if line.startswith("slow ")]
    assert slow[:9] == ["slow", "bound", "4/4", "61/80", "298/312", "1,840", "6", "s", "410"]
    assert slow[9:] == ["400", "12,000", "338", "2,900", "96.1%", "0.0%"][: columns - 8]
    assert "…" not in text


def test_what_others_wrote_moves_no_cursor(seen: Snapshot) -> None:
    failure = replace(seen.failures[0], message_id="a\x1b[2Jb", words="[bold]c\r\n\x07d")
    text = "\n".join(shown(replace(seen, failures=(failure,)), 140))
    assert "a�[2Jb  [bold]c���d" in text
    assert not {"\x1b", "\x07", "\r"} & set(text)


def test_receivers_are_binds_too_and_who_sends_nothing_is_not_throttled(seen: Snapshot) -> None:
    card = replace(seen.connectors[0], receivers_wanted=2, receivers=1, rate_per_s=0.0)
    console = Console(width=140, color_system="standard", force_terminal=True)
    with console.capture() as captured:
        console.print(screen(replace(seen, connectors=(card,)), 140))
    text = captured.get()
    assert "\x1b[1;31m  5/6\x1b[0m" in text
    assert "\x1b[33m298/0" not in text
    assert "298/0" in text


def test_an_operator_who_has_paused_one_is_named(seen: Snapshot) -> None:
    paused = replace(seen.connectors[0], stop="paused by an operator")
    text = "\n".join(shown(replace(seen, connectors=(paused,)), 140))
    assert "slow       paused by an operator" in text


def test_a_line_of_blocks_is_full_at_its_highest() -> None:
    assert spark([0, 1, 2, 4]) == "▁▃▅█"
    assert spark([0, 0]) == "▁▁"
    assert spark([]) == ""


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (0.4, "0 s"),
        (59.9, "59 s"),
        (60, "1 min 0 s"),
        (3599, "59 min 59 s"),
        (3600, "1 h 0 min"),
        (90_000, "1 d 1 h"),
    ],
)
def test_a_stretch_of_time_has_two_units(seconds: float, words: str) -> None:
    assert span(seconds) == words
