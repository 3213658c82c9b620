"""Keywords of our numbers: which one a message begins with, and what stands behind it; pure.

An exact word goes before one that only begins so, and of those the longest.
"""

from collections.abc import Mapping
from typing import NamedTuple

from pipeline.numbers import WORD_CHARACTERS_MAX, NumberConfig, bare, digits_of

LOOKED_AT_MAX = 2 * WORD_CHARACTERS_MAX  # of a first word: a keyword with punctuation around it


class Said(NamedTuple):
    """A keyword, as it is configured, and the text behind it."""

    keyword: str
    rest: str


class _Words(NamedTuple):
    exact: dict[str, str]  # bare word: keyword
    prefixes: list[tuple[str, str]]  # the longest first


class Keywords:
    """Those of all numbers."""

    def __init__(self, numbers: Mapping[str, NumberConfig]) -> None:
        self._of = {digits_of(name): _words(number) for name, number in numbers.items()}

    def said(self, receiver: str, text: str) -> Said | None:
        """The keyword that `text` begins with, to a number of ours; None without one."""
        words = self._of.get(digits_of(receiver))
        parts = text.split(maxsplit=1)
        if words is None or not parts:
            return None
        first, rest = parts[0], parts[1].strip() if len(parts) > 1 else ""
        keyword = words.exact.get(bare(first))
        if keyword is not None:
            return Said(keyword, rest)
        begin = bare(first[:LOOKED_AT_MAX])
        for prefix, keyword in words.prefixes:
            if begin.startswith(prefix):
                return Said(keyword, f"{first[_cut(first, prefix) :]} {rest}".strip())
        return None


def _words(number: NumberConfig) -> _Words:
    exact = {word: keyword.word for keyword in number.keywords for word in keyword.words}
    prefixes = [
        (word, keyword.word)
        for keyword in number.keywords
        if keyword.match == "prefix"
        for word in keyword.words
    ]
    return _Words(exact, sorted(prefixes, key=lambda row: -len(row[0])))


def _cut(first: str, prefix: str) -> int:
    """Where `prefix` ends in a word as it was written, with the punctuation behind it."""
    ends = range(min(len(first), LOOKED_AT_MAX), 0, -1)
    return next((end for end in ends if bare(first[:end]) == prefix), len(first))
