"""Files of opt-outs and opt-ins: plain lists of numbers, and CSV, as `heliograph optout` has them.

A CSV begins with a line of its columns: number, and any of action (out or in, out if not said),
tenant and sender (nothing for any), at. What is exported can be imported.
"""

import csv
from collections.abc import Iterator
from pathlib import Path

from heliograph.opting import Wish
from pipeline.errors import HeliographError

COLUMNS = ("number", "action", "tenant", "sender", "at")
ACTIONS = ("out", "in")


def wishes_in(path: Path, tenant: str | None, sender: str | None) -> Iterator[Wish]:
    """What a file says, about this tenant and sender where it names none.

    Raises HeliographError with the line that can't be read.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise HeliographError(f"{path}: can't be read: {error}") from error
    header = [name.strip() for name in lines[0].split(",")] if lines else []
    if COLUMNS[0] in header:
        yield from _of_csv(path, lines, header, Wish("out", "", tenant, sender))
        return
    for line_number, line in enumerate(lines, 1):
        if number := line.partition("#")[0].strip():
            yield Wish("out", number, tenant, sender, _place(path, line_number))


def _of_csv(path: Path, lines: list[str], header: list[str], default: Wish) -> Iterator[Wish]:
    for name in header:
        if name not in COLUMNS or header.count(name) > 1:
            why = "stands twice" if name in COLUMNS else f"is none of {', '.join(COLUMNS)}"
            raise HeliographError(f"{_place(path, 1)}column {name!r} {why}")
    rows = csv.reader(lines[1:])
    for cells in rows:
        place = _place(path, rows.line_num + 1)
        if len(cells) > len(header):
            raise HeliographError(f"{place}has more cells than columns; quote a comma in a name")
        if not any(cells):
            continue
        said = {name: cell.strip() for name, cell in zip(header, cells, strict=False)}
        action = said.get("action") or default.action
        if action not in ACTIONS:
            raise HeliographError(f"{place}action {action!r} is neither out nor in")
        yield Wish(
            action,
            said["number"],
            said.get("tenant") or default.tenant,
            said.get("sender") or default.sender,
            place,
        )


def _place(path: Path, line: int) -> str:
    return f"{path}, line {line}: "
