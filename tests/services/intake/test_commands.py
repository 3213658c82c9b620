"""Commands as intake passes them on: named, and short enough to be kept."""

from typing import Any

import pytest

from pipeline.codec import Codec
from pipeline.errors import UnreadableError
from pipeline.ids import MessageId
from pipeline.records import Command
from services.intake.commands import named
from services.intake.core import Source

PLACE = Source("sms.command", 3, 14, 0)
CODEC = Codec()


def command(**changed: Any) -> Command:
    return Command(**{"message_id": MessageId("m1"), "action": "cancel", **changed})


def test_a_command_keeps_its_name_and_one_without_is_named_by_its_place() -> None:
    assert named(command(command_id="shop-1"), PLACE) == command(command_id="shop-1")
    first = named(command(), PLACE)
    assert first.command_id == "f80d6f6d-47d6-5328-9b12-cc032a557689"  # for ever
    assert named(command(), PLACE) == first
    assert named(command(), Source("sms.command", 3, 15, 0)).command_id != first.command_id


@pytest.mark.parametrize(
    "changed", [{"command_id": "x" * 65}, {"message_id": "x" * 65}, {"text": "x" * 40_000}]
)
def test_what_is_too_long_to_be_kept_is_a_dead_letter(changed: dict[str, str]) -> None:
    with pytest.raises(UnreadableError, match="has more than"):
        named(command(**changed), PLACE)


def test_a_command_is_read_as_json_and_as_avro() -> None:
    told = command(action="replace", text="new", tenant="acme")
    assert CODEC.decode_command(CODEC.encode(told, "sms.command")) == told
    octets = b' {"message_id": "m1", "action": "replace", "text": "new", "tenant": "acme"}'
    assert CODEC.decode_command(octets) == told


@pytest.mark.parametrize(
    ("octets", "reason"),
    [
        (None, "empty"),
        (b"{", "not_json"),
        (b"{}", "misshapen"),
        (b'{"message_id": "m1", "action": "cancel", "wish": 1}', "misshapen"),
        (b"\0\0\0\0\1", "unknown_framing"),
    ],
)
def test_what_is_no_command_is_unreadable(octets: bytes | None, reason: str) -> None:
    with pytest.raises(UnreadableError) as caught:
        CODEC.decode_command(octets)
    assert caught.value.reason == reason
