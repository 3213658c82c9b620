"""Tables of digits: all of them, or the longest that a number begins with."""

import tracemalloc

from hypothesis import given
from hypothesis import strategies as st

from services.router.prefixes import by_prefix

DIGITS = st.text("0123", max_size=6).map(lambda rest: f"1{rest}")
TABLES = st.dictionaries(DIGITS, st.sampled_from("abc"))


@given(TABLES, DIGITS)
def test_the_longest_prefix_is_what_trying_every_row_finds(
    rows: dict[str, str], number: str
) -> None:
    fitting = [prefix for prefix in rows if number.startswith(prefix)]
    best = max(fitting, key=len, default=None)
    table = by_prefix({int(prefix): value for prefix, value in rows.items()})
    assert table.longest(number) == (None if best is None else rows[best])
    assert table.exact(number) == rows.get(number)


def test_tables_of_the_same_rows_are_the_same() -> None:
    assert by_prefix({46: "a", 47: "b"}) == by_prefix({47: "b", 46: "a"})
    assert by_prefix({46: "a"}) != by_prefix({46: "b"})
    assert by_prefix({46: "a"}) != by_prefix({47: "a"})


def test_a_hundred_thousand_rows_are_small() -> None:
    rows = {46_700_000 + number: f"240{number % 30:02}" for number in range(100_000)}
    tracemalloc.start()
    table = by_prefix(rows)
    kept_octets, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert table.longest("46700009123") == "24009"
    assert kept_octets < 2_000_000
