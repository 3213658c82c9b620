"""Hypothesis strategies for PDU records, drawn from the layout table."""

from typing import Any

from hypothesis import strategies as st

from smpp.fields import CString, Int, Item, List, Status, is_count
from smpp.layout import LAYOUTS
from smpp.pdu import RECORDS, Pdu
from smpp.values import CommandId, CommandStatus

octet = st.integers(0, 255)
status = st.integers(0, 0xFFFF_FFFF).map(CommandStatus)
tag = st.sampled_from([0x0381, 0x0606, 0x1400]) | st.integers(
    0, 0xFFFF
)  # often one of few: repeated
raw_tlvs = st.lists(st.tuples(tag, st.binary(max_size=20)), max_size=6).map(tuple)
broken_tlv = st.one_of(
    st.binary(max_size=3),
    st.binary(max_size=8).map(lambda value: b"\x14\x02\x00\x40" + value),
)


def value_of(field: Any) -> st.SearchStrategy[Any]:
    """Any value that the field can carry."""
    if isinstance(field, Int):
        return octet
    if isinstance(field, CString):
        letters = st.characters(min_codepoint=1, max_codepoint=255)
        return st.text(letters, max_size=field.octets_max - 1)
    if isinstance(field, Status):
        return status
    if isinstance(field, List):
        items = st.one_of([item_of(kind) for kind in field.kinds])
        return st.lists(items, max_size=6).map(tuple)
    return st.binary(max_size=field.octets_max)


def item_of(kind: Item) -> st.SearchStrategy[Any]:
    """Any item of a list."""
    return st.builds(kind.record, **{field.name: value_of(field) for field in kind.fields})


def pdu_of(command_id: int) -> st.SearchStrategy[Pdu]:
    """Any record of a command."""
    fields = [field for field in LAYOUTS[CommandId(command_id)].fields if not is_count(field)]
    return st.builds(
        RECORDS[command_id],
        command_status=status,
        sequence_number=st.integers(0, 0xFFFF_FFFF),
        tlvs=raw_tlvs,
        unread=broken_tlv,
        **{field.name: value_of(field) for field in fields},
    )


pdus = st.sampled_from(sorted(LAYOUTS)).flatmap(pdu_of)
