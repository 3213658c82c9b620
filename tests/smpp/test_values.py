import pickle

import pytest

from smpp.values import CommandId, CommandStatus


def test_an_unknown_status_is_usable_and_named_by_its_number() -> None:
    status = CommandStatus(0x0400)
    assert (status, status.name) == (0x0400, "0x00000400")
    assert status == CommandStatus(0x0400)
    assert pickle.loads(pickle.dumps(status)) == status  # noqa: S301  our own octets
    assert status not in list(CommandStatus)


@pytest.mark.parametrize("number", [-1, 1 << 32, "ROK"])
def test_what_no_header_can_carry_is_no_status(number: int) -> None:
    with pytest.raises(ValueError, match="not a valid CommandStatus"):
        CommandStatus(number)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("ESME_RINVOPTPARSTREAM", "ESME_RINVTLVSTREAM"),
        ("ESME_ROPTPARNOTALLWD", "ESME_RTLVNOTALLWD"),
        ("ESME_RINVPARLEN", "ESME_RINVTLVLEN"),
        ("ESME_RMISSINGOPTPARAM", "ESME_RMISSINGTLV"),
        ("ESME_RINVOPTPARAMVAL", "ESME_RINVTLVVAL"),
    ],
)
def test_the_names_of_3_4_and_5_0_are_one_status(old: str, new: str) -> None:
    assert CommandStatus[old] is CommandStatus[new]


def test_every_response_is_its_request_with_the_top_bit_set() -> None:
    one_way = {CommandId.OUTBIND, CommandId.ALERT_NOTIFICATION}
    requests = {command for command in CommandId if command < 0x8000_0000} - one_way
    answered = {CommandId[f"{command.name}_RESP"] & 0x7FFF_FFFF for command in requests}
    assert answered == requests
