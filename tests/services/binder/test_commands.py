"""What an SMSC is asked about a message, and how its answer is told."""

from typing import Any

import pytest

from pipeline.ids import ConnectorId, MessageId, SmscMessageId
from pipeline.records import Encrypted, SmscCommand
from services.binder.commands import answer, request, silence
from smpp.pdu import CancelSm, CancelSmResp, Pdu, QuerySm, QuerySmResp, ReplaceSm

FAST = ConnectorId("fast")
SOURCE = {"source_addr_ton": 5, "source_addr_npi": 0, "source_addr": "ACME"}
DESTINATION = {"dest_addr_ton": 1, "dest_addr_npi": 1, "destination_addr": "46701234567"}


def command(action: str, **changed: Any) -> SmscCommand:
    fields: dict[str, Any] = {
        "command_id": "c1",
        "message_id": MessageId("m1"),
        "segment": 2,
        "hop": 1,
        "action": action,
        "smsc_message_id": SmscMessageId("id2"),
        **SOURCE,
        **DESTINATION,
        "asked_ms": 0,
        "deadline_ms": 60_000,
        "test": True,
    }
    return SmscCommand(**{**fields, **changed})


@pytest.mark.parametrize(
    ("order", "pdu"),
    [
        (command("query"), QuerySm(message_id="id2", **SOURCE)),
        (
            command("cancel", service_type="CMT"),
            CancelSm(message_id="id2", service_type="CMT", **SOURCE, **DESTINATION),
        ),
        (
            command("replace", short_message=b"new", registered_delivery=1),
            ReplaceSm(message_id="id2", short_message=b"new", registered_delivery=1, **SOURCE),
        ),
        (command("replace"), None),
        (
            command("replace", short_message=Encrypted(key_id="k", nonce=b"", ciphertext=b"")),
            None,
        ),
        (command("recall"), None),
    ],
)
def test_each_command_is_the_pdu_of_its_name(order: SmscCommand, pdu: Pdu | None) -> None:
    assert request(order) == pdu


def test_an_answer_says_of_which_segment_and_how() -> None:
    response = CancelSmResp(command_status=0x11)
    said = answer(command("cancel"), response, FAST, "binder-0", 5)
    assert (said.command_id, said.message_id, said.segment, said.hop) == ("c1", "m1", 2, 1)
    assert (said.outcome, said.reason, said.command_status) == (
        *("answered", "ESME_RCANCELFAIL"),
        0x11,
    )
    assert (said.connector, said.replica, said.answered_ms, said.test) == (
        *(FAST, "binder-0"),
        *(5, True),
    )
    assert said.message_state is None


@pytest.mark.parametrize(("state", "name"), [(2, "DELIVERED"), (99, "99")])
def test_of_a_query_it_tells_what_the_smsc_says(state: int, name: str) -> None:
    response = QuerySmResp(
        message_id="id2", message_state=state, final_date="250101000000000+", error_code=7
    )
    said = answer(command("query"), response, FAST, "binder-0", 5)
    assert (said.reason, said.command_status) == (None, 0)
    found = said.message_state, said.final_date, said.error_code
    assert found == (name, "250101000000000+", 7)
    refused = answer(command("query"), QuerySmResp(command_status=0x67), FAST, "binder-0", 5)
    assert (refused.reason, refused.message_state) == ("ESME_RQUERYFAIL", None)


def test_silence_has_a_reason_and_no_status() -> None:
    said = silence(command("cancel"), "no_answer", "no_bind", FAST, "binder-0", 5)
    assert (said.outcome, said.reason, said.command_status) == ("no_answer", "no_bind", None)
    assert (said.segment, said.hop, said.connector) == (2, 1, FAST)
