"""What must never show in logs and metrics: numbers, texts and secrets of a run; pure.

Numbers are found as whole runs of digits, texts by their first characters, as they are or as JSON
escapes them. A text too short to be told from a log line is not looked for. What was found is said
by its place and kind, never shown.
"""

import json
import re
from collections.abc import Iterable, Iterator

from heliograph.tallies import Leaks
from pipeline.records import MtRequest

NUMBER_DIGITS_MIN = 7
TEXT_CHARACTERS = 16
EXAMPLES_MAX = 3
_DIGITS = re.compile(rf"(?<![0-9])[0-9]{{{NUMBER_DIGITS_MIN},15}}(?![0-9])")


class Canaries:
    """All that is looked for."""

    def __init__(self, secrets: Iterable[str]) -> None:
        self._secrets = frozenset(filter(None, secrets))
        self._numbers: set[int] = set()
        self._texts: set[str] = set()

    def note_request(self, request: MtRequest) -> None:
        """Look for the recipient's number, and for the text."""
        self.note_number(request.to)
        if isinstance(request.text, str) and len(request.text) >= TEXT_CHARACTERS:
            self._texts.add(request.text[:TEXT_CHARACTERS])
            self._texts.add(json.dumps(request.text)[1:-1][:TEXT_CHARACTERS])

    def note_number(self, number: str) -> None:
        """Look for a number, if it is one."""
        digits = number.removeprefix("+").removeprefix("00")
        if digits.isdecimal() and len(digits) >= NUMBER_DIGITS_MIN:
            self._numbers.add(int(digits))

    def search(self, places: Iterable[tuple[str, Iterable[str]]]) -> Leaks:
        """Look through the lines of every place, which are read once."""
        count, searched, examples = 0, 0, []
        for place, lines in places:
            searched += 1
            for number, line in enumerate(lines, 1):
                for kind in self._found(line):
                    count += 1
                    if count <= EXAMPLES_MAX:
                        examples.append(f"{place} line {number} shows {kind}")
        canaries = len(self._numbers) + len(self._texts) + len(self._secrets)
        return Leaks(canaries, searched, count, tuple(examples))

    def _found(self, line: str) -> Iterator[str]:
        if any(int(digits) in self._numbers for digits in _DIGITS.findall(line)):
            yield "a number"
        windows = range(len(line) - TEXT_CHARACTERS + 1)
        if any(line[at : at + TEXT_CHARACTERS] in self._texts for at in windows):
            yield "a text"
        if any(secret in line for secret in self._secrets):
            yield "a secret"
