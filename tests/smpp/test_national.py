"""The tables against those that 3GPP TS 23.038 Annex A prints, in `annex_a.txt`."""

import unicodedata
from pathlib import Path

import pytest

from smpp import national
from smpp.national import ABSENT, LOCKING, SINGLE

ANNEX = Path(__file__).with_name("annex_a.txt").read_text(encoding="utf-8")
SIGNS = {"·": "", "1)": "", "3)": "\f", "4)": "", "SP": " ", "LF": "\n", "CR": "\r"}
MISPRINTS = {  # what is printed, and what it must mean
    ("locking 7", 0x24): ("0CAA", "\u0ca1"),
    ("locking 9", 0x47): ("\u0b3c0B33", "\u0b33"),
    ("single 10", 0x23): ("OA6D", "\u0a6d"),
    ("single 11", 0x24): ("0BEF", "\u0bee"),
    ("single 12", 0x22): ("06CC", "\u0c6c"),
    ("single 12", 0x23): ("06CD", "\u0c6d"),
}


def printed_tables() -> dict[str, list[str]]:
    """The 128 cells of each table in the order of septets."""
    tables = {}
    for paragraph in ANNEX.split("\n\n"):
        title, *lines = [line for line in paragraph.splitlines() if not line.startswith("#")] or [
            ""
        ]
        rows = [line.split() for line in lines]
        tables[title] = [row[column] for column in range(8) for row in rows]
    del tables[""]
    return tables


PRINTED = printed_tables()


def meant(title: str, septet: int) -> str:
    cell = PRINTED[title][septet]
    if (title, septet) in MISPRINTS:
        as_printed, meaning = MISPRINTS[title, septet]
        assert cell == as_printed
        return meaning
    if cell in SIGNS:
        return SIGNS[cell]
    return cell if len(cell) == 1 else chr(int(cell, 16))


def held(title: str, septet: int) -> str:
    kind, language = title.split()
    if kind == "single":
        return SINGLE[int(language)].get(septet, "")
    return LOCKING[int(language)][septet].strip(f"{ABSENT}\x1b")


def test_every_language_has_its_tables() -> None:
    locking = {f"locking {language}" for language in LOCKING if language}
    single = {f"single {language}" for language in SINGLE if language}
    assert locking | single == set(PRINTED)
    assert set(SINGLE) == set(range(14))
    assert set(LOCKING) == set(range(14)) - {2}  # A.3.2 is void


@pytest.mark.parametrize("title", PRINTED)
def test_every_cell_is_as_printed_but_for_six_misprints(title: str) -> None:
    septets = range(128)
    assert len(PRINTED[title]) == 128
    assert [held(title, septet) for septet in septets] == [
        meant(title, septet) for septet in septets
    ]


@pytest.mark.parametrize("language", LOCKING)
def test_a_locking_table_says_everything_once(language: int) -> None:
    table = LOCKING[language]
    assert len(table) == 128
    assert table[national.ESCAPE] == "\x1b"
    characters = table.replace(ABSENT, "")
    assert len(set(characters)) == len(characters)


@pytest.mark.parametrize("language", SINGLE)
def test_a_single_shift_table_escapes_characters_and_no_controls(language: int) -> None:
    assert national.ESCAPE not in SINGLE[language]
    controls = [char for char in SINGLE[language].values() if unicodedata.category(char) == "Cc"]
    assert controls == ["\f"]
