"""What is known of numbers, by their leading digits or by all of them: a sorted table, pure.

No number begins with 0, so digits are kept as integers: a row takes twelve octets, whatever its
value is, and a hundred thousand prefixes are a megabyte.
"""

from array import array
from bisect import bisect_left
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Prefixes(Generic[T]):
    """Values by digits; `by_prefix` makes one."""

    digits: "array[int]"
    """In ascending order."""
    which: "array[int]"
    """For each its value's place in `values`."""
    values: tuple[T, ...]
    lengths: tuple[int, ...]
    """How many digits rows have, the most first."""

    def exact(self, number: str) -> T | None:
        """The value of all these digits."""
        wanted = int(number)
        at = bisect_left(self.digits, wanted)
        if at == len(self.digits) or self.digits[at] != wanted:
            return None
        return self.values[self.which[at]]

    def longest(self, number: str) -> T | None:
        """The value of the longest row that `number` begins with."""
        for length in self.lengths:
            if length <= len(number) and (found := self.exact(number[:length])) is not None:
                return found
        return None


def by_prefix(rows: Mapping[int, T]) -> Prefixes[T]:
    """The table of `rows`: digits without a leading 0, and no value that is None."""
    digits = sorted(rows)
    values = dict.fromkeys(rows[number] for number in digits)
    places = {value: place for place, value in enumerate(values)}
    lengths = sorted({len(str(number)) for number in digits}, reverse=True)
    which = array("I", (places[rows[number]] for number in digits))
    return Prefixes(array("Q", digits), which, tuple(places), tuple(lengths))
