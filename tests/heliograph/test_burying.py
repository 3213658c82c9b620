"""How a dead letter is told to people."""

from heliograph.burying import told
from pipeline.burials import Letter, document
from pipeline.codec import Codec

LETTER = Letter("sms.command.dlq", 7, 1_790_000_000_000, b"\x1b[2J\nk\xc2\x9b", b"{nonsense", [])
MAY_NOT = {"may_go": False, "why_not": "it still can't be read"}


def test_what_others_wrote_moves_no_cursor_and_makes_no_line() -> None:
    lines = list(told(document(LETTER, Codec(), is_masked=False) | MAY_NOT))
    assert lines[0].endswith("key �[2J�k�")
    assert lines[-2:] == [f"  9 octets {LETTER.octets.hex()}", "  stays: it still can't be read"]  # type: ignore[union-attr]


def test_one_that_is_cut_says_how_to_see_the_whole() -> None:
    lines = list(told(document(LETTER, Codec(), 4, is_masked=False) | MAY_NOT))
    assert "  9 octets 7b6e6f6e" in lines
    assert "  cut; `heliograph dlq show sms.command.dlq --offset 7` shows it whole" in lines
