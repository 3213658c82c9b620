"""Subscribers by script: who answers what to which text, in turns; pure, dice given.

    subscribers:
      - {suffix: "7", hears: "vote", says: ["VOTE A", "VOTE B"], share: 0.4}
      - {prefix: "46", hears: "your name", says: [Ada], then: named}
      - {prefix: "46", when: named, hears: ".", says: [YES]}

The first row that is about the number, at its point of the conversation, and whose pattern is in
the text, answers. Where a number stands in its conversation is remembered, of so many numbers.

    unprompted:
      - {every_ms: {min: 500, max: 1500}, prefix: "4670", to: "12345", says: [JOIN, HELP]}

Others write first, each time from a number drawn anew.
"""

import re
from random import Random
from typing import Annotated, NamedTuple

from pydantic import AfterValidator, Field

from pipeline.config import Section
from services.sandbox.values import Chosen, Delay, drawer

NUMBERS_KEPT = 100_000
BEGINNING = ""


def _checked(pattern: str) -> str:
    try:
        re.compile(pattern)
    except re.error as error:
        raise ValueError(f"{pattern!r} is no pattern: {error}") from error
    return pattern


def _passing(every: Delay) -> Delay:
    if every.min < 1:
        raise ValueError("min must be at least 1, or time would stand still")
    return every


Said = Annotated[tuple[Annotated[str, Field(min_length=1)], ...], Field(min_length=1)]


class Script(Chosen):
    """One turn of a conversation."""

    hears: Annotated[str, AfterValidator(_checked)] = ""
    """A regular expression, in any case, somewhere in the text; any text when left out."""
    when: str = BEGINNING
    """Where the conversation must stand."""
    says: Said
    """One of these, drawn."""
    then: str = BEGINNING
    """Where it stands afterwards."""
    after_ms: Delay = Delay(min=100, max=500)


class Unprompted(Section):
    """Subscribers who write first."""

    every_ms: Annotated[Delay, AfterValidator(_passing)] = Delay(min=1000, max=1000)
    prefix: Annotated[str, Field(pattern=r"^[0-9]{0,10}$")] = ""
    digits: Annotated[int, Field(ge=1, le=10)] = 7
    """Drawn behind the prefix."""
    to: Annotated[str, Field(min_length=1, max_length=20, pattern=r"^[ -~]+$")]
    says: Said
    """One of these, drawn."""
    account: str | None = None
    """Who gets it; the first account of the configuration when left out."""

    def next(self, dice: Random) -> tuple[int, str, str]:
        """After so many nanoseconds, from which number, what."""
        number = f"{self.prefix}{dice.randrange(10**self.digits):0{self.digits}}"
        return drawer(self.every_ms)(dice), number, dice.choice(self.says)


class Line(NamedTuple):
    """What is said, and so many nanoseconds later."""

    after_ns: int
    text: str


class Scripts:
    """The conversations of all subscribers."""

    def __init__(self, rows: tuple[Script, ...], dice: Random) -> None:
        self._rows = [
            (row, re.compile(row.hears, re.IGNORECASE | re.DOTALL), drawer(row.after_ms))
            for row in rows
        ]
        self._dice = dice
        self._points: dict[str, str] = {}

    def __bool__(self) -> bool:
        return bool(self._rows)

    def answer(self, number: str, text: str, since_s: float) -> Line | None:
        """What `number` says to a text it got; None when it says nothing."""
        point = self._points.get(number, BEGINNING)
        for row, pattern, delay in self._rows:
            if row.when == point and pattern.search(text) and row.fits(number, since_s, self._dice):
                self._remember(number, row.then)
                return Line(delay(self._dice), self._dice.choice(row.says))
        return None

    def _remember(self, number: str, point: str) -> None:
        self._points.pop(number, None)
        if point != BEGINNING:
            self._points[number] = point
            if len(self._points) > NUMBERS_KEPT:
                del self._points[next(iter(self._points))]
