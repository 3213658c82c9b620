"""The form of a carrier's ids is learnt from pairs that agree, and from nothing else."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.correlator.learning import (
    LIFE_S,
    PAIRS_MAX,
    PAIRS_MIN,
    Learning,
    fits,
    form_of,
    likeliest,
)
from tests.entries import MemoryEntries
from tests.services.correlator.builders import Handset, accepted, dlrs, receipt


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
        ("4390411012", "SE1-4390411012", "affix se1-*"),
        ("4390411012", "439041101277", "affix *77"),
        ("4390411012-1", "4390411012", "affix_in_response *-1"),
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
    "other affix": ("4390411012", "SE2-4390411012"),
    "twice": ("21", "21-21"),
    "before": ("43", "21-43"),
    "opaque": ("a77", "b88"),
    "digit": ("7", "7"),
    "padded": ("0x0009", "9"),
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
        ({"affix": PAIRS_MIN}, "affix se1-*"),
        ({"affix": PAIRS_MIN, "other affix": 1}, None),
        ({"before": PAIRS_MIN, "twice": 5}, "affix 21-*"),
        ({"opaque": PAIRS_MIN}, None),
        ({"digit": PAIRS_MIN}, None),
        ({"crossed": PAIRS_MIN, "padded": 9}, "hexadecimal_to_decimal"),
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


def test_of_a_carrier_whose_affixes_all_differ_little_is_kept() -> None:
    shared = MemoryEntries()
    for number in range(1000):
        Learning(shared).note("carrier", "4390411012", f"{number}-4390411012")
    assert Learning(shared).form("carrier") is None
    assert len(shared.octets["learnt|carrier"][0]) < 200


@pytest.mark.parametrize(
    ("form", "response", "receipt", "is_fit"),
    [
        ("affix se1-*", "123456", "SE1-123456", True),
        ("affix se1-*", "123456", "SE1-1123456", False),
        ("affix se1-*", "1", "SE1-1", True),
        ("affix se1-*", "1", "SE1-21", False),
        ("affix_in_response *-1", "77-1", "77", True),
        ("affix_in_response *-1", "77-1", "7", False),
        ("affix_in_response *-1", "-1", "", False),
        ("hexadecimal_to_decimal", "10", "16", True),
        ("hexadecimal_to_decimal", "10", "10", False),
    ],
)
def test_a_pair_fits_what_is_learnt_exactly(
    form: str, response: str, receipt: str, is_fit: bool
) -> None:
    assert fits(form, response, receipt) == is_fit


def test_an_affix_that_is_learnt_is_not_any_affix() -> None:
    handset = Handset()
    for number in range(PAIRS_MIN):
        name = f"{4390411000 + number}"
        handset.tell(accepted(name, name), receipt(f"SE1-{name}"))
        assert len(dlrs(handset.ring("receipt_parked"))) == 1
    handset.tell(accepted("123456", "m1"))
    assert dlrs(handset.tell(receipt("SE1-1123456"))) == []
    (dlr,) = dlrs(handset.tell(accepted("1123456", "m2")))
    assert (dlr.message_id, dlr.joined_by) == ("m2", "affix")
    (dlr,) = dlrs(handset.tell(receipt("SE1-123456")))
    assert dlr.message_id == "m1"


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
