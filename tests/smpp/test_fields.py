import pytest

from smpp.fields import CString, Field, Int, Octets, is_count, reader_source, writer_source


@pytest.mark.parametrize(
    ("field", "good", "bad"),
    [
        (Int("ton"), [0, 255, True], [-1, 256, "1", None, 1.0]),
        (CString("addr", 5), ["", "1234", "\xff"], ["12345", "a\0", "\u20ac", b"1", None]),
        (Octets("short_message", "sm_length", 3), [b"", b"\0\0\0"], [b"1234", "abc", None]),
    ],
)  # fmt: skip
def test_a_field_says_what_it_cannot_carry(
    field: Field, good: list[object], bad: list[object]
) -> None:
    assert [field.fault(value) for value in good] == [None] * len(good)
    assert all(field.fault(value) for value in bad)


def test_a_count_is_no_attribute_of_the_record() -> None:
    assert is_count(Int("sm_length", counts="short_message"))
    assert not is_count(Int("esm_class"))
    assert Int("sm_length", counts="short_message").fault(None) is None


def test_the_sources_are_one_straight_line_each() -> None:
    fields: tuple[Field, ...] = (CString("message_id", 65), Int("message_state"))
    for source in (writer_source(0x8000_0003, fields, True), reader_source(fields, is_strict=True)):
        assert "for " not in source
        assert "while " not in source
