"""Message ids: every writing of one id meets, and no two ids do."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from services.correlator.ids import NUMBER_MAX, Notation, comparable, forms

NUMBERS = st.integers(0, NUMBER_MAX)
PADDING = st.integers(0, 12)


def meet(response: str, receipt: str, notation: Notation = "any") -> bool:
    """As the correlator compares them, whichever comes first."""
    one = forms(response, notation)[0] in forms(receipt, notation)
    other = forms(receipt, notation)[0] in forms(response, notation)
    assert one == other
    return one


@pytest.mark.parametrize(
    ("response", "receipt"),
    [
        ("a1b2", "a1b2"),
        ("1A2B3C4D", "1a2b3c4d"),
        ("1a2b3c4d", "439041101"),
        ("1A2B3C4D", "0439041101"),
        ("439041101", "1A2B3C4D"),
        ("439041101", "000000001A2B3C4D"),
        ("0x1a2b3c4d", "439041101"),
        ("12345678", "305419896"),
        ("10", "16"),
        ("ffffffffffffffff", "18446744073709551615"),
        ("0913121205", "913121205"),  # jasmin 1123
        ("0e999f21-5a7b-4c1e-9d30-0123456789ab", "E999F21-5A7B-4C1E-9D30-0123456789AB"),  # 643
        ("0e999f215a7b4c1e9d300123456789ab", "E999F215A7B4C1E9D300123456789AB"),
        ("SAR-46701234567-17-2-1", "sar-46701234567-17-2-1"),  # jasmin 418
        ("0", "000"),
        (" 4711 ", "4711"),
        ("Ünique", "üNIQUE"),
    ],
)
def test_two_writings_of_one_id_meet(response: str, receipt: str) -> None:
    assert meet(response, receipt)


@pytest.mark.parametrize(
    ("response", "receipt", "notation"),
    [
        ("17", "18", "any"),
        ("16", "a", "any"),  # "10" is a form of both, once in each notation
        ("1a2b3c4d", "439041102", "any"),
        ("0e999f21-5a7b-4c1e-9d30-0123456789ab", "0e999f21-5a7b-4c1e-9d30-0123456789ac", "any"),
        ("0e999f215a7b4c1e9d300123456789ab", "19408091470906087106036157434711476651", "any"),
        ("SAR-1-2-1", "SAR-1-2-2", "any"),
        ("ABC", "abc", "opaque"),
        ("007", "7", "opaque"),
        ("10", "16", "opaque"),
        ("10", "16", "decimal"),
        ("10", "16", "hexadecimal"),
        ("10", "a", "hexadecimal"),
    ],
)
def test_two_ids_do_not_meet(response: str, receipt: str, notation: Notation) -> None:
    assert not meet(response, receipt, notation)


@pytest.mark.parametrize(
    ("text", "notation", "expected"),
    [
        ("1A2B", "any", ("1a2b", "6699")),
        ("16", "any", ("16", "10", "22")),
        ("7", "any", ("7",)),
        ("0e99-1", "any", ("e99-1",)),
        ("18446744073709551616", "any", ("18446744073709551616",)),
        ("00AB", "opaque", ("00AB",)),
        ("0016", "decimal", ("16",)),
        ("00AB", "decimal", ("ab",)),
        ("0010", "hexadecimal", ("16",)),
        ("x-10", "hexadecimal", ("x-10",)),
        ("", "any", ("0",)),
    ],
)
def test_the_forms_of_an_id_begin_with_the_exact_one(
    text: str, notation: Notation, expected: tuple[str, ...]
) -> None:
    assert forms(text, notation) == expected


@pytest.mark.parametrize(
    ("response", "receipt", "compared"),
    [
        ("hexadecimal", "decimal", ("hexadecimal", "decimal")),
        ("decimal", "decimal", ("decimal", "decimal")),
        ("any", "any", ("any", "any")),
        ("any", "decimal", ("any", "any")),
        ("hexadecimal", "any", ("any", "any")),
        ("opaque", "decimal", ("opaque", "opaque")),
        ("any", "opaque", ("opaque", "opaque")),
    ],
)
def test_notations_are_compared_on_common_ground(
    response: Notation, receipt: Notation, compared: tuple[Notation, Notation]
) -> None:
    assert comparable(response, receipt) == compared


@given(NUMBERS, PADDING, PADDING, st.booleans())
def test_hexadecimal_and_decimal_writings_of_a_number_meet(
    number: int, hex_padding: int, decimal_padding: int, is_upper: bool
) -> None:
    hexadecimal = "0" * hex_padding + (f"{number:X}" if is_upper else f"{number:x}")
    decimal = "0" * decimal_padding + str(number)
    assert meet(hexadecimal, decimal)
    assert meet(decimal, hexadecimal)
    assert forms(hexadecimal, "hexadecimal") == forms(decimal, "decimal")


@given(NUMBERS, NUMBERS, st.sampled_from(["d", "x", "X"]), PADDING, PADDING)
def test_two_numbers_in_one_notation_are_never_the_same_id(
    one: int, other: int, form: str, padding: int, other_padding: int
) -> None:
    assume(one != other)
    first, second = "0" * padding + format(one, form), "0" * other_padding + format(other, form)
    notation: Notation = "decimal" if form == "d" else "hexadecimal"
    assert not set(forms(first, notation)) & set(forms(second, notation))
    assert forms(first, "any")[0] != forms(second, "any")[0]


@given(st.text(), st.text())
def test_any_text_is_an_id_and_meets_itself(text: str, other: str) -> None:
    assert meet(text, text)
    assert meet(text, other) == meet(other, text)
