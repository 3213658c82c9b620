"""Tables of numbers as text: CSV, a row a line, digits first; read whole or not at all.

A first line whose first word is no number names the columns; what follows a # is a remark.
"""

import csv
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TypeVar

from pipeline.errors import ConfigError
from services.router.prefixes import Prefixes, by_prefix

DIGITS_MAX = 15  # of a number, E.164
FAULTS_TOLD_MAX = 20

T = TypeVar("T")


def rows_in(path: Path, read: Callable[[list[str]], T]) -> Prefixes[T]:
    """The rows of a file, as `read_rows` has them. Raises ConfigError."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise ConfigError([f"{path}: can't be read: {error.strerror}"]) from error
    except UnicodeDecodeError as error:
        raise ConfigError([f"{path}: is not UTF-8; save it as such"]) from error
    return read_rows(str(path), text, read)


def read_rows(place: str, text: str, read: Callable[[list[str]], T]) -> Prefixes[T]:
    """The rows of a text that stands at `place`. `read` makes a value of what follows the digits,
    or raises ValueError with what is wrong. Raises ConfigError with the first faults, by line.
    """
    rows: dict[int, T] = {}
    faults: list[str] = []
    for line, (digits, *rest) in _cells(place, text):
        try:
            _add(rows, digits, read(rest))
        except ValueError as error:
            faults.append(f"{place}:{line}: {error}")
            if len(faults) == FAULTS_TOLD_MAX:
                break
    if faults:
        raise ConfigError(faults)
    if not rows:
        raise ConfigError([f"{place}: has no rows; write digits and a value on each line"])
    return by_prefix(rows)


def _cells(place: str, text: str) -> Iterator[tuple[int, list[str]]]:
    """The cells of each line that has any, and its number."""
    reader = csv.reader(line.partition("#")[0] for line in text.removeprefix("\ufeff").splitlines())
    is_first = True
    try:
        for cells in reader:
            named = [cell.strip() for cell in cells]
            if not any(named):
                continue
            if not (is_first and named[0][:1].isalpha()):
                yield reader.line_num, named
            is_first = False
    except csv.Error as error:
        raise ConfigError([f"{place}:{reader.line_num}: is not CSV: {error}"]) from error


def _add(rows: dict[int, T], digits: str, value: T) -> None:
    if (
        not (digits.isascii() and digits.isdecimal())
        or digits[0] == "0"
        or len(digits) > DIGITS_MAX
    ):
        raise ValueError(
            f"{digits!r} must be up to {DIGITS_MAX} digits in international form, without + or "
            "leading 0"
        )
    if rows.setdefault(int(digits), value) != value:
        raise ValueError(f"{digits} stands there already with something else; keep one")
