from dataclasses import fields

import pytest

from smpp.fields import CString, List, is_count
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


@pytest.mark.parametrize("command_id", sorted(LAYOUTS), ids=lambda number: CommandId(number).name)
def test_an_item_has_the_fields_of_its_kind_in_wire_order(command_id: int) -> None:
    lists = [field for field in LAYOUTS[CommandId(command_id)].fields if isinstance(field, List)]
    for kind in [kind for row in lists for kind in row.kinds]:
        assert [field.name for field in fields(kind.record)] == [row.name for row in kind.fields]


def test_every_command_of_the_specification_has_a_layout() -> None:
    assert set(LAYOUTS) == set(CommandId)


# 3.4 and 5.0 agree on them; those of 3.3 are shorter, and to read more than it sends does no harm.
OCTETS_MAX = {
    "system_id": {16},
    "password": {9},
    "system_type": {13},
    "address_range": {41},
    "service_type": {6},
    "source_addr": {21, 65},
    "destination_addr": {21, 65},
    "esme_addr": {65},
    "message_id": {65},
    "schedule_delivery_time": {17},
    "validity_period": {17},
    "final_date": {17},
}


def test_texts_have_the_sizes_of_the_specification() -> None:
    sizes: dict[str, set[int]] = {}
    for row in [row for layout in LAYOUTS.values() for row in layout.fields]:
        if isinstance(row, CString):
            sizes.setdefault(row.name, set()).add(row.octets_max)
    assert sizes == OCTETS_MAX


def test_long_addresses_are_those_of_data_sm_and_alert_notification() -> None:
    long = {
        command_id
        for command_id, layout in LAYOUTS.items()
        for row in layout.fields
        if isinstance(row, CString) and row.name == "source_addr" and row.octets_max == 65
    }
    assert long == {CommandId.DATA_SM, CommandId.ALERT_NOTIFICATION}


def test_only_responses_may_come_without_a_body() -> None:
    assert all(
        command_id & RESPONSE_BIT and layout.fields
        for command_id, layout in LAYOUTS.items()
        if layout.omitted_on_error
    )
