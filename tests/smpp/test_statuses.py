import pytest

from smpp.statuses import EXPLANATIONS, Disposition, disposition, meaning
from smpp.values import CommandStatus

S, D = CommandStatus, Disposition


def test_every_status_of_the_specification_is_explained_in_words_of_its_own() -> None:
    assert set(EXPLANATIONS) == set(CommandStatus)
    meanings = [meaning(status) for status in CommandStatus]
    assert len(set(meanings)) == len(meanings)


def test_only_success_is_accepted() -> None:
    accepted = [status for status in CommandStatus if disposition(status) is D.ACCEPTED]
    assert accepted == [S.ESME_ROK]


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (S.ESME_RTHROTTLED, D.RETRY_SLOWER),
        (S.ESME_RMSGQFUL, D.RETRY_LATER),
        (S.ESME_RSYSERR, D.RETRY_LATER),
        (S.ESME_RX_T_APPN, D.RETRY_LATER),
        (S.ESME_RX_P_APPN, D.REJECT),
        (S.ESME_RSERTYPUNAVAIL, D.RETRY_LATER),
        (S.ESME_RINVDSTADR, D.REJECT),
        (S.ESME_RINVPASWD, D.REBIND),
        (S.ESME_RALYBND, D.RETRY_LATER),  # the SMSC has not noticed that the old bind is gone
        (0x58, D.RETRY_SLOWER),  # any integer will do
    ],
)
def test_what_a_status_asks_of_us(status: int, expected: Disposition) -> None:
    assert disposition(status) is expected


@pytest.mark.parametrize(
    ("status", "said"),
    [
        (0x03FF, "an error that no specification names"),
        (0x0400, "an error of this SMSC's vendor"),
        (0x04FF, "an error of this SMSC's vendor"),
        (0x0500, "an error that no specification names"),
        (0xFFFF_FFFF, "an error that no specification names"),
    ],
)
def test_a_status_nobody_has_heard_of_is_a_refusal(status: int, said: str) -> None:
    assert (meaning(status), disposition(CommandStatus(status))) == (said, D.REJECT)
