import pytest

from smpp import tlv
from smpp.pdu import (
    RECORDS,
    RESPONSES,
    AlertNotification,
    BindTransceiver,
    BroadcastSm,
    BroadcastSmResp,
    DeliverSm,
    EnquireLink,
    GenericNack,
    Outbind,
    Pdu,
    QueryBroadcastSm,
    SubmitMulti,
    SubmitMultiResp,
    SubmitSm,
    SubmitSmResp,
    UnbindResp,
)
from smpp.values import RESPONSE_BIT, CommandId, CommandStatus


@pytest.mark.parametrize("command_id", CommandId, ids=lambda command_id: command_id.name)
def test_every_command_has_a_record_of_its_name(command_id: CommandId) -> None:
    record = RECORDS[command_id]
    assert record.command_id is command_id
    assert record.__name__.lower() == command_id.name.replace("_", "").lower()
    made = record()
    assert (made.command_status, made.sequence_number) == (CommandStatus.ESME_ROK, 0)


def test_a_request_knows_its_response_and_what_is_none_has_none() -> None:
    assert (RESPONSES[SubmitSm], RESPONSES[SubmitMulti]) == (SubmitSmResp, SubmitMultiResp)
    assert RESPONSES[BroadcastSm] is BroadcastSmResp
    assert set(RECORDS.values()) - set(RESPONSES) - set(RESPONSES.values()) == {
        GenericNack,
        AlertNotification,
        Outbind,
    }
    assert UnbindResp not in RESPONSES
    for request, response in RESPONSES.items():
        assert response.command_id == request.command_id | RESPONSE_BIT


def test_a_record_takes_its_fields_by_name_alone_and_no_others() -> None:
    with pytest.raises(TypeError):
        SubmitSm("us")  # type: ignore[arg-type, call-arg]
    with pytest.raises(AttributeError):
        SubmitSm().sm_length = 1  # type: ignore[attr-defined]


@pytest.mark.parametrize("record", [BindTransceiver, Outbind])
def test_a_password_is_in_no_repr(record: type[BindTransceiver | Outbind]) -> None:
    assert "secret" not in repr(record(system_id="us", password="secret"))


def test_a_tlv_is_read_through_the_record() -> None:
    pdu = DeliverSm(tlvs=(tlv.MESSAGE_STATE.make(2),))
    assert pdu.tlv(tlv.MESSAGE_STATE) == 2
    assert pdu.tlv(tlv.RECEIPTED_MESSAGE_ID) is None


def test_pdus_of_different_commands_are_never_equal() -> None:
    pdus: list[Pdu] = [
        GenericNack(),
        EnquireLink(),
        SubmitSm(),
        DeliverSm(),
        SubmitSmResp(),
        BroadcastSmResp(),
        QueryBroadcastSm(),
    ]
    assert all((one == other) == (one is other) for one in pdus for other in pdus)
