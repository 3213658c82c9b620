"""How SMSCs write the text of a receipt: a dozen dialects as templates, pure.

SMPP 3.4, Appendix B, is a suggestion, and carriers take it as one. A template is filled from the
fields below; dates are as the template's own name says. All of them are read by `smpp.receipt`.

    id sub dlvrd stat err    as Appendix B has them       name     the state in whole words
    submit, done             its dates, by `FORMATS`      Stat     DELIVRD as Delivrd
"""

from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from smpp import receipt
from smpp.values import MessageState

KEPT = 4096
ID = b"\1"  # stands for the message id until it is known
MINUTE = "%y%m%d%H%M"
SECOND = "%y%m%d%H%M%S"
CENTURY = "%Y%m%d%H%M%S"


class Dialect(NamedTuple):
    """A template, and how its dates are written."""

    template: str
    date: str = MINUTE


USUAL = (
    "id:{id} sub:{sub:03} dlvrd:{dlvrd:03} submit date:{submit} done date:{done}"
    " stat:{stat} err:{err} text:"
)
DIALECTS: dict[str, Dialect] = {
    "standard": Dialect(USUAL),
    "seconds": Dialect(USUAL, SECOND),
    "century": Dialect(USUAL, CENTURY),
    "no_counts": Dialect(
        "id:{id} submit date:{submit} done date:{done} stat:{stat} err:{err} text:"
    ),
    "no_dates": Dialect("id:{id} sub:{sub:03} dlvrd:{dlvrd:03} stat:{stat} err:{err} text:"),
    "id_and_stat": Dialect("id:{id} stat:{stat}"),
    "upper": Dialect(
        "ID:{id} SUB:{sub:03} DLVRD:{dlvrd:03} SUBMIT DATE:{submit} DONE DATE:{done}"
        " STAT:{stat} ERR:{err} TEXT:"
    ),
    "underscores": Dialect(
        "id:{id} sub:{sub} dlvrd:{dlvrd} submit_date:{submit} done_date:{done}"
        " stat:{stat} err:{err} text:"
    ),
    "lines": Dialect(
        "id:{id}\nsub:{sub:03}\ndlvrd:{dlvrd:03}\nsubmit date:{submit}\ndone date:{done}\n"
        "stat:{stat}\nerr:{err}\ntext:"
    ),
    "commas": Dialect(
        "id:{id},sub:{sub:03},dlvrd:{dlvrd:03},submit date:{submit},done date:{done},"
        "stat:{stat},err:{err},text:"
    ),
    "words": Dialect(
        "id:{id} sub:{sub} dlvrd:{dlvrd} submit date:{submit} done date:{done}"
        " status:{name} error:{err} text:"
    ),
    "stat_first": Dialect(
        "stat:{stat} err:{err} id:{id} done date:{done} submit date:{submit}"
        " sub:{sub:03} dlvrd:{dlvrd:03}"
    ),
    "trailing": Dialect(USUAL + "Your parcel IMSI: MSC: MCCMNC:24001\0", SECOND),
}


@lru_cache(KEPT)
def around_id(
    dialect: str, state: MessageState, error: str, submit_s: int, done_s: int, offset_minutes: int
) -> tuple[bytes, bytes]:
    """The octets before and behind the message id; times in seconds since 1970."""
    found = DIALECTS[dialect]
    text = found.template.format(
        id=ID.decode(),
        sub=1,
        dlvrd=int(state is MessageState.DELIVERED),
        submit=_date(submit_s, offset_minutes, found.date),
        done=_date(done_s, offset_minutes, found.date),
        stat=receipt.NAMES[state],
        name=state.name,
        err=error,
    )
    before, _, behind = text.encode("latin-1").partition(ID)
    return before, behind


def granularity_s(dialect: str) -> int:
    """To how many seconds its dates are exact: times are rounded to it before they are asked."""
    return 60 if DIALECTS[dialect].date == MINUTE else 1


def _date(time_s: int, offset_minutes: int, form: str) -> str:
    return (datetime.fromtimestamp(time_s, UTC) + timedelta(minutes=offset_minutes)).strftime(form)
