import pytest

from smpp import errors
from smpp.values import CommandStatus

CLASSES = [value for value in vars(errors).values() if isinstance(value, type)]


def test_everything_is_an_smpp_error_and_stands_in_the_tree() -> None:
    for kind in CLASSES:
        if kind is not CommandStatus:
            assert issubclass(kind, errors.SmppError)
            assert kind.__name__ in (errors.__doc__ or "")


@pytest.mark.parametrize(
    ("error", "sentence"),
    [
        (errors.EncodeError("outbind", "system_id", "long"), "outbind.system_id: long"),
        (errors.FramingError(0xFFFF_FFFF), "command_length 0xFFFFFFFF"),
        (errors.PduError("ends", nack=CommandStatus.ESME_RINVCMDLEN, field="x"), "x: ends"),
        (errors.UnencodableError("\u20ac", "ascii"), r"ascii has no '\u20ac'"),
        (errors.BindRefusedError(CommandStatus(0x0E)), "bind refused: ESME_RINVPASWD"),
    ],
)  # fmt: skip
def test_an_error_builds_its_sentence_from_its_fields(
    error: errors.SmppError, sentence: str
) -> None:
    assert str(error) == sentence


def test_a_timeout_is_a_timeout_error_too() -> None:
    for kind in (errors.ConnectTimeoutError, errors.BindTimeoutError, errors.ResponseTimeoutError):
        assert issubclass(kind, TimeoutError)
