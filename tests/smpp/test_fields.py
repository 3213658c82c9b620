import pytest

from smpp.fields import (
    CString,
    Field,
    Int,
    Item,
    List,
    Octets,
    Status,
    is_count,
    item_reader_source,
    item_writer_source,
    reader_source,
    writer_source,
)
from smpp.pdu import DistributionList, SmeAddress, UnsuccessSme

ADDRESS = Item(SmeAddress, (Int("dest_addr_ton"), CString("destination_addr", 5)), flag=1)
NAME = Item(DistributionList, (CString("dl_name", 5),), flag=2)
DESTINATIONS = List("dest_address", "number_of_dests", (ADDRESS, NAME), items_max=2)
REFUSED = Item(UnsuccessSme, (CString("destination_addr", 5), Status("error_status_code")))
REFUSALS = List("unsuccess_sme", "no_unsuccess", (REFUSED,))


@pytest.mark.parametrize(
    ("field", "good", "bad"),
    [
        (Int("ton"), [0, 255, True], [-1, 256, "1", None, 1.0]),
        (CString("addr", 5), ["", "1234", "\xff"], ["12345", "a\0", "\u20ac", b"1", None]),
        (Octets("short_message", "sm_length", 3), [b"", b"\0\0\0"], [b"1234", "abc", None]),
        (
            DESTINATIONS,
            [(), (SmeAddress(),), [DistributionList(dl_name="a"), SmeAddress(dest_addr_ton=1)]],
            [None, "491", ("491",), (UnsuccessSme(),), (SmeAddress(),) * 3],
        ),
        (
            REFUSALS,
            [(UnsuccessSme(error_status_code=0x400),)],  # type: ignore[arg-type]
            [(UnsuccessSme(error_status_code=1 << 32),)],  # type: ignore[arg-type]
        ),
    ],
)  # fmt: skip
def test_a_field_says_what_it_cannot_carry(
    field: Field, good: list[object], bad: list[object]
) -> None:
    assert [field.fault(value) for value in good] == [None] * len(good)
    assert all(field.fault(value) for value in bad)


def test_a_list_says_which_field_of_its_item_it_cannot_carry() -> None:
    fault = DESTINATIONS.fault((SmeAddress(), SmeAddress(destination_addr="12345")))
    assert fault == "destination_addr: 5 characters, at most 4 fit"


def test_a_count_is_no_attribute_of_the_record() -> None:
    assert is_count(Int("sm_length", counts="short_message"))
    assert not is_count(Int("esm_class"))
    assert Int("sm_length", counts="short_message").fault(None) is None


def test_the_sources_are_one_straight_line_each() -> None:
    fields: tuple[Field, ...] = (
        CString("message_id", 65),
        Int("sm_length", counts="short_message"),
        Octets("short_message", length_from="sm_length"),
    )
    for source in (writer_source(0x8000_0003, fields, True), reader_source(fields, is_strict=True)):
        assert "for " not in source
        assert "while " not in source


@pytest.mark.parametrize(
    ("kind", "written"), [(ADDRESS, r"\x01"), (NAME, r"\x02"), (REFUSED, "{p.dest")]
)
def test_an_item_begins_with_its_flag_if_kinds_have_one(kind: Item, written: str) -> None:
    assert f'return f"{written}' in item_writer_source(kind)


def test_the_items_of_a_response_are_read_as_far_as_they_go() -> None:
    answer: tuple[Field, ...] = (Int("no_unsuccess", counts="unsuccess_sme"), REFUSALS)
    assert "and at < size:" in reader_source(answer, is_strict=False)
    assert "text.index" not in item_reader_source(REFUSED, is_strict=False)
    with pytest.raises(AssertionError):
        item_reader_source(REFUSED, is_strict=True)
    with pytest.raises(AssertionError):
        reader_source((Octets("short_message", "sm_length"),), is_strict=False)


def test_the_items_of_a_request_are_all_to_be_there() -> None:
    request: tuple[Field, ...] = (Int("number_of_dests", counts="dest_address"), DESTINATIONS)
    source = reader_source(request, is_strict=True)
    assert "while len(items) < number_of_dests:" in source
    assert "read_dest_address[octets[at]]" in source
    assert "write_dest_address[type(item)]" in writer_source(0x21, request, False)
