"""What anybody may see of a record."""

from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.masking import (
    HIDDEN,
    NUMBERS,
    OPEN,
    SENTENCES,
    TEXTS,
    masked,
    number,
    sentence,
)
from tests.builders import mt_submit
from tests.schemas.test_records import EXAMPLES, SCHEMAS


@pytest.mark.parametrize(
    ("written", "shown"),
    [
        ("46701234567", "46…567"),
        ("+46 70-123 45 67", "46…567"),
        ("0046701234567", "46…567"),
        ("12125550123", "1…123"),
        ("358401234567", "358…567"),
        ("0701234567", "…567"),
        ("9990000000", "…000"),
        ("12345", "12345"),
        ("ACME", "ACME"),
        ("", ""),
        ("46701234567/TYPE=PLMN", "46…567/TYPE=PLMN"),
    ],
)
def test_a_number_is_shown_by_country_and_end(written: str, shown: str) -> None:
    assert number(written) == shown


def test_a_number_within_a_sentence_is_shortened_and_nothing_else() -> None:
    assert sentence("id|sweden|46701234567 has 123456") == "id|sweden|46…567 has 123456"


@given(st.from_regex(r"\A[0-9]{7,20}\Z"), st.text(alphabet="+ -()./|x", max_size=3))
def test_no_number_is_left_whole(digits: str, around: str) -> None:
    for shown in (number(around + digits), sentence(around + digits), number(digits + around)):
        assert digits not in shown
        assert sum(character.isdigit() for character in shown) < len(digits)


def strings(kind: Any) -> bool:
    """Whether a field of this Avro type can hold text or octets of its own."""
    if isinstance(kind, list):
        return any(map(strings, kind))
    if isinstance(kind, dict):
        return "fields" not in kind and strings(kind.get("items", kind.get("values", kind["type"])))
    return kind in ("string", "bytes")


def test_every_field_of_every_record_is_in_one_table() -> None:
    tables = (NUMBERS, SENTENCES, TEXTS, OPEN)
    fields = {f["name"]: n for n, s in SCHEMAS.items() for f in s["fields"] if strings(f["type"])}
    times = {
        (owner, name): sum(name in table for table in tables) for name, owner in fields.items()
    }
    assert [place for place, found in times.items() if found != 1] == []
    assert frozenset.union(*tables) - fields.keys() == {"tlvs"}  # hidden whole, tag and value


def test_a_record_is_masked_as_deep_as_it_goes_and_unknown_fields_are_hidden() -> None:
    assert masked(
        {
            "message_id": "m1",
            "request": {"to": "46701234567", "text": "hi", "binary": {"data": "AA=="}},
            "segments": [{"segment": 1, "connector": "slow"}],
            "path": ["slow", "fast"],
            "joined": {"id": 3},
            "carrier_data": {"pin": "1234"},
            "new_field": "46701234567",
            "campaign": None,
            "test": False,
        }
    ) == {
        "message_id": "m1",
        "request": {"to": "46…567", "text": HIDDEN, "binary": {"data": HIDDEN}},
        "segments": [{"segment": 1, "connector": "slow"}],
        "path": ["slow", "fast"],
        "joined": {"id": 3},
        "carrier_data": HIDDEN,
        "new_field": HIDDEN,
        "campaign": None,
        "test": False,
    }


def test_a_submit_shows_neither_its_number_nor_its_text() -> None:
    submit = mt_submit()
    shown = masked(msgspec.to_builtins(submit))
    assert shown["message_id"] == submit.message_id
    assert shown["short_message"] == HIDDEN
    assert submit.recipient not in str(shown)


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda p: f"{p.parent.name}/{p.stem}")
def test_no_example_shows_a_persons_number(path: Any) -> None:
    shown = masked(msgspec.json.decode(path.read_bytes()))
    for digits in ("46701234567", "46737654321", "46701234560"):
        assert digits not in str(shown)
