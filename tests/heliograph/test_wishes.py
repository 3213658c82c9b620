"""Files of opt-outs and opt-ins: lists and CSV, and every fault with its line."""

from pathlib import Path

import pytest

from heliograph.wishes import wishes_in
from pipeline.errors import HeliographError

Told = tuple[str, str, str | None, str | None]


def written(folder: Path, text: str) -> Path:
    path = folder / "numbers.csv"
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("", []),
        (
            "+4670 # a remark\n\n# nothing\n0701\n",
            [("out", "+4670", "bank", None), ("out", "0701", "bank", None)],
        ),
        ("number\n+4670\n", [("out", "+4670", "bank", None)]),
        (
            "number,action,tenant,sender,at\n"
            "+4670,out,,,2026-01-02T03:04:05Z\n"
            '+4671,in,shop,"A, B",2026-01-02T03:04:05Z\n\n',
            [("out", "+4670", "bank", None), ("in", "+4671", "shop", "A, B")],
        ),
        ("\ufeffaction, number\nin, +4670\n", [("in", "+4670", "bank", None)]),
        ("number,action\n+4670\n", [("out", "+4670", "bank", None)]),
    ],
)
def test_what_a_file_says(tmp_path: Path, text: str, told: list[Told]) -> None:
    assert [wish[:4] for wish in wishes_in(written(tmp_path, text), "bank", None)] == told


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("number,reason\n+4670,x", "line 1: column 'reason' is none of number, action, tenant,"),
        ("number,number\n+4670,x", "line 1: column 'number' stands twice"),
        ("number,action\n+4670,in\n+4671,yes", "line 3: action 'yes' is neither out nor in"),
        ("number,sender\n+4670,A,B", "line 2: has more cells than columns; quote a comma in"),
    ],
)
def test_a_fault_is_told_with_its_line(tmp_path: Path, text: str, fault: str) -> None:
    with pytest.raises(HeliographError) as caught:
        list(wishes_in(written(tmp_path, text), None, None))
    assert f"numbers.csv, {fault}" in str(caught.value)


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(HeliographError, match=r"none\.csv: can't be read"):
        list(wishes_in(tmp_path / "none.csv", None, None))
