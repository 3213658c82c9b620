from dataclasses import fields

import pytest

from smpp.fields import is_count
from smpp.layout import LAYOUTS
from smpp.pdu import RECORDS, Pdu
from smpp.values import RESPONSE_BIT, CommandId

HEADER = {field.name for field in fields(Pdu)}


@pytest.mark.parametrize("command_id", sorted(LAYOUTS), ids=lambda number: CommandId(number).name)
def test_a_record_has_the_fields_of_its_layout_in_wire_order(command_id: int) -> None:
    layout = LAYOUTS[CommandId(command_id)]
    record = [field.name for field in fields(RECORDS[command_id]) if field.name not in HEADER]
    assert record == [field.name for field in layout.fields if not is_count(field)]


def test_there_is_a_record_for_every_layout_and_only_for_those() -> None:
    assert set(RECORDS) == set(LAYOUTS)


def test_only_responses_may_come_without_a_body() -> None:
    assert all(
        command_id & RESPONSE_BIT and layout.fields
        for command_id, layout in LAYOUTS.items()
        if layout.omitted_on_error
    )
