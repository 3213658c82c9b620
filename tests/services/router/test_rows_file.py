"""Tables of numbers as files, and every fault with its line."""

from pathlib import Path

import pytest

from pipeline.errors import ConfigError
from services.router.rows_file import FAULTS_TOLD_MAX, rows_in


def letter(cells: list[str]) -> str:
    if len(cells) != 1 or len(cells[0]) != 1:
        raise ValueError("must be digits,letter")
    return cells[0]


def written(folder: Path, text: str | bytes) -> Path:
    path = folder / "rows.csv"
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


@pytest.mark.parametrize(
    "text",
    [
        "46,a\n4670,b\n",
        "prefix,letter\n46,a\n4670,b",
        "# of today\n\n46 , a # Sweden\r\n4670,b\r\n",
        "\ufeffprefix,letter\n4670,b\n46,a\n",
        '"46","a"\n46,a\n4670,b\n',
    ],
)
def test_rows_may_be_written_in_several_ways(tmp_path: Path, text: str) -> None:
    table = rows_in(written(tmp_path, text), letter)
    found = [table.longest(number) for number in ("4670123", "4660123", "47")]
    assert found == ["b", "a", None]


WRONG_DIGITS = "must be up to 15 digits in international form, without + or leading 0"


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        ("+46,a", [f"1: '+46' {WRONG_DIGITS}"]),
        ("46,a\n\n047,b", [f"3: '047' {WRONG_DIGITS}"]),
        ("46,a\nnumber,b", [f"2: 'number' {WRONG_DIGITS}"]),
        ("46,a\n,b", [f"2: '' {WRONG_DIGITS}"]),
        (f"{'1' * 16},a", [f"1: '{'1' * 16}' {WRONG_DIGITS}"]),
        ("٤٦,a", [f"1: '٤٦' {WRONG_DIGITS}"]),
        ("46\n47,b,c", ["1: must be digits,letter", "2: must be digits,letter"]),
        ("46,a\n46,b", ["2: 46 stands there already with something else; keep one"]),
        ("+\n" * 100, [f"{n}: '+' {WRONG_DIGITS}" for n in range(1, FAULTS_TOLD_MAX + 1)]),
    ],
)
def test_a_fault_is_a_sentence_with_its_line(tmp_path: Path, text: str, faults: list[str]) -> None:
    path = written(tmp_path, text)
    with pytest.raises(ConfigError) as caught:
        rows_in(path, lambda cells: letter(cells) if cells or "+" not in text else "a")
    assert [fault.removeprefix(f"{path}:") for fault in caught.value.faults] == faults


@pytest.mark.parametrize(
    ("octets", "fault"),
    [(b"", "has no rows"), (b"prefix,letter\n", "has no rows"), (b"46,\xe5", "is not UTF-8")],
)
def test_a_file_without_rows_is_a_fault(tmp_path: Path, octets: bytes, fault: str) -> None:
    with pytest.raises(ConfigError, match=fault):
        rows_in(written(tmp_path, octets), letter)


def test_a_file_that_is_not_there_is_a_fault(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"none\.csv: can't be read: No such file"):
        rows_in(tmp_path / "none.csv", letter)
