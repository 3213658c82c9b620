"""The form of a carrier's ids is learnt from pairs that agree, and from nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.correlator.learning import LIFE_S, PAIRS_MAX, PAIRS_MIN, Learning, form_of, likeliest
from tests.entries import MemoryEntries


@pytest.mark.parametrize(
    ("response", "receipt", "form"),
    [
        ("1526758174", "1526758174", "same"),
        ("1A2B", "1a2b", "case"),
        ("0913121205", "913121205", "zeros"),
        ("0x1A2B", "1a2b", "zeros"),
        ("1A2B3C4D", "439041101", "hexadecimal_to_decimal"),
        ("10", "16", "hexadecimal_to_decimal"),
        ("439041101", "1A2B3C4D", "decimal_to_hexadecimal"),
        ("16", "10", "decimal_to_hexadecimal"),
        ("4390411012", "SE1-4390411012", "affix"),
        ("4390411012-1", "4390411012", "affix"),
        ("17", "19", "opaque"),
        ("x", "y", "opaque"),
    ],
)
def test_each_pair_of_ids_has_a_form(response: str, receipt: str, form: str) -> None:
    assert form_of(response, receipt) == form


PAIRS = {
    "same": ("1526758174", "1526758174"),
    "case": ("1A2B", "1a2b"),
    "zeros": ("0913121205", "913121205"),
    "crossed": ("1A2B3C4D", "439041101"),
    "affix": ("4390411012", "SE1-4390411012"),
    "digit": ("7", "7"),
}


@pytest.mark.parametrize(
    ("pairs", "learnt"),
    [
        ({}, None),
        ({"same": PAIRS_MIN}, "same"),
        ({"same": PAIRS_MIN - 1}, None),
        ({"same": 15, "case": 4, "zeros": 1}, "zeros"),
        ({"same": 19, "case": 1}, "case"),
        ({"crossed": PAIRS_MIN}, "hexadecimal_to_decimal"),
        ({"crossed": PAIRS_MIN, "digit": 9}, "hexadecimal_to_decimal"),
        ({"crossed": PAIRS_MIN, "same": 1}, None),
        ({"affix": PAIRS_MIN}, "affix"),
        ({"digit": PAIRS_MIN}, None),
    ],
)
def test_a_form_is_learnt_when_enough_pairs_have_it_and_none_contradicts(
    pairs: dict[str, int], learnt: str | None
) -> None:
    shared = MemoryEntries()
    for name, count in pairs.items():
        for _ in range(count):
            Learning(shared).note("carrier", *PAIRS[name])
    assert Learning(shared).form("carrier") == learnt
    assert Learning(shared).form("other") is None


def test_in_the_long_run_nothing_is_written_and_after_a_while_it_is_forgotten() -> None:
    shared = MemoryEntries()
    for _ in range(PAIRS_MAX):
        Learning(shared).note("carrier", *PAIRS["same"])
    before = dict(shared.octets)
    shared.now_ms += 1000
    assert Learning(shared).note("carrier", *PAIRS["same"]) == "same"
    assert shared.octets == before
    shared.now_ms = LIFE_S * 1000
    assert Learning(shared).form("carrier") is None


@given(st.integers(16, 2**64 - 1))
def test_what_is_learnt_leads_from_the_receipt_to_the_response(number: int) -> None:
    (found,) = likeliest(f"00{number}", "hexadecimal_to_decimal")
    assert form_of(found.upper(), str(number)) in (
        "hexadecimal_to_decimal",
        "decimal_to_hexadecimal",
    )
    assert int(found, 16) == number
    assert likeliest(f"{number:X}", "decimal_to_hexadecimal") == (str(number),)


@pytest.mark.parametrize("form", [None, "same", "case", "zeros", "affix"])
def test_what_does_not_cross_notations_needs_no_other_look(form: str | None) -> None:
    assert likeliest("16", form) == ()
    assert likeliest("x-1", "hexadecimal_to_decimal") == ()
